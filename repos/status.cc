#include "repos/status.h"

#include "repos/errors.h"

namespace satchel::repos {
namespace {

constexpr std::string_view kStatusNames[kStatuses] = {"PENDING",   "RUNNING",  "SUCCESS", "FAILED",
                                                      "TIMED_OUT", "CANCELED", "WAITING", "PAUSED"};
constexpr std::string_view kComponentNames[] = {"workflow", "task", "agent", "tool"};
constexpr std::string_view kTypeNames[] = {"basic",      "router",    "parallel",
                                           "collection", "composite", "wait",
                                           "signal",     "aggregate", "memory"};

template <class Enum, std::size_t size>
Result<Enum> Parse(const std::string_view (&names)[size], std::string_view name,
                   std::string_view what) {
  for (std::size_t i = 0; i < size; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return Corrupt(what, "an unknown word");
}

}  // namespace

std::string_view StatusName(Status status) {
  return kStatusNames[static_cast<std::size_t>(status)];
}
Result<Status> ParseStatus(std::string_view name) {
  return Parse<Status>(kStatusNames, name, "status");
}
bool IsTerminal(Status status) {
  return status == Status::kSuccess || status == Status::kFailed || status == Status::kCanceled ||
         status == Status::kTimedOut;
}

std::string_view StateComponentName(StateComponent component) {
  return kComponentNames[static_cast<std::size_t>(component)];
}
Result<StateComponent> ParseStateComponent(std::string_view name) {
  return Parse<StateComponent>(kComponentNames, name, "component");
}

std::string_view ExecutionTypeName(ExecutionType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}
Result<ExecutionType> ParseExecutionType(std::string_view name) {
  return Parse<ExecutionType>(kTypeNames, name, "execution type");
}

}  // namespace satchel::repos
