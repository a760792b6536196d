#include "repos/metrics.h"

#include <fmt/format.h>

#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "repos/check/checker.h"
#include "repos/sweeper.h"
#include "tests/repos/repo_test.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kOn = ",store_driver=\"embedded\"";

std::string On(std::string_view labels) { return std::string(labels) + std::string(kOn); }
std::string Op(std::string_view repo, std::string_view op, std::string_view outcome) {
  return On(fmt::format(R"(repo="{}",op="{}",outcome="{}")", repo, op, outcome));
}

class MetricsOfRepos : public RepoTest {
 protected:
  MetricsOfRepos() {
    const auto config = store::LoadConfig(
        {.environment = {{"SATCHEL_TENANT", "acme"}, {"SATCHEL_NOTIFICATIONS__BUFFER", "100"}}});
    repos = std::move(*Provider::Over(
        *config, [this](store::Component) -> store::Store& { return *store; }, Options()));
  }
  std::uint64_t Value(Family family, std::string_view labels) {
    return repos->metrics().Read().Value(family, labels);
  }
  // Of a histogram.
  MetricSeries Series(Family family, std::string_view labels) {
    const MetricsReading reading = repos->metrics().Read();
    const MetricSeries* series = reading.Find(family, labels);
    return series == nullptr ? MetricSeries{} : *series;
  }
  void AddKey() {
    ASSERT_TRUE(repos->auth().CreateUser({.id = "u", .email = "u@x"}));
    const std::string fingerprint = FingerprintOf("good");
    ASSERT_TRUE(repos->auth().CreateApiKey(
        {.id = "k", .user_id = "u", .hash = "h", .fingerprint = fingerprint, .prefix = "p"}));
  }

  std::unique_ptr<Provider> repos;
};

TEST_P(MetricsOfRepos, OperationsCountByWhatCameOfThem) {
  ASSERT_TRUE(repos->auth().CreateUser({.id = "u", .email = "u@x"}));
  EXPECT_FALSE(repos->auth().CreateUser({.id = "v", .email = "u@x"}));
  EXPECT_TRUE(repos->auth().GetUserById("u"));
  EXPECT_TRUE(repos->auth().GetUserById("u"));
  EXPECT_FALSE(repos->auth().GetUserById("absent"));
  EXPECT_FALSE(repos->definitions().Save("d", "no json"));
  store->FailOnce("HGET", MakeError(ErrorCode::kUnavailable, "gone"));
  EXPECT_FALSE(repos->definitions().Load("d"));
  const Family family = Family::kRepoOperations;
  EXPECT_EQ(Value(family, Op("auth", "create_user", "ok")), 1u);
  EXPECT_EQ(Value(family, Op("auth", "create_user", "conflict")), 1u);
  EXPECT_EQ(Value(family, Op("auth", "get_user_by_id", "ok")), 2u);
  EXPECT_EQ(Value(family, Op("auth", "get_user_by_id", "not_found")), 1u);
  EXPECT_EQ(Value(family, Op("definitions", "save", "invalid")), 1u);
  EXPECT_EQ(Value(family, Op("definitions", "load", "error")), 1u);
  EXPECT_EQ(repos->metrics().Read().Find(family, Op("cache", "get", "ok")), nullptr);
}

TEST_P(MetricsOfRepos, AMethodThatCallsAnotherOfItsRepositoryCountsOnce) {
  ASSERT_TRUE(repos->workflows().UpsertState({.workflow_id = "w", .workflow_exec_id = "e"}));
  ASSERT_TRUE(repos->checkpoints().Get({.thread = "t"}));
  EXPECT_EQ(Value(Family::kRepoOperations, Op("checkpoint", "get", "ok")), 1u);
  EXPECT_EQ(Value(Family::kRepoOperations, Op("checkpoint", "get_tuple", "ok")), 0u);
  ASSERT_TRUE(repos->checkpoints().GetTuple({.thread = "t"}));
  EXPECT_EQ(Value(Family::kRepoOperations, Op("checkpoint", "get_tuple", "ok")), 1u);
}

TEST_P(MetricsOfRepos, EveryRepositoryCountsItsOperations) {
  (void)repos->cache().Get("k");
  (void)repos->checkpoints().List();
  (void)repos->definitions().List();
  (void)repos->idempotency().Claim("space", "key");
  (void)repos->memory().Read("m");
  (void)repos->notifications().Publish("c", "{}");
  (void)repos->rate_limits().Peek("user:u", {.name = "p"});
  (void)repos->resources().List("p", ResourceType::kTask);
  (void)repos->streams().Replay("e");
  (void)repos->tasks().ListStates();
  (void)repos->task_configs().Get("t");
  (void)repos->tasks_backend().Get({"o", "t"});
  (void)repos->workflows().GetState("e");
  (void)repos->locks().Acquire("r");
  (void)repos->auth().ListUsers();
  std::set<std::string> counted;
  const MetricsReading reading = repos->metrics().Read();
  for (const MetricFamily& family : reading.families) {
    if (family.family != Family::kRepoOperations) continue;
    for (const MetricSeries& series : family.series) {
      counted.insert(series.labels.substr(0, series.labels.find(',')));
    }
  }
  EXPECT_EQ(counted.size(), 15u) << testing::PrintToString(counted);
}

