// Server: an EmbeddedStore, served as RESP over TCP (IPv4 and IPv6) and Unix sockets.
//
// One worker thread per loop; connections belong to one loop for life. In-process callers may
// use the store at the same time. Commands that need the process (SHUTDOWN) are rows of
// server/commands.h, given to the store when it is opened.
// Thread: the one that started it; not from a command.

#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/commands.h"
#include "store/embedded/embedded_store.h"

namespace satchel::server {

struct ServerOptions {
  // Names or addresses; "*": all. One with a '-' in front may be missing on this machine.
  // Empty: no TCP.
  std::vector<std::string> addresses = {"127.0.0.1"};
  // 0: a free one, the same for all addresses.
  std::uint16_t port = 0;
  std::string unix_socket;  // empty: none
  mode_t unix_socket_mode = 0700;
  int loops = 1;
  int backlog = 511;
  std::int64_t max_clients = 10000;
  std::int64_t idle_timeout_s = 0;  // 0: never
  std::int64_t keepalive_s = 300;   // 0: off
  // Users: from a file, which ACL LOAD and ACL SAVE use too, or from lines as in such a file.
  // Not both; with neither, they are as the store has them.
  std::string acl_file;
  std::vector<std::string> users;
  // What SHUTDOWN does; see ShutdownHook. Empty: it is refused.
  std::function<Result<void>(const ShutdownRequest&)> on_shutdown;
};

class Server {
 public:
  // Listens and serves when it returns. The store must outlive the server, and has one server
  // at a time. Errors: kInvalidArgument; kConfig, of users; kIo, naming the address and what to do.
  static Result<std::unique_ptr<Server>> Start(store::EmbeddedStore& store,
                                               const ServerOptions& options);
  ~Server();

  // 0 without TCP.
  std::uint16_t port() const;
  std::size_t connections() const;
  // Asks each loop for a sign of life, which it gives in its next round.
  void Pulse();
  // When the loop that is furthest behind last gave one, unix us; of the start at first.
  std::int64_t last_pulse_us() const;

  // Closes all connections and listeners. Once or more often.
  void Stop();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace satchel::server
