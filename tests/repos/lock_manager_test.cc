#include "repos/lock_manager.h"

#include <thread>

#include "base/text.h"
#include "tests/repos/repo_test.h"
#include "tests/store/forwarding_store.h"

namespace satchel::repos {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LockManagerContract : public RepoTest {
 protected:
  LockManager Make() { return LockManager(*store, Options()); }
  // One that never renews: its clock stands still.
  LockManager MakeIdle() {
    return LockManager(*store, {.tenant = "acme", .clock = &standing, .random = &random});
  }
  ManualClock standing{clock.NowMs()};
};

TEST_P(LockManagerContract, OnlyOneHolderAtATime) {
  LockManager locks = Make();
  auto first = locks.Acquire("r");
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_TRUE(first->IsHeld());
  const auto second = locks.Acquire("r");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kLockTimeout);
  EXPECT_EQ(second.error().subject, "r");
  EXPECT_TRUE(locks.Acquire("other"));
  EXPECT_TRUE(first->Release());
  EXPECT_FALSE(first->IsHeld());
  EXPECT_TRUE(locks.Acquire("r"));
  ExpectOneSlotEach();
}

TEST_P(LockManagerContract, ManyThreadsEnterOneAtATime) {
  LockManager locks(*store, {.tenant = "acme"});
  int inside = 0;
  int counter = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 5; ++n) {
        auto lock = locks.Acquire("r", {.ttl = seconds(30), .wait = seconds(30)});
        ASSERT_TRUE(lock);
        EXPECT_EQ(++inside, 1);
        ++counter;
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter, 20);
}

TEST_P(LockManagerContract, ADeadHoldersLockFreesAfterItsTtl) {
  LockManager dead = MakeIdle();
  LockManager locks = Make();
  auto held = dead.Acquire("r", {.ttl = seconds(10)});
  ASSERT_TRUE(held);
  EXPECT_EQ(locks.Acquire("r").error().code, ErrorCode::kLockTimeout);
  Pass(seconds(13));
  EXPECT_TRUE(locks.Acquire("r"));
}

TEST_P(LockManagerContract, WaitingEndsWithTheLockOrAtTheDeadline) {
  LockManager locks(*store, {.tenant = "acme"});
  auto held = locks.Acquire("r");
  ASSERT_TRUE(held);
  EXPECT_EQ(locks.Acquire("r", {.wait = milliseconds(30)}).error().code, ErrorCode::kLockTimeout);
  std::thread releaser([&] { EXPECT_TRUE(held->Release()); });
  EXPECT_TRUE(locks.Acquire("r", {.wait = seconds(20)}));
  releaser.join();
}

TEST_P(LockManagerContract, FencesStrictlyIncreaseAlsoAfterExpiryAndRestart) {
  std::uint64_t last = 0;
  for (int i = 0; i < 8; ++i) {
    LockManager locks = Make();
    auto lock = locks.Acquire("r");
    ASSERT_TRUE(lock);
    EXPECT_GT(lock->fence(), last);
    last = lock->fence();
    EXPECT_TRUE(lock->Release());
  }
  clock.Set(clock.NowMs() - 5000);
  LockManager locks = Make();
  EXPECT_GT(locks.Acquire("r")->fence(), last) << "also when the clock stepped back";
}

TEST_P(LockManagerContract, ReleasingALostLockFreesNothingOfTheNewHolder) {
  LockManager dead = MakeIdle();
  LockManager locks = Make();
  auto lost = dead.Acquire("r", {.ttl = seconds(10)});
  ASSERT_TRUE(lost);
  Pass(seconds(13));
  auto held = locks.Acquire("r");
  ASSERT_TRUE(held);
  EXPECT_EQ(lost->Release().error().code, ErrorCode::kLockNotOwned);
  EXPECT_TRUE(held->Refresh());
  EXPECT_TRUE(held->Release());
  EXPECT_EQ(held->Release().error().code, ErrorCode::kLockNotHeld);
  EXPECT_EQ(held->Refresh().error().code, ErrorCode::kLockNotHeld);
}

TEST_P(LockManagerContract, RenewalKeepsALockBeyondItsTtl) {
  LockManager locks = Make();
  auto lock = locks.Acquire("r", {.ttl = seconds(20)});
  ASSERT_TRUE(lock);
  for (int i = 0; i < 12; ++i) {
    Pass(seconds(5));
    EXPECT_TRUE(lock->IsHeld());
  }
  EXPECT_EQ(locks.Acquire("r").error().code, ErrorCode::kLockTimeout);
}

TEST_P(LockManagerContract, RenewalOutlastsAShortFailureOfTheStore) {
  LockManager locks = Make();
  auto lock = locks.Acquire("r", {.ttl = seconds(30)});
  ASSERT_TRUE(lock);
  store->FailAll(MakeError(ErrorCode::kUnavailable, "down"));
  Pass(seconds(15));
  store->FailAll({});
  Pass(seconds(10));
  EXPECT_TRUE(lock->IsHeld());
  EXPECT_TRUE(lock->Refresh());
}

