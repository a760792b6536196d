#include "base/key_slot.h"

#include <cstdint>

namespace satchel {
namespace {

std::uint32_t Crc16(std::string_view bytes) {
  constexpr std::uint32_t kPolynomial = 0x1021;
  std::uint32_t crc = 0;
  for (char byte : bytes) {
    crc ^= std::uint32_t{static_cast<unsigned char>(byte)} << 8;
    for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ (crc & 0x8000 ? kPolynomial : 0);
    crc &= 0xFFFF;
  }
  return crc;
}

}  // namespace

int KeySlot(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  return static_cast<int>(Crc16(key) % kKeySlots);
}

}  // namespace satchel
