#include "engine/listpack.h"

#include <cstring>

#include "base/bytes.h"

namespace satchel::engine::listpack {
namespace {

unsigned At(const char* at, std::size_t i = 0) { return static_cast<unsigned char>(at[i]); }

std::size_t BackBytes(std::size_t size) {
  std::size_t bytes = 1;
  for (; size > 127; size >>= 7) ++bytes;
  return bytes;
}

// The seven highest bits come first; all but the first byte have the top bit set.
char* WriteBack(char* at, std::size_t size) {
  const std::size_t bytes = BackBytes(size);
  for (std::size_t i = bytes; i-- > 0; size >>= 7) {
    at[i] = static_cast<char>((size & 127) | (i > 0 ? 128 : 0));
  }
  return at + bytes;
}

// Encoding byte and content of an integer.
std::size_t IntegerFront(std::int64_t value) {
  if (value >= 0 && value <= 127) return 1;
  if (value >= -4096 && value <= 4095) return 2;
  if (value >= INT16_MIN && value <= INT16_MAX) return 3;
  if (value >= -(1 << 23) && value < 1 << 23) return 4;
  if (value >= INT32_MIN && value <= INT32_MAX) return 5;
  return 9;
}

std::size_t TextFront(std::size_t size) { return size + (size < 64 ? 1 : size < 4096 ? 2 : 5); }

// Encoding byte, further header bytes, content.
struct Shape {
  std::size_t header;
  std::size_t content;
  bool integer;
};
Shape ShapeOf(const char* at) {
  const unsigned first = At(at);
  if (first < 0x80) return {1, 0, true};
  if (first < 0xC0) return {1, first & 0x3F, false};
  if (first < 0xE0) return {2, 0, true};
  if (first < 0xF0) return {2, (first & 0x0F) << 8 | At(at, 1), false};
  switch (first) {
    case 0xF0:
      return {5, LoadLe<std::uint32_t>(at + 1), false};
    case 0xF1:
      return {1, 2, true};
    case 0xF2:
      return {1, 3, true};
    case 0xF3:
      return {1, 4, true};
    default:
      return {1, 8, true};
  }
}

}  // namespace

std::size_t IntegerBytes(std::int64_t value) {
  const std::size_t front = IntegerFront(value);
  return front + BackBytes(front);
}

std::size_t ElementBytes(std::string_view text) {
  if (const auto value = ParseInt(text)) return IntegerBytes(*value);
  const std::size_t front = TextFront(text.size());
  return front + BackBytes(front);
}

char* WriteInteger(char* at, std::int64_t value) {
  const std::size_t front = IntegerFront(value);
  switch (front) {
    case 1:
      *at = static_cast<char>(value);
      break;
    case 2: {
      const auto bits = static_cast<std::uint64_t>(value) & 0x1FFF;
      at[0] = static_cast<char>(0xC0 | bits >> 8);
      at[1] = static_cast<char>(bits);
      break;
    }
    default:
      *at = static_cast<char>(front == 3 ? 0xF1 : front == 4 ? 0xF2 : front == 5 ? 0xF3 : 0xF4);
      std::memcpy(at + 1, &value, front - 1);  // little-endian: the low bytes
  }
  return WriteBack(at + front, front);
}

char* Write(char* at, std::string_view text) {
  if (const auto value = ParseInt(text)) return WriteInteger(at, *value);
  const std::size_t size = text.size();
  char* bytes = at;
  if (size < 64) {
    *bytes++ = static_cast<char>(0x80 | size);
  } else if (size < 4096) {
    *bytes++ = static_cast<char>(0xE0 | size >> 8);
    *bytes++ = static_cast<char>(size);
  } else {
    *bytes++ = static_cast<char>(0xF0);
    StoreLe(bytes, static_cast<std::uint32_t>(size));
    bytes += 4;
  }
  if (size > 0) std::memcpy(bytes, text.data(), size);
  return WriteBack(bytes + size, TextFront(size));
}

bool IsInteger(const char* at) { return ShapeOf(at).integer; }

std::int64_t ReadInteger(const char* at) {
  const unsigned first = At(at);
  if (first < 0x80) return first;
  if (first < 0xE0) {
    const auto value = static_cast<std::int64_t>((first & 0x1F) << 8 | At(at, 1));
    return value >= 1 << 12 ? value - (1 << 13) : value;
  }
  const std::size_t width = ShapeOf(at).content;
  std::uint64_t value = 0;
  std::memcpy(&value, at + 1, width);
  const auto shift = static_cast<unsigned>(64 - 8 * width);
  return static_cast<std::int64_t>(value << shift) >> shift;
}

std::string_view Read(const char* at, char* digits) {
  const Shape shape = ShapeOf(at);
  if (!shape.integer) return {at + shape.header, shape.content};
  return {digits, static_cast<std::size_t>(FormatIntTo(digits, ReadInteger(at)))};
}

const char* Next(const char* at) {
  const Shape shape = ShapeOf(at);
  const std::size_t front = shape.header + shape.content;
  return at + front + BackBytes(front);
}

const char* Previous(const char* at) {
  std::size_t front = 0;
  for (unsigned shift = 0;; shift += 7) {
    const unsigned byte = At(--at);
    front |= std::size_t{byte & 127} << shift;
    if (byte < 128) break;
  }
  return at - front;
}

}  // namespace satchel::engine::listpack
