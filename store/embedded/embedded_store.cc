#include "store/embedded/embedded_store.h"

#include <atomic>
#include <filesystem>

#include "base/check.h"
#include "lua/commands.h"
#include "lua/scripts.h"
#include "snapshot/commands.h"
#include "store/embedded/housekeeper.h"
#include "store/embedded/mailman.h"
#ifdef SATCHEL_SHADOW
#include "engine/effect_proof.h"
#endif

namespace satchel::store {
namespace {

using engine::Engine;
using engine::Outcome;
using engine::Session;

std::vector<std::string_view> Views(const CommandLine& line) { return {line.begin(), line.end()}; }

using CommandTables = std::vector<std::span<const engine::Command>>;

CommandTables StandardTables() {
  const auto own = engine::EngineCommandTables();
  CommandTables tables(own.begin(), own.end());
  tables.push_back(lua::ScriptCommands());
  tables.push_back(lua::FunctionCommands());
  tables.push_back(snapshot::SnapshotCommands());
  return tables;
}

// The rows of every embedded store, joined once per process, or with more of the caller's.
std::shared_ptr<const engine::CommandTable> JoinCommands(const CommandTables& extra) {
  static const auto standard = std::make_shared<const engine::CommandTable>(StandardTables());
  if (extra.empty()) return standard;
  CommandTables tables = StandardTables();
  tables.insert(tables.end(), extra.begin(), extra.end());
  return std::make_shared<const engine::CommandTable>(tables);
}

snapshot::SnapshotOptions SnapshotOptionsOf(const EmbeddedOptions& options) {
  snapshot::SnapshotOptions snapshots{.dir = options.data_dir,
                                      .save_on_close = options.snapshot_on_shutdown,
                                      .min_free_bytes = options.min_free_bytes,
                                      .on_event = options.on_event};
  if (options.snapshot_interval.count() > 0) {
    snapshots.save_points.push_back({options.snapshot_interval.count(), 1});
  }
  return snapshots;
}

// Waits outside the lock for the reply of a blocked command.
class BlockedCaller final : public engine::Waiter {
 public:
  Reply& Sink() override { return sink_; }
  // Tells under the mutex: the caller may be gone as soon as it can see the reply.
  void Served() override {
    std::lock_guard lock(mutex_);
    served_ = true;
    changed_.notify_all();
  }

  bool served() {
    std::lock_guard lock(mutex_);
    return served_;
  }
  // Until the reply is there or the clock shows the deadline (0: none).
  void Wait(Clock& clock, std::int64_t deadline_ms) {
    std::unique_lock lock(mutex_);
    std::optional<std::int64_t> deadline_us;
    if (deadline_ms != 0) deadline_us = deadline_ms * 1000;
    while (!served_ && clock.WaitUntil(lock, changed_, deadline_us)) {
    }
  }

  ValueSink& sink() { return sink_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool served_ = false;  // guarded by mutex_
  ValueSink sink_{true};
};

// Copies a bulk; anything else is noted.
class CopySink final : public Reply {
 public:
  explicit CopySink(std::string* out) : out_(out) {}
  void Bulk(std::string_view bytes) override {
    out_->assign(bytes);
    found_ = true;
  }
  void Status(std::string_view) override {}
  void Integer(std::int64_t) override {}
  void Null() override {}
  void NullArray() override {}
  void Double(double) override {}
  void Boolean(bool) override {}
  void BigNumber(std::string_view) override {}
  void Verbatim(std::string_view, std::string_view) override {}
  void Begin(Aggregate, std::size_t) override {}
  std::size_t Open(Aggregate) override { return 0; }
  void Close(std::size_t, std::size_t) override {}
  bool is_resp3() const override { return true; }

  bool found() const { return found_; }
  // Null when there was none.
  const std::string* error() const { return error_.get(); }

 protected:
  void WriteError(std::string_view text) override { error_ = std::make_unique<std::string>(text); }

