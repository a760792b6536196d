#include "net/input_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace satchel::net {
namespace {

constexpr std::size_t kCacheLineBytes = 64;
// A big command may take more at once, but not so much that others starve.
constexpr std::size_t kMaxReadBytes = 256 * 1024;
// With less room than this the bytes move to the front, or to more memory.
constexpr std::size_t kMinRoomBytes = 4 * 1024;

}  // namespace

std::span<char> ReadArena::Room() {
  if (!chunks_.empty() && kChunkBytes - used_ < kReadBytes) {
    ++chunk_;
    used_ = 0;
  }
  if (chunk_ == chunks_.size()) {
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(kChunkBytes));
  }
  return {chunks_[chunk_].get() + used_, kReadBytes};
}

void ReadArena::Commit(std::size_t bytes) {
  used_ += (bytes + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes;
}

void ReadArena::Reset() {
  if (chunks_.size() > kMaxKeptChunks) chunks_.resize(kMaxKeptChunks);
  chunk_ = 0;
  used_ = 0;
}

void InputBuffer::Consume(std::size_t bytes) {
  SATCHEL_CHECK(bytes <= unread_.size());
  unread_.remove_prefix(bytes);
  expected_bytes_ = 0;
}

std::span<char> InputBuffer::Room(ReadArena& arena) {
  if (own_ == nullptr) return arena.Room();
  if (capacity_ - OwnEnd() < std::max(expected_bytes_, kMinRoomBytes)) {
    MakeOwn(std::max(expected_bytes_, ReadArena::kReadBytes));
  }
  const std::size_t end = OwnEnd();
  return {own_.get() + end, std::min(capacity_ - end, kMaxReadBytes)};
}

void InputBuffer::Commit(ReadArena& arena, std::size_t bytes) {
  if (own_ == nullptr) {
    unread_ = {arena.Room().data(), bytes};
    return arena.Commit(bytes);
  }
  unread_ = {unread_.data(), unread_.size() + bytes};
  expected_bytes_ -= std::min(expected_bytes_, bytes);
}

void InputBuffer::EndRound() {
  if (unread_.empty()) {
    unread_ = {};
    own_.reset();
    capacity_ = 0;
  } else if (own_ == nullptr) {
    MakeOwn(std::max(expected_bytes_, ReadArena::kReadBytes));
  }
}

void InputBuffer::MakeOwn(std::size_t room) {
  const std::size_t size = unread_.size();
  if (capacity_ - std::min(capacity_, size) >= room) {
    std::memmove(own_.get(), unread_.data(), size);
  } else {
    const std::size_t capacity = std::max(size + room, 2 * size);
    auto memory = std::make_unique_for_overwrite<char[]>(capacity);
    std::memcpy(memory.get(), unread_.data(), size);
    own_ = std::move(memory);
    capacity_ = capacity;
  }
  unread_ = {own_.get(), size};
}

}  // namespace satchel::net
