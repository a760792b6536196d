// Resources: their index and their ETag. Nothing of them expires.

#include "base/bytes.h"
#include "base/text.h"
#include "repos/check/entity_check.h"
#include "repos/check/plans.h"
#include "repos/fields.h"
#include "repos/json.h"
#include "repos/keys.h"

namespace satchel::repos::check {
namespace {

using Found = std::vector<Finding>;

class ResourceCheck final : public EntityCheck {
 public:
  explicit ResourceCheck(const CheckScope& scope) : EntityCheck(scope) {}

  enum { kObjects, kIndex };

  std::vector<Walk> Walks() const override {
    return {{"obj", Pattern("res", "re", true, "obj:*"), Shape::kKey, true},
            {"ix", Pattern("res", "re", true, "ix"), Shape::kSortedSet}};
  }

  void Look(const Thing& thing, Rounds& rounds, Found& found) override {
    const auto parts = Parts(thing.key);
    if (!parts || (thing.walk == kObjects && parts->name.size() != 3)) {
      found.push_back(CorruptKey(Walks()[thing.walk].name, thing.key));
      return;
    }
    if (thing.walk == kObjects) return LookAtObject(thing, *parts, rounds, found);
    LookAtMember(thing, *parts, rounds, found);
  }

 private:
  static void LookAtObject(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  static void LookAtMember(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
};

void ResourceCheck::LookAtObject(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                                 Found& found) {
  const std::string ix = parts.base + ":ix";
  const std::string place = parts.name[1] + " " + parts.name[2];
  rounds.Ask({{"HGETALL", thing.key}, {"PEXPIRETIME", thing.key}, {"ZSCORE", ix, place}},
             [=, &thing, &found](Replies& replies) {
               if (replies[0].is_error()) {
                 found.push_back(CorruptKey("obj", thing.key));
                 return;
               }
               const Fields fields(std::move(replies[0]));
               if (fields.empty()) return;
               const auto stable = StableJson("value", fields.Text("j"));
               if (!stable || *stable == "null" || fields.version() == 0) {
                 found.push_back(CorruptKey("obj", thing.key));
                 return;
               }
               const std::string version = fields.Text("v");
               auto ttl =
                   TtlFinding("ttl", thing.key, thing.key, version, replies[1], std::nullopt);
               if (ttl) found.push_back(std::move(*ttl));
               const auto score = ScoreOf(replies[2]);
               if (score != 0.0) {
                 found.push_back({score ? Kind::kWrongScore : Kind::kMissing, "ix", place,
                                  FixIndex(thing.key, ix, version, {{.member = place}})});
               }
               const std::string etag = Sha256Hex(*stable);
               if (fields.Text("e") == etag) return;
               const std::string seen = fields.Has("e") ? "=" + fields.Text("e") : std::string();
               found.push_back({Kind::kWrongValue, "etag", thing.key,
                                FixField(thing.key, thing.key, version,
                                         {.field = "e", .seen = seen, .wanted = "=" + etag})});
             });
}

void ResourceCheck::LookAtMember(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                                 Found& found) {
  std::string name = thing.member;
  if (const std::size_t space = name.find(' '); space != name.npos) name[space] = ':';
  const std::string object = parts.base + ":obj:" + name;
  rounds.Ask({{"ZSCORE", thing.key, thing.member}, {"EXISTS", object}}, [&thing, object,
                                                                         &found](Replies& replies) {
    if (!ScoreOf(replies[0]) || replies[1].integer > 0) return;
    found.push_back(
        {Kind::kDangling, "ix", thing.member,
         FixIndex(object, thing.key, "", {{.is_removal = true, .member = thing.member}})});
  });
}

}  // namespace

std::unique_ptr<EntityCheck> MakeResourceCheck(const CheckScope& scope) {
  return std::make_unique<ResourceCheck>(scope);
}

}  // namespace satchel::repos::check
