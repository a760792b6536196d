// Sealed values: bytes with a type, compressed when that makes them smaller.
//
//   sealed = 0x01, codec (0x00 raw, 0x01 zstd), raw length u32 LE, type length u16 LE, type,
//   payload

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace satchel::repos {

struct SealOptions {
  bool compress = true;
  std::size_t threshold_bytes = 1024;  // shorter payloads stay as they are
  int level = 3;                       // of zstd
};

struct TypedValue {
  std::string type;
  std::string bytes;

  bool operator==(const TypedValue&) const = default;
};

// Errors: kTooLarge (4 GiB or more), kInvalidArgument (a type of 64 KiB or more).
Result<std::string> Seal(const TypedValue& value, const SealOptions& options);
// Errors: kCorrupt, for an unknown codec and for any wrong length.
Result<TypedValue> Unseal(std::string_view sealed);

struct SealInfo {
  std::uint64_t raw_bytes = 0;  // of the payload
  bool is_compressed = false;
};
Result<SealInfo> InspectSealed(std::string_view sealed);

}  // namespace satchel::repos
