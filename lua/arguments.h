// Arguments of library functions, by the rules of Lua 5.1: numbers and numeric strings stand for
// each other, and a number becomes text as %.14g.
// Errors are raised as "bad argument #N to 'name' (...)".

#pragma once

#include <cstdint>
#include <lua.hpp>
#include <string_view>

namespace satchel::lua {

double NumberArgument(lua_State* state, int index);
// Truncated; what does not fit is INT64_MIN.
std::int64_t IntegerArgument(lua_State* state, int index);
// `otherwise` if there is none, or nil.
std::int64_t IntegerArgument(lua_State* state, int index, std::int64_t otherwise);
// A number is replaced by its text on the stack: the bytes live as long as the argument.
std::string_view BytesArgument(lua_State* state, int index);

}  // namespace satchel::lua
