// Set: the value behind the S* commands; members are unique byte strings.
//
// Representation, told apart by the two lowest bits of the one-word handle:
//     integers   a sorted array of 2-, 4- or 8-byte integers; while all members are canonical
//                decimal integers and at most limits.set_max_intset_entries of them
//     packed     a PackedBlock in order of insertion, while few and short; Redis has no such form
//                in 7.0, so it goes by the name of the next
//     table      a Table of members, one block each
// A set moves down this list, never up. Views of integer members are formatted into a buffer of
// the visit and die with it; all others die with the next change.
// Thread: the one that runs the engine. Cost: O(1) in a table, O(log n) to find an integer,
// O(n) to add or remove one or to walk a packed set.
// Source: redis 7.0, t_set and intset; differences in docs/compat.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "engine/packed.h"
#include "engine/table.h"
#include "engine/value.h"

namespace satchel::engine {

class Set {
 public:
#ifdef SATCHEL_TINY
  static constexpr std::size_t kMaxPackedMembers = 4;
  static constexpr std::size_t kMaxPackedMemberBytes = 8;
#else
  // A walk over so few costs about as much as a miss in a table does.
  static constexpr std::size_t kMaxPackedMembers = 32;
  static constexpr std::size_t kMaxPackedMemberBytes = 64;
#endif

  Set() = default;
  Set(Set&& other) noexcept : bits_(std::exchange(other.bits_, kIntegers)) {}
  Set& operator=(Set&& other) noexcept {
    std::swap(bits_, other.bits_);
    return *this;
  }
  ~Set() { Clear(); }

  std::size_t size() const;
  bool empty() const { return size() == 0; }

  bool Contains(std::string_view member) const;
  // False when the member was there. `member` must not lie in this set.
  bool Add(std::string_view member, const ValueContext& context);
  // False when the member is absent.
  bool Remove(std::string_view member);
  void Clear();
  // As Table::ClearSome.
  bool ClearSome(std::uint64_t& cursor, std::size_t& budget);

  // Visits all members until `visit(member)` returns false: integers in ascending order. No
  // change inside.
  template <class Visit>
  void ForEach(Visit visit) const {
    switch (form()) {
      case kIntegers:
        for (std::size_t i = 0; i < size(); ++i) {
          char text[kMaxIntText];
          if (!visit(IntegerText(i, text))) return;
        }
        return;
      case kPacked: {
        const PackedView block = packed();
        for (auto at = block.begin(); at != block.end(); at = block.Next(at)) {
          if (!visit(block.At(at))) return;
        }
        return;
      }
      case kTable:
        table()->ForEach([&](const Node* node) { return visit(node->member()); });
        return;
    }
  }

  // As Table::Scan, `visit(member)`; other forms are visited whole.
  template <class Visit>
  std::uint64_t Scan(std::uint64_t cursor, Visit visit) const {
    if (form() == kTable) {
      return table()->Scan(cursor, [&](Node* node) { visit(node->member()); });
    }
    ForEach([&](std::string_view member) {
      visit(member);
      return true;
    });
    return 0;
  }

  // Visits the members whose hashes are in [begin, end); 0 as end stands for 2^64. Requires
  // is_table().
  template <class Visit>
  void VisitHashRange(std::uint64_t begin, std::uint64_t end, Visit visit) const {
    table()->VisitHashRange(begin, end,
                            [&](const Node* node, std::uint64_t) { visit(node->member()); });
  }

  // Each member with the same probability; `buffer` holds the text of an integer. Requires
  // !empty().
  std::string_view RandomMember(Random& random, char (&buffer)[kMaxIntText]) const;

  bool is_table() const { return form() == kTable; }
  bool is_integers() const { return form() == kIntegers; }
  // Requires is_integers() and index < size(); ascending.
  std::int64_t IntegerAt(std::size_t index) const;
  std::string_view encoding() const { return is_integers() ? "intset" : "hashtable"; }
  // A copy of its own, in the same form. O(size).
  Set Clone() const;

  std::size_t MemoryBytes() const;  // exact heap bytes; O(size) once it is a table
  void Check() const;

 private:
  enum Form : std::uintptr_t { kIntegers = 0, kPacked = 1, kTable = 2 };
  static constexpr std::uintptr_t kFormMask = 3;

  // Followed by `capacity` integers of `width` bytes, `count` of them in use.
  struct Integers {
    std::uint32_t count;
    std::uint32_t width : 4;
    std::uint32_t capacity : 28;

    char* data() { return reinterpret_cast<char*>(this + 1); }
    std::int64_t At(std::size_t index);
    void Put(std::size_t index, std::int64_t value);
    std::size_t Bytes() const { return sizeof(Integers) + std::size_t{capacity} * width; }
  };
  struct Node {
    std::uint32_t bytes;

    char* data() { return reinterpret_cast<char*>(this + 1); }
    std::string_view member() const { return {reinterpret_cast<const char*>(this + 1), bytes}; }
    std::size_t size() const { return sizeof(Node) + bytes; }
    static Node* Make(std::string_view member);
    static void Free(Node* node);
  };
  struct Policy {
    using Item = Node;
    static std::string_view Key(const Node* node) { return node->member(); }
    static void Free(Node* node) { Node::Free(node); }
  };
  using Members = Table<Policy>;

  Form form() const { return static_cast<Form>(bits_ & kFormMask); }
  Integers* integers() const { return reinterpret_cast<Integers*>(bits_); }
  PackedView packed() const {
    return PackedView(reinterpret_cast<const void*>(bits_ & ~kFormMask));
  }
  Members* table() const { return reinterpret_cast<Members*>(bits_ & ~kFormMask); }
  std::string_view IntegerText(std::size_t index, char (&buffer)[kMaxIntText]) const {
    return {buffer, static_cast<std::size_t>(FormatIntTo(buffer, IntegerAt(index)))};
  }

  // The index of the first integer that is not less than `value`.
  std::size_t LowerBound(std::int64_t value) const;
  bool AddInteger(std::int64_t value);
  void RemoveInteger(std::size_t index);
  void ResizeIntegers(std::size_t capacity, std::uint32_t width);
  bool AddPacked(std::string_view member);
  // From integers to packed if they fit there with one more member, else to a table.
  void LeaveIntegers(std::string_view next, std::uint64_t seed);
  void ConvertToPacked();
  void ConvertToTable(std::uint64_t seed);

  std::uintptr_t bits_ = kIntegers;
};
static_assert(sizeof(Set) == 8);

}  // namespace satchel::engine
