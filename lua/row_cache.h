// RowCache: the rows of the commands that scripts name, found without reading the name letter by
// letter. A name in a script is one constant string of Lua's, so the address of its bytes tells
// where to look; the bytes decide.
// Thread: the one that holds the execution lock.

#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "engine/command.h"

namespace satchel::lua {

class RowCache {
 public:
  // The row put for exactly this name (same case); null if there is none here.
  const engine::Command* Find(std::string_view name) const {
    const Slot& slot = slots_[IndexOf(name)];
    if (slot.size != name.size() || name.empty()) return nullptr;
    return std::memcmp(slot.name.data(), name.data(), name.size()) == 0 ? slot.row : nullptr;
  }

  // Rows with subcommands are not kept: the second word decides which is meant.
  void Put(std::string_view name, const engine::Command& row) {
    if (name.size() > kMaxName || !row.subcommands.empty() || row.parent != nullptr) return;
    Slot& slot = slots_[IndexOf(name)];
    std::memcpy(slot.name.data(), name.data(), name.size());
    slot.size = name.size();
    slot.row = &row;
  }

 private:
  static constexpr std::size_t kSlots = 32;
  static constexpr std::size_t kMaxName = 16;
  struct Slot {
    std::array<char, kMaxName> name;
    std::size_t size = 0;                  // 0: the slot is empty
    const engine::Command* row = nullptr;  // borrowed from the table of commands
  };

  static std::size_t IndexOf(std::string_view name) {
    const auto address = reinterpret_cast<std::uintptr_t>(name.data());
    return (address >> 4 ^ address >> 9) % kSlots;
  }

  std::array<Slot, kSlots> slots_;
};

}  // namespace satchel::lua
