// What the mutation door tells a running snapshot and, later, incremental ones. The keyspace
// calls it; snapshot/ implements it. Called under the execution lock: no I/O, no waiting.
// Source of the rules: docs/snapshot-format.md, point in time.

#pragma once

#include <cstdint>
#include <memory>

#include "engine/entry.h"

namespace satchel::engine {

struct Database;

class ChangeTracker {
 public:
  virtual ~ChangeTracker() = default;
  // `entry` is about to change for the first time in this unit: its pre-image is still whole.
  virtual void BeforeWrite(const Database& db, Entry& entry) = 0;
  // `entry` was just put into `db`.
  virtual void OnCreate(const Database& db, Entry& entry) = 0;
  // `fresh` took the place of `old`, which has the same key. True: the tracker took `old` over
  // and frees it later.
  virtual bool OnReplace(const Database& db, Entry* old, Entry& fresh) = 0;
  // `entry` has left `db`. True: the tracker took it over and frees it later.
  virtual bool OnDelete(const Database& db, Entry* entry) = 0;
  // `old` is out of every door's reach. The tracker may keep it as long as it needs it.
  virtual void OnFlush(const std::shared_ptr<Database>& old) = 0;
};

}  // namespace satchel::engine
