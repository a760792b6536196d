// Writes of tasks, and transactions.

#include "repos/task_write.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "repos/errors.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "repos/lex_list.h"
#include "repos/locators.h"
#include "repos/metrics.h"
#include "repos/usage.h"
#include "repos/workflow_store.h"

namespace satchel::repos {
namespace {

using Strings = std::vector<std::string>;

Error NoTask(std::string_view id) { return Absent(ErrorCode::kTaskNotFound, "task", id); }

Result<void> CheckId(std::string_view field, std::string_view id) {
  if (id.empty()) return Invalid(field, "must not be empty");
  return CheckComponent(field, id);
}

// Who does the work fits to the type of execution.
Result<void> CheckWorker(const TaskState& task) {
  if (task.agent_id && !task.action_id) return Invalid("action_id", "an agent needs an action");
  if (task.execution_type == ExecutionType::kRouter &&
      (task.agent_id || task.action_id || task.tool_id)) {
    return Invalid("execution_type", "a router has neither agent, action nor tool");
  }
  if (task.execution_type != ExecutionType::kBasic) return {};
  if (task.tool_id && (task.agent_id || task.action_id)) {
    return Invalid("tool_id", "a basic task has an agent with an action, or a tool");
  }
  if (task.action_id && !task.agent_id) return Invalid("agent_id", "an action needs an agent");
  return {};
}

}  // namespace

Result<void> TaskStore::CheckTask(const TaskState& task) const {
  SATCHEL_TRY(CheckId("task_id", task.task_id));
  SATCHEL_TRY(CheckId("task_exec_id", task.task_exec_id));
  SATCHEL_TRY(CheckId("workflow_id", task.workflow_id));
  SATCHEL_TRY(CheckId("workflow_exec_id", task.workflow_exec_id));
  if (task.parent_state_id) SATCHEL_TRY(CheckId("parent_state_id", *task.parent_state_id));
  if (task.agent_id) SATCHEL_TRY(CheckId("agent_id", *task.agent_id));
  if (task.action_id) SATCHEL_TRY(CheckId("action_id", *task.action_id));
  if (task.tool_id) SATCHEL_TRY(CheckId("tool_id", *task.tool_id));
  if (task.component > StateComponent::kTool) return Invalid("component", "unknown");
  if (static_cast<std::size_t>(task.status) >= kStatuses) return Invalid("status", "unknown");
  if (task.execution_type > ExecutionType::kMemory) return Invalid("execution_type", "unknown");
  SATCHEL_TRY(CheckWorker(task));
  if (task.usage) SATCHEL_TRY(NormalUsage(*task.usage));
  if (task.input) SATCHEL_TRY(CheckJson("input", *task.input));
  if (task.output) SATCHEL_TRY(CheckJson("output", *task.output));
  if (task.error) SATCHEL_TRY(CheckJson("error", *task.error));
  return {};
}

Strings TaskStore::FieldsOf(const TaskState& task) {
  Strings fields = {"component",        std::string(StateComponentName(task.component)),
                    "status",           std::string(StatusName(task.status)),
                    "task_id",          task.task_id,
                    "workflow_id",      task.workflow_id,
                    "workflow_exec_id", task.workflow_exec_id,
                    "execution_type",   std::string(ExecutionTypeName(task.execution_type))};
  const auto add = [&](const char* name, const std::optional<std::string>& value) {
    if (value) fields.insert(fields.end(), {name, *value});
  };
  add("parent_state_id", task.parent_state_id);
  add("usage", task.usage);
  add("agent_id", task.agent_id);
  add("action_id", task.action_id);
  add("tool_id", task.tool_id);
  add("input", task.input);
  add("output", task.output);
  add("error", task.error);
  return fields;
}

Result<TaskStore::Pending> TaskStore::Prepare(const TaskState& task) {
  SATCHEL_TRY(CheckTask(task));
  Pending write{.exec = task.workflow_exec_id,
                .task = task.task_exec_id,
                .workflow_id = task.workflow_id,
                .is_terminal = IsTerminal(task.status)};
  write.mark = index_.NewMark(ExecutionIndex::TaskMember(write.exec, write.task));
  write.keys = {index_.StateKey(write.exec), index_.MetaKey(write.exec),
                index_.TaskKey(write.exec, write.task), index_.TaskIndexKey(write.exec)};
  write.args = {FormatInt(index_.NowMs()), write.task, FormatInt(options_.retention.count()), "",
                index_.TaskPrefix(write.exec)};
  const Strings fields = FieldsOf(task);
  write.args.insert(write.args.end(), fields.begin(), fields.end());
  return write;
}

Result<void> TaskStore::Announce(std::vector<Pending>& writes) {
  const Locators locators(index_);
  Batch batch;
  for (const Pending& write : writes) locators.AddSet(batch, write.exec, write.task);
  for (const Pending& write : writes) {
    index_.AddMark(batch, index_.OfWorkflow(write.workflow_id), write.mark);
    if (!write.is_terminal || options_.retention.count() == 0) continue;
    // The time that task_put is told: the entry and the deadline are the same.
    const std::int64_t now_ms = ParseInt(write.args[0]).value_or(0);
    const std::string at = FormatInt(now_ms + options_.retention.count());
    batch.Add(
        {"ZADD", index_.DueKey(), "LT", at, "t " + Escape(write.exec) + " " + Escape(write.task)});
  }
  const auto replies = batch.Send(store_);
  for (std::size_t i = 0; i < writes.size(); ++i) {
    writes[i].made_locator = replies[i] && replies[i]->is_null();
  }
  for (const auto& reply : replies) {
    if (!reply) return reply.error();
  }
  for (std::size_t i = 0; i < writes.size(); ++i) {
    SATCHEL_ASSIGN(writes[i].made_locator,
                   locators.Settle(writes[i].exec, writes[i].task, *replies[i]));
  }
  return {};
}

// Best effort: what stays is found by the next reader.
void TaskStore::Withdraw(const std::vector<Pending>& writes) {
  const Locators locators(index_);
  Batch batch;
  Strings tasks;
  for (const Pending& write : writes) {
    ExecutionIndex::RemoveMark(batch, index_.OfWorkflow(write.workflow_id), write.mark);
    if (write.made_locator) tasks.push_back(write.task);
  }
  const auto removal = locators.Begin(batch, writes[0].exec, std::move(tasks));
  (void)batch.SendAll(store_);
  (void)locators.Finish(removal);
}

// What task_put has answered.
Result<TaskState> TaskStore::Outcome(const Pending& write, const ReplyValue& reply) const {
  if (reply.items.empty()) return Unexpected();
  const std::string& outcome = reply.items[0].text;
  if (outcome == "no_workflow") {
    return Absent(ErrorCode::kWorkflowNotFound, "workflow", write.exec);
  }
  if (outcome == "workflow_id") {
    return Invalid("workflow_id", "the execution belongs to another workflow");
  }
  if (outcome == "no_parent") return Absent(ErrorCode::kTaskNotFound, "parent task", "");
  if (outcome == "cycle") return Invalid("parent_state_id", "is the task itself or below it");
  if (outcome == "moved") return MakeError(ErrorCode::kConflict, "task: another version");
  if (outcome != "ok" || reply.items.size() != 4) return Unexpected();
  return TaskOfFields(Fields(reply.items[2]));
}

Result<std::vector<TaskState>> TaskStore::Apply(const std::vector<Pending>& writes,
                                                std::vector<ReplyValue> replies) {
  const Locators locators(index_);
  std::vector<TaskState> stored;
  // What tasks were whose shared entries may have no task any more.
  std::vector<std::pair<std::string, Fields>> changed;
  Batch batch;
  // Of tasks that were created: the place of the claim in the batch.
  std::vector<std::pair<std::size_t, const Pending*>> claims;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const Pending& write = writes[i];
    SATCHEL_ASSIGN(TaskState task, Outcome(write, replies[i]));
    const std::int64_t exec_created_ms = IntOf(replies[i].items[3]).value_or(0);
    const Fields old(std::move(replies[i].items[1]));
    const Fields now(std::move(replies[i].items[2]));
    OuterChange change{.member = ExecutionIndex::TaskMember(write.exec, write.task),
                       .stamp = ExecutionIndex::Stamp(now.Int("c"), now.version()),
                       .old_entries = ExecutionIndex::EntriesOfTask(old, exec_created_ms),
                       .new_entries = ExecutionIndex::EntriesOfTask(now, exec_created_ms)};
    std::erase_if(change.old_entries, [&](const std::string& entry) {
      return std::ranges::find(change.new_entries, entry) != change.new_entries.end();
    });
    if (old.empty()) {
      claims.emplace_back(batch.size(), &write);
      locators.AddClaim(batch, write.exec, write.task);
    }
    ExecutionIndex::AddApply(batch, index_.OfWorkflow(write.workflow_id), change, write.mark);
    const std::string due = "t " + Escape(write.exec) + " " + Escape(write.task);
    if (old.Has("x") && !now.Has("x")) {
      batch.Add({"ZREM", index_.DueKey(), due});
    } else if (now.Has("x") && old.Text("x") != now.Text("x")) {
      // What was announced may be older: of an attempt that failed, or of a task that had expired.
      batch.Add({"ZADD", index_.DueKey(), now.Text("x"), due});
    }
    const bool shares = std::ranges::any_of(
        change.old_entries, [](const std::string& entry) { return entry[0] == 'x'; });
    if (shares) changed.emplace_back(write.exec, old);
    stored.push_back(std::move(task));
  }
  const auto sent = batch.Send(store_);
  for (const auto& reply : sent) {
    if (!reply) return reply.error();
  }
  for (const auto& [at, write] : claims) {
    SATCHEL_TRY(locators.Confirm(write->exec, write->task, *sent[at]));
  }
  for (const auto& [exec, old] : changed) SATCHEL_TRY(index_.DropShared(exec, {old}, {}));
  return stored;
}

