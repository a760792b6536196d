// Tasks: the index inside an execution, the entries of its workflow's index, the locator, the
// deadline, and the task's place below its parent.

#include <algorithm>

#include "base/text.h"
#include "repos/check/executions.h"
#include "repos/check/plans.h"
#include "repos/execution_state.h"
#include "repos/keys.h"

namespace satchel::repos::check {
namespace {

using Strings = std::vector<std::string>;
using Found = std::vector<Finding>;

constexpr std::string_view kStepsPerCall = "1000";
constexpr int kMostCalls = 1000;

class TaskCheck final : public ExecutionsCheck {
 public:
  explicit TaskCheck(const CheckScope& scope) : ExecutionsCheck(scope) {}

  enum { kObjects, kIndex, kOuter, kOuterVer, kLocators, kDue };

  std::vector<Walk> Walks() const override {
    return {{"state", Pattern("task", "wx", true, "state:*"), Shape::kKey, true},
            {"ix", Pattern("task", "wx", true, "ix"), Shape::kSortedSet},
            {"workflow ix", Pattern("wf", "ww", true, "ix"), Shape::kSortedSet},
            {"ver", Pattern("wf", "ww", true, "ver"), Shape::kHash},
            {"loc", Pattern("task", "tx", true, "loc"), Shape::kKey},
            {"due", Pattern("gc", "gc", false, "due"), Shape::kSortedSet}};
  }

  bool Takes(const Thing& thing) const override {
    const std::string& member = thing.member;
    if (thing.walk == kOuter) {
      return member.starts_with("ta ") || member.starts_with("xt ") || member.starts_with("xa ") ||
             member.starts_with("xl ");
    }
    if (thing.walk == kOuterVer) return member.find(':') != member.npos;
    if (thing.walk == kDue) return member.starts_with("t ");
    return true;
  }

  void Look(const Thing& thing, Rounds& rounds, Found& found) override {
    const auto parts = Parts(thing.key);
    if (!parts) {
      found.push_back(CorruptKey(Walks()[thing.walk].name, thing.key));
      return;
    }
    switch (thing.walk) {
      case kObjects:
        return LookAtTask(thing, *parts, rounds, found);
      case kIndex:
        return LookAtMember(thing, *parts, rounds, found);
      case kOuter:
        return thing.member[0] == 'x' ? LookAtShared(thing, *parts, rounds, found)
                                      : LookAtEntry(thing, *parts, rounds, found);
      case kOuterVer:
        return LookAtStamp(thing, *parts, rounds, found);
      case kLocators:
        return LookAtLocator(thing, *parts, rounds, found);
      case kDue:
        return LookAtDue(thing, *parts, rounds, found);
      default:
        return;
    }
  }

  std::optional<Thing> Aftermath(const Thing& thing) const override {
    // A writer sets its locator once more after its commit, but not its entry.
    const auto parts = Parts(thing.key);
    const auto words = Split(thing.member, ' ');
    if (thing.walk != kDue || !parts || words.size() != 3) return std::nullopt;
    const auto exec = Unescape(words[1]);
    if (!exec) return std::nullopt;
    return Thing{kObjects,
                 OptionsOf(*parts).Base("task", "wx", {*exec}) + ":state:" + std::string(words[2])};
  }

