// What a served store counts, in the Prometheus text format 0.0.4; docs/metrics.md.
// Takes the execution lock once, for as long as the numbers take to copy.

#pragma once

#include <string>

#include "server/server.h"

namespace satchel::server {

std::string MetricsText(store::EmbeddedStore& store, const Server& server);

}  // namespace satchel::server
