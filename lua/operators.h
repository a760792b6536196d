// Operators: the helpers that rewritten scripts call where Lua 5.4 computes otherwise than 5.1
// does, and the arithmetic of strings. See Helper in lua/parser.h.

#pragma once

#include <lua.hpp>

namespace satchel::lua {

// Pushes the table of helpers.
void PushOperators(lua_State* state);

// Adds __add .. __unm to the table at the top.
void SetStringArithmetic(lua_State* state);

}  // namespace satchel::lua
