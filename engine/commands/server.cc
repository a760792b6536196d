// Commands about the store as a whole. Source: redis 7.0.15, the commands of the same names.

#include <condition_variable>
#include <mutex>

#include "engine/call.h"
#include "engine/commands/command_info.h"
#include "engine/commands/families.h"
#include "engine/commands/help.h"
#include "engine/commands/info.h"
#include "engine/digest.h"
#include "engine/rdb/dump.h"

namespace satchel::engine {
namespace {

// --- Databases -----------------------------------------------------------------------------

void Dbsize(Call& call, Reply& reply) {
  reply.Integer(static_cast<std::int64_t>(call.engine().keyspace().db(call.db()).table.size()));
}

bool FlushArgsFit(const Call& call) {
  return call.argc() == 1 || (call.argc() == 2 && (call.Is(1, "SYNC") || call.Is(1, "ASYNC")));
}

void Flushdb(Call& call, Reply& reply) {
  if (!FlushArgsFit(call)) return reply.Error(kSyntaxError);
  call.Flush(call.db());
  call.Effect({"FLUSHDB"});
  reply.Ok();
}

void Flushall(Call& call, Reply& reply) {
  if (!FlushArgsFit(call)) return reply.Error(kSyntaxError);
  for (int db = 0; db < call.engine().keyspace().databases(); ++db) call.Flush(db);
  call.Effect({"FLUSHALL"});
  reply.Ok();
}

void Swapdb(Call& call, Reply& reply) {
  const auto first = ParseInt(call.arg(1));
  if (!first) return reply.Error("ERR invalid first DB index");
  const auto second = ParseInt(call.arg(2));
  if (!second) return reply.Error("ERR invalid second DB index");
  const std::int64_t count = call.engine().keyspace().databases();
  if (*first < 0 || *first >= count || *second < 0 || *second >= count) {
    return reply.Error(kInvalidDb);
  }
  if (*first != *second) {
    call.Swap(static_cast<int>(*first), static_cast<int>(*second));
    call.EffectSelf();
  }
  reply.Ok();
}

void Time(Call& call, Reply& reply) {
  const std::int64_t now_us = call.engine().clock().NowUs();
  reply.BeginArray(2);
  reply.Bulk(FormatInt(now_us / 1'000'000));
  reply.Bulk(FormatInt(now_us % 1'000'000));
}

void Role(Call&, Reply& reply) {
  reply.BeginArray(3);
  reply.Bulk("master");
  reply.Integer(0);
  reply.BeginArray(0);
}

// --- CONFIG --------------------------------------------------------------------------------

// Patterns match names and aliases; a plain name is printed as it was asked for.
void ConfigGet(Call& call, Reply& reply) {
  std::vector<std::pair<std::string, const SettingRow*>> found;
  const auto add = [&](std::string name, const SettingRow* row) {
    const bool known = std::any_of(found.begin(), found.end(), [&](const auto& other) {
      return EqualIgnoreCase(other.first, name);
    });
    if (!known) found.emplace_back(std::move(name), row);
  };
  const Settings& settings = call.engine().settings();
  for (std::size_t i = 2; i < call.argc(); ++i) {
    const std::string_view pattern = call.arg(i);
    if (pattern.find_first_of("*?[") == std::string_view::npos) {
      if (const SettingRow* row = settings.Find(pattern)) add(std::string(pattern), row);
      continue;
    }
    for (const SettingRow* row : settings.All()) {
      if (GlobMatch(pattern, row->name, true)) add(row->name, row);
      if (!row->alias.empty() && GlobMatch(pattern, row->alias, true)) add(row->alias, row);
    }
  }
  reply.BeginMap(found.size());
  for (const auto& [name, row] : found) {
    reply.Bulk(name);
    reply.Bulk(row->get());
  }
}

std::string SetFailure(std::string_view name, std::string_view reason) {
  return "ERR CONFIG SET failed (possibly related to argument '" + std::string(name) + "') - " +
         std::string(reason);
}

void ConfigSet(Call& call, Reply& reply) {
  if (call.argc() % 2 != 0) return reply.Error(kSyntaxError);
  for (std::size_t i = 2; i < call.argc(); i += 2) {
    const SettingRow* row = call.engine().settings().Find(call.arg(i));
    if (row != nullptr && row->secret) call.Redact(i + 1);
  }
  std::vector<const SettingRow*> rows;
  for (std::size_t i = 2; i < call.argc(); i += 2) {
    const SettingRow* row = call.engine().settings().Find(call.arg(i));
    if (row == nullptr) {
      return reply.Error("ERR Unknown option or number of arguments for CONFIG SET - '" +
                         std::string(call.arg(i)) + "'");
    }
    if (!row->set) {
      return reply.Error(SetFailure(call.arg(i), "can't set immutable config"));
    }
    if (std::find(rows.begin(), rows.end(), row) != rows.end()) {
      return reply.Error(SetFailure(call.arg(i), "duplicate parameter"));
    }
    rows.push_back(row);
  }
  std::vector<std::string> before;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    before.push_back(rows[i]->get());
    auto set = rows[i]->set(call.arg(3 + 2 * i));
    if (set) continue;
    // All or none: what was set before goes back.
    for (std::size_t j = 0; j < i; ++j) (void)rows[j]->set(before[j]);
    return reply.Error(SetFailure(call.arg(2 + 2 * i), set.error().detail));
  }
  reply.Ok();
}

void ConfigResetstat(Call& call, Reply& reply) {
  call.engine().ResetStats();
  reply.Ok();
}

void ConfigRewrite(Call&, Reply& reply) {
  reply.Error("ERR The server is running without a config file");
}

// --- MONITOR -------------------------------------------------------------------------------

void Monitor(Call& call, Reply& reply) {
  Session& session = call.session();
  if (session.kind != Session::Kind::kClient || call.is_inner()) {
    return reply.Error("ERR MONITOR isn't allowed for DENY BLOCKING client");
  }
  if (session.monitoring) return;  // redis gives no reply either
  call.engine().Monitor(session, true);
  reply.Ok();
}

// --- MEMORY --------------------------------------------------------------------------------

void MemoryUsage(Call& call, Reply& reply) {
  for (std::size_t i = 3; i < call.argc(); i += 2) {
    if (!call.Is(i, "SAMPLES") || i + 1 == call.argc()) return reply.Error(kSyntaxError);
    auto samples = call.Integer(i + 1);
    if (!samples) return reply.Error(samples.error());
    if (*samples < 0) return reply.Error(kSyntaxError);
  }
  const Entry* entry = call.Look(call.arg(2));
  if (entry == nullptr) return reply.Null();
  // The entry's own blocks and its place in the table.
  reply.Integer(static_cast<std::int64_t>(entry->MemoryBytes() + sizeof(Entry*) + 1));
}

void MemoryPurge(Call&, Reply& reply) { reply.Ok(); }

// --- SLOWLOG -------------------------------------------------------------------------------

void SlowlogGet(Call& call, Reply& reply) {
  std::int64_t count = 10;
  if (call.argc() == 3) {
    auto parsed = call.Integer(2);
    if (!parsed || *parsed < -1) {
      return reply.Error("ERR count should be greater than or equal to -1");
    }
    count = *parsed;
  } else if (call.argc() > 3) {
    return reply.Error(call.SubcommandText());
  }
  const auto& log = call.engine().slowlog();
  const std::size_t shown = count < 0 || static_cast<std::size_t>(count) > log.size()
                                ? log.size()
                                : static_cast<std::size_t>(count);
  reply.BeginArray(shown);
  for (std::size_t i = 0; i < shown; ++i) {
    const SlowlogEntry& entry = log[log.size() - 1 - i];
    reply.BeginArray(6);
    reply.Integer(static_cast<std::int64_t>(entry.id));
    reply.Integer(entry.unix_s);
    reply.Integer(entry.usec);
    reply.BeginArray(entry.args.size());
    for (const std::string& arg : entry.args) reply.Bulk(arg);
    reply.Bulk(entry.address);
    reply.Bulk(entry.client_name);
  }
}

void SlowlogLen(Call& call, Reply& reply) {
  reply.Integer(static_cast<std::int64_t>(call.engine().slowlog().size()));
}

void SlowlogReset(Call& call, Reply& reply) {
  call.engine().slowlog().clear();
  reply.Ok();
}

// --- LATENCY: no event is monitored, and the answers say so -----------------------------------

void LatencyLatest(Call&, Reply& reply) { reply.BeginArray(0); }
void LatencyHistory(Call&, Reply& reply) { reply.BeginArray(0); }
void LatencyReset(Call&, Reply& reply) { reply.Integer(0); }

void LatencyDoctor(Call&, Reply& reply) {
  reply.Verbatim("txt", "Latency monitoring is not available: no events are recorded.\n");
}

void LatencyGraph(Call& call, Reply& reply) {
  reply.Error("ERR No samples available for event '" + std::string(call.arg(2)) + "'");
}

void LatencyHistogram(Call&, Reply& reply) { reply.BeginMap(0); }

// --- DEBUG ---------------------------------------------------------------------------------

// Stalls the whole store, which is its purpose: clients see what a slow command does to them.
void DebugSleep(Call& call, Reply& reply) {
  auto seconds = call.Double(2);
  if (!seconds) return reply.Error(seconds.error());
  Clock& clock = call.engine().clock();
  if (!clock.is_manual() && *seconds > 0) {
    const std::int64_t until = clock.NowUs() + static_cast<std::int64_t>(*seconds * 1e6);
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    while (clock.WaitUntil(lock, never, until)) {
    }
  }
  reply.Ok();
}

void DebugObject(Call& call, Reply& reply) {
  const Entry* entry = call.Look(call.arg(2));
  if (entry == nullptr) return reply.Error(kNoSuchKey);
  const std::int64_t now_s = call.now_ms() / 1000;
  reply.Status("Value at:0x" + ToHex(std::string_view(reinterpret_cast<const char*>(&entry), 6)) +
               " refcount:1 encoding:" + std::string(entry->encoding_name()) +
               " serializedlength:" + FormatInt(static_cast<std::int64_t>(SerializedSize(*entry))) +
               " lru:" + FormatInt(entry->access()) +
               " lru_seconds_idle:" + FormatInt((now_s - entry->access()) & 0xFFFFFF));
}

void DebugDigestValue(Call& call, Reply& reply) {
  reply.BeginArray(call.argc() - 2);
  for (std::size_t i = 2; i < call.argc(); ++i) {
    const Entry* entry = call.Look(call.arg(i));
    reply.Status(DigestText(entry == nullptr ? Sha1Digest{} : ValueDigest(*entry)));
  }
}

void DebugReload(Call& call, Reply& reply) {
  for (std::size_t i = 2; i < call.argc(); ++i) {
    if (!call.Is(i, "MERGE") && !call.Is(i, "NOFLUSH") && !call.Is(i, "NOSAVE")) {
      return reply.Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
    }
  }
  if (call.argc() > 2) return reply.Error("ERR DEBUG RELOAD takes no options here");
  for (std::size_t i = 2; i < call.argc(); ++i) {
    if (!call.Is(i, "MERGE") && !call.Is(i, "NOFLUSH") && !call.Is(i, "NOSAVE")) {
      return reply.Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
    }
  }
  Reloader* reloader = call.engine().Service<Reloader>();
  auto reloaded = reloader != nullptr ? reloader->Reload() : ReloadInMemory(call.engine());
  if (reloaded) return reply.Ok();
  const Error& error = reloaded.error();
  if (error.code == ErrorCode::kReplyError) return reply.Error(error);
  reply.Error("ERR " + error.detail);
}

void Debug(Call& call, Reply& reply) {
  if (call.Is(1, "SLEEP") && call.argc() == 3) return DebugSleep(call, reply);
  if (call.Is(1, "OBJECT") && call.argc() >= 3) return DebugObject(call, reply);
  if (call.Is(1, "DIGEST") && call.argc() == 2) {
    return reply.Status(DigestText(KeyspaceDigest(call.engine().keyspace())));
  }
  if (call.Is(1, "DIGEST-VALUE") && call.argc() >= 2) return DebugDigestValue(call, reply);
  if (call.Is(1, "RELOAD")) return DebugReload(call, reply);
  if (call.Is(1, "SET-ACTIVE-EXPIRE") && call.argc() == 3) {
    call.engine().config().active_expire = call.arg(2) != "0";
    return reply.Ok();
  }
  // Accepted and without effect: there is nothing of the kind to switch here.
  for (std::string_view name : {"JMAP", "CHANGE-REPL-ID", "QUICKLIST-PACKED-THRESHOLD"}) {
    if (call.Is(1, name)) return reply.Ok();
  }
  reply.Error(call.SubcommandText());
}

constexpr Command kCommandCommands[] = {
    {.name = "COUNT",
     .arity = 2,
     .flags = kLoading | kStale,
     .categories = kCatConnection,
     .run = CommandCount,
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Counts the commands."},
    {.name = "DOCS",
     .arity = -2,
     .flags = kLoading | kStale | kNondeterministicOutputOrder,
     .categories = kCatConnection,
     .run = CommandDocs,
     .since = "7.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Describes commands for people."},
    {.name = "GETKEYS",
     .arity = -4,
     .flags = kLoading | kStale,
     .categories = kCatConnection,
     .run = CommandGetkeys,
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Returns the keys of a command line."},
    {.name = "GETKEYSANDFLAGS",
     .arity = -4,
     .flags = kLoading | kStale,
     .categories = kCatConnection,
     .run = CommandGetkeysandflags,
     .since = "7.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Returns the keys of a command line and how they are used."},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .categories = kCatConnection,
     .run = ReplyHelp,
     .since = "5.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "INFO",
     .arity = -2,
     .flags = kLoading | kStale | kNondeterministicOutputOrder,
     .categories = kCatConnection,
     .run = CommandInfo,
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Describes commands for programs."},
    {.name = "LIST",
     .arity = -2,
     .flags = kLoading | kStale | kNondeterministicOutputOrder,
     .categories = kCatConnection,
     .run = CommandList,
     .since = "7.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Lists the names of commands."},
};
static_assert(RowsAreSound(kCommandCommands));

constexpr Command kConfigCommands[] = {
    {.name = "GET",
     .arity = -3,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = ConfigGet,
     .since = "2.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Returns parameters that match patterns."},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = ReplyHelp,
     .since = "5.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "RESETSTAT",
     .arity = 2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = ConfigResetstat,
     .since = "2.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Sets the statistics to zero."},
    {.name = "REWRITE",
     .arity = 2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = ConfigRewrite,
     .since = "2.8.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Writes changed parameters to the configuration file."},
    {.name = "SET",
     .arity = -4,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = ConfigSet,
     .since = "2.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Changes parameters.",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
};
static_assert(RowsAreSound(kConfigCommands));

constexpr Command kLatencyCommands[] = {
    {.name = "DOCTOR",
     .arity = 2,
     .flags = kAdmin | kNoScript | kLoading | kStale | kNondeterministicOutput,
     .run = LatencyDoctor,
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Explains latency events.",
     .tips = "nondeterministic_output request_policy:all_nodes response_policy:special"},
    {.name = "GRAPH",
     .arity = 3,
     .flags = kAdmin | kNoScript | kLoading | kStale | kNondeterministicOutput,
     .run = LatencyGraph,
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Draws the latency of an event.",
     .tips = "nondeterministic_output request_policy:all_nodes response_policy:special"},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = ReplyHelp,
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "HISTOGRAM",
     .arity = -2,
     .flags = kAdmin | kNoScript | kLoading | kStale | kNondeterministicOutput,
     .run = LatencyHistogram,
     .since = "7.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Returns the latency distribution of commands.",
     .tips = "nondeterministic_output request_policy:all_nodes response_policy:special"},
    {.name = "HISTORY",
     .arity = 3,
     .flags = kAdmin | kNoScript | kLoading | kStale | kNondeterministicOutput,
     .run = LatencyHistory,
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Returns the latencies of an event.",
     .tips = "nondeterministic_output request_policy:all_nodes response_policy:special"},
    {.name = "LATEST",
     .arity = 2,
     .flags = kAdmin | kNoScript | kLoading | kStale | kNondeterministicOutput,
     .run = LatencyLatest,
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Returns the latest latency of each event.",
     .tips = "nondeterministic_output request_policy:all_nodes response_policy:special"},
    {.name = "RESET",
     .arity = -2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = LatencyReset,
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Forgets latency events.",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
};
static_assert(RowsAreSound(kLatencyCommands));

constexpr Command kMemoryCommands[] = {
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = ReplyHelp,
     .since = "4.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "PURGE",
     .arity = 2,
     .run = MemoryPurge,
     .since = "4.0.0",
     .group = "server",
     .complexity = "",
     .summary = "Returns unused memory to the system.",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "USAGE",
     .arity = -3,
     .flags = kReadonly,
     .keys = {KeyAt(2, kRO)},
     .run = MemoryUsage,
     .since = "4.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Returns the bytes that a key takes."},
};
static_assert(RowsAreSound(kMemoryCommands));

constexpr Command kSlowlogCommands[] = {
    {.name = "GET",
     .arity = -2,
     .flags = kAdmin | kLoading | kStale | kNondeterministicOutput,
     .run = SlowlogGet,
     .since = "2.2.12",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Returns the slowest commands of late.",
     .tips = "request_policy:all_nodes nondeterministic_output"},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = ReplyHelp,
     .since = "6.2.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "LEN",
     .arity = 2,
     .flags = kAdmin | kLoading | kStale | kNondeterministicOutput,
     .run = SlowlogLen,
     .since = "2.2.12",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Counts the entries of the slow log.",
     .tips = "request_policy:all_nodes response_policy:agg_sum nondeterministic_output"},
    {.name = "RESET",
     .arity = 2,
     .flags = kAdmin | kLoading | kStale,
     .run = SlowlogReset,
     .since = "2.2.12",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Empties the slow log.",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
};
static_assert(RowsAreSound(kSlowlogCommands));

constexpr Command kServerCommands[] = {
    {.name = "COMMAND",
     .arity = -1,
     .flags = kLoading | kStale | kNondeterministicOutputOrder,
     .categories = kCatConnection,
     .run = CommandAll,
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Describes every command.",
     .subcommands = kCommandCommands},
    {.name = "CONFIG",
     .arity = -2,
     .since = "2.0.0",
     .group = "server",
     .complexity = "",
     .summary = "Reads and changes parameters.",
     .subcommands = kConfigCommands},
    {.name = "DBSIZE",
     .arity = 1,
     .flags = kReadonly | kFast,
     .categories = kCatKeyspace,
     .run = Dbsize,
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Counts the keys of the database.",
     .tips = "request_policy:all_shards response_policy:agg_sum"},
    {.name = "DEBUG",
     .arity = -2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = Debug,
     .since = "1.0.0",
     .group = "server",
     .complexity = "",
     .summary = "Looks inside the store; for tests."},
    {.name = "FLUSHALL",
     .arity = -1,
     .flags = kWrite,
     .categories = kCatKeyspace | kCatDangerous,
     .run = Flushall,
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Removes the keys of all databases.",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "FLUSHDB",
     .arity = -1,
     .flags = kWrite,
     .categories = kCatKeyspace | kCatDangerous,
     .run = Flushdb,
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Removes the keys of the database.",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "INFO",
     .arity = -1,
     .flags = kLoading | kStale | kNondeterministicOutput,
     .categories = kCatDangerous,
     .run = Info,
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Describes the state of the store.",
     .tips = "nondeterministic_output request_policy:all_shards response_policy:special"},
    {.name = "LATENCY",
     .arity = -2,
     .since = "2.8.13",
     .group = "server",
     .complexity = "",
     .summary = "Looks at latency events.",
     .subcommands = kLatencyCommands},
    {.name = "MEMORY",
     .arity = -2,
     .since = "4.0.0",
     .group = "server",
     .complexity = "",
     .summary = "Looks at the use of memory.",
     .subcommands = kMemoryCommands},
    {.name = "MONITOR",
     .arity = 1,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = Monitor,
     .since = "1.0.0",
     .group = "server",
     .complexity = "",
     .summary = "Shows every command that is run."},
    {.name = "ROLE",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast,
     .categories = kCatDangerous,
     .run = Role,
     .since = "2.8.12",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Returns the role in replication: always master."},
    {.name = "SLOWLOG",
     .arity = -2,
     .since = "2.2.12",
     .group = "server",
     .complexity = "",
     .summary = "Looks at slow commands.",
     .subcommands = kSlowlogCommands},
    {.name = "SWAPDB",
     .arity = 3,
     .flags = kWrite | kFast,
     .categories = kCatKeyspace | kCatDangerous,
     .run = Swapdb,
     .since = "4.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Swaps two databases."},
    {.name = "TIME",
     .arity = 1,
     .flags = kLoading | kStale | kFast | kNondeterministicOutput,
     .run = Time,
     .since = "2.6.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Returns the time."},
};
static_assert(RowsAreSound(kServerCommands));

}  // namespace

std::span<const Command> ServerCommands() { return kServerCommands; }

std::span<const std::span<const Command>> EngineCommandTables() {
  static const std::span<const Command> tables[] = {
      StringCommands(), LcsCommands(),        KeyCommands(),       HashCommands(),
      ListCommands(),   SetCommands(),        SortedSetCommands(), TransactionCommands(),
      PubSubCommands(), ConnectionCommands(), ServerCommands(),    DumpCommands(),
      AclCommands(),
  };
  return tables;
}

}  // namespace satchel::engine
