#include "net/loop.h"

#include "tests/net/harness.h"

namespace satchel::net {
namespace {

using namespace std::chrono_literals;  // NOLINT
using testing::ElementsAre;

TEST(Loop, PostedFunctionsRunInOrder) {
  auto loop = MakeLoop();
  std::vector<int> ran;
  for (int i = 0; i < 3; ++i) loop->Post([&ran, i] { ran.push_back(i); });
  loop->RunOnce(0ms);
  EXPECT_THAT(ran, ElementsAre(0, 1, 2));
}

TEST(Loop, WhatAPostedFunctionPostsRunsInTheNextRound) {
  auto loop = MakeLoop();
  int ran = 0;
  loop->Post([&] { loop->Post([&] { ++ran; }); });
  loop->RunOnce(0ms);
  EXPECT_EQ(ran, 0);
  loop->RunOnce(kPatience);
  EXPECT_EQ(ran, 1);
}

TEST(Loop, TakesFunctionsFromManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  LoopThread loop;
  std::vector<int> last(kThreads, -1);
  int wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        loop->Post([&, t, i] { wrong += std::exchange(last[t], i) != i - 1; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  loop.Do([&] {
    EXPECT_EQ(wrong, 0);
    EXPECT_THAT(last, testing::Each(kEach - 1));
  });
}

TEST(Loop, KnowsItsThread) {
  LoopThread loop;
  loop.Do([&] { EXPECT_TRUE(loop->in_loop_thread()); });
  EXPECT_FALSE(loop->in_loop_thread());
}

TEST(Loop, StopEndsARunThatHasNotBegun) {
  auto loop = MakeLoop();
  loop->Stop();
  loop->Run();
}

TEST(Loop, RealTimersRunWhenDue) {
  auto loop = MakeLoop();
  const std::int64_t deadline_us = loop->clock().NowUs() + 3000;
  std::int64_t ran_at_us = 0;
  loop->AddTimer(deadline_us, [&] { ran_at_us = loop->now_us(); });
  ASSERT_TRUE(RunUntil(*loop, [&] { return ran_at_us > 0; }));
  EXPECT_GE(ran_at_us, deadline_us);
}

TEST(Loop, AManualClockRunsTimersOfALoopWithoutThread) {
  ManualClock clock;
  auto loop = MakeLoop(clock);
  int ran = 0;
  loop->AddTimer(clock.NowUs() + 1000, [&] { ++ran; });
  loop->RunOnce(0ms);
  EXPECT_EQ(ran, 0);
  clock.Advance(1ms);
  loop->RunOnce(0ms);
  EXPECT_EQ(ran, 1);
}

TEST(Loop, AdvancingAManualClockReturnsAfterTheTimersRan) {
  ManualClock clock;
  LoopThread loop(clock);
  const std::int64_t start_us = clock.NowUs();
  std::vector<std::int64_t> ran_at_us;
  loop.Do([&] {
    for (int ms : {30, 10, 20, 99}) {
      loop->AddTimer(start_us + ms * 1000, [&] { ran_at_us.push_back(loop->now_us() - start_us); });
    }
  });
  clock.Advance(50ms);
  // No lock: Advance waited for the loop's round.
  EXPECT_THAT(ran_at_us, ElementsAre(10'000, 20'000, 30'000));
  EXPECT_TRUE(clock.AdvanceToNextDeadline());
  EXPECT_THAT(ran_at_us, ElementsAre(10'000, 20'000, 30'000, 99'000));
  EXPECT_FALSE(clock.AdvanceToNextDeadline());
}

TEST(Loop, ATimerThatAddsItselfAgainRunsAtEachOfItsTimes) {
  ManualClock clock;
  LoopThread loop(clock);
  int ran = 0;
  std::function<void()> tick = [&] {
    ++ran;
    loop->AddTimer(loop->now_us() + 100'000, tick);
  };
  loop.Do([&] { loop->AddTimer(loop->now_us() + 100'000, tick); });
  clock.Advance(1s);
  EXPECT_EQ(ran, 10);
}

TEST(Loop, AManualClockMayBeMovedFromTheLoopsOwnThread) {
  ManualClock clock;
  LoopThread loop(clock);
  int ran = 0;
  loop.Do([&] {
    loop->AddTimer(clock.NowUs() + 1000, [&] { ++ran; });
    clock.Advance(1ms);
  });
  loop.Do([] {});
  loop.Do([&] { EXPECT_EQ(ran, 1); });
}

TEST(Loop, ACancelledTimerIsNoDeadline) {
  ManualClock clock;
  auto loop = MakeLoop(clock);
  const TimerId id = loop->AddTimer(clock.NowUs() + 1000, [] { FAIL(); });
  EXPECT_TRUE(loop->CancelTimer(id));
  EXPECT_FALSE(clock.AdvanceToNextDeadline());
}

TEST(Loop, AdvancingDoesNotHangWhenTheLoopStops) {
  ManualClock clock;
  for (int i = 0; i < 50; ++i) {
    auto loop = std::make_unique<LoopThread>(clock);
    std::thread stopper([&] { (*loop)->Stop(); });
    clock.Advance(1ms);
    stopper.join();
  }
}

}  // namespace
}  // namespace satchel::net
