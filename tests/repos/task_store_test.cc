#include "repos/task_store.h"

#include <thread>

#include "tests/repos/workflow_test.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class TaskContract : public WorkflowTest {};

TEST_P(TaskContract, AChildNeedsAnExistingParentInTheSameExecution) {
  Start("e");
  Start("f");
  EXPECT_EQ(tasks->UpsertState(Child("c", "none")).error().code, ErrorCode::kTaskNotFound);
  Put(Task("p", "f"));
  TaskState child = Child("c", "p");
  child.parent_state_id = "p@f";
  EXPECT_EQ(tasks->UpsertState(child).error().code, ErrorCode::kTaskNotFound);
  Put(Task("p"));
  EXPECT_EQ(Put(Child("c", "p")).parent_state_id, "p@e");
  EXPECT_EQ(tasks->UpsertState(Task("t", "none")).error().code, ErrorCode::kWorkflowNotFound);
  TaskState other = Task("t");
  other.workflow_id = "x";
  EXPECT_EQ(tasks->UpsertState(other).error().subject, "workflow_id");
  TaskState moved = Task("p", "f");
  moved.task_exec_id = "p@e";
  EXPECT_EQ(tasks->UpsertState(moved).error().subject, "workflow_exec_id");
  EXPECT_THAT(Ids(TaskFilter{}), ElementsAre("c@e", "p@f", "p@e"));
  ExpectOneSlotEach();
}

TEST_P(TaskContract, AParentBelowItsOwnChildIsRefused) {
  Start("e");
  Put(Task("a"));
  Put(Child("b", "a"));
  Put(Child("c", "b"));
  TaskState task = Task("a");
  for (const char* parent : {"a@e", "b@e", "c@e"}) {
    task.parent_state_id = parent;
    EXPECT_EQ(tasks->UpsertState(task).error().subject, "parent_state_id") << parent;
  }
  EXPECT_EQ(tasks->GetState({"a@e"})->version, 1u);
  TaskState moved = Child("c", "a");
  EXPECT_EQ(Put(moved).parent_state_id, "a@e");
}

TEST_P(TaskContract, TheWorkerFitsToTheType) {
  Start("e");
  const auto subject = [&](std::optional<std::string> agent, std::optional<std::string> action,
                           std::optional<std::string> tool,
                           ExecutionType type = ExecutionType::kBasic) {
    TaskState task = Task("t");
    task.agent_id = std::move(agent);
    task.action_id = std::move(action);
    task.tool_id = std::move(tool);
    task.execution_type = type;
    const auto put = tasks->UpsertState(task);
    return put ? "" : put.error().subject;
  };
  EXPECT_EQ(subject("a", "x", {}), "");
  EXPECT_EQ(subject({}, {}, "t"), "");
  EXPECT_EQ(subject({}, {}, {}), "");
  EXPECT_EQ(subject("a", {}, {}), "action_id");
  EXPECT_EQ(subject({}, "x", {}), "agent_id");
  EXPECT_EQ(subject("a", "x", "t"), "tool_id");
  EXPECT_EQ(subject({}, {}, "t", ExecutionType::kRouter), "execution_type");
  EXPECT_EQ(subject({}, {}, {}, ExecutionType::kRouter), "");
  EXPECT_EQ(subject("a", "x", "t", ExecutionType::kParallel), "");
  EXPECT_EQ(subject("a", {}, {}, ExecutionType::kParallel), "action_id");
}

TEST_P(TaskContract, AStateComesBackAsItWasPut) {
  Start("e");
  TaskState task = Task("t", "e", Status::kWaiting);
  task.component = StateComponent::kAgent;
  task.execution_type = ExecutionType::kCollection;
  task.agent_id = "a";
  task.action_id = "x";
  task.usage = "[{\"provider\":\"p\",\"model\":\"m\",\"n\":1}]";
  task.input = "{\"big\": 12345678901234567890}";
  task.output = " [1.0] ";
  task.error = "null";
  const TaskState stored = Put(task);
  task.created_ms = stored.created_ms;
  task.updated_ms = clock.NowMs();
  task.version = 1;
  EXPECT_EQ(stored, task);
  EXPECT_EQ(tasks->GetState({"t@e"}).value(), task);
  EXPECT_EQ(tasks->GetState({"t@e", "e"}).value(), task);
  EXPECT_EQ(tasks->GetState({"t@e", "other"}).error().code, ErrorCode::kTaskNotFound);
  EXPECT_EQ(tasks->GetState({"none"}).error().code, ErrorCode::kTaskNotFound);
  EXPECT_THAT(**tasks->GetUsageSummary({"t@e"}), testing::HasSubstr("\"n\":1"));
  EXPECT_EQ(tasks->GetUsageSummary({"none"}).error().code, ErrorCode::kTaskNotFound);
  EXPECT_EQ(Put(Task("t")).input, std::nullopt) << "a replacement replaces all";
  EXPECT_EQ(tasks->GetUsageSummary({"t@e"}).value(), std::nullopt);
}

