#include "repos/storage_backend.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/fields.h"
#include "repos/keys.h"
#include "repos/metrics.h"
#include "repos/rfc3339.h"
#include "repos/scripts.h"
#include "store/commands.h"

namespace satchel::repos {
namespace {

using store::Commands;
using Strings = std::vector<std::string>;

Result<void> CheckKey(const RecordKey& key) {
  SATCHEL_TRY(CheckComponent("owner", key.owner));
  return CheckComponent("task", key.task);
}

// The parts of "<owner>:<rest>"; `rest` may be empty.
Result<std::pair<std::string, std::string_view>> SplitOwner(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos || text.find(':', colon + 1) != text.npos) {
    return Invalid("key", "must hold exactly one colon");
  }
  auto owner = Unescape(text.substr(0, colon));
  if (!owner) return Invalid("key", "the owner is not escaped");
  return std::pair(std::move(*owner), text.substr(colon + 1));
}

Result<std::uint64_t> VersionOf(const ReplyValue& value) {
  const auto version = UintOf(value);
  if (value.is_null() || !version || *version == 0) return Corrupt("record", "no usable version");
  return *version;
}

}  // namespace

std::string RecordKey::ToText() const { return OwnerPrefix(owner) + Escape(task); }

std::string RecordKey::OwnerPrefix(std::string_view owner) { return Escape(owner) + ":"; }

Result<RecordKey> RecordKey::FromText(std::string_view text) {
  SATCHEL_ASSIGN(auto parts, SplitOwner(text));
  auto task = Unescape(parts.second);
  if (!task) return Invalid("key", "the task is not escaped");
  return RecordKey{std::move(parts.first), std::move(*task)};
}

StorageBackendOptions StorageBackendOptionsOf(const store::Config& config) {
  return {.repo = RepoOptionsOf(config),
          .version_retention = config.tasks_backend.version_retention};
}

StorageBackend::StorageBackend(store::Store& store, StorageBackendOptions options)
    : store_(store),
      options_(std::move(options)),
      owners_(store, *options_.repo.clock, options_.repo.Base("tb", "to") + ":owners") {
  SATCHEL_CHECK(CheckRepoOptions(options_.repo).has_value());
  SATCHEL_CHECK(options_.list_rows > 0 && options_.sweep_rows > 0);
}

std::string StorageBackend::Base(std::string_view owner) const {
  return options_.repo.Base("tb", "tb", {owner});
}

