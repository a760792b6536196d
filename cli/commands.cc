// `satchel commands`: the rows as a page; tools/commands_page.py makes docs/commands.md of it.

#include <cstdio>
#include <map>

#include "base/text.h"
#include "cli/commands.h"
#include "engine/command_table.h"
#include "engine/commands/command_info.h"
#include "lua/commands.h"
#include "server/commands.h"
#include "snapshot/commands.h"

namespace satchel::cli {
namespace {

using engine::Command;
using engine::CommandTable;

CommandTable AllCommands() {
  const auto own = engine::EngineCommandTables();
  std::vector<std::span<const Command>> tables(own.begin(), own.end());
  tables.push_back(lua::ScriptCommands());
  tables.push_back(lua::FunctionCommands());
  tables.push_back(snapshot::SnapshotCommands());
  tables.push_back(server::ServerCommands());
  return CommandTable(tables);
}

// "at least 2" for a negative arity, the name counted.
std::string ArityText(const Command& command) {
  const std::string count = FormatInt(command.arity < 0 ? -command.arity : command.arity);
  return command.arity < 0 ? "at least " + count : count;
}

void PrintRow(const Command& command) {
  std::string categories;
  for (std::string_view category : engine::AclCategoriesOf(command)) {
    categories += (categories.empty() ? "" : " ") + std::string(category);
  }
  std::string name(command.name);
  if (command.parent != nullptr) name = std::string(command.parent->name) + " " + name;
  std::printf("| %s | %s | %s | %s | %.*s | %.*s |\n", name.c_str(),
              std::string(command.summary).c_str(), ArityText(command).c_str(), categories.c_str(),
              static_cast<int>(command.complexity.size()), command.complexity.data(),
              static_cast<int>(command.since.size()), command.since.data());
}

void PrintCommands() {
  const CommandTable table = AllCommands();
  std::map<std::string_view, std::vector<const Command*>> groups;
  std::size_t count = 0;
  for (const Command* command : table.all()) {
    groups[command->group].push_back(command);
    count += 1 + command->subcommands.size();
  }
  std::printf(
      "# Commands\n\n"
      "%zu commands, subcommands counted. Arguments count the command's own name; `since` is the\n"
      "version of Redis that brought the command. Differences are listed in "
      "[compat.md](compat.md).\n",
      count);
  for (const auto& [group, commands] : groups) {
    std::printf(
        "\n## %s\n\n| command | does | arguments | categories | cost | since |\n"
        "|---|---|---|---|---|---|\n",
        std::string(group).c_str());
    for (const Command* command : commands) {
      PrintRow(*command);
      for (const Command& row : command->subcommands) PrintRow(row);
    }
  }
}

}  // namespace

void AddCommands(CLI::App& app, int& exit_code) {
  app.add_subcommand("commands", "List all commands as Markdown: what they do, cost, version.")
      ->callback([&exit_code] {
        PrintCommands();
        exit_code = kExitOk;
      });
}

}  // namespace satchel::cli
