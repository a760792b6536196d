// Runner: runs one script or function at a time for a store: its session, the commands it calls,
// its limits, what becomes of its value or error. What redis.* needs of a running script is here.
//
// A script is part of the unit of the command that runs it: its commands add their effects to
// it. Past busy-reply-threshold it lets go of the execution lock now and then, so that others
// can be told that the store is busy, or end it.
// Thread: the one that holds the execution lock.
// Source: redis 7.0.15, scripts; see docs/scripting.md for what is beyond it.

#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "engine/call.h"
#include "engine/undo.h"
#include "lua/front_end.h"
#include "lua/redis_api.h"
#include "lua/row_cache.h"
#include "lua/state.h"

namespace satchel::lua {

struct ScriptConfig {
  std::int64_t max_memory = 256 * 1024 * 1024;
  std::int64_t busy_threshold_ms = 5000;  // 0: never busy
  bool strict = false;
  bool rollback = false;
};

// What strict mode saw, in calls.
struct StrictCounts {
  std::uint64_t undeclared_keys = 0;
  std::uint64_t cross_slot = 0;
  std::uint64_t nondeterministic = 0;
};

enum class ScriptKind : std::uint8_t { kEval, kFunction };

class Runner {
 public:
  // Adds its settings. `config` and `random` live in here.
  explicit Runner(engine::Engine& engine);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  struct Job {
    ScriptKind kind = ScriptKind::kEval;
    std::string_view name;   // SHA1, or the function's name
    bool has_flags = false;  // else the script may do what it wants, as scripts of old
    std::uint32_t flags = 0;
    bool read_only = false;  // the command was an _RO one
    std::span<const std::string_view> keys;
  };
  // Why it may not run now; empty if it may.
  std::string_view RefusalOf(const Job& job) const;
  // The function and its arguments are at the top of the stack; leaves the stack empty. Requires
  // that nothing refuses it, and that none runs.
  void Run(State& state, engine::Call& call, Reply& reply, const Job& job, int arguments);

  // Ends the running script, for SCRIPT KILL or FUNCTION KILL; the reply to that.
  void Kill(ScriptKind kind, Reply& reply);
  // Ends it whatever it did: the process is about to end.
  void Abandon() { killed_ = true; }
  // Ends it if nothing is left behind: who waits for it does not wait longer than needed.
  void EndIfHarmless() { killed_ = killed_ || !wrote_ || undo_ != nullptr; }

  struct Running {
    ScriptKind kind;
    std::string name;
    std::vector<std::string> command;
    std::int64_t duration_ms;
  };
  // Empty when none runs.
  std::optional<Running> running() const;

  // For the `redis` library, while a script runs.
  // Runs the command whose words are on the stack; leaves its reply there, {err=} if refused.
  void CallFromScript(lua_State* state);
  bool KnowsCommand(engine::Args args) const { return engine_.Lookup(args) != nullptr; }
  // Whether the user that runs the script may; requires a known command.
  bool MayCall(engine::Args args) const {
    return engine_.CheckAcl(session_, *engine_.Lookup(args), args).allowed();
  }
  void SetScriptProtocol(int protocol) { session_.protocol = protocol; }
  void LogFromScript(int level, std::string_view text);
  const std::string& announced_version() const { return engine_.config().announced_version; }

  // Receives what scripts log; level 0 (debug) to 3 (warning). Called under the lock.
  void set_log(std::function<void(int level, std::string_view text)> log) { log_ = std::move(log); }

  engine::Engine& engine() { return engine_; }
  const ScriptConfig& config() const { return config_; }
  const StrictCounts& strict_counts() const { return strict_; }
  std::uint64_t rolled_back() const { return rolled_back_; }
  // One generator for all states.
  ScriptRandom& random() { return random_; }

 private:
  std::string_view RefusalOfCall(engine::Args args, const engine::Command** row);
  void Watch(const engine::Command& row, engine::Args args);
  void Warn(std::uint64_t StrictCounts::*count, const engine::Command& row, std::string_view what);
  void ReplyFailure(lua_State* state, Reply& reply);
  void Finish(State& state);
  std::int64_t RunningMs() const;
  static void Hook(lua_State* state, lua_Debug* where);
  static void Interrupted(lua_State* state);
  void Interrupt(lua_State* state);

  engine::Engine& engine_;  // borrowed; outlives this
  ScriptConfig config_;
  ScriptRandom random_;
  RowCache rows_;
  CallArguments arguments_;  // of the command that the script calls
  engine::Session session_;  // of the running script
  std::function<void(int, std::string_view)> log_;
  StrictCounts strict_;
  std::set<std::string, std::less<>> warned_;  // strict mode's warnings, each said once
  std::uint64_t rolled_back_ = 0;
  std::uint64_t runs_ = 0;

  // The running script.
  const Job* job_ = nullptr;  // borrowed; null: none runs
  engine::Call* call_ = nullptr;
  std::unique_ptr<engine::UndoLog> undo_;
  std::int64_t began_ticks_ = 0;
  int slot_ = -1;  // of the keys it touched, in strict mode; -1: none yet
  bool read_only_ = false;
  bool may_exceed_memory_ = false;  // it said allow-oom
  bool wrote_ = false;              // a write went through: it may finish what it began
  bool killed_ = false;
};

}  // namespace satchel::lua
