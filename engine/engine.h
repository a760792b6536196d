// Engine: answers commands. It owns the keyspace, the sessions' bookkeeping, transactions,
// blocked callers, pub/sub, notifications and statistics, and nothing else: it starts no
// thread, opens no file, reads no clock but the one passed in, and knows no RESP, RocksDB or
// Lua. What other folders add (rows, settings, INFO sections, services) comes in at open.
//
// Thread: every method under the execution lock that was lent to it, unless it says otherwise.
// Source: redis 7.0.15, the order of checks before a command runs; see docs/compat.md.

#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/execution_lock.h"
#include "base/random.h"
#include "base/reply.h"
#include "base/settings.h"
#include "engine/acl.h"
#include "engine/command_table.h"
#include "engine/effects.h"
#include "engine/events.h"
#include "engine/eviction.h"
#include "engine/keyspace.h"
#include "engine/latency.h"
#include "engine/process_memory.h"
#include "engine/rate.h"
#include "engine/session.h"
#include "engine/tracking.h"

namespace satchel::engine {

using Args = std::span<const std::string_view>;

enum class Outcome : std::uint8_t {
  kDone,       // one reply was written
  kBlocked,    // none was: the session waits; its Waiter gets the reply
  kPostponed,  // none was: clients are paused; run the command again at pause_end_ms()
  kClose,      // one reply was written; close the connection after it
};

// Text of INFO, by section.
struct InfoSection {
  std::string name;  // "persistence"; its title is printed capitalised
  bool by_default = true;
  std::function<void(class Engine& engine, std::string& out)> print;  // lines "key:value\r\n"
};

struct CommandStats {
  std::uint64_t calls = 0;
  std::uint64_t usec = 0;
  std::uint64_t rejected = 0;
  std::uint64_t failed = 0;
};

struct SlowlogEntry {
  std::uint64_t id;
  std::int64_t unix_s;
  std::int64_t usec;
  std::vector<std::string> args;  // shortened
  std::string address;
  std::string client_name;
};

struct Stats {
  std::uint64_t commands = 0;
  std::uint64_t connections = 0;
  std::uint64_t rejected_connections = 0;
  std::uint64_t denied_logins = 0;  // by the ACL, as the next three
  std::uint64_t denied_commands = 0;
  std::uint64_t denied_keys = 0;
  std::uint64_t denied_channels = 0;
  std::uint64_t expired_keys = 0;
  std::uint64_t expired_fields = 0;
  std::uint64_t evicted_keys = 0;
  std::uint64_t evicted_clients = 0;
  std::uint64_t input_limit_disconnections = 0;
  std::uint64_t output_limit_disconnections = 0;
  std::uint64_t keyspace_hits = 0;
  std::uint64_t keyspace_misses = 0;
  std::uint64_t changes = 0;  // since the last successful save
  std::uint64_t error_replies = 0;
  std::uint64_t net_input_bytes = 0;
  std::uint64_t net_output_bytes = 0;
  std::uint64_t reads = 0;           // rounds in which a client sent something
  std::uint64_t writes = 0;          // and in which it was answered
  std::uint64_t payload_checks = 0;  // of RESTORE; each is checked in full
  Rate commands_rate;
  Rate input_rate;  // bytes
  Rate output_rate;
  std::size_t peak_memory = 0;
  std::map<std::string, std::uint64_t, std::less<>> errors;  // by code
};

// Parameters that commands ask for on their way; CONFIG rows point here.
struct EngineConfig {
  std::string password;  // requirepass, as CONFIG GET shows it; the Acl has what counts
  std::uint32_t notify_classes = 0;
  std::int64_t slowlog_slower_than_us = 10000;
  std::int64_t slowlog_max_len = 128;
  std::int64_t proto_max_bulk_len = 512 * 1024 * 1024;
  std::int64_t max_memory = 0;  // bytes; 0: no limit
  EvictionConfig eviction;
  std::int64_t hz = 10;
  bool active_expire = true;
  bool latency_tracking = true;
  bool protected_mode = true;
  std::vector<double> latency_percentiles = {50, 99, 99.9};
  std::string announced_version = "7.4.0";