 private:
  std::string* out_;
  bool found_ = false;
  std::unique_ptr<std::string> error_;
};

}  // namespace

struct EmbeddedStore::Impl final : TimeListener {
  explicit Impl(const EmbeddedOptions& given)
      : options(given),
        clock(given.clock != nullptr ? *given.clock : RealClock::Instance()),
        engine(engine::EngineOptions{.clock = clock,
                                     .lock = lock,
                                     .seed = given.seed ? *given.seed : Random::SystemSeed(),
                                     .databases = given.databases,
                                     .commands = JoinCommands(given.extra_commands)}),
        scripts(engine),
        session(Session::Kind::kInProcess, nullptr),
        last_tick_us(clock.NowUs()) {
    session.protocol = 3;
    session.db = options.db;
    get_row = engine.commands().Find("GET");
    const ExecutionGuard guard(lock);
#ifdef SATCHEL_SHADOW
    proof = std::make_unique<engine::EffectProof>(engine);
#endif
    engine.AddSession(session);
    if (!options.on_script_log) return;
    scripts.set_log([this](int level, std::string_view text) { KeepScriptLine(level, text); });
  }

  // TimeListener: a manual clock moved.
  std::optional<std::int64_t> NextDeadlineUs() override {
    const ExecutionGuard guard(lock);
    std::int64_t next = engine.NextDeadlineMs();
    if (snapshotter != nullptr) next = std::min(next, snapshotter->NextDeadlineMs());
    if (next == engine::Database::kNoDeadline) return std::nullopt;
    return next > INT64_MAX / 1000 ? INT64_MAX : next * 1000;
  }
  void OnTime(std::int64_t) override {
    Tick();
    mailman.Drain();
  }

  void Tick() {
    std::vector<ScriptLine> lines;
    {
      const ExecutionGuard guard(lock);
      engine.Tick();
      if (snapshotter != nullptr) snapshotter->Tick();
      lines.swap(script_lines);
    }
    last_tick_us.store(clock.NowUs(), std::memory_order_relaxed);
    for (const ScriptLine& line : lines) options.on_script_log(line.level, line.text);
  }

  // Kept until the next tick: nothing is written under the lock. A script that logs without end
  // loses lines.
  void KeepScriptLine(int level, std::string_view text) {
    constexpr std::size_t kMaxLines = 1000;
    if (script_lines.size() < kMaxLines) script_lines.push_back({level, std::string(text)});
  }

  // Restores the data directory, if there is one, before anybody else sees the store.
  Result<void> OpenData() {
    if (!options.data_dir.empty() && options.durability == Durability::kSnapshot) {
      SATCHEL_ASSIGN(snapshotter, snapshot::Snapshotter::Open(engine, SnapshotOptionsOf(options)));
    }
    const ExecutionGuard guard(lock);
    snapshot::AddPersistence(engine, snapshotter.get());
#ifdef SATCHEL_SHADOW
    proof->Adopt();
#endif
    return {};
  }

  bool IsBlocking(Args args) const {
    const engine::Command* command = engine.Lookup(args);
    return command != nullptr && (command->flags & engine::kBlocking);
  }

  // On a session of its own: the caller's thread waits, the store does not.
  ReplyValue RunBlocking(Session& own, Args args) {
    BlockedCaller caller;
    own.waiter = &caller;
    std::int64_t deadline_ms = 0;
    {
      const ExecutionGuard guard(lock);
      if (engine.Execute(own, args, caller.sink()) != Outcome::kBlocked) {
        own.waiter = nullptr;
        return caller.sink().Take();
      }
      deadline_ms = own.blocked->deadline_ms;
    }
    caller.Wait(clock, deadline_ms);
    while (!caller.served()) {  // the deadline has come: the tick answers
      Tick();
      if (!caller.served()) caller.Wait(clock, clock.NowMs() + 1);
    }
    own.waiter = nullptr;
    return caller.sink().Take();
  }

  struct ScriptLine {
    int level;
    std::string text;
  };

