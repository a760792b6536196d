#include "engine/commands/info.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "engine/config_file.h"
#include "engine/pubsub.h"

namespace satchel::engine {

std::string HumanBytes(std::uint64_t bytes) {
  char text[32];
  const auto value = static_cast<double>(bytes);
  if (bytes < 1024) {
    std::snprintf(text, sizeof text, "%lluB", static_cast<unsigned long long>(bytes));
  } else if (bytes < 1024 * 1024) {
    std::snprintf(text, sizeof text, "%.2fK", value / 1024);
  } else if (bytes < 1024ull * 1024 * 1024) {
    std::snprintf(text, sizeof text, "%.2fM", value / (1024 * 1024));
  } else {
    std::snprintf(text, sizeof text, "%.2fG", value / (1024.0 * 1024 * 1024));
  }
  return text;
}

namespace {

class Lines {
 public:
  explicit Lines(std::string& out) : out_(out) {}
  void Add(std::string_view name, std::string_view value) {
    out_.append(name).append(":").append(value).append("\r\n");
  }
  void Add(std::string_view name, std::int64_t value) { Add(name, FormatInt(value)); }
  void Add(std::string_view name, std::uint64_t value) {
    Add(name, static_cast<std::int64_t>(value));
  }
  void Add(std::string_view name, int value) { Add(name, std::int64_t{value}); }
  void AddFixed(std::string_view name, double value) {
    char text[48];
    std::snprintf(text, sizeof text, "%.2f", value);
    Add(name, text);
  }

