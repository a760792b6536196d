// Hash: the value behind the H* commands; fields are unique byte strings.
//
// Representation: while small, one PackedBlock of field, value, field, value in order of first
// insertion, searched from the front; else a Table of fields, one block each. The switch is made
// when limits.hash_max_listpack_entries or _value is exceeded, and never undone. The handle is
// one word: a pointer whose lowest bits tell the forms apart. Once a deadline of a field was asked
// for, the pair of them and a sorted set of the fields that have one (score: the deadline) is kept.
// Thread: the one that runs the engine. Cost: O(1), or one walk over the packed form; views die
// with the next change.
// Source: redis 7.0, t_hash and listpack order; differences in docs/compat.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/packed.h"
#include "engine/sorted_set.h"
#include "engine/table.h"
#include "engine/value.h"

namespace satchel::engine {

class Hash {
 public:
  using Pair = std::pair<std::string_view, std::string_view>;  // field, value

  Hash() = default;
  Hash(Hash&& other) noexcept : bits_(std::exchange(other.bits_, 0)) {}
  Hash& operator=(Hash&& other) noexcept {
    std::swap(bits_, other.bits_);
    return *this;
  }
  ~Hash() { Clear(); }

  std::size_t size() const;
  bool empty() const { return is_timed() ? plain().empty() : bits_ == 0; }

  // Empty when the field is absent.
  std::optional<std::string_view> Get(std::string_view field) const;
  // True when the field is new. `field` and `value` must not lie in this hash. A deadline of the
  // field is forgotten.
  bool Set(std::string_view field, std::string_view value, const ValueContext& context);
  // The same, keeping the field's deadline.
  bool SetValue(std::string_view field, std::string_view value, const ValueContext& context);
  // False when the field is absent.
  bool Erase(std::string_view field);
  void Clear();
  // As Table::ClearSome.
  bool ClearSome(std::uint64_t& cursor, std::size_t& budget);

  // Deadlines of fields, unix ms, at most kMaxFieldDeadline. Nothing happens when one passes: the
  // caller erases what is due.
  // From now on the hash keeps deadlines, and says so by its encoding.
  void KeepDeadlines();
  bool is_timed() const { return (bits_ & kFormMask) == kTimedForm; }
  bool has_deadlines() const;
  std::optional<std::int64_t> Deadline(std::string_view field) const;
  // Requires is_timed() and that the field is there.
  void SetDeadline(std::string_view field, std::int64_t deadline_ms, const ValueContext& context);
  // False when it had none.
  bool ClearDeadline(std::string_view field);
  // The field with the earliest deadline. Requires has_deadlines(). O(log n).
  std::pair<std::string_view, std::int64_t> EarliestDeadline() const;

  // Visits all fields until `visit(field, value)` returns false: in order of insertion while
  // packed. No change inside.
  template <class Visit>
  void ForEach(Visit visit) const {
    if (is_timed()) return plain().ForEach(visit);
    if (const Fields* fields = table()) {
      fields->ForEach([&](const Node* node) { return visit(node->field(), node->value()); });
      return;
    }
    const PackedView fields = packed();
    for (auto at = fields.begin(); at != fields.end();) {
      const auto value = fields.Next(at);
      if (!visit(fields.At(at), fields.At(value))) return;
      at = fields.Next(value);
    }
  }

  // As Table::Scan, `visit(field, value)`; a packed hash is visited whole.
  template <class Visit>
  std::uint64_t Scan(std::uint64_t cursor, Visit visit) const {
    if (is_timed()) return plain().Scan(cursor, visit);
    if (const Fields* fields = table()) {
      return const_cast<Fields*>(fields)->Scan(
          cursor, [&](Node* node) { visit(node->field(), node->value()); });
    }
    ForEach([&](std::string_view field, std::string_view value) {
      visit(field, value);
      return true;
    });
    return 0;
  }

  // Visits the fields whose hashes are in [begin, end); 0 as end stands for 2^64. Requires
  // !is_packed().
  template <class Visit>
  void VisitHashRange(std::uint64_t begin, std::uint64_t end, Visit visit) const {
    if (is_timed()) return plain().VisitHashRange(begin, end, visit);
    table()->VisitHashRange(
        begin, end, [&](const Node* node, std::uint64_t) { visit(node->field(), node->value()); });
  }

  // Each field with the same probability. Requires !empty().
  Pair RandomField(Random& random) const;
  // The field with this number in ForEach's order. Requires is_packed().
  Pair PackedAt(std::size_t number) const;

  bool is_packed() const { return is_timed() ? plain().is_packed() : (bits_ & kTableBit) == 0; }
  std::string_view encoding() const {
    return !is_packed() ? "hashtable" : is_timed() ? "listpackex" : "listpack";
  }
  // A copy of its own, in the same representation. O(size).
  Hash Clone() const;

  std::size_t MemoryBytes() const;  // exact heap bytes; O(size) once it is a table
  void Check() const;

 private:
  static constexpr std::uintptr_t kTableBit = 1;
  static constexpr std::uintptr_t kTimedForm = 2;
  static constexpr std::uintptr_t kFormMask = 3;

  struct Timed;

  // [lengths][field][value], one allocation.
  struct Node {
    std::uint32_t field_bytes;
    std::uint32_t value_bytes;

    char* bytes() { return reinterpret_cast<char*>(this + 1); }
    const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
    std::string_view field() const { return {bytes(), field_bytes}; }
    std::string_view value() const { return {bytes() + field_bytes, value_bytes}; }
    std::size_t size() const { return sizeof(Node) + field_bytes + value_bytes; }
    static Node* Make(std::string_view field, std::string_view value);
    static void Free(Node* node);
  };
  struct Policy {
    using Item = Node;
    static std::string_view Key(const Node* node) { return node->field(); }
    static void Free(Node* node) { Node::Free(node); }
  };
  using Fields = Table<Policy>;

  // Null unless it is this form: one of three.
  Fields* table() const {
    return (bits_ & kTableBit) == 0 ? nullptr : reinterpret_cast<Fields*>(bits_ & ~kTableBit);
  }
  const Hash& plain() const;  // requires is_timed()
  Timed* timed() const { return reinterpret_cast<Timed*>(bits_ & ~kFormMask); }
  PackedView packed() const { return PackedView(reinterpret_cast<const void*>(bits_)); }
  void ConvertToTable(std::uint64_t seed);
  bool SetInTable(std::string_view field, std::string_view value);

  std::uintptr_t bits_ = 0;
};
static_assert(sizeof(Hash) == 8);

struct Hash::Timed {
  Hash fields;
  SortedSet deadlines;
};

inline const Hash& Hash::plain() const { return timed()->fields; }

// As redis 7.4: 2^46 - 1.
inline constexpr std::int64_t kMaxFieldDeadline = (std::int64_t{1} << 46) - 1;

}  // namespace satchel::engine
