#include "repos/memory_store.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/fields.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "repos/metrics.h"
#include "repos/scripts.h"
#include "repos/span.h"
#include "store/commands.h"

namespace satchel::repos {
namespace {

using std::chrono::milliseconds;
using store::Commands;

Result<void> CheckMessages(const Messages& messages) {
  for (const std::string& message : messages) SATCHEL_TRY(CheckJson("messages", message));
  return {};
}

Result<Messages> Decoded(std::vector<ReplyValue> items, std::int64_t first) {
  Messages messages;
  for (ReplyValue& item : items) {
    if (!CheckJson("message", item.text)) {
      Error error = MakeError(ErrorCode::kInvalidMessage, "conversation: a message is no JSON");
      error.actual = static_cast<std::uint64_t>(first) + messages.size();
      return error;
    }
    messages.push_back(std::move(item.text));
  }
  return messages;
}

}  // namespace

MemoryStore::MemoryStore(store::Store& store, MemoryOptions options, LockManager* locks)
    : store_(store), options_(std::move(options)), locks_(locks) {
  SATCHEL_CHECK(CheckRepoOptions(options_.repo).has_value());
  SATCHEL_CHECK(options_.ttl.count() >= 0 && options_.max_entries >= 0 &&
                options_.flush_ttl.count() > 0);
}

Result<std::string> MemoryStore::Base(std::string_view key) const {
  SATCHEL_TRY(CheckComponent("key", key));
  return options_.repo.Base("mem", "me", {key});
}

Result<ReplyValue> MemoryStore::Write(std::string_view script, std::string_view key,
                                      std::vector<std::string> args, bool refresh) {
  SATCHEL_ASSIGN(const std::string base, Base(key));
  const std::vector<std::string> keys = {base + ":list", base + ":meta"};
  std::vector<std::string> all = {FormatInt(options_.repo.clock->NowMs()),
                                  FormatInt(options_.ttl.count()), refresh ? "1" : "0"};
  all.insert(all.end(), std::make_move_iterator(args.begin()), std::make_move_iterator(args.end()));
  return RunScript(store_, script, keys, all);
}

Result<std::int64_t> MemoryStore::Append(std::string_view key, const Messages& messages,
                                         std::int64_t tokens) {
  return Counted(options_.repo, store_, RepoOp::kMemoryAppend, [&]() -> Result<std::int64_t> {
    if (tokens < 0) return Invalid("tokens", "must not be negative");
    SATCHEL_TRY(CheckMessages(messages));
    if (messages.empty()) return Count(key);
    std::vector<std::string> args = {FormatInt(tokens), FormatInt(options_.max_entries)};
    args.insert(args.end(), messages.begin(), messages.end());
    SATCHEL_ASSIGN(const ReplyValue reply,
                   Write("mem_append", key, std::move(args), options_.refresh_on_append));
    return reply.integer;
  });
}

Result<Messages> MemoryStore::Read(std::string_view key) {
  return Counted(options_.repo, store_, RepoOp::kMemoryRead, [&]() -> Result<Messages> {
    SATCHEL_ASSIGN(const std::string base, Base(key));
    const std::string list = base + ":list";
    SATCHEL_ASSIGN(ReplyValue reply, store_.Run({"LRANGE", list, "0", "-1"}));
    return Decoded(std::move(reply.items), 0);
  });
}

Result<MessagePage> MemoryStore::ReadPage(std::string_view key, std::int64_t offset,
                                          std::int64_t limit) {
  return Counted(options_.repo, store_, RepoOp::kMemoryReadPage, [&]() -> Result<MessagePage> {
    SATCHEL_ASSIGN(const std::string base, Base(key));
    if (offset < 0) return Invalid("offset", "must not be negative");
    if (limit <= 0) return Invalid("limit", "must be 1 at least");
    const std::int64_t last = offset > INT64_MAX - limit ? INT64_MAX : offset + limit - 1;
    const std::vector<std::string> keys = {base + ":list"};
    const std::vector<std::string> args = {FormatInt(offset), FormatInt(last)};
    SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "mem_page", keys, args));
    if (reply.items.size() != 2) return Unexpected();
    SATCHEL_ASSIGN(Messages messages, Decoded(std::move(reply.items[1].items), offset));
    return MessagePage{.messages = std::move(messages), .total = reply.items[0].integer};
  });
}

Result<std::int64_t> MemoryStore::Count(std::string_view key) {
  return Counted(options_.repo, store_, RepoOp::kMemoryCount, [&]() -> Result<std::int64_t> {
    SATCHEL_ASSIGN(const std::string base, Base(key));
    return Commands(store_).LLen(base + ":list");
  });
}

