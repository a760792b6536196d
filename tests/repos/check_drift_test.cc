// Random operations of all repositories leave nothing for a check to find; what retention and
// statistics say of a store.

#include <cstdlib>

#include "base/random.h"
#include "repos/check/stats.h"
#include "repos/retention.h"
#include "repos/sweeper.h"
#include "tests/repos/check_fixture.h"

namespace satchel::repos::check {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::Pair;

// Operations that may be refused; what they leave is what is looked at.
class Chaos {
 public:
  Chaos(Provider& repos, std::uint64_t seed) : repos_(repos), random_(seed) {}

  void Step() {
    switch (random_.Below(14)) {
      case 0:
        return Users();
      case 1:
        return Keys();
      case 2:
      case 3:
        return Executions();
      case 4:
      case 5:
      case 6:
        return Tasks();
      case 7:
        return Deletions();
      case 8:
        return Records();
      case 9:
      case 10:
        return Checkpoints();
      case 11:
        return Conversations();
      case 12:
        return Resources();
      default:
        (void)repos_.workflows().CompleteWorkflow(Exec());
    }
  }

 private:
  std::string Name(const char* kind, std::uint64_t count) {
    return kind + std::to_string(random_.Below(count));
  }
  std::string Exec() { return Name("e:", 4); }
  Status AnyStatus() { return static_cast<Status>(random_.Below(kStatuses)); }

  void Users() {
    const User user{.id = Name("u", 5), .email = Name("m", 6) + "@x"};
    const std::uint64_t what = random_.Below(3);
    if (what == 0) (void)repos_.auth().CreateUser(user);
    if (what == 1) (void)repos_.auth().UpdateUser(user);
    if (what == 2) (void)repos_.auth().DeleteUser(user.id);
  }
  void Keys() {
    const std::string id = Name("k", 8);
    if (random_.Below(3) == 0) {
      (void)repos_.auth().DeleteApiKey(id);
    } else {
      const std::string fingerprint(32, static_cast<char>('a' + random_.Below(10)));
      (void)repos_.auth().CreateApiKey(
          {.id = id, .user_id = Name("u", 5), .hash = "h", .fingerprint = fingerprint});
    }
  }
  void Executions() {
    const std::string exec = Exec();
    if (random_.Below(2) == 0) {
      (void)repos_.workflows().UpsertState({.workflow_id = exec < "e:2" ? "w" : "v",
                                            .workflow_exec_id = exec,
                                            .status = AnyStatus()});
    } else {
      (void)repos_.workflows().UpdateStatus(exec, AnyStatus());
    }
  }
  // Only where its execution is: a task that is refused leaves its locator for a later one.
  void Tasks() {
    const std::string exec = Exec();
    const auto workflow = repos_.workflows().GetState(exec);
    if (!workflow) return;
    const std::string number = std::to_string(random_.Below(6));
    TaskState task{.status = AnyStatus(),
                   .task_id = Name("t", 3),
                   .task_exec_id = "x" + number + "@" + exec,
                   .workflow_id = workflow->workflow_id,
                   .workflow_exec_id = exec};
    const std::string parent = "x" + std::to_string(random_.Below(6)) + "@" + exec;
    if (parent < task.task_exec_id && repos_.tasks().GetState({parent})) {
      task.parent_state_id = parent;
    }
    if (random_.Below(2) == 0) {
      task.tool_id = Name("tool", 2);
    } else if (random_.Below(2) == 0) {
      task.agent_id = Name("ag", 2);
      task.action_id = "ac";
    }
    if (random_.Below(2) == 0) task.output = "1";
    (void)repos_.tasks().UpsertState(task);
  }
  void Deletions() {
    const std::string exec = Exec();
    if (random_.Below(3) == 0) {
      (void)repos_.workflows().DeleteState(exec);
    } else {
      (void)repos_.tasks().DeleteState({Name("x", 6) + "@" + exec});
    }
  }
  void Records() {
    const RecordKey key{Name("o", 2), Name("t:", 4)};
    const std::uint64_t what = random_.Below(4);
    if (what == 0) (void)repos_.tasks_backend().Delete(key);
    if (what == 1) (void)repos_.tasks_backend().PutNew(key, "{}", 3);
    if (what > 1) {
      (void)repos_.tasks_backend().Put(
          key, "{\"task\": {\"createdAt\": " + std::to_string(random_.Below(99)) + "}}");
    }
  }
  void Checkpoints() {
    Checkpointer& checkpoints = repos_.checkpoints();
    const CheckpointConfig config{.thread = Name("th", 2), .ns = Name("ns", 2), .id = Name("c", 5)};
    const std::uint64_t what = random_.Below(7);
    if (what == 0) (void)checkpoints.Delete(config);
    if (what == 1) (void)checkpoints.Prune(config.thread, config.ns, 2);
    if (what == 2) (void)checkpoints.PutWrites(config, {{"a", {"json", "1"}}}, "task");
    if (what == 3 && random_.Below(5) == 0) (void)checkpoints.DeleteThread(config.thread);
    if (what < 4) return;
    CheckpointPut put{.config = {.thread = config.thread, .ns = config.ns}};
    put.checkpoint.id = *config.id;
    for (const char* channel : {"a", "b"}) {
      put.checkpoint.channel_versions[channel] = std::to_string(random_.Below(3));
      put.checkpoint.channel_values[channel] = {"json", "1"};
      if (random_.Below(2) == 0)
        put.new_versions[channel] = put.checkpoint.channel_versions[channel];
    }
    (void)checkpoints.Put(put);
  }
  void Conversations() {
    const std::string key = Name("m", 3);
    const std::uint64_t what = random_.Below(5);
    if (what == 0) (void)repos_.memory().Delete(key);
    if (what == 1) (void)repos_.memory().Trim(key, static_cast<std::int64_t>(random_.Below(3)), 1);
    if (what == 2) (void)repos_.memory().Replace(key, {"1", "2"});
    if (what > 2) (void)repos_.memory().Append(key, {"1"}, 1);
  }
  void Resources() {
    const ResourceKey key{
        .project = "p", .type = ResourceType::kTool, .id = Name("r:", 4), .version = Name("v", 2)};
    if (random_.Below(3) == 0) {
      (void)repos_.resources().Delete(key);
    } else {
      (void)repos_.resources().Put(key, std::to_string(random_.Below(9)));
    }
  }

