// Sorted set: the value behind the Z* commands. Members are unique byte strings ordered by
// (score, member); ranks count from 0.
//
// Representation: while small, one PackedBlock of member, score (8 bytes), in order; else a Table
// that owns the members and a ScoreTree of the same members. The switch is made when
// limits.zset_max_listpack_entries or _value is exceeded, and never undone. The handle is one
// word: a pointer whose lowest bit tells the two apart.
// Thread: the one that runs the engine. Cost: n is the number of members; packed operations are
// one walk. Views die with the next change.
// Source: redis 7.0, t_zset; differences in docs/compat.md.

#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/packed.h"
#include "engine/score_tree.h"
#include "engine/table.h"
#include "engine/value.h"

namespace satchel::engine {

enum class AddOutcome : std::uint8_t { kAdded, kChanged, kSame };
enum class Direction : std::uint8_t { kForward, kReverse };

// Ends of a score interval; infinities allowed, NaN not.
struct ScoreRange {
  double min;
  double max;
  bool min_open = false;  // true: scores equal to min are left out
  bool max_open = false;
};

// One end of an interval of members, for sets whose scores are all the same.
struct LexBound {
  enum Kind : std::uint8_t { kMinusInfinity, kPlusInfinity, kClosed, kOpen };
  Kind kind;
  std::string_view member = {};  // kClosed, kOpen
};
struct LexRange {
  LexBound min;
  LexBound max;
};

// Ranks in [begin, end), always in ascending order of the set.
struct RankRange {
  std::size_t begin = 0;
  std::size_t end = 0;

  std::size_t size() const { return end > begin ? end - begin : 0; }
  // What is left after skipping `offset` and taking at most `limit`, in this direction.
  RankRange Part(std::size_t offset, std::size_t limit, Direction direction) const {
    const std::size_t skipped = std::min(offset, size());
    const std::size_t taken = std::min(limit, size() - skipped);
    if (direction == Direction::kForward) return {begin + skipped, begin + skipped + taken};
    return {begin + size() - skipped - taken, begin + size() - skipped};
  }
};

class SortedSet {
 public:
  SortedSet() = default;
  SortedSet(SortedSet&& other) noexcept : bits_(std::exchange(other.bits_, 0)) {}
  SortedSet& operator=(SortedSet&& other) noexcept {
    std::swap(bits_, other.bits_);
    return *this;
  }
  ~SortedSet() { Clear(); }

  std::size_t size() const { return is_packed() ? packed().count() / 2 : big()->by_member.size(); }
  bool empty() const { return size() == 0; }

  // Sets the score, inserting the member when absent. Requires !isnan(score). O(log n).
  AddOutcome Add(std::string_view member, double score, const ValueContext& context);
  // False when the member is absent. O(log n).
  bool Remove(std::string_view member);
  void Clear();
  // Leaves the packed form for good, if it is in it. O(n log n).
  void Unpack(const ValueContext& context) {
    if (is_packed()) Convert(context.hash_seed);
  }
  // As Table::ClearSome.
  bool ClearSome(std::uint64_t& cursor, std::size_t& budget);

  // Empty when the member is absent. O(1).
  std::optional<double> Score(std::string_view member) const;
  // Counted from the last member when reverse. Empty when the member is absent. O(log n).
  std::optional<std::size_t> Rank(std::string_view member,
                                  Direction direction = Direction::kForward) const;

  // The ranks of the members in an interval; its size is their count. O(log n).
  RankRange RanksOf(const ScoreRange& range) const;
  // Requires that all scores are the same; else it is any range, as in Redis.
  RankRange RanksOf(const LexRange& range) const;
  RankRange AllRanks() const { return {0, size()}; }

  // Visits the ranks (cut to size()) until `visit(member, score)` returns false. No change
  // inside. O(log n + visited).
  template <class Visit>
  void VisitRanks(RankRange ranks, Direction direction, Visit visit) const {
    ranks.end = std::min(ranks.end, size());
    if (ranks.size() == 0) return;
    const bool forward = direction == Direction::kForward;
    const std::size_t first = forward ? ranks.begin : ranks.end - 1;
    if (const Big* both = big()) {
      auto at = both->by_order.At(first);
      for (std::size_t left = ranks.size(); left > 0; --left) {
        if (!visit(at.member()->member(), at.member()->score)) return;
        forward ? at.Next() : at.Previous();
      }
      return;
    }
    const PackedView block = packed();
    auto at = block.Seek(2 * first);
    for (std::size_t left = ranks.size(); left > 0; --left) {
      if (!visit(block.At(at), ScoreAt(block, at))) return;
      if (forward) {
        at = block.Next(block.Next(at));
      } else if (left > 1) {
        at = block.Previous(block.Previous(at));
      }
    }
  }
  // All members in order.
  template <class Visit>
  void ForEach(Visit visit) const {
    VisitRanks(AllRanks(), Direction::kForward, visit);
  }

  // Visits the members of a score interval in order until `visit` returns false; saves finding
  // the far end first. O(log n + visited).
  template <class Visit>
  void VisitScores(const ScoreRange& range, Direction direction, Visit visit) const;

