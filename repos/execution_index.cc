#include "repos/execution_index.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/keys.h"
#include "repos/metrics.h"
#include "repos/status.h"

namespace satchel::repos {
namespace {

using Strings = std::vector<std::string>;

// Older marks are those of crashed writers.
constexpr std::int64_t kMarkAgeMs = 2000;
// A list that keeps finding such marks gives up repairing.
constexpr int kMostRepairs = 5;

}  // namespace

ExecutionIndex::ExecutionIndex(store::Store& store, const RepoOptions& options)
    : store_(store),
      options_(options),
      workflows_(store, *options_.clock, options_.Base("wf", "wi") + ":wids") {
  SATCHEL_CHECK(CheckRepoOptions(options_).has_value());
}

std::string ExecutionIndex::StateKey(std::string_view exec) const {
  return Tenanted("wf", "wx", {exec}) + ":state";
}
std::string ExecutionIndex::MetaKey(std::string_view exec) const {
  return Tenanted("wf", "wx", {exec}) + ":meta";
}
std::string ExecutionIndex::TaskIndexKey(std::string_view exec) const {
  return Tenanted("task", "wx", {exec}) + ":ix";
}
std::string ExecutionIndex::TaskPrefix(std::string_view exec) const {
  return Tenanted("task", "wx", {exec}) + ":state:";
}
std::string ExecutionIndex::TaskKey(std::string_view exec, std::string_view task) const {
  return TaskPrefix(exec) + Escape(task);
}
std::string ExecutionIndex::RowKey(std::string_view exec, std::string_view name,
                                   std::string_view task) const {
  return fmt::format("{}:{}:{}", Tenanted("task", "wx", {exec}), name, Escape(task));
}
std::string ExecutionIndex::LocatorKey(std::string_view task) const {
  return Tenanted("task", "tx", {task}) + ":loc";
}
std::string ExecutionIndex::DueKey() const { return Tenanted("gc", "gc") + ":due"; }
OuterGroup ExecutionIndex::OfTenant() const { return {Tenanted("wf", "wi")}; }
OuterGroup ExecutionIndex::OfWorkflow(std::string_view workflow_id) const {
  return {Tenanted("wf", "ww", {workflow_id})};
}

std::string ExecutionIndex::ExecMember(std::string_view exec) { return Escape(exec); }
std::string ExecutionIndex::TaskMember(std::string_view exec, std::string_view task) {
  return Escape(exec) + ":" + Escape(task);
}

std::string ExecutionIndex::Stamp(std::int64_t created_ms, std::uint64_t version) {
  return fmt::format("{:016} {:020}", created_ms, version);
}

namespace {

std::string ExecTail(const Fields& fields) {
  return fmt::format(" {:016} {}", fields.Int("c"), Escape(fields.Text("exec_id")));
}

std::string TaskTail(const Fields& fields) {
  return fmt::format(" {:016} {} {}", fields.Int("c"), Escape(fields.Text("workflow_exec_id")),
                     Escape(fields.Text("task_exec_id")));
}

std::string ExecStatusEntry(const Fields& fields, std::string_view status) {
  return "st " + std::string(status) + ExecTail(fields);
}

std::string TaskStatusEntry(const Fields& fields, std::string_view status) {
  return "ta st " + std::string(status) + TaskTail(fields);
}

}  // namespace

Strings ExecutionIndex::EntriesOfExec(const Fields& fields) {
  if (fields.empty()) return {};
  return {"cr" + ExecTail(fields), ExecStatusEntry(fields, fields.Text("status"))};
}

Strings ExecutionIndex::EntriesOfTask(const Fields& fields, std::int64_t exec_created_ms) {
  if (fields.empty()) return {};
  const std::string tail = TaskTail(fields);
  const std::string of_exec =
      fmt::format(" {:016} {}", exec_created_ms, Escape(fields.Text("workflow_exec_id")));
  const std::string task_id = Escape(fields.Text("task_id"));
  Strings entries = {"ta al" + tail, TaskStatusEntry(fields, fields.Text("status")),
                     "ta ti " + task_id + tail, "ta et " + fields.Text("execution_type") + tail,
                     "xt " + task_id + of_exec};
  const auto add = [&](const char* field, const std::string& own, const std::string& shared) {
    if (!fields.Has(field)) return;
    const std::string value = Escape(fields.Text(field));
    entries.push_back("ta " + own + " " + value + tail);
    if (!shared.empty()) entries.push_back(shared + " " + value + of_exec);
  };
  add("agent_id", "ag", "xa");
  add("tool_id", "tl", "xl");
  add("action_id", "ac", "");
  return entries;
}

std::string ExecutionIndex::NewMark(std::string_view member) {
  return std::string(member) + " " + options_.random->Hex(8);
}

void ExecutionIndex::AddMark(Batch& batch, const OuterGroup& group, const std::string& mark) const {
  batch.Add({"ZADD", group.dirty(), FormatInt(NowMs()), mark});
}

void ExecutionIndex::RemoveMark(Batch& batch, const OuterGroup& group, const std::string& mark) {
  batch.Add({"ZREM", group.dirty(), mark});
}

void ExecutionIndex::AddApply(Batch& batch, const OuterGroup& group, const OuterChange& change,
                              const std::string& mark) {
  const Strings keys = {group.ix(), group.ver(), group.dirty()};
  const std::string kind = change.is_deletion ? "1" : change.repairs ? "=" + *change.repairs : "0";
  Strings args = {change.member, change.stamp, mark, kind,
                  FormatInt(static_cast<std::int64_t>(change.old_entries.size()))};
  args.insert(args.end(), change.old_entries.begin(), change.old_entries.end());
  args.insert(args.end(), change.new_entries.begin(), change.new_entries.end());
  batch.AddScript("idx_apply", keys, args);
}

namespace {

// "<member> <token>" of a writer, or "<member> <entry>" of an entry that may not fit any more.
struct Mark {
  std::string member;
  std::string exec;
  std::optional<std::string> task = {};
  std::string entry = {};  // "" for a writer's
};

Result<Mark> ParseMark(const std::string& text) {
  const std::size_t blank = std::min(text.find(' '), text.size());
  Mark mark{.member = text.substr(0, blank), .exec = {}};
  const std::string rest = text.substr(std::min(blank + 1, text.size()));
  if (rest.find(' ') != rest.npos) mark.entry = rest;  // a token has no blank
  const std::size_t colon = mark.member.find(':');
  SATCHEL_ASSIGN(mark.exec, Unescape(mark.member.substr(0, colon)));
  if (colon != mark.member.npos) {
    SATCHEL_ASSIGN(std::string task, Unescape(mark.member.substr(colon + 1)));
    mark.task = std::move(task);
  }
  return mark;
}

// What a crashed writer may have left: the entries of every status.
Strings EntriesOfAllStatuses(const Mark& mark, const Fields& object) {
  Strings entries;
  for (std::size_t i = 0; i < kStatuses; ++i) {
    const std::string_view status = StatusName(static_cast<Status>(i));
    entries.push_back(mark.task ? TaskStatusEntry(object, status)
                                : ExecStatusEntry(object, status));
  }
  return entries;
}

void AddDrop(Batch& batch, const OuterGroup& group, const Candidate& misfit, bool is_gone) {
  const Strings keys = {group.ix(), group.ver()};
  const Strings args = {misfit.entry, misfit.guard, misfit.version, is_gone ? "1" : "0"};
  batch.AddScript("idx_drop", keys, args);
}

}  // namespace

// What crashed and late writers have left: the members as their objects are now.
Result<void> ExecutionIndex::Repair(const OuterGroup& group, const Strings& texts) {
  constexpr std::size_t kParts = 3;
  std::vector<Mark> marks;
  Batch reads;
  for (const std::string& text : texts) {
    SATCHEL_ASSIGN(Mark mark, ParseMark(text));
    const std::string state = StateKey(mark.exec);
    reads.Add({"HGET", group.ver(), mark.member});  // before the object: it may only be older
    reads.Add({"HGETALL", state});
    reads.Add({"HGETALL", mark.task ? TaskKey(mark.exec, *mark.task) : state});
    marks.push_back(std::move(mark));
  }
  auto replies = reads.Send(store_);
  for (auto& reply : replies) {
    if (!reply) return std::move(reply.error());
  }
  Batch batch;
  const Locators locators(*this);
  std::vector<Locators::Removal> removals;
  // Of tasks that are there: the place of the claim in the batch.
  std::vector<std::pair<std::size_t, const Mark*>> claims;
  const bool is_tenant = group.base == OfTenant().base;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const Mark& mark = marks[i];
    const std::string held = replies[kParts * i]->text;
    const Fields exec(std::move(*replies[kParts * i + 1]));
    const Fields object(std::move(*replies[kParts * i + 2]));
    const bool belongs =
        !object.empty() && (is_tenant || OfWorkflow(object.Text("workflow_id")).base == group.base);
    if (mark.task && object.empty()) {
      removals.push_back(locators.Begin(batch, mark.exec, {*mark.task}));
    }
    if (!belongs) {
      if (!mark.entry.empty()) {
        AddDrop(batch, group,
                {.position = {}, .entry = mark.entry, .guard = mark.member, .version = held}, true);
      }
      RemoveMark(batch, group, texts[i]);
      continue;
    }
    if (mark.task) {
      claims.emplace_back(batch.size(), &mark);
      locators.AddClaim(batch, mark.exec, *mark.task);
    }
    OuterChange change{
        .member = mark.member, .stamp = Stamp(object.Int("c"), object.version()), .repairs = held};
    change.old_entries =
        mark.entry.empty() ? EntriesOfAllStatuses(mark, object) : Strings{mark.entry};
    change.new_entries = mark.task ? EntriesOfTask(object, exec.Int("c")) : EntriesOfExec(object);
    AddApply(batch, group, change, texts[i]);
  }
  const auto sent = batch.Send(store_);
  for (const auto& reply : sent) {
    if (!reply) return reply.error();
  }
  for (const auto& [at, mark] : claims) {
    SATCHEL_TRY(locators.Confirm(mark->exec, *mark->task, *sent[at]));
  }
  for (const Locators::Removal& removal : removals) SATCHEL_TRY(locators.Finish(removal));
  const Meter meter(options_, store_);
  for (const Mark& mark : marks) {
    meter.Add(Family::kMarksRecovered, 1, mark.task ? IndexOf::kTask : IndexOf::kWorkflow);
  }
  return {};
}

