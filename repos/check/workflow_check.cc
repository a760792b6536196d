// Executions: the indexes of the tenant and of the workflow, the registry of workflows, the
// deadline and its entry, and the bookkeeping beside the state.

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

class WorkflowCheck final : public ExecutionsCheck {
 public:
  explicit WorkflowCheck(const CheckScope& scope) : ExecutionsCheck(scope) {}

  enum { kObjects, kTenantIndex, kTenantVer, kOuter, kOuterVer, kRegistry, kDue };

  std::vector<Walk> Walks() const override {
    return {{"state", Pattern("wf", "wx", true, "state"), Shape::kKey, true},
            {"tenant ix", Pattern("wf", "wi", false, "ix"), Shape::kSortedSet},
            {"ver", Pattern("wf", "wi", false, "ver"), Shape::kHash},
            {"workflow ix", Pattern("wf", "ww", true, "ix"), Shape::kSortedSet},
            {"ver", Pattern("wf", "ww", true, "ver"), Shape::kHash},
            {"wids", Pattern("wf", "wi", false, "wids"), Shape::kSortedSet},
            {"due", Pattern("gc", "gc", false, "due"), Shape::kSortedSet}};
  }

  bool Takes(const Thing& thing) const override {
    const std::string& member = thing.member;
    if (thing.walk == kOuter) {
      const std::string_view head = std::string_view(member).substr(0, 3);
      return head != "ta " && head != "xt " && head != "xa " && head != "xl ";
    }
    if (thing.walk == kTenantVer || thing.walk == kOuterVer) {
      return member != "*" && member.find(':') == member.npos;
    }
    if (thing.walk == kDue) return !member.starts_with("t ");
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
        return LookAtState(thing, *parts, rounds, found);
      case kTenantIndex:
      case kOuter:
        return LookAtEntry(thing, *parts, rounds, found);
      case kTenantVer:
      case kOuterVer:
        return LookAtStamp(thing, *parts, rounds, found);
      case kRegistry:
        return LookAtRegistry(thing, *parts, rounds, found);
      case kDue:
        return LookAtDue(thing, *parts, rounds, found);
      default:
        return;
    }
  }

  std::optional<Thing> Aftermath(const Thing& thing) const override {
    const auto parts = Parts(thing.key);
    const auto exec = Unescape(thing.member.substr(std::min<std::size_t>(2, thing.member.size())));
    if (thing.walk != kDue || !parts || !exec) return std::nullopt;
    return Thing{kObjects, OptionsOf(*parts).Base("wf", "wx", {*exec}) + ":state"};
  }

 private:
  void LookAtState(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void CompareState(const Thing& thing, const KeyParts& parts, const Fields& state,
                    const Replies& first, Rounds& rounds, Found& found);
  void LookAtEntry(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void LookAtStamp(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void LookAtRegistry(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void LookAtDue(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  // Whether a group of this base has entries of such an execution.
  bool IsOf(const std::string& base, const KeyParts& parts, const std::string& workflow_id) {
    ExecutionIndex& index = IndexOf(parts);
    return index.OfTenant().base == base || index.OfWorkflow(workflow_id).base == base;
  }
};

// What is not is reported, and what is derived from it left alone.
bool IsSound(const Fields& state, std::string_view exec) {
  return WorkflowOfFields(state).has_value() && state.Text("f") == "1" && state.Int("c") > 0 &&
         (!state.Has("x") || state.Int("x") > 0) && !state.Text("workflow_id").empty() &&
         state.Text("exec_id") == exec;
}

void WorkflowCheck::LookAtState(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                                Found& found) {
  const std::string meta = parts.base + ":meta";
  if (parts.tag.size() != 2) {
    found.push_back(CorruptKey("state", thing.key));
    return;
  }
  rounds.Ask({{"HGETALL", thing.key},
              {"PEXPIRETIME", thing.key},
              {"HEXISTS", meta, "clk"},
              {"PEXPIRETIME", meta}},
             [this, &thing, parts, &rounds, &found](Replies& replies) {
               if (replies[0].is_error() || replies[2].is_error()) {
                 found.push_back(CorruptKey(replies[0].is_error() ? "state" : "meta", thing.key));
                 return;
               }
               const Fields state(std::move(replies[0]));
               if (state.empty() || state.ExpiredAt(NowMs())) return;
               if (!IsSound(state, parts.tag[1])) {
                 found.push_back(CorruptKey("state", thing.key));
                 return;
               }
               CompareState(thing, parts, state, replies, rounds, found);
             });
}

void WorkflowCheck::CompareState(const Thing& thing, const KeyParts& parts, const Fields& state,
                                 const Replies& first, Rounds& rounds, Found& found) {
  ExecutionIndex& index = IndexOf(parts);
  const std::string meta = parts.base + ":meta";
  const std::string version = state.Text("v");
  std::optional<std::int64_t> deadline_ms;
  if (state.Has("x")) deadline_ms = state.Int("x") + kPhysicalGraceMs;
  auto ttl = TtlFinding("ttl", thing.key, thing.key, version, first[1], deadline_ms);
  if (ttl) found.push_back(std::move(*ttl));
  if (first[2].integer == 0) {
    found.push_back({Kind::kMissing, "meta", meta,
                     Plan{.script = "fix_meta",
                          .keys = {thing.key, meta, index.TaskIndexKey(parts.tag[1])},
                          .args = {version, FormatInt(NowMs())}}});
  } else if (auto meta_ttl =
                 TtlFinding("meta ttl", thing.key, meta, version, first[3], std::nullopt)) {
    found.push_back(std::move(*meta_ttl));
  }

  const std::string workflow_id = state.Text("workflow_id");
  const std::string member = ExecutionIndex::ExecMember(parts.tag[1]);
  OuterState outer{.group = index.OfTenant(),
                   .member = member,
                   .stamp = ExecutionIndex::Stamp(state.Int("c"), state.version()),
                   .entries = ExecutionIndex::EntriesOfExec(state)};
  auto lines = OuterLines(outer);
  OuterState of_workflow = outer;
  of_workflow.group = index.OfWorkflow(workflow_id);
  for (auto& line : OuterLines(of_workflow)) lines.push_back(std::move(line));
  const std::string wids = index.workflows().key();
  const std::string due_key = index.DueKey();
  const std::string due = "w " + member;
  lines.push_back({"ZSCORE", wids, Escape(workflow_id)});
  lines.push_back({"ZSCORE", due_key, due});
  rounds.Ask(lines, [=, this, &found](Replies& replies) {
    CompareOuter(outer, replies[0], replies[1], found);
    CompareOuter(of_workflow, replies[2], replies[3], found);
    if (!ScoreOf(replies[4])) {
      const std::string id = Escape(workflow_id);
      found.push_back({Kind::kMissing, "wids", id, FixEntry(wids, id, replies[4], NowMs())});
    }
    const auto score = ScoreOf(replies[5]);
    if (state.Has("x") && score != static_cast<double>(state.Int("x"))) {
      found.push_back({score ? Kind::kWrongScore : Kind::kMissing, "due", due,
                       FixEntry(due_key, due, replies[5], state.Int("x"))});
    }
  });
}

void WorkflowCheck::LookAtEntry(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                                Found& found) {
  const OuterGroup group{parts.base};
  const std::string guard = thing.member.substr(thing.member.rfind(' ') + 1);
  const auto exec = Unescape(guard);
  const std::string object = exec ? IndexOf(parts).StateKey(*exec) : kNoKey;
  rounds.Ask(
      {{"ZSCORE", thing.key, thing.member}, {"HGET", group.ver(), guard}, {"HGETALL", object}},
      [=, this, &thing, &found](Replies& replies) {
        if (!ScoreOf(replies[0]) || replies[2].is_error()) return;
        const Fields state = exec ? Fields(std::move(replies[2])) : Fields();
        if (!state.empty() && !IsSound(state, *exec)) return;
        const Strings entries = ExecutionIndex::EntriesOfExec(state);
        const bool fits = std::ranges::find(entries, thing.member) != entries.end() &&
                          IsOf(group.base, parts, state.Text("workflow_id"));
        if (fits) return;
        found.push_back({state.empty() ? Kind::kDangling : Kind::kExtra, EntryName(thing.member),
                         thing.member,
                         DropOuter(group, thing.member, guard, replies[1], state.empty())});
      });
}

void WorkflowCheck::LookAtStamp(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                                Found& found) {
  const OuterGroup group{parts.base};
  const auto exec = Unescape(thing.member);
  const std::string object = exec ? IndexOf(parts).StateKey(*exec) : kNoKey;
  rounds.Ask({{"HGET", thing.key, thing.member}, {"HGET", object, "workflow_id"}},
             [this, &thing, parts, group, &found](Replies& replies) {
               if (replies[0].is_null() || replies[1].is_error()) return;
               const bool is_gone = replies[1].is_null();
               if (!is_gone && IsOf(group.base, parts, replies[1].text)) return;
               found.push_back({is_gone ? Kind::kDangling : Kind::kExtra, "ver", thing.member,
                                DropOuter(group, "", thing.member, replies[0], true)});
             });
}

void WorkflowCheck::LookAtRegistry(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                                   Found& found) {
  const auto workflow_id = Unescape(thing.member);
  const OuterGroup group = IndexOf(parts).OfWorkflow(workflow_id ? *workflow_id : "");
  rounds.Ask({{"ZSCORE", thing.key, thing.member}, {"EXISTS", group.ix(), group.dirty()}},
             [this, &thing, is_legal = workflow_id.has_value(), &found](Replies& replies) {
               auto finding =
                   RegistryFinding("wids", thing, is_legal, replies[0], replies[1], NowMs());
               if (finding) found.push_back(std::move(*finding));
             });
}

void WorkflowCheck::LookAtDue(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                              Found& found) {
  const auto words = Split(thing.member, ' ');
  const bool is_legal = words.size() == 2 && words[0] == "w";
  const auto exec = is_legal ? Unescape(words[1]) : Result<std::string>(Error{});
  const std::string object = exec ? IndexOf(parts).StateKey(*exec) : kNoKey;
  CompareDue(thing, object, rounds, found);
}

}  // namespace

std::unique_ptr<EntityCheck> MakeWorkflowCheck(const CheckScope& scope) {
  return std::make_unique<WorkflowCheck>(scope);
}

}  // namespace satchel::repos::check
