// Records of the storage backend: their places by creation and by deadline, the highest version of
// their owner, and the registry of owners.

#include <fmt/format.h>

#include "base/text.h"
#include "repos/check/entity_check.h"
#include "repos/check/plans.h"
#include "repos/fields.h"
#include "repos/keys.h"

namespace satchel::repos::check {
namespace {

using Found = std::vector<Finding>;

class TasksBackendCheck final : public EntityCheck {
 public:
  explicit TasksBackendCheck(const CheckScope& scope) : EntityCheck(scope) {}

  enum { kObjects, kIndex, kDeadlines, kOwners };

  std::vector<Walk> Walks() const override {
    return {{"r", Pattern("tb", "tb", true, "r:*"), Shape::kKey, true},
            {"idx", Pattern("tb", "tb", true, "idx"), Shape::kSortedSet},
            {"exp", Pattern("tb", "tb", true, "exp"), Shape::kSortedSet},
            {"owners", Pattern("tb", "to", false, "owners"), Shape::kSortedSet}};
  }

  void Look(const Thing& thing, Rounds& rounds, Found& found) override {
    const auto parts = Parts(thing.key);
    const bool is_object = thing.walk == kObjects;
    if (!parts || (is_object && (parts->name.size() != 2 || parts->tag.size() != 2))) {
      found.push_back(CorruptKey(Walks()[thing.walk].name, thing.key));
      return;
    }
    if (is_object) return LookAtRecord(thing, *parts, rounds, found);
    if (thing.walk == kOwners) return LookAtOwner(thing, *parts, rounds, found);
    LookAtPlace(thing, *parts, rounds, found);
  }

 private:
  Plan FixRecord(const std::string& base, const std::string& task, std::string_view version) const {
    return {.script = "fix_record",
            .keys = {base + ":r:" + Escape(task), base + ":idx", base + ":exp", base + ":vc",
                     base + ":dead"},
            .args = {std::string(version), task, FormatInt(NowMs())}};
  }
  void LookAtRecord(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void Compare(const Thing& thing, const Fields& record, const std::string& task,
               const Replies& replies, const Plan& plan, Found& found);
  void LookAtPlace(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void LookAtOwner(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
};

void TasksBackendCheck::LookAtRecord(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                                     Found& found) {
  const std::string task = *Unescape(parts.name[1]);
  const std::string owners = OptionsOf(parts).Base("tb", "to") + ":owners";
  rounds.Ask({{"HGETALL", thing.key},
              {"PEXPIRETIME", thing.key},
              {"ZSCORE", parts.base + ":idx", task},
              {"ZSCORE", parts.base + ":exp", task},
              {"GET", parts.base + ":vc"},
              {"ZSCORE", owners, Escape(parts.tag[1])}},
             [=, this, &thing, &found](Replies& replies) {
               if (replies[0].is_error()) {
                 found.push_back(CorruptKey("r", thing.key));
                 return;
               }
               const Fields record(std::move(replies[0]));
               if (record.empty() || record.ExpiredAt(NowMs())) return;
               if (record.version() == 0 || !record.Has("data") ||
                   (record.Has("x") && record.Int("x") <= 0)) {
                 found.push_back(CorruptKey("r", thing.key));
                 return;
               }
               Compare(thing, record, task, replies, FixRecord(parts.base, task, record.Text("v")),
                       found);
               if (ScoreOf(replies[5])) return;
               const std::string owner = Escape(parts.tag[1]);
               found.push_back(
                   {Kind::kMissing, "owners", owner, FixEntry(owners, owner, replies[5], NowMs())});
             });
}

void TasksBackendCheck::Compare(const Thing& thing, const Fields& record, const std::string& task,
                                const Replies& replies, const Plan& plan, Found& found) {
  const auto place = ScoreOf(replies[2]);
  if (!place) {
    found.push_back({Kind::kMissing, "idx", task, plan});
  } else if (record.Has("c") && *place != static_cast<double>(record.Int("c"))) {
    found.push_back({Kind::kWrongScore, "idx", task, plan});
  }
  const auto deadline = ScoreOf(replies[3]);
  if (record.Has("x") && deadline != static_cast<double>(record.Int("x"))) {
    found.push_back({deadline ? Kind::kWrongScore : Kind::kMissing, "exp", task, plan});
  }
  const auto highest = replies[4].is_error() ? std::nullopt : UintOf(replies[4]);
  if (replies[4].is_null()) {
    found.push_back({Kind::kMissing, "vc", thing.key, plan});
  } else if (!highest || *highest < record.version()) {
    found.push_back({Kind::kWrongValue, "vc", thing.key, plan});
  }
  std::optional<std::int64_t> wanted_ms;
  if (record.Has("x")) wanted_ms = record.Int("x");
  auto ttl = TtlFinding("ttl", thing.key, thing.key, record.Text("v"), replies[1], wanted_ms);
  if (!ttl) return;
  ttl->plan = plan;
  found.push_back(std::move(*ttl));
}

void TasksBackendCheck::LookAtPlace(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                                    Found& found) {
  const std::string record = parts.base + ":r:" + Escape(thing.member);
  const std::string name = parts.name[0];
  rounds.Ask({{"ZSCORE", thing.key, thing.member},
              {"ZSCORE", parts.base + ":exp", thing.member},
              {"HMGET", record, "v", "x"}},
             [=, this, &thing, &found](Replies& replies) {
               if (!ScoreOf(replies[0]) || replies[2].is_error()) return;
               const bool is_gone = replies[2].items[0].is_null();
               const auto deadline = ScoreOf(replies[1]);
               // Expired, and not swept yet.
               if (is_gone && deadline && *deadline <= static_cast<double>(NowMs())) return;
               const bool is_extra = name == "exp" && replies[2].items[1].is_null();
               if (!is_gone && !is_extra) return;
               found.push_back({is_gone ? Kind::kDangling : Kind::kExtra, name, thing.member,
                                FixRecord(parts.base, thing.member, replies[2].items[0].text)});
             });
}

void TasksBackendCheck::LookAtOwner(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                                    Found& found) {
  const auto owner = Unescape(thing.member);
  const std::string base = OptionsOf(parts).Base("tb", "tb", {owner ? *owner : std::string()});
  rounds.Ask({{"ZSCORE", thing.key, thing.member}, {"EXISTS", base + ":idx", base + ":dead"}},
             [this, &thing, is_legal = owner.has_value(), &found](Replies& replies) {
               auto finding =
                   RegistryFinding("owners", thing, is_legal, replies[0], replies[1], NowMs());
               if (finding) found.push_back(std::move(*finding));
             });
}

}  // namespace

std::unique_ptr<EntityCheck> MakeTasksBackendCheck(const CheckScope& scope) {
  return std::make_unique<TasksBackendCheck>(scope);
}

}  // namespace satchel::repos::check