TEST_P(TaskContract, EveryFilterFieldWorksAloneAndCombined) {
  Start("e");
  Start("f");
  Start("v", "v");
  TaskState one = Task("one");
  one.agent_id = "ag";
  one.action_id = "ac";
  Put(one);
  TaskState two = Child("two", "one", Status::kPaused);
  two.tool_id = "tl";
  Put(two);
  TaskState three = Task("three", "f");
  three.execution_type = ExecutionType::kWait;
  Put(three);
  TaskState four = Task("one", "v");
  four.workflow_id = "v";
  Put(four);
  using F = TaskFilter;
  const std::vector<std::pair<F, std::vector<std::string>>> rows = {
      {F{.status = Status::kPaused}, {"two@e"}},
      {F{.workflow_id = "v"}, {"one@v"}},
      {F{.workflow_exec_id = "f"}, {"three@f"}},
      {F{.task_id = "two"}, {"two@e"}},
      {F{.task_exec_id = "one@e"}, {"one@e"}},
      {F{.parent_state_id = "one@e"}, {"two@e"}},
      {F{.agent_id = "ag"}, {"one@e"}},
      {F{.action_id = "ac"}, {"one@e"}},
      {F{.tool_id = "tl"}, {"two@e"}},
      {F{.execution_type = ExecutionType::kWait}, {"three@f"}},
      {F{.workflow_id = "w", .task_id = "one"}, {"one@e"}},
      {F{.status = Status::kRunning, .workflow_exec_id = "e"}, {"one@e"}},
      {F{.status = Status::kRunning, .agent_id = "ag", .action_id = "ac"}, {"one@e"}},
      {F{.status = Status::kPaused, .agent_id = "ag"}, {}},
      {F{.workflow_id = "v", .workflow_exec_id = "e"}, {}},
      {F{.workflow_exec_id = "e", .parent_state_id = "one@e", .tool_id = "tl"}, {"two@e"}},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(Ids(rows[i].first), rows[i].second) << "row " << i;
  }
  EXPECT_EQ(Ids(F{}).size(), 4u);
  EXPECT_EQ(Ids(F{.workflow_id = "w"}).size(), 3u);
}

TEST_P(TaskContract, PagesRunOverAllWorkflows) {
  std::vector<std::string> expected;
  for (int i = 0; i < 9; ++i) {
    const std::string name = "w" + std::to_string(i % 3);
    if (i < 3) Start(name, name);
    TaskState task = Task("t" + std::to_string(i), name);
    task.workflow_id = name;
    Put(task);
    expected.insert(expected.begin(), task.task_exec_id);
    Jump(milliseconds(2));
  }
  for (const std::int64_t limit : {1, 2, 4, 9}) {
    std::vector<std::string> all;
    Page page{.limit = limit};
    while (true) {
      const auto found = tasks->ListStates({}, page);
      ASSERT_TRUE(found) << found.error().detail;
      for (const TaskState& task : found->items) all.push_back(task.task_exec_id);
      EXPECT_LE(found->items.size(), static_cast<std::size_t>(limit));
      if (!found->next) break;
      page.cursor = *found->next;
    }
    EXPECT_EQ(all, expected) << "pages of " << limit;
  }
}

TEST_P(TaskContract, ChangingAFieldLeavesNoEntryUnderTheOldValue) {
  Start("e");
  TaskState task = Task("t");
  task.agent_id = "a";
  task.action_id = "x";
  task.output = "1";
  Put(task);
  const auto members = [&] { return Run({"ZCARD", "satchel:v1:task:{wx:acme:e}:ix"}).integer; };
  EXPECT_EQ(members(), 9);
  task.agent_id = "b";
  task.status = Status::kPaused;
  Put(task);
  EXPECT_EQ(members(), 9);
  EXPECT_THAT(Ids(*tasks->ListTasksByAgent("e", "a")), IsEmpty());
  EXPECT_THAT(Ids(*tasks->ListTasksByAgent("e", "b")), ElementsAre("t@e"));
  EXPECT_THAT(Ids(*tasks->ListTasksByStatus("e", Status::kRunning)), IsEmpty());
  EXPECT_THAT(Ids(TaskFilter{.status = Status::kRunning}), IsEmpty());
  EXPECT_THAT(Ids(TaskFilter{.status = Status::kPaused}), ElementsAre("t@e"));
  task.agent_id.reset();
  task.action_id.reset();
  task.tool_id = "tool";
  task.output.reset();
  Put(task);
  EXPECT_EQ(members(), 7);
  EXPECT_THAT(Ids(*tasks->ListTasksByTool("e", "tool")), ElementsAre("t@e"));
  EXPECT_THAT(*tasks->ListTasksInWorkflow("e"), ElementsAre(Pair("t", testing::_)));
}

