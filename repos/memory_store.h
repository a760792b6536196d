// MemoryStore: conversations: a list of messages and what is counted of it.
//
// Keys, M = ns ":mem:{me:T:<key>}":
//   M:list   LIST of message JSON, oldest left
//   M:meta   HASH token_count message_count last_flushed expires
//   M:flush  STRING token, TTL 30 min: a flush is under way
//
// Every writing script sets message_count to the length and gives list and meta one deadline:
// `ttl` from creation (0: none); appends keep it unless refresh_on_append.
// Atomic: each method is one script or one command. Cost: one round trip. Thread: any.
// Errors: those of the store, kInvalidArgument (field), and what the methods name.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repos/lock_manager.h"
#include "repos/options.h"
#include "store/store.h"

namespace satchel::repos {

using Messages = std::vector<std::string>;  // each one JSON value, stored as its bytes

struct MemoryOptions {
  RepoOptions repo = {};
  std::chrono::milliseconds ttl = std::chrono::hours(24);  // 0: none
  bool refresh_on_append = false;
  std::int64_t max_entries = 10'000;  // 0: all
  std::chrono::milliseconds flush_ttl = std::chrono::minutes(30);
};

struct MessagePage {
  Messages messages;
  std::int64_t total = 0;
};

struct MemoryCounts {
  std::int64_t tokens = 0;
  std::int64_t messages = 0;

  bool operator==(const MemoryCounts&) const = default;
};

// What is left of a conversation.
struct MemoryTtl {
  bool exists = false;
  std::optional<std::chrono::milliseconds> left = {};  // empty: does not expire
};

// What a lock is taken for; each has a time to live of its own.
enum class MemoryOperation : std::uint8_t { kAppend, kClear, kFlush };

class MemoryStore {
 public:
  // Requires legal options. `locks` may be null: then Lock is kUnsupported.
  explicit MemoryStore(store::Store& store, MemoryOptions options = {},
                       LockManager* locks = nullptr);

  // The length after it. No messages: nothing is written. Keeps the newest max_entries. Errors:
  // kInvalidArgument (messages: no JSON; tokens below 0).
  Result<std::int64_t> Append(std::string_view key, const Messages& messages,
                              std::int64_t tokens = 0);
  // All, oldest first; empty when absent. Errors: kInvalidMessage(actual: the index).
  Result<Messages> Read(std::string_view key);
  // A piece and the length, of one cut; beyond the end an empty piece. Errors: kInvalidArgument
  // (offset below 0, limit below 1), kInvalidMessage.
  Result<MessagePage> ReadPage(std::string_view key, std::int64_t offset, std::int64_t limit);
  Result<std::int64_t> Count(std::string_view key);
  // The whole list; the deadline stays. `tokens` empty: as they are. No messages: no list.
  Result<void> Replace(std::string_view key, const Messages& messages,
                       std::optional<std::int64_t> tokens = {});
  // The last `keep` stay and the tokens are set; 0 empties the list. Returns the length.
  Result<std::int64_t> Trim(std::string_view key, std::int64_t keep, std::int64_t tokens);
  // List, counts and flush mark. Idempotent.
  Result<void> Delete(std::string_view key);

  // From now, all keys together; false if absent.
  Result<bool> SetExpiration(std::string_view key, std::chrono::milliseconds ttl);
  Result<MemoryTtl> GetTtl(std::string_view key);
  // Unix ms; empty when it does not expire or is absent.
  Result<std::optional<std::int64_t>> GetExpiration(std::string_view key);

  // What is missing is counted and written.
  Result<MemoryCounts> GetCounts(std::string_view key);
  // The sum, exact and not clamped; `delta` may be negative, 0 writes nothing.
  Result<std::int64_t> IncrementTokens(std::string_view key, std::int64_t delta);
  Result<void> SetTokens(std::string_view key, std::int64_t tokens);

  // A token that ClearFlushPending takes. Errors: kFlushAlreadyPending.
  Result<std::string> MarkFlushPending(std::string_view key);
  // Only by the token of this mark; otherwise nothing happens. Idempotent.
  Result<void> ClearFlushPending(std::string_view key, std::string_view token);
  Result<bool> IsFlushPending(std::string_view key);
  // Unix ms; empty if never.
  Result<std::optional<std::int64_t>> GetLastFlushed(std::string_view key);
  Result<void> SetLastFlushed(std::string_view key, std::int64_t at_ms);

  // A lock in this conversation's tag: append 30 s, clear 10 s, flush 5 min, renewed. Errors:
  // those of LockManager::Acquire.
  Result<Lock> LockFor(std::string_view key, MemoryOperation operation,
                       std::chrono::milliseconds wait = std::chrono::milliseconds(0));

 private:
  Result<std::string> Base(std::string_view key) const;
  // Runs a script on list and meta; `args` follow now, ttl and the refresh flag.
  Result<ReplyValue> Write(std::string_view script, std::string_view key,
                           std::vector<std::string> args, bool refresh = false);
  Result<std::optional<std::int64_t>> MetaTime(std::string_view key, std::string_view field);

  store::Store& store_;  // borrowed
  const MemoryOptions options_;
  LockManager* const locks_;  // borrowed; may be null
};

}  // namespace satchel::repos
