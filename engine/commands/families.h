// The row tables of engine/commands, one a family; EngineCommandTables() joins them.

#pragma once

#include <span>

#include "engine/command.h"

namespace satchel::engine {

std::span<const Command> AclCommands();
std::span<const Command> ReplicationCommands();
std::span<const Command> StringCommands();
std::span<const Command> BitmapCommands();
std::span<const Command> LcsCommands();
std::span<const Command> GeoCommands();
std::span<const Command> HyperLogLogCommands();
std::span<const Command> SortCommands();
std::span<const Command> KeyCommands();
std::span<const Command> HashCommands();
std::span<const Command> HashFieldCommands();
std::span<const Command> ListCommands();
std::span<const Command> SetCommands();
std::span<const Command> SortedSetCommands();
std::span<const Command> StreamCommands();
std::span<const Command> TransactionCommands();
std::span<const Command> PubSubCommands();
std::span<const Command> ConnectionCommands();
std::span<const Command> ServerCommands();
std::span<const Command> DumpCommands();

}  // namespace satchel::engine
