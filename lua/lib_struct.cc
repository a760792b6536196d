// struct: numbers and strings to packed bytes and back.
//
//     > <     big, little endian from here on        ![n]    alignment, a power of 2; 8
//     x       a byte of padding                      blank   nothing
//     b B     1 byte, signed and not                 h H     2 bytes
//     l L T   8 bytes; T like L                      i[n] I[n] n bytes, at most 32; 4
//     f d     float, double                          s       bytes up to a zero
//     c[n]    n bytes; c0: when packing all, when unpacking as many as the number before says
//
// Source: struct 0.2 as redis 7.0.15 has it.

#include <algorithm>
#include <bit>
#include <climits>
#include <cmath>
#include <cstring>
#include <string>

#include "lua/arguments.h"
#include "lua/libraries.h"
#include "lua/number_text.h"

namespace satchel::lua {
namespace {

constexpr int kMaxIntegerSize = 32;
constexpr int kMaxAlignment = 8;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsAlphanumeric(char c) { return IsDigit(c) || IsLower(c) || (c >= 'A' && c <= 'Z'); }

// Reads a format, option by option. A format ends at its first zero byte.
class Format {
 public:
  explicit Format(lua_State* state) : state_(state), text_(CheckString(state, 1)) {
    text_ = text_.substr(0, text_.find('\0'));
  }

  // Takes the next option and its size; false at the end.
  bool Next() {
    if (text_.empty()) return false;
    option_ = text_[0];
    text_.remove_prefix(1);
    size_ = ReadSize();
    return true;
  }

  char option() const { return option_; }
  std::size_t size() const { return size_; }
  bool big_endian() const { return big_endian_; }

  // Bytes of padding before the option when so many bytes stand before it.
  std::size_t Padding(std::size_t before) const {
    if (size_ == 0 || option_ == 'c') return 0;
    const std::size_t unit = size_ > alignment_ ? alignment_ : size_;
    return (unit - (before & (unit - 1))) & (unit - 1);
  }

  // Applies an option that stands for no value, or refuses it.
  void Control() {
    switch (option_) {
      case ' ':
        return;
      case '>':
        big_endian_ = true;
        return;
      case '<':
        big_endian_ = false;
        return;
      case '!':
        return Align(Number(kMaxAlignment));
      default: {
        const std::string message = std::string("invalid format option '") + option_ + "'";
        lua_pushlstring(state_, message.data(), message.size());
        ArgumentError(state_, 1, lua_tostring(state_, -1));
      }
    }
  }

 private:
  void Align(int alignment) {
    if (alignment <= 0 || !std::has_single_bit(static_cast<unsigned>(alignment))) {
      Raise(state_, "alignment %d is not a power of 2", alignment);
    }
    alignment_ = static_cast<std::size_t>(alignment);
  }

  int Number(int otherwise) {
    if (text_.empty() || !IsDigit(text_[0])) return otherwise;
    int number = 0;
    while (!text_.empty() && IsDigit(text_[0])) {
      const int digit = text_[0] - '0';
      if (number > (INT_MAX - digit) / 10) Raise(state_, "integral size overflow");
      number = number * 10 + digit;
      text_.remove_prefix(1);
    }
    return number;
  }

  std::size_t ReadSize() {
    switch (option_) {
      case 'b':
      case 'B':
      case 'x':
        return 1;
      case 'h':
      case 'H':
        return 2;
      case 'f':
        return 4;
      case 'l':
      case 'L':
      case 'T':
      case 'd':
        return 8;
      case 'c':
        return static_cast<std::size_t>(Number(1));
      case 'i':
      case 'I': {
        const int size = Number(4);
        if (size > kMaxIntegerSize) {
          Raise(state_, "integral size %d is larger than limit of %d", size, kMaxIntegerSize);
        }
        return static_cast<std::size_t>(size);
      }
      default:
        return 0;
    }
  }

