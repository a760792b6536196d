// `satchel admin sweep`.

#include <fmt/format.h>

#include <cstdio>

#include "cli/admin.h"
#include "cli/commands.h"
#include "repos/check/stats.h"
#include "repos/json.h"
#include "repos/retention.h"
#include "repos/sweeper.h"

namespace satchel::cli {
namespace {

constexpr std::string_view kHelp = R"(Examples:
  satchel admin sweep --url redis://localhost:6379
  satchel admin sweep --data-dir satchel-data --tenant all
  satchel admin sweep --reapply --workflow-retention 10d   other deadlines for what has ended

Removes what has expired, with its index entries, until nothing is due. One process sweeps a tenant
at a time; where another one does, this one says so and goes on with the next.
Exit codes: 0 ok, 1 failed, 2 usage or configuration error, 3 the store cannot be reached,
4 interrupted; run it again.)";

struct Options {
  AdminOptions admin;
  std::int64_t batch = 500;
  bool reapply = false;
};

struct Swept {
  std::vector<std::string> tenants;
  std::vector<std::string> skipped;
  repos::SweepReport removed;
  repos::RetentionReport rewritten;
};

void Add(repos::SweepReport& all, const repos::SweepReport& one) {
  all.workflows += one.workflows;
  all.tasks += one.tasks;
  all.renewed += one.renewed;
  all.dropped += one.dropped;
  all.vanished += one.vanished;
  all.records += one.records;
  all.checkpoints += one.checkpoints;
  all.lag_ms = std::max(all.lag_ms, one.lag_ms);
}

bool IsNothing(const repos::SweepReport& report) {
  return report.workflows + report.tasks + report.renewed + report.dropped + report.vanished +
             report.records + report.checkpoints ==
         0;
}

Result<void> Reapply(const AdminScope& scope, const repos::RepoOptions& repo,
                     const Options& options, const AdminStores& stores, const std::stop_token& stop,
                     Swept& swept) {
  const repos::RetentionOptions retention{.repo = repo,
                                          .workflow_retention = scope.config.workflow.retention,
                                          .task_retention = scope.config.task.retention,
                                          .batch = options.batch};
  SATCHEL_ASSIGN(const auto report,
                 repos::ReapplyRetention(stores.Of(store::Component::kWorkflow), retention, stop));
  swept.rewritten.workflows += report.workflows;
  swept.rewritten.tasks += report.tasks;
  swept.rewritten.unchanged += report.unchanged;
  swept.rewritten.busy += report.busy;
  return {};
}

Result<void> SweepTenant(const AdminScope& scope, const std::string& tenant, const Options& options,
                         const AdminStores& stores, const std::stop_token& stop, Swept& swept) {
  store::Config config = scope.config;
  config.tenant = tenant;
  repos::RepoOptions repo = scope.repo;
  repo.tenant = tenant;
  if (options.reapply) SATCHEL_TRY(Reapply(scope, repo, options, stores, stop, swept));
  SATCHEL_ASSIGN(
      const auto provider,
      repos::Provider::Over(
          config, [&](store::Component component) -> store::Store& { return stores.Of(component); },
          repo));
  repos::Sweeper sweeper(
      *provider, {.repo = repo, .task_retention = config.task.retention, .batch = options.batch});
  swept.tenants.push_back(tenant);
  while (!stop.stop_requested()) {
    SATCHEL_ASSIGN(const auto report, sweeper.Run(stop));
    if (report.is_skipped) swept.skipped.push_back(tenant);
    Add(swept.removed, report);
    if (report.is_skipped || IsNothing(report)) return {};
  }
  return {};
}

Result<Swept> Sweep(const Options& options, const AdminScope& scope, const AdminStores& stores,
                    const std::stop_token& stop) {
  std::vector<std::string> tenants = {scope.repo.tenant};
  if (scope.all_tenants) {
    SATCHEL_ASSIGN(tenants,
                   repos::check::TenantsOf(stores.Of(store::Component::kWorkflow), scope.repo));
  }
  Swept swept;
  for (const std::string& tenant : tenants) {
    if (stop.stop_requested()) break;
    SATCHEL_TRY(SweepTenant(scope, tenant, options, stores, stop, swept));
  }
  return swept;
}

std::string JsonOf(const Swept& swept, bool complete) {
  std::string skipped;
  for (const std::string& tenant : swept.skipped) {
    skipped += (skipped.empty() ? "" : ", ") + repos::JsonString(tenant);
  }
  const repos::SweepReport& removed = swept.removed;
  return fmt::format(
      "{{\"format\": 1, \"complete\": {}, \"tenants\": {}, \"skipped_tenants\": [{}],\n"
      " \"removed\": {{\"workflows\": {}, \"tasks\": {}, \"records\": {}, \"checkpoints\": {}}},\n"
      " \"renewed\": {}, \"dropped\": {}, \"vanished\": {}, \"lag_ms\": {},\n"
      " \"reapplied\": {{\"workflows\": {}, \"tasks\": {}, \"unchanged\": {}, \"busy\": {}}}}}\n",
      complete, swept.tenants.size(), skipped, removed.workflows, removed.tasks, removed.records,
      removed.checkpoints, removed.renewed, removed.dropped, removed.vanished, removed.lag_ms,
      swept.rewritten.workflows, swept.rewritten.tasks, swept.rewritten.unchanged,
      swept.rewritten.busy);
}

std::string TextOf(const Swept& swept, bool reapply) {
  const repos::SweepReport& removed = swept.removed;
  std::string text;
  const auto line = [&](std::string_view what, std::uint64_t count) {
    text += fmt::format("{:<36}{:>10}\n", what, count);
  };
  line("tenants", swept.tenants.size());
  if (reapply) {
    line("workflows with another deadline", swept.rewritten.workflows);
    line("tasks with another deadline", swept.rewritten.tasks);
    line("changed meanwhile, left alone", swept.rewritten.busy);
  }
  line("workflows removed", removed.workflows);
  line("tasks removed", removed.tasks);
  line("records removed", removed.records);
  line("checkpoints removed", removed.checkpoints);
  line("tasks of active workflows renewed", removed.renewed);
  line("entries of vanished objects dropped", removed.vanished);
  line("entries without deadline dropped", removed.dropped);
  for (const std::string& tenant : swept.skipped) {
    text += fmt::format("another process sweeps tenant \"{}\"\n", tenant);
  }
  return text;
}

int Run(const Options& options) {
  const auto scope = ReadScope(options.admin);
  if (!scope) return kExitUsage;
  const StopOnSignal signal;
  std::vector<store::Component> components;
  for (std::size_t i = 0; i < store::kComponents; ++i) {
    components.push_back(static_cast<store::Component>(i));
  }
  auto stores = AdminStores::Open(*scope, components);
  if (!stores) return AdminFailure(stores.error());
  const auto swept = Sweep(options, *scope, **stores, signal.token());
  const auto closed = (*stores)->Close(true);
  if (!swept) return AdminFailure(swept.error());
  const bool complete = !signal.token().stop_requested();
  if (options.admin.output == "json") {
    std::fputs(JsonOf(*swept, complete).c_str(), stdout);
  } else if (!options.admin.quiet) {
    std::fputs(TextOf(*swept, options.reapply).c_str(), stdout);
  }
  if (!closed) return AdminFailure(closed.error());
  return complete ? kExitOk : kExitInterrupted;
}

}  // namespace

void AddAdminSweep(CLI::App& admin, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* sweep = admin.add_subcommand("sweep", "Remove what has expired, until nothing is due.");
  sweep->footer(std::string(kHelp));
  AddAdminFlags(*sweep, options->admin, false);
  sweep->add_option("--batch", options->batch, "Objects a step")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  sweep->add_flag("--reapply", options->reapply,
                  "Rewrite the deadlines of what has ended by today's retention first");
  sweep->callback([options, &exit_code] { exit_code = Run(*options); });
}

}  // namespace satchel::cli