Result<TaskState> TaskStore::UpsertState(const TaskState& task) {
  return Counted(options_.repo, store_, RepoOp::kTaskUpsertState, [&]() -> Result<TaskState> {
    SATCHEL_ASSIGN(Pending write, Prepare(task));
    std::vector<Pending> writes;
    writes.push_back(std::move(write));
    if (auto announced = Announce(writes); !announced) {
      Withdraw(writes);
      return std::move(announced.error());
    }
    SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "task_put", writes[0].keys, writes[0].args));
    if (auto outcome = Outcome(writes[0], reply); !outcome) {
      Withdraw(writes);
      return outcome;
    }
    std::vector<ReplyValue> replies;
    replies.push_back(std::move(reply));
    SATCHEL_ASSIGN(auto stored, Apply(writes, std::move(replies)));
    return std::move(stored[0]);
  });
}

Result<void> TaskStore::WithTransaction(std::string_view exec,
                                        const std::function<Result<void>(TaskTransaction&)>& fn) {
  return Counted(options_.repo, store_, RepoOp::kTaskWithTransaction, [&]() -> Result<void> {
    SATCHEL_TRY(CheckId("workflow_exec_id", exec));
    for (int attempt = 0; attempt < options_.max_attempts; ++attempt) {
      if (attempt > 0) {
        WaitForAttempt(options_.repo, attempt);
        Meter(options_.repo, store_).Add(Family::kRepoRetries, 1, Retry::kTaskWatch);
      }
      SATCHEL_ASSIGN(auto connection, store_.Connect());
      TaskTransaction transaction(*this, std::string(exec), std::move(connection));
      SATCHEL_TRY(fn(transaction));  // the transaction rolls back, also for an exception
      SATCHEL_ASSIGN(const TaskTransaction::End end, transaction.Commit());
      if (end == TaskTransaction::End::kCommitted) return {};
    }
    Error error = MakeError(ErrorCode::kConflict, "another writer was faster in every attempt");
    error.actual = static_cast<std::uint64_t>(options_.max_attempts);
    return error;
  });
}

