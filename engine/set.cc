#include "engine/set.h"

#include <algorithm>

#include "base/bytes.h"
#include "engine/heap.h"

namespace satchel::engine {
namespace {

std::uint32_t WidthOf(std::int64_t value) {
  if (value == static_cast<std::int16_t>(value)) return 2;
  if (value == static_cast<std::int32_t>(value)) return 4;
  return 8;
}

}  // namespace

std::int64_t Set::Integers::At(std::size_t index) {
  const char* at = data() + index * width;
  if (width == 2) return LoadLe<std::int16_t>(at);
  if (width == 4) return LoadLe<std::int32_t>(at);
  return LoadLe<std::int64_t>(at);
}

void Set::Integers::Put(std::size_t index, std::int64_t value) {
  std::memcpy(data() + index * width, &value, width);
}

Set::Node* Set::Node::Make(std::string_view member) {
  auto* node = new (Heap::Current().Allocate(sizeof(Node) + member.size()))
      Node{static_cast<std::uint32_t>(member.size())};
  std::copy(member.begin(), member.end(), node->data());
  return node;
}

void Set::Node::Free(Node* node) { Heap::Current().Free(node, node->size()); }

std::size_t Set::size() const {
  switch (form()) {
    case kIntegers:
      return integers() == nullptr ? 0 : integers()->count;
    case kPacked:
      return packed().count();
    case kTable:
      break;
  }
  return table()->size();
}

bool Set::Contains(std::string_view member) const {
  switch (form()) {
    case kIntegers: {
      const auto value = ParseInt(member);
      if (!value) return false;
      const std::size_t index = LowerBound(*value);
      return index < size() && IntegerAt(index) == *value;
    }
    case kPacked:
      return packed().Search(member, 1) != packed().end();
    case kTable:
      break;
  }
  return table()->Find(member, table()->HashOf(member)) != nullptr;
}

bool Set::Add(std::string_view member, const ValueContext& context) {
  if (form() == kIntegers) {
    if (const auto value = ParseInt(member)) {
      if (!AddInteger(*value)) return false;
      const auto most = static_cast<std::size_t>(context.limits.set_max_intset_entries);
      if (size() > most) LeaveIntegers({}, context.hash_seed);
      return true;
    }
    LeaveIntegers(member, context.hash_seed);
  }
  if (form() == kPacked) {
    if (packed().Search(member, 1) != packed().end()) return false;
    if (AddPacked(member)) return true;
    ConvertToTable(context.hash_seed);
  }
  const std::uint64_t hash = table()->HashOf(member);
  if (table()->Find(member, hash) != nullptr) return false;
  table()->Insert(Node::Make(member), hash);
  return true;
}

bool Set::Remove(std::string_view member) {
  switch (form()) {
    case kIntegers: {
      if (!Contains(member)) return false;
      RemoveInteger(LowerBound(*ParseInt(member)));
      return true;
    }
    case kPacked: {
      const auto at = packed().Search(member, 1);
      if (at == packed().end()) return false;
      PackedEdit(bits_, kPacked)->Erase(at);
      return true;
    }
    case kTable:
      break;
  }
  Node* node = table()->Remove(member, table()->HashOf(member));
  if (node == nullptr) return false;
  Node::Free(node);
  return true;
}

void Set::Clear() {
  switch (form()) {
    case kIntegers:
      if (integers() != nullptr) Heap::Current().Free(integers(), integers()->Bytes());
      break;
    case kPacked:
      PackedEdit(bits_, kPacked)->Clear();
      break;
    case kTable:
      HeapDelete(table());
      break;
  }
  bits_ = kIntegers;
}

bool Set::ClearSome(std::uint64_t& cursor, std::size_t& budget) {
  if (is_table() && !table()->ClearSome(cursor, budget)) return false;
  Clear();
  return true;
}

std::string_view Set::RandomMember(Random& random, char (&buffer)[kMaxIntText]) const {
  switch (form()) {
    case kIntegers:
      return IntegerText(random.Below(size()), buffer);
    case kPacked:
      return packed().At(packed().Seek(random.Below(size())));
    case kTable:
      break;
  }
  return table()->RandomItem(random)->member();
}

std::int64_t Set::IntegerAt(std::size_t index) const { return integers()->At(index); }

Set Set::Clone() const {
  Set copy;
  switch (form()) {
    case kIntegers:
      if (!empty()) {
        void* block = Heap::Current().Allocate(integers()->Bytes());
        std::memcpy(block, integers(), integers()->Bytes());
        copy.bits_ = reinterpret_cast<std::uintptr_t>(block);
      }
      break;
    case kPacked:
      copy.bits_ = reinterpret_cast<std::uintptr_t>(packed().Clone().Release()) | kPacked;
      break;
    case kTable: {
      auto* members = HeapNew<Members>(table()->seed());
      table()->ForEach([&](const Node* node) {
        members->Insert(Node::Make(node->member()), members->HashOf(node->member()));
        return true;
      });
      copy.bits_ = reinterpret_cast<std::uintptr_t>(members) | kTable;
      break;
    }
  }
  return copy;
}

std::size_t Set::MemoryBytes() const {
  if (form() == kIntegers) return empty() ? 0 : (integers()->Bytes() + 7) / 8 * 8;
  if (form() == kPacked) return packed().MemoryBytes();
  std::size_t bytes = sizeof(Members) + table()->MemoryBytes();
  table()->ForEach([&](const Node* node) {
    bytes += (node->size() + 7) / 8 * 8;
    return true;
  });
  return bytes;
}

void Set::Check() const {
  SATCHEL_CHECK(empty() == (size() == 0));
  switch (form()) {
    case kIntegers:
      for (std::size_t i = 1; i < size(); ++i) SATCHEL_CHECK(IntegerAt(i - 1) < IntegerAt(i));
      SATCHEL_CHECK(empty() || size() <= integers()->capacity);
      break;
    case kPacked:
      packed().Check();
      SATCHEL_CHECK(size() <= kMaxPackedMembers);
      ForEach([&](std::string_view member) {
        SATCHEL_CHECK(packed().At(packed().Search(member, 1)).data() == member.data());
        return true;
      });
      break;
    case kTable:
      table()->Check();
      break;
  }
}

std::size_t Set::LowerBound(std::int64_t value) const {
  std::size_t low = 0;
  std::size_t high = size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (IntegerAt(middle) < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

bool Set::AddInteger(std::int64_t value) {
  const std::size_t index = LowerBound(value);
  const std::size_t count = size();
  if (index < count && IntegerAt(index) == value) return false;
  const std::uint32_t width =
      std::max<std::uint32_t>(WidthOf(value), empty() ? 2 : integers()->width);
  const std::size_t capacity = empty() ? 0 : integers()->capacity;
  if (count == capacity || width != integers()->width) {
    ResizeIntegers(count == capacity ? count + 1 + count / 8 : capacity, width);
  }
  char* at = integers()->data() + index * width;
  std::memmove(at + width, at, (count - index) * width);
  integers()->Put(index, value);
  ++integers()->count;
  return true;
}

void Set::RemoveInteger(std::size_t index) {
  if (size() == 1) return Clear();
  Integers* block = integers();
  char* at = block->data() + index * block->width;
  std::memmove(at, at + block->width, (block->count - index - 1) * block->width);
  --block->count;
  if (block->capacity > 16 && block->count < block->capacity / 2) {
    ResizeIntegers(block->count, block->width);
  }
}

void Set::ResizeIntegers(std::size_t capacity, std::uint32_t width) {
  // What the allocator would round up is of use here.
  capacity = (capacity * width + 7) / 8 * 8 / width;
  Integers fresh{.count = 0, .width = width, .capacity = static_cast<std::uint32_t>(capacity)};
  auto* block = new (Heap::Current().Allocate(fresh.Bytes())) Integers(fresh);
  block->count = static_cast<std::uint32_t>(size());
  for (std::size_t i = 0; i < size(); ++i) block->Put(i, IntegerAt(i));
  if (integers() != nullptr) Heap::Current().Free(integers(), integers()->Bytes());
  bits_ = reinterpret_cast<std::uintptr_t>(block);
}

bool Set::AddPacked(std::string_view member) {
  if (size() >= kMaxPackedMembers || member.size() > kMaxPackedMemberBytes) return false;
  PackedEdit(bits_, kPacked)->Append(member);
  return true;
}

void Set::LeaveIntegers(std::string_view next, std::uint64_t seed) {
  if (size() < kMaxPackedMembers && next.size() <= kMaxPackedMemberBytes) {
    ConvertToPacked();
  } else {
    ConvertToTable(seed);
  }
}

void Set::ConvertToPacked() {
  Set other;
  other.bits_ = kPacked;
  ForEach([&](std::string_view member) { return other.AddPacked(member); });
  std::swap(bits_, other.bits_);
}

void Set::ConvertToTable(std::uint64_t seed) {
  auto* members = HeapNew<Members>(seed);
  ForEach([&](std::string_view member) {
    members->Insert(Node::Make(member), members->HashOf(member));
    return true;
  });
  Clear();
  bits_ = reinterpret_cast<std::uintptr_t>(members) | kTable;
}

}  // namespace satchel::engine
