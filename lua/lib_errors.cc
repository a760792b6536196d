// pcall, xpcall, error, assert. What they hand out has the texts of 5.1.
// Source: Lua 5.1; pcall as redis 7.0.15 replaces it.

#include "lua/arguments.h"
#include "lua/error_translate.h"
#include "lua/libraries.h"

namespace satchel::lua {
namespace {

// An error table is handed out as its `err`; without one, the field's value follows the table,
// as in redis-server.
int ProtectedCall(lua_State* state) {
  const int arguments = lua_gettop(state) - 1;
  lua_pushboolean(state, 1);
  lua_insert(state, 1);
  if (arguments < 0) {  // the placeholder itself is called
    lua_settop(state, 0);
    lua_pushboolean(state, 0);
    lua_pushliteral(state, "attempt to call a boolean value");
    return 2;
  }
  if (lua_pcall(state, arguments, LUA_MULTRET, 0) != LUA_OK) {
    lua_remove(state, 1);
    TranslateErrorAtTop(state);
    if (lua_istable(state, -1)) {
      lua_getfield(state, -1, "err");
      if (lua_isstring(state, -1) != 0) lua_replace(state, -2);
    }
    lua_pushboolean(state, 0);
    lua_insert(state, 1);
  }
  return lua_gettop(state);
}

// Upvalue 1 is the script's handler.
int HandleError(lua_State* state) {
  lua_settop(state, 1);
  TranslateErrorAtTop(state);
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, 1, 1);
  return 1;
}

int ProtectedCallWithHandler(lua_State* state) {
  CheckAny(state, 2);
  lua_settop(state, 2);
  lua_pushcclosure(state, HandleError, 1);
  lua_insert(state, 1);
  const int status = lua_pcall(state, 0, LUA_MULTRET, 1);
  lua_pushboolean(state, status == LUA_OK ? 1 : 0);
  lua_replace(state, 1);
  return lua_gettop(state);
}

int RaiseError(lua_State* state) {
  const int level = static_cast<int>(static_cast<std::uint32_t>(OptInteger(state, 2, 1)));
  lua_settop(state, 1);
  if (lua_type(state, 1) == LUA_TNUMBER && level > 0) CheckString(state, 1);
  if (lua_type(state, 1) == LUA_TSTRING && level > 0) {
    PushPosition(state, level);
    lua_insert(state, 1);
    lua_concat(state, 2);
  }
  RaiseTop(state);
}

int Assert(lua_State* state) {
  CheckAny(state, 1);
  if (lua_toboolean(state, 1) == 0) {
    const std::string_view text = OptString(state, 2, "assertion failed!");
    Raise(state, "%s", text.data());
  }
  return lua_gettop(state);
}

}  // namespace

void SetErrorFunctions(lua_State* state) {
  const luaL_Reg functions[] = {
      {"pcall", ProtectedCall}, {"xpcall", ProtectedCallWithHandler},
      {"error", RaiseError},    {"assert", Assert},
      {nullptr, nullptr},
  };
  luaL_setfuncs(state, functions, 0);
}

}  // namespace satchel::lua
