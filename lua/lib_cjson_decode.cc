// cjson.decode. What it takes is more than JSON: numbers as strtod reads them, raw control
// characters in strings. Source: redis 7.0.15, with lua-cjson 2.1.0.

#include <strings.h>
#include <cstring>
#include <string>

#include "lua/arguments.h"
#include "lua/lib_cjson.h"
#include "lua/number_text.h"
#include "lua/state.h"
#include "lua/table_order.h"

namespace satchel::lua {
namespace {

enum class TokenType : std::uint8_t {
  kObjectBegin,
  kObjectEnd,
  kArrayBegin,
  kArrayEnd,
  kString,
  kNumber,
  kBoolean,
  kNull,
  kColon,
  kComma,
  kEnd,
  kError,
};
constexpr const char* kTokenNames[] = {"T_OBJ_BEGIN", "T_OBJ_END", "T_ARR_BEGIN", "T_ARR_END",
                                       "T_STRING",    "T_NUMBER",  "T_BOOLEAN",   "T_NULL",
                                       "T_COLON",     "T_COMMA",   "T_END"};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Four digits; -1 if they are not there.
int ReadHex4(const char* p) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = HexDigit(p[i]);
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

void AppendUtf8(std::string* out, int code) {
  const auto add = [out](int byte) { *out += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(code >> 6 | 0xC0);
    add((code & 0x3F) | 0x80);
  } else if (code < 0x10000) {
    add(code >> 12 | 0xE0);
    add((code >> 6 & 0x3F) | 0x80);
    add((code & 0x3F) | 0x80);
  } else {
    add(code >> 18 | 0xF0);
    add((code >> 12 & 0x3F) | 0x80);
    add((code >> 6 & 0x3F) | 0x80);
    add((code & 0x3F) | 0x80);
  }
}

class Decoder {
 public:
  Decoder(lua_State* state, const char* text)
      : state_(state), settings_(JsonSettingsOf(state)), text_(text), at_(text) {}

  // Pushes the value of the whole text.
  void Decode() {
    Next();
    Value();
    Next();
    if (type_ != TokenType::kEnd) Expected("the end");
  }

 private:
  // --- Tokens: a NUL follows the text ---

  void Fail(const char* error) {
    type_ = TokenType::kError;
    index_ = at_ - text_;
    error_ = error;
  }

  bool Take(const char* word, TokenType type) {
    const std::size_t size = std::strlen(word);
    if (std::strncmp(at_, word, size) != 0) return false;
    at_ += size;
    type_ = type;
    return true;
  }

  void Single(TokenType type) {
    ++at_;
    type_ = type;
  }

