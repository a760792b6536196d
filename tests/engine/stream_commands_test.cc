// What stream commands have learned since Redis 7.0: the oracle suite compares the rest.

#include "tests/engine/engine_fixture.h"

namespace satchel::engine {
namespace {

class LateReply final : public Waiter {
 public:
  Reply& Sink() override { return sink_; }
  void Served() override { text_ = DebugText(sink_.Take()); }
  const std::string& text() const { return text_; }  // empty: it still waits

 private:
  ValueSink sink_;
  std::string text_;
};

class StreamCommandsTest : public EngineTest {
 protected:
  void AddThree() {
    Run("XADD s 1-0 f 1");
    Run("XADD s 2-0 f 2");
    Run("XADD s 3-0 f 3");
  }
};

TEST_F(StreamCommandsTest, XreadPlusIsTheLastEntry) {
  AddThree();
  const std::string last = Run("XREAD STREAMS s 2-0");
  EXPECT_EQ(Run("XREAD STREAMS s +"), last);
  EXPECT_EQ(Run("XREAD COUNT 5 STREAMS s +"), last);
  Run("XDEL s 3-0");
  EXPECT_NE(Run("XREAD STREAMS s +").find("2-0"), std::string::npos);
  EXPECT_EQ(Run("XREAD STREAMS none +"), Run("XREAD STREAMS none 0"));
}

TEST_F(StreamCommandsTest, XdelexSaysWhatBecameOfEachId) {
  AddThree();
  Run("XGROUP CREATE s g 0");
  EXPECT_EQ(Run("XDELEX s ACKED IDS 2 1-0 9-0"), "[:2, :2]");
  EXPECT_EQ(Run("XDELEX s IDS 2 1-0 5-5"), "[:1, :-1]");
  EXPECT_EQ(Run("XDELEX none IDS 1 1-0"), "[:-1]");
  Run("XREADGROUP GROUP g c STREAMS s >");
  EXPECT_EQ(Run("XDELEX s KEEPREF IDS 1 2-0"), "[:1]");
  EXPECT_EQ(Run("XACK s g 2-0"), ":1");
  EXPECT_EQ(Run("XDELEX s IDS 1 3-0 DELREF"), "[:1]");
  EXPECT_EQ(Run("XACK s g 3-0"), ":0");
}

TEST_F(StreamCommandsTest, XdelexRefusesWhatItDoesNotUnderstand) {
  AddThree();
  EXPECT_EQ(Run("XDELEX s IDS 0 1-0"), "-ERR Number of IDs must be a positive integer");
  EXPECT_EQ(Run("XDELEX s IDS a 1-0"), "-ERR Number of IDs must be a positive integer");
  EXPECT_EQ(Run("XDELEX s IDS 2 1-0"),
            "-ERR The `numids` parameter must match the number of arguments");
  EXPECT_EQ(Run("XDELEX s IDS 9223372036854775807 1-0"),
            "-ERR The `numids` parameter must match the number of arguments");
  EXPECT_EQ(Run("XDELEX s IDS 1 1-0 2-0"), "-ERR syntax error");
  EXPECT_EQ(Run("XDELEX s ACKED DELREF IDS 1 1-0"), "-ERR syntax error");
  EXPECT_EQ(Run("XDELEX s FOO IDS 1 1-0"), "-ERR syntax error");
  EXPECT_EQ(Run("XDELEX s IDS 2 1-0 bad"),
            "-ERR Invalid stream ID specified as stream command argument");
  EXPECT_EQ(Run("XLEN s"), ":3");
  Run("SET str v");
  EXPECT_EQ(Run("XDELEX str IDS 0 x"),
            "-WRONGTYPE Operation against a key holding the wrong kind of value");
}

TEST_F(StreamCommandsTest, XackdelAcknowledgesAndErases) {
  AddThree();
  Run("XGROUP CREATE s g 0");
  Run("XGROUP CREATE s h 0");
  Run("XREADGROUP GROUP g c STREAMS s >");
  Run("XREADGROUP GROUP h c COUNT 2 STREAMS s >");
  EXPECT_EQ(Run("XACKDEL s g ACKED IDS 2 2-0 7-0"), "[:2, :-1]");
  EXPECT_EQ(Run("XLEN s"), ":3");
  EXPECT_EQ(Run("XACKDEL s h ACKED IDS 1 2-0"), "[:1]");
  EXPECT_EQ(Run("XLEN s"), ":2");
  EXPECT_EQ(Run("XACKDEL s g IDS 1 1-0"), "[:1]");
  EXPECT_EQ(Run("XACKDEL s h DELREF IDS 1 1-0"), "[:1]");
  EXPECT_EQ(Run("XACKDEL s none IDS 1 3-0"), "[:-1]");
  EXPECT_EQ(Run("XACKDEL none g IDS 1 3-0"), "[:-1]");
  EXPECT_EQ(Run("XLEN s"), ":1");
}

TEST_F(StreamCommandsTest, TrimmingTakesAWordAboutReferences) {
  AddThree();
  Run("XGROUP CREATE s g 0");
  Run("XREADGROUP GROUP g c STREAMS s >");
  Run("XACK s g 2-0");
  EXPECT_EQ(Run("XTRIM s MAXLEN 0 ACKED"), ":1");
  EXPECT_EQ(Run("XTRIM s ACKED MAXLEN ~ 0"), ":0");
  EXPECT_EQ(Run("XTRIM s DELREF MINID 3"), ":1");
  EXPECT_EQ(Run("XPENDING s g"), "[:1, \"3-0\", \"3-0\", [[\"c\", \"1\"]]]");
  EXPECT_EQ(Run("XTRIM s MAXLEN 0 KEEPREF ACKED"), "-ERR syntax error");
  EXPECT_EQ(Run("XADD s MAXLEN 0 DELREF 4-0 f 4"), "\"4-0\"");
  EXPECT_EQ(Run("XLEN s"), ":0");
  EXPECT_EQ(Run("XADD s ACKED DELREF 5-0 f 5"),
            "-ERR Invalid stream ID specified as stream command argument");
}

TEST_F(StreamCommandsTest, XreadgroupClaimsWhatHasBeenIdle) {
  AddThree();
  Run("XGROUP CREATE s g 0");
  Run("XREADGROUP GROUP g c1 COUNT 1 STREAMS s >");
  Advance(std::chrono::milliseconds(500));
  Run("XREADGROUP GROUP g c1 COUNT 1 STREAMS s >");
  Advance(std::chrono::milliseconds(600));
  EXPECT_EQ(Run("XREADGROUP GROUP g c2 CLAIM 1000 STREAMS s >"),
            "[[\"s\", [[\"1-0\", [\"f\", \"1\"], :1100, :1], [\"3-0\", [\"f\", \"3\"], :0, :0]]]]");
  EXPECT_EQ(Run("XREADGROUP GROUP g c2 CLAIM 0 COUNT 1 STREAMS s >"),
            "[[\"s\", [[\"2-0\", [\"f\", \"2\"], :600, :1]]]]");
  EXPECT_EQ(Run("XREADGROUP GROUP g c2 CLAIM x STREAMS s >"),
            "-ERR min-idle-time is not an integer or out of range");
  EXPECT_EQ(Run("XREADGROUP GROUP g c2 CLAIM -1 STREAMS s >"),
            "-ERR min-idle-time must be a positive integer");
  EXPECT_EQ(Run("XREAD CLAIM 1 STREAMS s 0"),
            "-ERR The CLAIM option is only supported by XREADGROUP. You called XREAD instead.");
}

TEST_F(StreamCommandsTest, AWaitingReaderIsGivenWhatBecomesClaimable) {
  Run("XADD s 1-0 f 1");
  Run("XGROUP CREATE s g 0");
  Run("XREADGROUP GROUP g c1 STREAMS s >");
  Advance(std::chrono::milliseconds(300));
  LateReply late;
  Session waiting(Session::Kind::kInProcess, nullptr);
  waiting.waiter = &late;
  {
    const ExecutionGuard guard(lock_);
    engine_.AddSession(waiting);
  }
  EXPECT_EQ(RunAs(waiting, "XREADGROUP GROUP g c2 BLOCK 0 CLAIM 1000 STREAMS s >"), "(blocked)");
  Advance(std::chrono::milliseconds(699));
  EXPECT_EQ(late.text(), "");
  Advance(std::chrono::milliseconds(1));
  EXPECT_EQ(late.text(), "[[\"s\", [[\"1-0\", [\"f\", \"1\"], :1000, :1]]]]");
  const ExecutionGuard guard(lock_);
  engine_.RemoveSession(waiting);
}

}  // namespace
}  // namespace satchel::engine
