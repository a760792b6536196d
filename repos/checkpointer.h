// Checkpointer: the checkpoints of threads, with the values of their channels stored once each.
//
// Keys, C = ns ":ckpt:{ck:T:<thread>}":
//   C:t        HASH seq, last (stamp, ms), "w <ns> <id>": writes that came before a checkpoint
//   C:n        ZSET namespaces                  C:i:<ns>  ZSET checkpoint id by seq
//   C:h:<ns>   HASH latest, rev                 C:r:<ns>  HASH "<channel> <version>" -> references
//   C:c:<ns>:<id>  HASH seq put parent ts x body meta cv
//   C:w:<ns>:<id>  HASH "<task> <idx>" -> sealed write
//   C:b:<ns>:<channel>:<version>  sealed value  C:lock, C:fence   channel C:ev
//   ns:ckpt:{ct:T}:threads  registry of threads
// Ids, namespaces, channels and versions are escaped; cv holds the "<channel> <version>" texts a
// checkpoint refers to, one a line. Sealed values: repos/seal.h.
//
// Order is insertion: `seq`. A blob lives as long as a checkpoint refers to it; one that is gone
// although it was there at put is kCorrupt. With a ttl everything of a thread expires together,
// shared keys with the last that needs them.
// Atomic: each method is one script. Cost: one round trip unless stated. Thread: any. Core
// commands of Redis only.
// Errors: those of the store; kInvalidArgument (field); kCorrupt; and what the methods name.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "repos/checkpoint.h"
#include "repos/fields.h"
#include "repos/inbox.h"
#include "repos/lock_manager.h"
#include "repos/options.h"
#include "repos/registry.h"
#include "repos/scripts.h"
#include "store/store.h"

namespace satchel::repos {

struct CheckpointerOptions {
  RepoOptions repo = {};
  std::chrono::milliseconds ttl{0};  // 0: none
  bool refresh_on_read = false;      // a read gives a whole ttl again
  std::int64_t keep_last = 0;        // per namespace, pruned with each put; 0: all
  SealOptions seal = {};
  std::size_t buffer = 100;  // of a subscription
};

struct CheckpointListOptions {
  std::optional<std::string> thread = {};  // empty: all of the tenant
  std::optional<std::string> ns = {};      // empty: all
  std::optional<std::string> id = {};
  std::string filter = "{}";               // JSON object: equal values of these metadata keys
  std::optional<std::string> before = {};  // id of a checkpoint: strictly older ones
  std::optional<std::int64_t> limit = {};  // after filtering; 0 or less: none; empty: all
};

struct CheckpointPut {
  CheckpointConfig config;  // its id, if any, becomes the parent
  Checkpoint checkpoint;
  std::string metadata = "{}";  // JSON object; source input|loop|update|fork, step from -1
  std::map<std::string, std::string> new_versions = {};  // channel -> version
};

struct ComparedPut {
  bool stored = false;
  std::optional<std::string> latest = {};  // the one there is now
};

// A value written by a task.
struct ChannelWrite {
  std::string channel;
  TypedValue value;
};

class CheckpointListener {
 public:
  CheckpointListener(std::unique_ptr<Inbox> inbox, Clock& clock)
      : inbox_(std::move(inbox)), clock_(clock) {}
  // The next event; empty when none comes within `wait`. Errors: kClosed.
  Result<std::optional<CheckpointEvent>> Next(std::chrono::milliseconds wait);
  // Events were lost, since the last call of this.
  bool TakeGap() { return std::exchange(gap_, false); }
  void Close() { inbox_->Close(); }

 private:
  std::unique_ptr<Inbox> inbox_;
  Clock& clock_;  // borrowed
  bool gap_ = false;
};

class CheckpointSession;

class Checkpointer {
 public:
  // `locks`: for sessions, on the same store.
  Checkpointer(store::Store& store, LockManager& locks, CheckpointerOptions options = {});

