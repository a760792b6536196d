// HeapAllocator: std containers in the current Heap. Stateless: what holds for Heap::Current()
// holds for the container.

#pragma once

#include <map>
#include <string>

#include "engine/heap.h"

namespace satchel::engine {

template <class T>
struct HeapAllocator {
  using value_type = T;

  HeapAllocator() = default;
  template <class U>
  HeapAllocator(const HeapAllocator<U>&) {}  // NOLINT: containers rebind

  T* allocate(std::size_t count) {
    return static_cast<T*>(Heap::Current().Allocate(count * sizeof(T)));
  }
  void deallocate(T* block, std::size_t count) { Heap::Current().Free(block, count * sizeof(T)); }
  template <class U>
  bool operator==(const HeapAllocator<U>&) const {
    return true;
  }
};

using HeapString = std::basic_string<char, std::char_traits<char>, HeapAllocator<char>>;

// In order of the keys; keys that compare alike with K can be looked up without making one.
template <class K, class V>
using HeapMap = std::map<K, V, std::less<>, HeapAllocator<std::pair<const K, V>>>;

// Heap bytes of a map's nodes, without what keys and values own; of a string.
template <class Map>
std::size_t NodeBytes(const Map& map) {
  struct Node {  // as the library lays its nodes out; tests compare the sum with the heap's
    void* links[4];
    typename Map::value_type value;
  };
  return map.size() * sizeof(Node);
}
inline std::size_t StringBytes(const HeapString& text) {
  const auto* at = reinterpret_cast<const char*>(&text);
  const bool inside = text.data() >= at && text.data() < at + sizeof text;
  return inside ? 0 : (text.capacity() + 1 + 7) / 8 * 8;
}

}  // namespace satchel::engine
