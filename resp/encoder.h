// Encoder: the Reply that writes RESP bytes, protocol 2 or 3, into a ByteQueue.
//
// The protocol may change between replies, not inside one. CR and LF inside a status or an
// error become blanks, as a client would read them as the end of the line.
// Thread: the queue's. Cost: a memcpy per value; Close moves at most one block of the queue.
// Source: redis 7.0.15, reply shapes; the RESP3 specification.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/byte_queue.h"
#include "base/check.h"
#include "base/reply.h"

namespace satchel::resp {

class Encoder final : public Reply {
 public:
  explicit Encoder(ByteQueue& out) : out_(out) {}

  // 2 or 3; 2 at first.
  void set_protocol(int version) {
    SATCHEL_CHECK(version == 2 || version == 3);
    resp3_ = version == 3;
  }
  int protocol() const { return resp3_ ? 3 : 2; }

  void Status(std::string_view text) override;
  void Integer(std::int64_t value) override;
  void Bulk(std::string_view bytes) override;
  void Null() override;
  void NullArray() override;
  void Double(double value) override;
  void Decimal(double value, std::string_view text) override;
  void Boolean(bool value) override;
  void BigNumber(std::string_view digits) override;
  // Requires a format of three letters.
  void Verbatim(std::string_view format, std::string_view bytes) override;
  void Begin(Aggregate kind, std::size_t count) override;
  // The mark is good until the header of an enclosing aggregate is written: close inner ones
  // first. What was written may not leave the queue in between.
  std::size_t Open(Aggregate kind) override;
  void Close(std::size_t mark, std::size_t count) override;
  bool is_resp3() const override { return resp3_; }

 protected:
  void WriteError(std::string_view text) override;

 private:
  // Writes an aggregate's header to `out` (kMaxHeaderBytes) and returns the length.
  std::size_t FormatAggregate(char* out, Aggregate kind, std::size_t count) const;
  void Header(char type, std::size_t number);
  void Line(char type, std::string_view text);

  ByteQueue& out_;  // borrowed; outlives the encoder
  bool resp3_ = false;
};

}  // namespace satchel::resp
