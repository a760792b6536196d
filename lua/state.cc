#include "lua/state.h"

#include <cstdlib>
#include <cstring>
#include <ctime>

#include "base/check.h"
#include "lua/error_text.h"
#include "lua/libraries.h"

extern "C" {
int luaopen_cjson(lua_State* state);
}

namespace satchel::lua {
namespace {

// Registry: the real globals, their proxy, and a map from every proxy to its real table.
const char kGlobalsKey = 0;
const char kLoadingGlobalsKey = 0;
const char kEnvironmentKey = 0;
const char kProxiesKey = 0;

void GetRegistry(lua_State* state, const char* key) { lua_rawgetp(state, LUA_REGISTRYINDEX, key); }

int RaiseReadonly(lua_State* state) {
  return luaL_error(state, "%s", std::string(kReadonlyTable).c_str());
}

int RaiseUnknownGlobal(lua_State* state) {
  const char* name = lua_type(state, 2) == LUA_TSTRING ? lua_tostring(state, 2) : "?";
  return luaL_error(state, "Script attempted to access nonexistent global variable '%s'", name);
}

// Replaces the table at the top by a proxy of it.
void PushProxy(lua_State* state) {
  lua_newtable(state);           // real, proxy
  lua_createtable(state, 0, 3);  // real, proxy, meta
  lua_pushvalue(state, -3);
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, RaiseReadonly);
  lua_setfield(state, -2, "__newindex");
  lua_pushliteral(state, "protected");
  lua_setfield(state, -2, "__metatable");
  lua_setmetatable(state, -2);  // real, proxy
  GetRegistry(state, &kProxiesKey);
  lua_pushvalue(state, -2);
  lua_pushvalue(state, -4);
  lua_rawset(state, -3);
  lua_pop(state, 1);
  lua_remove(state, -2);  // proxy
}

// The real table of the proxy at `index` is pushed; false, and nothing pushed, if it is none.
bool PushReal(lua_State* state, int index) {
  if (lua_type(state, index) != LUA_TTABLE) return false;
  index = lua_absindex(state, index);
  GetRegistry(state, &kProxiesKey);
  lua_pushvalue(state, index);
  lua_rawget(state, -2);
  lua_remove(state, -2);
  if (!lua_isnil(state, -1)) return true;
  lua_pop(state, 1);
  return false;
}

// --- Functions that must know proxies ------------------------------------------------------

int Next(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_settop(state, 2);
  Unwrap(state, 1);
  if (lua_next(state, 1) != 0) return 2;
  lua_pushnil(state);
  return 1;
}

int Pairs(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_pushcfunction(state, Next);
  lua_pushvalue(state, 1);
  lua_pushnil(state);
  return 3;
}

int RawGet(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  luaL_checkany(state, 2);
  lua_settop(state, 2);
  Unwrap(state, 1);
  lua_rawget(state, 1);
  return 1;
}

int RawSet(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  luaL_checkany(state, 3);
  lua_settop(state, 3);
  CheckWritable(state, 1);
  lua_rawset(state, 1);
  return 1;
}

// Keeps finalisers out: they would run at a time of their own.
int SetMetatable(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  const int type = lua_type(state, 2);
  luaL_argexpected(state, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
  CheckWritable(state, 1);
  if (luaL_getmetafield(state, 1, "__metatable") != LUA_TNIL) {
    return luaL_error(state, "cannot change a protected metatable");
  }
  if (type == LUA_TTABLE) {
    lua_pushliteral(state, "__gc");
    lua_rawget(state, 2);
    if (!lua_isnil(state, -1)) return luaL_error(state, "'__gc' is not available in scripts");
  }
  lua_settop(state, 2);
  lua_setmetatable(state, 1);
  return 1;
}

// Text only, and always with the scripts' globals.
int Load(lua_State* state) {
  std::string text;
  if (lua_type(state, 1) == LUA_TSTRING) {
    std::size_t size = 0;
    const char* bytes = lua_tolstring(state, 1, &size);
    text.assign(bytes, size);
  } else {
    luaL_checktype(state, 1, LUA_TFUNCTION);
    while (true) {
      lua_pushvalue(state, 1);
      lua_call(state, 0, 1);
      std::size_t size = 0;
      const char* piece =
          lua_type(state, -1) == LUA_TSTRING ? lua_tolstring(state, -1, &size) : nullptr;
      if (piece == nullptr || size == 0) break;
      text.append(piece, size);
      lua_pop(state, 1);
    }
  }
  const char* name = luaL_optstring(state, 2, text.c_str());
  if (luaL_loadbufferx(state, text.data(), text.size(), name, "t") != LUA_OK) {
    lua_pushnil(state);
    lua_insert(state, -2);
    return 2;
  }
  GetRegistry(state, &kEnvironmentKey);
  lua_setupvalue(state, -2, 1);
  return 1;
}

// An error that a command raised is a table; pcall hands out its text, as Redis' does.
int ProtectedCall(lua_State* state) {
  luaL_checkany(state, 1);
  const int status = lua_pcall(state, lua_gettop(state) - 1, LUA_MULTRET, 0);
  if (status == LUA_OK) {
    lua_pushboolean(state, 1);
    lua_insert(state, 1);
    return lua_gettop(state);
  }
  if (lua_istable(state, -1)) {
    lua_pushliteral(state, "err");
    lua_rawget(state, -2);
    if (lua_type(state, -1) != LUA_TSTRING) lua_pop(state, 1);
  }
  lua_pushboolean(state, 0);
  lua_insert(state, -2);
  return 2;
}

int Dump(lua_State* state) { return luaL_error(state, "unable to dump given function"); }

int Clock(lua_State* state) {
  lua_pushnumber(state, static_cast<lua_Number>(std::clock()) / CLOCKS_PER_SEC);
  return 1;
}

// The table functions that write: they refuse proxies and then do what Lua's do.
template <int kIndex>
int GuardedCall(lua_State* state) {
  CheckWritable(state, 1);
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
  return lua_gettop(state);
}

// Puts a guard before the field of the table at the top.
void Guard(lua_State* state, const char* name) {
  lua_getfield(state, -1, name);
  lua_pushcclosure(state, GuardedCall<0>, 1);
  lua_setfield(state, -2, name);
}

void Remove(lua_State* state, const char* name) {
  lua_pushnil(state);
  lua_setfield(state, -2, name);
}

}  // namespace

void Unwrap(lua_State* state, int index) {
  if (PushReal(state, index)) lua_replace(state, index);
}

void CheckWritable(lua_State* state, int index) {
  if (!PushReal(state, index)) return;
  lua_pop(state, 1);
  lua_pushlstring(state, kReadonlyTable.data(), kReadonlyTable.size());
  lua_error(state);
}

void* State::Allocate(void* given, void* block, std::size_t old_size, std::size_t new_size) {
  auto* memory = static_cast<Memory*>(given);
  if (block == nullptr) old_size = 0;  // then it names the type of the object
  if (new_size == 0) {
    std::free(block);
    memory->used -= old_size;
    return nullptr;
  }
  if (memory->limit != 0 && new_size > old_size &&
      memory->used + (new_size - old_size) > memory->limit) {
    return nullptr;  // Lua raises "not enough memory"
  }
  void* moved = std::realloc(block, new_size);
  if (moved != nullptr) memory->used += new_size - old_size;
  return moved;
}

State::State(std::size_t limit_bytes, ScriptRandom& random) : random_(random) {
  memory_.limit = limit_bytes;
  state_ = lua_newstate(Allocate, &memory_);
  SATCHEL_CHECK(state_ != nullptr);
  *static_cast<State**>(lua_getextraspace(state_)) = this;
  OpenLibraries();
}

State::~State() { lua_close(state_); }

void State::OpenLibraries() {
  lua_State* const s = state_;
  lua_newtable(s);
  lua_rawsetp(s, LUA_REGISTRYINDEX, &kProxiesKey);

  luaL_requiref(s, "_G", luaopen_base, 1);
  lua_pop(s, 1);
  lua_pushglobaltable(s);
  lua_pushvalue(s, -1);
  lua_rawsetp(s, LUA_REGISTRYINDEX, &kGlobalsKey);
  ReplaceBaseFunctions();
  lua_createtable(s, 0, 1);  // an unknown global is an error
  lua_pushcfunction(s, RaiseUnknownGlobal);
  lua_setfield(s, -2, "__index");
  lua_setmetatable(s, -2);
  PushProxy(s);
  lua_pushvalue(s, -1);
  lua_rawsetp(s, LUA_REGISTRYINDEX, &kEnvironmentKey);
  SetGlobal("_G");

  lua_newtable(s);
  lua_createtable(s, 0, 1);
  lua_pushcfunction(s, RaiseUnknownGlobal);
  lua_setfield(s, -2, "__index");
  lua_setmetatable(s, -2);
  lua_rawsetp(s, LUA_REGISTRYINDEX, &kLoadingGlobalsKey);

  luaL_requiref(s, "table", luaopen_table, 0);
  lua_getfield(s, -1, "unpack");
  SetGlobal("unpack");
  for (const char* name : {"insert", "remove", "sort"}) Guard(s, name);
  for (const char* name : {"pack", "unpack", "move"}) Remove(s, name);
  AddLibrary("table");

  luaL_requiref(s, "string", luaopen_string, 0);
  lua_pushcfunction(s, Dump);
  lua_setfield(s, -2, "dump");
  for (const char* name : {"pack", "packsize", "unpack"}) Remove(s, name);
  AddLibrary("string");
  lua_pushliteral(s, "");
  lua_getmetatable(s, -1);  // of all strings
  lua_pushliteral(s, "protected");
  lua_setfield(s, -2, "__metatable");
  lua_pop(s, 2);

  luaL_requiref(s, "math", luaopen_math, 0);
  for (const char* name : {"type", "tointeger", "ult", "maxinteger", "mininteger"}) Remove(s, name);
  AddLibrary("math");

  luaL_requiref(s, "coroutine", luaopen_coroutine, 0);
  for (const char* name : {"close", "isyieldable"}) Remove(s, name);
  AddLibrary("coroutine");

  lua_createtable(s, 0, 1);
  lua_pushcfunction(s, Clock);
  lua_setfield(s, -2, "clock");
  AddLibrary("os");

  lua_pushcfunction(s, luaopen_cjson);
  lua_call(s, 0, 1);
  AddLibrary("cjson");
  OpenBit(s);
  AddLibrary("bit");
  OpenStruct(s);
  AddLibrary("struct");
  OpenCmsgpack(s);
  AddLibrary("cmsgpack");
  SATCHEL_CHECK(lua_gettop(s) == 0);
}

// The globals are at the top of the stack, and stay there.
void State::ReplaceBaseFunctions() {
  for (const char* name : {"print", "dofile", "loadfile", "rawlen", "warn"}) Remove(state_, name);
  const luaL_Reg functions[] = {
      {"next", Next},           {"pairs", Pairs},
      {"rawget", RawGet},       {"rawset", RawSet},
      {"load", Load},           {"loadstring", Load},
      {"pcall", ProtectedCall}, {"setmetatable", SetMetatable},
      {nullptr, nullptr},
  };
  luaL_setfuncs(state_, functions, 0);
  lua_pushliteral(state_, "Lua 5.1");
  lua_setfield(state_, -2, "_VERSION");
}

void State::SetGlobal(const char* name, Globals set) {
  GetRegistry(state_, set == Globals::kRunning ? &kGlobalsKey : &kLoadingGlobalsKey);
  lua_insert(state_, -2);
  lua_pushstring(state_, name);
  lua_insert(state_, -2);
  lua_rawset(state_, -3);
  lua_pop(state_, 1);
}

void State::AddLibrary(const char* name, Globals set) {
  PushProxy(state_);
  SetGlobal(name, set);
}

void State::UseGlobals(Globals set) {
  GetRegistry(state_, &kEnvironmentKey);
  lua_getmetatable(state_, -1);
  GetRegistry(state_, set == Globals::kRunning ? &kGlobalsKey : &kLoadingGlobalsKey);
  lua_setfield(state_, -2, "__index");
  lua_pop(state_, 2);
}

Result<void> State::Compile(std::string_view text, const char* chunk_name) {
  if (luaL_loadbufferx(state_, text.data(), text.size(), chunk_name, "t") != LUA_OK) {
    const char* message = lua_tostring(state_, -1);
    Error error = MakeError(ErrorCode::kInvalidArgument, message != nullptr ? message : "?");
    lua_pop(state_, 1);
    return error;
  }
  GetRegistry(state_, &kEnvironmentKey);
  lua_setupvalue(state_, -2, 1);
  return {};
}

}  // namespace satchel::lua
