#include "repos/workflow_store.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "repos/locators.h"
#include "repos/metrics.h"
#include "repos/usage.h"

namespace satchel::repos {
namespace {

using Strings = std::vector<std::string>;

constexpr std::int64_t kRowsPerRead = 200;

Error NoWorkflow(std::string_view id) {
  return Absent(ErrorCode::kWorkflowNotFound, "workflow", id);
}

Error Conflict(int attempts) {
  Error error = MakeError(ErrorCode::kConflict, "another writer was faster in every attempt");
  error.actual = static_cast<std::uint64_t>(attempts);
  return error;
}

Result<void> CheckId(std::string_view field, std::string_view id) {
  if (id.empty()) return Invalid(field, "must not be empty");
  return CheckComponent(field, id);
}

Result<void> CheckState(const WorkflowState& state) {
  SATCHEL_TRY(CheckId("workflow_id", state.workflow_id));
  SATCHEL_TRY(CheckId("workflow_exec_id", state.workflow_exec_id));
  if (static_cast<std::size_t>(state.status) >= kStatuses) return Invalid("status", "unknown");
  if (state.usage) SATCHEL_TRY(NormalUsage(*state.usage));
  if (state.input) SATCHEL_TRY(CheckJson("input", *state.input));
  if (state.output) SATCHEL_TRY(CheckJson("output", *state.output));
  if (state.error) SATCHEL_TRY(CheckJson("error", *state.error));
  return {};
}

// {task_id: {"execution_type"?, "output"?, "parent_state_id"?}}, keys in order.
std::string DefaultOutput(const WorkflowState& state) {
  std::string json;
  for (const auto& [task_id, task] : state.tasks) {
    std::string members;
    const auto add = [&](std::string_view name, const std::string& value) {
      members += (members.empty() ? "\"" : ",\"") + std::string(name) + "\":" + value;
    };
    if (task.execution_type == ExecutionType::kParallel) add("execution_type", "\"parallel\"");
    if (task.output) add("output", *task.output);
    if (task.parent_state_id) add("parent_state_id", JsonString(*task.parent_state_id));
    json += (json.empty() ? "" : ",") + JsonString(task_id) + ":{" + members + "}";
  }
  return "{" + json + "}";
}

// What completion looks at: the latest top-level task of each task_id.
std::vector<TaskState> TopLevel(const std::vector<TaskState>& tasks) {
  std::vector<TaskState> top;
  for (const TaskState& task : tasks) {
    if (task.parent_state_id) continue;
    const auto same = std::ranges::find(top, task.task_id, &TaskState::task_id);
    if (same == top.end()) {
      top.push_back(task);
    } else if (IsLater(task, *same)) {
      *same = task;
    }
  }
  return top;
}

}  // namespace

void WaitForAttempt(const RepoOptions& options, int attempt) {
  const std::uint64_t longest_ms = std::min<std::uint64_t>(100, 2ULL << std::min(attempt, 10));
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  // A manual clock stands still while its own thread waits: no pause, then.
  if (options.clock->is_manual()) return;
  const auto pause_us = static_cast<std::int64_t>(options.random->Below(longest_ms * 1000));
  const std::int64_t until_us = options.clock->NowUs() + pause_us;
  while (options.clock->WaitUntil(lock, never, until_us)) {
  }
}

// One call of wf_put.
struct WorkflowStore::Write {
  std::string exec;
  std::string workflow_id;  // also of a write that does not name it to the script
  bool must_exist = false;
  std::optional<Status> status = {};
  std::string version = {};      // expected; "": any
  std::string task_writes = {};  // expected; "": any
  Strings fields = {};           // name, "=" or "-", value

