// GenericTaskStore: long-running requests of owners, over any StorageBackend: a status that moves
// by rules, variables, a result, and a deadline.
//
// A record's document: {"task": {"taskId", "status", "statusMessage"?, "createdAt",
// "lastUpdatedAt", "ttl" (ms or null), "pollInterval", "_meta"?}, "ownerId", "variables",
// "result"?, "requestMethod", "expiresAt"?}. Times are RFC 3339 with milliseconds; values of
// variables and the result are stored as their bytes.
//
// working <-> input_required; both -> completed, failed, cancelled; those end.
// A mutation reads, checks, and writes if the version is still the one it read. Another's tasks,
// expired and absent ones are indistinguishable. Cost: two round trips. Thread: any.
//
// Errors: kInvalidArgument (field; "status": no such transition), kNotFound ("task": no such task;
// "result": there is none yet), kTooLarge ("variables"), kCapacityExceeded ("tasks"),
// kVersionConflict(expected, actual), and those of the store. JsonRpcCodeOf says what each is to a
// JSON-RPC client.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "repos/page.h"
#include "repos/storage_backend.h"

namespace satchel::repos {

enum class GenericStatus : std::uint8_t {
  kWorking,
  kInputRequired,
  kCompleted,
  kFailed,
  kCancelled
};
// "working", "input_required", "completed", "failed", "cancelled".
std::string_view GenericStatusName(GenericStatus status);
// Errors: kInvalidArgument (status).
Result<GenericStatus> ParseGenericStatus(std::string_view name);
bool IsLegalTransition(GenericStatus from, GenericStatus to);

struct GenericTask {
  std::string id;  // UUID, version 4
  std::string owner;
  std::string method;
  GenericStatus status = GenericStatus::kWorking;
  std::optional<std::string> status_message = {};
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::optional<std::chrono::milliseconds> ttl = {};  // empty: does not expire
  std::optional<std::int64_t> expires_ms = {};
  std::chrono::milliseconds poll_interval{500};
  std::optional<std::string> meta = {};               // JSON object
  std::map<std::string, std::string> variables = {};  // name -> JSON
  std::optional<std::string> result = {};             // JSON
  std::uint64_t version = 0;                          // not in the document

  bool operator==(const GenericTask&) const = default;
};

struct GenericTaskLimits {
  std::chrono::milliseconds default_ttl = std::chrono::hours(1);
  std::chrono::milliseconds max_ttl = std::chrono::hours(24);
  std::uint64_t max_per_owner = 100;
  std::int64_t page_size = 50;
  std::chrono::milliseconds poll_interval{500};
  bool allow_anonymous = false;                   // owners "" and "local"
  std::size_t max_variables_bytes = 1024 * 1024;  // of all, as JSON
  int max_depth = 10;
  std::size_t max_string_bytes = 64 * 1024;
};

struct GenericTaskOptions {
  Clock* clock = &RealClock::Instance();             // borrowed
  SharedRandom* random = &SharedRandom::Instance();  // borrowed
  GenericTaskLimits limits = {};
};

class GenericTaskStore {
 public:
  explicit GenericTaskStore(StorageBackend& backend, GenericTaskOptions options = {});

  // State working. `ttl` empty: the default. A ttl above the maximum is refused, never cut.
  // `meta`: a JSON object.
  Result<GenericTask> Create(std::string_view owner, std::string_view method,
                             std::optional<std::chrono::milliseconds> ttl = {},
                             std::optional<std::string> meta = {});
  Result<GenericTask> Get(std::string_view owner, std::string_view id);
  Result<GenericTask> UpdateStatus(std::string_view owner, std::string_view id,
                                   GenericStatus status, std::optional<std::string> message = {});
  // JSON values by name; "null" removes one. Checked as a whole, then stored.
  Result<GenericTask> SetVariables(std::string_view owner, std::string_view id,
                                   const std::map<std::string, std::string>& variables);
  Result<GenericTask> SetResult(std::string_view owner, std::string_view id,
                                std::string_view result);
  // Status and result in one step.
  Result<GenericTask> CompleteWithResult(std::string_view owner, std::string_view id,
                                         std::string_view result,
                                         GenericStatus status = GenericStatus::kCompleted);
  // kNotFound ("result") unless the task has ended with one.
  Result<std::string> GetResult(std::string_view owner, std::string_view id);
  // By creation, then id, both descending; page_size at a time. One round trip.
  Result<PageOf<GenericTask>> List(std::string_view owner, std::string_view cursor = {});
  Result<GenericTask> Cancel(std::string_view owner, std::string_view id) {
    return UpdateStatus(owner, id, GenericStatus::kCancelled);
  }
  Result<std::uint64_t> CleanupExpired() { return backend_.CleanupExpired(); }
  const GenericTaskLimits& config() const { return options_.limits; }

 private:
  Result<void> CheckOwner(std::string_view owner) const;
  Result<void> CheckVariables(const GenericTask& task) const;
  // Reads, lets `change` look and change, writes.
  Result<GenericTask> Mutate(std::string_view owner, std::string_view id,
                             const std::function<Result<void>(GenericTask&)>& change);

  StorageBackend& backend_;  // borrowed
  const GenericTaskOptions options_;
};

// -32602 for what the client did wrong, -32603 for the rest.
int JsonRpcCodeOf(const Error& error);

// The document of a record, and back. Errors of the second: kCorrupt.
std::string DocumentOf(const GenericTask& task);
Result<GenericTask> GenericTaskOf(const Record& record);

}  // namespace satchel::repos