TaskTransaction::TaskTransaction(TaskStore& tasks, std::string exec,
                                 std::unique_ptr<store::Connection> connection)
    : tasks_(tasks), exec_(std::move(exec)), connection_(std::move(connection)) {}

TaskTransaction::~TaskTransaction() { RollBack(); }

void TaskTransaction::RollBack() {
  if (connection_ != nullptr) (void)connection_->Run({"UNWATCH"});
  connection_.reset();
  locks_.clear();
}

Result<void> TaskTransaction::Watch(const std::string& key) {
  SATCHEL_TRY(connection_->Run({"WATCH", key}));
  return {};
}

Result<std::optional<TaskState>> TaskTransaction::Find(std::string_view task_exec_id) {
  if (const auto at = written_.find(std::string(task_exec_id)); at != written_.end()) {
    return std::optional(at->second);
  }
  const std::string key = tasks_.index_.TaskKey(exec_, task_exec_id);
  SATCHEL_TRY(Watch(key));
  SATCHEL_ASSIGN(ReplyValue reply, connection_->Run({"HGETALL", key}));
  const Fields fields(std::move(reply));
  if (fields.empty() || fields.ExpiredAt(tasks_.index_.NowMs())) return std::optional<TaskState>();
  SATCHEL_ASSIGN(TaskState task, TaskOfFields(fields));
  return std::optional(std::move(task));
}

