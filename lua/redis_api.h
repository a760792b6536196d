// RedisApi: the `redis` library of scripts. Source: redis 7.0.15, the Lua API.

#pragma once

#include <lua.hpp>

namespace satchel::lua {

class Scripts;

struct RedisApi {
  // Pushes the library's table; its functions keep a pointer to `scripts`.
  static void Push(lua_State* state, Scripts& scripts);
};

}  // namespace satchel::lua
