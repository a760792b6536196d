#include "engine/set.h"

#include <set>
#include <string>
#include <vector>

namespace satchel::engine {
namespace {

class SetTest : public testing::Test {
 protected:
  static std::vector<std::string> Members(const Set& set) {
    std::vector<std::string> members;
    set.ForEach([&](std::string_view member) {
      members.emplace_back(member);
      return true;
    });
    return members;
  }

  Heap heap_;
  HeapScope scope_{heap_};
  ValueContext context_{.limits = {.set_max_intset_entries = 50}, .hash_seed = 5};
  Set set_;
};

TEST_F(SetTest, IntegersAreKeptInOrderWhateverTheirWidth) {
  for (const char* member :
       {"5", "-3", "70000", "1", "-9223372036854775808", "5", "9223372036854775807", "-70000"}) {
    set_.Add(member, context_);
    set_.Check();
  }
  EXPECT_EQ(set_.encoding(), "intset");
  EXPECT_EQ(Members(set_), (std::vector<std::string>{"-9223372036854775808", "-70000", "-3", "1",
                                                     "5", "70000", "9223372036854775807"}));
}

TEST_F(SetTest, WhatIsNotACanonicalIntegerEndsTheArray) {
  for (const char* member : {"01", "+1", "-0", "", "9223372036854775808", "1 "}) {
    Set set;
    set.Add("1", context_);
    EXPECT_FALSE(set.Contains(member));
    EXPECT_TRUE(set.Add(member, context_));
    EXPECT_EQ(set.encoding(), "hashtable") << member;
    EXPECT_TRUE(set.Contains("1"));
    set.Check();
  }
}

TEST_F(SetTest, TooManyIntegersEndTheArray) {
  for (int i = 0; i < 50; ++i) set_.Add(FormatInt(i), context_);
  EXPECT_EQ(set_.encoding(), "intset");
  EXPECT_FALSE(set_.Add("49", context_));
  EXPECT_EQ(set_.encoding(), "intset");
  EXPECT_TRUE(set_.Add("50", context_));
  EXPECT_EQ(set_.encoding(), "hashtable");
  EXPECT_EQ(set_.size(), 51u);
}

TEST_F(SetTest, MatchesAModelInAllForms) {
  for (std::uint64_t seed = 1; seed <= 16; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Set set;
    std::set<std::string> model;
    const std::uint64_t range = seed % 4 == 0   ? 30
                                : seed % 4 == 1 ? 60
                                : seed % 4 == 2 ? 150
                                                : 3000;
    for (int step = 0; step < 3'000; ++step) {
      std::string member = std::to_string(random.Below(range) * (seed % 3 == 0 ? 1'000'003 : 1));
      if (step > 1'000 && random.Below(20) == 0) member.insert(0, "m");
      if (step > 2'000 && random.Below(50) == 0) member += std::string(100, 'x');
      if (random.Below(5) < 3) {
        ASSERT_EQ(set.Add(member, context_), model.insert(member).second);
      } else {
        ASSERT_EQ(set.Remove(member), model.erase(member) > 0);
      }
      ASSERT_EQ(set.size(), model.size());
      ASSERT_EQ(set.empty(), model.empty());
      if (step % 50 != 0) continue;
      set.Check();
      ASSERT_EQ(set.MemoryBytes(), heap_.used_bytes());
      std::set<std::string> contents;
      std::uint64_t cursor = 0;
      do {
        cursor = set.Scan(cursor, [&](std::string_view member) { contents.emplace(member); });
      } while (cursor != 0);
      ASSERT_EQ(contents, model);
      if (model.empty()) continue;
      char buffer[kMaxIntText];
      ASSERT_TRUE(model.contains(std::string(set.RandomMember(random, buffer))));
      const Set copy = set.Clone();
      copy.Check();
      ASSERT_EQ(Members(copy).size(), model.size());
    }
    for (const std::string& member : model) ASSERT_TRUE(set.Contains(member));
  }
  EXPECT_EQ(heap_.used_bytes(), 0u);
}

TEST_F(SetTest, RandomMembersAreUniform) {
  for (const char* prefix : {"", "m"}) {
    Set set;
    for (int i = 0; i < 10; ++i) set.Add(prefix + FormatInt(i), context_);
    std::vector<int> hits(10);
    Random random(1);
    char buffer[kMaxIntText];
    for (int i = 0; i < 10'000; ++i) ++hits[set.RandomMember(random, buffer).back() - '0'];
    for (const int count : hits) EXPECT_NEAR(count, 1000, 150);
  }
}

}  // namespace
}  // namespace satchel::engine
