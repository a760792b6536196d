// Keys by pattern: for the few lists that have no index.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace satchel::repos {

// The keys that `before` and `after` enclose, as what stands between, unescaped, in order of
// their bytes, each once. SCAN with this COUNT until it is through: O(keys of the database).
// What is no escaped component is left out.
Result<std::vector<std::string>> ScanIds(store::Store& store, std::string_view before,
                                         std::string_view after, std::int64_t count = 100);

}  // namespace satchel::repos
