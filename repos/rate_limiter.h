// RateLimiter: how often an identity did something, in fixed windows.
//
// Key: ns:rl:{rl:T:<identity>}:<policy>  STRING count of the window, its TTL the window's rest
//
// A window begins with the first take. Refused takes count too. A counter that lost its TTL gets
// one with the next take, so nobody is locked out for ever.
// Atomic: a take is one script, rl_take. Thread: any.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "repos/options.h"
#include "store/store.h"

namespace satchel::repos {

struct RatePolicy {
  std::string name;  // of the counter; policies with one name share it
  std::int64_t limit = 100;
  std::chrono::milliseconds period = std::chrono::minutes(1);
};

struct RateDecision {
  bool allowed = true;
  std::int64_t count = 0;      // this take included
  std::int64_t remaining = 0;  // never below 0
  std::chrono::milliseconds reset_after{0};
  bool store_failed = false;  // allowed because the store could not be asked
};

class RateLimiter {
 public:
  // `fail_open`: a failing store allows, instead of kUnavailable.
  explicit RateLimiter(store::Store& store, RepoOptions options = {}, bool fail_open = true);

  // Counts `n` more. `identity` is "apikey:...", "user:..." or "ip:...". Errors:
  // kInvalidArgument (n below 0, limit below 0, period below 1 ms), kUnavailable. One round trip.
  Result<RateDecision> Take(std::string_view identity, const RatePolicy& policy,
                            std::int64_t n = 1);
  // Without counting; an absent counter gives zeros. One round trip.
  Result<RateDecision> Peek(std::string_view identity, const RatePolicy& policy);
  // A new window with the next take.
  Result<void> Reset(std::string_view identity, const RatePolicy& policy);

 private:
  Result<std::string> KeyOf(std::string_view identity, const RatePolicy& policy) const;
  // What a failure of the store means.
  Result<RateDecision> Failed(const Error& error, const RatePolicy& policy) const;

  store::Store& store_;  // borrowed
  const RepoOptions options_;
  const bool fail_open_;
};

// X-RateLimit-Limit, -Remaining, -Reset, RateLimit-Limit, -Remaining, -Reset, and Retry-After for
// a refused take; times in whole seconds, rounded up.
std::vector<std::pair<std::string, std::string>> RateLimitHeaders(const RateDecision& decision,
                                                                  const RatePolicy& policy);

}  // namespace satchel::repos
