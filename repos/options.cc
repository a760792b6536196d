#include "repos/options.h"

#include <algorithm>

#include "base/bytes.h"
#include "repos/keys.h"

namespace satchel::repos {

std::uint64_t SharedRandom::Below(std::uint64_t bound) {
  const std::lock_guard lock(mutex_);
  return random_.Below(bound);
}

std::string SharedRandom::Hex(std::size_t bytes) {
  std::string raw;
  const std::lock_guard lock(mutex_);
  while (raw.size() < bytes) AppendLe(raw, random_.Next());
  return ToHex(std::string_view(raw).substr(0, bytes));
}

SharedRandom& SharedRandom::Instance() {
  static SharedRandom random(Random::SystemSeed());
  return random;
}

std::string RepoOptions::Base(std::string_view domain, std::string_view kind,
                              std::initializer_list<std::string_view> raw_parts) const {
  std::string base = Namespace();
  base += ':';
  base += domain;
  base += ":{";
  base += kind;
  base += ':';
  base += Escape(tenant);
  for (std::string_view part : raw_parts) {
    base += ':';
    base += Escape(part);
  }
  return base + "}";
}

Result<void> CheckRepoOptions(const RepoOptions& options) {
  const bool legal = std::ranges::all_of(options.prefix, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
  if (!legal || options.prefix.empty() || options.prefix.size() > 64) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "prefix: 1 to 64 of letters, digits, \"_\", \".\" and \"-\"");
  }
  return CheckComponent("tenant", options.tenant);
}

RepoOptions RepoOptionsOf(const store::Config& config) {
  return {.prefix = config.key_prefix, .tenant = config.tenant};
}

}  // namespace satchel::repos
