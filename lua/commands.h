// Command rows of scripts and functions, for the engine's command table. Their runs need
// lua::Scripts as a service of the engine.

#pragma once

#include <span>

#include "engine/command.h"

namespace satchel::lua {

// EVAL and its forms, SCRIPT.
std::span<const engine::Command> ScriptCommands();
// FCALL, FCALL_RO, FUNCTION.
std::span<const engine::Command> FunctionCommands();

}  // namespace satchel::lua
