#include "resp/decoder.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.h"
#include "resp/error_text.h"

namespace satchel::resp {
namespace {

using MaybeValue = std::optional<ReplyValue>;

constexpr std::string_view kTypes = "+-:$*_#,(!=%~>|";
constexpr std::size_t kLineEndBytes = 2;
// Announced sizes are believed up to here; what follows grows as it arrives.
constexpr std::size_t kMaxReservedElements = 1024;
constexpr std::size_t kMaxReservedBytes = 1024 * 1024;

Error Bad(std::string_view text) { return MakeError(ErrorCode::kProtocol, std::string(text)); }

std::string_view WithoutPlus(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return text;
}

bool IsBigNumber(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<MaybeValue> IntegerValue(std::string_view text) {
  const auto number = ParseInt(WithoutPlus(text));
  if (!number) return Bad(error_text::kBadInteger);
  return ReplyValue::Integer(*number);
}

Result<MaybeValue> DoubleValue(std::string_view text) {
  ReplyValue value{.type = ReplyType::kDouble};
  if (text == "nan" || text == "-nan") {
    value.number = std::numeric_limits<double>::quiet_NaN();
    return value;
  }
  const auto number = ParseDouble(text);
  if (!number) return Bad(error_text::kBadDouble);
  value.number = *number;
  return value;
}

Result<MaybeValue> BooleanValue(std::string_view text) {
  if (text != "t" && text != "f") return Bad(error_text::kBadBoolean);
  return ReplyValue{.type = ReplyType::kBoolean, .integer = text == "t" ? 1 : 0};
}

Result<MaybeValue> BigNumberValue(std::string_view text) {
  if (!IsBigNumber(text)) return Bad(error_text::kBadBigNumber);
  return ReplyValue{.type = ReplyType::kBigNumber, .text = std::string(text)};
}

// "txt:content"
Result<MaybeValue> VerbatimValue(std::string_view bytes) {
  if (bytes.find(':') != 3) return Bad(error_text::kBadVerbatim);
  return ReplyValue{.type = ReplyType::kVerbatim,
                    .format = {bytes[0], bytes[1], bytes[2]},
                    .text = std::string(bytes.substr(4))};
}

Result<MaybeValue> BulkValue(char type, std::string bytes) {
  if (type == '=') return VerbatimValue(bytes);
  ReplyValue value{.type = type == '!' ? ReplyType::kError : ReplyType::kBulk};
  value.text = std::move(bytes);
  return value;
}

ReplyType AggregateType(char type) {
  if (type == '%') return ReplyType::kMap;
  if (type == '~') return ReplyType::kSet;
  if (type == '>') return ReplyType::kPush;
  return ReplyType::kArray;
}

}  // namespace

Result<MaybeValue> Decoder::Next(std::string_view& input) {
  while (!input.empty()) {
    SATCHEL_ASSIGN(MaybeValue item, ReadItem(input));
    if (!item) continue;
    if (auto reply = Place(std::move(*item))) return reply;
  }
  return MaybeValue();
}

Result<MaybeValue> Decoder::ReadItem(std::string_view& input) {
  if (bulk_) return ReadBulk(input);
  SATCHEL_ASSIGN(const auto line, ReadLine(input));
  if (!line) return MaybeValue();
  auto item = OnLine(*line);
  line_.clear();
  return item;
}

Result<MaybeValue> Decoder::ReadBulk(std::string_view& input) {
  const std::size_t taken = std::min(bulk_->missing, input.size());
  bulk_->bytes.append(input.substr(0, taken));
  bulk_->missing -= taken;
  input.remove_prefix(taken);
  if (bulk_->missing > 0) return MaybeValue();
  Bulk bulk = std::move(*bulk_);
  bulk_.reset();
  if (!bulk.bytes.ends_with("\r\n")) return Bad(error_text::kBadBulkEnd);
  bulk.bytes.resize(bulk.bytes.size() - kLineEndBytes);
  return BulkValue(bulk.type, std::move(bulk.bytes));
}

Result<std::optional<std::string_view>> Decoder::ReadLine(std::string_view& input) {
  if (line_.empty() && kTypes.find(input[0]) == std::string_view::npos) {
    return Bad(error_text::kUnknownType);
  }
  const std::size_t end = input.find('\n');
  std::string_view line = input.substr(0, end);
  const std::size_t line_bytes = line_.size() + line.size();
  if (line_bytes > limits_.max_line_bytes + 1) return Bad(error_text::kLineTooLong);
  input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  if (end == std::string_view::npos || !line_.empty()) {
    line_.append(line);
    if (end == std::string_view::npos) return std::optional<std::string_view>();
    line = line_;
  }
  if (line.find('\r') != line.size() - 1) return Bad(error_text::kBadLineEnd);
  line.remove_suffix(1);
  return std::optional(line);
}

Result<MaybeValue> Decoder::OnLine(std::string_view line) {
  const char type = line[0];
  const std::string_view rest = line.substr(1);
  switch (type) {
    case '+':
      return ReplyValue::Status(rest);
    case '-':
      return ReplyValue::Error(rest);
    case ':':
      return IntegerValue(rest);
    case ',':
      return DoubleValue(rest);
    case '#':
      return BooleanValue(rest);
    case '(':
      return BigNumberValue(rest);
    case '_':
      if (!rest.empty()) return Bad(error_text::kBadNull);
      return ReplyValue{.type = ReplyType::kNull};
    case '$':
    case '!':
    case '=':
      return BeginBulk(type, rest);
    default:
      return BeginAggregate(type, rest);
  }
}

Result<MaybeValue> Decoder::BeginBulk(char type, std::string_view length) {
  if (type == '$' && length == "-1") return ReplyValue{.type = ReplyType::kNull};
  if (length == "?") return Bad(error_text::kStreamed);
  const auto bytes = ParseInt(length);
  if (!bytes || *bytes < 0) return Bad(error_text::kBadLength);
  const std::size_t size = static_cast<std::size_t>(*bytes);
  if (size > limits_.max_bulk_bytes) return Bad(error_text::kBulkTooLong);
  bulk_ = Bulk{.type = type, .missing = size + kLineEndBytes};
  bulk_->bytes.reserve(std::min(size + kLineEndBytes, kMaxReservedBytes));
  return MaybeValue();
}

Result<MaybeValue> Decoder::BeginAggregate(char type, std::string_view count) {
  if (type == '*' && count == "-1") return ReplyValue{.type = ReplyType::kNullArray};
  if (count == "?") return Bad(error_text::kStreamed);
  const auto announced = ParseInt(count);
  if (!announced || *announced < 0) return Bad(error_text::kBadLength);
  const std::size_t size = static_cast<std::size_t>(*announced);
  if (size > limits_.max_elements) return Bad(error_text::kTooManyElements);
  const bool pairs = type == '%' || type == '|';
  const std::size_t values = pairs ? 2 * size : size;
  elements_ += values;
  if (elements_ > limits_.max_elements) return Bad(error_text::kTooManyElements);
  ReplyValue value{.type = AggregateType(type)};
  const bool dropped = type == '|';
  if (values == 0) return dropped ? MaybeValue() : MaybeValue(std::move(value));
  if (frames_.size() == limits_.max_depth) return Bad(error_text::kTooDeep);
  value.items.reserve(std::min(values, kMaxReservedElements));
  frames_.push_back({.value = std::move(value), .missing = values, .dropped = dropped});
  return MaybeValue();
}

MaybeValue Decoder::Place(ReplyValue value) {
  while (!frames_.empty()) {
    Frame& top = frames_.back();
    top.value.items.push_back(std::move(value));
    if (--top.missing > 0) return std::nullopt;
    const bool dropped = top.dropped;
    value = std::move(top.value);
    frames_.pop_back();
    if (dropped) return std::nullopt;
  }
  elements_ = 0;
  return value;
}

}  // namespace satchel::resp
