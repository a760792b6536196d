// Points in time as documents write them: RFC 3339, "2026-01-31T12:00:00.250Z".

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace satchel::repos {

// Unix ms; what is finer is dropped. Empty when the text is no such date and time, or has no
// offset. A leap second counts as the second after it.
std::optional<std::int64_t> ParseRfc3339(std::string_view text);

// In UTC, always with milliseconds. Requires a year from 0 to 9999.
std::string FormatRfc3339(std::int64_t unix_ms);

}  // namespace satchel::repos
