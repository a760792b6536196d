#include "cli/serve.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <optional>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/log.h"
#include "cli/process.h"
#include "cli/redis_conf.h"
#include "cli/watch.h"
#include "repos/metrics.h"
#include "repos/sweep_job.h"
#include "server/server.h"

namespace satchel::cli {
namespace {

constexpr std::string_view kHelp = R"(Examples:
  satchel serve                                  on 127.0.0.1:6379
  satchel serve --port auto --ready-file R       on a free port, written to R once it serves
  satchel serve /etc/redis/redis.conf            as the file says; flags count more
  satchel serve --port 0 --unix-socket /run/s    on a Unix socket only
  redis-cli -p 6379 SET greeting hello           any Redis client will do

Exit codes: 0 ended in an orderly way (SIGTERM, SIGINT, SHUTDOWN), 1 the data cannot be
read or the last snapshot failed, 2 wrong flags or configuration, or an address that cannot be used.)";

// Descriptors beside those of clients: listeners, loops, files.
constexpr std::uint64_t kOwnDescriptors = 64;

server::ServerOptions ServerOptionsOf(
    const store::Config& config,
    const std::function<void(const server::ShutdownRequest&)>& on_shutdown) {
  const store::ListenConfig& listen = config.listen;
  const bool automatic = listen.port == store::ListenConfig::kAutoPort;
  server::ServerOptions server{
      .port = automatic ? std::uint16_t{0} : static_cast<std::uint16_t>(listen.port),
      .unix_socket = listen.unix_socket,
      .unix_socket_mode = static_cast<mode_t>(listen.unix_socket_mode),
      .loops = static_cast<int>(listen.loops),
      .backlog = static_cast<int>(listen.backlog),
      .max_clients = listen.max_clients,
      .idle_timeout_s = listen.idle_timeout / std::chrono::seconds(1),
      .keepalive_s = listen.keepalive / std::chrono::seconds(1),
      .acl_file = listen.acl_file};
  for (const store::Parameter& user : config.users) server.users.push_back(user.text);
  if (listen.port != 0) server.addresses = listen.address;
  server.on_shutdown = [on_shutdown](const server::ShutdownRequest& request) -> Result<void> {
    on_shutdown(request);
    return {};
  };
  return server;
}

std::string AddressesOf(const store::Config& config, const server::Server& server) {
  std::string text;
  if (server.port() != 0) {
    for (const std::string& address : config.listen.address) {
      const bool is_ipv6 = address.find(':') != std::string::npos;
      text += fmt::format("{}{}:{}", text.empty() ? "" : ", ",
                          is_ipv6 ? "[" + address + "]" : address, server.port());
    }
  }
  if (config.listen.unix_socket.empty()) return text;
  return text + (text.empty() ? "" : ", ") + config.listen.unix_socket;
}

// Lines "name=value" for whoever waits for the server.
std::string ReadyText(const store::Config& config, const server::Server& server,
                      const Watched* watched) {
  std::string text = fmt::format("pid={}\nport={}\n", getpid(), server.port());
  if (watched != nullptr) text += fmt::format("http_port={}\n", watched->port());
  const std::string& path = config.listen.unix_socket;
  if (!path.empty()) text += "unix_socket=" + path + "\n";
  return text;
}

Result<void> TellReady(const store::Config& config, const ServeOptions& options,
                       const server::Server& server, const Watched* watched) {
  const std::string text = ReadyText(config, server, watched);
  if (!options.ready_file.empty()) SATCHEL_TRY(WriteReadyFile(options.ready_file, text));
  if (options.ready_fd >= 0) SATCHEL_TRY(WriteReadyFd(options.ready_fd, text));
  return {};
}

// Fewer clients than wanted when the system has no descriptors for them.
std::int64_t FittingClients(std::int64_t wanted) {
  const std::uint64_t needed = static_cast<std::uint64_t>(wanted) + kOwnDescriptors;
  const std::uint64_t limit = RaiseDescriptorLimit(needed);
  if (limit >= needed || limit <= 2 * kOwnDescriptors) return wanted;
  const auto fitting = static_cast<std::int64_t>(limit - kOwnDescriptors);
  spdlog::warn(
      "at most {} clients instead of {}: the limit of open files is {}; raise it with "
      "ulimit -n",
      fitting, wanted, limit);
  return fitting;
}

int Fail(const Error& error, int exit_code) {
  spdlog::error("{}", error.detail);
  return exit_code;
}

void LogEvent(const snapshot::Event& event) {
  using Level = snapshot::Event::Level;
  const auto level = event.level == Level::kError     ? spdlog::level::err
                     : event.level == Level::kWarning ? spdlog::level::warn
                                                      : spdlog::level::info;
  spdlog::log(level, "{}", event.text);
}

void LogScriptLine(int level, const std::string& line) {
  const auto as = level == 3   ? spdlog::level::warn
                  : level == 2 ? spdlog::level::info
                               : spdlog::level::debug;
  spdlog::log(as, "{}", line);
}

bool KeepsData(const store::PersistenceConfig& persistence) {
  return persistence.enabled && persistence.durability != store::Durability::kNone;
}

store::EmbeddedOptions StoreOptionsOf(const store::Config& config) {
  const store::PersistenceConfig& persistence = config.persistence;
  store::EmbeddedOptions store{
      .databases = static_cast<int>(config.store.databases),
      .durability =
          KeepsData(persistence) ? store::Durability::kSnapshot : store::Durability::kNone,
      .snapshot_interval = persistence.snapshot_interval,
      .snapshot_on_shutdown = persistence.snapshot_on_shutdown,
      .min_free_bytes = static_cast<std::uint64_t>(persistence.min_free_bytes),
      .on_event = LogEvent,
      .on_script_log = LogScriptLine,
      .extra_commands = {server::ServerCommands()}};
  if (KeepsData(persistence)) store.data_dir = persistence.data_dir;
  return store;
}

std::string DataText(const store::PersistenceConfig& persistence) {
  if (!KeepsData(persistence)) return "data in memory, lost at exit; durability none";
  return fmt::format("data in {}; durability snapshot", persistence.data_dir);
}

void SetPassword(store::EmbeddedStore& store, const std::string& password) {
  const ExecutionGuard guard(store.lock());
  store.engine().config().password = password;
  store.engine().acl().SetDefaultPassword(password);
}

// Wrong options are one thing, a directory that cannot be used another.
int ExitCodeOf(const Error& error) {
  return error.code == ErrorCode::kInvalidArgument ? kExitUsage : kExitFailure;
}

// SHUTDOWN says whether a last snapshot is written; a signal leaves it to the configuration.
int Close(store::EmbeddedStore& store, server::ShutdownRequest::Save save) {
  using Final = snapshot::Snapshotter::Final;
  using Save = server::ShutdownRequest::Save;
  const Final final = save == Save::kYes  ? Final::kSave
                      : save == Save::kNo ? Final::kNothing
                                          : Final::kAsConfigured;
  if (auto closed = store.Close(final); !closed) return Fail(closed.error(), kExitFailure);
  spdlog::info("stopped");
  return kExitOk;
}

// CONFIG REWRITE works while this lives. Without a file: nothing.
class AttachedConf {
 public:
  AttachedConf(store::EmbeddedStore& store, const std::string& path) : store_(store) {
    if (path.empty()) return;
    const ExecutionGuard guard(store.lock());
    conf_.emplace(store.engine(), path);
    store.engine().Attach<engine::ConfigFile>(&*conf_);
  }
  ~AttachedConf() {
    const ExecutionGuard guard(store_.lock());
    store_.engine().Attach<engine::ConfigFile>(nullptr);
  }
  AttachedConf(const AttachedConf&) = delete;
  AttachedConf& operator=(const AttachedConf&) = delete;

