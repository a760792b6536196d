// Commands about the store as a whole. Source: redis 7.0.15, the commands of the same names.

#include <condition_variable>
#include <mutex>

#include "engine/call.h"
#include "engine/commands/command_info.h"
#include "engine/commands/families.h"
#include "engine/commands/help.h"
#include "engine/commands/info.h"
#include "engine/config_file.h"
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
  const auto fits = [](std::optional<std::int64_t> db) {
    return db && *db == static_cast<int>(*db);
  };
  const auto first = ParseInt(call.arg(1));
  if (!fits(first)) return reply.Error("ERR invalid first DB index");
  const auto second = ParseInt(call.arg(2));
  if (!fits(second)) return reply.Error("ERR invalid second DB index");
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
      if (*row->alias != '\0' && GlobMatch(pattern, row->alias, true)) add(row->alias, row);
    }
  }
  reply.BeginMap(found.size());
  for (const auto& [name, row] : found) {
    reply.Bulk(name);
    reply.Bulk(row->get());
  }
}

std::string SetFailure(std::string_view name, std::string_view reason) {
  return "ERR CONFIG SET failed (possibly related to argument '" + Printed(name) + "') - " +
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
                         Printed(call.arg(i)) + "'");
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

void ConfigRewrite(Call& call, Reply& reply) {
  auto* file = call.engine().Service<ConfigFile>();
  if (file == nullptr) return reply.Error("ERR The server is running without a config file");
  if (auto written = file->Rewrite(); !written) {
    return reply.Error("ERR Rewriting CONFIG file: " + written.error().detail);
  }
  reply.Ok();
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

void MemoryDoctor(Call& call, Reply& reply) {
  Engine& engine = call.engine();
  const auto used = static_cast<std::int64_t>(engine.heap().used_bytes());
  const std::int64_t limit = engine.config().max_memory;
  std::string text = "The data take " + FormatInt(used) + " bytes, " +
                     FormatInt(static_cast<std::int64_t>(engine.stats().peak_memory)) +
                     " at their peak. ";
  text += limit == 0 ? "There is no memory limit; see maxmemory."
                     : "The limit is " + FormatInt(limit) + " bytes.";
  reply.Verbatim("txt", text + "\n");
}

void MemoryMallocStats(Call& call, Reply& reply) {
  const Heap& heap = call.engine().heap();
  reply.Verbatim("txt", "Bytes of the data's blocks: " +
                            FormatInt(static_cast<std::int64_t>(heap.used_bytes())) + "\n");
}

// The fields that have a meaning here, under the names that redis gives them.
void MemoryStats(Call& call, Reply& reply) {
  Engine& engine = call.engine();
  const auto used = static_cast<std::int64_t>(engine.heap().used_bytes());
  const auto peak = std::max(used, static_cast<std::int64_t>(engine.stats().peak_memory));
  std::int64_t keys = 0;
  std::int64_t clients = 0;
  std::vector<int> databases;
  for (int i = 0; i < engine.keyspace().databases(); ++i) {
    const auto size = static_cast<std::int64_t>(engine.keyspace().db(i).table.size());
    keys += size;
    if (size > 0) databases.push_back(i);
  }
  for (const Session* session : engine.sessions().all()) {
    if (session->kind != Session::Kind::kClient) continue;
    clients += static_cast<std::int64_t>(session->MemoryBytes());
  }
  const auto table_bytes = [&](int db) {
    return static_cast<std::int64_t>(engine.keyspace().db(db).table.size() * sizeof(Entry*));
  };
  std::int64_t overhead = clients;
  for (int db : databases) overhead += table_bytes(db);
  const std::int64_t data = std::max<std::int64_t>(0, used - overhead);
  const auto integer = [&](std::string_view name, std::int64_t value) {
    reply.Bulk(name);
    reply.Integer(value);
  };
  const auto percent = [&](std::string_view name, std::int64_t part, std::int64_t whole) {
    reply.Bulk(name);
    reply.Double(whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
  };
  reply.BeginMap(16 + databases.size());
  integer("peak.allocated", peak);
  integer("total.allocated", used);
  integer("startup.allocated", 0);
  integer("replication.backlog", 0);
  integer("clients.slaves", 0);
  integer("clients.normal", clients);
  integer("cluster.links", 0);
  integer("aof.buffer", 0);
  integer("lua.caches", 0);
  integer("functions.caches", 0);
  for (int db : databases) {
    reply.Bulk("db." + FormatInt(db));
    reply.BeginMap(3);
    integer("overhead.hashtable.main", table_bytes(db));
    integer("overhead.hashtable.expires", 0);
    integer("overhead.hashtable.slot-to-keys", 0);
  }
  integer("overhead.total", overhead);
  integer("keys.count", keys);
  integer("keys.bytes-per-key", keys == 0 ? 0 : used / keys);
  integer("dataset.bytes", data);
  percent("dataset.percentage", data, used);
  percent("peak.percentage", used, peak);
}

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

// --- LATENCY -------------------------------------------------------------------------------

void LatencyLatest(Call& call, Reply& reply) {
  const auto& events = call.engine().latency().all();
  reply.BeginArray(events.size());
  for (const auto& [name, event] : events) {
    reply.BeginArray(4);
    reply.Bulk(name);
    reply.Integer(event.samples.back().unix_s);
    reply.Integer(event.samples.back().ms);
    reply.Integer(event.max_ms);
  }
}

void LatencyHistory(Call& call, Reply& reply) {
  const LatencyEvents::Event* event = call.engine().latency().Find(call.arg(2));
  if (event == nullptr) return reply.BeginArray(0);
  reply.BeginArray(event->samples.size());
  for (const LatencyEvents::Sample& sample : event->samples) {
    reply.BeginArray(2);
    reply.Integer(sample.unix_s);
    reply.Integer(sample.ms);
  }
}

void LatencyReset(Call& call, Reply& reply) {
  LatencyEvents& events = call.engine().latency();
  std::size_t count = call.argc() == 2 ? events.Reset() : 0;
  for (std::size_t i = 2; i < call.argc(); ++i) count += events.Reset(call.arg(i)) ? 1 : 0;
  reply.Integer(static_cast<std::int64_t>(count));
}

void LatencyDoctor(Call& call, Reply& reply) {
  const LatencyEvents& events = call.engine().latency();
  if (events.threshold_ms == 0) {
    return reply.Verbatim("txt",
                          "Latency is not monitored. Turn it on with CONFIG SET "
                          "latency-monitor-threshold <milliseconds>.\n");
  }
  if (events.all().empty()) {
    return reply.Verbatim("txt", "Nothing took longer than " + FormatInt(events.threshold_ms) +
                                     " ms since the monitor was turned on.\n");
  }
  std::string text;
  for (const auto& [name, event] : events.all()) {
    std::int64_t sum = 0;
    for (const LatencyEvents::Sample& sample : event.samples) sum += sample.ms;
    const auto count = static_cast<std::int64_t>(event.samples.size());
    text += name + ": " + FormatInt(count) + " slow seconds, " + FormatInt(sum / count) +
            " ms on average, " + FormatInt(event.max_ms) + " ms at worst.\n";
  }
  reply.Verbatim("txt", text + "SLOWLOG GET shows the commands; LATENCY HISTORY the seconds.\n");
}

void LatencyGraph(Call& call, Reply& reply) {
  const LatencyEvents::Event* event = call.engine().latency().Find(call.arg(2));
  if (event == nullptr) {
    return reply.Error("ERR No samples available for event '" + Printed(call.arg(2)) + "'");
  }
  reply.Verbatim("txt", DrawLatency(call.arg(2), *event, call.now_ms() / 1000));
}

// The commands that were named, subcommands of a container included, or all.
void LatencyHistogram(Call& call, Reply& reply) {
  const CommandTable& table = call.engine().commands();
  std::vector<const Command*> wanted;
  const auto add = [&](const Command& command) {
    if (call.engine().latency_of(command).count() > 0) wanted.push_back(&command);
    for (const Command& row : command.subcommands) {
      if (call.engine().latency_of(row).count() > 0) wanted.push_back(&row);
    }
  };
  if (call.argc() == 2) {
    for (const Command* command : table.all()) add(*command);
  }
  for (std::size_t i = 2; i < call.argc(); ++i) {
    const std::size_t bar = call.arg(i).find('|');
    const Command* command = table.Find(call.arg(i).substr(0, bar));
    if (command != nullptr && bar != std::string_view::npos) {
      command = CommandTable::FindSubcommand(*command, call.arg(i).substr(bar + 1));
    }
    if (command != nullptr) add(*command);
  }
  reply.BeginMap(wanted.size());
  for (const Command* command : wanted) {
    const auto& histogram = call.engine().latency_of(*command);
    const auto bounds = histogram.Cumulative();
    reply.Bulk(CommandTable::FullName(*command));
    reply.BeginMap(2);
    reply.Bulk("calls");
    reply.Integer(static_cast<std::int64_t>(histogram.count()));
    reply.Bulk("histogram_usec");
    reply.BeginMap(bounds.size());
    for (const auto& [usec, count] : bounds) {
      reply.Integer(usec);
      reply.Integer(static_cast<std::int64_t>(count));
    }
  }
}

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

// One reply of each kind.
void DebugProtocol(Call& call, Reply& reply) {
  if (call.Is(2, "string")) return reply.Bulk("Hello World");
  if (call.Is(2, "integer")) return reply.Integer(12345);
  if (call.Is(2, "double")) return reply.Double(3.141);
  if (call.Is(2, "null")) return reply.Null();
  if (call.Is(2, "bignum")) return reply.BigNumber("1234567999999999999999999999999999999");
  if (call.Is(2, "verbatim")) return reply.Verbatim("txt", "This is a verbatim\nstring");
  if (call.Is(2, "true") || call.Is(2, "false")) return reply.Boolean(call.Is(2, "true"));
  if (call.Is(2, "map")) {
    reply.BeginMap(3);
    for (int i = 0; i < 3; ++i) {
      reply.Integer(i);
      reply.Boolean(i == 1);
    }
    return;
  }
  if (call.Is(2, "array") || call.Is(2, "set")) {
    reply.Begin(call.Is(2, "set") ? Aggregate::kSet : Aggregate::kArray, 3);
    for (int i = 0; i < 3; ++i) reply.Integer(i);
    return;
  }
  if (call.Is(2, "attrib")) return reply.Bulk("Some real reply following the attribute");
  if (call.Is(2, "push")) {
    if (!reply.is_resp3()) return reply.Error("ERR RESP2 is not supported by this command");
    reply.BeginPush(2);
    reply.Bulk("server-cpu-usage");
    return reply.Integer(42);
  }
  reply.Error(
      "ERR Wrong protocol type name. Please use one of the following: "
      "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false");
}

// Missing keys prefix:0, prefix:1, ... with values of a size.
void DebugPopulate(Call& call, Reply& reply) {
  const auto count = ParseInt(call.arg(2));
  if (!count || *count < 0) return reply.Error(kMustBePositive);
  std::int64_t size = -1;
  if (call.argc() == 5) {
    const auto wanted = ParseInt(call.arg(4));
    if (!wanted || *wanted < 0) return reply.Error(kMustBePositive);
    size = std::min(*wanted, call.engine().config().proto_max_bulk_len);
  }
  const std::string prefix(call.argc() >= 4 ? call.arg(3) : "key");
  for (std::int64_t i = 0; i < *count; ++i) {
    const std::string key = prefix + ":" + FormatInt(i);
    if (call.Look(key) != nullptr) continue;
    std::string value = "value:" + FormatInt(i);
    if (size >= 0) value.resize(static_cast<std::size_t>(size), '\0');
    call.SetString(key, value, Call::Ttl::kClear);
    call.Effect({"SET", key, value});
  }
  reply.Ok();
}

void DebugHtstats(Call& call, Reply& reply) {
  auto db = call.Integer(2);
  if (!db) return reply.Error(db.error());
  if (*db < 0 || *db >= call.engine().keyspace().databases()) {
    return reply.Error("ERR Out of range database");
  }
  const Database& found = call.engine().keyspace().db(static_cast<int>(*db));
  reply.Verbatim("txt",
                 "[Dictionary HT]\nHash table 0 stats (main hash table):\n number of "
                 "elements: " +
                     FormatInt(static_cast<std::int64_t>(found.table.size())) +
                     "\n[Expires HT]\nHash table 0 stats (main hash table):\n number of "
                     "elements: " +
                     FormatInt(static_cast<std::int64_t>(found.with_deadline)) + "\n");
}

void DebugHtstatsKey(Call& call, Reply& reply) {
  const Entry* entry = call.Look(call.arg(2));
  if (entry == nullptr) return reply.Error(kNoSuchKey);
  const std::string_view encoding = entry->encoding_name();
  if (encoding != "hashtable" && encoding != "skiplist") {
    return reply.Error(
        "ERR The value stored at the specified key is not represented using an hash table");
  }
  reply.Verbatim("txt", "Hash table 0 stats (main hash table):\n bytes: " +
                            FormatInt(static_cast<std::int64_t>(entry->MemoryBytes())) + "\n");
}

// The representation is told in the reply's shape only: nothing is printed anywhere.
void DebugRepresentation(Call& call, Reply& reply, std::string_view encoding,
                         std::string_view title) {
  const Entry* entry = call.Look(call.arg(2));
  if (entry == nullptr) return reply.Error(kNoSuchKey);
  if (entry->encoding_name() != encoding) {
    return reply.Error("ERR Not a " + std::string(encoding) + " encoded object.");
  }
  reply.Status(std::string(title) + " structure printed on stdout");
}

void DebugHelp(Reply& reply) {
  constexpr std::string_view kLines[] = {
      "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "CHANGE-REPL-ID",
      "    Does nothing: there is no replication.",
      "DIGEST",
      "    Digest of all data.",
      "DIGEST-VALUE <key> [<key> ...]",
      "    Digests of values.",
      "ERROR <string>",
      "    Replies with this error.",
      "HTSTATS <dbid>",
      "    Figures of a database's table.",
      "HTSTATS-KEY <key>",
      "    Figures of a value's table.",
      "JMAP",
      "    Does nothing.",
      "LISTPACK <key>",
      "    Whether the value is a listpack.",
      "LOG <message>",
      "    Does nothing.",
      "OBJECT <key>",
      "    Low-level figures of a value.",
      "POPULATE <count> [<prefix>] [<size>]",
      "    Makes keys.",
      "PROTOCOL <type>",
      "    Replies with a value of this type.",
      "QUICKLIST <key> [<0|1>]",
      "    Whether the value is a quicklist.",
      "QUICKLIST-PACKED-THRESHOLD <size>",
      "    Does nothing: elements of a list have one form.",
      "RELOAD",
      "    Saves and loads all data.",
      "SET-ACTIVE-EXPIRE <0|1>",
      "    Turns active expiry on or off.",
      "SET-DISABLE-DENY-SCRIPTS <0|1>",
      "    Does nothing: scripts never call what is not for scripts.",
      "SLEEP <seconds>",
      "    Stalls the store.",
      "STRINGMATCH-LEN <len> <pattern>",
      "    Matches a text of len letters.",
      "HELP",
      "    Prints this help.",
  };
  reply.BeginArray(std::size(kLines));
  for (std::string_view line : kLines) reply.Status(line);
}

struct DebugRow {
  std::string_view name;
  std::size_t min_args, max_args;
  void (*run)(Call& call, Reply& reply);
};

constexpr DebugRow kDebugRows[] = {
    {"SLEEP", 3, 3, DebugSleep},
    {"OBJECT", 3, 4, DebugObject},
    {"DIGEST", 2, 2,
     [](Call& call, Reply& reply) {
       reply.Status(DigestText(KeyspaceDigest(call.engine().keyspace())));
     }},
    {"DIGEST-VALUE", 2, SIZE_MAX, DebugDigestValue},
    {"RELOAD", 2, SIZE_MAX, DebugReload},
    {"PROTOCOL", 3, 3, DebugProtocol},
    {"POPULATE", 3, 5, DebugPopulate},
    {"HTSTATS", 3, 4, DebugHtstats},
    {"HTSTATS-KEY", 3, 4, DebugHtstatsKey},
    {"HELP", 2, 2, [](Call&, Reply& reply) { DebugHelp(reply); }},
    {"ERROR", 3, 3,
     [](Call& call, Reply& reply) {
       std::string text(call.arg(2));
       std::replace_if(
           text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
       reply.Error(text);
     }},
    {"LISTPACK", 3, 3,
     [](Call& call, Reply& reply) { DebugRepresentation(call, reply, "listpack", "Listpack"); }},
    {"QUICKLIST", 3, 4,
     [](Call& call, Reply& reply) { DebugRepresentation(call, reply, "quicklist", "Quicklist"); }},
    {"SET-ACTIVE-EXPIRE", 3, 3,
     [](Call& call, Reply& reply) {
       call.engine().config().active_expire = ParseInt(call.arg(2)).value_or(0) != 0;
       reply.Ok();
     }},
    {"STRINGMATCH-LEN", 4, 4,
     [](Call& call, Reply& reply) {
       auto size = call.Integer(2);
       if (!size) return reply.Error(size.error());
       constexpr std::int64_t kMax = 1 << 20;
       const std::string text(static_cast<std::size_t>(std::clamp<std::int64_t>(*size, 0, kMax)),
                              'a');
       reply.Integer(GlobMatch(call.arg(3), text) ? 1 : 0);
     }},
    {"QUICKLIST-PACKED-THRESHOLD", 3, 3,
     [](Call& call, Reply& reply) {
       const auto size = ParseMemorySize(call.arg(2));
       constexpr std::int64_t kMax = std::int64_t{1} << 32;
       if (!size || *size < 0 || *size > kMax) {
         return reply.Error(
             "ERR argument must be a memory value bigger than 1 and smaller than 4gb");
       }
       reply.Ok();
     }},
    // Accepted and without effect: there is nothing of the kind to switch here.
    {"JMAP", 2, 2, [](Call&, Reply& reply) { reply.Ok(); }},
    {"LOG", 3, 3, [](Call&, Reply& reply) { reply.Ok(); }},
    {"CHANGE-REPL-ID", 2, 2, [](Call&, Reply& reply) { reply.Ok(); }},
    {"SET-DISABLE-DENY-SCRIPTS", 3, 3, [](Call&, Reply& reply) { reply.Ok(); }},
    {"PAUSE-CRON", 3, 3, [](Call&, Reply& reply) { reply.Ok(); }},
};

void Debug(Call& call, Reply& reply) {
  for (const DebugRow& row : kDebugRows) {
    if (!call.Is(1, row.name)) continue;
    if (call.argc() >= row.min_args && call.argc() <= row.max_args) return row.run(call, reply);
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
    {.name = "DOCTOR",
     .arity = 2,
     .flags = kNondeterministicOutput,
     .run = MemoryDoctor,
     .since = "4.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Explains the use of memory.",
     .tips = "nondeterministic_output request_policy:all_shards response_policy:special"},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = ReplyHelp,
     .since = "4.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "MALLOC-STATS",
     .arity = 2,
     .flags = kNondeterministicOutput,
     .run = MemoryMallocStats,
     .since = "4.0.0",
     .group = "server",
     .complexity = "",
     .summary = "Describes the allocator.",
     .tips = "nondeterministic_output request_policy:all_shards response_policy:special"},
    {.name = "PURGE",
     .arity = 2,
     .run = MemoryPurge,
     .since = "4.0.0",
     .group = "server",
     .complexity = "",
     .summary = "Returns unused memory to the system.",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "STATS",
     .arity = 2,
     .flags = kNondeterministicOutput,
     .run = MemoryStats,
     .since = "4.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Returns figures about memory.",
     .tips = "nondeterministic_output request_policy:all_shards response_policy:special"},
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
      StringCommands(), BitmapCommands(),      LcsCommands(),       SortCommands(),
      KeyCommands(),    HashCommands(),        HashFieldCommands(), ListCommands(),
      SetCommands(),    SortedSetCommands(),   StreamCommands(),    HyperLogLogCommands(),
      GeoCommands(),    TransactionCommands(), PubSubCommands(),    ConnectionCommands(),
      ServerCommands(), DumpCommands(),        AclCommands(),       ReplicationCommands(),
  };
  return tables;
}

}  // namespace satchel::engine
