// Load: a committed snapshot back into an engine's keyspace. Strict: what cannot be decoded, or
// counts that differ from the commit record, refuse the load, and then nothing has changed.
//
// Keys of expired deadlines are dropped and counted. The store's hash secret is adopted before the
// first entry is built. Rows of databases that the map does not name are garbage and are not read.
// Thread: the one that holds the execution lock. Cost: O(rows).

#pragma once

#include <cstdint>
#include <optional>

#include "engine/engine.h"
#include "snapshot/rocks_store.h"

namespace satchel::snapshot {

struct LoadOptions {
  bool drop_expired = true;
};

struct LoadReport {
  Committed committed;
  std::uint64_t keys = 0;     // now in the keyspace
  std::uint64_t expired = 0;  // dropped
};

// Empty when nothing was ever committed. `dir` is named in errors.
Result<std::optional<LoadReport>> Load(RocksStore& store, const std::string& dir,
                                       engine::Engine& engine, const LoadOptions& options);

}  // namespace satchel::snapshot
