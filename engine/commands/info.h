// INFO: the sections that the engine fills itself. Source: redis 7.0.15, INFO.

#pragma once

#include "engine/call.h"

namespace satchel::engine {

void Info(Call& call, Reply& reply);

// "1.50K": as the fields for people print sizes.
std::string HumanBytes(std::uint64_t bytes);

}  // namespace satchel::engine
