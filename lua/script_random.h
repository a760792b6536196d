// ScriptRandom: what math.random draws from, a generator of 48 bits. One per engine: all its
// Lua states share it, and nothing but math.randomseed sets it.
// Source: redis 7.0.15, math.random of scripts.

#pragma once

#include <cstdint>

namespace satchel::lua {

class ScriptRandom {
 public:
  // 31 bits.
  std::uint32_t Next() {
    bits_ = (bits_ * 0x5DEECE66DULL + 0xB) & ((std::uint64_t{1} << 48) - 1);
    return static_cast<std::uint32_t>(bits_ >> 17);
  }
  void Seed(std::uint32_t seed) { bits_ = std::uint64_t{seed} << 16 | 0x330E; }

 private:
  std::uint64_t bits_ = 0x1234ABCD330EULL;
};

}  // namespace satchel::lua