TEST_P(TaskContract, ChildrenAreOrderedByTaskId) {
  Start("e");
  Put(Task("p"));
  for (const char* id : {"b", "a", "c"}) Put(Child(id, "p"));
  TaskState again = Child("a", "p");
  again.task_exec_id = "0";
  Put(again);
  EXPECT_THAT(Ids(*tasks->ListChildren({"p@e"})), ElementsAre("a@e", "0", "b@e", "c@e"));
  EXPECT_THAT(*tasks->ListChildren({"none"}), IsEmpty());
  EXPECT_THAT(*tasks->ListChildren({"b@e"}), IsEmpty());
}

TEST_P(TaskContract, LatestChildWinsByTaskId) {
  Start("e");
  Put(Task("p"));
  TaskState old = Child("c", "p");
  old.output = "1";
  Put(old);
  TaskState late = Child("c", "p");
  late.task_exec_id = "0";
  late.output = "2";
  Put(late);
  Put(Child("silent", "p"));
  EXPECT_EQ(tasks->GetChildByTaskId({"p@e"}, "c")->task_exec_id, "0");
  EXPECT_THAT(*tasks->ListChildrenOutputs({"p@e"}), ElementsAre(Pair("c", "2")));
  EXPECT_EQ(tasks->GetChildByTaskId({"p@e"}, "none").error().code, ErrorCode::kTaskNotFound);
  EXPECT_EQ(tasks->GetChildByTaskId({"none"}, "c").error().code, ErrorCode::kTaskNotFound);
  EXPECT_THAT(*tasks->ListChildrenOutputs({"none"}), IsEmpty());
}

TEST_P(TaskContract, TreesDeeperThan100AreComplete) {
  Start("e");
  Put(Task("0"));
  for (int i = 1; i <= 120; ++i) Put(Child(std::to_string(i), std::to_string(i - 1)));
  const auto tree = tasks->GetTaskTree({"0@e"});
  ASSERT_TRUE(tree) << tree.error().detail;
  ASSERT_EQ(tree->rows.size(), 121u);
  EXPECT_EQ(tree->truncated, TreeCut::kNone);
  for (std::int64_t i = 0; i <= 120; ++i) {
    EXPECT_EQ(tree->rows[static_cast<std::size_t>(i)].depth, i);
  }
}

TEST_P(TaskContract, ADepthLimitSetsTheTruncationFlag) {
  Start("e");
  Put(Task("r"));
  for (const char* id : {"b", "a"}) Put(Child(id, "r"));
  Put(Child("c", "a"));
  const auto limited = tasks->GetTaskTree({"r@e"}, {.max_depth = 1});
  EXPECT_EQ(limited->rows.size(), 3u);
  EXPECT_EQ(limited->truncated, TreeCut::kDepth);
  EXPECT_EQ(limited->rows[1].task.task_id, "b") << "by creation";
  EXPECT_EQ(tasks->GetTaskTree({"r@e"}, {.max_depth = 2})->truncated, TreeCut::kNone);
  const auto few = tasks->GetTaskTree({"r@e"}, {.max_nodes = 2});
  EXPECT_EQ(few->rows.size(), 2u);
  EXPECT_EQ(few->truncated, TreeCut::kNodes);
  EXPECT_EQ(tasks->GetTaskTree({"r@e"}, {.max_nodes = 4})->truncated, TreeCut::kNone);
  EXPECT_EQ(tasks->GetTaskTree({"r@e"}, {.max_depth = -1}).error().subject, "max_depth");
  EXPECT_EQ(tasks->GetTaskTree({"r@e"}, {.max_nodes = 0}).error().subject, "max_nodes");
}

TEST_P(TaskContract, AStoredCycleEndsAndIsFlagged) {
  Start("e");
  const TaskState a = Put(Task("a"));
  Put(Child("b", "a"));
  Run({"ZADD", "satchel:v1:task:{wx:acme:e}:ix", "0",
       "ch b@e a " + ("000" + FormatInt(a.created_ms)) + " a@e"});
  const auto tree = tasks->GetTaskTree({"a@e"});
  EXPECT_EQ(tree->rows.size(), 2u);
  EXPECT_EQ(tree->truncated, TreeCut::kCycle);
  EXPECT_TRUE(*tasks->DeleteState({"a@e"}));
}

