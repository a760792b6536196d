#include "tests/lua/programs.h"

namespace satchel::lua {
namespace {

// P prints values into `o`: numbers in both widths, strings as they are, of others the type.
// S does so with sorted keys. The locals give the statements something to name.
constexpr const char* kPrelude = R"(local o={}
local function P(...)
  for i=1,select('#',...) do local v=select(i,...) local y=type(v)
    if y=='number' then if 1/-(v-v)>0 then o[#o+1]='INT' end o[#o+1]=tostring(v)..'/'..string.format('%.17g',v)
    elseif y=='string' then o[#o+1]='"'..v..'"'
    elseif y=='table' then local n=#v o[#o+1]='{'..n..':'
      for j=1,n do local w=v[j] o[#o+1]=type(w)=='table' and 'T' or type(w)=='function' and 'F' or tostring(w) end o[#o+1]='}'
    elseif y=='function' or y=='thread' then o[#o+1]=y
    else o[#o+1]=tostring(v) end end
  o[#o+1]=';' end
local function S(t) local k={} for x,v in pairs(t) do k[#k+1]=type(x)..tostring(x)..'='..(type(v)=='table' and 'T' or tostring(v)) end table.sort(k) P(table.concat(k,',')) end
local a,b,c,d=3,-2.5,'7','text'
local t={x=1,y='two',n={m=5},[1]=10,[2]='20',[3]=30.5}
local f=function(...) return ... end
)";

// As a Lua string literal.
std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 32 || byte > 126 || c == '\'' || c == '\\') {
      const std::string digits = std::to_string(byte);
      out += "\\" + std::string(3 - digits.size(), '0') + digits;
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace

std::string Program::Text() const {
  std::string text = kPrelude;
  for (const std::string& statement : statements) text += statement + "\n";
  return text + "return table.concat(o,' ')";
}

Program ProgramGenerator::Next() {
  Program program;
  const std::size_t kind = Below(18);
  const std::size_t count = 3 + Below(6);
  for (std::size_t i = 0; i < count; ++i) {
    std::string statement;
    switch (Chance(80) ? kind : Below(18)) {
      case 0:
        statement = Expressions();
        break;
      case 1:
        statement = Loop();
        break;
      case 2:
        statement = Strings();
        break;
      case 3:
        statement = Patterns();
        break;
      case 4:
        statement = Formats();
        break;
      case 5:
        statement = Tables();
        break;
      case 6:
        statement = Sort();
        break;
      case 7:
        statement = Coroutines();
        break;
      case 8:
        statement = Errors();
        break;
      case 9:
        statement = Metatables();
        break;
      case 10:
        statement = Basics();
        break;
      case 11:
        statement = Mathematics();
        break;
      case 12:
        statement = JsonTrips();
        break;
      case 13:
        statement = Commands();
        program.uses_keys = true;
        break;
      case 14:
        statement = Resp3();
        program.uses_keys = true;
        break;
      case 15:
        statement = Syntax();
        break;
      case 16:
        statement = Varargs();
        break;
      default:
        statement = Order();
    }
    program.statements.push_back(std::move(statement));
  }
  // An error that nobody catches, now and then.
  if (Chance(15)) program.statements.push_back("do return " + Value(3) + " end");
  return program;
}

std::string ProgramGenerator::Shown(const std::string& expression) {
  return "P(pcall(function() return " + expression + " end))";
}

// --- Values --------------------------------------------------------------------------------

std::string ProgramGenerator::Number() {
  static constexpr const char* kNumbers[] = {"0",
                                             "1",
                                             "2",
                                             "3",
                                             "7",
                                             "10",
                                             "255",
                                             "1000000",
                                             "0.1",
                                             "0.5",
                                             "2.5",
                                             "1e3",
                                             "1e15",
                                             "1e100",
                                             "1e308",
                                             "0x10",
                                             "0xff",
                                             "0xFFFFFFFFFFFFFFFF",
                                             "1/3",
                                             "-1",
                                             "-0.5",
                                             "-7",
                                             "2^53",
                                             "2^53+1",
                                             "1e14",
                                             "123456789012345",
                                             "3.",
                                             ".5",
                                             "5e-324",
                                             "0/0",
                                             "1/0",
                                             "-1/0",
                                             "-(0/0)",
                                             "100",
                                             "4294967296",
                                             "2147483648",
                                             "9223372036854775807",
                                             "9223372036854775808",
                                             "1e16",
                                             "99999999999999",
                                             "0.1+0.2"};
  if (Chance(70)) return Pick(kNumbers);
  return std::to_string(static_cast<std::int64_t>(Below(2000)) - 1000) +
         (Chance(30) ? "." + std::to_string(Below(1000)) : "");
}

std::string ProgramGenerator::Text() {
  static constexpr const char* kTexts[] = {
      "'abc'", "''",           "'10'",          "' 5 '",   "'0x1F'",     "'1e2'",          "'a b'",
      "'inf'", "'nan'",        "'-3'",          "'x\\0y'", "\"q\\\"q\"", "[[long]]",       "'1e'",
      "'5x'",  "'%d'",         "'hello world'", "'AbC'",   "'1.50'",     "'\\65\\066\\x'", "'0'",
      "'\\n'", "[==[a]]b]==]", "'0x1p4'",       "'- 1'",   "'1_000'",    "'.5'",           "'5.'",
      "'0x'",  "'é'"};
  return Pick(kTexts);
}

std::string ProgramGenerator::Simple() {
  static constexpr const char* kNames[] = {
      "a",     "b",    "c",      "d",           "t",      "t.x",    "t.y",          "t.n.m",
      "t[1]",  "t[2]", "t.none", "t.none.deep", "nosuch", "f",      "nil",          "true",
      "false", "t[a]", "t['y']", "t[1.0]",      "f()",    "f(1,2)", "f(nil)",       "(f(3,4))",
      "#t",    "#d",   "KEYS",   "ARGV[1]",     "({})",   "t.n",    "redis.nosuch", "a.b"};
  if (Chance(45)) return Number();
  if (Chance(35)) return Text();
  return Pick(kNames);
}

std::string ProgramGenerator::Value(int depth) {
  if (depth <= 0 || Chance(15)) return Simple();
  static constexpr const char* kArithmetic[] = {"+", "-", "*", "/", "%", "^", "..", "..", "%", "^"};
  static constexpr const char* kOthers[] = {"==", "~=", "<", "<=", ">", ">=", " and ", " or "};
  switch (Below(10)) {
    case 0:
    case 1:
    case 2:
    case 3: {
      const std::string op = Pick(kArithmetic);
      const std::string space = op == ".." || Chance(50) ? " " : "";
      std::string right = Value(depth - 1);
      if (op == "-" && right[0] == '-') right = " " + right;
      return Value(depth - 1) + space + op + space + right;
    }
    case 4:
      return Value(depth - 1) + " " + Pick(kOthers) + " " + Value(depth - 1);
    case 5:
      return "(" + Value(depth - 1) + ")";
    case 6:
      return "- " + Value(depth - 1);
    case 7:
      return "#" + Value(depth - 1);
    case 8:
      return "not " + Value(depth - 1);
    default:
      return "f(" + Value(depth - 1) + (Chance(30) ? "," + Value(depth - 1) : "") + ")";
  }
}

std::string ProgramGenerator::Condition(int depth) {
  static constexpr const char* kOps[] = {"==", "~=", "<", "<=", ">", ">="};
  return Value(depth) + " " + Pick(kOps) + " " + Value(depth);
}

// Without holes, so that its length is one number only.
std::string ProgramGenerator::Table(int depth) {
  std::string out = "{";
  const std::size_t count = Below(6);
  for (std::size_t i = 0; i < count; ++i) {
    if (depth > 0 && Chance(10)) {
      out += Table(depth - 1);
    } else {
      out += Chance(60) ? Number() : Text();
    }
    out += Chance(80) ? "," : ";";
  }
  static constexpr const char* kKeys[] = {"k=1", "name='n'", "[true]=2", "[2.5]='f'", "id=7"};
  if (Chance(25)) out += Pick(kKeys);
  return out + "}";
}

std::string ProgramGenerator::Arguments(int count) {
  std::string out;
  const int given = Chance(85) ? count : static_cast<int>(Below(4));
  for (int i = 0; i < given; ++i) out += (i > 0 ? "," : "") + Simple();
  return out;
}

// --- Kinds of statements -------------------------------------------------------------------

std::string ProgramGenerator::Expressions() {
  if (Chance(20)) return Shown(Condition(2));
  if (Chance(15)) return "P(" + Number() + "," + Number() + "%" + Number() + ")";
  if (Chance(10)) {
    return "do local a,b=" + Simple() + "," + Simple() + " " + Shown(Value(3)) + " end";
  }
  return Shown(Value(4));
}

std::string ProgramGenerator::Loop() {
  static constexpr const char* kBounds[] = {"1",    "0",   "10",    "-3",     "2.5",  "0.1", "1e3",
                                            "'2'",  "'x'", "nil",   "a",      "b",    "c",   "#t",
                                            "0/0",  "1/0", "-1",    "f(3)",   "t.x",  "3",   "5",
                                            "2^53", "t",   "'0x2'", "1 .. 0", "'inf'"};
  static constexpr const char* kSteps[] = {"1",   "2", "-1",  "0.5",    "-0.25", "0",  "3",  "'2'",
                                           "nil", "b", "0/0", "f(1,2)", "1e300", "-2", "t.x"};
  std::string head = "for i=" + Pick(kBounds) + "," + Pick(kBounds);
  if (Chance(60)) head += "," + Pick(kSteps);
  // docs/compat.md: a loop from 0 with step 0 does not stay at 0.
  if (head.find("i=0,") != head.npos && head.ends_with(",0")) head += ".5";
  return "P(pcall(function() local n=0 " + head + " do n=n+1 P(i," + Value(1) +
         ") if n>6 then break end end return n end))";
}

std::string ProgramGenerator::Strings() {
  static constexpr const char* kFunctions[] = {"byte",  "sub",     "rep",  "len", "lower",
                                               "upper", "reverse", "char", "sub", "byte"};
  static constexpr const char* kNumbers[] = {"1",   "2",    "-1",   "0",   "3",
                                             "-2",  "100",  "-100", "'2'", "2.7",
                                             "nil", "-0.5", "1e10", "0/0", "255"};
  if (Chance(20)) return Shown("string.char(" + Pick(kNumbers) + "," + Pick(kNumbers) + ")");
  std::string call = "string." + Pick(kFunctions) + "(" + Simple();
  const std::size_t count = Below(3);
  for (std::size_t i = 0; i < count; ++i) call += "," + Pick(kNumbers);
  if (call.find("rep(") != call.npos && call.find("1e") != call.npos) return "P(1)";
  return Shown(call + ")");
}

std::string ProgramGenerator::Subject() {
  std::string text;
  static constexpr const char* kPieces[] = {"a", "b", "c",  "ab",  "aa", "1",    "23",
                                            " ", ".", "-",  "(",   ")",  "[x]",  "%",
                                            "A", "_", "\n", "k=v", ",",  "key:1"};
  const std::size_t count = Below(9);
  for (std::size_t i = 0; i < count; ++i) text += Pick(kPieces);
  if (Chance(5)) text += std::string(1, '\0') + "z";
  return Quoted(text);
}

std::string ProgramGenerator::Pattern() {
  std::string text;
  if (Chance(12)) text += "^";
  static constexpr const char* kItems[] = {
      "a",    "b",  ".",    "%a",     "%d", "%w",    "%s", "[ab]", "[^a]", "[a-c]", "%u",
      "%p",   "%.", "%x",   "%g",     "%z", "[%w_]", "%A", "k",    "=",    "-",     "[]]",
      "[^]]", "%%", "%b()", "%f[%w]", "%1", "[%a-]", "x",  "$",    "%c",   "[a-"};
  static constexpr const char* kRepeats[] = {"", "", "", "*", "+", "-", "?"};
  const std::size_t count = 1 + Below(4);
  int open = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (Chance(20)) {
      text += Chance(15) ? "()" : "(";
      if (text.back() == '(') ++open;
    }
    text += Pick(kItems) + Pick(kRepeats);
    if (open > 0 && Chance(50)) {
      text += ")";
      --open;
    }
  }
  if (!Chance(8)) text += std::string(static_cast<std::size_t>(open), ')');
  if (Chance(10)) text += "$";
  if (Chance(2)) text += "%";
  return Quoted(text);
}

std::string ProgramGenerator::Patterns() {
  static constexpr const char* kReplacements[] = {"'<%0>'",
                                                  "'%1'",
                                                  "'x'",
                                                  "'%2%1'",
                                                  "'%%'",
                                                  "'%'",
                                                  "'%a'",
                                                  "{a='A',b=1,k=true,c=false}",
                                                  "function(...) P(...) return select('#',...) end",
                                                  "function(x) if x=='a' then return 'Z' end end",
                                                  "5",
                                                  "''",
                                                  "function() return {} end",
                                                  "nil",
                                                  "function(x) return false end",
                                                  "0.5"};
  const std::string subject = Chance(90) ? Subject() : Simple();
  const std::string pattern = Chance(95) ? Pattern() : Simple();
  static constexpr const char* kInits[] = {"1", "2", "-1", "0", "-3", "50", "'2'", "3.9", "nil"};
  switch (Below(6)) {
    case 0:
      return Shown("string.find(" + subject + "," + pattern +
                   (Chance(40) ? "," + Pick(kInits) : "") + ")");
    case 1:
      return Shown("string.match(" + subject + "," + pattern +
                   (Chance(40) ? "," + Pick(kInits) : "") + ")");
    case 2:
      return "P(pcall(function() local n=0 for x,y,z in string." +
             std::string(Chance(80) ? "gmatch" : "gfind") + "(" + subject + "," + pattern +
             ") do P(x,y,z) n=n+1 if n>20 then break end end return n end))";
    case 3:
      return Shown("string.find(" + subject + "," + pattern + "," + Pick(kInits) + "," +
                   (Chance(50) ? "true" : "false") + ")");
    default:
      return Shown("string.gsub(" + subject + "," + pattern + "," + Pick(kReplacements) +
                   (Chance(25) ? "," + Pick(kInits) : "") + ")");
  }
}

std::string ProgramGenerator::Format() {
  std::string text;
  static constexpr const char* kFlags[] = {"",  "",  "",   "-",  "+",     " ",
                                           "#", "0", "-+", "0+", "+0#- ", "------"};
  static constexpr const char* kWidths[] = {"", "", "", "5", "12", "1", "99", "100"};
  static constexpr const char* kPrecisions[] = {"",    "",    ".",   ".0",  ".3",
                                                ".14", ".20", ".99", ".100"};
  static constexpr const char* kConversions[] = {"d", "i", "u", "c", "x", "X", "o", "e", "E", "f",
                                                 "g", "G", "q", "s", "s", "a", "A", "y", "%", "p"};
  const std::size_t count = 1 + Below(3);
  for (std::size_t i = 0; i < count; ++i) {
    text += Chance(30) ? "v=" : "";
    text += "%" + Pick(kFlags) + Pick(kWidths) + Pick(kPrecisions) + Pick(kConversions);
  }
  if (Chance(2)) text += "%";
  return Quoted(text);
}

std::string ProgramGenerator::Formats() {
  return Shown("string.format(" + Format() + "," + Arguments(3) + ")");
}

std::string ProgramGenerator::Tables() {
  const std::string table = Table(1);
  static constexpr const char* kPlaces[] = {"1",   "2",   "0",   "-1", "10",
                                            "'2'", "1.9", "nil", "3",  "t"};
  static constexpr const char* kCalls[] = {
      "table.concat(v)",
      "table.concat(v,',')",
      "table.concat(v,', ',2)",
      "table.concat(v,1,1,2)",
      "table.getn(v)",
      "table.maxn(v)",
      "#v",
      "unpack(v)",
      "unpack(v,2)",
      "unpack(v,1,2)",
      "table.remove(v)",
      "next({})",
      "select('#',unpack(v))",
      "table.concat(v,'-',1,9)",
      "table.foreach(v,function(k,x) if k==2 then return x end end)",
      "table.foreachi(v,function(k,x) P(k,x) end)",
      "table.setn(v,1)",
      "unpack(v,-1,3)",
      "table.concat(v,nil,2,1)",
      "ipairs(v)(v,0)",
      "rawget(v,1)",
      "rawget(v,'k')"};
  std::string body = "local v=" + table + " ";
  const std::size_t count = 1 + Below(3);
  for (std::size_t i = 0; i < count; ++i) {
    switch (Below(4)) {
      case 0:
        body += "table.insert(v," + (Chance(70) ? Number() : Text()) + ") ";
        break;
      case 1:
        body += "P(table.insert(v,1," + Number() + ")) ";
        break;
      case 2:
        body += "P(pcall(table.remove,v," + Pick(kPlaces) + ")) ";
        break;
      default:
        body += "P(pcall(function() return " + Pick(kCalls) + " end)) ";
    }
  }
  return "P(pcall(function() " + body + "return #v,table.concat(v,',') end))";
}

std::string ProgramGenerator::Sort() {
  std::string items;
  const std::size_t count = Below(40);
  const std::size_t range = 1 + Below(20);
  for (std::size_t i = 0; i < count; ++i) {
    items += "{" + std::to_string(Below(range)) + "," + std::to_string(i) + "},";
  }
  static constexpr const char* kOrders[] = {"function(x,y) return x[1]<y[1] end",
                                            "function(x,y) return x[1]>y[1] end",
                                            "function(x,y) return x[1]<=y[1] end",
                                            "function(x,y) return true end",
                                            "function(x,y) return false end",
                                            "function(x,y) return x[1]%3<y[1]%3 end",
                                            "function(x,y) return x[2]<y[2] end",
                                            "function(x,y) n=1 end",
                                            "nil",
                                            "function(x,y) return x.z<y.z end",
                                            "function(x,y) return x[1]*7%5<y[1] end"};
  const std::string shown =
      "local r={} for i,x in ipairs(v) do r[i]=x[1]..':'..x[2] end "
      "return table.concat(r,' ')";
  if (Chance(25)) {
    static constexpr const char* kLists[] = {"{3,1,2}",
                                             "{'b','a','c','B','10','9'}",
                                             "{1,'a'}",
                                             "{3,1,{}}",
                                             "{0/0,1,0/0,2,3}",
                                             "{5,4,3,2,1,0,-1,1/0,-1/0}",
                                             "{true,false}",
                                             "{}",
                                             "{1}",
                                             "{nil,2}"};
    return "P(pcall(function() local v=" + Pick(kLists) +
           " table.sort(v) local r={} for i=1,#v do r[i]=tostring(v[i]) end "
           "return table.concat(r,' ') end))";
  }
  return "P(pcall(function() local v={" + items + "} P(pcall(table.sort,v," + Pick(kOrders) +
         ")) " + shown + " end))";
}

std::string ProgramGenerator::Coroutines() {
  static constexpr const char* kBodies[] = {
      "function(x) local y=coroutine.yield(x) P(y) return y,1 end",
      "function(...) for i=1,3 do coroutine.yield(i,...) end end",
      "function() error('in') end",
      "function() error({}) end",
      "function(x) return x.y end",
      "function() return pcall(coroutine.yield,1) end",
      "function() local v={3,2,1} table.sort(v,function(x,y) coroutine.yield(1) return x<y end) "
      "end",
      "function() return coroutine.running()~=nil,coroutine.status(coroutine.running()) end",
      "string.rep",
      "5",
      "function() coroutine.yield() coroutine.yield(nil) end",
      "function() string.gsub('ab','.',function() coroutine.yield(2) end) end",
      "function() return coroutine.wrap(function() coroutine.yield(5) end)() end",
      "function() error() end",
      "function() error('a',2) end"};
  static constexpr const char* kUses[] = {
      "local co=coroutine.create(B) P(coroutine.status(co)) for i=1,3 do "
      "P(coroutine.resume(co,i,'q')) P(coroutine.status(co)) end",
      "local w=coroutine.wrap(B) for i=1,3 do P(w(i)) end",
      "local co=coroutine.create(B) P(coroutine.resume(co)) P(coroutine.resume(co,2)) return "
      "coroutine.status(co)",
      "local w=coroutine.wrap(B) P(pcall(w,1)) P(pcall(w,2)) P(pcall(w))",
      "for x in coroutine.wrap(B) do P(x) if x==nil or x==5 then break end end",
      "return coroutine.resume(B)",
      "return coroutine.status(B)",
      "local co co=coroutine.create(function() return coroutine.resume(co) end) return "
      "coroutine.resume(co)"};
  std::string use = Pick(kUses);
  const std::string body = Pick(kBodies);
  for (std::size_t at = use.find('B'); at != use.npos; at = use.find('B')) use.replace(at, 1, body);
  return "P(pcall(function() " + use + " end))";
}

std::string ProgramGenerator::Errors() {
  static constexpr const char* kRaises[] = {"error('m')",
                                            "error('m',0)",
                                            "error('m',1)",
                                            "error('m',2)",
                                            "error('m',3)",
                                            "error(5)",
                                            "error()",
                                            "error({err='E x'})",
                                            "error({})",
                                            "error({err=5})",
                                            "error(true)",
                                            "assert(false)",
                                            "assert(nil,'m')",
                                            "assert(false,5)",
                                            "assert(1,2,3)",
                                            "assert()",
                                            "assert(false,{})",
                                            "nosuch()",
                                            "t.none()",
                                            "t:none()",
                                            "d:none()",
                                            "a()",
                                            "d.x.y=1",
                                            "t.none.x=1",
                                            "local q q.x=1",
                                            "local q q()",
                                            "t[nil]=1",
                                            "t[0/0]=1",
                                            "x=1",
                                            "string.x=1",
                                            "rawset(_G,'x',1)",
                                            "return f(1)()",
                                            "('x')()",
                                            "return ('x').y.z",
                                            "return #5",
                                            "return -{}",
                                            "return {}<{}",
                                            "return 1<'2'",
                                            "return nil<1",
                                            "return {}..'x'",
                                            "return 'x'..nil",
                                            "return t.none..'x'",
                                            "return a..t..'x'",
                                            "local u return function() return u.x end",
                                            "return (function() return d.q.r end)()",
                                            "KEYS=1",
                                            "return _G.nosuch",
                                            "return _G[5]",
                                            "setmetatable(_G,{})",
                                            "redis.call=1",
                                            "redis.call('nosuchcmd')",
                                            "string.rep()",
                                            "('x'):rep({})",
                                            "('x'):bad()",
                                            "math.floor({})",
                                            "setmetatable(1,2)",
                                            "tonumber()",
                                            "for i=1,2 do local z=nil z.x=i end",
                                            "for k in 5 do end",
                                            "for k in nil do end",
                                            "for k,v in pairs() do end",
                                            "for k,v in next,nil do end",
                                            "for k in t do end",
                                            "local s='x' return s.y.z",
                                            "return _VERSION()",
                                            "return t[1][2][3]",
                                            "t.x.y.z=1",
                                            "return KEYS[1]..'x'",
                                            "return t[t].x",
                                            "return f().x",
                                            "return (f()).x",
                                            "f()()",
                                            "return t.n.q.z",
                                            "local v={} v[1].x=1",
                                            "local v={} v.a.b()",
                                            "getmetatable('').__index=1",
                                            "return rawget(5,1)",
                                            "return next({},'x')",
                                            "return next(5)",
                                            "return ipairs()",
                                            "return select(0)",
                                            "return select(-5,1)",
                                            "return unpack()",
                                            "return unpack({},1,8000)",
                                            "loadstring('x')()",
                                            "return loadstring(5)",
                                            "return load(5)",
                                            "return ('x'):format()"};
  const std::string raise = Pick(kRaises);
  switch (Below(6)) {
    case 0:
      return "P(xpcall(function() " + raise +
             " end,function(m) return type(m)=='string' and 'H'..m or m end))";
    case 1:
      return "P(pcall(pcall,function() " + raise + " end))";
    case 2:
      return "P(pcall(function() local function g() " + raise + " end return g() end))";
    case 3:
      return "P(pcall(function() local function g() " + raise + " end g() end))";
    case 4:
      return "P(pcall(loadstring(" + Quoted(raise) + (Chance(30) ? ",'@name'" : "") + ")))";
    default:
      return "P(pcall(function() " + raise + " end))";
  }
}

std::string ProgramGenerator::Metatables() {
  static constexpr const char* kEvents[] = {
      "__add",       "__sub",    "__mul",   "__div",      "__mod",  "__pow",
      "__unm",       "__concat", "__index", "__newindex", "__call", "__tostring",
      "__metatable", "__eq",     "__lt",    "__le",       "__len",  "__gc"};
  static constexpr const char* kHandlers[] = {"function(x,y) return 'H' end",
                                              "function(x,y) return type(x)..type(y) end",
                                              "function(x,y) return x==y end",
                                              "function() return nil end",
                                              "function(x,y,z) P(type(y),type(z)) return 1 end",
                                              "function() error('mm') end",
                                              "function() return 1,2 end",
                                              "{q=5}",
                                              "5"};
  static constexpr const char* kUses[] = {"m+1",
                                          "1+m",
                                          "m-'5'",
                                          "'5'*m",
                                          "m/m",
                                          "m%2",
                                          "2%m",
                                          "m^2",
                                          "2^m",
                                          "-m",
                                          "m..'x'",
                                          "'x'..m",
                                          "1 ..m..2",
                                          "m.q",
                                          "m[1]",
                                          "m.none",
                                          "m()",
                                          "m(1,2)",
                                          "(string.gsub(tostring(m),'0x%x+','@'))",
                                          "getmetatable(m)",
                                          "#m",
                                          "m==m",
                                          "m==1",
                                          "m<m",
                                          "m<=m",
                                          "m>m",
                                          "rawget(m,'q')",
                                          "rawequal(m,m)",
                                          "m..m..'y'",
                                          "'a'..'b'..m",
                                          "m..1 ..2",
                                          "table.concat({m})",
                                          "setmetatable(m,nil)",
                                          "m:q()",
                                          "'x'+m",
                                          "m+'x'",
                                          "(function() m.z=5 return rawget(m,'z') end)()",
                                          "(function() m[1]=5 return rawget(m,1) end)()",
                                          "next(m)",
                                          "#m+1",
                                          "type(m)"};
  std::string meta;
  const std::size_t count = 1 + Below(3);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string event = Pick(kEvents);
    const std::string handler = event == "__call" ? kHandlers[Below(7)] : Pick(kHandlers);
    meta += event + "=" + handler + ",";
  }
  std::string out =
      "do local m=setmetatable({" + std::string(Chance(50) ? "1,2" : "") + "},{" + meta + "}) ";
  for (std::size_t i = 0; i < 3; ++i) out += Shown(Pick(kUses)) + " ";
  return out + "end";
}

std::string ProgramGenerator::Basics() {
  static constexpr const char* kCalls[] = {"tonumber(V)",
                                           "tonumber(V,16)",
                                           "tonumber(V,2)",
                                           "tonumber(V,36)",
                                           "tonumber(V,10)",
                                           "tonumber(V,1)",
                                           "tonumber(V,V)",
                                           "tostring(V)==nil",
                                           "type(V)",
                                           "select(V,1,2,3)",
                                           "select('#',V)",
                                           "rawequal(V,V)",
                                           "next({V})",
                                           "#V",
                                           "unpack({V,V})",
                                           "V==V",
                                           "type(f(V))",
                                           "select(V,V)",
                                           "tostring(1e15)",
                                           "collectgarbage('count')>0",
                                           "gcinfo()>0",
                                           "tostring(nil)",
                                           "tostring(true)",
                                           "type()",
                                           "rawequal(1)",
                                           "_VERSION",
                                           "next({},nil)",
                                           "unpack({1,2,3},V)",
                                           "unpack({1,2,3},V,V)",
                                           "loadstring('return '..V)",
                                           "tostring()",
                                           "collectgarbage(V)",
                                           "type(next)",
                                           "type(print)",
                                           "pairs({})==next",
                                           "tonumber(V,3.9)"};
  std::string call = Pick(kCalls);
  for (std::size_t at = call.find('V'); at != call.npos; at = call.find('V', at)) {
    if (at > 0 && call[at - 1] == '_') {
      at += 1;
      continue;
    }
    const std::string value = Simple();
    call.replace(at, 1, value);
    at += value.size();
  }
  if (call.find("tostring(") == 0 && (call.find("t") != call.npos)) call = "(" + call + ")~=nil";
  if (call.find("unpack") != call.npos && call.find("e1") != call.npos) return "P(2)";
  return Shown(call);
}

std::string ProgramGenerator::Mathematics() {
  static constexpr const char* kFunctions[] = {
      "abs",   "ceil", "floor", "max",    "min",  "fmod", "mod",   "modf", "frexp",
      "ldexp", "sqrt", "log",   "log10",  "exp",  "pow",  "sin",   "cos",  "atan2",
      "deg",   "rad",  "tanh",  "random", "huge", "pi",   "floor", "fmod"};
  if (Chance(25)) {
    return "math.randomseed(" + std::to_string(Below(100000)) + ") P(math.random()) " +
           Shown("math.random(" + Number() + ")") + " " +
           Shown("math.random(" + Number() + "," + Number() + ")") + " P(math.random(100))";
  }
  const std::string name = Pick(kFunctions);
  if (name == "random") return "math.randomseed(7) " + Shown("math.random(" + Arguments(2) + ")");
  return Shown("math." + name + "(" + Arguments(2) + ")");
}

std::string ProgramGenerator::Json(int depth) {
  static constexpr const char* kScalars[] = {"1",
                                             "0",
                                             "-5",
                                             "1.5",
                                             "1e3",
                                             "1E-2",
                                             "true",
                                             "false",
                                             "null",
                                             "\"a\"",
                                             "\"\"",
                                             "\"\\u00e9\"",
                                             "\"\\ud83d\\ude00\"",
                                             "\"a\\/b\"",
                                             "\"\\n\\t\"",
                                             "0x10",
                                             "+1",
                                             "01",
                                             "nan",
                                             "inf",
                                             "-0",
                                             "1e400",
                                             "123456789012345678",
                                             "\"\\u0000\"",
                                             "\"q\\\"q\"",
                                             "tru",
                                             "'a'",
                                             "\"\\q\"",
                                             "\"\\ud800\"",
                                             "NaN",
                                             "Infinity",
                                             "-inf",
                                             "1.",
                                             ".5",
                                             "--1",
                                             "\"unclosed",
                                             "[",
                                             "{",
                                             "1 2",
                                             ""};
  if (depth <= 0 || Chance(40))
    return Chance(80) ? std::string(kScalars[Below(16)]) : Pick(kScalars);
  std::string out;
  const std::size_t count = Below(4);
  if (Chance(50)) {
    for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? "," : "") + Json(depth - 1);
    return "[" + out + (Chance(97) ? "]" : ",]");
  }
  // One key: the order of several is the table's.
  return count == 0
             ? "{}"
             : "{\"k" + std::to_string(count) + "\":" + Json(depth - 1) + (Chance(97) ? "}" : "");
}

std::string ProgramGenerator::JsonTrips() {
  static constexpr const char* kValues[] = {"{}",
                                            "{1,2,3}",
                                            "{1,'a',true,cjson.null}",
                                            "{a=1}",
                                            "{[1]=1,[2]=2,[4]=4}",
                                            "{[5]=1}",
                                            "{[1]=1,[20]=2}",
                                            "{[0]=1}",
                                            "{[-1]=1}",
                                            "{[1.5]=1}",
                                            "'text'",
                                            "5",
                                            "1/0",
                                            "0/0",
                                            "nil",
                                            "true",
                                            "cjson.null",
                                            "f",
                                            "{f}",
                                            "{{{}}}",
                                            "{x={1,2}}",
                                            "'\\0\\1\\127\\128'",
                                            "'a/b\"c\\\\'",
                                            "1e15",
                                            "0.1",
                                            "1/3",
                                            "-0",
                                            "123456789012345680",
                                            "{[true]=1}",
                                            "{['1']=1}",
                                            "{1,2,nil,4}",
                                            "t.n",
                                            "coroutine.create(f)",
                                            "{[3]='x'}"};
  static constexpr const char* kOthers[] = {"cjson.encode()",
                                            "cjson.encode(1,2)",
                                            "cjson.decode()",
                                            "cjson.decode({})",
                                            "cjson.decode(5)",
                                            "cjson.encode_max_depth()",
                                            "cjson.decode_max_depth()",
                                            "cjson.encode_number_precision()",
                                            "cjson.encode_keep_buffer()",
                                            "cjson.encode_invalid_numbers()",
                                            "cjson.decode_invalid_numbers()",
                                            "cjson.encode_sparse_array()",
                                            "cjson.null==nil",
                                            "tostring(cjson.null)",
                                            "cjson._NAME",
                                            "cjson._VERSION",
                                            "cjson.decode('[1,2]','x')",
                                            "cjson.decode(string.rep('[',1100))",
                                            "cjson.encode_max_depth(0)",
                                            "cjson.encode_number_precision(15)",
                                            "type(cjson.null)",
                                            "cjson.decode('[null]')[1]==cjson.null",
                                            "#cjson.decode('[1,2,3]')",
                                            "cjson.encode_sparse_array(true)",
                                            "cjson.encode_invalid_numbers('null')",
                                            "cjson.decode_invalid_numbers(false)",
                                            "cjson.encode_sparse_array(1,2,3,4)",
                                            "cjson.encode_number_precision(3)",
                                            "cjson.encode_invalid_numbers('x')",
                                            "cjson.decode_max_depth(2)"};
  switch (Below(5)) {
    case 0:
      return Shown("cjson.encode(" + Pick(kValues) + ")");
    case 1:
      return Shown(Pick(kOthers)) + " cjson.encode(nil) " +
             Shown("cjson.encode({1/3,[1]=2,[40]=0/0})") +
             " cjson.encode_number_precision(14) cjson.encode_max_depth(1000) "
             "cjson.decode_max_depth(1000) "
             "cjson.encode_sparse_array(false,2,10) cjson.encode_invalid_numbers(false) "
             "cjson.decode_invalid_numbers(true)";
    default: {
      const std::string text = Quoted((Chance(10) ? " " : "") + Json(3) + (Chance(5) ? "x" : ""));
      return "P(pcall(function() local v=cjson.decode(" + text +
             ") return type(v),cjson.encode(v),v end))";
    }
  }
}

std::string ProgramGenerator::Commands() {
  static constexpr const char* kCommands[] = {"'SET','k',V",
                                              "'GET','k'",
                                              "'GET','none'",
                                              "'INCR','n'",
                                              "'INCRBY','n',V",
                                              "'INCRBYFLOAT','n',V",
                                              "'LPUSH','l',V,V",
                                              "'LRANGE','l',0,-1",
                                              "'LPOP','l'",
                                              "'LPOP','none'",
                                              "'HSET','h','f',V",
                                              "'HGETALL','h'",
                                              "'HGET','h','f'",
                                              "'SADD','s',V",
                                              "'SMEMBERS','s'",
                                              "'SISMEMBER','s',V",
                                              "'ZADD','z',V,'m'",
                                              "'ZSCORE','z','m'",
                                              "'ZRANGE','z',0,-1,'WITHSCORES'",
                                              "'TYPE','k'",
                                              "'EXISTS','k'",
                                              "'DEL','k'",
                                              "'APPEND','k',V",
                                              "'STRLEN','k'",
                                              "'GETRANGE','k',0,V",
                                              "'SETRANGE','k',2,V",
                                              "'MSET','k',V,'n',1",
                                              "'MGET','k','none','l'",
                                              "'EXPIRE','k',100",
                                              "'TTL','k'",
                                              "'PING'",
                                              "'ECHO',V",
                                              "'LLEN','k'",
                                              "'NOSUCH'",
                                              "'GET'",
                                              "'SET','k'",
                                              "'GET',{}",
                                              "",
                                              "'EVAL','return 1',0",
                                              "'MULTI'",
                                              "'XADD','x','1-1','f',V",
                                              "'XRANGE','x','-','+'",
                                              "'SCAN',0",
                                              "'OBJECT','ENCODING','k'",
                                              "'SETEX','k',10,V",
                                              "'LPOS','l',V",
                                              "'ZADD','z','INCR',1,'m'"};
  std::string args = Pick(kCommands);
  for (std::size_t at = args.find('V'); at != args.npos; at = args.find('V', at)) {
    const bool word = (at > 0 && args[at - 1] >= 'A' && args[at - 1] <= 'Z') ||
                      (at + 1 < args.size() && args[at + 1] >= 'A' && args[at + 1] <= 'Z');
    if (word) {
      ++at;
      continue;
    }
    const std::string value = Chance(50) ? Number() : Chance(60) ? Text() : Simple();
    args.replace(at, 1, value);
    at += value.size();
  }
  const std::string verb = Chance(60) ? "call" : "pcall";
  switch (Below(4)) {
    case 0:
      return "P(pcall(function() local r=redis." + verb + "(" + args +
             ") if type(r)=='table' then r.ignore_error_stats_update=nil S(r) end return r end))";
    case 1:
      return "P(pcall(redis." + verb + (args.empty() ? "" : "," + args) + "))";
    default:
      return "P(pcall(function() return redis." + verb + "(" + args + ") end))";
  }
}

std::string ProgramGenerator::Resp3() {
  static constexpr const char* kCalls[] = {"redis.call('HGETALL','h')",
                                           "redis.call('HGETALL','none')",
                                           "redis.call('SMEMBERS','s')",
                                           "redis.call('GET','none')",
                                           "redis.call('ZSCORE','z','m')",
                                           "redis.call('ZRANGE','z',0,-1,'WITHSCORES')",
                                           "redis.call('ZADD','z','INCR',1.5,'m')",
                                           "redis.call('HRANDFIELD','h')",
                                           "redis.call('LRANGE','l',0,-1)",
                                           "redis.call('CONFIG','GET','maxmemory')",
                                           "redis.call('INCRBYFLOAT','n',1.5)",
                                           "redis.call('SPOP','none')",
                                           "redis.call('PING')",
                                           "redis.call('LPOP','none')"};
  const std::string setup =
      "redis.call('HSET','h','f','v') redis.call('SADD','s','a') redis.call('ZADD','z',1.5,'m') ";
  const std::string call = Pick(kCalls);
  if (Chance(20)) {
    static constexpr const char* kReturns[] = {"true",
                                               "false",
                                               "{map={a=1}}",
                                               "{set={a=true}}",
                                               "{double=1.5}",
                                               "{double=1/0}",
                                               "{big_number='123'}",
                                               "{verbatim_string={format='txt',string='hi'}}",
                                               "{ok='x'}",
                                               "{err='E y'}",
                                               "{1,true,false,nil,5}",
                                               "{1,true,{ok='z'}}",
                                               "nil",
                                               "3.99",
                                               "-3.99",
                                               "1/0",
                                               "0/0",
                                               "1e20",
                                               "{ok=1}",
                                               "{err=1}",
                                               "f",
                                               "redis.error_reply('x')",
                                               "redis.error_reply('-X y')",
                                               "redis.status_reply('a b')",
                                               "redis.error_reply()",
                                               "redis.status_reply(1)",
                                               "{double='x'}",
                                               "'str'",
                                               "{{{}}}",
                                               "cjson.null"};
    return (Chance(50) ? "redis.setresp(3) " : "") + std::string("do return ") + Pick(kReturns) +
           " end";
  }
  return setup + "redis.setresp(" + (Chance(80) ? "3" : "2") +
         ") P(pcall(function() local r=" + call +
         " if type(r)=='table' then for k,v in pairs(r) do P(k) if type(v)=='table' then S(v) else "
         "P(v) end end end return r end)) redis.setresp(2)";
}

// Sources for the compiler: tokens in a likely order, with a mistake now and then.
std::string ProgramGenerator::Syntax() {
  static constexpr const char* kStatements[] = {"local x=1",
                                                "x.y=2",
                                                "f(1)",
                                                "local function g(a,b,...) return a end",
                                                "for i=1,2 do end",
                                                "for k,v in pairs(t) do end",
                                                "while x do break end",
                                                "repeat local z until z",
                                                "if a then elseif b then else end",
                                                "do end",
                                                "return 1",
                                                "return",
                                                "local a,b,c",
                                                "a,b=1,2",
                                                "function t.a.b:c() end",
                                                "t[1]={1,2;3,k=4,[5]=6}",
                                                "local s='q\\'s'",
                                                "local s=[[x]]",
                                                "-- comment\n",
                                                "--[[ c ]]",
                                                "goto=1",
                                                "local goto=2",
                                                "break",
                                                "x=...",
                                                "t.goto=1",
                                                "o:goto(1)",
                                                "return function(...) return arg end",
                                                "local x=a.b.c(1):d'e'{}",
                                                "x='a'..'b'..1",
                                                "_ENV=1",
                                                "local _ENV={}",
                                                "function f(a,a) end",
                                                "local t={goto=1}",
                                                "x=#t%2^3",
                                                "a=-x^-2",
                                                "local x <const> = 1",
                                                "::label::",
                                                "goto label",
                                                "x=1//2",
                                                "x=a&b"};
  static constexpr const char* kTokens[] = {
      "and",   "break", "do",   "else",    "end",    "for",      "function", "if",    "in",
      "local", "nil",   "not",  "or",      "repeat", "return",   "then",     "until", "while",
      "..",    "...",   "==",   "=",       "~=",     "~",        "(",        ")",     "{",
      "}",     "[",     "]",    ";",       ":",      ",",        ".",        "+",     "-",
      "*",     "/",     "%",    "^",       "#",      "x",        "1",        "'s'",   "0x",
      "1e",    "'",     "\"",   "[[",      "[=",     "--[[",     "3x",       "@",     "$",
      "\\",    "\n",    "1..2", "'\\300'", "\x01",   "\xc3\xa9", "&",        "!"};
  std::string text;
  const std::size_t count = 1 + Below(4);
  for (std::size_t i = 0; i < count; ++i) {
    text += Pick(kStatements) + (Chance(60) ? " " : Chance(50) ? "\n" : ";");
  }
  if (Chance(75)) {
    const std::string token = Pick(kTokens);
    const std::size_t at = Below(text.size() + 1);
    switch (Below(3)) {
      case 0:
        text.insert(at, Chance(60) ? " " + token + " " : token);
        break;
      case 1:
        text.erase(at, 1 + Below(4));
        break;
      default:
        text.replace(at, std::min<std::size_t>(Below(3), text.size() - at), token);
    }
  }
  return "do local fn,e=loadstring(" + Quoted(text) + (Chance(50) ? ",'=c'" : "") +
         ") P(type(fn),e) end";
}

std::string ProgramGenerator::Varargs() {
  static constexpr const char* kFunctions[] = {
      "function(...) return arg.n,arg[2] end",
      "function(...) return select('#',...) end",
      "function(...) return ... end",
      "function(a,...) return arg[1],a end",
      "function(...) local x=... return arg end",
      "function(...) return (...) end",
      "function(...) return (function() return arg.n end)() end",
      "function(arg,...) return arg end",
      "function(...) arg=5 return arg end",
      "function(...) local a,b=... return b,a end",
      "function(...) return 1,... end",
      "function(...) return ...,1 end",
      "function(...) return f(...,9) end",
      "function(...) for i,v in ipairs(arg) do P(i,v) end end",
      "function() return arg end",
      "function(...) return select(-1,...) end",
      "function(...) return 'x'..(...) end"};
  std::string args;
  const std::size_t count = Below(4);
  for (std::size_t i = 0; i < count; ++i) args += (i > 0 ? "," : "") + Simple();
  return Shown("(" + Pick(kFunctions) + ")(" + args + ")");
}

// Tables from constructors: their order is redis-server's.
std::string ProgramGenerator::Order() {
  static constexpr const char* kKeys[] = {"a",          "b",      "c",     "id",    "name",
                                          "ts",         "user",   "x",     "y",     "key1",
                                          "key2",       "status", "count", "limit", "window",
                                          "expires_at", "value",  "owner", "lock",  "queue"};
  std::string table;
  const std::size_t count = Below(13);
  std::size_t start = Below(20);
  for (std::size_t i = 0; i < count; ++i)
    table += std::string(kKeys[(start + i * 7) % 20]) + "=" + std::to_string(i) + ",";
  const std::size_t items = Below(5);
  for (std::size_t i = 0; i < items; ++i) table += std::to_string(i * 10) + ",";
  return "for k,v in pairs({" + table + "}) do P(k,v) end" +
         (Chance(20) ? " P(next({" + table + "}))" : "");
}

}  // namespace satchel::lua