Result<ExecutionIndex::Found> ExecutionIndex::Read(const OuterGroup& group,
                                                   const std::string& prefix,
                                                   const std::string& after, std::int64_t count) {
  const Strings keys = {group.ix(), group.ver(), group.dirty()};
  for (int repairs = 0;; ++repairs) {
    const Strings args = {prefix, after, FormatInt(count), FormatInt(NowMs() - kMarkAgeMs)};
    SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "idx_read", keys, args));
    if (reply.items.size() < 2 || reply.items.size() % 3 != 2) return Unexpected();
    if (!reply.items[0].items.empty() && repairs < kMostRepairs) {
      Strings marks;
      for (ReplyValue& mark : reply.items[0].items) marks.push_back(std::move(mark.text));
      SATCHEL_TRY(Repair(group, marks));
      continue;
    }
    Found found;
    if (!reply.items[1].text.empty()) found.rest = std::move(reply.items[1].text);
    for (std::size_t i = 2; i < reply.items.size(); i += 3) {
      Candidate candidate{.position = std::move(reply.items[i].text),
                          .entry = {},
                          .guard = std::move(reply.items[i + 1].text),
                          .version = std::move(reply.items[i + 2].text)};
      candidate.entry = prefix + " " + candidate.position;
      found.candidates.push_back(std::move(candidate));
    }
    return found;
  }
}

