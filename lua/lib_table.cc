// table.*. All access is raw. Source: Lua 5.1.

#include <string>

#include "lua/arguments.h"
#include "lua/libraries.h"
#include "lua/proxy.h"

namespace satchel::lua {
namespace {

int CheckLength(lua_State* state) {
  CheckType(state, 1, LUA_TTABLE);
  return static_cast<int>(lua_rawlen(state, 1));
}

int GetN(lua_State* state) {
  lua_pushnumber(state, CheckLength(state));
  return 1;
}

int SetN(lua_State* state) {
  CheckType(state, 1, LUA_TTABLE);
  Raise(state, "'setn' is obsolete");
}

int MaxN(lua_State* state) {
  CheckType(state, 1, LUA_TTABLE);
  lua_settop(state, 1);
  Unwrap(state, 1);
  double greatest = 0;
  lua_pushnil(state);
  while (lua_next(state, 1) != 0) {
    lua_pop(state, 1);
    if (lua_type(state, -1) == LUA_TNUMBER && lua_tonumber(state, -1) > greatest) {
      greatest = lua_tonumber(state, -1);
    }
  }
  lua_pushnumber(state, greatest);
  return 1;
}

int ForEach(lua_State* state) {
  CheckType(state, 1, LUA_TTABLE);
  CheckType(state, 2, LUA_TFUNCTION);
  Unwrap(state, 1);
  lua_pushnil(state);
  while (NextPair(state, 1)) {
    lua_pushvalue(state, 2);
    lua_pushvalue(state, -3);
    lua_pushvalue(state, -3);
    lua_call(state, 2, 1);
    if (!lua_isnil(state, -1)) return 1;
    lua_pop(state, 2);
  }
  return 0;
}

int ForEachIndex(lua_State* state) {
  const int length = CheckLength(state);
  CheckType(state, 2, LUA_TFUNCTION);
  for (int i = 1; i <= length; ++i) {
    lua_pushvalue(state, 2);
    lua_pushnumber(state, i);
    lua_rawgeti(state, 1, i);
    lua_call(state, 2, 1);
    if (!lua_isnil(state, -1)) return 1;
    lua_pop(state, 1);
  }
  return 0;
}

int Insert(lua_State* state) {
  int end = static_cast<int>(static_cast<std::uint32_t>(CheckLength(state)) + 1);
  int position = end;
  switch (lua_gettop(state)) {
    case 2:
      break;
    case 3:
      position = CheckInt(state, 2);
      if (position > end) end = position;
      CheckWritable(state, 1);
      for (int i = end; i > position; --i) {
        lua_rawgeti(state, 1, i - 1);
        lua_rawseti(state, 1, i);
      }
      break;
    default:
      Raise(state, "wrong number of arguments to 'insert'");
  }
  CheckWritable(state, 1);
  lua_rawseti(state, 1, position);
  return 0;
}

int Remove(lua_State* state) {
  const int end = CheckLength(state);
  int position = lua_isnoneornil(state, 2) ? end : CheckInt(state, 2);
  if (position < 1 || position > end) return 0;
  lua_rawgeti(state, 1, position);
  for (; position < end; ++position) {
    lua_rawgeti(state, 1, position + 1);
    lua_rawseti(state, 1, position);
  }
  lua_pushnil(state);
  lua_rawseti(state, 1, end);
  return 1;
}

void AddElement(lua_State* state, luaL_Buffer* out, int index) {
  lua_rawgeti(state, 1, index);
  if (lua_type(state, -1) == LUA_TNUMBER) {
    PushNumberText(state, lua_tonumber(state, -1));
    lua_remove(state, -2);
  } else if (lua_type(state, -1) != LUA_TSTRING) {
    Raise(state, "invalid value (%s) at index %d in table for 'concat'", TypeName(state, -1),
          index);
  }
  luaL_addvalue(out);
}

int ConcatFunction(lua_State* state) {
  const std::string_view separator = OptString(state, 2, {});
  CheckType(state, 1, LUA_TTABLE);
  int index = static_cast<int>(static_cast<std::uint32_t>(OptInteger(state, 3, 1)));
  const int last =
      lua_isnoneornil(state, 4) ? static_cast<int>(lua_rawlen(state, 1)) : CheckInt(state, 4);
  luaL_Buffer out;
  luaL_buffinit(state, &out);
  for (; index < last; ++index) {
    AddElement(state, &out, index);
    luaL_addlstring(&out, separator.data(), separator.size());
  }
  if (index == last) AddElement(state, &out, last);
  luaL_pushresult(&out);
  return 1;
}

}  // namespace

void PushTableLibrary(lua_State* state) {
  const luaL_Reg functions[] = {
      {"concat", ConcatFunction}, {"foreach", ForEach}, {"foreachi", ForEachIndex}, {"getn", GetN},
      {"insert", Insert},         {"maxn", MaxN},       {"remove", Remove},         {"setn", SetN},
      {"sort", TableSort},        {nullptr, nullptr},
  };
  luaL_newlib(state, functions);
}

}  // namespace satchel::lua
