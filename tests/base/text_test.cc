#include "base/text.h"

#include <limits>

namespace satchel {
namespace {

TEST(ParseInt, TakesExactlyWhatFormatIntWrites) {
  for (std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{42},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_EQ(ParseInt(FormatInt(value)), value);
  }
  for (const char* bad : {"", "-", "+1", " 1", "1 ", "01", "-0", "00", "1.0", "0x1",
                          "9223372036854775808", "-9223372036854775809", "99999999999999999999"}) {
    EXPECT_FALSE(ParseInt(bad)) << bad;
  }
}

TEST(ParseDouble, RefusesBlanksNanAndOverflow) {
  EXPECT_EQ(ParseDouble("1.5"), 1.5);
  EXPECT_EQ(ParseDouble("-inf"), -std::numeric_limits<double>::infinity());
  for (const char* bad : {"", " 1", "1 ", "nan", "1e999", "x", "1.5.5"}) {
    EXPECT_FALSE(ParseDouble(bad)) << bad;
  }
}

TEST(FormatDouble, PrintsIntegersWithoutAPoint) {
  EXPECT_EQ(FormatDouble(3), "3");
  EXPECT_EQ(FormatDouble(-0.0), "-0");
  EXPECT_EQ(FormatDouble(0.1), "0.10000000000000001");
  EXPECT_EQ(FormatDouble(1e17), "1e+17");
  EXPECT_EQ(FormatDouble(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(FormatLongDouble, DropsTrailingZeros) {
  EXPECT_EQ(FormatLongDouble(10.5L), "10.5");
  EXPECT_EQ(FormatLongDouble(3.0L), "3");
  EXPECT_EQ(FormatLongDouble(-0.0L), "0");
}

TEST(GlobMatch, FollowsRedisRules) {
  EXPECT_TRUE(GlobMatch("h?llo", "hello"));
  EXPECT_TRUE(GlobMatch("h*llo", "hllo"));
  EXPECT_TRUE(GlobMatch("h[a-e]llo", "hello"));
  EXPECT_FALSE(GlobMatch("h[^e]llo", "hello"));
  EXPECT_TRUE(GlobMatch("h\\*llo", "h*llo"));
  EXPECT_FALSE(GlobMatch("h\\*llo", "hello"));
  EXPECT_FALSE(GlobMatch("*", ""));
  EXPECT_FALSE(GlobMatch("?", ""));
  EXPECT_TRUE(GlobMatch("HELLO", "hello", true));
  EXPECT_FALSE(GlobMatch("a", "ab"));
  EXPECT_TRUE(GlobMatch("a*", "a"));
}

TEST(GlobMatch, ManyStarsStayFast) {
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "a*";
  EXPECT_FALSE(GlobMatch(pattern + "b", std::string(200, 'a')));
}

TEST(SplitArgs, FollowsTheQuotingOfInlineCommands) {
  using V = std::vector<std::string>;
  EXPECT_EQ(SplitArgs("set \"a b\" 'c\\'d' \"\\x41\\n\""), (V{"set", "a b", "c'd", "A\n"}));
  EXPECT_EQ(SplitArgs("  "), V{});
  EXPECT_FALSE(SplitArgs("\"a"));
  EXPECT_FALSE(SplitArgs("\"a\"b"));
}

TEST(NearestWord, FindsATypo) {
  EXPECT_EQ(NearestWord("prot", {"port", "mode"}), "port");
  EXPECT_EQ(NearestWord("zzzzzz", {"port", "mode"}), "");
}

}  // namespace
}  // namespace satchel
