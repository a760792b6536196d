// InputBuffer: bytes received on a connection and not consumed yet. ReadArena: the memory
// that all connections of a loop read into.
//
// Representation: what arrives lies in the arena, densely behind what other connections got,
// until the round ends. Only what is left over then (part of a command) moves to memory of
// the connection's own, which is given back once everything is consumed. Hence an idle
// connection owns no memory here.
// Thread: the loop's. Cost: bytes left over are copied once; own memory grows by doubling,
// or at once to what is expected.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace satchel::net {

class ReadArena {
 public:
  // One read takes at most this much from a socket that has no own memory.
  static constexpr std::size_t kReadBytes = 16 * 1024;

  // kReadBytes of free room.
  std::span<char> Room();
  // The first `bytes` of the room stay as they are until Reset.
  void Commit(std::size_t bytes);
  void Reset();

 private:
  static constexpr std::size_t kChunkBytes = 256 * 1024;
  static constexpr std::size_t kMaxKeptChunks = 4;

  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t chunk_ = 0;  // index of the one in use
  std::size_t used_ = 0;   // bytes of it
};

class InputBuffer {
 public:
  // What was received and not consumed. Consuming leaves the bytes where they are until the
  // round ends: views into them stay good.
  std::string_view unread() const { return unread_; }
  void Consume(std::size_t bytes);
  // At least `bytes` more are needed to make something of unread().
  void Expect(std::size_t bytes) { expected_bytes_ = bytes; }

  // Room for the next read, and how much of it was filled. Room is called once per round.
  std::span<char> Room(ReadArena& arena);
  void Commit(ReadArena& arena, std::size_t bytes);

  // The round is over and the arena about to be reset.
  void EndRound();

  std::size_t memory_bytes() const { return capacity_; }
  // Of that, what nothing was read into yet.
  std::size_t free_bytes() const { return own_ == nullptr ? 0 : capacity_ - OwnEnd(); }

 private:
  // Moves unread() to the front of own memory with `room` bytes behind it.
  void MakeOwn(std::size_t room);
  std::size_t OwnEnd() const {
    return static_cast<std::size_t>(unread_.data() + unread_.size() - own_.get());
  }

  std::string_view unread_;
  std::unique_ptr<char[]> own_;
  std::size_t capacity_ = 0;  // of own_
  std::size_t expected_bytes_ = 0;
};

}  // namespace satchel::net
