#include "engine/sorted_set.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"

namespace satchel::engine {
namespace {

using Pair = std::pair<double, std::string>;

// The obvious sorted set.
class Model {
 public:
  AddOutcome Add(const std::string& member, double score) {
    const auto at = scores_.find(member);
    if (at != scores_.end() && at->second == score) return AddOutcome::kSame;
    if (at != scores_.end()) order_.erase({at->second, member});
    const bool added = at == scores_.end();
    scores_[member] = score;
    order_.insert({score, member});
    return added ? AddOutcome::kAdded : AddOutcome::kChanged;
  }
  bool Remove(const std::string& member) {
    const auto at = scores_.find(member);
    if (at == scores_.end()) return false;
    order_.erase({at->second, member});
    scores_.erase(at);
    return true;
  }
  std::vector<Pair> Order() const { return {order_.begin(), order_.end()}; }
  std::size_t size() const { return scores_.size(); }

 private:
  std::map<std::string, double> scores_;
  std::set<Pair> order_;
};

class SortedSetTest : public testing::Test {
 protected:
  static std::vector<Pair> Contents(const SortedSet& set, RankRange ranks,
                                    Direction direction = Direction::kForward) {
    std::vector<Pair> all;
    set.VisitRanks(ranks, direction, [&](std::string_view member, double score) {
      all.emplace_back(score, member);
      return true;
    });
    return all;
  }
  static std::vector<Pair> Contents(const SortedSet& set) { return Contents(set, set.AllRanks()); }
  void Compare(const SortedSet& set, const Model& model) {
    set.Check();
    const auto order = model.Order();
    ASSERT_EQ(Contents(set), order);
    ASSERT_EQ(Contents(set, set.AllRanks(), Direction::kReverse),
              std::vector<Pair>(order.rbegin(), order.rend()));
    for (std::size_t i = 0; i < order.size(); ++i) {
      ASSERT_EQ(set.Score(order[i].second), order[i].first);
      ASSERT_EQ(set.Rank(order[i].second), i);
      ASSERT_EQ(set.Rank(order[i].second, Direction::kReverse), order.size() - 1 - i);
    }
    std::set<Pair> scanned;
    std::uint64_t cursor = 0;
    do {
      cursor = set.Scan(
          cursor, [&](std::string_view member, double score) { scanned.emplace(score, member); });
    } while (cursor != 0);
    ASSERT_EQ(std::vector<Pair>(scanned.begin(), scanned.end()), order);
    ASSERT_EQ(set.MemoryBytes(), heap_.used_bytes());
  }