TEST_P(LockManagerContract, LossIsReportedOnce) {
  LockManager locks = Make();
  int losses = 0;
  auto lock = locks.Acquire("r", {.ttl = seconds(30), .on_lost = [&] { ++losses; }});
  ASSERT_TRUE(lock);
  Run({"DEL", lock->keys().holder});
  Pass(seconds(12));
  EXPECT_EQ(losses, 1);
  EXPECT_FALSE(lock->IsHeld());
  EXPECT_EQ(lock->Refresh().error().code, ErrorCode::kLockNotOwned);
  EXPECT_EQ(lock->Release().error().code, ErrorCode::kLockNotOwned);
  Pass(seconds(30));
  EXPECT_EQ(losses, 1);
}

TEST_P(LockManagerContract, AStoreThatStaysAwayLosesTheLockAtItsDeadline) {
  LockManager locks = Make();
  int losses = 0;
  auto lock = locks.Acquire("r", {.ttl = seconds(10), .on_lost = [&] { ++losses; }});
  ASSERT_TRUE(lock);
  store->FailAll(MakeError(ErrorCode::kUnavailable, "down"));
  Jump(milliseconds(9999));
  EXPECT_TRUE(lock->IsHeld());
  Jump(milliseconds(1));
  EXPECT_FALSE(lock->IsHeld());
  EXPECT_EQ(losses, 1);
}

TEST_P(LockManagerContract, ATinyTtlIsRefused) {
  LockManager locks = Make();
  store->ForgetCalls();
  EXPECT_EQ(locks.Acquire("r", {.ttl = milliseconds(99)}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(locks.Acquire("r", {.wait = milliseconds(-1)}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(locks.Acquire(std::string(513, 'a')).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(store->round_trips(), 0);
  EXPECT_TRUE(locks.Acquire("r", {.ttl = milliseconds(100)}));
}

TEST_P(LockManagerContract, ARestoredLockStillExpires) {
  LockManager dead = MakeIdle();
  auto held = dead.Acquire("r", {.ttl = seconds(40)});
  ASSERT_TRUE(held);
  LockManager locks = Make();
  for (int i = 0; i < 5; ++i) {  // the restart is among these
    EXPECT_EQ(locks.Acquire("r").error().code, ErrorCode::kLockTimeout);
  }
  Pass(seconds(43));
  EXPECT_TRUE(locks.Acquire("r"));
}

TEST_P(LockManagerContract, DestructionReleases) {
  LockManager locks = Make();
  { auto lock = locks.Acquire("r"); }
  EXPECT_TRUE(locks.Acquire("r"));
}

// The answer to the first script is lost.
class LosingStore final : public store::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  using Store::Run;
  Result<ReplyValue> Run(store::Args args, const store::CallOptions& options) override {
    auto reply = ForwardingStore::Run(args, options);
    if (!reply || !std::exchange(loses_, false)) return reply;
    return MakeError(ErrorCode::kMaybeExecuted, "the connection broke");
  }

 private:
  bool loses_ = true;
};

TEST_P(LockManagerContract, ALockWhoseAnswerWasLostIsNotKept) {
  LosingStore losing(*store);
  LockManager locks(losing, Options());
  ASSERT_TRUE(Make().Acquire("other"));  // the scripts are known
  const auto lost = locks.Acquire("r");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::kMaybeExecuted);
  EXPECT_TRUE(locks.Acquire("r"));
}

TEST_P(LockManagerContract, OddResourcesAreLocksOfTheirOwn) {
  LockManager locks = Make();
  std::vector<Lock> held;
  for (const std::string& id : OddIds()) {
    auto lock = locks.Acquire(id);
    ASSERT_TRUE(lock) << id;
    held.push_back(std::move(*lock));
  }
  EXPECT_EQ(Keys().size(), 2 * OddIds().size());
}

SATCHEL_EVERY_HOME(LockManagerContract);

TEST(LockManager, OnAServerADeadHoldersLockFreesInRealTime) {
  const auto store = store::OpenRemote(store::OptionsFor(store::SharedRedis()));
  ASSERT_TRUE(store->Run({"FLUSHALL"}));
  ManualClock standing{RealClock::Instance().NowMs()};
  SharedRandom random{1};
  LockManager dead(*store, {.clock = &standing, .random = &random});
  const auto held = dead.Acquire("r", {.ttl = milliseconds(100)});
  ASSERT_TRUE(held);
  LockManager locks(*store);
  EXPECT_TRUE(locks.Acquire("r", {.wait = seconds(20)}));
}

TEST(LockManager, ARealClockRenewsOnAThreadOfTheManager) {
  auto store = store::EmbeddedStore::Open({});
  LockManager locks(**store);
  auto lock = locks.Acquire("r", {.ttl = seconds(2)});
  ASSERT_TRUE(lock);
  const std::string holder = lock->keys().holder;
  const std::int64_t first_ms = (*store)->Run({"PEXPIRETIME", holder})->integer;
  const std::int64_t give_up_ms = RealClock::Instance().NowMs() + 20'000;
  std::int64_t deadline_ms = first_ms;
  while (deadline_ms == first_ms && RealClock::Instance().NowMs() < give_up_ms) {
    std::this_thread::sleep_for(milliseconds(1));
    deadline_ms = (*store)->Run({"PEXPIRETIME", holder})->integer;
  }
  EXPECT_GT(deadline_ms, first_ms);
  EXPECT_TRUE(lock->IsHeld());
}

}  // namespace
}  // namespace satchel::repos
