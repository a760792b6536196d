// Every known way out of the sandbox, and every known way to use up memory, stack or time in one
// call. The server must answer and live on.

#include <gtest/gtest.h>

#include "tests/lua/script_server.h"

namespace satchel::lua {
namespace {

class LuaSandbox : public testing::Test {
 protected:
  LuaSandbox() { server_.Call({"CONFIG", "SET", "script-max-memory", "10mb"}); }

  std::string Error(const std::string& script) {
    const oracle::Frame reply = server_.Eval(script);
    return reply.type == '-' ? reply.text : "no error: " + oracle::Describe(reply);
  }
  void ExpectAlive() { EXPECT_EQ(server_.Eval("return string.rep('x', 3) .. #'ab'").text, "xxx2"); }
  void ExpectError(const std::string& script, const std::string& part) {
    EXPECT_NE(Error(script).find(part), std::string::npos) << script << "\n" << Error(script);
    ExpectAlive();
  }

  ScriptServer server_;
};

TEST_F(LuaSandbox, MemoryBombsAreReported) {
  const char* const kBombs[] = {
      "return string.rep('x', 1e9)",
      "return ('x'):rep(2^31-1)",
      "local s = 'x' while true do s = s .. s end",
      "local t = {} for i = 1, 1e9 do t[i] = i .. 'x' end",
      "local t = {} for i = 1, 2000 do t[i] = ('x'):rep(1000) end "
      "for i = 1, 10 do t[i] = table.concat(t) end return table.concat(t)",
      "return (('x'):rep(1e6):gsub('x', ('y'):rep(1000)))",
      "return (('x'):rep(1e6):gsub('', ('y'):rep(1000)))",
      "return ('x'):rep(5e6):upper():reverse() .. ('y'):rep(5e6)",
      "local t = {} while true do t = {t, {}, {}} end",
      "local t = {} while true do t[#t+1] = coroutine.create(function() end) end",
      "local t = {} while true do t[#t+1] = function() return t end end",
      "local t = {} for i = 1, 1e6 do t[i] = {i} end return cjson.encode(t)",
      "local s = ('1,'):rep(2e6) return cjson.decode('[' .. s .. '1]')",
      "local s = 'return ' .. ('{'):rep(10) .. ('1,'):rep(2e6) .. ('}'):rep(10) return "
      "loadstring(s)",
      "local t = {} for i = 1, 1e6 do t[i] = i end return cmsgpack.pack(t)",
      "return string.format(('%99d'):rep(1e5), 1)",
      "local i = 0 return load(function() i = i + 1 return ('x'):rep(1e5) end)",
      "local t = setmetatable({}, {__index = function(t, k) return t[k .. k] end}) return t.x",
      "return {pcall(string.rep, 'x', 1e9)}, string.rep('y', 1e9)",
  };
  for (const char* bomb : kBombs) {
    const std::string error = Error(bomb);
    const bool reported = error.find("not enough memory") != std::string::npos ||
                          error.find("stack overflow") != std::string::npos ||
                          error.find("no value") != std::string::npos;
    const oracle::Frame again = server_.Eval("return 1");
    EXPECT_TRUE(reported || error.substr(0, 9) == "no error:") << bomb << "\n" << error;
    EXPECT_EQ(again.text, "1") << bomb;
  }
  ExpectAlive();
  ExpectError("return string.rep('x', 1e9)", "not enough memory");
}

TEST_F(LuaSandbox, DeepRecursionIsReported) {
  server_.Call({"CONFIG", "SET", "script-max-memory", "100mb"});
  ExpectError("local function f() return f() + 1 end return f()", "stack overflow");
  ExpectError("local function f() string.gsub('x', 'x', f) end f()", "stack overflow");
  ExpectError("local function f() return pcall(f) end return f(), nosuch", "nosuch");
  ExpectError(
      "local t = {} t.__index = function(t, k) return t[k] end setmetatable(t, t) "
      "return t.x",
      "stack overflow");
  ExpectError(
      "local t = {} for i = 1, 300 do local u = setmetatable({}, {__index = t}) t = u end "
      "local u = setmetatable({}, {}) getmetatable(u).__index = u return u.x",
      "loop in gettable");
  ExpectError(
      "local t = setmetatable({}, {__tostring = function(t) return tostring(t) end}) "
      "return tostring(t)",
      "stack overflow");
  ExpectError("local function f() return coroutine.wrap(f)() end return f()", "stack overflow");
  ExpectError("local t = {3,2,1} local function c() table.sort(t, c) end table.sort(t, c)",
              "stack overflow");
  ExpectError("return xpcall(function() error() end, function() error() end), nosuch", "nosuch");
  ExpectError(
      "local m = setmetatable({}, {__concat = function(a, b) return a .. b end}) "
      "return m .. m",
      "stack overflow");
}

TEST_F(LuaSandbox, DeepSourcesAndPatternsAreRefused) {
  for (const char* piece : {"(", "{", "f(", "- ", "not ", "#", "t[", "function() return "}) {
    ExpectError("local s = 'return ' .. ('" + std::string(piece) +
                    "'):rep(50000) error(select(2, loadstring(s)), 0)",
                "too many syntax levels");
  }
  ExpectError("error(select(2, loadstring(('do '):rep(50000))), 0)", "too many syntax levels");
  ExpectError("error(select(2, loadstring(('if x then '):rep(50000))), 0)",
              "too many syntax levels");
  ExpectError("error(select(2, loadstring('x=' .. ('a^'):rep(50000) .. 'a')), 0)",
              "too many syntax levels");
  ExpectError("error(select(2, loadstring('x=' .. ('a..'):rep(50000) .. 'a')), 0)",
              "too many syntax levels");
  ExpectError("return ('x'):rep(100000):find(('x?'):rep(100000))", "pattern too complex");
  ExpectError("return ('x'):find(('('):rep(100))", "too many captures");
  ExpectError(
      "local s = 'local a' for i = 1, 300 do s = s .. ',a' .. i end "
      "error(select(2, loadstring(s)), 0)",
      "main function has more than 200 local variables");
}

TEST_F(LuaSandbox, BytecodeIsNeitherMadeNorTaken) {
  ExpectError("return string.dump(function() end)", "unable to dump given function");
  ExpectError("error(select(2, loadstring('\\27Lua\\84\\0\\25\\147')), 0)",
              "unexpected symbol near 'char(27)'");
  ExpectError(
      "local s = '\\27Lua' error(select(2, load(function() local r = s s = nil return r end)), 0)",
      "char(27)");
  EXPECT_EQ(server_.Eval("\x1bLua").type, '-');
}

TEST_F(LuaSandbox, NothingIsReachedThroughNamesOfLua54) {
  for (const char* name :
       {"debug", "io", "require", "package", "dofile", "loadfile", "print", "rawlen", "warn",
        "utf8", "setfenv", "getfenv", "newproxy", "_ENV", "module", "__satchel_c", "__satchel_H"}) {
    ExpectError("return " + std::string(name),
                "nonexistent global variable '" + std::string(name) + "'");
  }
  EXPECT_EQ(server_
                .Eval("return #{string.pack, string.packsize, string.unpack, table.pack, "
                      "table.move, table.unpack, math.type, math.ult, coroutine.close, os.exit, "
                      "os.getenv, os.time}")
                .text,
            "0");
  ExpectError("local _ENV = {} return x", "nonexistent global variable 'x'");
  ExpectError("_ENV = {}", "Attempt to modify a readonly table");
  ExpectError("_ENV.x = 1", "nonexistent global variable '_ENV'");
  EXPECT_EQ(server_.Eval("local __satchel_c = 5 return 'a' .. __satchel_c").text, "a5");
}

TEST_F(LuaSandbox, SharedTablesCannotBeChanged) {
  const char* const kChanges[] = {
      "string.rep = nil",
      "string.x = 1",
      "rawset(string, 'x', 1)",
      "table.insert(string, 1)",
      "setmetatable(string, {})",
      "setmetatable(_G, nil)",
      "_G.x = 1",
      "rawset(_G, 'x', 1)",
      "getmetatable('').__index = nil",
      "rawset(getmetatable(''), '__index', nil)",
      "getmetatable('').__add = nil",
      "setmetatable(getmetatable(''), {})",
      "getmetatable(_G).__index = nil",
      "rawset(getmetatable(_G), '__index', nil)",
      "getmetatable('').__index.rep = nil",
      "redis.call = nil",
      "cjson.encode = nil",
      "bit.band = nil",
      "coroutine.wrap = nil",
      "math.pi = 3",
      "KEYS = {}",
      "ARGV = nil",
      "table.sort(_G) string.y = 1",
      "next(_G) pairs(_G) _G.next = nil",
      "for k, v in pairs(_G) do if type(v) == 'table' and v ~= KEYS and v ~= ARGV then v.x = 1 end "
      "end",
      "table.foreach(_G, function(k, v) _G[k] = nil end)",
  };
  for (const char* change : kChanges) ExpectError(change, "Attempt to modify a readonly table");
  EXPECT_EQ(server_
                .Eval("local t = setmetatable({}, string) return getmetatable(t) == string and "
                      "getmetatable('').__index == string and _G._G == _G and 1")
                .text,
            "1");
}

TEST_F(LuaSandbox, FinalisersNeverRun) {
  EXPECT_EQ(server_
                .Eval("local n = 0 for i = 1, 100 do setmetatable({}, {__gc = function() "
                      "n = n + 1 end}) end collectgarbage() collectgarbage() return n")
                .text,
            "0");
  EXPECT_EQ(server_.Eval("local m = {__gc = 5} setmetatable({}, m) return m.__gc").text, "5");
  EXPECT_EQ(server_
                .Eval("local m = {__mode = 'k', __close = 1, __name = 'x'} local t = "
                      "setmetatable({}, m) return type(t)")
                .text,
            "table");
}

TEST_F(LuaSandbox, CollectorSettingsAreOnlyShown) {
  EXPECT_EQ(server_
                .Eval("collectgarbage('stop') local n = 0 for i = 1, 1e5 do local t = {i, i} "
                      "end return collectgarbage('count') < 9000 and 1 or 0")
                .text,
            "1");
  EXPECT_EQ(server_
                .Eval("collectgarbage('setpause', 1000000) return "
                      "collectgarbage('setpause', 200)")
                .text,
            "1000000");
}

TEST_F(LuaSandbox, ArgumentsLargerThanTheLimitAreNoDanger) {
  const std::string large(20 << 20, 'x');
  EXPECT_EQ(server_.Call({"EVAL", "return #ARGV[1]", "0", large}).text.find("panic"),
            std::string::npos);
  const oracle::Frame script = server_.Call({"EVAL", "return '" + large + "'", "0"});
  EXPECT_NE(script.type, oracle::Frame::kBroken);
  server_.Call({"SCRIPT", "FLUSH"});  // what is kept of it takes more than the limit
  ExpectAlive();
}

}  // namespace
}  // namespace satchel::lua
