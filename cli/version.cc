#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.h"

namespace satchel::cli {

std::string_view Version() { return SATCHEL_VERSION; }
std::string_view Commit() { return SATCHEL_COMMIT; }

std::string VersionLine() {
  const std::string_view commit = SATCHEL_COMMIT;
  if (commit.empty()) return "satchel " SATCHEL_VERSION;
  return fmt::format("satchel {} (commit {})", SATCHEL_VERSION, commit);
}

void AddVersion(CLI::App& app, int& exit_code) {
  app.add_subcommand("version", "Print version and commit.")->callback([&exit_code] {
    std::puts(VersionLine().c_str());
    exit_code = kExitOk;
  });
}

}  // namespace satchel::cli
