#include "repos/workflow_store.h"

#include <fmt/format.h>

#include <thread>

#include "tests/repos/workflow_test.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WorkflowContract : public WorkflowTest {};

TEST_P(WorkflowContract, CreatedTimeSurvivesReplacement) {
  const WorkflowState first = Start("e");
  EXPECT_EQ(first.version, 1u);
  Jump(milliseconds(50));
  const auto second = workflows->UpsertState(
      {.workflow_id = "w", .workflow_exec_id = "e", .input = "{\"n\": 9007199254740993}"});
  EXPECT_EQ(second->created_ms, first.created_ms);
  EXPECT_EQ(second->updated_ms, first.updated_ms + 50);
  EXPECT_EQ(second->version, 2u);
  EXPECT_EQ(workflows->GetState("e")->input, "{\"n\": 9007199254740993}");
  EXPECT_EQ(workflows->UpsertState({.workflow_id = "w", .workflow_exec_id = "e"})->input,
            std::nullopt)
      << "a replacement replaces all";
  const auto other = workflows->UpsertState({.workflow_id = "x", .workflow_exec_id = "e"});
  EXPECT_EQ(other.error().subject, "workflow_id");
  EXPECT_THAT(Execs(workflows->ListStates({.workflow_id = "x"})), IsEmpty());
  ExpectOneSlotEach();
}

TEST_P(WorkflowContract, UpdatingTheStatusMovesTheExecutionBetweenLists) {
  Start("a");
  Start("b");
  EXPECT_TRUE(workflows->UpdateStatus("a", Status::kPaused));
  EXPECT_THAT(Execs(workflows->ListStates({.status = Status::kRunning})), ElementsAre("b"));
  EXPECT_THAT(Execs(workflows->ListStates({.status = Status::kPaused})), ElementsAre("a"));
  EXPECT_THAT(Execs(workflows->ListStates({.status = Status::kPaused, .workflow_id = "w"})),
              ElementsAre("a"));
  EXPECT_EQ(workflows->UpdateStatus("none", Status::kPaused).error().code,
            ErrorCode::kWorkflowNotFound);
  EXPECT_EQ(Run({"ZCARD", "satchel:v1:wf:{wi:acme}:ix"}).integer, 4);
  EXPECT_EQ(Run({"ZCARD", "satchel:v1:wf:{wi:acme}:dirty"}).integer, 0);
}

TEST_P(WorkflowContract, ByWorkflowIdReturnsTheLatestExecution) {
  Start("b");
  Jump(milliseconds(1));
  Start("a");
  Start("z", "other");
  EXPECT_EQ(workflows->GetStateById("w")->workflow_exec_id, "a");
  Start("b");  // replaced, not created
  EXPECT_EQ(workflows->GetStateById("w")->workflow_exec_id, "a");
  EXPECT_TRUE(*workflows->DeleteState("a"));
  EXPECT_EQ(workflows->GetStateById("w")->workflow_exec_id, "b");
  EXPECT_EQ(workflows->GetStateById("none").error().code, ErrorCode::kWorkflowNotFound);
}

TEST_P(WorkflowContract, ByTaskAgentAndToolIdReturnTheLatestExecution) {
  for (const char* exec : {"e1", "e2", "e3"}) Start(exec);
  TaskState task = Task("t", "e1");
  task.agent_id = "ag";
  task.action_id = "ac";
  Put(task);
  TaskState tool = Task("u", "e2");
  tool.tool_id = "tl";
  Put(tool);
  Put(Task("t", "e2"));
  EXPECT_EQ(workflows->GetStateByTaskId("w", "t")->workflow_exec_id, "e2");
  EXPECT_EQ(workflows->GetStateByAgentId("w", "ag")->workflow_exec_id, "e1");
  EXPECT_EQ(workflows->GetStateByToolId("w", "tl")->workflow_exec_id, "e2");
  EXPECT_TRUE(*tasks->DeleteState({"t@e2"}));
  EXPECT_EQ(workflows->GetStateByTaskId("w", "t")->workflow_exec_id, "e1");
  EXPECT_EQ(workflows->GetStateByTaskId("x", "t").error().code, ErrorCode::kWorkflowNotFound);
  EXPECT_EQ(workflows->GetStateByAgentId("w", "none").error().code, ErrorCode::kWorkflowNotFound);
}

