#include "repos/check/finding.h"

#include <algorithm>

namespace satchel::repos::check {
namespace {

constexpr std::string_view kEntityNames[kEntities] = {
    "auth", "workflow", "task", "tasks_backend", "checkpoint", "memory", "resource"};
constexpr std::string_view kKindNames[kKinds] = {
    "missing",       "wrong_score",    "wrong_value",       "extra",     "dangling",
    "stale_version", "wrong_count",    "missing_ttl",       "extra_ttl", "unique_clash",
    "cycle",         "missing_parent", "missing_execution", "corrupt"};

template <class Enum, std::size_t n>
std::optional<Enum> Parse(const std::string_view (&names)[n], std::string_view name) {
  const auto* const at = std::ranges::find(names, name);
  if (at == std::end(names)) return std::nullopt;
  return static_cast<Enum>(at - std::begin(names));
}

}  // namespace

std::string_view EntityName(Entity entity) {
  return kEntityNames[static_cast<std::size_t>(entity)];
}
std::optional<Entity> ParseEntity(std::string_view name) {
  return Parse<Entity>(kEntityNames, name);
}

store::Component ComponentOf(Entity entity) {
  constexpr store::Component kComponents[kEntities] = {
      store::Component::kAuth,         store::Component::kWorkflow,   store::Component::kTask,
      store::Component::kTasksBackend, store::Component::kCheckpoint, store::Component::kMemory,
      store::Component::kResource};
  return kComponents[static_cast<std::size_t>(entity)];
}

std::string_view KindName(Kind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }
std::optional<Kind> ParseKind(std::string_view name) { return Parse<Kind>(kKindNames, name); }

bool IsRepairable(Kind kind) { return kind < Kind::kUniqueClash; }

}  // namespace satchel::repos::check
