#include "repos/sweeper.h"

#include <atomic>
#include <thread>

#include <atomic>
#include <thread>

#include "repos/rfc3339.h"
#include "repos/sweep_job.h"
#include "tests/repos/workflow_test.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr milliseconds kDay = hours(24);

class SweeperContract : public WorkflowTest {
 protected:
  SweeperContract() {
    const auto config = store::LoadConfig(
        {.environment = {{"SATCHEL_TENANT", "acme"}, {"SATCHEL_CHECKPOINT__TTL", "1h"}}});
    provider = std::move(*Provider::Over(
        *config, [this](store::Component) -> store::Store& { return *store; }, Options()));
    sweeper.emplace(*provider, SweepOptions{.repo = Options(), .batch = 3});
  }
  SweepReport Sweep() {
    auto report = sweeper->Run();
    EXPECT_TRUE(report) << report.error().detail;
    return report.value_or(SweepReport{});
  }
  // A minute at a time, each with room for the job's thread to do what is due.
  void AdvanceUntil(const std::function<bool()>& is_done) {
    for (int minute = 0; !is_done(); ++minute) {
      ASSERT_LT(minute, 200);
      clock.Advance(std::chrono::minutes(1));
      const auto until = std::chrono::steady_clock::now() + milliseconds(50);
      while (!is_done() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    }
  }

  std::unique_ptr<Provider> provider;
  std::optional<Sweeper> sweeper;
};

TEST_P(SweeperContract, DeletingAWorkflowByRetentionRemovesItsTasks) {
  for (int i = 0; i < 5; ++i) {
    const std::string exec = "e" + std::to_string(i);
    Start(exec);
    Put(Task("t", exec, Status::kSuccess));
    Put(Task("open", exec));
    EXPECT_TRUE(workflows->UpdateStatus(exec, Status::kSuccess));
  }
  Start("active");
  Jump(30 * kDay - milliseconds(1));
  EXPECT_EQ(Sweep().workflows, 0u);
  Jump(milliseconds(1));
  EXPECT_THAT(Execs(workflows->ListStates()), ElementsAre("active"));
  const SweepReport report = Sweep();
  EXPECT_EQ(report.workflows, 5u);
  EXPECT_EQ(report.lag_ms, 0);
  EXPECT_EQ(Sweep().workflows, 0u) << "two sweeps do not count twice";
}

TEST_P(SweeperContract, AfterASweepNoIndexRegistryOrLocatorNamesIt) {
  Start("e");
  Put(Task("t", "e", Status::kFailed));
  EXPECT_TRUE(workflows->UpdateStatus("e", Status::kCanceled));
  Jump(31 * kDay);
  Sweep();
  for (const std::string& key : Keys()) {
    const bool stays = key.ends_with("{wx:acme:e}:meta") || key.find(":lock:") != key.npos ||
                       key == "satchel:v1:wf:{wi:acme}:ver";
    EXPECT_TRUE(stays) << key;
  }
}

TEST_P(SweeperContract, WithoutASweeperReadsCleanWhatTheyMeet) {
  Start("e");
  Put(Task("t", "e", Status::kFailed));
  EXPECT_TRUE(workflows->UpdateStatus("e", Status::kFailed));
  Jump(40 * kDay);
  EXPECT_THAT(Execs(workflows->ListStates({.status = Status::kFailed})), IsEmpty());
  EXPECT_THAT(Ids(TaskFilter{.status = Status::kFailed}), IsEmpty());
  EXPECT_EQ(workflows->GetStateByTaskId("w", "t").error().code, ErrorCode::kWorkflowNotFound);
  EXPECT_EQ(tasks->GetState({"t@e"}).error().code, ErrorCode::kTaskNotFound);
}

TEST_P(SweeperContract, AFailedTaskOfALongRunningWorkflowIsStillCountedAtCompletion) {
  Start("e");
  Put(Task("t", "e", Status::kFailed));
  std::uint64_t renewed = 0;
  for (int day = 0; day < 20; ++day) {
    Jump(kDay);
    renewed += Sweep().renewed;
  }
  EXPECT_GE(renewed, 2u);
  EXPECT_LE(renewed, 4u);
  EXPECT_EQ(workflows->CompleteWorkflow("e")->status, Status::kFailed);
}

TEST_P(SweeperContract, AnExpiredTaskGoesAloneOnceItsWorkflowIsTerminal) {
  Start("e");
  Put(Task("t", "e", Status::kSuccess));
  Put(Child("below", "t"));
  EXPECT_TRUE(workflows->UpdateStatus("e", Status::kSuccess));
  Jump(7 * kDay);
  EXPECT_EQ(Sweep().tasks, 1u);
  EXPECT_THAT(Ids(TaskFilter{}), ElementsAre("below@e"));
  EXPECT_EQ(Run({"EXISTS", "satchel:v1:task:{tx:acme:t@e}:loc"}).integer, 0);
}

TEST_P(SweeperContract, ADueEntryWithoutSuchADeadlineIsDropped) {
  Start("e");
  Run({"ZADD", "satchel:v1:gc:{gc:acme}:due", "1", "w e"});
  Run({"ZADD", "satchel:v1:gc:{gc:acme}:due", "1", "t e gone"});
  Run({"ZADD", "satchel:v1:gc:{gc:acme}:due", "1", "junk"});
  EXPECT_EQ(Sweep().dropped, 2u);
  EXPECT_EQ(Run({"ZCARD", "satchel:v1:gc:{gc:acme}:due"}).integer, 0);
  EXPECT_TRUE(workflows->GetState("e"));
}

TEST_P(SweeperContract, RecordsAndCheckpointsAreSweptToo) {
  EXPECT_TRUE(provider->tasks_backend().Put(
      {"o", "t"}, "{\"expiresAt\":\"" + FormatRfc3339(clock.NowMs() + 1000) + "\"}"));
  CheckpointPut put{.config = {.thread = "th"}};
  put.checkpoint.id = "c";
  EXPECT_TRUE(provider->checkpoints().Put(put));
  put.config.thread = "waits";
  EXPECT_TRUE(provider->checkpoints().Put(put));
  if (is_redis()) {  // the server has a clock of its own: as if nobody had removed the keys yet
    for (const std::string& key : Keys()) Run({"PERSIST", key});
  }
  Jump(hours(1));
  const SweepReport report = Sweep();
  EXPECT_EQ(report.records, 1u);
  EXPECT_THAT(*provider->checkpoints().List(), IsEmpty());
  Sweep();
  EXPECT_EQ(Run({"EXISTS", "satchel:v1:ckpt:{ct:acme}:threads"}).integer, 0);
}

TEST_P(SweeperContract, MarksOfCrashedWritersAreRepaired) {
  Start("e");
  store->FailOnce("st PAUSED", MakeError(ErrorCode::kUnavailable, "down"));
  EXPECT_FALSE(workflows->UpdateStatus("e", Status::kPaused));
  Jump(milliseconds(2001));
  Sweep();
  EXPECT_EQ(Run({"ZCARD", "satchel:v1:wf:{wi:acme}:dirty"}).integer, 0);
  EXPECT_EQ(Run({"ZCARD", "satchel:v1:wf:{ww:acme:w}:dirty"}).integer, 0);
}

TEST_P(SweeperContract, OneProcessSweepsAtATime) {
  auto lock = provider->locks().Acquire("sweep:acme");
  ASSERT_TRUE(lock);
  EXPECT_TRUE(Sweep().is_skipped);
  EXPECT_TRUE(lock->Release());
  EXPECT_FALSE(Sweep().is_skipped);
}

TEST_P(SweeperContract, ItStopsBetweenBatchesWhenTold) {
  Start("e");
  EXPECT_TRUE(workflows->UpdateStatus("e", Status::kSuccess));
  Jump(31 * kDay);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(sweeper->Run(stop.get_token())->workflows, 0u);
}

TEST_P(SweeperContract, AJobSweepsEachInterval) {
  Start("e");
  EXPECT_TRUE(workflows->UpdateStatus("e", Status::kSuccess));
  std::atomic<int> sweeps = 0;
  std::atomic<std::uint64_t> removed = 0;
  SweepJob job(*provider, {.sweep = {.repo = Options()},
                           .interval = std::chrono::minutes(1),
                           .on_sweep = [&](const Result<SweepReport>& report) {
                             removed += report ? report->workflows : 0;
                             ++sweeps;
                           }});
  AdvanceUntil([&] { return sweeps >= 2; });
  EXPECT_EQ(removed, 0u);
  Jump(30 * kDay);
  AdvanceUntil([&] { return removed > 0; });
  EXPECT_EQ(removed, 1u);
}

TEST_P(SweeperContract, AJobLeavesAStoreWithoutRepositoriesAlone) {
  Run({"SET", "mine", "1"});
  std::atomic<int> sweeps = 0;
  {
    SweepJob job(*provider, {.sweep = {.repo = Options()},
                             .interval = std::chrono::minutes(1),
                             .on_sweep = [&](const Result<SweepReport>&) { ++sweeps; }});
    store->ForgetCalls();
    // Four questions an interval.
    AdvanceUntil([&] { return store->round_trips() >= 8; });
  }
  EXPECT_EQ(sweeps, 0);
  EXPECT_THAT(Keys(), ElementsAre("mine"));
}

TEST_P(SweeperContract, TwoSweepersAtOnceDoNotCountTwice) {
  constexpr std::uint64_t kWorkflows = 40;
  for (std::uint64_t i = 0; i < kWorkflows; ++i) {
    const std::string exec = "e" + std::to_string(i);
    Start(exec);
    EXPECT_TRUE(workflows->UpdateStatus(exec, Status::kSuccess));
  }
  Jump(30 * kDay);
  Sweeper other(*provider, SweepOptions{.repo = Options(), .batch = 3});
  std::atomic<std::uint64_t> removed = 0;
  const auto sweep_all = [&](Sweeper& one) {
    for (int i = 0; i < 20; ++i) {
      const auto report = one.Run();
      EXPECT_TRUE(report) << report.error().detail;
      if (report) removed += report->workflows;
    }
  };
  std::thread beside([&] { sweep_all(other); });
  sweep_all(*sweeper);
  beside.join();
  removed += Sweep().workflows;  // each may have met the other's lock only
  EXPECT_EQ(removed, kWorkflows);
}

SATCHEL_EVERY_HOME(SweeperContract);

}  // namespace
}  // namespace satchel::repos
