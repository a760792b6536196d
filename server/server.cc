#include "server/server.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.h"
#include "lua/scripts.h"
#include "net/listener.h"
#include "server/acl_file.h"
#include "server/parameters.h"
#include "server/worker.h"

namespace satchel::server {
namespace {

constexpr int kMaxLoops = 64;

// "*" stands for both families, "::*" for all of the newer.
std::vector<std::string> HostsOf(const std::vector<std::string>& addresses) {
  std::vector<std::string> hosts;
  for (const std::string& address : addresses) {
    if (address == "*") {
      hosts.insert(hosts.end(), {"0.0.0.0", "-::"});
    } else if (address == "::*" || address == "-::*") {
      hosts.push_back(address.substr(0, address.size() - 1));
    } else {
      hosts.push_back(address);
    }
  }
  // Said twice, the second would find its port taken by the first.
  std::vector<std::string> once;
  for (std::string& host : hosts) {
    const bool known = std::ranges::any_of(
        once, [&](const std::string& other) { return other == host || "-" + other == host; });
    if (!known) once.push_back(std::move(host));
  }
  return once;
}

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

Result<void> CheckOptions(const ServerOptions& options) {
  if (options.loops < 1 || options.loops > kMaxLoops) {
    return MakeError(ErrorCode::kInvalidArgument, "loops must be between 1 and 64");
  }
  if (options.max_clients < 1) {
    return MakeError(ErrorCode::kInvalidArgument, "max_clients must be at least 1");
  }
  if (!options.acl_file.empty() && !options.users.empty()) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "users are given, and a file of users too; use one of them");
  }
  return {};
}

}  // namespace

struct Server::Impl {
  Impl(store::EmbeddedStore& store, const ServerOptions& given, Parameters& parameters)
      : options(given),
        host{.engine = store.engine(), .lock = store.lock(), .parameters = parameters},
        hook{.shutdown = given.on_shutdown},
        users(given.acl_file) {}

  Result<void> Listen();
  Result<void> ListenTcp();
  Result<void> TakeUsers();
  void SetParameters();
  void Attach();
  void Detach();
  void Accept(net::Socket socket);

  const ServerOptions options;
  Host host;
  ShutdownHook hook;
  FileOfUsers users;
  std::uint16_t port = 0;
  std::size_t next_worker = 0;  // first worker's thread
  bool running = false;
};

Result<void> Server::Impl::ListenTcp() {
  port = options.port;
  for (std::string name : HostsOf(options.addresses)) {
    const bool optional = name.starts_with('-');
    if (optional) name.erase(0, 1);
    const net::TcpListen listen{.host = name,
                                .port = port,
                                .backlog = options.backlog,
                                .keepalive = std::chrono::seconds(options.keepalive_s)};
    auto listener = net::Listener::Tcp(host.workers.front()->loop(), listen,
                                       [this](net::Socket socket) { Accept(std::move(socket)); });
    if (!listener && !optional) return std::move(listener.error());
    if (listener) port = (*listener)->address().port();
  }
  return {};
}

Result<void> Server::Impl::Listen() {
  SATCHEL_TRY(ListenTcp());
  if (options.unix_socket.empty()) return {};
  const net::UnixListen listen{
      .path = options.unix_socket, .mode = options.unix_socket_mode, .backlog = options.backlog};
  SATCHEL_TRY(net::Listener::Unix(host.workers.front()->loop(), listen,
                                  [this](net::Socket socket) { Accept(std::move(socket)); }));
  return {};
}

void Server::Impl::Accept(net::Socket socket) {
  const std::int64_t keepalive_s = host.parameters.keepalive_s;
  if (keepalive_s != options.keepalive_s && socket.peer.is_tcp()) {
    net::SetTcpOptions(socket.fd.get(), std::chrono::seconds(keepalive_s));
  }
  host.workers[next_worker]->Adopt(std::move(socket));
  next_worker = (next_worker + 1) % host.workers.size();
}

