// `satchel serve`: a store in this process, served as Redis is.

#pragma once

#include <string>

#include "store/config/config.h"

namespace satchel::cli {

// Flags of one run that are no keys of the configuration.
struct ServeOptions {
  std::string ready_file;  // empty: none
  int ready_fd = -1;       // negative: none
};

// Serves until SIGTERM, SIGINT or SHUTDOWN. Returns the exit code.
int Serve(const store::Config& config, const ServeOptions& options);

}  // namespace satchel::cli
