#include "lua/runner.h"

#include <algorithm>
#include <utility>

#include "base/key_slot.h"
#include "base/text.h"
#include "engine/error_text.h"
#include "lua/arguments.h"
#include "lua/convert.h"
#include "lua/error_text.h"
#include "lua/error_translate.h"
#include "lua/redis_api.h"

namespace satchel::lua {
namespace {

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
    PushString(state, State::Of(state).ChunkName(where.source));
    lua_rawset(state, 1);
    lua_pushliteral(state, "line");
    lua_pushnumber(state, where.currentline);
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

bool FieldIsTrue(lua_State* state, const char* name) {
  lua_pushstring(state, name);
  lua_rawget(state, -2);
  const bool is_true = lua_toboolean(state, -1) != 0;
  lua_pop(state, 1);
  return is_true;
}

// The error table at the top, if it is one, may be of a command, which counted the error.
void NoteIfCounted(lua_State* state, engine::Call& call) {
  if (!lua_istable(state, -1)) return;
  if (FieldIsTrue(state, "ignore_error_stats_update")) call.NoteErrorWasCounted();
}

std::string_view BusyText(ScriptKind kind) {
  return kind == ScriptKind::kEval ? kBusyScript : kBusyFunction;
}

// What empties or swaps whole databases.
bool CannotBeUndone(const engine::Command& row) {
  return row.name == "FLUSHALL" || row.name == "FLUSHDB" || row.name == "SWAPDB";
}

}  // namespace

Runner::Runner(engine::Engine& engine)
    : engine_(engine), session_(engine::Session::Kind::kScript, nullptr) {
  Settings& settings = engine_.settings();
  settings.Add(SizeSetting("script-max-memory", "Memory that scripts may use.", &config_.max_memory,
                           0, INT64_MAX));
  SettingRow busy = IntSetting("busy-reply-threshold",
                               "Milliseconds after which others are told of a running script.",
                               &config_.busy_threshold_ms, 0, INT64_MAX);
  busy.alias = "lua-time-limit";
  settings.Add(std::move(busy));
  settings.Add(BoolSetting("script-strict",
                           "Whether scripts are watched for what a cluster would refuse.",
                           &config_.strict));
  settings.Add(BoolSetting("script-rollback", "Whether the writes of a failed script are undone.",
                           &config_.rollback));
}

// --- Before and after ----------------------------------------------------------------------

std::string_view Runner::RefusalOf(const Job& job) const {
  if (!job.has_flags || (job.flags & kNoWrites)) return {};
  if (!(job.flags & kAllowOom) && engine_.out_of_memory()) return engine::kOutOfMemory;
  if (!engine_.write_refusal().empty()) return engine_.write_refusal();
  return job.read_only ? kWriteFlagInReadOnly : std::string_view();
}

void Runner::Run(State& state, engine::Call& call, Reply& reply, const Job& job, int arguments) {
  SATCHEL_CHECK(job_ == nullptr);  // scripts cannot run scripts
  job_ = &job;
  call_ = &call;
  read_only_ = job.read_only || (job.has_flags && (job.flags & kNoWrites));
  may_exceed_memory_ = job.has_flags && (job.flags & kAllowOom);
  wrote_ = killed_ = false;
  slot_ = -1;
  began_ticks_ = engine_.clock().Ticks();
  session_.db = call.session().db;
  session_.protocol = 2;
  session_.user = call.session().user;
  session_.caller = &call.session();
  session_.caller_call = &call;
  session_.read_only = read_only_;
  if (config_.rollback && !read_only_) undo_ = std::make_unique<engine::UndoLog>(engine_);

  lua_State* const s = state.lua();
  lua_pushcfunction(s, AddPosition);
  lua_insert(s, 1);
  if (config_.busy_threshold_ms > 0) state.set_interrupt(Interrupted);
  state.set_limit(static_cast<std::size_t>(config_.max_memory));
  const int status = lua_pcall(s, arguments, 1, 1);
  state.set_limit(0);  // from here on nobody would catch the error
  state.set_interrupt(nullptr);
  lua_sethook(s, nullptr, 0, 0);
  engine_.EndBusy();
  if (status == LUA_OK) {
    NoteIfCounted(s, call);
    ReplyLuaValue(s, session_.protocol == 3, reply);
  } else {
    if (undo_ != nullptr && undo_->keys() > 0) {
      undo_->Undo(call);
      ++rolled_back_;
    }
    ReplyFailure(s, reply);
  }
  Finish(state);
}

void Runner::Finish(State& state) {
  lua_State* const s = state.lua();
  lua_settop(s, 0);
  undo_.reset();
  job_ = nullptr;
  call_ = nullptr;
  session_.caller = nullptr;
  session_.caller_call = nullptr;
  // Allocation drives the collector; this only keeps an idle store from holding on to garbage.
  constexpr std::uint64_t kCollectEvery = 50;
  if (++runs_ % kCollectEvery == 0) lua_gc(s, LUA_GCSTEP, 0);
}

// "<err> script: <name>, on @user_script:<line>."
void Runner::ReplyFailure(lua_State* s, Reply& reply) {
  const std::string name(job_->name);
  if (!lua_istable(s, -1)) {  // out of memory, or an error in the handler
    const char* text = lua_type(s, -1) == LUA_TSTRING ? lua_tostring(s, -1) : "unknown error";
    return reply.Error("ERR " + std::string(text) + " script: " + name + ".");
  }
  NoteIfCounted(s, *call_);
  std::string text = FieldText(s, "err");
  if (text.empty()) text = "ERR unknown error";
  if (text[0] == '-') text.erase(0, 1);
  const std::string source = FieldText(s, "source");
  const std::string line = FieldText(s, "line");
  text = engine::Printed(text) + " script: " + name;
  if (!source.empty() && !line.empty()) text += ", on " + source + ":" + line;
  reply.Error(text + ".");
}

// --- Calls ---------------------------------------------------------------------------------

std::string_view Runner::RefusalOfCall(engine::Args args, const engine::Command** row) {
  *row = rows_.Find(args[0]);
  if (*row == nullptr) {
    *row = engine_.Lookup(args);
    if (*row == nullptr) return kUnknownCommand;
    rows_.Put(args[0], **row);
  }
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
  if (read_only_ && (command.flags & (engine::kWrite | engine::kMayReplicate))) {
    return kReadOnlyScript;
  }
  const bool writes = (command.flags & engine::kWrite) != 0;
  if (writes && !wrote_ && !engine_.write_refusal().empty()) return engine_.write_refusal();
  if (undo_ != nullptr && CannotBeUndone(command)) return kCannotBeUndone;
  const bool needs_room = (command.flags & engine::kDenyOom) && !may_exceed_memory_;
  if (needs_room && !wrote_ && engine_.out_of_memory()) return engine::kOutOfMemory;
  return {};
}

void Runner::CallFromScript(lua_State* state) {
  if (lua_gettop(state) == 0) return PushErrorTable(state, kNoArguments);
  if (!arguments_.Collect(state)) return PushErrorTable(state, kBadArgument);
  const engine::Args args = arguments_.args();
  const engine::Command* row = nullptr;
  const std::string_view refusal = RefusalOfCall(args, &row);
  if (!refusal.empty()) {
    engine_.NoteRefusal(row, refusal);
    return PushCountedErrorTable(state, refusal);
  }
  if (config_.strict) Watch(*row, args);
  wrote_ = wrote_ || (row->flags & engine::kWrite);
  StackSink sink(state, session_.protocol == 3);
  State& whole = State::Of(state);
  whole.set_limit(0);  // no error of Lua's may break off a command
  engine_.ExecuteInner(session_, *row, args, sink);
  whole.set_limit(static_cast<std::size_t>(config_.max_memory));
}

// --- Strict mode ---------------------------------------------------------------------------

// What would fail in a cluster, or give other results elsewhere.
void Runner::Watch(const engine::Command& row, engine::Args args) {
  if (row.flags & engine::kNondeterministicOutput) {
    Warn(&StrictCounts::nondeterministic, row, "is not deterministic");
  }
  std::vector<engine::KeyPosition> positions;
  if (!FindUsedKeys(row, args, &positions)) return;
  bool undeclared = false;
  bool crosses = false;
  for (const engine::KeyPosition& position : positions) {
    const std::string_view key = args[position.index];
    undeclared =
        undeclared || std::find(job_->keys.begin(), job_->keys.end(), key) == job_->keys.end();
    const int slot = KeySlot(key);
    if (slot_ < 0) slot_ = slot;
    crosses = crosses || slot != slot_;
  }
  if (undeclared) Warn(&StrictCounts::undeclared_keys, row, "uses a key that was not declared");
  if (crosses) Warn(&StrictCounts::cross_slot, row, "uses keys of several slots");
}

void Runner::Warn(std::uint64_t StrictCounts::*count, const engine::Command& row,
                  std::string_view what) {
  constexpr std::size_t kMaxWarnings = 1000;
  ++(strict_.*count);
  if (!log_ || warned_.size() >= kMaxWarnings) return;
  std::string text = "script " + std::string(job_->name) + ": " +
                     engine::CommandTable::FullName(row) + " " + std::string(what);
  if (!warned_.insert(text).second) return;
  log_(3, text);
}

void Runner::LogFromScript(int level, std::string_view text) {
  if (log_) log_(level, text);
}

// --- Long scripts --------------------------------------------------------------------------

std::int64_t Runner::RunningMs() const {
  return (engine_.clock().Ticks() - began_ticks_) / 1'000'000;
}

std::optional<Runner::Running> Runner::running() const {
  if (job_ == nullptr) return std::nullopt;
  return Running{.kind = job_->kind,
                 .name = std::string(job_->name),
                 .command = {call_->args().begin(), call_->args().end()},
                 .duration_ms = RunningMs()};
}

void Runner::Kill(ScriptKind kind, Reply& reply) {
  if (job_ == nullptr) return reply.Error(kNotBusy);
  if (wrote_ && undo_ == nullptr) return reply.Error(kUnkillable);
  if (kind != job_->kind) return reply.Error(BusyText(job_->kind));
  killed_ = true;
  reply.Ok();
}

void Runner::Hook(lua_State* state, lua_Debug*) { RunnerOf(state).Interrupt(state); }

void Runner::Interrupted(lua_State* state) { RunnerOf(state).Interrupt(state); }

void Runner::Interrupt(lua_State* state) {
  if (job_ == nullptr) return;  // a coroutine of an earlier script kept its hook
  if (!killed_ && RunningMs() >= config_.busy_threshold_ms) {
    engine_.BreatheInUnit(BusyText(job_->kind));
  }
  if (!killed_) return;
  // From now on at each line, so that no pcall of the script can go on.
  lua_sethook(state, Hook, LUA_MASKLINE, 0);
  PushErrorTable(state, kKilled);
  lua_error(state);
}

}  // namespace satchel::lua
