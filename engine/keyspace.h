// Keyspace: the databases of one store. Entries are const to everyone; all mutation passes
// through the door below, which does what must never be forgotten: the pre-image for a
// running snapshot, watchers, readiness of blocked callers, deadline bookkeeping.
//
// A database is a table of entries plus a `dbid` that is never reused; flushing puts in a new
// one. Expiry: an expired entry is invisible; who meets it removes it (Engine::Expire), and
// the tick looks for it by the earliest deadline of each table segment.
// Thread: the one that holds the execution lock.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/hash.h"
#include "base/random.h"
#include "engine/change_tracker.h"
#include "engine/deadline_heap.h"
#include "engine/entry.h"
#include "engine/reaper.h"
#include "engine/table.h"

namespace satchel::engine {

// Tells the table how to read entries, and keeps the deadlines of its segments in order.
struct EntryPolicy {
  using Item = Entry;
  static std::string_view Key(const Entry* entry) { return entry->key(); }
  static void Free(Entry* entry) { Entry::Free(entry); }
  void OnSegmentBuilt(TableSegment& segment);
  void OnSegmentFreed(TableSegment& segment) { deadlines.Remove(segment); }

  DeadlineHeap deadlines;
};
using EntryTable = Table<EntryPolicy>;

struct Database {
  Database(std::uint32_t dbid, std::uint64_t hash_seed) : table(hash_seed), dbid(dbid) {}

  static constexpr std::int64_t kNoDeadline = TableSegment::kNoDeadline;

  // No entry expires before this; kNoDeadline when none has a deadline.
  std::int64_t earliest_deadline() const {
    return deadlines().empty() ? kNoDeadline : deadlines().front()->earliest_deadline;
  }

  // The segments in which some entry has, or lately had, a deadline.
  const DeadlineHeap& deadlines() const {
    return const_cast<EntryTable&>(table).policy().deadlines;
  }

  // Puts an entry in while nobody else sees the database: during load. Its key must be absent.
  void Put(Entry* entry);
  // An entry is about to be taken out, or has been.
  void Leaves(const Entry& entry) {
    with_deadline -= entry.has_deadline();
    with_field_deadlines -= entry.has(kFieldDeadlines);
  }
  // Tells active expiry what the fields of an entry's hash have come to, if it is one.
  void NoteFieldDeadlines(Entry& entry, std::uint64_t hash);
  // Tells active expiry of an entry's deadline. Requires an entry with that hash.
  void NoteDeadline(std::uint64_t hash, std::int64_t deadline_ms);

  EntryTable table;
  const std::uint32_t dbid;
  std::size_t with_deadline = 0;
  std::size_t with_field_deadlines = 0;  // hashes that bear the mark
};

class Keyspace {
 public:
  Keyspace(int databases, std::uint64_t hash_seed);
  ~Keyspace();

  int databases() const { return static_cast<int>(dbs_.size()); }
  const Database& db(int index) const { return *dbs_[static_cast<std::size_t>(index)]; }
  std::uint64_t hash_seed() const { return context_.hash_seed; }
  std::uint64_t Hash(std::string_view key) const { return HashBytes(key, context_.hash_seed); }
  const ValueContext& context() const { return context_; }
  EncodingLimits& limits() { return context_.limits; }
  std::size_t total_keys() const;

  // The entry, expired or not; null when absent. O(1).
  const Entry* Peek(int db, std::string_view key, std::uint64_t hash) const {
    return dbs_[static_cast<std::size_t>(db)]->table.Find(key, hash);
  }
  const Entry* Peek(int db, std::string_view key) const { return Peek(db, key, Hash(key)); }

  // The door. Each finds the entry by name and announces the change before it happens.
  // ------------------------------------------------------------------------------------
  // The entry, open for changes of its value in place. Null when absent.
  Entry* Edit(int db, std::string_view key, std::uint64_t hash);
  // The same for an entry that Peek has just found.
  Entry* Edit(int db, const Entry* found);
  // Puts a new entry in. Requires that the key is absent; takes `entry` over.
  Entry* Create(int db, Entry* entry, std::uint64_t hash);
  // Replaces the entry of the same key. Keeps nothing of the old one; takes `entry` over.
  Entry* Replace(int db, Entry* entry, std::uint64_t hash);
  // Takes the entry out and frees it. False when absent.
  bool Remove(int db, std::string_view key, std::uint64_t hash);
  // Sets or clears the deadline of an existing entry, which may move.
  Entry* SetDeadline(int db, std::string_view key, std::uint64_t hash,
                     std::optional<std::int64_t> deadline_ms);
  // Deadlines of fields in the entry's hash were set or cleared.
  void FieldDeadlinesChanged(int db, std::string_view key, std::uint64_t hash);
  // Moves an entry to another name or database. Requires that the target is absent.
  void Move(int from_db, std::string_view from, int to_db, std::string_view to);
  // Replaces the database by an empty one; returns the number of keys it had.
  std::size_t Flush(int db);
  void Swap(int a, int b);
  // ------------------------------------------------------------------------------------

  // Frees an entry that is out of every door's reach: at once, or by the reaper when it is large.
  void Discard(Entry* entry) {
    if (Reaper::IsLarge(*entry)) {
      reaper_.Add(entry);
    } else {
      Entry::Free(entry);
    }
  }
  Reaper& reaper() { return reaper_; }
  const Reaper& reaper() const { return reaper_; }

  // Puts a database in as it is, during load; nothing is announced.
  void Adopt(int index, std::shared_ptr<Database> db) {
    dbs_[static_cast<std::size_t>(index)] = std::move(db);
  }
  std::shared_ptr<Database> Share(int index) const { return dbs_[static_cast<std::size_t>(index)]; }
  std::uint32_t TakeDbid() { return next_dbid_++; }
  std::uint32_t next_dbid() const { return next_dbid_; }
  void set_next_dbid(std::uint32_t dbid) { next_dbid_ = dbid; }
  // The store's hash secret, adopted before the first entry is built. Requires no keys.
  void AdoptHashSeed(std::uint64_t seed);

  void set_tracker(ChangeTracker* tracker) { tracker_ = tracker; }  // borrowed, may be null
  std::uint8_t full_walk() const { return full_walk_; }
  // A new full walk: every entry with another epoch is pending.
  std::uint8_t BeginFullWalk() { return ++full_walk_; }

  // Visits entries of `db` that have expired, or have fields that have, at most `limit`, by
  // calling visit(key). The visit may remove the key. Returns the number visited.
  std::size_t VisitExpired(int db, std::int64_t now_ms, std::size_t limit,
                           const std::function<void(std::string_view key)>& visit);
  // The earliest deadline of all databases, or kNoDeadline. May be earlier than the truth.
  std::int64_t EarliestDeadline() const;

  void Check() const;

 private:
  Database& at(int db) { return *dbs_[static_cast<std::size_t>(db)]; }

  ValueContext context_;
  std::vector<std::shared_ptr<Database>> dbs_;
  std::uint32_t next_dbid_ = 0;
  std::uint8_t full_walk_ = 0;
  ChangeTracker* tracker_ = nullptr;
  Reaper reaper_;
};

}  // namespace satchel::engine
