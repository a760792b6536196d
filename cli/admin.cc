// `satchel admin`: looks after what the repositories keep.

#include "cli/admin.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/check.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "store/open.h"

namespace satchel::cli {
namespace {

using repos::check::Entity;

constexpr std::string_view kHelp = R"(Which store:
  --url URL        a running server: redis://localhost:6379, or one that `satchel serve` runs
  --data-dir DIR   a data directory that no process has open
  neither          what the configuration says, as `satchel serve` would read it

Exit codes: 0 ok, 1 drift remains or something failed, 2 usage or configuration error,
3 the store cannot be reached (or another process has the data directory), 4 interrupted.)";

Result<std::vector<Entity>> EntitiesOf(const std::string& names) {
  std::vector<Entity> entities;
  for (const std::string_view name : Split(names, ',')) {
    if (name == "all") {
      entities.clear();
      for (std::size_t i = 0; i < repos::check::kEntities; ++i) {
        entities.push_back(static_cast<Entity>(i));
      }
      return entities;
    }
    const auto entity = repos::check::ParseEntity(name);
    if (!entity) {
      return MakeError(ErrorCode::kConfig,
                       fmt::format("--entity: \"{}\" is none (auth, workflow, task, tasks_backend, "
                                   "checkpoint, memory, resource, or all)",
                                   Printable(name)));
    }
    if (std::ranges::find(entities, *entity) == entities.end()) entities.push_back(*entity);
  }
  return entities;
}

void UseOneMode(store::Config& config, store::Mode mode) {
  config.mode = mode;
  config.component_modes.fill(store::Mode::kInherit);
}

}  // namespace