TEST_P(WorkflowContract, ListsAreNewestFirstWithAStableTieOrder) {
  for (const char* exec : {"b", "a", "c"}) Start(exec);  // one millisecond, other tags: a tie
  EXPECT_THAT(Execs(workflows->ListStates()), ElementsAre("c", "b", "a"));
  Jump(milliseconds(1));
  Start("0");
  EXPECT_THAT(Execs(workflows->ListStates()), ElementsAre("0", "c", "b", "a"));
  const auto page = workflows->ListStates({}, {.limit = 2});
  EXPECT_THAT(Execs(page), ElementsAre("0", "c"));
  EXPECT_TRUE(*workflows->DeleteState("c"));
  EXPECT_THAT(Execs(workflows->ListStates({}, {.limit = 2, .cursor = *page->next})),
              ElementsAre("b", "a"));
  EXPECT_THAT(Execs(workflows->ListStates({.exec = "a"})), ElementsAre("a"));
  EXPECT_THAT(Execs(workflows->ListStates({.status = Status::kPaused, .exec = "a"})), IsEmpty());
  EXPECT_EQ(workflows->ListStates({}, {.limit = -1}).error().subject, "limit");
  EXPECT_EQ(workflows->ListStates({}, {.cursor = "x"}).error().subject, "cursor");
}

TEST_P(WorkflowContract, ListingFillsTasksWithoutOneCallPerRow) {
  for (int i = 0; i < 12; ++i) {
    const std::string exec = "e" + std::to_string(i);
    Start(exec);
    Put(Task("t", exec));
  }
  EXPECT_TRUE(workflows->ListStates());  // the scripts are known now
  store->ForgetCalls();
  const auto page = workflows->ListStates();
  ASSERT_EQ(page->items.size(), 12u);
  for (const WorkflowState& state : page->items) EXPECT_EQ(state.tasks.size(), 1u);
  EXPECT_EQ(store->round_trips(), 2);
}

TEST_P(WorkflowContract, MergingEmptyUsageIsSuccessWithoutAWrite) {
  Start("e");
  EXPECT_TRUE(workflows->MergeUsage("e", "[]"));
  EXPECT_TRUE(workflows->MergeUsage("e", "{\"entries\":[]}"));
  EXPECT_EQ(workflows->GetState("e")->version, 1u);
  EXPECT_EQ(workflows->MergeUsage("none", "[{\"provider\":\"p\",\"model\":\"m\"}]").error().code,
            ErrorCode::kWorkflowNotFound);
  EXPECT_EQ(workflows->MergeUsage("e", "[{\"provider\":\"p\"}]").error().subject, "usage");
}

TEST_P(WorkflowContract, ConcurrentUsageMergesLoseNothing) {
  Start("e");
  std::atomic<int> merged = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 5; ++n) {
        const std::string usage = "[{\"provider\":\"P\",\"model\":\"m\",\"prompt_tokens\":1}]";
        Result<void> done = workflows->MergeUsage("e", usage);
        while (!done && done.error().code == ErrorCode::kConflict) {
          done = workflows->MergeUsage("e", usage);
        }
        EXPECT_TRUE(done);
        ++merged;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(*workflows->GetState("e")->usage,
              HasSubstr("\"prompt_tokens\":" + std::to_string(merged)));
}

TEST_P(WorkflowContract, CompletingTwiceReturnsTheSameState) {
  Start("e");
  TaskState task = Task("t", "e", Status::kSuccess);
  task.output = "{\"x\": 1}";
  Put(task);
  const auto first = workflows->CompleteWorkflow("e");
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ(first->status, Status::kSuccess);
  EXPECT_EQ(first->output, "{\"t\":{\"output\":{\"x\": 1}}}");
  Jump(milliseconds(10));
  EXPECT_EQ(workflows->CompleteWorkflow("e").value(), *first);
  EXPECT_EQ(workflows->CompleteWorkflow("none").error().code, ErrorCode::kWorkflowNotFound);
  Start("empty");
  EXPECT_EQ(workflows->CompleteWorkflow("empty")->output, "{}");
  EXPECT_EQ(workflows->GetState("empty")->status, Status::kSuccess);
}

TEST_P(WorkflowContract, ACanceledWorkflowStaysCanceled) {
  Start("e");
  Put(Task("t"));
  EXPECT_TRUE(workflows->UpdateStatus("e", Status::kCanceled));
  EXPECT_EQ(workflows->CompleteWorkflow("e")->status, Status::kCanceled);
}

