// State: one Lua state for scripts of the 5.1 dialect of Redis, closed to everything but the
// script library.
//
// Scripts see globals and libraries through empty proxy tables (lua/proxy.h): reading goes on to
// the real tables, writing raises, and an unknown global is an error. The real tables and the
// metatables are never reachable, so that no script can change what later ones see.
// A state has two sets of globals: those of running scripts, and the few that exist while a
// function library loads.
// Memory is counted and limited. Strings are hashed without a seed, as in Redis, so that pairs
// visits tables in its order; where the Lua library does not let us, has_redis_order() is false.
// Thread: the one that holds the execution lock.
// Source: redis 7.0.15, the globals of EVAL scripts.

#pragma once

#include <cstdint>
#include <lua.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lua/script_random.h"

namespace satchel::lua {

enum class Globals : std::uint8_t { kRunning, kLoading };

// Between the helpers that begin a numeric for; see lua/operators.cc.
struct ForLoop {
  double limit = 0;
  double step = 1;
};

class State {
 public:
  // `limit_bytes` 0: no limit. `random` feeds math.random; borrowed, outlives this, and may be
  // shared by several states.
  State(std::size_t limit_bytes, ScriptRandom& random);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  lua_State* lua() { return state_; }
  std::size_t used_bytes() const { return memory_.used; }
  void set_limit(std::size_t limit_bytes) { memory_.limit = limit_bytes; }
  bool has_redis_order() const { return memory_.clears_seed; }

  // The state that a library function runs in; in a coroutine, too.
  static State& Of(lua_State* state) { return **static_cast<State**>(lua_getextraspace(state)); }
  ScriptRandom& random() { return random_; }
  ForLoop& for_loop() { return for_loop_; }
  // Called now and then by whatever runs for long, in loops and calls of functions; it may raise.
  // Null: nobody is asked.
  using InterruptFunction = void(lua_State* state);
  InterruptFunction* interrupt() const { return interrupt_; }
  void set_interrupt(InterruptFunction* interrupt) { interrupt_ = interrupt; }
  // What scripts set with collectgarbage is only shown to them. Returns the value before.
  int SetShownCollector(bool pause, int value);

  // Makes the table at the top of the stack the library `name`, behind a proxy; pops it.
  void AddLibrary(const char* name, Globals set = Globals::kRunning);
  // Sets a global, the value at the top; pops it.
  void SetGlobal(const char* name, Globals set = Globals::kRunning);
  // Which globals all functions of this state see from now on, kRunning at first. The standard
  // library is in kRunning; kLoading holds only what was added to it.
  void UseGlobals(Globals set);

  // Compiles a chunk and leaves its function, which sees the proxied globals, on the stack.
  // `chunk_name` as Lua takes it: "@user_script". The error has the text of 5.1.
  Result<void> Compile(std::string_view text, const char* chunk_name);
  // For a running coroutine, which leaves `used_levels` less of nesting.
  Result<void> CompileIn(lua_State* state, std::string_view text, const char* chunk_name,
                         int used_levels);

 private:
  struct Memory {
    std::size_t used = 0;
    std::size_t limit = 0;
    bool clears_seed = true;
    int allocations = 0;
    char* first_block = nullptr;
    std::size_t first_size = 0;
  };
  static void* Allocate(void* memory, void* block, std::size_t old_size, std::size_t new_size);
  static void ClearSeed(Memory* memory);

  void Open();
  bool OrderIsRedis();
  void OpenGlobals();
  void OpenLibraries();
  void OpenStrings();

  Memory memory_;
  ScriptRandom& random_;
  ForLoop for_loop_;
  InterruptFunction* interrupt_ = nullptr;
  int shown_pause_ = 200;
  int shown_step_ = 200;
  lua_State* state_ = nullptr;
};

}  // namespace satchel::lua
