// Blocked clients: who serves them, when they give up, what happens to what they sent after.

#include "base/clock.h"
#include "tests/server/harness.h"

namespace satchel::server {
namespace {

constexpr char kPopped[] = "*2\r\n$1\r\nq\r\n$1\r\nv\r\n";

class Blocking : public ServerTest {};
INSTANTIATE_SERVER_TESTS(Blocking);

// With a clock that tests move; the loops follow it.
class BlockingOnTime : public ServerTest {
 protected:
  void SetUp() override { Serve({}, &clock_); }
};
INSTANTIATE_SERVER_TESTS(BlockingOnTime);

TEST_P(Blocking, AnotherConnectionServes) {
  Client waiter = Connect();
  Client pusher = Connect();
  waiter.Send("BLPOP q 0\r\n");
  AwaitBlocked(1);
  EXPECT_ANSWER(pusher, "RPUSH q v\r\n", ":1\r\n");
  EXPECT_COMES(waiter, kPopped);
}

TEST_P(Blocking, WhatFollowsWaitsAndIsThenAnswered) {
  Client waiter = Connect();
  Client pusher = Connect();
  waiter.Send("PING\r\nBLPOP q 0\r\nSET k 1\r\nGET k\r\n");
  AwaitBlocked(1);
  EXPECT_ANSWER(pusher, "GET k\r\nRPUSH q v\r\n", "$-1\r\n:1\r\n");
  EXPECT_COMES(waiter, "+PONG\r\n" + std::string(kPopped) + "+OK\r\n$1\r\n1\r\n");
}

TEST_P(Blocking, InputThatComesMeanwhileWaitsToo) {
  Client waiter = Connect();
  Client pusher = Connect();
  waiter.Send("BLPOP q 0\r\n");
  AwaitBlocked(1);
  waiter.Send("PING\r\nBLPOP q 0\r\nPING\r\n");
  EXPECT_ANSWER(pusher, "RPUSH q v\r\n", ":1\r\n");
  EXPECT_COMES(waiter, kPopped + std::string("+PONG\r\n"));
  AwaitBlocked(1);
  EXPECT_ANSWER(pusher, "RPUSH q v\r\n", ":1\r\n");
  EXPECT_COMES(waiter, kPopped + std::string("+PONG\r\n"));
}

TEST_P(Blocking, AWriterInThisProcessServes) {
  Client waiter = Connect();
  waiter.Send("BLPOP q 0\r\nPING\r\n");
  AwaitBlocked(1);
  ASSERT_TRUE(store_->Run({"RPUSH", "q", "v"}));
  EXPECT_COMES(waiter, kPopped + std::string("+PONG\r\n"));
}

TEST_P(Blocking, AHalfClosedWaiterIsForgotten) {
  Client waiter = Connect();
  waiter.Send("BLPOP q 0\r\n");
  AwaitBlocked(1);
  waiter.SendEnd();
  AwaitBlocked(0);
  EXPECT_TRUE(waiter.IsClosed());
}

TEST_P(Blocking, ThoseInThisProcessAreServedByConnections) {
  ReplyValue popped;
  std::thread caller([&] { popped = store_->Run({"BLPOP", "q", "0"}).value(); });
  AwaitBlocked(1);
  Client pusher = Connect();
  EXPECT_ANSWER(pusher, "RPUSH q v\r\n", ":1\r\n");
  caller.join();
  EXPECT_EQ(popped, ReplyValue::Array({ReplyValue::Bulk("q"), ReplyValue::Bulk("v")}));
}

TEST_P(Blocking, TheOldestWaiterIsServedFirst) {
  std::vector<Client> waiters;
  for (std::size_t i = 0; i < 5; ++i) {
    waiters.push_back(Connect());
    waiters.back().Send("BLPOP q 0\r\n");
    AwaitBlocked(i + 1);
  }
  Client pusher = Connect();
  EXPECT_ANSWER(pusher, "RPUSH q 0 1 2 3 4\r\n", ":5\r\n");
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_COMES(waiters[i], "*2\r\n$1\r\nq\r\n$1\r\n" + std::to_string(i) + "\r\n");
  }
}

TEST_P(Blocking, AClientThatLeavesIsForgotten) {
  Client waiter = Connect();
  waiter.Send("BLPOP q 0\r\n");
  AwaitBlocked(1);
  waiter.Close();
  AwaitBlocked(0);
  Client pusher = Connect();
  EXPECT_ANSWER(pusher, "RPUSH q v\r\nLLEN q\r\n", ":1\r\n:1\r\n");
}

TEST_P(Blocking, UnblockWithTimeoutOrError) {
  Client waiter = Connect();
  Client admin = Connect();
  waiter.Send("CLIENT ID\r\n");
  const std::string id = waiter.Line().substr(1);
  waiter.Send("BLPOP q 0\r\n");
  AwaitBlocked(1);
  EXPECT_ANSWER(admin, "CLIENT UNBLOCK " + id, ":1\r\n");
  EXPECT_COMES(waiter, "*-1\r\n");
  waiter.Send("BLPOP q 0\r\n");
  AwaitBlocked(1);
  EXPECT_ANSWER(admin, "CLIENT UNBLOCK " + id.substr(0, id.size() - 2) + " ERROR\r\n", ":1\r\n");
  EXPECT_COMES(waiter, "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
}

TEST_P(Blocking, SilencedRepliesStaySilent) {
  Client waiter = Connect();
  Client pusher = Connect();
  waiter.Send("CLIENT REPLY SKIP\r\nBLPOP q 0\r\nPING\r\n");
  AwaitBlocked(1);
  EXPECT_ANSWER(pusher, "RPUSH q v\r\n", ":1\r\n");
  EXPECT_COMES(waiter, "+PONG\r\n");
}

TEST_P(Blocking, ARealTimeoutComesByItself) {
  Client waiter = Connect();
  EXPECT_ANSWER(waiter, "BLPOP q 0.01\r\nPING\r\n", "*-1\r\n+PONG\r\n");
}

TEST_P(BlockingOnTime, ATimeoutComesInItsMillisecond) {
  Client waiter = Connect();
  Client other = Connect();
  waiter.Send("BLPOP q 1.5\r\n");
  AwaitBlocked(1);
  clock_.Advance(std::chrono::milliseconds(1499));
  EXPECT_ANSWER(other, "PING\r\n", "+PONG\r\n");
  EXPECT_FALSE(waiter.HasInput());
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_COMES(waiter, "*-1\r\n");
}

TEST_P(BlockingOnTime, APauseHoldsCommandsBackUntilItsEnd) {
  Client client = Connect();
  Client admin = Connect();
  EXPECT_ANSWER(admin, "CLIENT PAUSE 1000 WRITE\r\n", "+OK\r\n");
  EXPECT_ANSWER(client, "GET k\r\nSET k 1\r\nGET k\r\n", "$-1\r\n");
  EXPECT_ANSWER(admin, "GET k\r\n", "$-1\r\n");
  clock_.Advance(std::chrono::milliseconds(999));
  EXPECT_ANSWER(admin, "GET k\r\n", "$-1\r\n");
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_COMES(client, "+OK\r\n$1\r\n1\r\n");
}

TEST_P(BlockingOnTime, APauseEndsEarlyByCommand) {
  Client client = Connect();
  Client admin = Connect();
  EXPECT_ANSWER(admin, "CLIENT PAUSE 1000000 WRITE\r\n", "+OK\r\n");
  client.Send("SET k 1\r\n");
  EXPECT_ANSWER(admin, "CLIENT UNPAUSE\r\n", "+OK\r\n");
  EXPECT_COMES(client, "+OK\r\n");
}

TEST_P(BlockingOnTime, IdleClientsAreClosedAndWaitingOnesAreNot) {
  Serve({.idle_timeout_s = 60}, &clock_);
  Client idle = Connect();
  Client blocked = Connect();
  Client busy = Connect();
  EXPECT_ANSWER(idle, "PING\r\n", "+PONG\r\n");
  blocked.Send("BLPOP q 0\r\n");
  AwaitBlocked(1);
  clock_.Advance(std::chrono::seconds(59));
  EXPECT_ANSWER(busy, "PING\r\n", "+PONG\r\n");
  clock_.Advance(std::chrono::seconds(5));
  EXPECT_TRUE(idle.IsClosed());
  EXPECT_ANSWER(busy, "RPUSH q v\r\n", ":1\r\n");
  EXPECT_COMES(blocked, kPopped);
}

}  // namespace
}  // namespace satchel::server
