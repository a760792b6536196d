// Deadlines of hash fields. redis-server 7.0 has none: what is expected is what 7.4 to 8.4
// document.

#include "engine_fixture.h"

namespace satchel::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class HashFields : public EngineTest {
 protected:
  std::string Deadlines(const std::string& fields, int count) {
    return Run("HPTTL h FIELDS " + std::to_string(count) + " " + fields);
  }
};

TEST_F(HashFields, ADeadlineIsSetPerField) {
  Run("HSET h a 1 b 2");
  EXPECT_EQ(Run("HEXPIRE nokey 20 NX FIELDS 2 a b"), "[:-2, :-2]");
  EXPECT_EQ(Run("HEXPIRE h 10 FIELDS 3 a b c"), "[:1, :1, :-2]");
  EXPECT_EQ(Run("HEXPIRE h 5 GT FIELDS 1 a"), "[:0]");
  EXPECT_EQ(Run("HTTL h FIELDS 3 a b c"), "[:10, :10, :-2]");
  EXPECT_EQ(Run("HPTTL h FIELDS 1 a"), "[:10000]");
  EXPECT_EQ(Run("HEXPIRETIME h FIELDS 1 a"), "[:1700000010]");
  EXPECT_EQ(Run("HPEXPIRETIME h FIELDS 1 a"), "[:1700000010000]");
  EXPECT_EQ(Run("TTL h"), ":-1");
}

TEST_F(HashFields, SecondsAreRoundedUp) {
  Run("HSET h a 1");
  Run("HPEXPIRE h 1500 FIELDS 1 a");
  EXPECT_EQ(Run("HTTL h FIELDS 1 a"), "[:2]");
  Run("HPEXPIREAT h 1700000001001 FIELDS 1 a");
  EXPECT_EQ(Run("HEXPIRETIME h FIELDS 1 a"), "[:1700000002]");
}

TEST_F(HashFields, APastDeadlineDeletesTheFieldAndTheLastFieldTheKey) {
  Run("HSET h a 1 b 2");
  EXPECT_EQ(Run("HEXPIREAT h 1 FIELDS 1 a"), "[:2]");
  EXPECT_EQ(Run("HGETALL h"), "[\"b\", \"2\"]");
  EXPECT_EQ(Run("HEXPIRE h 0 FIELDS 2 a b"), "[:-2, :2]");
  EXPECT_EQ(Run("EXISTS h"), ":0");
}

TEST_F(HashFields, ConditionsCompareWithTheOldDeadline) {
  Run("HSET h a 1 b 2");
  EXPECT_EQ(Run("HEXPIRE h 10 XX FIELDS 1 a"), "[:0]");
  EXPECT_EQ(Run("HEXPIRE h 10 GT FIELDS 1 a"), "[:0]");
  EXPECT_EQ(Run("HEXPIRE h 10 LT FIELDS 1 a"), "[:1]");
  EXPECT_EQ(Run("HEXPIRE h 20 NX FIELDS 2 a b"), "[:0, :1]");
  EXPECT_EQ(Run("HEXPIRE h 10 LT FIELDS 1 a"), "[:0]");
  EXPECT_EQ(Run("HEXPIRE h 10 GT FIELDS 1 a"), "[:0]");
  EXPECT_EQ(Run("HEXPIRE h 11 GT FIELDS 1 a"), "[:1]");
  EXPECT_EQ(Run("HEXPIRE h 0 NX FIELDS 1 a"), "[:0]");  // the condition comes first
  EXPECT_EQ(Run("HEXPIRE h 5 XX FIELDS 2 a a"), "[:1, :1]");
}

