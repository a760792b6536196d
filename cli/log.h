// The program's log: one line per event, on stderr. Never key names or values at info level.

#pragma once

#include "base/result.h"
#include "store/config/config.h"

namespace satchel::cli {

// Errors: kIo, of the log file.
Result<void> SetUpLog(const store::Config& config);

}  // namespace satchel::cli
