#include "tests/support/frame.h"

#include <gtest/gtest.h>

namespace satchel::oracle {
namespace {

Frame Parse(std::string bytes) {
  auto frame = TakeFrame(bytes);
  EXPECT_TRUE(frame);
  EXPECT_EQ(bytes, "");
  return frame.value_or(Frame{});
}

TEST(OracleFrame, WaitsForTheWholeReply) {
  const std::string whole = "*2\r\n$3\r\na\r\n\r\n%1\r\n+k\r\n:1\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::string part = whole.substr(0, size);
    EXPECT_FALSE(TakeFrame(part)) << size;
    EXPECT_EQ(part, whole.substr(0, size));
  }
  EXPECT_EQ(Describe(Parse(whole)), "[\"a\\r\\n\", %{+k => :1}]");
}

TEST(OracleFrame, LeavesWhatFollows) {
  std::string bytes = "+OK\r\n-ERR x\r\n";
  EXPECT_EQ(TakeFrame(bytes)->text, "OK");
  EXPECT_EQ(bytes, "-ERR x\r\n");
}

TEST(OracleFrame, NullsOfBothProtocolsAreThreeDifferentReplies) {
  EXPECT_FALSE(Same(Parse("$-1\r\n"), Parse("*-1\r\n"), {}));
  EXPECT_FALSE(Same(Parse("$-1\r\n"), Parse("_\r\n"), {}));
  EXPECT_FALSE(Same(Parse("$-1\r\n"), Parse("$0\r\n\r\n"), {}));
  EXPECT_FALSE(Same(Parse("*-1\r\n"), Parse("*0\r\n"), {}));
}

TEST(OracleFrame, WhatIsNotRespIsBroken) { EXPECT_EQ(Parse("hello\r\n").type, Frame::kBroken); }

TEST(OracleFrame, UnorderedComparesMultisets) {
  const Frame ab = Parse("*2\r\n+a\r\n+b\r\n");
  const Frame ba = Parse("*2\r\n+b\r\n+a\r\n");
  EXPECT_FALSE(Same(ab, ba, {}));
  EXPECT_TRUE(Same(ab, ba, {.unordered = true}));
  EXPECT_FALSE(Same(ab, Parse("*2\r\n+a\r\n+a\r\n"), {.unordered = true}));
}

TEST(OracleFrame, PairsStayTogether) {
  const Frame one = Parse("*4\r\n+a\r\n+1\r\n+b\r\n+2\r\n");
  EXPECT_TRUE(Same(one, Parse("*4\r\n+b\r\n+2\r\n+a\r\n+1\r\n"), {.pairs = true}));
  EXPECT_FALSE(Same(one, Parse("*4\r\n+b\r\n+1\r\n+a\r\n+2\r\n"), {.pairs = true}));
}

TEST(OracleFrame, TypesIgnoresContentsAndNothingElse) {
  EXPECT_TRUE(Same(Parse("*1\r\n:1\r\n"), Parse("*1\r\n:2\r\n"), {.types = true}));
  EXPECT_FALSE(Same(Parse("*1\r\n:1\r\n"), Parse("*1\r\n+1\r\n"), {.types = true}));
  EXPECT_FALSE(Same(Parse("*1\r\n:1\r\n"), Parse("*2\r\n:1\r\n:1\r\n"), {.types = true}));
  EXPECT_FALSE(Same(Parse("-ERR a\r\n"), Parse("-WRONGTYPE a\r\n"), {.types = true}));
}

TEST(OracleFrame, NearAllowsADistanceBetweenIntegers) {
  EXPECT_TRUE(Same(Parse(":100\r\n"), Parse(":99\r\n"), {.near = 1}));
  EXPECT_FALSE(Same(Parse(":100\r\n"), Parse(":98\r\n"), {.near = 1}));
  EXPECT_FALSE(Same(Parse(":100\r\n"), Parse("+99\r\n"), {.near = 1}));
}

}  // namespace
}  // namespace satchel::oracle