// Before anybody can connect.
Result<void> Server::Impl::TakeUsers() {
  const ExecutionGuard guard(host.lock);
  if (!options.acl_file.empty()) {
    host.engine.Attach<engine::AclFile>(&users);
    auto loaded = host.engine.LoadUsers(nullptr);
    if (!loaded) host.engine.Attach<engine::AclFile>(nullptr);
    return loaded;
  }
  std::string lines;
  for (const std::string& line : options.users) lines += line + "\n";
  SATCHEL_ASSIGN(const auto given, host.engine.acl().ParseFile("users", lines));
  for (const auto& user : given) host.engine.PutUser(*user, nullptr);
  return {};
}

void Server::Impl::SetParameters() {
  Parameters& parameters = host.parameters;
  parameters.max_clients = options.max_clients;
  parameters.idle_timeout_s = options.idle_timeout_s;
  parameters.keepalive_s = options.keepalive_s;
  parameters.bind = Join(options.addresses);
  parameters.port = port;
  parameters.unix_socket = options.unix_socket;
  parameters.unix_socket_mode = options.unix_socket.empty() ? 0 : options.unix_socket_mode;
  parameters.backlog = options.backlog;
}

void Server::Impl::Attach() {
  const ExecutionGuard guard(host.lock);
  SetParameters();
  host.parameters.on_idle_timeout = [this] {
    for (auto& worker : host.workers) worker->WatchIdle();
  };
  host.engine.Attach(&hook);
  // A script may be in it while the server goes, so it knows the engine only.
  host.engine.set_busy_pump([engine = &host.engine] {
    Worker* const worker = Worker::Current();
    if (worker != nullptr && &worker->engine() == engine) worker->ServeOthers();
  });
  host.engine.set_on_unpause([this] {
    for (auto& worker : host.workers) {
      worker->Send({.kind = Mail::Kind::kResume, .connection = nullptr, .bytes = nullptr});
    }
  });
}

void Server::Impl::Detach() {
  const ExecutionGuard guard(host.lock);
  host.parameters.on_idle_timeout = {};
  host.parameters.port = 0;
  host.engine.Attach<ShutdownHook>(nullptr);
  host.engine.Attach<engine::AclFile>(nullptr);
  host.engine.set_on_unpause({});
  host.engine.set_busy_pump({});
  // A loop ends after the script that it runs; one that has written is waited for.
  if (host.engine.busy()) host.engine.Service<lua::Scripts>()->runner().EndIfHarmless();
}

Result<std::unique_ptr<Server>> Server::Start(store::EmbeddedStore& store,
                                              const ServerOptions& options) {
  SATCHEL_TRY(CheckOptions(options));
  std::unique_ptr<Impl> impl;
  {
    const ExecutionGuard guard(store.lock());
    SATCHEL_CHECK(store.engine().Service<ShutdownHook>() == nullptr);
    impl = std::make_unique<Impl>(store, options, Parameters::Of(store.engine()));
  }
  for (int i = 0; i < options.loops; ++i) {
    SATCHEL_ASSIGN(auto worker, Worker::Create(impl->host));
    impl->host.workers.push_back(std::move(worker));
  }
  SATCHEL_TRY(impl->Listen());
  SATCHEL_TRY(impl->TakeUsers());
  impl->Attach();
  impl->host.workers.front()->WatchMemory();
  for (auto& worker : impl->host.workers) {
    worker->WatchIdle();
    worker->Start();
  }
  impl->running = true;
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { Stop(); }

std::uint16_t Server::port() const { return impl_->port; }
std::size_t Server::connections() const { return impl_->host.connections; }

void Server::Pulse() {
  for (auto& worker : impl_->host.workers) worker->Pulse();
}

std::int64_t Server::last_pulse_us() const {
  std::int64_t last_us = std::numeric_limits<std::int64_t>::max();
  for (const auto& worker : impl_->host.workers) {
    last_us = std::min(last_us, worker->last_pulse_us());
  }
  return last_us;
}

void Server::Stop() {
  if (!std::exchange(impl_->running, false)) return;
  impl_->Detach();
  for (auto& worker : impl_->host.workers) worker->Stop();
}

}  // namespace satchel::server
