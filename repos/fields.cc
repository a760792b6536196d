#include "repos/fields.h"

#include "base/text.h"

namespace satchel::repos {

std::optional<std::uint64_t> UintOf(const ReplyValue& value) {
  if (value.type == ReplyType::kInteger && value.integer >= 0) {
    return static_cast<std::uint64_t>(value.integer);
  }
  return ParseUint(value.text);
}

std::optional<std::int64_t> IntOf(const ReplyValue& value) {
  if (value.type == ReplyType::kInteger) return value.integer;
  return ParseInt(value.text);
}

const std::string* Fields::Find(std::string_view name) const {
  for (std::size_t i = 0; i + 1 < pairs_.size(); i += 2) {
    if (pairs_[i].text == name) return &pairs_[i + 1].text;
  }
  return nullptr;
}

std::string Fields::Text(std::string_view name) const {
  const std::string* const text = Find(name);
  return text == nullptr ? std::string() : *text;
}

std::optional<std::string> Fields::Optional(std::string_view name) const {
  const std::string* const text = Find(name);
  if (text == nullptr) return std::nullopt;
  return *text;
}

std::int64_t Fields::Int(std::string_view name) const {
  const std::string* const text = Find(name);
  return text == nullptr ? 0 : ParseInt(*text).value_or(0);
}

bool Fields::ExpiredAt(std::int64_t now_ms) const {
  const std::string* const text = Find("x");
  return text != nullptr && ParseInt(*text).value_or(INT64_MAX) <= now_ms;
}

}  // namespace satchel::repos
