// Messages between connections, and to oneself.

#include <fmt/format.h>

#include "tests/server/harness.h"

namespace satchel::server {
namespace {

class PubSub : public ServerTest {};
INSTANTIATE_SERVER_TESTS(PubSub);

std::string Subscribed(std::string_view channel, int count, char type = '*') {
  return fmt::format("{}3\r\n$9\r\nsubscribe\r\n${}\r\n{}\r\n:{}\r\n", type, channel.size(),
                     channel, count);
}

TEST_P(PubSub, AMessageReachesOtherConnections) {
  std::vector<Client> subscribers;
  for (int i = 0; i < 6; ++i) {
    subscribers.push_back(Connect());
    EXPECT_ANSWER(subscribers.back(), "SUBSCRIBE c\r\n", Subscribed("c", 1));
  }
  Client publisher = Connect();
  EXPECT_ANSWER(publisher, "PUBLISH c hi\r\n", ":6\r\n");
  for (Client& subscriber : subscribers) {
    EXPECT_COMES(subscriber, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n");
  }
}

TEST_P(PubSub, Resp3ClientsGetPushesAndMayDoOtherThings) {
  Client subscriber = Connect();
  subscriber.Send("HELLO 3\r\nPSUBSCRIBE c*\r\nSSUBSCRIBE s\r\nPING\r\n");
  while (subscriber.Line() != "+PONG\r\n") {
  }
  Client publisher = Connect();
  EXPECT_ANSWER(publisher, "PUBLISH cc hi\r\nSPUBLISH s yo\r\n", ":1\r\n:1\r\n");
  EXPECT_COMES(subscriber,
               ">4\r\n$8\r\npmessage\r\n$2\r\nc*\r\n$2\r\ncc\r\n$2\r\nhi\r\n"
               ">3\r\n$8\r\nsmessage\r\n$1\r\ns\r\n$2\r\nyo\r\n");
}

TEST_P(PubSub, AMessageToOneselfComesBeforeTheReply) {
  Client client = Connect();
  client.Send("HELLO 3\r\nPING\r\n");
  while (client.Line() != "+PONG\r\n") {
  }
  EXPECT_ANSWER(
      client, "SUBSCRIBE c\r\nPUBLISH c hi\r\nPING\r\n",
      Subscribed("c", 1, '>') + ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n:1\r\n+PONG\r\n");
}

TEST_P(PubSub, MessagesOfThisProcessArrive) {
  Client subscriber = Connect();
  EXPECT_ANSWER(subscriber, "SUBSCRIBE c\r\n", Subscribed("c", 1));
  ASSERT_TRUE(store_->Run({"PUBLISH", "c", "hi"}));
  EXPECT_COMES(subscriber, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n");
}

TEST_P(PubSub, MessagesOfManyPublishersKeepTheirOrder) {
  Client subscriber = Connect();
  EXPECT_ANSWER(subscriber, "SUBSCRIBE c\r\n", Subscribed("c", 1));
  // Each publishes the next number after it has seen the reply of the one before.
  std::vector<Client> publishers;
  for (int i = 0; i < 3; ++i) publishers.push_back(Connect());
  for (int i = 0; i < 300; ++i) {
    EXPECT_ANSWER(publishers[static_cast<std::size_t>(i % 3)],
                  "PUBLISH c " + std::to_string(1000 + i) + "\r\n", ":1\r\n");
  }
  for (int i = 0; i < 300; ++i) {
    EXPECT_COMES(subscriber,
                 "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$4\r\n" + std::to_string(1000 + i) + "\r\n");
  }
}

TEST_P(PubSub, ASubscriberThatDoesNotReadIsClosed) {
  Client admin = Connect();
  EXPECT_ANSWER(admin, "CONFIG SET client-output-buffer-limit \"pubsub 100kb 0 0\"\r\n", "+OK\r\n");
  Client subscriber = Connect();
  EXPECT_ANSWER(subscriber, "SUBSCRIBE c\r\n", Subscribed("c", 1));
  const std::string publish =
      "*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$50000\r\n" + std::string(50'000, 'x') + "\r\n";
  std::string reply = ":1\r\n";
  for (int i = 0; i < 2000 && reply == ":1\r\n"; ++i) reply = admin.Send(publish).Line();
  EXPECT_EQ(reply, ":0\r\n");
}

TEST_P(PubSub, ASubscriberThatLeavesReceivesNothing) {
  Client subscriber = Connect();
  EXPECT_ANSWER(subscriber, "SUBSCRIBE c\r\n", Subscribed("c", 1));
  subscriber.Close();
  AwaitConnections(0);
  Client publisher = Connect();
  EXPECT_ANSWER(publisher, "PUBLISH c hi\r\n", ":0\r\n");
}

}  // namespace
}  // namespace satchel::server
