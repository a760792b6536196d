#include "snapshot/snapshotter.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/text.h"
#include "snapshot/error_text.h"
#include "snapshot/loader.h"

namespace satchel::snapshot {
namespace {

constexpr std::size_t kBufferBytes = 4 * 1024 * 1024;
constexpr std::size_t kBufferFull = kBufferBytes - 64 * 1024;  // the next usual row still fits
constexpr std::int64_t kSliceNs = 25'000;
constexpr std::chrono::microseconds kPause{100};
constexpr std::int64_t kSlowMs = 5000;
constexpr std::int64_t kRetryMs = 5000;  // after a failure, doubled up to the save point's interval
constexpr std::string_view kWriterVersion = "satchel 0.1.0";

std::string Count(std::uint64_t number) { return std::to_string(number); }

// Holds the lock for a slice, unless a SAVE holds it all the time.
class SliceGuard {
 public:
  SliceGuard(ExecutionLock& lock, bool already_held) {
    if (already_held) return;
    lock.LockForSlice();
    guard_ = ExecutionGuard(lock, std::adopt_lock);
  }

 private:
  ExecutionGuard guard_;
};

}  // namespace

Snapshotter::Snapshotter(engine::Engine& engine, SnapshotOptions options)
    : engine_(engine), options_(std::move(options)), walk_(engine) {}

Result<std::unique_ptr<Snapshotter>> Snapshotter::Open(engine::Engine& engine,
                                                       SnapshotOptions options) {
  std::unique_ptr<Snapshotter> self(new Snapshotter(engine, std::move(options)));
  self->closed_ = true;  // nothing to stop yet
  SATCHEL_ASSIGN(self->files_, StoreFiles::Open(self->options_.dir, StoreFiles::Missing::kCreate));
  SATCHEL_TRY(self->OpenStore());
  self->closed_ = false;
  self->thread_ = std::thread([raw = self.get()] { raw->Loop(); });
  const ExecutionGuard guard(engine.lock());
  self->open_ = true;
  engine.Attach<Snapshotter>(self.get());
  engine.Attach<engine::Reloader>(self.get());
  return self;
}

Snapshotter::~Snapshotter() { (void)Close(Final::kNothing); }

// Restores through a store that is open for reading only: a damaged one stays as it is.
Result<void> Snapshotter::OpenStore() {
  const auto warn = [this](const std::string& line) { Say(Event::Level::kWarning, line); };
  SATCHEL_ASSIGN(const bool exists, files_->HasStore());
  if (exists) {
    SATCHEL_ASSIGN(store_, RocksStore::Open(*files_, RocksStore::Access::kRead, warn));
  }
  SATCHEL_TRY(Restore());
  store_.reset();
  SATCHEL_ASSIGN(store_, RocksStore::Open(*files_, RocksStore::Access::kWrite, warn));
  return files_->EmptyStage();
}

Result<void> Snapshotter::Restore() {
  const ExecutionGuard guard(engine_.lock());
  const std::int64_t began = engine_.clock().Ticks();
  status_.last_save_ms = last_attempt_ms_ = engine_.now_ms();
  std::optional<LoadReport> report;
  if (store_ != nullptr) {
    SATCHEL_ASSIGN(report, Load(*store_, options_.dir, engine_, {}));
  }
  if (!report) {
    FillSystemRandom(uuid_.data(), uuid_.size());
    return {};
  }
  const CommitRecord& record = report->committed.record;
  uuid_ = record.uuid;
  status_.epoch = record.epoch;
  next_epoch_ = record.epoch + 1;
  status_.keys_loaded = report->keys;
  status_.keys_expired_at_load = report->expired;
  if (engine_.now_ms() + 60'000 < record.clock_ms) {
    Say(Event::Level::kWarning, "the clock is behind the last snapshot; deadlines are kept");
  }
  Say(Event::Level::kInfo,
      "restored snapshot " + Count(record.epoch) + ": " + Count(report->keys) + " keys, " +
          Count(report->expired) + " had expired, " +
          Count(static_cast<std::uint64_t>((engine_.clock().Ticks() - began) / 1'000'000)) + " ms");
  return {};
}

// --- Requests --------------------------------------------------------------------------------

bool Snapshotter::IsDirty() const { return status_.epoch == 0 || engine_.stats().changes > 0; }

Result<void> Snapshotter::Save() {
  if (status_.in_progress) return MakeError(ErrorCode::kReplyError, std::string(kSaveInProgress));
  if (!IsDirty()) {
    status_.last_save_ms = last_attempt_ms_ = engine_.now_ms();
    return {};
  }
  Begin();
  auto outcome = WriteSnapshot(Pace::kAtOnce);
  Publish(outcome);
  return outcome;
}

Result<Snapshotter::Started> Snapshotter::BackgroundSave(WhenBusy when_busy) {
  const bool inside_unit = engine_.unit_depth() > 1;
  if (status_.in_progress && when_busy == WhenBusy::kRefuse) {
    return MakeError(ErrorCode::kReplyError, std::string(kSaveInProgress));
  }
  if (status_.in_progress || inside_unit) {
    status_.scheduled = true;
    return Started::kLater;
  }
  if (!IsDirty()) {
    status_.scheduled = false;
    status_.last_save_ms = last_attempt_ms_ = engine_.now_ms();
    return Started::kNow;
  }
  Begin();
  {
    std::lock_guard lock(mutex_);
    job_ = true;
  }
  changed_.notify_all();
  return Started::kNow;
}

// The cut.
void Snapshotter::Begin() {
  status_.in_progress = true;
  status_.scheduled = false;
  status_.began_ticks = engine_.clock().Ticks();
  last_attempt_ms_ = engine_.now_ms();
  run_bytes_ = RunBytes();
  walk_.Begin(next_epoch_++);
}

std::size_t Snapshotter::RunBytes() const {
  return std::clamp<std::size_t>(engine_.heap().used_bytes() / 64, 1 << 20, 32 << 20);
}

void Snapshotter::Tick() {
  if (!open_ || status_.in_progress) return;
  if (engine_.unit_depth() > 0) return;  // a long script has let go of the lock: no cut inside it
  if (!status_.scheduled && NextDeadlineMs() > engine_.now_ms()) return;
  (void)BackgroundSave(WhenBusy::kRefuse);  // busy is ruled out, the rest is published
}

std::int64_t Snapshotter::NextDeadlineMs() const {
  std::int64_t next = engine::Database::kNoDeadline;
  if (!open_ || status_.in_progress || engine_.busy()) return next;
  if (status_.scheduled) return engine_.now_ms();
  const std::uint64_t changes = engine_.stats().changes;
  for (const SavePoint& point : options_.save_points) {
    if (changes < point.changes || changes == 0) continue;
    std::int64_t due = status_.last_save_ms + point.interval_ms;
    if (failures_in_a_row_ > 0) {
      const std::int64_t wait = kRetryMs << std::min(failures_in_a_row_ - 1, 10);
      due = last_attempt_ms_ + std::min(point.interval_ms, wait);
    }
    next = std::min(next, due);
  }
  return next;
}

Result<void> Snapshotter::Reload() {
  SATCHEL_TRY(Save());
  // What has expired stays until somebody meets it, as without a reload.
  SATCHEL_ASSIGN(const auto report, Load(*store_, options_.dir, engine_, {.drop_expired = false}));
  if (!report) return MakeError(ErrorCode::kInternal, "nothing was saved");
  return {};
}

void Snapshotter::set_stop_writes(bool stop) {
  stop_writes_ = stop;
  const bool refuse = stop_writes_ && !status_.last_ok && !low_space_;
  engine_.set_write_refusal(refuse ? std::string(kStopWrites) : "");
}

// --- Writing ---------------------------------------------------------------------------------

Result<void> Snapshotter::CheckFreeSpace() {
  SATCHEL_ASSIGN(const std::uint64_t bytes, files_->FreeBytes());
  if (bytes >= options_.min_free_bytes) return {};
  return MakeError(ErrorCode::kCapacityExceeded,
                   options_.dir + ": only " + Count(bytes) +
                       " bytes are free, persistence.min_free_bytes is " +
                       Count(options_.min_free_bytes));
}

Result<void> Snapshotter::WriteSnapshot(Pace pace) {
  RunWriter writer(*store_, walk_.cut().epoch);
  auto outcome = CheckFreeSpace();
  if (outcome) outcome = WriteRows(writer, pace);
  if (!outcome) {
    FinishAbandoned(pace);
    return outcome;
  }
  return CommitCut(writer);
}

Result<void> Snapshotter::WriteRows(RunWriter& writer, Pace pace) {
  const std::size_t max_buffers = run_bytes_ / kBufferBytes + 1;
  std::vector<RowBuffer> run;
  std::size_t run_size = 0;
  for (bool done = false; !done;) {
    if (cancelled_) return MakeError(ErrorCode::kClosed, "the snapshot was cancelled");
    if (run.empty() || run.back().size_bytes() >= kBufferFull) run.emplace_back(kBufferBytes);
    SATCHEL_ASSIGN(done, StepRows(run, pace));
    run_size = 0;
    for (const RowBuffer& buffer : run) run_size += buffer.size_bytes();
    if (!done && run_size < run_bytes_ && run.size() <= max_buffers) continue;
    SATCHEL_TRY(writer.WriteRun(run));
    // One buffer is kept for the next run, unless a large value has made it grow.
    if (run.front().capacity_bytes() > 2 * kBufferBytes) run.clear();
    if (!run.empty()) run.erase(run.begin() + 1, run.end());
    if (!run.empty()) run.front().Clear();
  }
  if (walk_.written() == walk_.cut().total_keys) return {};
  return MakeError(ErrorCode::kInternal,
                   "wrote " + Count(walk_.written()) + " keys of " + Count(walk_.cut().total_keys));
}

// One slice: rows go to the last buffer of the run, pre-images before it.
Result<bool> Snapshotter::StepRows(std::vector<RowBuffer>& run, Pace pace) {
  const bool at_once = pace == Pace::kAtOnce;
  std::vector<RowBuffer> pre_images;
  bool done = false;
  bool contended = false;
  if (!spare_) spare_.emplace(Walk::kPreImageBytes);
  {
    const SliceGuard guard(engine_.lock(), at_once);
    done = walk_.Step(run.back(),
                      {.limit_bytes = kBufferFull, .budget_ns = at_once ? INT64_MAX : kSliceNs});
    if (!walk_.failure().empty()) return MakeError(ErrorCode::kTooLarge, walk_.failure());
    walk_.TakePreImages(pre_images);
    if (walk_.wants_spare()) {
      walk_.GiveSpare(std::move(*spare_));
      spare_.reset();
    }
    contended = engine_.lock().waiters() > 0;
  }
  run.insert(run.end() - 1, std::make_move_iterator(pre_images.begin()),
             std::make_move_iterator(pre_images.end()));
  if (!at_once && contended) std::this_thread::sleep_for(kPause);
  return done;
}

// Entries that a failed walk left behind are marked all the same, see walk.h.
void Snapshotter::FinishAbandoned(Pace pace) {
  const bool at_once = pace == Pace::kAtOnce;
  RowBuffer nothing(0);
  for (bool done = false; !done;) {
    {
      const SliceGuard guard(engine_.lock(), at_once);
      if (!walk_.active()) return;
      walk_.Abandon();
      if (cancelled_) return walk_.Stop();
      done = walk_.Step(nothing, {.limit_bytes = 1, .budget_ns = at_once ? INT64_MAX : kSliceNs});
    }
    if (!at_once) std::this_thread::sleep_for(kPause);
  }
}

Result<void> Snapshotter::CommitCut(RunWriter& writer) {
  const Walk::Cut& cut = walk_.cut();
  Committed committed;
  committed.record = {.uuid = uuid_,
                      .epoch = cut.epoch,
                      .clock_ms = cut.clock_ms,
                      .next_dbid = cut.next_dbid,
                      .hash_secret = engine_.keyspace().hash_seed(),
                      .total_keys = cut.total_keys,
                      .writer = std::string(kWriterVersion)};
  committed.dbmap = cut.dbmap;
  committed.functions = cut.functions;
  auto outcome = writer.Commit(committed, cut.first_dbid);
  written_bytes_ = writer.written_bytes();
  return outcome;
}

// --- Results ---------------------------------------------------------------------------------

void Snapshotter::Publish(const Result<void>& outcome) {
  const std::int64_t took_ms = (engine_.clock().Ticks() - status_.began_ticks) / 1'000'000;
  status_.in_progress = false;
  if (!outcome && outcome.error().code == ErrorCode::kClosed) return;
  status_.last_duration_ms = took_ms;
  status_.last_ok = outcome.has_value();
  if (outcome) {
    PublishSuccess(took_ms);
  } else {
    PublishFailure(outcome.error());
  }
  set_stop_writes(stop_writes_);
}

void Snapshotter::PublishSuccess(std::int64_t took_ms) {
  failures_in_a_row_ = 0;
  low_space_ = false;
  status_.last_error.clear();
  status_.epoch = walk_.cut().epoch;
  status_.last_save_ms = engine_.now_ms();
  status_.written_bytes = written_bytes_;
  ++status_.saves;
  engine_.stats().changes -= walk_.cut().changes;
  std::string types;
  for (int i = 0; i < engine::kValueTypes; ++i) {
    const std::uint64_t count = walk_.written_by_type()[static_cast<std::size_t>(i)];
    if (count > 0) types += ", " + std::string(engine::kTypeNames[i]) + " " + Count(count);
  }
  Say(took_ms > kSlowMs ? Event::Level::kWarning : Event::Level::kInfo,
      "snapshot " + Count(status_.epoch) + " done: " + Count(walk_.written()) + " keys" + types +
          ", " + Count(status_.written_bytes) + " bytes, " +
          Count(static_cast<std::uint64_t>(took_ms)) + " ms");
}

void Snapshotter::PublishFailure(const Error& error) {
  ++failures_in_a_row_;
  low_space_ = error.code == ErrorCode::kCapacityExceeded;
  status_.last_error = error.detail;
  Say(Event::Level::kError,
      "snapshot failed, the last committed one stays in force: " + error.detail);
}

void Snapshotter::RunBackground() {
  const auto outcome = WriteSnapshot(Pace::kSliced);
  const ExecutionGuard guard(engine_.lock());
  Publish(outcome);
}

void Snapshotter::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return job_ || stopping_ || !events_.empty(); });
    DeliverEvents(lock);
    if (job_) {
      job_ = false;
      working_ = true;
      lock.unlock();
      RunBackground();
      lock.lock();
      working_ = false;
      changed_.notify_all();
    } else if (stopping_) {
      return;
    }
  }
}

