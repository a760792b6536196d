// The repositories on the embedded store and on redis-server over loopback: operations a second
// of one caller, and round trips per operation. Prints Markdown.
//
//     repositories [ROUNDS [MS_PER_LEG [WORDS]]]
//
// WORDS: only what has them in "repository operation". Homes take turns (ABBA); a row shows
// medians. One thread calls, as what is compared is how long a caller waits for an answer.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/process.h"
#include "repos/provider.h"

namespace satchel::bench {
namespace {

using namespace repos;  // NOLINT: all that is measured
using std::chrono::hours;

// Counts what would go to a server.
class CountingStore final : public store::Store {
 public:
  explicit CountingStore(store::Store& inner) : inner_(inner) {}

  using Store::Run;
  Result<ReplyValue> Run(store::Args args, const store::CallOptions& options) override {
    ++round_trips_;
    return inner_.Run(args, options);
  }
  std::vector<Result<ReplyValue>> Pipeline(std::span<const store::CommandLine> lines,
                                           const store::CallOptions& options) override {
    ++round_trips_;
    return inner_.Pipeline(lines, options);
  }
  void RunAsync(store::CommandLine line, std::function<void(Result<ReplyValue>)> done) override {
    ++round_trips_;
    inner_.RunAsync(std::move(line), std::move(done));
  }
  void PipelineAsync(std::vector<store::CommandLine> lines,
                     std::function<void(std::vector<Result<ReplyValue>>)> done) override {
    ++round_trips_;
    inner_.PipelineAsync(std::move(lines), std::move(done));
  }
  Result<std::unique_ptr<store::Connection>> Connect() override { return inner_.Connect(); }
  Result<std::unique_ptr<store::Subscription>> Subscribe(
      std::vector<std::string> channels, std::vector<std::string> patterns,
      std::function<void(const store::Message&)> on_message) override {
    return inner_.Subscribe(std::move(channels), std::move(patterns), std::move(on_message));
  }
  Clock& clock() override { return inner_.clock(); }
  std::string_view driver() const override { return inner_.driver(); }

  std::uint64_t round_trips() const { return round_trips_; }

