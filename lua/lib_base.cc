// The basic functions but for those on errors. Source: Lua 5.1, and redis 7.0.15 for what it
// leaves out.

#include <cstring>
#include <string>

#include "lua/arguments.h"
#include "lua/libraries.h"
#include "lua/number_text.h"
#include "lua/proxy.h"
#include "lua/state.h"

namespace satchel::lua {
namespace {

// A float key without a fraction as the integer that the table holds, and back.
void ToTableKey(lua_State* state, int index) {
  if (lua_type(state, index) != LUA_TNUMBER || lua_isinteger(state, index)) return;
  lua_Integer integer = 0;
  if (lua_numbertointeger(lua_tonumber(state, index), &integer) &&
      static_cast<lua_Number>(integer) == lua_tonumber(state, index)) {
    lua_pushinteger(state, integer);
    lua_replace(state, index);
  }
}

void ToFloat(lua_State* state, int index) {
  if (!lua_isinteger(state, index)) return;
  lua_pushnumber(state, lua_tonumber(state, index));
  lua_replace(state, index);
}

int Next(lua_State* state) {
  CheckType(state, 1, LUA_TTABLE);
  lua_settop(state, 2);
  Unwrap(state, 1);
  if (NextPair(state, 1)) return 2;
  lua_pushnil(state);
  return 1;
}

// What pairs returns is not the function `next`, though it does the same.
int PairsNext(lua_State* state) { return Next(state); }

int Pairs(lua_State* state) {
  CheckType(state, 1, LUA_TTABLE);
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_pushvalue(state, 1);
  lua_pushnil(state);
  return 3;
}

int NextElement(lua_State* state) {
  CheckType(state, 1, LUA_TTABLE);
  const auto index = static_cast<std::int32_t>(static_cast<std::uint32_t>(CheckInt(state, 2)) + 1);
  Unwrap(state, 1);
  lua_pushnumber(state, index);
  return lua_rawgeti(state, 1, index) == LUA_TNIL ? 0 : 2;
}

int IndexPairs(lua_State* state) {
  CheckType(state, 1, LUA_TTABLE);
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_pushvalue(state, 1);
  lua_pushnumber(state, 0);
  return 3;
}

int RawGet(lua_State* state) {
  CheckType(state, 1, LUA_TTABLE);
  CheckAny(state, 2);
  lua_settop(state, 2);
  Unwrap(state, 1);
  lua_rawget(state, 1);
  return 1;
}

int RawSet(lua_State* state) {
  CheckType(state, 1, LUA_TTABLE);
  CheckAny(state, 2);
  CheckAny(state, 3);
  lua_settop(state, 3);
  CheckWritable(state, 1);
  lua_rawset(state, 1);
  return 1;
}

int RawEqual(lua_State* state) {
  CheckAny(state, 1);
  CheckAny(state, 2);
  lua_pushboolean(state, lua_rawequal(state, 1, 2));
  return 1;
}

int GetMetatable(lua_State* state) {
  CheckAny(state, 1);
  if (!PushShownMetatable(state, 1)) {
    lua_pushnil(state);
    return 1;
  }
  Unwrap(state, -1);
  lua_pushliteral(state, "__metatable");
  lua_rawget(state, -2);
  if (!lua_isnil(state, -1)) return 1;
  PushShownMetatable(state, 1);
  return 1;
}

// 5.4 would run a finaliser that it sees here; 5.1 has none on tables.
void AttachMetatable(lua_State* state) {
  lua_pushliteral(state, "__gc");
  if (lua_rawget(state, 2) == LUA_TNIL) {
    lua_settop(state, 2);
    lua_setmetatable(state, 1);
    return;
  }
  lua_pushliteral(state, "__gc");
  lua_pushnil(state);
  lua_rawset(state, 2);
  lua_pushvalue(state, 2);
  lua_setmetatable(state, 1);
  lua_pushliteral(state, "__gc");
  lua_insert(state, -2);
  lua_rawset(state, 2);
  lua_settop(state, 1);
}

int SetMetatable(lua_State* state) {
  CheckType(state, 1, LUA_TTABLE);
  const int type = lua_type(state, 2);
  if (type != LUA_TNIL && type != LUA_TTABLE) ArgumentError(state, 2, "nil or table expected");
  if (!IsProxy(state, 1) && luaL_getmetafield(state, 1, "__metatable") != LUA_TNIL) {
    Raise(state, "cannot change a protected metatable");
  }
  lua_settop(state, 2);
  CheckWritable(state, 1);
  if (type == LUA_TTABLE) {
    AttachMetatable(state);
  } else {
    lua_setmetatable(state, 1);
  }
  lua_settop(state, 1);
  return 1;
}

int ToNumberFunction(lua_State* state) {
  const std::int64_t base = OptInteger(state, 2, 10);
  std::optional<double> number;
  if (static_cast<int>(base) == 10) {
    CheckAny(state, 1);
    number = ToNumber(state, 1);
  } else {
    const std::string_view text = CheckString(state, 1);
    const int narrow = static_cast<int>(base);
    if (narrow < 2 || narrow > 36) ArgumentError(state, 2, "base out of range");
    number = ReadNumber(text, narrow);
  }
  if (number) {
    lua_pushnumber(state, *number);
  } else {
    lua_pushnil(state);
  }
  return 1;
}

int ToStringFunction(lua_State* state) {
  CheckAny(state, 1);
  if (luaL_getmetafield(state, 1, "__tostring") != LUA_TNIL) {
    lua_pushvalue(state, 1);
    lua_call(state, 1, 1);
    return 1;
  }
  switch (lua_type(state, 1)) {
    case LUA_TNUMBER:
      PushNumberText(state, lua_tonumber(state, 1));
      break;
    case LUA_TSTRING:
      lua_pushvalue(state, 1);
      break;
    case LUA_TBOOLEAN:
      lua_pushstring(state, lua_toboolean(state, 1) != 0 ? "true" : "false");
      break;
    case LUA_TNIL:
      lua_pushliteral(state, "nil");
      break;
    default:
      if (lua_topointer(state, 1) == nullptr) {
        lua_pushfstring(state, "%s: (nil)", TypeName(state, 1));
      } else {
        lua_pushfstring(state, "%s: %p", TypeName(state, 1), lua_topointer(state, 1));
      }
  }
  return 1;
}

int Type(lua_State* state) {
  CheckAny(state, 1);
  lua_pushstring(state, TypeName(state, 1));
  return 1;
}

int Select(lua_State* state) {
  const int count = lua_gettop(state);
  if (lua_type(state, 1) == LUA_TSTRING && *lua_tostring(state, 1) == '#') {
    lua_pushnumber(state, count - 1);
    return 1;
  }
  int index = CheckInt(state, 1);
  if (index < 0) {
    index = count + index;
  } else if (index > count) {
    index = count;
  }
  if (index < 1) ArgumentError(state, 1, "index out of range");
  return count - index;
}

int Unpack(lua_State* state) {
  CheckType(state, 1, LUA_TTABLE);
  Unwrap(state, 1);
  const int first = static_cast<int>(static_cast<std::uint32_t>(OptInteger(state, 2, 1)));
  const int last =
      lua_isnoneornil(state, 3) ? static_cast<int>(lua_rawlen(state, 1)) : CheckInt(state, 3);
  if (first > last) return 0;
  const std::int64_t count = std::int64_t{last} - first + 1;
  if (count >= INT32_MAX || !HasRoom(state, static_cast<int>(count))) {
    Raise(state, "too many results to unpack");
  }
  for (std::int64_t i = first; i <= last; ++i) lua_rawgeti(state, 1, i);
  return static_cast<int>(count);
}

// --- Chunks --------------------------------------------------------------------------------

int PushChunk(lua_State* state, std::string_view text, const char* name) {
  // The function that calls this, and the chunk's own levels.
  constexpr int kUsedLevels = 1;
  auto compiled = State::Of(state).CompileIn(state, text, name, kUsedLevels);
  if (compiled) return 1;
  lua_pushnil(state);
  PushString(state, compiled.error().detail);
  return 2;
}

int LoadString(lua_State* state) {
  const std::string_view text = CheckString(state, 1);
  const std::string name(OptString(state, 2, text.data()));
  return PushChunk(state, text, name.c_str());
}

// Errors of the reader are returned like those of the compiler.
int ReadChunk(lua_State* state) {
  luaL_Buffer buffer;
  luaL_buffinit(state, &buffer);
  while (true) {
    lua_pushvalue(state, 1);
    lua_call(state, 0, 1);
    if (lua_isnil(state, -1)) break;
    if (lua_type(state, -1) == LUA_TNUMBER) {
      PushNumberText(state, lua_tonumber(state, -1));
      lua_replace(state, -2);
    }
    if (lua_type(state, -1) != LUA_TSTRING) {
      lua_pushliteral(state, "reader function must return a string");
      RaiseTop(state);
    }
    if (lua_rawlen(state, -1) == 0) break;
    luaL_addvalue(&buffer);
  }
  lua_pop(state, 1);
  luaL_pushresult(&buffer);
  return 1;
}

int Load(lua_State* state) {
  const std::string name(OptString(state, 2, "=(load)"));
  CheckType(state, 1, LUA_TFUNCTION);
  lua_pushcfunction(state, ReadChunk);
  lua_pushvalue(state, 1);
  if (lua_pcall(state, 1, 1, 0) != LUA_OK) {
    lua_pushnil(state);
    lua_insert(state, -2);
    return 2;
  }
  return PushChunk(state, StringAt(state, -1), name.c_str());
}

// --- Garbage -------------------------------------------------------------------------------

int MemoryInUse(lua_State* state) {
  lua_pushnumber(state, lua_gc(state, LUA_GCCOUNT));
  return 1;
}

// Scripts share the collector: they may run it and read it, and what they set is only echoed.
int CollectGarbage(lua_State* state) {
  const std::string option(OptString(state, 1, "collect"));
  const int value = static_cast<int>(static_cast<std::uint32_t>(OptInteger(state, 2, 0)));
  if (option == "count") {
    lua_pushnumber(state, lua_gc(state, LUA_GCCOUNT) + lua_gc(state, LUA_GCCOUNTB) / 1024.0);
  } else if (option == "collect") {
    lua_gc(state, LUA_GCCOLLECT);
    lua_pushnumber(state, 0);
  } else if (option == "step") {
    lua_pushboolean(state, lua_gc(state, LUA_GCSTEP, value > 0 ? value : 0));
  } else if (option == "stop" || option == "restart") {
    lua_pushnumber(state, 0);
  } else if (option == "setpause" || option == "setstepmul") {
    lua_pushnumber(state, State::Of(state).SetShownCollector(option == "setpause", value));
  } else {
    ArgumentError(state, 1, lua_pushfstring(state, "invalid option '%s'", option.c_str()));
  }
  return 1;
}

}  // namespace

bool NextPair(lua_State* state, int index) {
  ToTableKey(state, lua_gettop(state));
  if (lua_next(state, index) == 0) return false;
  ToFloat(state, lua_gettop(state) - 1);
  return true;
}

void SetBaseFunctions(lua_State* state) {
  const luaL_Reg functions[] = {
      {"rawget", RawGet},
      {"rawset", RawSet},
      {"rawequal", RawEqual},
      {"getmetatable", GetMetatable},
      {"setmetatable", SetMetatable},
      {"tonumber", ToNumberFunction},
      {"tostring", ToStringFunction},
      {"type", Type},
      {"select", Select},
      {"unpack", Unpack},
      {"load", Load},
      {"loadstring", LoadString},
      {"gcinfo", MemoryInUse},
      {"collectgarbage", CollectGarbage},
      {"next", Next},
      {nullptr, nullptr},
  };
  luaL_setfuncs(state, functions, 0);
  lua_pushcfunction(state, PairsNext);
  lua_pushcclosure(state, Pairs, 1);
  lua_setfield(state, -2, "pairs");
  lua_pushcfunction(state, NextElement);
  lua_pushcclosure(state, IndexPairs, 1);
  lua_setfield(state, -2, "ipairs");
  lua_pushliteral(state, "Lua 5.1");
  lua_setfield(state, -2, "_VERSION");
}

}  // namespace satchel::lua
