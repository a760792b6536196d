#include "repos/task_store.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "repos/lex_list.h"
#include "repos/locators.h"
#include "repos/metrics.h"
#include "repos/task_write.h"
#include "repos/usage.h"

namespace satchel::repos {
namespace {

using Strings = std::vector<std::string>;

constexpr std::int64_t kCandidatesPerRead = 200;

Error NoTask(std::string_view id) { return Absent(ErrorCode::kTaskNotFound, "task", id); }

Result<void> CheckId(std::string_view field, std::string_view id) {
  if (id.empty()) return Invalid(field, "must not be empty");
  return CheckComponent(field, id);
}

}  // namespace

bool TaskFilter::Fits(const TaskState& task) const {
  const auto same = [](const auto& wanted, const auto& value) {
    return !wanted || value == *wanted;
  };
  return same(status, task.status) && same(workflow_id, task.workflow_id) &&
         same(workflow_exec_id, task.workflow_exec_id) && same(task_id, task.task_id) &&
         same(task_exec_id, task.task_exec_id) && same(parent_state_id, task.parent_state_id) &&
         same(agent_id, task.agent_id) && same(action_id, task.action_id) &&
         same(tool_id, task.tool_id) && same(execution_type, task.execution_type);
}

TaskStore::TaskStore(store::Store& store, LockManager& locks, TaskOptions options)
    : store_(store), locks_(locks), options_(std::move(options)), index_(store, options_.repo) {
  SATCHEL_CHECK(options_.retention.count() >= 0 && options_.max_attempts > 0 &&
                options_.delete_rows > 0 && options_.max_tree_depth >= 0);
}

Result<std::string> TaskStore::ExecOf(const TaskRef& ref) {
  SATCHEL_TRY(CheckId("task_exec_id", ref.task_exec_id));
  if (ref.workflow_exec_id) {
    SATCHEL_TRY(CheckId("workflow_exec_id", *ref.workflow_exec_id));
    return *ref.workflow_exec_id;
  }
  const std::string key = index_.LocatorKey(ref.task_exec_id);
  SATCHEL_ASSIGN(const ReplyValue reply, store_.Run({"GET", key}));
  if (reply.is_null()) return NoTask(ref.task_exec_id);
  return Locators::ExecOf(reply.text);
}

Result<TaskState> TaskStore::GetState(const TaskRef& ref) {
  return Counted(options_.repo, store_, RepoOp::kTaskGetState, [&]() -> Result<TaskState> {
    SATCHEL_ASSIGN(const std::string exec, ExecOf(ref));
    const std::string key = index_.TaskKey(exec, ref.task_exec_id);
    SATCHEL_ASSIGN(ReplyValue reply, store_.Run({"HGETALL", key}));
    const Fields fields(std::move(reply));
    if (fields.empty() || fields.ExpiredAt(index_.NowMs())) return NoTask(ref.task_exec_id);
    return TaskOfFields(fields);
  });
}

Result<TaskState> TaskStore::GetStateForUpdate(const TaskRef&) {
  return MakeError(ErrorCode::kNotInTransaction, "task: for update outside a transaction");
}

Result<std::optional<std::string>> TaskStore::GetUsageSummary(const TaskRef& ref) {
  return Counted(options_.repo, store_, RepoOp::kTaskGetUsageSummary,
                 [&]() -> Result<std::optional<std::string>> {
                   SATCHEL_ASSIGN(const TaskState task, GetState(ref));
                   if (!task.usage) return std::optional<std::string>();
                   auto usage = NormalUsage(*task.usage);
                   if (!usage) return Corrupt("task", "usage");
                   return std::optional(std::move(*usage));
                 });
}

Result<Rows<TaskState>> TaskStore::ReadRows(std::string_view exec, const std::string& prefix,
                                            bool descending, const TaskFilter& filter,
                                            const std::string& after, std::int64_t count) {
  const LexRange range{.index = index_.TaskIndexKey(exec),
                       .prefix = prefix,
                       .objects = index_.TaskPrefix(exec),
                       .descending = descending};
  SATCHEL_ASSIGN(Rows<Fields> found, ReadLexRows(store_, range, after, count));
  Rows<TaskState> rows{.rest = std::move(found.rest)};
  for (auto& [position, fields] : found.rows) {
    if (fields.ExpiredAt(index_.NowMs())) continue;
    SATCHEL_ASSIGN(TaskState task, TaskOfFields(fields));
    if (filter.Fits(task)) rows.rows.emplace_back(std::move(position), std::move(task));
  }
  return rows;
}

Result<PageOf<TaskState>> TaskStore::ListIn(std::string_view exec, const std::string& prefix,
                                            bool descending, const TaskFilter& filter,
                                            const Page& page) {
  return CollectPage<TaskState>("task", page, [&](const std::string& after, std::int64_t count) {
    return ReadRows(exec, prefix, descending, filter, after, count);
  });
}

namespace {

// The most selective index of a filter, without "ta " before it.
std::string PrefixOf(const TaskFilter& filter) {
  if (filter.task_id) return "ti " + Escape(*filter.task_id);
  if (filter.agent_id) return "ag " + Escape(*filter.agent_id);
  if (filter.tool_id) return "tl " + Escape(*filter.tool_id);
  if (filter.action_id) return "ac " + Escape(*filter.action_id);
  if (filter.status) return "st " + std::string(StatusName(*filter.status));
  if (filter.execution_type) return "et " + std::string(ExecutionTypeName(*filter.execution_type));
  return "al";
}

Result<void> CheckFilter(const TaskFilter& filter) {
  if (filter.status && static_cast<std::size_t>(*filter.status) >= kStatuses) {
    return Invalid("status", "unknown");
  }
  if (filter.execution_type && *filter.execution_type > ExecutionType::kMemory) {
    return Invalid("execution_type", "unknown");
  }
  const std::pair<std::string_view, const std::optional<std::string>&> ids[] = {
      {"workflow_id", filter.workflow_id}, {"workflow_exec_id", filter.workflow_exec_id},
      {"task_id", filter.task_id},         {"task_exec_id", filter.task_exec_id},
      {"agent_id", filter.agent_id},       {"action_id", filter.action_id},
      {"tool_id", filter.tool_id},         {"parent_state_id", filter.parent_state_id}};
  for (const auto& [field, id] : ids) {
    if (id) SATCHEL_TRY(CheckComponent(field, *id));
  }
  return {};
}

}  // namespace

Result<Rows<TaskState>> TaskStore::ReadOuterRows(std::string_view workflow_id,
                                                 const TaskFilter& filter, const std::string& after,
                                                 std::int64_t count) {
  const OuterGroup group = index_.OfWorkflow(workflow_id);
  SATCHEL_ASSIGN(auto found, index_.Read(group, "ta " + PrefixOf(filter), after,
                                         std::min(count, kCandidatesPerRead)));
  Batch batch;
  for (const Candidate& candidate : found.candidates) {
    const auto words = Split(candidate.position, ' ');  // <c> <exec> <task>
    if (words.size() != 3) return Corrupt("task index", "an entry of another form");
    SATCHEL_ASSIGN(const std::string exec, Unescape(words[1]));
    batch.Add({"HGETALL", index_.TaskPrefix(exec) + std::string(words[2])});
  }
  Rows<TaskState> rows{.rest = std::move(found.rest)};
  if (batch.size() == 0) return rows;
  auto replies = batch.Send(store_);
  std::vector<Candidate> misfits;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (!replies[i]) return std::move(replies[i].error());
    Candidate& candidate = found.candidates[i];
    const Fields fields(std::move(*replies[i]));
    const Strings entries = ExecutionIndex::EntriesOfTask(fields, 0);
    if (std::ranges::find(entries, candidate.entry) == entries.end()) {
      misfits.push_back(std::move(candidate));
      continue;
    }
    if (fields.ExpiredAt(index_.NowMs())) continue;
    SATCHEL_ASSIGN(TaskState task, TaskOfFields(fields));
    if (filter.Fits(task)) rows.rows.emplace_back(std::move(candidate.position), std::move(task));
  }
  SATCHEL_TRY(index_.Drop(group, misfits));
  return rows;
}

