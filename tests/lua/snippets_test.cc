// The replies that redis-server 7.0.15 gave to 563 scripts, one after another in one engine.

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/bytes.h"
#include "tests/lua/script_server.h"

namespace satchel::lua {
namespace {

using nlohmann::json;
using oracle::Frame;

// Entries whose reply differs on purpose; each reason is a row of docs/compat.md.
struct Exception {
  std::string_view name;
  std::string_view reason;
};
constexpr Exception kExceptions[] = {
    {"err_017", "arithmetic on a string variable loses its name"},
    {"err_126", "scripts have os.clock"},
    {"err_156", "an error table without a text"},  // redis-server died of it
    {"tab_51", "comparison with two metamethods"},
};

bool IsException(std::string_view name) {
  return std::any_of(std::begin(kExceptions), std::end(kExceptions),
                     [&](const Exception& exception) { return exception.name == name; });
}

Frame Expected(const json& reply) {
  if (reply.contains("int"))
    return {.type = ':', .text = std::to_string(reply["int"].get<std::int64_t>())};
  if (reply.contains("status")) return {.type = '+', .text = reply["status"]};
  if (reply.contains("error")) return {.type = '-', .text = reply["error"]};
  if (reply.contains("nil")) return {.type = '$', .null = true};
  if (reply.contains("array")) {
    Frame array{.type = '*'};
    for (const json& item : reply["array"]) array.items.push_back(Expected(item));
    return array;
  }
  const json& bulk = reply["bulk"];
  if (bulk.is_string()) return {.type = '$', .text = bulk};
  return {.type = '$', .text = FromHex(bulk["hex"].get<std::string>()).value()};
}

std::vector<std::string> EvalOf(const json& entry) {
  std::vector<std::string> words = {"EVAL", entry["script"], std::to_string(entry["keys"].size())};
  for (const json& key : entry["keys"]) words.push_back(key);
  for (const json& arg : entry["args"]) words.push_back(arg);
  return words;
}

// Visits all that a script can reach. Returns every name with its type, and complains of numbers
// that are integers: the negative of an integer zero has no sign.
constexpr const char* kSweep = R"(
local lines, seen = {}, {}
local function visit(path, v)
  if type(v) == 'number' and 1/-(v-v) > 0 then error('an integer at '..path) end
  lines[#lines+1] = path..':'..type(v)
  if type(v) ~= 'table' or seen[v] then return end
  seen[v] = true
  for k, x in pairs(v) do visit(path..'.'..tostring(k), x) if type(k) == 'number' then visit(path..'[]', k) end end
  visit(path..' meta', getmetatable(v))
end
visit('_G', _G) visit('string', getmetatable(''))
table.sort(lines)
return table.concat(lines, '\n'))";

std::string Sweep(ScriptServer& server) { return oracle::Describe(server.Eval(kSweep), 1 << 16); }

TEST(LuaSnippets, ReplyAsRedisServerDid) {
  std::ifstream file(SATCHEL_LUA_SNIPPETS);
  const json entries = json::parse(file);
  ASSERT_EQ(entries.size(), 563u);
  ScriptServer server;
  const std::string before = Sweep(server);
  ASSERT_NE(before.find("_G.string.rep:function"), std::string::npos) << before;
  for (const json& entry : entries) {
    const std::string name = entry["name"];
    const json& expected = entry["expect_reply_from_redis_7_0_15"];
    server.Reconnect();
    server.Call({"FLUSHALL"});
    if (entry.contains("setup")) server.Call(entry["setup"].get<std::vector<std::string>>());
    const Frame reply = server.Call(EvalOf(entry));
    const Frame wanted = expected.contains("server_crash") ? Frame{} : Expected(expected);
    EXPECT_TRUE(!IsException(name) || reply != wanted) << name << " is no exception any more";
    ASSERT_EQ(Sweep(server), before) << name << " changed what later scripts see";
    if (reply == wanted || IsException(name)) continue;
    ADD_FAILURE() << name << "\n  script   " << entry["script"].get<std::string>()
                  << "\n  expected " << oracle::Describe(wanted) << "\n  got      "
                  << oracle::Describe(reply);
  }
}

}  // namespace
}  // namespace satchel::lua