 private:
  store::EmbeddedStore& store_;  // borrowed
  std::optional<RedisConf> conf_;
};

// Removes what has expired in the repositories of the configured tenant, while this lives.
class Sweeping {
 public:
  Sweeping(const store::Config& config, store::EmbeddedStore& store) {
    if (!config.sweep.enabled) return;
    const repos::RepoOptions repo = repos::RepoOptionsOf(config);
    auto provider = repos::Provider::Over(
        config, [&store](store::Component) -> store::Store& { return store; }, repo);
    if (!provider) return;  // the configuration was checked
    provider_ = std::move(*provider);
    job_.emplace(*provider_, repos::SweepJobOptions{
                                 .sweep = {.repo = repo,
                                           .task_retention = config.task.retention,
                                           .batch = config.sweep.batch},
                                 .interval = config.sweep.interval,
                                 .exists =
                                     [&store](const std::string& key) {
                                       const ExecutionGuard guard(store.lock());
                                       return store.engine().keyspace().Peek(0, key) != nullptr;
                                     },
                                 .on_sweep = Log});
  }

  bool is_on() const { return job_.has_value(); }
  std::int64_t last_run_us() const { return job_->last_run_us(); }
  std::string MetricsText() const { return provider_->metrics().Read().ToText(); }

 private:
  static void Log(const Result<repos::SweepReport>& report) {
    if (!report) return spdlog::warn("sweep: {}", report.error().detail);
    const std::uint64_t removed =
        report->workflows + report->tasks + report->records + report->checkpoints;
    if (removed == 0) return;
    spdlog::info("sweep: {} workflows, {} tasks, {} records and {} checkpoints had expired",
                 report->workflows, report->tasks, report->records, report->checkpoints);
  }

