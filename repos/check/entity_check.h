// EntityCheck: what one entity consists of and how its parts must fit.
//
// An entity names its walks: patterns of keys, each an object or holding entries. A checker goes
// through them and has every thing looked at. Looking only asks; what is found carries the script
// that puts it right. To look is repeatable: a thing that has gone, or fits, has no findings.
// Thread: one at a time.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repos/check/finding.h"
#include "repos/check/key_parts.h"
#include "repos/check/rounds.h"
#include "repos/options.h"

namespace satchel::repos::check {

enum class Shape : std::uint8_t {
  kKey,        // the key is the thing
  kSortedSet,  // its members are
  kHash,       // its fields are
};

struct Walk {
  std::string_view name;  // kind of the key, for reports
  std::string pattern;    // SCAN MATCH; without "*" it is one key
  Shape shape = Shape::kKey;
  bool is_canonical = false;  // objects; all else is derived from them
};

struct CheckScope {
  store::Store& store;       // borrowed; outlives the check
  RepoOptions repo = {};     // prefix, clock; its tenant is the one checked
  bool all_tenants = false;  // whatever `repo.tenant` says
};

class EntityCheck {
 public:
  explicit EntityCheck(CheckScope scope);
  virtual ~EntityCheck() = default;
  EntityCheck(const EntityCheck&) = delete;
  EntityCheck& operator=(const EntityCheck&) = delete;

  // Objects first. In their order a repair of one leaves the next less to do.
  virtual std::vector<Walk> Walks() const = 0;
  // Whether an entry that a walk meets belongs to this entity; some indexes serve two.
  virtual bool Takes(const Thing&) const { return true; }
  // `thing` and `found` outlive the rounds.
  virtual void Look(const Thing& thing, Rounds& rounds, std::vector<Finding>& found) = 0;
  // After an entry was removed: what must be looked at once more, since a writer may have relied
  // on the entry just before.
  virtual std::optional<Thing> Aftermath(const Thing&) const { return std::nullopt; }

 protected:
  // "satchel:v1:DOMAIN:{KIND:TENANT}:NAME", or with ":*" after the tenant.
  std::string Pattern(std::string_view domain, std::string_view kind, bool has_more,
                      std::string_view name) const;
  std::optional<KeyParts> Parts(std::string_view key) const;
  RepoOptions OptionsOf(const KeyParts& parts) const;
  std::int64_t NowMs() const { return scope_.repo.clock->NowMs(); }
  store::Store& store() const { return scope_.store; }

 private:
  const CheckScope scope_;
  const std::string ns_;
};

std::unique_ptr<EntityCheck> MakeCheck(Entity entity, const CheckScope& scope);

// Each in a file of its own.
std::unique_ptr<EntityCheck> MakeAuthCheck(const CheckScope& scope);
std::unique_ptr<EntityCheck> MakeWorkflowCheck(const CheckScope& scope);
std::unique_ptr<EntityCheck> MakeTaskCheck(const CheckScope& scope);
std::unique_ptr<EntityCheck> MakeTasksBackendCheck(const CheckScope& scope);
std::unique_ptr<EntityCheck> MakeCheckpointCheck(const CheckScope& scope);
std::unique_ptr<EntityCheck> MakeMemoryCheck(const CheckScope& scope);
std::unique_ptr<EntityCheck> MakeResourceCheck(const CheckScope& scope);

}  // namespace satchel::repos::check
