// The states of workflow executions and of their tasks, as values.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "repos/fields.h"
#include "repos/status.h"

namespace satchel::repos {

struct TaskState {
  StateComponent component = StateComponent::kTask;
  Status status = Status::kPending;
  std::string task_id;
  std::string task_exec_id;
  std::string workflow_id;
  std::string workflow_exec_id;
  std::optional<std::string> parent_state_id = {};  // a task_exec_id of the same execution
  std::optional<std::string> usage = {};            // JSON, see repos/usage.h
  ExecutionType execution_type = ExecutionType::kBasic;
  std::optional<std::string> agent_id = {};
  std::optional<std::string> action_id = {};
  std::optional<std::string> tool_id = {};
  std::optional<std::string> input = {};  // JSON, as are the next two
  std::optional<std::string> output = {};
  std::optional<std::string> error = {};
  std::int64_t created_ms = 0;  // set by the store, as is all that follows
  std::int64_t updated_ms = 0;
  std::uint64_t version = 0;
  std::optional<std::int64_t> deadline_ms = {};

  bool operator==(const TaskState&) const = default;
};

// By task_id; for one task_id the latest created.
using TaskMap = std::map<std::string, TaskState>;

struct WorkflowState {
  std::string workflow_id;
  std::string workflow_exec_id;
  Status status = Status::kRunning;
  std::optional<std::string> usage = {};  // JSON, see repos/usage.h
  std::optional<std::string> input = {};  // JSON, as are the next two
  std::optional<std::string> output = {};
  std::optional<std::string> error = {};
  TaskMap tasks = {};           // filled on read, never stored
  std::int64_t created_ms = 0;  // set by the store, as is all that follows
  std::int64_t updated_ms = 0;
  std::uint64_t version = 0;
  std::optional<std::int64_t> deadline_ms = {};

  bool operator==(const WorkflowState&) const = default;
};

// A task by its execution id. With the execution of its workflow one round trip is saved.
struct TaskRef {
  std::string task_exec_id;
  std::optional<std::string> workflow_exec_id = {};
};

// Errors: kCorrupt.
Result<TaskState> TaskOfFields(const Fields& fields);
Result<WorkflowState> WorkflowOfFields(const Fields& fields);

// What belongs to a workflow's state: from the tasks without parent downwards. Tasks whose parent
// is missing do not appear; a cycle is cut.
TaskMap ReachableTasks(const std::vector<TaskState>& tasks);

// Latest created: the greatest (created, id), ids in escaped form.
bool IsLater(const TaskState& a, const TaskState& b);

}  // namespace satchel::repos
