#include "server/metrics.h"

#include <fmt/format.h>

#include <vector>

namespace satchel::server {
namespace {

constexpr std::string_view kDriver = R"(store_driver="embedded")";

// Numbers of one moment.
struct Counts {
  struct Command {
    std::string name;
    std::uint64_t ok;
    std::uint64_t failed;
  };
  struct Database {
    int number;
    std::size_t keys;
    std::size_t with_ttl;
  };
  std::vector<Command> commands;
  std::vector<Database> databases;
  std::uint64_t rejected_connections = 0;
  std::uint64_t expired_keys = 0;
  std::uint64_t evicted_keys = 0;
};

Counts CountsOf(store::EmbeddedStore& store) {
  Counts counts;
  const ExecutionGuard guard(store.lock());
  engine::Engine& engine = store.engine();
  for (std::size_t i = 0; i < engine.commands().indexes(); ++i) {
    const engine::Command& command = engine.commands().at(i);
    const engine::CommandStats& stats = engine.command_stats(command);
    if (stats.calls == 0 && stats.rejected == 0) continue;
    counts.commands.push_back({engine::CommandTable::FullName(command), stats.calls - stats.failed,
                               stats.failed + stats.rejected});
  }
  for (int i = 0; i < engine.keyspace().databases(); ++i) {
    const engine::Database& db = engine.keyspace().db(i);
    if (db.table.empty() && i > 0) continue;
    counts.databases.push_back({i, db.table.size(), db.with_deadline});
  }
  counts.rejected_connections = engine.stats().rejected_connections;
  counts.expired_keys = engine.stats().expired_keys;
  counts.evicted_keys = engine.stats().evicted_keys;
  return counts;
}

class Text {
 public:
  void Family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP satchel_{0} {2}\n# TYPE satchel_{0} {1}\n", name, type, help);
  }
  template <class Number>
  void Add(std::string_view labels, Number value) {
    const bool has_labels = !labels.empty();
    text_ += fmt::format("satchel_{}{}{}{} {}\n", name_, has_labels ? "{" : "", labels,
                         has_labels ? "}" : "", value);
  }
  template <class Number>
  void One(std::string_view name, std::string_view type, std::string_view help, Number value) {
    Family(name, type, help);
    Add("", value);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string_view name_;
  std::string text_;
};

void AddSnapshots(Text& text, const store::Vitals& vitals, std::int64_t now_ms) {
  if (!vitals.keeps_data) return;
  text.Family("snapshots_total", "counter", "Snapshots that were written.");
  text.Add(R"(outcome="ok")", vitals.snapshots);
  text.One("snapshot_age_seconds", "gauge", "Since the last snapshot, or since the restore.",
           static_cast<double>(now_ms - vitals.last_snapshot_ms) / 1000);
  text.One("snapshot_last_success_timestamp_seconds", "gauge",
           "When the last snapshot was written, or the data restored.",
           static_cast<double>(vitals.last_snapshot_ms) / 1000);
  text.One("snapshot_size_bytes", "gauge", "Written by the last snapshot.", vitals.snapshot_bytes);
  text.One("snapshot_unsaved_changes", "gauge", "Changes since the last snapshot.",
           vitals.unsaved_changes);
}

}  // namespace

std::string MetricsText(store::EmbeddedStore& store, const Server& server) {
  const Counts counts = CountsOf(store);
  const store::Vitals vitals = store.ReadVitals();
  Text text;
  text.Family("commands_total", "counter", "Commands by what came of them.");
  for (const Counts::Command& command : counts.commands) {
    const auto add = [&](std::string_view status, std::uint64_t count) {
      if (count == 0) return;
      text.Add(fmt::format(R"(command="{}",status="{}",{})", command.name, status, kDriver), count);
    };
    add("ok", command.ok);
    add("error", command.failed);
  }
  text.One("connections", "gauge", "Clients that are connected.", server.connections());
  text.Family("connections_rejected_total", "counter", "Clients that were turned away.");
  text.Add(R"(reason="max_clients")", counts.rejected_connections);
  text.Family("keys", "gauge", "Keys of a database.");
  for (const Counts::Database& db : counts.databases) {
    text.Add(fmt::format("db=\"{}\"", db.number), db.keys);
  }
  text.Family("keys_with_ttl", "gauge", "Those of them that expire.");
  for (const Counts::Database& db : counts.databases) {
    text.Add(fmt::format("db=\"{}\"", db.number), db.with_ttl);
  }
  text.One("expired_keys_total", "counter", "Keys that expired.", counts.expired_keys);
  text.One("evicted_keys_total", "counter", "Keys that were evicted.", counts.evicted_keys);
  text.One("memory_used_bytes", "gauge", "What the data takes.", vitals.used_bytes);
  text.One("memory_limit_bytes", "gauge", "What it may take; 0: no limit.", vitals.max_bytes);
  AddSnapshots(text, vitals, store.clock().NowMs());
  return text.Take();
}

}  // namespace satchel::server
