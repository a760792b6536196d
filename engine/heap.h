// Heap: the memory of one store's entries and values. It counts exactly what is in use, so
// that used_memory is a plain sum, and serves small blocks from size classes of 8 bytes.
//
// Frees are sized: whoever frees a block says how large it is. A Heap is used under the
// store's execution lock; code below a command reaches it through Heap::Current(), which a
// HeapScope sets for the thread that runs the engine.

#pragma once

#include <cstddef>
#include <new>
#include <utility>

#include "base/check.h"

namespace satchel::engine {

class Heap {
 public:
  Heap() = default;
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;
  ~Heap();

  // Never null; 8-byte aligned, 64-byte aligned when `bytes` is a multiple of 64.
  void* Allocate(std::size_t bytes);
  // Requires the size that was given to Allocate.
  void Free(void* block, std::size_t bytes);

  // Bytes handed out and not freed, rounded up to their size class.
  std::size_t used_bytes() const { return used_bytes_; }

  // The heap of the store this thread is working for. Requires a HeapScope.
  static Heap& Current() {
    SATCHEL_DCHECK(current_ != nullptr);
    return *current_;
  }

 private:
  friend class HeapScope;
  static inline thread_local Heap* current_ = nullptr;

  std::size_t used_bytes_ = 0;
};

// Makes `heap` the current one of this thread until the scope ends; scopes nest.
class HeapScope {
 public:
  explicit HeapScope(Heap& heap) : previous_(std::exchange(Heap::current_, &heap)) {}
  ~HeapScope() { Heap::current_ = previous_; }
  HeapScope(const HeapScope&) = delete;
  HeapScope& operator=(const HeapScope&) = delete;

 private:
  Heap* previous_;
};

// Constructs a T in the current heap, or destroys one that New made.
template <class T, class... Args>
T* HeapNew(Args&&... args) {
  return new (Heap::Current().Allocate(sizeof(T))) T(std::forward<Args>(args)...);
}
template <class T>
void HeapDelete(T* object) {
  object->~T();
  Heap::Current().Free(object, sizeof(T));
}

}  // namespace satchel::engine