TEST_P(WorkflowContract, TimedOutOrCanceledTopLevelTasksFailTheWorkflow) {
  for (const Status status : {Status::kTimedOut, Status::kCanceled, Status::kFailed}) {
    const std::string exec = "e" + std::string(StatusName(status));
    Start(exec);
    Put(Task("good", exec, Status::kSuccess));
    Put(Task("bad", exec, status));
    EXPECT_EQ(workflows->CompleteWorkflow(exec)->status, Status::kFailed);
  }
}

TEST_P(WorkflowContract, WaitingOrPausedTasksMakeItNotReady) {
  for (const Status status :
       {Status::kWaiting, Status::kPaused, Status::kPending, Status::kRunning}) {
    const std::string exec = "e" + std::string(StatusName(status));
    Start(exec);
    Put(Task("bad", exec, Status::kFailed));
    Put(Task("open", exec, status));
    const auto done = workflows->CompleteWorkflow(exec);
    EXPECT_EQ(done.error().code, ErrorCode::kWorkflowNotReady);
    EXPECT_EQ(done.error().actual, 1u);
    EXPECT_EQ(workflows->GetState(exec)->status, Status::kRunning);
  }
}

TEST_P(WorkflowContract, ChildTaskFailuresDoNotDecide) {
  Start("e");
  TaskState top = Task("top", "e", Status::kSuccess);
  top.execution_type = ExecutionType::kParallel;
  Put(top);
  TaskState child = Child("child", "top", Status::kFailed);
  child.output = "5";
  Put(child);
  const auto done = workflows->CompleteWorkflow("e");
  EXPECT_EQ(done->status, Status::kSuccess);
  EXPECT_EQ(done->output,
            "{\"child\":{\"output\":5,\"parent_state_id\":\"top@e\"},"
            "\"top\":{\"execution_type\":\"parallel\"}}");
}

TEST_P(WorkflowContract, AFailingTransformerYieldsFailedWithTheDefaultOutput) {
  Start("e");
  TaskState task = Task("t", "e", Status::kSuccess);
  task.output = "1";
  Put(task);
  const auto done = workflows->CompleteWorkflow("e", [](const WorkflowState&) {
    return Result<std::string>(MakeError(ErrorCode::kInternal, "no \"luck\""));
  });
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status, Status::kFailed);
  EXPECT_EQ(done->output, "{\"t\":{\"output\":1}}");
  EXPECT_EQ(done->error,
            "{\"code\":\"OUTPUT_TRANSFORMATION_FAILED\",\"message\":\"no \\\"luck\\\"\"}");
}

TEST_P(WorkflowContract, AnOutputThatIsNoObjectChangesNothing) {
  Start("e");
  for (const char* output : {"[]", "1", "{", ""}) {
    const auto done = workflows->CompleteWorkflow(
        "e", [&](const WorkflowState&) { return Result<std::string>(std::string(output)); });
    EXPECT_EQ(done.error().subject, "output");
  }
  EXPECT_EQ(workflows->GetState("e")->version, 1u);
}

TEST_P(WorkflowContract, ATaskWrittenDuringCompletionIsSeen) {
  Start("e");
  int runs = 0;
  const auto done = workflows->CompleteWorkflow("e", [&](const WorkflowState& state) {
    if (++runs == 1) Put(Task("late", "e", Status::kFailed));
    return Result<std::string>("{\"tasks\":" + std::to_string(state.tasks.size()) + "}");
  });
  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(done->status, Status::kFailed);
  EXPECT_EQ(done->output, "{\"tasks\":1}");
}

TEST_P(WorkflowContract, EqualTaskIdsResolveToTheLatest) {
  Start("e");
  Put(Task("t", "e", Status::kFailed));
  TaskState again = Task("t", "e", Status::kSuccess);
  again.task_exec_id = "0";
  Put(again);
  EXPECT_EQ(workflows->GetState("e")->tasks.at("t").task_exec_id, "0");
  EXPECT_EQ(workflows->CompleteWorkflow("e")->status, Status::kSuccess);
}

