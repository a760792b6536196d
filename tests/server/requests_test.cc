// Requests and replies of one connection.

#include "tests/server/harness.h"

namespace satchel::server {
namespace {

class Requests : public ServerTest {};
INSTANTIATE_SERVER_TESTS(Requests);

std::string Repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST_P(Requests, PipelinesAreAnsweredInOrder) {
  Client client = Connect();
  std::string requests;
  std::string replies;
  for (int i = 0; i < 1000; ++i) {
    requests += "INCR n\r\nPING x" + std::to_string(i) + "\r\n";
    const std::string bulk = "x" + std::to_string(i);
    replies += ":" + std::to_string(i + 1) + "\r\n$" + std::to_string(bulk.size()) + "\r\n" + bulk +
               "\r\n";
  }
  EXPECT_ANSWER(client, requests, replies);
}

TEST_P(Requests, BytesOneByOneMakeACommand) {
  Client client = Connect();
  for (char c : std::string("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nab\r\n")) {
    client.Send(std::string(1, c));
  }
  EXPECT_COMES(client, "+OK\r\n");
}

TEST_P(Requests, ManyConnectionsAtOnce) {
  std::vector<Client> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(Connect());
  for (Client& client : clients) client.Send(Repeated("INCR n\r\n", 7));
  for (Client& client : clients) {
    for (int i = 0; i < 7; ++i) EXPECT_EQ(client.Line().front(), ':');
  }
  EXPECT_ANSWER(clients[0], "GET n\r\n", "$4\r\n2100\r\n");
}

TEST_P(Requests, BigValuesTravelBothWays) {
  Client client = Connect();
  const std::string value(5'000'000, 'v');
  EXPECT_ANSWER(client, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5000000\r\n" + value + "\r\nPING\r\n",
                "+OK\r\n+PONG\r\n");
  client.Send("GET k\r\n");
  EXPECT_EQ(client.Bulk(), value);
}

TEST_P(Requests, AProtocolErrorIsToldAfterEarlierRepliesThenItCloses) {
  Client client = Connect();
  client.Send("PING\r\n*1\r\n!x\r\nPING\r\n");
  EXPECT_EQ(client.ReceiveAll(), "+PONG\r\n-ERR Protocol error: expected '$', got '!'\r\n");
}

TEST_P(Requests, AnHttpRequestEndsTheConnection) {
  Client client = Connect();
  client.Send("PING\r\nPOST / HTTP/1.1\r\nSET k v\r\n");
  EXPECT_EQ(client.ReceiveAll(), "+PONG\r\n");
}

TEST_P(Requests, AHalfClosedClientGetsItsReplies) {
  Client client = Connect();
  client.Send("SET k v\r\nGET k\r\n");
  client.SendEnd();
  EXPECT_EQ(client.ReceiveAll(), "+OK\r\n$1\r\nv\r\n");
}

TEST_P(Requests, QuitIsAnsweredThenItCloses) {
  Client client = Connect();
  client.Send("QUIT\r\nPING\r\n");
  EXPECT_EQ(client.ReceiveAll(), "+OK\r\n");
}

TEST_P(Requests, HelloChangesTheProtocol) {
  Client client = Connect();
  client.Send("HELLO 3\r\n");
  EXPECT_EQ(client.Line(), "%7\r\n");
  client.Send("HGETALL none\r\nRESET\r\nHGETALL none\r\nQUIT\r\n");
  EXPECT_TRUE(client.ReceiveAll().ends_with("%0\r\n+RESET\r\n*0\r\n+OK\r\n"));
}

TEST_P(Requests, AuthInAPipelineTakesEffectForWhatFollows) {
  Client admin = Connect();
  EXPECT_ANSWER(admin, "CONFIG SET requirepass secret\r\n", "+OK\r\n");
  Client client = Connect();
  const std::string big(20'000, 'x');
  EXPECT_ANSWER(client,
                "GET k\r\nAUTH secret\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$20000\r\n" + big + "\r\n",
                "-NOAUTH Authentication required.\r\n+OK\r\n+OK\r\n");
  Client stranger = Connect();
  stranger.Send("*2\r\n$3\r\nGET\r\n$20000\r\n");
  EXPECT_EQ(stranger.ReceiveAll(), "-ERR Protocol error: unauthenticated bulk length\r\n");
}

TEST_P(Requests, RepliesCanBeTurnedOff) {
  Client client = Connect();
  EXPECT_ANSWER(client, "CLIENT REPLY OFF\r\nSET k 1\r\nGET k\r\nCLIENT REPLY ON\r\nGET k\r\n",
                "+OK\r\n$1\r\n1\r\n");
  EXPECT_ANSWER(client, "CLIENT REPLY SKIP\r\nSET k 2\r\nGET k\r\n", "$1\r\n2\r\n");
}

TEST_P(Requests, TransactionsOfTwoConnectionsMeet) {
  Client a = Connect();
  Client b = Connect();
  EXPECT_ANSWER(a, "WATCH k\r\nMULTI\r\nSET k a\r\n", "+OK\r\n+OK\r\n+QUEUED\r\n");
  EXPECT_ANSWER(b, "SET k b\r\n", "+OK\r\n");
  EXPECT_ANSWER(a, "EXEC\r\nGET k\r\n", "*-1\r\n$1\r\nb\r\n");
}

TEST_P(Requests, AWriterInThisProcessIsSeen) {
  Client client = Connect();
  ASSERT_TRUE(store_->Run({"SET", "k", "here"}));
  EXPECT_ANSWER(client, "GET k\r\n", "$4\r\nhere\r\n");
}

TEST_P(Requests, AnOutputOverItsLimitClosesTheClient) {
  Client client = Connect();
  EXPECT_ANSWER(client, "CONFIG SET client-output-buffer-limit \"normal 100000 0 0\"\r\n",
                "+OK\r\n");
  EXPECT_ANSWER(client, "SETRANGE k 300000 x\r\n", ":300001\r\n");
  client.Send("GET k\r\n");
  EXPECT_TRUE(client.IsClosed());
}

TEST_P(Requests, UnixSocketsAreServedToo) {
  const std::string path = testing::TempDir() + "satchel-" + std::to_string(getpid()) + ".sock";
  Serve({.addresses = {}, .unix_socket = path});
  EXPECT_EQ(server_->port(), 0);
  Client client(*net::SocketAddress::Unix(path));
  EXPECT_ANSWER(client, "PING\r\n", "+PONG\r\n");
  client.Send("CLIENT INFO\r\n");
  EXPECT_NE(client.Bulk().find(" addr=" + path + ":0 "), std::string::npos);
}

TEST_P(Requests, APortInUseIsAnErrorWithARemedy) {
  auto other = std::move(*store::EmbeddedStore::Open({}));
  const auto second = Server::Start(*other, {.port = server_->port()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kIo);
  EXPECT_THAT(second.error().detail, testing::HasSubstr("is in use; stop the other program or"));
}

}  // namespace
}  // namespace satchel::server
