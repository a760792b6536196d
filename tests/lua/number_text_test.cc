#include "lua/number_text.h"

#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/random.h"

namespace satchel::lua {
namespace {

std::string Printed(const char* format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

std::string Short(double value) {
  char buffer[kNumberTextSize];
  return {buffer, WriteNumber(value, buffer)};
}

std::string Exact(double value) {
  char buffer[kNumberTextSize];
  return {buffer, WriteNumberExact(value, buffer)};
}

// Any bits, small integers, and decimals in turn.
double RandomNumber(Random& random) {
  switch (random.Below(3)) {
    case 0: {
      const std::uint64_t bits = random.Next();
      double value = 0;
      std::memcpy(&value, &bits, sizeof value);
      return value;
    }
    case 1:
      return static_cast<double>(random.Next() >> random.Below(64));
    default:
      return static_cast<double>(random.Below(1'000'000)) / 1000 - 500;
  }
}

TEST(NumberText, PrintsAsPrintfDoes) {
  const std::uint64_t seed = Random::SystemSeed();
  SCOPED_TRACE(seed);
  Random random(seed);
  for (int i = 0; i < 200000; ++i) {
    const double value = RandomNumber(random);
    ASSERT_EQ(Short(value), Printed("%.14g", value));
    ASSERT_EQ(Exact(value), Printed("%.17g", value));
  }
  for (double value :
       {0.0, -0.0, 1e14, 1e14 - 1, -1e14, 99999999999999.0, 1e15, HUGE_VAL, -HUGE_VAL}) {
    EXPECT_EQ(Short(value), Printed("%.14g", value));
    EXPECT_EQ(Exact(value), Printed("%.17g", value));
  }
}

TEST(NumberText, ReadsAsStrtodDoes) {
  const std::uint64_t seed = Random::SystemSeed();
  SCOPED_TRACE(seed);
  Random random(seed);
  constexpr std::string_view kBytes = "0123456789.eE+-xXabfp nni ";
  for (int i = 0; i < 200000; ++i) {
    std::string text;
    for (std::uint64_t length = random.Below(12); length > 0; --length) {
      text += kBytes[random.Below(kBytes.size())];
    }
    char* end = nullptr;
    const double expected = std::strtod(text.c_str(), &end);
    const bool read = end != text.c_str();
    while (*end == ' ') ++end;
    const auto value = ReadNumber(text);
    // "0x" followed by nothing is what strtoul makes of it: no number either.
    ASSERT_EQ(value.has_value(), read && *end == '\0') << '"' << text << '"';
    if (!value || std::isnan(expected)) continue;
    ASSERT_EQ(*value, expected) << '"' << text << '"';
  }
}

TEST(NumberText, TakesWhatScriptsWrite) {
  EXPECT_EQ(ReadNumber(" 0x10 "), 16);
  EXPECT_EQ(ReadNumber("0x1p4"), 16);
  EXPECT_EQ(ReadNumber("inf"), HUGE_VAL);
  EXPECT_EQ(ReadNumber(std::string_view("5\0x", 3)), 5);
  EXPECT_FALSE(ReadNumber(""));
  EXPECT_FALSE(ReadNumber("0x"));
  EXPECT_FALSE(ReadNumber("5 x"));
  EXPECT_EQ(ReadNumber("-ff", 16), 18446744073709551361.0);
  EXPECT_EQ(ReadNumber("zz", 36), 1295);
  EXPECT_FALSE(ReadNumber("2", 2));
}

TEST(NumberText, TruncatesAsTheProcessorDoes) {
  EXPECT_EQ(TruncateToInt64(-2.9), -2);
  EXPECT_EQ(TruncateToInt64(9223372036854775808.0), INT64_MIN);
  EXPECT_EQ(TruncateToInt64(-9223372036854775808.0), INT64_MIN);
  EXPECT_EQ(TruncateToInt64(NAN), INT64_MIN);
  EXPECT_EQ(TruncateToInt32(2147483647.9), INT32_MAX);
  EXPECT_EQ(TruncateToInt32(-2147483648.9), INT32_MIN);
  EXPECT_EQ(TruncateToInt32(2147483648.0), INT32_MIN);
  EXPECT_EQ(TruncateToUint64(-1), UINT64_MAX);
  EXPECT_EQ(TruncateToUint64(9223372036854775808.0), std::uint64_t{1} << 63);
  EXPECT_EQ(TruncateToUint64(NAN), std::uint64_t{1} << 63);
}

}  // namespace
}  // namespace satchel::lua
