// ScoreTree: the members of a large sorted set in order of (score, member), with ranks.
//
// Representation: a B+ tree. Leaves are 256 bytes, 15 slots of (score, member) each, linked both
// ways; inner nodes are 512 bytes, 18 children each with the size of its subtree and a copy of its
// first slot (that of child 0 is not kept up to date and never read). The way down is remembered
// on the stack, nodes know no parents. A full leaf that is appended to stays full, so that members
// that come in order fill the leaves.
//
// The tree does not own the members. Thread: the one that runs the engine. Cost: O(log n).

#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace satchel::engine {

// A member with its score, one allocation: [score][bytes][member].
struct ScoredMember {
  static constexpr std::size_t kHeaderBytes = 12;

  double score;
  std::uint32_t bytes;

  char* data() { return reinterpret_cast<char*>(this) + kHeaderBytes; }
  std::string_view member() const {
    return {reinterpret_cast<const char*>(this) + kHeaderBytes, bytes};
  }
  std::size_t size() const { return kHeaderBytes + bytes; }
  static ScoredMember* Make(std::string_view member, double score);
  static void Free(ScoredMember* member);
};

class ScoreTree {
  struct Leaf;
  struct Inner;

 public:
  // A place in the order; null leaf: behind the end. Dies with the next change.
  class Cursor {
   public:
    bool done() const { return leaf_ == nullptr; }
    ScoredMember* member() const;
    void Next();
    void Previous();

   private:
    friend class ScoreTree;
    Cursor(const Leaf* leaf, std::uint32_t slot) : leaf_(leaf), slot_(slot) {}
    const Leaf* leaf_;
    std::uint32_t slot_;
  };

  ScoreTree() = default;
  ScoreTree(const ScoreTree&) = delete;
  ScoreTree& operator=(const ScoreTree&) = delete;
  ~ScoreTree();

  // Frees leaves of a tree that nobody will look at again, until the budget is used up. True when
  // none is left; until then only this and the destructor may be called.
  bool ClearSome(std::size_t& budget);

  std::size_t size() const { return size_; }

  // Requires that no equal (score, member) is in the tree.
  void Insert(ScoredMember* member);
  // Requires that it is in the tree.
  void Erase(const ScoredMember* member);
  // Sets the score where this keeps the order within a leaf; false: nothing was done.
  bool TryUpdate(ScoredMember* member, double score);

  // Requires that it is in the tree.
  std::size_t RankOf(const ScoredMember* member) const;
  // The place of a rank; done() when rank >= size().
  Cursor At(std::size_t rank) const;

  // How many come before a bound: `before(score, member)` must be true for the first so many
  // and false for all others.
  template <class Before>
  std::size_t CountBefore(Before before) const {
    if (root_ == nullptr) return 0;
    std::size_t rank = 0;
    const void* node = root_;
    for (std::uint32_t level = height_; level > 0; --level) {
      const auto* inner = static_cast<const Inner*>(node);
      std::uint32_t low = 0;
      std::uint32_t high = inner->count;
      while (high - low > 1) {
        const std::uint32_t middle = (low + high) / 2;
        (before(inner->scores[middle], inner->firsts[middle]) ? low : high) = middle;
      }
      for (std::uint32_t i = 0; i < low; ++i) rank += inner->sizes[i];
      node = inner->children[low];
    }
    const auto* leaf = static_cast<const Leaf*>(node);
    std::uint32_t slot = 0;
    while (slot < leaf->count() && before(leaf->slots[slot].score, leaf->slots[slot].member)) {
      ++slot;
    }
    return rank + slot;
  }

  std::size_t MemoryBytes() const { return leaves_ * sizeof(Leaf) + inners_ * sizeof(Inner); }
  void Check() const;

