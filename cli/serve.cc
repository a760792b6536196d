#include "cli/serve.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <optional>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/log.h"
#include "cli/process.h"
#include "server/server.h"

namespace satchel::cli {
namespace {

constexpr std::string_view kHelp = R"(Examples:
  satchel serve                                  on 127.0.0.1:6379
  satchel serve --port auto --ready-file R       on a free port, written to R once it serves
  satchel serve --port 0 --unix-socket /run/s    on a Unix socket only
  redis-cli -p 6379 SET greeting hello           any Redis client will do

Exit codes: 0 ended in an orderly way (SIGTERM, SIGINT, SHUTDOWN), 1 the data cannot be
read or the last snapshot failed, 2 wrong flags or configuration, or an address that cannot be used.)";

// Descriptors beside those of clients: listeners, loops, files.
constexpr std::uint64_t kOwnDescriptors = 64;

Error Wrong(std::string text) { return MakeError(ErrorCode::kConfig, std::move(text)); }

// 0 stands for "auto"; empty when it is neither that nor a port.
std::optional<std::uint16_t> ParsePort(const std::string& text) {
  if (text == "auto") return 0;
  const auto port = ParseInt(text);
  if (!port || *port < 0 || *port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

std::optional<mode_t> ParseMode(const std::string& text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  mode_t mode = 0;
  for (char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    mode = mode * 8 + static_cast<mode_t>(c - '0');
  }
  return mode;
}

Result<void> CheckDurability(const ServeOptions& options) {
  const std::string& durability = options.durability;
  if (durability == "everysec" || durability == "always") {
    return Wrong("--durability " + durability +
                 " is not available in this version; use none or snapshot");
  }
  if (!durability.empty() && durability != "none" && durability != "snapshot") {
    return Wrong("--durability: \"" + durability + "\" is not a level (allowed: none, snapshot)");
  }
  if (options.in_memory && durability == "snapshot") {
    return Wrong("--in-memory keeps nothing: drop it, or use --durability none");
  }
  return {};
}

Result<void> CheckMode(const std::string& mode) {
  if (mode == "standalone") return {};
  if (mode == "distributed") {
    return Wrong("--mode distributed: satchel serve offers only standalone in this version");
  }
  return Wrong("--mode: \"" + mode + "\" is not a mode (allowed: standalone, distributed)");
}

server::ServerOptions ServerOptionsOf(
    const ServeOptions& options,
    const std::function<void(const server::ShutdownRequest&)>& on_shutdown) {
  server::ServerOptions server{.port = *ParsePort(options.port),
                               .unix_socket = options.unix_socket,
                               .unix_socket_mode = *ParseMode(options.unix_socket_mode),
                               .loops = options.loops,
                               .max_clients = options.max_clients};
  server.addresses = options.port == "0" ? std::vector<std::string>() : options.bind;
  server.on_shutdown = [on_shutdown](const server::ShutdownRequest& request) -> Result<void> {
    on_shutdown(request);
    return {};
  };
  return server;
}

std::string AddressesOf(const ServeOptions& options, const server::Server& server) {
  std::string text;
  if (server.port() != 0) {
    for (const std::string& address : options.bind) {
      const bool is_ipv6 = address.find(':') != std::string::npos;
      text += fmt::format("{}{}:{}", text.empty() ? "" : ", ",
                          is_ipv6 ? "[" + address + "]" : address, server.port());
    }
  }
  if (options.unix_socket.empty()) return text;
  return text + (text.empty() ? "" : ", ") + options.unix_socket;
}

// Lines "name=value" for whoever waits for the server.
std::string ReadyText(const ServeOptions& options, const server::Server& server) {
  std::string text = fmt::format("pid={}\nport={}\n", getpid(), server.port());
  if (!options.unix_socket.empty()) text += "unix_socket=" + options.unix_socket + "\n";
  return text;
}

Result<void> TellReady(const ServeOptions& options, const server::Server& server) {
  const std::string text = ReadyText(options, server);
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

bool KeepsData(const ServeOptions& options) {
  return !options.in_memory && options.durability != "none";
}

store::EmbeddedOptions StoreOptionsOf(const ServeOptions& options) {
  store::EmbeddedOptions store{.databases = options.databases,
                               .extra_commands = {server::ServerCommands()},
                               .on_event = LogEvent};
  if (KeepsData(options)) store.data_dir = options.data_dir;
  store.durability = KeepsData(options) ? store::Durability::kSnapshot : store::Durability::kNone;
  return store;
}

std::string DataText(const ServeOptions& options) {
  if (!KeepsData(options)) return "data in memory, lost at exit; durability none";
  return fmt::format("data in {}; durability snapshot", options.data_dir);
}

void SetPassword(store::EmbeddedStore& store, const std::string& password) {
  const ExecutionGuard guard(store.lock());
  store.engine().config().password = password;
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

// Until the end is asked for.
int Run(const ServeOptions& options, EndOfProcess& end) {
  auto store = store::EmbeddedStore::Open(StoreOptionsOf(options));
  if (!store) return Fail(store.error(), ExitCodeOf(store.error()));
  SetPassword(**store, options.password);
  std::atomic<server::ShutdownRequest::Save> save{server::ShutdownRequest::Save::kAsConfigured};
  auto server = server::Server::Start(**store, ServerOptionsOf(options, [&](const auto& request) {
    save = request.save;
    end.Ask();
  }));
  if (!server) return Fail(server.error(), kExitUsage);
  spdlog::info("{} serves in mode {} on {}; {}", VersionLine(), options.mode,
               AddressesOf(options, **server), DataText(options));
  if (auto told = TellReady(options, **server); !told) return Fail(told.error(), kExitUsage);
  const std::string_view reason = end.Wait();
  spdlog::info("{}: stopping with {} connections open", reason, (*server)->connections());
  (*server)->Stop();
  return Close(**store, save);
}

void AddFlags(CLI::App& serve, ServeOptions& o) {
  serve.add_option("--config", o.config, "File to read (not available in this version)");
  serve.add_option("--mode", o.mode, "standalone or distributed")->capture_default_str();
  serve.add_option("--port", o.port, "TCP port; 0: no TCP; auto: a free one")
      ->capture_default_str();
  serve.add_option("--bind", o.bind, "Addresses to listen on, comma separated; *: all")
      ->delimiter(',')
      ->capture_default_str();
  serve.add_option("--unix-socket", o.unix_socket, "Path of a Unix socket to listen on too");
  serve.add_option("--unix-socket-mode", o.unix_socket_mode, "Its mode, octal")
      ->capture_default_str();
  serve.add_option("--loops", o.loops, "Event loops, one thread each")->capture_default_str();
  serve.add_option("--max-clients", o.max_clients, "Most connections at a time")
      ->capture_default_str();
  serve.add_option("--data-dir", o.data_dir, "Directory of the data")->capture_default_str();
  serve.add_flag("--in-memory", o.in_memory, "Keep nothing on disk");
  serve.add_option("--durability", o.durability,
                   "none or snapshot (the default, unless in memory)");
  serve.add_option("--databases", o.databases, "Number of databases, 1 to 1024")
      ->capture_default_str();
  serve.add_option("--password", o.password, "Password that clients must give");
  serve.add_option("--ready-file", o.ready_file, "Written (pid=, port=) once it serves");
  serve.add_option("--ready-fd", o.ready_fd, "Descriptor to write the same to");
  serve.add_option("--log-level", o.log_level, "debug, info, warning or error")
      ->capture_default_str();
}

}  // namespace

Result<void> CheckServeOptions(const ServeOptions& options) {
  if (!options.config.empty()) {
    return Wrong("--config: configuration files are not available in this version; use flags");
  }
  SATCHEL_TRY(CheckMode(options.mode));
  if (!ParsePort(options.port)) {
    return Wrong("--port: \"" + options.port + "\" is not a port (0 to 65535, or auto)");
  }
  if (options.port == "0" && options.unix_socket.empty()) {
    return Wrong("--port 0 opens no TCP port: give --unix-socket as well");
  }
  if (!ParseMode(options.unix_socket_mode)) {
    return Wrong("--unix-socket-mode: \"" + options.unix_socket_mode +
                 "\" is not an octal mode, like 0600");
  }
  return CheckDurability(options);
}

int Serve(const ServeOptions& options) {
  if (auto log = SetUpLog(options.log_level); !log) return Fail(log.error(), kExitUsage);
  if (auto checked = CheckServeOptions(options); !checked) {
    return Fail(checked.error(), kExitUsage);
  }
  EndOfProcess end;
  ServeOptions fitting = options;
  fitting.max_clients = FittingClients(options.max_clients);
  return Run(fitting, end);
}

void AddServe(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* serve = app.add_subcommand("serve", "Serve a store to Redis clients.");
  serve->footer(std::string(kHelp));
  AddFlags(*serve, *options);
  serve->callback([options, &exit_code] { exit_code = Serve(*options); });
}

}  // namespace satchel::cli
