#include "lua/rewriter.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lua/error_translate.h"

namespace satchel::lua {
namespace {

// The script's part of what becomes of it, the reserved prefix shortened to '_'.
std::string Body(std::string_view source) {
  auto rewritten = Rewrite(source, {.chunk_name = "@user_script"});
  if (!rewritten) return rewritten.error().detail;
  std::string text = *rewritten;
  for (std::size_t at; (at = text.find("__satchel_")) != text.npos;) text.replace(at, 10, "_");
  const std::string_view begin = "function(...) ";
  text.erase(0, text.find(begin) + begin.size());
  return text.substr(0, text.rfind("\nend"));
}

TEST(LuaRewriter, NumbersBecomeFloats) {
  EXPECT_EQ(Body("return 5"), "return 5.0");
  EXPECT_EQ(Body("return 0x10, 1e3, .5, 3."), "return 16.0, 1e3, .5, 3.");
  EXPECT_EQ(Body("return 0xFFFFFFFFFFFFFFFF"), "return 1.8446744073709552e+19");
  EXPECT_EQ(Body("t[1] = 2"), "t[1] = 2.0");
  EXPECT_EQ(Body("t[1.0] = t[-1]"), "t[1.0] = t[-1.0]");
  EXPECT_EQ(Body("setmetatable(t) t[1] = 2"), "setmetatable(t) t[1.0] = 2.0");
}

TEST(LuaRewriter, OperatorsBecomeHelpers) {
  EXPECT_EQ(Body("return 'a'..'b'..'c'"), "return _c('a','b','c')");
  EXPECT_EQ(Body("local x return x..1"), "local x return _h(\"local 'x'\\010\",x,1.0)");
  EXPECT_EQ(Body("return'a'..f()"), "return _c('a',(f()))");
  EXPECT_EQ(Body("return -2^2, 2^-1"), "return -_w(2.0,2.0), 2.0^-1.0");
  EXPECT_EQ(Body("return #x.y"), "return (#x.y+0.0)");
  EXPECT_EQ(Body("local a return a%3"), "local a return (a- a//3.0*3.0)");
  EXPECT_EQ(Body("return f()%3"), "return _p(f(),3.0)");
  EXPECT_EQ(Body("return a%f()"), "return _p(a,(f()),\"global 'a'\\010\")");
}

TEST(LuaRewriter, LoopsCountAndCheck) {
  EXPECT_EQ(Body("for i=1,2 do end"),
            "do local _j=200 for i=1.0,2.0 do _j=_j-1 if _j<0 then _j=_i() end  end end");
  EXPECT_EQ(
      Body("for i=1,n,-1 do end"),
      "do local _j=200 for i=1.0,_n(n,-1.0),-1.0 do _j=_j-1 if _j<0 then _j=_i() end  end end");
  EXPECT_EQ(Body("for i=a,b,f() do end"),
            "do local _j=200 for i=_f(a,b,(f())),_g(2.0),_g(3.0) do _j=_j-1 if _j<0 then _j=_i() "
            "end  end end");
}

TEST(LuaRewriter, WordsOfLua54AreNames) {
  EXPECT_EQ(Body("local goto=1 return goto"), "local _goto=1.0 return _goto");
  EXPECT_EQ(Body("goto=1"), "_ENV[\"goto\"]=1.0");
  EXPECT_EQ(Body("return _ENV"), "return _ENV[\"_ENV\"]");
  EXPECT_EQ(Body("t.goto={goto=1}"), "t[\"goto\"]={[\"goto\"]=1.0}");
  EXPECT_EQ(Body("o:goto(1)"), "_m(o,\"goto\",1.0)");
  EXPECT_EQ(Body("o:goto()"), "_m(o,\"goto\")");
  EXPECT_EQ(Body("o:goto'x'"), "_m(o,\"goto\",'x')");
  EXPECT_EQ(Body("return 'a\\x41\\q\\065'"), "return 'ax41q\\065'");
}

TEST(LuaRewriter, LinesStayWhereTheyAre) {
  const std::string source =
      "local a = 1\n\nlocal b = a ..\n 'x' --[[ c\n ]] .. 2\nfunction t.\ngoto() end\r\nreturn "
      "[[\n]]";
  const auto rewritten = Rewrite(source, {.chunk_name = "=x"});
  ASSERT_TRUE(rewritten) << rewritten.error().detail;
  EXPECT_EQ(std::count(rewritten->begin(), rewritten->end(), '\n'),
            std::count(source.begin(), source.end(), '\n') + 1);
}

TEST(LuaRewriter, RefusesWithTheTextsOf51) {
  EXPECT_EQ(Body("x ="), "user_script:1: unexpected symbol near '<eof>'");
  EXPECT_EQ(Body("if x then\n\n"),
            "user_script:3: 'end' expected (to close 'if' at line 1) near '<eof>'");
  EXPECT_EQ(Body("f\n(1)"),
            "user_script:2: ambiguous syntax (function call x new statement) near '('");
  EXPECT_EQ(Body("break"), "user_script:1: no loop to break near '<eof>'");
  EXPECT_EQ(Body("for 1"), "user_script:1: '<name>' expected near '1'");
  EXPECT_EQ(Body("return 1..2"), "user_script:1: malformed number near '1..2'");
  EXPECT_EQ(Body("x = 'a\n"), "user_script:1: unfinished string near ''a'");
  EXPECT_EQ(Body("function f() return ... end"),
            "user_script:1: cannot use '...' outside a vararg function near '...'");
}

TEST(LuaErrorTranslation, VariablesComeFirst) {
  EXPECT_EQ(TranslateError("s:1: attempt to index a nil value (local 'x')"),
            "s:1: attempt to index local 'x' (a nil value)");
  EXPECT_EQ(TranslateError("attempt to call a table value (method 'm')"),
            "attempt to call method 'm' (a table value)");
  EXPECT_EQ(TranslateError("attempt to index a nil value (field 'integer index')"),
            "attempt to index field '?' (a nil value)");
  EXPECT_EQ(TranslateError("attempt to perform arithmetic on a string value (constant 'x')"),
            "attempt to perform arithmetic on a string value");
  EXPECT_EQ(TranslateError("attempt to call a number value"), "attempt to call a number value");
  EXPECT_EQ(TranslateError("attempt to call a My.Type value (local 'x')"),
            "attempt to call local 'x' (a table value)");
  EXPECT_EQ(TranslateError("attempt to be funny"), "attempt to be funny");
}

}  // namespace
}  // namespace satchel::lua
