#include "engine/packed.h"

#include "engine/heap.h"

namespace satchel::engine {

namespace packed {

char* Write(char* at, std::string_view bytes) {
  char* const start = at;
  for (std::size_t length = bytes.size();; length >>= 7) {
    *at++ = static_cast<char>((length & 127) | (length > 127 ? 128 : 0));
    if (length <= 127) break;
  }
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  at += bytes.size();
  std::size_t front = static_cast<std::size_t>(at - start);
  char* const end = at + VarintBytes(front);
  for (char* back = end - 1; back >= at; --back, front >>= 7) {
    *back = static_cast<char>((front & 127) | (back > at ? 128 : 0));
  }
  return end;
}

}  // namespace packed

PackedView::Position PackedView::Seek(std::size_t number) const {
  SATCHEL_DCHECK(number <= count());
  Position at;
  if (number <= count() / 2) {
    at = begin();
    for (std::size_t i = 0; i < number; ++i) at = Next(at);
  } else {
    at = end();
    for (std::size_t i = count(); i > number; --i) at = Previous(at);
  }
  return at;
}

PackedView::Position PackedView::Search(std::string_view bytes, std::size_t stride) const {
  const char* at = data();
  const char* const last = at + end();
  while (at != last) {
    if (packed::Read(at) == bytes) return static_cast<Position>(at - data());
    for (std::size_t i = 0; i < stride; ++i) at = packed::Next(at);
  }
  return end();
}

std::size_t PackedView::MemoryBytes() const {
  return header_ == nullptr ? 0 : sizeof(Header) + CapacityBytes(*header_);
}

void PackedView::Check() const {
  if (header_ == nullptr) return;
  SATCHEL_CHECK(header_->count > 0 && header_->bytes <= CapacityBytes(*header_));
  std::size_t elements = 0;
  for (Position at = begin(); at != end(); at = Next(at)) {
    SATCHEL_CHECK(at < end() && Previous(Next(at)) == at);
    ++elements;
  }
  SATCHEL_CHECK(elements == count());
}

std::size_t PackedView::CapacityBytes(const Header& header) {
  return kUnit *
         (std::size_t{header.capacity & kMantissaMask} << (header.capacity >> kMantissaBits));
}

void PackedBlock::Insert(Position at, std::string_view bytes) {
  SATCHEL_DCHECK(HasRoomFor(1, bytes.size()));
  Resize(at, 0, packed::ElementBytes(bytes.size()));
  packed::Write(data() + at, bytes);
  ++header_->count;
}

void PackedBlock::Replace(Position at, std::string_view bytes) {
  Resize(at, Next(at) - at, packed::ElementBytes(bytes.size()));
  packed::Write(data() + at, bytes);
}

void PackedBlock::Erase(Position at, std::size_t count) {
  if (count == 0) return;
  SATCHEL_DCHECK(count <= this->count());
  if (count == this->count()) return Clear();
  Position behind = at;
  for (std::size_t i = 0; i < count; ++i) behind = Next(behind);
  header_->count = static_cast<std::uint16_t>(header_->count - count);
  Resize(at, behind - at, 0);
}

void PackedBlock::Clear() {
  if (header_ == nullptr) return;
  Heap::Current().Free(header_, sizeof(Header) + CapacityBytes(*header_));
  header_ = nullptr;
}

PackedBlock PackedView::Clone() const {
  PackedBlock copy;
  if (header_ == nullptr) return copy;
  copy.Reallocate(header_->bytes);
  const std::uint16_t capacity = copy.header_->capacity;
  std::memcpy(copy.header_, header_, sizeof(Header) + header_->bytes);
  copy.header_->capacity = capacity;
  return copy;
}

void PackedBlock::Resize(Position at, std::size_t old_bytes, std::size_t new_bytes) {
  const std::size_t before = end();
  const std::size_t after = before - old_bytes + new_bytes;
  const std::size_t capacity = header_ == nullptr ? 0 : CapacityBytes(*header_);
  // Small blocks fit exactly, larger ones get slack, so that growing stays cheap per byte.
  if (after > capacity) Reallocate(after + (after < 256 ? 0 : after / 16));
  if (before > at + old_bytes && old_bytes != new_bytes) {
    std::memmove(data() + at + new_bytes, data() + at + old_bytes, before - at - old_bytes);
  }
  header_->bytes = static_cast<std::uint32_t>(after);
  if (after + after / 4 + 64 < capacity) Reallocate(after);
}

void PackedBlock::Reallocate(std::size_t bytes) {
  Header fresh{.bytes = 0, .count = 0, .capacity = 0};
  if (header_ != nullptr) fresh = *header_;
  std::size_t mantissa = (bytes + kUnit - 1) / kUnit;
  std::size_t exponent = 0;
  for (; mantissa > kMantissaMask; ++exponent) mantissa = (mantissa + 1) / 2;
  fresh.capacity = static_cast<std::uint16_t>(exponent << kMantissaBits | mantissa);
  auto* block =
      static_cast<Header*>(Heap::Current().Allocate(sizeof(Header) + CapacityBytes(fresh)));
  *block = fresh;
  if (header_ != nullptr) {
    std::memcpy(block + 1, header_ + 1, fresh.bytes);
    Heap::Current().Free(header_, sizeof(Header) + CapacityBytes(*header_));
  }
  header_ = block;
}

}  // namespace satchel::engine
