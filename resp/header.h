// The first line of most RESP values: a type byte, a number, CR LF.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/text.h"

namespace satchel::resp {

inline constexpr std::size_t kMaxHeaderBytes = 1 + kMaxIntText + 2;

// Writes to `out` (kMaxHeaderBytes) and returns the length.
inline std::size_t FormatHeader(char* out, char type, std::int64_t number) {
  out[0] = type;
  std::size_t size = 1;
  if (number >= 0 && number < 10) {
    out[size++] = static_cast<char>('0' + number);
  } else {
    size += static_cast<std::size_t>(FormatIntTo(out + size, number));
  }
  out[size] = '\r';
  out[size + 1] = '\n';
  return size + 2;
}

}  // namespace satchel::resp
