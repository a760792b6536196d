// The typed layer gives the same values on every store.

#include "store/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/store/stores.h"

namespace satchel::store {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::Optional;
using testing::Pair;
using testing::UnorderedElementsAre;

class TypedCommands : public testing::TestWithParam<StoreKind> {
 protected:
  StoreUnderTest store{GetParam()};
  Commands redis{*store};
};

TEST_P(TypedCommands, Strings) {
  EXPECT_EQ(*redis.Get("k"), std::nullopt);
  EXPECT_TRUE(*redis.Set("k", "v"));
  EXPECT_THAT(*redis.Get("k"), Optional(std::string("v")));
  EXPECT_FALSE(*redis.Set("k", "w", {.when = SetOptions::When::kIfAbsent}));
  EXPECT_FALSE(*redis.Set("none", "w", {.when = SetOptions::When::kIfPresent}));
  EXPECT_TRUE(redis.MSet({{"a", "1"}, {"b", "2"}}));
  EXPECT_THAT(*redis.MGet({"a", "none", "b"}),
              ElementsAre(OptionalText("1"), std::nullopt, OptionalText("2")));
  EXPECT_EQ(*redis.Incr("a"), 2);
  EXPECT_EQ(*redis.IncrBy("a", -5), -3);
  EXPECT_EQ(*redis.IncrByFloat("b", 0.5), 2.5);
  EXPECT_EQ(*redis.Append("k", "w"), 2);
  EXPECT_THAT(*redis.GetDel("k"), Optional(std::string("vw")));
  EXPECT_EQ(*redis.GetDel("k"), std::nullopt);
}

TEST_P(TypedCommands, KeysAndDeadlines) {
  EXPECT_FALSE(redis.Ttl("k")->exists);
  redis.Set("k", "v").value();
  EXPECT_TRUE(redis.Ttl("k")->exists);
  EXPECT_EQ(redis.Ttl("k")->left, std::nullopt);
  EXPECT_TRUE(*redis.Expire("k", milliseconds(60'000)));
  EXPECT_LE(*redis.Ttl("k")->left, milliseconds(60'000));
  EXPECT_GT(*redis.Ttl("k")->left, milliseconds(50'000));
  EXPECT_TRUE(*redis.Set("k", "w", {.keep_ttl = true}));
  EXPECT_TRUE(redis.Ttl("k")->left);
  EXPECT_TRUE(*redis.Persist("k"));
  EXPECT_FALSE(*redis.Persist("k"));
  EXPECT_TRUE(*redis.Set("k", "w", {.ttl = milliseconds(20)}));
  store.Pass(milliseconds(40));
  EXPECT_EQ(*redis.Get("k"), std::nullopt);
  EXPECT_FALSE(*redis.Expire("k", milliseconds(1)));
  redis.Set("k", "v", {.deadline_ms = 1}).value();
  EXPECT_EQ(*redis.Exists({"k"}), 0);
  redis.Set("a", "v").value();
  EXPECT_TRUE(*redis.ExpireAt("a", 1));
  redis.Set("a", "v").value();
  EXPECT_EQ(*redis.Exists({"a", "a", "none"}), 2);
  EXPECT_EQ(*redis.Type("a"), "string");
  EXPECT_EQ(*redis.Type("none"), "none");
  EXPECT_EQ(*redis.Del({"a", "none"}), 1);
}

TEST_P(TypedCommands, Hashes) {
  EXPECT_EQ(*redis.HSet("h", {{"f", "1"}, {"g", "2"}}), 2);
  EXPECT_EQ(*redis.HSet("h", {{"f", "3"}}), 0);
  EXPECT_THAT(*redis.HGet("h", "f"), Optional(std::string("3")));
  EXPECT_EQ(*redis.HGet("h", "x"), std::nullopt);
  EXPECT_THAT(*redis.HGetAll("h"), UnorderedElementsAre(Pair("f", "3"), Pair("g", "2")));
  EXPECT_TRUE(redis.HGetAll("none")->empty());
  EXPECT_THAT(*redis.HMGet("h", {"g", "x"}), ElementsAre(OptionalText("2"), std::nullopt));
  EXPECT_EQ(*redis.HIncrBy("h", "f", 4), 7);
  EXPECT_TRUE(*redis.HExists("h", "f"));
  EXPECT_EQ(*redis.HDel("h", {"f", "x"}), 1);
  EXPECT_EQ(*redis.HLen("h"), 1);
}

TEST_P(TypedCommands, Lists) {
  EXPECT_EQ(*redis.RPush("l", {"b", "c"}), 2);
  EXPECT_EQ(*redis.LPush("l", {"a"}), 3);
  EXPECT_THAT(*redis.LRange("l", 0, -1), ElementsAre("a", "b", "c"));
  EXPECT_THAT(*redis.LPop("l"), Optional(std::string("a")));
  EXPECT_THAT(*redis.RPop("l"), Optional(std::string("c")));
  EXPECT_EQ(*redis.LLen("l"), 1);
  const auto popped = *redis.BLPop({"none", "l"}, milliseconds(0));
  ASSERT_TRUE(popped);
  EXPECT_EQ(popped->key, "l");
  EXPECT_EQ(popped->element, "b");
  EXPECT_EQ(*redis.LPop("l"), std::nullopt);
  redis.RPush("l", {"x", "y"}).value();
  EXPECT_EQ((*redis.BRPop({"l"}, milliseconds(10)))->element, "y");
}

TEST_P(TypedCommands, ABlockingPopEndsAtItsTimeout) {
  if (store.is_manual()) GTEST_SKIP() << "nobody moves the clock";
  EXPECT_FALSE(*redis.BLPop({"none"}, milliseconds(30)));
}

TEST_P(TypedCommands, Sets) {
  EXPECT_EQ(*redis.SAdd("s", {"a", "b", "a"}), 2);
  EXPECT_THAT(*redis.SMembers("s"), UnorderedElementsAre("a", "b"));
  EXPECT_TRUE(*redis.SIsMember("s", "a"));
  EXPECT_FALSE(*redis.SIsMember("s", "c"));
  EXPECT_EQ(*redis.SRem("s", {"a", "c"}), 1);
  EXPECT_EQ(*redis.SCard("s"), 1);
}

TEST_P(TypedCommands, SortedSets) {
  EXPECT_EQ(*redis.ZAdd("z", {{1.5, "a"}, {2, "b"}, {-1e300, "c"}}), 3);
  EXPECT_THAT(*redis.ZRange("z", 0, -1), ElementsAre("c", "a", "b"));
  EXPECT_THAT(*redis.ZRangeWithScores("z", 1, 2),
              ElementsAre(ScoredMember{"a", 1.5}, ScoredMember{"b", 2}));
  EXPECT_THAT(*redis.ZRangeByScore("z", {.min = "(1.5"}), ElementsAre(ScoredMember{"b", 2}));
  EXPECT_THAT(*redis.ZRangeByScore("z", {.offset = 1, .count = 1}),
              ElementsAre(ScoredMember{"a", 1.5}));
  EXPECT_THAT(*redis.ZScore("z", "a"), Optional(1.5));
  EXPECT_EQ(*redis.ZScore("z", "x"), std::nullopt);
  EXPECT_EQ(*redis.ZIncrBy("z", 0.25, "a"), 1.75);
  EXPECT_EQ(*redis.ZRem("z", {"a", "x"}), 1);
  EXPECT_EQ(*redis.ZCard("z"), 2);
}

TEST_P(TypedCommands, PublishCountsReceivers) {
  EXPECT_EQ(*redis.Publish("c", "x"), 0);
  auto subscription = store->Subscribe({"c"}, {}, [](const Message&) {});
  ASSERT_TRUE(subscription);
  EXPECT_EQ(*redis.Publish("c", "x"), 1);
}

TEST_P(TypedCommands, ErrorsComeThrough) {
  redis.Set("k", "v").value();
  EXPECT_EQ(redis.LPush("k", {"x"}).error().code, ErrorCode::kWrongType);
  EXPECT_EQ(redis.HGetAll("k").error().code, ErrorCode::kWrongType);
  EXPECT_EQ(redis.Incr("k").error().code, ErrorCode::kReplyError);
}

INSTANTIATE_TEST_SUITE_P(Stores, TypedCommands,
                         testing::Values(StoreKind::kEmbedded, StoreKind::kEmbeddedManualClock,
                                         StoreKind::kRemote, StoreKind::kRemoteResp2),
                         [](const auto& info) { return KindName(info.param); });

}  // namespace
}  // namespace satchel::store
