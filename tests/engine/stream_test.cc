#include "engine/stream.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "engine/heap.h"

namespace satchel::engine {
namespace {

using Pairs = std::vector<std::string>;
using Model = std::map<StreamId, Pairs>;

class StreamTest : public testing::Test {
 protected:
  static Pairs PairsOf(const StreamEntry& entry) {
    Pairs pairs;
    entry.ForEach([&](std::string_view field, std::string_view value) {
      pairs.emplace_back(field);
      pairs.emplace_back(value);
    });
    return pairs;
  }
  static Model Contents(const Stream& stream, StreamId from, StreamId to,
                        StreamIterator::Direction direction = StreamIterator::Direction::kUp) {
    Model all;
    StreamIterator it(stream, from, to, direction);
    while (it.Next()) all.emplace(it.entry().id, PairsOf(it.entry()));
    return all;
  }
  static Model Contents(const Stream& stream) {
    return Contents(stream, kMinStreamId, kMaxStreamId);
  }
  static void Append(Stream& stream, StreamId id, const Pairs& pairs, const ValueContext& context) {
    const std::vector<std::string_view> views(pairs.begin(), pairs.end());
    stream.Append(id, views, context);
  }
  static ValueContext ContextOf(std::int64_t bytes, std::int64_t entries) {
    return {.limits = {.stream_node_max_bytes = bytes, .stream_node_max_entries = entries}};
  }

