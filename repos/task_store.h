// TaskStore: the states of tasks, inside the executions of workflows.
//
// Keys and indexes: repos/execution_index.h. Checked with each write: the execution exists and is
// of this workflow; the parent exists in it and is not below the task; a basic task has an agent
// with an action, a tool, or neither, a router none of the three; usage is an array.
// A task that becomes terminal gets a deadline, `retention` later; readers hide it from then on.
// Cost: a write is three round trips (locator and marks, commit, indexes), a deletion four per
// delete_rows tasks; reads inside one execution are one and see one cut. One more each when the
// execution is not given. Thread: any.
// Errors: those of the store; kInvalidArgument (field); kCorrupt; and what the methods name.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repos/execution_index.h"
#include "repos/execution_state.h"
#include "repos/lock_manager.h"
#include "repos/page.h"

namespace satchel::repos {

struct TaskOptions {
  RepoOptions repo = {};
  std::chrono::milliseconds retention = std::chrono::hours(7 * 24);  // of terminal ones; 0: kept
  int max_attempts = 8;  // of a transaction when another writer was faster
  std::chrono::milliseconds row_lock_ttl = std::chrono::seconds(5);
  std::chrono::milliseconds row_lock_wait = std::chrono::seconds(2);
  std::int64_t max_tree_depth = 0;  // of trees that do not say; 0: any
  std::int64_t delete_rows = 500;
};

struct TaskFilter {
  std::optional<Status> status = {};
  std::optional<std::string> workflow_id = {};
  std::optional<std::string> workflow_exec_id = {};
  std::optional<std::string> task_id = {};
  std::optional<std::string> task_exec_id = {};
  std::optional<std::string> parent_state_id = {};
  std::optional<std::string> agent_id = {};
  std::optional<std::string> action_id = {};
  std::optional<std::string> tool_id = {};
  std::optional<ExecutionType> execution_type = {};

  bool Fits(const TaskState& task) const;
};

struct TreeOptions {
  std::int64_t max_depth = 0;  // the root is depth 0; 0: any
  std::int64_t max_nodes = 100'000;
};

enum class TreeCut : std::uint8_t { kNone, kDepth, kNodes, kCycle };

struct TreeRow {
  std::int64_t depth = 0;
  TaskState task;
};

struct TaskTree {
  std::vector<TreeRow> rows;  // by depth, creation, id
  TreeCut truncated = TreeCut::kNone;
};

enum class ProgressStrategy : std::uint8_t { kWaitAll, kFailFast, kBestEffort, kRace };
// Errors: kInvalidArgument (strategy). "wait_all", "fail_fast", "best_effort", "race".
Result<ProgressStrategy> ParseProgressStrategy(std::string_view name);

struct TaskProgress {
  std::uint64_t total = 0;
  std::uint64_t success = 0;
  std::uint64_t failed = 0;
  std::uint64_t canceled = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t running = 0;  // RUNNING, WAITING and PAUSED
  std::uint64_t pending = 0;
  std::uint64_t terminal = 0;
  std::map<Status, std::uint64_t> by_status = {};
  double completion_rate = 0;  // success / total
  double failure_rate = 0;     // (failed + timed out) / total
  Status status = Status::kPending;
};
// The status and the rates of these counts.
TaskProgress ProgressOf(std::map<Status, std::uint64_t> by_status, ProgressStrategy strategy);

class TaskTransaction;

class TaskStore {
 public:
  // `locks`: for the row locks of transactions, on the same store.
  TaskStore(store::Store& store, LockManager& locks, TaskOptions options = {});

  // Inserts or replaces, by task_exec_id. Returns what is stored. Errors: kWorkflowNotFound,
  // kTaskNotFound (the parent), kInvalidArgument.
  Result<TaskState> UpsertState(const TaskState& task);
  // Errors: kTaskNotFound.
  Result<TaskState> GetState(const TaskRef& ref);
  // Outside a transaction: kNotInTransaction.
  Result<TaskState> GetStateForUpdate(const TaskRef& ref);
  Result<std::optional<std::string>> GetUsageSummary(const TaskRef& ref);
  // All that fits, by creation, then id, both descending. Without execution and workflow it reads
  // all workflows of the tenant: one round trip each.
  Result<PageOf<TaskState>> ListStates(const TaskFilter& filter = {}, const Page& page = {});
  Result<TaskMap> ListTasksInWorkflow(std::string_view exec);
  Result<std::vector<TaskState>> ListTasksByStatus(std::string_view exec, Status status);
  Result<std::vector<TaskState>> ListTasksByAgent(std::string_view exec, std::string_view agent_id);
  Result<std::vector<TaskState>> ListTasksByTool(std::string_view exec, std::string_view tool_id);
  // By task_id, creation, id, ascending; none for an unknown parent.
  Result<std::vector<TaskState>> ListChildren(const TaskRef& parent);
  // task_id -> output JSON, of children that have one; the latest created wins.
  Result<std::map<std::string, std::string>> ListChildrenOutputs(const TaskRef& parent);
  // The latest created. Errors: kTaskNotFound.
  Result<TaskState> GetChildByTaskId(const TaskRef& parent, std::string_view task_id);
  // No rows for a missing root.
  Result<TaskTree> GetTaskTree(const TaskRef& root, const TreeOptions& options = {});
  Result<TaskProgress> GetProgressInfo(const TaskRef& parent,
                                       ProgressStrategy strategy = ProgressStrategy::kWaitAll);
  // Errors: kTaskNotFound, kInvalidArgument (usage), kConflict.
  Result<void> MergeUsage(const TaskRef& ref, std::string_view summary);
  // The task and everything below it; whether it was there.
  Result<bool> DeleteState(const TaskRef& ref);

