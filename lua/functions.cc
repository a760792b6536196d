#include "lua/functions.h"

#include <algorithm>

#include "base/text.h"
#include "lua/arguments.h"
#include "lua/error_text.h"
#include "lua/error_translate.h"
#include "lua/redis_api.h"
#include "lua/register_function.h"

namespace satchel::lua {
namespace {

constexpr const char* kChunkName = "@user_function";
constexpr int kHookInterval = 100'000;  // instructions
constexpr std::int64_t kMaxLoadMs = 500;

const char kFunctionsKey = 0;  // registry: the Functions

Error Refusal(std::string text) {
  return MakeError(ErrorCode::kReplyError, "ERR " + std::move(text));
}

bool IsName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
}

struct Header {
  std::string name;
  std::string_view body;  // begins with the end of the header's line
};

// "#!lua name=mylib" and the end of the line.
Result<Header> ParseHeader(std::string_view code) {
  if (code.substr(0, 2) != "#!") return Refusal("Missing library metadata");
  const std::size_t end = code.find('\n');
  if (end == std::string_view::npos) return Refusal("Invalid library metadata");
  const auto words = SplitArgs(code.substr(0, end));
  if (!words) return Refusal("Invalid library metadata");
  std::optional<std::string> name;
  for (std::size_t i = 1; i < words->size(); ++i) {
    constexpr std::string_view kName = "name=";
    const std::string& word = (*words)[i];
    if (!EqualIgnoreCase(std::string_view(word).substr(0, kName.size()), kName)) {
      return Refusal("Invalid metadata value given: " + word);
    }
    if (name) return Refusal("Invalid metadata value, name argument was given multiple times");
    name = word.substr(kName.size());
  }
  if (!name) return Refusal("Library name was not given");
  if (!IsName(*name)) return Refusal(std::string(kBadLibraryName));
  const std::string engine = words->front().substr(2);
  if (!EqualIgnoreCase(engine, "lua")) return Refusal("Engine '" + engine + "' not found");
  return Header{.name = std::move(*name), .body = code.substr(end)};
}

// The text of the error value at the top, which it takes.
std::string TakeError(lua_State* state) {
  std::string text = "ERR unknown error";
  if (lua_istable(state, -1)) {
    lua_pushliteral(state, "err");
    lua_rawget(state, -2);
    if (lua_type(state, -1) == LUA_TSTRING) text = lua_tostring(state, -1);
    lua_pop(state, 1);
  } else if (lua_type(state, -1) == LUA_TSTRING) {
    text = "ERR " + TranslateError(lua_tostring(state, -1));
  }
  lua_pop(state, 1);
  return text;
}

// While a library loads, a field of `redis` that is missing is an error, as a missing global is.
int RaiseMissing(lua_State* state) {
  Raise(state, "Script attempted to access nonexistent global variable '%s'",
        lua_type(state, 2) == LUA_TSTRING ? lua_tostring(state, 2) : "?");
}

void RefuseMissingFields(lua_State* state) {
  lua_createtable(state, 0, 1);
  lua_pushcfunction(state, RaiseMissing);
  lua_setfield(state, -2, "__index");
  lua_setmetatable(state, -2);
}

}  // namespace

Functions::Functions(engine::Engine& engine, Runner& runner) : engine_(engine), runner_(runner) {
  engine_.Attach<engine::FunctionLibraries>(this);
}

Functions::~Functions() { engine_.Attach<engine::FunctionLibraries>(nullptr); }

State& Functions::state() {
  if (!state_) {
    state_ = std::make_unique<State>(0, runner_.random());
    lua_State* const s = state_->lua();
    lua_pushlightuserdata(s, this);
    lua_rawsetp(s, LUA_REGISTRYINDEX, &kFunctionsKey);
    RedisApi::Push(s, runner_, RedisApi::Kind::kFunction);
    state_->AddLibrary("redis");
    RedisApi::Push(s, runner_, RedisApi::Kind::kLoading);
    AddRegisterFunction(s, *this);
    RefuseMissingFields(s);
    state_->AddLibrary("redis", Globals::kLoading);
  }
  return *state_;
}

