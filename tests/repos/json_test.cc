#include "repos/json.h"

#include <gtest/gtest.h>

#include "repos/page.h"

namespace satchel::repos {
namespace {

TEST(StableJson, SortsKeysAtEveryDepthAndKeepsNumbersVerbatim) {
  EXPECT_EQ(StableJson("j",
                       " { \"b\" : [ 1.50 , -0, 12345678901234567890, 1E+2 ],\n"
                       "\"a\":{\"d\":null,\"c\":true} } ")
                .value(),
            "{\"a\":{\"c\":true,\"d\":null},\"b\":[1.50,-0,12345678901234567890,1E+2]}");
}

TEST(StableJson, WritesStringsWithTheFewestEscapes) {
  EXPECT_EQ(StableJson("j", R"("\u0041\/\u00e9\ud83d\ude00\n\u0001\"\\")").value(),
            "\"A/\xc3\xa9\xf0\x9f\x98\x80\\n\\u0001\\\"\\\\\"");
}

TEST(StableJson, SortsByTheBytesThatEscapesStandFor) {
  EXPECT_EQ(StableJson("j", R"({"b":1,"\u0061":2})").value(), R"({"a":2,"b":1})");
  EXPECT_EQ(StableJson("j", R"({"a":1,"\u0061":2})").error().code, ErrorCode::kInvalidArgument);
}

TEST(Json, RefusesWhatIsNone) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "{\"a\":1,}",
                           "{a:1}",
                           "'a'",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "-",
                           "1e",
                           "tru",
                           "nulll",
                           "\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "\"\\ud800\\u0041\"",
                           "\"a\nb\"",
                           "\"\xc0\x80\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xf4\x90\x80\x80\"",
                           "1 2",
                           "[1 2]",
                           "{\"a\"}"}) {
    EXPECT_EQ(CheckJson("j", text).error().code, ErrorCode::kInvalidArgument) << text;
  }
  EXPECT_TRUE(CheckJson("j", "{\"a\":1,\"a\":2}")) << "stored as it is";
  EXPECT_FALSE(CheckJsonObject("j", "[]"));
  EXPECT_TRUE(CheckJsonObject("j", " {}"));
}

TEST(Json, RefusesDeepNesting) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_TRUE(CheckJson("j", nested(kMaxJsonDepth)));
  EXPECT_FALSE(CheckJson("j", nested(kMaxJsonDepth + 1)));
  EXPECT_FALSE(CheckJson("j", nested(1'000'000)));
}

TEST(Json, MembersAreTheBytesThatStandThere) {
  const auto members =
      JsonMembers("j", " { \"a\" : [1.50, 2] ,\"b\":{\"c\":1},\"\\u0061\":\"x\"} ");
  ASSERT_TRUE(members);
  EXPECT_EQ(*members, (std::map<std::string, std::string>{{"a", "\"x\""}, {"b", "{\"c\":1}"}}));
  EXPECT_EQ(JsonMembers("j", "[]").error().subject, "j");
  EXPECT_EQ(JsonText("j", " \"a\\n\" ").value(), "a\n");
  EXPECT_FALSE(JsonText("j", "5"));
  EXPECT_FALSE(JsonText("j", "\"a\" 5"));
}

TEST(Json, ShapeTellsDepthAndTheLongestString) {
  const auto shape = ShapeOfJson("j", "{\"key\":[[1],\"four\"]}");
  EXPECT_EQ(shape->depth, 3);
  EXPECT_EQ(shape->longest_string, 4u);
  EXPECT_EQ(ShapeOfJson("j", "5")->depth, 0);
}

TEST(Cursor, IsOfOneListAndOfOneForm) {
  const std::string cursor = EncodeCursor("us", "0001 a");
  EXPECT_EQ(DecodePage("us", {.cursor = cursor}).value(), "0001 a");
  EXPECT_EQ(DecodePage("us", {}).value(), "");
  for (const std::string& wrong :
       {cursor + "0", cursor + "zz", std::string("5"), EncodeCursor("ku", "0001 a"),
        EncodeCursor("us", ""), "7A" + cursor.substr(2)}) {
    EXPECT_EQ(DecodePage("us", {.cursor = wrong}).error().subject, "cursor") << wrong;
  }
  EXPECT_EQ(DecodePage("us", {.limit = -1}).error().subject, "limit");
}

}  // namespace
}  // namespace satchel::repos