Result<void> MemoryStore::Replace(std::string_view key, const Messages& messages,
                                  std::optional<std::int64_t> tokens) {
  return Counted(options_.repo, store_, RepoOp::kMemoryReplace, [&]() -> Result<void> {
    if (tokens.value_or(0) < 0) return Invalid("tokens", "must not be negative");
    SATCHEL_TRY(CheckMessages(messages));
    std::vector<std::string> args = {tokens ? FormatInt(*tokens) : std::string(),
                                     FormatInt(options_.max_entries)};
    args.insert(args.end(), messages.begin(), messages.end());
    SATCHEL_TRY(Write("mem_replace", key, std::move(args)));
    return {};
  });
}

Result<std::int64_t> MemoryStore::Trim(std::string_view key, std::int64_t keep,
                                       std::int64_t tokens) {
  return Counted(options_.repo, store_, RepoOp::kMemoryTrim, [&]() -> Result<std::int64_t> {
    if (keep < 0) return Invalid("keep", "must not be negative");
    if (tokens < 0) return Invalid("tokens", "must not be negative");
    SATCHEL_ASSIGN(const ReplyValue reply,
                   Write("mem_trim", key, {FormatInt(keep), FormatInt(tokens)}));
    return reply.integer;
  });
}

Result<void> MemoryStore::Delete(std::string_view key) {
  return Counted(options_.repo, store_, RepoOp::kMemoryDelete, [&]() -> Result<void> {
    SATCHEL_ASSIGN(const std::string base, Base(key));
    SATCHEL_TRY(Commands(store_).Del({base + ":list", base + ":meta", base + ":flush"}));
    return {};
  });
}

Result<bool> MemoryStore::SetExpiration(std::string_view key, milliseconds ttl) {
  return Counted(options_.repo, store_, RepoOp::kMemorySetExpiration, [&]() -> Result<bool> {
    SATCHEL_ASSIGN(const std::string base, Base(key));
    SATCHEL_TRY(CheckSpan("ttl", ttl));
    const std::vector<std::string> keys = {base + ":list", base + ":meta", base + ":flush"};
    const std::vector<std::string> args = {FormatInt(options_.repo.clock->NowMs() + ttl.count())};
    SATCHEL_ASSIGN(const ReplyValue reply, RunScript(store_, "mem_expire", keys, args));
    return reply.integer == 1;
  });
}

Result<MemoryTtl> MemoryStore::GetTtl(std::string_view key) {
  return Counted(options_.repo, store_, RepoOp::kMemoryGetTtl, [&]() -> Result<MemoryTtl> {
    SATCHEL_ASSIGN(const std::string base, Base(key));
    const std::vector<store::CommandLine> lines = {{"PTTL", base + ":list"},
                                                   {"PTTL", base + ":meta"}};
    MemoryTtl ttl;
    for (auto& reply : store_.Pipeline(lines)) {
      if (!reply) return std::move(reply.error());
      if (reply->integer == -2) continue;
      ttl.exists = true;
      if (reply->integer >= 0) ttl.left = milliseconds(reply->integer);
    }
    return ttl;
  });
}

Result<std::optional<std::int64_t>> MemoryStore::MetaTime(std::string_view key,
                                                          std::string_view field) {
  SATCHEL_ASSIGN(const std::string base, Base(key));
  SATCHEL_ASSIGN(const auto text, Commands(store_).HGet(base + ":meta", field));
  if (!text) return std::optional<std::int64_t>();
  const auto time = ParseInt(*text);
  if (!time) return Corrupt("conversation", "a time that is no number");
  return time;
}

Result<std::optional<std::int64_t>> MemoryStore::GetExpiration(std::string_view key) {
  return Counted(options_.repo, store_, RepoOp::kMemoryGetExpiration,
                 [&]() -> Result<std::optional<std::int64_t>> { return MetaTime(key, "expires"); });
}

Result<std::optional<std::int64_t>> MemoryStore::GetLastFlushed(std::string_view key) {
  return Counted(
      options_.repo, store_, RepoOp::kMemoryGetLastFlushed,
      [&]() -> Result<std::optional<std::int64_t>> { return MetaTime(key, "last_flushed"); });
}

Result<void> MemoryStore::SetLastFlushed(std::string_view key, std::int64_t at_ms) {
  return Counted(options_.repo, store_, RepoOp::kMemorySetLastFlushed, [&]() -> Result<void> {
    SATCHEL_TRY(Write("mem_meta", key, {"last_flushed", "set", FormatInt(at_ms)}));
    return {};
  });
}

