#include "lua/register_function.h"

#include <string>

#include "base/text.h"
#include "lua/arguments.h"
#include "lua/functions.h"
#include "lua/redis_api.h"

namespace satchel::lua {
namespace {

Error Refusal(std::string text) { return MakeError(ErrorCode::kInvalidArgument, std::move(text)); }

bool IsText(lua_State* state, int index) {
  const int type = lua_type(state, index);
  return type == LUA_TSTRING || type == LUA_TNUMBER;
}

// The text at the top; a number is replaced by its own.
std::string TopText(lua_State* state) { return std::string(CheckString(state, lua_gettop(state))); }

// The flags in the array at the top.
Result<std::uint32_t> ReadFlags(lua_State* state) {
  std::uint32_t flags = 0;
  for (lua_Integer i = 1;; ++i) {
    if (lua_rawgeti(state, -1, i) == LUA_TNIL) break;
    if (!IsText(state, -1)) return Refusal("unknown flag given");
    const auto flag = FindScriptFlag(ToLower(TopText(state)));
    if (!flag) return Refusal("unknown flag given");
    flags |= *flag;
    lua_pop(state, 1);
  }
  lua_pop(state, 1);
  return flags;
}

// The arguments of one call, in either form.
struct Arguments {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::uint32_t flags = 0;
  bool has_callback = false;  // then it is at the top of the stack
};

// One named argument: its value is at the top, and stays.
Result<void> ReadNamed(lua_State* state, std::string_view key, Arguments& arguments) {
  const std::string who = std::string(key) + " argument given to redis.register_function must be a";
  if (EqualIgnoreCase(key, "function_name")) {
    if (!IsText(state, -1)) return Refusal(who + " string");
    arguments.name = TopText(state);
  } else if (EqualIgnoreCase(key, "description")) {
    if (!IsText(state, -1)) return Refusal(who + " string");
    arguments.description = TopText(state);
  } else if (EqualIgnoreCase(key, "callback")) {
    if (!lua_isfunction(state, -1)) return Refusal(who + " function");
    arguments.has_callback = true;
    lua_pushvalue(state, -1);
    lua_replace(state, 2);
  } else if (EqualIgnoreCase(key, "flags")) {
    if (!lua_istable(state, -1)) {
      return Refusal(
          "flags argument to redis.register_function must be a table representing function flags");
    }
    SATCHEL_ASSIGN(arguments.flags, ReadFlags(state));
  } else {
    return Refusal("unknown argument given to redis.register_function");
  }
  return {};
}

// The table is at 1; a callback is put at 2.
Result<Arguments> ReadTable(lua_State* state) {
  Arguments arguments;
  lua_settop(state, 1);
  lua_pushnil(state);  // where the callback comes to lie
  lua_pushnil(state);
  while (lua_next(state, 1) != 0) {
    if (!IsText(state, -2)) {
      return Refusal("named argument key given to redis.register_function is not a string");
    }
    const bool is_number = lua_type(state, -2) == LUA_TNUMBER;
    const std::string_view key = is_number ? std::string_view() : StringAt(state, -2);
    SATCHEL_TRY(ReadNamed(state, key, arguments));
    lua_settop(state, 3);
  }
  if (!arguments.name) {
    return Refusal("redis.register_function must get a function name argument");
  }
  if (!arguments.has_callback) {
    return Refusal("redis.register_function must get a callback argument");
  }
  lua_settop(state, 2);
  return arguments;
}

Result<Arguments> ReadArguments(lua_State* state) {
  const int count = lua_gettop(state);
  if (count < 1 || count > 2) {
    return Refusal("wrong number of arguments to redis.register_function");
  }
  if (count == 1) {
    if (lua_istable(state, 1)) return ReadTable(state);
    return Refusal(
        "calling redis.register_function with a single argument is only applicable to Lua table "
        "(representing named arguments).");
  }
  if (!IsText(state, 1)) {
    return Refusal("first argument to redis.register_function must be a string");
  }
  if (!lua_isfunction(state, 2)) {
    return Refusal("second argument to redis.register_function must be a function");
  }
  Arguments arguments;
  arguments.name = std::string(CheckString(state, 1));
  arguments.has_callback = true;
  return arguments;
}

Result<void> Register(lua_State* state, Functions& functions) {
  if (!functions.is_loading()) {
    return Refusal("redis.register_function can only be called on FUNCTION LOAD command");
  }
  SATCHEL_ASSIGN(Arguments arguments, ReadArguments(state));
  const int callback = luaL_ref(state, LUA_REGISTRYINDEX);
  auto registered = functions.Register({.name = std::move(*arguments.name),
                                        .description = std::move(arguments.description),
                                        .flags = arguments.flags,
                                        .callback = callback});
  if (!registered) luaL_unref(state, LUA_REGISTRYINDEX, callback);
  return registered;
}

int RegisterFunction(lua_State* state) {
  auto& functions = *static_cast<Functions*>(lua_touserdata(state, lua_upvalueindex(1)));
  if (auto registered = Register(state, functions); !registered) {
    PushErrorTable(state, "ERR " + registered.error().detail);
    return lua_error(state);
  }
  return 0;
}

}  // namespace

void AddRegisterFunction(lua_State* state, Functions& functions) {
  lua_pushlightuserdata(state, &functions);
  lua_pushcclosure(state, RegisterFunction, 1);
  lua_setfield(state, -2, "register_function");
}

}  // namespace satchel::lua
