// A store with some of every entity, checked; for the tests of repos/check.

#pragma once

#include "base/text.h"
#include "repos/check/checker.h"
#include "repos/provider.h"
#include "repos/rfc3339.h"
#include "tests/repos/repo_test.h"

namespace satchel::repos::check {

inline std::vector<Entity> AllEntities() {
  std::vector<Entity> all;
  for (std::size_t i = 0; i < kEntities; ++i) all.push_back(static_cast<Entity>(i));
  return all;
}

class CheckTest : public RepoTest {
 protected:
  CheckTest() { OpenProvider(); }

  void OpenProvider() {
    const auto config = store::LoadConfig({.environment = {{"SATCHEL_TENANT", "acme"}}});
    provider = std::move(*Provider::Over(
        *config, [this](store::Component) -> store::Store& { return *store; }, Options()));
    timed_locks.emplace(*store, Options());
    timed.emplace(*store, *timed_locks,
                  CheckpointerOptions{.repo = Options(), .ttl = std::chrono::hours(1)});
  }

  // Empties the store and puts some of everything into it.
  void Fill() {
    Run({"FLUSHALL"});
    OpenProvider();
    FillAuth();
    FillExecutions();
    FillRecords();
    FillCheckpoints();
    FillTheRest();
  }

  CheckOptions Checked(std::vector<Entity> entities = AllEntities(), bool repair = false) {
    return {.repo = Options(),
            .entities = std::move(entities),
            .repair = repair,
            .rate = 1'000'000,
            .show_keys = true,
            .settle = std::chrono::milliseconds(0),
            .wait = [this](std::int64_t until_us, const std::stop_token&) {
              const std::int64_t left_us = until_us - clock.NowUs();
              if (left_us > 0) clock.Advance(std::chrono::microseconds(left_us));
            }};
  }
  Report Check(CheckOptions options) {
    Checker checker([this](store::Component) -> store::Store& { return *store; },
                    std::move(options));
    auto report = checker.Run();
    EXPECT_TRUE(report) << report.error().detail;
    return report.value_or(Report{});
  }
  Report Check() { return Check(Checked()); }
  Report Repair() { return Check(Checked(AllEntities(), true)); }

  static std::uint64_t Findings(const Report& report) {
    std::uint64_t total = 0;
    for (const auto& [entity, counts] : report.entities) total += counts.Total();
    return total;
  }
  // All keys and values, in one word.
  std::string Digest() { return Run({"DEBUG", "DIGEST"}).text; }

  template <class T>
  static T Must(Result<T> result) {
    EXPECT_TRUE(result) << result.error().detail;
    return result ? std::move(*result) : T{};
  }
  static void Must(const Result<void>& result) { EXPECT_TRUE(result) << result.error().detail; }

  static TaskState Task(const std::string& id, const std::string& exec, Status status) {
    return {.status = status,
            .task_id = id,
            .task_exec_id = id + "@" + exec,
            .workflow_id = "w",
            .workflow_exec_id = exec};
  }

  void FillAuth();
  void FillExecutions();
  void FillRecords();
  void FillCheckpoints();
  void FillTheRest();

  std::unique_ptr<Provider> provider;
  std::optional<LockManager> timed_locks;
  std::optional<Checkpointer> timed;  // whose checkpoints expire
};

}  // namespace satchel::repos::check