TEST_P(TaskContract, AMissingRootGivesAnEmptyTree) {
  Start("e");
  EXPECT_THAT(tasks->GetTaskTree({"none"})->rows, IsEmpty());
  EXPECT_THAT(tasks->GetTaskTree({"none", "e"})->rows, IsEmpty());
}

TEST_P(TaskContract, ProgressCountsTheChildren) {
  Start("e");
  Put(Task("p"));
  const auto empty = tasks->GetProgressInfo({"p@e"});
  EXPECT_EQ(empty->total, 0u);
  EXPECT_EQ(empty->status, Status::kPending);
  EXPECT_EQ(tasks->GetProgressInfo({"none"})->total, 0u);
  int n = 0;
  for (const Status status : {Status::kSuccess, Status::kSuccess, Status::kFailed,
                              Status::kTimedOut, Status::kWaiting, Status::kPending}) {
    Put(Child("c" + std::to_string(n++), "p", status));
  }
  Put(Child("below", "c0", Status::kRunning));
  const auto progress = tasks->GetProgressInfo({"p@e"}, ProgressStrategy::kRace);
  EXPECT_EQ(progress->total, 6u);
  EXPECT_EQ(progress->success, 2u);
  EXPECT_EQ(progress->running, 1u);
  EXPECT_EQ(progress->pending, 1u);
  EXPECT_EQ(progress->terminal, 4u);
  EXPECT_DOUBLE_EQ(progress->completion_rate, 2.0 / 6);
  EXPECT_DOUBLE_EQ(progress->failure_rate, 2.0 / 6);
  EXPECT_EQ(progress->status, Status::kSuccess);
  Jump(hours(7 * 24));
  EXPECT_EQ(tasks->GetProgressInfo({"p@e"})->total, 2u) << "expired rows never count";
}

TEST_P(TaskContract, ForUpdateOutsideATransactionIsRefused) {
  EXPECT_EQ(tasks->GetStateForUpdate({"t@e"}).error().code, ErrorCode::kNotInTransaction);
}

TEST_P(TaskContract, ATransactionSeesItsOwnWritesAndCommitsThemTogether) {
  Start("e");
  Put(Task("old"));
  const auto done = tasks->WithTransaction("e", [&](TaskTransaction& tx) -> Result<void> {
    SATCHEL_TRY(tx.UpsertState(Task("new")));
    SATCHEL_TRY(tx.UpsertState(Child("child", "new", Status::kSuccess)));
    EXPECT_EQ(tx.GetState("child@e")->status, Status::kSuccess);
    EXPECT_EQ(tx.GetState("none").error().code, ErrorCode::kTaskNotFound);
    EXPECT_THAT(Ids(*tx.ListStates()), ElementsAre("child@e", "new@e", "old@e"));
    EXPECT_EQ(tasks->GetState({"new@e", "e"}).error().code, ErrorCode::kTaskNotFound);
    return tx.WithTransaction("e", [&](TaskTransaction& inner) -> Result<void> {
      SATCHEL_TRY(inner.UpsertState(Task("nested")));
      return inner.WithTransaction("f", [](TaskTransaction&) { return Result<void>(); });
    });
  });
  EXPECT_EQ(done.error().code, ErrorCode::kNestedTag);
  EXPECT_THAT(Ids(TaskFilter{}), ElementsAre("old@e"));
  EXPECT_TRUE(tasks->WithTransaction("e", [&](TaskTransaction& tx) -> Result<void> {
    SATCHEL_TRY(tx.UpsertState(Task("new")));
    SATCHEL_TRY(tx.UpsertState(Child("child", "new", Status::kSuccess)));
    return {};
  }));
  EXPECT_THAT(Ids(TaskFilter{}), ElementsAre("child@e", "new@e", "old@e"));
  EXPECT_THAT(Ids(TaskFilter{.status = Status::kSuccess}), ElementsAre("child@e"));
}

