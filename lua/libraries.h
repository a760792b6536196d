// The libraries of Redis' scripts that plain Lua does not have. Each function pushes the table of
// its library. Every number that they hand out is a float; hostile bytes raise errors.
// Source: redis 7.0.15, which has Lua BitOp, struct and lua-cmsgpack built in.

#pragma once

#include <lua.hpp>

namespace satchel::lua {

void OpenBit(lua_State* state);
void OpenStruct(lua_State* state);
void OpenCmsgpack(lua_State* state);

}  // namespace satchel::lua