// The newest of all workflows' rows after a position.
Result<Rows<TaskState>> TaskStore::MergeWorkflows(const TaskFilter& filter,
                                                  const std::string& after, std::int64_t count) {
  SATCHEL_ASSIGN(const Strings workflows, index_.workflows().Members());
  Rows<TaskState> all;
  std::string horizon;  // rows below it may be missing
  bool more = false;
  for (const std::string& workflow_id : workflows) {
    std::string from = after;
    std::int64_t missing = count;
    while (true) {
      SATCHEL_ASSIGN(Rows<TaskState> rows, ReadOuterRows(workflow_id, filter, from, missing));
      missing -= static_cast<std::int64_t>(rows.rows.size());
      for (auto& row : rows.rows) all.rows.push_back(std::move(row));
      if (!rows.rest) break;
      from = *rows.rest;
      if (missing > 0) continue;
      more = true;
      horizon = std::max(horizon, from);
      break;
    }
  }
  std::ranges::sort(all.rows, std::greater<>(), &std::pair<std::string, TaskState>::first);
  if (more) {
    std::erase_if(all.rows, [&](const auto& row) { return row.first < horizon; });
    all.rest = horizon;
  }
  return all;
}

Result<PageOf<TaskState>> TaskStore::ListStates(const TaskFilter& filter, const Page& page) {
  return Counted(
      options_.repo, store_, RepoOp::kTaskListStates, [&]() -> Result<PageOf<TaskState>> {
        SATCHEL_TRY(CheckFilter(filter));
        if (filter.task_exec_id && !filter.task_exec_id->empty()) {
          SATCHEL_TRY(DecodePage("task", page));
          const auto task = GetState({*filter.task_exec_id, filter.workflow_exec_id});
          if (!task && task.error().code != ErrorCode::kTaskNotFound) return task.error();
          PageOf<TaskState> one;
          if (task && page.cursor.empty() && filter.Fits(*task)) one.items.push_back(*task);
          return one;
        }
        if (filter.workflow_exec_id) {
          return ListIn(*filter.workflow_exec_id, PrefixOf(filter), true, filter, page);
        }
        return CollectPage<TaskState>(
            "tasks", page, [&](const std::string& after, std::int64_t count) {
              return filter.workflow_id ? ReadOuterRows(*filter.workflow_id, filter, after, count)
                                        : MergeWorkflows(filter, after, count);
            });
      });
}