 private:
  std::string& out_;
};

// Of what does not exist here, and is therefore nothing.
void AddZeros(Lines& lines, std::initializer_list<std::string_view> names) {
  for (std::string_view name : names) lines.Add(name, 0);
}

std::string SystemName() {
  utsname system{};
  if (uname(&system) != 0) return "Linux";
  return std::string(system.sysname) + ' ' + system.release + ' ' + system.machine;
}

// The program that serves or holds the store.
std::string Executable() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  return size < 0 ? "satchel" : std::string(path, static_cast<std::size_t>(size));
}

std::string RunId(std::uint64_t id) {
  std::string text;
  AppendLe(text, id);
  const Sha1Digest digest = Sha1(text);
  return ToHex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

void Server(Engine& engine, Lines lines) {
  const std::int64_t uptime = (engine.now_ms() - engine.started_ms()) / 1000;
  lines.Add("redis_version", engine.config().announced_version);
  lines.Add("redis_git_sha1", "00000000");
  lines.Add("redis_git_dirty", "0");
  lines.Add("redis_build_id", "0");
  lines.Add("redis_mode", "standalone");
  static const std::string system = SystemName();
  lines.Add("os", system);
  lines.Add("arch_bits", "64");
  lines.Add("monotonic_clock", "cycle counter");
  lines.Add("multiplexing_api", "epoll");
  lines.Add("atomicvar_api", "c++");
  lines.Add("gcc_version", __VERSION__);
  lines.Add("process_id", static_cast<std::int64_t>(getpid()));
  lines.Add("process_supervised", "no");
  lines.Add("run_id", RunId(engine.run_id()));
  const SettingRow* port = engine.settings().Find("port");
  lines.Add("tcp_port", port == nullptr ? "0" : port->get());
  lines.Add("server_time_usec", engine.clock().NowUs());
  lines.Add("uptime_in_seconds", uptime);
  lines.Add("uptime_in_days", uptime / 86400);
  lines.Add("hz", engine.config().hz);
  lines.Add("configured_hz", engine.config().hz);
  lines.Add("lru_clock", (engine.now_ms() / 1000) & 0xFFFFFF);
  static const std::string executable = Executable();
  lines.Add("executable", executable);
  const auto* file = engine.Service<ConfigFile>();
  lines.Add("config_file", file == nullptr ? "" : file->path());
  lines.Add("io_threads_active", 0);
}

void Clients(Engine& engine, Lines lines) {
  lines.Add("connected_clients", static_cast<std::uint64_t>(engine.sessions().clients()));
  lines.Add("cluster_connections", 0);
  const SettingRow* limit = engine.settings().Find("maxclients");
  lines.Add("maxclients", limit == nullptr ? "0" : limit->get());
  lines.Add("blocked_clients", static_cast<std::uint64_t>(engine.blocked_clients()));
  lines.Add("tracking_clients", static_cast<std::uint64_t>(engine.tracking().clients()));
  lines.Add("clients_in_timeout_table", 0);
  std::uint64_t subscribers = 0;
  std::uint64_t watching = 0;
  for (const Session* session : engine.sessions().all()) {
    if (session->peer == nullptr) continue;
    if (session->subscribed()) ++subscribers;
    if (!session->watched.empty()) ++watching;
  }
  lines.Add("pubsub_clients", subscribers);
  lines.Add("watching_clients", watching);
  lines.Add("total_watched_keys", static_cast<std::uint64_t>(engine.watched_keys()));
  lines.Add("total_blocking_keys", static_cast<std::uint64_t>(engine.blocking_keys()));
}

void Memory(Engine& engine, Lines lines) {
  const ProcessMemory& process = engine.process_memory();
  const std::size_t used = engine.used_memory();
  const std::size_t peak = std::max(used, engine.stats().peak_memory);
  const std::size_t dataset = engine.heap().used_bytes();
  const std::size_t startup = engine.startup_memory();
  const auto limit = static_cast<std::uint64_t>(engine.config().max_memory);
  const Heap& heap = engine.heap();
  // The regions of small blocks are ours, not the allocator's.
  const std::size_t active = process.active + heap.mapped_bytes();
  const std::size_t resident = process.resident + heap.mapped_bytes();
  const auto bytes = [&](std::string_view name, std::size_t value) {
    lines.Add(name, std::uint64_t{value});
    lines.Add(std::string(name) + "_human", HumanBytes(value));
  };
  const auto percent = [](std::size_t part, std::size_t whole) {
    char text[32];
    const double ratio = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
    std::snprintf(text, sizeof text, "%.2f%%", 100 * ratio);
    return std::string(text);
  };
  const auto ratio = [&](std::string_view name, std::size_t above, std::size_t below) {
    lines.AddFixed(name, below == 0 ? 0 : static_cast<double>(above) / static_cast<double>(below));
  };
  const auto difference = [&](std::string_view name, std::size_t above, std::size_t below) {
    lines.Add(name, static_cast<std::int64_t>(above) - static_cast<std::int64_t>(below));
  };
  bytes("used_memory", used);
  bytes("used_memory_rss", process.rss);
  bytes("used_memory_peak", peak);
  lines.Add("used_memory_peak_perc", percent(used, peak));
  lines.Add("used_memory_overhead", std::uint64_t{used - dataset});
  lines.Add("used_memory_startup", std::uint64_t{startup});
  lines.Add("used_memory_dataset", std::uint64_t{dataset});
  lines.Add("used_memory_dataset_perc", percent(dataset, used - std::min(used, startup)));
  lines.Add("allocator_allocated", std::uint64_t{used});
  lines.Add("allocator_active", std::uint64_t{active});
  lines.Add("allocator_resident", std::uint64_t{resident});
  bytes("total_system_memory", process.total);
  bytes("maxmemory", limit);
  lines.Add("maxmemory_policy",
            kEvictionPolicyNames[static_cast<std::size_t>(engine.config().eviction.policy)]);
  ratio("allocator_frag_ratio", active, used);
  difference("allocator_frag_bytes", active, used);
  ratio("allocator_rss_ratio", resident, active);
  difference("allocator_rss_bytes", resident, active);
  ratio("rss_overhead_ratio", process.rss, resident);
  difference("rss_overhead_bytes", process.rss, resident);
  ratio("mem_fragmentation_ratio", process.rss, used);
  difference("mem_fragmentation_bytes", process.rss, used);
  lines.Add("mem_not_counted_for_evict", 0);
  lines.Add("mem_replication_backlog", 0);
  lines.Add("mem_total_replication_buffers", 0);
  lines.Add("mem_clients_slaves", 0);
  std::uint64_t clients = 0;
  for (const Session* session : engine.sessions().all()) {
    if (session->peer != nullptr) clients += session->MemoryBytes();
  }
  lines.Add("mem_clients_normal", clients);
  lines.Add("mem_cluster_links", 0);
  lines.Add("mem_aof_buffer", 0);
  lines.Add("mem_allocator", process.allocator);
  lines.Add("active_defrag_running", 0);
  lines.Add("lazyfree_pending_objects",
            static_cast<std::uint64_t>(engine.keyspace().reaper().pending()));
  lines.Add("lazyfreed_objects", engine.keyspace().reaper().freed());
}

void Persistence(Engine& engine, Lines lines) {
  lines.Add("loading", engine.loading() ? 1 : 0);
  lines.Add("async_loading", 0);
  AddZeros(lines,
           {"current_cow_peak", "current_cow_size", "current_cow_size_age", "rdb_last_cow_size",
            "aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size"});
  lines.Add("rdb_changes_since_last_save", engine.stats().changes);
}

void StatsSection(Engine& engine, Lines lines) {
  const Stats& stats = engine.stats();
  lines.Add("total_connections_received", stats.connections);
  lines.Add("total_commands_processed", stats.commands);
  lines.Add("instantaneous_ops_per_sec",
            static_cast<std::int64_t>(stats.commands_rate.per_second()));
  lines.Add("total_net_input_bytes", stats.net_input_bytes);
  lines.Add("total_net_output_bytes", stats.net_output_bytes);
  AddZeros(lines, {"total_net_repl_input_bytes", "total_net_repl_output_bytes"});
  lines.AddFixed("instantaneous_input_kbps", stats.input_rate.per_second() / 1024);
  lines.AddFixed("instantaneous_output_kbps", stats.output_rate.per_second() / 1024);
  lines.AddFixed("instantaneous_input_repl_kbps", 0);
  lines.AddFixed("instantaneous_output_repl_kbps", 0);
  lines.Add("rejected_connections", stats.rejected_connections);
  lines.Add("sync_full", 0);
  lines.Add("sync_partial_ok", 0);
  lines.Add("sync_partial_err", 0);
  lines.Add("expired_keys", stats.expired_keys);
  lines.AddFixed("expired_stale_perc", 0);  // they are found by their deadlines
  lines.Add("expired_time_cap_reached_count", 0);
  lines.Add("expired_subkeys", stats.expired_fields);
  lines.Add("evicted_keys", stats.evicted_keys);
  lines.Add("evicted_clients", stats.evicted_clients);
  lines.Add("keyspace_hits", stats.keyspace_hits);
  lines.Add("keyspace_misses", stats.keyspace_misses);
  lines.Add("pubsub_channels", static_cast<std::uint64_t>(engine.pubsub().channels()));
  lines.Add("pubsub_patterns", static_cast<std::uint64_t>(engine.pubsub().patterns()));
  lines.Add("pubsubshard_channels", static_cast<std::uint64_t>(engine.pubsub().shard_channels()));
  AddZeros(lines, {"latest_fork_usec", "total_forks", "migrate_cached_sockets",
                   "slave_expires_tracked_keys", "active_defrag_hits", "active_defrag_misses",
                   "active_defrag_key_hits", "active_defrag_key_misses", "total_active_defrag_time",
                   "current_active_defrag_time"});
  lines.Add("tracking_total_keys", static_cast<std::uint64_t>(engine.tracking().keys()));
  lines.Add("tracking_total_items", static_cast<std::uint64_t>(engine.tracking().items()));
  lines.Add("tracking_total_prefixes", static_cast<std::uint64_t>(engine.tracking().prefixes()));
  lines.Add("total_error_replies", stats.error_replies);
  lines.Add("unexpected_error_replies", 0);
  lines.Add("dump_payload_sanitizations", stats.payload_checks);
  lines.Add("total_reads_processed", stats.reads);
  lines.Add("total_writes_processed", stats.writes);
  AddZeros(lines, {"io_threaded_reads_processed", "io_threaded_writes_processed"});
  lines.Add("client_query_buffer_limit_disconnections", stats.input_limit_disconnections);
  lines.Add("client_output_buffer_limit_disconnections", stats.output_limit_disconnections);
  lines.Add("acl_access_denied_auth", stats.denied_logins);
  lines.Add("acl_access_denied_cmd", stats.denied_commands);
  lines.Add("acl_access_denied_key", stats.denied_keys);
  lines.Add("acl_access_denied_channel", stats.denied_channels);
}

void Replication(Engine&, Lines lines) {
  lines.Add("role", "master");
  lines.Add("connected_slaves", 0);
  lines.Add("master_failover_state", "no-failover");
  lines.Add("master_replid", std::string(40, '0'));
  lines.Add("master_replid2", std::string(40, '0'));
  lines.Add("master_repl_offset", 0);
  lines.Add("second_repl_offset", -1);
  AddZeros(lines, {"repl_backlog_active", "repl_backlog_size", "repl_backlog_first_byte_offset",
                   "repl_backlog_histlen"});
}

void Nothing(Engine&, Lines) {}

void CommandStatsSection(Engine& engine, Lines lines) {
  for (std::size_t i = 0; i < engine.commands().indexes(); ++i) {
    const Command& command = engine.commands().at(i);
    const CommandStats& stats = engine.command_stats(command);
    if (stats.calls == 0 && stats.rejected == 0 && stats.failed == 0) continue;
    char text[160];
    std::snprintf(
        text, sizeof text,
        "calls=%llu,usec=%llu,usec_per_call=%.2f,rejected_calls=%llu,failed_calls=%llu",
        static_cast<unsigned long long>(stats.calls), static_cast<unsigned long long>(stats.usec),
        stats.calls == 0 ? 0.0 : static_cast<double>(stats.usec) / static_cast<double>(stats.calls),
        static_cast<unsigned long long>(stats.rejected),
        static_cast<unsigned long long>(stats.failed));
    lines.Add("cmdstat_" + CommandTable::FullName(command), text);
  }
}

void ErrorStats(Engine& engine, Lines lines) {
  for (const auto& [code, count] : engine.stats().errors) {
    lines.Add("errorstat_" + code, "count=" + FormatInt(static_cast<std::int64_t>(count)));
  }
}

// "p50=9.023,p99=9.023": microseconds.
void LatencyStats(Engine& engine, Lines lines) {
  for (std::size_t i = 0; i < engine.commands().indexes(); ++i) {
    const Command& command = engine.commands().at(i);
    const LatencyHistogram& histogram = engine.latency_of(command);
    if (histogram.count() == 0) continue;
    std::string text;
    for (double percent : engine.config().latency_percentiles) {
      char value[64];
      std::snprintf(value, sizeof value, "=%.3f",
                    static_cast<double>(histogram.Percentile(percent)) / 1000);
      text += (text.empty() ? "p" : ",p") + ShortNumber(percent) + value;
    }
    lines.Add("latency_percentiles_usec_" + CommandTable::FullName(command), text);
  }
}

void Cluster(Engine&, Lines lines) { lines.Add("cluster_enabled", 0); }

void KeyspaceSection(Engine& engine, Lines lines) {
  for (int i = 0; i < engine.keyspace().databases(); ++i) {
    const Database& db = engine.keyspace().db(i);
    if (db.table.empty()) continue;
    lines.Add("db" + FormatInt(i),
              "keys=" + FormatInt(static_cast<std::int64_t>(db.table.size())) + ",expires=" +
                  FormatInt(static_cast<std::int64_t>(db.with_deadline)) + ",avg_ttl=0,subexpiry=" +
                  FormatInt(static_cast<std::int64_t>(db.with_field_deadlines)));
  }
}

struct Section {
  std::string_view name;
  std::string_view title;
  bool by_default;
  void (*print)(Engine&, Lines);
};

constexpr Section kSections[] = {
    {"server", "Server", true, Server},
    {"clients", "Clients", true, Clients},
    {"memory", "Memory", true, Memory},
    {"persistence", "Persistence", true, Persistence},
    {"stats", "Stats", true, StatsSection},
    {"replication", "Replication", true, Replication},
    {"cpu", "CPU", true, Nothing},
    {"modules", "Modules", true, Nothing},
    {"commandstats", "Commandstats", false, CommandStatsSection},
    {"errorstats", "Errorstats", true, ErrorStats},
    {"latencystats", "Latencystats", false, LatencyStats},
    {"cluster", "Cluster", true, Cluster},
    {"keyspace", "Keyspace", true, KeyspaceSection},
};

std::string Capitalised(std::string_view name) {
  std::string title(name);
  if (!title.empty()) title[0] = static_cast<char>(std::toupper(title[0]));
  return title;
}

// The lines that other folders add to a section.
void PrintAdded(Engine& engine, std::string_view name, std::string& out) {
  for (const InfoSection& section : engine.info_sections()) {
    if (section.name == name) section.print(engine, out);
  }
}

bool IsOwn(std::string_view name) {
  return std::any_of(std::begin(kSections), std::end(kSections),
                     [&](const Section& section) { return section.name == name; });
}

}  // namespace

void Info(Call& call, Reply& reply) {
  Engine& engine = call.engine();
  bool all = false;
  bool defaults = call.argc() == 1;
  std::set<std::string> wanted;
  for (std::size_t i = 1; i < call.argc(); ++i) {
    const std::string name = ToLower(call.arg(i));
    all = all || name == "all" || name == "everything";
    defaults = defaults || name == "default";
    wanted.insert(name);
  }
  std::string out;
  const auto begin = [&](std::string_view title) {
    if (!out.empty()) out += "\r\n";
    out.append("# ").append(title).append("\r\n");
  };
  const auto selected = [&](std::string_view name, bool by_default) {
    return all || (defaults && by_default) || wanted.contains(std::string(name));
  };
  for (const Section& section : kSections) {
    if (!selected(section.name, section.by_default)) continue;
    begin(section.title);
    section.print(engine, Lines(out));
    PrintAdded(engine, section.name, out);
  }
  for (const InfoSection& section : engine.info_sections()) {
    if (IsOwn(section.name) || !selected(section.name, section.by_default)) continue;
    begin(Capitalised(section.name));
    section.print(engine, out);
  }
  reply.Verbatim("txt", out);
}

}  // namespace satchel::engine
