// redis.register_function: what a library calls while it loads.
// Source: redis 7.0.15.

#pragma once

#include <lua.hpp>

namespace satchel::lua {

class Functions;

// Adds it to the table at the top.
void AddRegisterFunction(lua_State* state, Functions& functions);

}  // namespace satchel::lua
