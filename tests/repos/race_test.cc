// Four threads write what they like; afterwards every index says what the objects say.

#include <thread>

#include "tests/repos/workflow_test.h"

namespace satchel::repos {
namespace {

using std::chrono::milliseconds;

class RaceContract : public WorkflowTest {
 protected:
  static constexpr int kExecs = 3;
  static constexpr int kTasks = 6;

  // One random write. Refusals are part of the game, failures are not.
  void Step(Random& chance) {
    const std::string exec = "e" + std::to_string(chance.Below(kExecs));
    const auto status = static_cast<Status>(chance.Below(kStatuses));
    switch (chance.Below(10)) {
      case 0:
        Allow(workflows->DeleteState(exec));
        break;
      case 1:
      case 2:
        Allow(workflows->UpsertState(
            {.workflow_id = "w", .workflow_exec_id = exec, .status = status}));
        break;
      case 3:
        Allow(workflows->UpdateStatus(exec, status));
        break;
      case 4:
        Allow(tasks->DeleteState({TaskId(chance, exec), exec}));
        break;
      default: {
        TaskState task = Task("t" + std::to_string(chance.Below(kTasks)), exec, status);
        if (chance.Below(2) == 0) task.parent_state_id = TaskId(chance, exec);
        if (chance.Below(2) == 0) task.tool_id = "l" + std::to_string(chance.Below(2));
        Allow(tasks->UpsertState(task));
      }
    }
  }
  static std::string TaskId(Random& chance, const std::string& exec) {
    return "t" + std::to_string(chance.Below(kTasks)) + "@" + exec;
  }
  template <class T>
  static void Allow(const Result<T>& result) {
    if (result) return;
    EXPECT_THAT(result.error().code,
                testing::AnyOf(ErrorCode::kWorkflowNotFound, ErrorCode::kTaskNotFound,
                               ErrorCode::kInvalidArgument))
        << result.error().detail;
  }

  // Every list, against the objects as they are.
  void ExpectIndexesToAgree() {
    std::map<std::string, TaskState> stored;
    std::map<Status, std::vector<std::string>> execs;
    for (int i = 0; i < kExecs; ++i) {
      const std::string exec = "e" + std::to_string(i);
      const auto state = workflows->GetState(exec);
      if (state) execs[state->status].push_back(exec);
      const auto in_exec = tasks->ListStates({.workflow_exec_id = exec});
      ASSERT_TRUE(in_exec);
      for (const TaskState& task : in_exec->items) {
        EXPECT_EQ(tasks->GetState({task.task_exec_id, exec}).value(), task);
        EXPECT_TRUE(state) << "a task without its execution";
        stored.emplace(task.task_exec_id, task);
      }
    }
    for (std::size_t i = 0; i < kStatuses; ++i) {
      const auto status = static_cast<Status>(i);
      auto listed = Execs(workflows->ListStates({.status = status}));
      std::ranges::sort(listed);
      EXPECT_EQ(listed, execs[status]) << StatusName(status);
      std::vector<std::string> expected;
      for (const auto& [id, task] : stored) {
        if (task.status == status) expected.push_back(id);
      }
      auto found = Ids(TaskFilter{.status = status, .workflow_id = "w"});
      std::ranges::sort(found);
      EXPECT_EQ(found, expected) << StatusName(status);
    }
    for (const auto& [id, task] : stored) {
      EXPECT_TRUE(tasks->GetState({id})) << "its locator leads to it";
      EXPECT_TRUE(workflows->GetStateByTaskId("w", task.task_id));
    }
    EXPECT_EQ(Run({"ZCARD", "satchel:v1:wf:{wi:acme}:dirty"}).integer, 0);
    EXPECT_EQ(Run({"ZCARD", "satchel:v1:wf:{ww:acme:w}:dirty"}).integer, 0);
  }
};

TEST_P(RaceContract, IndexesAgreeWithObjectsAfterRandomWritesOfFourThreads) {
  const std::uint64_t seed =
      testing::UnitTest::GetInstance()->random_seed() > 0
          ? static_cast<std::uint64_t>(testing::UnitTest::GetInstance()->random_seed())
          : 4711;
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (std::uint64_t round = 0; round < 3; ++round) {
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        Random chance(seed + 100 * round + i);
        for (int step = 0; step < 40; ++step) Step(chance);
      });
    }
    for (std::thread& thread : threads) thread.join();
    Jump(milliseconds(2001));
    ExpectIndexesToAgree();
  }
}

SATCHEL_EVERY_HOME(RaceContract);

}  // namespace
}  // namespace satchel::repos
