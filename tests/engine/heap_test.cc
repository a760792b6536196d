#include "engine/heap.h"

#include <cstdint>
#include <cstring>
#include <vector>

#include "base/random.h"

namespace satchel::engine {
namespace {

struct Block {
  unsigned char* at;
  std::size_t bytes;
  unsigned char fill;
};

TEST(Heap, BlocksDoNotOverlapAndAreCountedExactly) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Heap heap;
    std::vector<Block> blocks;
    std::size_t used = 0;
    const auto free_one = [&] {
      const std::size_t i = random.Below(blocks.size());
      const Block block = blocks[i];
      for (std::size_t b = 0; b < block.bytes; ++b) ASSERT_EQ(block.at[b], block.fill);
      heap.Free(block.at, block.bytes);
      used -= (block.bytes + 7) / 8 * 8;
      blocks[i] = blocks.back();
      blocks.pop_back();
    };
    for (int step = 0; step < 30'000; ++step) {
      if (random.Below(10) < (step / 5'000 % 2 == 0 ? 8u : 3u) || blocks.empty()) {
        const std::size_t limit = random.Below(4) == 0 ? 6'000 : 200;
        const std::size_t bytes = 1 + random.Below(limit);
        auto* at = static_cast<unsigned char*>(heap.Allocate(bytes));
        const auto address = reinterpret_cast<std::uintptr_t>(at);
        ASSERT_EQ(address % (bytes % 64 == 0 ? 64 : 8), 0u);
        const auto fill = static_cast<unsigned char>(step);
        std::memset(at, fill, bytes);
        blocks.push_back({at, bytes, fill});
        used += (bytes + 7) / 8 * 8;
      } else {
        free_one();
      }
      ASSERT_EQ(heap.used_bytes(), used);
    }
    while (!blocks.empty()) free_one();
    EXPECT_EQ(heap.used_bytes(), 0u);
  }
}

TEST(Heap, ClassesWasteLittle) {
  for (std::size_t bytes = 1; bytes <= 8'000; ++bytes) {
    const std::size_t size = Heap::ClassBytes(bytes);
    ASSERT_GE(size, bytes);
    ASSERT_EQ(Heap::ClassBytes(size), size);
    ASSERT_LT(size, bytes <= 1024 ? bytes + 8 : bytes * 13 / 10);
  }
}

TEST(Heap, WhatOneSizeLeavesAnotherUses) {
  Heap heap;
  std::vector<void*> blocks;
  const auto churn = [&](std::size_t bytes) {
    for (std::size_t i = 0; i < (std::size_t{8} << 20) / bytes; ++i) {
      blocks.push_back(heap.Allocate(bytes));
    }
    for (void* block : blocks) heap.Free(block, bytes);
    blocks.clear();
  };
  for (std::size_t bytes = 40; bytes < 400; bytes += 8) churn(bytes);
  EXPECT_LE(heap.mapped_bytes(), std::size_t{12} << 20);
}

TEST(Heap, AnEmptyHeapOwnsNothing) {
  Heap heap;
  EXPECT_EQ(heap.mapped_bytes(), 0u);
  EXPECT_LT(sizeof(Heap), 2'048u);
}

}  // namespace
}  // namespace satchel::engine
