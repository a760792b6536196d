// cmsgpack: values to MessagePack and back. Numbers become integers when they are integral and in
// range, else a float when that is exact, else a double. A table is an array if its keys are
// exactly 1..n. Beyond 16 levels, and for what has no form, nil. Of the strings, str8 is written
// and read; bin and ext are not known.
// Source: lua-cmsgpack 0.4.0 as redis 7.0.15 has it.

#include <algorithm>
#include <bit>
#include <climits>
#include <cmath>
#include <string>

#include "base/bytes.h"
#include "lua/arguments.h"
#include "lua/libraries.h"
#include "lua/proxy.h"
#include "lua/table_order.h"

namespace satchel::lua {
namespace {

constexpr int kMaxNesting = 16;
constexpr int kMaxStack = 8000;  // of a function in Lua 5.1

// Raises where Lua 5.1 would have no room for one value more.
void CheckStack(lua_State* state, const char* where) {
  if (lua_gettop(state) >= kMaxStack || !lua_checkstack(state, 8)) {
    Raise(state, "stack overflow (%s)", where);
  }
}

// --- Packing -------------------------------------------------------------------------------

class Packer {
 public:
  Packer(lua_State* state, std::string& out) : state_(state), out_(out) {}

  // Takes the value at the top of the stack.
  void Take(int level) {
    int type = lua_type(state_, -1);
    if (type == LUA_TTABLE && level == kMaxNesting) type = LUA_TNIL;
    switch (type) {
      case LUA_TSTRING:
        Bytes();
        break;
      case LUA_TBOOLEAN:
        Byte(lua_toboolean(state_, -1) != 0 ? 0xc3 : 0xc2);
        break;
      case LUA_TNUMBER:
        Number(lua_tonumber(state_, -1));
        break;
      case LUA_TTABLE:
        Table(level);
        break;
      default:
        Byte(0xc0);
    }
    lua_pop(state_, 1);
  }

 private:
  void Byte(int byte) { out_ += static_cast<char>(byte); }

  template <class T>
  void Tagged(int tag, T value) {
    Byte(tag);
    AppendBe(out_, value);
  }

  void Number(double number) {
    constexpr double kTop = 9223372036854775808.0;
    if (number >= -kTop && number < kTop && number == std::trunc(number)) {
      return Integer(static_cast<std::int64_t>(number));
    }
    constexpr double kLargestFloat = 3.4028234663852886e38;
    const bool fits = std::isinf(number) || std::abs(number) <= kLargestFloat;
    if (fits && static_cast<double>(static_cast<float>(number)) == number) {
      return Tagged(0xca, std::bit_cast<std::uint32_t>(static_cast<float>(number)));
    }
    Tagged(0xcb, std::bit_cast<std::uint64_t>(number));
  }

  void Integer(std::int64_t value) {
    if (value >= 0) return Natural(static_cast<std::uint64_t>(value));
    if (value >= -32) return Byte(static_cast<int>(value & 0xFF));
    if (value >= INT8_MIN) return Tagged(0xd0, static_cast<std::uint8_t>(value));
    if (value >= INT16_MIN) return Tagged(0xd1, static_cast<std::uint16_t>(value));
    if (value >= INT32_MIN) return Tagged(0xd2, static_cast<std::uint32_t>(value));
    Tagged(0xd3, static_cast<std::uint64_t>(value));
  }

  void Natural(std::uint64_t value) {
    if (value <= 127) return Byte(static_cast<int>(value));
    if (value <= UINT8_MAX) return Tagged(0xcc, static_cast<std::uint8_t>(value));
    if (value <= UINT16_MAX) return Tagged(0xcd, static_cast<std::uint16_t>(value));
    if (value <= UINT32_MAX) return Tagged(0xce, static_cast<std::uint32_t>(value));
    Tagged(0xcf, value);
  }

  void Bytes() {
    std::size_t size = 0;
    const char* bytes = lua_tolstring(state_, -1, &size);
    if (size < 32) {
      Byte(0xa0 | static_cast<int>(size));
    } else if (size <= UINT8_MAX) {
      Tagged(0xd9, static_cast<std::uint8_t>(size));
    } else if (size <= UINT16_MAX) {
      Tagged(0xda, static_cast<std::uint16_t>(size));
    } else {
      Tagged(0xdb, static_cast<std::uint32_t>(size));
    }
    out_.append(bytes, size);
  }

