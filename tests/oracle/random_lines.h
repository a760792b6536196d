// Lines of commands drawn at random from a file of templates.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/oracle/script.h"

namespace satchel::oracle {

// The same lines for the same file, seed and count. A line's number is its place in the run,
// from 1.
Result<std::vector<Line>> RandomLines(const std::string& file, std::uint64_t seed, int count);

}  // namespace satchel::oracle
