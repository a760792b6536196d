#include "engine/hash.h"

#include <algorithm>

#include "engine/heap.h"

namespace satchel::engine {

Hash::Node* Hash::Node::Make(std::string_view field, std::string_view value) {
  const std::size_t bytes = sizeof(Node) + field.size() + value.size();
  auto* node = new (Heap::Current().Allocate(bytes))
      Node{static_cast<std::uint32_t>(field.size()), static_cast<std::uint32_t>(value.size())};
  std::copy(field.begin(), field.end(), node->bytes());
  std::copy(value.begin(), value.end(), node->bytes() + field.size());
  return node;
}

void Hash::Node::Free(Node* node) { Heap::Current().Free(node, node->size()); }

std::size_t Hash::size() const {
  if (is_timed()) return plain().size();
  if (const Fields* fields = table()) return fields->size();
  return packed().count() / 2;
}

std::optional<std::string_view> Hash::Get(std::string_view field) const {
  if (is_timed()) return plain().Get(field);
  if (const Fields* fields = table()) {
    const Node* node = fields->Find(field, fields->HashOf(field));
    if (node == nullptr) return std::nullopt;
    return node->value();
  }
  const PackedView block = packed();
  const auto at = block.Search(field, 2);
  if (at == block.end()) return std::nullopt;
  return block.At(block.Next(at));
}

bool Hash::Set(std::string_view field, std::string_view value, const ValueContext& context) {
  const bool added = SetValue(field, value, context);
  if (!added) ClearDeadline(field);
  return added;
}

bool Hash::SetValue(std::string_view field, std::string_view value, const ValueContext& context) {
  if (is_timed()) return timed()->fields.SetValue(field, value, context);
  if (is_packed()) {
    const auto longest = static_cast<std::size_t>(context.limits.hash_max_listpack_value);
    if (std::max(field.size(), value.size()) > longest) ConvertToTable(context.hash_seed);
  }
  if (!is_packed()) return SetInTable(field, value);

  const auto at = packed().Search(field, 2);
  if (at != packed().end()) {
    PackedEdit block(bits_);
    block->Replace(block->Next(at), value);
    return false;
  }
  const auto most = static_cast<std::size_t>(context.limits.hash_max_listpack_entries);
  bool fits = size() < most;
  if (fits) {
    PackedEdit block(bits_);
    fits = block->HasRoomFor(2, field.size() + value.size());
    if (fits) {
      block->Append(field);
      block->Append(value);
    }
  }
  if (fits) return true;
  ConvertToTable(context.hash_seed);
  return SetInTable(field, value);
}

void Hash::KeepDeadlines() {
  if (is_timed()) return;
  auto* both = HeapNew<Timed>();
  both->fields.bits_ = std::exchange(bits_, 0);
  bits_ = reinterpret_cast<std::uintptr_t>(both) | kTimedForm;
}

bool Hash::has_deadlines() const { return is_timed() && !timed()->deadlines.empty(); }

std::optional<std::int64_t> Hash::Deadline(std::string_view field) const {
  if (!is_timed()) return std::nullopt;
  const auto score = timed()->deadlines.Score(field);
  if (!score) return std::nullopt;
  return static_cast<std::int64_t>(*score);
}

void Hash::SetDeadline(std::string_view field, std::int64_t deadline_ms,
                       const ValueContext& context) {
  SATCHEL_DCHECK(deadline_ms <= kMaxFieldDeadline && Get(field));
  timed()->deadlines.Add(field, static_cast<double>(deadline_ms), context);  // exact below 2^53
}

bool Hash::ClearDeadline(std::string_view field) {
  return is_timed() && timed()->deadlines.Remove(field);
}

std::pair<std::string_view, std::int64_t> Hash::EarliestDeadline() const {
  std::pair<std::string_view, std::int64_t> first;
  timed()->deadlines.VisitRanks({0, 1}, Direction::kForward,
                                [&](std::string_view field, double deadline_ms) {
                                  first = {field, static_cast<std::int64_t>(deadline_ms)};
                                  return false;
                                });
  return first;
}

bool Hash::Erase(std::string_view field) {
  if (is_timed()) {
    const bool erased = timed()->fields.Erase(field);
    if (erased) ClearDeadline(field);
    return erased;
  }
  if (Fields* fields = table()) {
    Node* node = fields->Remove(field, fields->HashOf(field));
    if (node == nullptr) return false;
    Node::Free(node);
    if (fields->empty()) Clear();
    return true;
  }
  const auto at = packed().Search(field, 2);
  if (at == packed().end()) return false;
  PackedEdit(bits_)->Erase(at, 2);
  return true;
}

void Hash::Clear() {
  if (is_timed()) {
    HeapDelete(timed());
    bits_ = 0;
  } else if (Fields* fields = table()) {
    HeapDelete(fields);
    bits_ = 0;
  } else {
    PackedEdit(bits_)->Clear();
  }
}

bool Hash::ClearSome(std::uint64_t& cursor, std::size_t& budget) {
  if (is_timed()) {
    if (!timed()->fields.empty()) {
      if (!timed()->fields.ClearSome(cursor, budget)) return false;
      cursor = 0;
    }
    if (!timed()->deadlines.ClearSome(cursor, budget)) return false;
    Clear();
    return true;
  }
  if (Fields* fields = table(); fields != nullptr && !fields->ClearSome(cursor, budget)) {
    return false;
  }
  Clear();
  return true;
}

Hash::Pair Hash::RandomField(Random& random) const {
  if (is_timed()) return plain().RandomField(random);
  if (const Fields* fields = table()) {
    const Node* node = fields->RandomItem(random);
    return {node->field(), node->value()};
  }
  return PackedAt(random.Below(size()));
}

Hash::Pair Hash::PackedAt(std::size_t number) const {
  if (is_timed()) return plain().PackedAt(number);
  const PackedView block = packed();
  const auto at = block.Seek(2 * number);
  return {block.At(at), block.At(block.Next(at))};
}

Hash Hash::Clone() const {
  Hash copy;
  if (is_timed()) {
    copy.KeepDeadlines();
    copy.timed()->fields = plain().Clone();
    copy.timed()->deadlines = timed()->deadlines.Clone();
    return copy;
  }
  if (const Fields* fields = table()) {
    auto* copies = HeapNew<Fields>(fields->seed());
    fields->ForEach([&](const Node* node) {
      copies->Insert(Node::Make(node->field(), node->value()), fields->HashOf(node->field()));
      return true;
    });
    copy.bits_ = reinterpret_cast<std::uintptr_t>(copies) | kTableBit;
  } else {
    copy.bits_ = reinterpret_cast<std::uintptr_t>(packed().Clone().Release());
  }
  return copy;
}

std::size_t Hash::MemoryBytes() const {
  if (is_timed()) {
    return sizeof(Timed) + plain().MemoryBytes() + timed()->deadlines.MemoryBytes();
  }
  const Fields* fields = table();
  if (fields == nullptr) return packed().MemoryBytes();
  std::size_t bytes = sizeof(Fields) + fields->MemoryBytes();
  fields->ForEach([&](const Node* node) {
    bytes += (node->size() + 7) / 8 * 8;
    return true;
  });
  return bytes;
}

void Hash::Check() const {
  if (is_timed()) {
    plain().Check();
    timed()->deadlines.Check();
    timed()->deadlines.ForEach([&](std::string_view field, double) {
      SATCHEL_CHECK(plain().Get(field));
      return true;
    });
    return;
  }
  if (const Fields* fields = table()) {
    SATCHEL_CHECK(!fields->empty());
    fields->Check();
    return;
  }
  packed().Check();
  SATCHEL_CHECK(packed().count() % 2 == 0);
  ForEach([&](std::string_view field, std::string_view value) {
    SATCHEL_CHECK(Get(field)->data() == value.data());
    return true;
  });
}

void Hash::ConvertToTable(std::uint64_t seed) {
  auto* fields = HeapNew<Fields>(seed);
  ForEach([&](std::string_view field, std::string_view value) {
    fields->Insert(Node::Make(field, value), fields->HashOf(field));
    return true;
  });
  Clear();
  bits_ = reinterpret_cast<std::uintptr_t>(fields) | kTableBit;
}

bool Hash::SetInTable(std::string_view field, std::string_view value) {
  Fields* fields = table();
  const std::uint64_t hash = fields->HashOf(field);
  Node** slot = fields->FindSlot(field, hash);
  if (slot == nullptr) {
    fields->Insert(Node::Make(field, value), hash);
    return true;
  }
  Node* node = *slot;
  if (node->value_bytes == value.size()) {
    std::copy(value.begin(), value.end(), node->bytes() + node->field_bytes);
  } else {
    *slot = Node::Make(field, value);
    Node::Free(node);
  }
  return false;
}

}  // namespace satchel::engine