 private:
  void LookAtTask(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void CompareTask(const Thing& thing, const KeyParts& parts, const Fields& task,
                   const Replies& first, Rounds& rounds, Found& found);
  void LookAtPlace(const Thing& thing, const KeyParts& parts, const Fields& task,
                   const std::string& at, int calls, Rounds& rounds, Found& found);
  void CompareLocator(const KeyParts& parts, const Fields& task, const ReplyValue& held,
                      Rounds& rounds, Found& found);
  void LookAtMember(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void LookAtEntry(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void LookAtShared(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void AskHolders(const KeyParts& parts, const std::string& exec, const std::string& entry,
                  const Finding& misfit, Rounds& rounds, Found& found);
  void LookAtStamp(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void LookAtLocator(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void LookAtDue(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
};

// What is not is reported, and what is derived from it left alone. The id is escaped.
bool IsSound(const Fields& task, std::string_view exec, std::string_view id) {
  return TaskOfFields(task).has_value() && task.Text("f") == "1" && task.Int("c") > 0 &&
         (!task.Has("x") || task.Int("x") > 0) && task.Text("workflow_exec_id") == exec &&
         Escape(task.Text("task_exec_id")) == id;
}

std::optional<std::int64_t> PhysicalDeadline(const Fields& fields) {
  if (!fields.Has("x")) return std::nullopt;
  return fields.Int("x") + kPhysicalGraceMs;
}

void TaskCheck::LookAtTask(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                           Found& found) {
  ExecutionIndex& index = IndexOf(parts);
  if (parts.tag.size() != 2 || parts.name.size() != 2) {
    found.push_back(CorruptKey("state", thing.key));
    return;
  }
  rounds.Ask({{"HGETALL", thing.key},
              {"PEXPIRETIME", thing.key},
              {"HMGET", index.StateKey(parts.tag[1]), "workflow_id", "c"}},
             [this, &thing, parts, &rounds, &found](Replies& replies) {
               if (replies[0].is_error() || replies[2].is_error()) {
                 found.push_back(CorruptKey("state", thing.key));
                 return;
               }
               const Fields task(std::move(replies[0]));
               if (task.empty() || task.ExpiredAt(NowMs())) return;
               if (!IsSound(task, parts.tag[1], parts.name[1])) {
                 found.push_back(CorruptKey("state", thing.key));
                 return;
               }
               CompareTask(thing, parts, task, replies, rounds, found);
             });
}

void TaskCheck::CompareTask(const Thing& thing, const KeyParts& parts, const Fields& task,
                            const Replies& first, Rounds& rounds, Found& found) {
  ExecutionIndex& index = IndexOf(parts);
  const std::string& exec = parts.tag[1];
  const std::string id = task.Text("task_exec_id");
  const std::string version = task.Text("v");
  if (auto ttl =
          TtlFinding("ttl", thing.key, thing.key, version, first[1], PhysicalDeadline(task))) {
    found.push_back(std::move(*ttl));
  }
  const bool has_exec = !first[2].items[0].is_null();
  if (!has_exec) found.push_back({Kind::kMissingExecution, "state", thing.key});
  if (has_exec && first[2].items[0].text != task.Text("workflow_id")) {
    found.push_back(CorruptKey("state", thing.key));
    return;
  }
  const OuterState outer{
      .group = index.OfWorkflow(task.Text("workflow_id")),
      .member = ExecutionIndex::TaskMember(exec, id),
      .stamp = ExecutionIndex::Stamp(task.Int("c"), task.version()),
      .entries = ExecutionIndex::EntriesOfTask(task, IntOf(first[2].items[1]).value_or(0))};
  OuterState kept = outer;
  if (!has_exec)
    std::erase_if(kept.entries, [](const std::string& entry) { return entry[0] == 'x'; });
  const Strings members = MembersOfTask(task);
  auto lines = OuterLines(kept);
  store::CommandLine scores = {"ZMSCORE", index.TaskIndexKey(exec)};
  scores.insert(scores.end(), members.begin(), members.end());
  lines.push_back(std::move(scores));
  lines.push_back({"GET", index.LocatorKey(id)});
  const std::string due = "t " + Escape(exec) + " " + Escape(id);
  lines.push_back({"ZSCORE", index.DueKey(), due});
  rounds.Ask(lines, [=, this, &thing, &rounds, &found](Replies& replies) {
    CompareOuter(kept, replies[0], replies[1], found);
    const std::string ix = IndexOf(parts).TaskIndexKey(parts.tag[1]);
    CompareMembers(thing.key, ix, version, members, replies[2], found);
    CompareLocator(parts, task, replies[3], rounds, found);
    const auto score = ScoreOf(replies[4]);
    const std::string due_key = IndexOf(parts).DueKey();
    if (task.Has("x") && score != static_cast<double>(task.Int("x"))) {
      found.push_back({score ? Kind::kWrongScore : Kind::kMissing, "due", due,
                       FixEntry(due_key, due, replies[4], task.Int("x"))});
    }
  });
  if (!task.Has("parent_state_id")) return;
  const std::string parent = task.Text("parent_state_id");
  rounds.Ask({{"EXISTS", index.TaskKey(exec, parent)}}, [&thing, &found](Replies& replies) {
    if (replies[0].integer == 0) found.push_back({Kind::kMissingParent, "state", thing.key});
  });
  LookAtPlace(thing, parts, task, parent, 0, rounds, found);
}

// Whether the task is its own ancestor.
void TaskCheck::LookAtPlace(const Thing& thing, const KeyParts& parts, const Fields& task,
                            const std::string& at, int calls, Rounds& rounds, Found& found) {
  const Strings keys = {thing.key};
  const Strings args = {task.Text("task_exec_id"), at, IndexOf(parts).TaskPrefix(parts.tag[1]),
                        std::string(kStepsPerCall)};
  rounds.AskScript("task_ancestors", keys, args,
                   [=, this, &thing, &rounds, &found](Replies& replies) {
                     const ReplyValue& reply = replies[0];
                     const std::string outcome = reply.items.empty() ? "" : reply.items[0].text;
                     if (outcome == "cycle") found.push_back({Kind::kCycle, "state", thing.key});
                     if (outcome != "more" || calls == kMostCalls) return;
                     LookAtPlace(thing, parts, task, reply.items[1].text, calls + 1, rounds, found);
                   });
}

void TaskCheck::CompareLocator(const KeyParts& parts, const Fields& task, const ReplyValue& held,
                               Rounds& rounds, Found& found) {
  ExecutionIndex& index = IndexOf(parts);
  const std::string id = task.Text("task_exec_id");
  const std::string key = index.LocatorKey(id);
  const std::string wanted = Escape(parts.tag[1]);
  if (held.is_error()) {
    found.push_back(CorruptKey("loc", key));
    return;
  }
  const auto named = Locators::ExecOf(held.text);
  if (named && !held.is_null() && *named == parts.tag[1]) return;
  const Finding wrong{held.is_null() ? Kind::kMissing : Kind::kWrongValue, "loc", key,
                      FixString(key, Given(held), "=" + wanted)};
  if (held.is_null() || !named) {
    found.push_back(wrong);
    return;
  }
  rounds.Ask({{"EXISTS", index.TaskKey(*named, id)}}, [wrong, &found](Replies& replies) {
    const bool clash = replies[0].integer > 0;
    found.push_back(clash ? Finding{Kind::kUniqueClash, "loc", wrong.what} : wrong);
  });
}

void TaskCheck::LookAtMember(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                             Found& found) {
  const std::string id = thing.member.substr(thing.member.rfind(' ') + 1);
  const std::string exec = parts.tag.size() == 2 ? parts.tag[1] : std::string();
  const std::string object = parts.base + ":state:" + id;
  rounds.Ask({{"ZSCORE", thing.key, thing.member}, {"HGETALL", object}},
             [=, &thing, &found](Replies& replies) {
               if (!ScoreOf(replies[0]) || replies[1].is_error()) return;
               const Fields task(std::move(replies[1]));
               if (!task.empty() && !IsSound(task, exec, id)) return;
               const Strings members = MembersOfTask(task);
               if (std::ranges::find(members, thing.member) != members.end()) return;
               found.push_back({task.empty() ? Kind::kDangling : Kind::kExtra,
                                EntryName(thing.member), thing.member,
                                FixIndex(object, thing.key, task.Text("v"),
                                         {{.is_removal = true, .member = thing.member}})});
             });
}

void TaskCheck::LookAtEntry(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                            Found& found) {
  ExecutionIndex& index = IndexOf(parts);
  const OuterGroup group{parts.base};
  const auto words = Split(thing.member, ' ');
  const std::string guard =
      words.size() < 2 ? std::string(thing.member)
                       : std::string(words[words.size() - 2]) + ":" + std::string(words.back());
  const auto exec =
      words.size() < 2 ? Result<std::string>(Error{}) : Unescape(words[words.size() - 2]);
  const std::string object = exec ? index.TaskPrefix(*exec) + std::string(words.back()) : kNoKey;
  rounds.Ask(
      {{"ZSCORE", thing.key, thing.member}, {"HGET", group.ver(), guard}, {"HGETALL", object}},
      [=, id = std::string(words.back()), &thing, &found](Replies& replies) {
        if (!ScoreOf(replies[0]) || replies[2].is_error()) return;
        const Fields task = exec ? Fields(std::move(replies[2])) : Fields();
        if (!task.empty() && !IsSound(task, *exec, id)) return;
        const Strings entries = ExecutionIndex::EntriesOfTask(task, 0);
        if (std::ranges::find(entries, thing.member) != entries.end()) return;
        found.push_back({task.empty() ? Kind::kDangling : Kind::kExtra, EntryName(thing.member),
                         thing.member,
                         DropOuter(group, thing.member, guard, replies[1], task.empty())});
      });
}

// An entry that all tasks of an execution with one value share.
void TaskCheck::LookAtShared(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                             Found& found) {
  ExecutionIndex& index = IndexOf(parts);
  const OuterGroup group{parts.base};
  const auto words = Split(thing.member, ' ');  // kind, value, c, exec
  const auto exec = words.size() == 4 ? Unescape(words[3]) : Result<std::string>(Error{});
  const std::string name = exec ? *exec : std::string();
  std::string inner = words[0] == "xt" ? "ti " : words[0] == "xa" ? "ag " : "tl ";
  if (words.size() > 1) inner += words[1];
  const std::string stamp = words.size() == 4 ? std::string(words[2]) : std::string();
  rounds.Ask(
      {{"ZSCORE", thing.key, thing.member},
       {"HGET", group.ver(), "*"},
       {"HMGET", index.StateKey(name), "c", "workflow_id"},
       {"ZLEXCOUNT", index.TaskIndexKey(name), "[" + inner + " ", "(" + inner + "!"}},
      [=, this, &thing, &index, &rounds, &found](Replies& replies) {
        if (!ScoreOf(replies[0]) || replies[2].is_error() || replies[3].is_error()) return;
        const bool is_gone = replies[2].items[0].is_null();
        const std::int64_t created_ms = IntOf(replies[2].items[0]).value_or(0);
        const Finding misfit{is_gone ? Kind::kDangling : Kind::kExtra, EntryName(thing.member),
                             thing.member, DropOuter(group, thing.member, "*", replies[1], false)};
        const bool fits = !is_gone && stamp == ExecutionIndex::Stamp(created_ms, 0).substr(0, 16) &&
                          index.OfWorkflow(replies[2].items[1].text).base == group.base;
        if (!fits) {
          found.push_back(misfit);
        } else if (replies[3].integer == 0) {
          AskHolders(parts, name, thing.member, misfit, rounds, found);
        }
      });
}

// The index inside the execution knows of no task; it may be wrong itself.
void TaskCheck::AskHolders(const KeyParts& parts, const std::string& exec, const std::string& entry,
                           const Finding& misfit, Rounds& rounds, Found& found) {
  const auto words = Split(entry, ' ');
  const char* field = words[0] == "xt" ? "task_id" : words[0] == "xa" ? "agent_id" : "tool_id";
  const Strings keys = {IndexOf(parts).TaskIndexKey(exec)};
  const Strings args = {field, std::string(words[1]), IndexOf(parts).TaskPrefix(exec)};
  rounds.AskScript("task_holders", keys, args, [misfit, &found](Replies& replies) {
    if (!replies[0].is_error() && replies[0].integer == 0) found.push_back(misfit);
  });
}

void TaskCheck::LookAtStamp(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                            Found& found) {
  ExecutionIndex& index = IndexOf(parts);
  const OuterGroup group{parts.base};
  const std::size_t colon = thing.member.find(':');
  const auto exec = Unescape(thing.member.substr(0, colon));
  const std::string object =
      exec ? index.TaskPrefix(*exec) + thing.member.substr(colon + 1) : kNoKey;
  rounds.Ask({{"HGET", thing.key, thing.member}, {"HGET", object, "workflow_id"}},
             [&thing, &index, group, &found](Replies& replies) {
               if (replies[0].is_null() || replies[1].is_error()) return;
               const bool is_gone = replies[1].is_null();
               if (!is_gone && index.OfWorkflow(replies[1].text).base == group.base) return;
               found.push_back({is_gone ? Kind::kDangling : Kind::kExtra, "ver", thing.member,
                                DropOuter(group, "", thing.member, replies[0], true)});
             });
}

void TaskCheck::LookAtLocator(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                              Found& found) {
  const std::string id = parts.tag.size() == 2 ? parts.tag[1] : std::string();
  rounds.Ask({{"GET", thing.key}}, [this, &thing, parts, id, &rounds, &found](Replies& replies) {
    if (replies[0].is_error()) found.push_back(CorruptKey("loc", thing.key));
    if (replies[0].is_error() || replies[0].is_null()) return;
    const Finding dangling{Kind::kDangling, "loc", thing.key,
                           FixString(thing.key, Given(replies[0]), "")};
    const auto exec = Locators::ExecOf(replies[0].text);
    if (!exec) {
      found.push_back(dangling);
      return;
    }
    rounds.Ask({{"EXISTS", IndexOf(parts).TaskKey(*exec, id)}},
               [dangling, &found](Replies& answer) {
                 if (answer[0].integer == 0) found.push_back(dangling);
               });
  });
}

void TaskCheck::LookAtDue(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found) {
  const auto words = Split(thing.member, ' ');
  const auto exec = words.size() == 3 ? Unescape(words[1]) : Result<std::string>(Error{});
  const std::string object =
      exec ? IndexOf(parts).TaskPrefix(*exec) + std::string(words[2]) : kNoKey;
  CompareDue(thing, object, rounds, found);
}

}  // namespace

std::unique_ptr<EntityCheck> MakeTaskCheck(const CheckScope& scope) {
  return std::make_unique<TaskCheck>(scope);
}

}  // namespace satchel::repos::check
