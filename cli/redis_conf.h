// A redis.conf and the running server: its parameters go through CONFIG SET, and CONFIG REWRITE
// takes back to the file what was changed since.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/config_file.h"
#include "store/config/config.h"
#include "store/embedded/embedded_store.h"

namespace satchel::cli {

// Adds loglevel and logfile to CONFIG. Before a server runs.
void AddLogSettings(engine::Engine& engine, const store::LogConfig& log);

// Sets what the file gave. Before anybody can connect. Errors: kConfig, with file and line.
Result<void> ApplyParameters(store::EmbeddedStore& store, const store::Config& config);

// What ApplyParameters and the server would refuse, tried on a store that is thrown away.
std::vector<store::Finding> CheckParameters(const store::Config& config);

// Thread: under the execution lock.
class RedisConf final : public engine::ConfigFile {
 public:
  // Everything is as the file says it now. The engine outlives this.
  RedisConf(engine::Engine& engine, const std::string& path);

  const std::string& path() const override { return path_; }
  Result<void> Rewrite() override;

 private:
  // By directive; with `users` for the `user` lines.
  std::map<std::string, std::string, std::less<>> Current() const;

  engine::Engine& engine_;  // borrowed
  std::string path_;        // absolute
  std::map<std::string, std::string, std::less<>> written_;
};

}  // namespace satchel::cli
