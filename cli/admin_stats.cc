// `satchel admin stats`.

#include <cstdio>

#include "cli/admin.h"
#include "cli/commands.h"
#include "repos/check/stats.h"

namespace satchel::cli {
namespace {

constexpr std::string_view kHelp = R"(Examples:
  satchel admin stats --url redis://localhost:6379
  satchel admin stats --data-dir satchel-data --tenant all --output json

Bytes are estimated from a sample of the keys. The lag is how long the oldest deadline has passed:
`satchel admin sweep` removes what has expired.
Exit codes: 0 ok, 1 failed, 2 usage or configuration error, 3 the store cannot be reached,
4 interrupted.)";

struct Options {
  AdminOptions admin;
  std::int64_t batch = 200;
};

// Entities may live in two stores.
Result<repos::check::Stats> Count(const Options& options, const AdminScope& scope,
                                  const AdminStores& stores, const std::stop_token& stop) {
  std::map<store::Store*, std::vector<repos::check::Entity>> places;
  for (const repos::check::Entity entity : scope.entities) {
    places[&stores.Of(repos::check::ComponentOf(entity))].push_back(entity);
  }
  repos::check::Stats all;
  for (const auto& [place, entities] : places) {
    const repos::check::StatsOptions count{.repo = scope.repo,
                                           .all_tenants = scope.all_tenants,
                                           .entities = entities,
                                           .batch = options.batch};
    SATCHEL_ASSIGN(const auto stats, repos::check::CountEntities(*place, count, stop));
    all.Add(stats);
  }
  return all;
}

int Run(const Options& options) {
  const auto scope = ReadScope(options.admin);
  if (!scope) return kExitUsage;
  const StopOnSignal signal;
  std::vector<store::Component> components;
  for (const auto entity : scope->entities) {
    components.push_back(repos::check::ComponentOf(entity));
  }
  auto stores = AdminStores::Open(*scope, components);
  if (!stores) return AdminFailure(stores.error());
  const auto stats = Count(options, *scope, **stores, signal.token());
  if (signal.token().stop_requested()) return kExitInterrupted;
  if (!stats) return AdminFailure(stats.error());
  const std::string text = options.admin.output == "json"
                               ? stats->ToJson()
                               : stats->ToTable(RealClock::Instance().NowMs());
  std::fputs(text.c_str(), stdout);
  return kExitOk;
}

}  // namespace

void AddAdminStats(CLI::App& admin, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* stats =
      admin.add_subcommand("stats", "Count objects, indexes, memory and deadlines by tenant.");
  stats->footer(std::string(kHelp));
  AddAdminFlags(*stats, options->admin);
  stats->add_option("--batch", options->batch, "Keys a step")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  stats->callback([options, &exit_code] { exit_code = Run(*options); });
}

}  // namespace satchel::cli
