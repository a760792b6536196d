#include "engine/table.h"

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text.h"

namespace satchel::engine {
namespace {

struct Item {
  std::string key;
  int value = 0;
};

struct Policy {
  using Item = engine::Item;
  static std::string_view Key(const Item* item) { return item->key; }
  static void Free(Item* item) { delete item; }

  void OnSegmentBuilt(TableSegment& segment) { segments->insert(&segment); }
  void OnSegmentFreed(TableSegment& segment) { segments->erase(&segment); }
  std::set<TableSegment*>* segments = nullptr;
};

class TableTest : public testing::Test {
 protected:
  Item* Find(std::string_view key) { return table_.Find(key, table_.HashOf(key)); }
  void Insert(std::string key, int value = 0) {
    const auto hash = table_.HashOf(key);
    table_.Insert(new Item{std::move(key), value}, hash);
  }
  bool Remove(std::string_view key) {
    Item* item = table_.Remove(key, table_.HashOf(key));
    delete item;
    return item != nullptr;
  }
  void InsertMany(int count) {
    for (int i = 0; i < count; ++i) Insert(FormatInt(i), i);
  }

  Heap heap_;
  HeapScope scope_{heap_};
  std::set<TableSegment*> segments_;
  Table<Policy> table_{1234, Policy{&segments_}};
};

TEST_F(TableTest, AnEmptyTableIsSmallAndOwnsNothing) {
  EXPECT_LE(sizeof(Table<Policy>), 56u);
  EXPECT_EQ(heap_.used_bytes(), 0u);
  EXPECT_EQ(Find("a"), nullptr);
  EXPECT_EQ(table_.Scan(0, [](Item*) {}), 0u);
}

TEST_F(TableTest, MatchesAModelWhileItGrowsAndShrinks) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    std::unordered_map<std::string, int> model;
    const int range = seed == 1 ? 20 : seed == 2 ? 500 : 20'000;
    for (int step = 0; step < 60'000; ++step) {
      // Phases of growth and of decay.
      const bool growing = step / 15'000 % 2 == 0;
      const std::string key = "key:" + std::to_string(random.Below(range));
      if (random.Below(10) < (growing ? 8u : 2u)) {
        const auto [at, added] = model.try_emplace(key, step);
        ASSERT_EQ(Find(key) == nullptr, added);
        if (added) Insert(key, step);
      } else {
        ASSERT_EQ(Remove(key), model.erase(key) > 0);
      }
      ASSERT_EQ(table_.size(), model.size());
      if (step % 1000 == 0) table_.Check();
    }
    table_.Check();
    for (const auto& [key, value] : model) ASSERT_EQ(Find(key)->value, value);
    table_.Clear();
    EXPECT_EQ(heap_.used_bytes(), 0u);
    EXPECT_TRUE(segments_.empty());
  }
}

TEST_F(TableTest, MemoryComesBackWhenItemsGo) {
  InsertMany(50'000);
  const std::size_t full = table_.MemoryBytes();
  EXPECT_EQ(full, heap_.used_bytes());
  EXPECT_LT(full, 50'000u * 14);
  for (int i = 100; i < 50'000; ++i) ASSERT_TRUE(Remove(FormatInt(i)));
  table_.Check();
  EXPECT_LT(table_.MemoryBytes(), 100u * 60);
  EXPECT_EQ(table_.MemoryBytes(), heap_.used_bytes());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Remove(FormatInt(i)));
  EXPECT_EQ(heap_.used_bytes(), 0u);
}

TEST_F(TableTest, SlotsReplaceItemsInPlace) {
  InsertMany(1000);
  Item** slot = table_.FindSlot("500", table_.HashOf("500"));
  ASSERT_NE(slot, nullptr);
  delete *slot;
  *slot = new Item{"500", -1};
  EXPECT_EQ(Find("500")->value, -1);
  table_.Check();
}

TEST_F(TableTest, AScanMeetsWhatStaysWhateverElseChanges) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    table_.Clear();
    const int stable = static_cast<int>(1 + random.Below(600));
    for (int i = 0; i < stable; ++i) Insert("stable" + FormatInt(i));
    std::set<std::string> extra;
    std::set<std::string> seen;
    std::uint64_t cursor = 0;
    int step = 0;
    do {
      cursor = table_.Scan(cursor, [&](Item* item) { seen.insert(item->key); });
      ASSERT_LT(cursor, std::uint64_t{1} << 48);
      // Grows in the first part of the scan, shrinks in the second.
      for (int i = 0; i < 40; ++i) {
        const std::string key = FormatInt(static_cast<std::int64_t>(random.Below(8000)));
        if (step < 60 ? extra.insert(key).second : false) Insert(key);
        if (step >= 60 && extra.erase(key) > 0) Remove(key);
      }
      ++step;
    } while (cursor != 0);
    for (int i = 0; i < stable; ++i) ASSERT_TRUE(seen.contains("stable" + FormatInt(i)));
    table_.Check();
  }
}

