// Executions and tasks, as the contracts of both stores use them.

#pragma once

#include "base/text.h"
#include "repos/keys.h"
#include "repos/task_store.h"
#include "repos/workflow_store.h"
#include "tests/repos/repo_test.h"

namespace satchel::repos {

class WorkflowTest : public RepoTest {
 protected:
  WorkflowTest() {
    locks.emplace(*store, Options());
    workflows.emplace(*store, WorkflowOptions{.repo = Options()});
    tasks.emplace(*store, *locks, TaskOptions{.repo = Options()});
  }

  WorkflowState Start(const std::string& exec, const std::string& workflow = "w",
                      Status status = Status::kRunning) {
    auto state = workflows->UpsertState(
        {.workflow_id = workflow, .workflow_exec_id = exec, .status = status});
    EXPECT_TRUE(state) << state.error().detail;
    return state.value_or(WorkflowState{});
  }
  static TaskState Task(const std::string& id, const std::string& exec = "e",
                        Status status = Status::kRunning) {
    return {.status = status,
            .task_id = id,
            .task_exec_id = id + "@" + exec,
            .workflow_id = "w",
            .workflow_exec_id = exec};
  }
  static TaskState Child(const std::string& id, const std::string& parent,
                         Status status = Status::kRunning) {
    TaskState task = Task(id, "e", status);
    task.parent_state_id = parent + "@e";
    return task;
  }
  TaskState Put(const TaskState& task) {
    auto stored = tasks->UpsertState(task);
    EXPECT_TRUE(stored) << stored.error().detail;
    return stored.value_or(TaskState{});
  }

  static std::vector<std::string> Execs(const Result<PageOf<WorkflowState>>& page) {
    EXPECT_TRUE(page) << page.error().detail;
    std::vector<std::string> ids;
    if (page) {
      for (const WorkflowState& state : page->items) ids.push_back(state.workflow_exec_id);
    }
    return ids;
  }
  static std::vector<std::string> Ids(const std::vector<TaskState>& list) {
    std::vector<std::string> ids;
    for (const TaskState& task : list) ids.push_back(task.task_exec_id);
    return ids;
  }
  std::vector<std::string> Ids(const TaskFilter& filter, const Page& page = {}) {
    const auto found = tasks->ListStates(filter, page);
    EXPECT_TRUE(found) << found.error().detail;
    return found ? Ids(found->items) : std::vector<std::string>();
  }

  std::optional<LockManager> locks;
  std::optional<WorkflowStore> workflows;
  std::optional<TaskStore> tasks;
};

}  // namespace satchel::repos