  lua_State* state_;
  std::string_view text_;  // the rest
  char option_ = 0;
  std::size_t size_ = 0;
  std::size_t alignment_ = 1;
  bool big_endian_ = false;
};

bool IsInteger(char option) {
  return option != 0 && std::string_view("bBhHlLTiI").find(option) != std::string_view::npos;
}

// Beyond the range of 64 bits it is the machine's conversion that decides.
std::uint64_t BitsOf(double number) {
  if (!(number >= 0)) return static_cast<std::uint64_t>(TruncateToInt64(number));
  return TruncateToUint64(number);
}

void AppendInteger(std::string& out, double number, const Format& format) {
  const std::uint64_t bits = BitsOf(number);
  char bytes[kMaxIntegerSize] = {};
  const std::size_t size = format.size();
  for (std::size_t i = 0; i < size && i < 8; ++i) {
    bytes[format.big_endian() ? size - 1 - i : i] = static_cast<char>(bits >> (8 * i) & 0xFF);
  }
  out.append(bytes, size);
}

double ReadInteger(std::string_view bytes, const Format& format) {
  const std::size_t size = bytes.size();
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < size && i < 8; ++i) {
    const char byte = bytes[format.big_endian() ? size - 1 - i : i];
    bits |= std::uint64_t{static_cast<unsigned char>(byte)} << (8 * i);
  }
  if (!IsLower(format.option())) return static_cast<double>(bits);
  // The sign of sizes that no integer has stands where the reference's shift puts it.
  const std::uint64_t sign = ~std::uint64_t{0} << ((size * 8 - 1) & 63);
  if (bits & sign) bits |= sign;
  return static_cast<double>(static_cast<std::int64_t>(bits));
}

// `Bits` as wide as the number.
template <class Bits, class Number>
void AppendFloat(std::string& out, Number number, bool big_endian) {
  auto bits = std::bit_cast<Bits>(number);
  char bytes[sizeof bits];
  std::memcpy(bytes, &bits, sizeof bits);
  if (big_endian) std::reverse(std::begin(bytes), std::end(bytes));
  out.append(bytes, sizeof bytes);
}

template <class Number>
double ReadFloat(std::string_view bytes, bool big_endian) {
  char copy[sizeof(Number)];
  std::memcpy(copy, bytes.data(), sizeof copy);
  if (big_endian) std::reverse(std::begin(copy), std::end(copy));
  Number number;
  std::memcpy(&number, copy, sizeof number);
  return static_cast<double>(number);
}

float Narrow(double number) {
  // Beyond the range of a float: infinity, as the machine does it.
  constexpr double kLargest = 3.4028235677973366e38;  // halfway to what would follow
  if (number >= kLargest) return INFINITY;
  if (number <= -kLargest) return -INFINITY;
  return static_cast<float>(number);
}

// pack(format, values...)
int Pack(lua_State* state) {
  Format format(state);
  lua_pushnil(state);  // what a missing last argument is
  std::string out;
  int next = 2;
  while (format.Next()) {
    out.append(format.Padding(out.size()), '\0');
    const char option = format.option();
    if (IsInteger(option)) {
      AppendInteger(out, CheckNumber(state, next++), format);
    } else if (option == 'x') {
      out += '\0';
    } else if (option == 'f') {
      AppendFloat<std::uint32_t>(out, Narrow(CheckNumber(state, next++)), format.big_endian());
    } else if (option == 'd') {
      AppendFloat<std::uint64_t>(out, CheckNumber(state, next++), format.big_endian());
    } else if (option == 'c' || option == 's') {
      const std::string_view bytes = CheckString(state, next++);
      const std::size_t size = format.size() == 0 ? bytes.size() : format.size();
      if (!(bytes.size() >= size)) ArgumentError(state, next, "string too short");
      out += bytes.substr(0, size);
      if (option == 's') out += '\0';
    } else {
      format.Control();
    }
  }
  lua_pushlstring(state, out.data(), out.size());
  return 1;
}

class Unpacker {
 public:
  Unpacker(lua_State* state, std::string_view data, std::size_t at)
      : state_(state), data_(data), at_(at) {}

