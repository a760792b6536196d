// List: the value behind the L* and R* commands.
//
// Representation: linked blocks of packed elements. The elements of a block are contiguous with
// free room before or behind them, so that pushing and popping at either end moves nothing. A
// block holds up to what limits.list_max_listpack_size says; an element that is larger than that
// has a block of its own. The handle is one word: null, the only block, or (lowest bit set) a
// root with both ends and the length.
// Thread: the one that runs the engine. Cost: O(1) at the ends; else the way to the block from the
// nearer end, n / elements per block, and a move within it. Views die with the next change.
// Source: redis 7.0, t_list and quicklist; differences in docs/compat.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/packed.h"
#include "engine/value.h"

namespace satchel::engine {

enum class ListEnd : std::uint8_t { kFront, kBack };

class List {
 public:
  List() = default;
  List(List&& other) noexcept : bits_(std::exchange(other.bits_, 0)) {}
  List& operator=(List&& other) noexcept {
    std::swap(bits_, other.bits_);
    return *this;
  }
  ~List() { Clear(); }

  std::size_t size() const;
  bool empty() const { return size() == 0; }

  // `element` must not lie in this list, here and in Insert and Set.
  void Push(ListEnd end, std::string_view element, const ValueContext& context);
  void PushFront(std::string_view element, const ValueContext& context) {
    Push(ListEnd::kFront, element, context);
  }
  void PushBack(std::string_view element, const ValueContext& context) {
    Push(ListEnd::kBack, element, context);
  }
  // The first or last element. Requires !empty().
  std::string_view Peek(ListEnd end) const;
  // Drops it. Requires !empty().
  void Pop(ListEnd end);
  void PopFront() { Pop(ListEnd::kFront); }
  void PopBack() { Pop(ListEnd::kBack); }

  // Empty when index >= size().
  std::optional<std::string_view> At(std::size_t index) const;
  // Requires index < size().
  void Set(std::size_t index, std::string_view element, const ValueContext& context);
  // Before the element that is at `index` now. Requires index <= size().
  void Insert(std::size_t index, std::string_view element, const ValueContext& context);
  // Erases [index, index + count), cut to what exists. Returns how many.
  std::size_t Erase(std::size_t index, std::size_t count, const ValueContext& context);
  // Keeps [begin, end) only; LTRIM.
  void Keep(std::size_t begin, std::size_t end, const ValueContext& context);
  // Erases elements that equal `element`, at most `limit` of them, the first met from that end.
  // Returns how many. O(n).
  std::size_t EraseEqual(std::string_view element, std::size_t limit, ListEnd from,
                         const ValueContext& context);
  void Clear();
  // Frees blocks of a list that nobody will look at again, until their elements have used up the
  // budget. True when all is gone; until then only this and Clear may be called.
  bool ClearSome(std::size_t& budget);

  // Visits the elements from `index` on, towards the back, until `visit(element)` returns false.
  // No change inside.
  template <class Visit>
  void VisitFrom(std::size_t index, Visit visit) const {
    if (index >= size()) return;
    auto [block, at] = Locate(index);
    while (block != nullptr) {
      for (; at != block->end; at = block->Next(at)) {
        if (!visit(packed::Read(block->data() + at))) return;
      }
      block = block->next;
      if (block != nullptr) at = block->begin;
    }
  }
  // As VisitFrom, towards the front; `index` is visited first.
  template <class Visit>
  void VisitBackFrom(std::size_t index, Visit visit) const {
    if (index >= size()) return;
    auto [block, at] = Locate(index);
    at = block->Next(at);
    while (block != nullptr) {
      while (at != block->begin) {
        at = block->Previous(at);
        if (!visit(packed::Read(block->data() + at))) return;
      }
      block = block->previous;
      if (block != nullptr) at = block->end;
    }
  }
  // All elements, front to back.
  template <class Visit>
  void ForEach(Visit visit) const {
    VisitFrom(0, visit);
  }

  std::string_view encoding() const { return "quicklist"; }
  // A copy of its own. O(n).
  List Clone() const;

  std::size_t MemoryBytes() const;  // exact heap bytes; O(blocks)
  void Check() const;

 private:
  static constexpr std::uintptr_t kRootBit = 1;

  // Offsets count from data(); the elements are [begin, end).
  struct Block {
    Block* previous = nullptr;
    Block* next = nullptr;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t capacity = 0;
    std::uint32_t count = 0;

    char* data() { return reinterpret_cast<char*>(this + 1); }
    std::uint32_t used() const { return end - begin; }
    std::uint32_t Next(std::uint32_t at) {
      return static_cast<std::uint32_t>(packed::Next(data() + at) - data());
    }
    std::uint32_t Previous(std::uint32_t at) {
      return static_cast<std::uint32_t>(packed::Previous(data() + at) - data());
    }
    std::size_t bytes() const { return sizeof(Block) + capacity; }
  };
  struct Root {
    Block* front;
    Block* back;
    std::size_t count;
  };
  struct Place {
    Block* block;
    std::uint32_t at;
  };
  // What one block may hold.
  struct BlockLimit {
    explicit BlockLimit(const ValueContext& context);
    std::uint32_t bytes;
    std::uint32_t count;
  };

  Root* root() const {
    return (bits_ & kRootBit) == 0 ? nullptr : reinterpret_cast<Root*>(bits_ & ~kRootBit);
  }
  Block* front() const;
  Block* back() const;
  Place Locate(std::size_t index) const;

  static Block* NewBlock(std::size_t capacity);
  static void FreeBlock(Block* block);
  // Links a fresh block between two neighbours, either of which may be null.
  void Link(Block* block, Block* previous, Block* next);
  void Unlink(Block* block);
  void Replace(Block* old, Block* fresh);
  void CountChanged(std::ptrdiff_t by);

  Block* MakeRoom(Block* block, ListEnd end, std::uint32_t bytes, const BlockLimit& limit);
  Block* Resize(Block* block, std::size_t capacity, ListEnd gap);
  void Put(Block* block, ListEnd end, std::string_view element);
  void InsertInside(Place place, std::string_view element, const BlockLimit& limit);
  Block* Split(Place place);
  std::uint32_t EraseInside(Block* block, std::uint32_t at, std::uint32_t to, std::uint32_t count);
  void Tidy(Block* block, const BlockLimit& limit);
  void MergeWithNext(Block* block, const BlockLimit& limit);

  std::uintptr_t bits_ = 0;
};
static_assert(sizeof(List) == 8);

}  // namespace satchel::engine
