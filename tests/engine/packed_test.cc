#include "engine/packed.h"

#include <string>
#include <vector>

#include "base/random.h"
#include "engine/heap.h"

namespace satchel::engine {
namespace {

// Lengths on both sides of where the varints grow.
std::string RandomBytes(Random& random) {
  static constexpr std::size_t kLengths[] = {0, 1, 5, 16, 125, 126, 127, 128, 300, 20'000};
  const std::size_t length = kLengths[random.Below(random.Below(20) == 0 ? 10 : 9)];
  return std::string(length, static_cast<char>('a' + random.Below(26)));
}

std::vector<std::string> Contents(const PackedBlock& block) {
  std::vector<std::string> all;
  for (auto at = block.begin(); at != block.end(); at = block.Next(at)) {
    all.emplace_back(block.At(at));
  }
  return all;
}

TEST(PackedBlock, SmallElementsCostTwoBytes) {
  EXPECT_EQ(packed::ElementBytes(0), 2u);
  EXPECT_EQ(packed::ElementBytes(126), 128u);
  EXPECT_EQ(packed::ElementBytes(127), 130u);
}

TEST(PackedBlock, MatchesAModel) {
  Heap heap;
  HeapScope scope(heap);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    PackedBlock block;
    std::vector<std::string> model;
    for (int step = 0; step < 2'000; ++step) {
      const std::size_t number = random.Below(model.size() + 1);
      const auto at = block.Seek(number);
      const auto place = model.begin() + static_cast<std::ptrdiff_t>(number);
      const std::string bytes = RandomBytes(random);
      const std::uint64_t action = random.Below(step / 500 % 2 == 0 ? 4 : 12);
      if (action < 2 || model.empty()) {
        block.Insert(at, bytes);
        model.insert(place, bytes);
      } else if (number == model.size()) {
        continue;
      } else if (action == 2) {
        block.Replace(at, bytes);
        *place = bytes;
      } else {
        const std::size_t count = 1 + random.Below(std::min<std::size_t>(3, model.size() - number));
        block.Erase(at, count);
        model.erase(place, place + static_cast<std::ptrdiff_t>(count));
      }
      block.Check();
      ASSERT_EQ(block.count(), model.size());
      ASSERT_EQ(block.MemoryBytes(), heap.used_bytes());
      if (step % 50 != 0) continue;
      ASSERT_EQ(Contents(block), model);
    }
    ASSERT_EQ(Contents(block), model);
  }
  EXPECT_EQ(heap.used_bytes(), 0u);
}

}  // namespace
}  // namespace satchel::engine
