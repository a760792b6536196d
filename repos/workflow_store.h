// WorkflowStore: the executions of workflows, with what their tasks add up to.
//
// Keys and indexes: repos/execution_index.h. An execution that becomes terminal gets a deadline,
// `retention` later; readers hide it from then on.
// Cost: a write is three round trips (marks, commit, indexes), a read by id one. Thread: any.
// Errors: those of the store; kInvalidArgument (field); kCorrupt; and what the methods name.

#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "repos/execution_index.h"
#include "repos/execution_state.h"
#include "repos/page.h"

namespace satchel::repos {

struct WorkflowOptions {
  RepoOptions repo = {};
  std::chrono::milliseconds retention = std::chrono::hours(30 * 24);  // of terminal ones; 0: kept
  int max_attempts = 8;  // of what is tried again when another writer was faster
  std::int64_t purge_rows = 500;
};

struct WorkflowFilter {
  std::optional<Status> status = {};
  std::optional<std::string> workflow_id = {};
  std::optional<std::string> exec = {};
};

// The output of a completed workflow, a JSON object, from its state with tasks. Pure: it may run
// more than once.
using OutputTransformer = std::function<Result<std::string>(const WorkflowState&)>;

class WorkflowStore {
 public:
  explicit WorkflowStore(store::Store& store, WorkflowOptions options = {});

  // Inserts or replaces, by execution; created_ms stays, `tasks` is not looked at. Returns what is
  // stored, without tasks. Errors: kInvalidArgument (workflow_id: the execution has another).
  Result<WorkflowState> UpsertState(const WorkflowState& state);
  // Any status after any. Errors: kWorkflowNotFound.
  Result<WorkflowState> UpdateStatus(std::string_view exec, Status status);

  // With tasks. Errors: kWorkflowNotFound. One round trip, O(tasks).
  Result<WorkflowState> GetState(std::string_view exec);
  // The latest created execution of a workflow, or of it with a task that has this id, agent or
  // tool. Errors: kWorkflowNotFound. Two round trips.
  Result<WorkflowState> GetStateById(std::string_view workflow_id);
  Result<WorkflowState> GetStateByTaskId(std::string_view workflow_id, std::string_view task_id);
  Result<WorkflowState> GetStateByAgentId(std::string_view workflow_id, std::string_view agent_id);
  Result<WorkflowState> GetStateByToolId(std::string_view workflow_id, std::string_view tool_id);
  // All that fits, by creation, then execution, both descending; with tasks. Two round trips per
  // 200 rows.
  Result<PageOf<WorkflowState>> ListStates(const WorkflowFilter& filter = {},
                                           const Page& page = {});

  // Adds usage. An empty summary writes nothing. Errors: kWorkflowNotFound, kInvalidArgument
  // (usage), kConflict(actual: attempts).
  Result<void> MergeUsage(std::string_view exec, std::string_view summary);

  // Ends a workflow by what its top-level tasks are. A terminal one stays as it is. Active tasks:
  // kWorkflowNotReady(actual: how many). A failed, timed out or canceled one: FAILED; else SUCCESS.
  // The output is the transformer's, else {task_id: {"output", "parent_state_id"?,
  // "execution_type"?}}; a transformer that fails makes it FAILED with that output and the error
  // {"code": "OUTPUT_TRANSFORMATION_FAILED", "message"}. Errors: kWorkflowNotFound,
  // kInvalidArgument (output: no JSON object), kConflict. Four round trips.
  Result<WorkflowState> CompleteWorkflow(std::string_view exec,
                                         const OutputTransformer& transformer = {});

  // Whether it was there. With all its tasks, locators and entries. Round trips: 5, with tasks 7,
  // and 4 more for each further purge_rows of them.
  Result<bool> DeleteState(std::string_view exec);

  // The same for an execution whose deadline has come; others are left alone. For sweeps.
  Result<bool> PurgeExpired(std::string_view exec) { return Purge(exec, true); }

  ExecutionIndex& index() { return index_; }

 private:
  struct Write;
  struct Snapshot {
    WorkflowState state;  // with tasks
    std::string task_writes;
    std::vector<TaskState> all_tasks;  // also those that are not reachable
  };

  Result<WorkflowState> Put(const Write& write);
  Result<Snapshot> ReadSnapshot(std::string_view exec);
  Result<std::optional<Snapshot>> SnapshotOf(ReplyValue reply, std::string_view exec) const;
  Result<WorkflowState> Latest(std::string_view workflow_id, const std::string& prefix,
                               const std::function<bool(const Snapshot&)>& fits);
  Result<Rows<WorkflowState>> ReadRows(const OuterGroup& group, const std::string& prefix,
                                       const WorkflowFilter& filter, const std::string& after,
                                       std::int64_t count);
  std::vector<std::string> ReadKeys(std::string_view exec) const;
  std::vector<std::string> ReadArgs(std::string_view exec) const;
  Result<std::vector<std::optional<Snapshot>>> ReadAll(const std::vector<std::string>& execs);
  // Removes what belongs to an execution; whether it was there for readers, or at all when only
  // an expired one goes.
  Result<bool> Purge(std::string_view exec, bool only_expired = false);

  store::Store& store_;  // borrowed
  const WorkflowOptions options_;
  ExecutionIndex index_;
};

// Waits before another attempt: full jitter from 2 ms, doubling to 100 ms.
void WaitForAttempt(const RepoOptions& options, int attempt);

}  // namespace satchel::repos