Result<TaskState> TaskTransaction::GetState(std::string_view task_exec_id) {
  SATCHEL_TRY(CheckId("task_exec_id", task_exec_id));
  SATCHEL_ASSIGN(auto task, Find(task_exec_id));
  if (!task) return NoTask(task_exec_id);
  return std::move(*task);
}

Result<TaskState> TaskTransaction::GetStateForUpdate(std::string_view task_exec_id) {
  SATCHEL_TRY(CheckId("task_exec_id", task_exec_id));
  const LockKeys keys{.holder = tasks_.index_.RowKey(exec_, "lock", task_exec_id),
                      .fence = tasks_.index_.RowKey(exec_, "fence", task_exec_id)};
  const bool held = std::ranges::any_of(
      locks_, [&](const Lock& lock) { return lock.keys().holder == keys.holder; });
  if (!held) {
    SATCHEL_ASSIGN(Lock lock, tasks_.locks_.AcquireKeys(keys, task_exec_id,
                                                        {.ttl = tasks_.options_.row_lock_ttl,
                                                         .wait = tasks_.options_.row_lock_wait,
                                                         .kind = LockKind::kRow}));
    locks_.push_back(std::move(lock));
    SATCHEL_TRY(Watch(keys.holder));
    SATCHEL_ASSIGN(const ReplyValue token, connection_->Run({"GET", keys.holder}));
    if (token.text != locks_.back().token()) {
      return MakeError(ErrorCode::kFenceLost, "task: the row lock lapsed");
    }
  }
  return GetState(task_exec_id);
}

Result<std::vector<TaskState>> TaskTransaction::ListStates(const TaskFilter& filter) {
  const std::string index = tasks_.index_.TaskIndexKey(exec_);
  SATCHEL_TRY(Watch(index));
  std::vector<TaskState> tasks;
  for (auto id = order_.rbegin(); id != order_.rend(); ++id) {
    if (filter.Fits(written_.at(*id))) tasks.push_back(written_.at(*id));
  }
  SATCHEL_ASSIGN(const ReplyValue members,
                 connection_->Run({"ZRANGE", index, "(al!", "[al ", "BYLEX", "REV"}));
  for (const ReplyValue& member : members.items) {
    SATCHEL_ASSIGN(const std::string id, IdOfPosition(member.text));
    if (written_.contains(id)) continue;
    SATCHEL_ASSIGN(auto task, Find(id));
    if (task && filter.Fits(*task)) tasks.push_back(std::move(*task));
  }
  return tasks;
}

// The checks of task_put, on watched keys: once they hold, no script inside EXEC refuses.
Result<void> TaskTransaction::CheckPlace(const TaskState& task) {
  const std::string state = tasks_.index_.StateKey(exec_);
  SATCHEL_TRY(Watch(state));
  SATCHEL_ASSIGN(ReplyValue reply, connection_->Run({"HGETALL", state}));
  const Fields workflow(std::move(reply));
  if (workflow.empty() || workflow.ExpiredAt(tasks_.index_.NowMs())) {
    return Absent(ErrorCode::kWorkflowNotFound, "workflow", exec_);
  }
  if (workflow.Text("workflow_id") != task.workflow_id) {
    return Invalid("workflow_id", "the execution belongs to another workflow");
  }
  std::optional<std::string> at = task.parent_state_id;
  std::set<std::string> seen;
  for (bool is_parent = true; at && !seen.contains(*at); is_parent = false) {
    if (*at == task.task_exec_id) {
      return Invalid("parent_state_id", "is the task itself or below it");
    }
    seen.insert(*at);
    SATCHEL_ASSIGN(const auto parent, Find(*at));
    if (!parent && is_parent) return Absent(ErrorCode::kTaskNotFound, "parent task", *at);
    at = parent ? parent->parent_state_id : std::nullopt;
  }
  return {};
}

