#include "lua/scripts.h"

#include "base/bytes.h"
#include "base/text.h"
#include "engine/commands/info.h"
#include "lua/arguments.h"
#include "lua/error_text.h"
#include "lua/redis_api.h"

namespace satchel::lua {
namespace {

constexpr const char* kChunkName = "@user_script";
constexpr const char* kCacheFull =
    "ERR the scripts that were loaded fill half of script-max-memory; raise it, or SCRIPT FLUSH";

std::string Sha1Hex(std::string_view text) {
  const Sha1Digest digest = Sha1(text);
  return ToHex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

void AddLine(std::string& out, std::string_view name, std::uint64_t value) {
  out.append(name).append(":").append(FormatInt(static_cast<std::int64_t>(value))).append("\r\n");
}

// The field, and the same for people.
void AddSize(std::string& out, std::string_view name, std::uint64_t bytes) {
  AddLine(out, name, bytes);
  out.append(name).append("_human:").append(engine::HumanBytes(bytes)).append("\r\n");
}

}  // namespace

Scripts::Scripts(engine::Engine& engine)
    : engine_(engine), runner_(engine), functions_(engine, runner_) {
  AddInfo();
  engine_.Attach<Scripts>(this);
}

Scripts::~Scripts() { engine_.Attach<Scripts>(nullptr); }

void Scripts::AddInfo() {
  engine_.AddInfoSection({.name = "memory", .print = [this](engine::Engine&, std::string& out) {
                            const std::size_t eval = state_ ? state_->used_bytes() : 0;
                            const std::size_t vm = eval + functions_.vm_bytes();
                            const std::size_t cached = text_bytes_ + functions_.text_bytes();
                            AddLine(out, "used_memory_vm_eval", eval);
                            AddSize(out, "used_memory_lua", eval);  // its older name
                            AddLine(out, "used_memory_scripts_eval", text_bytes_);
                            AddLine(out, "number_of_cached_scripts", scripts_.size());
                            AddLine(out, "number_of_functions", functions_.count());
                            AddLine(out, "number_of_libraries", functions_.libraries());
                            AddLine(out, "used_memory_vm_functions", functions_.vm_bytes());
                            AddSize(out, "used_memory_vm_total", vm);
                            AddLine(out, "used_memory_functions", functions_.text_bytes());
                            AddSize(out, "used_memory_scripts", cached);
                          }});
  engine_.AddInfoSection({.name = "stats", .print = [this](engine::Engine&, std::string& out) {
                            const StrictCounts& strict = runner_.strict_counts();
                            AddLine(out, "evicted_scripts", evicted_);
                            AddLine(out, "scripts_rolled_back", runner_.rolled_back());
                            AddLine(out, "script_undeclared_keys", strict.undeclared_keys);
                            AddLine(out, "script_cross_slot_calls", strict.cross_slot);
                            AddLine(out, "script_nondeterministic_calls", strict.nondeterministic);
                          }});
}

State& Scripts::state() {
  if (!state_) {
    state_ = std::make_unique<State>(0, runner_.random());
    RedisApi::Push(state_->lua(), runner_, RedisApi::Kind::kEval);
    state_->AddLibrary("redis");
  }
  return *state_;
}

Result<std::string> Scripts::Load(std::string_view text, Origin origin) {
  std::string sha = Sha1Hex(text);
  if (auto known = scripts_.find(sha); known != scripts_.end()) {
    // SCRIPT LOAD keeps it for good.
    if (origin == Origin::kLoad && known->second.use) {
      recent_.erase(*known->second.use);
      known->second.use.reset();
    }
    return sha;
  }
  SATCHEL_ASSIGN(const PreparedScript prepared, Prepare(text));
  if (!MakeRoom() && origin == Origin::kLoad) return MakeError(ErrorCode::kReplyError, kCacheFull);
  auto compiled = state().Compile(prepared.text, kChunkName);
  if (!compiled) {
    return MakeError(ErrorCode::kReplyError,
                     "ERR Error compiling script (new function): " + compiled.error().detail);
  }
  Script script{.function = luaL_ref(state_->lua(), LUA_REGISTRYINDEX),
                .shebang = prepared.shebang,
                .flags = prepared.flags,
                .bytes = text.size()};
  if (origin == Origin::kEval) {
    while (recent_.size() >= kMaxEvalScripts) Evict();
    script.use = recent_.insert(recent_.end(), sha);
  }
  text_bytes_ += script.bytes;
  scripts_.emplace(sha, script);
  return sha;
}

// Cached scripts may hold half of script-max-memory, so that there is the other half to run in.
// False if those that nobody may forget hold more.
bool Scripts::MakeRoom() {
  const auto limit = static_cast<std::size_t>(runner_.config().max_memory);
  if (limit == 0 || scripts_.empty() || state_->used_bytes() <= limit / 2) return true;
  lua_gc(state_->lua(), LUA_GCCOLLECT);
  while (state_->used_bytes() > limit / 2 && !recent_.empty()) {
    for (std::size_t left = recent_.size() / 2 + 1; left > 0; --left) Evict();
    lua_gc(state_->lua(), LUA_GCCOLLECT);
  }
  return state_->used_bytes() <= limit / 2;
}

// Forgets the script that was not used for the longest time.
void Scripts::Evict() {
  auto found = scripts_.find(recent_.front());
  const Script& script = found->second;
  luaL_unref(state_->lua(), LUA_REGISTRYINDEX, script.function);
  recent_.pop_front();
  text_bytes_ -= script.bytes;
  scripts_.erase(found);
  ++evicted_;
}

void Scripts::NoteUse(Script& script) {
  if (script.use) recent_.splice(recent_.end(), recent_, *script.use);
}

bool Scripts::Has(std::string_view sha) const { return scripts_.contains(ToLower(sha)); }

void Scripts::Flush() {
  scripts_.clear();
  recent_.clear();
  text_bytes_ = 0;
  state_.reset();
}

void Scripts::Run(engine::Call& call, Reply& reply, std::string_view sha,
                  const Invocation& invocation) {
  const std::string name = ToLower(sha);
  auto found = scripts_.find(name);
  if (found == scripts_.end()) return reply.Error(kNoScriptText);
  NoteUse(found->second);
  const Script script = found->second;
  const Runner::Job job{.kind = ScriptKind::kEval,
                        .name = name,
                        .has_flags = script.shebang,
                        .flags = script.flags,
                        .read_only = invocation.read_only,
                        .keys = invocation.keys};
  const std::string_view refusal = runner_.RefusalOf(job);
  if (!refusal.empty()) return reply.Error(refusal);
  lua_State* const s = state_->lua();
  PushStrings(s, invocation.keys);
  state_->SetGlobal("KEYS");
  PushStrings(s, invocation.args);
  state_->SetGlobal("ARGV");
  lua_rawgeti(s, LUA_REGISTRYINDEX, script.function);
  runner_.Run(*state_, call, reply, job, 0);
}

}  // namespace satchel::lua
