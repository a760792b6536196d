// Lexer: source of Lua 5.1 into tokens, with 5.1's error texts. Knows no Lua state.
// Source: Lua 5.1 with the settings of redis 7.0.15.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace satchel::lua {

// What a source is refused with; thrown and caught within the front end.
struct SyntaxError {
  std::string text;  // "chunk:line: message near 'token'"
};

// Single characters stand for themselves.
enum TokenKind : int {
  kAnd = 257,
  kBreak,
  kDo,
  kElse,
  kElseif,
  kEnd,
  kFalse,
  kFor,
  kFunction,
  kIf,
  kIn,
  kLocal,
  kNil,
  kNot,
  kOr,
  kRepeat,
  kReturn,
  kThen,
  kTrue,
  kUntil,
  kWhile,
  kConcat,
  kDots,
  kEqual,
  kGreaterEqual,
  kLessEqual,
  kNotEqual,
  kNumber,
  kName,
  kString,
  kEndOfSource,
};

struct Token {
  int kind = kEndOfSource;
  std::size_t begin = 0;  // byte offsets in the source
  std::size_t end = 0;
  double number = 0;   // kNumber
  std::string string;  // kString: the value
};

// How messages name a chunk: "@file" gives file, "=name" name, anything else [string "..."].
// At most `size` - 1 bytes; compile errors use 80, run-time errors 60.
std::string ChunkId(std::string_view chunk_name, std::size_t size);

class Lexer {
 public:
  // `source` is borrowed; it outlives this.
  Lexer(std::string_view source, std::string_view chunk_name)
      : source_(source), chunk_name_(chunk_name) {}

  // Makes the next token the current one.
  void Next();
  // The token after the current one.
  const Token& Lookahead();

  const Token& token() const { return token_; }
  int line() const { return line_; }
  int last_line() const { return last_line_; }        // of the token before the current one
  std::size_t last_end() const { return last_end_; }  // where it ended
  std::string_view TextOf(const Token& token) const {
    return source_.substr(token.begin, token.end - token.begin);
  }

  // Backslashes in short strings that 5.1 ignores and 5.4 would not.
  const std::vector<std::size_t>& idle_backslashes() const { return idle_backslashes_; }

  // With the current token after "near".
  [[noreturn]] void Fail(std::string_view message) const { Fail(message, token_.kind); }
  // `near` 0: without.
  [[noreturn]] void Fail(std::string_view message, int near) const;

  static std::string NameOf(int kind);

 private:
  static constexpr int kEnd = -1;

  int current() const {
    return at_ < source_.size() ? static_cast<unsigned char>(source_[at_]) : kEnd;
  }
  void Save() { buffer_ += source_[at_++]; }
  bool SaveIf(const char* set);
  bool AtLineEnd() const { return current() == '\n' || current() == '\r'; }
  void SkipLineEnd();
  void Scan(Token* token);
  int ScanKind(Token* token);
  void SkipComment();
  std::size_t LongBracket(bool* opened);
  void ReadLong(Token* token, std::size_t level);
  void ReadString(Token* token);
  void ReadEscape();
  void ReadNumeral(Token* token);
  int ReadWord();
  int Either(char second, int both, int single);

  std::string_view source_;
  std::string_view chunk_name_;
  std::size_t at_ = 0;
  int line_ = 1;
  int last_line_ = 1;
  std::size_t last_end_ = 0;
  Token token_;
  Token ahead_;
  bool has_ahead_ = false;
  std::string buffer_;  // text of the last token; in messages
  std::vector<std::size_t> idle_backslashes_;
};

}  // namespace satchel::lua
