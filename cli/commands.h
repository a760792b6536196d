// The subcommands of the `satchel` program. Each lives in a file of its own and offers one
// function, which adds the subcommand to the parser; when it is chosen, it runs and leaves
// the program's exit code.

#pragma once

#include <CLI/CLI.hpp>

namespace satchel::cli {

// What the shell sees.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailure = 1,      // a finding, or something failed
  kExitUsage = 2,        // wrong flags or configuration, or the machine does not allow them
  kExitUnreachable = 3,  // the store did not answer
  kExitInterrupted = 4,  // and can be resumed
};

void AddAdmin(CLI::App& app, int& exit_code);
void AddHealth(CLI::App& app, int& exit_code);
void AddServe(CLI::App& app, int& exit_code);
void AddConfig(CLI::App& app, int& exit_code);
void AddCheck(CLI::App& app, int& exit_code);
void AddCommands(CLI::App& app, int& exit_code);
void AddParameters(CLI::App& app, int& exit_code);
void AddVersion(CLI::App& app, int& exit_code);

// "0.1.0", and the commit it was built from, "" when that is unknown.
std::string_view Version();
std::string_view Commit();
// "satchel 0.1.0 (commit 1a2b3c4)"
std::string VersionLine();

}  // namespace satchel::cli
