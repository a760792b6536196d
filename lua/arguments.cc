#include "lua/arguments.h"

#include <charconv>

namespace satchel::lua {

double NumberArgument(lua_State* state, int index) {
  return luaL_checknumber(state, index);
}

std::int64_t IntegerArgument(lua_State* state, int index) {
  const double number = NumberArgument(state, index);
  constexpr double kTop = 9223372036854775808.0;
  if (!(number >= -kTop && number < kTop)) return INT64_MIN;
  return static_cast<std::int64_t>(number);
}

std::int64_t IntegerArgument(lua_State* state, int index, std::int64_t otherwise) {
  return lua_isnoneornil(state, index) ? otherwise : IntegerArgument(state, index);
}

std::string_view BytesArgument(lua_State* state, int index) {
  if (lua_type(state, index) == LUA_TNUMBER) {
    char buffer[32];
    const char* const end = std::to_chars(buffer, buffer + sizeof buffer, lua_tonumber(state, index),
                                          std::chars_format::general, 14)
                                .ptr;
    lua_pushlstring(state, buffer, static_cast<std::size_t>(end - buffer));
    lua_replace(state, index);
  }
  std::size_t size = 0;
  const char* bytes = luaL_checklstring(state, index, &size);
  return {bytes, size};
}

}  // namespace satchel::lua
