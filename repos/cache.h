// Cache: values by key, with a deadline each.
//
// Key: ns:cache:{ca:T:<key>}:v  STRING sealed value (repos/seal.h), with the ttl
// Atomic: each key is one command; MGet and Del pipeline them. Cost: one round trip.
// Errors of every method: those of the store; kInvalidArgument (key, ttl). Thread: any.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repos/options.h"
#include "repos/seal.h"
#include "store/store.h"

namespace satchel::repos {

struct CacheOptions {
  RepoOptions repo = {};
  std::chrono::milliseconds ttl = std::chrono::hours(24);
  std::size_t max_item_bytes = 1024 * 1024;
  SealOptions seal = {};
  std::int64_t scan_count = 100;
};

class Cache {
 public:
  explicit Cache(store::Store& store, CacheOptions options = {});

  // Empty when absent. Errors: kCorrupt.
  Result<std::optional<std::string>> Get(std::string_view key);
  // In the order asked; missing and empty differ.
  Result<std::vector<std::optional<std::string>>> MGet(const std::vector<std::string>& keys);
  // `ttl` empty: the one of the options. Errors: kTooLarge.
  Result<void> Set(std::string_view key, std::string_view value,
                   std::optional<std::chrono::milliseconds> ttl = {});
  // How many were there.
  Result<std::int64_t> Del(const std::vector<std::string>& keys);
  // From now. Errors: kNotFound.
  Result<void> Expire(std::string_view key, std::chrono::milliseconds ttl);
  // All, ascending, each once. O(keys of the database).
  Result<std::vector<std::string>> Keys();

 private:
  Result<std::string> KeyOf(std::string_view key) const;
  // "COMMAND key" for each, in one round trip.
  Result<std::vector<Result<ReplyValue>>> ForEach(std::string_view command,
                                                  const std::vector<std::string>& keys);

  store::Store& store_;  // borrowed
  const CacheOptions options_;
};

}  // namespace satchel::repos
