#include "repos/generic_task_store.h"

#include <thread>

#include "repos/json.h"
#include "tests/repos/repo_test.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::IsEmpty;
using testing::MatchesRegex;
using S = GenericStatus;

class GenericTaskContract : public RepoTest {
 protected:
  GenericTaskContract() {
    backend.emplace(*store, StorageBackendOptions{.repo = Options()});
    Use({});
  }
  void Use(GenericTaskLimits limits) {
    tasks.emplace(*backend,
                  GenericTaskOptions{.clock = &clock, .random = &random, .limits = limits});
  }
  GenericTask Create(std::string_view owner = "ann") {
    auto task = tasks->Create(owner, "tools/call");
    EXPECT_TRUE(task) << task.error().detail;
    return task.value_or(GenericTask{});
  }

  std::optional<StorageBackend> backend;
  std::optional<GenericTaskStore> tasks;
};

TEST_P(GenericTaskContract, ATaskComesBackAsItWasCreated) {
  const auto task = tasks->Create("ann:{*}", "tools/call", hours(2), "{\"x\": 1.50}");
  ASSERT_TRUE(task) << task.error().detail;
  EXPECT_THAT(task->id, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                     "[0-9a-f]{12}"));
  EXPECT_EQ(task->expires_ms, clock.NowMs() + milliseconds(hours(2)).count());
  EXPECT_EQ(tasks->Get("ann:{*}", task->id).value(), *task);
  EXPECT_EQ(task->version, 1u);
}

TEST_P(GenericTaskContract, EveryTransitionOfTheTableAndNoOtherIsAccepted) {
  const S all[] = {S::kWorking, S::kInputRequired, S::kCompleted, S::kFailed, S::kCancelled};
  for (const S from : all) {
    for (const S to : all) {
      const GenericTask task = Create();
      if (from != S::kWorking) {
        EXPECT_TRUE(tasks->UpdateStatus("ann", task.id, from));
      }
      const auto moved = tasks->UpdateStatus("ann", task.id, to, "why");
      const bool legal = (from == S::kWorking || from == S::kInputRequired) && from != to;
      EXPECT_EQ(moved.has_value(), legal) << GenericStatusName(from) << GenericStatusName(to);
      if (legal) {
        EXPECT_EQ(moved->status_message, "why");
      } else {
        EXPECT_EQ(moved.error().subject, "status");
      }
    }
  }
}

TEST_P(GenericTaskContract, AnotherOwnersTaskLooksAbsent) {
  const GenericTask task = Create();
  const auto other = tasks->Get("bob", task.id);
  const auto absent = tasks->Get("ann", "nothing");
  EXPECT_EQ(other.error(), absent.error());
  EXPECT_EQ(tasks->Cancel("bob", task.id).error(), absent.error());
  Jump(hours(1));
  EXPECT_EQ(tasks->Get("ann", task.id).error(), absent.error()) << "expired";
  EXPECT_EQ(JsonRpcCodeOf(absent.error()), -32602);
}

TEST_P(GenericTaskContract, TheQuotaHoldsUnderConcurrentCreation) {
  Use({.max_per_owner = 5});
  std::atomic<int> created = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 3; ++n) {
        const auto task = tasks->Create("ann", "m");
        if (task) ++created;
        if (!task && task.error().code == ErrorCode::kCapacityExceeded) ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(created, 5);
  EXPECT_EQ(refused, 7);
  EXPECT_EQ(JsonRpcCodeOf(tasks->Create("ann", "m").error()), -32603);
  EXPECT_TRUE(tasks->Create("bob", "m"));
}

TEST_P(GenericTaskContract, ExpiredTasksDoNotUseQuota) {
  Use({.max_per_owner = 1});
  Create();
  EXPECT_EQ(tasks->Create("ann", "m").error().subject, "tasks");
  Jump(hours(1));
  Create();
  EXPECT_EQ(tasks->CleanupExpired().value(), 1u);
}

TEST_P(GenericTaskContract, ATtlAboveTheMaximumIsRefused) {
  EXPECT_TRUE(tasks->Create("ann", "m", hours(24)));
  EXPECT_EQ(tasks->Create("ann", "m", hours(24) + milliseconds(1)).error().subject, "ttl");
  EXPECT_EQ(tasks->Create("ann", "m", milliseconds(0)).error().subject, "ttl");
  Use({.max_ttl = milliseconds::max()});
  const auto forever = tasks->Create("ann", "m", milliseconds::max());
  ASSERT_TRUE(forever) << forever.error().detail;
  EXPECT_EQ(forever->expires_ms, std::nullopt);
  EXPECT_EQ(tasks->Get("ann", forever->id).value(), *forever);
}

TEST_P(GenericTaskContract, NullRemovesAVariable) {
  const GenericTask task = Create();
  EXPECT_TRUE(tasks->SetVariables("ann", task.id, {{"a", "12345678901234567890123"}, {"b", "{}"}}));
  const auto set = tasks->SetVariables("ann", task.id, {{"b", " null "}, {"c", "[1.50]"}});
  ASSERT_TRUE(set);
  EXPECT_EQ(set->variables, (std::map<std::string, std::string>{{"a", "12345678901234567890123"},
                                                                {"c", "[1.50]"}}));
  EXPECT_EQ(tasks->Get("ann", task.id)->variables, set->variables);
}

