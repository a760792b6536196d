// CLIENT KILL, limits on connections, CONFIG and INFO of a server, SHUTDOWN.

#include "tests/server/harness.h"

namespace satchel::server {
namespace {

using testing::HasSubstr;

class Clients : public ServerTest {
 protected:
  static std::string IdOf(Client& client) {
    const std::string line = client.Send("CLIENT ID\r\n").Line();
    return line.substr(1, line.size() - 3);
  }
};
INSTANTIATE_SERVER_TESTS(Clients);

TEST_P(Clients, KillClosesAnotherConnection) {
  Client victim = Connect();
  Client admin = Connect();
  EXPECT_ANSWER(admin, "CLIENT KILL ID " + IdOf(victim) + "\r\n", ":1\r\n");
  EXPECT_TRUE(victim.IsClosed());
  EXPECT_ANSWER(admin, "PING\r\n", "+PONG\r\n");
}

// As redis does it: a program that had its other connection closed finds it closed. With several
// loops another one may close it in its own time.
TEST_P(Clients, AKilledClientOfTheSameLoopIsClosedBeforeTheKillerIsAnswered) {
  const int rounds = GetParam() == 1 ? 100 : 0;
  int open = 0;
  for (int i = 0; i < rounds; ++i) {
    Client victim = Connect();
    Client admin = Connect();
    EXPECT_ANSWER(admin, "CLIENT KILL ID " + IdOf(victim) + "\r\n", ":1\r\n");
    if (!victim.HasInput()) ++open;
  }
  EXPECT_EQ(open, 0);
}

TEST_P(Clients, KillReachesABlockedConnection) {
  Client victim = Connect();
  Client admin = Connect();
  const std::string id = IdOf(victim);
  victim.Send("BLPOP q 0\r\n");
  AwaitBlocked(1);
  EXPECT_ANSWER(admin, "CLIENT KILL ID " + id + "\r\n", ":1\r\n");
  EXPECT_TRUE(victim.IsClosed());
  AwaitBlocked(0);
}

TEST_P(Clients, KillOfOneselfIsAnsweredFirst) {
  Client client = Connect();
  client.Send("CLIENT KILL ID " + IdOf(client) + " SKIPME no\r\nPING\r\n");
  EXPECT_EQ(client.ReceiveAll(), ":1\r\n");
}

TEST_P(Clients, TheListNamesAllConnections) {
  Client a = Connect();
  Client b = Connect();
  EXPECT_ANSWER(a, "CLIENT SETNAME one\r\n", "+OK\r\n");
  EXPECT_ANSWER(b, "CLIENT SETNAME two\r\n", "+OK\r\n");
  a.Send("CLIENT LIST\r\n");
  const std::string list = a.Bulk();
  EXPECT_THAT(list, HasSubstr("name=one"));
  EXPECT_THAT(list, HasSubstr("name=two"));
  EXPECT_THAT(list, HasSubstr(" laddr=127.0.0.1:" + std::to_string(server_->port())));
}

TEST_P(Clients, MoreThanMaxclientsAreTurnedAway) {
  Client first = Connect();
  EXPECT_ANSWER(first, "CONFIG SET maxclients 1\r\n", "+OK\r\n");
  Client second = Connect();
  EXPECT_EQ(second.ReceiveAll(), "-ERR max number of clients reached\r\n");
  first.Send("INFO stats\r\n");
  EXPECT_THAT(first.Bulk(), HasSubstr("rejected_connections:1\r\n"));
  first.Close();
  AwaitConnections(0);
  Client third = Connect();
  EXPECT_ANSWER(third, "PING\r\n", "+PONG\r\n");
}

TEST_P(Clients, ConfigAndInfoKnowTheServer) {
  Client client = Connect();
  const std::string port = std::to_string(server_->port());
  EXPECT_ANSWER(client, "CONFIG GET port\r\n",
                "*2\r\n$4\r\nport\r\n$" + std::to_string(port.size()) + "\r\n" + port + "\r\n");
  client.Send("INFO everything\r\n");
  const std::string info = client.Bulk();
  EXPECT_THAT(info, HasSubstr("tcp_port:" + port + "\r\n"));
  EXPECT_THAT(info, HasSubstr("used_cpu_user:"));
  EXPECT_THAT(info, HasSubstr("used_memory_rss:"));
  EXPECT_THAT(info, HasSubstr("maxclients:10000\r\n"));
}

TEST_P(Clients, ABadLimitIsRefusedWhole) {
  Client client = Connect();
  client.Send("CONFIG SET client-output-buffer-limit \"normal 1 1 1 bogus 1 1 1\"\r\n");
  EXPECT_THAT(client.Line(), HasSubstr("Invalid client class"));
  EXPECT_ANSWER(client, "CONFIG GET client-output-buffer-limit\r\n",
                "*2\r\n$26\r\nclient-output-buffer-limit\r\n$67\r\n"
                "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60\r\n");
}

TEST_P(Clients, ShutdownIsRefusedWithoutAHook) {
  Client client = Connect();
  client.Send("SHUTDOWN\r\n");
  EXPECT_EQ(client.Line().front(), '-');
  EXPECT_ANSWER(client, "SHUTDOWN ABORT\r\nSHUTDOWN SAVE NOSAVE\r\n",
                "-ERR No shutdown in progress.\r\n-ERR syntax error\r\n");
}

TEST_P(Clients, ShutdownCallsTheHookAndEndsTheConnection) {
  std::atomic<int> asked = 0;
  ServerOptions options;
  options.on_shutdown = [&](const ShutdownRequest& request) -> Result<void> {
    asked = request.save == ShutdownRequest::Save::kNo ? 1 : 2;
    return {};
  };
  Serve(options);
  Client client = Connect();
  client.Send("SHUTDOWN NOSAVE\r\nPING\r\n");
  EXPECT_EQ(client.ReceiveAll(), "");
  EXPECT_EQ(asked, 1);
}

TEST_P(Clients, StopClosesAllConnectionsAndAnotherServerMayFollow) {
  Client client = Connect();
  EXPECT_ANSWER(client, "SET k v\r\n", "+OK\r\n");
  server_->Stop();
  EXPECT_TRUE(client.IsClosed());
  auto next = Server::Start(*store_, {});
  ASSERT_TRUE(next) << next.error().detail;
  Client again((*next)->port());
  EXPECT_ANSWER(again, "GET k\r\n", "$1\r\nv\r\n");
}

}  // namespace
}  // namespace satchel::server