namespace {

// The index members that stand behind an x entry: "xt <task_id> ..." is behind "ti <task_id>".
std::string InnerPrefix(std::string_view kind, std::string_view value) {
  const std::string_view inner = kind == "xt" ? "ti" : kind == "xa" ? "ag" : "tl";
  return std::string(inner) + " " + std::string(value);
}

store::CommandLine CountOf(const std::string& index, const std::string& prefix) {
  return {"ZLEXCOUNT", index, "[" + prefix + " ", "(" + prefix + "!"};
}

}  // namespace

Result<void> ExecutionIndex::Drop(const OuterGroup& group, const std::vector<Candidate>& misfits) {
  if (misfits.empty()) return {};
  Batch batch;
  for (const Candidate& misfit : misfits) AddDrop(batch, group, misfit, false);
  const auto replies = batch.Send(store_);
  const Meter meter(options_, store_);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (!replies[i]) return replies[i].error();
    if (replies[i]->integer != 1) continue;  // its guard moved
    const bool is_task = misfits[i].entry.starts_with("ta ");
    meter.Add(Family::kOrphansRemoved, 1, is_task ? IndexOf::kTask : IndexOf::kWorkflow);
  }
  return {};
}

Result<void> ExecutionIndex::DropShared(std::string_view exec, const std::vector<Fields>& removed,
                                        const Locators::Removal& locators) {
  struct Shared {
    std::string workflow_id;
    std::string entry;  // without its end, which names the creation stamp
    std::string inner;
  };
  if (removed.empty()) return {};
  std::vector<Shared> shared;
  Batch reads;
  Locators(*this).AddLooks(reads, locators);
  const std::size_t first = reads.size();
  reads.Add({"HGET", StateKey(exec), "c"});
  for (const Fields& task : removed) {
    const std::pair<std::string_view, const char*> kinds[] = {
        {"xt", "task_id"}, {"xa", "agent_id"}, {"xl", "tool_id"}};
    for (const auto& [kind, field] : kinds) {
      if (!task.Has(field)) continue;
      const std::string value = Escape(task.Text(field));
      shared.push_back(
          {task.Text("workflow_id"), std::string(kind) + " " + value, InnerPrefix(kind, value)});
      reads.Add({"HGET", OfWorkflow(shared.back().workflow_id).ver(), "*"});
      reads.Add(CountOf(TaskIndexKey(exec), shared.back().inner));
    }
  }
  const auto replies = reads.Send(store_);
  for (const auto& reply : replies) {
    if (!reply) return reply.error();
  }
  Batch drops;
  Locators(*this).AddDrops(drops, locators, replies);
  // Without an execution: what stands for a whole one goes by other ways.
  if (replies[first]->is_null()) shared.clear();
  const std::int64_t created_ms = IntOf(*replies[first]).value_or(0);
  for (std::size_t i = 0; i < shared.size(); ++i) {
    const ReplyValue& version = *replies[first + 1 + 2 * i];
    if (replies[first + 2 + 2 * i]->integer > 0) continue;
    const Candidate misfit{
        .entry = fmt::format("{} {:016} {}", shared[i].entry, created_ms, Escape(exec)),
        .guard = "*",
        .version = version.text};
    AddDrop(drops, OfWorkflow(shared[i].workflow_id), misfit, false);
  }
  return drops.SendAll(store_);
}