TEST_P(GenericTaskContract, AMergeOverTheLimitChangesNothing) {
  const GenericTask task = Create();
  const std::string half = JsonString(std::string(60'000, 'x'));
  for (int i = 0; i < 17; ++i) {
    EXPECT_TRUE(tasks->SetVariables("ann", task.id, {{"v" + std::to_string(i), half}}));
  }
  const auto full = tasks->SetVariables("ann", task.id, {{"more", half}, {"v0", "1"}, {"w", half}});
  EXPECT_EQ(full.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(full.error().subject, "variables");
  EXPECT_EQ(tasks->Get("ann", task.id)->variables.size(), 17u);
  const std::string deep = std::string(10, '[') + std::string(10, ']');
  EXPECT_EQ(tasks->SetVariables("ann", task.id, {{"d", deep}}).error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(tasks->SetVariables("ann", task.id, {{"d", deep.substr(1, 18)}, {"v0", "null"}}));
  const std::string long_text = JsonString(std::string(65'537, 'x'));
  EXPECT_EQ(tasks->SetVariables("ann", task.id, {{"l", long_text}}).error().code,
            ErrorCode::kTooLarge);
  EXPECT_EQ(tasks->SetVariables("ann", task.id, {{"l", "{"}}).error().code,
            ErrorCode::kInvalidArgument);
}

TEST_P(GenericTaskContract, ResultAndStatusChangeTogether) {
  const GenericTask task = Create();
  EXPECT_EQ(tasks->GetResult("ann", task.id).error().subject, "result");
  EXPECT_TRUE(tasks->SetResult("ann", task.id, "1"));
  EXPECT_EQ(tasks->GetResult("ann", task.id).error().subject, "result") << "not at its end";
  const auto done = tasks->CompleteWithResult("ann", task.id, "{\"n\": 2}");
  EXPECT_EQ(done->status, S::kCompleted);
  EXPECT_EQ(done->version, 3u);
  EXPECT_EQ(tasks->GetResult("ann", task.id).value(), "{\"n\": 2}");
  EXPECT_EQ(tasks->CompleteWithResult("ann", task.id, "3").error().subject, "status");
  EXPECT_EQ(tasks->CompleteWithResult("ann", task.id, "3", S::kWorking).error().subject, "status");
  EXPECT_EQ(tasks->GetResult("ann", task.id).value(), "{\"n\": 2}");
}

TEST_P(GenericTaskContract, ADeletedCursorRowDoesNotRestartTheList) {
  Use({.page_size = 2});
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.insert(ids.begin(), Create().id);
    Jump(milliseconds(1));
  }
  const auto first = tasks->List("ann");
  ASSERT_EQ(first->items.size(), 2u);
  EXPECT_EQ(first->items[1].id, ids[1]);
  EXPECT_TRUE(*backend->Delete({"ann", ids[1]}));
  const auto second = tasks->List("ann", *first->next);
  ASSERT_EQ(second->items.size(), 2u);
  EXPECT_EQ(second->items[0].id, ids[2]);
  const auto third = tasks->List("ann", *second->next);
  EXPECT_EQ(third->items.size(), 1u);
  EXPECT_FALSE(third->next);
  EXPECT_EQ(tasks->List("bob", *first->next).error().subject, "cursor");
  EXPECT_THAT(tasks->List("bob")->items, IsEmpty());
}

TEST_P(GenericTaskContract, TwoRacingUpdatesGiveOneConflict) {
  const GenericTask task = Create();
  // Between the reading and the writing of the first comes the second.
  EXPECT_TRUE(backend->PutIfVersion({"ann", task.id}, DocumentOf(task), 1));
  GenericTask stale = task;
  stale.status = S::kFailed;
  const auto lost = backend->PutIfVersion({"ann", task.id}, DocumentOf(stale), task.version);
  EXPECT_EQ(lost.error().code, ErrorCode::kVersionConflict);
  EXPECT_EQ(lost.error().expected, 1u);
  EXPECT_EQ(lost.error().actual, 2u);
  EXPECT_EQ(JsonRpcCodeOf(lost.error()), -32603);
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto moved = tasks->CompleteWithResult("ann", task.id, "1");
      if (moved) ++won;
      if (!moved) {
        EXPECT_THAT(moved.error().code,
                    testing::AnyOf(ErrorCode::kVersionConflict, ErrorCode::kInvalidArgument));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
}

TEST_P(GenericTaskContract, AnonymousOwnersAreRefusedUnlessAllowed) {
  for (const char* owner : {"", "local"}) {
    EXPECT_EQ(tasks->Create(owner, "m").error().subject, "owner");
    EXPECT_EQ(tasks->List(owner).error().subject, "owner");
  }
  EXPECT_EQ(tasks->Create("ann", "").error().subject, "method");
  EXPECT_EQ(tasks->Create("ann", "m", {}, "[]").error().subject, "meta");
  Use({.allow_anonymous = true});
  EXPECT_TRUE(tasks->Get("", Create("").id));
}

TEST_P(GenericTaskContract, ADamagedRecordIsCorrupt) {
  const GenericTask task = Create();
  for (const char* data :
       {"{}", "{\"task\":5}", "{\"task\":{\"taskId\":\"x\",\"status\":\"y\"}}"}) {
    EXPECT_TRUE(backend->Put({"ann", task.id}, data));
    EXPECT_EQ(tasks->Get("ann", task.id).error().code, ErrorCode::kCorrupt) << data;
  }
}

SATCHEL_EVERY_HOME(GenericTaskContract);

}  // namespace
}  // namespace satchel::repos
