// Checkpoints: their place in the thread, the values they refer to, what a thread counts, and the
// deadline of every key.

#include "base/text.h"
#include "repos/check/entity_check.h"
#include "repos/check/plans.h"
#include "repos/fields.h"
#include "repos/keys.h"

namespace satchel::repos::check {
namespace {

using Strings = std::vector<std::string>;
using Found = std::vector<Finding>;

// Writes may come before their checkpoint, so much.
constexpr std::int64_t kWritesGraceMs = 3600 * 1000;

class CheckpointCheck final : public EntityCheck {
 public:
  explicit CheckpointCheck(const CheckScope& scope) : EntityCheck(scope) {}

  enum { kObjects, kThreads, kBlobs, kWrites, kRegistry };

  std::vector<Walk> Walks() const override {
    return {{"c", Pattern("ckpt", "ck", true, "c:*"), Shape::kKey, true},
            {"t", Pattern("ckpt", "ck", true, "t"), Shape::kKey},
            {"b", Pattern("ckpt", "ck", true, "b:*"), Shape::kKey},
            {"w", Pattern("ckpt", "ck", true, "w:*"), Shape::kKey},
            {"threads", Pattern("ckpt", "ct", false, "threads"), Shape::kSortedSet}};
  }

  void Look(const Thing& thing, Rounds& rounds, Found& found) override {
    constexpr std::size_t kNames[] = {3, 1, 4, 3, 1};
    const auto parts = Parts(thing.key);
    if (!parts || parts->name.size() != kNames[thing.walk] ||
        (thing.walk != kRegistry && parts->tag.size() != 2)) {
      found.push_back(CorruptKey(Walks()[thing.walk].name, thing.key));
      return;
    }
    switch (thing.walk) {
      case kObjects:
        return LookAtCheckpoint(thing, *parts, rounds, found);
      case kThreads:
        return LookAtThread(*parts, rounds, found);
      case kBlobs:
        return LookAtBlob(thing, *parts, rounds, found);
      case kWrites:
        return LookAtWrites(thing, *parts, rounds, found);
      case kRegistry:
        return LookAtRegistry(thing, *parts, rounds, found);
      default:
        return;
    }
  }