  struct Tags {
    int small, medium, large;  // up to 15, 65535, above
  };
  void Count(std::size_t count, const Tags& tags) {
    if (count <= 15) return Byte(tags.small | static_cast<int>(count));
    if (count <= UINT16_MAX) return Tagged(tags.medium, static_cast<std::uint16_t>(count));
    Tagged(tags.large, static_cast<std::uint32_t>(count));
  }

  void Table(int level) {
    Unwrap(state_, lua_gettop(state_));
    CheckStack(state_, "in function mp_encode_lua_table");
    std::size_t entries = 0;
    double largest = 0;
    bool is_array = true;
    lua_pushnil(state_);
    for (; lua_next(state_, -2) != 0; lua_pop(state_, 1)) {
      ++entries;
      if (!is_array || lua_type(state_, -2) != LUA_TNUMBER) {
        is_array = false;
        continue;
      }
      const double key = lua_tonumber(state_, -2);
      is_array = key > 0 && key <= INT_MAX && key == std::trunc(key);
      largest = std::max(largest, key);
    }
    if (is_array && largest == static_cast<double>(entries)) return Array(entries, level);
    Count(entries, {0x80, 0xde, 0xdf});
    lua_pushnil(state_);
    while (lua_next(state_, -2) != 0) {
      lua_pushvalue(state_, -2);
      Take(level + 1);
      Take(level + 1);
    }
  }

  void Array(std::size_t entries, int level) {
    Count(entries, {0x90, 0xdc, 0xdd});
    for (std::size_t i = 1; i <= entries; ++i) {
      lua_rawgeti(state_, -1, static_cast<lua_Integer>(i));
      Take(level + 1);
    }
  }

  lua_State* state_;
  std::string& out_;
};

int Pack(lua_State* state) {
  const int count = lua_gettop(state);
  if (count == 0) ArgumentError(state, 0, "MessagePack pack needs input.");
  std::string out;
  for (int i = 1; i <= count; ++i) {
    CheckStack(state, "in function mp_check");
    lua_pushvalue(state, i);
    Packer(state, out).Take(0);
  }
  lua_pushlstring(state, out.data(), out.size());
  return 1;
}

// --- Unpacking -----------------------------------------------------------------------------

class Unpacker {
 public:
  Unpacker(lua_State* state, std::string_view input) : state_(state), rest_(input) {}

  bool done() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }

  // Pushes the next value.
  void Value() {
    Need(1);
    CheckStack(state_, "too many return values at once; use unpack_one or unpack_limit instead.");
    const int tag = static_cast<unsigned char>(rest_[0]);
    if (tag < 0x80) return Fixed(tag);
    if (tag >= 0xe0) return Fixed(tag - 0x100);
    if (tag < 0x90) return Map(Head(tag & 0x0f));
    if (tag < 0xa0) return Array(Head(tag & 0x0f));
    if (tag < 0xc0) return Bytes(Head(tag & 0x1f));
    Tagged(tag);
  }

 private:
  void Need(std::size_t size) {
    if (rest_.size() < size) Raise(state_, "Missing bytes in input.");
  }

  // Takes the tag, which says the count itself.
  std::size_t Head(int count) {
    rest_.remove_prefix(1);
    return static_cast<std::size_t>(count);
  }

  // Takes the tag and the number behind it.
  template <class T>
  T Take() {
    Need(1 + sizeof(T));
    const T value = LoadBe<T>(rest_.data() + 1);
    rest_.remove_prefix(1 + sizeof(T));
    return value;
  }

  void Fixed(int value) {
    rest_.remove_prefix(1);
    lua_pushnumber(state_, value);
  }

  template <class Signed, class Raw>
  void Number() {
    lua_pushnumber(state_, static_cast<double>(static_cast<Signed>(Take<Raw>())));
  }

