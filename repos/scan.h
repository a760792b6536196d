// Keys by pattern: for the few lists that have no index.

#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace satchel::repos {

// Each page of SCAN over a pattern, its keys once, as long as `take` says true; its error is the
// result. A key may be on two pages. Requires a positive COUNT.
Result<void> ScanPages(store::Store& store, const std::string& pattern, std::int64_t count,
                       const std::function<Result<bool>(const std::set<std::string>&)>& take);

// The keys that `before` and `after` enclose, as what stands between, unescaped, in order of
// their bytes, each once. SCAN with this COUNT until it is through: O(keys of the database).
// What is no escaped component is left out.
Result<std::vector<std::string>> ScanIds(store::Store& store, std::string_view before,
                                         std::string_view after, std::int64_t count = 100);

}  // namespace satchel::repos
