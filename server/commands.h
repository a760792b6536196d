// The command rows of this folder: what needs the process or its listeners.

#pragma once

#include <functional>
#include <span>

#include "base/result.h"
#include "engine/command.h"

namespace satchel::server {

// How SHUTDOWN was asked for.
struct ShutdownRequest {
  enum class Save : std::uint8_t { kAsConfigured, kYes, kNo };
  Save save = Save::kAsConfigured;
  bool now = false;    // without waiting for anybody
  bool force = false;  // also when saving fails
};

// What SHUTDOWN does, found through the engine: engine.Attach<ShutdownHook>(&hook).
struct ShutdownHook {
  // Called under the execution lock: it must only ask for the end, and not wait for it. An
  // error becomes the reply.
  std::function<Result<void>(const ShutdownRequest& request)> shutdown;
};

std::span<const engine::Command> ServerCommands();

}  // namespace satchel::server