  void Set(std::string_view name, const std::optional<std::string>& value) {
    fields.insert(fields.end(), {std::string(name), value ? "=" : "-", value.value_or("")});
  }
};

WorkflowStore::WorkflowStore(store::Store& store, WorkflowOptions options)
    : store_(store), options_(std::move(options)), index_(store, options_.repo) {
  SATCHEL_CHECK(options_.retention.count() >= 0 && options_.max_attempts > 0 &&
                options_.purge_rows > 0);
}

Result<WorkflowState> WorkflowStore::Put(const Write& write) {
  const std::string member = ExecutionIndex::ExecMember(write.exec);
  const OuterGroup groups[] = {index_.OfWorkflow(write.workflow_id), index_.OfTenant()};
  const std::string mark = index_.NewMark(member);
  const bool terminal = write.status && IsTerminal(*write.status);
  const std::int64_t now_ms = index_.NowMs();
  const std::string due = "w " + member;
  Batch before;
  const auto registered = index_.workflows().Addition(write.workflow_id);
  if (registered) before.Add(*registered);
  if (terminal && options_.retention.count() > 0) {
    const std::string at = FormatInt(now_ms + options_.retention.count());
    before.Add({"ZADD", index_.DueKey(), "LT", at, due});
  }
  for (const OuterGroup& group : groups) index_.AddMark(before, group, mark);
  SATCHEL_TRY(before.SendAll(store_));
  if (registered) index_.workflows().Added(write.workflow_id);

  const Strings keys = {index_.StateKey(write.exec), index_.MetaKey(write.exec),
                        index_.TaskIndexKey(write.exec)};
  Strings args = {FormatInt(now_ms),
                  FormatInt(options_.retention.count()),
                  write.must_exist ? "exists" : "upsert",
                  write.version,
                  write.task_writes,
                  write.exec,
                  write.must_exist ? std::string() : write.workflow_id,
                  write.status ? std::string(StatusName(*write.status)) : std::string()};
  args.insert(args.end(), write.fields.begin(), write.fields.end());
  SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "wf_put", keys, args));
  if (reply.items.empty()) return Unexpected();
  const std::string outcome = reply.items[0].text;
  if (outcome == "leftover") {
    SATCHEL_TRY(Purge(write.exec));
    return Put(write);
  }
  Batch after;
  if (outcome != "ok" || reply.items.size() != 3) {
    for (const OuterGroup& group : groups) ExecutionIndex::RemoveMark(after, group, mark);
    (void)after.SendAll(store_);  // else the next reader finds them
    if (outcome == "missing") return NoWorkflow(write.exec);
    if (outcome == "moved") return Conflict(1);
    if (outcome == "workflow_id") {
      return Invalid("workflow_id", "the execution belongs to another workflow");
    }
    return Unexpected();
  }
  const Fields old(std::move(reply.items[1]));
  const Fields now(std::move(reply.items[2]));
  const OuterChange change{.member = member,
                           .stamp = ExecutionIndex::Stamp(now.Int("c"), now.version()),
                           .old_entries = ExecutionIndex::EntriesOfExec(old),
                           .new_entries = ExecutionIndex::EntriesOfExec(now)};
  // What stays must not be removed first.
  OuterChange difference = change;
  std::erase_if(difference.old_entries, [&](const std::string& entry) {
    return std::ranges::find(change.new_entries, entry) != change.new_entries.end();
  });
  for (const OuterGroup& group : groups) ExecutionIndex::AddApply(after, group, difference, mark);
  if (old.Has("x") && !now.Has("x")) {
    after.Add({"ZREM", index_.DueKey(), due});
  } else if (now.Has("x") && old.Text("x") != now.Text("x")) {
    // What was announced may be older: of an attempt that failed.
    after.Add({"ZADD", index_.DueKey(), now.Text("x"), due});
  }
  SATCHEL_TRY(after.SendAll(store_));
  return WorkflowOfFields(now);
}

Result<WorkflowState> WorkflowStore::UpsertState(const WorkflowState& state) {
  return Counted(options_.repo, store_, RepoOp::kWorkflowUpsertState,
                 [&]() -> Result<WorkflowState> {
                   SATCHEL_TRY(CheckState(state));
                   Write write{.exec = state.workflow_exec_id,
                               .workflow_id = state.workflow_id,
                               .status = state.status};
                   write.Set("usage", state.usage);
                   write.Set("input", state.input);
                   write.Set("output", state.output);
                   write.Set("error", state.error);
                   return Put(write);
                 });
}

Result<WorkflowState> WorkflowStore::UpdateStatus(std::string_view exec, Status status) {
  return Counted(options_.repo, store_, RepoOp::kWorkflowUpdateStatus,
                 [&]() -> Result<WorkflowState> {
                   SATCHEL_TRY(CheckId("workflow_exec_id", exec));
                   if (static_cast<std::size_t>(status) >= kStatuses)
                     return Invalid("status", "unknown");
                   const std::string key = index_.StateKey(exec);
                   SATCHEL_ASSIGN(const ReplyValue id, store_.Run({"HGET", key, "workflow_id"}));
                   if (id.is_null()) return NoWorkflow(exec);
                   return Put({.exec = std::string(exec),
                               .workflow_id = id.text,
                               .must_exist = true,
                               .status = status});
                 });
}

