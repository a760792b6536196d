#include "lua/scripts.h"

#include "lua/commands.h"
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

class Lua : public engine::EngineTest {
 protected:
  Lua() : EngineTest(Commands()), scripts_(engine_) {}

  // EVAL without keys.
  std::string Eval(std::string_view script) {
    const std::string_view args[] = {"EVAL", script, "0"};
    return RunArgs(session_, args);
  }
  std::string ScriptLoad(std::string_view script) {
    const std::string_view args[] = {"SCRIPT", "LOAD", script};
    return RunArgs(session_, args);
  }
  // EVAL, the position in errors left out.
  std::string EvalError(std::string_view script) {
    const std::string text = Eval(script);
    return text.substr(0, text.find(" script: "));
  }

  Scripts scripts_;
};

TEST_F(Lua, ValuesBecomeReplies) {
  EXPECT_EQ(Eval("return 1"), ":1");
  EXPECT_EQ(Eval("return 3.99"), ":3");
  EXPECT_EQ(Eval("return 'a'"), "\"a\"");
  EXPECT_EQ(Eval("return true"), ":1");
  EXPECT_EQ(Eval("return false"), "(nil)");
  EXPECT_EQ(Eval("return nil"), "(nil)");
  EXPECT_EQ(Eval("return {1,'a',{2},nil,3}"), "[:1, \"a\", [:2]]");
  EXPECT_EQ(Eval("return {ok='fine'}"), "+fine");
  EXPECT_EQ(Eval("return {err='MY text'}"), "-MY text");
}

TEST_F(Lua, RepliesBecomeValues) {
  Run("HSET h f v");
  EXPECT_EQ(Eval("return redis.call('GET','absent') == false"), ":1");
  EXPECT_EQ(Eval("return redis.call('HGETALL','h')"), "[\"f\", \"v\"]");
  EXPECT_EQ(Eval("return redis.call('SET','k','v').ok"), "\"OK\"");
  EXPECT_EQ(Eval("redis.setresp(3) return redis.call('HGETALL','h').map.f"), "\"v\"");
  EXPECT_EQ(Eval("redis.setresp(3) return redis.call('GET','absent') == nil"), ":1");
}

TEST_F(Lua, KeysAndArgumentsArrive) {
  EXPECT_EQ(Run("EVAL 'return {KEYS[1],ARGV[1],#ARGV}' 1 k a b"), "[\"k\", \"a\", :2]");
  EXPECT_EQ(Run("EVAL 'return 1' 2 k"), "-ERR Number of keys can't be greater than number of args");
  EXPECT_EQ(Run("EVAL 'return 1' -1"), "-ERR Number of keys can't be negative");
}

TEST_F(Lua, AnErrorNamesTheScriptAndTheLine) {
  const std::string text = Eval("\nerror('boom')");
  EXPECT_EQ(text.substr(0, 30), "-ERR user_script:2: boom scrip");
  EXPECT_NE(text.find(", on @user_script:2."), std::string::npos) << text;
}

TEST_F(Lua, ACommandsErrorKeepsItsCode) {
  Run("SET s v");
  EXPECT_EQ(EvalError("return redis.call('LPUSH','s','x')"),
            "-WRONGTYPE Operation against a key holding the wrong kind of value");
  EXPECT_EQ(Eval("return redis.pcall('LPUSH','s','x').err"),
            "\"WRONGTYPE Operation against a key holding the wrong kind of value\"");
  EXPECT_EQ(EvalError("redis.call('nosuch')"), "-ERR Unknown Redis command called from script");
  EXPECT_EQ(EvalError("redis.call('get')"),
            "-ERR Wrong number of args calling Redis command from script");
  EXPECT_EQ(EvalError("redis.call()"),
            "-ERR Please specify at least one argument for this redis lib call");
  EXPECT_EQ(EvalError("redis.call('MULTI')"), "-ERR This Redis command is not allowed from script");
}

TEST_F(Lua, AReadOnlyScriptMayNotWrite) {
  EXPECT_EQ(Run("EVAL_RO \"return redis.call('GET','k')\" 0"), "(nil)");
  const std::string text = Run("EVAL_RO \"return redis.call('SET','k','v')\" 0");
  EXPECT_EQ(text.substr(0, text.find(" script: ")),
            "-ERR Write commands are not allowed from read-only scripts.");
  EXPECT_EQ(Run("EXISTS k"), ":0");
}

TEST_F(Lua, ScriptsAreFoundByTheirDigest) {
  EXPECT_EQ(Run("EVALSHA ffffffffffffffffffffffffffffffffffffffff 0"),
            "-NOSCRIPT No matching script. Please use EVAL.");
  EXPECT_EQ(Run("SCRIPT LOAD 'return 7'"), "\"59b6ab2fbe0ee4b25733de0f62e6cda4899ef8e9\"");
  EXPECT_EQ(Run("EVALSHA 59B6AB2FBE0EE4B25733DE0F62E6CDA4899EF8E9 0"), ":7");
  EXPECT_EQ(Run("SCRIPT EXISTS 59b6ab2fbe0ee4b25733de0f62e6cda4899ef8e9 x"), "[:1, :0]");
  EXPECT_EQ(Run("SCRIPT FLUSH"), "+OK");
  EXPECT_EQ(Run("SCRIPT EXISTS 59b6ab2fbe0ee4b25733de0f62e6cda4899ef8e9"), "[:0]");
  EXPECT_EQ(Run("SCRIPT KILL"), "-NOTBUSY No scripts in execution right now.");
}