TEST_P(TaskContract, ScriptsWorkAfterTheServerForgotThemAlsoInsideATransaction) {
  Start("e");
  Put(Task("t"));
  Run({"SCRIPT", "FLUSH"});
  EXPECT_TRUE(tasks->WithTransaction("e", [&](TaskTransaction& tx) -> Result<void> {
    SATCHEL_TRY(tx.UpsertState(Task("u")));
    Run({"SCRIPT", "FLUSH"});
    return {};
  }));
  EXPECT_THAT(Ids(TaskFilter{}), ElementsAre("u@e", "t@e"));
  Run({"SCRIPT", "FLUSH"});
  EXPECT_TRUE(*tasks->DeleteState({"u@e"}));
  EXPECT_THAT(Ids(TaskFilter{.workflow_exec_id = "e"}), ElementsAre("t@e"));
}

TEST_P(TaskContract, AnAbortedCommitIsRetriedAndThenReported) {
  Start("e");
  Put(Task("t"));
  int runs = 0;
  const auto disturb_until = [&](int last) {
    runs = 0;
    return tasks->WithTransaction("e", [&](TaskTransaction& tx) -> Result<void> {
      SATCHEL_ASSIGN(TaskState task, tx.GetState("t@e"));
      if (++runs <= last) Put(Task("t", "e", Status::kWaiting));
      task.status = Status::kPaused;
      SATCHEL_TRY(tx.UpsertState(task));
      return {};
    });
  };
  EXPECT_TRUE(disturb_until(2));
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(tasks->GetState({"t@e"})->status, Status::kPaused);
  const auto lost = disturb_until(100);
  EXPECT_EQ(lost.error().code, ErrorCode::kConflict);
  EXPECT_EQ(lost.error().actual, 8u);
  EXPECT_EQ(runs, 8);
  EXPECT_EQ(Run({"ZCARD", "satchel:v1:wf:{ww:acme:w}:dirty"}).integer, 0);
}

TEST_P(TaskContract, ATransactionThatRanAgainIsDueWhenItsTaskIs) {
  Start("e");
  Put(Task("t"));
  int runs = 0;
  EXPECT_TRUE(tasks->WithTransaction("e", [&](TaskTransaction& tx) -> Result<void> {
    SATCHEL_ASSIGN(TaskState task, tx.GetState("t@e"));
    if (++runs == 1) Put(Task("t", "e", Status::kWaiting));
    if (runs == 2) Jump(milliseconds(5000));
    task.status = Status::kSuccess;
    SATCHEL_TRY(tx.UpsertState(task));
    return {};
  }));
  EXPECT_EQ(runs, 2);
  const std::string deadline = std::to_string(*tasks->GetState({"t@e"})->deadline_ms);
  EXPECT_EQ(Run({"ZCOUNT", "satchel:v1:gc:{gc:acme}:due", deadline, deadline}).integer, 1);
}

TEST_P(TaskContract, AFailedCommitIsNotReportedAsSuccess) {
  Start("e");
  for (const char* part : {"EXEC", "MULTI"}) {
    store->FailOnce(part, MakeError(ErrorCode::kUnavailable, "down"));
    const auto done = tasks->WithTransaction("e", [&](TaskTransaction& tx) -> Result<void> {
      SATCHEL_TRY(tx.UpsertState(Task("t")));
      return {};
    });
    EXPECT_EQ(done.error().code, ErrorCode::kUnavailable) << part;
  }
  EXPECT_EQ(tasks->GetState({"t@e", "e"}).error().code, ErrorCode::kTaskNotFound);
  EXPECT_TRUE(tasks->UpsertState(Task("t")));
}

TEST_P(TaskContract, ErrorsAndExceptionsRollBack) {
  Start("e");
  const auto failing = tasks->WithTransaction("e", [&](TaskTransaction& tx) -> Result<void> {
    SATCHEL_TRY(tx.UpsertState(Task("t")));
    return MakeError(ErrorCode::kUnsupported, "mine");
  });
  EXPECT_EQ(failing.error().code, ErrorCode::kUnsupported);
  EXPECT_THROW((void)tasks->WithTransaction("e",
                                            [&](TaskTransaction& tx) -> Result<void> {
                                              SATCHEL_TRY(tx.UpsertState(Task("t")));
                                              throw std::runtime_error("mine");
                                            }),
               std::runtime_error);
  EXPECT_THAT(Ids(TaskFilter{}), IsEmpty());
  EXPECT_TRUE(tasks->UpsertState(Task("t")));
}