// --- Compiling -----------------------------------------------------------------------------

Result<void> Functions::Register(Function function) {
  if (!IsName(function.name))
    return MakeError(ErrorCode::kInvalidArgument, std::string(kBadLibraryName));
  for (const Function& other : loading_->functions) {
    if (!EqualIgnoreCase(other.name, function.name)) continue;
    return MakeError(ErrorCode::kInvalidArgument, "Function already exists in the library");
  }
  loading_->functions.push_back(std::move(function));
  return {};
}

void Functions::LoadHook(lua_State* state, lua_Debug*) {
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kFunctionsKey);
  const auto& self = *static_cast<Functions*>(lua_touserdata(state, -1));
  lua_pop(state, 1);
  if (!self.is_loading()) return;
  if ((self.engine_.clock().Ticks() - self.loading_since_) / 1'000'000 <= kMaxLoadMs) return;
  lua_sethook(state, LoadHook, LUA_MASKLINE, 0);
  PushErrorTable(state, "ERR FUNCTION LOAD timeout");
  lua_error(state);
}

Result<void> Functions::RunCode(std::string_view body) {
  State& lua = state();
  lua_State* const s = lua.lua();
  SATCHEL_ASSIGN(const PreparedScript prepared, Prepare(body));
  if (auto compiled = lua.Compile(prepared.text, kChunkName); !compiled) {
    return Refusal("Error compiling function: " + compiled.error().detail);
  }
  lua.UseGlobals(Globals::kLoading);
  loading_since_ = engine_.clock().Ticks();
  lua_sethook(s, LoadHook, LUA_MASKCOUNT, kHookInterval);
  lua.set_limit(static_cast<std::size_t>(runner_.config().max_memory));
  const int status = lua_pcall(s, 0, 0, 0);
  lua.set_limit(0);
  lua_sethook(s, nullptr, 0, 0);
  lua.UseGlobals(Globals::kRunning);
  if (status == LUA_OK) return {};
  Error error = Refusal("Error registering functions: " + TakeError(s));
  lua_settop(s, 0);
  return error;
}

Result<void> Functions::Compile(Library& library, std::string_view body) {
  SATCHEL_CHECK(loading_ == nullptr);
  loading_ = &library;
  auto outcome = RunCode(body);
  loading_ = nullptr;
  if (outcome && library.functions.empty()) outcome = Refusal("No functions registered");
  if (!outcome) Release({&library, 1});
  return outcome;
}

void Functions::Release(std::span<const Library> libraries) {
  for (const Library& library : libraries) {
    for (const Function& function : library.functions) {
      luaL_unref(state_->lua(), LUA_REGISTRYINDEX, function.callback);
    }
  }
}

// --- The libraries -------------------------------------------------------------------------

Result<void> Functions::CheckNames(const Library& library) const {
  for (const Function& function : library.functions) {
    if (!by_name_.contains(ToLower(function.name))) continue;
    return Refusal("Function " + function.name + " already exists");
  }
  return {};
}

void Functions::Link(Library library) {
  text_bytes_ += library.code.size();
  std::string name = library.name;
  const Library& linked = libraries_.emplace(std::move(name), std::move(library)).first->second;
  for (const Function& function : linked.functions) {
    by_name_.emplace(ToLower(function.name), &function);
  }
}

Library Functions::Unlink(const std::string& name) {
  Library library = std::move(libraries_.extract(name).mapped());
  for (const Function& function : library.functions) by_name_.erase(ToLower(function.name));
  text_bytes_ -= library.code.size();
  return library;
}

Result<std::string> Functions::Load(std::string_view code, Existing existing) {
  SATCHEL_ASSIGN(const Header header, ParseHeader(code));
  const bool exists = libraries_.contains(header.name);
  if (exists && existing == Existing::kRefuse) {
    return Refusal("Library '" + header.name + "' already exists");
  }
  Library library{.name = header.name, .code = std::string(code), .functions = {}};
  SATCHEL_TRY(Compile(library, header.body));
  std::optional<Library> old;
  if (exists) old = Unlink(header.name);
  if (auto checked = CheckNames(library); !checked) {
    if (old) Link(std::move(*old));
    Release({&library, 1});
    return checked.error();
  }
  if (old) Release({&*old, 1});
  Link(std::move(library));
  return header.name;
}

