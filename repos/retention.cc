#include "repos/retention.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/execution_index.h"
#include "repos/keys.h"
#include "repos/scan.h"
#include "repos/status.h"

namespace satchel::repos {
namespace {

using Strings = std::vector<std::string>;

constexpr std::int64_t kDayMs = 24 * 3600 * 1000;

class Reapplication {
 public:
  Reapplication(store::Store& store, const RetentionOptions& options)
      : store_(store), options_(options), index_(store, options.repo) {
    SATCHEL_CHECK(options.batch > 0 && options.workflow_retention.count() >= 0 &&
                  options.task_retention.count() >= 0);
  }

  Result<void> Run(bool tasks, const std::stop_token& stop) {
    const std::string before = options_.repo.Namespace() + (tasks ? ":task" : ":wf") +
                               ":{wx:" + Escape(options_.repo.tenant) + ":";
    const std::string pattern = before + (tasks ? "*}:state:*" : "*}:state");
    return ScanPages(store_, pattern, options_.batch, [&](const auto& keys) -> Result<bool> {
      SATCHEL_TRY(Rewrite(keys, before.size(), tasks));
      return !stop.stop_requested();
    });
  }

  RetentionReport report;

 private:
  struct Object {
    std::string key;
    std::string exec;   // escaped
    std::string entry;  // of the due registry
    std::string version;
    std::string x;       // now
    std::string wanted;  // "": none
  };

  Result<void> Rewrite(const std::set<std::string>& keys, std::size_t exec_at, bool tasks) {
    Batch reads;
    for (const std::string& key : keys) {
      const std::string exec = key.substr(exec_at, key.find('}') - exec_at);
      reads.Add({"HMGET", key, "v", "status", "u", "x"});
      reads.Add({"HGET", StateOf(exec), "status"});
    }
    if (keys.empty()) return {};
    auto replies = reads.Send(store_);
    std::vector<Object> objects;
    std::size_t next = 0;
    for (const std::string& key : keys) {
      auto& held = replies[next++];
      auto& status = replies[next++];
      const bool is_other = (!held && held.error().code == ErrorCode::kWrongType) ||
                            (!status && status.error().code == ErrorCode::kWrongType);
      if (is_other) continue;
      if (!held) return std::move(held.error());
      if (!status) return std::move(status.error());
      if (auto object = ObjectOf(key, exec_at, *held, *status, tasks)) {
        objects.push_back(std::move(*object));
      }
    }
    return Write(objects, tasks);
  }

  std::string StateOf(const std::string& exec) const {
    return options_.repo.Namespace() + ":wf:{wx:" + Escape(options_.repo.tenant) + ":" + exec +
           "}:state";
  }

  // Empty for what stays as it is.
  std::optional<Object> ObjectOf(const std::string& key, std::size_t exec_at,
                                 const ReplyValue& held, const ReplyValue& of_exec, bool tasks) {
    const auto status = ParseStatus(held.items[1].text);
    const auto written_ms = IntOf(held.items[2]);
    if (held.items[0].is_null() || !status || !IsTerminal(*status) || !written_ms) return {};
    const std::int64_t now_ms = index_.NowMs();
    const auto x = IntOf(held.items[3]);
    if (!held.items[3].is_null() && x && *x <= now_ms) return {};
    Object object{.key = key,
                  .exec = key.substr(exec_at, key.find('}') - exec_at),
                  .version = held.items[0].text,
                  .x = held.items[3].text};
    object.entry = (tasks ? "t " : "w ") + object.exec;
    if (tasks) object.entry += " " + key.substr(key.rfind(':') + 1);
    const std::int64_t retention_ms =
        (tasks ? options_.task_retention : options_.workflow_retention).count();
    if (retention_ms > 0) {
      std::int64_t wanted_ms = *written_ms + retention_ms;
      const auto exec_status = ParseStatus(of_exec.text);
      const bool is_active = exec_status && !IsTerminal(*exec_status);
      const std::int64_t soon_ms = now_ms + std::min(retention_ms / 2, kDayMs);
      if (tasks && is_active && wanted_ms <= soon_ms) wanted_ms = now_ms + retention_ms;
      object.wanted = FormatInt(wanted_ms);
    }
    if (object.wanted == object.x) {
      ++report.unchanged;
      return {};
    }
    return object;
  }

  // An entry too early is put off by the sweeper; an entry too late would keep an object.
  Result<void> Write(const std::vector<Object>& objects, bool tasks) {
    if (objects.empty()) return {};
    const std::string due = index_.DueKey();
    Batch before;
    for (const Object& object : objects) {
      if (!object.wanted.empty()) before.Add({"ZADD", due, "LT", object.wanted, object.entry});
    }
    SATCHEL_TRY(before.SendAll(store_));
    Batch commits;
    for (const Object& object : objects) {
      std::string meta = StateOf(object.exec);
      meta.replace(meta.size() - 5, 5, "meta");
      const Strings script_keys = {object.key, meta};
      const Strings args = {object.version, object.wanted, tasks ? "task" : "workflow"};
      commits.AddScript("retain", script_keys, args);
    }
    auto replies = commits.Send(store_);
    Batch after;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      if (!replies[i]) return std::move(replies[i].error());
      if (replies[i]->integer == 0) {
        ++report.busy;
        continue;
      }
      ++(tasks ? report.tasks : report.workflows);
      if (objects[i].wanted.empty()) {
        after.Add({"ZREM", due, objects[i].entry});
      } else {
        after.Add({"ZADD", due, objects[i].wanted, objects[i].entry});
      }
    }
    return after.SendAll(store_);
  }

  store::Store& store_;  // borrowed
  const RetentionOptions options_;
  ExecutionIndex index_;
};

}  // namespace

Result<RetentionReport> ReapplyRetention(store::Store& store, const RetentionOptions& options,
                                         const std::stop_token& stop) {
  Reapplication run(store, options);
  SATCHEL_TRY(run.Run(false, stop));
  if (!stop.stop_requested()) SATCHEL_TRY(run.Run(true, stop));
  return run.report;
}

}  // namespace satchel::repos
