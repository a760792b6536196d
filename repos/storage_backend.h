// StorageBackend: a plain map from {owner, task} to a JSON document and a version, with
// compare-and-set and deadlines.
//
// Of a document only `expiresAt` (RFC 3339; the record's deadline, exact to the millisecond)
// and `task.createdAt` (RFC 3339 text or unix ms; the record's place in lists, 0 if absent) are
// read; its bytes are stored as they are.
//
// Keys, B = ns ":tb:{tb:T:<owner>}":
//   B:r:<task>  HASH f (format, 1), v (version), data, c (createdAt it is listed by, ms),
//               x (deadline, unix ms, if any)
//   B:idx       ZSET task by createdAt, ms      B:exp   ZSET task by deadline, ms
//   B:vc        STRING highest version ever given to this owner
//   B:dead      ZSET removed task by time of removal, ms
//   ns:tb:{to:T}:owners   ZSET <owner> by the time it was last registered, ms
//
// Versions: a key that was never used starts at 1; each write adds one. A record that takes the
// place of a removed or expired one starts above every version its owner has ever been given,
// as long as the removal is remembered (`version_retention`): who holds an old version can
// never match a successor.
//
// Atomic: each method is one script per call, sweeps and long lists one per batch.
// Errors: those of the store, and kInvalidArgument, decided before anything is sent.
// Thread: any.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repos/options.h"
#include "repos/registry.h"
#include "store/store.h"

namespace satchel::repos {

struct RecordKey {
  std::string owner;
  std::string task;

  bool operator==(const RecordKey&) const = default;

  // "<owner>:<task>", both escaped.
  std::string ToText() const;
  // Error kInvalidArgument for what ToText does not write.
  static Result<RecordKey> FromText(std::string_view text);
  // "<owner>:", what the texts of an owner's records begin with.
  static std::string OwnerPrefix(std::string_view owner);
};

struct Record {
  RecordKey key;
  std::string data;  // JSON, as it was put
  std::uint64_t version = 0;
};

struct StorageBackendOptions {
  RepoOptions repo = {};
  std::chrono::milliseconds version_retention = std::chrono::hours(24);
  // How much one script call handles; a server does nothing else meanwhile.
  int list_rows = 1000;
  int sweep_rows = 500;
};

// The keys `key_prefix`, `tenant` and `tasks_backend.version_retention`.
StorageBackendOptions StorageBackendOptionsOf(const store::Config& config);

class StorageBackend {
 public:
  // Requires legal options; see CheckRepoOptions.
  StorageBackend(store::Store& store, StorageBackendOptions options);

  // Errors: kNotFound when absent or expired; kCorrupt when it has no usable version or data.
  Result<Record> Get(const RecordKey& key);

  // Creates or overwrites; the deadline is replaced, or cleared. Returns the version. A deadline
  // that is past removes the record, stores nothing, and returns the version it would have had.
  Result<std::uint64_t> Put(const RecordKey& key, std::string_view data);

  // As Put, if the record is live and has this version. Error kVersionConflict(expected,
  // actual; 0: no live record).
  Result<std::uint64_t> PutIfVersion(const RecordKey& key, std::string_view data,
                                     std::uint64_t version);

  // As Put, if there is no live record and the owner holds fewer than `max_records`. Errors:
  // kAlreadyExists, kCapacityExceeded(expected: the limit, actual).
  Result<std::uint64_t> PutNew(const RecordKey& key, std::string_view data,
                               std::uint64_t max_records);

  // Whether a live record went.
  Result<bool> Delete(const RecordKey& key);

  // The live records of one owner, by createdAt, then by the bytes of the task. `prefix` is an
  // OwnerPrefix. One round trip per
  // `list_rows`.
  Result<std::vector<Record>> ListByPrefix(std::string_view prefix);

  // Removes every expired record of every owner and what belongs to it. Returns how many
  // records this call removed.
  Result<std::uint64_t> CleanupExpired();

 private:
  // What a write needs to know of its document.
  struct Document {
    std::int64_t created_ms = 0;
    std::optional<std::int64_t> deadline_ms = {};
  };
  static Result<Document> ReadDocument(std::string_view data);

  // The base key of an owner, without a colon at its end.
  std::string Base(std::string_view owner) const;
  Result<ReplyValue> PutScript(const RecordKey& key, std::string_view data,
                               std::string_view condition, std::uint64_t number);
  Result<std::uint64_t> SweepOwner(const std::string& owner, std::int64_t now_ms);
  std::int64_t NowMs() const { return options_.repo.clock->NowMs(); }

  store::Store& store_;  // borrowed; outlives the repository
  const StorageBackendOptions options_;
  Registry owners_;  // R3
};

}  // namespace satchel::repos
