#include "engine/score_tree.h"

#include <algorithm>
#include <cstddef>

#include "engine/heap.h"

namespace satchel::engine {

static_assert(offsetof(ScoredMember, bytes) + sizeof(std::uint32_t) == ScoredMember::kHeaderBytes);

ScoredMember* ScoredMember::Make(std::string_view member, double score) {
  // At least the struct itself, whose padding the first bytes of the member fill.
  void* block = Heap::Current().Allocate(kHeaderBytes + member.size());
  auto* made = static_cast<ScoredMember*>(block);
  made->score = score;
  made->bytes = static_cast<std::uint32_t>(member.size());
  std::copy(member.begin(), member.end(), made->data());
  return made;
}

void ScoredMember::Free(ScoredMember* member) { Heap::Current().Free(member, member->size()); }

ScoreTree::~ScoreTree() {
  if (root_ != nullptr) FreeTree(root_, height_);
}

bool ScoreTree::ClearSome(std::size_t& budget) {
  while (root_ != nullptr) {
    if (budget == 0) return false;
    --budget;
    Inner* path[kMaxHeight];
    void* node = root_;
    for (std::uint32_t i = 0; i < height_; ++i) {
      path[i] = static_cast<Inner*>(node);
      node = path[i]->children[path[i]->count - 1];
    }
    FreeLeaf(static_cast<Leaf*>(node));
    std::uint32_t level = height_;
    while (level > 0 && --path[level - 1]->count == 0) FreeInner(path[--level]);
    if (level == 0) root_ = nullptr;
  }
  height_ = 0;
  size_ = 0;
  return true;
}

void ScoreTree::Insert(ScoredMember* member) {
  if (root_ == nullptr) root_ = NewLeaf();
  Path path;
  Descend(member, path);
  if (path.leaf->count() == kLeafSlots && path.slot < kLeafSlots && Spread(path)) {
    Descend(member, path);
  }
  ++size_;
  for (std::uint32_t i = 0; i < height_; ++i) ++path.steps[i].inner->sizes[path.steps[i].child];

  Leaf* leaf = path.leaf;
  std::uint32_t slot = path.slot;
  Leaf* right = nullptr;
  if (leaf->count() == kLeafSlots) {
    right = NewLeaf();
    right->previous = leaf;
    right->set_next(leaf->next());
    if (leaf->next() != nullptr) leaf->next()->previous = right;
    leaf->set_next(right);
    const bool appends = right->next() == nullptr && slot == kLeafSlots;
    MoveSlots(leaf, appends ? kLeafSlots : (kLeafSlots + 1) / 2, right);
    if (slot > leaf->count() || appends) {
      slot -= leaf->count();
      leaf = right;
    }
  }
  const std::uint32_t count = leaf->count();
  std::copy_backward(leaf->slots + slot, leaf->slots + count, leaf->slots + count + 1);
  leaf->slots[slot] = {member->score, member};
  leaf->set_count(count + 1);
  if (right != nullptr) InsertChild(path, {right, right->slots[0], right->count()});
}

void ScoreTree::Erase(const ScoredMember* member) {
  Path path;
  Descend(member, path);
  Leaf* leaf = path.leaf;
  SATCHEL_CHECK(path.slot < leaf->count() && leaf->slots[path.slot].member == member);
  --size_;
  const std::uint32_t count = leaf->count() - 1;
  std::copy(leaf->slots + path.slot + 1, leaf->slots + count + 1, leaf->slots + path.slot);
  leaf->set_count(count);
  for (std::uint32_t i = 0; i < height_; ++i) --path.steps[i].inner->sizes[path.steps[i].child];

  // The copy of a first slot is in the lowest inner node that was not left by its child 0. If
  // the leaf is now empty, what follows it takes its place there, or the child goes away.
  const Leaf* source = count > 0 ? leaf : leaf->next();
  for (std::uint32_t i = height_; path.slot == 0 && source != nullptr && i-- > 0;) {
    const auto [inner, child] = path.steps[i];
    if (child == 0) continue;
    inner->scores[child] = source->slots[0].score;
    inner->firsts[child] = source->slots[0].member;
    break;
  }
  if (count < kSparseLeaf) MergeUp(path);
}

bool ScoreTree::TryUpdate(ScoredMember* member, double score) {
  Path path;
  Descend(member, path);
  const std::uint32_t slot = path.slot;
  Slot* slots = path.leaf->slots;
  if (slot == 0 || slot + 1 >= path.leaf->count()) return false;
  if (!Less(slots[slot - 1].score, slots[slot - 1].member, score, member)) return false;
  if (!Less(score, member, slots[slot + 1].score, slots[slot + 1].member)) return false;
  slots[slot].score = score;
  member->score = score;
  return true;
}

std::size_t ScoreTree::RankOf(const ScoredMember* member) const {
  Path path;
  Descend(member, path);
  std::size_t rank = path.slot;
  for (std::uint32_t i = 0; i < height_; ++i) {
    const auto [inner, child] = path.steps[i];
    for (std::uint32_t c = 0; c < child; ++c) rank += inner->sizes[c];
  }
  return rank;
}

ScoreTree::Cursor ScoreTree::At(std::size_t rank) const {
  if (rank >= size_) return {nullptr, 0};
  const void* node = root_;
  for (std::uint32_t level = height_; level > 0; --level) {
    const auto* inner = static_cast<const Inner*>(node);
    std::uint32_t child = 0;
    for (; rank >= inner->sizes[child]; ++child) rank -= inner->sizes[child];
    node = inner->children[child];
  }
  return {static_cast<const Leaf*>(node), static_cast<std::uint32_t>(rank)};
}

void ScoreTree::Descend(const ScoredMember* member, Path& path) const {
  const double score = member->score;
  void* node = root_;
  for (std::uint32_t i = 0; i < height_; ++i) {
    auto* inner = static_cast<Inner*>(node);
    // The last child whose first slot is not behind what we look for.
    std::uint32_t low = 0;
    auto high = static_cast<std::uint32_t>(inner->count);
    while (high - low > 1) {
      const std::uint32_t middle = (low + high) / 2;
      const bool behind = Less(score, member, inner->scores[middle], inner->firsts[middle]);
      (behind ? high : low) = middle;
    }
    path.steps[i] = {inner, low};
    node = inner->children[low];
  }
  path.leaf = static_cast<Leaf*>(node);
  const std::uint32_t count = path.leaf->count();
  std::uint32_t slot = 0;
  while (slot < count &&
         Less(path.leaf->slots[slot].score, path.leaf->slots[slot].member, score, member)) {
    ++slot;
  }
  path.slot = slot;
}

// Moves slots of the full leaf at the path's end to a neighbour under the same parent: leaves are
// then fuller on average than if each split at once. False when the neighbours are full too.
bool ScoreTree::Spread(const Path& path) {
  if (height_ == 0) return false;
  Inner* const parent = path.steps[height_ - 1].inner;
  const std::uint32_t child = path.steps[height_ - 1].child;
  Leaf* const leaf = path.leaf;
  const auto moved = [&](std::uint32_t from, std::uint32_t to, std::uint32_t count) {
    parent->sizes[from] -= count;
    parent->sizes[to] += count;
    const std::uint32_t right = std::max(from, to);
    const Slot& first = static_cast<Leaf*>(parent->children[right])->slots[0];
    parent->scores[right] = first.score;
    parent->firsts[right] = first.member;
    return true;
  };
  if (child + 1 < parent->count) {
    auto* right = static_cast<Leaf*>(parent->children[child + 1]);
    const std::uint32_t held = right->count();
    const std::uint32_t count = (kLeafSlots - held) / 2;
    if (count > 0) {
      std::copy_backward(right->slots, right->slots + held, right->slots + held + count);
      std::copy_n(leaf->slots + kLeafSlots - count, count, right->slots);
      right->set_count(held + count);
      leaf->set_count(kLeafSlots - count);
      return moved(child, child + 1, count);
    }
  }
  if (child > 0) {
    auto* left = static_cast<Leaf*>(parent->children[child - 1]);
    const std::uint32_t held = left->count();
    const std::uint32_t count = (kLeafSlots - held) / 2;
    if (count > 0) {
      std::copy_n(leaf->slots, count, left->slots + held);
      std::copy(leaf->slots + count, leaf->slots + kLeafSlots, leaf->slots);
      left->set_count(held + count);
      leaf->set_count(kLeafSlots - count);
      return moved(child, child - 1, count);
    }
  }
  return false;
}

// Puts what was split off to the right of the path's end into the inner nodes above.
void ScoreTree::InsertChild(const Path& path, Child right) {
  for (std::uint32_t i = height_; i-- > 0;) {
    Inner* inner = path.steps[i].inner;
    std::uint32_t at = path.steps[i].child;
    inner->sizes[at++] -= right.size;
    if (inner->count < kFanout) return PutChild(inner, at, right);

    Inner* sibling = NewInner();
    MoveChildren(inner, at == kFanout ? kFanout : kFanout / 2, sibling);
    if (at >= inner->count) {
      PutChild(sibling, at - static_cast<std::uint32_t>(inner->count), right);
    } else {
      PutChild(inner, at, right);
    }
    std::uint32_t size = 0;
    for (std::uint32_t c = 0; c < sibling->count; ++c) size += sibling->sizes[c];
    right = {sibling, {sibling->scores[0], const_cast<ScoredMember*>(sibling->firsts[0])}, size};
  }
  SATCHEL_CHECK(height_ + 1 < kMaxHeight);
  Inner* root = NewInner();
  PutChild(root, 0, {root_, {}, static_cast<std::uint32_t>(size_) - right.size});
  PutChild(root, 1, right);
  root_ = root;
  ++height_;
}

void ScoreTree::PutChild(Inner* inner, std::uint32_t at, const Child& child) {
  const auto insert = [&](auto* array, auto value) {
    std::copy_backward(array + at, array + inner->count, array + inner->count + 1);
    array[at] = value;
  };
  insert(inner->scores, child.first.score);
  insert(inner->firsts, static_cast<const ScoredMember*>(child.first.member));
  insert(inner->children, child.node);
  insert(inner->sizes, child.size);
  ++inner->count;
}

void ScoreTree::DropChild(Inner* inner, std::uint32_t at) {
  const auto erase = [&](auto* array) {
    std::copy(array + at + 1, array + inner->count, array + at);
  };
  erase(inner->scores);
  erase(inner->firsts);
  erase(inner->children);
  erase(inner->sizes);
  --inner->count;
}

// Appends the children of `from` from `begin` on to `to`.
void ScoreTree::MoveChildren(Inner* from, std::uint32_t begin, Inner* to) {
  const auto move = [&](auto* source, auto* target) {
    std::copy(source + begin, source + from->count, target + to->count);
  };
  move(from->scores, to->scores);
  move(from->firsts, to->firsts);
  move(from->children, to->children);
  move(from->sizes, to->sizes);
  to->count += from->count - begin;
  from->count = begin;
}

void ScoreTree::MoveSlots(Leaf* from, std::uint32_t begin, Leaf* to) {
  std::copy(from->slots + begin, from->slots + from->count(), to->slots + to->count());
  to->set_count(to->count() + from->count() - begin);
  from->set_count(begin);
}

// Merges the sparse leaf at the path's end with a neighbour, then the inner nodes above it as
// long as they are sparse.
void ScoreTree::MergeUp(const Path& path) {
  for (std::uint32_t i = height_; i-- > 0;) {
    Inner* const parent = path.steps[i].inner;
    const std::uint32_t child = path.steps[i].child;
    const bool leaves = i + 1 == height_;
    const auto merge = [&](std::uint32_t at) {
      return leaves ? MergeLeaves(parent, at) : MergeInners(parent, at);
    };
    const bool merged =
        (child + 1 < parent->count && merge(child)) || (child > 0 && merge(child - 1));
    if (!merged && parent->sizes[child] == 0) {
      // Alone under its parent, which goes next.
      if (leaves) {
        Unlink(path.leaf);
        FreeLeaf(path.leaf);
      } else {
        FreeInner(static_cast<Inner*>(parent->children[child]));
      }
      DropChild(parent, child);
    }
    if (parent->count >= kSparseInner) break;
  }
  if (size_ == 0) {
    if (height_ == 0) {
      FreeLeaf(static_cast<Leaf*>(root_));
    } else {
      FreeInner(static_cast<Inner*>(root_));
    }
    root_ = nullptr;
    height_ = 0;
    return;
  }
  while (height_ > 0 && static_cast<Inner*>(root_)->count == 1) {
    auto* old = static_cast<Inner*>(root_);
    root_ = old->children[0];
    FreeInner(old);
    --height_;
  }
}

// Empties the child behind `left` into it, if there is room.
bool ScoreTree::MergeLeaves(Inner* parent, std::uint32_t left) {
  auto* a = static_cast<Leaf*>(parent->children[left]);
  auto* b = static_cast<Leaf*>(parent->children[left + 1]);
  if (a->count() + b->count() > kLeafSlots) return false;
  MoveSlots(b, 0, a);
  parent->sizes[left] += parent->sizes[left + 1];
  Unlink(b);
  FreeLeaf(b);
  DropChild(parent, left + 1);
  return true;
}

bool ScoreTree::MergeInners(Inner* parent, std::uint32_t left) {
  auto* a = static_cast<Inner*>(parent->children[left]);
  auto* b = static_cast<Inner*>(parent->children[left + 1]);
  if (a->count + b->count > kFanout) return false;
  b->scores[0] = parent->scores[left + 1];
  b->firsts[0] = parent->firsts[left + 1];
  MoveChildren(b, 0, a);
  parent->sizes[left] += parent->sizes[left + 1];
  FreeInner(b);
  DropChild(parent, left + 1);
  return true;
}

void ScoreTree::Unlink(Leaf* leaf) {
  if (leaf->previous != nullptr) leaf->previous->set_next(leaf->next());
  if (leaf->next() != nullptr) leaf->next()->previous = leaf->previous;
}

void ScoreTree::FreeTree(void* node, std::uint32_t level) {
  if (level == 0) return FreeLeaf(static_cast<Leaf*>(node));
  auto* inner = static_cast<Inner*>(node);
  for (std::uint32_t i = 0; i < inner->count; ++i) FreeTree(inner->children[i], level - 1);
  FreeInner(inner);
}

ScoreTree::Leaf* ScoreTree::NewLeaf() {
  ++leaves_;
  return HeapNew<Leaf>();
}
void ScoreTree::FreeLeaf(Leaf* leaf) {
  --leaves_;
  HeapDelete(leaf);
}
ScoreTree::Inner* ScoreTree::NewInner() {
  ++inners_;
  return HeapNew<Inner>();
}
void ScoreTree::FreeInner(Inner* inner) {
  --inners_;
  HeapDelete(inner);
}

void ScoreTree::Check() const {
  SATCHEL_CHECK((root_ == nullptr) == (size_ == 0));
  if (root_ == nullptr) return;
  const ScoredMember* last = nullptr;
  SATCHEL_CHECK(CheckNode(root_, height_, &last) == size_);
  // The links meet the same leaves.
  std::size_t linked = 0;
  for (Cursor at = At(0); !at.done(); at.Next()) ++linked;
  SATCHEL_CHECK(linked == size_);
  for (Cursor at = At(size_ - 1); !at.done(); at.Previous()) --linked;
  SATCHEL_CHECK(linked == 0);
}

// `last` is the member before this subtree, and after the call its last one.
std::size_t ScoreTree::CheckNode(const void* node, std::uint32_t level,
                                 const ScoredMember** last) const {
  if (level == 0) {
    const auto* leaf = static_cast<const Leaf*>(node);
    SATCHEL_CHECK(leaf->count() > 0 && leaf->count() <= kLeafSlots);
    for (std::uint32_t i = 0; i < leaf->count(); ++i) {
      const Slot& slot = leaf->slots[i];
      SATCHEL_CHECK(slot.score == slot.member->score);
      SATCHEL_CHECK(*last == nullptr || Less((*last)->score, *last, slot.score, slot.member));
      *last = slot.member;
    }
    return leaf->count();
  }
  const auto* inner = static_cast<const Inner*>(node);
  SATCHEL_CHECK(inner->count > 0 && inner->count <= kFanout);
  std::size_t total = 0;
  for (std::uint32_t i = 0; i < inner->count; ++i) {
    const std::size_t size = CheckNode(inner->children[i], level - 1, last);
    SATCHEL_CHECK(size == inner->sizes[i]);
    total += size;
    if (i == 0) continue;
    const void* first = inner->children[i];
    for (std::uint32_t l = level - 1; l > 0; --l)
      first = static_cast<const Inner*>(first)->children[0];
    const Slot& slot = static_cast<const Leaf*>(first)->slots[0];
    SATCHEL_CHECK(inner->firsts[i] == slot.member && inner->scores[i] == slot.score);
  }
  return total;
}

}  // namespace satchel::engine
