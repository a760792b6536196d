// Spans of time that callers give: times to live, lengths of windows.

#pragma once

#include <chrono>
#include <string_view>

#include "base/result.h"

namespace satchel::repos {

// A hundred years: added to any time it is a time still.
inline constexpr std::chrono::milliseconds kLongestSpan = std::chrono::hours(24 * 36'525);

// kInvalidArgument when it is below 1 ms or above kLongestSpan; `field` names it.
Result<void> CheckSpan(std::string_view field, std::chrono::milliseconds span);

}  // namespace satchel::repos
