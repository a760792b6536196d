#include "lua/arguments.h"

#include <cstdarg>
#include <cstdlib>
#include <cstring>

#include "lua/number_text.h"

namespace satchel::lua {
namespace {

// Fills `where` with what 5.1 calls `level`: there a tail call leaves a level of its own behind,
// of which nothing is known. False if the level does not exist or is such a one.
bool FindLevel(lua_State* state, int level, lua_Debug* where) {
  for (int real = 0; lua_getstack(state, real, where) != 0; ++real) {
    if (level == 0) return true;
    lua_getinfo(state, "t", where);
    level -= where->istailcall ? 2 : 1;
    if (level < 0) return false;
  }
  return false;
}

std::string_view NameOf(const lua_Debug& function) {
  if (function.name == nullptr || std::strcmp(function.namewhat, "metamethod") == 0) return "?";
  const std::string_view name = function.name;
  if (name == "for iterator") return "(for generator)";
  if (name.substr(0, kReservedPrefix.size()) == kReservedPrefix) {
    return name.substr(kReservedPrefix.size());
  }
  return name;
}

}  // namespace

void RaiseTop(lua_State* state) {
  lua_error(state);
  std::abort();  // not reached; lua_error is not declared noreturn
}

void PushPosition(lua_State* state, int level) {
  lua_Debug where;
  if (FindLevel(state, level, &where)) {
    lua_getinfo(state, "Sl", &where);
    if (where.currentline > 0) {
      lua_pushfstring(state, "%s:%d: ", where.short_src, where.currentline);
      return;
    }
  }
  lua_pushliteral(state, "");
}

void Raise(lua_State* state, const char* format, ...) {
  PushPosition(state, 1);
  va_list arguments;
  va_start(arguments, format);
  lua_pushvfstring(state, format, arguments);
  va_end(arguments);
  lua_concat(state, 2);
  RaiseTop(state);
}

void ArgumentError(lua_State* state, int argument, const char* text) {
  lua_Debug function;
  if (lua_getstack(state, 0, &function) == 0) {
    Raise(state, "bad argument #%d (%s)", argument, text);
  }
  lua_getinfo(state, "n", &function);
  const bool method = std::strcmp(function.namewhat, "method") == 0;
  if (method) --argument;
  if (method && argument == 0) Raise(state, "calling '%s' on bad self (%s)", function.name, text);
  Raise(state, "bad argument #%d to '%s' (%s)", argument, NameOf(function).data(), text);
}

void TypeError(lua_State* state, int argument, const char* expected) {
  const char* text =
      lua_pushfstring(state, "%s expected, got %s", expected, TypeName(state, argument));
  ArgumentError(state, argument, text);
}

const char* TypeName(lua_State* state, int index) {
  return lua_typename(state, lua_type(state, index));
}

std::optional<double> ToNumber(lua_State* state, int index) {
  switch (lua_type(state, index)) {
    case LUA_TNUMBER:
      return lua_tonumber(state, index);
    case LUA_TSTRING:
      return ReadNumber(StringAt(state, index));
    default:
      return std::nullopt;
  }
}

void CheckAny(lua_State* state, int argument) {
  if (lua_type(state, argument) == LUA_TNONE) ArgumentError(state, argument, "value expected");
}

void CheckType(lua_State* state, int argument, int type) {
  if (lua_type(state, argument) != type) TypeError(state, argument, lua_typename(state, type));
}

double CheckNumber(lua_State* state, int argument) {
  const std::optional<double> number = ToNumber(state, argument);
  if (!number) TypeError(state, argument, "number");
  return *number;
}

std::int64_t CheckInteger(lua_State* state, int argument) {
  return TruncateToInt64(CheckNumber(state, argument));
}

int CheckInt(lua_State* state, int argument) {
  return static_cast<int>(static_cast<std::uint32_t>(CheckInteger(state, argument)));
}

std::int64_t OptInteger(lua_State* state, int argument, std::int64_t fallback) {
  return lua_isnoneornil(state, argument) ? fallback : CheckInteger(state, argument);
}

std::string_view CheckString(lua_State* state, int argument) {
  const int type = lua_type(state, argument);
  if (type == LUA_TNUMBER) {
    PushNumberText(state, lua_tonumber(state, argument));
    lua_replace(state, argument);
  } else if (type != LUA_TSTRING) {
    TypeError(state, argument, "string");
  }
  return StringAt(state, argument);
}

std::string_view OptString(lua_State* state, int argument, std::string_view fallback) {
  return lua_isnoneornil(state, argument) ? fallback : CheckString(state, argument);
}

bool HasRoom(lua_State* state, int values) {
  constexpr int kMaxStack = 8000;
  return values <= kMaxStack - lua_gettop(state) && lua_checkstack(state, values) != 0;
}

void PushNumberText(lua_State* state, double value) {
  char buffer[kNumberTextSize];
  lua_pushlstring(state, buffer, WriteNumber(value, buffer));
}

}  // namespace satchel::lua
