// Users and API keys: their index, the maps of emails and fingerprints. Nothing of them expires.

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"
#include "repos/auth.h"
#include "repos/check/entity_check.h"
#include "repos/check/plans.h"
#include "repos/fields.h"
#include "repos/keys.h"

namespace satchel::repos::check {
namespace {

using Strings = std::vector<std::string>;
using Found = std::vector<Finding>;

Strings MembersOfUser(const Fields& user, const std::string& id) {
  if (user.empty()) return {};
  const std::string tail = fmt::format(" {:016} {}", user.Int("c"), id);
  return {"us" + tail, "ro " + user.Text("role") + tail};
}

Strings MembersOfKey(const Fields& key, const std::string& id) {
  if (key.empty()) return {};
  return {fmt::format("ku {} {:016} {}", Escape(key.Text("user_id")), key.Int("c"), id)};
}

bool IsSoundUser(const Fields& user) {
  const std::string role = user.Text("role");
  const std::string email = user.Text("email");
  const auto normal = NormalEmail(email);
  return (role == "admin" || role == "user") && user.Int("c") > 0 && user.version() > 0 && normal &&
         *normal == email;
}

bool IsSoundKey(const Fields& key) {
  const auto fingerprint = FromHex(key.Text("fp"));
  return fingerprint && fingerprint->size() == 32 && key.Int("c") > 0 && key.version() > 0 &&
         key.Has("user_id") && key.Has("hash");
}

// What is corrupt is reported, and what is derived from it left alone.
bool IsCorrupt(const Fields& fields, bool is_user) {
  if (fields.empty()) return false;
  return is_user ? !IsSoundUser(fields) : !IsSoundKey(fields);
}

class AuthCheck final : public EntityCheck {
 public:
  explicit AuthCheck(const CheckScope& scope) : EntityCheck(scope) {}

  enum { kUsers, kKeys, kIndex, kEmails, kFingerprints };

  std::vector<Walk> Walks() const override {
    return {{"user", Pattern("auth", "au", false, "user:*"), Shape::kKey, true},
            {"key", Pattern("auth", "au", false, "key:*"), Shape::kKey, true},
            {"ix", Pattern("auth", "au", false, "ix"), Shape::kSortedSet},
            {"emails", Pattern("auth", "au", false, "emails"), Shape::kHash},
            {"fps", Pattern("auth", "au", false, "fps"), Shape::kHash}};
  }

  void Look(const Thing& thing, Rounds& rounds, Found& found) override {
    const auto parts = Parts(thing.key);
    const std::string_view name = Walks()[thing.walk].name;
    if (!parts || (thing.walk <= kKeys && parts->name.size() != 2)) {
      found.push_back(CorruptKey(name, thing.key));
      return;
    }
    if (thing.walk <= kKeys) return LookAtObject(thing, *parts, rounds, found);
    if (thing.walk == kIndex) return LookAtMember(thing, *parts, rounds, found);
    LookAtClaim(thing, *parts, rounds, found);
  }

 private:
  // What a user or a key claims for itself alone: its email, its fingerprint. Findings name the
  // object, never what it claims.
  struct Claim {
    std::string map;     // key of the hash
    std::string name;    // "emails", "fps"
    std::string field;   // of the object
    std::string object;  // what keys of such objects begin with
  };
  static Claim ClaimOf(const KeyParts& parts, bool is_user) {
    if (is_user) return {parts.base + ":emails", "emails", "email", parts.base + ":user:"};
    return {parts.base + ":fps", "fps", "fp", parts.base + ":key:"};
  }

