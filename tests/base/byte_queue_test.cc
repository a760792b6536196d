#include "base/byte_queue.h"

#include <array>

#include "base/random.h"

namespace satchel {
namespace {

std::string Letters(Random& random, std::size_t size) {
  std::string out(size, ' ');
  for (char& c : out) c = static_cast<char>('a' + random.Below(26));
  return out;
}

std::string Peeked(const ByteQueue& queue, std::size_t max_parts, std::size_t max_bytes) {
  std::vector<iovec> parts(max_parts);
  parts.resize(queue.Peek(parts.data(), max_parts, max_bytes));
  std::string out;
  for (const iovec& part : parts) out.append(static_cast<char*>(part.iov_base), part.iov_len);
  return out;
}

TEST(ByteQueue, AnEmptyQueueOwnsNoMemory) {
  ByteQueue queue;
  EXPECT_EQ(queue.memory_bytes(), 0u);
  queue.Append("abc");
  EXPECT_GT(queue.memory_bytes(), 0u);
  queue.Consume(3);
  EXPECT_EQ(queue.memory_bytes(), 0u);
  EXPECT_EQ(queue.begin_position(), 3u);
  EXPECT_EQ(queue.end_position(), 3u);
}

TEST(ByteQueue, ReservedBytesCountOnceCommitted) {
  ByteQueue queue;
  std::memcpy(queue.Reserve(10), "abcdefghij", 10);
  EXPECT_TRUE(queue.empty());
  queue.Commit(4);
  EXPECT_EQ(queue.ToString(), "abcd");
}

TEST(ByteQueue, PeekStopsAtBothLimits) {
  ByteQueue queue;
  Random random(1);
  const std::string big = Letters(random, 100'000);
  queue.Append("head");
  queue.Append(big);
  EXPECT_EQ(Peeked(queue, 8, 6), ("head" + big).substr(0, 6));
  EXPECT_LT(Peeked(queue, 1, 1'000'000).size(), queue.size());
  EXPECT_EQ(Peeked(queue, 8, 1'000'000), "head" + big);
}

TEST(ByteQueue, SharedBytesAreBorrowedUntilConsumed) {
  ByteQueue queue;
  Random random(2);
  auto message = std::make_shared<const std::string>(Letters(random, ByteQueue::kMinShared));
  queue.Append("x");
  queue.AppendShared(message, *message);
  queue.Append("y");
  EXPECT_EQ(message.use_count(), 2);
  EXPECT_EQ(queue.ToString(), "x" + *message + "y");
  queue.Consume(queue.size() - 1);
  EXPECT_EQ(message.use_count(), 1);
}

TEST(ByteQueue, SmallSharedBytesAreCopied) {
  ByteQueue queue;
  auto message = std::make_shared<const std::string>(ByteQueue::kMinShared - 1, 'x');
  queue.AppendShared(message, *message);
  EXPECT_EQ(message.use_count(), 1);
  EXPECT_EQ(queue.ToString(), *message);
}

TEST(ByteQueue, InsertingIntoASharedBlockLeavesItsOwnerUntouched) {
  auto message = std::make_shared<const std::string>(4096, 'm');
  std::string expected = *message;
  expected.insert(100, "here");
  ByteQueue queue;
  queue.AppendShared(message, *message);
  queue.Insert(100, "here");
  EXPECT_EQ(queue.ToString(), expected);
  EXPECT_EQ(*message, std::string(4096, 'm'));
}

TEST(ByteQueue, MovingTakesTheBytesAndLeavesAnEmptyQueue) {
  ByteQueue from;
  from.Append("abc");
  ByteQueue to = std::move(from);
  EXPECT_EQ(to.ToString(), "abc");
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move)
  from.Append("d");
  EXPECT_EQ(from.ToString(), "d");
}

TEST(ByteQueue, BehavesAsAString) {
  const std::uint64_t seed = Random::SystemSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  ByteQueue queue;
  std::string model;
  std::uint64_t consumed = 0;
  for (int step = 0; step < 3000; ++step) {
    const std::string bytes = Letters(random, random.Below(random.Below(20) == 0 ? 40'000 : 200));
    switch (random.Below(7)) {
      case 3: {
        const std::size_t at = random.Below(model.size() + 1);
        queue.Truncate(consumed + at);
        model.resize(at);
        break;
      }
      case 4: {
        ByteQueue more;
        more.Append(bytes);
        more.Append("tail");
        model += bytes + "tail";
        queue.Append(std::move(more));
        ASSERT_TRUE(more.empty());
        ASSERT_EQ(more.memory_bytes(), 0U);
        break;
      }
      case 0: {
        const std::size_t count = random.Below(model.size() + 1);
        queue.Consume(count);
        model.erase(0, count);
        consumed += count;
        break;
      }
      case 1: {
        const std::size_t at = random.Below(model.size() + 1);
        queue.Insert(consumed + at, bytes);
        model.insert(at, bytes);
        break;
      }
      case 2: {
        auto owner = std::make_shared<const std::string>(bytes);
        queue.AppendShared(owner, *owner);
        model += bytes;
        break;
      }
      default:
        queue.Append(bytes);
        model += bytes;
    }
    ASSERT_EQ(queue.size(), model.size());
    ASSERT_EQ(queue.begin_position(), consumed);
    ASSERT_EQ(queue.ToString(), model);
    ASSERT_EQ(Peeked(queue, 4096, 100'000'000), model);
  }
}

}  // namespace
}  // namespace satchel
