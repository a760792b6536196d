// What a client must know of a command before it sends it: from the command rows.

#pragma once

#include <chrono>
#include <optional>

#include "base/result.h"
#include "store/store.h"

namespace satchel::store {

struct CommandTraits {
  bool readonly = false;  // sending it twice does no harm
  bool blocking = false;  // the reply may take long: no other command must wait behind it
  // How long a blocking command may take by its own arguments; empty: for ever.
  std::optional<std::chrono::milliseconds> span = std::chrono::milliseconds(0);
};

// Unknown commands have no traits. O(arguments).
CommandTraits TraitsOf(Args args);

// kInvalidArgument for what would end the order of command and reply on any connection:
// SUBSCRIBE, MONITOR, CLIENT REPLY and their like.
Result<void> CheckAnswered(Args args);

}  // namespace satchel::store
