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
  std::string_view pattern;  // empty: all
  std::string_view type;     // SCAN only; empty: all
  bool Matches(std::string_view name) const {
    return pattern.empty() || pattern == "*" || GlobMatch(pattern, name);
  }
};

// The cursor in argument `i`; "ERR invalid cursor".
Result<std::uint64_t> ParseCursor(const Call& call, std::size_t i);
// The options from argument `first` on; `with_type` allows TYPE.
Result<ScanOptions> ParseScanOptions(const Call& call, std::size_t first, bool with_type);
// [cursor, [items]]; the items are the views collected so far.
void ReplyScan(Reply& reply, std::uint64_t cursor, std::span<const std::string> items);

}  // namespace satchel::engine
