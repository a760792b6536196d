#include "repos/rate_limiter.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/fields.h"
#include "repos/keys.h"
#include "repos/metrics.h"
#include "repos/scripts.h"
#include "repos/span.h"
#include "store/commands.h"

namespace satchel::repos {
namespace {

RateDecision Decide(std::int64_t count, std::int64_t left_ms, const RatePolicy& policy) {
  return {.allowed = count <= policy.limit,
          .count = count,
          .remaining = std::max<std::int64_t>(policy.limit - count, 0),
          .reset_after = std::chrono::milliseconds(std::max<std::int64_t>(left_ms, 0))};
}

IdentityKind KindOf(std::string_view identity) {
  if (identity.starts_with("apikey:")) return IdentityKind::kApiKey;
  if (identity.starts_with("user:")) return IdentityKind::kUser;
  return identity.starts_with("ip:") ? IdentityKind::kIp : IdentityKind::kOther;
}

}  // namespace

RateLimiter::RateLimiter(store::Store& store, RepoOptions options, bool fail_open)
    : store_(store), options_(std::move(options)), fail_open_(fail_open) {
  SATCHEL_CHECK(CheckRepoOptions(options_).has_value());
}

Result<std::string> RateLimiter::KeyOf(std::string_view identity, const RatePolicy& policy) const {
  SATCHEL_TRY(CheckComponent("identity", identity));
  SATCHEL_TRY(CheckComponent("policy", policy.name));
  if (policy.limit < 0) return Invalid("limit", "must not be negative");
  SATCHEL_TRY(CheckSpan("period", policy.period));
  return options_.Base("rl", "rl", {identity}) + ":" + Escape(policy.name);
}

Result<RateDecision> RateLimiter::Failed(const Error& error, const RatePolicy& policy) const {
  if (!fail_open_) return MakeError(ErrorCode::kUnavailable, "rate limit: " + error.detail);
  Meter(options_, store_).Add(Family::kRateLimitFailOpen, 1);
  RateDecision decision = Decide(0, 0, policy);
  decision.store_failed = true;
  return decision;
}

Result<RateDecision> RateLimiter::Take(std::string_view identity, const RatePolicy& policy,
                                       std::int64_t n) {
  return Counted(options_, store_, RepoOp::kRateLimitTake, [&]() -> Result<RateDecision> {
    if (n < 0) return Invalid("n", "must not be negative");
    if (n == 0) return Peek(identity, policy);
    SATCHEL_ASSIGN(const std::string key, KeyOf(identity, policy));
    const std::vector<std::string> keys = {key};
    const std::vector<std::string> args = {FormatInt(n), FormatInt(policy.period.count())};
    const auto reply = RunScript(store_, "rl_take", keys, args);
    if (!reply) return Failed(reply.error(), policy);
    if (reply->items.size() != 2) return Unexpected();
    const auto count = IntOf(reply->items[0]);
    if (!count) return Corrupt("rate window", "no count");
    const RateDecision decision = Decide(*count, reply->items[1].integer, policy);
    if (!decision.allowed) {
      Meter(options_, store_).Add(Family::kRateLimitBlocks, 1, KindOf(identity));
    }
    return decision;
  });
}

Result<RateDecision> RateLimiter::Peek(std::string_view identity, const RatePolicy& policy) {
  return Counted(options_, store_, RepoOp::kRateLimitPeek, [&]() -> Result<RateDecision> {
    SATCHEL_ASSIGN(const std::string key, KeyOf(identity, policy));
    const std::vector<store::CommandLine> lines = {{"GET", key}, {"PTTL", key}};
    const auto replies = store_.Pipeline(lines);
    for (const auto& reply : replies) {
      if (!reply) return Failed(reply.error(), policy);
    }
    if (replies[0]->is_null()) return Decide(0, 0, policy);
    const auto count = IntOf(*replies[0]);
    if (!count) return Corrupt("rate window", "no count");
    return Decide(*count, replies[1]->integer, policy);
  });
}

Result<void> RateLimiter::Reset(std::string_view identity, const RatePolicy& policy) {
  return Counted(options_, store_, RepoOp::kRateLimitReset, [&]() -> Result<void> {
    SATCHEL_ASSIGN(const std::string key, KeyOf(identity, policy));
    SATCHEL_TRY(store::Commands(store_).Del({key}));
    return {};
  });
}

std::vector<std::pair<std::string, std::string>> RateLimitHeaders(const RateDecision& decision,
                                                                  const RatePolicy& policy) {
  const std::string reset = FormatInt((decision.reset_after.count() + 999) / 1000);
  std::vector<std::pair<std::string, std::string>> headers;
  for (const char* prefix : {"X-RateLimit-", "RateLimit-"}) {
    const std::string name(prefix);
    headers.emplace_back(name + "Limit", FormatInt(policy.limit));
    headers.emplace_back(name + "Remaining", FormatInt(decision.remaining));
    headers.emplace_back(name + "Reset", reset);
  }
  if (!decision.allowed) headers.emplace_back("Retry-After", reset);
  return headers;
}

}  // namespace satchel::repos
