// ByteQueue: bytes on their way out. Appended at the end, taken from the front; what was
// appended is never moved when the queue grows, and a short write never shifts what is left.
//
// Representation: a chain of blocks. The first block of an empty queue is small, later ones
// are bigger, and an append larger than a block gets a block of its own size. An empty queue
// owns no memory. A shared block borrows its bytes from an owner that is counted.
// Positions count all bytes ever appended; [begin_position, end_position) is in the queue.
// Thread: the owner's. Cost: Append is a memcpy; a block costs one allocation.

#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace satchel {

class ByteQueue {
 public:
  // The most that Reserve gives in one piece.
  static constexpr std::size_t kMaxReserve = 64;
  // From this size on, AppendShared borrows instead of copying.
  static constexpr std::size_t kMinShared = 1024;

  ByteQueue() = default;
  ByteQueue(ByteQueue&& from) noexcept { *this = std::move(from); }
  ByteQueue& operator=(ByteQueue&& from) noexcept;
  ~ByteQueue() { Clear(); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::uint64_t begin_position() const { return begin_position_; }
  std::uint64_t end_position() const { return begin_position_ + size_; }
  // Heap bytes held, shared ones included.
  std::size_t memory_bytes() const { return memory_bytes_; }

  // Room for `bytes` in one piece; Commit says how many of them were written.
  // Requires bytes <= kMaxReserve.
  char* Reserve(std::size_t bytes) {
    SATCHEL_DCHECK(bytes <= kMaxReserve);
    if (room() < bytes) AddBlock(bytes);
    return last_->end;
  }
  void Commit(std::size_t bytes) {
    SATCHEL_DCHECK(bytes <= room());
    last_->end += bytes;
    size_ += bytes;
  }

  void Append(std::string_view bytes) {
    if (bytes.size() > room()) return AppendAcross(bytes);
    if (bytes.empty()) return;
    std::memcpy(last_->end, bytes.data(), bytes.size());
    Commit(bytes.size());
  }

  // As Append, without a copy when it is worth it: `bytes` live as long as `owner` does.
  void AppendShared(std::shared_ptr<const void> owner, std::string_view bytes);

  // Takes over all that `from` has; nothing is copied.
  void Append(ByteQueue&& from);

  // Puts `bytes` in front of what is at `position`; later positions shift. Copies at most
  // the rest of one block. Requires begin_position() <= position <= end_position().
  void Insert(std::uint64_t position, std::string_view bytes);

  // Describes bytes from the front, at most `max_bytes` in `max_parts`; returns the parts.
  std::size_t Peek(iovec* parts, std::size_t max_parts, std::size_t max_bytes) const;
  // Drops bytes from the front. Requires bytes <= size().
  void Consume(std::size_t bytes);
  // Drops bytes from the end, those at `position` and behind it. Requires
  // begin_position() <= position <= end_position().
  void Truncate(std::uint64_t position);
  // Drops all.
  void Clear() { Consume(size_); }

  // A copy of all bytes: for tests and logs.
  std::string ToString() const;

 private:
  struct Block {
    Block* next = nullptr;
    Block* previous = nullptr;
    char* begin = nullptr;  // first byte not consumed
    char* end = nullptr;
    char* limit = nullptr;                // end of the room; equals end in a shared block
    std::size_t cost_bytes = 0;           // what it adds to memory_bytes()
    std::shared_ptr<const void> owner{};  // of a shared block's bytes
    std::size_t size() const { return static_cast<std::size_t>(end - begin); }
  };

  std::size_t room() const {
    return last_ == nullptr ? 0 : static_cast<std::size_t>(last_->limit - last_->end);
  }
  void AppendAcross(std::string_view bytes);
  // Appends an empty block with room for at least `bytes`.
  void AddBlock(std::size_t bytes);
  static Block* NewBlock(std::size_t data_bytes);
  void LinkAfter(Block* before, Block* block);
  void RemoveFirst();
  void RemoveLast();
  static void Delete(Block* block);
  // The block in which `position` lies, the earlier one at a border, and its offset there.
  std::pair<Block*, std::size_t> Locate(std::uint64_t position) const;

  Block* first_ = nullptr;
  Block* last_ = nullptr;
  std::size_t size_ = 0;
  std::size_t memory_bytes_ = 0;
  std::uint64_t begin_position_ = 0;
};

}  // namespace satchel
