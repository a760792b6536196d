// What commands and scripts answer, as fields: a hash as name and value, in RESP2 and RESP3
// shapes alike.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/reply_value.h"
#include "base/result.h"

namespace satchel::repos {

// A reply that is an integer, or the text of one; empty otherwise.
std::optional<std::uint64_t> UintOf(const ReplyValue& value);
std::optional<std::int64_t> IntOf(const ReplyValue& value);

// The fields of one stored object.
class Fields {
 public:
  Fields() = default;
  // Of HGETALL, or of a flat array of names and values; takes the texts.
  explicit Fields(ReplyValue reply);

  bool empty() const { return values_.empty(); }
  bool Has(std::string_view name) const { return values_.contains(name); }
  // "" when absent.
  std::string Text(std::string_view name) const;
  // Empty when absent.
  std::optional<std::string> Optional(std::string_view name) const;
  // 0 when absent or no integer.
  std::int64_t Int(std::string_view name) const;
  std::uint64_t version() const { return static_cast<std::uint64_t>(Int("v")); }
  // The object has a deadline and it has come.
  bool ExpiredAt(std::int64_t now_ms) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace satchel::repos
