#include "resp/encoder.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "resp/header.h"

namespace satchel::resp {
namespace {

// Bulks up to this size leave in one piece with their header.
constexpr std::size_t kSmallBulkBytes = ByteQueue::kMaxReserve - kMaxHeaderBytes - 2;

constexpr std::string_view kLineEnd = "\r\n";

// Type byte and line end.
constexpr std::size_t kLineOverhead = 3;
constexpr std::size_t kSmallLineBytes = ByteQueue::kMaxReserve - kLineOverhead;

// Type bytes in order of Aggregate.
constexpr std::array<char, 4> kResp3Types = {'*', '%', '~', '>'};

// A mark is the position of the header to come, and what is begun there.
constexpr int kKindBits = 2;

// Returns the end of the line.
char* FormatLine(char* out, char type, std::string_view text) {
  *out++ = type;
  const auto ends_line = [](char c) { return c == '\r' || c == '\n'; };
  out = std::replace_copy_if(text.begin(), text.end(), out, ends_line, ' ');
  return std::copy(kLineEnd.begin(), kLineEnd.end(), out);
}

}  // namespace

void Encoder::Status(std::string_view text) { Line('+', text); }
void Encoder::WriteError(std::string_view text) { Line('-', text); }

void Encoder::Integer(std::int64_t value) {
  out_.Commit(FormatHeader(out_.Reserve(kMaxHeaderBytes), ':', value));
}

void Encoder::Bulk(std::string_view bytes) {
  if (bytes.size() > kSmallBulkBytes) {
    Header('$', bytes.size());
    out_.Append(bytes);
    return out_.Append(kLineEnd);
  }
  char* const begin = out_.Reserve(ByteQueue::kMaxReserve);
  char* at = begin + FormatHeader(begin, '$', static_cast<std::int64_t>(bytes.size()));
  at = std::copy(bytes.begin(), bytes.end(), at);
  at = std::copy(kLineEnd.begin(), kLineEnd.end(), at);
  out_.Commit(static_cast<std::size_t>(at - begin));
}

void Encoder::Null() { out_.Append(resp3_ ? "_\r\n" : "$-1\r\n"); }
void Encoder::NullArray() { out_.Append(resp3_ ? "_\r\n" : "*-1\r\n"); }

void Encoder::Double(double value) {
  if (!resp3_) return Bulk(FormatDouble(value));
  Line(',', FormatDouble(value));
}

void Encoder::Decimal(double, std::string_view text) {
  if (!resp3_) return Bulk(text);
  Line(',', text);
}

void Encoder::Boolean(bool value) {
  if (!resp3_) return Integer(value ? 1 : 0);
  out_.Append(value ? "#t\r\n" : "#f\r\n");
}

void Encoder::BigNumber(std::string_view digits) {
  if (!resp3_) return Bulk(digits);
  Line('(', digits);
}

void Encoder::Verbatim(std::string_view format, std::string_view bytes) {
  SATCHEL_CHECK(format.size() == 3);
  if (!resp3_) return Bulk(bytes);
  Header('=', format.size() + 1 + bytes.size());
  out_.Append(format);
  out_.Append(":");
  out_.Append(bytes);
  out_.Append(kLineEnd);
}

void Encoder::Begin(Aggregate kind, std::size_t count) {
  out_.Commit(FormatAggregate(out_.Reserve(kMaxHeaderBytes), kind, count));
}

std::size_t Encoder::Open(Aggregate kind) {
  return out_.end_position() << kKindBits | static_cast<std::size_t>(kind);
}

void Encoder::Close(std::size_t mark, std::size_t count) {
  const auto kind = static_cast<Aggregate>(mark & ((1 << kKindBits) - 1));
  char header[kMaxHeaderBytes];
  out_.Insert(mark >> kKindBits, {header, FormatAggregate(header, kind, count)});
}

std::size_t Encoder::FormatAggregate(char* out, Aggregate kind, std::size_t count) const {
  const char type = resp3_ ? kResp3Types[static_cast<std::size_t>(kind)] : '*';
  if (!resp3_ && kind == Aggregate::kMap) count *= 2;
  return FormatHeader(out, type, static_cast<std::int64_t>(count));
}

void Encoder::Header(char type, std::size_t number) {
  char* const at = out_.Reserve(kMaxHeaderBytes);
  out_.Commit(FormatHeader(at, type, static_cast<std::int64_t>(number)));
}

void Encoder::Line(char type, std::string_view text) {
  if (text.size() <= kSmallLineBytes) {
    char* const begin = out_.Reserve(ByteQueue::kMaxReserve);
    return out_.Commit(static_cast<std::size_t>(FormatLine(begin, type, text) - begin));
  }
  std::string line(text.size() + kLineOverhead, ' ');
  FormatLine(line.data(), type, text);
  out_.Append(line);
}

}  // namespace satchel::resp