Result<TaskMap> TaskStore::ListTasksInWorkflow(std::string_view exec) {
  return Counted(options_.repo, store_, RepoOp::kTaskListTasksInWorkflow, [&]() -> Result<TaskMap> {
    SATCHEL_TRY(CheckId("workflow_exec_id", exec));
    SATCHEL_ASSIGN(auto page, ListIn(exec, "al", true, {}, {}));
    TaskMap map;  // the latest come first
    for (TaskState& task : page.items) map.emplace(task.task_id, std::move(task));
    return map;
  });
}

Result<std::vector<TaskState>> TaskStore::ListTasksByStatus(std::string_view exec, Status status) {
  return Counted(options_.repo, store_, RepoOp::kTaskListTasksByStatus,
                 [&]() -> Result<std::vector<TaskState>> {
                   SATCHEL_ASSIGN(auto page, ListStates({.status = status,
                                                         .workflow_exec_id = std::string(exec)}));
                   return std::move(page.items);
                 });
}

Result<std::vector<TaskState>> TaskStore::ListTasksByAgent(std::string_view exec,
                                                           std::string_view agent_id) {
  return Counted(options_.repo, store_, RepoOp::kTaskListTasksByAgent,
                 [&]() -> Result<std::vector<TaskState>> {
                   SATCHEL_ASSIGN(auto page, ListStates({.workflow_exec_id = std::string(exec),
                                                         .agent_id = std::string(agent_id)}));
                   return std::move(page.items);
                 });
}

Result<std::vector<TaskState>> TaskStore::ListTasksByTool(std::string_view exec,
                                                          std::string_view tool_id) {
  return Counted(options_.repo, store_, RepoOp::kTaskListTasksByTool,
                 [&]() -> Result<std::vector<TaskState>> {
                   SATCHEL_ASSIGN(auto page, ListStates({.workflow_exec_id = std::string(exec),
                                                         .tool_id = std::string(tool_id)}));
                   return std::move(page.items);
                 });
}

Result<std::vector<TaskState>> TaskStore::ListChildren(const TaskRef& parent) {
  return Counted(
      options_.repo, store_, RepoOp::kTaskListChildren, [&]() -> Result<std::vector<TaskState>> {
        const auto exec = ExecOf(parent);
        if (!exec && exec.error().code == ErrorCode::kTaskNotFound) return std::vector<TaskState>();
        if (!exec) return exec.error();
        SATCHEL_ASSIGN(auto page,
                       ListIn(*exec, "ch " + Escape(parent.task_exec_id), false, {}, {}));
        return std::move(page.items);
      });
}

