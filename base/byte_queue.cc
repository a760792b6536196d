// A block is one allocation: the header, then its bytes. Blocks in the middle of the chain may
// have room left, after an Insert; only the last one is appended to.

#include "base/byte_queue.h"

#include <algorithm>
#include <new>

namespace satchel {
namespace {

#ifdef SATCHEL_TINY
constexpr std::size_t kFirstBlockBytes = 128;
constexpr std::size_t kBlockBytes = 256;
#else
// An allocator keeps freed blocks of the first size close at hand: the usual reply of a
// connection that does not pipeline costs no trip to its slow paths.
constexpr std::size_t kFirstBlockBytes = 1024;
constexpr std::size_t kBlockBytes = 16 * 1024;
#endif

}  // namespace

ByteQueue& ByteQueue::operator=(ByteQueue&& from) noexcept {
  if (this == &from) return *this;
  Clear();
  first_ = std::exchange(from.first_, nullptr);
  last_ = std::exchange(from.last_, nullptr);
  size_ = std::exchange(from.size_, 0);
  memory_bytes_ = std::exchange(from.memory_bytes_, 0);
  begin_position_ = from.begin_position_;
  from.begin_position_ += size_;
  return *this;
}

void ByteQueue::AppendShared(std::shared_ptr<const void> owner, std::string_view bytes) {
  if (bytes.size() < kMinShared) return Append(bytes);
  Block* block = NewBlock(0);
  // Never written through: a shared block has no room and Insert copies before it moves.
  block->begin = const_cast<char*>(bytes.data());
  block->end = block->limit = block->begin + bytes.size();
  block->owner = std::move(owner);
  block->cost_bytes += bytes.size();
  LinkAfter(last_, block);
  size_ += bytes.size();
}

void ByteQueue::Append(ByteQueue&& from) {
  if (from.empty()) return;
  from.first_->previous = last_;
  (last_ == nullptr ? first_ : last_->next) = from.first_;
  last_ = std::exchange(from.last_, nullptr);
  from.first_ = nullptr;
  memory_bytes_ += std::exchange(from.memory_bytes_, 0);
  size_ += from.size_;
  from.begin_position_ += std::exchange(from.size_, 0);
}

void ByteQueue::Insert(std::uint64_t position, std::string_view bytes) {
  SATCHEL_CHECK(position >= begin_position() && position <= end_position());
  if (position == end_position()) return Append(bytes);
  auto [block, offset] = Locate(position);
  const std::size_t tail_bytes = block == nullptr ? 0 : block->size() - offset;
  if (block != nullptr && static_cast<std::size_t>(block->limit - block->end) >= bytes.size()) {
    std::memmove(block->begin + offset + bytes.size(), block->begin + offset, tail_bytes);
    std::memcpy(block->begin + offset, bytes.data(), bytes.size());
    block->end += bytes.size();
  } else {
    Block* rest = NewBlock(bytes.size() + tail_bytes);
    std::memcpy(rest->end, bytes.data(), bytes.size());
    rest->end += bytes.size();
    if (tail_bytes > 0) {
      std::memcpy(rest->end, block->begin + offset, tail_bytes);
      rest->end += tail_bytes;
      block->end -= tail_bytes;
      if (block->owner != nullptr) block->limit = block->end;
    }
    LinkAfter(block, rest);
  }
  size_ += bytes.size();
}

std::size_t ByteQueue::Peek(iovec* parts, std::size_t max_parts, std::size_t max_bytes) const {
  std::size_t count = 0;
  for (Block* block = first_; block != nullptr && count < max_parts && max_bytes > 0;
       block = block->next) {
    const std::size_t bytes = std::min(block->size(), max_bytes);
    if (bytes == 0) continue;
    parts[count++] = {block->begin, bytes};
    max_bytes -= bytes;
  }
  return count;
}

void ByteQueue::Consume(std::size_t bytes) {
  SATCHEL_CHECK(bytes <= size_);
  size_ -= bytes;
  begin_position_ += bytes;
  while (first_ != nullptr && (bytes >= first_->size() || size_ == 0)) {
    bytes -= first_->size();
    RemoveFirst();
  }
  if (bytes > 0) first_->begin += bytes;
}

void ByteQueue::Truncate(std::uint64_t position) {
  SATCHEL_CHECK(position >= begin_position() && position <= end_position());
  std::size_t bytes = end_position() - position;
  size_ -= bytes;
  while (last_ != nullptr && (bytes >= last_->size() || size_ == 0)) {
    bytes -= last_->size();
    RemoveLast();
  }
  if (bytes == 0) return;
  last_->end -= bytes;
  if (last_->owner != nullptr) last_->limit = last_->end;
}

std::string ByteQueue::ToString() const {
  std::string out;
  out.reserve(size_);
  for (Block* block = first_; block != nullptr; block = block->next) {
    out.append(block->begin, block->size());
  }
  return out;
}

void ByteQueue::AppendAcross(std::string_view bytes) {
  if (const std::size_t fits = room(); fits > 0) {
    std::memcpy(last_->end, bytes.data(), fits);
    Commit(fits);
    bytes.remove_prefix(fits);
  }
  AddBlock(bytes.size());
  std::memcpy(last_->end, bytes.data(), bytes.size());
  Commit(bytes.size());
}

void ByteQueue::AddBlock(std::size_t bytes) {
  const std::size_t usual = (last_ == nullptr ? kFirstBlockBytes : kBlockBytes) - sizeof(Block);
  LinkAfter(last_, NewBlock(bytes <= usual ? usual : std::max(bytes, kBlockBytes - sizeof(Block))));
}

ByteQueue::Block* ByteQueue::NewBlock(std::size_t data_bytes) {
  void* memory = ::operator new(sizeof(Block) + data_bytes);
  Block* block = new (memory) Block;
  block->begin = block->end = static_cast<char*>(memory) + sizeof(Block);
  block->limit = block->begin + data_bytes;
  block->cost_bytes = sizeof(Block) + data_bytes;
  return block;
}

void ByteQueue::LinkAfter(Block* before, Block* block) {
  block->previous = before;
  block->next = before == nullptr ? first_ : before->next;
  (before == nullptr ? first_ : before->next) = block;
  (block->next == nullptr ? last_ : block->next->previous) = block;
  memory_bytes_ += block->cost_bytes;
}

void ByteQueue::RemoveFirst() {
  Block* block = first_;
  first_ = block->next;
  (first_ == nullptr ? last_ : first_->previous) = nullptr;
  memory_bytes_ -= block->cost_bytes;
  Delete(block);
}

void ByteQueue::RemoveLast() {
  Block* block = last_;
  last_ = block->previous;
  (last_ == nullptr ? first_ : last_->next) = nullptr;
  memory_bytes_ -= block->cost_bytes;
  Delete(block);
}

void ByteQueue::Delete(Block* block) {
  block->~Block();
  ::operator delete(block);
}

std::pair<ByteQueue::Block*, std::size_t> ByteQueue::Locate(std::uint64_t position) const {
  // From the back: what is inserted late is the header of a reply that was just written.
  std::uint64_t block_end = end_position();
  for (Block* block = last_; block != nullptr; block = block->previous) {
    const std::uint64_t block_begin = block_end - block->size();
    if (position > block_begin) return {block, static_cast<std::size_t>(position - block_begin)};
    block_end = block_begin;
  }
  return {nullptr, 0};
}

}  // namespace satchel
