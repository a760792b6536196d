// The texts of this folder's errors. Clients compare those of requests: they are Redis' own,
// asked of redis-server 7.0.15.

#pragma once

#include <string_view>

namespace satchel::resp::error_text {

// Requests; sent to the client before its connection is closed.
inline constexpr std::string_view kInvalidMultibulkLength =
    "ERR Protocol error: invalid multibulk length";
inline constexpr std::string_view kUnauthenticatedMultibulkLength =
    "ERR Protocol error: unauthenticated multibulk length";
inline constexpr std::string_view kTooBigMultibulkHeader =
    "ERR Protocol error: too big mbulk count string";
inline constexpr std::string_view kExpectedBulkPrefix = "ERR Protocol error: expected '$', got '";
inline constexpr std::string_view kInvalidBulkLength = "ERR Protocol error: invalid bulk length";
inline constexpr std::string_view kUnauthenticatedBulkLength =
    "ERR Protocol error: unauthenticated bulk length";
inline constexpr std::string_view kTooBigBulkHeader =
    "ERR Protocol error: too big bulk count string";
inline constexpr std::string_view kTooBigInline = "ERR Protocol error: too big inline request";
inline constexpr std::string_view kUnbalancedQuotes =
    "ERR Protocol error: unbalanced quotes in request";

// Replies; for the program that asked.
inline constexpr std::string_view kUnknownType = "reply begins with an unknown type byte";
inline constexpr std::string_view kLineTooLong = "reply line is too long";
inline constexpr std::string_view kBadLineEnd = "reply line does not end with CR LF";
inline constexpr std::string_view kBadInteger = "reply has a malformed integer";
inline constexpr std::string_view kBadLength = "reply has a malformed length";
inline constexpr std::string_view kStreamed = "streamed replies are not supported";
inline constexpr std::string_view kBadDouble = "reply has a malformed double";
inline constexpr std::string_view kBadBoolean = "reply has a malformed boolean";
inline constexpr std::string_view kBadNull = "reply has a malformed null";
inline constexpr std::string_view kBadBigNumber = "reply has a malformed big number";
inline constexpr std::string_view kBadVerbatim = "reply has a verbatim string without a format";
inline constexpr std::string_view kBadBulkEnd = "reply bulk does not end with CR LF";
inline constexpr std::string_view kBulkTooLong = "reply bulk is over the size limit";
inline constexpr std::string_view kTooManyElements = "reply has too many elements";
inline constexpr std::string_view kTooDeep = "reply is nested too deeply";

}  // namespace satchel::resp::error_text