Result<StorageBackend::Document> StorageBackend::ReadDocument(std::string_view data) {
  const auto json = nlohmann::json::parse(data, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Invalid("data", "must be a JSON object");
  Document document;
  if (const auto at = json.find("expiresAt"); at != json.end() && !at->is_null()) {
    if (at->is_string()) document.deadline_ms = ParseRfc3339(at->get_ref<const std::string&>());
    if (!document.deadline_ms)
      return Invalid("data", "expiresAt must be an RFC 3339 date and time");
  }
  const auto task = json.find("task");
  if (task == json.end() || !task->is_object()) return document;
  if (const auto at = task->find("createdAt"); at != task->end()) {
    if (at->is_number_integer()) document.created_ms = at->get<std::int64_t>();
    if (at->is_string()) {
      document.created_ms = ParseRfc3339(at->get_ref<const std::string&>()).value_or(0);
    }
  }
  return document;
}

Result<Record> StorageBackend::Get(const RecordKey& key) {
  return Counted(options_.repo, store_, RepoOp::kTasksBackendGet, [&]() -> Result<Record> {
    SATCHEL_TRY(CheckKey(key));
    SATCHEL_ASSIGN(auto fields,
                   Commands(store_).HGetAll(Base(key.owner) + ":r:" + Escape(key.task)));
    if (fields.empty()) return MakeError(ErrorCode::kNotFound, "record: absent");
    Record record{.key = key};
    bool has_data = false;
    for (auto& [name, value] : fields) {
      if (name == "v") record.version = ParseUint(value).value_or(0);
      if (name == "x" && ParseInt(value).value_or(INT64_MAX) <= NowMs()) {
        return MakeError(ErrorCode::kNotFound, "record: expired");
      }
      if (name != "data") continue;
      record.data = std::move(value);
      has_data = true;
    }
    if (record.version == 0) return Corrupt("record", "no usable version");
    if (!has_data) return Corrupt("record", "no data");
    return record;
  });
}

Result<ReplyValue> StorageBackend::PutScript(const RecordKey& key, std::string_view data,
                                             std::string_view condition, std::uint64_t number) {
  SATCHEL_TRY(CheckKey(key));
  SATCHEL_ASSIGN(const Document document, ReadDocument(data));
  SATCHEL_TRY(owners_.Add(key.owner));
  const std::string base = Base(key.owner);
  const Strings keys = {base + ":r:" + Escape(key.task), base + ":idx", base + ":exp", base + ":vc",
                        base + ":dead"};
  const Strings args = {
      std::string(condition),
      FormatInt(NowMs()),
      key.task,
      std::string(data),
      FormatInt(document.created_ms),
      document.deadline_ms ? FormatInt(*document.deadline_ms) : std::string(),
      FormatInt(options_.version_retention.count()),
      fmt::to_string(number),
  };
  SATCHEL_ASSIGN(ReplyValue reply, store_.Eval(ScriptNamed("tb_put"), keys, args));
  if (reply.items.empty()) return Unexpected();
  return reply;
}

namespace {

// What tb_put has answered.
Result<std::uint64_t> PutResult(const ReplyValue& reply, std::uint64_t number) {
  const std::string& outcome = reply.items[0].text;
  const std::uint64_t value = reply.items.size() > 1 ? UintOf(reply.items[1]).value_or(0) : 0;
  if (outcome == "ok" && value > 0) return value;
  Error error = Unexpected();
  if (outcome == "conflict")
    error = MakeError(ErrorCode::kVersionConflict, "record: another version");
  if (outcome == "exists") error = MakeError(ErrorCode::kAlreadyExists, "record: exists");
  if (outcome == "full") error = MakeError(ErrorCode::kCapacityExceeded, "owner: too many records");
  error.expected = outcome == "exists" ? 0 : number;
  error.actual = value;
  return error;
}

}  // namespace

Result<std::uint64_t> StorageBackend::Put(const RecordKey& key, std::string_view data) {
  return Counted(options_.repo, store_, RepoOp::kTasksBackendPut, [&]() -> Result<std::uint64_t> {
    SATCHEL_ASSIGN(const ReplyValue reply, PutScript(key, data, "any", 0));
    return PutResult(reply, 0);
  });
}

Result<std::uint64_t> StorageBackend::PutIfVersion(const RecordKey& key, std::string_view data,
                                                   std::uint64_t version) {
  return Counted(options_.repo, store_, RepoOp::kTasksBackendPutIfVersion,
                 [&]() -> Result<std::uint64_t> {
                   SATCHEL_ASSIGN(const ReplyValue reply, PutScript(key, data, "version", version));
                   return PutResult(reply, version);
                 });
}

Result<std::uint64_t> StorageBackend::PutNew(const RecordKey& key, std::string_view data,
                                             std::uint64_t max_records) {
  return Counted(options_.repo, store_, RepoOp::kTasksBackendPutNew,
                 [&]() -> Result<std::uint64_t> {
                   SATCHEL_ASSIGN(const ReplyValue reply, PutScript(key, data, "new", max_records));
                   return PutResult(reply, max_records);
                 });
}

Result<bool> StorageBackend::Delete(const RecordKey& key) {
  return Counted(options_.repo, store_, RepoOp::kTasksBackendDelete, [&]() -> Result<bool> {
    SATCHEL_TRY(CheckKey(key));
    const std::string base = Base(key.owner);
    const Strings keys = {base + ":r:" + Escape(key.task), base + ":idx", base + ":exp",
                          base + ":vc", base + ":dead"};
    const Strings args = {FormatInt(NowMs()), key.task,
                          FormatInt(options_.version_retention.count())};
    SATCHEL_ASSIGN(const ReplyValue reply, store_.Eval(ScriptNamed("tb_delete"), keys, args));
    return reply.integer == 1;
  });
}

Result<std::vector<Record>> StorageBackend::ListByPrefix(std::string_view prefix) {
  return Counted(options_.repo, store_, RepoOp::kTasksBackendListByPrefix,
                 [&]() -> Result<std::vector<Record>> {
                   SATCHEL_ASSIGN(const auto parts, SplitOwner(prefix));
                   if (!parts.second.empty()) return Invalid("prefix", "must end with its colon");
                   SATCHEL_TRY(CheckComponent("owner", parts.first));
                   const std::string base = Base(parts.first);
                   const Strings keys = {base + ":idx", base + ":exp", base + ":dead"};
                   const std::string now = FormatInt(NowMs());
                   std::vector<Record> records;
                   Strings position = {"", ""};  // createdAt and task of the last row
                   while (true) {
                     const Strings args = {now, base + ":r:", position[0], position[1],
                                           FormatInt(options_.list_rows)};
                     SATCHEL_ASSIGN(ReplyValue reply,
                                    store_.Eval(ScriptNamed("tb_list"), keys, args));
                     if (reply.items.size() % 3 != 2) return Unexpected();
                     for (std::size_t i = 2; i < reply.items.size(); i += 3) {
                       SATCHEL_ASSIGN(const std::uint64_t version, VersionOf(reply.items[i + 1]));
                       if (reply.items[i + 2].is_null()) return Corrupt("record", "no data");
                       records.push_back({.key = {parts.first, std::move(reply.items[i].text)},
                                          .data = std::move(reply.items[i + 2].text),
                                          .version = version});
                     }
                     if (reply.items[0].text.empty()) return records;
                     position = {std::move(reply.items[0].text), std::move(reply.items[1].text)};
                   }
                 });
}

Result<std::uint64_t> StorageBackend::SweepOwner(const std::string& owner, std::int64_t now_ms) {
  const std::string base = Base(owner);
  const Strings keys = {base + ":idx", base + ":exp", base + ":vc", base + ":dead"};
  const Strings args = {FormatInt(now_ms),
                        base + ":r:", FormatInt(options_.version_retention.count()),
                        FormatInt(options_.sweep_rows)};
  std::uint64_t removed = 0;
  while (true) {
    SATCHEL_ASSIGN(const ReplyValue reply, store_.Eval(ScriptNamed("tb_sweep"), keys, args));
    if (reply.items.size() != 2) return Unexpected();
    removed += static_cast<std::uint64_t>(reply.items[0].integer);
    if (reply.items[0].integer == options_.sweep_rows) continue;
    if (reply.items[1].integer > 0) return removed;
    SATCHEL_TRY(owners_.Remove(owner));
    return removed;
  }
}

Result<std::uint64_t> StorageBackend::CleanupExpired() {
  return Counted(options_.repo, store_, RepoOp::kTasksBackendCleanupExpired,
                 [&]() -> Result<std::uint64_t> {
                   const std::int64_t now_ms = NowMs();
                   SATCHEL_ASSIGN(const auto owners, owners_.Members());
                   std::uint64_t removed = 0;
                   for (const std::string& owner : owners) {
                     SATCHEL_ASSIGN(const std::uint64_t of_owner, SweepOwner(owner, now_ms));
                     removed += of_owner;
                   }
                   return removed;
                 });
}

}  // namespace satchel::repos