TEST_P(WorkflowContract, DeletingRemovesTasksAndIndexEntries) {
  WorkflowStore small(*store, {.repo = Options(), .purge_rows = 3});
  Start("e");
  Start("keep", "v");
  for (int i = 0; i < 8; ++i) Put(Task("t" + std::to_string(i), "e", Status::kSuccess));
  EXPECT_TRUE(workflows->UpdateStatus("e", Status::kSuccess));
  EXPECT_TRUE(*small.DeleteState("e"));
  EXPECT_FALSE(*small.DeleteState("e"));
  EXPECT_EQ(workflows->GetState("e").error().code, ErrorCode::kWorkflowNotFound);
  EXPECT_EQ(tasks->GetState({"t1@e"}).error().code, ErrorCode::kTaskNotFound);
  EXPECT_THAT(Ids(TaskFilter{.workflow_id = "w"}), IsEmpty());
  for (const std::string& key : Keys()) {
    const bool left = key.find("wx:acme:e}") != key.npos && key.find(":meta") == key.npos;
    EXPECT_FALSE(left) << key;
    EXPECT_EQ(key.find("{tx:"), key.npos) << key;
    EXPECT_EQ(key.find("{ww:acme:w}:ix"), key.npos) << key;
    EXPECT_EQ(key.find("{gc:"), key.npos) << key;
  }
  EXPECT_THAT(Execs(workflows->ListStates()), ElementsAre("keep"));
  EXPECT_GT(Run({"PTTL", "satchel:v1:wf:{wx:acme:e}:meta"}).integer, 0);
}

TEST_P(WorkflowContract, AStoreFailureAtCommitIsReported) {
  Start("e");
  store->FailOnce("wx:acme:e}:state", MakeError(ErrorCode::kUnavailable, "down"));
  EXPECT_EQ(
      workflows
          ->UpsertState({.workflow_id = "w", .workflow_exec_id = "e", .status = Status::kPaused})
          .error()
          .code,
      ErrorCode::kUnavailable);
  EXPECT_EQ(workflows->GetState("e")->status, Status::kRunning);
}

// The steps of a write: marks, commit, apply. Each fails once, and its writer never comes back.
TEST_P(WorkflowContract, ACrashAfterAnyOfTheStepsLeavesListsCompleteAfterTwoSeconds) {
  const Error down = MakeError(ErrorCode::kUnavailable, "down");
  const WorkflowState paused{
      .workflow_id = "w", .workflow_exec_id = "e", .status = Status::kPaused};
  Start("e");
  store->FailOnce("wx:acme:e}:state", down);  // marked, not committed
  EXPECT_FALSE(workflows->UpsertState(paused));
  Jump(milliseconds(2001));
  EXPECT_THAT(Execs(workflows->ListStates({.status = Status::kRunning})), ElementsAre("e"));
  EXPECT_EQ(Run({"ZCARD", "satchel:v1:wf:{wi:acme}:dirty"}).integer, 0);

  store->FailOnce("st PAUSED", down);  // committed, not applied
  EXPECT_FALSE(workflows->UpsertState(paused));
  EXPECT_EQ(workflows->GetState("e")->status, Status::kPaused);
  Jump(milliseconds(2001));
  EXPECT_THAT(Execs(workflows->ListStates({.status = Status::kPaused})), ElementsAre("e"));
  EXPECT_THAT(Execs(workflows->ListStates({.status = Status::kRunning})), IsEmpty());
  EXPECT_THAT(Execs(workflows->ListStates({.workflow_id = "w"})), ElementsAre("e"));
  EXPECT_EQ(Run({"ZCARD", "satchel:v1:wf:{wi:acme}:ix"}).integer, 2) << "what did not fit is gone";

  store->FailOnce("{wi:acme}:ix", down);  // created, not applied
  EXPECT_FALSE(workflows->UpsertState({.workflow_id = "w", .workflow_exec_id = "new"}));
  Jump(milliseconds(2001));
  EXPECT_THAT(Execs(workflows->ListStates()), ElementsAre("new", "e"));
}

TEST_P(WorkflowContract, ALateApplyOfAnOldVersionChangesNothing) {
  Start("e");
  const auto applies = [&] {
    std::vector<store::CommandLine> lines;
    for (const store::CommandLine& line : store->lines()) {
      const bool outer = line.size() > 3 && line[3].ends_with("}:ix") && line[2] == "3" &&
                         line[4].ends_with(":ver") && line.size() > 8;
      if (outer) lines.push_back(line);
    }
    return lines;
  };
  const auto old = applies();
  ASSERT_GE(old.size(), 2u);
  EXPECT_TRUE(workflows->UpdateStatus("e", Status::kPaused));
  const auto again = [&] {
    for (const store::CommandLine& line : old) Run(line);
  };
  again();
  EXPECT_THAT(Execs(workflows->ListStates({.status = Status::kRunning})), IsEmpty());
  EXPECT_THAT(Execs(workflows->ListStates({.status = Status::kPaused})), ElementsAre("e"));
  EXPECT_TRUE(*workflows->DeleteState("e"));
  again();
  EXPECT_THAT(Execs(workflows->ListStates()), IsEmpty());
  const WorkflowState created = Start("e", "w", Status::kWaiting);
  again();
  EXPECT_THAT(Execs(workflows->ListStates({.status = Status::kRunning})), IsEmpty());
  EXPECT_THAT(Execs(workflows->ListStates({.status = Status::kWaiting})), ElementsAre("e"));
  EXPECT_EQ(created.version, 1u);
}

