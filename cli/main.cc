// The `satchel` program.

#include <string>

#include "cli/commands.h"

namespace {

constexpr const char* kDescription =
    "Satchel is a store that speaks Redis: in this process, or on a Redis server.";

constexpr const char* kHelp = R"(Examples:
  satchel serve                   serve on 127.0.0.1:6379
  satchel serve --help            all flags of serve
  satchel config show --only-set  what is configured, and where
  satchel check satchel-data      read every checksum of a data directory
  satchel health                  ask a serving process whether it is ready
  satchel admin check --help      compare objects and indexes of the repositories
  satchel version

Exit codes: 0 ok, 1 finding or failure, 2 usage or configuration error, 3 store unreachable,
4 interrupted and resumable.)";

}  // namespace

int main(int argc, char** argv) {
  using namespace satchel::cli;
  CLI::App app(kDescription, "satchel");
  int exit_code = kExitOk;
  app.footer(kHelp);
  app.set_version_flag("--version", VersionLine());
  app.require_subcommand(1);
  AddServe(app, exit_code);
  AddConfig(app, exit_code);
  AddCheck(app, exit_code);
  AddAdmin(app, exit_code);
  AddHealth(app, exit_code);
  AddCommands(app, exit_code);
  AddParameters(app, exit_code);
  AddVersion(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return exit_code;
}
