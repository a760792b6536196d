#include "engine/reaper.h"

#include "engine_fixture.h"

namespace satchel::engine {
namespace {

class ReaperTest : public EngineTest {
 protected:
  // In one command: each unit is proved on a copy.
  void Fill(const std::string& command, int count) {
    std::vector<std::string> words = {command, "k"};
    for (int i = 0; i < count; ++i) {
      if (command == "HSET") words.push_back("field" + std::to_string(i));
      words.push_back(std::to_string(i));
      if (command == "ZADD") words.push_back("member" + std::to_string(i));
    }
    if (command == "RPUSH" || command == "SADD") words.push_back("not an integer");
    const std::vector<std::string_view> args(words.begin(), words.end());
    RunArgs(session_, args);
  }
  Reaper& reaper() { return engine_.keyspace().reaper(); }
};

class EachType : public ReaperTest, public testing::WithParamInterface<const char*> {};

TEST_P(EachType, ALargeValueIsFreedInPortionsAndWhole) {
  const std::size_t before = engine_.heap().used_bytes();
  Fill(GetParam(), 20'000);
  const std::size_t full = engine_.heap().used_bytes();
  EXPECT_EQ(Run("DEL k"), ":1");
  EXPECT_EQ(Run("EXISTS k"), ":0");
  const std::size_t after = engine_.heap().used_bytes();
  EXPECT_GT(after - before, (full - before) / 2);  // the deletion itself freed a small part
  EXPECT_EQ(reaper().pending(), 1u);
  EXPECT_LE(engine_.NextDeadlineMs(), clock_.NowMs());
  int ticks = 0;
  for (; reaper().has_work(); ++ticks) Advance(std::chrono::milliseconds(1));
  EXPECT_GE(ticks, 2);
  EXPECT_EQ(engine_.heap().used_bytes(), before);
  EXPECT_EQ(reaper().freed(), 1u);
}

TEST_P(EachType, CommandsAloneFreeItToo) {
  const std::size_t before = engine_.heap().used_bytes();
  Fill(GetParam(), 2000);
  Run("UNLINK k");
  for (int i = 0; reaper().has_work() && i < 1000; ++i) Run("PING");
  EXPECT_EQ(engine_.heap().used_bytes(), before);
}

TEST_P(EachType, WhatIsLeftAtTheEndIsFreedWithTheEngine) {
  Fill(GetParam(), 20'000);
  Run("DEL k");
  EXPECT_TRUE(reaper().has_work());  // the heap aborts if anything stays
}

INSTANTIATE_TEST_SUITE_P(Reaper, EachType, testing::Values("RPUSH", "SADD", "HSET", "ZADD"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(ReaperTest, AFlushedDatabaseGoesInPortionsWithItsLargeValues) {
  const std::size_t before = engine_.heap().used_bytes();
  Fill("HSET", 3000);
  for (int i = 0; i < 20'000; ++i) Run("SET key" + std::to_string(i) + " value EX 100");
  EXPECT_EQ(Run("FLUSHALL"), "+OK");
  EXPECT_EQ(Run("DBSIZE"), ":0");
  EXPECT_TRUE(reaper().has_work());
  Run("SET key0 new");
  while (reaper().has_work()) Advance(std::chrono::milliseconds(1));
  EXPECT_EQ(Run("GET key0"), "\"new\"");
  Run("DEL key0");
  EXPECT_EQ(engine_.heap().used_bytes(), before);
}

TEST_F(ReaperTest, ADatabaseThatASnapshotHoldsWaits) {
  for (int i = 0; i < 1000; ++i) Run("SET key" + std::to_string(i) + " value");
  std::shared_ptr<Database> shared = engine_.keyspace().Share(0);
  Run("FLUSHALL");
  EXPECT_FALSE(reaper().has_work());
  EXPECT_EQ(shared->table.size(), 1000u);
  shared.reset();
  EXPECT_TRUE(reaper().has_work());
}

TEST_F(ReaperTest, SmallValuesAreFreedAtOnce) {
  Fill("RPUSH", 10);
  Run("DEL k");
  EXPECT_EQ(reaper().pending(), 0u);
}

}  // namespace
}  // namespace satchel::engine
