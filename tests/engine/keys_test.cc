#include "engine_fixture.h"

namespace satchel::engine {
namespace {

class Keys : public EngineTest {};

TEST_F(Keys, AnExpiredKeyIsInvisibleBeforeAnythingRemovesIt) {
  Run("SET k v PX 100");
  clock_.Advance(std::chrono::milliseconds(99));
  EXPECT_EQ(Run("GET k"), "\"v\"");
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_EQ(Run("GET k"), "(nil)");
  EXPECT_EQ(Run("DBSIZE"), ":0");
}

TEST_F(Keys, TheTickRemovesWhatNobodyMeets) {
  for (int i = 0; i < 1000; ++i) Run("SET k" + std::to_string(i) + " v PX 100");
  EXPECT_EQ(Run("DBSIZE"), ":1000");
  for (int i = 0; i < 10; ++i) Advance(std::chrono::milliseconds(100));
  EXPECT_EQ(Run("DBSIZE"), ":0");
}

TEST_F(Keys, RenameKeepsTheDeadlineAndOverwritesTheTarget) {
  Run("SET a 1 PX 500");
  Run("SET b 2");
  EXPECT_EQ(Run("RENAME a b"), "+OK");
  EXPECT_EQ(Run("PTTL b"), ":500");
  EXPECT_EQ(Run("EXISTS a"), ":0");
}

TEST_F(Keys, CopyIsIndependentOfItsSource) {
  Run("HSET h f 1");
  EXPECT_EQ(Run("COPY h g"), ":1");
  Run("HSET h f 2");
  EXPECT_EQ(Run("HGET g f"), "\"1\"");
}

TEST_F(Keys, ScanVisitsEveryKeyOnceWhileNothingChanges) {
  for (int i = 0; i < 5000; ++i) Run("SET key:" + std::to_string(i) + " v");
  std::size_t seen = 0;
  std::string cursor = "0";
  do {
    ValueSink sink;
    const std::string_view args[] = {"SCAN", cursor, "COUNT", "100"};
    const ExecutionGuard guard(lock_);
    engine_.Execute(session_, args, sink);
    const ReplyValue reply = sink.Take();
    cursor = reply.items[0].text;
    seen += reply.items[1].items.size();
  } while (cursor != "0");
  EXPECT_EQ(seen, 5000u);
}

TEST_F(Keys, AWatchedKeyThatChangesFailsTheTransaction) {
  Session other(Session::Kind::kInProcess, nullptr);
  Run("SET k 1");
  Run("WATCH k");
  Run("MULTI");
  EXPECT_EQ(Run("INCR k"), "+QUEUED");
  RunAs(other, "SET k 5");
  EXPECT_EQ(Run("EXEC"), "(nil array)");
  EXPECT_EQ(Run("GET k"), "\"5\"");
}

TEST_F(Keys, AWatchedKeyThatIsTouchedWithoutAChangeDoesNot) {
  Session other(Session::Kind::kInProcess, nullptr);
  Run("SADD s a");
  Run("WATCH s");
  Run("MULTI");
  Run("SADD s b");
  RunAs(other, "SADD s a");
  EXPECT_EQ(Run("EXEC"), "[:1]");
}

TEST_F(Keys, DumpAndRestoreGiveTheSameValue) {
  Run("HSET h a 1 b 2");
  ValueSink sink;
  const std::string_view dump[] = {"DUMP", "h"};
  {
    const ExecutionGuard guard(lock_);
    engine_.Execute(session_, dump, sink);
  }
  const std::string payload = sink.Take().text;
  const std::string_view restore[] = {"RESTORE", "copy", "0", payload};
  EXPECT_EQ(RunArgs(session_, restore), "+OK");
  EXPECT_EQ(Run("HGETALL copy"), "[\"a\", \"1\", \"b\", \"2\"]");
}

TEST_F(Keys, DebugReloadKeepsEverything) {
  Run("SET s v EX 100");
  Run("SADD set 1 2 x");
  Run("HSET h f v");
  const std::string before = Run("DEBUG DIGEST");
  EXPECT_EQ(Run("DEBUG RELOAD"), "+OK");
  EXPECT_EQ(Run("DEBUG DIGEST"), before);
}

}  // namespace
}  // namespace satchel::engine
