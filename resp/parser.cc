#include "resp/parser.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "resp/error_text.h"

namespace satchel::resp {
namespace {

constexpr std::int64_t kMaxUnauthenticatedArguments = 10;
constexpr std::int64_t kMaxUnauthenticatedBulkBytes = 16384;
// A command of more arguments gives its bookkeeping back to the heap.
constexpr std::size_t kMaxKeptPieces = 1024;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// The line "<type byte><number>\r\n". As in Redis the byte after CR may be any.
struct Header {
  enum class State : std::uint8_t { kNumber, kMalformed, kIncomplete, kTooBig };
  State state;
  std::int64_t number = 0;
  std::size_t bytes = 0;  // of the whole line
};

// The line end, looked for once; `scanned` remembers how far.
std::optional<std::size_t> FindLineEnd(std::string_view text, char end, std::size_t& scanned) {
  const std::string_view window = text.substr(0, kMaxLineBytes + 1);
  const std::size_t at = window.find(end, scanned);
  scanned = at == std::string_view::npos ? window.size() : at;
  if (at == std::string_view::npos) return std::nullopt;
  return at;
}

Header ReadUnusualHeader(std::string_view text, std::size_t& scanned) {
  const auto end = FindLineEnd(text, '\r', scanned);
  if (!end) {
    return {text.size() > kMaxLineBytes ? Header::State::kTooBig : Header::State::kIncomplete};
  }
  if (*end + 1 == text.size()) return {Header::State::kIncomplete};
  scanned = 0;
  const std::string_view line = text.substr(0, *end);
  const auto number = ParseInt(line.empty() ? line : line.substr(1));
  if (!number) return {Header::State::kMalformed, 0, *end + 2};
  return {Header::State::kNumber, *number, *end + 2};
}

Header ReadHeader(std::string_view text, std::size_t& scanned) {
  // Nearly all headers: one to nine digits, without a zero in front.
  constexpr std::size_t kUsualDigits = 9;
  const std::size_t limit = std::min(text.size(), kUsualDigits + 1);
  std::size_t at = 1;
  std::int64_t number = 0;
  while (at < limit && IsDigit(text[at])) number = number * 10 + (text[at++] - '0');
  const bool plain = at > 1 && (text[1] != '0' || at == 2);
  if (plain && at + 1 < text.size() && text[at] == '\r') {
    scanned = 0;
    return {Header::State::kNumber, number, at + 2};
  }
  return ReadUnusualHeader(text, scanned);
}

void SplitPlain(std::string_view line, CommandBatch& batch) {
  auto at = line.begin();
  while (true) {
    at = std::find_if_not(at, line.end(), IsBlank);
    if (at == line.end()) return;
    const auto end = std::find_if(at, line.end(), IsBlank);
    batch.AddArgument(std::string_view(at, end));
    at = end;
  }
}

}  // namespace

Parser::Outcome Parser::Next(std::string_view& input, const ParserLimits& limits,
                             CommandBatch& batch) {
  while (arguments_left_ == 0) {
    if (input.empty()) return NeedMore(1);
    const auto outcome = input[0] == '*' ? BeginMultibulk(input, limits) : NextInline(input, batch);
    if (outcome) return *outcome;
  }
  return NextArguments(input, limits, batch);
}

void Parser::Restart() {
  pieces_.clear();
  position_ = 0;
  scanned_ = 0;
  arguments_left_ = 0;
  bulk_bytes_ = kNoBulk;
}

std::optional<Parser::Outcome> Parser::NextInline(std::string_view& input, CommandBatch& batch) {
  const auto end = FindLineEnd(input, '\n', scanned_);
  if (!end) {
    if (input.size() > kMaxLineBytes) return Fail(error_text::kTooBigInline);
    return NeedMore(1);
  }
  scanned_ = 0;
  std::string_view line = input.substr(0, *end);
  input.remove_prefix(*end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (std::all_of(line.begin(), line.end(), IsBlank)) return std::nullopt;
  if (line.find_first_of("\"'") == std::string_view::npos) {
    SplitPlain(line, batch);
    batch.EndCommand();
    return Outcome::kCommand;
  }
  auto words = SplitArgs(line);
  if (!words) return Fail(error_text::kUnbalancedQuotes);
  batch.AddOwned(std::move(*words));
  return Outcome::kCommand;
}

std::optional<Parser::Outcome> Parser::BeginMultibulk(std::string_view& input,
                                                      const ParserLimits& limits) {
  const Header header = ReadHeader(input, scanned_);
  if (header.state == Header::State::kIncomplete) return NeedMore(1);
  if (header.state == Header::State::kTooBig) return Fail(error_text::kTooBigMultibulkHeader);
  if (header.state == Header::State::kMalformed || header.number > limits.max_arguments) {
    return Fail(error_text::kInvalidMultibulkLength);
  }
  if (!limits.authenticated && header.number > kMaxUnauthenticatedArguments) {
    return Fail(error_text::kUnauthenticatedMultibulkLength);
  }
  if (header.number <= 0) {
    input.remove_prefix(header.bytes);
    return std::nullopt;
  }
  arguments_left_ = header.number;
  position_ = header.bytes;
  return std::nullopt;
}

Parser::Outcome Parser::NextArguments(std::string_view& input, const ParserLimits& limits,
                                      CommandBatch& batch) {
  for (; arguments_left_ > 0; --arguments_left_) {
    if (bulk_bytes_ == kNoBulk) {
      if (auto outcome = ReadBulkHeader(input, limits)) return *outcome;
    }
    const std::size_t size = static_cast<std::size_t>(bulk_bytes_);
    const std::size_t with_line_end = size + 2;  // which Redis does not look at
    const std::size_t available = input.size() - position_;
    if (available < with_line_end) return NeedMore(with_line_end - available);
    pieces_.push_back({position_, size});
    position_ += with_line_end;
    bulk_bytes_ = kNoBulk;
  }
  Finish(input, batch);
  return Outcome::kCommand;
}

std::optional<Parser::Outcome> Parser::ReadBulkHeader(std::string_view input,
                                                      const ParserLimits& limits) {
  const std::string_view rest = input.substr(position_);
  const Header header = ReadHeader(rest, scanned_);
  if (header.state == Header::State::kIncomplete) return NeedMore(1);
  if (header.state == Header::State::kTooBig) return Fail(error_text::kTooBigBulkHeader);
  if (rest[0] != '$') {
    return Fail(std::string(error_text::kExpectedBulkPrefix) + rest[0] + "'");
  }
  if (header.state == Header::State::kMalformed || header.number < 0 ||
      header.number > limits.max_bulk_bytes) {
    return Fail(error_text::kInvalidBulkLength);
  }
  if (!limits.authenticated && header.number > kMaxUnauthenticatedBulkBytes) {
    return Fail(error_text::kUnauthenticatedBulkLength);
  }
  position_ += header.bytes;
  bulk_bytes_ = header.number;
  return std::nullopt;
}

void Parser::Finish(std::string_view& input, CommandBatch& batch) {
  for (const Piece& piece : pieces_) batch.AddArgument({input.data() + piece.offset, piece.size});
  batch.EndCommand();
  input.remove_prefix(position_);
  if (pieces_.capacity() > kMaxKeptPieces) pieces_ = {};
  Restart();
}

Parser::Outcome Parser::NeedMore(std::size_t bytes) {
  missing_bytes_ = bytes;
  return Outcome::kNeedMore;
}

Parser::Outcome Parser::Fail(std::string_view text) {
  error_ = MakeError(ErrorCode::kProtocol, std::string(text));
  return Outcome::kError;
}

}  // namespace satchel::resp