Result<std::optional<WorkflowStore::Snapshot>> WorkflowStore::SnapshotOf(
    ReplyValue reply, std::string_view exec) const {
  if (reply.items.size() < 2) return Unexpected();
  const Fields fields(std::move(reply.items[0]));
  const std::int64_t now_ms = index_.NowMs();
  if (fields.empty() || fields.ExpiredAt(now_ms)) return std::optional<Snapshot>();
  Snapshot snapshot;
  SATCHEL_ASSIGN(snapshot.state, WorkflowOfFields(fields));
  if (snapshot.state.workflow_exec_id != exec) return Corrupt("workflow", "another id");
  snapshot.task_writes = std::move(reply.items[1].text);
  snapshot.all_tasks.reserve(reply.items.size() - 2);
  for (std::size_t i = 2; i < reply.items.size(); ++i) {
    const Fields of_task(std::move(reply.items[i]));
    if (of_task.ExpiredAt(now_ms)) continue;
    SATCHEL_ASSIGN(TaskState task, TaskOfFields(of_task));
    snapshot.all_tasks.push_back(std::move(task));
  }
  snapshot.state.tasks = ReachableTasks(snapshot.all_tasks);
  return std::optional(std::move(snapshot));
}

std::vector<std::string> WorkflowStore::ReadKeys(std::string_view exec) const {
  return {index_.StateKey(exec), index_.MetaKey(exec), index_.TaskIndexKey(exec)};
}

std::vector<std::string> WorkflowStore::ReadArgs(std::string_view exec) const {
  return {index_.TaskPrefix(exec)};
}

Result<std::vector<std::optional<WorkflowStore::Snapshot>>> WorkflowStore::ReadAll(
    const Strings& execs) {
  Batch batch;
  for (const std::string& exec : execs) {
    batch.AddScript("wf_read", ReadKeys(exec), ReadArgs(exec));
  }
  std::vector<std::optional<Snapshot>> snapshots;
  if (execs.empty()) return snapshots;
  auto replies = batch.Send(store_);
  for (std::size_t i = 0; i < execs.size(); ++i) {
    if (!replies[i]) return std::move(replies[i].error());
    SATCHEL_ASSIGN(auto snapshot, SnapshotOf(std::move(*replies[i]), execs[i]));
    snapshots.push_back(std::move(snapshot));
  }
  return snapshots;
}

Result<WorkflowStore::Snapshot> WorkflowStore::ReadSnapshot(std::string_view exec) {
  SATCHEL_TRY(CheckId("workflow_exec_id", exec));
  SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "wf_read", ReadKeys(exec), ReadArgs(exec)));
  SATCHEL_ASSIGN(auto snapshot, SnapshotOf(std::move(reply), exec));
  if (!snapshot) return NoWorkflow(exec);
  return std::move(*snapshot);
}

Result<WorkflowState> WorkflowStore::GetState(std::string_view exec) {
  return Counted(options_.repo, store_, RepoOp::kWorkflowGetState, [&]() -> Result<WorkflowState> {
    SATCHEL_ASSIGN(Snapshot snapshot, ReadSnapshot(exec));
    return std::move(snapshot.state);
  });
}

Result<WorkflowState> WorkflowStore::Latest(std::string_view workflow_id, const std::string& prefix,
                                            const std::function<bool(const Snapshot&)>& fits) {
  SATCHEL_TRY(CheckComponent("workflow_id", workflow_id));
  const OuterGroup group = index_.OfWorkflow(workflow_id);
  std::string after;
  // Mostly the first is the one.
  for (std::int64_t count = 1;; count = kRowsPerRead) {
    SATCHEL_ASSIGN(auto found, index_.Read(group, prefix, after, count));
    Strings execs;
    for (const Candidate& candidate : found.candidates) {
      SATCHEL_ASSIGN(std::string exec,
                     Unescape(candidate.position.substr(candidate.position.rfind(' ') + 1)));
      execs.push_back(std::move(exec));
    }
    SATCHEL_ASSIGN(auto snapshots, ReadAll(execs));
    std::vector<Candidate> misfits;
    for (std::size_t i = 0; i < snapshots.size(); ++i) {
      const bool good = snapshots[i] && snapshots[i]->state.workflow_id == workflow_id &&
                        fits(*snapshots[i]) &&
                        found.candidates[i].position.starts_with(
                            ExecutionIndex::Stamp(snapshots[i]->state.created_ms, 0).substr(0, 16));
      if (good) {
        SATCHEL_TRY(index_.Drop(group, misfits));
        return std::move(snapshots[i]->state);
      }
      misfits.push_back(found.candidates[i]);
    }
    SATCHEL_TRY(index_.Drop(group, misfits));
    if (!found.rest) return NoWorkflow(workflow_id);
    after = *found.rest;
  }
}

