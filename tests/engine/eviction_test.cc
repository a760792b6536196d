#include "engine/eviction.h"

#include "engine_fixture.h"

namespace satchel::engine {
namespace {

class EvictionTest : public EngineTest {
 protected:
  void Config(const std::string& name, const std::string& value) {
    ASSERT_EQ(Run("CONFIG SET " + name + " " + value), "+OK");
  }
  // Room for the keys that are there and about `bytes` more.
  void LimitTo(std::size_t bytes) {
    Config("maxmemory", std::to_string(engine_.used_memory() + bytes));
  }
  void Fill(int count, const std::string& prefix, const std::string& options = "") {
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(Run("SET " + prefix + std::to_string(i) + " " + std::string(100, 'x') + options),
                "+OK");
    }
  }
  int Existing(int count, const std::string& prefix) {
    int existing = 0;
    for (int i = 0; i < count; ++i) {
      existing += Run("EXISTS " + prefix + std::to_string(i)) == ":1";
    }
    return existing;
  }
  std::string Evicted() { return std::to_string(engine_.stats().evicted_keys); }
};

TEST_F(EvictionTest, WithoutAPolicyWritesThatGrowAreRefusedAndOthersAreNot) {
  Run("SET a 1");
  Config("maxmemory", "1");
  const std::string refused = "-OOM command not allowed when used memory > 'maxmemory'.";
  EXPECT_EQ(Run("SET b 1"), refused);
  EXPECT_EQ(Run("GET a"), "\"1\"");
  EXPECT_EQ(Run("DEL a"), ":1");
  Config("maxmemory", "0");
  EXPECT_EQ(Run("SET b 1"), "+OK");
}

TEST_F(EvictionTest, ARefusedCommandSpoilsItsTransaction) {
  Config("maxmemory", "1");
  Run("SET b 1");
  Run("MULTI");
  EXPECT_EQ(Run("SET a 1").substr(0, 4), "-OOM");
  EXPECT_EQ(Run("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
}

TEST_F(EvictionTest, TheLeastRecentlyUsedKeysGoFirst) {
  Config("maxmemory-policy", "allkeys-lru");
  Config("maxmemory-samples", "20");
  Fill(300, "old");
  Advance(std::chrono::seconds(10));
  Fill(300, "new");
  for (int i = 0; i < 50; ++i) Run("GET old" + std::to_string(i));
  LimitTo(0);
  Fill(150, "more");
  EXPECT_EQ(Existing(50, "old"), 50);
  EXPECT_GE(Existing(300, "new"), 295);
  EXPECT_LE(engine_.used_memory(), static_cast<std::size_t>(engine_.config().max_memory) + 4096);
}

TEST_F(EvictionTest, TheLeastFrequentlyUsedKeysGoFirst) {
  Config("maxmemory-policy", "allkeys-lfu");
  Config("lfu-log-factor", "0");
  Config("maxmemory-samples", "20");
  Fill(300, "cold");
  Fill(100, "hot");
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 100; ++i) Run("GET hot" + std::to_string(i));
  }
  LimitTo(0);
  Fill(100, "cold-too");
  EXPECT_EQ(Existing(100, "hot"), 100);
}

TEST_F(EvictionTest, TheFrequencyFallsWithTime) {
  Config("maxmemory-policy", "allkeys-lfu");
  Config("lfu-log-factor", "0");
  Run("SET k v");
  for (int i = 0; i < 5; ++i) Run("GET k");
  const auto frequency = [&] {
    const auto minute = static_cast<std::uint16_t>(clock_.NowMs() / 60'000);
    return int{Frequency::Decayed(engine_.keyspace().Peek(0, "k")->access(), minute,
                                  engine_.config().eviction)};
  };
  EXPECT_EQ(frequency(), 10);
  Advance(std::chrono::minutes(4));
  EXPECT_EQ(frequency(), 6);
  Advance(std::chrono::minutes(40));
  EXPECT_EQ(frequency(), 0);
}

class VolatilePolicies : public EvictionTest, public testing::WithParamInterface<const char*> {};

TEST_P(VolatilePolicies, OnlyKeysWithADeadlineGoAndThenWritesAreRefused) {
  Fill(1000, "lasting");
  Config("maxmemory-policy", GetParam());
  Fill(20, "passing", " EX 1000");
  LimitTo(0);
  int added = 0;
  while (Run("SET more" + std::to_string(added) + " " + std::string(100, 'y')) == "+OK") ++added;
  EXPECT_GT(added, 5);
  EXPECT_EQ(Existing(1000, "lasting"), 1000);
  EXPECT_EQ(Existing(20, "passing"), 0);
  EXPECT_EQ(Evicted(), "20");
}

INSTANTIATE_TEST_SUITE_P(Eviction, VolatilePolicies,
                         testing::Values("volatile-lru", "volatile-lfu", "volatile-random",
                                         "volatile-ttl"),
                         [](const auto& info) {
                           std::string name = info.param;
                           name[8] = '_';
                           return name;
                         });

TEST_F(EvictionTest, TheNearestDeadlineGoesFirst) {
  Config("maxmemory-policy", "volatile-ttl");
  Config("maxmemory-samples", "40");
  Fill(50, "late", " EX 10000");
  Fill(50, "soon", " EX 100");
  LimitTo(0);
  Fill(30, "more", " EX 50000");
  EXPECT_EQ(Existing(50, "late"), 50);
}

TEST_F(EvictionTest, RandomTakesFromEveryDatabase) {
  Fill(200, "a");
  Run("SELECT 5");
  Fill(200, "a");
  Config("maxmemory-policy", "allkeys-random");
  LimitTo(0);
  Fill(100, "b");
  EXPECT_LT(Existing(200, "a"), 200);
  Run("SELECT 0");
  EXPECT_LT(Existing(200, "a"), 200);
}

TEST_F(EvictionTest, WhatIsLeftWhenTheTimeIsUpIsDoneByTicks) {
  Config("maxmemory-policy", "allkeys-lru");
  Config("maxmemory-eviction-tenacity", "0");
  Fill(500, "k");
  Config("maxmemory", std::to_string(engine_.used_memory() / 2));
  for (int i = 0; engine_.used_memory() > static_cast<std::size_t>(engine_.config().max_memory);
       ++i) {
    ASSERT_LT(i, 1000);
    Run("PING");
    Advance(std::chrono::milliseconds(1));
  }
  EXPECT_GT(engine_.stats().evicted_keys, 100u);
}

}  // namespace
}  // namespace satchel::engine
