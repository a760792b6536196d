#include "base/reply_value.h"

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
      return "=" + value.format + ":" + Printable(value.text);
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
      return reply.Verbatim(value.format, value.text);
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

void ValueSink::Status(std::string_view text) { Add(ReplyValue::Status(text)); }
void ValueSink::WriteError(std::string_view text) { Add(ReplyValue::Error(text)); }
void ValueSink::Integer(std::int64_t value) { Add(ReplyValue::Integer(value)); }
void ValueSink::Bulk(std::string_view bytes) { Add(ReplyValue::Bulk(bytes)); }
void ValueSink::Null() { Add({.type = ReplyType::kNull}); }
void ValueSink::NullArray() { Add({.type = resp3_ ? ReplyType::kNull : ReplyType::kNullArray}); }
void ValueSink::Double(double value) {
  if (!resp3_) return Bulk(FormatDouble(value));
  Add({.type = ReplyType::kDouble, .number = value});
}
void ValueSink::Boolean(bool value) {
  if (!resp3_) return Integer(value ? 1 : 0);
  Add({.type = ReplyType::kBoolean, .integer = value ? 1 : 0});
}
void ValueSink::BigNumber(std::string_view digits) {
  if (!resp3_) return Bulk(digits);
  Add({.type = ReplyType::kBigNumber, .text = std::string(digits)});
}
void ValueSink::Verbatim(std::string_view format, std::string_view bytes) {
  if (!resp3_) return Bulk(bytes);
  Add({.type = ReplyType::kVerbatim, .text = std::string(bytes), .format = std::string(format)});
}

void ValueSink::Begin(Aggregate kind, std::size_t count) {
  const std::size_t values = kind == Aggregate::kMap ? 2 * count : count;
  ReplyValue value{.type = resp3_ ? TypeOf(kind) : ReplyType::kArray};
  if (values == 0) return Add(std::move(value));
  value.items.reserve(values < 1024 ? values : 1024);
  complete_ = false;
  stack_.push_back({std::move(value), values});
}

std::size_t ValueSink::Open(Aggregate kind) {
  complete_ = false;
  stack_.push_back({{.type = resp3_ ? TypeOf(kind) : ReplyType::kArray}, kOpen});
  return stack_.size();
}

void ValueSink::Close(std::size_t mark, std::size_t) {
  SATCHEL_CHECK(mark == stack_.size() && stack_.back().missing == kOpen);
  ReplyValue value = std::move(stack_.back().value);
  stack_.pop_back();
  Add(std::move(value));
}

void ValueSink::Add(ReplyValue value) {
  while (true) {
    if (stack_.empty()) {
      root_ = std::move(value);
      complete_ = true;
      return;
    }
    Frame& top = stack_.back();
    top.value.items.push_back(std::move(value));
    if (top.missing == kOpen || --top.missing > 0) return;
    value = std::move(top.value);
    stack_.pop_back();
  }
}

ReplyValue ValueSink::Take() {
  complete_ = false;
  stack_.clear();
  return std::exchange(root_, ReplyValue{});
}

}  // namespace satchel