Result<WorkflowState> WorkflowStore::GetStateById(std::string_view workflow_id) {
  return Counted(options_.repo, store_, RepoOp::kWorkflowGetStateById,
                 [&]() -> Result<WorkflowState> {
                   return Latest(workflow_id, "cr", [](const Snapshot&) { return true; });
                 });
}

namespace {

template <class Field>
auto HoldsTask(Field field, std::string_view value) {
  return [field, value](const auto& snapshot) {
    return std::ranges::any_of(snapshot.all_tasks,
                               [&](const TaskState& task) { return task.*field == value; });
  };
}

}  // namespace

Result<WorkflowState> WorkflowStore::GetStateByTaskId(std::string_view workflow_id,
                                                      std::string_view task_id) {
  return Counted(options_.repo, store_, RepoOp::kWorkflowGetStateByTaskId,
                 [&]() -> Result<WorkflowState> {
                   SATCHEL_TRY(CheckComponent("task_id", task_id));
                   return Latest(workflow_id, "xt " + Escape(task_id),
                                 HoldsTask(&TaskState::task_id, task_id));
                 });
}

Result<WorkflowState> WorkflowStore::GetStateByAgentId(std::string_view workflow_id,
                                                       std::string_view agent_id) {
  return Counted(options_.repo, store_, RepoOp::kWorkflowGetStateByAgentId,
                 [&]() -> Result<WorkflowState> {
                   SATCHEL_TRY(CheckComponent("agent_id", agent_id));
                   return Latest(workflow_id, "xa " + Escape(agent_id),
                                 HoldsTask(&TaskState::agent_id, agent_id));
                 });
}

Result<WorkflowState> WorkflowStore::GetStateByToolId(std::string_view workflow_id,
                                                      std::string_view tool_id) {
  return Counted(options_.repo, store_, RepoOp::kWorkflowGetStateByToolId,
                 [&]() -> Result<WorkflowState> {
                   SATCHEL_TRY(CheckComponent("tool_id", tool_id));
                   return Latest(workflow_id, "xl " + Escape(tool_id),
                                 HoldsTask(&TaskState::tool_id, tool_id));
                 });
}

Result<Rows<WorkflowState>> WorkflowStore::ReadRows(const OuterGroup& group,
                                                    const std::string& prefix,
                                                    const WorkflowFilter& filter,
                                                    const std::string& after, std::int64_t count) {
  SATCHEL_ASSIGN(auto found, index_.Read(group, prefix, after, std::min(count, kRowsPerRead)));
  Strings execs;
  for (const Candidate& candidate : found.candidates) {
    SATCHEL_ASSIGN(std::string exec,
                   Unescape(candidate.position.substr(candidate.position.rfind(' ') + 1)));
    execs.push_back(std::move(exec));
  }
  SATCHEL_ASSIGN(auto snapshots, ReadAll(execs));
  Rows<WorkflowState> rows{.rest = std::move(found.rest)};
  std::vector<Candidate> misfits;
  for (std::size_t i = 0; i < snapshots.size(); ++i) {
    Candidate& candidate = found.candidates[i];
    const auto& snapshot = snapshots[i];
    const bool fits = snapshot &&
                      candidate.position.starts_with(
                          ExecutionIndex::Stamp(snapshot->state.created_ms, 0).substr(0, 16)) &&
                      (!filter.status || snapshot->state.status == *filter.status) &&
                      (!filter.workflow_id || snapshot->state.workflow_id == *filter.workflow_id);
    if (fits) {
      rows.rows.emplace_back(std::move(candidate.position), std::move(snapshots[i]->state));
    } else {
      misfits.push_back(std::move(candidate));
    }
  }
  SATCHEL_TRY(index_.Drop(group, misfits));
  return rows;
}

