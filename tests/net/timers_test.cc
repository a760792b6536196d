#include "net/timers.h"

namespace satchel::net {
namespace {

using testing::ElementsAre;

class TimersTest : public testing::Test {
 protected:
  TimerId Add(std::int64_t deadline_us, int number) {
    return timers_.Add(deadline_us, [this, number] { ran_.push_back(number); });
  }

  Timers timers_;
  std::vector<int> ran_;
};

TEST_F(TimersTest, RunInOrderOfDeadlineThenOfAdding) {
  Add(20, 3);
  Add(10, 1);
  Add(10, 2);
  Add(30, 4);
  timers_.Run(20);
  EXPECT_THAT(ran_, ElementsAre(1, 2, 3));
  EXPECT_EQ(timers_.NextDeadline(), 30);
  timers_.Run(29);
  EXPECT_EQ(timers_.size(), 1u);
  timers_.Run(30);
  EXPECT_EQ(timers_.NextDeadline(), std::nullopt);
}

TEST_F(TimersTest, ACancelledTimerDoesNotRun) {
  const TimerId id = Add(10, 1);
  EXPECT_TRUE(timers_.Cancel(id));
  EXPECT_FALSE(timers_.Cancel(id));
  EXPECT_FALSE(timers_.Cancel(TimerId{}));
  timers_.Run(100);
  EXPECT_TRUE(ran_.empty());
}

TEST_F(TimersTest, OneMayCancelAnotherThatIsDueToo) {
  TimerId victim;
  timers_.Add(10, [&] { timers_.Cancel(victim); });
  victim = Add(10, 1);
  Add(11, 2);
  timers_.Run(100);
  EXPECT_THAT(ran_, ElementsAre(2));
}

TEST_F(TimersTest, WhatIsAddedMeanwhileWaitsForTheNextCall) {
  timers_.Add(10, [&] {
    Add(5, 1);
    Add(50, 2);
  });
  timers_.Run(100);
  EXPECT_TRUE(ran_.empty());
  timers_.Run(100);
  EXPECT_THAT(ran_, ElementsAre(1, 2));
}

}  // namespace
}  // namespace satchel::net
