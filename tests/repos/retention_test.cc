// When executions and tasks get a deadline, keep it, and lose it.

#include <atomic>
#include <thread>

#include "repos/sweeper.h"
#include "tests/repos/workflow_test.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::int64_t kDayMs = 24 * 3600 * 1000;
constexpr Status kActive[] = {Status::kPending, Status::kRunning, Status::kWaiting,
                              Status::kPaused};
constexpr Status kTerminal[] = {Status::kSuccess, Status::kFailed, Status::kTimedOut,
                                Status::kCanceled};

const std::string kWorkflow = "satchel:v1:wf:{wx:acme:e}:state";
const std::string kTask = "satchel:v1:task:{wx:acme:e}:state:t@e";
const std::string kDue = "satchel:v1:gc:{gc:acme}:due";

class Retention : public WorkflowTest {
 protected:
  // "" for none.
  std::string Deadline(const std::string& key) { return Run({"HGET", key, "x"}).text; }
  std::int64_t Physical(const std::string& key) { return Run({"PEXPIRETIME", key}).integer; }
  void Set(Status status) {
    EXPECT_TRUE(workflows->UpdateStatus("e", status));
    Put(Task("t", "e", status));
  }
};

TEST_P(Retention, EveryTerminalStatusGivesADeadlineAndEveryActiveOneClearsIt) {
  Start("e");
  for (const Status terminal : kTerminal) {
    for (const Status active : kActive) {
      Set(active);
      for (const std::string& key : {kWorkflow, kTask}) {
        EXPECT_EQ(Deadline(key), "") << StatusName(active);
        EXPECT_EQ(Physical(key), -1) << StatusName(active);
      }
      EXPECT_EQ(Run({"EXISTS", kDue}).integer, 0) << StatusName(active);
      Set(terminal);
      const std::int64_t now_ms = clock.NowMs();
      EXPECT_EQ(Deadline(kWorkflow), FormatInt(now_ms + 30 * kDayMs)) << StatusName(terminal);
      EXPECT_EQ(Deadline(kTask), FormatInt(now_ms + 7 * kDayMs)) << StatusName(terminal);
      EXPECT_EQ(Physical(kWorkflow), now_ms + 31 * kDayMs) << "a day of grace";
      EXPECT_EQ(Physical(kTask), now_ms + 8 * kDayMs);
      EXPECT_EQ(Run({"ZSCORE", kDue, "w e"}).number, static_cast<double>(now_ms + 30 * kDayMs));
      Jump(milliseconds(7));
    }
  }
}

TEST_P(Retention, UpdatingATerminalStateDoesNotExtendIt) {
  Start("e");
  Set(Status::kFailed);
  const std::string workflow = Deadline(kWorkflow);
  const std::string task = Deadline(kTask);
  Jump(hours(5));
  Set(Status::kSuccess);
  EXPECT_TRUE(workflows->UpsertState(
      {.workflow_id = "w", .workflow_exec_id = "e", .status = Status::kCanceled, .output = "{}"}));
  EXPECT_EQ(Deadline(kWorkflow), workflow);
  EXPECT_EQ(Deadline(kTask), task);
  EXPECT_EQ(Physical(kTask), *ParseInt(task) + kDayMs);
}

TEST_P(Retention, AnExpiredObjectIsHiddenBeforeItIsRemoved) {
  Start("e");
  Set(Status::kFailed);
  Jump(hours(7 * 24));
  EXPECT_EQ(tasks->GetState({"t@e"}).error().code, ErrorCode::kTaskNotFound);
  EXPECT_EQ(Run({"EXISTS", kTask}).integer, 1);
  Jump(hours(23 * 24));
  EXPECT_EQ(workflows->GetState("e").error().code, ErrorCode::kWorkflowNotFound);
  EXPECT_EQ(Run({"EXISTS", kWorkflow}).integer, 1);
}

TEST_P(Retention, ZeroKeepsForEver) {
  workflows.emplace(*store, WorkflowOptions{.repo = Options(), .retention = milliseconds(0)});
  tasks.emplace(*store, *locks, TaskOptions{.repo = Options(), .retention = milliseconds(0)});
  Start("e");
  Set(Status::kSuccess);
  EXPECT_EQ(Deadline(kWorkflow) + Deadline(kTask), "");
  EXPECT_EQ(Run({"EXISTS", kDue}).integer, 0);
}

TEST_P(Retention, ATaskThatIsMadeAnewHasTheDeadlineOfItsOwn) {
  Start("e");
  Put(Task("t", "e", Status::kFailed));
  Jump(hours(7 * 24 + 1));
  Put(Task("t", "e", Status::kFailed));
  EXPECT_EQ(Deadline(kTask), FormatInt(clock.NowMs() + 7 * kDayMs));
  EXPECT_EQ(Run({"ZSCORE", kDue, "t e t@e"}).number,
            static_cast<double>(clock.NowMs() + 7 * kDayMs));
}

TEST_P(Retention, TwoSweepersDoNotDoubleCount) {
  for (int i = 0; i < 20; ++i) {
    const std::string exec = "e" + std::to_string(i);
    Start(exec);
    EXPECT_TRUE(workflows->UpdateStatus(exec, Status::kSuccess));
  }
  Jump(hours(30 * 24));
  const auto config = store::LoadConfig({.environment = {{"SATCHEL_TENANT", "acme"}}});
  const auto provider = std::move(*Provider::Over(
      *config, [this](store::Component) -> store::Store& { return *store; }, Options()));
  std::atomic<std::uint64_t> removed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      Sweeper sweeper(*provider, {.repo = Options(), .batch = 2});
      const auto report = sweeper.Run();
      EXPECT_TRUE(report);
      if (report) removed += report->workflows;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(removed, 20u);
}

SATCHEL_EVERY_HOME(Retention);

}  // namespace
}  // namespace satchel::repos
