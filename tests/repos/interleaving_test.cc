// Writers, deleters and sweeps of one task, command by command in random orders, with and without
// a crash: whatever comes between, a locator leads to each task and each list has it.

#include "tests/repos/interleaving.h"

#include "repos/sweeper.h"
#include "tests/repos/workflow_test.h"

namespace satchel::repos {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetention = std::chrono::hours(1);
constexpr int kSchedules = 150;

const std::vector<std::string> kExecIds = {"e", "f"};
const std::vector<std::string> kTaskIds = {"t", "u"};

// What one process has.
struct Process {
  Process(store::Store& store, const RepoOptions& options)
      : locks(store, options),
        workflows(store, {.repo = options, .retention = kRetention}),
        tasks(store, locks, {.repo = options, .retention = kRetention}) {}
  LockManager locks;
  WorkflowStore workflows;
  TaskStore tasks;
};

class InterleavingContract : public WorkflowTest {
 protected:
  // "t" is top level, "u" below it; both may be in either execution.
  static TaskState TaskOf(const std::string& id, const std::string& exec, Status status) {
    TaskState task = Task(id, exec, status);
    task.task_exec_id = id;
    if (id == "u") task.parent_state_id = "t";
    return task;
  }

  Interleaving::Operation RandomOperation(Random& chance) {
    const std::string exec = kExecIds[chance.Below(4) / 3];  // mostly the first
    const std::string id = kTaskIds[chance.Below(2)];
    const Status status = chance.Below(3) == 0 ? Status::kSuccess : Status::kRunning;
    switch (chance.Below(9)) {
      case 0:
        return [=, this](store::Store& at) {
          (void)Process(at, Options()).workflows.DeleteState(exec);
        };
      case 1:
        return [=, this](store::Store& at) {
          (void)Process(at, Options())
              .workflows.UpsertState(
                  {.workflow_id = "w", .workflow_exec_id = exec, .status = status});
        };
      case 2:
        return [=, this](store::Store& at) {
          (void)Process(at, Options()).tasks.RemoveExpired(exec, id);
        };
      case 3:
        return [this](store::Store& at) { Sweep(at); };
      case 4:
        return [=, this](store::Store& at) {
          (void)Process(at, Options()).tasks.WithTransaction(exec, [&](TaskTransaction& open) {
            (void)open.UpsertState(TaskOf("t", exec, status));
            (void)open.UpsertState(TaskOf("u", exec, status));
            return Result<void>();
          });
        };
      case 5:
      case 6:
        return [=, this](store::Store& at) {
          (void)Process(at, Options()).tasks.DeleteState({id, exec});
        };
      default:
        return [=, this](store::Store& at) {
          (void)Process(at, Options()).tasks.UpsertState(TaskOf(id, exec, status));
        };
    }
  }
  void Sweep(store::Store& at) {
    const auto config = store::LoadConfig({.environment = {{"SATCHEL_TENANT", "acme"}}});
    const auto provider = *Provider::Over(
        *config, [&](store::Component) -> store::Store& { return at; }, Options());
    (void)Sweeper(*provider, {.repo = Options(), .task_retention = kRetention}).Run();
  }

  // Executions and tasks, some of them expired, or gone by themselves.
  void Prepare(Random& chance) {
    Run({"FLUSHALL"});
    Process process(*store, Options());
    for (const std::string& exec : kExecIds) {
      if (chance.Below(4) == 0) continue;
      const Status status = chance.Below(4) == 0 ? Status::kSuccess : Status::kRunning;
      ASSERT_TRUE(process.workflows.UpsertState(
          {.workflow_id = "w", .workflow_exec_id = exec, .status = status}));
      if (chance.Below(3) == 0 || exec == "f") continue;
      const Status of_task = chance.Below(2) == 0 ? Status::kSuccess : Status::kRunning;
      for (const std::string& id : kTaskIds) {
        ASSERT_TRUE(process.tasks.UpsertState(TaskOf(id, exec, of_task)));
      }
    }
    const auto age = chance.Below(4);
    if (age == 0) Jump(kRetention);
    // Tasks that the store removes by itself leave their locators to sweeps.
    are_vanished_ = age == 1 && !is_redis();
    if (are_vanished_) Jump(kRetention + std::chrono::hours(24));
  }

