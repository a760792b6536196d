// `satchel serve`: a store in this process, served as Redis is.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace satchel::cli {

// As the flags say; see `satchel serve --help`.
struct ServeOptions {
  std::string config;
  std::string mode = "standalone";
  std::string port = "6379";  // a number or "auto"
  std::vector<std::string> bind = {"127.0.0.1"};
  std::string unix_socket;
  std::string unix_socket_mode = "0600";
  int loops = 1;
  std::int64_t max_clients = 10000;
  std::string data_dir = "satchel-data";
  bool in_memory = false;
  std::string durability;  // empty: "snapshot", or "none" in memory
  int databases = 16;
  std::string password;
  std::string ready_file;
  int ready_fd = -1;
  std::string log_level = "info";
};

// Errors kConfig: the first thing that is wrong, and what to do.
Result<void> CheckServeOptions(const ServeOptions& options);

// Serves until SIGTERM, SIGINT or SHUTDOWN. Returns the exit code.
int Serve(const ServeOptions& options);

}  // namespace satchel::cli
