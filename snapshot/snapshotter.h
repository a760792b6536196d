// Snapshotter: keeps one engine's data in a data directory. It restores at Open, snapshots when
// asked (SAVE, BGSAVE), by the clock (save points), and at Close. One snapshot at a time; each is
// one consistent cut of all databases, committed in one atomic step; a failed one leaves the last
// committed one and is visible in status(), INFO and an event.
//
// A background snapshot runs on the one thread of this object: slices under the execution lock,
// sorting and files outside of it. A SAVE runs on the caller's thread and stops the store.
//
// Thread: methods marked (lock) under the execution lock of the engine, which is never taken
// while the object's own mutex is held. Events are handed over on the object's thread, without
// any lock.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "engine/rdb/dump.h"
#include "snapshot/rocks_store.h"
#include "snapshot/store_files.h"
#include "snapshot/walk.h"

namespace satchel::snapshot {

struct Event {
  enum class Level : std::uint8_t { kInfo, kWarning, kError };
  Level level;
  std::string text;  // one line, without names or values of keys
};

// So many changes and so much time since the last save start a background save.
struct SavePoint {
  std::int64_t interval_ms;
  std::uint64_t changes;
};

struct SnapshotOptions {
  std::string dir;
  std::vector<SavePoint> save_points;  // none: only on request
  bool save_on_close = true;
  std::uint64_t min_free_bytes = 256 * 1024 * 1024;  // less: a snapshot fails before it begins
  std::function<void(const Event&)> on_event;        // may be empty
};

struct SnapshotStatus {
  bool in_progress = false;
  bool scheduled = false;
  bool last_ok = true;
  std::string last_error;         // of the last failure, empty once one succeeded
  std::int64_t last_save_ms = 0;  // unix; of the load at first
  std::int64_t last_duration_ms = -1;
  std::int64_t began_ticks = 0;     // of the one in progress
  std::uint64_t saves = 0;          // since the start
  std::uint64_t epoch = 0;          // last committed one
  std::uint64_t written_bytes = 0;  // by the last one
  std::uint64_t keys_loaded = 0;
  std::uint64_t keys_expired_at_load = 0;
};

class Snapshotter final : public engine::Reloader {
 public:
  // Locks the directory, restores what is in it, starts the thread and attaches itself to the
  // engine, whose keyspace must be empty. On an error the engine has no keys and no file was
  // changed, except that a new directory may exist.
  static Result<std::unique_ptr<Snapshotter>> Open(engine::Engine& engine, SnapshotOptions options);
  // Stops without a snapshot.
  ~Snapshotter() override;

  // (lock) Writes a snapshot now; with nothing changed since the last one only the time of it.
  // Errors: kReplyError kSaveInProgress; kIo and others when it failed.
  Result<void> Save();

  enum class WhenBusy : std::uint8_t { kRefuse, kSchedule };
  enum class Started : std::uint8_t { kNow, kLater };
  // (lock) The cut is made before it returns, unless a unit of the caller's is open around it:
  // then, as with kSchedule, the snapshot begins with one of the next ticks.
  Result<Started> BackgroundSave(WhenBusy when_busy);

  // (lock) Starts what is due. Call it with the engine's tick.
  void Tick();
  // (lock) When Tick should run, unix ms; engine::Database::kNoDeadline for never.
  std::int64_t NextDeadlineMs() const;

  enum class Final : std::uint8_t { kAsConfigured, kSave, kNothing };
  // Stops the thread, writes the last snapshot and gives the directory back, whatever happens.
  // Again: returns the first result. Without the lock.
  Result<void> Close(Final final);

  // (lock) DEBUG RELOAD: saves and loads again from disk.
  Result<void> Reload() override;

  // (lock)
  const SnapshotStatus& status() const { return status_; }
  std::vector<SavePoint>& save_points() { return options_.save_points; }
  const std::string& dir() const { return options_.dir; }
  std::uint64_t min_free_bytes() const { return options_.min_free_bytes; }
  // Whether writes are refused after a failed snapshot.
  bool stop_writes() const { return stop_writes_; }
  void set_stop_writes(bool stop);

  // Until no background snapshot is running. Without the lock.
  void WaitUntilIdle();

 private:
  enum class Pace : std::uint8_t { kSliced, kAtOnce };

  Snapshotter(engine::Engine& engine, SnapshotOptions options);
  Result<void> OpenStore();
  Result<void> Restore();

  void Loop();
  void RunBackground();
  void Begin();
  Result<void> WriteSnapshot(Pace pace);
  Result<void> WriteRows(RunWriter& writer, Pace pace);
  Result<bool> StepRows(std::vector<RowBuffer>& run, Pace pace);
  void FinishAbandoned(Pace pace);
  Result<void> CommitCut(RunWriter& writer);
  Result<void> CheckFreeSpace();
  void Publish(const Result<void>& outcome);
  void PublishSuccess(std::int64_t took_ms);
  void PublishFailure(const Error& error);
  bool IsDirty() const;
  std::size_t RunBytes() const;
  void Say(Event::Level level, std::string text);
  void DeliverEvents(std::unique_lock<std::mutex>& lock);

  engine::Engine& engine_;  // borrowed; outlives this
  SnapshotOptions options_;
  std::unique_ptr<StoreFiles> files_;
  std::unique_ptr<RocksStore> store_;
  Walk walk_;              // under the execution lock
  SnapshotStatus status_;  // under the execution lock
  StoreUuid uuid_{};
  std::uint64_t next_epoch_ = 1;
  std::size_t run_bytes_ = 0;
  std::uint64_t written_bytes_ = 0;  // who writes a snapshot has these two
  std::optional<RowBuffer> spare_;
  bool open_ = false;  // from Open to Close
  bool stop_writes_ = true;
  int failures_in_a_row_ = 0;
  bool low_space_ = false;  // why the last one failed
  std::int64_t last_attempt_ms_ = 0;

  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool job_ = false;            // guarded by mutex_
  bool working_ = false;        // guarded by mutex_
  bool stopping_ = false;       // guarded by mutex_
  std::deque<Event> events_;    // guarded by mutex_
  bool closed_ = false;         // the owner's
  Result<void> close_outcome_;  // the owner's
  std::thread thread_;
};

// Save points as CONFIG prints and takes them: "seconds changes seconds changes ...".
std::string FormatSavePoints(const std::vector<SavePoint>& points);
Result<std::vector<SavePoint>> ParseSavePoints(std::string_view text);

}  // namespace satchel::snapshot