Result<void> ExecutionIndex::Clean(const OuterGroup& group) {
  constexpr std::string_view kBatch = "200";
  const std::string ix = group.ix();
  std::string low = "-";
  while (true) {
    SATCHEL_ASSIGN(const ReplyValue page,
                   store_.Run({"ZRANGE", ix, low, "+", "BYLEX", "LIMIT", "0", kBatch}));
    if (page.items.empty()) break;
    low = "(" + page.items.back().text;
    Batch reads;
    std::vector<Candidate> rows;
    for (const ReplyValue& item : page.items) {
      const auto words = Split(item.text, ' ');
      const bool of_task = words[0] == "ta";
      const bool shared = words[0][0] == 'x';
      const std::size_t tail = of_task ? 2 : 1;  // execution and task, or execution
      auto exec = words.size() > 2 ? Unescape(words[words.size() - tail])
                                   : Result<std::string>(Unexpected());
      Candidate row{.entry = item.text, .guard = shared ? "*" : std::string(words.back())};
      if (of_task) row.guard = std::string(words[words.size() - 2]) + ":" + row.guard;
      if (!exec) return Corrupt("outer index", "an entry of another form");
      row.position = *exec;
      reads.Add({"HGET", group.ver(), row.guard});
      reads.Add(
          {"HGETALL", of_task ? TaskPrefix(*exec) + std::string(words.back()) : StateKey(*exec)});
      reads.Add(CountOf(TaskIndexKey(*exec), InnerPrefix(words[0], words[1])));
      rows.push_back(std::move(row));
    }
    auto replies = reads.Send(store_);
    Batch drops;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t part = 0; part < 3; ++part) {
        if (!replies[3 * i + part]) return std::move(replies[3 * i + part].error());
      }
      rows[i].version = replies[3 * i]->text;
      const Fields object(std::move(*replies[3 * i + 1]));
      const std::string& entry = rows[i].entry;
      Strings entries = entry.starts_with("ta ") ? EntriesOfTask(object, 0) : EntriesOfExec(object);
      bool fits = std::ranges::find(entries, entry) != entries.end();
      if (entry[0] == 'x') {
        const std::string end =
            fmt::format(" {:016} {}", object.Int("c"), Escape(rows[i].position));
        fits = !object.empty() && entry.ends_with(end) && replies[3 * i + 2]->integer > 0;
      }
      if (!fits) AddDrop(drops, group, rows[i], object.empty());
    }
    SATCHEL_TRY(drops.SendAll(store_));
  }
  return {};
}

Result<void> ExecutionIndex::Forget(std::string_view workflow_id) {
  const OuterGroup group = OfWorkflow(workflow_id);
  const Strings keys = {group.ix(), group.ver(), group.dirty()};
  SATCHEL_ASSIGN(const ReplyValue forgotten, RunScript(store_, "idx_forget", keys, {}));
  if (forgotten.integer == 0) return {};
  return workflows_.Remove(workflow_id);
}

}  // namespace satchel::repos
