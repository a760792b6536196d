#include "lua/redis_api.h"

#include <string>

#include "base/bytes.h"
#include "base/text.h"
#include "lua/arguments.h"
#include "lua/convert.h"
#include "lua/error_text.h"
#include "lua/runner.h"

namespace satchel::lua {
namespace {

const char kRunnerKey = 0;  // registry: the Runner

Runner& Self(lua_State* state) {
  return *static_cast<Runner*>(lua_touserdata(state, lua_upvalueindex(1)));
}

}  // namespace

Runner& RunnerOf(lua_State* state) {
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kRunnerKey);
  auto* const runner = static_cast<Runner*>(lua_touserdata(state, -1));
  lua_pop(state, 1);
  return *runner;
}

void PushErrorTable(lua_State* state, std::string_view text) {
  lua_createtable(state, 0, 1);
  PushString(state, text);
  lua_setfield(state, -2, "err");
}

void PushCountedErrorTable(lua_State* state, std::string_view text) {
  PushErrorTable(state, text);
  lua_pushboolean(state, 1);
  lua_setfield(state, -2, "ignore_error_stats_update");
}

void PushStrings(lua_State* state, std::span<const std::string_view> strings) {
  lua_createtable(state, static_cast<int>(strings.size()), 0);
  for (std::size_t i = 0; i < strings.size(); ++i) {
    PushString(state, strings[i]);
    lua_rawseti(state, -2, static_cast<lua_Integer>(i) + 1);
  }
}

bool CallArguments::Collect(lua_State* state) {
  constexpr std::size_t kKept = 1024;  // words for which memory is kept
  if (args_.capacity() > kKept) args_ = {};
  if (numbers_.capacity() > kKept) numbers_ = {};
  args_.clear();
  numbers_.clear();
  const int count = lua_gettop(state);
  args_.reserve(static_cast<std::size_t>(count));
  for (int i = 1; i <= count; ++i) {
    const int type = lua_type(state, i);
    if (type == LUA_TSTRING) {
      args_.push_back(StringAt(state, i));
    } else if (type == LUA_TNUMBER) {
      // The texts must not move: earlier words point at them.
      if (numbers_.empty()) numbers_.reserve(static_cast<std::size_t>(count - i + 1));
      auto& buffer = numbers_.emplace_back();
      char text[kNumberTextSize];
      const std::size_t size = WriteNumberExact(lua_tonumber(state, i), text);
      std::copy(text, text + size, buffer.begin());
      args_.emplace_back(buffer.data(), size);
    } else {
      return false;
    }
  }
  return true;
}

