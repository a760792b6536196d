// Scripts that run too long: others are told so, and can end them.

#include <gmock/gmock.h>

#include "tests/server/harness.h"

namespace satchel::server {
namespace {

const std::string kBusy =
    "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n";
const std::string kBusyFunction =
    "-BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.\r\n";

std::string Words(const std::vector<std::string>& words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return out;
}

class LongScriptTest : public ServerTest {
 protected:
  void SetUp() override {
    Serve();
    Client client = Connect();
    EXPECT_ANSWER(client, "CONFIG SET busy-reply-threshold 5\r\n", "+OK\r\n");
  }
  void AwaitBusy() {
    EXPECT_TRUE(Eventually([&] {
      const ExecutionGuard guard(store_->lock());
      return store_->engine().busy();
    }));
  }
};
INSTANTIATE_SERVER_TESTS(LongScriptTest);

TEST_P(LongScriptTest, OthersAreToldAndCanEndIt) {
  Client other = Connect();
  Client script = Connect();
  script.Send(Words({"EVAL", "while true do pcall(function() while true do end end) end", "0"}));
  AwaitBusy();
  EXPECT_ANSWER(other, "GET a\r\n", kBusy);
  Client late = Connect();  // also who comes now
  EXPECT_ANSWER(late, "PING\r\nGET a\r\n", kBusy + kBusy);
  EXPECT_ANSWER(late, "FUNCTION KILL\r\n", kBusy);
  EXPECT_ANSWER(late, "FUNCTION STATS\r\n", kBusy);
  EXPECT_ANSWER(late, "SHUTDOWN\r\n", kBusy);
  EXPECT_ANSWER(late, "MULTI\r\n", "+OK\r\n");
  EXPECT_ANSWER(late, "SET a 1\r\n", kBusy);
  EXPECT_ANSWER(other, "SCRIPT KILL\r\n", "+OK\r\n");
  EXPECT_THAT(script.Line(),
              testing::StartsWith("-ERR Script killed by user with SCRIPT KILL... script: "));
  EXPECT_ANSWER(other, "SCRIPT KILL\r\n", "-NOTBUSY No scripts in execution right now.\r\n");
  EXPECT_ANSWER(script, "PING\r\n", "+PONG\r\n");
}

TEST_P(LongScriptTest, AFunctionIsEndedByItsOwnCommand) {
  Client other = Connect();
  EXPECT_ANSWER(
      other,
      Words({"FUNCTION", "LOAD",
             "#!lua name=l\nredis.register_function('f',function() while true do end end)"}),
      "$1\r\nl\r\n");
  Client script = Connect();
  script.Send("FCALL f 1 k\r\n");
  AwaitBusy();
  EXPECT_ANSWER(other, "SCRIPT KILL\r\n", kBusyFunction);
  EXPECT_ANSWER(
      other, "FUNCTION STATS\r\n",
      "*4\r\n$14\r\nrunning_script\r\n*6\r\n$4\r\nname\r\n$1\r\nf\r\n$7\r\ncommand\r\n*4\r\n"
      "$5\r\nFCALL\r\n$1\r\nf\r\n$1\r\n1\r\n$1\r\nk\r\n$11\r\nduration_ms\r\n:");
  other.Line();
  other.Receive(std::string("$7\r\nengines\r\n*2\r\n$3\r\nLUA\r\n*4\r\n$15\r\nlibraries_count\r\n:1"
                            "\r\n$15\r\nfunctions_count\r\n:1\r\n")
                    .size());
  EXPECT_ANSWER(other, "FUNCTION KILL\r\n", "+OK\r\n");
  EXPECT_THAT(script.Line(),
              testing::StartsWith("-ERR Script killed by user with SCRIPT KILL... script: f, on "));
}

TEST_P(LongScriptTest, WhatHasWrittenCannotBeEnded) {
  Client other = Connect();
  Client script = Connect();
  script.Send(Words({"EVAL",
                     "redis.call('SET','a',1) while redis.call('GET','stop')=='no' do end "
                     "local n=0 while n<1e7 do n=n+1 end return 'done'",
                     "0"}));
  AwaitBusy();
  other.Send("SCRIPT KILL\r\n");
  EXPECT_THAT(other.Line(), testing::StartsWith("-UNKILLABLE Sorry the script already executed"));
  EXPECT_COMES(script, "$4\r\ndone\r\n");
  EXPECT_ANSWER(other, "GET a\r\n", "$1\r\n1\r\n");
}

TEST_P(LongScriptTest, WithRollbackItCan) {
  Client other = Connect();
  EXPECT_ANSWER(other, "CONFIG SET script-rollback yes\r\n", "+OK\r\n");
  Client script = Connect();
  script.Send(Words({"EVAL", "redis.call('SET','a',1) while true do end", "0"}));
  AwaitBusy();
  EXPECT_ANSWER(other, "SCRIPT KILL\r\n", "+OK\r\n");
  EXPECT_THAT(script.Line(), testing::StartsWith("-ERR Script killed"));
  EXPECT_ANSWER(other, "EXISTS a\r\n", ":0\r\n");
}

TEST_P(LongScriptTest, ItsClientMayLeave) {
  Client other = Connect();
  Client script = Connect();
  script.Send(Words({"EVAL", "while true do end", "0"}));
  AwaitBusy();
  AwaitConnections(2);
  script.Close();
  EXPECT_ANSWER(other, "GET a\r\n", kBusy);
  EXPECT_ANSWER(other, "SCRIPT KILL\r\n", "+OK\r\n");
  AwaitConnections(1);
  EXPECT_ANSWER(other, "PING\r\n", "+PONG\r\n");
}

TEST_P(LongScriptTest, ClientsComeAndGoMeanwhile) {
  Client script = Connect();
  script.Send(Words({"EVAL", "while true do end", "0"}));
  AwaitBusy();
  for (int i = 0; i < 50; ++i) {
    Client client = Connect();
    EXPECT_ANSWER(client, "GET a\r\n", kBusy);
  }
  AwaitConnections(1);
  Client client = Connect();
  EXPECT_ANSWER(client, "SCRIPT KILL\r\n", "+OK\r\n");
  EXPECT_THAT(script.Line(), testing::StartsWith("-ERR Script killed"));
}

// What the script's own connection sent behind it is answered after it.
TEST_P(LongScriptTest, ItsOwnPipelineWaits) {
  Client script = Connect();
  script.Send(Words({"EVAL", "while true do end", "0"}) + "PING\r\n");
  AwaitBusy();
  Client other = Connect();
  EXPECT_ANSWER(other, "GET a\r\n", kBusy);
  EXPECT_FALSE(script.HasInput());
  script.Send("ECHO x\r\n");
  EXPECT_ANSWER(other, "SCRIPT KILL\r\n", "+OK\r\n");
  EXPECT_THAT(script.Line(), testing::StartsWith("-ERR Script killed"));
  EXPECT_COMES(script, "+PONG\r\n$1\r\nx\r\n");
}

// They are answered while it runs: what came before it as usual, the rest is told.
TEST_P(LongScriptTest, WhoCameInTheSameRoundDoesNotWait) {
  Client first = Connect();
  Client script = Connect();
  Client second = Connect();
  AwaitConnections(3);
  constexpr int kRequests = 300;  // more than fit into one batch
  std::string requests;
  for (int i = 0; i < kRequests; ++i) requests += "GET a\r\n";
  {
    const ExecutionGuard guard(store_->lock());  // all loops wait for their next round
    Client waker = Connect();
    waker.Send("PING\r\n");
    first.Send(requests);
    script.Send(Words({"EVAL", "while true do end", "0"}));
    second.Send(requests);
  }
  AwaitBusy();
  for (Client* client : {&first, &second}) {
    for (int i = 0; i < kRequests; ++i) {
      const std::string line = client->Line();
      EXPECT_TRUE(line == "$-1\r\n" || line == kBusy) << line;
    }
  }
  EXPECT_ANSWER(second, "SCRIPT KILL\r\n", "+OK\r\n");
  EXPECT_THAT(script.Line(), testing::StartsWith("-ERR Script killed"));
  EXPECT_ANSWER(first, "GET a\r\n", "$-1\r\n");
}

TEST_P(LongScriptTest, AStoppingServerEndsAScriptThatHasWrittenNothing) {
  Client script = Connect();
  script.Send(Words({"EVAL", "while true do end", "0"}));
  AwaitBusy();
  server_->Stop();
  EXPECT_TRUE(store_->Run({"SET", "a", "1"}));
}

TEST_P(LongScriptTest, InProcessCallersAreToldToo) {
  Client script = Connect();
  script.Send(Words({"EVAL", "while true do end", "0"}));
  AwaitBusy();
  EXPECT_EQ(store_->Run({"GET", "a"}).error().detail, kBusy.substr(1, kBusy.size() - 3));
  EXPECT_EQ(store_->Run({"SCRIPT", "KILL"})->text, "OK");
  EXPECT_THAT(script.Line(), testing::StartsWith("-ERR Script killed"));
  EXPECT_TRUE(store_->Run({"SET", "a", "1"}));
}

TEST_P(LongScriptTest, AScriptOfThisProcessLetsTheServerAnswer) {
  std::thread caller([&] {
    const auto reply = store_->Run({"EVAL", "while true do end", "0"});
    EXPECT_THAT(reply.error().detail, testing::StartsWith("ERR Script killed"));
  });
  AwaitBusy();
  Client other = Connect();
  EXPECT_ANSWER(other, "GET a\r\n", kBusy);
  EXPECT_ANSWER(other, "SCRIPT KILL\r\n", "+OK\r\n");
  caller.join();
  EXPECT_ANSWER(other, "PING\r\n", "+PONG\r\n");
}

}  // namespace
}  // namespace satchel::server
