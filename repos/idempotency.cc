#include "repos/idempotency.h"

#include "base/bytes.h"
#include "base/check.h"
#include "repos/errors.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "repos/metrics.h"
#include "repos/span.h"
#include "store/commands.h"

namespace satchel::repos {

Idempotency::Idempotency(store::Store& store, RepoOptions options, IdempotencyLimits limits)
    : store_(store), options_(std::move(options)), limits_(limits) {
  SATCHEL_CHECK(CheckRepoOptions(options_).has_value());
}

Result<std::string> Idempotency::Key(std::string_view space, std::string_view key) const {
  SATCHEL_TRY(CheckComponent("space", space));
  SATCHEL_TRY(CheckComponent("key", key));
  return options_.Base("idem", "id", {space, key}) + ":k";
}

Result<Claimed> Idempotency::Claim(std::string_view space, std::string_view key,
                                   std::optional<std::chrono::milliseconds> ttl) {
  return Counted(options_, store_, RepoOp::kIdempotencyClaim, [&]() -> Result<Claimed> {
    SATCHEL_ASSIGN(const std::string name, Key(space, key));
    const std::chrono::milliseconds span = ttl.value_or(limits_.api_ttl);
    SATCHEL_TRY(CheckSpan("ttl", span));
    SATCHEL_ASSIGN(const bool set,
                   store::Commands(store_).Set(
                       name, "1", {.when = store::SetOptions::When::kIfAbsent, .ttl = span}));
    return set ? Claimed::kFirst : Claimed::kDuplicate;
  });
}

Result<void> Idempotency::Release(std::string_view space, std::string_view key) {
  return Counted(options_, store_, RepoOp::kIdempotencyRelease, [&]() -> Result<void> {
    SATCHEL_ASSIGN(const std::string name, Key(space, key));
    SATCHEL_TRY(store::Commands(store_).Del({name}));
    return {};
  });
}

Result<std::string> Idempotency::KeyOf(const IdempotentRequest& request,
                                       std::size_t max_body_bytes) {
  if (request.body.size() > max_body_bytes) {
    return OverLimit(ErrorCode::kTooLarge, "body", max_body_bytes, request.body.size());
  }
  if (!request.header.empty()) {
    if (request.header.size() > 50) return Invalid("header", "longer than 50 bytes");
    return std::string(request.header);
  }
  std::string body;
  if (!request.body.empty()) {
    SATCHEL_ASSIGN(body, StableJson("body", request.body));
  }
  // Lengths keep the parts apart.
  std::string whole;
  for (std::string_view part : {request.method, request.path, std::string_view(body)}) {
    AppendLe(whole, static_cast<std::uint64_t>(part.size()));
    whole += part;
  }
  return Sha256Hex(whole);
}

}  // namespace satchel::repos
