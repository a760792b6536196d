#include "repos/sweeper.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/keys.h"
#include "repos/locators.h"
#include "repos/metrics.h"

namespace satchel::repos {
namespace {

using Strings = std::vector<std::string>;

constexpr std::chrono::milliseconds kLockTtl = std::chrono::seconds(60);
constexpr std::int64_t kDayMs = 24 * 3600 * 1000;

}  // namespace

// An entry of the due registry: "w <exec>" or "t <exec> <task>".
struct Sweeper::Due {
  std::string entry;
  std::string exec;
  std::string task;  // of "t"
};

namespace {

// A sweeper counts where its provider does, unless it is told otherwise.
SweepOptions CountedBy(Metrics& metrics, SweepOptions options) {
  if (options.repo.metrics == nullptr) options.repo.metrics = &metrics;
  return options;
}

}  // namespace

Sweeper::Sweeper(Provider& repos, SweepOptions options)
    : repos_(repos),
      options_(CountedBy(repos.metrics(), std::move(options))),
      store_(repos.StoreFor(store::Component::kWorkflow)),
      index_(store_, options_.repo) {
  SATCHEL_CHECK(options_.batch > 0);
}

std::int64_t Sweeper::RenewBeforeMs() const {
  return std::min(options_.task_retention.count() / 2, kDayMs);
}

namespace {

void CountRemoved(const Meter& meter, const SweepReport& report) {
  meter.Add(Family::kSweepRemoved, report.workflows, Swept::kWorkflow);
  meter.Add(Family::kSweepRemoved, report.tasks, Swept::kTask);
  meter.Add(Family::kSweepRemoved, report.records, Swept::kRecord);
  meter.Add(Family::kSweepRemoved, report.checkpoints, Swept::kCheckpoint);
  meter.Add(Family::kSweepRemoved, report.vanished, Swept::kVanished);
  meter.Add(Family::kSweepRemoved, report.dropped, Swept::kDropped);
}

}  // namespace

Result<SweepReport> Sweeper::Run(const std::stop_token& stop) {
  const std::int64_t since = options_.repo.clock->Ticks();
  SweepReport report;
  auto lock = repos_.locks().Acquire("sweep:" + options_.repo.tenant, {.ttl = kLockTtl});
  if (!lock && lock.error().code == ErrorCode::kLockTimeout) {
    report.is_skipped = true;
    return report;
  }
  if (!lock) return std::move(lock.error());
  const auto sweep = [&]() -> Result<void> {
    SATCHEL_TRY(SweepDue(stop, report));
    if (stop.stop_requested()) return {};
    SATCHEL_ASSIGN(report.records, repos_.tasks_backend().CleanupExpired());
    if (stop.stop_requested()) return {};
    SATCHEL_ASSIGN(report.checkpoints, repos_.checkpoints().SweepExpired(stop));
    return SweepIndexes(stop, report.vanished > 0);
  };
  const Result<void> swept = sweep();
  const Meter meter(options_.repo, store_);
  CountRemoved(meter, report);  // also what went before it ended early
  if (!swept) return swept.error();
  if (stop.stop_requested()) return report;
  const std::int64_t took = options_.repo.clock->Ticks() - since;
  meter.Observe(Family::kSweepDuration, static_cast<std::uint64_t>(took));
  meter.Set(Family::kSweepLag, static_cast<std::uint64_t>(report.lag_ms));
  return report;
}

Result<void> Sweeper::SweepDue(const std::stop_token& stop, SweepReport& report) {
  const std::string key = index_.DueKey();
  const std::string until = FormatInt(index_.NowMs() + RenewBeforeMs());
  const std::string count = FormatInt(options_.batch);
  std::set<std::string> with_vanished;  // executions
  for (std::int64_t stay = 0; !stop.stop_requested();) {
    const std::string offset = FormatInt(stay);
    SATCHEL_ASSIGN(const ReplyValue reply,
                   store_.Run({"ZRANGEBYSCORE", key, "-inf", until, "LIMIT", offset, count}));
    if (reply.items.empty()) break;
    for (const ReplyValue& item : reply.items) {
      const auto words = Split(item.text, ' ');
      const auto exec = words.size() > 1 ? Unescape(words[1]) : Result<std::string>(Unexpected());
      const auto task = words.size() > 2 ? Unescape(words[2]) : Result<std::string>(std::string());
      const bool is_workflow = words[0] == "w" && words.size() == 2 && exec;
      const bool is_task = words[0] == "t" && words.size() == 3 && exec && task;
      Due due{.entry = item.text};
      if (!is_workflow && !is_task) {
        ++report.dropped;
        SATCHEL_TRY(Drop(due));
        continue;
      }
      due.exec = *exec;
      due.task = *task;
      const std::uint64_t vanished = report.vanished;
      SATCHEL_ASSIGN(const bool left, is_workflow ? Workflow(due, report) : Task(due, report));
      if (!left) ++stay;
      if (is_task && report.vanished > vanished) with_vanished.insert(due.exec);
    }
  }
  for (const std::string& exec : with_vanished) SATCHEL_TRY(repos_.tasks().CleanIndex(exec));
  return {};
}

Result<bool> Sweeper::Drop(const Due& due) {
  const std::string key = index_.DueKey();
  SATCHEL_TRY(store_.Run({"ZREM", key, due.entry}));
  return true;
}

Result<bool> Sweeper::Postpone(const Due& due, std::int64_t at_ms) {
  const std::string key = index_.DueKey();
  const std::string at = FormatInt(at_ms);
  SATCHEL_TRY(store_.Run({"ZADD", key, "XX", at, due.entry}));
  return at_ms > index_.NowMs() + RenewBeforeMs();
}

Result<bool> Sweeper::Workflow(const Due& due, SweepReport& report) {
  const std::string key = index_.StateKey(due.exec);
  SATCHEL_ASSIGN(const ReplyValue held, store_.Run({"HMGET", key, "v", "x"}));
  if (held.items.size() != 2) return Unexpected();
  const bool exists = !held.items[0].is_null();
  const auto x = IntOf(held.items[1]);
  if (exists && !x) {
    ++report.dropped;
    return Drop(due);
  }
  if (exists && *x > index_.NowMs()) return Postpone(due, *x);
  SATCHEL_ASSIGN(const bool removed, repos_.workflows().PurgeExpired(due.exec));
  if (!exists) {
    ++report.vanished;
    return Drop(due);
  }
  if (!removed) return false;  // somebody has just made it anew
  ++report.workflows;
  report.lag_ms = std::max(report.lag_ms, index_.NowMs() - *x);
  return true;
}

Result<bool> Sweeper::Task(const Due& due, SweepReport& report) {
  const std::vector<store::CommandLine> lines = {
      {"HMGET", index_.TaskKey(due.exec, due.task), "v", "x"},
      {"HMGET", index_.StateKey(due.exec), "status", "x"}};
  auto replies = store_.Pipeline(lines);
  for (auto& reply : replies) {
    if (!reply) return std::move(reply.error());
    if (reply->items.size() != 2) return Unexpected();
  }
  const auto x = IntOf(replies[0]->items[1]);
  if (replies[0]->items[0].is_null()) {
    ++report.vanished;
    Batch marks;
    const Locators locators(index_);
    const auto removal = locators.Begin(marks, due.exec, {due.task});
    SATCHEL_TRY(marks.SendAll(store_));
    SATCHEL_TRY(locators.Finish(removal));
    return Drop(due);
  }
  if (!x) {
    ++report.dropped;
    return Drop(due);
  }
  const auto status = ParseStatus(replies[1]->items[0].text);
  const bool is_active = status && !IsTerminal(*status);
  if (is_active && *x <= index_.NowMs() + RenewBeforeMs()) {
    const std::int64_t later_ms = index_.NowMs() + options_.task_retention.count();
    const Strings keys = {index_.StateKey(due.exec), index_.TaskKey(due.exec, due.task)};
    const Strings args = {FormatInt(later_ms)};
    SATCHEL_ASSIGN(const ReplyValue renewed, RunScript(store_, "task_renew", keys, args));
    if (renewed.integer == 0) return false;
    ++report.renewed;
    return Postpone(due, later_ms);
  }
  if (*x > index_.NowMs()) return Postpone(due, *x);
  SATCHEL_ASSIGN(const bool removed, repos_.tasks().RemoveExpired(due.exec, due.task));
  if (!removed) return false;
  ++report.tasks;
  report.lag_ms = std::max(report.lag_ms, index_.NowMs() - *x);
  return Drop(due);
}

// Reading a group repairs what crashed writers have left. Where objects vanished by themselves,
// nothing has taken their entries along: then every entry is looked at.
Result<void> Sweeper::SweepIndexes(const std::stop_token& stop, bool thorough) {
  SATCHEL_TRY(index_.Read(index_.OfTenant(), "cr", "", 1));
  if (thorough) SATCHEL_TRY(index_.Clean(index_.OfTenant()));
  SATCHEL_ASSIGN(const Strings workflows, index_.workflows().Members());
  for (const std::string& workflow_id : workflows) {
    if (stop.stop_requested()) return {};
    const OuterGroup group = index_.OfWorkflow(workflow_id);
    SATCHEL_TRY(index_.Read(group, "cr", "", 1));
    if (thorough) SATCHEL_TRY(index_.Clean(group));
    SATCHEL_TRY(index_.Forget(workflow_id));
  }
  return {};
}

}  // namespace satchel::repos
