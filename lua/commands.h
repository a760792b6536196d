// The rows of EVAL and SCRIPT, for the command table of a store that has a lua::Scripts.

#pragma once

#include <span>

#include "engine/command.h"

namespace satchel::lua {

std::span<const engine::Command> ScriptCommands();

}  // namespace satchel::lua
