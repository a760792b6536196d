// What MONITOR shows of a command: one line.
// Source: redis 7.0.15, MONITOR.

#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/engine.h"

namespace satchel::engine {

// '1339518083.107412 [0 127.0.0.1:60866] "get" "k"'; hidden arguments are "(redacted)".
std::string MonitorLine(const Session& session, Args args, std::int64_t now_us,
                        const std::function<bool(std::size_t)>& is_hidden);

}  // namespace satchel::engine
