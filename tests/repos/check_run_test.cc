// How a check runs: against writers, at a rate, interrupted and resumed.

#include <cstdlib>
#include <thread>

#include "repos/check/saved_state.h"
#include "tests/repos/check_fixture.h"
#include "tests/store/forwarding_store.h"

namespace satchel::repos::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kIndex = "satchel:v1:res:{re:acme:p:agent}:ix";

class CheckRun : public CheckTest {
 protected:
  // Differences of several entities, some without a right answer.
  void Damage() {
    Run({"ZADD", kIndex, "0", "gone !", "0", "gone2 !"});
    Run({"DEL", "satchel:v1:task:{tx:acme:top@e}:loc"});
    Run({"HSET", "satchel:v1:mem:{me:acme:m1}:meta", "message_count", "9"});
    Run({"HSET", "satchel:v1:auth:{au:acme}:user:ada", "role", "king"});
    for (int i = 0; i < 30; ++i) {
      Run({"ZADD", "satchel:v1:wf:{ww:acme:w}:ix", "0",
           "ta al 0000000000000001 e lost" + std::to_string(i)});
    }
  }
  CheckOptions Live(bool repair = false) {
    CheckOptions options = Checked(AllEntities(), repair);
    options.settle = seconds(5);
    return options;
  }
  Checker Make(CheckOptions options) {
    return Checker([this](store::Component) -> store::Store& { return *store; },
                   std::move(options));
  }
  // Stops after so many pages, again and again, until it is through.
  Report InPieces(CheckOptions options, int pages) {
    std::string state;
    for (int piece = 0; piece < 2000; ++piece) {
      std::stop_source stop;
      int left = pages;
      options.on_progress = [&](Entity, const EntityReport&) {
        if (--left == 0) stop.request_stop();
      };
      options.on_save = [&](const std::string& saved) -> Result<void> {
        state = saved;
        return {};
      };
      Checker checker = Make(options);
      if (!state.empty()) Must(checker.Resume(state));
      const auto report = checker.Run(stop.get_token());
      EXPECT_TRUE(report) << report.error().detail;
      if (!report || report->complete) return report.value_or(Report{});
      EXPECT_EQ(report->ExitCode(), 4);
    }
    ADD_FAILURE() << "never through";
    return {};
  }
};

TEST_P(CheckRun, InterruptedAndResumedGivesTheSameTotals) {
  Fill();
  Damage();
  const Report whole = Check();
  EXPECT_GT(Findings(whole), 30u);
  for (const int pages : {1, 3}) {
    CheckOptions options = Checked();
    options.batch = 5;
    const Report pieces = InPieces(options, pages);
    EXPECT_EQ(pieces.entities, whole.entities);
    EXPECT_EQ(pieces.samples.size(), whole.samples.size());
    EXPECT_EQ(pieces.ExitCode(), 1);
  }
}

TEST_P(CheckRun, WhatHasNotSettledIsLookedAtAgainAfterAnInterruption) {
  Fill();
  Damage();
  const Report whole = Check();
  CheckOptions options = Live();
  options.batch = 50;
  std::string state;
  std::stop_source stop;
  const auto wait = options.wait;
  options.wait = [&](std::int64_t, const std::stop_token&) { stop.request_stop(); };
  options.on_save = [&](const std::string& saved) -> Result<void> {
    state = saved;
    return {};
  };
  Checker first = Make(options);
  EXPECT_FALSE(first.Run(stop.get_token())->complete);
  options.wait = wait;
  Checker second = Make(options);
  Must(second.Resume(state));
  EXPECT_EQ(second.Run()->entities, whole.entities);
}

TEST_P(CheckRun, ACursorOfAnotherServerRestartsThatEntity) {
  Fill();
  Damage();
  const Report whole = Check();
  CheckOptions options = Checked();
  options.batch = 5;
  std::string state;
  std::stop_source stop;
  options.on_progress = [&](Entity entity, const EntityReport& counts) {
    if (entity == Entity::kTask && counts.index_members > 10) stop.request_stop();
  };
  options.on_save = [&](const std::string& saved) -> Result<void> {
    state = saved;
    return {};
  };
  Checker first = Make(options);
  EXPECT_FALSE(first.Run(stop.get_token())->complete);
  SavedState saved = *SavedState::FromText(state);
  saved.instance = "another";
  saved.position.cursor = "77";
  Checker second = Make(Checked());
  Must(second.Resume(saved.ToText()));
  EXPECT_EQ(second.Run()->entities, whole.entities);
}

TEST_P(CheckRun, WhatItCannotGoOnFromIsRefused) {
  Fill();
  CheckOptions options = Checked();
  std::string state;
  std::stop_source stop;
  stop.request_stop();
  options.on_save = [&](const std::string& saved) -> Result<void> {
    state = saved;
    return {};
  };
  EXPECT_FALSE(Make(options).Run(stop.get_token())->complete);
  EXPECT_TRUE(Make(Checked()).Resume(state));
  EXPECT_FALSE(Make(Checked({Entity::kAuth})).Resume(state));
  EXPECT_FALSE(Make(Checked(AllEntities(), true)).Resume(state));
  CheckOptions other = Checked();
  other.repo.tenant = "other";
  EXPECT_FALSE(Make(other).Resume(state));
  for (std::size_t length = 0; length < state.size() - 2; length += 7) {
    EXPECT_FALSE(Make(Checked()).Resume(state.substr(0, length))) << length;
  }
  EXPECT_FALSE(Make(Checked()).Resume("{}"));
}

