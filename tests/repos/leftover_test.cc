// After retention nothing is left of what expired: each entity is made with all it can have, its
// time passes, sweeps run, and the store has no key any more.

#include "repos/rfc3339.h"
#include "repos/sweeper.h"
#include "tests/repos/workflow_test.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::IsEmpty;

constexpr std::chrono::milliseconds kDay = hours(24);

class LeftoverContract : public WorkflowTest {
 protected:
  LeftoverContract() {
    const auto config = store::LoadConfig(
        {.environment = {{"SATCHEL_TENANT", "acme"}, {"SATCHEL_CHECKPOINT__TTL", "1h"}}});
    provider = std::move(*Provider::Over(
        *config, [this](store::Component) -> store::Store& { return *store; }, Options()));
    sweeper.emplace(*provider, SweepOptions{.repo = Options(), .batch = 3});
  }
  // Sweeps as they come, while the last traces end: stamps after a day, fences after a week.
  void SweepUntilTracesEnd() {
    for (int day = 0; day < 12; ++day) {
      const auto report = sweeper->Run();
      EXPECT_TRUE(report) << report.error().detail;
      Pass(kDay);
    }
    Pass(8 * kDay);  // the fence of the sweeper's own lock
  }
  // Terminal tasks, one below the other, in a terminal execution; and one that stays active.
  void FillExecution(const std::string& exec) {
    Start(exec);
    TaskState top = Task("top", exec, Status::kSuccess);
    top.agent_id = "ann";
    top.action_id = "act";
    top.output = "{}";
    Put(top);
    TaskState below = Task("below", exec, Status::kFailed);
    below.parent_state_id = top.task_exec_id;
    below.tool_id = "tool";
    Put(below);
    Put(Task("open", exec));
    EXPECT_TRUE(tasks->WithTransaction(exec, [&](TaskTransaction& open) -> Result<void> {
      SATCHEL_TRY(open.GetStateForUpdate("open@" + exec));
      return {};
    }));
    EXPECT_TRUE(workflows->UpdateStatus(exec, Status::kFailed));
  }

  std::unique_ptr<Provider> provider;
  std::optional<Sweeper> sweeper;
};

TEST_P(LeftoverContract, NothingIsLeftOfExecutionsAndTasksThatASweepRemoved) {
  for (const char* exec : {"e", "f"}) FillExecution(exec);
  EXPECT_THAT(Keys(), testing::Not(IsEmpty()));
  Pass(31 * kDay);
  SweepUntilTracesEnd();
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_P(LeftoverContract, NothingIsLeftOfExecutionsAndTasksThatWentByThemselves) {
  for (const char* exec : {"e", "f"}) FillExecution(exec);
  Pass(32 * kDay);
  EXPECT_EQ(workflows->GetState("e").error().code, ErrorCode::kWorkflowNotFound);
  SweepUntilTracesEnd();
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_P(LeftoverContract, NothingIsLeftOfTasksThatExpireBeforeTheirExecution) {
  Start("e");
  Put(Task("t", "e", Status::kFailed));
  EXPECT_TRUE(workflows->UpdateStatus("e", Status::kSuccess));
  Pass(9 * kDay);  // the task has gone by itself
  EXPECT_TRUE(sweeper->Run());
  for (const std::string& key : Keys()) {
    EXPECT_EQ(key.find("t@e"), key.npos) << key;
    EXPECT_NE(key, "satchel:v1:task:{wx:acme:e}:ix");
  }
  Pass(22 * kDay);
  SweepUntilTracesEnd();
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_P(LeftoverContract, NothingIsLeftOfRecords) {
  StorageBackend& records = provider->tasks_backend();
  const std::string soon = FormatRfc3339(clock.NowMs() + 60'000);
  for (const char* owner : {"o", "p:{*}"}) {
    for (const char* task : {"a", "b"}) {
      EXPECT_TRUE(records.Put({owner, task}, "{\"expiresAt\":\"" + soon + "\"}"));
    }
  }
  Pass(minutes(2));
  EXPECT_EQ(sweeper->Run()->records, 4u);
  SweepUntilTracesEnd();
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_P(LeftoverContract, NothingIsLeftOfCheckpoints) {
  Checkpointer& saver = provider->checkpoints();
  for (const char* ns : {"", "n|m"}) {
    for (const char* id : {"a", "b"}) {
      CheckpointPut put{.config = {.thread = "t", .ns = ns},
                        .checkpoint = {.id = id, .ts = "now"},
                        .new_versions = {{"x", "1"}}};
      put.checkpoint.channel_values["x"] = {"json", "1"};
      put.checkpoint.channel_versions["x"] = "1";
      EXPECT_TRUE(saver.Put(put));
      EXPECT_TRUE(
          saver.PutWrites({.thread = "t", .ns = ns, .id = id}, {{"x", {"json", "1"}}}, "k"));
    }
    EXPECT_TRUE(saver.PutWrites({.thread = "t", .ns = ns, .id = "z"}, {{"x", {"json", "1"}}}, "k"));
  }
  {
    auto session = saver.OpenSession("t", {.ttl = std::chrono::seconds(30)});
    ASSERT_TRUE(session);
  }
  Pass(hours(2));
  SweepUntilTracesEnd();
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_P(LeftoverContract, NothingIsLeftOfConversations) {
  MemoryStore& memory = provider->memory();
  EXPECT_TRUE(memory.Append("c", {"1", "2"}, 7));
  EXPECT_TRUE(memory.MarkFlushPending("c"));
  EXPECT_TRUE(memory.SetLastFlushed("c", 5));
  { auto lock = memory.LockFor("c", MemoryOperation::kFlush); }
  EXPECT_TRUE(memory.IncrementTokens("d", 1));
  Pass(kDay);
  SweepUntilTracesEnd();
  EXPECT_THAT(Keys(), IsEmpty());
}

SATCHEL_EVERY_HOME(LeftoverContract);

}  // namespace
}  // namespace satchel::repos