  void Next() {
    while (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r') ++at_;
    index_ = at_ - text_;
    switch (*at_) {
      case '{':
        return Single(TokenType::kObjectBegin);
      case '}':
        return Single(TokenType::kObjectEnd);
      case '[':
        return Single(TokenType::kArrayBegin);
      case ']':
        return Single(TokenType::kArrayEnd);
      case ',':
        return Single(TokenType::kComma);
      case ':':
        return Single(TokenType::kColon);
      case '\0':
        type_ = TokenType::kEnd;
        return;
      case '"':
        return String();
      default:
        return Word();
    }
  }

  void Word() {
    if (*at_ == '-' || (*at_ >= '0' && *at_ <= '9')) {
      if (!settings_.decode_invalid && IsInvalidNumber()) return Fail("invalid number");
      return Number();
    }
    boolean_ = *at_ == 't';
    if (Take("true", TokenType::kBoolean) || Take("false", TokenType::kBoolean) ||
        Take("null", TokenType::kNull)) {
      return;
    }
    if (settings_.decode_invalid && IsInvalidNumber()) return Number();
    Fail("invalid token");
  }

  // Numbers that are none in JSON: a plus sign, leading zeros, hexadecimal, inf and nan.
  bool IsInvalidNumber() const {
    const char* p = at_;
    if (*p == '+') return true;
    if (*p == '-') ++p;
    if (*p == '0') return (p[1] | 0x20) == 'x' || (p[1] >= '0' && p[1] <= '9');
    if (*p >= '1' && *p <= '9') return false;
    return strncasecmp(p, "inf", 3) == 0 || strncasecmp(p, "nan", 3) == 0;
  }

  void Number() {
    const char* end = nullptr;
    number_ = ReadNumberPrefix(at_, &end);
    if (end == at_) return Fail("invalid number");
    at_ = end;
    type_ = TokenType::kNumber;
  }

  void String() {
    ++at_;
    string_.clear();
    while (*at_ != '"') {
      const char* plain = at_;
      while (*at_ != '"' && *at_ != '\\' && *at_ != '\0') ++at_;
      string_.append(plain, at_);
      if (*at_ == '\0') return Fail("unexpected end of string");
      if (*at_ == '\\' && !Escape()) return;
    }
    ++at_;
    type_ = TokenType::kString;
  }

  bool Escape() {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    if (at_[1] == 'u') {
      if (UnicodeEscape()) return true;
      Fail("invalid unicode escape code");
      return false;
    }
    const std::size_t known = at_[1] == '\0' ? kNames.npos : kNames.find(at_[1]);
    if (known == kNames.npos) {
      Fail("invalid escape code");
      return false;
    }
    string_ += kValues[known];
    at_ += 2;
    return true;
  }

  bool UnicodeEscape() {
    int code = ReadHex4(at_ + 2);
    if (code < 0) return false;
    int size = 6;
    if ((code & 0xF800) == 0xD800) {  // the high half of a pair
      if ((code & 0x400) != 0 || at_[6] != '\\' || at_[7] != 'u') return false;
      const int low = ReadHex4(at_ + 8);
      if (low < 0 || (low & 0xFC00) != 0xDC00) return false;
      code = ((code & 0x3FF) << 10 | (low & 0x3FF)) + 0x10000;
      size = 12;
    }
    AppendUtf8(&string_, code);
    at_ += size;
    return true;
  }

  // --- Values ---

  [[noreturn]] void Expected(const char* what) {
    const char* found =
        type_ == TokenType::kError ? error_ : kTokenNames[static_cast<std::size_t>(type_)];
    Raise(state_, "Expected %s but found %s at character %d", what, found,
          static_cast<int>(index_ + 1));
  }

  void Value() {
    switch (type_) {
      case TokenType::kString:
        return PushString(state_, string_);
      case TokenType::kNumber:
        return lua_pushnumber(state_, number_);
      case TokenType::kBoolean:
        return lua_pushboolean(state_, boolean_ ? 1 : 0);
      case TokenType::kNull:
        return lua_pushlightuserdata(state_, nullptr);
      case TokenType::kObjectBegin:
        return Object();
      case TokenType::kArrayBegin:
        return Array();
      default:
        Expected("value");
    }
  }

  void Descend(int slots) {
    ++depth_;
    if (depth_ > settings_.decode_max_depth || !HasRoom(state_, slots)) {
      Raise(state_, "Found too many nested data structures (%d) at character %d", depth_,
            static_cast<int>(at_ - text_));
    }
  }

  void Object() {
    Descend(3);
    lua_newtable(state_);
    TableFiller filler(state_);
    Next();
    while (type_ != TokenType::kObjectEnd) {
      if (type_ != TokenType::kString) Expected("object key string");
      PushString(state_, string_);
      Next();
      if (type_ != TokenType::kColon) Expected("colon");
      Next();
      Value();
      filler.Put();
      Next();
      if (type_ == TokenType::kObjectEnd) break;
      if (type_ != TokenType::kComma) Expected("comma or object end");
      Next();
      if (type_ == TokenType::kObjectEnd) Expected("object key string");
    }
    filler.Finish();
    --depth_;
  }

  void Array() {
    Descend(2);
    lua_newtable(state_);
    Next();
    for (int i = 1; type_ != TokenType::kArrayEnd; ++i) {
      Value();
      lua_rawseti(state_, -2, i);
      Next();
      if (type_ == TokenType::kArrayEnd) break;
      if (type_ != TokenType::kComma) Expected("comma or array end");
      Next();
      if (type_ == TokenType::kArrayEnd) Expected("value");
    }
    --depth_;
  }

  lua_State* state_;
  const JsonSettings& settings_;
  const char* text_;
  const char* at_;
  int depth_ = 0;

  // The current token.
  TokenType type_ = TokenType::kEnd;
  std::ptrdiff_t index_ = 0;
  double number_ = 0;
  bool boolean_ = false;
  std::string string_;
  const char* error_ = nullptr;
};

}  // namespace

int JsonDecode(lua_State* state) {
  if (lua_gettop(state) != 1) ArgumentError(state, 1, "expected 1 argument");
  const std::string_view text = CheckString(state, 1);
  if (text.size() >= 2 && (text[0] == '\0' || text[1] == '\0')) {
    Raise(state, "JSON parser does not support UTF-16 or UTF-32");
  }
  Decoder(state, text.data()).Decode();
  return 1;
}

}  // namespace satchel::lua