// Two commits whose changes of the indexes arrive in the wrong order, and a reader that was faster
// than the first: no entry stays behind, whoever reads.
TEST_P(WorkflowContract, ALateApplyLeavesNoEntryBehind) {
  const auto entries = [&] {
    Jump(milliseconds(2001));
    EXPECT_TRUE(workflows->ListStates({.status = Status::kTimedOut}));
    std::vector<std::string> statuses;
    for (const ReplyValue& item : Run({"ZRANGE", "satchel:v1:wf:{wi:acme}:ix", "0", "-1"}).items) {
      if (item.text.starts_with("st ")) statuses.emplace_back(Split(item.text, ' ')[1]);
    }
    return statuses;
  };
  const auto change = [&](std::uint64_t version, const char* from, const char* to) {
    const std::string tail = fmt::format(" {:016} e", workflows->GetState("e")->created_ms);
    return OuterChange{
        .member = "e",
        .stamp = ExecutionIndex::Stamp(workflows->GetState("e")->created_ms, version),
        .old_entries = {"st " + std::string(from) + tail},
        .new_entries = {"cr" + tail, "st " + std::string(to) + tail}};
  };
  const auto apply = [&](const OuterChange& late) {
    Batch batch;
    ExecutionIndex::AddApply(batch, workflows->index().OfTenant(), late, "e 00");
    EXPECT_TRUE(batch.SendAll(*store));
  };
  const Error down = MakeError(ErrorCode::kUnavailable, "down");
  Start("e");
  store->FailOnce("{wi:acme}:ix", down);
  EXPECT_FALSE(workflows->UpdateStatus("e", Status::kPaused));  // version 2
  EXPECT_THAT(entries(), ElementsAre("PAUSED"));
  apply(change(2, "RUNNING", "PAUSED"));
  EXPECT_THAT(entries(), ElementsAre("PAUSED"));

  store->FailOnce("{wi:acme}:ix", down);
  EXPECT_FALSE(workflows->UpdateStatus("e", Status::kWaiting));  // version 3
  EXPECT_TRUE(workflows->UpdateStatus("e", Status::kFailed));    // version 4
  apply(change(3, "PAUSED", "WAITING"));
  EXPECT_THAT(entries(), ElementsAre("FAILED"));

  store->FailOnce("{wi:acme}:ix", down);
  EXPECT_FALSE(workflows->UpdateStatus("e", Status::kWaiting));  // version 5
  EXPECT_TRUE(workflows->UpdateStatus("e", Status::kFailed));    // version 6, as version 4 was
  apply(change(5, "FAILED", "WAITING"));
  EXPECT_THAT(entries(), ElementsAre("FAILED"));
}

