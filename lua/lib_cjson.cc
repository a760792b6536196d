#include "lua/libraries.h"

extern "C" {
int luaopen_cjson(lua_State* state);
}

namespace satchel::lua {

void PushJsonLibrary(lua_State* state) {
  lua_pushcfunction(state, luaopen_cjson);
  lua_call(state, 0, 1);
}

}  // namespace satchel::lua
