// Heap: the memory of one store's entries and values. It counts exactly what is in use, so
// that used_memory is a plain sum, and serves small blocks from size classes of 8 bytes.
//
// Representation: regions of 1 MB, mapped from the system and touched page by page, are cut into
// slabs of 16 KB; each slab serves one size class until it is empty again, then any. The
// descriptors of a region's slabs lie at its start, found from a block's address:
//
//     region   | descriptors | slab 0 (the rest) | slab 1 | ... | slab 63 |
//
// Classes go in steps of 8 bytes up to 1 KB, then by what fills a slab, up to 4 KB; larger blocks
// are malloc's, and so is everything in builds with AddressSanitizer. Nothing is mapped before
// the first small block; empty regions go back to the system.
//
// Frees are sized: whoever frees a block says how large it is. A Heap is used under the
// store's execution lock; code below a command reaches it through Heap::Current(), which a
// HeapScope sets for the thread that runs the engine.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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

  // What a block of so many bytes takes; blocks of that size waste nothing.
  static std::size_t ClassBytes(std::size_t bytes);

  // Bytes handed out and not freed, each block rounded up to 8.
  std::size_t used_bytes() const { return used_bytes_; }
  // Of these, bytes in blocks that are malloc's.
  std::size_t large_bytes() const { return large_bytes_; }
  // Bytes of the regions that the small blocks live in.
  std::size_t mapped_bytes() const { return mapped_bytes_; }

  // The heap of the store this thread is working for. Requires a HeapScope.
  static Heap& Current() {
    SATCHEL_DCHECK(current_ != nullptr);
    return *current_;
  }

 private:
  friend class HeapScope;
  static inline thread_local Heap* current_ = nullptr;

  struct Region;
  // Describes one slab; `next` and `previous` link those of its class that have room.
  struct Slab {
    void* free = nullptr;  // blocks that came back, linked through their first word
    Slab* next = nullptr;
    Slab* previous = nullptr;
    std::uint16_t used = 0;       // blocks handed out
    std::uint16_t capacity = 0;   // blocks in all
    std::uint16_t untouched = 0;  // offset of what was never handed out, in units of 8 bytes
    std::uint8_t size_class = 0;
  };
  static constexpr std::size_t kSmallClasses = 128;  // 8, 16, ... 1024
  static constexpr std::size_t kClasses = kSmallClasses + 12;
  static constexpr std::size_t kMaxSmall = 4096;

  static std::size_t ClassOf(std::size_t bytes);
  static std::size_t SizeOf(std::size_t size_class);
  static Region* RegionOf(const void* at);
  void* AllocateLarge(std::size_t rounded);
  Slab* NewSlab(std::size_t size_class);
  void ReleaseSlab(Slab* slab);
  void LinkSlab(Slab* slab);
  void UnlinkSlab(Slab* slab);
  Region* NewRegion();
  void MapFresh();
  void ReleaseRegion(Region* region);

  std::size_t used_bytes_ = 0;
  std::size_t large_bytes_ = 0;
  std::size_t mapped_bytes_ = 0;
  std::array<Slab*, kClasses> roomy_{};  // slabs with room, by class
  Region* regions_ = nullptr;            // all of them
  Region* open_regions_ = nullptr;       // those with a free slab
  char* fresh_begin_ = nullptr;          // mapped, not yet a region
  char* fresh_end_ = nullptr;
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
