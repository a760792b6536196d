// bit: operations on 32 bits. Numbers wrap modulo 2^32, halves are rounded to even; results are
// signed. Source: Lua BitOp 1.0.2 as redis 7.0.15 has it.

#include <bit>
#include <cstdint>

#include "lua/arguments.h"
#include "lua/libraries.h"

namespace satchel::lua {
namespace {

// The sum's lowest bits are the number's, as 2^52 + 2^51 leaves no room for a fraction.
std::uint32_t BitsArgument(lua_State* state, int index) {
  const double sum = CheckNumber(state, index) + 6755399441055744.0;
  return static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(sum));
}

int Return(lua_State* state, std::uint32_t bits) {
  lua_pushnumber(state, static_cast<std::int32_t>(bits));
  return 1;
}

int ToBit(lua_State* state) { return Return(state, BitsArgument(state, 1)); }
int Not(lua_State* state) { return Return(state, ~BitsArgument(state, 1)); }
int Swap(lua_State* state) { return Return(state, __builtin_bswap32(BitsArgument(state, 1))); }

// The first argument is looked at first, then the others from the last one down.
template <class Operation>
int Combine(lua_State* state, Operation operation) {
  std::uint32_t bits = BitsArgument(state, 1);
  for (int i = lua_gettop(state); i > 1; --i) bits = operation(bits, BitsArgument(state, i));
  return Return(state, bits);
}

int And(lua_State* state) {
  return Combine(state, [](std::uint32_t a, std::uint32_t b) { return a & b; });
}
int Or(lua_State* state) {
  return Combine(state, [](std::uint32_t a, std::uint32_t b) { return a | b; });
}
int Xor(lua_State* state) {
  return Combine(state, [](std::uint32_t a, std::uint32_t b) { return a ^ b; });
}

template <class Operation>
int Shift(lua_State* state, Operation operation) {
  const std::uint32_t bits = BitsArgument(state, 1);
  return Return(state, operation(bits, static_cast<int>(BitsArgument(state, 2) & 31)));
}

int ShiftLeft(lua_State* state) {
  return Shift(state, [](std::uint32_t bits, int by) { return bits << by; });
}
int ShiftRight(lua_State* state) {
  return Shift(state, [](std::uint32_t bits, int by) { return bits >> by; });
}
int ShiftSigned(lua_State* state) {
  return Shift(state, [](std::uint32_t bits, int by) {
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(bits) >> by);
  });
}
int RotateLeft(lua_State* state) {
  return Shift(state, [](std::uint32_t bits, int by) { return std::rotl(bits, by); });
}
int RotateRight(lua_State* state) {
  return Shift(state, [](std::uint32_t bits, int by) { return std::rotr(bits, by); });
}

// tohex(x [, digits]): at most 8; upper case if negative.
int ToHexDigits(lua_State* state) {
  constexpr int kMaxDigits = 8;
  std::uint32_t bits = BitsArgument(state, 1);
  const auto wanted = static_cast<std::int32_t>(lua_isnone(state, 2) ? std::uint32_t{kMaxDigits}
                                                                     : BitsArgument(state, 2));
  const char* const digits = wanted < 0 ? "0123456789ABCDEF" : "0123456789abcdef";
  const std::int64_t count = wanted < 0 ? -std::int64_t{wanted} : wanted;
  const auto shown = static_cast<std::size_t>(count < kMaxDigits ? count : kMaxDigits);
  char text[kMaxDigits];
  for (std::size_t i = shown; i-- > 0; bits >>= 4) text[i] = digits[bits & 15];
  lua_pushlstring(state, text, shown);
  return 1;
}

}  // namespace

void PushBitLibrary(lua_State* state) {
  const luaL_Reg functions[] = {
      {"tobit", ToBit},    {"bnot", Not},         {"band", And},          {"bor", Or},
      {"bxor", Xor},       {"lshift", ShiftLeft}, {"rshift", ShiftRight}, {"arshift", ShiftSigned},
      {"rol", RotateLeft}, {"ror", RotateRight},  {"bswap", Swap},        {"tohex", ToHexDigits},
      {nullptr, nullptr},
  };
  luaL_newlib(state, functions);
}

}  // namespace satchel::lua
