#include "base/settings.h"

#include "base/check.h"
#include "base/text.h"

namespace satchel {
namespace {

Error Bad(std::string text) { return MakeError(ErrorCode::kConfig, std::move(text)); }

Result<void> InRange(std::int64_t value, std::int64_t min, std::int64_t max) {
  if (value < min || value > max) {
    return Bad("argument must be between " + FormatInt(min) + " and " + FormatInt(max) +
               " inclusive");
  }
  return {};
}

}  // namespace

void Settings::Add(SettingRow row) {
  const std::string_view name = row.name;
  if (*row.alias != '\0') aliases_.emplace(row.alias, name);
  SATCHEL_CHECK(rows_.emplace(name, std::move(row)).second);
}

const SettingRow* Settings::Find(std::string_view name) const {
  const std::string lower = ToLower(name);
  auto alias = aliases_.find(lower);
  auto row = rows_.find(alias == aliases_.end() ? std::string_view(lower) : alias->second);
  return row == rows_.end() ? nullptr : &row->second;
}

std::vector<const SettingRow*> Settings::All() const {
  std::vector<const SettingRow*> all;
  for (const auto& [name, row] : rows_) all.push_back(&row);
  return all;
}

std::optional<std::int64_t> ParseMemorySize(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() &&
         ((text[digits] >= '0' && text[digits] <= '9') || (digits == 0 && text[digits] == '-'))) {
    ++digits;
  }
  const auto number = ParseInt(text.substr(0, digits));
  if (!number) return std::nullopt;
  const std::string unit = ToLower(text.substr(digits));
  std::int64_t factor = 0;
  if (unit.empty() || unit == "b") factor = 1;
  if (unit == "k") factor = 1000;
  if (unit == "kb") factor = 1024;
  if (unit == "m") factor = 1000 * 1000;
  if (unit == "mb") factor = 1024 * 1024;
  if (unit == "g") factor = 1000 * 1000 * 1000;
  if (unit == "gb") factor = 1024 * 1024 * 1024;
  std::int64_t size = 0;
  if (factor == 0 || __builtin_mul_overflow(*number, factor, &size)) return std::nullopt;
  return size;
}

SettingRow BoolSetting(const char* name, const char* summary, bool* value) {
  return {.name = name,
          .summary = summary,
          .get = [value] { return std::string(*value ? "yes" : "no"); },
          .set = [value](std::string_view text) -> Result<void> {
            if (EqualIgnoreCase(text, "yes")) {
              *value = true;
            } else if (EqualIgnoreCase(text, "no")) {
              *value = false;
            } else {
              return Bad("argument must be 'yes' or 'no'");
            }
            return {};
          }};
}

SettingRow IntSetting(const char* name, const char* summary, std::int64_t* value, std::int64_t min,
                      std::int64_t max) {
  return {.name = name,
          .summary = summary,
          .get = [value] { return FormatInt(*value); },
          .set = [=](std::string_view text) -> Result<void> {
            const auto number = ParseInt(text);
            if (!number) return Bad("argument couldn't be parsed into an integer");
            SATCHEL_TRY(InRange(*number, min, max));
            *value = *number;
            return {};
          }};
}

SettingRow SizeSetting(const char* name, const char* summary, std::int64_t* value, std::int64_t min,
                       std::int64_t max) {
  return {.name = name,
          .summary = summary,
          .get = [value] { return FormatInt(*value); },
          .set = [=](std::string_view text) -> Result<void> {
            const auto size = ParseMemorySize(text);
            if (!size || *size < 0) return Bad("argument must be a memory value");
            SATCHEL_TRY(InRange(*size, min, max));
            *value = *size;
            return {};
          }};
}

SettingRow StringSetting(const char* name, const char* summary, std::string* value) {
  return {.name = name,
          .summary = summary,
          .get = [value] { return *value; },
          .set = [value](std::string_view text) -> Result<void> {
            *value = text;
            return {};
          }};
}

SettingRow FixedSetting(const char* name, const char* summary, std::string value) {
  return {.name = name,
          .summary = summary,
          .get = [value = std::move(value)] { return value; },
          .set = nullptr};
}

}  // namespace satchel