TEST_P(CheckRun, TheStateIsSavedEveryFiveSeconds) {
  Fill();
  CheckOptions options = Checked();
  options.rate = 4;
  options.batch = 2;
  std::vector<std::int64_t> saved_ms;
  options.on_save = [&](const std::string&) -> Result<void> {
    saved_ms.push_back(clock.NowMs());
    return {};
  };
  Check(options);
  ASSERT_GT(saved_ms.size(), 2u);
  for (std::size_t i = 1; i < saved_ms.size(); ++i) {
    EXPECT_GE(saved_ms[i] - saved_ms[i - 1], 5000);
  }
}

TEST_P(CheckRun, TheRateLimitHolds) {
  Fill();
  CheckOptions options = Checked();
  options.rate = 20;
  const std::int64_t begin_ms = clock.NowMs();
  const Report report = Check(options);
  std::uint64_t things = 0;
  for (const auto& [entity, counts] : report.entities) {
    things += counts.objects + counts.index_members;
  }
  const auto spent_ms = static_cast<std::uint64_t>(clock.NowMs() - begin_ms);
  EXPECT_GE(spent_ms + 1, things * 1000 / 20);
  EXPECT_LE(spent_ms, things * 1000 / 20 + 2000);
  EXPECT_GT(things, 80u);
}

TEST_P(CheckRun, ADifferenceThatGoesIsNoFinding) {
  Fill();
  Run({"ZADD", kIndex, "0", "gone !"});
  Run({"ZADD", kIndex, "0", "stays !"});
  CheckOptions options = Live(true);
  const std::int64_t begin_ms = clock.NowMs();
  const auto wait = options.wait;
  options.wait = [&](std::int64_t until_us, const std::stop_token& stop) {
    Run({"ZREM", kIndex, "gone !"});
    wait(until_us, stop);
  };
  const Report report = Check(options);
  EXPECT_EQ(Findings(report), 1u) << report.ToJson();
  EXPECT_EQ(report.entities.at(Entity::kResource).repaired, 1u);
  EXPECT_GE(clock.NowMs() - begin_ms, 5000);
}

// A store whose every round trip is preceded by somebody else's.
class Meddled final : public store::ForwardingStore {
 public:
  Meddled(store::Store& inner, std::function<void(std::span<const store::CommandLine>)> before)
      : ForwardingStore(inner), before_(std::move(before)) {}

  std::vector<Result<ReplyValue>> Pipeline(std::span<const store::CommandLine> lines,
                                           const store::CallOptions& options) override {
    before_(lines);
    return ForwardingStore::Pipeline(lines, options);
  }

 private:
  std::function<void(std::span<const store::CommandLine>)> before_;
};

TEST_P(CheckRun, AnObjectThatKeepsChangingIsBusy) {
  Fill();
  const std::string object = "satchel:v1:res:{re:acme:p:agent}:obj:r1:v";
  Run({"ZREM", kIndex, "r1 v"});
  Meddled meddled(*store, [&](std::span<const store::CommandLine> lines) {
    if (lines[0][0].starts_with("EVAL")) Run({"HINCRBY", object, "v", "1"});
  });
  Checker checker([&](store::Component) -> store::Store& { return meddled; },
                  Checked({Entity::kResource}, true));
  const auto report = checker.Run();
  const EntityReport& counts = report->entities.at(Entity::kResource);
  EXPECT_EQ(counts.busy, 1u) << report->ToJson();
  EXPECT_EQ(counts.repaired + counts.unrepaired, 0u);
  EXPECT_EQ(report->ExitCode(), 1);
  EXPECT_EQ(Repair().ExitCode(), 0);
}

TEST_P(CheckRun, RepairUnderConcurrentWritesLosesNoWrite) {
  Fill();
  Damage();
  Run({"HSET", "satchel:v1:auth:{au:acme}:user:ada", "role", "admin"});
  constexpr int kWrites = 60;
  std::atomic<bool> is_done = false;
  std::thread writer([&] {
    for (int i = 0; i < kWrites; ++i) {
      TaskState task = Task("n" + std::to_string(i), "e", Status::kRunning);
      Must(provider->tasks().UpsertState(task));
      task.status = i % 2 == 0 ? Status::kSuccess : Status::kWaiting;
      task.agent_id = "ag" + std::to_string(i % 3);
      task.action_id = "ac";
      Must(provider->tasks().UpsertState(task));
      Must(
          provider->workflows().UpdateStatus("e", i % 2 == 0 ? Status::kPaused : Status::kRunning));
      const ResourceKey key{
          .project = "p", .type = ResourceType::kAgent, .id = "n" + std::to_string(i % 7)};
      Must(provider->resources().Put(key, std::to_string(i)));
      Must(provider->memory().Append("m1", {std::to_string(i)}, 1));
    }
    is_done = true;
  });
  // Nothing settles: every difference on the way of a write is taken for damage.
  do {
    Repair();
  } while (!is_done);
  writer.join();
  Repair();
  const Report after = Check();
  EXPECT_EQ(Findings(after), 0u) << after.ToJson();
  for (int i = 0; i < kWrites; ++i) {
    const auto task = provider->tasks().GetState({"n" + std::to_string(i) + "@e"});
    ASSERT_TRUE(task) << i;
    EXPECT_EQ(task->status, i % 2 == 0 ? Status::kSuccess : Status::kWaiting);
    EXPECT_EQ(task->agent_id, "ag" + std::to_string(i % 3));
  }
  EXPECT_EQ(provider->memory().GetCounts("m1")->messages, 3 + kWrites);
  EXPECT_EQ(
      provider->resources().Get({.project = "p", .type = ResourceType::kAgent, .id = "n3"})->value,
      "59");
}

