// EVAL and SCRIPT. Source: redis 7.0.15, the commands of the same names.

#include "lua/commands.h"

#include "engine/commands/help.h"
#include "lua/error_text.h"
#include "lua/scripts.h"

namespace satchel::lua {
namespace {

using namespace engine;  // NOLINT: the rows read as those of the engine do

Scripts& ScriptsOf(Call& call) {
  auto* scripts = call.engine().Service<Scripts>();
  SATCHEL_CHECK(scripts != nullptr);
  return *scripts;
}

// The number of keys in argument 2, checked against the arguments.
Result<std::size_t> KeysArgument(const Call& call) {
  SATCHEL_ASSIGN(const std::int64_t keys, call.Integer(2));
  if (keys > static_cast<std::int64_t>(call.argc()) - 3) {
    return ReplyError("ERR Number of keys can't be greater than number of args");
  }
  if (keys < 0) return ReplyError("ERR Number of keys can't be negative");
  return static_cast<std::size_t>(keys);
}

void RunScript(Call& call, Reply& reply, bool by_sha, bool read_only) {
  auto keys = KeysArgument(call);
  if (!keys) return reply.Error(keys.error());
  if (call.engine().monitored()) call.engine().FeedMonitors(call.session(), call.args());
  Scripts& scripts = ScriptsOf(call);
  std::string sha(call.arg(1));
  if (!by_sha) {
    auto loaded = scripts.Load(call.arg(1), Scripts::Origin::kEval);
    if (!loaded) return reply.Error(loaded.error());
    sha = *loaded;
  }
  scripts.Run(call, reply, sha,
              {.keys = call.args().subspan(3, *keys),
               .args = call.args().subspan(3 + *keys),
               .read_only = read_only});
}

void Eval(Call& call, Reply& reply) { RunScript(call, reply, false, false); }
void EvalRo(Call& call, Reply& reply) { RunScript(call, reply, false, true); }
void Evalsha(Call& call, Reply& reply) { RunScript(call, reply, true, false); }
void EvalshaRo(Call& call, Reply& reply) { RunScript(call, reply, true, true); }

void ScriptLoad(Call& call, Reply& reply) {
  auto sha = ScriptsOf(call).Load(call.arg(2), Scripts::Origin::kLoad);
  if (!sha) return reply.Error(sha.error());
  reply.Bulk(*sha);
}

void ScriptExists(Call& call, Reply& reply) {
  reply.BeginArray(call.argc() - 2);
  for (std::size_t i = 2; i < call.argc(); ++i) {
    reply.Integer(ScriptsOf(call).Has(call.arg(i)) ? 1 : 0);
  }
}

void ScriptFlush(Call& call, Reply& reply) {
  if (call.argc() > 3 || (call.argc() == 3 && !call.Is(2, "SYNC") && !call.Is(2, "ASYNC"))) {
    return reply.Error("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  }
  ScriptsOf(call).Flush();
  reply.Ok();
}

void ScriptDebug(Call& call, Reply& reply) {
  if (call.Is(2, "NO")) return reply.Ok();
  if (call.Is(2, "YES") || call.Is(2, "SYNC")) {
    return reply.Error("ERR The Lua debugger is not available");
  }
  reply.Error("ERR Use SCRIPT DEBUG YES/SYNC/NO");
}

void ScriptKill(Call& call, Reply& reply) {
  ScriptsOf(call).runner().Kill(ScriptKind::kEval, reply);
}

constexpr Command kScriptCommands[] = {
    {.name = "DEBUG",
     .arity = 3,
     .flags = kNoScript,
     .categories = kCatScripting,
     .run = ScriptDebug,
     .since = "3.2.0",
     .group = "scripting",
     .complexity = "O(1)",
     .summary = "Chooses the debugger for scripts; only NO is accepted."},
    {.name = "EXISTS",
     .arity = -3,
     .flags = kNoScript,
     .categories = kCatScripting,
     .run = ScriptExists,
     .since = "2.6.0",
     .group = "scripting",
     .complexity = "O(N)",
     .summary = "Tells which scripts are loaded.",
     .tips = "request_policy:all_shards response_policy:agg_logical_and"},
    {.name = "FLUSH",
     .arity = -2,
     .flags = kNoScript,
     .categories = kCatScripting,
     .run = ScriptFlush,
     .since = "2.6.0",
     .group = "scripting",
     .complexity = "O(N)",
     .summary = "Forgets all scripts.",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .categories = kCatScripting,
     .run = engine::ReplyHelp,
     .since = "5.0.0",
     .group = "scripting",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "KILL",
     .arity = 2,
     .flags = kNoScript | kAllowBusy,
     .categories = kCatScripting,
     .run = ScriptKill,
     .since = "2.6.0",
     .group = "scripting",
     .complexity = "O(1)",
     .summary = "Ends the running script.",
     .tips = "request_policy:all_shards response_policy:one_succeeded"},
    {.name = "LOAD",
     .arity = 3,
     .flags = kNoScript | kStale,
     .categories = kCatScripting,
     .run = ScriptLoad,
     .since = "2.6.0",
     .group = "scripting",
     .complexity = "O(N)",
     .summary = "Loads a script and returns its SHA1.",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
};
static_assert(RowsAreSound(kScriptCommands));

constexpr Command kScriptingCommands[] = {
    {.name = "EVAL",
     .arity = -3,
     .flags = kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys | kMovableKeys,
     .categories = kCatScripting,
     .keys = {KeyCount(2, kRW | kAccess | kUpdate,
                       "What a script does to its keys is not known before it runs.")},
     .run = Eval,
     .since = "2.6.0",
     .group = "scripting",
     .complexity = "",
     .summary = "Runs a Lua script."},
    {.name = "EVAL_RO",
     .arity = -3,
     .flags = kReadonly | kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys | kMovableKeys,
     .categories = kCatScripting,
     .keys = {KeyCount(2, kRO | kAccess, "What a script reads is not known before it runs.")},
     .run = EvalRo,
     .since = "7.0.0",
     .group = "scripting",
     .complexity = "",
     .summary = "Runs a Lua script that may not write."},
    {.name = "EVALSHA",
     .arity = -3,
     .flags = kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys | kMovableKeys,
     .categories = kCatScripting,
     .keys = {KeyCount(2, kRW | kAccess | kUpdate)},
     .run = Evalsha,
     .since = "2.6.0",
     .group = "scripting",
     .complexity = "",
     .summary = "Runs a loaded script."},
    {.name = "EVALSHA_RO",
     .arity = -3,
     .flags = kReadonly | kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys | kMovableKeys,
     .categories = kCatScripting,
     .keys = {KeyCount(2, kRO | kAccess)},
     .run = EvalshaRo,
     .since = "7.0.0",
     .group = "scripting",
     .complexity = "",
     .summary = "Runs a loaded script that may not write."},
    {.name = "SCRIPT",
     .arity = -2,
     .since = "2.6.0",
     .group = "scripting",
     .complexity = "",
     .summary = "Looks after loaded scripts.",
     .subcommands = kScriptCommands},
};
static_assert(RowsAreSound(kScriptingCommands));

}  // namespace

std::span<const Command> ScriptCommands() { return kScriptingCommands; }

}  // namespace satchel::lua
