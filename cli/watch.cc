#include "cli/watch.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "cli/commands.h"
#include "repos/options.h"
#include "server/metrics.h"

namespace satchel::cli {
namespace {

constexpr std::string_view kPrometheus = "text/plain; version=0.0.4; charset=utf-8";

std::string FixedMetrics(const store::Config& config) {
  std::string text = fmt::format(
      "# HELP satchel_build_info What runs; always 1.\n# TYPE satchel_build_info gauge\n"
      "satchel_build_info{{version=\"{}\",commit=\"{}\"}} 1\n"
      "# HELP satchel_component_mode Where a component's data is; always 1.\n"
      "# TYPE satchel_component_mode gauge\n",
      Version(), Commit());
  for (std::size_t i = 0; i < store::kComponents; ++i) {
    const auto component = static_cast<store::Component>(i);
    text += fmt::format("satchel_component_mode{{component=\"{}\",mode=\"{}\"}} 1\n",
                        store::ComponentName(component),
                        store::ModeName(config.EffectiveMode(component)));
  }
  return text;
}

repos::HealthOptions HealthOptionsOf(const store::Config& config, store::EmbeddedStore& store,
                                     server::Server& server, const WatchedParts& parts) {
  repos::HealthOptions health{
      .repo = repos::RepoOptionsOf(config), .mode = "standalone", .vitals = [&store, &server] {
        server.Pulse();
        return store.ReadVitals();
      }};
  if (parts.last_sweep_us) {
    health.sweep_interval = config.sweep.interval;
    health.last_sweep_us = parts.last_sweep_us;
  }
  health.pulses["loops"] = [&server] { return server.last_pulse_us(); };
  health.pulses["housekeeping"] = [&store] { return store.last_tick_us(); };
  return health;
}

}  // namespace

Watched::Watched(const store::Config& config, store::EmbeddedStore& store, server::Server& server,
                 WatchedParts parts)
    : store_(store),
      server_(server),
      parts_(std::move(parts)),
      fixed_metrics_(FixedMetrics(config)),
      health_(HealthOptionsOf(config, store, server, parts_)),
      checks_([this](const std::stop_token& stop) { health_.Watch(stop); }) {}

server::HttpPage Watched::Metrics() const {
  server::HttpPage page{.type = std::string(kPrometheus), .body = fixed_metrics_};
  page.body += server::MetricsText(store_, server_);
  if (parts_.more_metrics) page.body += parts_.more_metrics();
  return page;
}

Result<std::unique_ptr<Watched>> Watched::Start(const store::Config& config,
                                                store::EmbeddedStore& store, server::Server& server,
                                                WatchedParts parts) {
  if (!config.http.enabled) return std::unique_ptr<Watched>();
  std::unique_ptr<Watched> watched(new Watched(config, store, server, std::move(parts)));
  Watched* const self = watched.get();
  const bool automatic = config.http.port == store::ListenConfig::kAutoPort;
  auto http = server::HttpServer::Start(
      {.address = config.http.address,
       .port = automatic ? std::uint16_t{0} : static_cast<std::uint16_t>(config.http.port),
       .pages = {{"/metrics", [self] { return self->Metrics(); }},
                 {"/healthz",
                  [self] {
                    return server::HttpPage{.status = self->health_.Stalled().empty() ? 200 : 503,
                                            .body = self->health_.LiveJson()};
                  }},
                 {"/readyz", [self] {
                    const repos::HealthReport report = self->health_.Read();
                    return server::HttpPage{.status = report.is_ready() ? 200 : 503,
                                            .body = report.ToJson()};
                  }}}});
  if (http) {
    watched->http_ = std::move(*http);
    return watched;
  }
  if (config.is_set("http.port") || config.is_set("http.address")) return std::move(http.error());
  spdlog::warn("no metrics and health over HTTP: {}", http.error().detail);
  return std::unique_ptr<Watched>();
}

}  // namespace satchel::cli