  int Run(Format& format) {
    while (format.Next()) {
      at_ += format.Padding(at_);
      Need(format.size());
      CheckStack();
      Value(format);
    }
    lua_pushnumber(state_, static_cast<double>(at_) + 1);
    return results_ + 1;
  }

 private:
  void Need(std::size_t size) {
    const bool there = size <= data_.size() && at_ <= data_.size() - size;
    if (!(there)) ArgumentError(state_, 2, "data string too short");
  }

  void CheckStack() {
    constexpr int kMaxStack = 8000;  // of a function in Lua 5.1
    if (lua_gettop(state_) + 2 > kMaxStack || !lua_checkstack(state_, 2)) {
      Raise(state_, "stack overflow (too many results)");
    }
  }

  std::string_view Take(std::size_t size) {
    const std::string_view bytes = data_.substr(at_, size);
    at_ += size;
    return bytes;
  }

  void Push(double number) {
    lua_pushnumber(state_, number);
    ++results_;
  }
  void Push(std::string_view bytes) {
    lua_pushlstring(state_, bytes.data(), bytes.size());
    ++results_;
  }

  void Value(Format& format) {
    const char option = format.option();
    if (IsInteger(option)) {
      Push(ReadInteger(Take(format.size()), format));
    } else if (option == 'f') {
      Push(ReadFloat<float>(Take(4), format.big_endian()));
    } else if (option == 'd') {
      Push(ReadFloat<double>(Take(8), format.big_endian()));
    } else if (option == 'x') {
      ++at_;
    } else if (option == 'c') {
      const std::size_t size = format.size() == 0 ? TakeSize() : format.size();
      Need(size);
      Push(Take(size));
    } else if (option == 's') {
      const std::size_t end = data_.find('\0', at_);
      if (end == std::string_view::npos) Raise(state_, "unfinished string in data");
      Push(Take(end - at_));
      ++at_;
    } else {
      format.Control();
    }
  }

  // The size of a c0 is the result before it, which it takes back.
  std::size_t TakeSize() {
    if (results_ == 0 || !lua_isnumber(state_, -1)) {
      Raise(state_, "format 'c0' needs a previous size");
    }
    const double size = lua_tonumber(state_, -1);
    lua_pop(state_, 1);
    --results_;
    return BitsOf(size);
  }

  lua_State* state_;
  std::string_view data_;
  std::size_t at_;
  int results_ = 0;
};

// unpack(format, bytes [, from]): the values, and the position behind the last one.
int Unpack(lua_State* state) {
  Format format(state);
  const std::string_view data = CheckString(state, 2);
  const std::int64_t from = OptInteger(state, 3, 1);
  if (!(from != 0)) ArgumentError(state, 3, "offset must be 1 or greater");
  return Unpacker(state, data, static_cast<std::size_t>(from) - 1).Run(format);
}

int Size(lua_State* state) {
  Format format(state);
  std::size_t size = 0;
  while (format.Next()) {
    const char option = format.option();
    size += format.Padding(size);
    if (option == 's') ArgumentError(state, 1, "option 's' has no fixed size");
    if (option == 'c' && format.size() == 0) {
      ArgumentError(state, 1, "option 'c0' has no fixed size");
    }
    if (!IsAlphanumeric(option)) format.Control();
    size += format.size();
  }
  lua_pushnumber(state, static_cast<double>(size));
  return 1;
}

}  // namespace

void PushStructLibrary(lua_State* state) {
  const luaL_Reg functions[] = {
      {"pack", Pack},
      {"unpack", Unpack},
      {"size", Size},
      {nullptr, nullptr},
  };
  luaL_newlib(state, functions);
}

}  // namespace satchel::lua
