// Contracts of the small stores: rate windows, idempotency keys, task configurations,
// definitions and the cache.

#include <thread>

#include "repos/cache.h"
#include "repos/definitions.h"
#include "repos/idempotency.h"
#include "repos/keys.h"
#include "repos/rate_limiter.h"
#include "repos/task_config.h"
#include "tests/repos/repo_test.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class RateLimiterContract : public RepoTest {
 protected:
  const RatePolicy policy{.name = "api", .limit = 3, .period = seconds(15)};
};

TEST_P(RateLimiterContract, AWindowResetsAfterItsPeriod) {
  RateLimiter limiter(*store, Options());
  for (int i = 1; i <= 3; ++i) {
    const auto taken = limiter.Take("ip:1", policy);
    ASSERT_TRUE(taken);
    EXPECT_TRUE(taken->allowed);
    EXPECT_EQ(taken->count, i);
    EXPECT_EQ(taken->remaining, 3 - i);
    EXPECT_GT(taken->reset_after.count(), 0);
    EXPECT_LE(taken->reset_after, policy.period);
  }
  EXPECT_FALSE(limiter.Take("ip:1", policy)->allowed);
  EXPECT_EQ(limiter.Peek("ip:1", policy)->count, 4) << "refused takes count too";
  EXPECT_TRUE(limiter.Take("ip:2", policy)->allowed);
  Pass(seconds(17));
  EXPECT_EQ(limiter.Peek("ip:1", policy)->count, 0);
  EXPECT_EQ(limiter.Take("ip:1", policy)->count, 1);
  ExpectOneSlotEach();
}

TEST_P(RateLimiterContract, ACounterThatLostItsTtlIsReArmed) {
  RateLimiter limiter(*store, Options());
  Run({"SET", "satchel:v1:rl:{rl:acme:ip%3A1}:api", "7"});
  const auto taken = limiter.Take("ip:1", policy);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->count, 8);
  EXPECT_EQ(taken->reset_after, policy.period);
  Pass(seconds(17));
  EXPECT_EQ(limiter.Take("ip:1", policy)->count, 1);
}