  EmbeddedOptions options;
  Clock& clock;
  ExecutionLock lock;
  Engine engine;
  lua::Scripts scripts;
  Session session;                 // of Run and Pipeline; used under the lock
  const engine::Command* get_row;  // borrowed from the engine's table
  Mailman mailman;
  std::uint64_t housekeeping = 0;
  std::atomic<std::int64_t> last_tick_us;
  std::vector<ScriptLine> script_lines;                // guarded by lock
  std::unique_ptr<snapshot::Snapshotter> snapshotter;  // null: in memory only
#ifdef SATCHEL_SHADOW
  std::unique_ptr<engine::EffectProof> proof;
#endif
};

EmbeddedStore::EmbeddedStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<EmbeddedStore>> EmbeddedStore::Open(const EmbeddedOptions& options) {
  if (options.databases < 1 || options.databases > 1024) {
    return MakeError(ErrorCode::kInvalidArgument, "databases must be between 1 and 1024");
  }
  if (options.db < 0 || options.db >= options.databases) {
    return MakeError(ErrorCode::kInvalidArgument, "db must be below databases");
  }
  if (options.durability > Durability::kSnapshot) {
    return MakeError(ErrorCode::kUnsupported,
                     "durability everysec and always are not available in this version");
  }
  auto impl = std::make_unique<Impl>(options);
  Impl* self = impl.get();
  SATCHEL_TRY(self->OpenData());
  if (self->clock.is_manual()) {
    self->clock.Attach(self);
  } else {
    self->housekeeping = Housekeeper::Add([self] { self->Tick(); });
  }
  return std::unique_ptr<EmbeddedStore>(new EmbeddedStore(std::move(impl)));
}

EmbeddedStore::~EmbeddedStore() {
  if (impl_->clock.is_manual()) impl_->clock.Detach(impl_.get());
  if (impl_->housekeeping != 0) Housekeeper::Remove(impl_->housekeeping);
  (void)Close();
  impl_->Tick();  // what scripts logged last
  const ExecutionGuard guard(impl_->lock);
  impl_->engine.RemoveSession(impl_->session);
}

Result<void> EmbeddedStore::Close(snapshot::Snapshotter::Final final) {
  if (impl_->snapshotter == nullptr) return {};
  return impl_->snapshotter->Close(final);
}

Clock& EmbeddedStore::clock() { return impl_->clock; }
engine::Engine& EmbeddedStore::engine() { return impl_->engine; }
ExecutionLock& EmbeddedStore::lock() { return impl_->lock; }

std::int64_t EmbeddedStore::last_tick_us() const {
  return impl_->last_tick_us.load(std::memory_order_relaxed);
}

Vitals EmbeddedStore::ReadVitals() {
  Vitals vitals;
  std::string dir;
  {
    const ExecutionGuard guard(impl_->lock);
    vitals.used_bytes = impl_->engine.used_memory();
    vitals.max_bytes = static_cast<std::uint64_t>(impl_->engine.config().max_memory);
    vitals.unsaved_changes = impl_->engine.stats().changes;
    if (impl_->snapshotter == nullptr) return vitals;
    const snapshot::Snapshotter& snapshotter = *impl_->snapshotter;
    const snapshot::SnapshotStatus& status = snapshotter.status();
    vitals.keeps_data = true;
    vitals.keys_loaded = status.keys_loaded;
    vitals.last_snapshot_ok = status.last_ok;
    vitals.last_snapshot_error = status.last_error;
    vitals.last_snapshot_ms = status.last_save_ms;
    vitals.snapshots = status.saves;
    vitals.snapshot_bytes = status.written_bytes;
    vitals.min_free_bytes = snapshotter.min_free_bytes();
    for (const snapshot::SavePoint& point : impl_->snapshotter->save_points()) {
      const std::chrono::milliseconds interval(point.interval_ms);
      const bool is_first = vitals.snapshot_interval.count() == 0;
      if (is_first || interval < vitals.snapshot_interval) vitals.snapshot_interval = interval;
    }
    dir = snapshotter.dir();
  }
  std::error_code error;
  const auto space = std::filesystem::space(dir, error);
  if (!error) vitals.free_bytes = space.available;
  return vitals;
}

void EmbeddedStore::RunInto(Args args, Reply& reply) {
  const ExecutionGuard guard(impl_->lock);
  impl_->engine.Execute(impl_->session, args, reply);
}

Result<bool> EmbeddedStore::Get(std::string_view key, std::string* out) {
  const std::string_view args[] = {"GET", key};
  CopySink sink(out);
  {
    const ExecutionGuard guard(impl_->lock);
    impl_->engine.ExecuteRow(impl_->session, *impl_->get_row, args, sink);
  }
  if (sink.error() != nullptr) return ErrorOfReply(*sink.error());
  return sink.found();
}

Result<ReplyValue> EmbeddedStore::Run(Args args, const CallOptions&) {
  SATCHEL_TRY(CheckStateless(args));
  if (impl_->IsBlocking(args)) {
    SATCHEL_ASSIGN(auto connection, Connect());
    return connection->Run(args);
  }
  ValueSink sink(true);
  RunInto(args, sink);
  return ResultOfReply(sink.Take());
}

std::vector<Result<ReplyValue>> EmbeddedStore::Pipeline(std::span<const CommandLine> lines,
                                                        const CallOptions& options) {
  std::vector<Result<ReplyValue>> replies;
  replies.reserve(lines.size());
  for (const CommandLine& line : lines) replies.push_back(Run(Views(line), options));
  return replies;
}

void EmbeddedStore::RunAsync(CommandLine line, std::function<void(Result<ReplyValue>)> done) {
  done(Run(Views(line)));
}

void EmbeddedStore::PipelineAsync(std::vector<CommandLine> lines,
                                  std::function<void(std::vector<Result<ReplyValue>>)> done) {
  done(Pipeline(lines));
}

namespace {

class EmbeddedConnection final : public Connection {
 public:
  using RunBlocking = std::function<ReplyValue(Session&, Args)>;