  // The checkpoint of this id, or the latest; empty when there is none.
  Result<std::optional<CheckpointTuple>> GetTuple(const CheckpointConfig& config);
  Result<std::optional<Checkpoint>> Get(const CheckpointConfig& config);
  // Newest first: within a thread by seq; over threads by put, thread ascending, seq. Round trips:
  // one per 100 rows, and one for the threads.
  Result<std::vector<CheckpointTuple>> List(const CheckpointListOptions& options = {});
  // Returns the config of the stored checkpoint. Two round trips, mostly one.
  Result<CheckpointConfig> Put(const CheckpointPut& put);
  // As Put, if the latest of the namespace is this one (empty: if there is none).
  Result<ComparedPut> CompareAndPut(const CheckpointPut& put,
                                    const std::optional<std::string>& expected_id);
  // For the checkpoint of the config, which need not exist yet. What a task wrote already stays,
  // special channels are replaced. Errors: kInvalidArgument (id: none).
  Result<void> PutWrites(const CheckpointConfig& config, const std::vector<ChannelWrite>& writes,
                         std::string_view task_id, std::string_view task_path = {});
  // One checkpoint, its writes and its references; whether it was there. Errors:
  // kInvalidArgument (id: none).
  Result<bool> Delete(const CheckpointConfig& config);
  // Everything of a thread. Idempotent. One round trip per 100 checkpoints, and two more.
  Result<void> DeleteThread(std::string_view thread);

  // One pipeline each; results in the order of the items.
  std::vector<Result<CheckpointConfig>> SaveMany(const std::vector<CheckpointPut>& puts);
  std::vector<Result<std::optional<CheckpointTuple>>> LoadMany(
      const std::vector<CheckpointConfig>& configs);

  // Removes all but the newest `keep`, at least 1; how many went. One round trip per 64.
  Result<std::int64_t> Prune(std::string_view thread, std::string_view ns, std::int64_t keep);
  // Removes expired checkpoints of all threads, and threads with nothing from the registry; how
  // many checkpoints went. One round trip per thread and 1 000 rows; ends between two when told to.
  Result<std::uint64_t> SweepExpired(const std::stop_token& stop = {});
  // Errors: kNotFound.
  Result<CheckpointStats> Stats(const CheckpointConfig& config);
  // Subscribed when it returns; only what is committed is told.
  Result<std::unique_ptr<CheckpointListener>> Subscribe(std::string_view thread);
  // A version above `current`: 32 digits, ".", 16 random digits; text order is numeric order. As a
  // channel version it is a JSON string. Errors: kInvalidArgument (current).
  Result<std::string> NextVersion(const std::optional<std::string>& current = {});
  // A lock on the thread, renewed; puts through it fail with kFenceLost once it lapsed. Errors:
  // those of LockManager::Acquire.
  Result<CheckpointSession> OpenSession(std::string_view thread, const LockOptions& options);

 private:
  friend class CheckpointSession;

  std::string Base(std::string_view thread) const;
  Result<void> Check(const CheckpointConfig& config) const;
  Result<void> CheckPut(const CheckpointPut& put) const;
  // KEYS and ARGV of ck_put. `condition`: "", or "=" and the escaped id expected.
  struct Call {
    std::vector<std::string> keys;
    std::vector<std::string> args;
  };
  Result<Call> PutCall(const CheckpointPut& put, const std::string& condition, const Lock* session);
  Call GetCall(const CheckpointConfig& config) const;
  Result<ComparedPut> RunPut(const CheckpointPut& put, const std::string& condition,
                             const Lock* session);
  static Result<ComparedPut> PutOutcome(const CheckpointPut& put, const ReplyValue& reply);
  Result<std::optional<CheckpointTuple>> TupleOf(const std::string& thread, ReplyValue row) const;

  struct Stream;
  Result<void> Fill(Stream& stream, const CheckpointListOptions& options, std::int64_t count);
  Call ListCall(const Stream& stream, const CheckpointListOptions& options,
                std::int64_t count) const;
  Result<void> Take(Stream& stream, ReplyValue reply, const CheckpointListOptions& options) const;

  store::Store& store_;  // borrowed
  LockManager& locks_;   // borrowed
  const CheckpointerOptions options_;
  Registry threads_;  // R2
};

class CheckpointSession {
 public:
  // As of Checkpointer. Errors: also kFenceLost; kInvalidArgument for another thread.
  Result<CheckpointConfig> Put(const CheckpointPut& put);
  Result<ComparedPut> CompareAndPut(const CheckpointPut& put,
                                    const std::optional<std::string>& expected_id);
  Lock& lock() { return lock_; }

 private:
  friend class Checkpointer;
  CheckpointSession(Checkpointer& checkpointer, std::string thread, Lock lock)
      : checkpointer_(checkpointer), thread_(std::move(thread)), lock_(std::move(lock)) {}
  Result<void> CheckThread(const CheckpointPut& put) const;

  Checkpointer& checkpointer_;  // borrowed
  std::string thread_;
  Lock lock_;
};

}  // namespace satchel::repos