TEST_P(RateLimiterContract, CountsAbove2To53AreExact) {
  RateLimiter limiter(*store, Options());
  const RatePolicy wide{.name = "wide", .limit = INT64_MAX, .period = hours(1)};
  EXPECT_TRUE(limiter.Take("i", wide, 9'007'199'254'740'993));
  EXPECT_EQ(limiter.Take("i", wide, 2)->count, 9'007'199'254'740'995);
  EXPECT_EQ(limiter.Peek("i", wide)->count, 9'007'199'254'740'995);
}

TEST_P(RateLimiterContract, ResetBeginsANewWindow) {
  RateLimiter limiter(*store, Options());
  EXPECT_TRUE(limiter.Take("i", policy, 9));
  EXPECT_TRUE(limiter.Reset("i", policy));
  EXPECT_EQ(limiter.Take("i", policy)->count, 1);
  EXPECT_EQ(limiter.Take("i", policy, 0)->count, 1) << "nothing is taken";
}

TEST_P(RateLimiterContract, AFailingStoreOpensOrClosesAsTold) {
  RateLimiter open(*store, Options());
  RateLimiter closed(*store, Options(), /*fail_open=*/false);
  store->FailAll(MakeError(ErrorCode::kTimeout, "slow"));
  EXPECT_TRUE(open.Take("i", policy)->allowed);
  EXPECT_TRUE(open.Take("i", policy)->store_failed);
  EXPECT_EQ(closed.Take("i", policy).error().code, ErrorCode::kUnavailable);
}

TEST_P(RateLimiterContract, BadArgumentsSendNothing) {
  RateLimiter limiter(*store, Options());
  store->ForgetCalls();
  EXPECT_EQ(limiter.Take("i", policy, -1).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(limiter.Take("i", {.name = "p", .limit = -1}).error().subject, "limit");
  EXPECT_EQ(limiter.Take("i", {.name = "p", .period = milliseconds(0)}).error().subject, "period");
  EXPECT_EQ(limiter.Take(std::string(513, 'i'), policy).error().subject, "identity");
  EXPECT_EQ(store->round_trips(), 0);
}

SATCHEL_EVERY_HOME(RateLimiterContract);

TEST(RateLimitHeaders, TellTheWindowInWholeSeconds) {
  const RatePolicy policy{.name = "api", .limit = 3};
  const RateDecision refused{.allowed = false, .count = 4, .reset_after = milliseconds(1001)};
  const auto headers = RateLimitHeaders(refused, policy);
  EXPECT_THAT(headers, testing::Contains(testing::Pair("X-RateLimit-Limit", "3")));
  EXPECT_THAT(headers, testing::Contains(testing::Pair("RateLimit-Remaining", "0")));
  EXPECT_THAT(headers, testing::Contains(testing::Pair("Retry-After", "2")));
  EXPECT_EQ(RateLimitHeaders({.remaining = 1}, policy).size(), 6u);
}

class IdempotencyContract : public RepoTest {};

TEST_P(IdempotencyContract, ASecondClaimIsADuplicateUntilTheTtlEnds) {
  Idempotency keys(*store, Options());
  EXPECT_EQ(keys.Claim("s", "k", seconds(15)).value(), Claimed::kFirst);
  EXPECT_EQ(keys.Claim("s", "k", seconds(15)).value(), Claimed::kDuplicate);
  EXPECT_EQ(keys.Claim("t", "k", seconds(15)).value(), Claimed::kFirst);
  Pass(seconds(18));
  EXPECT_EQ(keys.Claim("s", "k", seconds(15)).value(), Claimed::kFirst);
}

TEST_P(IdempotencyContract, AReleasedClaimCanBeClaimed) {
  Idempotency keys(*store, Options());
  EXPECT_EQ(keys.Claim("s", "k").value(), Claimed::kFirst);
  EXPECT_TRUE(keys.Release("s", "k"));
  EXPECT_TRUE(keys.Release("s", "k"));
  EXPECT_EQ(keys.Claim("s", "k").value(), Claimed::kFirst);
}

TEST_P(IdempotencyContract, OddKeysStayApartAndBadOnesSendNothing) {
  Idempotency keys(*store, Options());
  for (const std::string& id : OddIds()) {
    EXPECT_EQ(keys.Claim(id, id).value(), Claimed::kFirst);
    EXPECT_EQ(keys.Claim(id, id).value(), Claimed::kDuplicate);
  }
  EXPECT_EQ(keys.Claim("a:b", "c").value(), Claimed::kFirst);
  EXPECT_EQ(keys.Claim("a", "b:c").value(), Claimed::kFirst);
  store->ForgetCalls();
  EXPECT_EQ(keys.Claim("s", "k", milliseconds(0)).error().subject, "ttl");
  EXPECT_EQ(keys.Claim("s", std::string(513, 'k')).error().subject, "key");
  EXPECT_EQ(store->round_trips(), 0);
}

SATCHEL_EVERY_HOME(IdempotencyContract);

TEST(IdempotencyKey, IsTheHeaderOrADigestOfTheRequest) {
  EXPECT_EQ(Idempotency::KeyOf({.header = "abc"}).value(), "abc");
  EXPECT_EQ(Idempotency::KeyOf({.header = std::string(51, 'a')}).error().subject, "header");
  const auto one =
      Idempotency::KeyOf({.method = "POST", .path = "/a", .body = "{\"a\":1, \"b\":2}"});
  const auto same =
      Idempotency::KeyOf({.method = "POST", .path = "/a", .body = "{\"b\":2,\"a\":1}"});
  const auto other =
      Idempotency::KeyOf({.method = "POST", .path = "/a?", .body = "{\"b\":2,\"a\":1}"});
  EXPECT_EQ(one.value(), same.value());
  EXPECT_NE(one.value(), other.value());
  EXPECT_EQ(one->size(), 64u);
  EXPECT_EQ(Idempotency::KeyOf({.body = "{"}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Idempotency::KeyOf({.body = std::string(2000, ' ')}, 1000).error().code,
            ErrorCode::kTooLarge);
}

class TaskConfigContract : public RepoTest {};

TEST_P(TaskConfigContract, ReadingAConfigExtendsIt) {
  TaskConfigStore configs(*store, Options(), seconds(20));
  const std::string json = "{ \"big\": 12345678901234567890 }";
  EXPECT_TRUE(configs.Save("e", json));
  Pass(seconds(13));
  EXPECT_EQ(configs.Get("e").value(), json);
  Pass(seconds(13));
  EXPECT_EQ(configs.Get("e").value(), json);
  EXPECT_GT(configs.GetTtl("e")->count(), 10000);
  Pass(seconds(23));
  EXPECT_EQ(configs.Get("e").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(configs.GetTtl("e").error().code, ErrorCode::kNotFound);
}

TEST_P(TaskConfigContract, KeyListsHoldNoDuplicates) {
  TaskConfigStore configs(*store, Options(), hours(24), /*scan_count=*/3);
  std::vector<std::string> expected = OddIds();
  for (int i = 0; i < 40; ++i) expected.push_back("id" + std::to_string(i));
  for (const std::string& id : expected) EXPECT_TRUE(configs.Save(id, "1"));
  EXPECT_TRUE(configs.Save("meta", "2", TaskConfigStore::Kind::kMetadata));
  std::ranges::sort(expected);
  EXPECT_EQ(configs.ListKeys().value(), expected);
  EXPECT_THAT(configs.ListKeys(TaskConfigStore::Kind::kMetadata).value(), ElementsAre("meta"));
}

TEST_P(TaskConfigContract, DeletionIsIdempotentAndExtensionNeedsAConfig) {
  TaskConfigStore configs(*store, Options());
  EXPECT_EQ(configs.ExtendTtl("e", hours(1)).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(configs.Save("e", "{}"));
  EXPECT_TRUE(configs.ExtendTtl("e", hours(48)));
  EXPECT_GT(*configs.GetTtl("e"), hours(47));
  EXPECT_TRUE(configs.Delete("e"));
  EXPECT_TRUE(configs.Delete("e"));
  EXPECT_EQ(configs.Get("e").error().subject, "e");
}

TEST_P(TaskConfigContract, BadArgumentsSendNothing) {
  TaskConfigStore configs(*store, Options());
  store->ForgetCalls();
  for (const char* json : {"", "{", "{]", "nul", "1 2", "\"\xff\"", "{\"a\" 1}", "[1,]"}) {
    EXPECT_EQ(configs.Save("e", json).error().code, ErrorCode::kInvalidArgument) << json;
  }
  EXPECT_EQ(configs.ExtendTtl("e", milliseconds(0)).error().subject, "ttl");
  EXPECT_EQ(configs.Get(std::string(513, 'e')).error().subject, "id");
  EXPECT_EQ(store->round_trips(), 0);
}

SATCHEL_EVERY_HOME(TaskConfigContract);

class DefinitionsContract : public RepoTest {};

TEST_P(DefinitionsContract, DeletingADefinitionDeletesItsStatus) {
  Definitions definitions(*store, Options());
  EXPECT_TRUE(definitions.Save("a", "{\"url\":1}"));
  EXPECT_TRUE(definitions.SaveStatus("a", "{\"status\":\"up\"}"));
  EXPECT_EQ(definitions.LoadStatus("a").value(), "{\"status\":\"up\"}");
  EXPECT_TRUE(definitions.Delete("a"));
  EXPECT_EQ(definitions.LoadStatus("a").value(), "{\"status\":\"unknown\"}");
  EXPECT_EQ(definitions.Load("a").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(definitions.Delete("a").error().code, ErrorCode::kNotFound);
  EXPECT_THAT(Keys(), IsEmpty());
  ExpectOneSlotEach();
}

TEST_P(DefinitionsContract, ListsAreByNameAndBytesComeBackUnchanged) {
  Definitions definitions(*store, Options());
  std::vector<std::string> names = OddIds();
  for (const std::string& name : names) {
    EXPECT_TRUE(definitions.Save(name, "[ 18446744073709551615,1.50 ]"));
  }
  std::ranges::sort(names);
  const auto list = definitions.List();
  ASSERT_TRUE(list);
  std::vector<std::string> listed;
  for (const Definition& definition : *list) {
    listed.push_back(definition.name);
    EXPECT_EQ(definition.json, "[ 18446744073709551615,1.50 ]");
    EXPECT_EQ(definitions.Load(definition.name).value(), definition.json);
  }
  EXPECT_EQ(listed, names);
  EXPECT_EQ(Run({"TTL", "satchel:v1:def:{df:acme}:items"}).integer, -1);
}

SATCHEL_EVERY_HOME(DefinitionsContract);

class CacheContract : public RepoTest {};

TEST_P(CacheContract, EmptyAndMissingValuesDiffer) {
  Cache cache(*store, {.repo = Options()});
  EXPECT_TRUE(cache.Set("empty", ""));
  EXPECT_TRUE(cache.Set("full", std::string("a\0b", 3)));
  EXPECT_EQ(cache.Get("empty").value(), std::optional<std::string>(""));
  EXPECT_EQ(cache.Get("missing").value(), std::nullopt);
  store->ForgetCalls();
  EXPECT_THAT(cache.MGet({"full", "missing", "empty"}).value(),
              ElementsAre(std::string("a\0b", 3), std::nullopt, ""));
  EXPECT_EQ(store->round_trips(), 1);
  EXPECT_THAT(cache.MGet({}).value(), IsEmpty());
}

TEST_P(CacheContract, LongValuesAreCompressedAndComeBack) {
  Cache cache(*store, {.repo = Options()});
  const std::string value(100'000, 'x');
  EXPECT_TRUE(cache.Set("k", value));
  EXPECT_LT(Run({"STRLEN", "satchel:v1:cache:{ca:acme:k}:v"}).integer, 1000);
  EXPECT_EQ(cache.Get("k").value(), value);
}

TEST_P(CacheContract, EntriesExpireAndAreCounted) {
  Cache cache(*store, {.repo = Options(), .ttl = seconds(15)});
  EXPECT_TRUE(cache.Set("a", "1"));
  EXPECT_TRUE(cache.Set("b", "2"));
  EXPECT_TRUE(cache.Expire("b", hours(1)));
  EXPECT_EQ(cache.Expire("c", hours(1)).error().code, ErrorCode::kNotFound);
  Pass(seconds(18));
  EXPECT_THAT(cache.Keys().value(), ElementsAre("b"));
  EXPECT_EQ(cache.Del({"a", "b", "c"}).value(), 1);
  EXPECT_THAT(cache.Keys().value(), IsEmpty());
}

TEST_P(CacheContract, TooLargeAndDamagedValuesAreErrors) {
  Cache cache(*store, {.repo = Options(), .max_item_bytes = 10});
  EXPECT_TRUE(cache.Set("k", std::string(10, 'a')));
  const auto refused = cache.Set("k", std::string(11, 'b'));
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(refused.error().expected, 10u);
  EXPECT_EQ(refused.error().actual, 11u);
  EXPECT_EQ(cache.Get("k").value(), std::string(10, 'a'));
  Run({"SET", "satchel:v1:cache:{ca:acme:k}:v", "junk"});
  EXPECT_EQ(cache.Get("k").error().code, ErrorCode::kCorrupt);
}

SATCHEL_EVERY_HOME(CacheContract);

TEST(Seal, LargeValuesComeBackAndLargeClaimsAreRefused) {
  std::string bytes;
  for (std::int64_t i = 0; bytes.size() < 5'000'000; ++i) bytes += std::to_string(i * 7919);
  const TypedValue value{.type = "text", .bytes = bytes};
  const std::string sealed = Seal(value, {}).value();
  EXPECT_LT(sealed.size(), bytes.size() / 2 + 1'000'000);
  EXPECT_EQ(Unseal(sealed).value(), value);
  EXPECT_EQ(Unseal(sealed + "x").error().code, ErrorCode::kCorrupt);
  // Head and frame claim 4 GiB less one; the frame holds one byte.
  const std::string claim(
      "\1\1\xFF\xFF\xFF\xFF\0\0"
      "\x28\xB5\x2F\xFD\x80\0\xFF\xFF\xFF\xFF\x0B\0\0x",
      8 + 14);
  EXPECT_EQ(Unseal(claim).error().code, ErrorCode::kCorrupt);
}

TEST(Seal, RefusesUnknownCodecsAndWrongLengths) {
  const TypedValue value{.type = "json", .bytes = std::string(5000, 'a')};
  for (const bool compress : {true, false}) {
    const std::string sealed = Seal(value, {.compress = compress}).value();
    EXPECT_EQ(Unseal(sealed).value(), value);
    EXPECT_EQ(InspectSealed(sealed)->is_compressed, compress);
    EXPECT_EQ(InspectSealed(sealed)->raw_bytes, 5000u);
    for (std::size_t size = 0; size < sealed.size(); size += 1 + size / 8) {
      EXPECT_EQ(Unseal(sealed.substr(0, size)).error().code, ErrorCode::kCorrupt) << size;
    }
    std::string other = sealed;
    other[1] = 9;
    EXPECT_EQ(Unseal(other).error().code, ErrorCode::kCorrupt);
    other = sealed;
    other[2] = static_cast<char>(other[2] + 1);
    EXPECT_EQ(Unseal(other).error().code, ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace satchel::repos
