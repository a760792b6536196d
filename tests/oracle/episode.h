// Episodes: short sequences of command lines that begin with empty servers. Valid and spoilt
// commands, transactions, watched keys, scripts and blocked clients, drawn at random.

#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "tests/oracle/random_lines.h"

namespace satchel::oracle {

// Lines of the format of README.md. Those that belong together, as MULTI and EXEC, are not kept
// together by anything but their order: any part of them is a valid sequence, too.
std::vector<std::string> DrawEpisode(const Templates& templates, Random& random, int length);

}  // namespace satchel::oracle
