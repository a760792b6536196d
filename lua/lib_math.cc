// math.* and os.clock. Source: Lua 5.1; math.random as in redis 7.0.15.

#include <cmath>
#include <ctime>
#include <numbers>

#include "lua/arguments.h"
#include "lua/libraries.h"
#include "lua/state.h"

namespace satchel::lua {
namespace {

template <double (*kFunction)(double)>
int Apply(lua_State* state) {
  lua_pushnumber(state, kFunction(CheckNumber(state, 1)));
  return 1;
}

// The second argument is looked at first, as in redis-server.
template <double (*kFunction)(double, double)>
int Apply(lua_State* state) {
  const double second = CheckNumber(state, 2);
  lua_pushnumber(state, kFunction(CheckNumber(state, 1), second));
  return 1;
}

double Degrees(double radians) { return radians / (std::numbers::pi / 180.0); }
double Radians(double degrees) { return degrees * (std::numbers::pi / 180.0); }

int Fraction(lua_State* state) {
  double whole = 0;
  const double fraction = std::modf(CheckNumber(state, 1), &whole);
  lua_pushnumber(state, whole);
  lua_pushnumber(state, fraction);
  return 2;
}

int Split(lua_State* state) {
  int exponent = 0;
  lua_pushnumber(state, std::frexp(CheckNumber(state, 1), &exponent));
  lua_pushnumber(state, exponent);
  return 2;
}

int Scale(lua_State* state) {
  const int exponent = CheckInt(state, 2);
  lua_pushnumber(state, std::ldexp(CheckNumber(state, 1), exponent));
  return 1;
}

int Minimum(lua_State* state) {
  double least = CheckNumber(state, 1);
  for (int i = 2; i <= lua_gettop(state); ++i) {
    const double number = CheckNumber(state, i);
    if (number < least) least = number;
  }
  lua_pushnumber(state, least);
  return 1;
}

int Maximum(lua_State* state) {
  double greatest = CheckNumber(state, 1);
  for (int i = 2; i <= lua_gettop(state); ++i) {
    const double number = CheckNumber(state, i);
    if (number > greatest) greatest = number;
  }
  lua_pushnumber(state, greatest);
  return 1;
}

int Random(lua_State* state) {
  constexpr std::uint32_t kRange = 2147483647;
  const double r = static_cast<double>(State::Of(state).random().Next() % kRange) / kRange;
  switch (lua_gettop(state)) {
    case 0:
      lua_pushnumber(state, r);
      return 1;
    case 1: {
      const int last = CheckInt(state, 1);
      if (last < 1) ArgumentError(state, 1, "interval is empty");
      lua_pushnumber(state, std::floor(r * last) + 1);
      return 1;
    }
    case 2: {
      const int first = CheckInt(state, 1);
      const int last = CheckInt(state, 2);
      if (first > last) ArgumentError(state, 2, "interval is empty");
      // The width wraps as an int does.
      const auto width = static_cast<std::int32_t>(static_cast<std::uint32_t>(last) -
                                                   static_cast<std::uint32_t>(first) + 1);
      lua_pushnumber(state, std::floor(r * width) + first);
      return 1;
    }
    default:
      Raise(state, "wrong number of arguments");
  }
}

int RandomSeed(lua_State* state) {
  State::Of(state).random().Seed(static_cast<std::uint32_t>(CheckInt(state, 1)));
  return 0;
}

int Clock(lua_State* state) {
  lua_pushnumber(state, static_cast<lua_Number>(std::clock()) / CLOCKS_PER_SEC);
  return 1;
}

}  // namespace

void PushMathLibrary(lua_State* state) {
  const luaL_Reg functions[] = {
      {"abs", Apply<::fabs>},  {"acos", Apply<::acos>},    {"asin", Apply<::asin>},
      {"atan", Apply<::atan>}, {"atan2", Apply<::atan2>},  {"ceil", Apply<::ceil>},
      {"cos", Apply<::cos>},   {"cosh", Apply<::cosh>},    {"deg", Apply<Degrees>},
      {"exp", Apply<::exp>},   {"floor", Apply<::floor>},  {"fmod", Apply<::fmod>},
      {"mod", Apply<::fmod>},  {"log", Apply<::log>},      {"log10", Apply<::log10>},
      {"pow", Apply<::pow>},   {"rad", Apply<Radians>},    {"sin", Apply<::sin>},
      {"sinh", Apply<::sinh>}, {"sqrt", Apply<::sqrt>},    {"tan", Apply<::tan>},
      {"tanh", Apply<::tanh>}, {"modf", Fraction},         {"frexp", Split},
      {"ldexp", Scale},        {"min", Minimum},           {"max", Maximum},
      {"random", Random},      {"randomseed", RandomSeed}, {nullptr, nullptr},
  };
  luaL_newlib(state, functions);
  lua_pushnumber(state, std::numbers::pi);
  lua_setfield(state, -2, "pi");
  lua_pushnumber(state, HUGE_VAL);
  lua_setfield(state, -2, "huge");
}

void PushOsLibrary(lua_State* state) {
  lua_createtable(state, 0, 1);
  lua_pushcfunction(state, Clock);
  lua_setfield(state, -2, "clock");
}

}  // namespace satchel::lua