Result<PageOf<WorkflowState>> WorkflowStore::ListStates(const WorkflowFilter& filter,
                                                        const Page& page) {
  return Counted(
      options_.repo, store_, RepoOp::kWorkflowListStates, [&]() -> Result<PageOf<WorkflowState>> {
        if (filter.status && static_cast<std::size_t>(*filter.status) >= kStatuses) {
          return Invalid("status", "unknown");
        }
        if (filter.exec) {
          SATCHEL_TRY(DecodePage("wf", page));
          auto state = GetState(*filter.exec);
          PageOf<WorkflowState> one;
          if (!state && state.error().code != ErrorCode::kWorkflowNotFound) return state.error();
          const bool fits = state && page.cursor.empty() &&
                            (!filter.status || state->status == *filter.status) &&
                            (!filter.workflow_id || state->workflow_id == *filter.workflow_id);
          if (fits) one.items.push_back(std::move(*state));
          return one;
        }
        if (filter.workflow_id) SATCHEL_TRY(CheckComponent("workflow_id", *filter.workflow_id));
        const OuterGroup group =
            filter.workflow_id ? index_.OfWorkflow(*filter.workflow_id) : index_.OfTenant();
        const std::string prefix =
            filter.status ? "st " + std::string(StatusName(*filter.status)) : "cr";
        return CollectPage<WorkflowState>("wf", page,
                                          [&](const std::string& after, std::int64_t count) {
                                            return ReadRows(group, prefix, filter, after, count);
                                          });
      });
}

Result<void> WorkflowStore::MergeUsage(std::string_view exec, std::string_view summary) {
  return Counted(options_.repo, store_, RepoOp::kWorkflowMergeUsage, [&]() -> Result<void> {
    SATCHEL_TRY(CheckId("workflow_exec_id", exec));
    SATCHEL_ASSIGN(const bool is_empty, IsEmptyUsage(summary));
    if (is_empty) return {};
    const std::string key = index_.StateKey(exec);
    for (int attempt = 0; attempt < options_.max_attempts; ++attempt) {
      if (attempt > 0) {
        WaitForAttempt(options_.repo, attempt);
        Meter(options_.repo, store_).Add(Family::kRepoRetries, 1, Retry::kWorkflowVersion);
      }
      SATCHEL_ASSIGN(ReplyValue reply, store_.Run({"HGETALL", key}));
      const Fields fields(std::move(reply));
      if (fields.empty() || fields.ExpiredAt(index_.NowMs())) return NoWorkflow(exec);
      SATCHEL_ASSIGN(const std::string merged,
                     repos::MergeUsage(fields.Optional("usage"), summary));
      Write write{.exec = std::string(exec),
                  .workflow_id = fields.Text("workflow_id"),
                  .must_exist = true,
                  .version = fields.Text("v")};
      write.Set("usage", merged);
      auto put = Put(write);
      if (put) return {};
      if (put.error().code != ErrorCode::kConflict) return std::move(put.error());
    }
    return Conflict(options_.max_attempts);
  });
}

Result<WorkflowState> WorkflowStore::CompleteWorkflow(std::string_view exec,
                                                      const OutputTransformer& transformer) {
  return Counted(
      options_.repo, store_, RepoOp::kWorkflowCompleteWorkflow, [&]() -> Result<WorkflowState> {
        for (int attempt = 0; attempt < options_.max_attempts; ++attempt) {
          if (attempt > 0) {
            WaitForAttempt(options_.repo, attempt);
            Meter(options_.repo, store_).Add(Family::kRepoRetries, 1, Retry::kWorkflowVersion);
          }
          SATCHEL_ASSIGN(Snapshot snapshot, ReadSnapshot(exec));
          WorkflowState& state = snapshot.state;
          if (IsTerminal(state.status)) return std::move(state);
          std::uint64_t unfinished = 0;
          bool failed = false;
          for (const TaskState& task : TopLevel(snapshot.all_tasks)) {
            if (!IsTerminal(task.status)) ++unfinished;
            failed = failed || (IsTerminal(task.status) && task.status != Status::kSuccess);
          }
          if (unfinished > 0) {
            Error error =
                MakeError(ErrorCode::kWorkflowNotReady, "workflow: tasks are not finished");
            error.actual = unfinished;
            return error;
          }
          Write write{.exec = std::string(exec),
                      .workflow_id = state.workflow_id,
                      .must_exist = true,
                      .status = failed ? Status::kFailed : Status::kSuccess,
                      .version = FormatInt(static_cast<std::int64_t>(state.version)),
                      .task_writes = snapshot.task_writes};
          std::string output = DefaultOutput(state);
          if (transformer) {
            auto transformed = transformer(state);
            if (transformed) {
              output = std::move(*transformed);
            } else {
              write.status = Status::kFailed;
              write.Set("error", "{\"code\":\"OUTPUT_TRANSFORMATION_FAILED\",\"message\":" +
                                     JsonString(transformed.error().detail) + "}");
            }
          }
          SATCHEL_TRY(CheckJsonObject("output", output));
          write.Set("output", output);
          auto put = Put(write);
          if (!put && put.error().code == ErrorCode::kConflict) continue;
          if (!put) return std::move(put.error());
          put->tasks = std::move(state.tasks);
          return put;
        }
        return Conflict(options_.max_attempts);
      });
}