TEST_F(Lua, GlobalsAreStrict) {
  EXPECT_EQ(EvalError("return nosuch"),
            "-ERR user_script:1: Script attempted to access nonexistent global variable 'nosuch'");
  EXPECT_EQ(EvalError("x = 1"), "-ERR user_script:1: Attempt to modify a readonly table");
  EXPECT_EQ(EvalError("string.x = 1"), "-ERR user_script:1: Attempt to modify a readonly table");
  EXPECT_EQ(EvalError("rawset(_G,'x',1)"), "-ERR Attempt to modify a readonly table");
  EXPECT_EQ(EvalError("table.insert(string,1)"), "-ERR Attempt to modify a readonly table");
  EXPECT_EQ(EvalError("setmetatable(_G,{})"), "-ERR Attempt to modify a readonly table");
  EXPECT_EQ(Eval("return rawget(_G,'nosuch')"), "(nil)");
}

TEST_F(Lua, NothingLeadsOutOfTheSandbox) {
  for (const char* name : {"io", "debug", "require", "dofile", "loadfile", "print", "package"}) {
    EXPECT_NE(Eval(std::string("return ") + name).find("nonexistent global"), std::string::npos)
        << name;
  }
  EXPECT_EQ(EvalError("getmetatable('').__index = nil"),
            "-ERR user_script:1: Attempt to modify a readonly table");
  EXPECT_EQ(EvalError("getmetatable(_G).__index = nil"),
            "-ERR user_script:1: Attempt to modify a readonly table");
  EXPECT_EQ(Eval("return (loadstring(string.char(27)..'Lua'))"), "(nil)");
  EXPECT_NE(Eval("string.dump(function() end)").find("unable to dump"), std::string::npos);
  EXPECT_EQ(Eval("local n = 0 do local t = setmetatable({},{__gc=function() n = 1 end}) end "
                 "collectgarbage() return n"),
            ":0");
  EXPECT_EQ(Eval("return loadstring('x = 1')() or 1").substr(0, 1), "-");
  EXPECT_EQ(Eval("local n = 0 for k in pairs(string) do n = n + 1 end return n > 5"), ":1");
}

TEST_F(Lua, MemoryIsLimitedAndTheStoreLivesOn) {
  Run("CONFIG SET script-max-memory 10mb");
  const std::string text =
      Eval("local t = {} for i = 1, 1e9 do t[i] = string.rep('x', 1000) .. i end");
  EXPECT_NE(text.find("not enough memory"), std::string::npos) << text;
  EXPECT_EQ(Eval("return 1"), ":1");
}

// A text of some 20 kB that no other number gives.
std::string LongScript(int number) {
  std::string text = "local t = {";
  for (int i = 0; i < 2000; ++i)
    text += "'" + std::to_string(number) + "." + std::to_string(i) + "',";
  return text + "} return #t";
}

TEST_F(Lua, CachedScriptsLeaveRoomToRunIn) {
  Run("CONFIG SET script-max-memory 2mb");
  for (int i = 0; i < 60; ++i) {
    ASSERT_EQ(Eval(LongScript(i)), ":2000") << i;
  }
  EXPECT_EQ(Eval("return 1"), ":1");
}

TEST_F(Lua, LoadedScriptsThatFillTheMemoryAreRefused) {
  Run("CONFIG SET script-max-memory 2mb");
  std::string reply;
  for (int i = 0; i < 60 && reply.substr(0, 1) != "-"; ++i) {
    reply = ScriptLoad(LongScript(i));
  }
  EXPECT_EQ(reply,
            "-ERR the scripts that were loaded fill half of script-max-memory; raise it, or SCRIPT "
            "FLUSH");
  EXPECT_EQ(Eval("return 1"), ":1");
  Run("SCRIPT FLUSH");
  EXPECT_EQ(ScriptLoad(LongScript(60)).substr(0, 1), "\"");
}

TEST_F(Lua, CjsonEncodesAndDecodes) {
  EXPECT_EQ(Eval("return cjson.encode({1,2,{a='b'}})"), "\"[1,2,{\\\"a\\\":\\\"b\\\"}]\"");
  EXPECT_EQ(Eval("return cjson.decode('{\"a\":[1,2]}').a[2]"), ":2");
  EXPECT_EQ(Eval("return cjson.decode('null') == cjson.null"), ":1");
}

TEST_F(Lua, AScriptIsOneUnitForWatchers) {
  engine::Session other(engine::Session::Kind::kInProcess, nullptr);
  Run("WATCH k");
  RunAs(other, "EVAL \"redis.call('SET','k','1')\" 0");
  Run("MULTI");
  Run("PING");
  EXPECT_EQ(Run("EXEC"), "(nil array)");
}

TEST_F(Lua, SelectInsideAScriptDoesNotOutliveIt) {
  EXPECT_EQ(Eval("redis.call('SELECT','3') redis.call('SET','k','v')"), "(nil)");
  EXPECT_EQ(Run("EXISTS k"), ":0");
  Run("SELECT 3");
  EXPECT_EQ(Run("GET k"), "\"v\"");
}

TEST_F(Lua, ShebangFlagsAreChecked) {
  EXPECT_EQ(Eval("#!lua"), "-ERR Invalid script shebang");
  EXPECT_EQ(Eval("#!js\nreturn 1"), "-ERR Unexpected engine in script shebang: #!js");
  EXPECT_EQ(Eval("#!lua flags=bad\nreturn 1"), "-ERR Unexpected flag in script shebang: bad");
  EXPECT_EQ(Eval("#!lua x=1\nreturn 1"), "-ERR Unknown lua shebang option: x=1");
  EXPECT_EQ(Eval("#!lua flags=no-writes\nreturn 1"), ":1");
}

}  // namespace
}  // namespace satchel::lua