  Provider& repos_;
  Random random_;
};

class CheckDrift : public CheckTest {
 protected:
  static std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : ParseUint(text).value_or(otherwise);
  }
};

// SATCHEL_RANDOM_STEPS=100000 for a night.
TEST_P(CheckDrift, RandomOperationsLeaveNoDrift) {
  const std::uint64_t seed = FromEnvironment("SATCHEL_SEED", Random::SystemSeed());
  const std::uint64_t steps = FromEnvironment("SATCHEL_RANDOM_STEPS", 1500);
  SCOPED_TRACE("SATCHEL_SEED=" + std::to_string(seed));
  Chaos chaos(*provider, seed);
  for (std::uint64_t step = 1; step <= steps; ++step) {
    chaos.Step();
    if (step % 7 == 0) Jump(milliseconds(1));
    if (step % 150 != 0) continue;
    const Report report = Check();
    ASSERT_EQ(Findings(report), 0u) << "step " << step << "\n" << report.ToTable();
  }
}

TEST_P(CheckDrift, SweepingLeavesNoDriftEither) {
  const std::uint64_t seed = FromEnvironment("SATCHEL_SEED", Random::SystemSeed());
  SCOPED_TRACE("SATCHEL_SEED=" + std::to_string(seed));
  Fill();
  Chaos chaos(*provider, seed);
  for (int i = 0; i < 300; ++i) chaos.Step();
  if (is_redis()) {  // the server has a clock of its own: it would not forget what expires
    for (const std::string& key : Keys()) {
      if (key.find(":mem:") != key.npos || key.find("timed") != key.npos) Run({"DEL", key});
    }
  }
  Sweeper sweeper(*provider, {.repo = Options()});
  for (int half_day = 0; half_day < 64; ++half_day) {
    Jump(hours(12));
    ASSERT_TRUE(sweeper.Run());
  }
  const Report report = Repair();
  std::uint64_t of_executions = 0;
  for (const Sample& one : report.samples) {
    const bool is_executions = one.entity == Entity::kTask || one.entity == Entity::kWorkflow;
    // A task may outlive its parent, and the registry what is gone.
    if (is_executions && IsRepairable(one.kind) && one.index != "wids") ++of_executions;
  }
  EXPECT_EQ(of_executions, 0u) << report.ToTable();
}

