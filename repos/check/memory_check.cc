// Conversations: the count of messages, and one deadline for all their keys.

#include "base/text.h"
#include "repos/check/entity_check.h"
#include "repos/check/plans.h"
#include "repos/fields.h"
#include "repos/memory_store.h"

namespace satchel::repos::check {
namespace {

using Found = std::vector<Finding>;

class MemoryCheck final : public EntityCheck {
 public:
  explicit MemoryCheck(const CheckScope& scope) : EntityCheck(scope) {}

  enum { kLists, kMetas, kFlushes };

  std::vector<Walk> Walks() const override {
    return {{"list", Pattern("mem", "me", true, "list"), Shape::kKey, true},
            {"meta", Pattern("mem", "me", true, "meta"), Shape::kKey},
            {"flush", Pattern("mem", "me", true, "flush"), Shape::kKey}};
  }

  void Look(const Thing& thing, Rounds& rounds, Found& found) override {
    const auto parts = Parts(thing.key);
    if (!parts) {
      found.push_back(CorruptKey(Walks()[thing.walk].name, thing.key));
      return;
    }
    if (thing.walk == kFlushes) return LookAtFlush(thing, rounds, found);
    LookAtConversation(thing, parts->base, rounds, found);
  }

 private:
  void LookAtConversation(const Thing& thing, const std::string& base, Rounds& rounds,
                          Found& found);
  static void Compare(const Thing& thing, const std::string& base, const Replies& replies,
                      Found& found);
  void LookAtFlush(const Thing& thing, Rounds& rounds, Found& found);
};

// The deadline that two of three say: the field, the list, its meta. A conversation that has only
// one of the keys has the one it tells.
std::optional<std::int64_t> Deadline(std::optional<std::int64_t> field, std::int64_t list,
                                     std::int64_t meta) {
  if (field) return field;
  if (list >= 0 && (list == meta || meta == -2)) return list;
  return std::nullopt;
}

void MemoryCheck::LookAtConversation(const Thing& thing, const std::string& base, Rounds& rounds,
                                     Found& found) {
  rounds.Ask({{"LLEN", base + ":list"},
              {"HMGET", base + ":meta", "message_count", "token_count", "expires"},
              {"PEXPIRETIME", base + ":list"},
              {"PEXPIRETIME", base + ":meta"}},
             [&thing, base, &found](Replies& replies) {
               const bool has_list = replies[2].integer != -2;
               const bool has_meta = replies[3].integer != -2;
               if (!has_list && !has_meta) return;
               // A meta with its list is looked at once, with the list.
               if (thing.walk == kMetas && has_list) return;
               if (replies[0].is_error() || replies[1].is_error()) {
                 found.push_back(CorruptKey(replies[0].is_error() ? "list" : "meta", thing.key));
                 return;
               }
               Compare(thing, base, replies, found);
             });
}

void MemoryCheck::Compare(const Thing& thing, const std::string& base, const Replies& replies,
                          Found& found) {
  const auto& fields = replies[1].items;
  const std::int64_t list_ms = replies[2].integer;
  const std::int64_t meta_ms = replies[3].integer;
  const bool is_legal = (fields[1].is_null() || IntOf(fields[1])) &&
                        (fields[2].is_null() || IntOf(fields[2]).value_or(0) > 0);
  if (!is_legal) {
    found.push_back(CorruptKey("meta", thing.key));
    return;
  }
  const auto told = fields[2].is_null() ? std::optional<std::int64_t>() : IntOf(fields[2]);
  const auto wanted = Deadline(told, list_ms, meta_ms);
  const Plan plan{.script = "fix_conversation",
                  .keys = {base + ":list", base + ":meta"},
                  .args = {wanted ? FormatInt(*wanted) : std::string(), fields[2].text,
                           FormatInt(list_ms), FormatInt(meta_ms)}};
  if (meta_ms == -2) {
    found.push_back({Kind::kMissing, "meta", thing.key, plan});
  } else if (IntOf(fields[0]) != replies[0].integer || fields[0].is_null()) {
    found.push_back({Kind::kWrongCount, "message_count", thing.key, plan});
  }
  if (meta_ms != -2 && wanted && !told) {
    found.push_back({Kind::kMissing, "expires", thing.key, plan});
  }
  for (const auto& [index, key, at] : {std::tuple("list ttl", ":list", &replies[2]),
                                       std::tuple("meta ttl", ":meta", &replies[3])}) {
    auto ttl = TtlFinding(index, base + key, base + key, "", *at, wanted);
    if (!ttl) continue;
    ttl->plan = plan;
    found.push_back(std::move(*ttl));
  }
}

void MemoryCheck::LookAtFlush(const Thing& thing, Rounds& rounds, Found& found) {
  rounds.Ask({{"PTTL", thing.key}}, [this, &thing, &found](Replies& replies) {
    if (replies[0].integer != -1) return;
    const std::int64_t until_ms = NowMs() + MemoryOptions().flush_ttl.count();
    found.push_back(
        {Kind::kMissingTtl, "flush", thing.key,
         Plan{.script = "fix_flush", .keys = {thing.key}, .args = {FormatInt(until_ms)}}});
  });
}

}  // namespace

std::unique_ptr<EntityCheck> MakeMemoryCheck(const CheckScope& scope) {
  return std::make_unique<MemoryCheck>(scope);
}

}  // namespace satchel::repos::check