  // One task whose deadline has come, not what is below it; whether it was there. For sweeps.
  Result<bool> RemoveExpired(std::string_view exec, std::string_view task_exec_id);
  // Takes tasks that have gone by themselves out of the index of their execution. One round trip
  // per 1 000 members. For sweeps.
  Result<void> CleanIndex(std::string_view exec);

  // Calls `fn` with a transaction of one execution, and commits what it wrote: all or nothing.
  // When another writer changed what `fn` has read, `fn` runs again on fresh reads: it must have no
  // effects outside. Its error, or exception, rolls back. Errors: kConflict(actual: attempts),
  // kFenceLost when a row lock lapsed before the commit, those of the store and of `fn`.
  Result<void> WithTransaction(std::string_view exec,
                               const std::function<Result<void>(TaskTransaction&)>& fn);

  ExecutionIndex& index() { return index_; }

 private:
  friend class TaskTransaction;
  struct Pending;

  Result<void> CheckTask(const TaskState& task) const;
  // Name and value of each stored field.
  static std::vector<std::string> FieldsOf(const TaskState& task);
  Result<std::string> ExecOf(const TaskRef& ref);
  Result<Pending> Prepare(const TaskState& task);
  // Locators and marks of these writes, in one round trip and mostly no more.
  Result<void> Announce(std::vector<Pending>& writes);
  void Withdraw(const std::vector<Pending>& writes);
  Result<std::vector<TaskState>> Apply(const std::vector<Pending>& writes,
                                       std::vector<ReplyValue> replies);
  Result<TaskState> Outcome(const Pending& write, const ReplyValue& reply) const;
  Result<Rows<TaskState>> ReadRows(std::string_view exec, const std::string& prefix,
                                   bool descending, const TaskFilter& filter,
                                   const std::string& after, std::int64_t count);
  Result<void> ApplyRemoval(std::string_view exec, const std::vector<Fields>& removed);
  Result<PageOf<TaskState>> ListIn(std::string_view exec, const std::string& prefix,
                                   bool descending, const TaskFilter& filter, const Page& page);
  Result<Rows<TaskState>> ReadOuterRows(std::string_view workflow_id, const TaskFilter& filter,
                                        const std::string& after, std::int64_t count);
  Result<Rows<TaskState>> MergeWorkflows(const TaskFilter& filter, const std::string& after,
                                         std::int64_t count);

  store::Store& store_;  // borrowed
  LockManager& locks_;   // borrowed
  const TaskOptions options_;
  ExecutionIndex index_;
};

// What `fn` of WithTransaction sees: reads are watched and include its own writes, writes wait for
// the commit. Dies with the call.
class TaskTransaction {
 public:
  ~TaskTransaction();

  const std::string& exec() const { return exec_; }

  // Errors: kTaskNotFound.
  Result<TaskState> GetState(std::string_view task_exec_id);
  // The same under the row lock, until the end of the transaction. Errors: also kLockTimeout.
  Result<TaskState> GetStateForUpdate(std::string_view task_exec_id);
  // All tasks that fit, by creation, then id, both descending; those written here come first.
  Result<std::vector<TaskState>> ListStates(const TaskFilter& filter = {});
  // All checks of TaskStore::UpsertState are made now. The result has the version it will have;
  // created_ms is 0 for a new task.
  Result<TaskState> UpsertState(const TaskState& task);
  Result<void> MergeUsage(std::string_view task_exec_id, std::string_view summary);
  // Joins for the same execution; kNestedTag for another.
  Result<void> WithTransaction(std::string_view exec,
                               const std::function<Result<void>(TaskTransaction&)>& fn);

 private:
  friend class TaskStore;
  TaskTransaction(TaskStore& tasks, std::string exec,
                  std::unique_ptr<store::Connection> connection);

  enum class End : std::uint8_t { kCommitted, kAborted };

  Result<void> Watch(const std::string& key);
  Result<std::optional<TaskState>> Find(std::string_view task_exec_id);
  Result<void> CheckPlace(const TaskState& task);
  Result<End> Commit();
  Result<void> CheckLocks();
  void RollBack();

  TaskStore& tasks_;  // borrowed
  const std::string exec_;
  std::unique_ptr<store::Connection> connection_;
  std::map<std::string, TaskState> written_;  // by task_exec_id
  std::vector<std::string> order_;            // of written_
  std::vector<Lock> locks_;
};

}  // namespace satchel::repos
