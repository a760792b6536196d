#include "store/config/raw_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace satchel::store {
namespace {

using Kind = RawValue::Kind;

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
constexpr Unit kDurationUnits[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr Unit kSizeUnits[] = {{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};

struct Advice {
  std::string_view word;
  std::string_view text;
};
constexpr Advice kModeAdvice[] = {
    {"memory", R"(use "standalone" with persistence.enabled = false)"},
    {"persistent", R"(use "standalone" with persistence.enabled = true and persistence.data_dir)"},
    {"embedded", R"(use "standalone")"},
    {"remote", R"(use "distributed" and set distributed.seeds)"},
    {"redis", R"(use "distributed" and set distributed.seeds)"},
    {"cluster", R"(use "distributed" and set distributed.topology = "cluster")"},
    {"sentinel", R"(use "distributed", distributed.topology = "sentinel" and )"
                 R"(distributed.sentinel.master_name)"},
};

bool IsText(const RawValue& raw) { return raw.kind == Kind::kText || raw.kind == Kind::kString; }
bool IsNumber(const RawValue& raw) { return raw.kind == Kind::kText || raw.kind == Kind::kNumber; }

Error Refused(const KeyRow& row, const RawValue& raw, std::string_view allowed) {
  if (row.type == KeyType::kSecret) {
    return MakeError(ErrorCode::kConfig, fmt::format("not a value (allowed: {})", allowed));
  }
  const std::string shown = IsText(raw) ? fmt::format("\"{}\"", Printable(raw.text))
                                        : (raw.text.empty() ? "this" : Printable(raw.text));
  return MakeError(ErrorCode::kConfig,
                   fmt::format("{} is not allowed (allowed: {})", shown, allowed));
}

// "5m" with a unit of the table; empty when it is no such text or too large.
template <std::size_t n>
std::optional<std::int64_t> ParseWithUnit(std::string_view text, const Unit (&units)[n]) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = ParseInt(text.substr(0, digits));
  if (!number) return std::nullopt;
  for (const Unit& unit : units) {
    if (text.substr(digits) != unit.name) continue;
    if (*number > INT64_MAX / unit.factor) return std::nullopt;
    return *number * unit.factor;
  }
  return std::nullopt;
}

template <std::size_t n>
std::string WithUnit(std::int64_t value, const Unit (&units)[n]) {
  const Unit* best = &units[0];
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) best = &unit;
  }
  return fmt::format("{}{}", value / best->factor, best->name);
}

std::string OneOf(std::span<const std::string_view> words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

Result<void> AssignMode(const KeyRow& row, const RawValue& raw, std::uint8_t* field) {
  const std::string word = ToLower(Trim(raw.text));
  const auto at = std::ranges::find(row.words, word);
  if (IsText(raw) && at != row.words.end()) {
    *field = static_cast<std::uint8_t>(at - row.words.begin());
    return {};
  }
  std::string text =
      fmt::format("\"{}\" is not a mode (allowed: standalone, distributed, or empty to inherit)",
                  Printable(raw.text));
  for (const Advice& advice : kModeAdvice) {
    if (word == advice.word) text += fmt::format("; {}", advice.text);
  }
  return MakeError(ErrorCode::kConfig, std::move(text));
}

Result<void> AssignBool(const KeyRow& row, const RawValue& raw, bool* field) {
  const bool loose = raw.kind == Kind::kText;
  if (!loose && raw.kind != Kind::kBool) return Refused(row, raw, "true, false");
  const std::string word = ToLower(Trim(raw.text));
  if (word != "true" && word != "false" && !(loose && (word == "1" || word == "0"))) {
    return Refused(row, raw, "true, false");
  }
  *field = word == "true" || word == "1";
  return {};
}

// What a numeric key takes, for people.
std::string Range(const KeyRow& row) {
  switch (row.type) {
    case KeyType::kPort:
      return fmt::format("{}..{}, or auto", row.min, row.max);
    case KeyType::kFileMode:
      return fmt::format("octal text, 0..{:04o}", row.max);
    case KeyType::kSize:
      return "bytes, or a number with B, KiB, MiB or GiB";
    case KeyType::kDuration:
      return fmt::format("{} to {}, as a number with ms, s, m, h or d, such as \"250ms\"",
                         DurationText(std::chrono::milliseconds(row.min)),
                         DurationText(std::chrono::milliseconds(row.max)));
    default:
      return fmt::format("{}..{}", row.min, row.max);
  }
}

std::optional<std::int64_t> ParseOctal(std::string_view text) {
  if (text.empty() || text.size() > 5) return std::nullopt;
  std::int64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + (c - '0');
  }
  return value;
}

