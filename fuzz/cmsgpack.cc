// cmsgpack.unpack of any bytes: an error or values, which pack and come back. struct.unpack and
// struct.pack with any format.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lua/libraries.h"
#include "lua/script_random.h"
#include "lua/state.h"

namespace {

using satchel::lua::ScriptRandom;
using satchel::lua::State;

// Field `name` of the library at index 1, called in protected mode; false leaves the error.
bool CallField(lua_State* state, const char* name, int arguments, int results) {
  lua_getfield(state, 1, name);
  lua_insert(state, -arguments - 1);
  return lua_pcall(state, arguments, results, 0) == LUA_OK;
}

void Unpack(lua_State* state, std::string_view bytes) {
  satchel::lua::PushCmsgpackLibrary(state);
  lua_pushlstring(state, bytes.data(), bytes.size());
  if (!CallField(state, "unpack", 1, 1)) return;
  if (!CallField(state, "pack", 1, 1)) std::abort();
  if (CallField(state, "unpack", 1, 1)) return;
  // What lies deeper than 16 levels is packed as nil, which cannot be a key.
  const std::string_view error = lua_tostring(state, -1);
  if (error.find("table index is nil") == error.npos) std::abort();
}

// The first byte says how much of the rest is the format.
void Struct(lua_State* state, std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t size = static_cast<unsigned char>(bytes[0]);
  bytes.remove_prefix(1);
  const std::string_view format = bytes.substr(0, size);
  const std::string_view data = bytes.substr(format.size());
  satchel::lua::PushStructLibrary(state);
  lua_pushlstring(state, format.data(), format.size());
  CallField(state, "size", 1, 1);
  lua_settop(state, 1);
  lua_pushlstring(state, format.data(), format.size());
  lua_pushlstring(state, data.data(), data.size());
  CallField(state, "unpack", 2, LUA_MULTRET);
  lua_settop(state, 1);
  lua_pushlstring(state, format.data(), format.size());
  for (int i = 0; i < 8; ++i) lua_pushnumber(state, i * 1e18);
  CallField(state, "pack", 9, 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ScriptRandom random;
  static State state(0, random);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  lua_settop(state.lua(), 0);
  Unpack(state.lua(), bytes);
  lua_settop(state.lua(), 0);
  Struct(state.lua(), bytes);
  lua_settop(state.lua(), 0);
  return 0;
}
