// Health: from what is readiness worked out, and what makes a program count as dead.

#include "repos/health.h"

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/repos/repo_test.h"
#include "tests/store/forwarding_store.h"

namespace satchel::repos {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// With a store that says what a test wants it to say.
class HealthTest : public testing::Test {
 protected:
  HealthOptions Options() {
    return {.repo = {.clock = &clock}, .vitals = [this] { return vitals; }};
  }
  static bool IsOk(const HealthReport& report, const std::string& name) {
    const auto at = report.checks.find(name);
    EXPECT_NE(at, report.checks.end()) << name;
    return at != report.checks.end() && at->second.ok;
  }

  ManualClock clock{1'700'000'000'000};
  store::Vitals vitals{.keeps_data = true,
                       .keys_loaded = 51234,
                       .snapshot_interval = minutes(5),
                       .last_snapshot_ms = 1'700'000'000'000,
                       .free_bytes = 1'000'000,
                       .min_free_bytes = 1000};
};

TEST_F(HealthTest, IsNotReadyUntilItWasLookedAt) {
  Health health(Options());
  EXPECT_FALSE(health.Read().is_ready());
  health.Check();
  EXPECT_TRUE(health.Read().is_ready());
}

TEST_F(HealthTest, TurnsFalseWhenSnapshotsStop) {
  Health health(Options());
  vitals.unsaved_changes = 1;
  health.Check();
  EXPECT_FALSE(health.Read().checks.contains("snapshot_age"));  // too early to say
  vitals.last_snapshot_error = "no space left on device";
  clock.Advance(minutes(10));
  health.Check();
  const HealthReport report = health.Read();
  EXPECT_FALSE(report.is_ready());
  EXPECT_EQ(report.checks.at("snapshot_age").details,
            R"("age_s":600,"limit_s":600,"last_error":"no space left on device")");
  vitals.last_snapshot_ms = clock.NowMs();
  health.Check();
  EXPECT_TRUE(health.Read().is_ready());
}

TEST_F(HealthTest, AStoreInWhichNothingChangesNeedsNoSnapshots) {
  Health health(Options());
  clock.Advance(minutes(60));
  health.Check();
  EXPECT_TRUE(IsOk(health.Read(), "snapshot_age"));
  vitals.unsaved_changes = 1;  // the first for an hour: it is not an hour late
  health.Check();
  EXPECT_TRUE(health.Read().is_ready());
  clock.Advance(minutes(10));
  health.Check();
  EXPECT_FALSE(health.Read().is_ready());
}

TEST_F(HealthTest, AFullDiskMakesItNotReady) {
  Health health(Options());
  vitals.free_bytes = 999;
  health.Check();
  EXPECT_FALSE(IsOk(health.Read(), "disk"));
  EXPECT_FALSE(health.Read().is_ready());
}

TEST_F(HealthTest, AFullMemoryMakesItNotReady) {
  Health health(Options());
  health.Check();
  EXPECT_FALSE(health.Read().checks.contains("memory"));
  vitals.max_bytes = 100;
  vitals.used_bytes = 100;
  health.Check();
  EXPECT_FALSE(health.Read().is_ready());
  vitals.used_bytes = 99;
  health.Check();
  EXPECT_TRUE(health.Read().is_ready());
}

TEST_F(HealthTest, ASweeperThatDoesNotRunIsAWarning) {
  std::int64_t last_us = 0;
  HealthOptions options = Options();
  options.sweep_interval = minutes(1);
  options.last_sweep_us = [&] { return last_us; };
  Health health(options);
  clock.Advance(minutes(10));
  health.Check();
  EXPECT_TRUE(IsOk(health.Read(), "sweeper"));
  clock.Advance(milliseconds(1));
  health.Check();
  EXPECT_FALSE(IsOk(health.Read(), "sweeper"));
  EXPECT_TRUE(health.Read().is_ready());
  last_us = clock.NowUs();
  health.Check();
  EXPECT_TRUE(IsOk(health.Read(), "sweeper"));
}

TEST_F(HealthTest, StaysLiveWhileItIsNotReady) {
  Health health(Options());
  vitals.free_bytes = 0;
  health.Check();
  EXPECT_FALSE(health.Read().is_ready());
  EXPECT_THAT(health.Stalled(), ElementsAre());
  EXPECT_EQ(health.LiveJson(), "{\"status\":\"live\",\"stalled\":[]}\n");
}

TEST_F(HealthTest, IsDeadWhenSomethingStandsStillFor5Seconds) {
  std::int64_t pulse_us = clock.NowUs();
  HealthOptions options = Options();
  options.pulses["loops"] = [&] { return pulse_us; };
  Health health(options);
  clock.Advance(seconds(5));
  EXPECT_THAT(health.Stalled(), ElementsAre());
  clock.Advance(milliseconds(1));
  EXPECT_THAT(health.Stalled(), ElementsAre("checks", "loops"));
  health.Check();
  EXPECT_EQ(health.LiveJson(), "{\"status\":\"stalled\",\"stalled\":[\"loops\"]}\n");
  pulse_us = clock.NowUs();
  EXPECT_THAT(health.Stalled(), ElementsAre());
}

TEST_F(HealthTest, TheReportIsOneJsonObject) {
  HealthOptions options = Options();
  options.sweep_interval = minutes(1);
  Health health(options);
  vitals.last_snapshot_error = "a \"quoted\" reason\n";
  vitals.unsaved_changes = 3;
  clock.Advance(minutes(11));
  health.Check();
  clock.Advance(minutes(11));
  health.Check();
  const auto json = nlohmann::json::parse(health.Read().ToJson());
  EXPECT_EQ(json["status"], "not_ready");
  EXPECT_EQ(json["mode"], "standalone");
  EXPECT_EQ(json["store_driver"], "embedded");
  EXPECT_EQ(json["uptime_s"], 1320);
  EXPECT_EQ(json["checks"]["restore"], (nlohmann::json{{"ok", true}, {"keys", 51234}}));
  EXPECT_EQ(json["checks"]["snapshot_age"]["last_error"], "a \"quoted\" reason\n");
  EXPECT_EQ(json["checks"]["snapshot_age"]["age_s"], 660);
  EXPECT_EQ(json["checks"]["sweeper"]["warning_only"], true);
}

TEST_F(HealthTest, RoundsAreDoneOnceASecondUntilTheEnd) {
  std::atomic<int> rounds{0};
  HealthOptions options;
  options.repo.clock = &clock;
  options.vitals = [&] {
    ++rounds;
    return store::Vitals{};
  };
  Health health(options);
  std::jthread watch([&](const std::stop_token& stop) { health.Watch(stop); });
  while (rounds < 1) std::this_thread::yield();
  for (int i = 2; i < 5; ++i) {
    while (rounds < i) {  // the thread may not be waiting yet
      clock.Advance(milliseconds(100));
      std::this_thread::yield();
    }
  }
  watch.request_stop();
  watch.join();
  const int at_the_end = rounds;
  clock.Advance(minutes(1));
  EXPECT_EQ(rounds, at_the_end);
}

// On a store that is asked as a remote one is.
class HealthOfRemote : public RepoTest {
 protected:
  HealthOptions Remote() { return {.repo = Options(), .mode = "distributed", .remote = &*store}; }
};

TEST_P(HealthOfRemote, AProbeLeavesNothing) {
  Health health(Remote());
  health.Check();
  EXPECT_TRUE(health.Read().is_ready());
  EXPECT_EQ(Run({"DBSIZE"}).integer, 0);
}

TEST_P(HealthOfRemote, TwoProbesOnOneServerDoNotDisturbEachOther) {
  std::vector<std::jthread> threads;
  std::atomic<int> failed{0};
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 200; ++n) {
        if (!ProbeStore(*store, Options(), seconds(20))) ++failed;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(failed, 0);
}

TEST_P(HealthOfRemote, AnUnreachableOneMakesItNotReadyAndReadyAgainAfter) {
  Health health(Remote());
  store->FailAll(MakeError(ErrorCode::kUnavailable, "connection refused by 10.0.0.1"));
  health.Check();
  EXPECT_FALSE(health.Read().is_ready());
  EXPECT_THAT(health.Read().ToJson(), HasSubstr("\"last_error\":\"Unavailable\""));
  EXPECT_THAT(health.Read().ToJson(), Not(HasSubstr("10.0.0.1")));  // no addresses
  store->FailAll({});
  health.Check();
  EXPECT_FALSE(health.Read().is_ready());  // not asked again yet
  Jump(seconds(5));
  health.Check();
  EXPECT_TRUE(health.Read().is_ready());
}

TEST_P(HealthOfRemote, IsProbedEvery5Seconds) {
  Health health(Remote());
  health.Check();
  const int of_one = store->round_trips();
  health.Check();
  Jump(milliseconds(4999));
  health.Check();
  EXPECT_EQ(store->round_trips(), of_one);
  Jump(milliseconds(1));
  health.Check();
  EXPECT_EQ(store->round_trips(), 2 * of_one);
}

TEST_P(HealthOfRemote, AProbeThatIsNotReadAsItWasWrittenFails) {
  class Forgetful final : public store::ForwardingStore {
   public:
    using ForwardingStore::ForwardingStore;
    using Store::Run;
    Result<ReplyValue> Run(store::Args args, const store::CallOptions& options) override {
      if (args[0] == "GET") return ReplyValue{};
      return ForwardingStore::Run(args, options);
    }
  };
  Forgetful forgetful(*store);
  const auto probed = ProbeStore(forgetful, Options(), seconds(20));
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().code, ErrorCode::kUnavailable);
}

SATCHEL_EVERY_HOME(HealthOfRemote);

}  // namespace
}  // namespace satchel::repos
