// What commands and scripts answer, as fields: a hash as name and value, in RESP2 and RESP3
// shapes alike.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  // Of HGETALL, or of a flat array of names and values; takes the texts. Of a name that comes
  // twice, the first counts.
  explicit Fields(ReplyValue reply) : pairs_(std::move(reply.items)) {}

  bool empty() const { return pairs_.size() < 2; }
  bool Has(std::string_view name) const { return Find(name) != nullptr; }
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
  const std::string* Find(std::string_view name) const;

  // Name, value, name, value. An object has few fields: looking through them costs less than a
  // map that is built for one read.
  std::vector<ReplyValue> pairs_;
};

}  // namespace satchel::repos
