#include "repos/check/executions.h"

#include <fmt/format.h>

#include "repos/check/plans.h"
#include "repos/check/rounds.h"
#include "repos/keys.h"

namespace satchel::repos::check {

using Strings = std::vector<std::string>;

Strings MembersOfTask(const Fields& task) {
  if (task.empty()) return {};
  const std::string tail =
      fmt::format(" {:016} {}", task.Int("c"), Escape(task.Text("task_exec_id")));
  const std::string parent = Escape(task.Text("parent_state_id"));
  const std::string task_id = Escape(task.Text("task_id"));
  const std::string status = task.Text("status");
  Strings members = {"al" + tail,
                     "st " + status + tail,
                     "ti " + task_id + tail,
                     "et " + task.Text("execution_type") + tail,
                     "ch " + parent + " " + task_id + tail,
                     "cs " + parent + " " + status + tail};
  const auto add = [&](const char* kind, const char* field) {
    if (task.Has(field)) members.push_back(kind + Escape(task.Text(field)) + tail);
  };
  add("ag ", "agent_id");
  add("tl ", "tool_id");
  add("ac ", "action_id");
  if (task.Has("output")) members.push_back("co " + parent + tail);
  return members;
}

ExecutionIndex& ExecutionsCheck::IndexOf(const KeyParts& parts) {
  auto& index = indexes_[parts.tenant()];
  if (index == nullptr) index = std::make_unique<ExecutionIndex>(store(), OptionsOf(parts));
  return *index;
}

std::vector<store::CommandLine> ExecutionsCheck::OuterLines(const OuterState& state) {
  store::CommandLine scores = {"ZMSCORE", state.group.ix()};
  scores.insert(scores.end(), state.entries.begin(), state.entries.end());
  return {std::move(scores), {"HGET", state.group.ver(), state.member}};
}

void ExecutionsCheck::CompareOuter(const OuterState& state, const ReplyValue& scores,
                                   const ReplyValue& held, std::vector<Finding>& found) {
  Plan plan{.script = "fix_outer",
            .keys = {state.group.ix(), state.group.ver()},
            .args = {state.member, held.text, state.stamp}};
  plan.args.insert(plan.args.end(), state.entries.begin(), state.entries.end());
  const std::string what = state.group.base + " ";
  // A new version is on its way, or its writer has crashed: the entries follow from the stamp.
  if (held.is_null() || held.text < state.stamp) {
    found.push_back({Kind::kStaleVersion, "ver", what + state.member, plan});
  } else if (held.text > state.stamp) {
    found.push_back({Kind::kWrongValue, "ver", what + state.member, plan});
  }
  for (std::size_t i = 0; i < state.entries.size(); ++i) {
    const auto score = i < scores.items.size() ? ScoreOf(scores.items[i]) : std::nullopt;
    if (score == 0.0) continue;
    found.push_back({score ? Kind::kWrongScore : Kind::kMissing, EntryName(state.entries[i]),
                     what + state.entries[i], plan});
  }
}

Plan ExecutionsCheck::DropOuter(const OuterGroup& group, const std::string& entry,
                                const std::string& guard, const ReplyValue& stamp, bool is_gone) {
  return {.script = "idx_drop",
          .keys = {group.ix(), group.ver()},
          .args = {entry, guard, stamp.text, is_gone ? "1" : "0"}};
}

void ExecutionsCheck::CompareDue(const Thing& thing, const std::string& object, Rounds& rounds,
                                 std::vector<Finding>& found) {
  rounds.Ask({{"ZSCORE", thing.key, thing.member}, {"HMGET", object, "v", "x"}},
             [&thing, &found](Replies& replies) {
               if (!ScoreOf(replies[0]) || replies[1].is_error()) return;
               const bool is_gone = replies[1].items[0].is_null();
               if (!is_gone && !replies[1].items[1].is_null()) return;
               found.push_back({is_gone ? Kind::kDangling : Kind::kExtra, "due", thing.member,
                                FixEntry(thing.key, thing.member, replies[0], std::nullopt)});
             });
}

}  // namespace satchel::repos::check
