// TaskStore::Pending: one write of a task on its way. Internal to the task store.

#pragma once

#include <string>
#include <vector>

#include "repos/task_store.h"

namespace satchel::repos {

struct TaskStore::Pending {
  std::string exec;
  std::string task;
  std::string workflow_id;
  bool is_terminal = false;
  std::string mark;
  bool made_locator = false;
  std::vector<std::string> keys;  // of task_put
  std::vector<std::string> args;
};

}  // namespace satchel::repos
