#include "engine/list.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/heap.h"

namespace satchel::engine {
namespace {

constexpr std::uint32_t kFirstCapacity = 32;  // of a list's first block, in bytes
constexpr std::size_t kBlockBytes = 8192;     // where list-max-listpack-size counts elements

}  // namespace

List::BlockLimit::BlockLimit(const ValueContext& context) {
  const std::int64_t size = context.limits.list_max_listpack_size;
  std::size_t whole = kBlockBytes;
  if (size < 0) whole = std::size_t{4096} << (std::min<std::int64_t>(-size, 5) - 1);
  bytes = static_cast<std::uint32_t>(whole - sizeof(Block));
  count = size < 0 ? std::numeric_limits<std::uint32_t>::max()
                   : static_cast<std::uint32_t>(std::clamp<std::int64_t>(size, 1, 32'767));
}

std::size_t List::size() const {
  if (const Root* ends = root()) return ends->count;
  return bits_ == 0 ? 0 : front()->count;
}

void List::Push(ListEnd end, std::string_view element, const ValueContext& context) {
  const BlockLimit limit(context);
  const auto bytes = static_cast<std::uint32_t>(packed::ElementBytes(element.size()));
  Block* neighbour = end == ListEnd::kFront ? front() : back();
  Block* block = neighbour == nullptr ? nullptr : MakeRoom(neighbour, end, bytes, limit);
  if (block == nullptr) {
    // The second block of a list that is counted in bytes will be filled, the first may not.
    const bool will_fill = neighbour != nullptr && limit.count > limit.bytes;
    block = NewBlock(std::max(bytes, will_fill ? limit.bytes : kFirstCapacity));
    block->begin = block->end = end == ListEnd::kFront ? block->capacity : 0;
    if (end == ListEnd::kFront) {
      Link(block, nullptr, neighbour);
    } else {
      Link(block, neighbour, nullptr);
    }
  }
  Put(block, end, element);
}

std::string_view List::Peek(ListEnd end) const {
  SATCHEL_DCHECK(!empty());
  if (end == ListEnd::kFront) return packed::Read(front()->data() + front()->begin);
  return packed::Read(back()->data() + back()->Previous(back()->end));
}

void List::Pop(ListEnd end) {
  SATCHEL_DCHECK(!empty());
  Block* block = end == ListEnd::kFront ? front() : back();
  if (end == ListEnd::kFront) {
    block->begin = block->Next(block->begin);
  } else {
    block->end = block->Previous(block->end);
  }
  --block->count;
  CountChanged(-1);
  if (block->count == 0) {
    Unlink(block);
    FreeBlock(block);
  } else if (root() == nullptr && block->capacity > 256 && block->used() < block->capacity / 4) {
    Resize(block, 2 * block->used(), end);
  }
}

std::optional<std::string_view> List::At(std::size_t index) const {
  if (index >= size()) return std::nullopt;
  const auto [block, at] = Locate(index);
  return packed::Read(block->data() + at);
}

void List::Set(std::size_t index, std::string_view element, const ValueContext& context) {
  SATCHEL_DCHECK(index < size());
  const auto [block, at] = Locate(index);
  if (packed::Read(block->data() + at).size() == element.size()) {
    packed::Write(block->data() + at, element);
    return;
  }
  Insert(index, element, context);
  Erase(index + 1, 1, context);
}

void List::Insert(std::size_t index, std::string_view element, const ValueContext& context) {
  SATCHEL_DCHECK(index <= size());
  if (index == 0) return PushFront(element, context);
  if (index == size()) return PushBack(element, context);
  InsertInside(Locate(index), element, BlockLimit(context));
}

std::size_t List::Erase(std::size_t index, std::size_t count, const ValueContext& context) {
  if (index >= size()) return 0;
  count = std::min(count, size() - index);
  const BlockLimit limit(context);
  auto [block, at] = Locate(index);
  for (std::size_t left = count; left > 0;) {
    Block* const next = block->next;
    std::uint32_t to = at;
    std::uint32_t here = 0;
    if (at == block->begin && left >= block->count) {
      to = block->end;
      here = block->count;
    }
    for (; to != block->end && here < left; ++here) to = block->Next(to);
    EraseInside(block, at, to, here);
    left -= here;
    if (left > 0 || block->count == 0) {
      if (block->count == 0) {
        Unlink(block);
        FreeBlock(block);
      }
    } else {
      Tidy(block, limit);
    }
    block = next;
    if (left > 0) at = block->begin;
  }
  return count;
}

void List::Keep(std::size_t begin, std::size_t end, const ValueContext& context) {
  if (end < size()) Erase(end, size() - end, context);
  Erase(0, begin, context);
}

std::size_t List::EraseEqual(std::string_view element, std::size_t limit, ListEnd from,
                             const ValueContext& context) {
  const bool forward = from == ListEnd::kFront;
  const BlockLimit block_limit(context);
  std::size_t erased = 0;
  for (Block* block = forward ? front() : back(); block != nullptr && erased < limit;) {
    Block* const following = forward ? block->next : block->previous;
    const std::size_t before = erased;
    // The element to look at begins, or when going back ends, at `at`.
    for (std::uint32_t at = forward ? block->begin : block->end;
         erased < limit && at != (forward ? block->end : block->begin);) {
      const std::uint32_t first = forward ? at : block->Previous(at);
      const std::uint32_t behind = forward ? block->Next(at) : at;
      if (packed::Read(block->data() + first) == element) {
        at = EraseInside(block, first, behind, 1);
        ++erased;
      } else {
        at = forward ? behind : first;
      }
    }
    if (block->count == 0) {
      Unlink(block);
      FreeBlock(block);
    } else if (erased > before && (!forward || block->previous != nullptr)) {
      // Only with what was passed already.
      MergeWithNext(forward ? block->previous : block, block_limit);
    }
    block = following;
  }
  return erased;
}

void List::Clear() {
  for (Block* block = front(); block != nullptr;) FreeBlock(std::exchange(block, block->next));
  if (Root* ends = root()) HeapDelete(ends);
  bits_ = 0;
}

bool List::ClearSome(std::size_t& budget) {
  while (Block* block = front()) {
    if (budget == 0) return false;
    budget -= std::min<std::size_t>(budget, block->count);
    Unlink(block);
    FreeBlock(block);
  }
  return true;
}

List List::Clone() const {
  List copy;
  for (Block* block = front(); block != nullptr; block = block->next) {
    Block* twin = NewBlock(block->used());
    std::memcpy(twin->data(), block->data() + block->begin, block->used());
    twin->end = block->used();
    copy.Link(twin, copy.back(), nullptr);
    twin->count = block->count;
    if (Root* ends = copy.root()) ends->count = ends->count + block->count;
  }
  return copy;
}

std::size_t List::MemoryBytes() const {
  std::size_t bytes = root() == nullptr ? 0 : sizeof(Root);
  for (const Block* block = front(); block != nullptr; block = block->next) {
    bytes += block->bytes();
  }
  return bytes;
}

void List::Check() const {
  std::size_t count = 0;
  const Block* previous = nullptr;
  for (Block* block = front(); block != nullptr; block = block->next) {
    SATCHEL_CHECK(block->previous == previous && block->count > 0);
    SATCHEL_CHECK(block->begin < block->end && block->end <= block->capacity);
    std::uint32_t elements = 0;
    for (std::uint32_t at = block->begin; at != block->end; at = block->Next(at)) {
      SATCHEL_CHECK(at < block->end && block->Previous(block->Next(at)) == at);
      ++elements;
    }
    SATCHEL_CHECK(elements == block->count);
    count += elements;
    previous = block;
  }
  SATCHEL_CHECK(previous == back() && count == size());
}

List::Block* List::front() const {
  if (const Root* ends = root()) return ends->front;
  return reinterpret_cast<Block*>(bits_);
}
List::Block* List::back() const {
  if (const Root* ends = root()) return ends->back;
  return reinterpret_cast<Block*>(bits_);
}

List::Place List::Locate(std::size_t index) const {
  Block* block;
  if (index < size() / 2) {
    block = front();
    for (; index >= block->count; block = block->next) index -= block->count;
  } else {
    std::size_t behind = size() - index;  // elements from `index` on
    block = back();
    for (; behind > block->count; block = block->previous) behind -= block->count;
    index = block->count - behind;
  }
  std::uint32_t at;
  if (index <= block->count / 2) {
    at = block->begin;
    for (; index > 0; --index) at = block->Next(at);
  } else {
    at = block->end;
    for (index = block->count - index; index > 0; --index) at = block->Previous(at);
  }
  return {block, at};
}

List::Block* List::NewBlock(std::size_t capacity) {
  capacity = (capacity + 7) / 8 * 8;
  auto* block = new (Heap::Current().Allocate(sizeof(Block) + capacity)) Block;
  block->capacity = static_cast<std::uint32_t>(capacity);
  return block;
}

void List::FreeBlock(Block* block) { Heap::Current().Free(block, block->bytes()); }

void List::Link(Block* block, Block* previous, Block* next) {
  block->previous = previous;
  block->next = next;
  if (bits_ == 0) {
    bits_ = reinterpret_cast<std::uintptr_t>(block);
    return;
  }
  if (root() == nullptr) {
    Block* only = front();
    auto* ends = HeapNew<Root>(Root{only, only, only->count});
    bits_ = reinterpret_cast<std::uintptr_t>(ends) | kRootBit;
  }
  (previous == nullptr ? root()->front : previous->next) = block;
  (next == nullptr ? root()->back : next->previous) = block;
}

void List::Unlink(Block* block) {
  Root* ends = root();
  if (ends == nullptr) {
    bits_ = 0;
    return;
  }
  (block->previous == nullptr ? ends->front : block->previous->next) = block->next;
  (block->next == nullptr ? ends->back : block->next->previous) = block->previous;
  if (ends->front == nullptr) {
    HeapDelete(ends);
    bits_ = 0;
  }
}

// Puts `fresh` where `old` is linked.
void List::Replace(Block* old, Block* fresh) {
  fresh->previous = old->previous;
  fresh->next = old->next;
  Root* ends = root();
  if (ends == nullptr) {
    bits_ = reinterpret_cast<std::uintptr_t>(fresh);
    return;
  }
  (old->previous == nullptr ? ends->front : old->previous->next) = fresh;
  (old->next == nullptr ? ends->back : old->next->previous) = fresh;
}

void List::CountChanged(std::ptrdiff_t by) {
  if (Root* ends = root()) ends->count += static_cast<std::size_t>(by);
}

// Sees to it that an element of so many bytes can be put at this end of the block, which may
// move. Null: the block is full, or nearly so and would have to move its elements too often.
List::Block* List::MakeRoom(Block* block, ListEnd end, std::uint32_t bytes,
                            const BlockLimit& limit) {
  if (block->count >= limit.count) return nullptr;
  const bool at_front = end == ListEnd::kFront;
  const std::uint32_t used = block->used();
  const std::uint32_t gap = at_front ? block->begin : block->capacity - block->end;
  if (gap >= bytes) return block;
  if (used + bytes > limit.bytes) return nullptr;
  const std::uint32_t slack = block->capacity - used;
  if (slack < bytes || (slack < block->capacity / 4 && block->capacity < limit.bytes)) {
    const std::uint32_t target = std::max(used + bytes, used + used / 2);
    return Resize(block, std::min(limit.bytes, target), end);
  }
  if (slack < block->capacity / 4) return nullptr;
  // Three quarters of the room to this end: alternating pushes do not move everything each time.
  const std::uint32_t wanted = std::max(bytes, slack - slack / 4);
  const std::uint32_t begin = at_front ? wanted : slack - wanted;
  std::memmove(block->data() + begin, block->data() + block->begin, used);
  block->begin = begin;
  block->end = begin + used;
  return block;
}

// Moves the elements to a block of another capacity, with all the room at one end.
List::Block* List::Resize(Block* block, std::size_t capacity, ListEnd gap) {
  Block* fresh = NewBlock(capacity);
  fresh->begin = gap == ListEnd::kFront ? fresh->capacity - block->used() : 0;
  fresh->end = fresh->begin + block->used();
  fresh->count = block->count;
  std::memcpy(fresh->data() + fresh->begin, block->data() + block->begin, block->used());
  Replace(block, fresh);
  FreeBlock(block);
  return fresh;
}

// Requires room at that end.
void List::Put(Block* block, ListEnd end, std::string_view element) {
  const auto bytes = static_cast<std::uint32_t>(packed::ElementBytes(element.size()));
  if (end == ListEnd::kFront) {
    block->begin -= bytes;
    packed::Write(block->data() + block->begin, element);
  } else {
    packed::Write(block->data() + block->end, element);
    block->end += bytes;
  }
  ++block->count;
  CountChanged(1);
}

void List::InsertInside(Place place, std::string_view element, const BlockLimit& limit) {
  auto [block, at] = place;
  const auto bytes = static_cast<std::uint32_t>(packed::ElementBytes(element.size()));
  if (block->count < limit.count && block->used() + bytes <= limit.bytes) {
    const std::uint32_t before = at - block->begin;
    const std::uint32_t target = block->used() + bytes;
    if (block->capacity < target) {
      block = Resize(block, std::min(limit.bytes, target + target / 4), ListEnd::kBack);
    }
    const bool back_fits = block->capacity - block->end >= bytes;
    const bool front_fits = block->begin >= bytes;
    if (!back_fits && !front_fits) {
      std::memmove(block->data(), block->data() + block->begin, block->used());
      block->end = block->used();
      block->begin = 0;
    }
    char* const position = block->data() + block->begin + before;
    if (front_fits && (!back_fits || before < block->used() / 2)) {
      std::memmove(block->data() + block->begin - bytes, block->data() + block->begin, before);
      block->begin -= bytes;
      packed::Write(position - bytes, element);
    } else {
      std::memmove(position + bytes, position, block->used() - before);
      block->end += bytes;
      packed::Write(position, element);
    }
    ++block->count;
    CountChanged(1);
    return;
  }
  Block* right = at == block->begin ? block : Split(place);
  Block* left = right->previous;
  if (left != nullptr) {
    if (Block* roomy = MakeRoom(left, ListEnd::kBack, bytes, limit)) {
      return Put(roomy, ListEnd::kBack, element);
    }
  }
  Block* own = NewBlock(bytes);
  Link(own, left, right);
  Put(own, ListEnd::kBack, element);
}

// Moves the elements from the place on into a block of their own, and returns that. Requires
// that some stay.
List::Block* List::Split(Place place) {
  auto [block, at] = place;
  Block* right = NewBlock(block->end - at);
  std::memcpy(right->data(), block->data() + at, block->end - at);
  right->end = block->end - at;
  for (std::uint32_t i = 0; i != right->end; i = right->Next(i)) ++right->count;
  Link(right, block, block->next);
  block->end = at;
  block->count -= right->count;
  return right;
}

// Erases `count` elements, [at, to), by moving the smaller part. Returns where what followed them
// now begins, which is where what was before them now ends.
std::uint32_t List::EraseInside(Block* block, std::uint32_t at, std::uint32_t to,
                                std::uint32_t count) {
  const std::uint32_t bytes = to - at;
  block->count -= count;
  CountChanged(-static_cast<std::ptrdiff_t>(count));
  if (at - block->begin < block->end - to) {
    std::memmove(block->data() + block->begin + bytes, block->data() + block->begin,
                 at - block->begin);
    block->begin += bytes;
    return to;
  }
  std::memmove(block->data() + at, block->data() + to, block->end - to);
  block->end -= bytes;
  return at;
}

// Merges the block with its neighbours while they are small.
void List::Tidy(Block* block, const BlockLimit& limit) {
  Block* const previous = block->previous;
  MergeWithNext(block, limit);
  if (previous != nullptr) MergeWithNext(previous, limit);
}

void List::MergeWithNext(Block* block, const BlockLimit& limit) {
  Block* next = block->next;
  if (next == nullptr || block->used() + next->used() > limit.bytes / 2 ||
      block->count + next->count > limit.count) {
    return;
  }
  if (block->capacity - block->end < next->used()) {
    block = Resize(block, block->used() + next->used(), ListEnd::kBack);
  }
  std::memcpy(block->data() + block->end, next->data() + next->begin, next->used());
  block->end += next->used();
  block->count += next->count;
  Unlink(next);
  FreeBlock(next);
}

}  // namespace satchel::engine
