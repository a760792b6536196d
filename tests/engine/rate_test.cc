#include "engine/rate.h"

#include <gtest/gtest.h>

namespace satchel::engine {
namespace {

TEST(Rate, OneSampleIsNoRate) {
  Rate rate;
  rate.Sample(1000, 500);
  EXPECT_EQ(rate.per_second(), 0);
}

TEST(Rate, ItIsTheMeanOfTheLastSixteenSamples) {
  Rate rate;
  for (std::uint64_t i = 0; i <= 16; ++i)
    rate.Sample(1000 + static_cast<std::int64_t>(i) * 100, i * 10);
  EXPECT_DOUBLE_EQ(rate.per_second(), 100);
  for (std::int64_t i = 1; i <= 8; ++i) rate.Sample(2600 + i * 100, 160);
  EXPECT_DOUBLE_EQ(rate.per_second(), 50);
}

TEST(Rate, ACounterThatWasResetIsANewBeginning) {
  Rate rate;
  rate.Sample(1000, 0);
  rate.Sample(1100, 160);
  const double before = rate.per_second();
  rate.Sample(1200, 3);
  EXPECT_DOUBLE_EQ(rate.per_second(), before);
  rate.Sample(1300, 163);
  EXPECT_DOUBLE_EQ(rate.per_second(), 2 * before);
}

TEST(Rate, TheSameMomentTwiceIsNotInfinite) {
  Rate rate;
  rate.Sample(1000, 0);
  rate.Sample(1000, 1000);
  EXPECT_EQ(rate.per_second(), 0);
}

}  // namespace
}  // namespace satchel::engine
