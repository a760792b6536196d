// Scripts: the scripting of one store: the state, the cache of compiled scripts by SHA1, and
// the run of one script. The rows of EVAL and SCRIPT (lua/commands.h) find it as a service of
// the engine.
//
// A script is part of the unit of the command that runs it: its commands add their effects to
// it, and nobody else runs meanwhile.
// Thread: the one that holds the execution lock.
// Source: redis 7.0.15, EVAL.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "engine/call.h"
#include "lua/front_end.h"
#include "lua/state.h"

namespace satchel::lua {

struct ScriptConfig {
  std::int64_t max_memory = 256 * 1024 * 1024;
};

class Scripts {
 public:
  // Adds its settings and its INFO lines, and attaches itself. The state is made when the
  // first script comes: a store without scripts pays nothing.
  explicit Scripts(engine::Engine& engine);
  ~Scripts();

  // Compiles and keeps the script; returns its SHA1 in hex. The error is a whole reply.
  Result<std::string> Load(std::string_view text);
  bool Has(std::string_view sha) const;
  // Forgets all scripts and the state they lived in.
  void Flush();
  std::size_t count() const { return scripts_.size(); }

  struct Invocation {
    std::span<const std::string_view> keys;
    std::span<const std::string_view> args;
    bool read_only = false;  // EVAL_RO
  };
  // Runs a script that is loaded. `sha` in any case.
  void Run(engine::Call& call, Reply& reply, std::string_view sha, const Invocation& invocation);

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

 private:
  struct Script {
    int function;  // reference in the registry
    bool shebang;
    std::uint32_t flags;
  };

  State& state();
  std::string_view RefusalOf(engine::Args args, const engine::Command** row);
  void SetArguments(const Invocation& invocation);
  void ReplyFailure(Reply& reply, std::string_view sha);

  engine::Engine& engine_;  // borrowed; outlives this
  ScriptConfig config_;
  ScriptRandom random_;
  std::unique_ptr<State> state_;
  std::unordered_map<std::string, Script> scripts_;  // by SHA1, lower-case hex
  engine::Session session_;                          // of the running script
  std::function<void(int, std::string_view)> log_;
  bool running_ = false;
  bool may_exceed_memory_ = false;  // the script said allow-oom
  bool wrote_ = false;              // a write went through: it may finish what it began
  std::uint64_t runs_ = 0;
};

}  // namespace satchel::lua
