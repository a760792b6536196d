#include "repos/execution_state.h"

#include <set>

#include "repos/errors.h"
#include "repos/keys.h"

namespace satchel::repos {
namespace {

std::optional<std::int64_t> DeadlineOf(const Fields& fields) {
  if (!fields.Has("x")) return std::nullopt;
  return fields.Int("x");
}

}  // namespace

Result<TaskState> TaskOfFields(const Fields& fields) {
  if (fields.version() == 0 || !fields.Has("task_exec_id")) return Corrupt("task", "no version");
  TaskState task;
  SATCHEL_ASSIGN(task.component, ParseStateComponent(fields.Text("component")));
  SATCHEL_ASSIGN(task.status, ParseStatus(fields.Text("status")));
  SATCHEL_ASSIGN(task.execution_type, ParseExecutionType(fields.Text("execution_type")));
  task.task_id = fields.Text("task_id");
  task.task_exec_id = fields.Text("task_exec_id");
  task.workflow_id = fields.Text("workflow_id");
  task.workflow_exec_id = fields.Text("workflow_exec_id");
  task.parent_state_id = fields.Optional("parent_state_id");
  task.usage = fields.Optional("usage");
  task.agent_id = fields.Optional("agent_id");
  task.action_id = fields.Optional("action_id");
  task.tool_id = fields.Optional("tool_id");
  task.input = fields.Optional("input");
  task.output = fields.Optional("output");
  task.error = fields.Optional("error");
  task.created_ms = fields.Int("c");
  task.updated_ms = fields.Int("u");
  task.version = fields.version();
  task.deadline_ms = DeadlineOf(fields);
  return task;
}

Result<WorkflowState> WorkflowOfFields(const Fields& fields) {
  if (fields.version() == 0 || !fields.Has("exec_id")) return Corrupt("workflow", "no version");
  WorkflowState state;
  SATCHEL_ASSIGN(state.status, ParseStatus(fields.Text("status")));
  state.workflow_id = fields.Text("workflow_id");
  state.workflow_exec_id = fields.Text("exec_id");
  state.usage = fields.Optional("usage");
  state.input = fields.Optional("input");
  state.output = fields.Optional("output");
  state.error = fields.Optional("error");
  state.created_ms = fields.Int("c");
  state.updated_ms = fields.Int("u");
  state.version = fields.version();
  state.deadline_ms = DeadlineOf(fields);
  return state;
}

bool IsLater(const TaskState& a, const TaskState& b) {
  if (a.created_ms != b.created_ms) return a.created_ms > b.created_ms;
  return Escape(a.task_exec_id) > Escape(b.task_exec_id);
}

TaskMap ReachableTasks(const std::vector<TaskState>& tasks) {
  std::multimap<std::string, const TaskState*> children;
  std::vector<const TaskState*> open;
  for (const TaskState& task : tasks) {
    if (task.parent_state_id) {
      children.emplace(*task.parent_state_id, &task);
    } else {
      open.push_back(&task);
    }
  }
  TaskMap map;
  std::set<std::string_view> seen;
  while (!open.empty()) {
    const TaskState* task = open.back();
    open.pop_back();
    if (!seen.insert(task->task_exec_id).second) continue;
    const auto [at, is_new] = map.emplace(task->task_id, *task);
    if (!is_new && IsLater(*task, at->second)) at->second = *task;
    const auto [first, last] = children.equal_range(task->task_exec_id);
    for (auto child = first; child != last; ++child) open.push_back(child->second);
  }
  return map;
}

}  // namespace satchel::repos