Result<std::map<std::string, std::string>> TaskStore::ListChildrenOutputs(const TaskRef& parent) {
  return Counted(options_.repo, store_, RepoOp::kTaskListChildrenOutputs,
                 [&]() -> Result<std::map<std::string, std::string>> {
                   std::map<std::string, std::string> outputs;
                   const auto exec = ExecOf(parent);
                   if (!exec && exec.error().code == ErrorCode::kTaskNotFound) return outputs;
                   if (!exec) return exec.error();
                   SATCHEL_ASSIGN(auto page,
                                  ListIn(*exec, "co " + Escape(parent.task_exec_id), true, {}, {}));
                   for (TaskState& task : page.items) {  // the latest come first
                     if (task.output) outputs.emplace(task.task_id, std::move(*task.output));
                   }
                   return outputs;
                 });
}

Result<TaskState> TaskStore::GetChildByTaskId(const TaskRef& parent, std::string_view task_id) {
  return Counted(options_.repo, store_, RepoOp::kTaskGetChildByTaskId, [&]() -> Result<TaskState> {
    SATCHEL_TRY(CheckId("task_id", task_id));
    SATCHEL_ASSIGN(const std::string exec, ExecOf(parent));
    const std::string prefix = "ch " + Escape(parent.task_exec_id) + " " + Escape(task_id);
    SATCHEL_ASSIGN(auto page, ListIn(exec, prefix, true, {}, {.limit = 1}));
    if (page.items.empty()) return NoTask(task_id);
    return std::move(page.items[0]);
  });
}

Result<TaskTree> TaskStore::GetTaskTree(const TaskRef& root, const TreeOptions& options) {
  return Counted(options_.repo, store_, RepoOp::kTaskGetTaskTree, [&]() -> Result<TaskTree> {
    if (options.max_depth < 0) return Invalid("max_depth", "must not be negative");
    if (options.max_nodes < 1) return Invalid("max_nodes", "must be 1 at least");
    TaskTree tree;
    const auto exec = ExecOf(root);
    if (!exec && exec.error().code == ErrorCode::kTaskNotFound) return tree;
    if (!exec) return exec.error();
    const std::int64_t depth = options.max_depth > 0 ? options.max_depth : options_.max_tree_depth;
    const Strings keys = {index_.TaskIndexKey(*exec)};
    const Strings args = {FormatInt(index_.NowMs()), root.task_exec_id, index_.TaskPrefix(*exec),
                          FormatInt(depth), FormatInt(options.max_nodes)};
    SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "task_tree", keys, args));
    if (reply.items.size() % 2 != 1) return Unexpected();
    const std::string& cut = reply.items[0].text;
    if (cut == "depth") tree.truncated = TreeCut::kDepth;
    if (cut == "nodes") tree.truncated = TreeCut::kNodes;
    if (cut == "cycle") tree.truncated = TreeCut::kCycle;
    for (std::size_t i = 1; i < reply.items.size(); i += 2) {
      SATCHEL_ASSIGN(TaskState task, TaskOfFields(Fields(std::move(reply.items[i + 1]))));
      tree.rows.push_back({.depth = IntOf(reply.items[i]).value_or(0), .task = std::move(task)});
    }
    return tree;
  });
}

Result<TaskProgress> TaskStore::GetProgressInfo(const TaskRef& parent, ProgressStrategy strategy) {
  return Counted(
      options_.repo, store_, RepoOp::kTaskGetProgressInfo, [&]() -> Result<TaskProgress> {
        if (strategy > ProgressStrategy::kRace) return Invalid("strategy", "unknown");
        const auto exec = ExecOf(parent);
        if (!exec && exec.error().code == ErrorCode::kTaskNotFound) return ProgressOf({}, strategy);
        if (!exec) return exec.error();
        const Strings keys = {index_.MetaKey(*exec), index_.TaskIndexKey(*exec)};
        Strings args = {FormatInt(index_.NowMs()), parent.task_exec_id, index_.TaskPrefix(*exec)};
        for (std::size_t i = 0; i < kStatuses; ++i) {
          args.emplace_back(StatusName(static_cast<Status>(i)));
        }
        SATCHEL_ASSIGN(const ReplyValue reply, RunScript(store_, "task_progress", keys, args));
        if (reply.items.size() != kStatuses) return Unexpected();
        std::map<Status, std::uint64_t> counts;
        for (std::size_t i = 0; i < kStatuses; ++i) {
          counts[static_cast<Status>(i)] = UintOf(reply.items[i]).value_or(0);
        }
        return ProgressOf(std::move(counts), strategy);
      });
}

