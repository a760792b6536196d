#include "lua/redis_api.h"

#include <array>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"
#include "engine/error_text.h"
#include "lua/convert.h"
#include "lua/error_text.h"
#include "lua/scripts.h"

namespace satchel::lua {

namespace {

Scripts& Self(lua_State* state) {
  return *static_cast<Scripts*>(lua_touserdata(state, lua_upvalueindex(1)));
}

void PushError(lua_State* state, std::string_view text) {
  lua_createtable(state, 0, 1);
  lua_pushlstring(state, text.data(), text.size());
  lua_setfield(state, -2, "err");
}

// The arguments of redis.call as byte strings. Numbers are written into `numbers`.
bool CollectArguments(lua_State* state, std::vector<std::string_view>* args,
                      std::vector<std::array<char, 32>>* numbers) {
  const int count = lua_gettop(state);
  args->reserve(static_cast<std::size_t>(count));
  numbers->reserve(static_cast<std::size_t>(count));
  for (int i = 1; i <= count; ++i) {
    const int type = lua_type(state, i);
    if (type == LUA_TSTRING) {
      std::size_t size = 0;
      const char* bytes = lua_tolstring(state, i, &size);
      args->emplace_back(bytes, size);
    } else if (type == LUA_TNUMBER) {
      auto& buffer = numbers->emplace_back();
      args->push_back(NumberText(state, i, reinterpret_cast<char(&)[32]>(*buffer.data())));
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string_view Scripts::RefusalOf(engine::Args args, const engine::Command** row) {
  *row = engine_.Lookup(args);
  if (*row == nullptr) return kUnknownCommand;
  const engine::Command& command = **row;
  if (!command.ArityFits(args.size()) || command.run == nullptr) return kWrongArity;
  if (command.flags & engine::kNoScript) return kNotFromScript;
  const engine::AclVerdict verdict = engine_.CheckAcl(session_, command, args);
  if (!verdict.allowed()) {
    engine_.NoteDenial(session_, command, args, verdict, engine::AclLogEntry::Context::kScript);
    return verdict.denial == engine::AclDenial::kKey       ? kDeniedKey
           : verdict.denial == engine::AclDenial::kChannel ? kDeniedChannel
                                                           : kDeniedCommand;
  }
  if (session_.read_only && (command.flags & (engine::kWrite | engine::kMayReplicate))) {
    return kReadOnlyScript;
  }
  const bool needs_room = (command.flags & engine::kDenyOom) && !may_exceed_memory_;
  if (needs_room && !wrote_ && engine_.out_of_memory()) return engine::kOutOfMemory;
  return {};
}

// Runs the command on the stack and leaves its reply there.
void Scripts::CallFromScript(lua_State* state) {
  if (lua_gettop(state) == 0) return PushError(state, kNoArguments);
  std::vector<std::string_view> args;
  std::vector<std::array<char, 32>> numbers;
  if (!CollectArguments(state, &args, &numbers)) return PushError(state, kBadArgument);
  const engine::Command* row = nullptr;
  const std::string_view refusal = RefusalOf(args, &row);
  if (!refusal.empty()) return PushError(state, refusal);
  wrote_ = wrote_ || (row->flags & engine::kWrite);
  StackSink sink(state, session_.protocol == 3);
  engine_.ExecuteInner(session_, *row, args, sink);
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
  PushError(state, "ERR wrong number or type of arguments");
  return 1;
}

int ErrorReply(lua_State* state) {
  if (lua_gettop(state) != 1 || lua_type(state, 1) != LUA_TSTRING) return WrongArguments(state);
  std::size_t size = 0;
  const char* bytes = lua_tolstring(state, 1, &size);
  std::string text(bytes, size);
  if (!text.empty() && text[0] == '-') text.erase(0, 1);
  if (text.find(' ') == std::string::npos) text = "ERR " + text;
  PushError(state, text);
  return 1;
}

int StatusReply(lua_State* state) {
  if (lua_gettop(state) != 1 || lua_type(state, 1) != LUA_TSTRING) return WrongArguments(state);
  lua_createtable(state, 0, 1);
  lua_pushvalue(state, 1);
  lua_setfield(state, -2, "ok");
  return 1;
}

int Raise(lua_State* state, std::string_view text) {
  PushError(state, text);
  return lua_error(state);
}

int Sha1Hex(lua_State* state) {
  if (lua_gettop(state) != 1) return Raise(state, "ERR wrong number of arguments");
  char buffer[32];
  std::string_view bytes;
  if (lua_type(state, 1) == LUA_TNUMBER) {
    bytes = NumberText(state, 1, buffer);
  } else if (lua_type(state, 1) == LUA_TSTRING) {
    std::size_t size = 0;
    const char* data = lua_tolstring(state, 1, &size);
    bytes = {data, size};
  }
  const Sha1Digest digest = Sha1(bytes);
  const std::string hex = ToHex({reinterpret_cast<const char*>(digest.data()), digest.size()});
  lua_pushlstring(state, hex.data(), hex.size());
  return 1;
}

int SetResp(lua_State* state) {
  if (lua_gettop(state) != 1) {
    return Raise(state, "ERR redis.setresp() requires one argument.");
  }
  const lua_Number version = lua_tonumber(state, 1);
  if (version != 2 && version != 3) return Raise(state, "ERR RESP version must be 2 or 3.");
  Self(state).SetScriptProtocol(static_cast<int>(version));
  return 0;
}

int SetRepl(lua_State* state) {
  if (lua_gettop(state) != 1) return Raise(state, "ERR redis.set_repl() requires one argument.");
  const auto flags = static_cast<int>(lua_tonumber(state, 1));
  if ((flags & ~3) != 0) {
    return Raise(state,
                 "ERR Invalid replication flags. Please use REPL_AOF, REPL_REPLICA, REPL_ALL or "
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
  if (count < 2) return Raise(state, "ERR redis.log() requires two arguments or more.");
  if (lua_type(state, 1) != LUA_TNUMBER) {
    return Raise(state, "ERR First argument must be a number (log level).");
  }
  const auto level = static_cast<int>(lua_tonumber(state, 1));
  if (level < 0 || level > 3) return Raise(state, "ERR Invalid debug level.");
  std::string text;
  for (int i = 2; i <= count; ++i) {
    std::size_t size = 0;
    const char* bytes = lua_tolstring(state, i, &size);
    if (bytes == nullptr) continue;
    if (!text.empty()) text += ' ';
    text.append(bytes, size);
  }
  Self(state).LogFromScript(level, text);
  return 0;
}

int AclCheckCommand(lua_State* state) {
  std::vector<std::string_view> args;
  std::vector<std::array<char, 32>> numbers;
  if (lua_gettop(state) == 0) {
    return Raise(state, kNoArguments);
  }
  if (!CollectArguments(state, &args, &numbers)) {
    return Raise(state, kBadArgument);
  }
  if (!Self(state).KnowsCommand(args)) {
    return Raise(state, "ERR Invalid command passed to redis.acl_check_cmd()");
  }
  lua_pushboolean(state, Self(state).MayCall(args) ? 1 : 0);
  return 1;
}

struct Constant {
  const char* name;
  int value;
};
constexpr Constant kConstants[] = {
    {"LOG_DEBUG", 0}, {"LOG_VERBOSE", 1}, {"LOG_NOTICE", 2},   {"LOG_WARNING", 3}, {"REPL_NONE", 0},
    {"REPL_AOF", 1},  {"REPL_SLAVE", 2},  {"REPL_REPLICA", 2}, {"REPL_ALL", 3},
};

}  // namespace

void RedisApi::Push(lua_State* state, Scripts& scripts) {
  const luaL_Reg functions[] = {
      {"call", Call},
      {"pcall", Pcall},
      {"error_reply", ErrorReply},
      {"status_reply", StatusReply},
      {"sha1hex", Sha1Hex},
      {"setresp", SetResp},
      {"set_repl", SetRepl},
      {"replicate_commands", ReplicateCommands},
      {"breakpoint", Breakpoint},
      {"debug", Debug},
      {"log", Log},
      {"acl_check_cmd", AclCheckCommand},
      {nullptr, nullptr},
  };
  luaL_newlibtable(state, functions);
  lua_pushlightuserdata(state, &scripts);
  luaL_setfuncs(state, functions, 1);
  for (const Constant& constant : kConstants) {
    lua_pushinteger(state, constant.value);
    lua_setfield(state, -2, constant.name);
  }
  const std::string& version = scripts.announced_version();
  lua_pushlstring(state, version.data(), version.size());
  lua_setfield(state, -2, "REDIS_VERSION");
  lua_Integer number = 0;
  for (std::string_view part : Split(version, '.')) {
    number = number << 8 | ParseInt(part).value_or(0);
  }
  lua_pushinteger(state, number);
  lua_setfield(state, -2, "REDIS_VERSION_NUM");
}

}  // namespace satchel::lua