TEST_P(WorkflowContract, CreationOrderIsStrictWithinOneMillisecondAndAfterTheClockStepsBack) {
  const std::int64_t first = Start("e").created_ms;
  const std::int64_t a = Put(Task("a")).created_ms;
  const std::int64_t b = Put(Task("b")).created_ms;
  clock.Set(clock.NowMs() - 10'000);
  const std::int64_t c = Put(Task("c")).created_ms;
  EXPECT_EQ(a, first + 1);
  EXPECT_EQ(b, first + 2);
  EXPECT_EQ(c, first + 3);
}

TEST_P(WorkflowContract, ADeadlineAppearsOnTheTerminalTransition) {
  Start("e");
  EXPECT_EQ(workflows->GetState("e")->deadline_ms, std::nullopt) << "active states have none";
  const auto done = workflows->UpdateStatus("e", Status::kSuccess);
  const std::int64_t deadline = clock.NowMs() + milliseconds(hours(30 * 24)).count();
  EXPECT_EQ(done->deadline_ms, deadline);
  EXPECT_EQ(Run({"PEXPIRETIME", "satchel:v1:wf:{wx:acme:e}:state"}).integer,
            deadline + milliseconds(hours(24)).count());
  EXPECT_EQ(Run({"ZSCORE", "satchel:v1:gc:{gc:acme}:due", "w e"}).number,
            static_cast<double>(deadline));
  Jump(hours(5));
  EXPECT_EQ(workflows->UpdateStatus("e", Status::kFailed)->deadline_ms, deadline)
      << "updating a terminal state does not extend it";
  EXPECT_EQ(workflows->UpdateStatus("e", Status::kRunning)->deadline_ms, std::nullopt)
      << "leaving terminal clears it";
  EXPECT_EQ(Run({"PEXPIRETIME", "satchel:v1:wf:{wx:acme:e}:state"}).integer, -1);
  EXPECT_EQ(Run({"ZCARD", "satchel:v1:gc:{gc:acme}:due"}).integer, 0);
}

TEST_P(WorkflowContract, AnExpiredExecutionIsHiddenAndItsTasksDoNotComeBack) {
  Start("e");
  Put(Task("t"));
  EXPECT_TRUE(workflows->UpdateStatus("e", Status::kSuccess));
  Jump(hours(30 * 24));
  EXPECT_EQ(workflows->GetState("e").error().code, ErrorCode::kWorkflowNotFound);
  EXPECT_THAT(Execs(workflows->ListStates()), IsEmpty());
  EXPECT_EQ(workflows->GetStateById("w").error().code, ErrorCode::kWorkflowNotFound);
  EXPECT_EQ(tasks->UpsertState(Task("u")).error().code, ErrorCode::kWorkflowNotFound);
  EXPECT_EQ(workflows->UpdateStatus("e", Status::kRunning).error().code,
            ErrorCode::kWorkflowNotFound);
  EXPECT_EQ(Start("e").version, 1u);
  EXPECT_TRUE(workflows->GetState("e")->tasks.empty());
  EXPECT_THAT(Execs(workflows->ListStates()), ElementsAre("e"));
}

TEST_P(WorkflowContract, OddIdsBehaveLikeAnyOther) {
  for (const std::string& id : OddIds()) {
    Start(id, id);
    TaskState task = Task(id, id);
    task.workflow_id = id;
    task.agent_id = id;
    task.action_id = id;
    Put(task);
    EXPECT_EQ(workflows->GetStateById(id)->workflow_exec_id, id);
    EXPECT_EQ(workflows->GetStateByTaskId(id, id)->tasks.at(id).agent_id, id);
    EXPECT_EQ(workflows->GetStateByAgentId(id, id)->workflow_exec_id, id);
    EXPECT_THAT(Execs(workflows->ListStates({.workflow_id = id})), ElementsAre(id));
  }
  EXPECT_EQ(workflows->ListStates()->items.size(), OddIds().size());
  for (const std::string& id : OddIds()) EXPECT_TRUE(*workflows->DeleteState(id));
  EXPECT_THAT(Execs(workflows->ListStates()), IsEmpty());
}

TEST_P(WorkflowContract, BadArgumentsWriteNothing) {
  store->ForgetCalls();
  const auto subject = [&](const WorkflowState& state) {
    return workflows->UpsertState(state).error().subject;
  };
  EXPECT_EQ(subject({.workflow_id = "", .workflow_exec_id = "e"}), "workflow_id");
  EXPECT_EQ(subject({.workflow_id = "w", .workflow_exec_id = ""}), "workflow_exec_id");
  EXPECT_EQ(subject({.workflow_id = "w", .workflow_exec_id = std::string(513, 'e')}),
            "workflow_exec_id");
  EXPECT_EQ(subject({.workflow_id = "w", .workflow_exec_id = "e", .input = "{"}), "input");
  EXPECT_EQ(subject({.workflow_id = "w", .workflow_exec_id = "e", .usage = "5"}), "usage");
  EXPECT_EQ(
      subject({.workflow_id = "w", .workflow_exec_id = "e", .status = static_cast<Status>(99)}),
      "status");
  EXPECT_EQ(workflows->UpdateStatus("e", static_cast<Status>(99)).error().subject, "status");
  EXPECT_EQ(workflows->GetState("").error().subject, "workflow_exec_id");
  EXPECT_EQ(store->round_trips(), 0);
}

TEST_P(WorkflowContract, AnUnknownStatusIsCorrupt) {
  Start("e");
  Run({"HSET", "satchel:v1:wf:{wx:acme:e}:state", "status", "DANCING"});
  EXPECT_EQ(workflows->GetState("e").error().code, ErrorCode::kCorrupt);
}

SATCHEL_EVERY_HOME(WorkflowContract);

}  // namespace
}  // namespace satchel::repos
