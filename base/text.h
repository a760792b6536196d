// Numbers, names and patterns as text, by Redis' rules (redis 7.0: util.c behaviour).
// Nothing here depends on the process' locale.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace satchel {

// Exactly the texts that FormatInt writes: no blanks, no plus sign, no leading zeros, no
// "-0", inside the 64-bit range. Empty otherwise.
std::optional<std::int64_t> ParseInt(std::string_view text);
std::optional<std::uint64_t> ParseUint(std::string_view text);

// A decimal number, "inf", "+inf", "-inf", "infinity" (any case) or hexadecimal as strtod
// reads it; no blanks around it, no NaN, no overflow to infinity. Empty otherwise.
std::optional<double> ParseDouble(std::string_view text);

// As SORT reads numbers: strtod up to the first zero byte, blanks before it allowed; nothing at
// all is 0. Empty when something is left over, for NaN, and out of a double's range either way.
std::optional<double> ParseWeight(std::string_view text);
// The same for the ends of score intervals: what a double cannot hold is infinite, or 0.
std::optional<double> ParseBound(std::string_view text);

// Longest text of a 64-bit integer, sign included.
inline constexpr int kMaxIntText = 20;
// Writes to `out` (kMaxIntText bytes) and returns the length.
int FormatIntTo(char* out, std::int64_t value);
std::string FormatInt(std::int64_t value);

// As Redis prints scores: integers without a point, else %.17g; inf, -inf, nan.
std::string FormatDouble(double value);
// As INCRBYFLOAT prints: %.17Lf without trailing zeros; "-0" becomes "0".
std::string FormatLongDouble(long double value);
std::optional<long double> ParseLongDouble(std::string_view text);

// ASCII only.
std::string ToLower(std::string_view text);
std::string ToUpper(std::string_view text);
bool EqualIgnoreCase(std::string_view a, std::string_view b);

// Redis' glob: * ? [a-z] [^a] and backslash. `ignore_case` folds ASCII letters.
bool GlobMatch(std::string_view pattern, std::string_view text, bool ignore_case = false);

// The nearest of `known` to `word`: edit distance at most `max_distance`; empty when none.
std::string_view NearestWord(std::string_view word, const std::vector<std::string_view>& known,
                             int max_distance = 3);

// One line for people: non-printing bytes escaped as \xHH, \n, \r, \t, \" and \\.
std::string Printable(std::string_view bytes);

// Splits a line into arguments as redis-cli and inline commands do: blanks separate,
// "double quotes" with \n \r \t \b \a \xHH escapes, 'single quotes' with \' only. Empty when
// quotes are unbalanced.
std::optional<std::vector<std::string>> SplitArgs(std::string_view line);

std::vector<std::string_view> Split(std::string_view text, char separator);
std::string_view Trim(std::string_view text);

}  // namespace satchel
