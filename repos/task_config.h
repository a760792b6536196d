// TaskConfigStore: the configuration a task execution runs with, and metadata beside it, as JSON
// documents that live as long as somebody reads them.
//
// Keys: ns:cfg:{tc:T:<exec>}:c   STRING JSON, with the ttl
//       ns:cfg:{tm:T:<key>}:m    STRING JSON, with the ttl
// Atomic: each call is one command. Cost: one round trip, ListKeys O(keys of the database).
// Errors of every method: those of the store, kInvalidArgument (id, JSON, ttl). Thread: any.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repos/options.h"
#include "store/store.h"

namespace satchel::repos {

class TaskConfigStore {
 public:
  // What a document belongs to.
  enum class Kind : std::uint8_t { kConfig, kMetadata };

  explicit TaskConfigStore(store::Store& store, RepoOptions options = {},
                           std::chrono::milliseconds ttl = std::chrono::hours(24),
                           std::int64_t scan_count = 100);

  // Creates or replaces; the ttl begins anew.
  Result<void> Save(std::string_view id, std::string_view json, Kind kind = Kind::kConfig);
  // The bytes as they were given; the ttl begins anew. Errors: kNotFound.
  Result<std::string> Get(std::string_view id, Kind kind = Kind::kConfig);
  // Idempotent.
  Result<void> Delete(std::string_view id, Kind kind = Kind::kConfig);
  // A ttl of the caller's own, from now. Errors: kNotFound.
  Result<void> ExtendTtl(std::string_view id, std::chrono::milliseconds ttl,
                         Kind kind = Kind::kConfig);
  // What is left. Errors: kNotFound.
  Result<std::chrono::milliseconds> GetTtl(std::string_view id, Kind kind = Kind::kConfig);
  // All ids, ascending, each once.
  Result<std::vector<std::string>> ListKeys(Kind kind = Kind::kConfig);

 private:
  Result<std::string> KeyOf(std::string_view id, Kind kind) const;

  store::Store& store_;  // borrowed
  const RepoOptions options_;
  const std::chrono::milliseconds ttl_;
  const std::int64_t scan_count_;
};

}  // namespace satchel::repos
