// What the rewriter accepts loads in Lua 5.4, with as many lines as before; and nothing crashes
// it. The other half, that it accepts what redis-server accepts, is tests/lua/programs.cc.

#include <cstdio>
#include <cstdlib>
#include <lua.hpp>
#include <string>

#include "lua/rewriter.h"

namespace {

// Limits of 5.4 that only the code generator knows; 5.1 has others.
bool IsLimit(const std::string& error) {
  for (const char* words : {"too many", "limit", "needs too", "overflow", "control structure"}) {
    if (error.find(words) != std::string::npos) return true;
  }
  return false;
}

std::size_t Lines(std::string_view text) {
  std::size_t lines = 0;
  for (char c : text) lines += c == '\n' || c == '\r' ? 1 : 0;
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto rewritten = satchel::lua::Rewrite(source, {.chunk_name = "=fuzz"});
  if (!rewritten) return 0;
  if (Lines(*rewritten) != Lines(source) + 1) std::abort();
  lua_State* const state = luaL_newstate();
  const int status = luaL_loadbufferx(state, rewritten->data(), rewritten->size(), "=fuzz", "t");
  if (status != LUA_OK && !IsLimit(lua_tostring(state, -1))) {
    std::fprintf(stderr, "%s\n%s\n", lua_tostring(state, -1), rewritten->c_str());
    std::abort();
  }
  lua_close(state);
  return 0;
}
