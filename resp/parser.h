// Parser: requests of one connection, from bytes to arguments. Works on a read buffer that
// the caller owns; arguments are views into it and nothing is copied (inline commands with
// quotes excepted).
//
// Representation: where the parser stopped inside a command that is not whole yet, as offsets
// from the command's first byte, so that the buffer may move between calls. Bytes are looked
// at once however small the pieces they arrive in are; what is found does not depend on them.
// Thread: the connection's. Cost: O(bytes); no allocation for a usual command.
// Source: redis 7.0.15, multibulk and inline requests, limits and error texts. Two things
// are different: a header or inline line is too big from 64 KB on, however it arrives, and
// a NUL in it is a byte like any other.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "resp/command_batch.h"

namespace satchel::resp {

// Lines (headers and inline commands) are at most this long, line end not counted.
inline constexpr std::size_t kMaxLineBytes = 64 * 1024;

struct ParserLimits {
  std::int64_t max_bulk_bytes = 512 * 1024 * 1024;  // proto-max-bulk-len
  std::int64_t max_arguments = std::numeric_limits<std::int32_t>::max();
  // Before AUTH: commands of 10 arguments of 16 KB. As AUTH changes the limits, take one
  // command at a time until it succeeds.
  bool authenticated = true;
};

class Parser {
 public:
  enum class Outcome : std::uint8_t {
    kCommand,   // the batch has one command more
    kNeedMore,  // `input` ends inside a command, or is empty
    kError,     // error() says what to send before closing; no call may follow
  };

  // Takes the next command from the front of `input` and appends it to `batch`. What is done
  // with is removed from `input`; the next call must begin with the byte that is now first.
  Outcome Next(std::string_view& input, const ParserLimits& limits, CommandBatch& batch);

  // After kNeedMore: at least so many bytes are needed. For a bulk, exactly what is missing
  // of it, so that a buffer can be grown once; else 1.
  std::size_t missing_bytes() const { return missing_bytes_; }
  // Whether the last call stopped inside a command.
  bool in_command() const { return arguments_left_ > 0 || scanned_ > 0; }

  // Requires that Next returned kError. The detail is the whole error reply, code first.
  const Error& error() const { return error_; }

  // Forgets the command begun: its bytes will be given again from the first one.
  void Restart();

 private:
  struct Piece {
    std::size_t offset;
    std::size_t size;
  };

  // Each returns nothing when it found neither a command nor a reason to stop.
  std::optional<Outcome> NextInline(std::string_view& input, CommandBatch& batch);
  std::optional<Outcome> BeginMultibulk(std::string_view& input, const ParserLimits& limits);
  std::optional<Outcome> ReadBulkHeader(std::string_view input, const ParserLimits& limits);

  Outcome NextArguments(std::string_view& input, const ParserLimits& limits, CommandBatch& batch);
  void Finish(std::string_view& input, CommandBatch& batch);
  Outcome NeedMore(std::size_t bytes);
  Outcome Fail(std::string_view text);

  static constexpr std::int64_t kNoBulk = -1;

  std::vector<Piece> pieces_;          // arguments found so far
  std::size_t position_ = 0;           // bytes of the command done with
  std::size_t scanned_ = 0;            // bytes after position_ known to hold no line end
  std::int64_t arguments_left_ = 0;    // 0: between commands
  std::int64_t bulk_bytes_ = kNoBulk;  // length of the argument begun
  std::size_t missing_bytes_ = 1;
  Error error_;
};

}  // namespace satchel::resp
