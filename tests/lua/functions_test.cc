#include "lua/functions.h"

#include "engine/digest.h"
#include "lua/commands.h"
#include "lua/function_payload.h"
#include "lua/scripts.h"
#include "tests/engine/engine_fixture.h"

namespace satchel::lua {
namespace {

std::shared_ptr<const engine::CommandTable> Commands() {
  std::vector<std::span<const engine::Command>> tables(engine::EngineCommandTables().begin(),
                                                       engine::EngineCommandTables().end());
  tables.push_back(ScriptCommands());
  tables.push_back(FunctionCommands());
  return std::make_shared<const engine::CommandTable>(tables);
}

// Keeps what units did.
class Effects final : public engine::EffectSink {
 public:
  std::uint64_t Append(std::int64_t, const engine::EffectBuffer& effects) override {
    ++units;
    effects.ForEach([&](int, engine::Args args) {
      std::string line;
      for (std::string_view arg : args) line += (line.empty() ? "" : " ") + std::string(arg);
      lines.push_back(line);
    });
    return ++lsn_;
  }
  int units = 0;
  std::vector<std::string> lines;

 private:
  std::uint64_t lsn_ = 0;
};

class FunctionsTest : public engine::EngineTest {
 protected:
  FunctionsTest() : EngineTest(Commands()), scripts_(engine_) {}

  std::string Load(const std::string& name, const std::string& body) {
    const std::string code = "#!lua name=" + name + "\n" + body;
    const std::string_view args[] = {"FUNCTION", "LOAD", code};
    return RunArgs(session_, args);
  }
  std::string Eval(const std::string& script) {
    const std::string_view args[] = {"EVAL", script, "0"};
    return RunArgs(session_, args);
  }
  std::string Digest() {
    const ExecutionGuard guard(lock_);
    return engine::DigestText(engine::KeyspaceDigest(engine_.keyspace()));
  }
  std::string InfoLine(const std::string& name) {
    const std::string text = Run("INFO everything");
    const std::size_t at = text.find(name + ":");
    if (at == std::string::npos) return "(none)";
    const std::size_t begin = at + name.size() + 1;
    return text.substr(begin, text.find_first_of("\\\r", begin) - begin);
  }