TEST_P(TaskContract, AllChecksOfAWriteAreMadeInsideATransaction) {
  Start("e");
  Put(Task("a"));
  Put(Child("b", "a"));
  const auto code = [&](const TaskState& task) {
    return tasks
        ->WithTransaction("e",
                          [&](TaskTransaction& tx) -> Result<void> {
                            SATCHEL_TRY(tx.UpsertState(task));
                            return {};
                          })
        .error();
  };
  EXPECT_EQ(code(Child("c", "none")).code, ErrorCode::kTaskNotFound);
  TaskState cycle = Task("a");
  cycle.parent_state_id = "b@e";
  EXPECT_EQ(code(cycle).subject, "parent_state_id");
  TaskState other = Task("c");
  other.workflow_id = "x";
  EXPECT_EQ(code(other).subject, "workflow_id");
  EXPECT_EQ(code(Task("c", "f")).code, ErrorCode::kNestedTag);
  EXPECT_EQ(tasks
                ->WithTransaction("none",
                                  [&](TaskTransaction& tx) -> Result<void> {
                                    SATCHEL_TRY(tx.UpsertState(Task("c", "none")));
                                    return {};
                                  })
                .error()
                .code,
            ErrorCode::kWorkflowNotFound);
}

TEST_P(TaskContract, ALapsedRowLockPreventsTheCommit) {
  Start("e");
  Put(Task("t"));
  int runs = 0;
  const auto done = tasks->WithTransaction("e", [&](TaskTransaction& tx) -> Result<void> {
    ++runs;
    SATCHEL_ASSIGN(TaskState task, tx.GetStateForUpdate("t@e"));
    Run({"DEL", "satchel:v1:task:{wx:acme:e}:lock:t@e"});
    task.status = Status::kPaused;
    SATCHEL_TRY(tx.UpsertState(task));
    return {};
  });
  EXPECT_EQ(done.error().code, ErrorCode::kFenceLost);
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(tasks->GetState({"t@e"})->status, Status::kRunning);
}

TEST_P(TaskContract, ARowLockIsReleasedAtTheEndAndKeepsOthersOut) {
  Start("e");
  Put(Task("t"));
  TaskStore patient(*store, *locks, {.repo = Options(), .row_lock_wait = milliseconds(0)});
  for (int i = 0; i < 2; ++i) {
    const auto done = tasks->WithTransaction("e", [&](TaskTransaction& tx) -> Result<void> {
      SATCHEL_ASSIGN(TaskState task, tx.GetStateForUpdate("t@e"));
      SATCHEL_TRY(tx.GetStateForUpdate("t@e"));
      const auto other = patient.WithTransaction("e", [](TaskTransaction& second) -> Result<void> {
        SATCHEL_TRY(second.GetStateForUpdate("t@e"));
        return {};
      });
      EXPECT_EQ(other.error().code, ErrorCode::kLockTimeout);
      task.status = Status::kPaused;
      SATCHEL_TRY(tx.UpsertState(task));
      return {};
    });
    EXPECT_TRUE(done) << done.error().detail;
  }
  EXPECT_EQ(tasks->GetState({"t@e"})->version, 3u);
}

