// What redis-server 7.0 does not have, and so the oracle cannot compare.

#include "engine_fixture.h"

namespace satchel::engine {
namespace {

class Bitmaps : public EngineTest {
 protected:
  Bitmaps() {
    Run("SET a \"\\xf0\"");
    Run("SET b \"\\x3c\"");
    Run("SET c \"\\x01\\xff\"");
  }
  std::string Combine(std::string_view operation) {
    Run("BITOP " + std::string(operation));
    return Run("GET d");
  }
};

TEST_F(Bitmaps, DiffKeepsTheBitsThatNoLaterSourceHas) {
  EXPECT_EQ(Combine("DIFF d a b"), "\"\\xc0\"");
  EXPECT_EQ(Combine("DIFF d c a"), "\"\\x01\\xff\"");
  EXPECT_EQ(Combine("diff d a b c"), "\"\\xc0\\x00\"");
}

TEST_F(Bitmaps, Diff1KeepsTheBitsThatOnlyLaterSourcesHave) {
  EXPECT_EQ(Combine("DIFF1 d a b"), "\"\\x0c\"");
  EXPECT_EQ(Combine("DIFF1 d a b c"), "\"\\r\\xff\"");
  EXPECT_EQ(Combine("DIFF1 d nokey b"), "\"<\"");
}

TEST_F(Bitmaps, AndOrKeepsTheBitsThatALaterSourceHasToo) {
  EXPECT_EQ(Combine("ANDOR d a b"), "\"0\"");
  EXPECT_EQ(Combine("ANDOR d c a b c"), "\"\\x01\\xff\"");
}

TEST_F(Bitmaps, OneKeepsTheBitsThatExactlyOneSourceHas) {
  EXPECT_EQ(Combine("ONE d a b"), "\"\\xcc\"");
  EXPECT_EQ(Combine("ONE d a b c"), "\"\\xcd\\xff\"");
  EXPECT_EQ(Combine("ONE d a a a"), "\"\\x00\"");
  EXPECT_EQ(Combine("ONE d c"), "\"\\x01\\xff\"");
}

TEST_F(Bitmaps, TheNewOperationsButOneNeedTwoSources) {
  for (const char* name : {"DIFF", "DIFF1", "ANDOR"}) {
    EXPECT_EQ(Run(std::string("BITOP ") + ToLower(name) + " d a"),
              std::string("-ERR BITOP ") + name + " must be called with at least two source keys.");
  }
  EXPECT_EQ(Run("EXISTS d"), ":0");
  EXPECT_EQ(Run("BITOP ONE d a"), ":1");
}

TEST_F(Bitmaps, AResultWithoutBytesRemovesTheTarget) {
  Run("SET d x");
  EXPECT_EQ(Run("BITOP DIFF d nokey other"), ":0");
  EXPECT_EQ(Run("EXISTS d"), ":0");
}

// One bit of a large value is changed where it lies.
TEST_F(Bitmaps, SettingABitDoesNotMoveTheValue) {
  Run("SETBIT big 8000000 1");
  const Entry* entry = engine_.keyspace().Peek(0, "big");
  const char* before = entry->buffer()->bytes();
  for (int i = 0; i < 100; ++i) Run("SETBIT big " + std::to_string(i * 1000) + " 1");
  EXPECT_EQ(engine_.keyspace().Peek(0, "big")->buffer()->bytes(), before);
  EXPECT_EQ(Run("BITCOUNT big"), ":101");
}

TEST_F(Bitmaps, CountAndPositionAgreeWithAModel) {
  constexpr std::uint64_t kSeed = 20240229;
  SCOPED_TRACE(kSeed);
  Random random(kSeed);
  for (int round = 0; round < 200; ++round) {
    std::vector<bool> model(8 * (1 + random.Below(40)));
    std::string bytes(model.size() / 8, '\0');
    const bool dense = random.Below(2) == 0;
    for (std::size_t i = 0; i < model.size(); ++i) {
      model[i] = (random.Below(20) == 0) != dense;
      if (model[i]) bytes[i / 8] = static_cast<char>(bytes[i / 8] | 0x80 >> (i % 8));
    }
    const std::string_view set[] = {"SET", "k", bytes};
    RunArgs(session_, set);
    const std::size_t begin = random.Below(model.size());
    const std::size_t end = begin + random.Below(model.size() - begin);
    const std::string range = std::to_string(begin) + " " + std::to_string(end) + " BIT";
    const auto first = model.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = model.begin() + static_cast<std::ptrdiff_t>(end) + 1;
    EXPECT_EQ(Run("BITCOUNT k " + range), ":" + std::to_string(std::count(first, last, true)));
    for (const bool bit : {false, true}) {
      const auto found = std::find(first, last, bit);
      const auto expected = found == last ? -1 : found - model.begin();
      EXPECT_EQ(Run((bit ? "BITPOS k 1 " : "BITPOS k 0 ") + range), ":" + std::to_string(expected));
    }
  }
}

}  // namespace
}  // namespace satchel::engine
