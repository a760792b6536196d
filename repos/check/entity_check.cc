#include "repos/check/entity_check.h"

#include "base/check.h"
#include "repos/keys.h"

namespace satchel::repos::check {

EntityCheck::EntityCheck(CheckScope scope)
    : scope_(std::move(scope)), ns_(scope_.repo.Namespace()) {
  SATCHEL_CHECK(CheckRepoOptions(scope_.repo).has_value());
}

std::string EntityCheck::Pattern(std::string_view domain, std::string_view kind, bool has_more,
                                 std::string_view name) const {
  std::string pattern = ns_ + ":" + std::string(domain) + ":{" + std::string(kind) + ":";
  pattern += scope_.all_tenants ? std::string("*") : Escape(scope_.repo.tenant);
  if (has_more) pattern += ":*";
  return pattern + "}:" + std::string(name);
}

std::optional<KeyParts> EntityCheck::Parts(std::string_view key) const { return PartsOf(ns_, key); }

RepoOptions EntityCheck::OptionsOf(const KeyParts& parts) const {
  RepoOptions options = scope_.repo;
  options.tenant = parts.tenant();
  return options;
}

std::unique_ptr<EntityCheck> MakeCheck(Entity entity, const CheckScope& scope) {
  switch (entity) {
    case Entity::kAuth:
      return MakeAuthCheck(scope);
    case Entity::kWorkflow:
      return MakeWorkflowCheck(scope);
    case Entity::kTask:
      return MakeTaskCheck(scope);
    case Entity::kTasksBackend:
      return MakeTasksBackendCheck(scope);
    case Entity::kCheckpoint:
      return MakeCheckpointCheck(scope);
    case Entity::kMemory:
      return MakeMemoryCheck(scope);
    case Entity::kResource:
      return MakeResourceCheck(scope);
  }
  SATCHEL_CHECK(false);
  return nullptr;
}

}  // namespace satchel::repos::check
