#include "base/bytes.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace satchel {
namespace {

// Eight tables: eight bytes a step.
template <class Word>
struct CrcTables {
  Word table[8][256];
  explicit constexpr CrcTables(Word reflected_polynomial) : table{} {
    for (int i = 0; i < 256; ++i) {
      Word crc = static_cast<Word>(i);
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? reflected_polynomial : 0);
      table[0][i] = crc;
    }
    for (int k = 1; k < 8; ++k) {
      for (int i = 0; i < 256; ++i) {
        const Word below = table[k - 1][i];
        table[k][i] = (below >> 8) ^ table[0][below & 0xff];
      }
    }
  }
};

template <class Word>
Word CrcUpdate(const CrcTables<Word>& t, Word crc, std::string_view bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    const std::uint64_t word = LoadLe<std::uint64_t>(at) ^ crc;
    crc = 0;
    for (int i = 0; i < 8; ++i) crc ^= t.table[7 - i][(word >> (8 * i)) & 0xff];
  }
  for (; left > 0; ++at, --left) crc = (crc >> 8) ^ t.table[0][(crc ^ *at) & 0xff];
  return crc;
}

const CrcTables<std::uint64_t> kCrc64(0x95ac9329ac4bc9b5);
const CrcTables<std::uint32_t> kCrc32c(0x82f63b78);

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string ToHex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (unsigned char byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::optional<std::string> FromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = HexDigit(hex[i]);
    const int low = HexDigit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

std::uint64_t Crc64(std::uint64_t crc, std::string_view bytes) {
  return CrcUpdate(kCrc64, crc, bytes);
}

std::uint32_t Crc32c(std::uint32_t crc, std::string_view bytes) {
  return ~CrcUpdate(kCrc32c, ~crc, bytes);
}

Sha1Digest Sha1(std::string_view bytes) {
  Sha1Digest digest;
  SHA1(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

std::string Sha256Hex(std::string_view bytes) {
  unsigned char digest[32];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return ToHex({reinterpret_cast<const char*>(digest), sizeof digest});
}

bool EqualConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace satchel
