// Durability: what a killed process, or machine, loses at worst.

#pragma once

#include <cstdint>

namespace satchel::store {

enum class Durability : std::uint8_t {
  kNone,      // everything
  kSnapshot,  // what came after the last snapshot
  kEverysec,  // with the machine: the last second; not available yet
  kAlways,    // nothing acknowledged; not available yet
};

}  // namespace satchel::store
