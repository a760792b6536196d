// Idempotency: whether a request is the first with its key.
//
// Key: ns:idem:{id:T:<space>:<key>}:k  STRING "1" with the ttl
// Atomic: each call is one command. Cost: one round trip. Thread: any.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "repos/options.h"
#include "store/store.h"

namespace satchel::repos {

enum class Claimed : std::uint8_t { kFirst, kDuplicate };

struct IdempotencyLimits {
  std::chrono::milliseconds api_ttl = std::chrono::hours(24);
  std::chrono::milliseconds webhook_ttl = std::chrono::minutes(10);
  std::size_t max_body_bytes = 1024 * 1024;
};

// What a key is made of when the client sent none.
struct IdempotentRequest {
  std::string_view header;  // the client's key; "": none
  std::string_view method;
  std::string_view path;  // with its query
  std::string_view body;  // JSON, or empty
};

class Idempotency {
 public:
  explicit Idempotency(store::Store& store, RepoOptions options = {},
                       IdempotencyLimits limits = {});

  // kFirst for one caller until the ttl ends or the key is released; `ttl` empty: that of the API.
  // Errors: kInvalidArgument (ttl below 1 ms).
  Result<Claimed> Claim(std::string_view space, std::string_view key,
                        std::optional<std::chrono::milliseconds> ttl = {});
  const IdempotencyLimits& limits() const { return limits_; }
  // Opens the key again, after a failure. Idempotent.
  Result<void> Release(std::string_view space, std::string_view key);

  // The header, 1 to 50 bytes, else the hex SHA-256 of method, path and the stable JSON of the
  // body. Errors: kInvalidArgument (header, body), kTooLarge(body).
  static Result<std::string> KeyOf(const IdempotentRequest& request,
                                   std::size_t max_body_bytes = 1024 * 1024);

 private:
  Result<std::string> Key(std::string_view space, std::string_view key) const;

  store::Store& store_;  // borrowed
  const RepoOptions options_;
  const IdempotencyLimits limits_;
};

}  // namespace satchel::repos
