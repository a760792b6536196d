// The texts of error replies that more than one command gives. Clients compare them.
// Source: redis 7.0.15.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace satchel::engine {

inline constexpr std::string_view kOutOfMemory =
    "OOM command not allowed when used memory > 'maxmemory'.";

inline constexpr std::string_view kSyntaxError = "ERR syntax error";
inline constexpr std::string_view kWrongTypeText =
    "WRONGTYPE Operation against a key holding the wrong kind of value";
inline constexpr std::string_view kNotInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kNotFloat = "ERR value is not a valid float";
inline constexpr std::string_view kNoSuchKey = "ERR no such key";
inline constexpr std::string_view kOutOfRange = "ERR value is out of range";
inline constexpr std::string_view kMustBePositive = "ERR value is out of range, must be positive";
inline constexpr std::string_view kIndexOutOfRange = "ERR index out of range";
inline constexpr std::string_view kInvalidDb = "ERR DB index is out of range";
inline constexpr std::string_view kOverflow = "ERR increment or decrement would overflow";

inline Error WrongType() {
  return Error{.code = ErrorCode::kWrongType, .detail = std::string(kWrongTypeText)};
}
inline Error ReplyError(std::string_view text) {
  return Error{.code = ErrorCode::kReplyError, .detail = std::string(text)};
}

// A client's word as the reference prints it in its texts: up to a NUL byte.
inline std::string Printed(std::string_view word) {
  return std::string(word.substr(0, word.find('\0')));
}

// "ERR invalid expire time in 'set' command".
std::string InvalidExpireText(std::string_view command);
// "ERR wrong number of arguments for 'get' command".
std::string ArityText(std::string_view command);

}  // namespace satchel::engine