  Heap heap_;
  HeapScope scope_{heap_};
  ValueContext context_{.limits = {.zset_max_listpack_entries = 12, .zset_max_listpack_value = 16},
                        .hash_seed = 5};
};

TEST_F(SortedSetTest, EqualScoresOrderByMember) {
  SortedSet set;
  for (const char* member : {"b", "", "c", "a", "ab"}) set.Add(member, 1, context_);
  set.Add("z", 0.5, context_);
  EXPECT_EQ(Contents(set),
            (std::vector<Pair>{{0.5, "z"}, {1, ""}, {1, "a"}, {1, "ab"}, {1, "b"}, {1, "c"}}));
}

TEST_F(SortedSetTest, TooManyMembersOrALongOneEndThePackedForm) {
  SortedSet set;
  for (int i = 0; i < 12; ++i) set.Add(FormatInt(i), i, context_);
  EXPECT_EQ(set.encoding(), "listpack");
  set.Add("5", 50, context_);
  EXPECT_EQ(set.encoding(), "listpack");
  set.Add("12", 1, context_);
  EXPECT_EQ(set.encoding(), "skiplist");
  SortedSet other;
  other.Add(std::string(16, 'x'), 1, context_);
  EXPECT_EQ(other.encoding(), "listpack");
  other.Add(std::string(17, 'x'), 1, context_);
  EXPECT_EQ(other.encoding(), "skiplist");
}

TEST_F(SortedSetTest, MatchesAModelInBothForms) {
  for (std::uint64_t seed = 1; seed <= 16; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    SortedSet set;
    Model model;
    const std::uint64_t members = seed % 4 == 0 ? 10 : seed % 4 == 1 ? 100 : 3'000;
    const std::uint64_t scores = seed % 3 == 0 ? 1 : seed % 3 == 1 ? 20 : 1'000'000;
    for (int step = 0; step < 12'000; ++step) {
      const std::string member = FormatInt(static_cast<std::int64_t>(random.Below(members)));
      // Phases of growth and of decay, so that nodes split and merge.
      if (random.Below(10) < (step / 3'000 % 2 == 0 ? 8u : 2u)) {
        const double score = static_cast<double>(random.Below(scores)) / 4;
        ASSERT_EQ(set.Add(member, score, context_), model.Add(member, score));
      } else {
        ASSERT_EQ(set.Remove(member), model.Remove(member));
      }
      ASSERT_EQ(set.size(), model.size());
      if (step % 500 == 0 || (model.size() < 40 && step % 20 == 0)) Compare(set, model);
      if (HasFatalFailure()) return;
    }
    Compare(set, model);
    const std::size_t used = heap_.used_bytes();
    EXPECT_EQ(Contents(set.Clone()), model.Order());
    EXPECT_EQ(heap_.used_bytes(), used);
  }
  EXPECT_EQ(heap_.used_bytes(), 0u);
}

TEST_F(SortedSetTest, ScoreRangesMatchTheModel) {
  for (const int count : {0, 1, 12, 13, 700}) {
    SortedSet set;
    Random random(7);
    for (int i = 0; i < count; ++i) {
      set.Add(FormatInt(i), static_cast<double>(random.Below(40)), context_);
    }
    const auto order = Contents(set);
    for (int i = 0; i < 300; ++i) {
      const ScoreRange range{.min = static_cast<double>(random.Below(44)) - 2,
                             .max = static_cast<double>(random.Below(44)) - 2,
                             .min_open = random.Below(2) == 0,
                             .max_open = random.Below(2) == 0};
      std::vector<Pair> inside;
      for (const auto& [score, member] : order) {
        if (score < range.min || (range.min_open && score == range.min)) continue;
        if (score > range.max || (range.max_open && score == range.max)) continue;
        inside.emplace_back(score, member);
      }
      const RankRange ranks = set.RanksOf(range);
      ASSERT_EQ(ranks.size(), inside.size());
      ASSERT_EQ(Contents(set, ranks), inside);
      for (const auto direction : {Direction::kForward, Direction::kReverse}) {
        std::vector<Pair> visited;
        set.VisitScores(range, direction, [&](std::string_view member, double score) {
          visited.emplace_back(score, member);
          return true;
        });
        if (direction == Direction::kReverse) std::reverse(visited.begin(), visited.end());
        ASSERT_EQ(visited, inside);
      }
    }
  }
}

TEST_F(SortedSetTest, LexRangesHonourOpenClosedAndInfiniteEnds) {
  for (const int count : {6, 300}) {
    SortedSet set;
    for (int i = 0; i < count; ++i) set.Add(FormatInt(1000 + i), 0, context_);
    const auto size = static_cast<std::size_t>(count);
    const LexBound low{LexBound::kMinusInfinity};
    const LexBound high{LexBound::kPlusInfinity};
    EXPECT_EQ(set.RanksOf(LexRange{low, high}).size(), size);
    EXPECT_EQ(set.RanksOf(LexRange{high, low}).size(), 0u);
    EXPECT_EQ(set.RanksOf(LexRange{{LexBound::kClosed, "1002"}, high}).begin, 2u);
    EXPECT_EQ(set.RanksOf(LexRange{{LexBound::kOpen, "1002"}, high}).begin, 3u);
    EXPECT_EQ(set.RanksOf(LexRange{low, {LexBound::kClosed, "1004"}}).end, 5u);
    EXPECT_EQ(set.RanksOf(LexRange{low, {LexBound::kOpen, "1004"}}).end, 4u);
    EXPECT_EQ(set.RanksOf(LexRange{{LexBound::kOpen, "1003"}, {LexBound::kOpen, "1003"}}).size(),
              0u);
    EXPECT_EQ(set.RanksOf(LexRange{low, low}).size(), 0u);
    EXPECT_EQ(set.RanksOf(LexRange{high, high}).size(), 0u);
  }
}

TEST_F(SortedSetTest, APartOfARangeRespectsTheDirection) {
  const RankRange range{10, 20};
  const auto parts = [&](std::size_t offset, std::size_t limit, Direction direction) {
    const RankRange part = range.Part(offset, limit, direction);
    return std::pair(part.begin, part.end);
  };
  EXPECT_EQ(parts(2, 3, Direction::kForward), std::pair(std::size_t{12}, std::size_t{15}));
  EXPECT_EQ(parts(2, 3, Direction::kReverse), std::pair(std::size_t{15}, std::size_t{18}));
  EXPECT_EQ(parts(8, 9, Direction::kForward), std::pair(std::size_t{18}, std::size_t{20}));
  EXPECT_EQ(range.Part(10, 1, Direction::kReverse).size(), 0u);
}

TEST_F(SortedSetTest, RangesAreRemovedAndReportedInTheirDirection) {
  for (const int count : {10, 500}) {
    for (const auto direction : {Direction::kForward, Direction::kReverse}) {
      SortedSet set;
      Model model;
      for (int i = 0; i < count; ++i) {
        set.Add(FormatInt(i), i % 7, context_);
        model.Add(FormatInt(i), i % 7);
      }
      Random random(3);
      while (!set.empty()) {
        const std::size_t begin = random.Below(set.size());
        const RankRange ranks{begin, begin + 1 + random.Below(20)};
        const auto expected = Contents(set, ranks, direction);
        std::vector<Pair> removed;
        const std::size_t gone = set.RemoveRanks(
            ranks, direction,
            [&](std::string_view member, double score) { removed.emplace_back(score, member); });
        ASSERT_EQ(removed, expected);
        ASSERT_EQ(gone, expected.size());
        for (const auto& [score, member] : removed) model.Remove(member);
        Compare(set, model);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_F(SortedSetTest, MembersInOrderFillTheirLeaves) {
  SortedSet set;
  for (int i = 0; i < 20'000; ++i) set.Add("member:" + FormatInt(100'000 + i), i, context_);
  set.Check();
  EXPECT_LT(set.MemoryBytes(), 20'000u * 64);
}

}  // namespace
}  // namespace satchel::engine
