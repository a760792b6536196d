// Sweeper: removes what has expired, and what has been left behind.
//
// Reads hide objects from their deadline on; the sweeper takes them away with their index entries
// and locators, one batch at a time. A terminal task of a workflow that is still active must not
// vanish, since completion looks at it: from half the retention, at most 24 h, before its deadline
// it gets a whole retention more.
// One process at a time sweeps a tenant: lock "sweep:<tenant>", 60 s, renewed. SweepJob
// (repos/sweep_job.h) sweeps again and again.
// Thread: any; a sweep runs on the caller's.

#pragma once

#include <cstdint>
#include <stop_token>

#include "repos/provider.h"

namespace satchel::repos {

struct SweepReport {
  bool is_skipped = false;  // another process sweeps
  std::uint64_t workflows = 0;
  std::uint64_t tasks = 0;     // those of removed workflows left out
  std::uint64_t renewed = 0;   // terminal tasks of active workflows
  std::uint64_t dropped = 0;   // due entries whose object has no such deadline
  std::uint64_t vanished = 0;  // objects that had gone by themselves, a day after their deadline
  std::uint64_t records = 0;   // of the storage backend
  std::uint64_t checkpoints = 0;
  std::int64_t lag_ms = 0;  // how late the oldest removal came
};

struct SweepOptions {
  RepoOptions repo = {};
  std::chrono::milliseconds task_retention = std::chrono::hours(7 * 24);
  std::int64_t batch = 500;
};

class Sweeper {
 public:
  // On what the provider has; it outlives the sweeper.
  Sweeper(Provider& repos, SweepOptions options);

  // One whole sweep; ends between two batches when told to. Errors: those of the store.
  Result<SweepReport> Run(const std::stop_token& stop = {});

 private:
  struct Due;

  Result<void> SweepDue(const std::stop_token& stop, SweepReport& report);
  // Whether the entry has left what is due soon; otherwise it is passed over.
  Result<bool> Workflow(const Due& due, SweepReport& report);
  Result<bool> Task(const Due& due, SweepReport& report);
  Result<bool> Postpone(const Due& due, std::int64_t at_ms);
  Result<bool> Drop(const Due& due);
  Result<void> SweepIndexes(const std::stop_token& stop, bool thorough);
  std::int64_t RenewBeforeMs() const;

  Provider& repos_;  // borrowed
  const SweepOptions options_;
  store::Store& store_;  // of workflows and tasks; borrowed
  ExecutionIndex index_;
};

}  // namespace satchel::repos
