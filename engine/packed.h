// Packed elements: byte strings one after the other in one piece of memory, readable in both
// directions. Small hashes, sets, sorted sets and the blocks of lists are made of them.
//
//     element  = length bytes back
//     length   = varint: 7 bits a byte, lowest first, bit 7: more follow
//     back     = size of length and bytes, as a varint that is read from right to left
//
// An element of up to 125 bytes costs 2 bytes more than its content.
//
// PackedBlock is an 8-byte handle on one block of the current Heap: a header of 8 bytes
// (bytes used, number of elements, capacity) and the elements. Empty blocks own nothing.
// Positions are offsets; they, and views of elements, die with the next change.
// Cost: changes move the bytes behind them; reading by number walks.

#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace satchel::engine {

namespace packed {

inline std::size_t VarintBytes(std::size_t value) {
  std::size_t bytes = 1;
  for (; value > 127; value >>= 7) ++bytes;
  return bytes;
}

// What an element of so many bytes takes in a block.
inline std::size_t ElementBytes(std::size_t length) {
  const std::size_t front = VarintBytes(length) + length;
  return front + VarintBytes(front);
}

// Reads the length and moves `at` behind it.
inline std::size_t ReadLength(const char*& at) {
  auto byte = static_cast<unsigned char>(*at++);
  std::size_t length = byte & 127;
  for (int shift = 7; byte > 127; shift += 7) {
    byte = static_cast<unsigned char>(*at++);
    length |= static_cast<std::size_t>(byte & 127) << shift;
  }
  return length;
}

inline std::string_view Read(const char* at) {
  const std::size_t length = ReadLength(at);
  return {at, length};
}

inline const char* Next(const char* at) {
  const char* bytes = at;
  const std::size_t length = ReadLength(bytes);
  const char* back = bytes + length;
  return back + VarintBytes(static_cast<std::size_t>(back - at));
}

// The element that ends where `at` points.
inline const char* Previous(const char* at) {
  auto byte = static_cast<unsigned char>(*--at);
  std::size_t front = byte & 127;
  for (int shift = 7; byte > 127; shift += 7) {
    byte = static_cast<unsigned char>(*--at);
    front |= static_cast<std::size_t>(byte & 127) << shift;
  }
  return at - front;
}

// Writes an element and returns its end. Requires ElementBytes(bytes.size()) of room.
char* Write(char* at, std::string_view bytes);

}  // namespace packed

// Reads a block that something else owns.
class PackedView {
 public:
  using Position = std::uint32_t;

  PackedView() = default;
  explicit PackedView(const void* block)
      : header_(static_cast<Header*>(const_cast<void*>(block))) {}

  std::size_t count() const { return header_ == nullptr ? 0 : header_->count; }

  // Positions of the first element and behind the last one.
  Position begin() const { return 0; }
  Position end() const { return header_ == nullptr ? 0 : header_->bytes; }
  std::string_view At(Position at) const { return packed::Read(data() + at); }
  Position Next(Position at) const {
    return static_cast<Position>(packed::Next(data() + at) - data());
  }
  Position Previous(Position at) const {
    return static_cast<Position>(packed::Previous(data() + at) - data());
  }
  // The position of an element by number; end() for count().
  Position Seek(std::size_t number) const;
  // The first of every `stride` elements that equals `bytes`; end() when none does.
  Position Search(std::string_view bytes, std::size_t stride) const;

  // A copy of its own in the current heap.
  class PackedBlock Clone() const;

  std::size_t MemoryBytes() const;
  void Check() const;

 protected:
  struct Header {
    std::uint32_t bytes;  // of elements
    std::uint16_t count;
    std::uint16_t capacity;  // room for elements, in units: exponent 5 bits, mantissa 11
  };
  static_assert(sizeof(Header) == 8);
  static constexpr std::size_t kUnit = 8;
  static constexpr unsigned kMantissaBits = 11;
  static constexpr unsigned kMantissaMask = (1u << kMantissaBits) - 1;

  char* data() const { return reinterpret_cast<char*>(header_ + 1); }
  static std::size_t CapacityBytes(const Header& header);

  Header* header_ = nullptr;
};

class PackedBlock : public PackedView {
 public:
  static constexpr std::size_t kMaxCount = 65'535;
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

  PackedBlock() = default;
  PackedBlock(PackedBlock&& other) noexcept { header_ = std::exchange(other.header_, nullptr); }
  PackedBlock& operator=(PackedBlock&& other) noexcept {
    std::swap(header_, other.header_);
    return *this;
  }
  ~PackedBlock() { Clear(); }

  // Before the element at `at`. `bytes` must not lie in this block.
  void Insert(Position at, std::string_view bytes);
  void Append(std::string_view bytes) { Insert(end(), bytes); }
  void Replace(Position at, std::string_view bytes);
  // Erases `count` elements from `at` on. Requires that they exist.
  void Erase(Position at, std::size_t count = 1);
  void Clear();
  // Whether `elements` more with `bytes` in all can be added.
  bool HasRoomFor(std::size_t elements, std::size_t bytes) const {
    return count() + elements <= kMaxCount && end() + bytes + 16 * elements <= kMaxBytes;
  }

  // For handles that tag the pointer: gives up the block, or takes one over.
  void* Release() { return std::exchange(header_, nullptr); }
  static PackedBlock Adopt(void* block) {
    PackedBlock adopted;
    adopted.header_ = static_cast<Header*>(block);
    return adopted;
  }

 private:
  friend class PackedView;  // Clone

  // Makes the `old_bytes` at `at` `new_bytes` long, what follows moves.
  void Resize(Position at, std::size_t old_bytes, std::size_t new_bytes);
  void Reallocate(std::size_t bytes);
};

// Lends the block whose address is in `word`, beside the bits of `tag`, for changes, and puts its
// new address there.
class PackedEdit {
 public:
  explicit PackedEdit(std::uintptr_t& word, std::uintptr_t tag = 0)
      : word_(word), tag_(tag), block_(PackedBlock::Adopt(reinterpret_cast<void*>(word & ~tag))) {}
  ~PackedEdit() { word_ = reinterpret_cast<std::uintptr_t>(block_.Release()) | tag_; }
  PackedEdit(const PackedEdit&) = delete;
  PackedEdit& operator=(const PackedEdit&) = delete;

  PackedBlock* operator->() { return &block_; }
  PackedBlock& operator*() { return block_; }

 private:
  std::uintptr_t& word_;
  std::uintptr_t tag_;
  PackedBlock block_;
};

}  // namespace satchel::engine
