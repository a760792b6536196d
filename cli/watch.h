// Watched: what a serving process tells over HTTP: /metrics, /healthz and /readyz.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "repos/health.h"
#include "server/http.h"
#include "server/server.h"

namespace satchel::cli {

// What it asks beside the store and the server; all of it may be empty.
struct WatchedParts {
  std::function<std::int64_t()> last_sweep_us;  // empty: nobody sweeps
  std::function<std::string()> more_metrics;    // in the Prometheus text format
};

class Watched {
 public:
  // Answers when it returns; null when HTTP is off, or when the port nobody asked for is taken,
  // which is logged. Store and server outlive it. Errors: kIo, naming the address.
  static Result<std::unique_ptr<Watched>> Start(const store::Config& config,
                                                store::EmbeddedStore& store, server::Server& server,
                                                WatchedParts parts);

  std::uint16_t port() const { return http_->port(); }

 private:
  Watched(const store::Config& config, store::EmbeddedStore& store, server::Server& server,
          WatchedParts parts);
  server::HttpPage Metrics() const;

  store::EmbeddedStore& store_;  // borrowed
  server::Server& server_;       // borrowed
  const WatchedParts parts_;
  const std::string fixed_metrics_;  // build and modes
  repos::Health health_;
  std::jthread checks_;
  std::unique_ptr<server::HttpServer> http_;
};

}  // namespace satchel::cli
