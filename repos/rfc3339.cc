#include "repos/rfc3339.h"

#include <fmt/format.h>

#include <chrono>

namespace satchel::repos {
namespace {

constexpr std::int64_t kDayMs = 24 * 3600 * 1000;

// Takes text from the front; false once something did not fit.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  // Exactly `digits` digits, in [min, max].
  std::int64_t Number(std::size_t digits, std::int64_t min, std::int64_t max) {
    std::int64_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9') return Fail();
      value = value * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return value >= min && value <= max ? value : Fail();
  }
  // One of the characters; 0 when it is another.
  char OneOf(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_[0]) == characters.npos) return 0;
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }
  void Need(std::string_view characters) {
    if (OneOf(characters) == 0) Fail();
  }
  // ".250" and the like in ms; 0 without a point.
  std::int64_t Fraction() {
    if (OneOf(".") == 0) return 0;
    std::int64_t ms = 0;
    std::int64_t weight = 100;
    if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9') return Fail();
    while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
      ms += (rest_[0] - '0') * weight;
      weight /= 10;
      rest_.remove_prefix(1);
    }
    return ms;
  }
  bool at_end() const { return ok_ && rest_.empty(); }

 private:
  std::int64_t Fail() {
    ok_ = false;
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

std::int64_t OffsetMs(Reader& reader) {
  const char sign = reader.OneOf("+-");
  if (sign == 0) {
    reader.Need("Zz");
    return 0;
  }
  const std::int64_t hours = reader.Number(2, 0, 23);
  reader.Need(":");
  const std::int64_t minutes = reader.Number(2, 0, 59);
  return (sign == '-' ? -1 : 1) * (hours * 60 + minutes) * 60'000;
}

}  // namespace

std::optional<std::int64_t> ParseRfc3339(std::string_view text) {
  Reader reader(text);
  const auto year = static_cast<int>(reader.Number(4, 0, 9999));
  reader.Need("-");
  const auto month = static_cast<unsigned>(reader.Number(2, 1, 12));
  reader.Need("-");
  const auto day = static_cast<unsigned>(reader.Number(2, 1, 31));
  reader.Need("Tt");
  const std::int64_t hour = reader.Number(2, 0, 23);
  reader.Need(":");
  const std::int64_t minute = reader.Number(2, 0, 59);
  reader.Need(":");
  const std::int64_t second = reader.Number(2, 0, 60);
  const std::int64_t fraction_ms = reader.Fraction();
  const std::int64_t offset_ms = OffsetMs(reader);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!reader.at_end() || !date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * kDayMs + ((hour * 60 + minute) * 60 + second) * 1000 + fraction_ms - offset_ms;
}

std::string FormatRfc3339(std::int64_t unix_ms) {
  std::int64_t days = unix_ms / kDayMs;
  std::int64_t ms = unix_ms % kDayMs;
  if (ms < 0) {
    --days;
    ms += kDayMs;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

}  // namespace satchel::repos