  void LookAtObject(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void CompareClaim(const Thing& thing, const Fields& fields, const std::string& id,
                    const Claim& claim, const ReplyValue& held, Rounds& rounds, Found& found);
  void LookAtMember(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
  void LookAtClaim(const Thing& thing, const KeyParts& parts, Rounds& rounds, Found& found);
};

void AuthCheck::LookAtObject(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                             Found& found) {
  const bool is_user = thing.walk == kUsers;
  rounds.Ask({{"HGETALL", thing.key}, {"PEXPIRETIME", thing.key}}, [=, this, &thing, &rounds,
                                                                    &found](Replies& replies) {
    if (replies[0].is_error()) {
      found.push_back(CorruptKey(parts.name[0], thing.key));
      return;
    }
    const Fields fields(std::move(replies[0]));
    if (fields.empty()) return;
    if (IsCorrupt(fields, is_user)) {
      found.push_back(CorruptKey(parts.name[0], thing.key));
      return;
    }
    const std::string version = fields.Text("v");
    auto ttl = TtlFinding("ttl", thing.key, thing.key, version, replies[1], std::nullopt);
    if (ttl) found.push_back(std::move(*ttl));
    const Strings members =
        is_user ? MembersOfUser(fields, parts.name[1]) : MembersOfKey(fields, parts.name[1]);
    const Claim claim = ClaimOf(parts, is_user);
    store::CommandLine scores = {"ZMSCORE", parts.base + ":ix"};
    scores.insert(scores.end(), members.begin(), members.end());
    const std::string owner = parts.base + ":user:" + Escape(fields.Text("user_id"));
    rounds.Ask({scores, {"HGET", claim.map, fields.Text(claim.field)}, {"EXISTS", owner}},
               [=, this, &thing, &rounds, &found](Replies& derived) {
                 CompareMembers(thing.key, parts.base + ":ix", version, members, derived[0], found);
                 CompareClaim(thing, fields, *Unescape(parts.name[1]), claim, derived[1], rounds,
                              found);
                 if (!is_user && derived[2].integer == 0) {
                   found.push_back({Kind::kMissingParent, "user", thing.key});
                 }
               });
  });
}

void AuthCheck::CompareClaim(const Thing& thing, const Fields& fields, const std::string& id,
                             const Claim& claim, const ReplyValue& held, Rounds& rounds,
                             Found& found) {
  if (!held.is_null() && held.text == id) return;
  const std::string value = fields.Text(claim.field);
  const Finding wrong{held.is_null() ? Kind::kMissing : Kind::kWrongValue, claim.name, thing.key,
                      FixField(thing.key, claim.map, fields.Text("v"),
                               {.field = value, .seen = Given(held), .wanted = "=" + id})};
  if (held.is_null() || held.is_error()) {
    found.push_back(wrong);
    return;
  }
  rounds.Ask({{"HGET", claim.object + Escape(held.text), claim.field}}, [wrong, value,
                                                                         &found](Replies& replies) {
    const bool clash = !replies[0].is_null() && replies[0].text == value;
    found.push_back(clash ? Finding{Kind::kUniqueClash, wrong.index, wrong.what} : wrong);
  });
}

void AuthCheck::LookAtMember(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                             Found& found) {
  const std::string id = thing.member.substr(thing.member.rfind(' ') + 1);
  const bool is_key = thing.member.starts_with("ku ");
  const std::string object = parts.base + (is_key ? ":key:" : ":user:") + id;
  rounds.Ask({{"ZSCORE", thing.key, thing.member}, {"HGETALL", object}},
             [=, &thing, &found](Replies& replies) {
               if (!ScoreOf(replies[0]) || replies[1].is_error()) return;
               const Fields fields(std::move(replies[1]));
               if (IsCorrupt(fields, !is_key)) return;
               const Strings members =
                   is_key ? MembersOfKey(fields, id) : MembersOfUser(fields, id);
               if (std::ranges::find(members, thing.member) != members.end()) return;
               found.push_back({fields.empty() ? Kind::kDangling : Kind::kExtra,
                                EntryName(thing.member), thing.member,
                                FixIndex(object, thing.key, fields.Text("v"),
                                         {{.is_removal = true, .member = thing.member}})});
             });
}

void AuthCheck::LookAtClaim(const Thing& thing, const KeyParts& parts, Rounds& rounds,
                            Found& found) {
  const bool is_user = thing.walk == kEmails;
  const Claim claim = ClaimOf(parts, is_user);
  rounds.Ask({{"HGET", thing.key, thing.member}}, [=, &thing, &rounds, &found](Replies& replies) {
    if (replies[0].is_null()) return;
    const std::string object = claim.object + Escape(replies[0].text);
    rounds.Ask(
        {{"HGETALL", object}}, [=, seen = Given(replies[0]), &thing, &found](Replies& answer) {
          if (answer[0].is_error()) return;
          const Fields fields(std::move(answer[0]));
          if (IsCorrupt(fields, is_user) || fields.Text(claim.field) == thing.member) return;
          found.push_back({fields.empty() ? Kind::kDangling : Kind::kExtra, claim.name, object,
                           FixField(object, thing.key, fields.Text("v"),
                                    {.field = thing.member, .seen = seen, .wanted = ""})});
        });
  });
}

}  // namespace

std::unique_ptr<EntityCheck> MakeAuthCheck(const CheckScope& scope) {
  return std::make_unique<AuthCheck>(scope);
}

}  // namespace satchel::repos::check
