// Scripts: the scripting of one store: the cache of compiled scripts by SHA1 and the state they
// live in, the libraries of functions, and the Runner of both. The rows of EVAL, SCRIPT, FCALL
// and FUNCTION (lua/commands.h) find it as a service of the engine.
//
// Of the scripts that only EVAL brought, the 500 used last are kept, or fewer, so that cached
// scripts hold at most half of script-max-memory.
// Thread: the one that holds the execution lock.
// Source: redis 7.0.15, EVAL; 7.4 for the limit of the cache.

#pragma once

#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "engine/call.h"
#include "lua/front_end.h"
#include "lua/functions.h"
#include "lua/runner.h"
#include "lua/state.h"

namespace satchel::lua {

class Scripts {
 public:
#ifdef SATCHEL_TINY
  static constexpr std::size_t kMaxEvalScripts = 5;
#else
  static constexpr std::size_t kMaxEvalScripts = 500;
#endif

  // Adds its settings and its INFO lines, and attaches itself. The states are made when the
  // first script comes: a store without scripts pays nothing.
  explicit Scripts(engine::Engine& engine);
  ~Scripts();

  // Who brings a script: what EVAL brings may be forgotten again.
  enum class Origin : std::uint8_t { kEval, kLoad };
  // Compiles and keeps the script; returns its SHA1 in hex. The error is a whole reply.
  Result<std::string> Load(std::string_view text, Origin origin);
  bool Has(std::string_view sha) const;
  // Forgets all scripts and the state they lived in.
  void Flush();
  std::size_t count() const { return scripts_.size(); }
  std::uint64_t evicted() const { return evicted_; }

  struct Invocation {
    std::span<const std::string_view> keys;
    std::span<const std::string_view> args;
    bool read_only = false;  // EVAL_RO
  };
  // Runs a script that is loaded. `sha` in any case.
  void Run(engine::Call& call, Reply& reply, std::string_view sha, const Invocation& invocation);

  Runner& runner() { return runner_; }
  Functions& functions() { return functions_; }
  // Receives what scripts log; level 0 (debug) to 3 (warning). Called under the lock.
  void set_log(std::function<void(int level, std::string_view text)> log) {
    runner_.set_log(std::move(log));
  }

 private:
  struct Script {
    int function;  // reference in the registry
    bool shebang;
    std::uint32_t flags;
    std::size_t bytes;                                         // of its text
    std::optional<std::list<std::string>::iterator> use = {};  // in recent_
  };

  State& state();
  bool MakeRoom();
  void Evict();
  void NoteUse(Script& script);
  void AddInfo();

  engine::Engine& engine_;  // borrowed; outlives this
  Runner runner_;
  Functions functions_;
  std::unique_ptr<State> state_;
  std::unordered_map<std::string, Script> scripts_;  // by SHA1, lower-case hex
  std::list<std::string> recent_;                    // of EVAL's, the one used last at the end
  std::size_t text_bytes_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace satchel::lua
