// Words of executions and tasks, stored by these names.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace satchel::repos {

enum class Status : std::uint8_t {
  kPending,
  kRunning,
  kSuccess,
  kFailed,
  kTimedOut,
  kCanceled,
  kWaiting,
  kPaused,
};
inline constexpr std::size_t kStatuses = 8;

// "PENDING", "RUNNING", "SUCCESS", "FAILED", "TIMED_OUT", "CANCELED", "WAITING", "PAUSED".
std::string_view StatusName(Status status);
// Errors: kCorrupt.
Result<Status> ParseStatus(std::string_view name);
// SUCCESS, FAILED, CANCELED and TIMED_OUT; the others are active.
bool IsTerminal(Status status);

enum class StateComponent : std::uint8_t { kWorkflow, kTask, kAgent, kTool };
std::string_view StateComponentName(StateComponent component);
Result<StateComponent> ParseStateComponent(std::string_view name);

enum class ExecutionType : std::uint8_t {
  kBasic,
  kRouter,
  kParallel,
  kCollection,
  kComposite,
  kWait,
  kSignal,
  kAggregate,
  kMemory,
};
std::string_view ExecutionTypeName(ExecutionType type);
Result<ExecutionType> ParseExecutionType(std::string_view name);

}  // namespace satchel::repos