  Heap heap_;
  HeapScope scope_{heap_};
  ValueContext context_ = ContextOf(4096, 100);
  Stream stream_;
};

TEST_F(StreamTest, GivesBackWhatWasAppended) {
  Append(stream_, {1, 0}, {"a", "1", "b", "text"}, context_);
  Append(stream_, {1, 5}, {"a", "-9223372036854775808", "b", ""}, context_);
  Append(stream_, {9, 2}, {"other", std::string(5000, 'x')}, context_);
  const Model expected = {{{1, 0}, {"a", "1", "b", "text"}},
                          {{1, 5}, {"a", "-9223372036854775808", "b", ""}},
                          {{9, 2}, {"other", std::string(5000, 'x')}}};
  EXPECT_EQ(Contents(stream_), expected);
  EXPECT_EQ(stream_.size(), 3u);
  EXPECT_EQ(stream_.first_id(), (StreamId{1, 0}));
  EXPECT_EQ(stream_.last_id(), (StreamId{9, 2}));
  stream_.Check();
}

TEST_F(StreamTest, ABlockEndsAfterItsEntriesErasedOnesIncluded) {
  const ValueContext three = ContextOf(4096, 3);
  for (std::uint64_t i = 1; i <= 3; ++i) Append(stream_, {i, 0}, {"f", "v"}, three);
  EXPECT_EQ(stream_.block_count(), 1u);
  EXPECT_TRUE(stream_.Erase({2, 0}));
  Append(stream_, {4, 0}, {"f", "v"}, three);
  EXPECT_EQ(stream_.block_count(), 2u);
  stream_.Check();
}

TEST_F(StreamTest, TheBlockOfTheLastErasedEntryGoes) {
  Append(stream_, {1, 0}, {"f", "v"}, context_);
  Append(stream_, {2, 0}, {"f", "v"}, context_);
  EXPECT_TRUE(stream_.Erase({1, 0}));
  EXPECT_FALSE(stream_.Erase({1, 0}));
  EXPECT_EQ(stream_.first_id(), (StreamId{2, 0}));
  EXPECT_TRUE(stream_.Erase({2, 0}));
  EXPECT_EQ(stream_.block_count(), 0u);
  EXPECT_EQ(stream_.first_id(), StreamId());
  EXPECT_EQ(stream_.max_deleted_id(), (StreamId{2, 0}));
  stream_.Check();
}

TEST_F(StreamTest, AfterTheLastIdWentBackErasedEntriesMayBeHigher) {
  const ValueContext two = ContextOf(4096, 2);
  Append(stream_, {5, 0}, {"f", "v"}, two);
  Append(stream_, {9, 0}, {"f", "v"}, two);
  EXPECT_EQ(stream_.Trim({.max_length = 1}), 1u);
  EXPECT_EQ(stream_.Trim({.min_id = {9, 0}}), 0u);
  stream_.set_last_id({9, 0});
  EXPECT_TRUE(stream_.Erase({9, 0}));
  stream_.set_last_id({4, 0});
  for (std::uint64_t i = 5; i < 12; ++i) Append(stream_, {i, 0}, {"f", "v"}, two);
  EXPECT_EQ(Contents(stream_).size(), 7u);
  EXPECT_TRUE(stream_.Contains({9, 0}));
  stream_.Check();
}

TEST_F(StreamTest, AnEntryIsPendingWithOneConsumerAtATime) {
  Append(stream_, {1, 0}, {"f", "v"}, context_);
  StreamGroup& group = *stream_.AddGroup("g", {}, StreamGroup::kUnknown);
  EXPECT_EQ(stream_.AddGroup("g", {}, 0), nullptr);
  StreamConsumer& alice = group.AddConsumer("alice", 5);
  StreamConsumer& bob = group.AddConsumer("a name that is longer than a string keeps inside", 5);
  group.Assign({1, 0}, alice);
  group.Assign({1, 0}, bob);
  EXPECT_TRUE(alice.pending.empty());
  EXPECT_EQ(bob.pending.size(), 1u);
  stream_.Check();
  EXPECT_EQ(heap_.used_bytes(), stream_.MemoryBytes());
  EXPECT_TRUE(stream_.IsReferenced({1, 0}));
  group.RemoveConsumer(bob);
  EXPECT_TRUE(group.pending.empty());
  EXPECT_TRUE(stream_.IsReferenced({1, 0}));  // not read yet
  group.last_id = {1, 0};
  EXPECT_FALSE(stream_.IsReferenced({1, 0}));
  stream_.Clear();
  EXPECT_EQ(heap_.used_bytes(), 0u);
}

TEST_F(StreamTest, TrimmingCanSpareWhatGroupsHold) {
  const ValueContext two = ContextOf(4096, 2);
  for (std::uint64_t i = 1; i <= 6; ++i) Append(stream_, {i, 0}, {"f", "v"}, two);
  StreamGroup& group = *stream_.AddGroup("g", {5, 0}, StreamGroup::kUnknown);
  group.Assign({2, 0}, group.AddConsumer("c", 0));
  EXPECT_EQ(
      stream_.Trim({.max_length = 0, .whole_blocks = true, .references = StreamReferences::kAcked}),
      0u);
  EXPECT_EQ(stream_.Trim({.max_length = 0, .references = StreamReferences::kAcked}), 4u);
  EXPECT_TRUE(stream_.Contains({2, 0}));
  EXPECT_TRUE(stream_.Contains({6, 0}));
  stream_.Check();
  EXPECT_EQ(stream_.Trim({.max_length = 0, .references = StreamReferences::kDrop}), 2u);
  EXPECT_TRUE(group.pending.empty());
  stream_.Check();
}

TEST_F(StreamTest, RefusesBlocksThatSayWhatIsNotSo) {
  Append(stream_, {1, 0}, {"f", "v"}, context_);
  Append(stream_, {2, 0}, {"f", "v", "g", "w"}, context_);
  std::string block;
  stream_.ForEachBlock([&](StreamId, std::string_view bytes) { block = bytes; });
  Stream good;
  EXPECT_TRUE(good.AppendBlock({1, 0}, block));
  EXPECT_FALSE(good.AppendBlock({1, 0}, block));
  good.Check();
  EXPECT_EQ(Contents(good), Contents(stream_));
  // Numbers below 128 are one byte: every such change of the head must be noticed.
  for (std::size_t at : {6u, 8u, 10u}) {
    for (char value : {'\0', '\1', '\3', '\x7F'}) {
      std::string damaged = block;
      if (damaged[at] == value) continue;
      damaged[at] = value;
      Stream bad;
      EXPECT_FALSE(bad.AppendBlock({1, 0}, damaged)) << at << ' ' << int{value};
    }
  }
}

TEST_F(StreamTest, MatchesAModel) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const ValueContext context = ContextOf(seed % 3 == 0 ? 150 : 4096, seed % 2 == 0 ? 5 : 100);
    Stream stream;
    Model model;
    StreamId last{};
    for (int step = 0; step < 3'000; ++step) {
      const std::uint64_t what = random.Below(20);
      if (what < 12) {
        StreamId id{last.ms + random.Below(3), random.Below(4)};
        if (id <= last) id = *last.next();
        Pairs pairs;
        for (std::uint64_t i = 0; i <= random.Below(3); ++i) {
          pairs.push_back("f" + FormatInt(static_cast<std::int64_t>(random.Below(2))));
          pairs.push_back(random.Below(2) == 0 ? FormatInt(static_cast<std::int64_t>(
                                                     random.Next() >> random.Below(64)))
                                               : std::string(random.Below(90), 'v'));
        }
        Append(stream, id, pairs, context);
        model.emplace(id, pairs);
        last = id;
      } else if (what < 17 && !model.empty()) {
        const StreamId id{random.Below(last.ms + 1), random.Below(4)};
        EXPECT_EQ(stream.Erase(id), model.erase(id) == 1);
      } else if (what == 17 && random.Below(20) == 0) {
        const std::uint64_t length = random.Below(model.size() + 1);
        const std::size_t erased = stream.Trim({.max_length = length});
        EXPECT_EQ(erased, model.size() - length);
        while (model.size() > length) model.erase(model.begin());
      } else if (what == 18 && random.Below(20) == 0) {
        const StreamId id{random.Below(last.ms + 1), 0};
        stream.Trim({.min_id = id});
        model.erase(model.begin(), model.lower_bound(id));
      } else {
        const StreamId from{random.Below(last.ms + 1), 1};
        const StreamId to{from.ms + random.Below(20), 2};
        const Model range(model.lower_bound(from), model.upper_bound(to));
        EXPECT_EQ(Contents(stream, from, to), range);
        EXPECT_EQ(Contents(stream, from, to, StreamIterator::Direction::kDown), range);
        EXPECT_EQ(stream.Contains(from), model.contains(from));
      }
      ASSERT_EQ(stream.size(), model.size());
      if (step % 100 == 0) {
        stream.Check();
        ASSERT_EQ(Contents(stream), model);
        ASSERT_EQ(heap_.used_bytes(), stream.MemoryBytes());
      }
    }
    Stream copy = stream.Clone();
    copy.Check();
    EXPECT_EQ(Contents(copy), model);
    EXPECT_EQ(heap_.used_bytes(), stream.MemoryBytes() + copy.MemoryBytes());
  }
  EXPECT_EQ(heap_.used_bytes(), 0u);
}

}  // namespace
}  // namespace satchel::engine
