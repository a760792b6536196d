// What the counts of children add up to.

#include "repos/errors.h"
#include "repos/task_store.h"

namespace satchel::repos {
namespace {

// The first rule that fits; see the table of the strategies in docs/repositories.md.
Status StatusOf(const TaskProgress& counts, ProgressStrategy strategy) {
  const bool any_failure = counts.failed + counts.timed_out > 0;
  const bool all_success = counts.success == counts.total;
  const bool all_terminal = counts.terminal == counts.total;
  if (counts.total == 0) return Status::kPending;
  switch (strategy) {
    case ProgressStrategy::kWaitAll:
      if (all_success) return Status::kSuccess;
      if (counts.running > 0) return Status::kRunning;
      return any_failure || all_terminal ? Status::kFailed : Status::kPending;
    case ProgressStrategy::kFailFast:
      if (any_failure) return Status::kFailed;
      if (all_success) return Status::kSuccess;
      if (counts.running > 0) return Status::kRunning;
      return all_terminal ? Status::kFailed : Status::kPending;
    case ProgressStrategy::kBestEffort:
      if (all_terminal) return counts.success > 0 ? Status::kSuccess : Status::kFailed;
      return counts.running > 0 ? Status::kRunning : Status::kPending;
    case ProgressStrategy::kRace:
      if (counts.success > 0) return Status::kSuccess;
      if (all_terminal) return Status::kFailed;
      return counts.running > 0 ? Status::kRunning : Status::kPending;
  }
  return Status::kPending;
}

}  // namespace

Result<ProgressStrategy> ParseProgressStrategy(std::string_view name) {
  if (name == "wait_all") return ProgressStrategy::kWaitAll;
  if (name == "fail_fast") return ProgressStrategy::kFailFast;
  if (name == "best_effort") return ProgressStrategy::kBestEffort;
  if (name == "race") return ProgressStrategy::kRace;
  return Invalid("strategy", "unknown");
}

TaskProgress ProgressOf(std::map<Status, std::uint64_t> by_status, ProgressStrategy strategy) {
  TaskProgress progress;
  for (const auto& [status, count] : by_status) progress.total += count;
  progress.success = by_status[Status::kSuccess];
  progress.failed = by_status[Status::kFailed];
  progress.canceled = by_status[Status::kCanceled];
  progress.timed_out = by_status[Status::kTimedOut];
  progress.running =
      by_status[Status::kRunning] + by_status[Status::kWaiting] + by_status[Status::kPaused];
  progress.pending = by_status[Status::kPending];
  progress.terminal = progress.success + progress.failed + progress.canceled + progress.timed_out;
  if (progress.total > 0) {
    const auto total = static_cast<double>(progress.total);
    progress.completion_rate = static_cast<double>(progress.success) / total;
    progress.failure_rate = static_cast<double>(progress.failed + progress.timed_out) / total;
  }
  progress.by_status = std::move(by_status);
  progress.status = StatusOf(progress, strategy);
  return progress;
}

}  // namespace satchel::repos