  // Removes the ranks (cut to size()) after calling `removed(member, score)` for each, in this
  // direction; ZPOPMIN is {0, count}. Returns how many. O(k log n).
  template <class Removed>
  std::size_t RemoveRanks(RankRange ranks, Direction direction, Removed removed);

  // As Table::Scan, `visit(member, score)`; a packed set is visited whole.
  template <class Visit>
  std::uint64_t Scan(std::uint64_t cursor, Visit visit) const {
    if (Big* both = big()) {
      return both->by_member.Scan(cursor,
                                  [&](ScoredMember* node) { visit(node->member(), node->score); });
    }
    ForEach([&](std::string_view member, double score) {
      visit(member, score);
      return true;
    });
    return 0;
  }

  // Visits the members whose hashes are in [begin, end); 0 as end stands for 2^64. Requires
  // !is_packed().
  template <class Visit>
  void VisitHashRange(std::uint64_t begin, std::uint64_t end, Visit visit) const {
    big()->by_member.VisitHashRange(begin, end, [&](const ScoredMember* node, std::uint64_t) {
      visit(node->member(), node->score);
    });
  }

  // Each member with the same probability. Requires !empty().
  std::pair<std::string_view, double> RandomMember(Random& random) const;

  bool is_packed() const { return (bits_ & kBigBit) == 0; }
  std::string_view encoding() const { return is_packed() ? "listpack" : "skiplist"; }
  // A copy of its own, in the same representation. O(n log n).
  SortedSet Clone() const;

  std::size_t MemoryBytes() const;  // exact heap bytes; O(n) once it is not packed
  void Check() const;

 private:
  static constexpr std::uintptr_t kBigBit = 1;

  struct Policy {
    using Item = ScoredMember;
    static std::string_view Key(const ScoredMember* member) { return member->member(); }
    static void Free(ScoredMember* member) { ScoredMember::Free(member); }
  };
  struct Big {
    explicit Big(std::uint64_t seed) : by_member(seed) {}
    Table<Policy> by_member;  // owns
    ScoreTree by_order;
  };

  PackedView packed() const { return PackedView(reinterpret_cast<const void*>(bits_)); }
  Big* big() const { return is_packed() ? nullptr : reinterpret_cast<Big*>(bits_ & ~kBigBit); }

  static double ScoreAt(const PackedView& block, PackedView::Position member) {
    double score;
    std::memcpy(&score, block.At(block.Next(member)).data(), sizeof score);
    return score;
  }
  template <class Before>
  std::size_t CountBefore(Before before) const;

  void InsertPacked(std::string_view member, double score);
  AddOutcome AddToBig(std::string_view member, double score);
  void Convert(std::uint64_t seed);
  void EraseFromBig(ScoredMember* member);

  std::uintptr_t bits_ = 0;
};
static_assert(sizeof(SortedSet) == 8);

template <class Visit>
void SortedSet::VisitScores(const ScoreRange& range, Direction direction, Visit visit) const {
  const bool forward = direction == Direction::kForward;
  const auto inside_min = [&](double s) { return range.min_open ? s > range.min : s >= range.min; };
  const auto inside_max = [&](double s) { return range.max_open ? s < range.max : s <= range.max; };
  RankRange ranks = AllRanks();
  if (forward) {
    ranks.begin = CountBefore([&](double score, std::string_view) { return !inside_min(score); });
  } else {
    ranks.end = CountBefore([&](double score, std::string_view) { return inside_max(score); });
  }
  VisitRanks(ranks, direction, [&](std::string_view member, double score) {
    return (forward ? inside_max(score) : inside_min(score)) && visit(member, score);
  });
}

template <class Removed>
std::size_t SortedSet::RemoveRanks(RankRange ranks, Direction direction, Removed removed) {
  ranks.end = std::min(ranks.end, size());
  const std::size_t count = ranks.size();
  if (count == 0) return 0;
  if (Big* both = big()) {
    for (std::size_t i = 0; i < count; ++i) {
      const bool forward = direction == Direction::kForward;
      ScoredMember* member = both->by_order.At(forward ? ranks.begin : ranks.end - 1 - i).member();
      removed(member->member(), member->score);
      EraseFromBig(member);
    }
    return count;
  }
  VisitRanks(ranks, direction, [&](std::string_view member, double score) {
    removed(member, score);
    return true;
  });
  PackedEdit block(bits_);
  block->Erase(block->Seek(2 * ranks.begin), 2 * count);
  return count;
}

template <class Before>
std::size_t SortedSet::CountBefore(Before before) const {
  if (const Big* both = big()) {
    return both->by_order.CountBefore(
        [&](double score, const ScoredMember* member) { return before(score, member->member()); });
  }
  const PackedView block = packed();
  std::size_t count = 0;
  for (auto at = block.begin(); at != block.end(); at = block.Next(block.Next(at))) {
    if (!before(ScoreAt(block, at), block.At(at))) break;
    ++count;
  }
  return count;
}

}  // namespace satchel::engine
