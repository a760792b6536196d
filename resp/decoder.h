// Decoder: replies of one connection, from bytes to ReplyValues: all types of RESP2 and
// RESP3 (attributes are read and dropped; streamed replies are refused).
//
// Representation: the aggregates begun, the line or bulk begun. All input is consumed as it
// comes, so the caller keeps no buffer; large values are copied once. What is decoded does
// not depend on how the bytes were cut.
// Thread: the connection's. Cost: O(bytes).
// Source: the RESP2 and RESP3 specifications; redis 7.0.15.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reply_value.h"
#include "base/result.h"

namespace satchel::resp {

struct DecoderLimits {
  std::size_t max_depth = 256;  // aggregates inside each other
  std::size_t max_bulk_bytes = 512 * 1024 * 1024;
  std::size_t max_line_bytes = 1024 * 1024;
  std::size_t max_elements = std::size_t{1} << 28;  // announced in one reply, over all levels
};

class Decoder {
 public:
  explicit Decoder(DecoderLimits limits = {}) : limits_(limits) {}

  // Consumes `input` from the front until a reply is whole and returns it; empty once the
  // input is used up. A push is a value of type kPush; when it may come is the caller's
  // business. Error kProtocol: not RESP or over a limit; the connection is of no more use
  // and no call may follow.
  Result<std::optional<ReplyValue>> Next(std::string_view& input);

  // Whether a reply has begun and is not whole.
  bool in_reply() const { return !frames_.empty() || !line_.empty() || bulk_.has_value(); }

 private:
  // An aggregate that waits for values.
  struct Frame {
    ReplyValue value;
    std::size_t missing = 0;
    bool dropped = false;  // an attribute
  };
  // A bulk that waits for bytes.
  struct Bulk {
    char type;            // '$', '!' or '='
    std::size_t missing;  // of content and line end
    std::string bytes{};
  };

  // Each of the first three consumes what it can and returns a value once one is whole.
  Result<std::optional<ReplyValue>> ReadItem(std::string_view& input);
  Result<std::optional<ReplyValue>> ReadBulk(std::string_view& input);
  Result<std::optional<std::string_view>> ReadLine(std::string_view& input);
  Result<std::optional<ReplyValue>> OnLine(std::string_view line);
  Result<std::optional<ReplyValue>> BeginBulk(char type, std::string_view length);
  Result<std::optional<ReplyValue>> BeginAggregate(char type, std::string_view count);
  // Puts a value where it belongs; returns it when that completes the reply.
  std::optional<ReplyValue> Place(ReplyValue value);

  DecoderLimits limits_;
  std::vector<Frame> frames_;
  std::size_t elements_ = 0;  // announced so far in this reply
  std::string line_;          // the line begun, its bytes so far
  std::optional<Bulk> bulk_;
};

}  // namespace satchel::resp
