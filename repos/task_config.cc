#include "repos/task_config.h"

#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "repos/metrics.h"
#include "repos/scan.h"
#include "repos/span.h"
#include "store/commands.h"

namespace satchel::repos {
namespace {

Error NotThere(std::string_view id) { return Absent(ErrorCode::kNotFound, "task config", id); }

}  // namespace

TaskConfigStore::TaskConfigStore(store::Store& store, RepoOptions options,
                                 std::chrono::milliseconds ttl, std::int64_t scan_count)
    : store_(store), options_(std::move(options)), ttl_(ttl), scan_count_(scan_count) {
  SATCHEL_CHECK(CheckRepoOptions(options_).has_value() && ttl_.count() > 0 && scan_count_ > 0);
}

Result<std::string> TaskConfigStore::KeyOf(std::string_view id, Kind kind) const {
  SATCHEL_TRY(CheckComponent("id", id));
  const bool config = kind == Kind::kConfig;
  return options_.Base("cfg", config ? "tc" : "tm", {id}) + (config ? ":c" : ":m");
}

Result<void> TaskConfigStore::Save(std::string_view id, std::string_view json, Kind kind) {
  return Counted(options_, store_, RepoOp::kTaskConfigSave, [&]() -> Result<void> {
    SATCHEL_ASSIGN(const std::string key, KeyOf(id, kind));
    SATCHEL_TRY(CheckJson("json", json));
    SATCHEL_TRY(store::Commands(store_).Set(key, json, {.ttl = ttl_}));
    return {};
  });
}

Result<std::string> TaskConfigStore::Get(std::string_view id, Kind kind) {
  return Counted(options_, store_, RepoOp::kTaskConfigGet, [&]() -> Result<std::string> {
    SATCHEL_ASSIGN(const std::string key, KeyOf(id, kind));
    const std::string ttl = FormatInt(ttl_.count());
    SATCHEL_ASSIGN(ReplyValue reply, store_.Run({"GETEX", key, "PX", ttl}));
    if (reply.is_null()) return NotThere(id);
    return std::move(reply.text);
  });
}

Result<void> TaskConfigStore::Delete(std::string_view id, Kind kind) {
  return Counted(options_, store_, RepoOp::kTaskConfigDelete, [&]() -> Result<void> {
    SATCHEL_ASSIGN(const std::string key, KeyOf(id, kind));
    SATCHEL_TRY(store::Commands(store_).Del({key}));
    return {};
  });
}

Result<void> TaskConfigStore::ExtendTtl(std::string_view id, std::chrono::milliseconds ttl,
                                        Kind kind) {
  return Counted(options_, store_, RepoOp::kTaskConfigExtendTtl, [&]() -> Result<void> {
    SATCHEL_ASSIGN(const std::string key, KeyOf(id, kind));
    SATCHEL_TRY(CheckSpan("ttl", ttl));
    SATCHEL_ASSIGN(const bool there, store::Commands(store_).Expire(key, ttl));
    if (!there) return NotThere(id);
    return {};
  });
}

Result<std::chrono::milliseconds> TaskConfigStore::GetTtl(std::string_view id, Kind kind) {
  return Counted(options_, store_, RepoOp::kTaskConfigGetTtl,
                 [&]() -> Result<std::chrono::milliseconds> {
                   SATCHEL_ASSIGN(const std::string key, KeyOf(id, kind));
                   SATCHEL_ASSIGN(const store::KeyTtl ttl, store::Commands(store_).Ttl(key));
                   if (!ttl.exists) return NotThere(id);
                   return ttl.left.value_or(std::chrono::milliseconds::max());
                 });
}

Result<std::vector<std::string>> TaskConfigStore::ListKeys(Kind kind) {
  return Counted(options_, store_, RepoOp::kTaskConfigListKeys,
                 [&]() -> Result<std::vector<std::string>> {
                   const bool config = kind == Kind::kConfig;
                   std::string before = options_.Base("cfg", config ? "tc" : "tm");
                   before.back() = ':';
                   return ScanIds(store_, before, config ? "}:c" : "}:m", scan_count_);
                 });
}

}  // namespace satchel::repos
