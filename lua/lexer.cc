#include "lua/lexer.h"

#include <array>
#include <cstring>

#include "lua/number_text.h"

namespace satchel::lua {
namespace {

constexpr std::array<const char*, 31> kTokenNames = {
    "and",      "break", "do",   "else",     "elseif", "end",      "false", "for",
    "function", "if",    "in",   "local",    "nil",    "not",      "or",    "repeat",
    "return",   "then",  "true", "until",    "while",  "..",       "...",   "==",
    ">=",       "<=",    "~=",   "<number>", "<name>", "<string>", "<eof>"};
constexpr int kFirstNamed = kAnd;
constexpr int kWords = kWhile - kAnd + 1;

bool IsDigit(int c) { return c >= '0' && c <= '9'; }
bool IsLetter(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsWord(int c) { return IsLetter(c) || IsDigit(c) || c == '_'; }
bool IsControl(int c) { return (c >= 0 && c < 32) || c == 127; }

constexpr std::size_t kCompileErrorId = 80;

}  // namespace

std::string ChunkId(std::string_view chunk_name, std::size_t size) {
  if (!chunk_name.empty() && chunk_name[0] == '=') {
    return std::string(chunk_name.substr(1, size - 1));
  }
  if (!chunk_name.empty() && chunk_name[0] == '@') {
    chunk_name.remove_prefix(1);
    const std::size_t room = size - sizeof " '...' ";
    if (chunk_name.size() <= room) return std::string(chunk_name);
    return "..." + std::string(chunk_name.substr(chunk_name.size() - room));
  }
  const std::size_t room = size - sizeof " [string \"...\"] ";
  std::size_t length = std::min(chunk_name.find_first_of("\n\r"), chunk_name.size());
  if (length > room) length = room;
  std::string id = "[string \"" + std::string(chunk_name.substr(0, length));
  if (length < chunk_name.size()) id += "...";
  return id + "\"]";
}

std::string Lexer::NameOf(int kind) {
  if (kind >= kFirstNamed) return kTokenNames[static_cast<std::size_t>(kind - kFirstNamed)];
  if (IsControl(kind)) return "char(" + std::to_string(kind) + ")";
  return std::string(1, static_cast<char>(kind));
}

void Lexer::Fail(std::string_view message, int near) const {
  std::string text = ChunkId(chunk_name_, kCompileErrorId) + ":" + std::to_string(line_) + ": ";
  text += message;
  if (near != 0) {
    const bool own_text = near == kName || near == kString || near == kNumber;
    text += " near '";
    text += own_text ? std::string(buffer_.c_str()) : NameOf(near);  // up to a NUL, as in 5.1
    text += "'";
  }
  throw SyntaxError{std::move(text)};
}

void Lexer::Next() {
  last_line_ = line_;
  last_end_ = token_.end;
  if (has_ahead_) {
    std::swap(token_, ahead_);
    has_ahead_ = false;
  } else {
    Scan(&token_);
  }
}

const Token& Lexer::Lookahead() {
  Scan(&ahead_);
  has_ahead_ = true;
  return ahead_;
}

bool Lexer::SaveIf(const char* set) {
  if (current() == kEnd || current() == 0 || std::strchr(set, current()) == nullptr) return false;
  Save();
  return true;
}

// Two different line end characters in a row are one line end.
void Lexer::SkipLineEnd() {
  const int first = current();
  ++at_;
  if (AtLineEnd() && current() != first) ++at_;
  ++line_;
}

void Lexer::Scan(Token* token) {
  buffer_.clear();
  token->string.clear();
  token->kind = ScanKind(token);
  token->end = at_;
}

int Lexer::Either(char second, int both, int single) {
  ++at_;
  if (current() != second) return single;
  ++at_;
  return both;
}

int Lexer::ScanKind(Token* token) {
  while (true) {
    token->begin = at_;
    const int c = current();
    switch (c) {
      case '\n':
      case '\r':
        SkipLineEnd();
        continue;
      case ' ':
      case '\t':
      case '\v':
      case '\f':
        ++at_;
        continue;
      case '-':
        ++at_;
        if (current() != '-') return '-';
        ++at_;
        SkipComment();
        continue;
      case '[': {
        bool opened = false;
        const std::size_t level = LongBracket(&opened);
        if (opened) {
          ReadLong(token, level);
          return kString;
        }
        if (level == 0) return '[';
        Fail("invalid long string delimiter", kString);
      }
      case '=':
        return Either('=', kEqual, '=');
      case '<':
        return Either('=', kLessEqual, '<');
      case '>':
        return Either('=', kGreaterEqual, '>');
      case '~':
        return Either('=', kNotEqual, '~');
      case '"':
      case '\'':
        ReadString(token);
        return kString;
      case '.':
        Save();
        if (SaveIf(".")) return SaveIf(".") ? kDots : kConcat;
        if (!IsDigit(current())) return '.';
        ReadNumeral(token);
        return kNumber;
      case kEnd:
        return kEndOfSource;
      default:
        if (IsDigit(c)) {
          ReadNumeral(token);
          return kNumber;
        }
        if (IsLetter(c) || c == '_') return ReadWord();
        ++at_;
        return c;
    }
  }
}

void Lexer::SkipComment() {
  if (current() == '[') {
    bool opened = false;
    const std::size_t level = LongBracket(&opened);
    buffer_.clear();
    if (opened) {
      ReadLong(nullptr, level);
      buffer_.clear();
      return;
    }
  }
  while (!AtLineEnd() && current() != kEnd) ++at_;
}

// At a bracket: takes it and the equal signs behind it, whose count it returns. `opened`: a
// second bracket follows.
std::size_t Lexer::LongBracket(bool* opened) {
  const int bracket = current();
  Save();
  std::size_t level = 0;
  for (; current() == '='; ++level) Save();
  *opened = current() == bracket;
  return level;
}

// `token` is null in comments.
void Lexer::ReadLong(Token* token, std::size_t level) {
  Save();  // the second bracket
  if (AtLineEnd()) SkipLineEnd();
  const std::size_t prefix = buffer_.size();
  while (true) {
    const int c = current();
    if (c == kEnd) {
      Fail(token != nullptr ? "unfinished long string" : "unfinished long comment", kEndOfSource);
    } else if (c == ']') {
      bool doubled = false;
      if (LongBracket(&doubled) != level || !doubled) continue;
      Save();
      break;
    } else if (AtLineEnd()) {
      buffer_ += '\n';
      SkipLineEnd();
      if (token == nullptr) buffer_.clear();
    } else {
      Save();
    }
  }
  if (token != nullptr) token->string = buffer_.substr(prefix, buffer_.size() - 2 * prefix);
}

void Lexer::ReadString(Token* token) {
  const int quote = current();
  Save();
  while (current() != quote) {
    switch (current()) {
      case kEnd:
        Fail("unfinished string", kEndOfSource);
      case '\n':
      case '\r':
        Fail("unfinished string", kString);
      case '\\':
        ReadEscape();
        break;
      default:
        Save();
    }
  }
  Save();
  token->string = buffer_.substr(1, buffer_.size() - 2);
}

void Lexer::ReadEscape() {
  const std::size_t backslash = at_++;
  const int c = current();
  constexpr std::string_view kNames = "abfnrtv";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v";
  if (c == kEnd) return;  // the string is unfinished
  if (const std::size_t known = kNames.find(static_cast<char>(c)); known != kNames.npos) {
    buffer_ += kValues[known];
    ++at_;
  } else if (AtLineEnd()) {
    buffer_ += '\n';
    SkipLineEnd();
  } else if (!IsDigit(c)) {
    if (c != '\\' && c != '"' && c != '\'') idle_backslashes_.push_back(backslash);
    Save();
  } else {
    int value = 0;
    for (int digits = 0; digits < 3 && IsDigit(current()); ++digits) {
      value = value * 10 + (current() - '0');
      ++at_;
    }
    if (value > 255) Fail("escape sequence too large", kString);
    buffer_ += static_cast<char>(value);
  }
}

void Lexer::ReadNumeral(Token* token) {
  do {
    Save();
  } while (IsDigit(current()) || current() == '.');
  if (SaveIf("Ee")) SaveIf("+-");
  while (IsWord(current())) Save();
  const std::optional<double> value = lua::ReadNumeral(buffer_.c_str());
  if (!value) Fail("malformed number", kNumber);
  token->number = *value;
}

int Lexer::ReadWord() {
  do {
    Save();
  } while (IsWord(current()));
  for (int word = 0; word < kWords; ++word) {
    if (buffer_ == kTokenNames[static_cast<std::size_t>(word)]) return kFirstNamed + word;
  }
  return kName;
}

}  // namespace satchel::lua
