// coroutine.*. Source: Lua 5.1.

#include "lua/arguments.h"
#include "lua/error_translate.h"
#include "lua/libraries.h"

namespace satchel::lua {
namespace {

enum class Status : std::uint8_t { kRunning, kSuspended, kNormal, kDead };
constexpr const char* kStatusNames[] = {"running", "suspended", "normal", "dead"};

Status StatusOf(lua_State* state, lua_State* coroutine) {
  if (state == coroutine) return Status::kRunning;
  switch (lua_status(coroutine)) {
    case LUA_YIELD:
      return Status::kSuspended;
    case LUA_OK: {
      lua_Debug frame;
      if (lua_getstack(coroutine, 0, &frame) != 0) return Status::kNormal;
      return lua_gettop(coroutine) == 0 ? Status::kDead : Status::kSuspended;
    }
    default:
      return Status::kDead;
  }
}

lua_State* CheckCoroutine(lua_State* state) {
  lua_State* const coroutine = lua_tothread(state, 1);
  if (coroutine == nullptr) ArgumentError(state, 1, "coroutine expected");
  return coroutine;
}

// Moves the arguments over and the results back. The number of results, or -1 with the error at
// the top.
int Resume(lua_State* state, lua_State* coroutine, int arguments) {
  const Status status = StatusOf(state, coroutine);
  if (status != Status::kSuspended) {
    lua_pushfstring(state, "cannot resume %s coroutine",
                    kStatusNames[static_cast<std::size_t>(status)]);
    return -1;
  }
  if (lua_checkstack(coroutine, arguments) == 0) Raise(state, "too many arguments to resume");
  lua_xmove(state, coroutine, arguments);
  int results = 0;
  const int outcome = lua_resume(coroutine, state, arguments, &results);
  if (outcome == LUA_OK || outcome == LUA_YIELD) {
    if (lua_checkstack(state, results + 1) == 0) Raise(state, "too many results to resume");
    lua_xmove(coroutine, state, results);
    return results;
  }
  lua_xmove(coroutine, state, 1);
  TranslateErrorAtTop(state);
  return -1;
}

int ResumeFunction(lua_State* state) {
  lua_State* const coroutine = CheckCoroutine(state);
  const int results = Resume(state, coroutine, lua_gettop(state) - 1);
  lua_pushboolean(state, results < 0 ? 0 : 1);
  if (results < 0) {
    lua_insert(state, -2);
    return 2;
  }
  lua_insert(state, -(results + 1));
  return results + 1;
}

int ResumeWrapped(lua_State* state) {
  lua_State* const coroutine = lua_tothread(state, lua_upvalueindex(1));
  const int results = Resume(state, coroutine, lua_gettop(state));
  if (results >= 0) return results;
  if (lua_type(state, -1) == LUA_TNUMBER) CheckString(state, lua_gettop(state));
  if (lua_type(state, -1) == LUA_TSTRING) {
    PushPosition(state, 1);
    lua_insert(state, -2);
    lua_concat(state, 2);
  }
  RaiseTop(state);
}

int Create(lua_State* state) {
  if (lua_type(state, 1) != LUA_TFUNCTION || lua_iscfunction(state, 1) != 0) {
    ArgumentError(state, 1, "Lua function expected");
  }
  lua_State* const coroutine = lua_newthread(state);
  lua_pushvalue(state, 1);
  lua_xmove(state, coroutine, 1);
  return 1;
}

int Wrap(lua_State* state) {
  Create(state);
  lua_pushcclosure(state, ResumeWrapped, 1);
  return 1;
}

int Yield(lua_State* state) {
  if (lua_isyieldable(state) == 0) {
    lua_pushliteral(state, "attempt to yield across metamethod/C-call boundary");
    RaiseTop(state);
  }
  return lua_yield(state, lua_gettop(state));
}

int StatusFunction(lua_State* state) {
  lua_State* const coroutine = CheckCoroutine(state);
  lua_pushstring(state, kStatusNames[static_cast<std::size_t>(StatusOf(state, coroutine))]);
  return 1;
}

int Running(lua_State* state) {
  if (lua_pushthread(state) != 0) lua_pushnil(state);  // the main thread is no coroutine
  return 1;
}

}  // namespace

void PushCoroutineLibrary(lua_State* state) {
  const luaL_Reg functions[] = {
      {"create", Create},         {"resume", ResumeFunction}, {"running", Running}, {"wrap", Wrap},
      {"status", StatusFunction}, {"yield", Yield},           {nullptr, nullptr},
  };
  luaL_newlib(state, functions);
}

}  // namespace satchel::lua
