// FUNCTION and FCALL. Source: redis 7.0.15, the commands of the same names.

#include "engine/commands/help.h"
#include "lua/commands.h"
#include "lua/error_text.h"
#include "lua/function_payload.h"
#include "lua/scripts.h"

namespace satchel::lua {
namespace {

using namespace engine;  // NOLINT: the rows read as those of the engine do

Scripts& ScriptsOf(Call& call) {
  auto* scripts = call.engine().Service<Scripts>();
  SATCHEL_CHECK(scripts != nullptr);
  return *scripts;
}

Functions& FunctionsOf(Call& call) { return ScriptsOf(call).functions(); }

// --- FCALL ---------------------------------------------------------------------------------

void RunFunction(Call& call, Reply& reply, bool read_only) {
  if (call.engine().monitored()) call.engine().FeedMonitors(call.session(), call.args());
  Functions& functions = FunctionsOf(call);
  const Function* function = functions.Find(call.arg(1));
  if (function == nullptr) return reply.Error("ERR Function not found");
  const auto keys = ParseInt(call.arg(2));
  if (!keys) return reply.Error("ERR Bad number of keys provided");
  if (*keys > static_cast<std::int64_t>(call.argc()) - 3) {
    return reply.Error("ERR Number of keys can't be greater than number of args");
  }
  if (*keys < 0) return reply.Error("ERR Number of keys can't be negative");
  const auto count = static_cast<std::size_t>(*keys);
  functions.Run(call, reply, *function,
                {.keys = call.args().subspan(3, count),
                 .args = call.args().subspan(3 + count),
                 .read_only = read_only});
}

void Fcall(Call& call, Reply& reply) { RunFunction(call, reply, false); }
void FcallRo(Call& call, Reply& reply) { RunFunction(call, reply, true); }

// --- Libraries -----------------------------------------------------------------------------

void FunctionLoad(Call& call, Reply& reply) {
  const std::size_t code = call.argc() - 1;
  auto existing = Functions::Existing::kRefuse;
  for (std::size_t i = 2; i < code; ++i) {
    if (!call.Is(i, "REPLACE")) {
      return reply.Error("ERR Unknown option given: " + std::string(call.arg(i)));
    }
    existing = Functions::Existing::kReplace;
  }
  auto name = FunctionsOf(call).Load(call.arg(code), existing);
  if (!name) return reply.Error(name.error());
  call.Effect({"FUNCTION", "LOAD", "REPLACE", call.arg(code)});
  reply.Bulk(*name);
}

void FunctionDelete(Call& call, Reply& reply) {
  if (!FunctionsOf(call).Delete(call.arg(2))) return reply.Error("ERR Library not found");
  call.Effect({"FUNCTION", "DELETE", call.arg(2)});
  reply.Ok();
}

void FunctionFlush(Call& call, Reply& reply) {
  if (call.argc() > 3) return reply.Error(call.SubcommandText());
  if (call.argc() == 3 && !call.Is(2, "SYNC") && !call.Is(2, "ASYNC")) {
    return reply.Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  }
  FunctionsOf(call).Flush();
  call.Effect({"FUNCTION", "FLUSH"});
  reply.Ok();
}

void FunctionDump(Call& call, Reply& reply) {
  reply.Bulk(EncodeFunctionPayload(FunctionsOf(call).All()));
}

std::optional<Functions::Policy> ParsePolicy(const Call& call) {
  if (call.argc() == 3 || call.Is(3, "APPEND")) return Functions::Policy::kAppend;
  if (call.Is(3, "REPLACE")) return Functions::Policy::kReplace;
  if (call.Is(3, "FLUSH")) return Functions::Policy::kFlush;
  return std::nullopt;
}

void FunctionRestore(Call& call, Reply& reply) {
  if (call.argc() > 4) return reply.Error(call.SubcommandText());
  const auto policy = ParsePolicy(call);
  if (!policy) {
    return reply.Error(
        "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
  }
  const auto codes = DecodeFunctionPayload(call.arg(2));
  if (!codes) return reply.Error(codes.error());
  if (auto done = FunctionsOf(call).Restore(*codes, *policy); !done) {
    return reply.Error(done.error());
  }
  // Names may have moved between libraries: each goes before any comes.
  if (*policy == Functions::Policy::kFlush) call.Effect({"FUNCTION", "FLUSH"});
  if (*policy == Functions::Policy::kFlush || codes->size() < 2) {
    for (const std::string& code : *codes) call.Effect({"FUNCTION", "LOAD", "REPLACE", code});
  } else {
    call.Effect({"FUNCTION", "RESTORE", call.arg(2), "REPLACE"});
  }
  reply.Ok();
}

// --- LIST and STATS ------------------------------------------------------------------------

void ReplyFunction(const Function& function, Reply& reply) {
  reply.BeginMap(3);
  reply.Bulk("name");
  reply.Bulk(function.name);
  reply.Bulk("description");
  if (function.description) {
    reply.Bulk(*function.description);
  } else {
    reply.Null();
  }
  reply.Bulk("flags");
  std::size_t flags = 0;
  for (const ScriptFlagName& row : kScriptFlags) flags += (function.flags & row.flag) ? 1 : 0;
  reply.BeginSet(flags);
  for (const ScriptFlagName& row : kScriptFlags) {
    if (function.flags & row.flag) reply.Status(row.name);
  }
}

void ReplyLibrary(const Library& library, bool with_code, Reply& reply) {
  reply.BeginMap(with_code ? 4 : 3);
  reply.Bulk("library_name");
  reply.Bulk(library.name);
  reply.Bulk("engine");
  reply.Bulk("LUA");
  reply.Bulk("functions");
  reply.BeginArray(library.functions.size());
  for (const Function& function : library.functions) ReplyFunction(function, reply);
  if (!with_code) return;
  reply.Bulk("library_code");
  reply.Bulk(library.code);
}

void FunctionList(Call& call, Reply& reply) {
  bool with_code = false;
  std::optional<std::string_view> pattern;
  for (std::size_t i = 2; i < call.argc(); ++i) {
    if (!with_code && call.Is(i, "WITHCODE")) {
      with_code = true;
    } else if (!pattern && call.Is(i, "LIBRARYNAME")) {
      if (++i == call.argc()) return reply.Error("ERR library name argument was not given");
      pattern = call.arg(i);
    } else {
      return reply.Error("ERR Unknown argument " + std::string(call.arg(i)));
    }
  }
  std::vector<const Library*> wanted;
  for (const auto& [name, library] : FunctionsOf(call).all()) {
    if (!pattern || GlobMatch(*pattern, name, true)) wanted.push_back(&library);
  }
  reply.BeginArray(wanted.size());
  for (const Library* library : wanted) ReplyLibrary(*library, with_code, reply);
}

void FunctionStats(Call& call, Reply& reply) {
  const auto running = ScriptsOf(call).runner().running();
  if (running && running->kind == ScriptKind::kEval) return reply.Error(kBusyScript);
  reply.BeginMap(2);
  reply.Bulk("running_script");
  if (!running) {
    reply.Null();
  } else {
    reply.BeginMap(3);
    reply.Bulk("name");
    reply.Bulk(running->name);
    reply.Bulk("command");
    reply.BeginArray(running->command.size());
    for (const std::string& word : running->command) reply.Bulk(word);
    reply.Bulk("duration_ms");
    reply.Integer(running->duration_ms);
  }
  const Functions& functions = FunctionsOf(call);
  reply.Bulk("engines");
  reply.BeginMap(1);
  reply.Bulk("LUA");
  reply.BeginMap(2);
  reply.Bulk("libraries_count");
  reply.Integer(static_cast<std::int64_t>(functions.libraries()));
  reply.Bulk("functions_count");
  reply.Integer(static_cast<std::int64_t>(functions.count()));
}

void FunctionKill(Call& call, Reply& reply) {
  ScriptsOf(call).runner().Kill(ScriptKind::kFunction, reply);
}

// --- Rows ----------------------------------------------------------------------------------

constexpr std::string_view kToAllShards = "request_policy:all_shards response_policy:all_succeeded";

constexpr Command FunctionRow(std::string_view name, int arity, std::uint32_t flags,
                              CommandFunction run, std::string_view complexity,
                              std::string_view summary, std::string_view tips = {}) {
  return {.name = name,
          .arity = static_cast<std::int16_t>(arity),
          .flags = flags,
          .categories = kCatScripting,
          .run = run,
          .since = "7.0.0",
          .group = "scripting",
          .complexity = complexity,
          .summary = summary,
          .tips = tips};
}

constexpr Command kFunctionCommands[] = {
    FunctionRow("DELETE", 3, kWrite | kNoScript, FunctionDelete, "O(1)",
                "Deletes a library and its functions.", kToAllShards),
    FunctionRow("DUMP", 2, kNoScript, FunctionDump, "O(N) where N is the number of functions",
                "Returns all libraries as one payload."),
    FunctionRow("FLUSH", -2, kWrite | kNoScript, FunctionFlush,
                "O(N) where N is the number of functions deleted", "Deletes all libraries.",
                kToAllShards),
    FunctionRow("HELP", 2, kLoading | kStale, engine::ReplyHelp, "O(1)", "Lists the subcommands."),
    FunctionRow("KILL", 2, kNoScript | kAllowBusy, FunctionKill, "O(1)",
                "Ends the running function.",
                "request_policy:all_shards response_policy:one_succeeded"),
    FunctionRow("LIST", -2, kNoScript, FunctionList, "O(N) where N is the number of functions",
                "Lists libraries and their functions.", "nondeterministic_output_order"),
    FunctionRow("LOAD", -3, kWrite | kDenyOom | kNoScript, FunctionLoad, "O(1)",
                "Loads a library of functions.", kToAllShards),
    FunctionRow("RESTORE", -3, kWrite | kDenyOom | kNoScript, FunctionRestore,
                "O(N) where N is the number of functions on the payload",
                "Loads the libraries of a payload.", kToAllShards),
    FunctionRow("STATS", 2, kNoScript | kAllowBusy, FunctionStats, "O(1)",
                "Tells of the running function and of what is loaded.",
                "nondeterministic_output request_policy:all_shards response_policy:special"),
};
static_assert(RowsAreSound(kFunctionCommands));

constexpr Command kCommands[] = {
    {.name = "FCALL",
     .arity = -3,
     .flags = kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys | kMovableKeys,
     .categories = kCatScripting,
     .keys = {KeyCount(2, kRW | kAccess | kUpdate,
                       "What a function does to its keys is not known before it runs.")},
     .run = Fcall,
     .since = "7.0.0",
     .group = "scripting",
     .complexity = "Depends on the function that is executed.",
     .summary = "Calls a function."},
    {.name = "FCALL_RO",
     .arity = -3,
     .flags = kReadonly | kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys | kMovableKeys,
     .categories = kCatScripting,
     .keys = {KeyCount(2, kRO | kAccess, "What a function reads is not known before it runs.")},
     .run = FcallRo,
     .since = "7.0.0",
     .group = "scripting",
     .complexity = "Depends on the function that is executed.",
     .summary = "Calls a function that may not write."},
    {.name = "FUNCTION",
     .arity = -2,
     .since = "7.0.0",
     .group = "scripting",
     .complexity = "Depends on subcommand.",
     .summary = "Looks after libraries of functions.",
     .subcommands = kFunctionCommands},
};
static_assert(RowsAreSound(kCommands));

}  // namespace

std::span<const Command> FunctionCommands() { return kCommands; }

}  // namespace satchel::lua