Result<void> TaskStore::MergeUsage(const TaskRef& ref, std::string_view summary) {
  return Counted(options_.repo, store_, RepoOp::kTaskMergeUsage, [&]() -> Result<void> {
    SATCHEL_ASSIGN(const bool is_empty, IsEmptyUsage(summary));
    if (is_empty) return {};
    SATCHEL_ASSIGN(const std::string exec, ExecOf(ref));
    return WithTransaction(exec, [&](TaskTransaction& transaction) {
      return transaction.MergeUsage(ref.task_exec_id, summary);
    });
  });
}

// The task, or tasks, that a script has removed leave the indexes outside.
Result<void> TaskStore::ApplyRemoval(std::string_view exec, const std::vector<Fields>& removed) {
  Batch batch;
  Strings ids;
  for (const Fields& task : removed) {
    const std::string& id = ids.emplace_back(task.Text("task_exec_id"));
    const OuterChange change{.member = ExecutionIndex::TaskMember(exec, id),
                             .stamp = ExecutionIndex::Stamp(task.Int("c"), task.version() + 1),
                             .is_deletion = true,
                             .old_entries = ExecutionIndex::EntriesOfTask(task, 0)};
    ExecutionIndex::AddApply(batch, index_.OfWorkflow(task.Text("workflow_id")), change, "");
    batch.Add({"ZREM", index_.DueKey(), "t " + Escape(exec) + " " + Escape(id)});
  }
  const auto locators = Locators(index_).Begin(batch, exec, std::move(ids));
  SATCHEL_TRY(batch.SendAll(store_));
  return index_.DropShared(exec, removed, locators);
}

Result<bool> TaskStore::RemoveExpired(std::string_view exec, std::string_view task_exec_id) {
  return Counted(options_.repo, store_, RepoOp::kTaskRemoveExpired, [&]() -> Result<bool> {
    const Strings keys = {index_.MetaKey(exec), index_.TaskIndexKey(exec),
                          index_.TaskKey(exec, task_exec_id)};
    const Strings args = {FormatInt(index_.NowMs())};
    SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "task_expire", keys, args));
    if (reply.items.empty()) return false;
    std::vector<Fields> removed;
    removed.emplace_back(std::move(reply));
    SATCHEL_TRY(ApplyRemoval(exec, removed));
    return true;
  });
}

Result<void> TaskStore::CleanIndex(std::string_view exec) {
  return Counted(options_.repo, store_, RepoOp::kTaskCleanIndex, [&]() -> Result<void> {
    const Strings keys = {index_.TaskIndexKey(exec)};
    std::string after;
    do {
      const Strings args = {after, "1000", index_.TaskPrefix(exec)};
      SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "task_clean", keys, args));
      after = std::move(reply.text);
    } while (!after.empty());
    return {};
  });
}

Result<bool> TaskStore::DeleteState(const TaskRef& ref) {
  return Counted(options_.repo, store_, RepoOp::kTaskDeleteState, [&]() -> Result<bool> {
    const auto exec = ExecOf(ref);
    if (!exec && exec.error().code == ErrorCode::kTaskNotFound) return false;
    if (!exec) return exec.error();
    const Strings keys = {index_.MetaKey(*exec), index_.TaskIndexKey(*exec)};
    const Strings args = {ref.task_exec_id, index_.TaskPrefix(*exec),
                          FormatInt(options_.delete_rows)};
    bool existed = false;
    while (true) {
      SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "task_delete", keys, args));
      if (reply.items.empty()) return Unexpected();
      std::vector<Fields> removed;
      for (std::size_t i = 1; i < reply.items.size(); ++i) {
        const Fields& task = removed.emplace_back(std::move(reply.items[i]));
        if (task.Text("task_exec_id") == ref.task_exec_id) {
          existed = !task.ExpiredAt(index_.NowMs());
        }
      }
      SATCHEL_TRY(ApplyRemoval(*exec, removed));
      if (reply.items[0].text != "1") return existed;
    }
  });
}

}  // namespace satchel::repos
