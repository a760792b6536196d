#include "repos/generic_task_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "repos/rfc3339.h"

namespace satchel::repos {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kNames[] = {"working", "input_required", "completed", "failed",
                                       "cancelled"};
// The last moment that RFC 3339 can write.
constexpr std::int64_t kEndOfTimeMs = 253'402'300'799'999;

Error NoTask() { return Absent(ErrorCode::kNotFound, "task", "task"); }

bool IsEnd(GenericStatus status) { return status >= GenericStatus::kCompleted; }

std::string NewId(SharedRandom& random) {
  std::string hex = random.Hex(16);
  hex[12] = '4';
  hex[16] = "89ab"[static_cast<unsigned char>(hex[16]) & 3];
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

std::string VariablesJson(const std::map<std::string, std::string>& variables) {
  std::string json;
  for (const auto& [name, value] : variables) {
    json += (json.empty() ? "" : ",") + JsonString(name) + ":" + value;
  }
  return "{" + json + "}";
}

using Members = std::map<std::string, std::string>;

const std::string* Find(const Members& members, const char* name) {
  const auto at = members.find(name);
  return at == members.end() ? nullptr : &at->second;
}

Result<std::string> TextOf(const Members& members, const char* name) {
  const std::string* raw = Find(members, name);
  if (raw == nullptr) return Corrupt("task record", "a field is missing");
  auto text = JsonText(name, *raw);
  if (!text) return Corrupt("task record", "a field is no text");
  return std::move(*text);
}

Result<std::int64_t> TimeOf(const Members& members, const char* name) {
  SATCHEL_ASSIGN(const std::string text, TextOf(members, name));
  const auto time = ParseRfc3339(text);
  if (!time) return Corrupt("task record", "a time is none");
  return *time;
}

Result<Members> MembersOf(const std::string* raw) {
  if (raw == nullptr) return Corrupt("task record", "a part is missing");
  auto members = JsonMembers("record", *raw);
  if (!members) return Corrupt("task record", "a part is no object");
  return std::move(*members);
}

}  // namespace

std::string_view GenericStatusName(GenericStatus status) {
  return kNames[static_cast<std::size_t>(status)];
}

Result<GenericStatus> ParseGenericStatus(std::string_view name) {
  const auto at = std::ranges::find(kNames, name);
  if (at == std::end(kNames)) return Invalid("status", "unknown");
  return static_cast<GenericStatus>(at - std::begin(kNames));
}

bool IsLegalTransition(GenericStatus from, GenericStatus to) {
  return !IsEnd(from) && from != to && to <= GenericStatus::kCancelled;
}

std::string DocumentOf(const GenericTask& task) {
  std::string json = "{\"task\":{\"taskId\":" + JsonString(task.id) +
                     ",\"status\":" + JsonString(GenericStatusName(task.status));
  if (task.status_message) json += ",\"statusMessage\":" + JsonString(*task.status_message);
  json += ",\"createdAt\":" + JsonString(FormatRfc3339(task.created_ms)) +
          ",\"lastUpdatedAt\":" + JsonString(FormatRfc3339(task.updated_ms)) +
          ",\"ttl\":" + (task.ttl ? FormatInt(task.ttl->count()) : "null") +
          ",\"pollInterval\":" + FormatInt(task.poll_interval.count());
  if (task.meta) json += ",\"_meta\":" + *task.meta;
  json += "},\"ownerId\":" + JsonString(Escape(task.owner)) +
          ",\"variables\":" + VariablesJson(task.variables);
  if (task.result) json += ",\"result\":" + *task.result;
  json += ",\"requestMethod\":" + JsonString(task.method);
  if (task.expires_ms) json += ",\"expiresAt\":" + JsonString(FormatRfc3339(*task.expires_ms));
  return json + "}";
}

Result<GenericTask> GenericTaskOf(const Record& record) {
  SATCHEL_ASSIGN(const Members document, MembersOf(&record.data));
  SATCHEL_ASSIGN(const Members task, MembersOf(Find(document, "task")));
  GenericTask result{.version = record.version};
  SATCHEL_ASSIGN(result.id, TextOf(task, "taskId"));
  SATCHEL_ASSIGN(const std::string status, TextOf(task, "status"));
  const auto parsed = ParseGenericStatus(status);
  if (!parsed) return Corrupt("task record", "an unknown status");
  result.status = *parsed;
  if (Find(task, "statusMessage") != nullptr) {
    SATCHEL_ASSIGN(std::string message, TextOf(task, "statusMessage"));
    result.status_message = std::move(message);
  }
  SATCHEL_ASSIGN(result.created_ms, TimeOf(task, "createdAt"));
  SATCHEL_ASSIGN(result.updated_ms, TimeOf(task, "lastUpdatedAt"));
  if (const std::string* ttl = Find(task, "ttl"); ttl != nullptr && *ttl != "null") {
    const auto ms = ParseInt(*ttl);
    if (!ms) return Corrupt("task record", "the ttl is no number");
    result.ttl = milliseconds(*ms);
  }
  if (const std::string* interval = Find(task, "pollInterval"); interval != nullptr) {
    result.poll_interval = milliseconds(ParseInt(*interval).value_or(0));
  }
  if (const std::string* meta = Find(task, "_meta"); meta != nullptr) result.meta = *meta;
  SATCHEL_ASSIGN(const std::string owner, TextOf(document, "ownerId"));
  SATCHEL_ASSIGN(result.owner, Unescape(owner));
  SATCHEL_ASSIGN(result.method, TextOf(document, "requestMethod"));
  SATCHEL_ASSIGN(result.variables, MembersOf(Find(document, "variables")));
  if (const std::string* value = Find(document, "result"); value != nullptr) {
    result.result = *value;
  }
  if (Find(document, "expiresAt") != nullptr) {
    SATCHEL_ASSIGN(const std::int64_t at, TimeOf(document, "expiresAt"));
    result.expires_ms = at;
  }
  return result;
}

GenericTaskStore::GenericTaskStore(StorageBackend& backend, GenericTaskOptions options)
    : backend_(backend), options_(std::move(options)) {
  const GenericTaskLimits& limits = options_.limits;
  SATCHEL_CHECK(limits.default_ttl.count() > 0 && limits.default_ttl <= limits.max_ttl &&
                limits.page_size > 0);
}

Result<void> GenericTaskStore::CheckOwner(std::string_view owner) const {
  SATCHEL_TRY(CheckComponent("owner", owner));
  if (!options_.limits.allow_anonymous && (owner.empty() || owner == "local")) {
    return Invalid("owner", "must be somebody");
  }
  return {};
}

Result<GenericTask> GenericTaskStore::Create(std::string_view owner, std::string_view method,
                                             std::optional<milliseconds> ttl,
                                             std::optional<std::string> meta) {
  const GenericTaskLimits& limits = options_.limits;
  SATCHEL_TRY(CheckOwner(owner));
  if (method.empty()) return Invalid("method", "must not be empty");
  const milliseconds span = ttl.value_or(limits.default_ttl);
  if (span.count() <= 0) return Invalid("ttl", "must be 1 ms at least");
  if (span > limits.max_ttl) return Invalid("ttl", "above the maximum");
  if (meta) SATCHEL_TRY(CheckJsonObject("meta", *meta));
  GenericTask task{.id = NewId(*options_.random),
                   .owner = std::string(owner),
                   .method = std::string(method),
                   .created_ms = options_.clock->NowMs(),
                   .updated_ms = options_.clock->NowMs(),
                   .ttl = span,
                   .poll_interval = limits.poll_interval,
                   .meta = std::move(meta)};
  if (span.count() < kEndOfTimeMs - task.created_ms) {
    task.expires_ms = task.created_ms + span.count();
  } else {
    task.ttl.reset();
  }
  auto version = backend_.PutNew({task.owner, task.id}, DocumentOf(task), limits.max_per_owner);
  if (!version) {
    if (version.error().code == ErrorCode::kCapacityExceeded) version.error().subject = "tasks";
    return std::move(version.error());
  }
  task.version = *version;
  return task;
}

Result<GenericTask> GenericTaskStore::Get(std::string_view owner, std::string_view id) {
  SATCHEL_TRY(CheckOwner(owner));
  SATCHEL_TRY(CheckComponent("id", id));
  auto record = backend_.Get({std::string(owner), std::string(id)});
  if (!record && record.error().code == ErrorCode::kNotFound) return NoTask();
  if (!record) return std::move(record.error());
  SATCHEL_ASSIGN(GenericTask task, GenericTaskOf(*record));
  if (task.owner != owner) return NoTask();
  return task;
}

Result<GenericTask> GenericTaskStore::Mutate(
    std::string_view owner, std::string_view id,
    const std::function<Result<void>(GenericTask&)>& change) {
  SATCHEL_ASSIGN(GenericTask task, Get(owner, id));
  SATCHEL_TRY(change(task));
  task.updated_ms = std::max(task.updated_ms, options_.clock->NowMs());
  SATCHEL_ASSIGN(task.version,
                 backend_.PutIfVersion({task.owner, task.id}, DocumentOf(task), task.version));
  return task;
}

namespace {

Result<void> Move(GenericTask& task, GenericStatus status) {
  if (!IsLegalTransition(task.status, status)) {
    return Invalid("status", fmt::format("no transition from {}", GenericStatusName(task.status)));
  }
  task.status = status;
  task.status_message.reset();
  return {};
}

}  // namespace

Result<GenericTask> GenericTaskStore::UpdateStatus(std::string_view owner, std::string_view id,
                                                   GenericStatus status,
                                                   std::optional<std::string> message) {
  return Mutate(owner, id, [&](GenericTask& task) -> Result<void> {
    SATCHEL_TRY(Move(task, status));
    task.status_message = std::move(message);
    return {};
  });
}

Result<void> GenericTaskStore::CheckVariables(const GenericTask& task) const {
  const GenericTaskLimits& limits = options_.limits;
  const std::string json = VariablesJson(task.variables);
  if (json.size() > limits.max_variables_bytes) {
    return OverLimit(ErrorCode::kTooLarge, "variables", limits.max_variables_bytes, json.size());
  }
  SATCHEL_ASSIGN(const JsonShape shape, ShapeOfJson("variables", json));
  if (shape.depth > limits.max_depth) {
    return OverLimit(ErrorCode::kTooLarge, "variables",
                     static_cast<std::uint64_t>(limits.max_depth),
                     static_cast<std::uint64_t>(shape.depth));
  }
  if (shape.longest_string > limits.max_string_bytes) {
    return OverLimit(ErrorCode::kTooLarge, "variables", limits.max_string_bytes,
                     shape.longest_string);
  }
  return {};
}

Result<GenericTask> GenericTaskStore::SetVariables(
    std::string_view owner, std::string_view id,
    const std::map<std::string, std::string>& variables) {
  for (const auto& [name, value] : variables) SATCHEL_TRY(CheckJson("variables", value));
  return Mutate(owner, id, [&](GenericTask& task) -> Result<void> {
    for (const auto& [name, value] : variables) {
      if (Trim(value) == "null") {
        task.variables.erase(name);
      } else {
        task.variables.insert_or_assign(name, value);
      }
    }
    return CheckVariables(task);
  });
}

Result<GenericTask> GenericTaskStore::SetResult(std::string_view owner, std::string_view id,
                                                std::string_view result) {
  SATCHEL_TRY(CheckJson("result", result));
  return Mutate(owner, id, [&](GenericTask& task) -> Result<void> {
    task.result = std::string(result);
    return {};
  });
}

Result<GenericTask> GenericTaskStore::CompleteWithResult(std::string_view owner,
                                                         std::string_view id,
                                                         std::string_view result,
                                                         GenericStatus status) {
  SATCHEL_TRY(CheckJson("result", result));
  if (!IsEnd(status)) return Invalid("status", "does not end the task");
  return Mutate(owner, id, [&](GenericTask& task) -> Result<void> {
    SATCHEL_TRY(Move(task, status));
    task.result = std::string(result);
    return {};
  });
}

Result<std::string> GenericTaskStore::GetResult(std::string_view owner, std::string_view id) {
  SATCHEL_ASSIGN(GenericTask task, Get(owner, id));
  if (!IsEnd(task.status) || !task.result) {
    return Absent(ErrorCode::kNotFound, "result", "result");
  }
  return std::move(*task.result);
}

Result<PageOf<GenericTask>> GenericTaskStore::List(std::string_view owner,
                                                   std::string_view cursor) {
  SATCHEL_TRY(CheckOwner(owner));
  const std::string list = "tasks of " + Escape(owner);
  SATCHEL_ASSIGN(const std::string after, DecodePage(list, {.cursor = std::string(cursor)}));
  SATCHEL_ASSIGN(const auto records, backend_.ListByPrefix(RecordKey::OwnerPrefix(owner)));
  PageOf<GenericTask> page;
  std::string last;
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    SATCHEL_ASSIGN(GenericTask task, GenericTaskOf(*record));
    std::string position = fmt::format("{:016} {}", task.created_ms, task.id);
    if (!after.empty() && position >= after) continue;
    if (page.items.size() == static_cast<std::size_t>(options_.limits.page_size)) {
      page.next = EncodeCursor(list, last);
      break;
    }
    last = std::move(position);
    page.items.push_back(std::move(task));
  }
  return page;
}

int JsonRpcCodeOf(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kNotFound:
    case ErrorCode::kTooLarge:
      return -32602;
    default:
      return -32603;
  }
}

}  // namespace satchel::repos
