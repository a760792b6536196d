// What a served store adds to INFO: processor time and resident memory of the process.
// Source: redis 7.0.15, INFO cpu and INFO memory.

#pragma once

#include "engine/engine.h"

namespace satchel::server {

// Once per engine, under the execution lock.
void AddInfoSections(engine::Engine& engine);

}  // namespace satchel::server
