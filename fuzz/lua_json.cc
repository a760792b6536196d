// cjson.decode of any bytes; what it decodes can be encoded again.

#include <cstdlib>
#include <lua.hpp>

#include "lua/libraries.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static lua_State* const state = [] {
    lua_State* made = luaL_newstate();
    satchel::lua::PushJsonLibrary(made);
    return made;
  }();
  lua_getfield(state, 1, "decode");
  lua_pushlstring(state, reinterpret_cast<const char*>(data), size);
  if (lua_pcall(state, 1, 1, 0) == LUA_OK) {
    lua_getfield(state, 1, "encode");
    lua_insert(state, -2);
    // Numbers that are none in JSON, and sparse arrays, may be refused.
    lua_pcall(state, 1, 1, 0);
  }
  lua_settop(state, 1);
  return 0;
}