TEST_P(MetricsOfRepos, DurationsAreThoseOfTheClock) {
  ASSERT_TRUE(repos->definitions().List());
  const std::string labels = On(R"(repo="definitions",op="list")");
  const MetricSeries series = Series(Family::kRepoOperationDuration, labels);
  EXPECT_EQ(series.count, 1u);
  EXPECT_EQ(series.value, 0u) << "the manual clock stands still";
  EXPECT_EQ(series.buckets.front(), 1u);
  EXPECT_EQ(series.buckets.size(), 17u);
}

TEST_P(MetricsOfRepos, ATransactionThatLosesCountsItsRetries) {
  ASSERT_TRUE(repos->workflows().UpsertState({.workflow_id = "w", .workflow_exec_id = "e"}));
  const TaskState task{.status = Status::kRunning,
                       .task_id = "t",
                       .task_exec_id = "x",
                       .workflow_id = "w",
                       .workflow_exec_id = "e"};
  ASSERT_TRUE(repos->tasks().UpsertState(task));
  EXPECT_EQ(Value(Family::kRepoRetries, On(R"(repo="task",reason="watch")")), 0u);
  int runs = 0;
  const auto done = repos->tasks().WithTransaction("e", [&](TaskTransaction& tx) -> Result<void> {
    SATCHEL_ASSIGN(const TaskState read, tx.GetState("x"));
    if (runs == 0) SATCHEL_TRY(repos->tasks().UpsertState(task));
    SATCHEL_TRY(tx.UpsertState(read));
    ++runs;
    return {};
  });
  EXPECT_TRUE(done);
  EXPECT_EQ(Value(Family::kRepoRetries, On(R"(repo="task",reason="watch")")), 1u);
}

TEST_P(MetricsOfRepos, OrphansAndMarksCountOnceTheyAreGone) {
  ASSERT_TRUE(repos->workflows().UpsertState({.workflow_id = "w", .workflow_exec_id = "e"}));
  Run({"ZADD", "satchel:v1:wf:{wi:acme}:ix", "0", "cr 0000000000000001 ghost"});
  ASSERT_TRUE(repos->workflows().ListStates());
  EXPECT_EQ(Value(Family::kOrphansRemoved, On(R"(repo="workflow")")), 1u);
  EXPECT_EQ(Value(Family::kOrphansRemoved, On(R"(repo="task")")), 0u);
  EXPECT_EQ(Value(Family::kMarksRecovered, On(R"(repo="workflow")")), 0u);
  // A writer that stops after its marks.
  Batch batch;
  ExecutionIndex writer(*store, Options());
  writer.AddMark(batch, writer.OfTenant(), writer.NewMark(ExecutionIndex::ExecMember("e")));
  ASSERT_TRUE(batch.SendAll(*store));
  Jump(minutes(1));
  ASSERT_TRUE(repos->workflows().ListStates());
  EXPECT_EQ(Value(Family::kMarksRecovered, On(R"(repo="workflow")")), 1u);
}

