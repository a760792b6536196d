#include "base/clock.h"

#include <thread>

namespace satchel {
namespace {

using namespace std::chrono_literals;

class Alarm : public TimeListener {
 public:
  std::vector<std::int64_t> due;
  std::vector<std::int64_t> rung;
  std::optional<std::int64_t> NextDeadlineUs() override {
    if (due.empty()) return std::nullopt;
    return due.front();
  }
  void OnTime(std::int64_t now_us) override {
    while (!due.empty() && due.front() <= now_us) {
      rung.push_back(now_us);
      due.erase(due.begin());
    }
  }
};

TEST(ManualClock, AdvancingStopsAtEachDeadlineInOrder) {
  ManualClock clock(1000);
  Alarm alarm;
  alarm.due = {1'001'000, 1'003'000, 1'009'000};
  clock.Attach(&alarm);
  clock.Advance(5ms);
  EXPECT_EQ(alarm.rung, (std::vector<std::int64_t>{1'001'000, 1'003'000}));
  EXPECT_EQ(clock.NowMs(), 1005);
  EXPECT_TRUE(clock.AdvanceToNextDeadline());
  EXPECT_EQ(clock.NowMs(), 1009);
  EXPECT_FALSE(clock.AdvanceToNextDeadline());
}

TEST(ManualClock, AWaiterWakesWhenTimeMovesPastItsDeadline) {
  ManualClock clock(1000);
  std::mutex mutex;
  std::condition_variable cv;
  std::thread waiter([&] {
    std::unique_lock lock(mutex);
    while (clock.WaitUntil(lock, cv, 1'005'000)) {
    }
  });
  clock.Advance(5ms);
  waiter.join();
  EXPECT_EQ(clock.NowMs(), 1005);
}

}  // namespace
}  // namespace satchel
