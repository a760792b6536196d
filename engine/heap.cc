#include "engine/heap.h"

#include <cstdlib>

namespace satchel::engine {

Heap::~Heap() { SATCHEL_DCHECK(used_bytes_ == 0); }

void* Heap::Allocate(std::size_t bytes) {
  const std::size_t rounded = (bytes + 7) & ~std::size_t{7};
  void* block = rounded % 64 == 0 ? std::aligned_alloc(64, rounded) : std::malloc(rounded);
  SATCHEL_CHECK(block != nullptr);
  used_bytes_ += rounded;
  return block;
}

void Heap::Free(void* block, std::size_t bytes) {
  used_bytes_ -= (bytes + 7) & ~std::size_t{7};
  std::free(block);
}

}  // namespace satchel::engine