void Snapshotter::Say(Event::Level level, std::string text) {
  {
    std::lock_guard lock(mutex_);
    events_.push_back({level, std::move(text)});
  }
  changed_.notify_all();
}

void Snapshotter::DeliverEvents(std::unique_lock<std::mutex>& lock) {
  while (!events_.empty()) {
    const Event event = std::move(events_.front());
    events_.pop_front();
    lock.unlock();
    if (options_.on_event) options_.on_event(event);
    lock.lock();
  }
}

void Snapshotter::WaitUntilIdle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !job_ && !working_ && events_.empty(); });
}

Result<void> Snapshotter::Close(Final final) {
  if (closed_) return close_outcome_;
  closed_ = true;
  cancelled_ = true;
  {
    const ExecutionGuard guard(engine_.lock());
    open_ = false;  // nothing begins from now on
    engine_.Attach<Snapshotter>(nullptr);
    engine_.Attach<engine::Reloader>(nullptr);
  }
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  {
    const ExecutionGuard guard(engine_.lock());
    cancelled_ = false;
    const bool save =
        final == Final::kSave || (final == Final::kAsConfigured && options_.save_on_close);
    if (save && IsDirty()) close_outcome_ = Save();
    walk_.Stop();
  }
  store_.reset();
  files_.reset();
  std::unique_lock lock(mutex_);
  DeliverEvents(lock);
  return close_outcome_;
}

// --- Save points -----------------------------------------------------------------------------

std::string FormatSavePoints(const std::vector<SavePoint>& points) {
  std::string text;
  for (const SavePoint& point : points) {
    if (!text.empty()) text += ' ';
    text += std::to_string((point.interval_ms + 999) / 1000) + " " + Count(point.changes);
  }
  return text;
}

Result<std::vector<SavePoint>> ParseSavePoints(std::string_view text) {
  const Error invalid = MakeError(ErrorCode::kConfig, "Invalid save parameters");
  std::vector<SavePoint> points;
  std::vector<std::string_view> words;
  for (std::string_view word : Split(text, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  if (words.size() % 2 != 0) return invalid;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const auto seconds = ParseInt(words[i]);
    const auto changes = ParseInt(words[i + 1]);
    if (!seconds || !changes || *seconds < 1 || *seconds > INT64_MAX / 1000 || *changes < 0) {
      return invalid;
    }
    points.push_back({*seconds * 1000, static_cast<std::uint64_t>(*changes)});
  }
  return points;
}

}  // namespace satchel::snapshot
