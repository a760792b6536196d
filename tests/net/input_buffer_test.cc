#include "net/input_buffer.h"

#include <cstring>

#include "base/random.h"

namespace satchel::net {
namespace {

void Fill(InputBuffer& buffer, ReadArena& arena, std::string_view bytes) {
  const auto room = buffer.Room(arena);
  ASSERT_LE(bytes.size(), room.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  buffer.Commit(arena, bytes.size());
}

void EndRound(InputBuffer& buffer, ReadArena& arena) {
  buffer.EndRound();
  arena.Reset();
}

TEST(InputBuffer, OwnsNothingWhenAllWasConsumed) {
  ReadArena arena;
  InputBuffer buffer;
  Fill(buffer, arena, "PING\r\n");
  buffer.Consume(6);
  EndRound(buffer, arena);
  EXPECT_EQ(buffer.memory_bytes(), 0u);
}

TEST(InputBuffer, KeepsWhatIsLeftOverTheRound) {
  ReadArena arena;
  InputBuffer buffer;
  Fill(buffer, arena, "PING\r\nPI");
  buffer.Consume(6);
  EndRound(buffer, arena);
  std::memset(arena.Room().data(), 'x', 100);
  EXPECT_EQ(buffer.unread(), "PI");
  EXPECT_GT(buffer.memory_bytes(), 0u);
  Fill(buffer, arena, "NG\r\n");
  EXPECT_EQ(buffer.unread(), "PING\r\n");
  buffer.Consume(6);
  EndRound(buffer, arena);
  EXPECT_EQ(buffer.memory_bytes(), 0u);
}

TEST(InputBuffer, ConnectionsOfARoundLieBehindEachOther) {
  ReadArena arena;
  InputBuffer a;
  InputBuffer b;
  Fill(a, arena, "a");
  Fill(b, arena, "b");
  EXPECT_EQ(b.unread().data() - a.unread().data(), 64);
  EXPECT_EQ(a.unread(), "a");
}

TEST(InputBuffer, ConsumedBytesStayUntilTheRoundEnds) {
  ReadArena arena;
  InputBuffer buffer;
  Fill(buffer, arena, "first second");
  const std::string_view first = buffer.unread().substr(0, 5);
  buffer.Consume(12);
  EXPECT_EQ(first, "first");
}

TEST(InputBuffer, GrowsOnceToWhatIsExpected) {
  ReadArena arena;
  InputBuffer buffer;
  Fill(buffer, arena, "abc");
  buffer.Expect(10'000'000);
  EndRound(buffer, arena);
  const char* place = buffer.unread().data();
  std::size_t received = 0;
  while (received < 10'000'000) {
    const auto room = buffer.Room(arena);
    const std::size_t bytes = std::min(room.size(), 10'000'000 - received);
    buffer.Commit(arena, bytes);
    received += bytes;
    EndRound(buffer, arena);
    ASSERT_EQ(buffer.unread().data(), place);
  }
  EXPECT_EQ(buffer.unread().size(), 10'000'003u);
}

TEST(ReadArena, TakesMoreConnectionsThanAChunkHolds) {
  ReadArena arena;
  const std::string bytes(ReadArena::kReadBytes, 'x');
  std::vector<InputBuffer> buffers(100);
  for (InputBuffer& buffer : buffers) Fill(buffer, arena, bytes);
  for (InputBuffer& buffer : buffers) ASSERT_EQ(buffer.unread(), bytes);
}

TEST(InputBuffer, BehavesAsAString) {
  const std::uint64_t seed = Random::SystemSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  ReadArena arena;
  InputBuffer buffer;
  std::string model;
  for (int round = 0; round < 2000; ++round) {
    if (random.Below(4) > 0) {
      std::string bytes(1 + random.Below(random.Below(10) == 0 ? 3000 : 30), ' ');
      for (char& c : bytes) c = static_cast<char>(random.Below(256));
      Fill(buffer, arena, bytes);
      model += bytes;
    }
    ASSERT_EQ(buffer.unread(), model);
    const std::size_t consumed =
        random.Below(3) == 0 ? model.size() : random.Below(model.size() + 1);
    buffer.Consume(consumed);
    model.erase(0, consumed);
    if (random.Below(5) == 0) buffer.Expect(random.Below(100'000));
    EndRound(buffer, arena);
    ASSERT_EQ(buffer.unread(), model);
    ASSERT_EQ(buffer.memory_bytes() == 0, model.empty());
  }
}

}  // namespace
}  // namespace satchel::net
