// Reply: where a command puts its answer. A command replies exactly once and never asks who
// receives it: RESP bytes (protocol 2 or 3), a Lua stack, or a ReplyValue tree.
//
// Each method is one value. An aggregate is begun with its count and followed by that many
// values (twice as many for a map). When the count is not known before, Open... and Close
// with the mark that Open returned.
// Source: redis 7.0, RESP2 and RESP3 shapes of each reply type.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace satchel {

enum class Aggregate : std::uint8_t { kArray, kMap, kSet, kPush };

class Reply {
 public:
  virtual ~Reply() = default;

  virtual void Status(std::string_view text) = 0;
  virtual void Integer(std::int64_t value) = 0;
  virtual void Bulk(std::string_view bytes) = 0;
  virtual void Null() = 0;                // $-1, in RESP3 _
  virtual void NullArray() = 0;           // *-1, in RESP3 _
  virtual void Double(double value) = 0;  // RESP2: a bulk of FormatDouble
  // A double that has a text of its own, as GEOPOS writes coordinates. RESP2: a bulk of it.
  virtual void Decimal(double value, std::string_view text) {
    is_resp3() ? Double(value) : Bulk(text);
  }
  virtual void Boolean(bool value) = 0;                                        // RESP2: 1 or 0
  virtual void BigNumber(std::string_view digits) = 0;                         // RESP2: a bulk
  virtual void Verbatim(std::string_view format, std::string_view bytes) = 0;  // RESP2: a bulk

  // `count` is in elements; for maps in pairs. RESP2: an array, for maps of 2 * count.
  virtual void Begin(Aggregate kind, std::size_t count) = 0;
  // As Begin, count unknown yet. Requires Close(mark, count) after the elements.
  virtual std::size_t Open(Aggregate kind) = 0;
  virtual void Close(std::size_t mark, std::size_t count) = 0;

  // True for sinks that keep RESP3 shapes. For the few commands whose reply differs beyond
  // its types (ZRANGE WITHSCORES: pairs or flat); see BeginPairs.
  virtual bool is_resp3() const = 0;

  // An array of `count` pairs: RESP3 nests two-element arrays, RESP2 is flat. Each pair is
  // begun with BeginPair and followed by two values.
  void BeginPairs(std::size_t count) { Begin(Aggregate::kArray, is_resp3() ? count : 2 * count); }
  void BeginPair() {
    if (is_resp3()) Begin(Aggregate::kArray, 2);
  }

  // The whole text, code first, without the leading '-': "ERR syntax error". Counted.
  void Error(std::string_view text) {
    ++errors_;
    const std::string_view code = text.substr(0, text.find(' ')).substr(0, kMaxErrorCode);
    error_code_size_ = static_cast<std::uint8_t>(code.copy(error_code_, kMaxErrorCode));
    WriteError(text);
  }

  void Ok() { Status("OK"); }
  void Error(const satchel::Error& error) { Error(std::string_view(error.detail)); }
  void BeginArray(std::size_t count) { Begin(Aggregate::kArray, count); }
  void BeginMap(std::size_t pairs) { Begin(Aggregate::kMap, pairs); }
  void BeginSet(std::size_t count) { Begin(Aggregate::kSet, count); }
  void BeginPush(std::size_t count) { Begin(Aggregate::kPush, count); }

  // Errors written so far, and the first word of the last one.
  std::uint64_t errors() const { return errors_; }
  std::string_view error_code() const { return {error_code_, error_code_size_}; }

 protected:
  virtual void WriteError(std::string_view text) = 0;

 private:
  static constexpr std::size_t kMaxErrorCode = 32;

  std::uint64_t errors_ = 0;
  std::uint8_t error_code_size_ = 0;
  char error_code_[kMaxErrorCode];  // a sink is made for each call: nothing to construct
};

// Throws values away, counting errors: for replay, and for CLIENT REPLY OFF.
class NullReply final : public Reply {
 public:
  explicit NullReply(bool resp3 = false) : resp3_(resp3) {}
  void Status(std::string_view) override {}
  void Integer(std::int64_t) override {}
  void Bulk(std::string_view) override {}
  void Null() override {}
  void NullArray() override {}
  void Double(double) override {}
  void Boolean(bool) override {}
  void BigNumber(std::string_view) override {}
  void Verbatim(std::string_view, std::string_view) override {}
  void Begin(Aggregate, std::size_t) override {}
  std::size_t Open(Aggregate) override { return 0; }
  void Close(std::size_t, std::size_t) override {}
  bool is_resp3() const override { return resp3_; }

 protected:
  void WriteError(std::string_view) override {}

 private:
  bool resp3_;
};

}  // namespace satchel
