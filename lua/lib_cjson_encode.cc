// cjson.encode. Source: redis 7.0.15, with lua-cjson 2.1.0.

#include <cmath>
#include <cstring>

#include "lua/arguments.h"
#include "lua/lib_cjson.h"
#include "lua/number_text.h"
#include "lua/proxy.h"

namespace satchel::lua {
namespace {

// Bytes in a userdata at a fixed place of the stack, so that Lua counts and limits them.
class JsonText {
 public:
  explicit JsonText(lua_State* state) : state_(state) {
    data_ = static_cast<char*>(lua_newuserdatauv(state, kFirst, 0));
    index_ = lua_gettop(state);
  }

  void Add(char c) {
    if (size_ == capacity_) Grow(1);
    data_[size_++] = c;
  }
  void Add(std::string_view text) {
    if (text.size() > capacity_ - size_) Grow(text.size());
    std::memcpy(data_ + size_, text.data(), text.size());
    size_ += text.size();
  }
  void Push() { lua_pushlstring(state_, data_, size_); }

 private:
  static constexpr std::size_t kFirst = 256;

  void Grow(std::size_t more) {
    const std::size_t larger = std::max(2 * capacity_, size_ + more);
    auto* moved = static_cast<char*>(lua_newuserdatauv(state_, larger, 0));
    std::memcpy(moved, data_, size_);
    lua_replace(state_, index_);
    data_ = moved;
    capacity_ = larger;
  }

  lua_State* state_;
  int index_;
  char* data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = kFirst;
};

class Encoder {
 public:
  explicit Encoder(lua_State* state)
      : state_(state), settings_(JsonSettingsOf(state)), text_(state) {}

  // The value at the top, which stays.
  void Value(int depth) {
    switch (lua_type(state_, -1)) {
      case LUA_TSTRING:
        return String(StringAt(state_, -1));
      case LUA_TNUMBER:
        return Number(-1);
      case LUA_TBOOLEAN:
        return text_.Add(lua_toboolean(state_, -1) != 0 ? std::string_view("true") : "false");
      case LUA_TTABLE:
        return Table(depth + 1);
      case LUA_TNIL:
        return text_.Add("null");
      case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(state_, -1) == nullptr) return text_.Add("null");
        break;
      default:
        break;
    }
    Refuse(-1, "type not supported");
  }
  void Push() { text_.Push(); }

 private:
  [[noreturn]] void Refuse(int index, const char* reason) {
    Raise(state_, "Cannot serialise %s: %s", TypeName(state_, index), reason);
  }

  void String(std::string_view value) {
    text_.Add('"');
    std::size_t plain = 0;  // where the bytes begin that need no escape
    for (std::size_t i = 0; i < value.size(); ++i) {
      const auto byte = static_cast<unsigned char>(value[i]);
      if (byte >= 32 && byte != '"' && byte != '\\' && byte != '/' && byte != 127) continue;
      text_.Add(value.substr(plain, i - plain));
      Escape(byte);
      plain = i + 1;
    }
    text_.Add(value.substr(plain));
    text_.Add('"');
  }

  void Escape(unsigned char byte) {
    constexpr std::string_view kNamed = "\"\\/\b\f\n\r\t";
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kDigits = "0123456789abcdef";
    text_.Add('\\');
    const std::size_t named = kNamed.find(static_cast<char>(byte));
    if (named != kNamed.npos) return text_.Add(kNames[named]);
    text_.Add("u00");
    text_.Add(kDigits[byte >> 4]);
    text_.Add(kDigits[byte & 15]);
  }

  void Number(int index) {
    const double value = lua_tonumber(state_, index);
    if (!std::isfinite(value)) {
      switch (settings_.encode_invalid) {
        case InvalidNumbers::kRefuse:
          Refuse(index, "must not be NaN or Inf");
        case InvalidNumbers::kNull:
          return text_.Add("null");
        case InvalidNumbers::kKeep:
          if (std::isnan(value)) return text_.Add("nan");  // never with a sign
      }
    }
    char buffer[kNumberTextSize];
    text_.Add({buffer, WriteNumber(value, settings_.precision, buffer)});
  }

  void Table(int depth) {
    if (depth > settings_.encode_max_depth || !HasRoom(state_, 3)) {
      Raise(state_, "Cannot serialise, excessive nesting (%d)", depth);
    }
    const bool wrapped = PushReal(state_, -1);
    const int length = ArrayLength();
    if (length > 0) {
      Array(depth, length);
    } else {
      Object(depth);
    }
    if (wrapped) lua_pop(state_, 1);
  }

  // The greatest index if all keys are positive integers; 0 if empty, -1 if it is no array.
  int ArrayLength() {
    int greatest = 0;
    int items = 0;
    lua_pushnil(state_);
    while (lua_next(state_, -2) != 0) {
      const double key = lua_type(state_, -2) == LUA_TNUMBER ? lua_tonumber(state_, -2) : 0;
      if (!(key >= 1 && std::floor(key) == key)) {
        lua_pop(state_, 2);
        return -1;
      }
      if (key > greatest) greatest = TruncateToInt32(key);
      ++items;
      lua_pop(state_, 1);
    }
    if (settings_.sparse_ratio > 0 && greatest > settings_.sparse_safe &&
        greatest > std::int64_t{items} * settings_.sparse_ratio) {
      if (!settings_.sparse_convert) Refuse(-1, "excessively sparse array");
      return -1;
    }
    return greatest;
  }

  void Array(int depth, int length) {
    text_.Add('[');
    for (int i = 1; i <= length; ++i) {
      if (i > 1) text_.Add(',');
      lua_rawgeti(state_, -1, i);
      Value(depth);
      lua_pop(state_, 1);
    }
    text_.Add(']');
  }

  void Object(int depth) {
    text_.Add('{');
    bool first = true;
    lua_pushnil(state_);
    while (lua_next(state_, -2) != 0) {
      if (!first) text_.Add(',');
      first = false;
      switch (lua_type(state_, -2)) {
        case LUA_TNUMBER:
          text_.Add('"');
          Number(-2);
          text_.Add('"');
          break;
        case LUA_TSTRING:
          String(StringAt(state_, -2));
          break;
        default:
          Refuse(-2, "table key must be a number or string");
      }
      text_.Add(':');
      Value(depth);
      lua_pop(state_, 1);
    }
    text_.Add('}');
  }

  lua_State* state_;
  const JsonSettings& settings_;
  JsonText text_;
};

}  // namespace

int JsonEncode(lua_State* state) {
  if (lua_gettop(state) != 1) ArgumentError(state, 1, "expected 1 argument");
  Encoder encoder(state);
  lua_pushvalue(state, 1);
  encoder.Value(0);
  encoder.Push();
  return 1;
}

}  // namespace satchel::lua
