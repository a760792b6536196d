// Proxies: the empty tables through which scripts see globals and libraries. Reading goes on to
// the real table, writing raises. Real tables and real metatables are never handed out.

#pragma once

#include <lua.hpp>

namespace satchel::lua {

// Makes the registry's part; once per Lua state.
void OpenProxies(lua_State* state);

// Replaces the table at the top by a proxy of it.
void PushProxy(lua_State* state);

// Gives what getmetatable says of the proxy at `index`: the value at the top, which is popped.
void SetShownMetatable(lua_State* state, int index);

// The real table of the proxy at `index` is pushed; false, and nothing pushed, if it is none.
bool PushReal(lua_State* state, int index);

bool IsProxy(lua_State* state, int index);

// Puts the real table in the place of a proxy.
void Unwrap(lua_State* state, int index);

// Raises "Attempt to modify a readonly table", without a position, if the value is a proxy.
void CheckWritable(lua_State* state, int index);

// getmetatable's answer for the value at `index` is pushed; false, and nothing pushed, for none.
bool PushShownMetatable(lua_State* state, int index);

}  // namespace satchel::lua