 private:
  store::Store& inner_;  // borrowed
  std::atomic<std::uint64_t> round_trips_ = 0;
};

// A program's repositories on one store.
struct Home {
  std::unique_ptr<store::Stores> stores;
  std::unique_ptr<CountingStore> store;
  std::unique_ptr<Provider> repos;
};

template <class T>
void Must(const Result<T>& result) {
  if (result) return;
  std::fprintf(stderr, "bench: %s\n", result.error().detail.c_str());
  std::exit(1);
}

Home OpenHome(std::map<std::string, std::string> environment) {
  environment.emplace("SATCHEL_STREAM__MAX_EVENTS", "500");
  auto config = store::LoadConfig({.environment = std::move(environment)});
  Must(config);
  auto stores = store::Stores::Open(*config);
  Must(stores);
  Home home{.stores = std::move(*stores)};
  home.store = std::make_unique<CountingStore>(home.stores->Of(store::Component::kStore));
  CountingStore* const store = home.store.get();
  auto repos =
      Provider::Over(*config, [store](store::Component) -> store::Store& { return *store; });
  Must(repos);
  home.repos = std::move(*repos);
  return home;
}

// What every operation finds: ten users and tasks, a conversation, a thread of checkpoints.
void Fill(Provider& repos) {
  for (int i = 0; i < 10; ++i) {
    const std::string id = std::to_string(i);
    Must(repos.auth().CreateUser({.id = "u" + id, .email = id + "@example.org"}));
    Must(repos.auth().CreateApiKey({.id = "k" + id,
                                    .user_id = "u" + id,
                                    .hash = "-",
                                    .fingerprint = FingerprintOf(id),
                                    .prefix = "sk"}));
    Must(repos.resources().Put({.project = "p", .type = ResourceType::kAgent, .id = id},
                               R"({"model":"small","tools":["a","b"]})"));
    Must(repos.tasks_backend().Put({.owner = "o", .task = id}, R"({"x":1})"));
  }
  Must(repos.workflows().UpsertState({.workflow_id = "w", .workflow_exec_id = "e"}));
  for (int i = 0; i < 5; ++i) {
    Must(repos.tasks().UpsertState({.status = Status::kRunning,
                                    .task_id = "t" + std::to_string(i),
                                    .task_exec_id = "x" + std::to_string(i),
                                    .workflow_id = "w",
                                    .workflow_exec_id = "e",
                                    .tool_id = "tool",
                                    .input = R"({"q":"what"})"}));
    Must(repos.streams().Publish("e", "status", R"({"n":1})"));
    Must(repos.memory().Append("c", {R"({"role":"user","text":"hello"})"}, 5));
  }
  CheckpointPut put{.config = {.thread = "th"}};
  put.checkpoint = {.id = "c1",
                    .ts = "2026-01-31T12:00:00Z",
                    .channel_values = {{"messages", {"json", std::string(500, 'm')}}},
                    .channel_versions = {{"messages", "1"}}};
  put.new_versions = {{"messages", "1"}};
  Must(repos.checkpoints().Put(put));
  Must(repos.definitions().Save("d", "{}"));
  Must(repos.task_configs().Save("e", R"({"model":"small"})"));
  Must(repos.cache().Set("k", std::string(200, 'v')));
}

struct Case {
  const char* repository;
  const char* name;
  bool reads;
  std::function<void(Provider&, std::uint64_t n)> run;
};

CheckpointPut NextCheckpoint(std::uint64_t n) {
  CheckpointPut put{.config = {.thread = "bench" + std::to_string(n % 10)}};
  const std::string version = std::to_string(n);
  put.checkpoint = {.id = "c" + version,
                    .ts = "2026-01-31T12:00:00Z",
                    .channel_values = {{"messages", {"json", std::string(500, 'm')}}},
                    .channel_versions = {{"messages", version}}};
  put.new_versions = {{"messages", version}};
  return put;
}

TaskState TaskNumber(std::uint64_t n) {
  return {.status = n % 2 == 0 ? Status::kRunning : Status::kWaiting,
          .task_id = "b",
          .task_exec_id = "b" + std::to_string(n % 20),
          .workflow_id = "w",
          .workflow_exec_id = "e",
          .tool_id = "tool"};
}

std::vector<Case> ReadCases() {
  const ResourceKey agent{.project = "p", .type = ResourceType::kAgent, .id = "3"};
  return {
      {"Auth", "GetUserById", true, [](Provider& r, auto) { Must(r.auth().GetUserById("u3")); }},
      {"Auth", "GetApiKeyByFingerprint", true,
       [print = FingerprintOf("3")](Provider& r, auto) {
         Must(r.auth().GetApiKeyByFingerprint(print));
       }},
      {"Workflow", "GetState, 5 tasks", true,
       [](Provider& r, auto) { Must(r.workflows().GetState("e")); }},
      {"Task", "GetState", true,
       [](Provider& r, auto) {
         Must(r.tasks().GetState({"x3", "e"}));
       }},
      {"StorageBackend", "Get", true,
       [](Provider& r, auto) { Must(r.tasks_backend().Get({.owner = "o", .task = "3"})); }},
      {"Checkpointer", "GetTuple", true,
       [](Provider& r, auto) { Must(r.checkpoints().GetTuple({.thread = "th"})); }},
      {"MemoryStore", "Read, 5 messages", true,
       [](Provider& r, auto) { Must(r.memory().Read("c")); }},
      {"ResourceStore", "Get", true,
       [agent](Provider& r, auto) { Must(r.resources().Get(agent)); }},
      {"EventStream", "Replay, 5 events", true,
       [](Provider& r, auto) { Must(r.streams().Replay("e")); }},
      {"RateLimiter", "Peek", true,
       [](Provider& r, auto) { Must(r.rate_limits().Peek("user:u", {.name = "p"})); }},
      {"TaskConfigStore", "Get", true, [](Provider& r, auto) { Must(r.task_configs().Get("e")); }},
      {"Definitions", "Load", true, [](Provider& r, auto) { Must(r.definitions().Load("d")); }},
      {"Cache", "Get", true, [](Provider& r, auto) { Must(r.cache().Get("k")); }},
  };
}

std::vector<Case> WriteCases() {
  return {
      {"Auth", "UpdateApiKeyLastUsed", false,
       [](Provider& r, auto) { Must(r.auth().UpdateApiKeyLastUsed("k3")); }},
      {"Workflow", "UpsertState", false,
       [](Provider& r, std::uint64_t n) {
         Must(r.workflows().UpsertState(
             {.workflow_id = "w2", .workflow_exec_id = "e" + std::to_string(n % 20)}));
       }},
      {"Task", "UpsertState", false,
       [](Provider& r, std::uint64_t n) { Must(r.tasks().UpsertState(TaskNumber(n))); }},
      {"StorageBackend", "Put", false,
       [](Provider& r, std::uint64_t n) {
         Must(r.tasks_backend().Put({.owner = "o", .task = std::to_string(n % 10)}, R"({"x":2})"));
       }},
      {"Checkpointer", "Put", false,
       [](Provider& r, std::uint64_t n) { Must(r.checkpoints().Put(NextCheckpoint(n))); }},
      {"MemoryStore", "Append", false,
       [](Provider& r, std::uint64_t n) {
         Must(r.memory().Append("m" + std::to_string(n % 100), {R"({"role":"user"})"}, 5));
       }},
      {"ResourceStore", "Put", false,
       [](Provider& r, std::uint64_t n) {
         const ResourceKey key{
             .project = "p", .type = ResourceType::kTool, .id = std::to_string(n % 10)};
         Must(r.resources().Put(key, R"({"n":)" + std::to_string(n) + "}"));
       }},
      {"LockManager", "Acquire and Release", false,
       [](Provider& r, auto) {
         auto lock = r.locks().Acquire("bench");
         Must(lock);
         Must(lock->Release());
       }},
      {"EventStream", "Publish", false,
       [](Provider& r, auto) { Must(r.streams().Publish("b", "status", R"({"n":1})")); }},
      {"Notifications", "Publish", false,
       [](Provider& r, auto) {
         Must(r.notifications().PublishEvent({.workflow_id = "w", .event = "x", .status = "y"}));
       }},
      {"RateLimiter", "Take", false,
       [](Provider& r, auto) {
         Must(r.rate_limits().Take("user:u", {.name = "b", .period = hours(1)}));
       }},
      {"Idempotency", "Claim", false,
       [](Provider& r, std::uint64_t n) {
         Must(r.idempotency().Claim("b", std::to_string(n % 1000)));
       }},
      {"TaskConfigStore", "Save", false,
       [](Provider& r, auto) { Must(r.task_configs().Save("b", R"({"model":"small"})")); }},
      {"Definitions", "Save", false,
       [](Provider& r, auto) { Must(r.definitions().Save("b", "{}")); }},
      {"Cache", "Set", false,
       [](Provider& r, auto) { Must(r.cache().Set("b", std::string(200, 'v'))); }},
  };
}

struct Leg {
  double per_second = 0;
  double round_trips = 0;
};

Leg Measure(const Home& home, const Case& test, std::chrono::milliseconds span) {
  using Steady = std::chrono::steady_clock;
  constexpr int kBatch = 16;
  static std::uint64_t number = 0;
  for (int i = 0; i < kBatch; ++i) test.run(*home.repos, number++);  // scripts are loaded
  const std::uint64_t before = home.store->round_trips();
  const auto start = Steady::now();
  std::uint64_t done = 0;
  while (Steady::now() - start < span) {
    for (int i = 0; i < kBatch; ++i) test.run(*home.repos, number++);
    done += kBatch;
  }
  const std::chrono::duration<double> took = Steady::now() - start;
  const std::uint64_t trips = home.store->round_trips() - before;
  return {static_cast<double>(done) / took.count(),
          static_cast<double>(trips) / static_cast<double>(done)};
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Compare(const Home& embedded, const Home& redis, const Case& test, int rounds,
             std::chrono::milliseconds span) {
  std::vector<double> speed[2];
  double round_trips = 0;
  for (int round = 0; round < rounds; ++round) {
    for (int leg = 0; leg < 2; ++leg) {
      const int which = round % 2 == 0 ? leg : 1 - leg;
      const Leg measured = Measure(which == 0 ? redis : embedded, test, span);
      speed[which].push_back(measured.per_second);
      round_trips = measured.round_trips;
    }
  }
  std::printf("| %s | %s | %s | %.2f | %.0f | %.0f | **%.1f** |\n", test.repository, test.name,
              test.reads ? "read" : "write", round_trips, Median(speed[1]), Median(speed[0]),
              Median(speed[1]) / Median(speed[0]));
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 3;
  const std::chrono::milliseconds span(argc > 2 ? std::atoi(argv[2]) : 200);
  const std::string_view words(argc > 3 ? argv[3] : "");
  if (rounds < 1 || span.count() < 1) {
    std::fprintf(stderr, "usage: repositories [ROUNDS [MS_PER_LEG [WORDS]]]\n");
    return 2;
  }
  const ServerProcess server("redis-server",
                             {"redis-server", "--port", "{port}", "--bind", "127.0.0.1", "--save",
                              "", "--appendonly", "no"},
                             0);
  const Home embedded = OpenHome({{"SATCHEL_MODE", "standalone"}});
  const Home redis =
      OpenHome({{"SATCHEL_MODE", "distributed"},
                {"SATCHEL_DISTRIBUTED__SEEDS", "127.0.0.1:" + std::to_string(server.port())}});
  Fill(*embedded.repos);
  Fill(*redis.repos);
  std::printf(
      "| repository | operation | | round trips | embedded op/s | redis op/s | ratio |\n"
      "|---|---|---|---|---|---|---|\n");
  for (const auto& cases : {ReadCases(), WriteCases()}) {
    for (const Case& test : cases) {
      const std::string title = std::string(test.repository) + ' ' + test.name;
      if (title.find(words) != std::string::npos) Compare(embedded, redis, test, rounds, span);
    }
  }
  return 0;
}

}  // namespace
}  // namespace satchel::bench

int main(int argc, char** argv) { return satchel::bench::Main(argc, argv); }
