// The file that CONFIG REWRITE changes: a service that the program attaches when it was started
// from one.

#pragma once

#include <string>

#include "base/result.h"

namespace satchel::engine {

class ConfigFile {
 public:
  virtual ~ConfigFile() = default;
  virtual const std::string& path() const = 0;
  // Writes what was changed since the start into the file, which is replaced as a whole or not
  // at all. Under the lock. The error's detail is a reason without the path.
  virtual Result<void> Rewrite() = 0;
};

}  // namespace satchel::engine
