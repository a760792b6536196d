#include "engine/entry.h"

#include "engine/hash.h"
#include "engine/list.h"
#include "engine/set.h"
#include "engine/sorted_set.h"
#include "engine/stream.h"

namespace satchel::engine {

StringBuffer* StringBuffer::New(std::string_view bytes, std::size_t capacity) {
  SATCHEL_DCHECK(capacity >= bytes.size());
  auto* buffer =
      static_cast<StringBuffer*>(Heap::Current().Allocate(sizeof(StringBuffer) + capacity));
  buffer->size = bytes.size();
  buffer->capacity = capacity;
  if (!bytes.empty()) std::memcpy(buffer->bytes(), bytes.data(), bytes.size());
  return buffer;
}

void StringBuffer::Free(StringBuffer* buffer) {
  Heap::Current().Free(buffer, buffer->block_bytes());
}

Entry* Entry::Allocate(std::string_view key, ValueType type, Encoding encoding, bool with_deadline,
                       std::size_t inline_size) {
  const bool long_key = key.size() >= kLongKey;
  const std::size_t size = sizeof(Entry) + (with_deadline ? 8 : 0) +
                           (encoding == Encoding::kInline ? 1 + inline_size : 8) +
                           (long_key ? 4 : 0) + key.size();
  auto* entry = static_cast<Entry*>(Heap::Current().Allocate(size));
  entry->type_encoding_ =
      static_cast<std::uint8_t>(static_cast<int>(type) | static_cast<int>(encoding) << 4);
  entry->marks_ = with_deadline ? kHasDeadline : 0;
  entry->full_walk_ = 0;
  entry->set_access(0);
  entry->key_size_ = long_key ? kLongKey : static_cast<std::uint16_t>(key.size());
  char* at = entry->Tail();
  if (long_key) {
    StoreLe(at, static_cast<std::uint32_t>(key.size()));
    at += 4;
  }
  std::memcpy(at, key.data(), key.size());
  if (encoding == Encoding::kInline) {
    at[key.size()] = static_cast<char>(static_cast<unsigned char>(inline_size));
  }
  return entry;
}

Entry* Entry::NewString(std::string_view key, std::string_view value, bool with_deadline) {
  if (auto integer = ParseInt(value)) {
    Entry* entry = Allocate(key, ValueType::kString, Encoding::kInt, with_deadline, 0);
    entry->set_integer(*integer);
    return entry;
  }
  return NewText(key, value, with_deadline);
}

Entry* Entry::NewText(std::string_view key, std::string_view value, bool with_deadline) {
  if (value.size() <= kMaxInlineString) {
    Entry* entry =
        Allocate(key, ValueType::kString, Encoding::kInline, with_deadline, value.size());
    std::memcpy(const_cast<char*>(entry->inline_bytes().data()), value.data(), value.size());
    return entry;
  }
  return NewRaw(key, StringBuffer::New(value, value.size()), with_deadline);
}

Entry* Entry::NewRaw(std::string_view key, StringBuffer* buffer, bool with_deadline) {
  Entry* entry = Allocate(key, ValueType::kString, Encoding::kRaw, with_deadline, 0);
  entry->set_buffer(buffer);
  return entry;
}

Entry* Entry::NewHandle(std::string_view key, ValueType type, std::uint64_t handle,
                        bool with_deadline) {
  Entry* entry = Allocate(key, type, Encoding::kHandle, with_deadline, 0);
  StoreLe(entry->Slot(), handle);
  return entry;
}

Entry* Entry::Rebuild(Entry* from, std::string_view key, bool with_deadline) {
  const bool inline_string = from->encoding() == Encoding::kInline;
  const std::string_view text = inline_string ? from->inline_bytes() : std::string_view();
  Entry* entry = Allocate(key, from->type(), from->encoding(), with_deadline, text.size());
  if (inline_string) {
    std::memcpy(const_cast<char*>(entry->inline_bytes().data()), text.data(), text.size());
  } else {
    std::memcpy(entry->Slot(), from->Slot(), 8);
  }
  entry->marks_ = static_cast<std::uint8_t>((from->marks_ & ~kHasDeadline) |
                                            (with_deadline ? kHasDeadline : 0));
  entry->full_walk_ = from->full_walk_;
  entry->set_access(from->access());
  if (with_deadline && from->has_deadline()) entry->set_deadline_ms(from->deadline_ms());
  FreeShell(from);
  return entry;
}

void Entry::FreeShell(Entry* entry) { Heap::Current().Free(entry, entry->block_bytes()); }

void Entry::Free(Entry* entry) {
  switch (entry->type()) {
    case ValueType::kString:
      if (entry->encoding() == Encoding::kRaw) StringBuffer::Free(entry->buffer());
      break;
    case ValueType::kList:
      entry->As<List>()->~List();
      break;
    case ValueType::kSet:
      entry->As<Set>()->~Set();
      break;
    case ValueType::kZset:
      entry->As<SortedSet>()->~SortedSet();
      break;
    case ValueType::kHash:
      entry->As<Hash>()->~Hash();
      break;
    case ValueType::kStream:
      entry->As<Stream>()->~Stream();
      break;
  }
  FreeShell(entry);
}

std::int64_t Entry::field_due_ms() const {
  if (!has(kFieldDeadlines) || !As<Hash>()->has_deadlines()) return INT64_MAX;
  return As<Hash>()->EarliestDeadline().second + 1;  // its last millisecond is a whole one
}

std::size_t Entry::block_bytes() const {
  const std::string_view k = key();
  const char* end = k.data() + k.size();
  if (encoding() == Encoding::kInline) end += 1 + inline_bytes().size();
  return static_cast<std::size_t>(end - reinterpret_cast<const char*>(this));
}

std::size_t Entry::MemoryBytes() const {
  std::size_t value = 0;
  switch (type()) {
    case ValueType::kString:
      if (encoding() == Encoding::kRaw) value = buffer()->block_bytes();
      break;
    case ValueType::kList:
      value = As<List>()->MemoryBytes();
      break;
    case ValueType::kSet:
      value = As<Set>()->MemoryBytes();
      break;
    case ValueType::kZset:
      value = As<SortedSet>()->MemoryBytes();
      break;
    case ValueType::kHash:
      value = As<Hash>()->MemoryBytes();
      break;
    case ValueType::kStream:
      value = As<Stream>()->MemoryBytes();
      break;
  }
  return block_bytes() + value;
}

std::size_t Entry::ElementCount() const {
  switch (type()) {
    case ValueType::kList:
      return As<List>()->size();
    case ValueType::kSet:
      return As<Set>()->size();
    case ValueType::kZset:
      return As<SortedSet>()->size();
    case ValueType::kHash:
      return As<Hash>()->size();
    case ValueType::kStream:
      return As<Stream>()->size();
    case ValueType::kString:
      break;
  }
  return 1;
}

std::string_view Entry::encoding_name() const {
  switch (type()) {
    case ValueType::kString:
      switch (encoding()) {
        case Encoding::kInt:
          return "int";
        case Encoding::kInline:
          return "embstr";
        default:
          return "raw";
      }
    case ValueType::kList:
      return As<List>()->encoding();
    case ValueType::kSet:
      return As<Set>()->encoding();
    case ValueType::kZset:
      return As<SortedSet>()->encoding();
    case ValueType::kHash:
      return As<Hash>()->encoding();
    case ValueType::kStream:
      return As<Stream>()->encoding();
  }
  return "unknown";
}

}  // namespace satchel::engine