  Scripts scripts_;
};

const std::string kSetter =
    "redis.register_function('put',function(k,a) return redis.call('SET',k[1],a[1]) end)";

// --- Libraries ---

TEST_F(FunctionsTest, ALibraryIsAnEffectThatReplaysAnywhere) {
  Effects effects;
  engine_.set_effect_sink(&effects);
  Load("l", kSetter);
  Run("FUNCTION DELETE l");
  Run("FUNCTION FLUSH");
  engine_.set_effect_sink(nullptr);
  ASSERT_EQ(effects.lines.size(), 3u);
  EXPECT_EQ(effects.lines[0], "FUNCTION LOAD REPLACE #!lua name=l\n" + kSetter);
  EXPECT_EQ(effects.lines[1], "FUNCTION DELETE l");
  EXPECT_EQ(effects.lines[2], "FUNCTION FLUSH");
}

TEST_F(FunctionsTest, ALibraryCountsAsAChange) {
  const std::uint64_t before = engine_.stats().changes;
  Load("l", kSetter);
  EXPECT_EQ(engine_.stats().changes, before + 1);
  Load("l", kSetter);  // refused
  EXPECT_EQ(engine_.stats().changes, before + 1);
}

TEST_F(FunctionsTest, ReplacingByALibraryThatDoesNotLoadKeepsTheOldOne) {
  Load("l", kSetter);
  const std::string code = "#!lua name=l\nredis.register_function('x',function() end) redis.y()";
  const std::string_view args[] = {"FUNCTION", "LOAD", "REPLACE", code};
  EXPECT_EQ(RunArgs(session_, args).substr(0, 38), "-ERR Error registering functions: ERR ");
  EXPECT_EQ(Run("FCALL put 1 k v"), "+OK");
  EXPECT_EQ(Run("FCALL x 0"), "-ERR Function not found");
}

TEST_F(FunctionsTest, LibrariesAreKeptAsTextsByWhoSavesThem) {
  Load("b", kSetter);
  Load("a", "redis.register_function('one',function() return 1 end)");
  auto* libraries = engine_.Service<engine::FunctionLibraries>();
  const ExecutionGuard guard(lock_);
  const auto all = libraries->All();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "a");
  EXPECT_TRUE(libraries->Replace({all.data(), 1}));
  EXPECT_EQ(libraries->All().size(), 1u);
  const engine::FunctionLibrary broken{.name = "c", .code = "#!lua name=c\ny y"};
  EXPECT_EQ(libraries->Replace({&broken, 1}).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(libraries->All().size(), 1u);
}

TEST_F(FunctionsTest, ASharedPayloadIsReadWhole) {
  const std::vector<engine::FunctionLibrary> libraries = {{"a", "#!lua name=a\n1"},
                                                          {"b", std::string(20'000, 'x')}};
  const auto codes = DecodeFunctionPayload(EncodeFunctionPayload(libraries));
  ASSERT_TRUE(codes);
  EXPECT_EQ((*codes)[0], libraries[0].code);
  EXPECT_EQ((*codes)[1], libraries[1].code);
}

TEST_F(FunctionsTest, EveryByteOfAPayloadIsProtected) {
  const std::vector<engine::FunctionLibrary> libraries = {{"a", "#!lua name=a\nx"}};
  const std::string payload = EncodeFunctionPayload(libraries);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    std::string damaged = payload;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(DecodeFunctionPayload(damaged)) << i;
    EXPECT_FALSE(DecodeFunctionPayload(payload.substr(0, i))) << i;
  }
}

TEST_F(FunctionsTest, NamesThatDifferInCaseCannotBeInOneLibrary) {
  EXPECT_EQ(Load("l",
                 "redis.register_function('a',function() end) "
                 "redis.register_function('A',function() end)"),
            "-ERR Error registering functions: ERR Function already exists in the library");
}

TEST_F(FunctionsTest, ALibraryKeepsItsLocalsBetweenCalls) {
  Load("l", "local n=0 redis.register_function('next',function() n=n+1 return n end)");
  Run("FCALL next 0");
  EXPECT_EQ(Run("FCALL next 0"), ":2");
  Run("SCRIPT FLUSH");
  EXPECT_EQ(Run("FCALL next 0"), ":3");
}

TEST_F(FunctionsTest, InfoCountsLibrariesAndFunctions) {
  Load("l", kSetter);
  EXPECT_EQ(InfoLine("number_of_libraries"), "1");
  EXPECT_EQ(InfoLine("number_of_functions"), "1");
  EXPECT_NE(InfoLine("used_memory_vm_functions"), "0");
  EXPECT_EQ(InfoLine("used_memory_functions"), std::to_string(13 + kSetter.size()));
}

// --- The cache of EVAL ---

TEST_F(FunctionsTest, OfEvalsScriptsTheOneUsedLongestAgoIsForgotten) {
  const std::string kept = Run("SCRIPT LOAD 'return 12345'");
  Eval("return 0");
  for (std::size_t i = 1; i < Scripts::kMaxEvalScripts; ++i) Eval("return " + std::to_string(i));
  EXPECT_EQ(scripts_.count(), Scripts::kMaxEvalScripts + 1);
  EXPECT_EQ(scripts_.evicted(), 0u);
  Eval("return 0");      // used again
  Eval("return 'new'");  // the one above every limit
  EXPECT_EQ(scripts_.count(), Scripts::kMaxEvalScripts + 1);
  EXPECT_EQ(InfoLine("evicted_scripts"), "1");
  EXPECT_EQ(Run("SCRIPT EXISTS " + kept), "[:1]");
  EXPECT_EQ(Run("EVALSHA " + kept + " 0"), ":12345");
  const std::string_view again[] = {"SCRIPT", "LOAD", "return 0"};
  RunArgs(session_, again);
  EXPECT_EQ(scripts_.count(), Scripts::kMaxEvalScripts + 1);  // it was still there
}

TEST_F(FunctionsTest, ScriptLoadKeepsWhatEvalBrought) {
  Eval("return 'precious'");
  const std::string_view load[] = {"SCRIPT", "LOAD", "return 'precious'"};
  const std::string sha = RunArgs(session_, load);
  for (std::size_t i = 0; i < 2 * Scripts::kMaxEvalScripts; ++i) {
    Eval("return " + std::to_string(i));
  }
  EXPECT_EQ(Run("SCRIPT EXISTS " + sha), "[:1]");
}

// --- Units ---

TEST_F(FunctionsTest, AScriptsEffectsAreOneUnit) {
  Effects effects;
  engine_.set_effect_sink(&effects);
  Eval("redis.call('SET','a',1) redis.call('INCR','a') redis.call('LPUSH','l','x')");
  EXPECT_EQ(effects.units, 1);
  EXPECT_EQ(effects.lines.size(), 3u);
  Eval("return redis.call('GET','a')");
  EXPECT_EQ(effects.units, 1);
  engine_.set_effect_sink(nullptr);
}

TEST_F(FunctionsTest, BlockedCallersWakeOnceTheScriptIsOver) {
  struct Waiting final : engine::Waiter {
    Reply& Sink() override { return sink; }
    void Served() override { served = true; }
    ValueSink sink;
    bool served = false;
  } waiting;
  engine::Session blocked(engine::Session::Kind::kInProcess, nullptr);
  {
    const ExecutionGuard guard(lock_);
    engine_.AddSession(blocked);
  }
  blocked.waiter = &waiting;
  EXPECT_EQ(RunAs(blocked, "BLPOP q 0"), "(blocked)");
  EXPECT_EQ(Eval("redis.call('LPUSH','q','a') redis.call('DEL','q')"), "(nil)");
  EXPECT_FALSE(waiting.served);  // nothing was left when the script was over
  Eval("redis.call('LPUSH','q','a','b') redis.call('LPOP','q')");
  EXPECT_TRUE(waiting.served);
  EXPECT_EQ(DebugText(waiting.sink.Take()), "[\"q\", \"a\"]");
  const ExecutionGuard guard(lock_);
  engine_.RemoveSession(blocked);
}

// --- Strict mode ---

TEST_F(FunctionsTest, StrictModeIsOffAtFirst) {
  Eval("redis.call('SET','undeclared',1) redis.call('TIME')");
  EXPECT_EQ(InfoLine("script_undeclared_keys"), "0");
}

TEST_F(FunctionsTest, StrictModeReportsWhatAClusterWouldRefuse) {
  std::vector<std::string> warnings;
  scripts_.set_log([&](int level, std::string_view text) {
    if (level == 3) warnings.emplace_back(text);
  });
  Run("CONFIG SET script-strict yes");
  EXPECT_EQ(Run("EVAL \"return redis.call('SET',KEYS[1],'v')\" 1 a"), "+OK");
  EXPECT_TRUE(warnings.empty());
  EXPECT_EQ(Eval("redis.call('SET','a','v') return redis.call('MGET','a','b')"), "[\"v\", (nil)]");
  EXPECT_EQ(InfoLine("script_undeclared_keys"), "2");
  EXPECT_EQ(InfoLine("script_cross_slot_calls"), "1");
  Eval("return redis.call('TIME')");
  EXPECT_EQ(InfoLine("script_nondeterministic_calls"), "1");
  const std::size_t told = warnings.size();
  EXPECT_EQ(told, 4u);
  Eval("return redis.call('TIME')");
  EXPECT_EQ(warnings.size(), told);  // each is said once
  EXPECT_NE(warnings[0].find("set uses a key that was not declared"), std::string::npos)
      << warnings[0];
}

TEST_F(FunctionsTest, KeysOfOneTagAreOneSlot) {
  Run("CONFIG SET script-strict yes");
  Run("EVAL \"return redis.call('MGET',KEYS[1],KEYS[2])\" 2 {t}a {t}b");
  EXPECT_EQ(InfoLine("script_cross_slot_calls"), "0");
}

// --- Rollback ---

TEST_F(FunctionsTest, WithoutRollbackAFailedScriptKeepsWhatItWrote) {
  Eval("redis.call('SET','a',1) error('x')");
  EXPECT_EQ(Run("GET a"), "\"1\"");
}

TEST_F(FunctionsTest, WithRollbackAFailedScriptChangesNothing) {
  Run("SET s old");
  Run("PEXPIRE s 100000");
  Run("RPUSH l 1 2 3");
  Run("HSET h f v");
  Run("ZADD z 1 a");
  Run("SADD set 1 2 x");
  Run("XADD st 1-1 f v");
  Run("CONFIG SET script-rollback yes");
  const std::string before = Digest();
  Effects effects;
  engine_.set_effect_sink(&effects);
  const std::string reply = Eval(
      "redis.call('SET','s','new') redis.call('DEL','l') redis.call('LPUSH','l','x') "
      "redis.call('HSET','h','g','w') redis.call('ZADD','z',5,'a') redis.call('SPOP','set') "
      "redis.call('XADD','st','*','a','b') redis.call('SET','fresh','1') "
      "redis.call('RENAME','z','z2') redis.call('EXPIRE','h',1) redis.call('SELECT',3) "
      "redis.call('SET','elsewhere','1') error('no')");
  EXPECT_EQ(reply.substr(0, 22), "-ERR user_script:1: no");
  EXPECT_EQ(Digest(), before);
  EXPECT_EQ(effects.units, 0);
  EXPECT_EQ(InfoLine("scripts_rolled_back"), "1");
  engine_.set_effect_sink(nullptr);
  Eval("redis.call('SET','s','new')");
  EXPECT_EQ(Run("GET s"), "\"new\"");
}

TEST_F(FunctionsTest, InATransactionOnlyTheScriptIsUndone) {
  Run("CONFIG SET script-rollback yes");
  Run("MULTI");
  Run("SET a 1");
  Eval("redis.call('SET','a',2) redis.call('SET','b',2) error('x')");
  Run("SET c 3");
  Run("EXEC");
  EXPECT_EQ(Run("MGET a b c"), "[\"1\", (nil), \"3\"]");
}

TEST_F(FunctionsTest, WhatCannotBeUndoneIsRefusedUnderRollback) {
  Run("CONFIG SET script-rollback yes");
  Run("SET a 1");
  for (const char* command : {"'FLUSHALL'", "'FLUSHDB'", "'SWAPDB',0,1"}) {
    const std::string reply = Eval("return redis.call(" + std::string(command) + ")");
    EXPECT_EQ(reply.substr(0, 34), "-ERR This command cannot be undone") << command;
  }
  EXPECT_EQ(Run("GET a"), "\"1\"");
}

TEST_F(FunctionsTest, AnExpiredKeyThatAScriptMetStaysExpired) {
  Run("SET a 1 PX 10");
  Run("CONFIG SET script-rollback yes");
  clock_.Advance(std::chrono::milliseconds(20));
  Eval("redis.call('GET','a') redis.call('SET','a',2) error('x')");
  EXPECT_EQ(Run("GET a"), "(nil)");
}

}  // namespace
}  // namespace satchel::lua
