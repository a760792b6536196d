#include "repos/options.h"

#include <algorithm>

#include "repos/keys.h"

namespace satchel::repos {

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
