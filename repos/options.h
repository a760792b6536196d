// RepoOptions: what every repository is built with.

#pragma once

#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "store/config/config.h"

namespace satchel::repos {

class Metrics;

// Randomness that several threads share: for tokens and for jitter.
class SharedRandom {
 public:
  explicit SharedRandom(std::uint64_t seed) : random_(seed) {}

  // Uniform in [0, bound). Requires bound > 0.
  std::uint64_t Below(std::uint64_t bound);
  // So many random bytes, two lower-case hex digits each.
  std::string Hex(std::size_t bytes);

  // The one most programs share, seeded by the system.
  static SharedRandom& Instance();

 private:
  std::mutex mutex_;
  Random random_;  // guarded by mutex_
};

struct RepoOptions {
  std::string prefix = "satchel";                    // [A-Za-z0-9_.-]{1,64}
  std::string tenant = {};                           // any id
  Clock* clock = &RealClock::Instance();             // borrowed; outlives the repository
  SharedRandom* random = &SharedRandom::Instance();  // borrowed; outlives the repository
  Metrics* metrics = nullptr;                        // borrowed, likewise; null: nothing is counted

  // "satchel:v1", what every key begins with.
  std::string Namespace() const { return prefix + ":v1"; }
  // "satchel:v1:DOMAIN:{KIND:TENANT:PART:...}", without a colon at its end.
  std::string Base(std::string_view domain, std::string_view kind,
                   std::initializer_list<std::string_view> raw_parts = {}) const;
};

// kInvalidArgument when the prefix or the tenant break their limits.
Result<void> CheckRepoOptions(const RepoOptions& options);

// The keys `key_prefix` and `tenant`.
RepoOptions RepoOptionsOf(const store::Config& config);

}  // namespace satchel::repos
