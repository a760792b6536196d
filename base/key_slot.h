// The slot of a key in a Redis cluster: CRC-16 (XMODEM) of the key, or of what stands between
// its first '{' and the next '}' if that is not empty, modulo 16384.

#pragma once

#include <string_view>

namespace satchel {

inline constexpr int kKeySlots = 16384;

int KeySlot(std::string_view key);

}  // namespace satchel
