#include "repos/cache.h"

#include "base/check.h"
#include "repos/errors.h"
#include "repos/keys.h"
#include "repos/metrics.h"
#include "repos/scan.h"
#include "repos/span.h"
#include "store/commands.h"

namespace satchel::repos {
namespace {

Result<std::optional<std::string>> ValueOf(const ReplyValue& reply) {
  if (reply.is_null()) return std::optional<std::string>();
  SATCHEL_ASSIGN(TypedValue value, Unseal(reply.text));
  return std::optional(std::move(value.bytes));
}

}  // namespace

Cache::Cache(store::Store& store, CacheOptions options)
    : store_(store), options_(std::move(options)) {
  SATCHEL_CHECK(CheckRepoOptions(options_.repo).has_value());
  SATCHEL_CHECK(options_.ttl.count() > 0 && options_.scan_count > 0);
}

Result<std::string> Cache::KeyOf(std::string_view key) const {
  SATCHEL_TRY(CheckComponent("key", key));
  return options_.repo.Base("cache", "ca", {key}) + ":v";
}

Result<std::vector<Result<ReplyValue>>> Cache::ForEach(std::string_view command,
                                                       const std::vector<std::string>& keys) {
  std::vector<store::CommandLine> lines;
  for (const std::string& key : keys) {
    SATCHEL_ASSIGN(std::string name, KeyOf(key));
    lines.push_back({std::string(command), std::move(name)});
  }
  if (lines.empty()) return std::vector<Result<ReplyValue>>();
  return store_.Pipeline(lines);
}

Result<std::optional<std::string>> Cache::Get(std::string_view key) {
  return Counted(options_.repo, store_, RepoOp::kCacheGet,
                 [&]() -> Result<std::optional<std::string>> {
                   SATCHEL_ASSIGN(const std::string name, KeyOf(key));
                   SATCHEL_ASSIGN(const ReplyValue reply, store_.Run({"GET", name}));
                   return ValueOf(reply);
                 });
}

Result<std::vector<std::optional<std::string>>> Cache::MGet(const std::vector<std::string>& keys) {
  return Counted(options_.repo, store_, RepoOp::kCacheMGet,
                 [&]() -> Result<std::vector<std::optional<std::string>>> {
                   SATCHEL_ASSIGN(auto replies, ForEach("GET", keys));
                   std::vector<std::optional<std::string>> values;
                   for (auto& reply : replies) {
                     if (!reply) return std::move(reply.error());
                     SATCHEL_ASSIGN(auto value, ValueOf(*reply));
                     values.push_back(std::move(value));
                   }
                   return values;
                 });
}

Result<void> Cache::Set(std::string_view key, std::string_view value,
                        std::optional<std::chrono::milliseconds> ttl) {
  return Counted(options_.repo, store_, RepoOp::kCacheSet, [&]() -> Result<void> {
    SATCHEL_ASSIGN(const std::string name, KeyOf(key));
    const std::chrono::milliseconds span = ttl.value_or(options_.ttl);
    SATCHEL_TRY(CheckSpan("ttl", span));
    if (value.size() > options_.max_item_bytes) {
      return OverLimit(ErrorCode::kTooLarge, "value", options_.max_item_bytes, value.size());
    }
    SATCHEL_ASSIGN(const std::string sealed,
                   Seal({.type = {}, .bytes = std::string(value)}, options_.seal));
    SATCHEL_TRY(store::Commands(store_).Set(name, sealed, {.ttl = span}));
    return {};
  });
}

Result<std::int64_t> Cache::Del(const std::vector<std::string>& keys) {
  return Counted(options_.repo, store_, RepoOp::kCacheDel, [&]() -> Result<std::int64_t> {
    SATCHEL_ASSIGN(auto replies, ForEach("DEL", keys));
    std::int64_t count = 0;
    for (auto& reply : replies) {
      if (!reply) return std::move(reply.error());
      count += reply->integer;
    }
    return count;
  });
}

Result<void> Cache::Expire(std::string_view key, std::chrono::milliseconds ttl) {
  return Counted(options_.repo, store_, RepoOp::kCacheExpire, [&]() -> Result<void> {
    SATCHEL_ASSIGN(const std::string name, KeyOf(key));
    SATCHEL_TRY(CheckSpan("ttl", ttl));
    SATCHEL_ASSIGN(const bool there, store::Commands(store_).Expire(name, ttl));
    if (!there) return Absent(ErrorCode::kNotFound, "cache entry", key);
    return {};
  });
}

Result<std::vector<std::string>> Cache::Keys() {
  return Counted(options_.repo, store_, RepoOp::kCacheKeys,
                 [&]() -> Result<std::vector<std::string>> {
                   std::string before = options_.repo.Base("cache", "ca");
                   before.back() = ':';
                   return ScanIds(store_, before, "}:v", options_.scan_count);
                 });
}

}  // namespace satchel::repos
