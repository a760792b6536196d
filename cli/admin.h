// What the subcommands of `satchel admin` share: which store they work on, and how they end.

#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "cli/process.h"
#include "repos/check/finding.h"
#include "repos/options.h"
#include "store/config/config.h"
#include "store/embedded/embedded_store.h"
#include "store/store.h"

namespace satchel::cli {

// The flags that all of them take.
struct AdminOptions {
  std::shared_ptr<store::ConfigSources> sources;
  std::string url;  // empty: not given
  std::string entities = "all";
  std::string output = "table";
  bool quiet = false;
};
void AddAdminFlags(CLI::App& command, AdminOptions& options, bool has_entities = true);

// What the flags and the configuration come to.
struct AdminScope {
  store::Config config = {};
  repos::RepoOptions repo = {};
  bool all_tenants = false;
  std::vector<repos::check::Entity> entities = {};
};
// Prints what is wrong and is empty then.
std::optional<AdminScope> ReadScope(const AdminOptions& options);

// The stores of some entities. A data directory is opened under its lock: nobody else has it
// meanwhile, and it is written only by Close.
class AdminStores {
 public:
  // Errors: kConfig when there is nothing to open; those of the stores.
  static Result<std::unique_ptr<AdminStores>> Open(const AdminScope& scope,
                                                   const std::vector<store::Component>& components);

  store::Store& Of(store::Component component) const;
  // Nobody else writes.
  bool is_alone() const { return remote_ == nullptr; }
  // Gives a data directory back; with a last snapshot if anything was to be changed.
  Result<void> Close(bool save);

 private:
  explicit AdminStores(store::Config config) : config_(std::move(config)) {}
  Result<void> OpenDirectory();

  const store::Config config_;
  std::unique_ptr<store::EmbeddedStore> embedded_;  // null unless needed, both
  std::unique_ptr<store::Store> remote_;
};

// Asks for a stop when the process is told to end. Make it before any store is opened.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  std::stop_token token() const { return stop_.get_token(); }

 private:
  EndOfProcess end_;
  std::stop_source stop_;
  std::thread waiter_;
};

// Prints the error; the exit code it stands for.
int AdminFailure(const Error& error);

void AddAdminCheck(CLI::App& admin, int& exit_code);
void AddAdminSweep(CLI::App& admin, int& exit_code);
void AddAdminStats(CLI::App& admin, int& exit_code);

}  // namespace satchel::cli
