// Small files as a whole: of users, of configuration.

#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace satchel::server {

// Errors: kIo; the detail begins with `what`. At most 64 MB.
Result<std::string> ReadWholeFile(const std::string& path, std::string_view what);

// Replaces the file as a whole or not at all, on disk when it returns. Errors: kIo.
Result<void> ReplaceFile(const std::string& path, std::string_view text, mode_t mode);

}  // namespace satchel::server
