#include "store/store.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"

namespace satchel::store {
namespace {

struct Stateful {
  std::string_view name;
  std::string_view instead;
};

constexpr Stateful kStateful[] = {
    {"MULTI", "Transact"},        {"EXEC", "Transact"},          {"DISCARD", "Transact"},
    {"WATCH", "Transact"},        {"UNWATCH", "Transact"},       {"SUBSCRIBE", "Subscribe"},
    {"UNSUBSCRIBE", "Subscribe"}, {"PSUBSCRIBE", "Subscribe"},   {"PUNSUBSCRIBE", "Subscribe"},
    {"SSUBSCRIBE", "Subscribe"},  {"SUNSUBSCRIBE", "Subscribe"}, {"SELECT", "Connect"},
    {"AUTH", "Connect"},          {"HELLO", "Connect"},          {"RESET", "Connect"},
    {"QUIT", "Connect"},          {"MONITOR", "Connect"},
};

bool StartsWithWord(std::string_view text, std::string_view word) {
  return text.substr(0, text.find(' ')) == word;
}

std::vector<std::string_view> Views(const CommandLine& line) { return {line.begin(), line.end()}; }

}  // namespace

Error ErrorOfReply(std::string_view text) {
  ErrorCode code = ErrorCode::kReplyError;
  if (StartsWithWord(text, "WRONGTYPE")) code = ErrorCode::kWrongType;
  if (StartsWithWord(text, "OOM")) code = ErrorCode::kOutOfMemory;
  if (StartsWithWord(text, "READONLY") || StartsWithWord(text, "MISCONF")) {
    code = ErrorCode::kReadOnly;
  }
  if (StartsWithWord(text, "LOADING")) code = ErrorCode::kUnavailable;
  return MakeError(code, std::string(text));
}

Result<ReplyValue> ResultOfReply(ReplyValue value) {
  if (value.is_error()) return ErrorOfReply(value.text);
  return value;
}

Result<void> CheckStateless(Args args) {
  if (args.empty()) return MakeError(ErrorCode::kInvalidArgument, "an empty command");
  for (const Stateful& row : kStateful) {
    if (!EqualIgnoreCase(args[0], row.name)) continue;
    return MakeError(
        ErrorCode::kInvalidArgument,
        std::string(row.name) + " changes the connection; use " + std::string(row.instead));
  }
  return {};
}

Script::Script(std::string text) : text_(std::move(text)) {
  const Sha1Digest digest = Sha1(text_);
  sha_ = ToHex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Result<void> Transaction::Watch(std::string_view key) {
  SATCHEL_TRY(connection_.Run({"WATCH", key}));
  return {};
}

Result<ReplyValue> Store::Eval(const Script& script, std::span<const std::string> keys,
                               std::span<const std::string> args, const CallOptions& options) {
  const std::string key_count = FormatInt(static_cast<std::int64_t>(keys.size()));
  std::vector<std::string_view> line = {"EVALSHA", script.sha(), key_count};
  line.insert(line.end(), keys.begin(), keys.end());
  line.insert(line.end(), args.begin(), args.end());
  auto reply = Run(line, options);
  if (reply || !StartsWithWord(reply.error().detail, "NOSCRIPT")) return reply;
  line[0] = "EVAL";
  line[1] = script.text();
  return Run(line, options);
}

namespace {

// One attempt; empty when a watched key changed.
Result<std::optional<std::vector<ReplyValue>>> TransactOnce(
    Connection& connection, std::span<const std::string> watch,
    const std::function<Result<void>(Transaction&)>& fn) {
  if (!watch.empty()) {
    std::vector<std::string_view> line = {"WATCH"};
    line.insert(line.end(), watch.begin(), watch.end());
    SATCHEL_TRY(connection.Run(line));
  }
  Transaction transaction(connection);
  if (auto done = fn(transaction); !done) {
    (void)connection.Run({"UNWATCH"});
    return std::move(done.error());
  }
  if (transaction.queued().empty()) {
    SATCHEL_TRY(connection.Run({"UNWATCH"}));
    return std::optional(std::vector<ReplyValue>());
  }
  SATCHEL_TRY(connection.Run({"MULTI"}));
  for (const CommandLine& line : transaction.queued()) {
    if (auto queued = connection.Run(Views(line)); !queued) {
      (void)connection.Run({"DISCARD"});
      return std::move(queued.error());
    }
  }
  SATCHEL_ASSIGN(ReplyValue replies, connection.Run({"EXEC"}));
  if (replies.is_null()) return std::optional<std::vector<ReplyValue>>();
  for (const ReplyValue& reply : replies.items) {
    if (reply.is_error()) return ErrorOfReply(reply.text);
  }
  return std::optional(std::move(replies.items));
}

}  // namespace

Result<std::vector<ReplyValue>> Store::Transact(std::span<const std::string> watch,
                                                const std::function<Result<void>(Transaction&)>& fn,
                                                int attempts) {
  SATCHEL_ASSIGN(const std::unique_ptr<Connection> connection, Connect());
  for (int attempt = 0; attempt < attempts; ++attempt) {
    SATCHEL_ASSIGN(auto replies, TransactOnce(*connection, watch, fn));
    if (replies) return std::move(*replies);
  }
  Error error = MakeError(ErrorCode::kConflict, "a watched key changed in every attempt");
  error.actual = static_cast<std::uint64_t>(attempts);
  return error;
}

}  // namespace satchel::store