  void Tagged(int tag) {
    switch (tag) {
      case 0xc0:
        rest_.remove_prefix(1);
        return lua_pushnil(state_);
      case 0xc2:
      case 0xc3:
        rest_.remove_prefix(1);
        return lua_pushboolean(state_, tag == 0xc3 ? 1 : 0);
      case 0xca:
        return lua_pushnumber(state_, std::bit_cast<float>(Take<std::uint32_t>()));
      case 0xcb:
        return lua_pushnumber(state_, std::bit_cast<double>(Take<std::uint64_t>()));
      case 0xcc:
        return Number<std::uint8_t, std::uint8_t>();
      case 0xcd:
        return Number<std::uint16_t, std::uint16_t>();
      case 0xce:
        return Number<std::uint32_t, std::uint32_t>();
      case 0xcf:  // signed, as the reference hands it out
        return Number<std::int64_t, std::uint64_t>();
      case 0xd0:
        return Number<std::int8_t, std::uint8_t>();
      case 0xd1:
        return Number<std::int16_t, std::uint16_t>();
      case 0xd2:
        return Number<std::int32_t, std::uint32_t>();
      case 0xd3:
        return Number<std::int64_t, std::uint64_t>();
      case 0xd9:
        return Bytes(Take<std::uint8_t>());
      case 0xda:
        return Bytes(Take<std::uint16_t>());
      case 0xdb:
        return Bytes(Take<std::uint32_t>());
      case 0xdc:
        return Array(Take<std::uint16_t>());
      case 0xdd:
        return Array(Take<std::uint32_t>());
      case 0xde:
        return Map(Take<std::uint16_t>());
      case 0xdf:
        return Map(Take<std::uint32_t>());
      default:
        Raise(state_, "Bad data format in input.");
    }
  }

  void Bytes(std::size_t size) {
    Need(size);
    lua_pushlstring(state_, rest_.data(), size);
    rest_.remove_prefix(size);
  }

  // Room is made as the values come: the count is only a claim.
  void Array(std::size_t count) {
    lua_newtable(state_);
    CheckStack(state_, "in function mp_decode_to_lua_array");
    for (std::size_t i = 1; i <= count; ++i) {
      // Stands where the reference has the index, so that both are full at the same depth.
      lua_pushnil(state_);
      Value();
      lua_rawseti(state_, -3, static_cast<lua_Integer>(i));
      lua_pop(state_, 1);
    }
  }

  void Map(std::size_t count) {
    lua_newtable(state_);
    TableFiller filler(state_);
    for (std::size_t i = 0; i < count; ++i) {
      Value();
      Value();
      filler.Put();
    }
    filler.Finish();
  }

  lua_State* state_;
  std::string_view rest_;
};

// The values from an offset on, at most `limit`, with the next offset in front; or, with both 0,
// all values alone.
int UnpackFrom(lua_State* state, std::int64_t limit, std::int64_t offset) {
  const std::string_view input = CheckString(state, 1);
  const auto size = static_cast<std::int64_t>(input.size());
  const bool all = limit == 0 && offset == 0;
  if (offset < 0 || limit < 0) {
    Raise(state, "Invalid request to unpack with offset of %d and limit of %d.",
          static_cast<int>(offset), static_cast<int>(size));
  }
  if (offset > size) {
    Raise(state, "Start offset %d greater than input length %d.", static_cast<int>(offset),
          static_cast<int>(size));
  }
  if (all) limit = INT_MAX;
  Unpacker unpacker(state, input.substr(static_cast<std::size_t>(offset)));
  int count = 0;
  for (; !unpacker.done() && count < limit; ++count) unpacker.Value();
  if (all) return count;
  CheckStack(state, "in function mp_unpack_full");
  lua_pushnumber(state, unpacker.done() ? -1 : static_cast<double>(input.size() - unpacker.left()));
  lua_insert(state, 2);
  return count + 1;
}

int Unpack(lua_State* state) { return UnpackFrom(state, 0, 0); }

int UnpackOne(lua_State* state) {
  const std::int64_t offset = OptInteger(state, 2, 0);
  lua_settop(state, std::min(lua_gettop(state), 1));
  return UnpackFrom(state, 1, offset);
}

int UnpackLimit(lua_State* state) {
  const std::int64_t limit = CheckInteger(state, 2);
  const std::int64_t offset = OptInteger(state, 3, 0);
  lua_settop(state, std::min(lua_gettop(state), 1));
  return UnpackFrom(state, limit, offset);
}

}  // namespace

void PushCmsgpackLibrary(lua_State* state) {
  const luaL_Reg functions[] = {
      {"pack", Pack},
      {"unpack", Unpack},
      {"unpack_one", UnpackOne},
      {"unpack_limit", UnpackLimit},
      {nullptr, nullptr},
  };
  luaL_newlib(state, functions);
  const std::pair<const char*, const char*> texts[] = {
      {"_NAME", "cmsgpack"},
      {"_VERSION", "lua-cmsgpack 0.4.0"},
      {"_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo"},
      {"_DESCRIPTION", "MessagePack C implementation for Lua"},
  };
  for (const auto& [name, text] : texts) {
    lua_pushstring(state, text);
    lua_setfield(state, -2, name);
  }
}

}  // namespace satchel::lua
