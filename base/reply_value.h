// ReplyValue: one reply as a tree of C++ values. ValueSink builds one; Send writes one back
// into any Reply.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reply.h"

namespace satchel {

enum class ReplyType : std::uint8_t {
  kNull,
  kNullArray,  // RESP2 only; RESP3 has one null
  kStatus,
  kError,
  kInteger,
  kBulk,
  kDouble,
  kBoolean,
  kBigNumber,
  kVerbatim,  // text is the content, format the three letters
  kArray,
  kMap,  // items: key, value, key, value
  kSet,
  kPush,
};

struct ReplyValue {
  ReplyType type = ReplyType::kNull;
  std::array<char, 3> format{};  // kVerbatim: "txt" or "mkd"
  std::int64_t integer = 0;      // kInteger; kBoolean: 0 or 1
  double number = 0;             // kDouble
  std::string text;              // kStatus, kError, kBulk, kBigNumber, kVerbatim
  std::vector<ReplyValue> items;

  std::string_view format_text() const { return {format.data(), format.size()}; }
  bool is_null() const { return type == ReplyType::kNull || type == ReplyType::kNullArray; }
  bool is_error() const { return type == ReplyType::kError; }
  bool is_aggregate() const { return type >= ReplyType::kArray; }

  bool operator==(const ReplyValue&) const = default;

  static ReplyValue Status(std::string_view text);
  static ReplyValue Error(std::string_view text);
  static ReplyValue Integer(std::int64_t value);
  static ReplyValue Bulk(std::string_view bytes);
  static ReplyValue Array(std::vector<ReplyValue> items);
};

// One line, as redis-cli would hint at it; for logs and test failures.
std::string DebugText(const ReplyValue& value);

// Writes the value into a sink.
void Send(const ReplyValue& value, Reply& reply);

// Builds trees: after one reply, value() holds it. Several replies may follow each other;
// Take() hands out what came last and starts anew.
class ValueSink final : public Reply {
 public:
  explicit ValueSink(bool resp3 = false) : resp3_(resp3) {}

  void Status(std::string_view text) override;
  void Integer(std::int64_t value) override;
  void Bulk(std::string_view bytes) override;
  void Null() override;
  void NullArray() override;
  void Double(double value) override;
  void Boolean(bool value) override;
  void BigNumber(std::string_view digits) override;
  void Verbatim(std::string_view format, std::string_view bytes) override;
  void Begin(Aggregate kind, std::size_t count) override;
  std::size_t Open(Aggregate kind) override;
  void Close(std::size_t mark, std::size_t count) override;
  bool is_resp3() const override { return resp3_; }

  // Whether a whole reply has arrived.
  bool complete() const { return complete_; }
  ReplyValue Take();

 protected:
  void WriteError(std::string_view text) override;

 private:
  struct Frame {
    ReplyValue value;
    std::size_t missing;  // values still to come; kOpen while the count is unknown
  };
  static constexpr std::size_t kOpen = static_cast<std::size_t>(-1);

  // Where the next value goes; Added() when it is filled.
  ReplyValue& Place(ReplyType type);
  void Added();
  void Text(ReplyType type, std::string_view text);
  void CloseFrame();

  bool resp3_;
  bool complete_ = false;
  ReplyValue root_;
  std::vector<Frame> stack_;
};

}  // namespace satchel