TEST_P(MetricsOfRepos, LocksCountTheirLives) {
  const std::string kind = On(R"(kind="named")");
  auto lock = repos->locks().Acquire("r");
  ASSERT_TRUE(lock);
  EXPECT_FALSE(repos->locks().Acquire("r"));
  EXPECT_TRUE(lock->Refresh());
  Jump(seconds(2));
  EXPECT_TRUE(lock->Release());
  EXPECT_EQ(Value(Family::kLockAcquired, kind), 1u);
  EXPECT_EQ(Value(Family::kLockTimeout, kind), 1u);
  EXPECT_EQ(Value(Family::kLockRefresh, On(R"(kind="named",outcome="ok")")), 1u);
  EXPECT_EQ(Value(Family::kLockReleased, On(R"(kind="named",outcome="ok")")), 1u);
  EXPECT_EQ(Value(Family::kLockLost, kind), 0u);
  EXPECT_EQ(Series(Family::kLockWait, kind).count, 2u);
  EXPECT_EQ(Series(Family::kLockHold, kind).value, 2'000'000'000u);
}

TEST_P(MetricsOfRepos, ALostLockIsNoReleaseThatIsOk) {
  {
    auto lock = repos->locks().Acquire("r");
    ASSERT_TRUE(lock);
    Run({"DEL", lock->keys().holder});
    EXPECT_FALSE(lock->Release());
  }
  EXPECT_EQ(Value(Family::kLockLost, On(R"(kind="named")")), 1u);
  EXPECT_EQ(Value(Family::kLockReleased, On(R"(kind="named",outcome="lost")")), 1u);
  EXPECT_EQ(Value(Family::kLockReleased, On(R"(kind="named",outcome="ok")")), 0u);
  EXPECT_EQ(Series(Family::kLockHold, On(R"(kind="named")")).count, 1u);
}

TEST_P(MetricsOfRepos, SessionsAndRowsAreKindsOfTheirOwn) {
  ASSERT_TRUE(repos->checkpoints().OpenSession("t", {}));
  EXPECT_EQ(Value(Family::kLockAcquired, On(R"(kind="session")")), 1u);
  ASSERT_TRUE(repos->workflows().UpsertState({.workflow_id = "w", .workflow_exec_id = "e"}));
  ASSERT_TRUE(repos->tasks().UpsertState(
      {.task_id = "t", .task_exec_id = "x", .workflow_id = "w", .workflow_exec_id = "e"}));
  ASSERT_TRUE(repos->tasks().WithTransaction("e", [](TaskTransaction& tx) -> Result<void> {
    SATCHEL_TRY(tx.GetStateForUpdate("x"));
    return {};
  }));
  EXPECT_EQ(Value(Family::kLockAcquired, On(R"(kind="row")")), 1u);
  EXPECT_EQ(Value(Family::kLockReleased, On(R"(kind="row",outcome="ok")")), 1u);
  EXPECT_EQ(Value(Family::kLockAcquired, On(R"(kind="named")")), 0u);
}

TEST_P(MetricsOfRepos, AttemptsCountByReason) {
  AddKey();
  CredentialCheck good(repos->auth(), [](const auto&, const auto&) { return true; });
  CredentialCheck bad(repos->auth(), [](const auto&, const auto&) { return false; });
  Jump(hours(2));
  EXPECT_TRUE(good.Validate("good"));
  EXPECT_FALSE(bad.Validate("good"));
  EXPECT_FALSE(good.Validate("unknown"));
  store->FailAll(MakeError(ErrorCode::kUnavailable, "gone"));
  EXPECT_FALSE(good.Validate("good"));
  store->FailAll({});
  const auto attempts = [&](std::string_view outcome, std::string_view reason) {
    return Value(Family::kAuthAttempts,
                 fmt::format(R"(outcome="{}",reason="{}",method="api_key")", outcome, reason));
  };
  EXPECT_EQ(attempts("ok", "none"), 1u);
  EXPECT_EQ(attempts("denied", "wrong_key"), 1u);
  EXPECT_EQ(attempts("denied", "unknown_key"), 1u);
  EXPECT_EQ(attempts("error", "store"), 1u);
  EXPECT_EQ(Series(Family::kAuthLatency, R"(outcome="denied")").count, 2u);
  const MetricSeries age = Series(Family::kAuthKeyAge, "");
  EXPECT_EQ(age.count, 1u);
  EXPECT_EQ(age.buckets[1], 1u) << "between an hour and a day";
}

TEST_P(MetricsOfRepos, RefusedTakesAndFailingOpenCount) {
  const RatePolicy policy{.name = "p", .limit = 1};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(repos->rate_limits().Take("user:u", policy));
  EXPECT_EQ(Value(Family::kRateLimitBlocks, R"(key_type="user")"), 2u);
  EXPECT_EQ(Value(Family::kRateLimitBlocks, R"(key_type="ip")"), 0u);
  EXPECT_EQ(Value(Family::kRateLimitFailOpen, ""), 0u);
  store->FailAll(MakeError(ErrorCode::kUnavailable, "gone"));
  EXPECT_TRUE(repos->rate_limits().Take("ip:1", policy)->allowed);
  store->FailAll({});
  EXPECT_EQ(Value(Family::kRateLimitFailOpen, ""), 1u);
}

TEST_P(MetricsOfRepos, ResourcesCountByTypeAndOutcome) {
  const ResourceKey key{.project = "p", .type = ResourceType::kAgent, .id = "a"};
  const auto etag = repos->resources().Put(key, "{}");
  ASSERT_TRUE(etag);
  EXPECT_FALSE(repos->resources().PutIfMatch(key, "{}", "another"));
  EXPECT_TRUE(repos->resources().Get(key));
  EXPECT_FALSE(repos->resources().Get({.project = "p", .type = ResourceType::kTool, .id = "a"}));
  const auto count = [&](std::string_view op, std::string_view type, std::string_view outcome) {
    return Value(Family::kResourceOperations,
                 On(fmt::format(R"(op="{}",type="{}",outcome="{}")", op, type, outcome)));
  };
  EXPECT_EQ(count("put", "agent", "ok"), 1u);
  EXPECT_EQ(count("put_if_match", "agent", "conflict"), 1u);
  EXPECT_EQ(count("get", "agent", "ok"), 1u);
  EXPECT_EQ(count("get", "tool", "not_found"), 1u);
  EXPECT_EQ(Value(Family::kEtagMismatches, On(R"(type="agent")")), 1u);
  EXPECT_EQ(Value(Family::kEtagMismatches, On(R"(type="tool")")), 0u);
  EXPECT_EQ(Series(Family::kResourceOperationDuration, On(R"(op="get",type="agent")")).count, 1u);
}

TEST_P(MetricsOfRepos, AWatchThatLosesMessagesCountsItsResync) {
  ResourceStore resources(*store, {.repo =
                                       [&] {
                                         RepoOptions options = Options();
                                         options.metrics = &repos->metrics();
                                         return options;
                                       }(),
                                   .watch_buffer = 1});
  auto watch = resources.Watch("p", ResourceType::kAgent);
  ASSERT_TRUE(watch);
  ASSERT_TRUE((*watch)->Next(milliseconds(0)));
  for (int i = 0; i < 5; ++i) {
    const ResourceKey key{.project = "p", .type = ResourceType::kAgent, .id = std::to_string(i)};
    ASSERT_TRUE(resources.Put(key, "{}"));
  }
  while (*(*watch)->Next(milliseconds(0))) {
  }
  std::uint64_t resyncs = 0;
  for (const char* reason : {"gap", "dropped", "missed"}) {
    resyncs += Value(Family::kWatchResyncs, On(fmt::format("reason=\"{}\"", reason)));
  }
  EXPECT_EQ(resyncs, (*watch)->resyncs());
}

TEST_P(MetricsOfRepos, CheckpointsCountSavesLoadsAndBytes) {
  CheckpointPut put{.config = {.thread = "t"}};
  put.checkpoint.id = "c";
  put.checkpoint.channel_versions = {{"ch", "1"}};
  put.checkpoint.channel_values = {{"ch", {.type = "json", .bytes = std::string(5000, 'a')}}};
  put.new_versions = {{"ch", "1"}};
  ASSERT_TRUE(repos->checkpoints().Put(put));
  put.config.id = "c";
  put.checkpoint.id = "d";
  EXPECT_FALSE(repos->checkpoints().CompareAndPut(put, "other")->stored);
  EXPECT_TRUE(*repos->checkpoints().GetTuple({.thread = "t"}));
  EXPECT_FALSE(*repos->checkpoints().GetTuple({.thread = "absent"}));
  EXPECT_EQ(Value(Family::kCheckpointSaves, On(R"(outcome="ok")")), 1u);
  EXPECT_EQ(Value(Family::kCheckpointSaves, On(R"(outcome="conflict")")), 1u);
  EXPECT_EQ(Value(Family::kCheckpointLoads, On(R"(outcome="ok")")), 1u);
  EXPECT_EQ(Value(Family::kCheckpointLoads, On(R"(outcome="not_found")")), 1u);
  const MetricSeries raw = Series(Family::kCheckpointValueBytes, On(R"(form="raw")"));
  EXPECT_EQ(raw.count, 2u);
  EXPECT_EQ(raw.value, 10'000u);
  EXPECT_LT(Series(Family::kCheckpointValueBytes, On(R"(form="stored")")).value, 1000u);
}

TEST_P(MetricsOfRepos, StreamEventsCountByTypeAndUnknownTypesTogether) {
  ASSERT_TRUE(repos->streams().Publish("e", "status", "1"));
  ASSERT_TRUE(repos->streams().Publish("e", "tenant-7", "1"));
  ASSERT_TRUE(repos->streams().Replay("e"));
  const auto count = [&](std::string_view kind, std::string_view type) {
    return Value(Family::kStreamEvents, fmt::format(R"(kind="{}",event_type="{}")", kind, type));
  };
  EXPECT_EQ(count("published", "status"), 1u);
  EXPECT_EQ(count("published", "other"), 1u);
  EXPECT_EQ(count("delivered", "status"), 1u);
  EXPECT_EQ(count("delivered", "other"), 1u);
  EXPECT_THAT(repos->metrics().Read().ToText(), Not(HasSubstr("tenant-7")));
}

TEST_P(MetricsOfRepos, FollowersCountWhileTheyAreOpen) {
  const std::string kind = R"(kind="follow")";
  auto follower = repos->streams().Follow("e");
  ASSERT_TRUE(follower);
  EXPECT_EQ(Value(Family::kStreamActiveConnections, kind), 1u);
  EXPECT_EQ(Series(Family::kStreamFirstEvent, kind).count, 0u);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(repos->streams().Publish("e", "status", "1"));
    ASSERT_TRUE(*(*follower)->Next(seconds(20)));
  }
  EXPECT_EQ(Series(Family::kStreamFirstEvent, kind).count, 1u);
  EXPECT_EQ(Series(Family::kStreamConnectionDuration, kind).count, 0u);
  follower->reset();
  EXPECT_EQ(Value(Family::kStreamActiveConnections, kind), 0u);
  EXPECT_EQ(Series(Family::kStreamConnectionDuration, kind).count, 1u);
}

TEST_P(MetricsOfRepos, WhatAFollowerCannotReadCountsByReason) {
  const auto first = repos->streams().Publish("e", "status", "1");
  ASSERT_TRUE(first);
  auto follower = repos->streams().Follow("e", *first);
  ASSERT_TRUE(follower);
  const std::string foreign = first->substr(0, first->find('-')) + "-7";
  ASSERT_TRUE(store->Run({"XADD", "satchel:v1:es:{es:acme:e}:log", foreign, "no", "event"}));
  Jump(seconds(1));
  ASSERT_TRUE(repos->streams().Publish("e", "status", "2"));
  ASSERT_TRUE(*(*follower)->Next(seconds(20)));
  const auto errors = [&](std::string_view reason) {
    return Value(Family::kStreamErrors, fmt::format(R"(kind="follow",reason="{}")", reason));
  };
  EXPECT_EQ(errors("undecodable"), 1u);
  EXPECT_EQ(errors("truncated"), 0u);
  EXPECT_EQ(errors("store"), 0u);
}

TEST_P(MetricsOfRepos, ChannelsCountWhileSomebodyListens) {
  auto& notifications = repos->notifications();
  auto one = notifications.Subscribe({notifications.WorkflowChannel("w"), "elsewhere"});
  auto other = notifications.SubscribePattern({notifications.TaskChannel("t") + "*"});
  ASSERT_TRUE(one && other);
  const auto open = [&](std::string_view kind) {
    return Value(Family::kNotificationChannels, On(fmt::format("kind=\"{}\"", kind)));
  };
  EXPECT_EQ(open("workflow"), 1u);
  EXPECT_EQ(open("task"), 1u);
  EXPECT_EQ(open("other"), 1u);
  one->reset();
  EXPECT_EQ(open("workflow"), 0u);
  EXPECT_EQ(open("task"), 1u);
}

TEST_P(MetricsOfRepos, CallsOfTheCheckpointerAreTimedByName) {
  ASSERT_TRUE(repos->checkpoints().GetTuple({.thread = "t"}));
  ASSERT_TRUE(repos->checkpoints().DeleteThread("t"));
  const auto count = [&](std::string_view op) {
    return Series(Family::kCheckpointOperationDuration, On(fmt::format("op=\"{}\"", op))).count;
  };
  EXPECT_EQ(count("get_tuple"), 1u);
  EXPECT_EQ(count("delete_thread"), 1u);
  EXPECT_EQ(count("open_session"), 0u);
}

TEST_P(MetricsOfRepos, NotificationsCountByKindOfChannel) {
  auto& notifications = repos->notifications();
  auto listener =
      notifications.Subscribe({notifications.WorkflowChannel("w"), notifications.TaskChannel("t")});
  ASSERT_TRUE(listener);
  ASSERT_TRUE(notifications.PublishEvent({.workflow_id = "w", .task_id = "t", .event = "x"}));
  ASSERT_TRUE(notifications.Publish("elsewhere", "1"));
  ASSERT_TRUE(*(*listener)->Next(seconds(20)));
  ASSERT_TRUE(*(*listener)->Next(seconds(20)));
  for (const char* kind : {"workflow", "task"}) {
    const std::string labels = On(fmt::format("kind=\"{}\"", kind));
    EXPECT_EQ(Value(Family::kNotificationsPublished, labels), 1u);
    EXPECT_EQ(Value(Family::kNotificationsReceived, labels), 1u);
  }
  EXPECT_EQ(Value(Family::kNotificationsPublished, On(R"(kind="other")")), 1u);
  EXPECT_EQ(Value(Family::kNotificationsDropped, kOn.substr(1)), 0u);
  std::uint64_t dropped = 0;
  while (dropped == 0) {
    for (int i = 0; i < 300; ++i) {
      ASSERT_TRUE(notifications.Publish(notifications.TaskChannel("t"), "1"));
    }
    for (int i = 0; i < 100; ++i) dropped += (**(*listener)->Next(seconds(20))).dropped;
  }
  EXPECT_EQ(Value(Family::kNotificationsDropped, kOn.substr(1)), dropped);
}

TEST_P(MetricsOfRepos, ASweepCountsWhatItRemovedAndHowLate) {
  ASSERT_TRUE(repos->workflows().UpsertState({.workflow_id = "w", .workflow_exec_id = "e"}));
  ASSERT_TRUE(repos->workflows().UpdateStatus("e", Status::kSuccess));
  Jump(hours(30 * 24) + seconds(90));
  Sweeper sweeper(*repos, {.repo = Options()});
  ASSERT_TRUE(sweeper.Run());
  EXPECT_EQ(Value(Family::kSweepRemoved, On(R"(kind="workflow")")), 1u);
  EXPECT_EQ(Value(Family::kSweepRemoved, On(R"(kind="task")")), 0u);
  EXPECT_EQ(Value(Family::kSweepLag, kOn.substr(1)), 90'000u);
  EXPECT_THAT(repos->metrics().Read().ToText(),
              HasSubstr("satchel_sweep_lag_seconds{store_driver=\"embedded\"} 90\n"));
  EXPECT_EQ(Series(Family::kSweepDuration, kOn.substr(1)).count, 1u);
  ASSERT_TRUE(sweeper.Run());
  EXPECT_EQ(Value(Family::kSweepRemoved, On(R"(kind="workflow")")), 1u);
  EXPECT_EQ(Value(Family::kSweepLag, kOn.substr(1)), 0u);
}

TEST_P(MetricsOfRepos, DriftIsWhatTheLastCheckFound) {
  AddKey();
  Run({"HSET", "satchel:v1:auth:{au:acme}:emails", "ghost@x", "ghost"});
  check::CheckOptions options{.repo = Options(), .entities = {check::Entity::kAuth}};
  options.repo.metrics = &repos->metrics();
  options.settle = milliseconds(0);
  options.wait = [](std::int64_t, const std::stop_token&) {};
  const auto check = [&] {
    const auto report =
        check::Checker([this](store::Component) -> store::Store& { return *store; }, options).Run();
    EXPECT_TRUE(report) << report.error().detail;
    std::uint64_t findings = 0;
    for (const MetricFamily& family : repos->metrics().Read().families) {
      if (family.family != Family::kDriftFindings) continue;
      for (const MetricSeries& series : family.series) findings += series.value;
    }
    return findings;
  };
  EXPECT_EQ(check(), 1u);
  Run({"HDEL", "satchel:v1:auth:{au:acme}:emails", "ghost@x"});
  EXPECT_EQ(check(), 0u);
}

TEST_P(MetricsOfRepos, WithoutARegistryEverythingWorks) {
  Auth auth(*store, Options());
  ASSERT_TRUE(auth.CreateUser({.id = "u", .email = "u@x"}));
  LockManager locks(*store, Options());
  EXPECT_TRUE(locks.Acquire("r")->Release());
  ResourceStore resources(*store, {.repo = Options()});
  EXPECT_TRUE(resources.Put({.project = "p", .type = ResourceType::kAgent, .id = "a"}, "{}"));
  EXPECT_EQ(Value(Family::kRepoOperations, Op("auth", "create_user", "ok")), 0u);
}

TEST_P(MetricsOfRepos, NoNameThatAProgramGivesBecomesALabel) {
  ASSERT_TRUE(repos->auth().CreateUser({.id = "secret-id", .email = "secret@x"}));
  (void)repos->locks().Acquire("secret-lock");
  (void)repos->rate_limits().Take("ip:secret", {.name = "secret", .limit = 0});
  (void)repos->notifications().Publish("secret", "1");
  (void)repos->streams().Publish("secret", "secret", "1");
  const std::string text = repos->metrics().Read().ToText();
  EXPECT_THAT(text, Not(HasSubstr("secret")));
  EXPECT_THAT(text, Not(HasSubstr("acme")));
}

INSTANTIATE_TEST_SUITE_P(Homes, MetricsOfRepos, testing::Values(Home::kMemory),
                         [](const auto& info) { return HomeName(info.param); });

TEST(Metrics, TheTextIsThatOfPrometheus) {
  Metrics metrics;
  metrics.Add(Family::kRepoOperations, 0, 3, RepoOp::kAuthGetUserById, Outcome::kOk);
  metrics.Add(Family::kRepoOperations, 1, 1, RepoOp::kAuthGetUserById, Outcome::kNotFound);
  metrics.Observe(Family::kAuthKeyAge, 0, 7200);
  metrics.Observe(Family::kAuthKeyAge, 0, 3600);
  metrics.Observe(Family::kCheckpointValueBytes, 0, 65, Form::kRaw);
  metrics.Set(Family::kSweepLag, 0, 1500);
  EXPECT_EQ(metrics.Read().ToText(),
            R"(# HELP satchel_repo_operations_total Calls of repositories, by what came of them.
# TYPE satchel_repo_operations_total counter
satchel_repo_operations_total{repo="auth",op="get_user_by_id",outcome="ok",store_driver="embedded"} 3
satchel_repo_operations_total{repo="auth",op="get_user_by_id",outcome="not_found",store_driver="redis"} 1
# HELP satchel_auth_key_age_seconds Age of API keys that were good.
# TYPE satchel_auth_key_age_seconds histogram
satchel_auth_key_age_seconds_bucket{le="3600"} 1
satchel_auth_key_age_seconds_bucket{le="86400"} 2
satchel_auth_key_age_seconds_bucket{le="604800"} 2
satchel_auth_key_age_seconds_bucket{le="2592000"} 2
satchel_auth_key_age_seconds_bucket{le="7776000"} 2
satchel_auth_key_age_seconds_bucket{le="31536000"} 2
satchel_auth_key_age_seconds_bucket{le="+Inf"} 2
satchel_auth_key_age_seconds_sum 10800
satchel_auth_key_age_seconds_count 2
# HELP satchel_rate_limit_blocks_total Takes that were refused.
# TYPE satchel_rate_limit_blocks_total counter
satchel_rate_limit_blocks_total{key_type="apikey"} 0
satchel_rate_limit_blocks_total{key_type="user"} 0
satchel_rate_limit_blocks_total{key_type="ip"} 0
satchel_rate_limit_blocks_total{key_type="other"} 0
# HELP satchel_rate_limit_failopen_total Takes that were allowed as the store failed.
# TYPE satchel_rate_limit_failopen_total counter
satchel_rate_limit_failopen_total 0
# HELP satchel_checkpoint_value_bytes Size of values of checkpoints, before and after sealing.
# TYPE satchel_checkpoint_value_bytes histogram
satchel_checkpoint_value_bytes_bucket{form="raw",store_driver="embedded",le="64"} 0
satchel_checkpoint_value_bytes_bucket{form="raw",store_driver="embedded",le="256"} 1
satchel_checkpoint_value_bytes_bucket{form="raw",store_driver="embedded",le="1024"} 1
satchel_checkpoint_value_bytes_bucket{form="raw",store_driver="embedded",le="4096"} 1
satchel_checkpoint_value_bytes_bucket{form="raw",store_driver="embedded",le="16384"} 1
satchel_checkpoint_value_bytes_bucket{form="raw",store_driver="embedded",le="65536"} 1
satchel_checkpoint_value_bytes_bucket{form="raw",store_driver="embedded",le="262144"} 1
satchel_checkpoint_value_bytes_bucket{form="raw",store_driver="embedded",le="1048576"} 1
satchel_checkpoint_value_bytes_bucket{form="raw",store_driver="embedded",le="4194304"} 1
satchel_checkpoint_value_bytes_bucket{form="raw",store_driver="embedded",le="16777216"} 1
satchel_checkpoint_value_bytes_bucket{form="raw",store_driver="embedded",le="67108864"} 1
satchel_checkpoint_value_bytes_bucket{form="raw",store_driver="embedded",le="+Inf"} 1
satchel_checkpoint_value_bytes_sum{form="raw",store_driver="embedded"} 65
satchel_checkpoint_value_bytes_count{form="raw",store_driver="embedded"} 1
# HELP satchel_sweep_lag_seconds How late the oldest removal of the last sweep came.
# TYPE satchel_sweep_lag_seconds gauge
satchel_sweep_lag_seconds{store_driver="embedded"} 1.5
)");
}

TEST(Metrics, SeriesOfADriverStartAtZeroOnceItIsUsed) {
  Metrics metrics;
  EXPECT_THAT(metrics.Read().ToText(), Not(HasSubstr("lock_lost")));
  metrics.Uses("redis");
  const std::string text = metrics.Read().ToText();
  EXPECT_THAT(text, HasSubstr("satchel_lock_lost_total{kind=\"row\",store_driver=\"redis\"} 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("embedded")));
  EXPECT_THAT(text, Not(HasSubstr("repo_operations_total")));
}

TEST(Metrics, ReadingResetsNothing) {
  Metrics metrics;
  metrics.Add(Family::kLockLost, 0, 1, LockKind::kRow);
  metrics.Observe(Family::kLockWait, 0, 250'000, LockKind::kRow);
  EXPECT_EQ(metrics.Read(), metrics.Read());
  metrics.Add(Family::kLockLost, 0, 1, LockKind::kRow);
  EXPECT_EQ(metrics.Read().Value(Family::kLockLost, On(R"(kind="row")")), 2u);
}

TEST(Metrics, EightThreadsLoseNoCount) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 20'000;
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&metrics] {
      for (int round = 0; round < kRounds; ++round) {
        metrics.Add(Family::kLockAcquired, 0, 1, LockKind::kNamed);
        metrics.Observe(Family::kLockHold, 0, 2, LockKind::kNamed);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const MetricsReading reading = metrics.Read();
  EXPECT_EQ(reading.Value(Family::kLockAcquired, On(R"(kind="named")")), 160'000u);
  const MetricSeries* held = reading.Find(Family::kLockHold, On(R"(kind="named")"));
  ASSERT_NE(held, nullptr);
  EXPECT_EQ(held->count, 160'000u);
  EXPECT_EQ(held->value, 320'000u);
}

TEST(Metrics, EachCodeHasItsOutcome) {
  EXPECT_EQ(OutcomeOf(ErrorCode::kTaskNotFound), Outcome::kNotFound);
  EXPECT_EQ(OutcomeOf(ErrorCode::kEtagMismatch), Outcome::kConflict);
  EXPECT_EQ(OutcomeOf(ErrorCode::kLockTimeout), Outcome::kConflict);
  EXPECT_EQ(OutcomeOf(ErrorCode::kTooLarge), Outcome::kInvalid);
  EXPECT_EQ(OutcomeOf(ErrorCode::kCorrupt), Outcome::kError);
  EXPECT_EQ(OutcomeOf(ErrorCode::kUnavailable), Outcome::kError);
  EXPECT_EQ(OutcomeOf(Result<int>(1)), Outcome::kOk);
}

TEST(Metrics, ValuesOfLabelsAreTheNamesOfTheRepositories) {
  const auto values = [](Family family, std::size_t label) {
    return InfoOf(family).labels[label].values;
  };
  const auto types = values(Family::kEtagMismatches, 0);
  for (std::size_t i = 0; i < types.size(); ++i) {
    EXPECT_EQ(types[i], ResourceTypeName(static_cast<ResourceType>(i)));
  }
  const auto checkpoints = values(Family::kCheckpointOperationDuration, 0);
  const auto first = static_cast<std::size_t>(RepoOp::kCheckpointGetTuple);
  ASSERT_EQ(checkpoints.size(),
            static_cast<std::size_t>(RepoOp::kCheckpointOpenSession) - first + 1);
  for (std::size_t i = 0; i < checkpoints.size(); ++i) {
    EXPECT_EQ(values(Family::kRepoOperations, 0)[first + i],
              fmt::format(R"(repo="checkpoint",op="{}")", checkpoints[i]));
  }
  const auto events = values(Family::kStreamEvents, 1);
  ASSERT_EQ(events.size(), std::size(kStreamEventTypes) + 1);
  EXPECT_TRUE(
      std::equal(std::begin(kStreamEventTypes), std::end(kStreamEventTypes), events.begin()));
  ASSERT_EQ(values(Family::kDriftFindings, 0).size(), check::kEntities);
  ASSERT_EQ(values(Family::kDriftFindings, 1).size(), check::kKinds);
  for (std::size_t i = 0; i < check::kEntities; ++i) {
    EXPECT_EQ(values(Family::kDriftFindings, 0)[i],
              check::EntityName(static_cast<check::Entity>(i)));
  }
  for (std::size_t i = 0; i < check::kKinds; ++i) {
    EXPECT_EQ(values(Family::kDriftFindings, 1)[i], check::KindName(static_cast<check::Kind>(i)));
  }
}

// Names of labels, in order; those of a label without name stand in its values.
std::string LabelNames(const FamilyInfo& info) {
  std::vector<std::string> names;
  for (const Label& label : info.labels) {
    if (!label.name.empty()) {
      names.emplace_back(label.name);
      continue;
    }
    std::stringstream pairs{std::string(label.values[0])};
    for (std::string pair; std::getline(pairs, pair, ',');) {
      names.push_back(pair.substr(0, pair.find('=')));
    }
  }
  if (info.has_driver) names.emplace_back("store_driver");
  return names.empty() ? "–" : fmt::format("{}", fmt::join(names, ", "));
}

TEST(Metrics, ThePageListsWhatThereIs) {
  constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram"};
  std::string expected;
  for (std::size_t i = 0; i < kFamilies; ++i) {
    const FamilyInfo& info = InfoOf(static_cast<Family>(i));
    expected += fmt::format("| `{}` | {}{} | {} | {} |\n", info.name,
                            kTypes[static_cast<std::size_t>(info.type)],
                            info.from_start ? ", from 0" : "", LabelNames(info), info.help);
  }
  std::ifstream page(std::string(SATCHEL_SOURCE_DIR) + "/docs/metrics.md");
  std::string found;
  for (std::string line; std::getline(page, line);) {
    if (line == "## Buckets") break;
    if (line.starts_with("| `satchel_")) found += line + "\n";
  }
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace satchel::repos
