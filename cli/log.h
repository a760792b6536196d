// The program's log: one line per event, on stderr. Never key names or values at info level.

#pragma once

#include <string_view>

#include "base/result.h"

namespace satchel::cli {

// `level`: debug, info, warning or error. Error kConfig when it is another word.
Result<void> SetUpLog(std::string_view level);

}  // namespace satchel::cli
