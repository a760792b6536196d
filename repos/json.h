// JSON text: checked, and in the one stable form that ETags and request digests are made of.
// Values that callers give are stored as their bytes; these functions only look at them.

#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace satchel::repos {

// Deeper nesting is refused.
inline constexpr int kMaxJsonDepth = 200;

// One JSON value and nothing else: RFC 8259, valid UTF-8. kInvalidArgument with `field` otherwise.
Result<void> CheckJson(std::string_view field, std::string_view text);
// The same, and it is an object.
Result<void> CheckJsonObject(std::string_view field, std::string_view text);

// Object keys sorted bytewise at every depth, arrays in order, no whitespace, number tokens as
// they are, strings with the fewest escapes. Also kInvalidArgument for an object with one key
// twice.
Result<std::string> StableJson(std::string_view field, std::string_view text);

// The members of an object: key -> value, the bytes as they stand there; of a key twice the last.
Result<std::map<std::string, std::string>> JsonMembers(std::string_view field,
                                                       std::string_view text);
// What a JSON string stands for. kInvalidArgument for any other value.
Result<std::string> JsonText(std::string_view field, std::string_view text);

// How large a value is. An object or array is one deeper than what it holds, a scalar is 0.
struct JsonShape {
  int depth = 0;
  std::size_t longest_string = 0;  // bytes, keys included
};
Result<JsonShape> ShapeOfJson(std::string_view field, std::string_view text);

// A JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
std::string JsonString(std::string_view text);

}  // namespace satchel::repos
