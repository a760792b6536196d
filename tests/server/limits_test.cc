// What clients may take: unfinished requests, unread replies, and all of it together.

#include <gmock/gmock.h>

#include "tests/server/harness.h"

namespace satchel::server {
namespace {

using std::chrono_literals::operator""s;

class LimitsTest : public ServerTest {
 protected:
  std::string Info(Client& client, const std::string& field) {
    client.Send("INFO everything\r\n");
    const std::string text = client.Bulk();
    const std::size_t at = text.find("\n" + field + ":");
    if (at == std::string::npos) return "(none)";
    const std::size_t begin = at + field.size() + 2;
    return text.substr(begin, text.find('\r', begin) - begin);
  }
  // A key whose value is so long.
  void Put(Client& client, const std::string& key, std::size_t bytes) {
    EXPECT_ANSWER(client, "SETRANGE " + key + " " + std::to_string(bytes - 1) + " x\r\n",
                  ":" + std::to_string(bytes) + "\r\n");
  }
  std::string Set(const std::string& name, const std::string& value) {
    return "CONFIG SET " + name + " \"" + value + "\"\r\n";
  }
};
INSTANTIATE_SERVER_TESTS(LimitsTest);

TEST_P(LimitsTest, AnUnfinishedRequestOverTheLimitIsCutOff) {
  Client admin = Connect();
  EXPECT_ANSWER(admin, Set("client-query-buffer-limit", "1mb"), "+OK\r\n");
  Client client = Connect();
  client.Send("*2\r\n$3\r\nGET\r\n$3000000\r\n").Send(std::string(2'500'000, 'x'));
  EXPECT_TRUE(client.IsClosed());
  EXPECT_EQ(Info(admin, "client_query_buffer_limit_disconnections"), "1");
}

TEST_P(LimitsTest, JustBelowTheLimitItIsServed) {
  Client client = Connect();
  EXPECT_ANSWER(client, Set("client-query-buffer-limit", "1mb"), "+OK\r\n");
  const std::string value(1'000'000, 'x');
  EXPECT_ANSWER(client, "*2\r\n$4\r\nECHO\r\n$1000000\r\n" + value + "\r\n",
                "$1000000\r\n" + value + "\r\n");
}

TEST_P(LimitsTest, UnreadRepliesOverTheHardLimitEndTheConnection) {
  Client admin = Connect();
  Put(admin, "big", 1'000'000);
  EXPECT_ANSWER(admin, Set("client-output-buffer-limit", "normal 2mb 0 0"), "+OK\r\n");
  Client client = Connect();
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += "GET big\r\n";
  client.Send(requests);
  EXPECT_TRUE(
      Eventually([&] { return Info(admin, "client_output_buffer_limit_disconnections") == "1"; }));
  EXPECT_LT(client.ReceiveAll().size(), 100'000'000U);
}

TEST_P(LimitsTest, AReplyThatIsReadInTimeMayBeLong) {
  Client client = Connect();
  Put(client, "big", 1'000'000);
  EXPECT_ANSWER(client, Set("client-output-buffer-limit", "normal 2mb 0 0"), "+OK\r\n");
  for (int i = 0; i < 5; ++i) {
    client.Send("GET big\r\n");
    EXPECT_EQ(client.Bulk().size(), 1'000'000U);
  }
}

TEST_P(LimitsTest, ASlowSubscriberDoesNotGrowWithoutBound) {
  Client admin = Connect();
  EXPECT_ANSWER(admin, Set("client-output-buffer-limit", "pubsub 1mb 0 0"), "+OK\r\n");
  Client slow = Connect();
  EXPECT_ANSWER(slow, "SUBSCRIBE c\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
  const std::string publish =
      "*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$100000\r\n" + std::string(100'000, 'x') + "\r\n";
  // The socket takes some; then the server keeps it, and then it does not.
  EXPECT_TRUE(Eventually([&] { return admin.Send(publish).Line() == ":0\r\n"; }));
  EXPECT_EQ(Info(admin, "client_output_buffer_limit_disconnections"), "1");
}

TEST_P(LimitsTest, TheSoftLimitEndsAStalledSubscriberWithoutFurtherMessages) {
  Serve({}, &clock_);
  Client admin = Connect();
  EXPECT_ANSWER(admin, Set("client-output-buffer-limit", "pubsub 0 100kb 5"), "+OK\r\n");
  Client slow = Connect();
  EXPECT_ANSWER(slow, "SUBSCRIBE c\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
  const std::string publish =
      "*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$1000000\r\n" + std::string(1'000'000, 'x') + "\r\n";
  for (int i = 0; i < 20; ++i) EXPECT_ANSWER(admin, publish, ":1\r\n");
  EXPECT_EQ(Info(admin, "client_output_buffer_limit_disconnections"), "0");
  EXPECT_TRUE(Eventually([&] {
    clock_.Advance(1s);
    return Info(admin, "client_output_buffer_limit_disconnections") == "1";
  }));
}

TEST_P(LimitsTest, TheLargestClientsAreEvictedFirst) {
  Client admin = Connect();
  EXPECT_ANSWER(admin, "CLIENT NO-EVICT on\r\n", "+OK\r\n");
  Client small = Connect();
  EXPECT_ANSWER(small, "PING\r\n", "+PONG\r\n");
  Client large = Connect();
  large.Send("*2\r\n$4\r\nECHO\r\n$3000000\r\n").Send(std::string(2'000'000, 'x'));
  EXPECT_TRUE(Eventually([&] { return std::stol(Info(admin, "mem_clients_normal")) > 2'000'000; }));
  EXPECT_ANSWER(admin, Set("maxmemory-clients", "1mb"), "+OK\r\n");
  EXPECT_TRUE(large.IsClosed());
  EXPECT_ANSWER(small, "PING\r\n", "+PONG\r\n");
  EXPECT_EQ(Info(admin, "evicted_clients"), "1");
}

TEST_P(LimitsTest, WhoMustNotBeEvictedIsNot) {
  Client admin = Connect();
  EXPECT_ANSWER(admin, "CLIENT NO-EVICT on\r\n", "+OK\r\n");
  Client large = Connect();
  EXPECT_ANSWER(large, "CLIENT NO-EVICT on\r\n", "+OK\r\n");
  large.Send("*2\r\n$4\r\nECHO\r\n$2000000\r\n").Send(std::string(1'999'000, 'x'));
  EXPECT_TRUE(Eventually([&] { return std::stol(Info(admin, "mem_clients_normal")) > 1'999'000; }));
  EXPECT_ANSWER(admin, Set("maxmemory-clients", "1mb"), "+OK\r\n");
  EXPECT_EQ(Info(admin, "evicted_clients"), "0");
  large.Send(std::string(1'000, 'x') + "\r\n");
  EXPECT_EQ(large.Bulk().size(), 2'000'000U);
}

TEST_P(LimitsTest, QueuedCommandsCountAsTheClients) {
  Client admin = Connect();
  EXPECT_ANSWER(admin, "CLIENT NO-EVICT on\r\n", "+OK\r\n");
  EXPECT_ANSWER(admin, Set("maxmemory-clients", "1mb"), "+OK\r\n");
  Client large = Connect();
  const std::string echo = "*2\r\n$4\r\nECHO\r\n$100000\r\n" + std::string(100'000, 'x') + "\r\n";
  EXPECT_ANSWER(large, "MULTI\r\n", "+OK\r\n");
  for (int i = 0; i < 30; ++i) large.Send(echo);
  EXPECT_TRUE(Eventually([&] { return Info(admin, "evicted_clients") == "1"; }));
}

TEST_P(LimitsTest, MaxmemoryClientsIsBytesOrPercent) {
  Client client = Connect();
  const std::string get = "CONFIG GET maxmemory-clients\r\n";
  const std::string name = "*2\r\n$17\r\nmaxmemory-clients\r\n";
  EXPECT_ANSWER(client, get, name + "$1\r\n0\r\n");
  EXPECT_ANSWER(client, Set("maxmemory-clients", "5%") + get, "+OK\r\n" + name + "$2\r\n5%\r\n");
  EXPECT_ANSWER(client, Set("maxmemory-clients", "1kb") + get, "+OK\r\n" + name + "$4\r\n1024\r\n");
  EXPECT_ANSWER(client, Set("maxmemory-clients", "101%"),
                "-ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - "
                "percentage argument must be less or equal to 100\r\n");
  EXPECT_ANSWER(client, Set("maxmemory-clients", "-5"),
                "-ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - "
                "argument must be a memory or percent value\r\n");
}

TEST_P(LimitsTest, ClientListTellsTheBuffers) {
  Client admin = Connect();
  Client client = Connect();
  EXPECT_ANSWER(client, "MULTI\r\nECHO 0123456789\r\n", "+OK\r\n+QUEUED\r\n");
  client.Send("*2\r\n$4\r\nECHO\r\n$100000\r\n").Send(std::string(50'000, 'x'));
  EXPECT_TRUE(Eventually([&] {
    admin.Send("CLIENT LIST\r\n");
    const std::string list = admin.Bulk();
    const std::size_t line = list.find("multi=1 ");
    const std::size_t qbuf = list.find("qbuf=", line);
    return line != std::string::npos && std::stol(list.substr(qbuf + 5)) > 50'000 &&
           std::stol(list.substr(list.find("multi-mem=", line) + 10)) > 14;
  }));
  EXPECT_GT(std::stol(Info(admin, "client_recent_max_input_buffer")), 50'000);
}

}  // namespace
}  // namespace satchel::server
