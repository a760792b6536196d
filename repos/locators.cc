#include "repos/locators.h"

#include "base/text.h"
#include "repos/errors.h"
#include "repos/execution_index.h"
#include "repos/keys.h"

namespace satchel::repos {
namespace {

using Strings = std::vector<std::string>;

// Each further attempt means that another process has just changed the locator.
constexpr int kMostAttempts = 8;

}  // namespace

Result<std::string> Locators::ExecOf(std::string_view text) {
  return Unescape(text.substr(0, text.find(' ')));
}

void Locators::AddSet(Batch& batch, std::string_view exec, std::string_view task) const {
  batch.Add({"SET", index_.LocatorKey(task), Escape(exec), "NX", "GET"});
}

void Locators::AddClaim(Batch& batch, std::string_view exec, std::string_view task) const {
  const Strings keys = {index_.LocatorKey(task)};
  const Strings args = {Escape(exec)};
  batch.AddScript("loc_claim", keys, args);
}

// Whether an execution has this task. An expired one goes now, so that nothing brings it back.
Result<bool> Locators::Holds(std::string_view exec, std::string_view task) const {
  const std::string task_key = index_.TaskKey(exec, task);
  while (true) {
    SATCHEL_ASSIGN(ReplyValue object, index_.store().Run({"HGETALL", task_key}));
    const Fields fields(std::move(object));
    if (fields.empty()) return false;
    if (!fields.ExpiredAt(index_.NowMs())) return true;
    const Strings keys = {index_.MetaKey(exec), index_.TaskIndexKey(exec), task_key};
    const Strings args = {FormatInt(index_.NowMs())};
    SATCHEL_TRY(RunScript(index_.store(), "task_expire", keys, args));
  }
}

Result<bool> Locators::Settle(std::string_view exec, std::string_view task,
                              const ReplyValue& reply) const {
  if (reply.is_null()) return true;
  SATCHEL_ASSIGN(std::string other, ExecOf(reply.text));
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    if (other == exec) return attempt > 0;
    Batch mark;
    const Removal removal = Begin(mark, other, {std::string(task)});
    SATCHEL_TRY(mark.SendAll(index_.store()));
    SATCHEL_ASSIGN(const bool is_taken, Holds(other, task));
    Batch change;
    AddChange(change, removal, task, is_taken ? other : exec);
    if (!is_taken) AddClaim(change, exec, task);
    auto replies = change.Send(index_.store());
    if (!replies[0]) return std::move(replies[0].error());
    if (is_taken) return Invalid("workflow_exec_id", "the task belongs to another execution");
    if (replies[0]->integer == 1) return true;
    if (!replies[1]) return std::move(replies[1].error());
    if (replies[1]->items.size() != 2) return Unexpected();
    SATCHEL_ASSIGN(other, ExecOf(replies[1]->items[0].text));
  }
  return MakeError(ErrorCode::kConflict, "task: its locator keeps changing");
}

// What was set here may be too late: the task may have gone again, and its remover before.
Result<void> Locators::Confirm(std::string_view exec, std::string_view task,
                               const ReplyValue& reply) const {
  if (reply.items.size() != 2) return Unexpected();
  const ReplyValue& says = reply.items[0];
  if (reply.items[1].integer == 0 && says.text == Escape(exec)) return {};
  const auto settled = Settle(exec, task, says);
  // Another execution has made a task of this id meanwhile: both stay, one has the locator.
  if (!settled && settled.error().code == ErrorCode::kInvalidArgument) return {};
  if (!settled) return settled.error();
  Batch mark;
  const Removal removal = Begin(mark, exec, {std::string(task)});
  SATCHEL_TRY(mark.SendAll(index_.store()));
  return Finish(removal);
}

Locators::Removal Locators::Begin(Batch& batch, std::string_view exec, Strings tasks) const {
  Removal removal{.exec = std::string(exec),
                  .tasks = std::move(tasks),
                  .token = index_.options().random->Hex(8)};
  const Strings args = {Escape(exec), removal.token};
  for (const std::string& task : removal.tasks) {
    const Strings keys = {index_.LocatorKey(task)};
    batch.AddScript("loc_mark", keys, args);
  }
  return removal;
}

void Locators::AddLooks(Batch& batch, const Removal& removal) const {
  for (const std::string& task : removal.tasks) {
    batch.Add({"EXISTS", index_.TaskKey(removal.exec, task)});
  }
}

void Locators::AddChange(Batch& batch, const Removal& removal, std::string_view task,
                         std::string_view exec) const {
  const Strings keys = {index_.LocatorKey(task)};
  const Strings args = {Escape(removal.exec) + " " + removal.token,
                        exec.empty() ? std::string() : Escape(exec)};
  batch.AddScript("loc_replace", keys, args);
}

void Locators::AddDrops(Batch& batch, const Removal& removal,
                        std::span<const Result<ReplyValue>> looks) const {
  for (std::size_t i = 0; i < removal.tasks.size(); ++i) {
    const bool is_back = !looks[i] || looks[i]->integer > 0;
    AddChange(batch, removal, removal.tasks[i], is_back ? removal.exec : std::string());
  }
}

Result<void> Locators::Finish(const Removal& removal) const {
  if (removal.tasks.empty()) return {};
  Batch looks;
  AddLooks(looks, removal);
  const auto replies = looks.Send(index_.store());
  Batch drops;
  AddDrops(drops, removal, replies);
  return drops.SendAll(index_.store());
}

}  // namespace satchel::repos
