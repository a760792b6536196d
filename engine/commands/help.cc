#include "engine/commands/help.h"

namespace satchel::engine {

void ReplyHelp(Call& call, Reply& reply) {
  const Command& container = *call.command().parent;
  reply.BeginArray(1 + 2 * container.subcommands.size());
  reply.Status(std::string(container.name) +
               " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const Command& row : container.subcommands) {
    reply.Status(row.name);
    reply.Status("    " + std::string(row.summary));
  }
}

}  // namespace satchel::engine
