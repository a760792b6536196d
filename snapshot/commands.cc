// SAVE, BGSAVE, LASTSAVE. Source: redis 7.0.15, the commands and parameters of the same names.

#include "snapshot/commands.h"

#include "engine/call.h"
#include "snapshot/error_text.h"
#include "snapshot/snapshotter.h"

namespace satchel::snapshot {
namespace {

using namespace engine;  // NOLINT: rows are written in the engine's words

void ReplyFailure(Reply& reply, const Error& error) {
  if (error.code == ErrorCode::kReplyError) return reply.Error(error);
  reply.Error("ERR " + error.detail);
}

void Save(Call& call, Reply& reply) {
  auto* snapshotter = call.engine().Service<Snapshotter>();
  if (snapshotter == nullptr) return reply.Error(kInMemoryOnly);
  if (auto saved = snapshotter->Save(); !saved) return ReplyFailure(reply, saved.error());
  reply.Ok();
}

void Bgsave(Call& call, Reply& reply) {
  const bool schedule = call.argc() == 2 && call.Is(1, "SCHEDULE");
  if (call.argc() > 1 && !schedule) return reply.Error(kSyntaxError);
  auto* snapshotter = call.engine().Service<Snapshotter>();
  if (snapshotter == nullptr) return reply.Error(kInMemoryOnly);
  auto started = snapshotter->BackgroundSave(schedule ? Snapshotter::WhenBusy::kSchedule
                                                      : Snapshotter::WhenBusy::kRefuse);
  if (!started) return ReplyFailure(reply, started.error());
  const bool now = *started == Snapshotter::Started::kNow;
  reply.Status(now ? "Background saving started" : "Background saving scheduled");
}

void Lastsave(Call& call, Reply& reply) {
  const auto* snapshotter = call.engine().Service<Snapshotter>();
  const std::int64_t ms =
      snapshotter == nullptr ? call.engine().started_ms() : snapshotter->status().last_save_ms;
  reply.Integer(ms / 1000);
}

constexpr Command kSnapshotCommands[] = {
    {.name = "BGSAVE",
     .arity = -1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading,
     .run = Bgsave,
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Writes a snapshot in the background."},
    {.name = "LASTSAVE",
     .arity = 1,
     .flags = kLoading | kStale | kFast | kNondeterministicOutput,
     .categories = kCatAdmin | kCatDangerous,
     .run = Lastsave,
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Returns the time of the last successful snapshot."},
    {.name = "SAVE",
     .arity = 1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading | kNoMulti,
     .run = Save,
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Writes a snapshot and waits for it."},
};
static_assert(RowsAreSound(kSnapshotCommands));

// --- INFO ------------------------------------------------------------------------------------

void Line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(":").append(value).append("\r\n");
}
void Line(std::string& out, std::string_view name, std::int64_t value) {
  Line(out, name, FormatInt(value));
}

// As Redis prints them, for a store with or without a directory.
void PrintRedisLines(const SnapshotStatus& status, std::int64_t current_s, std::string& out) {
  Line(out, "rdb_bgsave_in_progress", status.in_progress ? 1 : 0);
  Line(out, "rdb_last_save_time", status.last_save_ms / 1000);
  Line(out, "rdb_last_bgsave_status", status.last_ok ? "ok" : "err");
  Line(out, "rdb_last_bgsave_time_sec",
       status.last_duration_ms < 0 ? -1 : status.last_duration_ms / 1000);
  Line(out, "rdb_current_bgsave_time_sec", current_s);
  Line(out, "rdb_saves", static_cast<std::int64_t>(status.saves));
  Line(out, "rdb_last_load_keys_expired", static_cast<std::int64_t>(status.keys_expired_at_load));
  Line(out, "rdb_last_load_keys_loaded", static_cast<std::int64_t>(status.keys_loaded));
  Line(out, "aof_enabled", 0);
  Line(out, "aof_rewrite_in_progress", 0);
  Line(out, "aof_rewrite_scheduled", 0);
  Line(out, "aof_last_rewrite_time_sec", -1);
  Line(out, "aof_current_rewrite_time_sec", -1);
  Line(out, "aof_last_bgrewrite_status", "ok");
  Line(out, "aof_last_write_status", "ok");
}

void PrintInfo(Engine& engine, std::string& out) {
  const auto* snapshotter = engine.Service<Snapshotter>();
  if (snapshotter == nullptr) {
    PrintRedisLines({.last_save_ms = engine.started_ms()}, -1, out);
    return Line(out, "satchel_durability", "none");
  }
  const SnapshotStatus& status = snapshotter->status();
  const std::int64_t running_ns = engine.clock().Ticks() - status.began_ticks;
  PrintRedisLines(status, status.in_progress ? running_ns / 1'000'000'000 : -1, out);
  Line(out, "satchel_durability", "snapshot");
  Line(out, "satchel_data_dir", snapshotter->dir());
  Line(out, "satchel_snapshot_epoch", static_cast<std::int64_t>(status.epoch));
  Line(out, "satchel_snapshot_scheduled", status.scheduled ? 1 : 0);
  Line(out, "satchel_snapshot_last_bytes", static_cast<std::int64_t>(status.written_bytes));
  Line(out, "satchel_snapshot_last_ms", status.last_duration_ms);
  Line(out, "satchel_snapshot_last_error", Printable(status.last_error));
}

// --- CONFIG ----------------------------------------------------------------------------------

SettingRow SaveSetting(Snapshotter* snapshotter) {
  SettingRow row{.name = "save", .summary = "When to write a snapshot: seconds and changes."};
  row.get = [snapshotter] {
    return snapshotter == nullptr ? "" : FormatSavePoints(snapshotter->save_points());
  };
  row.set = [snapshotter](std::string_view text) -> Result<void> {
    SATCHEL_ASSIGN(auto points, ParseSavePoints(text));
    if (snapshotter != nullptr) {
      snapshotter->save_points() = std::move(points);
    } else if (!points.empty()) {
      return MakeError(ErrorCode::kConfig, std::string(kInMemoryOnly.substr(4)));
    }
    return {};
  };
  return row;
}

SettingRow StopWritesSetting(Snapshotter* snapshotter) {
  SettingRow row{.name = "stop-writes-on-bgsave-error",
                 .summary = "Refuse writes after a snapshot failed."};
  row.get = [snapshotter] {
    return snapshotter == nullptr || snapshotter->stop_writes() ? "yes" : "no";
  };
  row.set = [snapshotter](std::string_view text) -> Result<void> {
    const bool yes = EqualIgnoreCase(text, "yes");
    if (!yes && !EqualIgnoreCase(text, "no")) {
      return MakeError(ErrorCode::kConfig, "argument must be 'yes' or 'no'");
    }
    if (snapshotter != nullptr) snapshotter->set_stop_writes(yes);
    return {};
  };
  return row;
}

}  // namespace

std::span<const Command> SnapshotCommands() { return kSnapshotCommands; }

void AddPersistence(Engine& engine, Snapshotter* snapshotter) {
  Settings& settings = engine.settings();
  settings.Add(SaveSetting(snapshotter));
  settings.Add(StopWritesSetting(snapshotter));
  settings.Add(FixedSetting("dir", "The data directory; empty: in memory.",
                            snapshotter == nullptr ? "" : snapshotter->dir()));
  settings.Add(FixedSetting("dbfilename", "Unused: the store is a folder.", "dump.rdb"));
  settings.Add(FixedSetting("rdbcompression", "Blocks on disk are compressed.", "yes"));
  settings.Add(FixedSetting("rdbchecksum", "Blocks on disk have checksums.", "yes"));
  engine.AddInfoSection({.name = "persistence", .print = PrintInfo});
}

}  // namespace satchel::snapshot
