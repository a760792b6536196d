// Numbers as the scripts of Redis see them: doubles, printed as %.14g or %.17g, read as strtod
// does, cut to integers as an x86-64 does it. Independent of the host's locale.
// Source: redis 7.0.15 with Lua 5.1, on x86-64 Linux.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace satchel::lua {

inline constexpr std::size_t kNumberTextSize = 32;

// Writes what tostring gives, %.14g; returns the bytes written. "-0", "inf" and "-nan" included.
std::size_t WriteNumber(double value, char (&buffer)[kNumberTextSize]);
// With up to 17 significant digits.
std::size_t WriteNumber(double value, int digits, char (&buffer)[kNumberTextSize]);
// With 17: numbers as arguments of commands.
std::size_t WriteNumberExact(double value, char (&buffer)[kNumberTextSize]);

// The whole text as a number, blanks around it allowed; hexadecimal, inf and nan accepted. A NUL
// ends the text. Empty if it is none.
std::optional<double> ReadNumber(std::string_view text);
// In base 2 to 36, as strtoul reads it: a minus wraps. Empty if it is none.
std::optional<double> ReadNumber(std::string_view text, int base);
// The number that the text, which ends with a NUL, begins with; `end` is where it ended, or the
// text where there is none.
double ReadNumberPrefix(const char* text, const char** end);
// A numeral of source code, without blanks.
std::optional<double> ReadNumeral(const char* text);

// Towards zero; NaN and what does not fit give the smallest value.
std::int64_t TruncateToInt64(double value);
std::int32_t TruncateToInt32(double value);
// The same into 64 unsigned bits; negative values wrap.
std::uint64_t TruncateToUint64(double value);

}  // namespace satchel::lua
