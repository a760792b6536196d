// One service, many runs at once, in each home: the outcome is the same.

#include "tests/repos/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "repos/check/checker.h"
#include "repos/sweeper.h"
#include "tests/snapshot/temp_dir.h"
#include "tests/store/stores.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::Each;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int kRuns = 50;

using Environment = std::map<std::string, std::string>;

Environment InMemory() { return {{"SATCHEL_MODE", "standalone"}}; }
Environment InDirectory(const TempDir& dir) {
  return {{"SATCHEL_MODE", "standalone"}, {"SATCHEL_PERSISTENCE__DATA_DIR", dir / "data"}};
}
Environment OnRedis() {
  return {
      {"SATCHEL_MODE", "distributed"},
      {"SATCHEL_DISTRIBUTED__SEEDS", "127.0.0.1:" + std::to_string(store::SharedRedis().port())}};
}

store::Config ConfigOf(const Environment& environment) {
  auto config = store::LoadConfig({.environment = environment});
  EXPECT_TRUE(config) << config.error().detail;
  return *config;
}

std::unique_ptr<Provider> Open(const Environment& environment) {
  auto repos = Provider::Open(ConfigOf(environment));
  EXPECT_TRUE(repos) << repos.error().detail;
  return repos ? std::move(*repos) : nullptr;
}

// All runs at once, each on a thread of its own.
template <class Half>
void RunAll(std::vector<Seen>& seen, const Half& half) {
  std::vector<std::thread> threads;
  for (int run = 0; run < kRuns; ++run) {
    threads.emplace_back([&, run] {
      const Result<void> done = half(run, seen[static_cast<std::size_t>(run)]);
      EXPECT_TRUE(done) << run << ": " << ErrorCodeName(done.error().code) << " "
                        << done.error().detail;
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Events until there are so many, sorted.
template <class Listener, class Print>
Seen Drain(Listener& listener, std::size_t count, const Print& print) {
  Seen events;
  while (events.size() < count) {
    const auto event = listener.Next(seconds(30));
    if (!event || !*event) break;
    events.push_back(print(**event));
  }
  std::sort(events.begin(), events.end());
  return events;
}

// Keys of entities that may end, but for what goes by itself within a week: the clocks of deleted
// groups and the fences of row locks. Objects would stay longer than that.
std::vector<std::string> KeysLeft(store::Store& store) {
  std::vector<std::string> left;
  for (const char* domain : {"wf", "task", "gc"}) {
    const auto keys = store.Run({"KEYS", "satchel:v1:" + std::string(domain) + ":*"});
    for (const ReplyValue& key : keys->items) {
      const std::int64_t ttl_ms = store.Run({"PTTL", key.text})->integer;
      if (ttl_ms < 0 || ttl_ms > std::chrono::milliseconds(hours(7 * 24)).count()) {
        left.push_back(key.text);
      }
    }
  }
  return left;
}

// What check finds, and how much it looked at.
std::string Drift(Provider& repos) {
  check::CheckOptions options{.settle = std::chrono::milliseconds(0)};
  for (std::size_t i = 0; i < check::kEntities; ++i) {
    options.entities.push_back(static_cast<check::Entity>(i));
  }
  options.rate = 1'000'000;
  const auto store_of = [&repos](store::Component component) -> store::Store& {
    return repos.StoreFor(component);
  };
  const auto report = check::Checker(store_of, options).Run();
  if (!report) return report.error().detail;
  std::string text;
  for (const auto& [entity, counts] : report->entities) {
    text += std::string(check::EntityName(entity)) + " " + std::to_string(counts.objects) + " ";
  }
  return text + (report->ExitCode() == 0 ? "no drift" : report->ToTable());
}

struct Outcome {
  std::vector<Seen> runs;
  Seen watched;
  Seen heard;
  Seen end;
};

// `restarts`: everything is closed and opened again between the two halves.
Outcome RunService(const Environment& environment, bool restarts) {
  Outcome outcome{.runs = std::vector<Seen>(kRuns)};
  auto repos = Open(environment);
  EXPECT_TRUE(repos->StoreFor(store::Component::kStore).Run({"FLUSHALL"}));
  EXPECT_TRUE(Service(*repos).SetUp());
  {
    auto watch = repos->resources().Watch("demo {1}", ResourceType::kAgent);
    RunAll(outcome.runs, [&](int run, Seen& seen) { return Service(*repos).Begin(run, seen); });
    outcome.watched = Drain(
        **watch, kRuns, [](const ResourceEvent& event) { return event.key.id + " " + event.etag; });
  }
  if (restarts) {
    repos.reset();
    repos = Open(environment);
  }
  auto listener = repos->notifications().SubscribePattern({"satchel:v1:ev:*"});
  RunAll(outcome.runs, [&](int run, Seen& seen) { return Service(*repos).Finish(run, seen); });
  outcome.heard = Drain(**listener, kRuns, [](const Notification& event) { return event.channel; });
  const Result<void> looked = Service(*repos).Look(kRuns, outcome.end);
  EXPECT_TRUE(looked) << looked.error().detail;

  outcome.end.push_back(Drift(*repos));

  // Two months later nothing is left of the workflows and their tasks.
  ManualClock later(RealClock::Instance().NowMs() +
                    std::chrono::milliseconds(hours(60 * 24)).count());
  const store::Config config = ConfigOf(environment);
  const RepoOptions repo{.clock = &later};
  const auto then = Provider::Over(
      config,
      [&](store::Component component) -> store::Store& { return repos->StoreFor(component); },
      repo);
  Sweeper sweeper(**then, {.repo = repo});
  const auto swept = sweeper.Run();
  EXPECT_TRUE(swept) << swept.error().detail;
  outcome.end.push_back("swept " + std::to_string(swept->workflows) + " workflows, " +
                        std::to_string(swept->records) + " records");
  for (const std::string& key : KeysLeft(repos->StoreFor(store::Component::kWorkflow))) {
    outcome.end.push_back("left " + key);
  }
  return outcome;
}

void ExpectEqual(const Outcome& a, const Outcome& b) {
  for (std::size_t run = 0; run < kRuns; ++run) EXPECT_EQ(a.runs[run], b.runs[run]) << run;
  EXPECT_EQ(a.watched, b.watched);
  EXPECT_EQ(a.heard, b.heard);
  EXPECT_EQ(a.end, b.end);
}

TEST(Service, FiftyWorkflowsAtOnceEndAlikeInMemoryOnDiskWithARestartAndOnRedis) {
  const Outcome memory = RunService(InMemory(), false);
  EXPECT_THAT(memory.watched, SizeIs(kRuns));
  EXPECT_THAT(memory.heard, SizeIs(kRuns));
  EXPECT_THAT(memory.end, testing::Contains(
                              "done 50 "
                              "1a6562590ef19d1045d06c4055742d38288e9e6dcd71ccde5cee80f1d5a774eb"));
  EXPECT_THAT(memory.end, testing::Contains("swept 50 workflows, 50 records"));
  EXPECT_THAT(memory.end, testing::Not(testing::Contains(testing::StartsWith("left "))));
  EXPECT_THAT(memory.end, testing::Contains(testing::EndsWith("no drift")));
  const TempDir dir;
  ExpectEqual(memory, RunService(InDirectory(dir), true));
  ExpectEqual(memory, RunService(OnRedis(), true));
}

}  // namespace
}  // namespace satchel::repos
