// What the repositories of each tenant take: objects, entries of indexes, memory, deadlines.
//
// Memory is what MEMORY USAGE says of a sample of the keys, times their number; deadlines and
// counts are exact. Thread: any. Cost: one SCAN of the database, two round trips per batch.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "repos/check/finding.h"
#include "repos/options.h"
#include "store/store.h"

namespace satchel::repos::check {

struct EntityStats {
  std::uint64_t objects = 0;
  // Objects by status; of auth by role, and "key"; empty for what has none.
  std::map<std::string, std::uint64_t> by_status = {};
  std::uint64_t index_members = 0;  // of indexes, registries and maps; each locator is one
  std::uint64_t keys = 0;           // all that belong to the entity
  std::uint64_t bytes = 0;          // estimated
  std::optional<std::int64_t> oldest_deadline_ms = {};
  std::int64_t sweep_lag_ms = 0;  // how long the oldest deadline has passed
};

struct Stats {
  std::string store_driver;
  std::map<std::pair<Entity, std::string>, EntityStats> entities = {};  // by entity and tenant

  void Add(const Stats& other);
  // One document of format 1, with a line break at its end.
  std::string ToJson() const;
  std::string ToTable(std::int64_t now_ms) const;
};

struct StatsOptions {
  RepoOptions repo = {};
  bool all_tenants = false;
  std::vector<Entity> entities = {};
  std::int64_t batch = 200;
};

// Of those entities that live in this store. Errors: those of the store; kClosed when stopped.
Result<Stats> CountEntities(store::Store& store, const StatsOptions& options,
                            const std::stop_token& stop = {});

// All tenants that have a key in this store, in order.
Result<std::vector<std::string>> TenantsOf(store::Store& store, const RepoOptions& repo);

}  // namespace satchel::repos::check