Result<TaskState> TaskTransaction::UpsertState(const TaskState& task) {
  SATCHEL_TRY(tasks_.CheckTask(task));
  if (task.workflow_exec_id != exec_) {
    return MakeError(ErrorCode::kNestedTag, "task: of another execution than the transaction");
  }
  SATCHEL_TRY(CheckPlace(task));
  SATCHEL_ASSIGN(const auto old, Find(task.task_exec_id));
  TaskState stored = task;
  stored.created_ms = old ? old->created_ms : 0;
  stored.version = old ? old->version + 1 : 1;
  stored.updated_ms = tasks_.index_.NowMs();
  stored.deadline_ms = {};
  const auto [at, is_new] = written_.insert_or_assign(task.task_exec_id, stored);
  if (is_new) order_.push_back(task.task_exec_id);
  return stored;
}

Result<void> TaskTransaction::MergeUsage(std::string_view task_exec_id, std::string_view summary) {
  SATCHEL_ASSIGN(TaskState task, GetState(task_exec_id));
  SATCHEL_ASSIGN(std::string merged, repos::MergeUsage(task.usage, summary));
  task.usage = std::move(merged);
  SATCHEL_TRY(UpsertState(task));
  return {};
}

Result<void> TaskTransaction::WithTransaction(
    std::string_view exec, const std::function<Result<void>(TaskTransaction&)>& fn) {
  if (exec != exec_) {
    return MakeError(ErrorCode::kNestedTag, "task: a transaction of another execution inside");
  }
  return fn(*this);
}

Result<void> TaskTransaction::CheckLocks() {
  for (const Lock& lock : locks_) {
    const bool ours = lock.IsHeld();
    if (!ours) return MakeError(ErrorCode::kFenceLost, "task: the row lock lapsed");
  }
  return {};
}

Result<TaskTransaction::End> TaskTransaction::Commit() {
  SATCHEL_TRY(CheckLocks());
  if (written_.empty()) {
    RollBack();
    return End::kCommitted;
  }
  std::vector<TaskStore::Pending> writes;
  for (const std::string& id : order_) {
    SATCHEL_ASSIGN(auto write, tasks_.Prepare(written_.at(id)));
    writes.push_back(std::move(write));
  }
  if (auto announced = tasks_.Announce(writes); !announced) {
    tasks_.Withdraw(writes);
    return std::move(announced.error());
  }
  const auto commit = [&]() -> Result<ReplyValue> {
    SATCHEL_TRY(connection_->Run({"MULTI"}));
    for (const TaskStore::Pending& write : writes) {
      const store::CommandLine line = EvalLine("task_put", write.keys, write.args);
      SATCHEL_TRY(connection_->Run(std::vector<std::string_view>(line.begin(), line.end())));
    }
    return connection_->Run({"EXEC"});
  };
  auto replies = commit();
  if (!replies || replies->is_null()) {
    tasks_.Withdraw(writes);
    if (!replies) (void)connection_->Run({"DISCARD"});
    if (!replies) return std::move(replies.error());
    SATCHEL_TRY(CheckLocks());
    for (const Lock& lock : locks_) {
      const std::string& key = lock.keys().holder;
      SATCHEL_ASSIGN(const ReplyValue token, tasks_.store_.Run({"GET", key}));
      if (token.text != lock.token()) {
        return MakeError(ErrorCode::kFenceLost, "task: the row lock lapsed");
      }
    }
    return End::kAborted;
  }
  if (replies->items.size() != writes.size()) return Unexpected();
  for (const ReplyValue& reply : replies->items) {
    if (reply.is_error()) return store::ErrorOfReply(reply.text);
  }
  SATCHEL_TRY(tasks_.Apply(writes, std::move(replies->items)));
  connection_.reset();
  return End::kCommitted;
}

}  // namespace satchel::repos
