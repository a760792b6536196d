// Deep copies of entries, for COPY.

#pragma once

#include "engine/entry.h"

namespace satchel::engine {

// The same value under another key, with the same deadline; a new entry in the current Heap.
Entry* CloneEntry(const Entry& from, std::string_view key);

}  // namespace satchel::engine