  EmbeddedConnection(Engine& engine, ExecutionLock& lock, int db, RunBlocking run)
      : engine_(engine),
        lock_(lock),
        run_(std::move(run)),
        session_(Session::Kind::kInProcess, nullptr) {
    const ExecutionGuard guard(lock_);
    session_.protocol = 3;
    session_.db = db;
    engine_.AddSession(session_);
  }
  ~EmbeddedConnection() override {
    const ExecutionGuard guard(lock_);
    engine_.RemoveSession(session_);
  }

  using Connection::Run;
  Result<ReplyValue> Run(Args args, const CallOptions&) override {
    if (args.empty()) return MakeError(ErrorCode::kInvalidArgument, "an empty command");
    return ResultOfReply(run_(session_, args));
  }

 private:
  Engine& engine_;       // borrowed; the store outlives its connections
  ExecutionLock& lock_;  // borrowed
  RunBlocking run_;
  Session session_;
};

class EmbeddedSubscription final : public Subscription {
 public:
  EmbeddedSubscription(Engine& engine, ExecutionLock& lock, Mailman& mailman,
                       std::function<void(const Message&)> on_message)
      : engine_(engine),
        lock_(lock),
        mailman_(mailman),
        box_(mailman.NewBox(std::move(on_message))),
        session_(Session::Kind::kInProcess, box_.get()) {
    const ExecutionGuard guard(lock_);
    session_.protocol = 3;
    engine_.AddSession(session_);
  }
  ~EmbeddedSubscription() override {
    {
      const ExecutionGuard guard(lock_);
      engine_.RemoveSession(session_);
    }
    mailman_.Close(*box_);
  }

  void Join(std::string_view command, const std::vector<std::string>& names) {
    if (names.empty()) return;
    std::vector<std::string_view> line = {command};
    line.insert(line.end(), names.begin(), names.end());
    NullReply ignored(true);
    const ExecutionGuard guard(lock_);
    engine_.Execute(session_, line, ignored);
  }

  std::uint64_t gaps() const override { return mailman_.GapsOf(*box_); }

 private:
  Engine& engine_;       // borrowed; the store outlives its subscriptions
  ExecutionLock& lock_;  // borrowed
  Mailman& mailman_;     // borrowed
  std::shared_ptr<Mailman::Box> box_;
  Session session_;
};

}  // namespace

Result<std::unique_ptr<Connection>> EmbeddedStore::Connect() {
  return std::unique_ptr<Connection>(
      std::make_unique<EmbeddedConnection>(impl_->engine, impl_->lock, impl_->options.db,
                                           [impl = impl_.get()](Session& session, Args args) {
                                             return impl->RunBlocking(session, args);
                                           }));
}

Result<std::unique_ptr<Subscription>> EmbeddedStore::Subscribe(
    std::vector<std::string> channels, std::vector<std::string> patterns,
    std::function<void(const Message&)> on_message) {
  auto subscription = std::make_unique<EmbeddedSubscription>(impl_->engine, impl_->lock,
                                                             impl_->mailman, std::move(on_message));
  subscription->Join("SUBSCRIBE", channels);
  subscription->Join("PSUBSCRIBE", patterns);
  return std::unique_ptr<Subscription>(std::move(subscription));
}

}  // namespace satchel::store
