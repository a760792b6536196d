#include "engine/sorted_set.h"

#include <cmath>

#include "engine/heap.h"

namespace satchel::engine {
namespace {

std::string_view ScoreBytes(const double& score) {
  return {reinterpret_cast<const char*>(&score), sizeof score};
}

// Whether the member lies before a lower bound.
bool BeforeMin(const LexBound& min, std::string_view member) {
  switch (min.kind) {
    case LexBound::kMinusInfinity:
      return false;
    case LexBound::kPlusInfinity:
      return true;
    case LexBound::kClosed:
      return member < min.member;
    case LexBound::kOpen:
      break;
  }
  return member <= min.member;
}

// Whether the member lies before or at an upper bound.
bool InsideMax(const LexBound& max, std::string_view member) {
  switch (max.kind) {
    case LexBound::kMinusInfinity:
      return false;
    case LexBound::kPlusInfinity:
      return true;
    case LexBound::kClosed:
      return member <= max.member;
    case LexBound::kOpen:
      break;
  }
  return member < max.member;
}

}  // namespace

AddOutcome SortedSet::Add(std::string_view member, double score, const ValueContext& context) {
  SATCHEL_DCHECK(!std::isnan(score));
  if (!is_packed()) return AddToBig(member, score);

  const PackedView block = packed();
  const auto at = block.Search(member, 2);
  if (at != block.end()) {
    if (ScoreAt(block, at) == score) return AddOutcome::kSame;
    PackedEdit(bits_)->Erase(at, 2);
    InsertPacked(member, score);
    return AddOutcome::kChanged;
  }
  const auto most = static_cast<std::size_t>(context.limits.zset_max_listpack_entries);
  const auto longest = static_cast<std::size_t>(context.limits.zset_max_listpack_value);
  const bool fits = PackedEdit(bits_)->HasRoomFor(2, member.size() + sizeof score);
  if (fits && size() < most && member.size() <= longest) {
    InsertPacked(member, score);
    return AddOutcome::kAdded;
  }
  Convert(context.hash_seed);
  return AddToBig(member, score);
}

bool SortedSet::Remove(std::string_view member) {
  if (Big* both = big()) {
    ScoredMember* node = both->by_member.Find(member, both->by_member.HashOf(member));
    if (node == nullptr) return false;
    EraseFromBig(node);
    return true;
  }
  const auto at = packed().Search(member, 2);
  if (at == packed().end()) return false;
  PackedEdit(bits_)->Erase(at, 2);
  return true;
}

void SortedSet::Clear() {
  if (Big* both = big()) {
    HeapDelete(both);
    bits_ = 0;
  } else {
    PackedEdit(bits_)->Clear();
  }
}

bool SortedSet::ClearSome(std::uint64_t& cursor, std::size_t& budget) {
  if (Big* both = big()) {
    if (!both->by_order.ClearSome(budget)) return false;
    if (!both->by_member.ClearSome(cursor, budget)) return false;
  }
  Clear();
  return true;
}

std::optional<double> SortedSet::Score(std::string_view member) const {
  if (const Big* both = big()) {
    const auto* node = both->by_member.Find(member, both->by_member.HashOf(member));
    if (node == nullptr) return std::nullopt;
    return node->score;
  }
  const PackedView block = packed();
  const auto at = block.Search(member, 2);
  if (at == block.end()) return std::nullopt;
  return ScoreAt(block, at);
}

std::optional<std::size_t> SortedSet::Rank(std::string_view member, Direction direction) const {
  std::size_t rank = 0;
  if (const Big* both = big()) {
    const auto* node = both->by_member.Find(member, both->by_member.HashOf(member));
    if (node == nullptr) return std::nullopt;
    rank = both->by_order.RankOf(node);
  } else {
    const PackedView block = packed();
    auto at = block.begin();
    for (; at != block.end() && block.At(at) != member; ++rank) at = block.Next(block.Next(at));
    if (at == block.end()) return std::nullopt;
  }
  return direction == Direction::kForward ? rank : size() - 1 - rank;
}

RankRange SortedSet::RanksOf(const ScoreRange& range) const {
  const std::size_t begin = CountBefore([&](double score, std::string_view) {
    return range.min_open ? score <= range.min : score < range.min;
  });
  const std::size_t end = CountBefore([&](double score, std::string_view) {
    return range.max_open ? score < range.max : score <= range.max;
  });
  return {begin, std::max(begin, end)};
}

RankRange SortedSet::RanksOf(const LexRange& range) const {
  const std::size_t begin =
      CountBefore([&](double, std::string_view member) { return BeforeMin(range.min, member); });
  const std::size_t end =
      CountBefore([&](double, std::string_view member) { return InsideMax(range.max, member); });
  return {begin, std::max(begin, end)};
}

std::pair<std::string_view, double> SortedSet::RandomMember(Random& random) const {
  if (const Big* both = big()) {
    const ScoredMember* node = both->by_member.RandomItem(random);
    return {node->member(), node->score};
  }
  const PackedView block = packed();
  const auto at = block.Seek(2 * random.Below(size()));
  return {block.At(at), ScoreAt(block, at)};
}

SortedSet SortedSet::Clone() const {
  SortedSet copy;
  if (const Big* both = big()) {
    auto* other = HeapNew<Big>(both->by_member.seed());
    copy.bits_ = reinterpret_cast<std::uintptr_t>(other) | kBigBit;
    ForEach([&](std::string_view member, double score) {
      copy.AddToBig(member, score);
      return true;
    });
  } else {
    copy.bits_ = reinterpret_cast<std::uintptr_t>(packed().Clone().Release());
  }
  return copy;
}

std::size_t SortedSet::MemoryBytes() const {
  const Big* both = big();
  if (both == nullptr) return packed().MemoryBytes();
  std::size_t bytes = sizeof(Big) + both->by_member.MemoryBytes() + both->by_order.MemoryBytes();
  both->by_member.ForEach([&](const ScoredMember* node) {
    bytes += (node->size() + 7) / 8 * 8;
    return true;
  });
  return bytes;
}

void SortedSet::Check() const {
  if (const Big* both = big()) {
    both->by_member.Check();
    both->by_order.Check();
    SATCHEL_CHECK(both->by_member.size() == both->by_order.size());
    for (auto at = both->by_order.At(0); !at.done(); at.Next()) {
      const std::string_view member = at.member()->member();
      SATCHEL_CHECK(both->by_member.Find(member, both->by_member.HashOf(member)) == at.member());
    }
    return;
  }
  packed().Check();
  SATCHEL_CHECK(packed().count() % 2 == 0);
  std::optional<std::pair<double, std::string_view>> last;
  ForEach([&](std::string_view member, double score) {
    SATCHEL_CHECK(!last || *last < std::pair(score, member));
    last = {score, member};
    return true;
  });
}

void SortedSet::InsertPacked(std::string_view member, double score) {
  if (score == 0) score = 0;  // as the reference packs it: no negative zero
  PackedEdit block(bits_);
  auto at = block->end();
  // Often it belongs at the end or near it.
  while (at != block->begin()) {
    const auto before = block->Previous(block->Previous(at));
    if (std::pair(ScoreAt(*block, before), block->At(before)) < std::pair(score, member)) break;
    at = before;
  }
  block->Insert(at, member);
  block->Insert(block->Next(at), ScoreBytes(score));
}

AddOutcome SortedSet::AddToBig(std::string_view member, double score) {
  Big* both = big();
  const std::uint64_t hash = both->by_member.HashOf(member);
  ScoredMember* node = both->by_member.Find(member, hash);
  if (node == nullptr) {
    node = ScoredMember::Make(member, score);
    both->by_member.Insert(node, hash);
    both->by_order.Insert(node);
    return AddOutcome::kAdded;
  }
  if (node->score == score) return AddOutcome::kSame;
  if (!both->by_order.TryUpdate(node, score)) {
    both->by_order.Erase(node);
    node->score = score;
    both->by_order.Insert(node);
  }
  return AddOutcome::kChanged;
}

void SortedSet::Convert(std::uint64_t seed) {
  SortedSet other;
  other.bits_ = reinterpret_cast<std::uintptr_t>(HeapNew<Big>(seed)) | kBigBit;
  ForEach([&](std::string_view member, double score) {
    other.AddToBig(member, score);
    return true;
  });
  std::swap(bits_, other.bits_);
}

void SortedSet::EraseFromBig(ScoredMember* member) {
  Big* both = big();
  both->by_order.Erase(member);
  both->by_member.Remove(member->member(), both->by_member.HashOf(member->member()));
  ScoredMember::Free(member);
}

}  // namespace satchel::engine
