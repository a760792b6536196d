// The texts of error replies and refusals that more than one place of this folder gives.
// Source: redis 7.0.15 where it has them.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace satchel::snapshot {

inline constexpr std::string_view kSaveInProgress = "ERR Background save already in progress";
inline constexpr std::string_view kInMemoryOnly =
    "ERR the data is kept in memory only: set persistence.enabled = true and "
    "persistence.data_dir to save it";
inline constexpr std::string_view kStopWrites =
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to "
    "disk. Commands that may modify the data set are disabled, because this instance is "
    "configured to report errors during writes if RDB snapshotting fails "
    "(stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB "
    "error.";

// "FILE: REASON; run `satchel check DIR`".
inline Error StoreError(ErrorCode code, std::string_view file, std::string_view reason,
                        std::string_view dir) {
  return MakeError(code, std::string(file) + ": " + std::string(reason) + "; run `satchel check " +
                             std::string(dir) + "`");
}

}  // namespace satchel::snapshot