namespace {

// Whether the value at the top is a table with a string `err`.
bool IsErrorTable(lua_State* state) {
  if (!lua_istable(state, -1)) return false;
  lua_pushliteral(state, "err");
  lua_rawget(state, -2);
  const bool is_error = lua_type(state, -1) == LUA_TSTRING;
  lua_pop(state, 1);
  return is_error;
}

int Call(lua_State* state) {
  Self(state).CallFromScript(state);
  if (IsErrorTable(state)) return lua_error(state);
  return 1;
}

int Pcall(lua_State* state) {
  Self(state).CallFromScript(state);
  return 1;
}

int WrongArguments(lua_State* state) {
  PushErrorTable(state, "ERR wrong number or type of arguments");
  return 1;
}

int ErrorReply(lua_State* state) {
  if (lua_gettop(state) != 1 || lua_type(state, 1) != LUA_TSTRING) return WrongArguments(state);
  std::size_t size = 0;
  const char* bytes = lua_tolstring(state, 1, &size);
  std::string text(bytes, size);
  if (!text.empty() && text[0] == '-') text.erase(0, 1);
  if (text.find(' ') == std::string::npos) text = "ERR " + text;
  PushErrorTable(state, text);
  return 1;
}

int StatusReply(lua_State* state) {
  if (lua_gettop(state) != 1 || lua_type(state, 1) != LUA_TSTRING) return WrongArguments(state);
  lua_createtable(state, 0, 1);
  lua_pushvalue(state, 1);
  lua_setfield(state, -2, "ok");
  return 1;
}

int RaiseTable(lua_State* state, std::string_view text) {
  PushErrorTable(state, text);
  return lua_error(state);
}

// What is neither a string nor a number counts as an empty string.
int Sha1Hex(lua_State* state) {
  if (lua_gettop(state) != 1) return RaiseTable(state, "ERR wrong number of arguments");
  const int type = lua_type(state, 1);
  const bool has_text = type == LUA_TSTRING || type == LUA_TNUMBER;
  const Sha1Digest digest = Sha1(has_text ? CheckString(state, 1) : std::string_view());
  PushString(state, ToHex({reinterpret_cast<const char*>(digest.data()), digest.size()}));
  return 1;
}

int SetResp(lua_State* state) {
  if (lua_gettop(state) != 1) {
    return RaiseTable(state, "ERR redis.setresp() requires one argument.");
  }
  const auto version = TruncateToInt64(ToNumber(state, 1).value_or(0));
  if (version != 2 && version != 3) return RaiseTable(state, "ERR RESP version must be 2 or 3.");
  Self(state).SetScriptProtocol(static_cast<int>(version));
  return 0;
}

int SetRepl(lua_State* state) {
  if (lua_gettop(state) != 1)
    return RaiseTable(state, "ERR redis.set_repl() requires two arguments.");
  const std::int64_t flags = TruncateToInt64(ToNumber(state, 1).value_or(0));
  if ((flags & ~3) != 0) {
    return RaiseTable(state,
                      "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or "
                      "REPL_NONE.");
  }
  return 0;  // there are no replicas; effects are always recorded
}

int ReplicateCommands(lua_State* state) {
  lua_pushboolean(state, 1);
  return 1;
}

// Debugging is not offered: no breakpoint is ever hit.
int Breakpoint(lua_State* state) {
  lua_pushboolean(state, 0);
  return 1;
}
int Debug(lua_State*) { return 0; }

int Log(lua_State* state) {
  const int count = lua_gettop(state);
  if (count < 2) return RaiseTable(state, "ERR redis.log() requires two arguments or more.");
  const auto number = ToNumber(state, 1);
  if (!number) return RaiseTable(state, "ERR First argument must be a number (log level).");
  const std::int64_t level = TruncateToInt64(*number);
  if (level < 0 || level > 3) return RaiseTable(state, "ERR Invalid debug level.");
  std::string text;
  for (int i = 2; i <= count; ++i) {
    const int type = lua_type(state, i);
    if (type != LUA_TSTRING && type != LUA_TNUMBER) continue;
    if (!text.empty()) text += ' ';
    text += CheckString(state, i);
  }
  Self(state).LogFromScript(static_cast<int>(level), text);
  return 0;
}

int AclCheckCommand(lua_State* state) {
  if (lua_gettop(state) == 0) return RaiseTable(state, kNoArguments);
  CallArguments arguments;
  if (!arguments.Collect(state)) return RaiseTable(state, kBadArgument);
  if (!Self(state).KnowsCommand(arguments.args())) {
    return RaiseTable(state, "ERR Invalid command passed to redis.acl_check_cmd()");
  }
  lua_pushboolean(state, Self(state).MayCall(arguments.args()) ? 1 : 0);
  return 1;
}

struct Constant {
  const char* name;
  int value;
};
constexpr Constant kLogConstants[] = {
    {"LOG_DEBUG", 0}, {"LOG_VERBOSE", 1}, {"LOG_NOTICE", 2}, {"LOG_WARNING", 3}};
constexpr Constant kReplConstants[] = {
    {"REPL_NONE", 0}, {"REPL_AOF", 1}, {"REPL_SLAVE", 2}, {"REPL_REPLICA", 2}, {"REPL_ALL", 3}};

constexpr luaL_Reg kLogFunctions[] = {{"log", Log}, {nullptr, nullptr}};
constexpr luaL_Reg kCallFunctions[] = {
    {"call", Call},
    {"pcall", Pcall},
    {"error_reply", ErrorReply},
    {"status_reply", StatusReply},
    {"sha1hex", Sha1Hex},
    {"setresp", SetResp},
    {"set_repl", SetRepl},
    {"acl_check_cmd", AclCheckCommand},
    {nullptr, nullptr},
};
constexpr luaL_Reg kEvalFunctions[] = {
    {"replicate_commands", ReplicateCommands},
    {"breakpoint", Breakpoint},
    {"debug", Debug},
    {nullptr, nullptr},
};

// Into the table at the top.
void AddFunctions(lua_State* state, Runner& runner, const luaL_Reg* functions) {
  lua_pushlightuserdata(state, &runner);
  luaL_setfuncs(state, functions, 1);
}

void AddConstants(lua_State* state, std::span<const Constant> constants) {
  for (const Constant& constant : constants) {
    lua_pushnumber(state, constant.value);
    lua_setfield(state, -2, constant.name);
  }
}

void AddVersion(lua_State* state, const std::string& version) {
  PushString(state, version);
  lua_setfield(state, -2, "REDIS_VERSION");
  std::int64_t number = 0;
  for (std::string_view part : Split(version, '.')) {
    number = number << 8 | ParseInt(part).value_or(0);
  }
  lua_pushnumber(state, static_cast<double>(number));
  lua_setfield(state, -2, "REDIS_VERSION_NUM");
}

}  // namespace

void RedisApi::Push(lua_State* state, Runner& runner, Kind kind) {
  lua_pushlightuserdata(state, &runner);
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kRunnerKey);
  lua_newtable(state);
  AddFunctions(state, runner, kLogFunctions);
  AddConstants(state, kLogConstants);
  AddVersion(state, runner.announced_version());
  if (kind == Kind::kLoading) return;
  AddFunctions(state, runner, kCallFunctions);
  AddConstants(state, kReplConstants);
  if (kind == Kind::kEval) AddFunctions(state, runner, kEvalFunctions);
}

}  // namespace satchel::lua