  // Taken, kept and without effect: values are always freed in portions, tables always grow in
  // steps, expired keys are found by deadline, lists are not compressed.
  struct Kept {
    bool lazy_eviction = false;
    bool lazy_expire = false;
    bool lazy_server_del = false;
    bool lazy_user_del = false;
    bool lazy_user_flush = false;
    bool active_rehashing = true;
    bool dynamic_hz = true;
    std::int64_t active_expire_effort = 1;
    std::int64_t list_compress_depth = 0;
  } kept;
};

// Sees every key that the door opened and every unit's effects: the proof that effects say
// all that changed.
class UnitObserver {
 public:
  virtual ~UnitObserver() = default;
  virtual void OnTouch(int db, std::string_view key) = 0;
  virtual void OnUnit(const EffectBuffer& effects) = 0;
};

struct EngineOptions {
  Clock& clock;
  ExecutionLock& lock;
  std::uint64_t seed = 0;  // of Random and, unless adopted, of the hash
  int databases = 16;
  std::shared_ptr<const CommandTable> commands;  // null: the engine's own rows
};

class Engine {
 public:
  explicit Engine(const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Runs one command for a session. `args` is borrowed for the call and not empty.
  Outcome Execute(Session& session, Args args, Reply& reply);

  // The same for a row that the caller found before, whose arity fits: saves looking it up.
  Outcome ExecuteRow(Session& session, const Command& command, Args args, Reply& reply) {
    const HeapScope heap(heap_);
    session.last_command = &command;
    return Dispatch(session, command, args, reply);
  }

  // Runs a command from inside another one (EXEC, a script's redis.call): no MULTI queue, no
  // blocking, no authentication; adds to the unit of the caller. Requires a fitting arity.
  void ExecuteInner(Session& session, const Command& command, Args args, Reply& reply);

  // The row that would run; null when the name or subcommand is unknown.
  const Command* Lookup(Args args) const;

  // Connections. A session is added before its first command and removed after its last.
  void AddSession(Session& session);
  void RemoveSession(Session& session);

  // Brings a unit of its own around `body`: for ticks, loading, replay.
  void RunUnit(const std::function<void()>& body);
  int unit_depth() const { return unit_depth_; }

  // Housekeeping: active expiry, timeouts of blocked callers, end of pauses. Call when
  // NextDeadlineMs() has come and at least ten times a second. Bounded work.
  void Tick();
  // When something becomes due (unix ms); Database::kNoDeadline when nothing will.
  std::int64_t NextDeadlineMs() const;

  // Applies effects that another engine or a journal recorded.
  Result<void> Replay(int db, Args args);

  // LSN of the last unit that had effects; 0 without a sink.
  std::uint64_t appended_lsn() const { return appended_lsn_; }
  void set_effect_sink(EffectSink* sink) { effect_sink_ = sink; }  // borrowed, may be null

  void set_unit_observer(UnitObserver* observer) { unit_observer_ = observer; }  // may be null

  // Bytes that count against maxmemory: keys, values and their indexes as of now, and what else
  // the process had allocated when it was last told.
  std::size_t used_memory() const { return heap_.used_bytes() + outside_bytes_; }
  const ProcessMemory& process_memory() const { return process_memory_; }
  void NoteProcessMemory(const ProcessMemory& memory);
  // used_memory when the first report came; 0 without reports.
  std::size_t startup_memory() const { return startup_memory_; }
  // Whether the last command began above maxmemory and nothing more could be evicted.
  bool out_of_memory() const { return out_of_memory_ && config_.max_memory != 0; }
  // What happened since the last call goes into the rates of INFO; ten times a second.
  void SampleRates();
  // The access bits of a new entry; those of one that is used again.
  std::uint32_t FreshAccess() const;
  void NoteTime(Entry& entry) {
    if (entry.access() != access_clock_) entry.set_access(access_clock_);
  }

  // While true every command without the loading flag is refused.
  void set_loading(bool loading) { loading_ = loading; }
  bool loading() const { return loading_; }
  // Non-empty: writes are refused with this text (MISCONF ...).
  void set_write_refusal(std::string text) { write_refusal_ = std::move(text); }
  const std::string& write_refusal() const { return write_refusal_; }

  // For a unit that takes too long, a script's: lets go of the lock for a moment, so that others
  // are served. From then on until EndBusy all commands without the allow-busy flag are refused
  // with `refusal` (BUSY ...), which lives as long, and neither ticks nor cuts happen. Requires
  // that nothing of the keyspace is being changed.
  void BreatheInUnit(std::string_view refusal);
  void EndBusy() { busy_refusal_ = {}; }
  bool busy() const { return !busy_refusal_.empty(); }
  std::string_view busy_refusal() const { return busy_refusal_; }
  // Called without the lock by the thread whose unit it is, to serve what nobody else can.
  void set_busy_pump(std::function<void()> pump) { busy_pump_ = std::move(pump); }

  // CLIENT PAUSE.
  void Pause(std::int64_t until_ms, bool writes_only);
  void Unpause();
  std::int64_t pause_end_ms() const { return pause_end_ms_; }  // 0: not paused
  // Called (under the lock) when a pause was ended before its time.
  void set_on_unpause(std::function<void()> fn) { on_unpause_ = std::move(fn); }

  // Ends the wait of a blocked session with an error or its timeout reply.
  void UnblockWithError(Session& session, std::string_view error);
  void UnblockWithTimeout(Session& session);

  // Users. Requires a verdict other than allowed for the note.
  Acl& acl() { return acl_; }
  AclVerdict CheckAcl(const Session& session, const Command& command, Args args) const {
    if (session.user == nullptr || session.user->unrestricted()) return {};
    return session.user->Check(command, args);
  }
  void NoteDenial(const Session& session, const Command& command, Args args, AclVerdict verdict,
                  AclLogEntry::Context context);
  // A failed AUTH or HELLO, whose name is in `word`.
  void NoteFailedLogin(const Session& session, std::string_view word, std::string_view user);
  // Makes the session this user's. Null: the default user's, authenticated if that needs no
  // password; what a new connection is.
  void SetUser(Session& session, const AclUser* user);
  // Changes a user to `rules`, creating it if needed, and closes connections whose
  // subscriptions these no longer allow.
  void PutUser(const AclUser& rules, Session* current);
  // False when there is none. Its connections are closed.
  bool RemoveUser(std::string_view name, Session* current);
  // Takes the users of the AclFile for those there were; on an error they stay. Requires the
  // service. Connections of users other than the default one are closed.
  Result<void> LoadUsers(Session* current);

  // MONITOR. Feed: for a command that shows itself before it runs others.
  void Monitor(Session& session, bool on);
  bool monitored() const { return !monitors_.empty(); }
  void FeedMonitors(const Session& session, Args args);
  Tracking& tracking() { return tracking_; }

  // Transactions: WATCH, and what EXEC and DISCARD need.
  void Watch(Session& session, std::string_view key);
  void Unwatch(Session& session);
  bool WatchedKeyExpired(const Session& session) const;
  void DiscardTransaction(Session& session);

  // Pub/sub. Publish returns the number of receivers.
  std::size_t Publish(std::string_view channel, std::string_view payload);
  std::size_t PublishShard(std::string_view channel, std::string_view payload);
  class PubSub& pubsub() {
    return *pubsub_;
  }

  // What folders above hang in, found again by type: engine.Attach<lua::Scripts>(&scripts).
  template <class T>
  void Attach(T* service) {
    services_[ServiceKey<T>()] = service;
  }
  template <class T>
  T* Service() const {
    auto it = services_.find(ServiceKey<T>());
    return it == services_.end() ? nullptr : static_cast<T*>(it->second);
  }

  void AddInfoSection(InfoSection section) { info_sections_.push_back(std::move(section)); }
  const std::vector<InfoSection>& info_sections() const { return info_sections_; }

  Clock& clock() { return clock_; }
  Random& random() { return random_; }
  ExecutionLock& lock() { return lock_; }
  Keyspace& keyspace() { return keyspace_; }
  const Keyspace& keyspace() const { return keyspace_; }
  Settings& settings() { return settings_; }
  EngineConfig& config() { return config_; }
  Sessions& sessions() { return sessions_; }
  const CommandTable& commands() const { return *commands_; }
  Stats& stats() { return stats_; }
  Heap& heap() { return heap_; }
  CommandStats& command_stats(const Command& command) { return command_stats_[command.index]; }
  void ResetStats();
  // A command (null: an unknown one) that was refused with this error outside of Execute.
  void NoteRefusal(const Command* command, std::string_view error);
  LatencyEvents& latency() { return latency_; }
  const LatencyHistogram& latency_of(const Command& command) const {
    return histograms_[command.index];
  }
  // Blocked keys and watched keys, for INFO.
  std::size_t blocking_keys() const { return blocked_keys_.size(); }
  std::size_t watched_keys() const { return watchers_.size(); }
  std::vector<SlowlogEntry>& slowlog() { return slowlog_; }  // oldest first
  std::int64_t started_ms() const { return started_ms_; }
  std::uint64_t run_id() const { return run_id_; }
  std::size_t blocked_clients() const { return blocked_.size(); }

  // Fixed per unit; outside of one, the clock's.
  std::int64_t now_ms() const;

  // Around the commands of one wake-up: time is read once for all of them, and a command's
  // duration is counted from the end of the one before.
  void BeginBatch();
  void EndBatch() {
    batch_now_ms_ = batch_ticks_ = 0;
    if (tracking_.has_broadcast()) tracking_.Broadcast();
  }

 private:
  friend class Call;
  friend class UndoLog;

  template <class T>
  static const void* ServiceKey() {
    static const char key = 0;
    return &key;
  }

  struct TouchedKey {
    int db;
    std::string key;
  };
  struct ReadyKey {
    int db;
    std::string key;
  };

  void BeginUnit();
  void EndUnit();
  void FinishUnit();
  bool effects_wanted() const { return effect_sink_ != nullptr || unit_observer_ != nullptr; }

  void ReplaceUsers(const std::vector<std::unique_ptr<AclUser>>& users, Session* current);
  void DropSession(Session& session, const Session* current);
  const Command* FindRow(Session& session, Args args, Reply& reply);
  Outcome Dispatch(Session& session, const Command& command, Args args, Reply& reply);
  std::string_view RefusalOf(const Command& command) const;
  Outcome RejectDenied(Session& session, const Command& command, Args args, AclVerdict verdict,
                       Reply& reply);
  bool IsPaused(const Session& session, const Command& command) const;
  Outcome Reject(Session& session, const Command* command, Reply& reply, std::string_view error);
  Outcome Queue(Session& session, Args args, Reply& reply);
  Outcome RunCommand(Session& session, const Command& command, Args args, Reply& reply);
  void RunCall(Call& call, Reply& reply);
  void AfterCommand(Session& session, const Command& command, Args args);
  void RememberRead(const Call& call);
  bool IsRedacted(std::size_t arg) const {
    return !redacted_.empty() &&
           std::find(redacted_.begin(), redacted_.end(), arg) != redacted_.end();
  }
  void CountError(std::string_view code);
  void NoteDuration(Session& session, const Command& command, Args args, std::int64_t usec);
  void NoteSlow(Session& session, const Command& command, Args args, std::int64_t usec);

  void Block(Session& session, const Command& command, Args args,
             std::span<const std::string_view> keys, std::int64_t deadline_ms);
  void Unlist(Session& session);
  void SignalReady(int db, std::string_view key, ValueType type);
  // Streams of a database that are about to go: callers may wait in their groups.
  void SignalStreams(int db);
  void ServeReady();
  void ServeWaiter(Session& session, const ReadyKey* ready);
  void EndGroupReads(const ReadyKey& gone);
  void RetryBlocked();
  void TimeOutBlocked();

  void Touch(int db, std::string_view key);
  // To those who need to know of every change.
  void TellObservers(int db, std::string_view key);
  void InvalidateWatchers(std::size_t first_touched);
  void InvalidateKey(int db, std::string_view key);
  void InvalidateDatabase(int db, int content_db);
  void Expire(int db, std::string_view key);
  std::size_t ExpireFields(int db, std::string_view key, std::size_t limit);
  void Evict(int db, std::string_view key);
  void NoteFrequency(Entry& entry);
  bool MakeRoom();
  bool DeniedForMemory(const Session& session, const Command& command);
  void ExpireCycle();
  void Notify(EventClass event_class, std::string_view event, std::string_view key, int db);
  void AddSettings();
  void AddEncodingSettings();
  void AddAccessSettings();
  void AddObservationSettings();
  void AddMemorySettings();
  void AddKeptSettings();
  static std::string WatchName(int db, std::string_view key);

  Clock& clock_;
  ExecutionLock& lock_;
  Random random_;
  Heap heap_;
  Settings settings_;
  EngineConfig config_;
  Keyspace keyspace_;
  std::shared_ptr<const CommandTable> commands_;
  Acl acl_;
  Sessions sessions_;
  std::unique_ptr<PubSub> pubsub_;
  Tracking tracking_;
  std::vector<Session*> monitors_;
  Stats stats_;
  std::vector<CommandStats> command_stats_;   // by Command::index
  std::vector<LatencyHistogram> histograms_;  // by Command::index
  LatencyEvents latency_;
  std::vector<InfoSection> info_sections_;
  std::unordered_map<const void*, void*> services_;
  std::vector<std::size_t> redacted_;  // arguments of the running command that are secret
  std::vector<SlowlogEntry> slowlog_;
  std::uint64_t next_slowlog_id_ = 0;
  std::int64_t started_ms_ = 0;
  std::uint64_t run_id_ = 0;
  bool loading_ = false;
  std::string write_refusal_;
  std::string_view busy_refusal_;  // empty: not busy
  std::function<void()> busy_pump_;

  Session* current_ = nullptr;  // whose command runs; null: nobody's

  // The unit that runs.
  int unit_depth_ = 0;
  mutable std::int64_t unit_now_ms_ = 0;    // 0: not read yet
  std::int64_t batch_now_ms_ = 0;           // 0: outside of a batch
  std::int64_t batch_ticks_ = 0;            // when its last command ended; 0: outside
  mutable std::uint32_t access_clock_ = 0;  // seconds, of the last time read
  EffectBuffer effects_;
  EffectSink* effect_sink_ = nullptr;
  UnitObserver* unit_observer_ = nullptr;
  class UndoLog* undo_ = nullptr;  // borrowed; null: nothing is to be undone
  std::uint64_t appended_lsn_ = 0;
  std::vector<TouchedKey> touched_;
  bool replaying_ = false;

  Eviction eviction_;
  bool out_of_memory_ = false;
  ProcessMemory process_memory_;
  std::size_t outside_bytes_ = 0;
  std::size_t startup_memory_ = 0;
  bool evicting_ = false;  // the time was up before memory was below the limit

  // Blocked callers and watchers, by (db, key).
  std::unordered_map<std::string, std::list<Session*>> blocked_keys_;
  std::vector<Session*> blocked_;
  std::vector<ReadyKey> ready_;
  std::uint64_t next_block_order_ = 1;
  std::unordered_map<std::string, std::vector<Session*>> watchers_;

  std::int64_t pause_end_ms_ = 0;
  bool pause_writes_only_ = false;
  std::function<void()> on_unpause_;
};

}  // namespace satchel::engine