void AddAdminFlags(CLI::App& command, AdminOptions& options, bool has_entities) {
  options.sources = AddConfigFlags(command);
  for (CLI::Option* option : command.get_options()) {
    const std::string name = option->get_name();
    const bool is_wanted = name == "--config" || name == "--tenant" || name == "--data-dir" ||
                           name == "--help" || name == "FILE.conf";
    // Every key is a flag; `satchel serve --help` lists them.
    option->group(is_wanted ? "Options" : "");
    if (name == "--tenant") option->description("One tenant, or all (default: the configured one)");
    if (name == "--data-dir") option->description("A data directory that no process has open");
  }
  command.add_option("--url", options.url, "The server: redis://[user[:pass]@]host[:port][/db]");
  if (has_entities)
    command
        .add_option("--entity", options.entities,
                    "auth, workflow, task, tasks_backend, checkpoint, memory, resource: some of "
                    "them with commas, or all")
        ->capture_default_str();
  command.add_option("--output", options.output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  command.add_flag("--quiet", options.quiet, "No progress and no table");
}

std::optional<AdminScope> ReadScope(const AdminOptions& options) {
  const auto fail = [](const std::string& text) -> std::optional<AdminScope> {
    std::fprintf(stderr, "satchel: %s\n", text.c_str());
    return std::nullopt;
  };
  auto loaded = LoadOrExplain(*options.sources);
  if (!loaded) return std::nullopt;
  AdminScope scope{.config = std::move(loaded->config)};
  store::Config& config = scope.config;
  const bool has_dir = config.origin("persistence.data_dir").source == store::Origin::Source::kFlag;
  if (!options.url.empty() && has_dir) return fail("--url and --data-dir: one of them");
  if (!options.url.empty()) {
    if (auto seed = store::ParseSeed(options.url); !seed) return fail(seed.error().detail);
    UseOneMode(config, store::Mode::kDistributed);
    config.distributed.seeds = {options.url};
  } else if (has_dir) {
    UseOneMode(config, store::Mode::kStandalone);
    config.persistence.enabled = true;
    config.persistence.durability = store::Durability::kSnapshot;
  }
  scope.repo = repos::RepoOptionsOf(config);
  if (config.origin("tenant").source == store::Origin::Source::kFlag && config.tenant == "all") {
    scope.all_tenants = true;
    scope.repo.tenant.clear();
  }
  auto entities = EntitiesOf(options.entities);
  if (!entities) return fail(entities.error().detail);
  scope.entities = std::move(*entities);
  return scope;
}

Result<void> AdminStores::OpenDirectory() {
  const store::PersistenceConfig& persistence = config_.persistence;
  const std::string& dir = persistence.data_dir;
  if (!persistence.enabled || persistence.durability == store::Durability::kNone) {
    return MakeError(ErrorCode::kConfig,
                     "standalone without persistence: there is no store outside of the process "
                     "that has it; name its server with --url");
  }
  std::error_code error;
  if (!std::filesystem::is_directory(dir, error) || std::filesystem::is_empty(dir, error)) {
    return MakeError(ErrorCode::kConfig,
                     fmt::format("{}: holds no data; name a data directory with --data-dir, or a "
                                 "server with --url",
                                 dir));
  }
  store::EmbeddedOptions options = store::EmbeddedOptionsOf(config_);
  options.snapshot_interval = std::chrono::milliseconds(0);
  options.snapshot_on_shutdown = false;
  auto opened = store::EmbeddedStore::Open(options);
  if (!opened && opened.error().code == ErrorCode::kLocked) {
    opened.error().detail += "; stop it, or name its server with --url";
  }
  if (!opened) return std::move(opened.error());
  embedded_ = std::move(*opened);
  return {};
}

Result<std::unique_ptr<AdminStores>> AdminStores::Open(
    const AdminScope& scope, const std::vector<store::Component>& components) {
  std::unique_ptr<AdminStores> stores(new AdminStores(scope.config));
  const auto any_in = [&](store::Mode mode) {
    return std::ranges::any_of(components, [&](store::Component component) {
      return scope.config.EffectiveMode(component) == mode;
    });
  };
  if (any_in(store::Mode::kStandalone)) SATCHEL_TRY(stores->OpenDirectory());
  if (any_in(store::Mode::kDistributed)) {
    SATCHEL_ASSIGN(const store::RemoteOptions options, store::RemoteOptionsOf(scope.config));
    SATCHEL_ASSIGN(stores->remote_, store::RemoteStore::Open(options));
    SATCHEL_TRY(stores->remote_->Run({"PING"}));
  }
  return stores;
}

store::Store& AdminStores::Of(store::Component component) const {
  const bool standalone = config_.EffectiveMode(component) == store::Mode::kStandalone;
  SATCHEL_CHECK(standalone ? embedded_ != nullptr : remote_ != nullptr);
  if (standalone) return *embedded_;
  return *remote_;
}

Result<void> AdminStores::Close(bool save) {
  using Final = snapshot::Snapshotter::Final;
  if (embedded_ == nullptr) return {};
  return embedded_->Close(save ? Final::kSave : Final::kNothing);
}

StopOnSignal::StopOnSignal() {
  waiter_ = std::thread([this] {
    if (end_.Wait() != "SHUTDOWN") stop_.request_stop();
  });
}

StopOnSignal::~StopOnSignal() {
  end_.Ask();
  waiter_.join();
}

int AdminFailure(const Error& error) {
  std::fprintf(stderr, "satchel: %s\n", error.detail.c_str());
  switch (error.code) {
    case ErrorCode::kConfig:
    case ErrorCode::kInvalidArgument:
      return kExitUsage;
    case ErrorCode::kUnavailable:
    case ErrorCode::kMaybeExecuted:
    case ErrorCode::kTimeout:
    case ErrorCode::kClosed:
    case ErrorCode::kLocked:
      return kExitUnreachable;
    default:
      return kExitFailure;
  }
}

void AddAdmin(CLI::App& app, int& exit_code) {
  CLI::App* admin =
      app.add_subcommand("admin", "Check, repair, sweep and count what the repositories keep.");
  admin->footer(std::string(kHelp));
  admin->require_subcommand(1);
  AddAdminCheck(*admin, exit_code);
  AddAdminSweep(*admin, exit_code);
  AddAdminStats(*admin, exit_code);
}

}  // namespace satchel::cli