TEST_P(CheckDrift, OtherSettingsRewriteDeadlines) {
  Fill();
  const auto deadline = [&](const char* key) { return Run({"HGET", key, "x"}).text; };
  const char* workflow = "satchel:v1:wf:{wx:acme:f}:state";
  const char* task = "satchel:v1:task:{wx:acme:f}:state:t@f";
  const std::int64_t written_ms = *ParseInt(Run({"HGET", workflow, "u"}).text);
  RetentionOptions options{
      .repo = Options(), .workflow_retention = hours(24 * 3), .task_retention = hours(24 * 2)};
  RetentionReport report = *ReapplyRetention(*store, options);
  EXPECT_EQ(report.workflows, 1u);
  EXPECT_EQ(report.tasks, 2u);
  EXPECT_EQ(deadline(workflow), FormatInt(written_ms + 3 * 24 * 3'600'000));
  EXPECT_EQ(Findings(Check()), 0u) << "deadlines, their entries and the store's own agree";
  report = *ReapplyRetention(*store, options);
  EXPECT_EQ(report.workflows + report.tasks, 0u);
  EXPECT_EQ(report.unchanged, 3u);

  options.workflow_retention = options.task_retention = milliseconds(0);
  ASSERT_TRUE(ReapplyRetention(*store, options));
  EXPECT_EQ(deadline(task), "");
  EXPECT_EQ(Run({"PTTL", task}).integer, -1);
  EXPECT_EQ(Run({"EXISTS", "satchel:v1:gc:{gc:acme}:due"}).integer, 0);
  EXPECT_EQ(Findings(Check()), 0u);

  options.task_retention = hours(1);
  Jump(hours(2));
  ASSERT_TRUE(ReapplyRetention(*store, options));
  EXPECT_EQ(provider->tasks().GetState({"t@f"}).error().code, ErrorCode::kTaskNotFound);
  EXPECT_TRUE(provider->tasks().GetState({"ended@e"})) << "of an active execution";
}

TEST_P(CheckDrift, StatisticsCountByEntityAndTenant) {
  Fill();
  Run({"HSET", "satchel:v1:auth:{au:other}:user:x", "role", "user"});
  StatsOptions options{.repo = Options(), .entities = AllEntities()};
  Stats stats = *CountEntities(*store, options);
  EXPECT_EQ(stats.entities.size(), kEntities);
  const EntityStats& tasks = stats.entities.at({Entity::kTask, "acme"});
  EXPECT_EQ(tasks.objects, 4u);
  EXPECT_THAT(tasks.by_status, ElementsAre(Pair("FAILED", 1), Pair("PENDING", 1),
                                           Pair("RUNNING", 1), Pair("SUCCESS", 1)));
  EXPECT_EQ(tasks.keys, 10u);
  EXPECT_GT(tasks.index_members, 24u);
  EXPECT_GT(tasks.bytes, 1000u);
  EXPECT_EQ(tasks.sweep_lag_ms, 0);
  EXPECT_EQ(tasks.oldest_deadline_ms,
            *ParseInt(Run({"HGET", "satchel:v1:task:{wx:acme:e}:state:ended@e", "x"}).text));
  EXPECT_THAT(stats.entities.at({Entity::kAuth, "acme"}).by_status,
              ElementsAre(Pair("admin", 1), Pair("key", 2), Pair("user", 1)));
  options.all_tenants = true;
  EXPECT_EQ(CountEntities(*store, options)->entities.size(), kEntities + 1);
  EXPECT_THAT(*TenantsOf(*store, Options()), ElementsAre("acme", "other"));

  Jump(hours(24 * 7 + 12));
  stats = *CountEntities(*store, options);
  EXPECT_EQ(stats.entities.at({Entity::kTask, "acme"}).sweep_lag_ms, 12 * 3'600'000);
  EXPECT_THAT(stats.ToTable(clock.NowMs()), testing::HasSubstr("passed"));
  EXPECT_THAT(stats.ToJson(), testing::HasSubstr("\"sweep_lag_ms\": 43200000"));
}

SATCHEL_EVERY_HOME(CheckDrift);

}  // namespace
}  // namespace satchel::repos::check