TEST_F(HashFields, BadArgumentsOfHexpireChangeNothing) {
  Run("HSET h a 1");
  Run("SET s v");
  EXPECT_EQ(Run("HEXPIRE s x FIELDS 1 a").substr(0, 10), "-WRONGTYPE");
  EXPECT_EQ(Run("HEXPIRE h x FIELDS 1 a"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Run("HEXPIRE h -1 FIELDS 1 a"), "-ERR invalid expire time, must be >= 0");
  EXPECT_EQ(Run("HEXPIRE h 70368744177664 FIELDS 1 a"),
            "-ERR invalid expire time in 'hexpire' command");
  EXPECT_EQ(Run("HPEXPIREAT h 70368744177664 FIELDS 1 a"),
            "-ERR invalid expire time in 'hpexpireat' command");
  EXPECT_EQ(Run("HPEXPIREAT h 70368744177663 FIELDS 1 a"), "[:1]");
  const std::string missing =
      "-ERR Mandatory argument FIELDS is missing or not at the right position";
  EXPECT_EQ(Run("HEXPIRE h 10 FIELD 1 a"), missing);
  EXPECT_EQ(Run("HEXPIRE h 10 NX 1 a FIELDS"), missing);
  EXPECT_EQ(Run("HEXPIRE h 10 FIELDS 0 a"), "-ERR Parameter `numFields` should be greater than 0");
  EXPECT_EQ(Run("HEXPIRE h 10 FIELDS a a"), "-ERR Parameter `numFields` should be greater than 0");
  EXPECT_EQ(Run("HEXPIRE h 10 FIELDS 2 a"),
            "-ERR The `numfields` parameter must match the number of arguments");
  EXPECT_EQ(Run("HTTL h FIELDS 0 a"), "-ERR Number of fields must be a positive integer");
  EXPECT_EQ(Run("HTTL h FIELDS 1 a b"),
            "-ERR The `numfields` parameter must match the number of arguments");
  EXPECT_EQ(Run("HPERSIST s FIELDS 0 a").substr(0, 10), "-WRONGTYPE");
}

TEST_F(HashFields, AnExpiredFieldIsInvisibleBeforeAnythingRemovesIt) {
  Run("HSET h a 1 b 2 c 3");
  Run("HPEXPIRE h 100 FIELDS 2 a b");
  clock_.Advance(milliseconds(100));
  EXPECT_EQ(Run("HTTL h FIELDS 1 a"), "[:-2]");
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(Run("HGET h a"), "(nil)");
  EXPECT_EQ(Run("HLEN h"), ":1");
  EXPECT_EQ(Run("HGETALL h"), "[\"c\", \"3\"]");
  EXPECT_EQ(Run("HINCRBY h a 5"), ":5");
  EXPECT_EQ(Run("HTTL h FIELDS 1 a"), "[:-1]");
}

TEST_F(HashFields, TheKeyGoesWithItsLastField) {
  Run("HSET h a 1");
  Run("HPEXPIRE h 100 FIELDS 1 a");
  clock_.Advance(milliseconds(101));
  EXPECT_EQ(Run("EXISTS h"), ":0");
  EXPECT_EQ(Run("TYPE h"), "+none");
}

TEST_F(HashFields, TheTickRemovesWhatNobodyMeets) {
  for (int i = 0; i < 1000; ++i) Run("HSET h f" + std::to_string(i) + " v");
  Run("HSET g f v");
  for (int i = 0; i < 1000; ++i) Run("HPEXPIRE h 50 FIELDS 1 f" + std::to_string(i));
  Run("HPEXPIRE g 70 FIELDS 1 f");
  EXPECT_EQ(engine_.NextDeadlineMs(), clock_.NowMs() + 51);
  for (int i = 0; i < 10; ++i) Advance(milliseconds(20));
  EXPECT_EQ(engine_.keyspace().total_keys(), 0u);
  EXPECT_EQ(engine_.stats().expired_fields, 1001u);
}

TEST_F(HashFields, WritingAFieldClearsItsDeadlineAndCountingKeepsIt) {
  Run("HSET h a 1 b 2 c 3");
  Run("HEXPIRE h 100 FIELDS 3 a b c");
  Run("HSET h a 5");
  EXPECT_EQ(Deadlines("a b c", 3), "[:-1, :100000, :100000]");
  Run("HINCRBY h b 1");
  Run("HINCRBYFLOAT h c 0.5");
  Run("HSETNX h b 7");
  EXPECT_EQ(Deadlines("a b c", 3), "[:-1, :100000, :100000]");
  Run("HDEL h b");
  Run("HSET h b 1");
  EXPECT_EQ(Deadlines("b", 1), "[:-1]");
}

TEST_F(HashFields, DeadlinesTravelWithTheValue) {
  Run("HSET h a 1 b 2");
  Run("HEXPIRE h 100 FIELDS 1 a");
  Run("COPY h g");
  Run("RENAME h i");
  Run("MOVE i 3");
  EXPECT_EQ(Run("HPTTL g FIELDS 2 a b"), "[:100000, :-1]");
  Run("SELECT 3");
  EXPECT_EQ(Run("HPTTL i FIELDS 2 a b"), "[:100000, :-1]");
  Advance(seconds(101));
  EXPECT_EQ(Run("HGETALL i"), "[\"b\", \"2\"]");
  Run("SELECT 0");
  EXPECT_EQ(Run("HGETALL g"), "[\"b\", \"2\"]");
}

TEST_F(HashFields, DumpAndReloadKeepDeadlines) {
  Run("HSET h a 1 b 2");
  for (int i = 0; i < 600; ++i) {
    Run("HSET big f" + std::to_string(i) + " v");
    Run("HEXPIRE big " + std::to_string(100 + i) + " FIELDS 1 f" + std::to_string(i));
  }
  Run("HEXPIRE h 100 FIELDS 1 a");
  EXPECT_EQ(Run("DEBUG RELOAD"), "+OK");
  EXPECT_EQ(Deadlines("a b", 2), "[:100000, :-1]");
  EXPECT_EQ(Run("HTTL big FIELDS 2 f0 f599"), "[:100, :699]");
}

TEST_F(HashFields, TheEncodingTellsThatDeadlinesAreKept) {
  Run("HSET h a 1");
  EXPECT_EQ(Run("OBJECT ENCODING h"), "\"listpack\"");
  Run("HEXPIRE h 10 FIELDS 1 none");
  EXPECT_EQ(Run("OBJECT ENCODING h"), "\"listpackex\"");
  Run("HSET h b " + std::string(100, 'x'));
  EXPECT_EQ(Run("OBJECT ENCODING h"), "\"hashtable\"");
}

TEST_F(HashFields, HpersistClears) {
  Run("HSET h a 1 b 2");
  Run("HEXPIRE h 100 FIELDS 1 a");
  EXPECT_EQ(Run("HPERSIST h FIELDS 3 a b c"), "[:1, :-1, :-2]");
  Advance(seconds(200));
  EXPECT_EQ(Run("HLEN h"), ":2");
}

TEST_F(HashFields, HgetdelReturnsAndRemoves) {
  Run("HSET h a 1 b 2");
  EXPECT_EQ(Run("HGETDEL h FIELDS 3 a x a"), "[\"1\", (nil), (nil)]");
  EXPECT_EQ(Run("HGETDEL h FIELDS 0 a"), "-ERR Number of fields must be a positive integer");
  EXPECT_EQ(Run("HGETDEL h FIELDS 1 b"), "[\"2\"]");
  EXPECT_EQ(Run("EXISTS h"), ":0");
  EXPECT_EQ(Run("HGETDEL h FIELDS 1 b"), "[(nil)]");
}

TEST_F(HashFields, HgetexSetsClearsAndDeletes) {
  Run("HSET h a 1");
  EXPECT_EQ(Run("HGETEX h EX 100 FIELDS 2 a none"), "[\"1\", (nil)]");
  EXPECT_EQ(Deadlines("a", 1), "[:100000]");
  EXPECT_EQ(Run("HGETEX h FIELDS 1 a"), "[\"1\"]");
  EXPECT_EQ(Deadlines("a", 1), "[:100000]");
  EXPECT_EQ(Run("HGETEX h PERSIST FIELDS 1 a"), "[\"1\"]");
  EXPECT_EQ(Deadlines("a", 1), "[:-1]");
  EXPECT_EQ(Run("HGETEX h EX -1 FIELDS 1 a"), "-ERR invalid expire time, must be >= 0");
  EXPECT_EQ(Run("HGETEX h EX 10 FIELDS 1"), "-ERR wrong number of arguments for 'hgetex' command");
  EXPECT_EQ(Run("HGETEX h PX 0 FIELDS 1 a"), "[\"1\"]");
  EXPECT_EQ(Run("EXISTS h"), ":0");
}

TEST_F(HashFields, HsetexSetsAllOrNothing) {
  EXPECT_EQ(Run("HSETEX h FXX FIELDS 1 a 1"), ":0");
  EXPECT_EQ(Run("EXISTS h"), ":0");
  EXPECT_EQ(Run("HSETEX h EX 60 FIELDS 2 a 1 b 2"), ":1");
  EXPECT_EQ(Run("HSETEX h FNX FIELDS 2 b 9 c 3"), ":0");
  EXPECT_EQ(Run("HSETEX h FXX KEEPTTL FIELDS 1 a 5"), ":1");
  EXPECT_EQ(Run("HMGET h a b c"), "[\"5\", \"2\", (nil)]");
  EXPECT_EQ(Deadlines("a b", 2), "[:60000, :60000]");
  EXPECT_EQ(Run("HSETEX h FIELDS 1 a 6"), ":1");
  EXPECT_EQ(Deadlines("a", 1), "[:-1]");
  EXPECT_EQ(Run("HSETEX h FIELDS 2 a 1 a 2"), ":1");
  EXPECT_EQ(Run("HGET h a"), "\"2\"");
  EXPECT_EQ(Run("HSETEX h PXAT 1 FIELDS 2 a 1 b 2"), ":1");
  EXPECT_EQ(Run("EXISTS h"), ":0");
}

TEST_F(HashFields, BadArgumentsOfHsetex) {
  Run("SET s v");
  const std::string arity = "-ERR wrong number of arguments for 'hsetex' command";
  EXPECT_EQ(Run("HSETEX s EX 5 KEEPTTL FIELDS 1 a 5"),
            "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified");
  EXPECT_EQ(Run("HSETEX s FNX FXX FIELDS 1 a 5"),
            "-ERR Only one of FXX or FNX arguments can be specified");
  EXPECT_EQ(Run("HSETEX s FIELDS 2 a 1 b"), arity);
  EXPECT_EQ(Run("HSETEX s FIELDS 2 a 1"), arity);
  EXPECT_EQ(Run("HSETEX s FIELDS 0 a 1"), "-ERR invalid number of fields");
  EXPECT_EQ(Run("HSETEX s WHAT FIELDS 1 a 1"), "-ERR unknown argument: WHAT");
  EXPECT_EQ(Run("HSETEX s EX -5 FIELDS 1 a 1"), "-ERR invalid expire time, must be >= 0");
  EXPECT_EQ(Run("HSETEX s FIELDS 1 a 1").substr(0, 10), "-WRONGTYPE");
}

TEST_F(HashFields, ExpiryOfAFieldAbortsATransaction) {
  Run("HSET h a 1 b 2");
  Run("HPEXPIRE h 100 FIELDS 1 a");
  Run("WATCH h");
  clock_.Advance(milliseconds(101));
  Run("MULTI");
  Run("PING");
  EXPECT_EQ(Run("EXEC"), "(nil array)");
}

TEST_F(HashFields, HscanCanLeaveValuesOut) {
  Run("HSET h a 1");
  EXPECT_EQ(Run("HSCAN h 0 NOVALUES"), "[\"0\", [\"a\"]]");
  EXPECT_EQ(Run("HSCAN h 0 NOVALUES COUNT 5"), "[\"0\", [\"a\"]]");
  EXPECT_EQ(Run("SCAN 0 NOVALUES"), "-ERR NOVALUES option can only be used in HSCAN");
}

TEST_F(HashFields, InfoCountsHashesWithDeadlines) {
  Run("HSET h a 1");
  Run("HEXPIRE h 100 FIELDS 1 a");
  EXPECT_NE(Run("INFO keyspace").find("subexpiry=1"), std::string::npos);
  Run("HPERSIST h FIELDS 1 a");
  EXPECT_NE(Run("INFO keyspace").find("subexpiry=0"), std::string::npos);
}

// Effects and bookkeeping are proved after each command, the structures at the end.
TEST_F(HashFields, RandomCommandsKeepTheBooks) {
  Random random(7);
  for (int i = 0; i < 3000; ++i) {
    const std::string key = "h" + std::to_string(random.Below(3));
    const std::string field = "f" + std::to_string(random.Below(40));
    const std::string time = std::to_string(random.Below(300));
    switch (random.Below(12)) {
      case 0:
        Run("HSET " + key + " " + field + " " + time);
        break;
      case 1:
        Run("HPEXPIRE " + key + " " + time + " FIELDS 2 " + field + " f1");
        break;
      case 2:
        Run("HPEXPIRE " + key + " " + time + " LT FIELDS 1 " + field);
        break;
      case 3:
        Run("HPERSIST " + key + " FIELDS 1 " + field);
        break;
      case 4:
        Run("HDEL " + key + " " + field);
        break;
      case 5:
        Run("HSETEX " + key + " PX " + time + " FIELDS 2 " + field + " 1 f3 2");
        break;
      case 6:
        Run("HGETEX " + key + " PX " + time + " FIELDS 1 " + field);
        break;
      case 7:
        Run("HINCRBY " + key + " " + field + " 1");
        break;
      case 8:
        Run("RENAME " + key + " h1");
        break;
      case 9:
        Run("COPY " + key + " h2 REPLACE");
        break;
      case 10:
        Run("HGETDEL " + key + " FIELDS 1 " + field);
        break;
      default:
        Advance(milliseconds(random.Below(30)));
        break;
    }
    if (i % 100 == 0) {
      const ExecutionGuard guard(lock_);
      engine_.keyspace().Check();
    }
  }
}

}  // namespace
}  // namespace satchel::engine
