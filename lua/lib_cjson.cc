// cjson: the library's table and its settings. Source: redis 7.0.15, with lua-cjson 2.1.0.

#include "lua/lib_cjson.h"

#include <climits>
#include <new>

#include "lua/arguments.h"
#include "lua/libraries.h"

namespace satchel::lua {
namespace {

// At most `limit` arguments; what is missing becomes nil.
JsonSettings& TakeArguments(lua_State* state, int limit) {
  if (lua_gettop(state) > limit) ArgumentError(state, limit + 1, "found too many arguments");
  lua_settop(state, limit);
  return JsonSettingsOf(state);
}

// Sets it if the argument is given, and pushes it.
void IntegerSetting(lua_State* state, int argument, int* setting, int min, int max) {
  if (!lua_isnil(state, argument)) {
    const std::int64_t value = CheckInteger(state, argument);
    if (value < min || value > max) {
      ArgumentError(state, argument,
                    lua_pushfstring(state, "expected integer between %d and %d", min, max));
    }
    *setting = static_cast<int>(value);
  }
  lua_pushnumber(state, *setting);
}

constexpr std::string_view kChoices[] = {"off", "on", "null"};

// Off and on, by name or as a boolean, and perhaps null; pushes a boolean or "null".
int ChoiceSetting(lua_State* state, int argument, int value, int choices) {
  if (lua_isboolean(state, argument)) {
    value = lua_toboolean(state, argument);
  } else if (!lua_isnil(state, argument)) {
    const std::string_view name = CheckString(state, argument);
    for (value = 0; value < choices && kChoices[value] != name; ++value) {
    }
    if (value == choices) {
      ArgumentError(state, argument, lua_pushfstring(state, "invalid option '%s'", name.data()));
    }
  }
  if (value < 2) {
    lua_pushboolean(state, value);
  } else {
    PushString(state, kChoices[value]);
  }
  return value;
}

int SparseArray(lua_State* state) {
  JsonSettings& settings = TakeArguments(state, 3);
  settings.sparse_convert = ChoiceSetting(state, 1, settings.sparse_convert, 2) == 1;
  IntegerSetting(state, 2, &settings.sparse_ratio, 0, INT_MAX);
  IntegerSetting(state, 3, &settings.sparse_safe, 0, INT_MAX);
  return 3;
}

int EncodeMaxDepth(lua_State* state) {
  IntegerSetting(state, 1, &TakeArguments(state, 1).encode_max_depth, 1, INT_MAX);
  return 1;
}

int DecodeMaxDepth(lua_State* state) {
  IntegerSetting(state, 1, &TakeArguments(state, 1).decode_max_depth, 1, INT_MAX);
  return 1;
}

int NumberPrecision(lua_State* state) {
  IntegerSetting(state, 1, &TakeArguments(state, 1).precision, 1, 14);
  return 1;
}

// Shown only: there is no buffer to keep.
int KeepBuffer(lua_State* state) {
  JsonSettings& settings = TakeArguments(state, 1);
  settings.keep_buffer = ChoiceSetting(state, 1, settings.keep_buffer, 2) == 1;
  return 1;
}

int EncodeInvalidNumbers(lua_State* state) {
  JsonSettings& settings = TakeArguments(state, 1);
  settings.encode_invalid = static_cast<InvalidNumbers>(
      ChoiceSetting(state, 1, static_cast<int>(settings.encode_invalid), 3));
  return 1;
}

int DecodeInvalidNumbers(lua_State* state) {
  JsonSettings& settings = TakeArguments(state, 1);
  settings.decode_invalid = ChoiceSetting(state, 1, settings.decode_invalid, 2) == 1;
  return 1;
}

// cjson.new: the library again, with settings of its own.
int NewInstance(lua_State* state) {
  PushJsonLibrary(state);
  return 1;
}

}  // namespace

JsonSettings& JsonSettingsOf(lua_State* state) {
  return *static_cast<JsonSettings*>(lua_touserdata(state, lua_upvalueindex(1)));
}

void PushJsonLibrary(lua_State* state) {
  const luaL_Reg functions[] = {
      {"encode", JsonEncode},
      {"decode", JsonDecode},
      {"encode_sparse_array", SparseArray},
      {"encode_max_depth", EncodeMaxDepth},
      {"decode_max_depth", DecodeMaxDepth},
      {"encode_number_precision", NumberPrecision},
      {"encode_keep_buffer", KeepBuffer},
      {"encode_invalid_numbers", EncodeInvalidNumbers},
      {"decode_invalid_numbers", DecodeInvalidNumbers},
      {"new", NewInstance},
      {nullptr, nullptr},
  };
  luaL_newlibtable(state, functions);
  new (lua_newuserdatauv(state, sizeof(JsonSettings), 0)) JsonSettings;
  luaL_setfuncs(state, functions, 1);
  lua_pushlightuserdata(state, nullptr);
  lua_setfield(state, -2, "null");
  lua_pushliteral(state, "cjson");
  lua_setfield(state, -2, "_NAME");
  lua_pushliteral(state, "2.1.0");
  lua_setfield(state, -2, "_VERSION");
}

}  // namespace satchel::lua
