// COMMAND and its subcommands: what the rows say, in the shapes of redis 7.0.15.

#pragma once

#include "engine/call.h"

namespace satchel::engine {

void CommandAll(Call& call, Reply& reply);
void CommandCount(Call& call, Reply& reply);
void CommandInfo(Call& call, Reply& reply);
void CommandDocs(Call& call, Reply& reply);
void CommandList(Call& call, Reply& reply);
void CommandGetkeys(Call& call, Reply& reply);
void CommandGetkeysandflags(Call& call, Reply& reply);

// "@read", ... in the order in which COMMAND INFO prints them.
std::vector<std::string_view> AclCategoriesOf(const Command& command);

}  // namespace satchel::engine
