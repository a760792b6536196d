// Deadlines of ended executions and tasks, rewritten by other settings than those they ended under.
//
// When an object ended is not stored; its last write stands for it. What is hidden already stays
// so, and a task of an active execution does not vanish: it gets a whole retention from now, as
// the sweeper would give it. Thread: any. Cost: SCAN of the database twice, two round trips per
// batch and two more for what changes.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>

#include "repos/options.h"
#include "store/store.h"

namespace satchel::repos {

struct RetentionOptions {
  RepoOptions repo = {};
  std::chrono::milliseconds workflow_retention = std::chrono::hours(30 * 24);  // 0: for ever
  std::chrono::milliseconds task_retention = std::chrono::hours(7 * 24);       // 0: for ever
  std::int64_t batch = 200;
};

struct RetentionReport {
  std::uint64_t workflows = 0;  // with another deadline than before, as are tasks
  std::uint64_t tasks = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t busy = 0;  // changed while they were being rewritten
};

// Ends between two batches when told to. Errors: those of the store.
Result<RetentionReport> ReapplyRetention(store::Store& store, const RetentionOptions& options,
                                         const std::stop_token& stop = {});

}  // namespace satchel::repos
