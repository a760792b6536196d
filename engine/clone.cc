#include "engine/clone.h"

#include "engine/hash.h"
#include "engine/list.h"
#include "engine/set.h"
#include "engine/sorted_set.h"
#include "engine/stream.h"

namespace satchel::engine {
namespace {

template <class T>
Entry* CloneContainer(const Entry& from, std::string_view key) {
  Entry* entry = Entry::NewHandle(key, from.type(), 0, from.has_deadline());
  new (entry->As<T>()) T(from.As<T>()->Clone());
  return entry;
}

Entry* CloneString(const Entry& from, std::string_view key) {
  if (from.encoding() != Encoding::kRaw) {
    return Entry::NewString(key, StringText(from), from.has_deadline());
  }
  const std::string_view bytes = from.buffer()->view();
  return Entry::NewRaw(key, StringBuffer::New(bytes, bytes.size()), from.has_deadline());
}

Entry* CloneValue(const Entry& from, std::string_view key) {
  switch (from.type()) {
    case ValueType::kList:
      return CloneContainer<List>(from, key);
    case ValueType::kSet:
      return CloneContainer<Set>(from, key);
    case ValueType::kZset:
      return CloneContainer<SortedSet>(from, key);
    case ValueType::kHash:
      return CloneContainer<Hash>(from, key);
    case ValueType::kStream:
      return CloneContainer<Stream>(from, key);
    default:
      return CloneString(from, key);
  }
}

}  // namespace

Entry* CloneEntry(const Entry& from, std::string_view key) {
  Entry* entry = CloneValue(from, key);
  if (from.has_deadline()) entry->set_deadline_ms(from.deadline_ms());
  return entry;
}

}  // namespace satchel::engine
