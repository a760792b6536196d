// Episodes: short sequences of command lines that begin with empty servers. Valid and spoilt
// commands, transactions, watched keys, scripts and blocked clients, drawn at random.

#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "tests/oracle/random_lines.h"

namespace satchel::oracle {

// One or more lines of the format of README.md that only make sense together. Any part of an
// episode, step by step, is a valid one.
using Step = std::vector<std::string>;
std::vector<Step> DrawEpisode(const Templates& templates, Random& random, int length);

}  // namespace satchel::oracle
