#include "base/reply_value.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace satchel {
namespace {

ReplyType TypeOf(Aggregate kind) {
  switch (kind) {
    case Aggregate::kArray:
      return ReplyType::kArray;
    case Aggregate::kMap:
      return ReplyType::kMap;
    case Aggregate::kSet:
      return ReplyType::kSet;
    case Aggregate::kPush:
      return ReplyType::kPush;
  }
  return ReplyType::kArray;
}

}  // namespace

ReplyValue ReplyValue::Status(std::string_view text) {
  return {.type = ReplyType::kStatus, .text = std::string(text)};
}
ReplyValue ReplyValue::Error(std::string_view text) {
  return {.type = ReplyType::kError, .text = std::string(text)};
}
ReplyValue ReplyValue::Integer(std::int64_t value) {
  return {.type = ReplyType::kInteger, .integer = value};
}
ReplyValue ReplyValue::Bulk(std::string_view bytes) {
  return {.type = ReplyType::kBulk, .text = std::string(bytes)};
}
ReplyValue ReplyValue::Array(std::vector<ReplyValue> items) {
  return {.type = ReplyType::kArray, .items = std::move(items)};
}

std::string DebugText(const ReplyValue& value) {
  switch (value.type) {
    case ReplyType::kNull:
      return "(nil)";
    case ReplyType::kNullArray:
      return "(nil array)";
    case ReplyType::kStatus:
      return "+" + Printable(value.text);
    case ReplyType::kError:
      return "-" + Printable(value.text);
    case ReplyType::kInteger:
      return ":" + FormatInt(value.integer);
    case ReplyType::kBulk:
      return "\"" + Printable(value.text) + "\"";
    case ReplyType::kDouble:
      return "," + FormatDouble(value.number);
    case ReplyType::kBoolean:
      return value.integer ? "#t" : "#f";
    case ReplyType::kBigNumber:
      return "(" + value.text;
    case ReplyType::kVerbatim:
      return "=" + std::string(value.format_text()) + ":" + Printable(value.text);
    default:
      break;
  }
  static constexpr std::string_view kNames[] = {"", "%", "~", ">"};
  std::string out(
      kNames[static_cast<std::size_t>(value.type) - static_cast<std::size_t>(ReplyType::kArray)]);
  out += '[';
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += ", ";
    out += DebugText(value.items[i]);
  }
  return out + ']';
}

void Send(const ReplyValue& value, Reply& reply) {
  switch (value.type) {
    case ReplyType::kNull:
      return reply.Null();
    case ReplyType::kNullArray:
      return reply.NullArray();
    case ReplyType::kStatus:
      return reply.Status(value.text);
    case ReplyType::kError:
      return reply.Error(std::string_view(value.text));
    case ReplyType::kInteger:
      return reply.Integer(value.integer);
    case ReplyType::kBulk:
      return reply.Bulk(value.text);
    case ReplyType::kDouble:
      return reply.Double(value.number);
    case ReplyType::kBoolean:
      return reply.Boolean(value.integer != 0);
    case ReplyType::kBigNumber:
      return reply.BigNumber(value.text);
    case ReplyType::kVerbatim:
      return reply.Verbatim(value.format_text(), value.text);
    case ReplyType::kArray:
      reply.BeginArray(value.items.size());
      break;
    case ReplyType::kMap:
      reply.BeginMap(value.items.size() / 2);
      break;
    case ReplyType::kSet:
      reply.BeginSet(value.items.size());
      break;
    case ReplyType::kPush:
      reply.BeginPush(value.items.size());
      break;
  }
  for (const ReplyValue& item : value.items) Send(item, reply);
}

void ValueSink::Status(std::string_view text) { Text(ReplyType::kStatus, text); }
void ValueSink::WriteError(std::string_view text) { Text(ReplyType::kError, text); }
void ValueSink::Bulk(std::string_view bytes) { Text(ReplyType::kBulk, bytes); }
void ValueSink::Integer(std::int64_t value) {
  Place(ReplyType::kInteger).integer = value;
  Added();
}
void ValueSink::Null() {
  Place(ReplyType::kNull);
  Added();
}
void ValueSink::NullArray() {
  Place(resp3_ ? ReplyType::kNull : ReplyType::kNullArray);
  Added();
}
void ValueSink::Double(double value) {
  if (!resp3_) return Bulk(FormatDouble(value));
  Place(ReplyType::kDouble).number = value;
  Added();
}
void ValueSink::Boolean(bool value) {
  if (!resp3_) return Integer(value ? 1 : 0);
  Place(ReplyType::kBoolean).integer = value ? 1 : 0;
  Added();
}
void ValueSink::BigNumber(std::string_view digits) {
  if (!resp3_) return Bulk(digits);
  Text(ReplyType::kBigNumber, digits);
}
void ValueSink::Verbatim(std::string_view format, std::string_view bytes) {
  if (!resp3_) return Bulk(bytes);
  ReplyValue& value = Place(ReplyType::kVerbatim);
  value.text = bytes;
  std::ranges::copy(format.substr(0, value.format.size()), value.format.begin());
  Added();
}

void ValueSink::Begin(Aggregate kind, std::size_t count) {
  const std::size_t values = kind == Aggregate::kMap ? 2 * count : count;
  const ReplyType type = resp3_ ? TypeOf(kind) : ReplyType::kArray;
  if (values == 0) {
    Place(type);
    return Added();
  }
  complete_ = false;
  Frame& frame = stack_.emplace_back(Frame{{.type = type}, values});
  frame.value.items.reserve(values < 1024 ? values : 1024);
}

std::size_t ValueSink::Open(Aggregate kind) {
  complete_ = false;
  stack_.push_back({{.type = resp3_ ? TypeOf(kind) : ReplyType::kArray}, kOpen});
  return stack_.size();
}

void ValueSink::Close(std::size_t mark, std::size_t) {
  SATCHEL_CHECK(mark == stack_.size() && stack_.back().missing == kOpen);
  CloseFrame();
  Added();
}

void ValueSink::CloseFrame() {
  ReplyValue value = std::move(stack_.back().value);
  stack_.pop_back();
  Place(value.type) = std::move(value);
}

ReplyValue& ValueSink::Place(ReplyType type) {
  if (!stack_.empty()) {
    ReplyValue& value = stack_.back().value.items.emplace_back();
    value.type = type;
    return value;
  }
  root_ = ReplyValue{.type = type};
  return root_;
}

void ValueSink::Text(ReplyType type, std::string_view text) {
  Place(type).text = text;
  Added();
}

void ValueSink::Added() {
  while (!stack_.empty()) {
    Frame& top = stack_.back();
    if (top.missing == kOpen || --top.missing > 0) return;
    CloseFrame();
  }
  complete_ = true;
}

ReplyValue ValueSink::Take() {
  complete_ = false;
  stack_.clear();
  return std::exchange(root_, ReplyValue{});
}

}  // namespace satchel
