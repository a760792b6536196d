// CommandTable: all rows of a process, found by name. Built once from the tables that the
// folders offer and shared by every store; immutable after that. It works on copies of the
// rows, so that each has its index and knows its container.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/command.h"

namespace satchel::engine {

class CommandTable {
 public:
  // Requires names unique over all tables.
  explicit CommandTable(std::span<const std::span<const Command>> tables);

  // Case is ignored. Null when unknown. O(1).
  const Command* Find(std::string_view name) const;
  // The row to run: for a container the subcommand's row, or null when it is unknown.
  static const Command* FindSubcommand(const Command& container, std::string_view name);

  // Without subcommands, in order of name.
  const std::vector<const Command*>& all() const { return all_; }
  // Rows with subcommands: what Command::index is below.
  std::size_t indexes() const { return rows_.size(); }
  // By Command::index.
  const Command& at(std::size_t index) const { return rows_[index]; }
  // "get", or "config|set" for a subcommand.
  static std::string FullName(const Command& command);

 private:
  struct Slot {
    std::uint64_t hash = 0;
    const Command* command = nullptr;
  };
  static std::uint64_t HashName(std::string_view name);

  std::vector<Command> rows_;  // never resized once built; subcommands lie together
  std::vector<Slot> slots_;    // open addressing, a power of two
  std::vector<const Command*> all_;
};

// The tables of engine/commands.
std::span<const std::span<const Command>> EngineCommandTables();

}  // namespace satchel::engine
