// The arguments and the reply that SCAN, HSCAN, SSCAN and ZSCAN share.
// Source: redis 7.0.15, SCAN.

#pragma once

#include "engine/call.h"

namespace satchel::engine {

// Cursors are below this; a larger one that a client made up wraps.
inline constexpr std::uint64_t kScanCursors = std::uint64_t{1} << 48;

struct ScanOptions {
  std::uint64_t cursor = 0;
  std::int64_t count = 10;
  std::optional<std::string_view> pattern;
  std::optional<std::string_view> type;  // SCAN only
  bool no_values = false;                // HSCAN only
  bool Matches(std::string_view name) const {
    return !pattern || pattern == "*" || GlobMatch(*pattern, name);
  }
};

// The cursor in argument `i`; "ERR invalid cursor".
Result<std::uint64_t> ParseCursor(const Call& call, std::size_t i);
// What is scanned: TYPE is for keys, NOVALUES for hashes.
enum class Scanned : std::uint8_t { kKeys, kHash, kMembers };
// The options from argument `first` on.
Result<ScanOptions> ParseScanOptions(const Call& call, std::size_t first, Scanned what);
// [cursor, [items]]; the items are the views collected so far.
void ReplyScan(Reply& reply, std::uint64_t cursor, std::span<const std::string> items);

}  // namespace satchel::engine
