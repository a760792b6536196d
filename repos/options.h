// RepoOptions: what every repository is built with.

#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/config/config.h"

namespace satchel::repos {

struct RepoOptions {
  std::string prefix = "satchel";         // [A-Za-z0-9_.-]{1,64}
  std::string tenant = {};                // any id
  Clock* clock = &RealClock::Instance();  // borrowed; outlives the repository

  // "satchel:v1", what every key begins with.
  std::string Namespace() const { return prefix + ":v1"; }
};

// kInvalidArgument when the prefix or the tenant break their limits.
Result<void> CheckRepoOptions(const RepoOptions& options);

// The keys `key_prefix` and `tenant`.
RepoOptions RepoOptionsOf(const store::Config& config);

}  // namespace satchel::repos
