// HELP of container commands, printed from their rows.

#pragma once

#include "engine/call.h"

namespace satchel::engine {

void ReplyHelp(Call& call, Reply& reply);

}  // namespace satchel::engine
