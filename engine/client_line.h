// One line of CLIENT LIST: also what the ACL log keeps of a client.
// Source: redis 7.0.15, with the fields that later versions appended.

#pragma once

#include <string>

#include "engine/session.h"

namespace satchel::engine {

// Without an end of line. Passwords are in none of its fields.
std::string ClientLine(const Session& session, std::int64_t now_ms);

}  // namespace satchel::engine
