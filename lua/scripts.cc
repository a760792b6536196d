#include "lua/scripts.h"

#include "base/bytes.h"
#include "engine/error_text.h"
#include "lua/convert.h"
#include "lua/error_text.h"
#include "lua/error_translate.h"
#include "lua/redis_api.h"

namespace satchel::lua {
namespace {

constexpr const char* kChunkName = "@user_script";

std::string Sha1Hex(std::string_view text) {
  const Sha1Digest digest = Sha1(text);
  return ToHex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// Makes the error value a table with err, source and line: where the script was.
int AddPosition(lua_State* state) {
  lua_Debug where;
  bool known = lua_getstack(state, 1, &where) != 0 && lua_getinfo(state, "Sl", &where) != 0;
  if (known && where.what[0] == 'C') {
    known = lua_getstack(state, 2, &where) != 0 && lua_getinfo(state, "Sl", &where) != 0;
  }
  TranslateErrorAtTop(state);
  if (!lua_istable(state, 1)) {
    std::size_t size = 0;
    const char* text = luaL_tolstring(state, 1, &size);
    const std::string error = "ERR " + std::string(text, size);
    lua_settop(state, 0);
    lua_createtable(state, 0, 3);
    lua_pushlstring(state, error.data(), error.size());
    lua_setfield(state, 1, "err");
  }
  if (known) {
    lua_pushliteral(state, "source");
    lua_pushstring(state, where.source);
    lua_rawset(state, 1);
    lua_pushliteral(state, "line");
    lua_pushinteger(state, where.currentline);
    lua_rawset(state, 1);
  }
  lua_settop(state, 1);
  return 1;
}

std::string FieldText(lua_State* state, const char* name) {
  lua_pushstring(state, name);
  lua_rawget(state, -2);
  std::string text;
  char buffer[32];
  if (lua_type(state, -1) == LUA_TSTRING) {
    std::size_t size = 0;
    const char* bytes = lua_tolstring(state, -1, &size);
    text.assign(bytes, size);
  } else if (lua_type(state, -1) == LUA_TNUMBER) {
    text = NumberText(state, -1, buffer);
  }
  lua_pop(state, 1);
  return text;
}

}  // namespace

Scripts::Scripts(engine::Engine& engine)
    : engine_(engine), session_(engine::Session::Kind::kScript, nullptr) {
  SettingRow limit = SizeSetting("script-max-memory", "Memory that scripts may use.",
                                 &config_.max_memory, 0, INT64_MAX);
  engine_.settings().Add(std::move(limit));
  engine_.AddInfoSection(
      {.name = "memory", .print = [this](engine::Engine&, std::string& out) {
         const std::size_t used = state_ ? state_->used_bytes() : 0;
         out += "used_memory_vm_eval:" + FormatInt(static_cast<std::int64_t>(used)) + "\r\n";
         out +=
             "number_of_cached_scripts:" + FormatInt(static_cast<std::int64_t>(scripts_.size())) +
             "\r\n";
       }});
  engine_.Attach<Scripts>(this);
}

Scripts::~Scripts() { engine_.Attach<Scripts>(nullptr); }

State& Scripts::state() {
  if (!state_) {
    state_ = std::make_unique<State>(static_cast<std::size_t>(config_.max_memory), random_);
    RedisApi::Push(state_->lua(), *this);
    state_->AddLibrary("redis");
  }
  return *state_;
}

Result<std::string> Scripts::Load(std::string_view text) {
  std::string sha = Sha1Hex(text);
  if (scripts_.contains(sha)) return sha;
  SATCHEL_ASSIGN(const PreparedScript prepared, Prepare(text));
  auto compiled = state().Compile(prepared.text, kChunkName);
  if (!compiled) {
    return MakeError(ErrorCode::kReplyError,
                     "ERR Error compiling script (new function): " + compiled.error().detail);
  }
  const int function = luaL_ref(state_->lua(), LUA_REGISTRYINDEX);
  scripts_.emplace(sha, Script{function, prepared.shebang, prepared.flags});
  return sha;
}

bool Scripts::Has(std::string_view sha) const { return scripts_.contains(ToLower(sha)); }

void Scripts::Flush() {
  scripts_.clear();
  state_.reset();
}

void Scripts::SetArguments(const Invocation& invocation) {
  lua_State* const s = state_->lua();
  const auto push = [s](std::span<const std::string_view> values) {
    lua_createtable(s, static_cast<int>(values.size()), 0);
    for (std::size_t i = 0; i < values.size(); ++i) {
      lua_pushlstring(s, values[i].data(), values[i].size());
      lua_rawseti(s, -2, static_cast<lua_Integer>(i) + 1);
    }
  };
  push(invocation.keys);
  state_->SetGlobal("KEYS");
  push(invocation.args);
  state_->SetGlobal("ARGV");
}

void Scripts::Run(engine::Call& call, Reply& reply, std::string_view sha,
                  const Invocation& invocation) {
  const std::string name = ToLower(sha);
  auto found = scripts_.find(name);
  if (found == scripts_.end()) return reply.Error(kNoScriptText);
  const Script script = found->second;
  if (script.shebang && invocation.read_only && !(script.flags & kNoWrites)) {
    return reply.Error(kWriteFlagInReadOnly);
  }
  may_exceed_memory_ = script.shebang && (script.flags & kAllowOom);
  if (script.shebang && !(script.flags & (kAllowOom | kNoWrites)) && engine_.out_of_memory()) {
    return reply.Error(engine::kOutOfMemory);
  }
  wrote_ = false;
  SATCHEL_CHECK(!running_);  // EVAL is not allowed from scripts
  running_ = true;
  session_.db = call.session().db;
  session_.protocol = 2;
  session_.user = call.session().user;
  session_.caller = &call.session();
  session_.caller_call = &call;
  session_.read_only = invocation.read_only || (script.flags & kNoWrites);
  state_->set_limit(static_cast<std::size_t>(config_.max_memory));

  lua_State* const s = state_->lua();
  lua_pushcfunction(s, AddPosition);
  lua_rawgeti(s, LUA_REGISTRYINDEX, script.function);
  SetArguments(invocation);
  const int status = lua_pcall(s, 0, 1, -2);
  if (status == LUA_OK) {
    ReplyLuaValue(s, session_.protocol == 3, reply);
  } else {
    ReplyFailure(reply, name);
  }
  lua_settop(s, 0);
  running_ = false;
  session_.caller = nullptr;
  session_.caller_call = nullptr;
  constexpr std::uint64_t kCollectEvery = 50;
  if (++runs_ % kCollectEvery == 0) lua_gc(s, LUA_GCSTEP, 0);
}

// "<err> script: <sha>, on @user_script:<line>."
void Scripts::ReplyFailure(Reply& reply, std::string_view sha) {
  lua_State* const s = state_->lua();
  if (!lua_istable(s, -1)) {  // out of memory, or an error in the handler
    const char* text = lua_tostring(s, -1);
    return reply.Error("ERR " + std::string(text != nullptr ? text : "unknown error") +
                       " script: " + std::string(sha) + ".");
  }
  std::string text = FieldText(s, "err");
  if (text.empty()) text = "ERR unknown error";
  if (text[0] == '-') text.erase(0, 1);
  const std::string source = FieldText(s, "source");
  const std::string line = FieldText(s, "line");
  text = engine::Printed(text) + " script: " + std::string(sha);
  if (!source.empty() && !line.empty()) text += ", on " + source + ":" + line;
  reply.Error(text + ".");
}

void Scripts::LogFromScript(int level, std::string_view text) {
  if (log_) log_(level, text);
}

}  // namespace satchel::lua