Result<MemoryCounts> MemoryStore::GetCounts(std::string_view key) {
  return Counted(options_.repo, store_, RepoOp::kMemoryGetCounts, [&]() -> Result<MemoryCounts> {
    SATCHEL_ASSIGN(const ReplyValue reply, Write("mem_counts", key, {}));
    if (reply.items.size() != 2) return Unexpected();
    const auto tokens = IntOf(reply.items[0]);
    const auto messages = IntOf(reply.items[1]);
    if (!tokens || !messages) return Corrupt("conversation", "a count that is no number");
    return MemoryCounts{.tokens = *tokens, .messages = *messages};
  });
}

Result<std::int64_t> MemoryStore::IncrementTokens(std::string_view key, std::int64_t delta) {
  return Counted(options_.repo, store_, RepoOp::kMemoryIncrementTokens,
                 [&]() -> Result<std::int64_t> {
                   if (delta == 0) {
                     SATCHEL_ASSIGN(const auto tokens, MetaTime(key, "token_count"));
                     return tokens.value_or(0);
                   }
                   SATCHEL_ASSIGN(const ReplyValue reply,
                                  Write("mem_meta", key, {"token_count", "add", FormatInt(delta)}));
                   const auto tokens = IntOf(reply);
                   if (!tokens) return Unexpected();
                   return *tokens;
                 });
}

Result<void> MemoryStore::SetTokens(std::string_view key, std::int64_t tokens) {
  return Counted(options_.repo, store_, RepoOp::kMemorySetTokens, [&]() -> Result<void> {
    if (tokens < 0) return Invalid("tokens", "must not be negative");
    SATCHEL_TRY(Write("mem_meta", key, {"token_count", "set", FormatInt(tokens)}));
    return {};
  });
}

Result<std::string> MemoryStore::MarkFlushPending(std::string_view key) {
  return Counted(
      options_.repo, store_, RepoOp::kMemoryMarkFlushPending, [&]() -> Result<std::string> {
        SATCHEL_ASSIGN(const std::string base, Base(key));
        std::string token = options_.repo.random->Hex(16);
        SATCHEL_ASSIGN(const bool set,
                       Commands(store_).Set(base + ":flush", token,
                                            {.when = store::SetOptions::When::kIfAbsent,
                                             .ttl = options_.flush_ttl}));
        if (!set)
          return MakeError(ErrorCode::kFlushAlreadyPending, "conversation: a flush is under way");
        return token;
      });
}

Result<void> MemoryStore::ClearFlushPending(std::string_view key, std::string_view token) {
  return Counted(options_.repo, store_, RepoOp::kMemoryClearFlushPending, [&]() -> Result<void> {
    SATCHEL_ASSIGN(const std::string base, Base(key));
    const std::vector<std::string> keys = {base + ":flush"};
    const std::vector<std::string> args = {std::string(token)};
    SATCHEL_TRY(RunScript(store_, "lock_free", keys, args));
    return {};
  });
}

Result<bool> MemoryStore::IsFlushPending(std::string_view key) {
  return Counted(options_.repo, store_, RepoOp::kMemoryIsFlushPending, [&]() -> Result<bool> {
    SATCHEL_ASSIGN(const std::string base, Base(key));
    SATCHEL_ASSIGN(const std::int64_t count, Commands(store_).Exists({base + ":flush"}));
    return count == 1;
  });
}

Result<Lock> MemoryStore::LockFor(std::string_view key, MemoryOperation operation,
                                  milliseconds wait) {
  return Counted(options_.repo, store_, RepoOp::kMemoryLockFor, [&]() -> Result<Lock> {
    struct Row {
      std::string_view name;
      milliseconds ttl;
    };
    constexpr Row kRows[] = {{"append", std::chrono::seconds(30)},
                             {"clear", std::chrono::seconds(10)},
                             {"flush", std::chrono::minutes(5)}};
    if (locks_ == nullptr)
      return MakeError(ErrorCode::kUnsupported, "conversation: no lock manager");
    SATCHEL_ASSIGN(const std::string base, Base(key));
    if (operation > MemoryOperation::kFlush) return Invalid("operation", "unknown");
    const Row& row = kRows[static_cast<std::size_t>(operation)];
    LockKeys keys{.holder = fmt::format("{}:lock:{}", base, row.name),
                  .fence = fmt::format("{}:fence:{}", base, row.name)};
    return locks_->AcquireKeys(std::move(keys), key, {.ttl = row.ttl, .wait = wait});
  });
}

}  // namespace satchel::repos
