// What the tests of this folder share: a served store on loopback, and blocking clients that
// say what they send and compare what they get byte by byte.

#pragma once

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "net/address.h"
#include "net/fd.h"
#include "server/server.h"
#include "store/embedded/embedded_store.h"

namespace satchel::server {

inline constexpr std::chrono::seconds kPatience{20};

// Without a sleep; false when patience is used up.
inline bool Eventually(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

// A client's socket.
class Client {
 public:
  explicit Client(std::uint16_t port) : Client(LoopbackAt(port)) {}
  explicit Client(const net::SocketAddress& address)
      : fd_(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    EXPECT_EQ(connect(fd_.get(), address.raw(), address.raw_size()), 0);
  }

  Client& Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return *this;
  }
  void SendEnd() { shutdown(fd_.get(), SHUT_WR); }
  void Close() { fd_.Close(); }

  // So many bytes; fewer when the stream ends or patience does.
  std::string Receive(std::size_t bytes) {
    std::string out;
    while (out.size() < bytes && Await()) {
      char buffer[65536];
      const ssize_t count = recv(fd_.get(), buffer, std::min(bytes - out.size(), sizeof buffer), 0);
      if (count <= 0) break;
      out.append(buffer, static_cast<std::size_t>(count));
    }
    return out;
  }
  // All until the stream ends.
  std::string ReceiveAll() { return Receive(static_cast<std::size_t>(-1)); }
  std::string Line() {
    std::string line;
    do {
      const std::string next = Receive(1);
      if (next.empty()) return line;
      line += next;
    } while (!line.ends_with("\r\n"));
    return line;
  }
  // A bulk's content.
  std::string Bulk() {
    const std::string header = Line();
    if (header.size() < 4) return header;
    const auto bytes = static_cast<std::size_t>(std::stoul(header.substr(1)));
    return Receive(bytes + 2).substr(0, bytes);
  }
  bool IsClosed() { return ReceiveAll().empty(); }
  bool HasInput() {
    pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    return poll(&waiting, 1, 0) == 1;
  }

 private:
  static net::SocketAddress LoopbackAt(std::uint16_t port) {
    return net::Resolve("127.0.0.1", port, net::ResolveFor::kConnecting)->front();
  }
  bool Await() {
    pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, std::chrono::milliseconds(kPatience).count()) == 1) return true;
    ADD_FAILURE() << "nothing came";
    return false;
  }

  net::Fd fd_;
};

// Sends `request` and compares the reply.
#define EXPECT_ANSWER(client, request, reply)                         \
  do {                                                                \
    const std::string wanted = (reply);                               \
    EXPECT_EQ((client).Send(request).Receive(wanted.size()), wanted); \
  } while (false)

// What comes by itself.
#define EXPECT_COMES(client, bytes)                     \
  do {                                                  \
    const std::string wanted = (bytes);                 \
    EXPECT_EQ((client).Receive(wanted.size()), wanted); \
  } while (false)

// A store and its server; the parameter is the number of loops.
class ServerTest : public testing::TestWithParam<int> {
 protected:
  void Serve(ServerOptions options = {}, Clock* clock = nullptr) {
    server_.reset();
    store_ = std::move(*store::EmbeddedStore::Open(
        {.clock = clock, .seed = 1, .extra_commands = {ServerCommands()}}));
    options.loops = GetParam();
    auto server = Server::Start(*store_, options);
    ASSERT_TRUE(server) << server.error().detail;
    server_ = std::move(*server);
  }
  void SetUp() override { Serve(); }

  Client Connect() { return Client(server_->port()); }

  // Until so many clients are blocked.
  void AwaitBlocked(std::size_t count) {
    EXPECT_TRUE(Eventually([&] {
      const ExecutionGuard guard(store_->lock());
      return store_->engine().blocked_clients() == count;
    }));
  }
  void AwaitConnections(std::size_t count) {
    EXPECT_TRUE(Eventually([&] { return server_->connections() == count; }));
  }

  ManualClock clock_;  // for Serve; outlives both
  std::unique_ptr<store::EmbeddedStore> store_;
  std::unique_ptr<Server> server_;
};

#define INSTANTIATE_SERVER_TESTS(suite)                         \
  INSTANTIATE_TEST_SUITE_P(Loops, suite, testing::Values(1, 3), \
                           [](const auto& info) { return std::to_string(info.param); })

}  // namespace satchel::server
