// The program's log: one line per event, on stderr. Never key names or values at info level.

#pragma once

#include "store/config/config.h"

namespace satchel::cli {

void SetUpLog(const store::Config& config);

}  // namespace satchel::cli