 private:
  static constexpr std::uint32_t kLeafSlots = 15;
  static constexpr std::uint32_t kFanout = 18;
  // Below these a node is merged with a neighbour if both fit into one.
  static constexpr std::uint32_t kSparseLeaf = 6;
  static constexpr std::uint32_t kSparseInner = 7;
  static constexpr std::uint32_t kMaxHeight = 24;

  struct Slot {
    double score;
    ScoredMember* member;
  };

  struct alignas(64) Leaf {
    // Nodes are aligned to 64 bytes: the count has room beside a pointer.
    std::uintptr_t next_and_count = 0;
    Leaf* previous = nullptr;
    Slot slots[kLeafSlots];

    std::uint32_t count() const { return next_and_count & 63; }
    Leaf* next() const { return reinterpret_cast<Leaf*>(next_and_count & ~std::uintptr_t{63}); }
    void set_count(std::uint32_t count) {
      next_and_count = (next_and_count & ~std::uintptr_t{63}) | count;
    }
    void set_next(Leaf* next) { next_and_count = reinterpret_cast<std::uintptr_t>(next) | count(); }
  };
  static_assert(sizeof(Leaf) == 256);

  struct alignas(64) Inner {
    std::uint64_t count = 0;
    double scores[kFanout];
    const ScoredMember* firsts[kFanout];
    void* children[kFanout];
    std::uint32_t sizes[kFanout];
  };
  static_assert(sizeof(Inner) == 512);

  struct Step {
    Inner* inner;
    std::uint32_t child;
  };
  struct Path {
    Step steps[kMaxHeight];  // from the root down; height_ of them
    Leaf* leaf;
    std::uint32_t slot;  // of the first that is not less than what was looked for
  };
  struct Child {
    void* node;
    Slot first;
    std::uint32_t size;
  };

  static bool Less(double score_a, const ScoredMember* a, double score_b, const ScoredMember* b) {
    if (score_a != score_b) return score_a < score_b;
    return a != b && a->member() < b->member();
  }

  void Descend(const ScoredMember* member, Path& path) const;
  bool Spread(const Path& path);
  void InsertChild(const Path& path, Child right);
  static void PutChild(Inner* inner, std::uint32_t at, const Child& child);
  static void DropChild(Inner* inner, std::uint32_t at);
  static void MoveChildren(Inner* from, std::uint32_t begin, Inner* to);
  static void MoveSlots(Leaf* from, std::uint32_t begin, Leaf* to);
  void MergeUp(const Path& path);
  bool MergeLeaves(Inner* parent, std::uint32_t left);
  bool MergeInners(Inner* parent, std::uint32_t left);
  void Unlink(Leaf* leaf);
  void FreeTree(void* node, std::uint32_t level);
  Leaf* NewLeaf();
  void FreeLeaf(Leaf* leaf);
  Inner* NewInner();
  void FreeInner(Inner* inner);
  std::size_t CheckNode(const void* node, std::uint32_t level, const ScoredMember** last) const;

  void* root_ = nullptr;      // a Leaf when height_ is 0; null when empty
  std::uint32_t height_ = 0;  // levels of inner nodes
  std::uint32_t inners_ = 0;
  std::uint32_t leaves_ = 0;
  std::size_t size_ = 0;
};

inline ScoredMember* ScoreTree::Cursor::member() const { return leaf_->slots[slot_].member; }

inline void ScoreTree::Cursor::Next() {
  if (++slot_ < leaf_->count()) return;
  leaf_ = leaf_->next();
  slot_ = 0;
  if (leaf_ == nullptr) return;
  for (std::uint32_t i = 0; i < leaf_->count(); ++i) PrefetchLine(leaf_->slots[i].member);
}

inline void ScoreTree::Cursor::Previous() {
  if (slot_-- > 0) return;
  leaf_ = leaf_->previous;
  if (leaf_ == nullptr) return;
  slot_ = leaf_->count() - 1;
  for (std::uint32_t i = 0; i < leaf_->count(); ++i) PrefetchLine(leaf_->slots[i].member);
}

}  // namespace satchel::engine