Result<bool> WorkflowStore::DeleteState(std::string_view exec) {
  SATCHEL_TRY(CheckId("workflow_exec_id", exec));
  return Purge(exec);
}

Result<bool> WorkflowStore::Purge(std::string_view exec, bool only_expired) {
  const RepoOp op = only_expired ? RepoOp::kWorkflowPurgeExpired : RepoOp::kWorkflowDeleteState;
  return Counted(options_.repo, store_, op, [&]() -> Result<bool> {
    const std::string state_key = index_.StateKey(exec);
    SATCHEL_ASSIGN(const ReplyValue id, store_.Run({"HGET", state_key, "workflow_id"}));
    const std::string member = ExecutionIndex::ExecMember(exec);
    const std::string mark = index_.NewMark(member);
    if (!id.is_null()) {
      Batch marks;
      index_.AddMark(marks, index_.OfWorkflow(id.text), mark);
      index_.AddMark(marks, index_.OfTenant(), mark);
      SATCHEL_TRY(marks.SendAll(store_));
    }
    const Strings keys = {state_key, index_.MetaKey(exec), index_.TaskIndexKey(exec)};
    Strings args = {index_.TaskPrefix(exec), FormatInt(options_.purge_rows),
                    only_expired ? FormatInt(index_.NowMs()) : std::string()};
    const Locators locators(index_);
    bool existed = false;
    std::int64_t created_ms = 0;
    while (true) {
      SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "wf_purge", keys, args));
      if (reply.items.size() < 2) return Unexpected();
      Batch after;
      const Fields gone(std::move(reply.items[1]));
      if (!gone.empty()) {
        existed = only_expired || !gone.ExpiredAt(index_.NowMs());
        created_ms = gone.Int("c");
      }
      Strings task_ids;
      // Of the tasks first: their entries for the execution name its creation stamp.
      for (std::size_t i = 2; i < reply.items.size(); ++i) {
        const Fields task(std::move(reply.items[i]));
        const std::string& task_id = task_ids.emplace_back(task.Text("task_exec_id"));
        const OuterChange change{.member = ExecutionIndex::TaskMember(exec, task_id),
                                 .stamp = ExecutionIndex::Stamp(task.Int("c"), task.version() + 1),
                                 .is_deletion = true,
                                 .old_entries = ExecutionIndex::EntriesOfTask(task, created_ms)};
        const OuterGroup group = index_.OfWorkflow(task.Text("workflow_id"));
        ExecutionIndex::AddApply(after, group, change, "");
        for (const std::string& entry : change.old_entries) {
          if (entry[0] == 'x') after.Add({"ZREM", group.ix(), entry});
        }
        after.Add({"ZREM", index_.DueKey(), "t " + member + " " + Escape(task_id)});
      }
      if (!gone.empty()) {
        const OuterChange change{.member = member,
                                 .stamp = ExecutionIndex::Stamp(created_ms, gone.version() + 1),
                                 .is_deletion = true,
                                 .old_entries = ExecutionIndex::EntriesOfExec(gone)};
        ExecutionIndex::AddApply(after, index_.OfWorkflow(gone.Text("workflow_id")), change, mark);
        ExecutionIndex::AddApply(after, index_.OfTenant(), change, mark);
        after.Add({"ZREM", index_.DueKey(), "w " + member});
      }
      const auto located = locators.Begin(after, exec, std::move(task_ids));
      SATCHEL_TRY(after.SendAll(store_));
      SATCHEL_TRY(locators.Finish(located));
      if (reply.items[0].text != "1") break;
    }
    if (id.is_null()) return existed;
    SATCHEL_TRY(index_.Forget(id.text));
    return existed;
  });
}

}  // namespace satchel::repos
