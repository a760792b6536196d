// What scripts and functions may say of themselves, in a shebang or when they are registered.
// Source: redis 7.0.15.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace satchel::lua {

enum ScriptFlag : std::uint32_t {
  kNoWrites = 1u << 0,
  kAllowOom = 1u << 1,
  kAllowStale = 1u << 2,
  kNoCluster = 1u << 3,
  kAllowCrossSlotKeys = 1u << 4,
};

struct ScriptFlagName {
  std::string_view name;
  ScriptFlag flag;
};
inline constexpr ScriptFlagName kScriptFlags[] = {
    {"no-writes", kNoWrites},
    {"allow-oom", kAllowOom},
    {"allow-stale", kAllowStale},
    {"no-cluster", kNoCluster},
    {"allow-cross-slot-keys", kAllowCrossSlotKeys},
};

inline std::optional<ScriptFlag> FindScriptFlag(std::string_view name) {
  for (const ScriptFlagName& row : kScriptFlags) {
    if (row.name == name) return row.flag;
  }
  return std::nullopt;
}

}  // namespace satchel::lua
