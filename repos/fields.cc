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

Fields::Fields(ReplyValue reply) {
  for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
    values_.insert_or_assign(std::move(reply.items[i].text), std::move(reply.items[i + 1].text));
  }
}

std::string Fields::Text(std::string_view name) const {
  const auto at = values_.find(name);
  return at == values_.end() ? std::string() : at->second;
}

std::optional<std::string> Fields::Optional(std::string_view name) const {
  const auto at = values_.find(name);
  if (at == values_.end()) return std::nullopt;
  return at->second;
}

std::int64_t Fields::Int(std::string_view name) const {
  const auto at = values_.find(name);
  return at == values_.end() ? 0 : ParseInt(at->second).value_or(0);
}

bool Fields::ExpiredAt(std::int64_t now_ms) const {
  const auto at = values_.find("x");
  return at != values_.end() && ParseInt(at->second).value_or(INT64_MAX) <= now_ms;
}

}  // namespace satchel::repos