TEST_F(TableTest, AQuietScanMeetsEveryItemOnce) {
  InsertMany(10'000);
  std::map<std::string, int> seen;
  std::uint64_t cursor = 0;
  std::size_t most = 0;
  do {
    std::size_t visited = 0;
    cursor = table_.Scan(cursor, [&](Item* item) {
      ++seen[item->key];
      ++visited;
    });
    most = std::max(most, visited);
  } while (cursor != 0);
  EXPECT_EQ(seen.size(), 10'000u);
  for (const auto& [key, times] : seen) ASSERT_EQ(times, 1) << key;
  EXPECT_LT(most, 25u);
}

TEST_F(TableTest, AScanMayRemoveWhatItVisits) {
  InsertMany(5'000);
  std::uint64_t cursor = 0;
  do {
    cursor = table_.Scan(cursor, [&](Item* item) {
      if (item->value % 2 == 0) Remove(std::string(item->key));
    });
  } while (cursor != 0);
  EXPECT_EQ(table_.size(), 2'500u);
  table_.Check();
}

TEST_F(TableTest, RangesOfHashesPartitionTheItems) {
  InsertMany(7'000);
  std::set<std::string> seen;
  constexpr std::uint64_t kStep = std::uint64_t{1} << 57;
  std::uint64_t begin = 0;
  do {
    table_.VisitHashRange(begin, begin + kStep, [&](const Item* item, std::uint64_t hash) {
      ASSERT_EQ(hash, table_.HashOf(item->key));
      ASSERT_EQ(hash / kStep, begin / kStep);
      ASSERT_TRUE(seen.insert(item->key).second);
    });
    begin += kStep;
  } while (begin != 0);
  EXPECT_EQ(seen.size(), 7'000u);
  std::size_t all = 0;
  table_.VisitHashRange(0, 0, [&](const Item*, std::uint64_t) { ++all; });
  EXPECT_EQ(all, 7'000u);
}

TEST_F(TableTest, RandomItemsAreUniform) {
  // Sizes at which some segments have split and others have not.
  for (const int size : {1, 5, 40, 450, 800}) {
    table_.Clear();
    InsertMany(size);
    Random random(99);
    std::vector<int> hits(static_cast<std::size_t>(size));
    const int draws = 200 * size;
    for (int i = 0; i < draws; ++i) ++hits[table_.RandomItem(random)->value];
    double chi_square = 0;
    for (const int count : hits) chi_square += (count - 200.0) * (count - 200.0) / 200.0;
    // Mean size - 1, deviation sqrt(2 (size - 1)): six deviations away is no chance.
    EXPECT_LT(chi_square, size + 6 * std::sqrt(2.0 * size)) << size;
  }
}

TEST_F(TableTest, HashesThatAgreeWidenOneSegmentInsteadOfTheDirectory) {
  std::vector<std::string> keys;
  for (int i = 0; keys.size() < 1'000; ++i) {
    std::string key = FormatInt(i);
    if (table_.HashOf(key) >> 53 == 0x5A5) keys.push_back(std::move(key));
  }
  for (const std::string& key : keys) Insert(key);
  table_.Check();
  EXPECT_LT(table_.MemoryBytes(), keys.size() * 20);
  std::set<std::string> seen;
  std::uint64_t cursor = 0;
  do {
    cursor = table_.Scan(cursor, [&](Item* item) { seen.insert(item->key); });
  } while (cursor != 0);
  EXPECT_EQ(seen.size(), keys.size());
  Random random(1);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(seen.contains(table_.RandomItem(random)->key));
  for (const std::string& key : keys) ASSERT_TRUE(Remove(key));
  EXPECT_EQ(heap_.used_bytes(), 0u);
}

TEST_F(TableTest, PrefetchingIsHarmless) {
  table_.Prefetch(1);
  table_.PrefetchItem(1);
  InsertMany(1000);
  for (int i = 0; i < 2000; ++i) {
    table_.Prefetch(table_.HashOf(FormatInt(i)));
    table_.PrefetchItem(table_.HashOf(FormatInt(i)));
  }
}

TEST_F(TableTest, SegmentsPartitionTheItems) {
  InsertMany(3'000);
  std::size_t items = 0;
  for (const TableSegment* segment : segments_) {
    Table<Policy>::VisitSegment(*segment, [&](Item* item) {
      EXPECT_EQ(table_.FindSegment(table_.HashOf(item->key)), segment);
      return ++items > 0;
    });
  }
  EXPECT_EQ(items, 3'000u);
}

}  // namespace
}  // namespace satchel::engine
