// What this process takes of the machine's memory, beyond what the store counts itself.

#pragma once

#include "engine/process_memory.h"

namespace satchel::server {

// Asks the allocator (jemalloc when the program has it, else the C library) and the system.
// Cost: tens of microseconds and a read of /proc; not under the execution lock.
engine::ProcessMemory ReadProcessMemory();

}  // namespace satchel::server
