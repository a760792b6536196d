// What the oracle cannot compare: rights over time, sessions in process, closed connections.

#include "tests/engine/engine_fixture.h"

namespace satchel::engine {
namespace {

class TestPeer final : public Peer {
 public:
  std::string Address() const override { return "test:1"; }
  std::string LocalAddress() const override { return "test:0"; }
  int FileDescriptor() const override { return -1; }
  std::size_t InputBytes() const override { return 0; }
  std::size_t OutputBytes() const override { return 0; }
  void Deliver(const std::shared_ptr<const PushMessage>&) override {}
  void Close(bool) override { closed = true; }
  void ProtocolChanged(int) override {}

  bool closed = false;
};

class AclTest : public EngineTest {
 protected:
  AclTest() : client_(Session::Kind::kClient, &peer_) {
    const ExecutionGuard guard(lock_);
    engine_.AddSession(client_);
  }
  ~AclTest() override {
    const ExecutionGuard guard(lock_);
    engine_.RemoveSession(client_);
  }
  std::string RunClient(std::string_view line) { return RunAs(client_, line); }
  std::size_t LogSize() {
    const ExecutionGuard guard(lock_);
    return engine_.acl().log().size();
  }
  AclLogEntry Newest() {
    const ExecutionGuard guard(lock_);
    return engine_.acl().log().front();
  }

  TestPeer peer_;
  Session client_;
};

TEST_F(AclTest, TheProgramItselfIsNotRestricted) {
  Run("ACL SETUSER default -@all");
  EXPECT_EQ(Run("SET k v"), "+OK");
  EXPECT_EQ(RunClient("GET k"), "-NOPERM this user has no permissions to run the 'get' command");
}

TEST_F(AclTest, ASubscriberWhoLosesTheRightWithASelectorIsClosed) {
  Run("ACL SETUSER sub on nopass +@all resetchannels &a \"(+@all resetchannels &b)\"");
  RunClient("AUTH sub x");
  RunClient("SUBSCRIBE a");
  RunClient("SUBSCRIBE b");
  Run("ACL SETUSER sub nopass");
  EXPECT_FALSE(peer_.closed);
  Run("ACL SETUSER sub clearselectors");
  EXPECT_TRUE(peer_.closed);
}

TEST_F(AclTest, TheLogCountsTheSameRefusalForAMinute) {
  Run("ACL SETUSER u on nopass +get ~k");
  RunClient("AUTH u x");
  for (int i = 0; i < 3; ++i) RunClient("GET x");
  EXPECT_EQ(LogSize(), 1U);
  EXPECT_EQ(Newest().count, 3U);
  Advance(std::chrono::seconds(60));
  RunClient("GET x");
  EXPECT_EQ(Newest().count, 4U);
  Advance(std::chrono::milliseconds(60'001));
  RunClient("GET x");
  EXPECT_EQ(LogSize(), 2U);
  EXPECT_EQ(Newest().count, 1U);
}

TEST_F(AclTest, TheLogKeepsItsNewestEntries) {
  Run("CONFIG SET acllog-max-len 5");
  Run("ACL SETUSER u on nopass +get");
  RunClient("AUTH u x");
  for (int i = 0; i < 20; ++i) RunClient("GET x" + std::to_string(i));
  EXPECT_EQ(LogSize(), 5U);
  EXPECT_EQ(Newest().object, "x19");
}

TEST_F(AclTest, AnEntryOfTheLogNamesTheClient) {
  Run("ACL SETUSER u on nopass +get +client");
  RunClient("AUTH u x");
  RunClient("CLIENT SETNAME ann");
  RunClient("GET x");
  EXPECT_NE(Newest().client.find("addr=test:1"), std::string::npos);
  EXPECT_NE(Newest().client.find("name=ann"), std::string::npos);
  EXPECT_NE(Newest().client.find("user=u"), std::string::npos);
}

TEST_F(AclTest, WhatAclListPrintsMakesTheSameUserAgain) {
  constexpr std::string_view kRules[] = {
      "on nopass ~* &* +@all -@dangerous -get -config|set",
      "off #2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b ~a %R~b %W~c &d",
      "+@read -@string +set +config|get +select|0 +select|1",
      "+@all -@write +del (+get ~x) (~* &* +@all -@admin)",
      "skip-sanitize-payload +@hash +@list -hget allchannels",
  };
  for (std::string_view rules : kRules) {
    const ExecutionGuard guard(lock_);
    const auto apply = [&](std::string_view line) {
      auto user = engine_.acl().NewUser("u");
      const auto words = SplitArgs(line);
      const std::vector<std::string_view> views(words->begin(), words->end());
      const auto joined = JoinSelectors(views);
      for (const std::string& word : *joined) EXPECT_TRUE(user->Apply(word)) << word;
      return user;
    };
    const auto first = apply(rules);
    const auto second = apply(first->Text());
    EXPECT_EQ(second->Text(), first->Text());
    for (std::size_t i = 0; i < engine_.commands().indexes(); ++i) {
      const Command& command = engine_.commands().at(i);
      EXPECT_EQ(first->Check(command, {}).allowed(), second->Check(command, {}).allowed())
          << rules << ": " << CommandTable::FullName(command);
    }
  }
}

TEST_F(AclTest, AFileIsTakenAsAWholeOrNotAtAll) {
  const ExecutionGuard guard(lock_);
  const Acl& acl = engine_.acl();
  auto users = acl.ParseFile("f", "user a on >x ~k +get\n\n  user b off (+get ~x) \r\n");
  ASSERT_TRUE(users);
  ASSERT_EQ(users->size(), 2U);
  EXPECT_EQ((*users)[1]->Text(), "off resetchannels -@all (~x resetchannels -@all +get)");
  const auto bad =
      acl.ParseFile("f", "# no\nuser a bad\nuser b +foo\nuser c\nuser c\nuser d (+get");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().detail,
            "f:1 should start with user keyword followed by the username. f:2: Syntax error. "
            "f:3: Error in applying operation '+foo': Unknown command or category name in ACL. "
            "WARNING: Duplicate user 'c' found on line 5. "
            "f:6: Unmatched parenthesis in selector definition."
            "WARNING: ACL errors detected, no change to the previously active ACL rules was "
            "performed");
}

TEST_F(AclTest, ASecretIsNotInTheSlowLog) {
  Run("CONFIG SET slowlog-log-slower-than 0");
  RunClient("AUTH default secret");
  RunClient("HELLO 3 AUTH default secret");
  RunClient("ACL SETUSER x on >secret");
  RunClient("CONFIG SET requirepass secret");
  RunClient("CONFIG SET nosuch x requirepass secret");
  EXPECT_EQ(Run("SLOWLOG GET 128").find("secret"), std::string::npos);
}

}  // namespace
}  // namespace satchel::engine
