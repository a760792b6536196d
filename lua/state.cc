#include "lua/state.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "lua/arguments.h"
#include "lua/lexer.h"
#include "lua/libraries.h"
#include "lua/operators.h"
#include "lua/proxy.h"
#include "lua/rewriter.h"

namespace satchel::lua {
namespace {

// Registry: both sets of globals, the proxy that is the environment of all chunks, and the
// helpers of rewritten scripts.
const char kGlobalsKey = 0;
const char kLoadingGlobalsKey = 0;
const char kEnvironmentKey = 0;
const char kOperatorsKey = 0;

void PushRegistry(lua_State* state, const char* key) { lua_rawgetp(state, LUA_REGISTRYINDEX, key); }

void SetRegistry(lua_State* state, const char* key) { lua_rawsetp(state, LUA_REGISTRYINDEX, key); }

const char* KeyOf(Globals set) {
  return set == Globals::kRunning ? &kGlobalsKey : &kLoadingGlobalsKey;
}

int RaiseUnknownGlobal(lua_State* state) {
  if (lua_gettop(state) != 2) {
    Raise(state, "Wrong number of arguments to luaProtectedTableError");
  }
  if (lua_isstring(state, 2) == 0) {
    Raise(state, "Second argument to luaProtectedTableError must be a string or number");
  }
  const char* const name = CheckString(state, 2).data();
  Raise(state, "Script attempted to access nonexistent global variable '%s'", name);
}

// Pushes { __index = raise }.
void PushUnknownGlobal(lua_State* state) {
  lua_createtable(state, 0, 1);
  lua_pushcfunction(state, RaiseUnknownGlobal);
  lua_setfield(state, -2, "__index");
}

// Lua 5.4 cuts long names elsewhere than 5.1: it gets those that 5.1 would show.
std::string NameFor54(std::string_view chunk_name) {
  constexpr std::size_t kRunTimeId = 60;
  const bool plain = !chunk_name.empty() && chunk_name[0] == '=';
  constexpr std::size_t kSameInBoth = 40;
  if (plain || chunk_name.size() <= kSameInBoth) {
    if (chunk_name.find('\r') == chunk_name.npos) return std::string(chunk_name);
  }
  return "=" + ChunkId(chunk_name, kRunTimeId);
}

// Limits of Lua 5.4 that the parser cannot know, in the words of 5.1.
std::string CompileErrorText(std::string_view text) {
  struct Words {
    std::string_view ours, theirs;
  };
  constexpr Words kWords[] = {
      {"C stack overflow", "chunk has too many syntax levels"},
      {"function or expression needs too many registers", "function or expression too complex"},
  };
  std::string result(text);
  for (const Words& words : kWords) {
    const std::size_t at = result.find(words.ours);
    if (at != result.npos) result.replace(at, words.ours.size(), words.theirs);
  }
  return result;
}

}  // namespace

// --- Memory --------------------------------------------------------------------------------

// The first block begins with the thread; the global state in it begins with the allocator and
// its argument, and keeps the seed of string hashes 96 bytes further on. The seed is made before
// the second allocation, and used after it.
void State::ClearSeed(Memory* memory) {
  constexpr std::size_t kSeedOffset = 96;
  const auto function = reinterpret_cast<std::uintptr_t>(&State::Allocate);
  const auto argument = reinterpret_cast<std::uintptr_t>(memory);
  const std::array<std::uintptr_t, 2> pair = {function, argument};
  for (std::size_t at = 0; at + kSeedOffset + sizeof(std::uint32_t) <= memory->first_size;
       at += sizeof(std::uintptr_t)) {
    if (std::memcmp(memory->first_block + at, pair.data(), sizeof pair) == 0) {
      std::memset(memory->first_block + at + kSeedOffset, 0, sizeof(std::uint32_t));
      return;
    }
  }
}

void* State::Allocate(void* given, void* block, std::size_t old_size, std::size_t new_size) {
  auto* memory = static_cast<Memory*>(given);
  if (block == nullptr) old_size = 0;  // then it names the type of the object
  if (new_size == 0) {
    std::free(block);
    memory->used -= old_size;
    return nullptr;
  }
  if (memory->allocations < 2 && ++memory->allocations == 2 && memory->clears_seed) {
    ClearSeed(memory);
  }
  if (memory->limit != 0 && new_size > old_size &&
      memory->used + (new_size - old_size) > memory->limit) {
    return nullptr;  // Lua raises "not enough memory"
  }
  void* moved = std::realloc(block, new_size);
  if (moved != nullptr) memory->used += new_size - old_size;
  if (memory->first_block == nullptr) {
    memory->first_block = static_cast<char*>(moved);
    memory->first_size = new_size;
  }
  return moved;
}

// --- Opening -------------------------------------------------------------------------------

State::State(std::size_t limit_bytes, ScriptRandom& random) : random_(random) {
  Open();
  if (!OrderIsRedis()) {  // another build of the library: its own seed, and its own order
    lua_close(state_);
    memory_ = {.clears_seed = false};
    Open();
  }
  OpenGlobals();
  OpenLibraries();
  OpenStrings();
  SATCHEL_CHECK(lua_gettop(state_) == 0);
  memory_.limit = limit_bytes;
}

State::~State() { lua_close(state_); }

void State::Open() {
  state_ = lua_newstate(Allocate, &memory_);
  SATCHEL_CHECK(state_ != nullptr);
  *static_cast<State**>(lua_getextraspace(state_)) = this;
  OpenProxies(state_);
}

// Whether a table of eight keys is visited as redis-server does.
bool State::OrderIsRedis() {
  constexpr std::array<const char*, 8> kKeys = {"alpha",   "beta", "gamma", "delta",
                                                "epsilon", "zeta", "eta",   "theta"};
  constexpr std::array<std::string_view, 8> kOrder = {"eta",     "beta",  "theta", "zeta",
                                                      "epsilon", "delta", "alpha", "gamma"};
  lua_createtable(state_, 0, kKeys.size());
  for (const char* key : kKeys) {
    lua_pushboolean(state_, 1);
    lua_setfield(state_, -2, key);
  }
  bool same = true;
  std::size_t at = 0;
  lua_pushnil(state_);
  while (lua_next(state_, -2) != 0) {
    lua_pop(state_, 1);
    same = same && StringAt(state_, -1) == kOrder[at++];
  }
  lua_pop(state_, 1);
  return same;
}

void State::OpenGlobals() {
  lua_State* const s = state_;
  for (const Globals set : {Globals::kRunning, Globals::kLoading}) {
    lua_newtable(s);
    PushUnknownGlobal(s);
    lua_setmetatable(s, -2);
    SetRegistry(s, KeyOf(set));
  }
  PushRegistry(s, &kGlobalsKey);
  SetBaseFunctions(s);
  SetErrorFunctions(s);
  PushProxy(s);
  PushUnknownGlobal(s);
  PushProxy(s);
  SetShownMetatable(s, -2);
  lua_pushvalue(s, -1);
  SetRegistry(s, &kEnvironmentKey);
  SetGlobal("_G");
  PushOperators(s);
  SetRegistry(s, &kOperatorsKey);
}

void State::OpenLibraries() {
  struct Library {
    const char* name;
    void (*push)(lua_State*);
  };
  constexpr Library kLibraries[] = {
      {"string", PushStringLibrary},
      {"table", PushTableLibrary},
      {"math", PushMathLibrary},
      {"coroutine", PushCoroutineLibrary},
      {"os", PushOsLibrary},
      {"cjson", PushJsonLibrary},
      {"bit", PushBitLibrary},
      {"struct", PushStructLibrary},
      {"cmsgpack", PushCmsgpackLibrary},
  };
  for (const Library& library : kLibraries) {
    library.push(state_);
    AddLibrary(library.name);
  }
}

// The metatable of strings: what scripts see of it has only __index.
void State::OpenStrings() {
  lua_State* const s = state_;
  lua_pushliteral(s, "");
  lua_createtable(s, 0, 8);
  PushRegistry(s, &kGlobalsKey);
  lua_getfield(s, -1, "string");
  lua_remove(s, -2);
  lua_createtable(s, 0, 1);  // the shown one
  lua_pushvalue(s, -2);
  lua_setfield(s, -2, "__index");
  PushProxy(s);
  lua_pushliteral(s, "string");
  lua_insert(s, -2);
  SetShownMetatable(s, -2);
  lua_pop(s, 1);
  PushReal(s, -1);
  lua_remove(s, -2);
  lua_setfield(s, -2, "__index");
  SetStringArithmetic(s);
  lua_setmetatable(s, -2);
  lua_pop(s, 1);
}

int State::SetShownCollector(bool pause, int value) {
  int& shown = pause ? shown_pause_ : shown_step_;
  return std::exchange(shown, value);
}

// --- Globals and chunks --------------------------------------------------------------------

void State::SetGlobal(const char* name, Globals set) {
  PushRegistry(state_, KeyOf(set));
  lua_insert(state_, -2);
  lua_pushstring(state_, name);
  lua_insert(state_, -2);
  lua_rawset(state_, -3);
  lua_pop(state_, 1);
}

void State::AddLibrary(const char* name, Globals set) {
  PushProxy(state_);
  SetGlobal(name, set);
}

void State::UseGlobals(Globals set) {
  PushRegistry(state_, &kEnvironmentKey);
  lua_getmetatable(state_, -1);
  PushRegistry(state_, KeyOf(set));
  lua_setfield(state_, -2, "__index");
  lua_pop(state_, 2);
}

Result<void> State::Compile(std::string_view text, const char* chunk_name) {
  return CompileIn(state_, text, chunk_name, 0);
}

Result<void> State::CompileIn(lua_State* state, std::string_view text, const char* chunk_name,
                              int used_levels) {
  SATCHEL_ASSIGN(const std::string rewritten,
                 Rewrite(text, {.chunk_name = chunk_name, .levels = used_levels}));
  const std::string name = NameFor54(chunk_name);
  int status = luaL_loadbufferx(state, rewritten.data(), rewritten.size(), name.c_str(), "t");
  if (status == LUA_OK) {
    PushRegistry(state, &kEnvironmentKey);
    lua_setupvalue(state, -2, 1);
    PushRegistry(state, &kOperatorsKey);
    status = lua_pcall(state, 1, 1, 0);  // makes the closure of the script
  }
  if (status != LUA_OK) {
    const char* message = lua_tostring(state, -1);
    Error error = MakeError(ErrorCode::kInvalidArgument,
                            CompileErrorText(message != nullptr ? message : "?"));
    lua_pop(state, 1);
    return error;
  }
  return {};
}

}  // namespace satchel::lua
