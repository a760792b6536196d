// What this folder offers to an engine: the rows of SAVE, BGSAVE and LASTSAVE, the CONFIG
// parameters of persistence, and lines of INFO. All of it is there for a store that keeps its
// data in memory, too, and says so.

#pragma once

#include <span>

#include "engine/command.h"
#include "engine/engine.h"

namespace satchel::snapshot {

class Snapshotter;

std::span<const engine::Command> SnapshotCommands();

// Adds settings and INFO lines. `snapshotter` is null for a store in memory; else it outlives
// the commands that the engine runs.
void AddPersistence(engine::Engine& engine, Snapshotter* snapshotter);

}  // namespace satchel::snapshot
