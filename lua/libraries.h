// The standard library as scripts of Redis see it, made of our own functions. Each Push leaves
// the library's table at the top of the stack.

#pragma once

#include <lua.hpp>

namespace satchel::lua {

// Sets the basic functions in the table at the top.
void SetBaseFunctions(lua_State* state);
// pcall, xpcall, error, assert; also in that table.
void SetErrorFunctions(lua_State* state);

void PushStringLibrary(lua_State* state);
void PushTableLibrary(lua_State* state);
void PushMathLibrary(lua_State* state);
void PushCoroutineLibrary(lua_State* state);
void PushOsLibrary(lua_State* state);
void PushJsonLibrary(lua_State* state);
// What Redis has built in beside: LuaBitOp, struct, lua-cmsgpack. Hostile bytes raise errors.
void PushBitLibrary(lua_State* state);
void PushStructLibrary(lua_State* state);
void PushCmsgpackLibrary(lua_State* state);

// For the library tables: string.format, and the functions on patterns.
int StringFormat(lua_State* state);
int StringFind(lua_State* state);
int StringMatch(lua_State* state);
int StringMatches(lua_State* state);  // gmatch
int StringReplace(lua_State* state);  // gsub
int TableSort(lua_State* state);

// The next pair of the table at `index`, as lua_next does, but with keys that are floats.
bool NextPair(lua_State* state, int index);

}  // namespace satchel::lua