std::optional<std::int64_t> ParseNumber(const KeyRow& row, const RawValue& raw) {
  const std::string_view text = Trim(raw.text);
  switch (row.type) {
    case KeyType::kPort:
      if (IsText(raw) && EqualIgnoreCase(text, "auto")) return ListenConfig::kAutoPort;
      return IsNumber(raw) ? ParseInt(text) : std::nullopt;
    case KeyType::kFileMode:
      return IsText(raw) ? ParseOctal(text) : std::nullopt;
    case KeyType::kSize:
      if (IsNumber(raw) && ParseInt(text)) return ParseInt(text);
      return IsText(raw) ? ParseWithUnit(text, kSizeUnits) : std::nullopt;
    case KeyType::kDuration:
      return IsText(raw) ? ParseWithUnit(text, kDurationUnits) : std::nullopt;
    default:
      return IsNumber(raw) ? ParseInt(text) : std::nullopt;
  }
}

Result<std::int64_t> NumberIn(const KeyRow& row, const RawValue& raw) {
  const auto value = ParseNumber(row, raw);
  const bool is_auto = row.type == KeyType::kPort && value == ListenConfig::kAutoPort &&
                       IsText(raw) && EqualIgnoreCase(Trim(raw.text), "auto");
  if (is_auto) return *value;
  if (!value || *value < row.min || *value > row.max) return Refused(row, raw, Range(row));
  return *value;
}

Result<void> AssignEnum(const KeyRow& row, const RawValue& raw, std::uint8_t* field) {
  const std::string word = ToLower(Trim(raw.text));
  const auto at = std::ranges::find(row.words, word);
  if (!IsText(raw) || at == row.words.end()) return Refused(row, raw, OneOf(row.words));
  *field = static_cast<std::uint8_t>(at - row.words.begin());
  return {};
}

// "a,b", or a JSON array of strings.
std::optional<std::vector<std::string>> ParseListText(std::string_view text) {
  std::vector<std::string> items;
  if (Trim(text).starts_with('[')) {
    const auto parsed = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!parsed.is_array()) return std::nullopt;
    for (const auto& item : parsed) {
      if (!item.is_string()) return std::nullopt;
      items.push_back(item.get<std::string>());
    }
    return items;
  }
  for (std::string_view item : Split(text, ',')) {
    if (!Trim(item).empty()) items.emplace_back(Trim(item));
  }
  return items;
}

Result<void> AssignList(const KeyRow& row, const RawValue& raw, std::vector<std::string>* field) {
  std::optional<std::vector<std::string>> items;
  if (raw.kind == Kind::kList) items = raw.items;
  if (IsText(raw)) items = ParseListText(raw.text);
  if (!items) return Refused(row, raw, "a list of strings");
  *field = std::move(*items);
  return {};
}

Result<void> AssignString(const KeyRow& row, const RawValue& raw, std::string* field) {
  if (!IsText(raw)) return Refused(row, raw, "a string");
  *field = raw.text;
  return {};
}

}  // namespace

Result<void> Assign(const KeyRow& row, const RawValue& raw, const Field& field) {
  switch (row.type) {
    case KeyType::kMode:
      return AssignMode(row, raw, std::get<std::uint8_t*>(field));
    case KeyType::kEnum:
      return AssignEnum(row, raw, std::get<std::uint8_t*>(field));
    case KeyType::kBool:
      return AssignBool(row, raw, std::get<bool*>(field));
    case KeyType::kList:
      return AssignList(row, raw, std::get<std::vector<std::string>*>(field));
    case KeyType::kString:
    case KeyType::kSecret:
      return AssignString(row, raw, std::get<std::string*>(field));
    case KeyType::kDuration: {
      SATCHEL_ASSIGN(const std::int64_t value, NumberIn(row, raw));
      *std::get<std::chrono::milliseconds*>(field) = std::chrono::milliseconds(value);
      return {};
    }
    case KeyType::kInt:
    case KeyType::kPort:
    case KeyType::kFileMode:
    case KeyType::kSize: {
      SATCHEL_ASSIGN(const std::int64_t value, NumberIn(row, raw));
      *std::get<std::int64_t*>(field) = value;
      return {};
    }
  }
  return {};
}

std::string FieldText(const KeyRow& row, const Field& field) {
  switch (row.type) {
    case KeyType::kMode:
    case KeyType::kEnum:
      return std::string(row.words[*std::get<std::uint8_t*>(field)]);
    case KeyType::kBool:
      return *std::get<bool*>(field) ? "true" : "false";
    case KeyType::kList:
      return fmt::format("{}", fmt::join(*std::get<std::vector<std::string>*>(field), ","));
    case KeyType::kString:
    case KeyType::kSecret:
      return *std::get<std::string*>(field);
    case KeyType::kDuration:
      return DurationText(*std::get<std::chrono::milliseconds*>(field));
    case KeyType::kFileMode:
      return fmt::format("{:04o}", *std::get<std::int64_t*>(field));
    case KeyType::kSize:
      return SizeText(*std::get<std::int64_t*>(field));
    case KeyType::kPort:
      if (*std::get<std::int64_t*>(field) == ListenConfig::kAutoPort) return "auto";
      [[fallthrough]];
    case KeyType::kInt:
      return FormatInt(*std::get<std::int64_t*>(field));
  }
  return {};
}

std::string DurationText(std::chrono::milliseconds value) {
  return WithUnit(value.count(), kDurationUnits);
}

std::string SizeText(std::int64_t bytes) { return WithUnit(bytes, kSizeUnits); }

}  // namespace satchel::store
