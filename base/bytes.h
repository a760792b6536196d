// Fixed-width integers in byte strings, hexadecimal text, checksums and digests, prefetching.

#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace satchel {

static_assert(std::endian::native == std::endian::little, "the formats assume it");

template <class T>
T LoadLe(const void* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <class T>
void StoreLe(void* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

template <class T>
T ByteSwap(T value) {
  if constexpr (sizeof(T) == 8) return static_cast<T>(__builtin_bswap64(value));
  if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(value));
  if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(value));
  return value;
}

template <class T>
T LoadBe(const void* at) {
  return ByteSwap(LoadLe<T>(at));
}

template <class T>
void AppendLe(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
void AppendBe(std::string& out, T value) {
  AppendLe(out, ByteSwap(value));
}

// a == b without the call of memcmp for the usual short keys.
inline bool SameBytes(std::string_view a, std::string_view b) {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  const auto differ = [&](auto word) {
    const std::size_t last = size - sizeof word;
    return ((LoadLe<decltype(word)>(a.data()) ^ LoadLe<decltype(word)>(b.data())) |
            (LoadLe<decltype(word)>(a.data() + last) ^ LoadLe<decltype(word)>(b.data() + last))) !=
           0;
  };
  if (size - 8 <= 8) return !differ(std::uint64_t{});
  if (size - 4 < 4) return !differ(std::uint32_t{});
  return size == 0 || std::memcmp(a.data(), b.data(), size) == 0;
}

// Two lower-case hex digits a byte.
std::string ToHex(std::string_view bytes);
// Empty unless `hex` is an even number of hex digits.
std::optional<std::string> FromHex(std::string_view hex);

// CRC-64 as RDB files use it (Jones, reflected); Crc64(0, "123456789") is e9c6d914c4b8d9ca.
std::uint64_t Crc64(std::uint64_t crc, std::string_view bytes);
// CRC-32C (Castagnoli); Crc32c(0, "123456789") is e3069283.
std::uint32_t Crc32c(std::uint32_t crc, std::string_view bytes);

using Sha1Digest = std::array<unsigned char, 20>;
Sha1Digest Sha1(std::string_view bytes);
// 64 lower-case hex digits.
std::string Sha256Hex(std::string_view bytes);

// Compares in a time that depends on the lengths only: for passwords.
bool EqualConstantTime(std::string_view a, std::string_view b);

// Asks for the cache line of `at` ahead of its use; any address will do.
inline void PrefetchLine(const void* at) {
  __builtin_prefetch(at);
  // g++ takes a function that only prefetches for a pure one and drops calls to it.
  asm volatile("");
}

}  // namespace satchel
