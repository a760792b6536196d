#include "lua/operators.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "lua/arguments.h"
#include "lua/number_text.h"
#include "lua/proxy.h"
#include "lua/state.h"

namespace satchel::lua {
namespace {

constexpr const char* kArithmetic = "perform arithmetic on";

// Line `operand` of the names, 5.1's words for the variable that an operand came from.
std::string_view NameAt(std::string_view names, int operand) {
  for (; operand > 0; --operand) {
    const std::size_t end = names.find('\n');
    if (end == names.npos) return {};
    names.remove_prefix(end + 1);
  }
  return names.substr(0, names.find('\n'));
}

[[noreturn]] void RaiseOperand(lua_State* state, const char* operation, int index,
                               std::string_view name) {
  if (name.empty()) Raise(state, "attempt to %s a %s value", operation, TypeName(state, index));
  Raise(state, "attempt to %s %s (a %s value)", operation, std::string(name).c_str(),
        TypeName(state, index));
}

// The metamethod at the top is about to be called; it may be no function.
void CheckCallable(lua_State* state) {
  if (lua_isfunction(state, -1)) return;
  if (luaL_getmetafield(state, -1, "__call") == LUA_TNIL) {
    Raise(state, "attempt to call a %s value", TypeName(state, -1));
  }
  lua_pop(state, 1);
}

// Calls the event's metamethod of the value at `left`, or else of the one at `right`; leaves its
// first result on the stack. False if neither has one.
bool CallMetamethod(lua_State* state, const char* event, int left, int right) {
  if (luaL_getmetafield(state, left, event) == LUA_TNIL &&
      luaL_getmetafield(state, right, event) == LUA_TNIL) {
    return false;
  }
  CheckCallable(state);
  lua_pushvalue(state, left);
  lua_pushvalue(state, right);
  lua_call(state, 2, 1);
  return true;
}

// --- a .. b --------------------------------------------------------------------------------

bool IsText(lua_State* state, int index) {
  const int type = lua_type(state, index);
  return type == LUA_TSTRING || type == LUA_TNUMBER;
}

// The texts from `first` to `last` as one string on the stack.
void JoinTexts(lua_State* state, int first, int last) {
  constexpr std::size_t kSmall = 512;
  char small[kSmall];
  std::size_t used = 0;
  int at = first;
  for (; at <= last; ++at) {
    if (used + kNumberTextSize > kSmall) break;
    if (lua_type(state, at) == LUA_TNUMBER) {
      auto& room = reinterpret_cast<char(&)[kNumberTextSize]>(small[used]);
      used += WriteNumber(lua_tonumber(state, at), room);
      continue;
    }
    const std::string_view text = StringAt(state, at);
    if (text.size() > kSmall - used) break;
    std::memcpy(small + used, text.data(), text.size());
    used += text.size();
  }
  if (at > last) {
    lua_pushlstring(state, small, used);
    return;
  }
  luaL_Buffer buffer;
  luaL_buffinit(state, &buffer);
  luaL_addlstring(&buffer, small, used);
  for (; at <= last; ++at) {
    if (lua_type(state, at) == LUA_TNUMBER) {
      char text[kNumberTextSize];
      luaL_addlstring(&buffer, text, WriteNumber(lua_tonumber(state, at), text));
    } else {
      const std::string_view text = StringAt(state, at);
      luaL_addlstring(&buffer, text.data(), text.size());
    }
  }
  luaL_pushresult(&buffer);
}

// Operands from `first` to the top, joined from the right as 5.1 does: as many texts at once as
// there are, then one metamethod.
int Join(lua_State* state, int first, std::string_view names) {
  while (true) {
    const int last = lua_gettop(state);
    int begin = last;
    while (begin >= first && IsText(state, begin)) --begin;
    ++begin;
    if (begin == first) {
      JoinTexts(state, first, last);
      return 1;
    }
    if (last - begin >= 1) {
      JoinTexts(state, begin, last);
      lua_replace(state, begin);
      lua_settop(state, begin);
      continue;
    }
    // Not both of the last two are texts.
    if (!CallMetamethod(state, "__concat", last - 1, last)) {
      const int culprit = IsText(state, last - 1) ? last : last - 1;
      RaiseOperand(state, "concatenate", culprit, NameAt(names, culprit - first));
    }
    lua_replace(state, last - 1);
    lua_settop(state, last - 1);
    if (last - 1 == first) return 1;
  }
}

int Concat(lua_State* state) { return Join(state, 1, {}); }
int ConcatNamed(lua_State* state) { return Join(state, 2, StringAt(state, 1)); }

// --- Arithmetic ----------------------------------------------------------------------------

double Modulo(double a, double b) { return a - std::floor(a / b) * b; }

// Of the first operand or else the second. Strings have theirs for Lua 5.4 only.
bool PushArithmeticMetamethod(lua_State* state, const char* event) {
  for (int operand : {1, 2}) {
    if (lua_type(state, operand) != LUA_TSTRING &&
        luaL_getmetafield(state, operand, event) != LUA_TNIL) {
      return true;
    }
  }
  return false;
}

template <class Operation>
int Arithmetic(lua_State* state, const char* event, Operation operation) {
  if (lua_type(state, 1) == LUA_TNUMBER && lua_type(state, 2) == LUA_TNUMBER) {
    lua_pushnumber(state, operation(lua_tonumber(state, 1), lua_tonumber(state, 2)));
    return 1;
  }
  const std::optional<double> left = ToNumber(state, 1);
  const std::optional<double> right = ToNumber(state, 2);
  if (left && right) {
    lua_pushnumber(state, operation(*left, *right));
    return 1;
  }
  if (!PushArithmeticMetamethod(state, event)) {
    const int culprit = left ? 2 : 1;
    const std::string_view names = lua_gettop(state) > 2 ? StringAt(state, 3) : std::string_view();
    RaiseOperand(state, kArithmetic, culprit, NameAt(names, culprit - 1));
  }
  CheckCallable(state);
  lua_pushvalue(state, 1);
  lua_pushvalue(state, 2);
  lua_call(state, 2, 1);
  return 1;
}

int ModuloHelper(lua_State* state) { return Arithmetic(state, "__mod", Modulo); }
int PowerHelper(lua_State* state) {
  return Arithmetic(state, "__pow", [](double a, double b) { return std::pow(a, b); });
}

// As metamethods of strings; what comes third is not a name.
template <class Operation>
int StringOperation(lua_State* state, const char* event, Operation operation) {
  lua_settop(state, 2);
  return Arithmetic(state, event, operation);
}

int StringAdd(lua_State* s) {
  return StringOperation(s, "__add", [](double a, double b) { return a + b; });
}
int StringSubtract(lua_State* s) {
  return StringOperation(s, "__sub", [](double a, double b) { return a - b; });
}
int StringMultiply(lua_State* s) {
  return StringOperation(s, "__mul", [](double a, double b) { return a * b; });
}
int StringDivide(lua_State* s) {
  return StringOperation(s, "__div", [](double a, double b) { return a / b; });
}
// For the way that the parser writes `%`.
int StringFloorDivide(lua_State* s) {
  return StringOperation(s, "__idiv", [](double a, double b) { return std::floor(a / b); });
}
int StringModulo(lua_State* s) { return StringOperation(s, "__mod", Modulo); }
int StringPower(lua_State* s) {
  return StringOperation(s, "__pow", [](double a, double b) { return std::pow(a, b); });
}
int StringNegate(lua_State* s) {
  return StringOperation(s, "__unm", [](double a, double) { return -a; });
}

// --- #x ------------------------------------------------------------------------------------

// Raw for tables, unlike 5.4's; other values have no length but strings.
int Length(lua_State* state) {
  switch (lua_type(state, 1)) {
    case LUA_TSTRING:
    case LUA_TTABLE:
      lua_pushnumber(state, static_cast<lua_Number>(lua_rawlen(state, 1)));
      return 1;
    default:
      RaiseOperand(state, "get length of", 1,
                   lua_gettop(state) > 1 ? StringAt(state, 2) : std::string_view());
  }
}

// --- for i = first, limit, step ------------------------------------------------------------

double LoopNumber(lua_State* state, int index, const char* what) {
  const std::optional<double> number = ToNumber(state, index);
  if (!number) Raise(state, "'for' %s must be a number", what);
  return *number;
}

// Returns the first value; keeps limit and step for ForValue. 5.1 subtracts the step first and
// adds it again, and takes a step of zero.
int ForPrepare(lua_State* state) {
  const double first = LoopNumber(state, 1, "initial value");
  ForLoop& loop = State::Of(state).for_loop();
  loop.limit = LoopNumber(state, 2, "limit");
  loop.step = lua_gettop(state) > 2 ? LoopNumber(state, 3, "step") : 1;
  const double value = (first - loop.step) + loop.step;
  const bool runs = loop.step > 0 ? value <= loop.limit : loop.limit <= value;
  if (!runs) {
    loop = {.limit = 0, .step = 1};
    lua_pushnumber(state, 1);
    return 1;
  }
  if (loop.step == 0) {  // for ever, with the same value
    loop.limit = std::numeric_limits<double>::infinity();
    loop.step = std::numeric_limits<double>::denorm_min();
  }
  lua_pushnumber(state, value);
  return 1;
}

int ForValue(lua_State* state) {
  const ForLoop& loop = State::Of(state).for_loop();
  lua_pushnumber(state, lua_tonumber(state, 1) == 2 ? loop.limit : loop.step);
  return 1;
}

// A limit that is not a number ends the loop before it begins.
int ForLimit(lua_State* state) {
  double limit = LoopNumber(state, 1, "limit");
  if (std::isnan(limit)) limit = -std::copysign(HUGE_VAL, lua_tonumber(state, 2));
  lua_pushnumber(state, limit);
  return 1;
}

// --- The rest ------------------------------------------------------------------------------

int ArgTable(lua_State* state) {
  const int count = lua_gettop(state);
  lua_createtable(state, count, 1);
  lua_insert(state, 1);
  for (int i = count; i >= 1; --i) lua_rawseti(state, 1, i);
  lua_pushnumber(state, count);
  lua_setfield(state, 1, "n");
  return 1;
}

// How many rounds of loops and calls pass until the next look at the clock.
constexpr lua_Integer kRounds = 200;

int Interrupt(lua_State* state) {
  if (auto* interrupt = State::Of(state).interrupt()) interrupt(state);
  lua_pushinteger(state, kRounds);  // the count never reaches the script
  return 1;
}

// m(object, "name", ...): calls a method whose name is a word of Lua 5.4.
int CallMethod(lua_State* state) {
  const std::string name(StringAt(state, 2));
  if (lua_type(state, 1) != LUA_TTABLE && lua_type(state, 1) != LUA_TSTRING) {
    Raise(state, "attempt to index a %s value", TypeName(state, 1));
  }
  lua_getfield(state, 1, name.c_str());
  if (lua_isnil(state, -1)) Raise(state, "attempt to call method '%s' (a nil value)", name.c_str());
  lua_replace(state, 2);  // object, method, ...
  lua_pushvalue(state, 1);
  lua_copy(state, 2, 1);
  lua_replace(state, 2);
  lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
  return lua_gettop(state);
}

}  // namespace

void PushOperators(lua_State* state) {
  const luaL_Reg helpers[] = {
      {"a", ArgTable},    {"c", Concat},       {"f", ForPrepare},  {"g", ForValue},
      {"h", ConcatNamed}, {"i", Interrupt},    {"l", Length},      {"m", CallMethod},
      {"n", ForLimit},    {"p", ModuloHelper}, {"w", PowerHelper}, {nullptr, nullptr},
  };
  luaL_newlib(state, helpers);
}

void SetStringArithmetic(lua_State* state) {
  const luaL_Reg events[] = {
      {"__add", StringAdd},    {"__sub", StringSubtract}, {"__mul", StringMultiply},
      {"__div", StringDivide}, {"__mod", StringModulo},   {"__idiv", StringFloorDivide},
      {"__pow", StringPower},  {"__unm", StringNegate},   {nullptr, nullptr},
  };
  luaL_setfuncs(state, events, 0);
}

}  // namespace satchel::lua