 private:
  void LookAtCheckpoint(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void CompareCheckpoint(const Thing& thing, const KeyParts& parts, const ReplyValue& fields,
                         const ReplyValue& deadline, Rounds& rounds, Found& found);
  void LookAtThread(const KeyParts& parts, Rounds& rounds, Found& found);
  void LookAtBlob(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void LookAtWrites(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void LookAtRegistry(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
};

void CheckpointCheck::LookAtCheckpoint(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                                       Found& found) {
  rounds.Ask({{"HMGET", thing.key, "seq", "put", "cv", "x"},
              {"PEXPIRETIME", thing.key},
              {"HSTRLEN", thing.key, "body"},
              {"HSTRLEN", thing.key, "meta"}},
             [=, this, &thing, &rounds, &found](Replies& replies) {
               if (replies[1].integer == -2) return;
               if (replies[0].is_error()) {
                 found.push_back(CorruptKey("c", thing.key));
                 return;
               }
               const auto& fields = replies[0].items;
               const auto x = IntOf(fields[3]);
               if (x && *x <= NowMs()) return;
               const bool is_sound = IntOf(fields[0]).value_or(0) > 0 && IntOf(fields[1]) &&
                                     !fields[2].is_null() && (fields[3].is_null() || x) &&
                                     replies[2].integer > 0 && replies[3].integer > 0;
               if (!is_sound) {
                 found.push_back(CorruptKey("c", thing.key));
                 return;
               }
               CompareCheckpoint(thing, parts, replies[0], replies[1], rounds, found);
             });
}

void CheckpointCheck::CompareCheckpoint(const Thing& thing, const KeyParts& parts,
                                        const ReplyValue& fields, const ReplyValue& deadline,
                                        Rounds& rounds, Found& found) {
  const std::string& C = parts.base;
  const std::string& ns = parts.name[1];
  const std::string& id = parts.name[2];
  const std::string seq = fields.items[0].text;
  const Plan plan{.script = "fix_checkpoint",
                  .keys = {C + ":t", C + ":n"},
                  .args = {C, ns, id, seq, fields.items[1].text}};
  const auto x = fields.items[3].is_null() ? std::optional<std::int64_t>() : IntOf(fields.items[3]);
  if (auto ttl = TtlFinding("c ttl", thing.key, thing.key, "", deadline, x)) {
    ttl->plan = plan;
    found.push_back(std::move(*ttl));
  }
  const std::string threads = OptionsOf(parts).Base("ckpt", "ct") + ":threads";
  const std::string thread = Escape(parts.tag[1]);
  rounds.Ask(
      {{"ZSCORE", C + ":i:" + ns, id},
       {"ZSCORE", C + ":n", ns},
       {"HGET", C + ":t", "seq"},
       {"ZSCORE", threads, thread}},
      [=, this, &thing, &found](Replies& replies) {
        const auto place = ScoreOf(replies[0]);
        const auto wanted = ParseInt(seq).value_or(0);
        if (place != static_cast<double>(wanted)) {
          found.push_back({place ? Kind::kWrongScore : Kind::kMissing, "i", thing.key, plan});
        }
        if (!ScoreOf(replies[1])) found.push_back({Kind::kMissing, "n", ns, plan});
        if (replies[2].is_null()) {
          found.push_back({Kind::kMissing, "t", thing.key, plan});
        } else if (IntOf(replies[2]).value_or(0) < wanted) {
          found.push_back({Kind::kWrongValue, "t", thing.key, plan});
        }
        if (ScoreOf(replies[3])) return;
        found.push_back(
            {Kind::kMissing, "threads", thread, FixEntry(threads, thread, replies[3], NowMs())});
      });
  for (const std::string_view text : Split(fields.items[2].text, '\n')) {
    const std::size_t space = text.find(' ');
    if (space == text.npos) continue;
    const std::string blob = C + ":b:" + ns + ":" + std::string(text.substr(0, space)) + ":" +
                             std::string(text.substr(space + 1));
    rounds.Ask({{"EXISTS", blob}}, [blob, &found](Replies& replies) {
      if (replies[0].integer == 0) found.push_back({Kind::kCorrupt, "b", blob});
    });
  }
}

void CheckpointCheck::LookAtThread(const KeyParts& parts, Rounds& rounds, Found& found) {
  const Strings keys = {parts.base + ":t", parts.base + ":n"};
  const Strings args = {FormatInt(NowMs()), parts.base, "0"};
  rounds.AskScript("ck_audit", keys, args, [=, &found](Replies& replies) {
    if (replies[0].is_error()) {
      found.push_back(CorruptKey("t", keys[0]));
      return;
    }
    Plan plan{.script = "ck_audit", .keys = keys, .args = args};
    plan.args[2] = "1";
    const auto& items = replies[0].items;
    for (std::size_t i = 0; i + 2 < items.size(); i += 3) {
      const auto kind = ParseKind(items[i].text);
      if (kind) found.push_back({*kind, items[i + 1].text, items[i + 2].text, plan});
    }
  });
}

void CheckpointCheck::LookAtBlob(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                                 Found& found) {
  const std::string& ns = parts.name[1];
  const std::string text = parts.name[2] + " " + parts.name[3];
  const Strings keys = {parts.base + ":i:" + ns, parts.base + ":r:" + ns, thing.key};
  const Strings args = {parts.base, ns, text, "0"};
  rounds.Ask({{"EXISTS", thing.key}, {"HEXISTS", keys[1], text}},
             [=, &thing, &rounds, &found](Replies& replies) {
               if (replies[0].integer == 0 || replies[1].integer == 1) return;
               rounds.AskScript("ck_blob", keys, args, [=, &thing, &found](Replies& answer) {
                 if (answer[0].is_error() || answer[0].integer > 0) return;
                 Plan plan{.script = "ck_blob", .keys = keys, .args = args};
                 plan.args[3] = "1";
                 found.push_back({Kind::kDangling, "b", thing.key, std::move(plan)});
               });
             });
}

void CheckpointCheck::LookAtWrites(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                                   Found& found) {
  const std::string& ns = parts.name[1];
  const std::string& id = parts.name[2];
  const std::string note = "w " + ns + " " + id;
  const std::string object = parts.base + ":c:" + ns + ":" + id;
  rounds.Ask({{"EXISTS", thing.key}, {"EXISTS", object}, {"HGET", parts.base + ":t", note}},
             [=, this, &thing, &found](Replies& replies) {
               if (replies[0].integer == 0 || replies[1].integer > 0 || replies[2].is_error())
                 return;
               const auto written_ms = IntOf(replies[2]);
               if (written_ms && *written_ms > NowMs() - kWritesGraceMs) return;
               found.push_back({Kind::kDangling, "w", thing.key,
                                Plan{.script = "ck_orphan",
                                     .keys = {parts.base + ":t", object, thing.key},
                                     .args = {note, Given(replies[2])}}});
             });
}

void CheckpointCheck::LookAtRegistry(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                                     Found& found) {
  const auto thread = Unescape(thing.member);
  const std::string base = OptionsOf(parts).Base("ckpt", "ck", {thread ? *thread : std::string()});
  rounds.Ask({{"ZSCORE", thing.key, thing.member}, {"EXISTS", base + ":t", base + ":n"}},
             [this, &thing, is_legal = thread.has_value(), &found](Replies& replies) {
               auto finding =
                   RegistryFinding("threads", thing, is_legal, replies[0], replies[1], NowMs());
               if (finding) found.push_back(std::move(*finding));
             });
}

}  // namespace

std::unique_ptr<EntityCheck> MakeCheckpointCheck(const CheckScope& scope) {
  return std::make_unique<CheckpointCheck>(scope);
}

}  // namespace satchel::repos::check