  std::unique_ptr<repos::Provider> provider_;
  std::optional<repos::SweepJob> job_;
};

// Until the end is asked for.
int Run(const store::Config& config, const ServeOptions& options, EndOfProcess& end) {
  auto store = store::EmbeddedStore::Open(StoreOptionsOf(config));
  if (!store) return Fail(store.error(), ExitCodeOf(store.error()));
  SetPassword(**store, config.listen.password);
  AddLogSettings((*store)->engine(), config.log);
  if (auto applied = ApplyParameters(**store, config); !applied) {
    return Fail(applied.error(), kExitUsage);
  }
  std::atomic<server::ShutdownRequest::Save> save{server::ShutdownRequest::Save::kAsConfigured};
  auto server = server::Server::Start(**store, ServerOptionsOf(config, [&](const auto& request) {
    save = request.save;
    end.Ask();
  }));
  if (!server) return Fail(server.error(), kExitUsage);
  const AttachedConf conf(**store, config.redis_conf);
  spdlog::info("{} serves in mode standalone on {}; {}", VersionLine(),
               AddressesOf(config, **server), DataText(config.persistence));
  std::optional<Sweeping> sweeping(std::in_place, config, **store);
  WatchedParts parts;
  if (sweeping->is_on()) {
    parts.last_sweep_us = [&sweeping] { return sweeping->last_run_us(); };
    parts.more_metrics = [&sweeping] { return sweeping->MetricsText(); };
  }
  auto watched = Watched::Start(config, **store, **server, std::move(parts));
  if (!watched) return Fail(watched.error(), kExitUsage);
  if (*watched != nullptr) {
    spdlog::info("metrics and health on http://{}:{}{}", config.http.address, (*watched)->port(),
                 config.http.allow_remote ? ", for other machines, too" : "");
  }
  if (auto told = TellReady(config, options, **server, watched->get()); !told) {
    return Fail(told.error(), kExitUsage);
  }
  const std::string_view reason = end.Wait();
  watched->reset();
  sweeping.reset();
  spdlog::info("{}: stopping with {} connections open", reason, (*server)->connections());
  (*server)->Stop();
  return Close(**store, save);
}

}  // namespace

int Serve(const store::Config& config, const ServeOptions& options) {
  if (auto set = SetUpLog(config); !set) {
    std::fprintf(stderr, "satchel: %s\n", set.error().detail.c_str());
    return kExitUsage;
  }
  if (config.EffectiveMode(store::Component::kStore) == store::Mode::kDistributed) {
    return Fail(MakeError(ErrorCode::kConfig,
                          "store.mode is distributed: the data lives in another server, and there "
                          "is nothing to serve here; use standalone"),
                kExitUsage);
  }
  if (!config.listen.enabled) {
    return Fail(MakeError(ErrorCode::kConfig,
                          "listen.enabled is false: without a listener nobody can reach the store"),
                kExitUsage);
  }
  EndOfProcess end;
  store::Config fitting = config;
  fitting.listen.max_clients = FittingClients(config.listen.max_clients);
  return Run(fitting, options, end);
}

void AddServe(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* serve = app.add_subcommand("serve", "Serve a store to Redis clients.");
  serve->footer(std::string(kHelp));
  const auto sources = AddConfigFlags(*serve);
  serve->add_option("--ready-file", options->ready_file,
                    "Written (pid=, port=, http_port=) once it serves");
  serve->add_option("--ready-fd", options->ready_fd, "Descriptor to write the same to");
  serve->callback([sources, options, &exit_code] {
    const auto loaded = LoadOrExplain(*sources);
    exit_code = loaded ? Serve(loaded->config, *options) : kExitUsage;
  });
}

}  // namespace satchel::cli
