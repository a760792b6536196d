// Messages as RESP: an array in protocol 2, a push in protocol 3.

#pragma once

#include <memory>
#include <string>

#include "engine/session.h"

namespace satchel::server {

// Encoded at the first call for a protocol (2 or 3) and kept in the message. Under the
// execution lock.
const std::shared_ptr<const std::string>& EncodePush(const engine::PushMessage& message,
                                                     int protocol);

}  // namespace satchel::server
