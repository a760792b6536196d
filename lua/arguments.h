// Arguments of library functions, checked with the texts of Lua 5.1. Numbers are doubles, never
// integers: a library pushes with lua_pushnumber only. A wrong argument raises.
// Source: Lua 5.1, the auxiliary library.

#pragma once

#include <cstdint>
#include <lua.hpp>
#include <optional>
#include <string_view>

namespace satchel::lua {

// Names with this prefix belong to the front end; scripts never see them.
inline constexpr std::string_view kReservedPrefix = "__satchel_";

// "chunk:line: " of the function at `level` (0 is the running one); empty for C functions and
// for levels that a tail call has lost.
void PushPosition(lua_State* state, int level);

// Raises the text, formatted as lua_pushfstring does, with the caller's position before it.
[[noreturn]] void Raise(lua_State* state, const char* format, ...);
// Raises the value at the top.
[[noreturn]] void RaiseTop(lua_State* state);

[[noreturn]] void ArgumentError(lua_State* state, int argument, const char* text);
// "EXPECTED expected, got TYPE".
[[noreturn]] void TypeError(lua_State* state, int argument, const char* expected);

// Type names know no __name; "no value" for a missing argument.
const char* TypeName(lua_State* state, int index);

// A number, or a string that reads as one.
std::optional<double> ToNumber(lua_State* state, int index);

void CheckAny(lua_State* state, int argument);
void CheckType(lua_State* state, int argument, int type);
double CheckNumber(lua_State* state, int argument);
std::int64_t CheckInteger(lua_State* state, int argument);  // truncated
int CheckInt(lua_State* state, int argument);               // the low 32 bits of it
std::int64_t OptInteger(lua_State* state, int argument, std::int64_t fallback);
// A number is replaced by its text.
std::string_view CheckString(lua_State* state, int argument);
std::string_view OptString(lua_State* state, int argument, std::string_view fallback);

// Whether a C function of 5.1 has room for `values` more on its stack; makes the room.
bool HasRoom(lua_State* state, int values);

// A string argument that is known to be one.
inline std::string_view StringAt(lua_State* state, int index) {
  std::size_t size = 0;
  const char* bytes = lua_tolstring(state, index, &size);
  return {bytes, size};
}

inline void PushString(lua_State* state, std::string_view text) {
  lua_pushlstring(state, text.data(), text.size());
}

// Pushes the text of a number, %.14g.
void PushNumberText(lua_State* state, double value);

}  // namespace satchel::lua
