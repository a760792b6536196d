#include "store/config/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace satchel::store {

std::string_view ComponentName(Component component) {
  constexpr std::string_view kNames[kComponents] = {
      "store",  "auth",     "workflow", "task", "tasks_backend", "checkpoint",
      "memory", "resource", "stream",   "lock", "rate_limit"};
  return kNames[static_cast<std::size_t>(component)];
}

std::string_view ModeName(Mode mode) {
  constexpr std::string_view kNames[] = {"", "standalone", "distributed"};
  return kNames[static_cast<std::size_t>(mode)];
}

std::string Origin::ToString() const {
  constexpr std::string_view kNames[] = {"default", "file", "environment", "flag"};
  const std::string_view name = kNames[static_cast<std::size_t>(source)];
  return place.empty() ? std::string(name) : fmt::format("{} {}", name, place);
}

Mode Config::EffectiveMode(Component component) const {
  const Mode own = component_modes[static_cast<std::size_t>(component)];
  if (own != Mode::kInherit) return own;
  return mode != Mode::kInherit ? mode : Mode::kStandalone;
}

bool Config::AnyComponentIn(Mode wanted) const {
  for (std::size_t i = 0; i < kComponents; ++i) {
    if (EffectiveMode(static_cast<Component>(i)) == wanted) return true;
  }
  return false;
}

const Origin& Config::origin(std::string_view key) const {
  const auto at = origins.find(key);
  SATCHEL_CHECK(at != origins.end());
  return at->second;
}

std::string Finding::ToString() const {
  std::string line = key.empty() ? text : fmt::format("{}: {}", key, text);
  if (!source.empty()) line += fmt::format("   [{}]", source);
  return line;
}

bool LoadedConfig::ok() const {
  return std::ranges::none_of(findings, [](const Finding& finding) {
    return finding.severity == Finding::Severity::kError;
  });
}

Result<Config> LoadConfig(const ConfigSources& sources) {
  LoadedConfig loaded = ReadConfig(sources);
  if (loaded.ok()) return std::move(loaded.config);
  std::string text;
  for (const Finding& finding : loaded.findings) {
    if (finding.severity != Finding::Severity::kError) continue;
    if (!text.empty()) text += '\n';
    text += finding.ToString();
  }
  return MakeError(ErrorCode::kConfig, std::move(text));
}

}  // namespace satchel::store