TEST_P(CheckRun, ReportsHoldNoIdsByDefault) {
  Fill();
  Damage();
  Run({"HSET", "satchel:v1:auth:{au:acme}:fps", "abcd", "nobody"});
  Run({"HSET", "satchel:v1:auth:{au:acme}:emails", "old@y", "b:ob"});
  CheckOptions options = Checked();
  options.show_keys = false;
  std::string state;
  options.on_save = [&](const std::string& saved) -> Result<void> {
    state = saved;
    return {};
  };
  options.rate = 10;
  const Report report = Check(options);
  ASSERT_NE(state, "");
  const std::string all = report.ToJson() + report.ToTable() + state;
  for (const char* id : {"acme", "top", "ada", "b:ob", "b%3A", "old@y", "abcd", "gone", "lost",
                         "nobody", "satchel:v1"}) {
    EXPECT_THAT(all, Not(HasSubstr(id)));
  }
  options.show_keys = true;
  const Report shown = Check(options);
  EXPECT_THAT(shown.ToJson(), HasSubstr("lost7"));
  EXPECT_THAT(shown.ToTable(), HasSubstr("gone2"));
  for (const char* secret : {"abcd", "old@y", "616161"}) {
    EXPECT_THAT(shown.ToJson() + shown.ToTable(), Not(HasSubstr(secret)));
  }
}

TEST_P(CheckRun, BothModesGiveEqualReportsForEqualData) {
  static std::optional<std::map<Entity, EntityReport>> first;
  Fill();
  Damage();
  const Report report = Check();
  if (!first) first = report.entities;
  EXPECT_EQ(report.entities, *first);
  EXPECT_EQ(report.store_driver, is_redis() ? "redis" : "embedded");
}

TEST_P(CheckRun, SamplesHaveALimitAndCountsHaveNone) {
  Fill();
  Damage();
  CheckOptions options = Checked();
  options.max_samples = 4;
  const Report report = Check(options);
  EXPECT_EQ(report.samples.size(), 4u);
  EXPECT_GT(Findings(report), 30u);
}

TEST_P(CheckRun, AllTenantsAreCheckedWhenAsked) {
  Fill();
  Run({"ZADD", "satchel:v1:res:{re:other%3A:p:agent}:ix", "0", "gone !"});
  EXPECT_EQ(Findings(Check()), 0u);
  CheckOptions options = Checked();
  options.all_tenants = true;
  options.repair = true;
  const Report report = Check(options);
  EXPECT_EQ(Findings(report), 1u);
  EXPECT_EQ(report.ExitCode(), 0);
  EXPECT_GT(report.entities.at(Entity::kTask).objects, 3u);
}

TEST_P(CheckRun, AReportIsTheDocumentThatTheManualShows) {
  Fill();
  Run({"ZADD", kIndex, "0", "gone !"});
  CheckOptions options = Checked({Entity::kResource});
  options.show_keys = false;
  Report report = Check(options);
  report.started_ms = 0;
  report.finished_ms = 0;
  report.store_driver = "redis";
  EXPECT_EQ(report.ToJson(), R"({
  "format": 1,
  "started_ms": 0,
  "finished_ms": 0,
  "store_driver": "redis",
  "dry_run": true,
  "complete": true,
  "entities": {
    "resource": {
      "objects": 2,
      "index_members": 3,
      "findings": {
        "dangling": 1
      },
      "repaired": 0,
      "unrepaired": 1,
      "busy": 0
    }
  },
  "samples": [
    {
      "entity": "resource",
      "kind": "dangling",
      "index": "ix"
    }
  ],
  "exit": 1
}
)");
}

TEST_P(CheckRun, AStoreThatDoesNotAnswerIsAnError) {
  Fill();
  store->FailAll(MakeError(ErrorCode::kUnavailable, "down"));
  Checker checker = Make(Checked());
  EXPECT_EQ(checker.Run().error().code, ErrorCode::kUnavailable);
  store->FailAll({});
}

SATCHEL_EVERY_HOME(CheckRun);

}  // namespace
}  // namespace satchel::repos::check
