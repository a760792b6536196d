#include "lua/number_text.h"

#include <charconv>
#include <clocale>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>

namespace satchel::lua {
namespace {

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

locale_t PlainLocale() {
  static const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
  return locale;
}

std::size_t Write(double value, char (&buffer)[kNumberTextSize], int digits) {
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, digits).ptr;
  return static_cast<std::size_t>(end - buffer);
}

// Integers below this print without an exponent in both widths.
constexpr double kPlainIntegers = 1e14;

std::size_t WriteGeneral(double value, char (&buffer)[kNumberTextSize], int digits) {
  if (value > -kPlainIntegers && value < kPlainIntegers) {
    const auto integer = static_cast<std::int64_t>(value);
    if (static_cast<double>(integer) == value && (integer != 0 || !std::signbit(value))) {
      return static_cast<std::size_t>(std::to_chars(buffer, buffer + sizeof buffer, integer).ptr -
                                      buffer);
    }
  }
  return Write(value, buffer, digits);
}

// `text` ends with a NUL. Short decimal integers need no strtod.
std::optional<double> Read(const char* text) {
  const char* p = text;
  std::int64_t small = 0;
  while (*p >= '0' && *p <= '9' && p - text < 15) small = small * 10 + (*p++ - '0');
  if (*p == '\0' && p != text) return static_cast<double>(small);

  char* end = nullptr;
  double value = strtod_l(text, &end, PlainLocale());
  if (end == text) return std::nullopt;
  if (*end == 'x' || *end == 'X') value = static_cast<double>(std::strtoul(text, &end, 16));
  while (IsBlank(*end)) ++end;
  if (*end != '\0') return std::nullopt;
  return value;
}

}  // namespace

std::size_t WriteNumber(double value, char (&buffer)[kNumberTextSize]) {
  return WriteGeneral(value, buffer, 14);
}

std::size_t WriteNumber(double value, int digits, char (&buffer)[kNumberTextSize]) {
  if (digits < 14) return Write(value, buffer, digits);
  return WriteGeneral(value, buffer, digits);
}

std::size_t WriteNumberExact(double value, char (&buffer)[kNumberTextSize]) {
  return WriteGeneral(value, buffer, 17);
}

std::optional<double> ReadNumber(std::string_view text) {
  char small[64];
  if (text.size() < sizeof small) {
    std::memcpy(small, text.data(), text.size());
    small[text.size()] = '\0';
    return Read(small);
  }
  return Read(std::string(text).c_str());
}

double ReadNumberPrefix(const char* text, const char** end) {
  char* behind = nullptr;
  const double value = strtod_l(text, &behind, PlainLocale());
  *end = behind;
  return value;
}

std::optional<double> ReadNumeral(const char* text) { return Read(text); }

std::optional<double> ReadNumber(std::string_view text, int base) {
  const std::string terminated(text);
  char* end = nullptr;
  const unsigned long value = std::strtoul(terminated.c_str(), &end, base);
  if (end == terminated.c_str()) return std::nullopt;
  while (IsBlank(*end)) ++end;
  if (*end != '\0') return std::nullopt;
  return static_cast<double>(value);
}

std::int64_t TruncateToInt64(double value) {
  if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0)) return INT64_MIN;
  return static_cast<std::int64_t>(value);
}

std::int32_t TruncateToInt32(double value) {
  if (!(value > -2147483649.0 && value < 2147483648.0)) return INT32_MIN;
  return static_cast<std::int32_t>(value);
}

std::uint64_t TruncateToUint64(double value) {
  if (!(value >= 9223372036854775808.0)) {
    return static_cast<std::uint64_t>(TruncateToInt64(value));
  }
  const std::int64_t rest = TruncateToInt64(value - 9223372036854775808.0);
  return static_cast<std::uint64_t>(rest) ^ (std::uint64_t{1} << 63);
}

}  // namespace satchel::lua
