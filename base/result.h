// Result<T>: a T, or an Error with a code and a text for people.
//
// What a client, a script, a file or the network can cause travels as a Result; what only
// a bug can cause is a SATCHEL_CHECK. On an error, nothing the caller can see has changed.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace satchel {

enum class ErrorCode : std::uint8_t {
  kInvalidArgument,   // the call can never succeed as given
  kNotFound,          // typed absence
  kAlreadyExists,     // a unique value is taken
  kVersionConflict,   // compare-and-set lost
  kConflict,          // optimistic retries used up
  kCapacityExceeded,  // a quota is reached
  kTooLarge,          // a value over a size limit
  kCorrupt,           // stored bytes do not parse
  kWrongType,         // the key holds another type of value
  kReplyError,        // the store answered with an error; detail is its text
  kProtocol,          // bytes that are not RESP
  kUnavailable,       // the store cannot be reached; the command was not sent
  kMaybeExecuted,     // the connection died after the command was sent
  kTimeout,           // the deadline passed
  kReadOnly,          // the store accepts no writes
  kOutOfMemory,       // over the memory limit
  kClosed,            // the object was closed
  kConfig,            // a configuration value is wrong
  kIo,                // the operating system refused; detail names the file and reason
  kLocked,            // another process holds the data directory
  kNewerFormat,       // written by a newer version
  kForeign,           // not a Satchel store
  kUnsupported,       // known, and not offered here
  kUserNotFound,      // absent, by what was asked for; subject is the id
  kApiKeyNotFound,
  kWorkflowNotFound,
  kTaskNotFound,
  kAlreadyBootstrapped,  // an administrator exists
  kEtagMismatch,         // compare-and-set by ETag lost; subject is the actual one
  kWorkflowNotReady,     // actual is the number of unfinished tasks
  kNotInTransaction,     // what only a transaction offers was asked for outside
  kNestedTag,            // a transaction of another execution inside one
  kLockTimeout,          // the wait for a lock ended; subject is the resource
  kLockNotHeld,          // never held, or released
  kLockNotOwned,         // lost to time or to another holder
  kFenceLost,            // the lock lapsed before the write
  kFlushAlreadyPending,  // another flush is under way
  kInvalidMessage,       // a stored message does not decode; actual is its index
  kCircuitOpen,          // too many failures lately; nothing was sent
  kInternal,             // should not happen
};

// The code's name without the `k`, for logs and tests.
std::string_view ErrorCodeName(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string detail;  // one line for people; for kReplyError and kWrongType the wire text

  // Typed details of repository errors (0 when the code has none).
  std::uint64_t expected = 0;
  std::uint64_t actual = 0;
  // What the code is about: an id, the name of a field or limit, a resource; empty when none.
  std::string subject = {};

  bool operator==(const Error&) const = default;
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(Error error) : tl::expected<T, Error>(tl::unexpect, std::move(error)) {}  // NOLINT
};

template <>
class [[nodiscard]] Result<void> : public tl::expected<void, Error> {
 public:
  using tl::expected<void, Error>::expected;
  Result() = default;
  Result(Error error) : tl::expected<void, Error>(tl::unexpect, std::move(error)) {}  // NOLINT
};

inline Error MakeError(ErrorCode code, std::string detail) {
  return Error{.code = code, .detail = std::move(detail)};
}

}  // namespace satchel

#define SATCHEL_CONCAT_INNER(a, b) a##b
#define SATCHEL_CONCAT(a, b) SATCHEL_CONCAT_INNER(a, b)

// Returns the error of `expr` (a Result) from the calling function, if it has one.
#define SATCHEL_TRY(expr)                                      \
  do {                                                         \
    if (auto satchel_try_result = (expr); !satchel_try_result) \
      return std::move(satchel_try_result.error());            \
  } while (false)

// Declares `decl` from the value of `expr` (a Result), or returns its error.
#define SATCHEL_ASSIGN(decl, expr)                                       \
  auto SATCHEL_CONCAT(satchel_assign_, __LINE__) = (expr);               \
  if (!SATCHEL_CONCAT(satchel_assign_, __LINE__))                        \
    return std::move(SATCHEL_CONCAT(satchel_assign_, __LINE__).error()); \
  decl = std::move(*SATCHEL_CONCAT(satchel_assign_, __LINE__))
