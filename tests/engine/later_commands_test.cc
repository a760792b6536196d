// Strings and sorted sets: what redis-server 7.0 does not have, and so the oracle cannot compare.

#include "engine_fixture.h"

namespace satchel::engine {
namespace {

class LaterCommands : public EngineTest {};

TEST_F(LaterCommands, DigestIsXxh3OfTheBytesWhateverTheEncoding) {
  Run("MSET empty \"\" one 1 abc abc hello hello int 12345 words \"Hello world\"");
  EXPECT_EQ(Run("DIGEST empty"), "\"2d06800538d394c2\"");
  EXPECT_EQ(Run("DIGEST one"), "\"65cd25028f98f158\"");
  EXPECT_EQ(Run("DIGEST abc"), "\"78af5f94892f3950\"");
  EXPECT_EQ(Run("DIGEST hello"), "\"9555e8555c62dcfd\"");
  EXPECT_EQ(Run("DIGEST int"), "\"f34099ede96b5581\"");
  EXPECT_EQ(Run("DIGEST words"), "\"b6acb9d84a38ff74\"");
  EXPECT_EQ(Run("DIGEST nokey"), "(nil)");
  Run("RPUSH list x");
  EXPECT_EQ(Run("DIGEST list").substr(0, 10), "-WRONGTYPE");
}

TEST_F(LaterCommands, SetComparesTheOldValueFirst) {
  EXPECT_EQ(Run("SET k a IFEQ x"), "(nil)");
  EXPECT_EQ(Run("EXISTS k"), ":0");
  EXPECT_EQ(Run("SET k a IFNE x"), "+OK");
  EXPECT_EQ(Run("SET k b IFEQ zzz GET"), "\"a\"");
  EXPECT_EQ(Run("SET k b IFEQ a GET"), "\"a\"");
  EXPECT_EQ(Run("SET k c IFNE b"), "(nil)");
  EXPECT_EQ(Run("SET k c ifne B EX 100"), "+OK");
  EXPECT_EQ(Run("TTL k"), ":100");
  EXPECT_EQ(Run("SET k d IFEQ x"), "(nil)");
  EXPECT_EQ(Run("TTL k"), ":100");
  EXPECT_EQ(Run("SET k d IFEQ c"), "+OK");
  EXPECT_EQ(Run("TTL k"), ":-1");
  EXPECT_EQ(Run("SET fresh v IFNE x GET"), "(nil)");
  EXPECT_EQ(Run("GET fresh"), "\"v\"");
}

TEST_F(LaterCommands, SetComparesDigests) {
  EXPECT_EQ(Run("SET k abc IFDEQ short"), "(nil)");
  EXPECT_EQ(Run("SET k abc IFDNE short"), "+OK");
  EXPECT_EQ(Run("SET k hello IFDEQ abc"), "-ERR must be exactly 16 hexadecimal characters");
  EXPECT_EQ(Run("SET k hello IFDEQ 0000000000000000"), "(nil)");
  EXPECT_EQ(Run("SET k hello IFDEQ 78AF5f94892f3950"), "+OK");
  EXPECT_EQ(Run("SET k x IFDNE 9555e8555c62dcfd"), "(nil)");
  EXPECT_EQ(Run("SET k x IFDNE zzzzzzzzzzzzzzzz"), "+OK");
}

TEST_F(LaterCommands, SetTakesOneConditionOnStringsOnly) {
  for (const char* options : {"IFEQ", "IFEQ a NX", "NX IFEQ a", "IFEQ a IFNE b", "XX IFDEQ d"}) {
    EXPECT_EQ(Run(std::string("SET k v ") + options), "-ERR syntax error") << options;
  }
  EXPECT_EQ(Run("GETEX k IFEQ a"), "-ERR syntax error");
  Run("RPUSH list x");
  EXPECT_EQ(Run("SET list v IFNE x").substr(0, 10), "-WRONGTYPE");
  EXPECT_EQ(Run("TYPE list"), "+list");
}

TEST_F(LaterCommands, DelexRemovesWhatIsExpected) {
  EXPECT_EQ(Run("DELEX nokey"), ":0");
  EXPECT_EQ(Run("DELEX nokey BOGUS x"), ":0");
  EXPECT_EQ(Run("DELEX nokey IFNE x"), ":0");
  Run("SET lock tok");
  EXPECT_EQ(Run("DELEX lock IFEQ other"), ":0");
  EXPECT_EQ(Run("DELEX lock IFNE tok"), ":0");
  EXPECT_EQ(Run("DELEX lock BOGUS tok"), "-ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE");
  EXPECT_EQ(Run("DELEX lock IFDEQ tok"), "-ERR must be exactly 16 hexadecimal characters");
  EXPECT_EQ(Run("DELEX lock IFEQ"), "-ERR wrong number of arguments for 'delex' command");
  EXPECT_EQ(Run("DELEX lock IFEQ tok"), ":1");
  EXPECT_EQ(Run("EXISTS lock"), ":0");
  Run("RPUSH list x");
  EXPECT_EQ(Run("DELEX list IFEQ x"),
            "-ERR Key should be of string type if conditions are specified");
  EXPECT_EQ(Run("DELEX list"), ":1");
}

TEST_F(LaterCommands, MsetexSetsAllOrNothing) {
  EXPECT_EQ(Run("MSETEX 2 a 1 b 2 EX 10"), ":1");
  EXPECT_EQ(Run("TTL b"), ":10");
  EXPECT_EQ(Run("MSETEX 2 a 9 c 3 NX"), ":0");
  EXPECT_EQ(Run("MGET a c"), "[\"1\", (nil)]");
  EXPECT_EQ(Run("MSETEX 2 a 9 c 3 XX"), ":0");
  EXPECT_EQ(Run("MSETEX 2 a 5 b 6 KEEPTTL XX"), ":1");
  EXPECT_EQ(Run("TTL a"), ":10");
  EXPECT_EQ(Run("MSETEX 2 a 1 a 2"), ":1");
  EXPECT_EQ(Run("GET a"), "\"2\"");
  EXPECT_EQ(Run("TTL a"), ":-1");
  Run("RPUSH list x");
  EXPECT_EQ(Run("MSETEX 1 list v XX PXAT 1700000001000"), ":1");
  EXPECT_EQ(Run("PTTL list"), ":1000");
}

TEST_F(LaterCommands, MsetexRefusesBeforeItLooksAtAKey) {
  for (const char* count : {"0", "-1", "x", "2147483648"}) {
    EXPECT_EQ(Run(std::string("MSETEX ") + count + " a 1"), "-ERR invalid numkeys value") << count;
  }
  EXPECT_EQ(Run("MSETEX 2 a 1"), "-ERR wrong number of key-value pairs");
  EXPECT_EQ(Run("MSETEX 2147483647 a 1"), "-ERR wrong number of key-value pairs");
  for (const char* rest : {"b", "NX XX", "GET", "EX 1 KEEPTTL", "EX", "IFEQ 1"}) {
    EXPECT_EQ(Run(std::string("MSETEX 1 a 1 ") + rest), "-ERR syntax error") << rest;
  }
  EXPECT_EQ(Run("MSETEX 1 a 1 EX 0"), "-ERR invalid expire time in 'msetex' command");
  EXPECT_EQ(Run("EXISTS a"), ":0");
  EXPECT_EQ(Run("COMMAND GETKEYS MSETEX 2 a 1 b 2 NX"), "[\"a\", \"b\"]");
}

TEST_F(LaterCommands, RankCanComeWithItsScore) {
  Run("ZADD z 1 a 2.5 b");
  EXPECT_EQ(Run("ZRANK z b WITHSCORE"), "[:1, \"2.5\"]");
  EXPECT_EQ(Run("ZREVRANK z b withscore"), "[:0, \"2.5\"]");
  EXPECT_EQ(Run("ZREVRANK z b"), ":0");
  EXPECT_EQ(Run("ZRANK z q WITHSCORE"), "(nil array)");
  EXPECT_EQ(Run("ZRANK nokey q WITHSCORE"), "(nil array)");
  EXPECT_EQ(Run("ZRANK z q"), "(nil)");
  EXPECT_EQ(Run("ZRANK z a WITHSCORES"), "-ERR syntax error");
  EXPECT_EQ(Run("ZRANK z a WITHSCORE x"), "-ERR wrong number of arguments for 'zrank' command");
}

TEST_F(LaterCommands, ReadsOfANoTouchClientLeaveTheIdleTime) {
  Run("SET k v");
  Advance(std::chrono::seconds(10));
  EXPECT_EQ(Run("CLIENT NO-TOUCH maybe"), "-ERR syntax error");
  EXPECT_EQ(Run("CLIENT NO-TOUCH on"), "+OK");
  EXPECT_EQ(Run("GET k"), "\"v\"");
  EXPECT_EQ(Run("OBJECT IDLETIME k"), ":10");
  EXPECT_EQ(Run("TOUCH k"), ":1");
  EXPECT_EQ(Run("OBJECT IDLETIME k"), ":0");
  Advance(std::chrono::seconds(10));
  EXPECT_EQ(Run("CLIENT NO-TOUCH OFF"), "+OK");
  EXPECT_EQ(Run("GET k"), "\"v\"");
  EXPECT_EQ(Run("OBJECT IDLETIME k"), ":0");
}

TEST_F(LaterCommands, WaitaofHasNoFileAndNoReplicaToWaitFor) {
  EXPECT_EQ(Run("WAITAOF 0 0 0"), "[:0, :0]");
  EXPECT_EQ(Run("WAITAOF 1 0 0"),
            "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  EXPECT_EQ(Run("WAITAOF 2 0 0"), "-ERR value is out of range, value must between 0 and 1");
  EXPECT_EQ(Run("WAITAOF 0 -1 0"), "-ERR value is out of range, must be positive");
  EXPECT_EQ(Run("WAITAOF 0 0 -1"), "-ERR timeout is negative");
  EXPECT_EQ(Run("WAITAOF 0 0"), "-ERR wrong number of arguments for 'waitaof' command");
  EXPECT_EQ(Run("WAITAOF 0 1 10"), "[:0, :0]");  // in-process callers do not wait
}

}  // namespace
}  // namespace satchel::engine