TEST_P(TaskContract, TwoTransactionsAddingToOneCounterBothCount) {
  Start("e");
  TaskState task = Task("t");
  task.output = "0";
  Put(task);
  std::atomic<int> added = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10; ++n) {
        const auto done = tasks->WithTransaction("e", [&](TaskTransaction& tx) -> Result<void> {
          SATCHEL_ASSIGN(TaskState counter, tx.GetState("t@e"));
          counter.output = std::to_string(std::stoi(*counter.output) + 1);
          SATCHEL_TRY(tx.UpsertState(counter));
          return {};
        });
        if (done) {
          ++added;
        } else {
          EXPECT_EQ(done.error().code, ErrorCode::kConflict);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(tasks->GetState({"t@e"})->output, std::to_string(added));
  EXPECT_GT(added, 10);
}

TEST_P(TaskContract, MergingUsageAddsInATransaction) {
  Start("e");
  Put(Task("t"));
  const std::string usage = "[{\"provider\":\"p\",\"model\":\"m\",\"n\":2}]";
  EXPECT_TRUE(tasks->MergeUsage({"t@e"}, usage));
  EXPECT_TRUE(tasks->MergeUsage({"t@e", "e"}, usage));
  EXPECT_TRUE(tasks->MergeUsage({"t@e"}, "[]"));
  EXPECT_THAT(**tasks->GetUsageSummary({"t@e"}), testing::HasSubstr("\"n\":4"));
  EXPECT_EQ(tasks->MergeUsage({"none"}, usage).error().code, ErrorCode::kTaskNotFound);
  EXPECT_EQ(tasks->MergeUsage({"t@e"}, "[1]").error().subject, "usage");
}

TEST_P(TaskContract, DeletingAParentDeletesItsSubtree) {
  Start("e");
  TaskStore small(*store, *locks, {.repo = Options(), .delete_rows = 2});
  Put(Task("stays"));
  Put(Task("r"));
  for (const char* id : {"a", "b"}) Put(Child(id, "r"));
  for (const char* id : {"c", "d"}) Put(Child(id, "a"));
  EXPECT_TRUE(*small.DeleteState({"r@e"}));
  EXPECT_FALSE(*small.DeleteState({"r@e"}));
  EXPECT_THAT(Ids(TaskFilter{}), ElementsAre("stays@e"));
  EXPECT_THAT(Ids(TaskFilter{.workflow_exec_id = "e"}), ElementsAre("stays@e"));
  EXPECT_EQ(tasks->GetState({"d@e"}).error().code, ErrorCode::kTaskNotFound);
  EXPECT_EQ(Run({"EXISTS", "satchel:v1:task:{tx:acme:d@e}:loc"}).integer, 0);
  const TaskState again = Put(Task("r"));
  EXPECT_EQ(again.version, 1u);
  EXPECT_THAT(*tasks->ListChildren({"r@e"}), IsEmpty());
}

TEST_P(TaskContract, ACrashedWriterIsRepairedByTheNextReader) {
  Start("e");
  Put(Task("t"));
  store->FailOnce("ta st PAUSED", MakeError(ErrorCode::kUnavailable, "down"));
  EXPECT_FALSE(tasks->UpsertState(Task("t", "e", Status::kPaused)));
  EXPECT_EQ(tasks->GetState({"t@e"})->status, Status::kPaused);
  Jump(milliseconds(2001));
  EXPECT_THAT(Ids(TaskFilter{.status = Status::kPaused}), ElementsAre("t@e"));
  EXPECT_THAT(Ids(TaskFilter{.status = Status::kRunning}), IsEmpty());
}

TEST_P(TaskContract, ATerminalTaskExpiresAndIsHidden) {
  Start("e");
  const TaskState done = Put(Task("t", "e", Status::kFailed));
  EXPECT_EQ(done.deadline_ms, clock.NowMs() + milliseconds(hours(7 * 24)).count());
  Put(Child("c", "t", Status::kRunning));
  Jump(hours(1));
  EXPECT_EQ(Put(Task("t", "e", Status::kSuccess)).deadline_ms, done.deadline_ms);
  Jump(hours(7 * 24));
  EXPECT_EQ(tasks->GetState({"t@e"}).error().code, ErrorCode::kTaskNotFound);
  EXPECT_THAT(Ids(TaskFilter{}), ElementsAre("c@e"));
  EXPECT_THAT(Ids(TaskFilter{.workflow_exec_id = "e"}), ElementsAre("c@e"));
  EXPECT_TRUE(workflows->GetState("e")->tasks.empty()) << "its parent is gone";
  EXPECT_THAT(tasks->GetTaskTree({"t@e"})->rows, IsEmpty());
  EXPECT_EQ(tasks->UpsertState(Child("d", "t")).error().code, ErrorCode::kTaskNotFound);
  EXPECT_EQ(Put(Task("t")).version, 1u);
}

TEST_P(TaskContract, RandomUpsertsAndDeletesKeepObjectsAndIndexesEqual) {
  Start("e");
  Random chance(7);
  std::map<std::string, TaskState> model;
  for (int step = 0; step < 200; ++step) {
    const std::string id = "t" + std::to_string(chance.Below(12));
    if (chance.Below(5) == 0) {
      std::vector<std::string> doomed = {id + "@e"};
      for (std::size_t i = 0; i < doomed.size(); ++i) {
        for (const auto& [key, task] : model) {
          if (task.parent_state_id == doomed[i]) doomed.push_back(key);
        }
      }
      EXPECT_EQ(*tasks->DeleteState({id + "@e", "e"}), model.contains(id + "@e"));
      for (const std::string& key : doomed) model.erase(key);
      continue;
    }
    TaskState task = Task(id, "e", static_cast<Status>(chance.Below(kStatuses)));
    if (chance.Below(2) == 0) task.parent_state_id = "t" + std::to_string(chance.Below(12)) + "@e";
    if (chance.Below(2) == 0) task.tool_id = "l" + std::to_string(chance.Below(3));
    if (chance.Below(2) == 0) task.output = "1";
    auto stored = tasks->UpsertState(task);
    if (stored) model[task.task_exec_id] = *stored;
  }
  const auto listed = tasks->ListStates({.workflow_exec_id = "e"});
  ASSERT_EQ(listed->items.size(), model.size());
  for (const TaskState& task : listed->items) EXPECT_EQ(task, model.at(task.task_exec_id));
  EXPECT_EQ(Ids(TaskFilter{}), Ids(listed->items));
  std::int64_t members = 0;
  for (const auto& [key, task] : model)
    members += 6 + (task.tool_id ? 1 : 0) + (task.output ? 1 : 0);
  EXPECT_EQ(Run({"ZCARD", "satchel:v1:task:{wx:acme:e}:ix"}).integer, members);
  for (std::size_t i = 0; i < kStatuses; ++i) {
    const auto status = static_cast<Status>(i);
    const auto expected = std::count_if(
        model.begin(), model.end(), [&](const auto& row) { return row.second.status == status; });
    EXPECT_EQ(Ids(TaskFilter{.status = status, .workflow_id = "w"}).size(),
              static_cast<std::size_t>(expected));
  }
}

TEST_P(TaskContract, BadArgumentsWriteNothing) {
  store->ForgetCalls();
  const auto subject = [&](auto change) {
    TaskState task = Task("t");
    change(task);
    return tasks->UpsertState(task).error().subject;
  };
  EXPECT_EQ(subject([](TaskState& t) { t.task_id = ""; }), "task_id");
  EXPECT_EQ(subject([](TaskState& t) { t.task_exec_id = std::string(513, 't'); }), "task_exec_id");
  EXPECT_EQ(subject([](TaskState& t) { t.parent_state_id = ""; }), "parent_state_id");
  EXPECT_EQ(subject([](TaskState& t) { t.output = "{"; }), "output");
  EXPECT_EQ(subject([](TaskState& t) { t.usage = "{}"; }), "usage");
  EXPECT_EQ(subject([](TaskState& t) { t.status = static_cast<Status>(9); }), "status");
  EXPECT_EQ(subject([](TaskState& t) { t.execution_type = static_cast<ExecutionType>(99); }),
            "execution_type");
  EXPECT_EQ(tasks->ListStates({}, {.limit = -1}).error().subject, "limit");
  EXPECT_EQ(tasks->ListStates({.status = static_cast<Status>(9)}).error().subject, "status");
  EXPECT_EQ(ParseProgressStrategy("hope").error().subject, "strategy");
  EXPECT_EQ(store->round_trips(), 0);
}

SATCHEL_EVERY_HOME(TaskContract);

struct ProgressRow {
  ProgressStrategy strategy;
  std::map<Status, std::uint64_t> counts;
  Status expected;
};

TEST(Progress, FollowsEachStrategyTable) {
  using enum Status;
  using S = ProgressStrategy;
  const ProgressRow rows[] = {
      {S::kWaitAll, {}, kPending},
      {S::kWaitAll, {{kSuccess, 2}}, kSuccess},
      {S::kWaitAll, {{kRunning, 1}, {kFailed, 1}}, kRunning},
      {S::kWaitAll, {{kPaused, 1}, {kSuccess, 1}}, kRunning},
      {S::kWaitAll, {{kPending, 1}, {kFailed, 1}}, kFailed},
      {S::kWaitAll, {{kPending, 1}, {kTimedOut, 1}}, kFailed},
      {S::kWaitAll, {{kCanceled, 1}, {kSuccess, 1}}, kFailed},
      {S::kWaitAll, {{kPending, 1}, {kSuccess, 1}}, kPending},
      {S::kFailFast, {{kRunning, 1}, {kFailed, 1}}, kFailed},
      {S::kFailFast, {{kSuccess, 1}}, kSuccess},
      {S::kFailFast, {{kWaiting, 1}, {kSuccess, 1}}, kRunning},
      {S::kFailFast, {{kCanceled, 1}}, kFailed},
      {S::kFailFast, {{kCanceled, 1}, {kPending, 1}}, kPending},
      {S::kBestEffort, {{kSuccess, 1}, {kFailed, 3}}, kSuccess},
      {S::kBestEffort, {{kFailed, 3}}, kFailed},
      {S::kBestEffort, {{kFailed, 3}, {kRunning, 1}}, kRunning},
      {S::kBestEffort, {{kFailed, 3}, {kPending, 1}}, kPending},
      {S::kRace, {{kSuccess, 1}, {kRunning, 1}}, kSuccess},
      {S::kRace, {{kFailed, 1}, {kCanceled, 1}}, kFailed},
      {S::kRace, {{kFailed, 1}, {kRunning, 1}}, kRunning},
      {S::kRace, {{kFailed, 1}, {kPending, 1}}, kPending},
      {S::kRace, {}, kPending},
  };
  for (const ProgressRow& row : rows) {
    EXPECT_EQ(ProgressOf(row.counts, row.strategy).status, row.expected) << &row - rows;
  }
}

}  // namespace
}  // namespace satchel::repos
