#include "lua/proxy.h"

#include "lua/arguments.h"
#include "lua/error_text.h"

namespace satchel::lua {
namespace {

// Registry: a map from every proxy to its real table, and one from proxies, and the word
// "string", to the metatables that are shown.
const char kProxiesKey = 0;
const char kShownKey = 0;

void PushRegistry(lua_State* state, const char* key) { lua_rawgetp(state, LUA_REGISTRYINDEX, key); }

int RaiseReadonly(lua_State* state) {
  PushPosition(state, 1);
  PushString(state, kReadonlyTable);
  lua_concat(state, 2);
  RaiseTop(state);
}

bool PushFromMap(lua_State* state, const char* map, int index) {
  index = lua_absindex(state, index);
  PushRegistry(state, map);
  lua_pushvalue(state, index);
  lua_rawget(state, -2);
  lua_remove(state, -2);
  if (!lua_isnil(state, -1)) return true;
  lua_pop(state, 1);
  return false;
}

}  // namespace

void OpenProxies(lua_State* state) {
  lua_newtable(state);
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kProxiesKey);
  lua_newtable(state);
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kShownKey);
}

void PushProxy(lua_State* state) {
  lua_newtable(state);           // real, proxy
  lua_createtable(state, 0, 2);  // real, proxy, meta
  lua_pushvalue(state, -3);
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, RaiseReadonly);
  lua_setfield(state, -2, "__newindex");
  lua_setmetatable(state, -2);  // real, proxy
  PushRegistry(state, &kProxiesKey);
  lua_pushvalue(state, -2);
  lua_pushvalue(state, -4);
  lua_rawset(state, -3);
  lua_pop(state, 1);
  lua_remove(state, -2);  // proxy
}

void SetShownMetatable(lua_State* state, int index) {
  lua_pushvalue(state, index);
  lua_insert(state, -2);
  PushRegistry(state, &kShownKey);
  lua_insert(state, -3);  // map, key, value
  lua_rawset(state, -3);
  lua_pop(state, 1);
}

bool PushReal(lua_State* state, int index) {
  if (lua_type(state, index) != LUA_TTABLE) return false;
  // Ordinary tables seldom have a metatable, proxies always.
  if (lua_getmetatable(state, index) == 0) return false;
  lua_pop(state, 1);
  return PushFromMap(state, &kProxiesKey, index);
}

bool IsProxy(lua_State* state, int index) {
  if (!PushReal(state, index)) return false;
  lua_pop(state, 1);
  return true;
}

void Unwrap(lua_State* state, int index) {
  index = lua_absindex(state, index);
  if (PushReal(state, index)) lua_replace(state, index);
}

void CheckWritable(lua_State* state, int index) {
  if (!IsProxy(state, index)) return;
  PushString(state, kReadonlyTable);
  RaiseTop(state);
}

bool PushShownMetatable(lua_State* state, int index) {
  if (lua_type(state, index) == LUA_TSTRING) {
    PushRegistry(state, &kShownKey);
    lua_getfield(state, -1, "string");
    lua_remove(state, -2);
    return true;
  }
  if (lua_getmetatable(state, index) == 0) return false;
  if (!IsProxy(state, index)) return true;
  lua_pop(state, 1);
  return PushFromMap(state, &kShownKey, index);
}

}  // namespace satchel::lua