  struct Stored {
    std::vector<TaskState> tasks;
    std::vector<std::string> execs;
  };
  // Objects that are there for readers, whatever indexes say.
  Stored Objects() {
    Stored stored;
    for (const std::string& exec : kExecIds) {
      if (workflows->GetState(exec)) stored.execs.push_back(exec);
      for (const std::string& id : kTaskIds) {
        auto task = tasks->GetState({id, exec});
        if (task) stored.tasks.push_back(std::move(*task));
      }
    }
    return stored;
  }
  std::string Locator(const std::string& id) {
    return Run({"GET", "satchel:v1:task:{tx:acme:" + id + "}:loc"}).text;
  }

  void ExpectCompleteIndexes() {
    Jump(milliseconds(2001));
    const auto execs = Execs(workflows->ListStates());
    const auto of_workflow = Execs(workflows->ListStates({.workflow_id = "w"}));
    const auto ids = Ids(TaskFilter{.workflow_id = "w"});
    const Stored stored = Objects();
    for (const std::string& exec : stored.execs) {
      EXPECT_THAT(execs, testing::Contains(exec));
      EXPECT_THAT(of_workflow, testing::Contains(exec));
    }
    for (const TaskState& task : stored.tasks) {
      EXPECT_THAT(ids, testing::Contains(task.task_exec_id));
      EXPECT_TRUE(tasks->GetState({task.task_exec_id})) << "its locator leads to a task";
    }
    EXPECT_EQ(Run({"ZCARD", "satchel:v1:wf:{wi:acme}:dirty"}).integer, 0);
    EXPECT_EQ(Run({"ZCARD", "satchel:v1:wf:{ww:acme:w}:dirty"}).integer, 0);
  }
  void ExpectNoLocatorWithoutATask() {
    for (const std::string& id : kTaskIds) {
      if (Locator(id).empty() || are_vanished_) continue;
      const std::string key = "satchel:v1:task:{wx:acme:" + Locator(id) + "}:state:" + id;
      EXPECT_EQ(Run({"EXISTS", key}).integer, 1) << Locator(id) << " has no task " << id;
    }
  }

 private:
  bool are_vanished_ = false;
};

TEST_P(InterleavingContract, ListsAndLocatorsHaveEveryObjectInAnyOrderOfCommands) {
  const auto first = static_cast<std::uint64_t>(testing::UnitTest::GetInstance()->random_seed());
  for (std::uint64_t seed = first; seed < first + kSchedules; ++seed) {
    Random chance(seed);
    Prepare(chance);
    std::vector<Interleaving::Operation> operations;
    for (auto i = 2 + chance.Below(2); i > 0; --i) operations.push_back(RandomOperation(chance));
    Interleaving interleaving(*store, seed);
    interleaving.Run(operations);
    ExpectNoLocatorWithoutATask();
    ExpectCompleteIndexes();
    ASSERT_FALSE(HasFailure()) << "seed " << seed << "\n" << interleaving.log();
  }
}

TEST_P(InterleavingContract, ACrashBetweenAnyTwoCommandsLosesNoObjectFromListsAndLocators) {
  const auto first = static_cast<std::uint64_t>(testing::UnitTest::GetInstance()->random_seed());
  for (std::uint64_t seed = first; seed < first + kSchedules; ++seed) {
    Random chance(seed);
    Prepare(chance);
    std::vector<Interleaving::Operation> operations;
    for (auto i = 1 + chance.Below(3); i > 0; --i) operations.push_back(RandomOperation(chance));
    Interleaving interleaving(*store, seed);
    interleaving.Run(operations, Interleaving::Crash{.operation = 0, .call = chance.Below(12)});
    ExpectCompleteIndexes();
    ASSERT_FALSE(HasFailure()) << "seed " << seed << "\n" << interleaving.log();
  }
}

SATCHEL_EVERY_HOME(InterleavingContract);

}  // namespace
}  // namespace satchel::repos