Result<std::vector<Library>> Functions::BuildAll(std::span<const std::string> codes) {
  std::vector<Library> built;
  std::map<std::string, bool> names;
  const auto add = [&](const std::string& code) -> Result<void> {
    SATCHEL_ASSIGN(const Header header, ParseHeader(code));
    for (const Library& other : built) {
      if (other.name == header.name) {
        return Refusal("Library '" + header.name + "' already exists");
      }
    }
    Library library{.name = header.name, .code = code, .functions = {}};
    SATCHEL_TRY(Compile(library, header.body));
    built.push_back(std::move(library));
    for (const Function& function : built.back().functions) {
      if (names.emplace(ToLower(function.name), true).second) continue;
      return Refusal("Function " + function.name + " already exists");
    }
    return {};
  };
  for (const std::string& code : codes) {
    if (auto added = add(code); !added) {
      Release(built);
      return added.error();
    }
  }
  return built;
}

Result<void> Functions::Join(std::vector<Library> fresh, Policy policy) {
  std::vector<Library> displaced;
  Result<void> outcome;
  if (policy == Policy::kFlush) {
    while (!libraries_.empty()) displaced.push_back(Unlink(std::string(libraries_.begin()->first)));
  }
  for (const Library& library : fresh) {
    if (!libraries_.contains(library.name)) continue;
    if (policy == Policy::kAppend) {
      outcome = Refusal("Library " + library.name + " already exists");
      break;
    }
    displaced.push_back(Unlink(library.name));
  }
  for (auto library = fresh.begin(); outcome && library != fresh.end(); ++library) {
    outcome = CheckNames(*library);
  }
  if (!outcome) {
    Release(fresh);
    for (Library& library : displaced) Link(std::move(library));
    return outcome;
  }
  Release(displaced);
  for (Library& library : fresh) Link(std::move(library));
  return {};
}

Result<void> Functions::Restore(std::span<const std::string> codes, Policy policy) {
  SATCHEL_ASSIGN(std::vector<Library> fresh, BuildAll(codes));
  return Join(std::move(fresh), policy);
}

bool Functions::Delete(std::string_view name) {
  const auto found = libraries_.find(name);
  if (found == libraries_.end()) return false;
  const Library library = Unlink(std::string(found->first));
  Release({&library, 1});
  return true;
}

void Functions::Flush() {
  by_name_.clear();
  libraries_.clear();
  text_bytes_ = 0;
  state_.reset();
}

const Function* Functions::Find(std::string_view name) const {
  const auto found = by_name_.find(ToLower(name));
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<engine::FunctionLibrary> Functions::All() const {
  std::vector<engine::FunctionLibrary> all;
  for (const auto& [name, library] : libraries_) all.push_back({name, library.code});
  return all;
}

Result<void> Functions::Replace(std::span<const engine::FunctionLibrary> libraries) {
  std::vector<std::string> codes;
  for (const engine::FunctionLibrary& library : libraries) codes.push_back(library.code);
  if (auto restored = Restore(codes, Policy::kFlush); !restored) {
    return MakeError(ErrorCode::kCorrupt, restored.error().detail);
  }
  return {};
}

// --- Running -------------------------------------------------------------------------------

void Functions::Run(engine::Call& call, Reply& reply, const Function& function,
                    const Invocation& invocation) {
  const Runner::Job job{.kind = ScriptKind::kFunction,
                        .name = function.name,
                        .has_flags = true,
                        .flags = function.flags,
                        .read_only = invocation.read_only,
                        .keys = invocation.keys};
  const std::string_view refusal = runner_.RefusalOf(job);
  if (!refusal.empty()) return reply.Error(refusal);
  lua_State* const s = state_->lua();
  lua_rawgeti(s, LUA_REGISTRYINDEX, function.callback);
  PushStrings(s, invocation.keys);
  PushStrings(s, invocation.args);
  runner_.Run(*state_, call, reply, job, 2);
}

}  // namespace satchel::lua
