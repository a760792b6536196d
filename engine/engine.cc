#include "engine/engine.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include "base/reply_value.h"
#include "engine/call.h"
#include "engine/hash.h"
#include "engine/monitor.h"
#include "engine/pubsub.h"
#include "engine/undo.h"

namespace satchel::engine {
namespace {

std::shared_ptr<const CommandTable> OwnCommands() {
  static const auto table = std::make_shared<const CommandTable>(EngineCommandTables());
  return table;
}

// Commands that are not queued by MULTI.
bool RunsInsideMulti(const Command& command) {
  for (std::string_view name : {"EXEC", "DISCARD", "MULTI", "WATCH", "QUIT", "RESET"}) {
    if (command.name == name) return true;
  }
  return false;
}

// Commands that a RESP2 connection may send while it has subscriptions.
bool RunsWhileSubscribed(const Command& command) {
  for (std::string_view name : {"PING", "SUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "SUNSUBSCRIBE",
                                "PSUBSCRIBE", "PUNSUBSCRIBE", "QUIT", "RESET"}) {
    if (command.name == name) return true;
  }
  return false;
}

// Not without end.
std::string Quoted(std::string_view word) { return Printed(word.substr(0, 128)); }

std::string UnknownCommandText(Args args) {
  std::string shown;
  for (std::size_t i = 1; i < args.size() && shown.size() < 128; ++i) {
    shown += "'" + Printed(args[i].substr(0, 128 - shown.size())) + "' ";
  }
  return "ERR unknown command '" + Quoted(args[0]) + "', with args beginning with: " + shown;
}

// The words that begin lines of an HTTP request.
bool IsCrossProtocol(std::string_view name) {
  return EqualIgnoreCase(name, "post") || EqualIgnoreCase(name, "host:");
}

std::string Shortened(std::string_view arg) {
  constexpr std::size_t kLimit = 128;
  if (arg.size() <= kLimit) return std::string(arg);
  return std::string(arg.substr(0, kLimit)) + "... (" +
         FormatInt(static_cast<std::int64_t>(arg.size() - kLimit)) + " more bytes)";
}

}  // namespace

std::string InvalidExpireText(std::string_view command) {
  return "ERR invalid expire time in '" + ToLower(command) + "' command";
}

std::string ArityText(std::string_view command) {
  return "ERR wrong number of arguments for '" + std::string(command) + "' command";
}

Engine::Engine(const EngineOptions& options)
    : clock_(options.clock),
      lock_(options.lock),
      random_(options.seed),
      keyspace_(options.databases, random_.Next()),
      commands_(options.commands ? options.commands : OwnCommands()),
      acl_(*commands_),
      pubsub_(std::make_unique<PubSub>()),
      tracking_(sessions_, random_),
      command_stats_(commands_->indexes()),
      histograms_(commands_->indexes()),
      started_ms_(clock_.NowMs()),
      run_id_(random_.Next()) {
  AddSettings();
}

Engine::~Engine() {
  HeapScope heap(heap_);
  for (int i = 0; i < keyspace_.databases(); ++i) keyspace_.Adopt(i, nullptr);
  keyspace_.reaper().Finish();
}

// --- Time and units ------------------------------------------------------------------------

std::int64_t Engine::now_ms() const {
  if (unit_depth_ > 0 && unit_now_ms_ != 0) return unit_now_ms_;
  const std::int64_t now = batch_now_ms_ != 0 ? batch_now_ms_ : clock_.NowMs();
  access_clock_ = static_cast<std::uint32_t>(now / 1000) & 0xFFFFFF;
  if (unit_depth_ > 0) unit_now_ms_ = now;
  return now;
}

void Engine::BeginBatch() {
  batch_now_ms_ = 0;
  batch_now_ms_ = now_ms();
  batch_ticks_ = clock_.Ticks();
}

void Engine::BeginUnit() {
  SATCHEL_DCHECK(lock_.held());
  if (unit_depth_++ == 0) unit_now_ms_ = 0;
}

void Engine::EndUnit() {
  if (unit_depth_ > 1) {
    --unit_depth_;
    return;
  }
  // A read leaves nothing behind, mostly.
  if (!effects_.empty() || !touched_.empty() || unit_observer_ != nullptr) FinishUnit();
  --unit_depth_;
  if (!ready_.empty()) ServeReady();
  constexpr std::size_t kReapPerUnit = 64;  // some 5 us
  if (!keyspace_.reaper().empty()) keyspace_.reaper().Step(kReapPerUnit);
  if (tracking_.has_broadcast() && batch_ticks_ == 0 && unit_depth_ == 0) tracking_.Broadcast();
}

// What the unit changed leaves for the journal.
void Engine::FinishUnit() {
  if (!effects_.empty()) {
    if (effect_sink_ != nullptr) appended_lsn_ = effect_sink_->Append(now_ms(), effects_);
  }
  if (unit_observer_ != nullptr) unit_observer_->OnUnit(effects_);
  effects_.Clear();
  touched_.clear();
}

void Engine::BreatheInUnit(std::string_view refusal) {
  SATCHEL_CHECK(lock_.held() && unit_depth_ > 0);
  busy_refusal_ = refusal;
  Session* const current = current_;
  const std::function<void()> pump = busy_pump_;  // who holds the lock may set another
  lock_.unlock();
  if (pump) pump();
  // Who waits has to be scheduled first; without this the lock would be taken again before.
  constexpr int kTries = 50;
  for (int i = 0; i < kTries && lock_.waiters() > 0; ++i) std::this_thread::yield();
  lock_.lock();
  current_ = current;
  batch_ticks_ = 0;  // others' batches came and went
  batch_now_ms_ = 0;
}

void Engine::RunUnit(const std::function<void()>& body) {
  HeapScope heap(heap_);
  BeginUnit();
  body();
  EndUnit();
}

// --- Sessions ------------------------------------------------------------------------------

void Engine::AddSession(Session& session) {
  sessions_.Add(&session, now_ms());
  if (session.kind == Session::Kind::kClient) SetUser(session, nullptr);
  if (session.kind == Session::Kind::kClient) ++stats_.connections;
}

void Engine::RemoveSession(Session& session) {
  if (session.blocked) Unlist(session);
  session.blocked.reset();
  Unwatch(session);
  pubsub_->UnsubscribeAll(session);
  tracking_.Disable(session);
  Monitor(session, false);
  sessions_.Remove(&session);
}

// --- One command ---------------------------------------------------------------------------

const Command* Engine::FindRow(Session& session, Args args, Reply& reply) {
  const Command* command = commands_->Find(args[0]);
  if (command == nullptr) {
    Reject(session, nullptr, reply, UnknownCommandText(args));
    return nullptr;
  }
  if (!command->subcommands.empty() && args.size() > 1) {
    const Command* row = CommandTable::FindSubcommand(*command, args[1]);
    if (row == nullptr) {
      Reject(session, command, reply,
             "ERR unknown subcommand '" + Quoted(args[1]) + "'. Try " + std::string(command->name) +
                 " HELP.");
      return nullptr;
    }
    command = row;
  }
  if (!command->ArityFits(args.size()) || command->run == nullptr) {
    Reject(session, command, reply, ArityText(CommandTable::FullName(*command)));
    return nullptr;
  }
  return command;
}

const Command* Engine::Lookup(Args args) const {
  const Command* command = commands_->Find(args[0]);
  if (command == nullptr || command->subcommands.empty() || args.size() < 2) return command;
  return CommandTable::FindSubcommand(*command, args[1]);
}

Outcome Engine::Execute(Session& session, Args args, Reply& reply) {
  HeapScope heap(heap_);
  if (session.kind == Session::Kind::kClient && IsCrossProtocol(args[0])) {
    // A browser was tricked into talking to us: say nothing and hang up.
    session.closing = true;
    session.peer->Close(false);
    return Outcome::kClose;
  }
  const Command* command = FindRow(session, args, reply);
  if (command == nullptr) return Outcome::kDone;
  session.last_command = command;
  return Dispatch(session, *command, args, reply);
}

// Why a command may not run now, whoever sends it; empty when it may.
std::string_view Engine::RefusalOf(const Command& command) const {
  if (loading_ && !(command.flags & kLoading)) {
    return "LOADING Redis is loading the dataset in memory";
  }
  if (!write_refusal_.empty() && (command.flags & kWrite)) return write_refusal_;
  return {};
}

bool Engine::DeniedForMemory(const Session& session, const Command& command) {
  if (session.kind == Session::Kind::kReplay || loading_ || unit_depth_ > 0) return false;
  out_of_memory_ = !MakeRoom();
  if (!out_of_memory_) return false;
  if (!session.in_multi) return (command.flags & kDenyOom) != 0;
  if (command.name != "EXEC") {
    return command.name != "DISCARD" && command.name != "QUIT" && command.name != "RESET";
  }
  return std::any_of(session.queued.begin(), session.queued.end(), [&](const auto& line) {
    const std::vector<std::string_view> args(line.begin(), line.end());
    const Command* queued = Lookup(args);
    return queued != nullptr && (queued->flags & kDenyOom);
  });
}

Outcome Engine::Dispatch(Session& session, const Command& command, Args args, Reply& reply) {
  if (!session.authenticated && !(command.flags & kNoAuth) && acl_.authentication_needed()) {
    return Reject(session, &command, reply, "NOAUTH Authentication required.");
  }
  if (session.in_multi && (command.flags & kNoMulti)) {
    return Reject(session, &command, reply, "ERR Command not allowed inside a transaction");
  }
  if (const AclVerdict verdict = CheckAcl(session, command, args); !verdict.allowed()) {
    return RejectDenied(session, command, args, verdict, reply);
  }
  if (loading_ || !write_refusal_.empty()) {
    const std::string_view refusal = RefusalOf(command);
    if (!refusal.empty()) return Reject(session, &command, reply, refusal);
  }
  if (config_.max_memory != 0 && DeniedForMemory(session, command)) {
    return Reject(session, &command, reply, kOutOfMemory);
  }
  if (busy() && !(command.flags & kAllowBusy)) {
    return Reject(session, &command, reply, busy_refusal_);
  }
  if (session.monitoring && (command.flags & (kWrite | kReadonly | kMayReplicate))) {
    return Reject(session, &command, reply, "ERR Replica can't interact with the keyspace");
  }
  if (session.protocol == 2 && session.kind == Session::Kind::kClient && session.subscribed() &&
      !RunsWhileSubscribed(command)) {
    return Reject(session, &command, reply,
                  "ERR Can't execute '" + CommandTable::FullName(command) +
                      "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
                      "allowed in this context");
  }
  if (pause_end_ms_ != 0 && session.kind != Session::Kind::kReplay && IsPaused(session, command)) {
    return Outcome::kPostponed;
  }
  if (session.in_multi && !RunsInsideMulti(command)) return Queue(session, args, reply);
  return RunCommand(session, command, args, reply);
}

bool Engine::IsPaused(const Session& session, const Command& command) const {
  if (now_ms() >= pause_end_ms_) return false;
  if (!pause_writes_only_) {
    return command.name != "UNPAUSE";  // else nobody could end it early
  }
  if (command.flags & (kWrite | kMayReplicate)) return true;
  if (command.name != "EXEC") return false;
  return std::any_of(session.queued.begin(), session.queued.end(), [&](const auto& queued) {
    const Command* inner = commands_->Find(queued[0]);
    return inner != nullptr && (inner->flags & (kWrite | kMayReplicate));
  });
}

Outcome Engine::Reject(Session& session, const Command* command, Reply& reply,
                       std::string_view error) {
  if (session.in_multi) session.multi_failed = true;
  if (command != nullptr) ++command_stats_[command->index].rejected;
  if (command != nullptr && command->name == "EXEC") {
    constexpr std::string_view kCode = "ERR ";
    if (error.substr(0, kCode.size()) == kCode) error.remove_prefix(kCode.size());
    reply.Error("EXECABORT Transaction discarded because of: " + std::string(error));
  } else {
    reply.Error(error);
  }
  CountError(reply.error_code());
  // Also outside of a transaction: the watched keys are forgotten.
  if (command != nullptr && command->name == "EXEC") DiscardTransaction(session);
  return Outcome::kDone;
}

Outcome Engine::Queue(Session& session, Args args, Reply& reply) {
  if (!session.multi_failed && !session.watch_failed) {
    session.queued.emplace_back(args.begin(), args.end());
    session.queued_bytes += sizeof(session.queued.front());
    for (std::string_view arg : args) session.queued_bytes += sizeof(std::string) + arg.size();
  }
  reply.Status("QUEUED");
  return Outcome::kDone;
}

Outcome Engine::RunCommand(Session& session, const Command& command, Args args, Reply& reply) {
  if (!redacted_.empty()) redacted_.clear();
  ++session.commands;
  Call call(*this, session, command, args);
  call.may_block_ = session.waiter != nullptr && unit_depth_ == 0;
  // An in-process read is cheaper than reading the cycle counter twice.
  const bool timed = session.kind == Session::Kind::kClient || !(command.flags & kFast);
  const std::int64_t begin = !timed ? 0 : batch_ticks_ != 0 ? batch_ticks_ : clock_.Ticks();
  current_ = &session;
  BeginUnit();
  RunCall(call, reply);
  if (timed) {
    const std::int64_t end = clock_.Ticks();
    if (batch_ticks_ != 0) batch_ticks_ = end;
    const std::int64_t usec = (end - begin) / 1000;
    NoteDuration(session, command, args, usec);
  }
  EndUnit();
  current_ = nullptr;
  if (session.tracking != nullptr || !monitors_.empty()) AfterCommand(session, command, args);
  if (call.wants_block_) return Outcome::kBlocked;
  return session.closing ? Outcome::kClose : Outcome::kDone;
}

void Engine::RunCall(Call& call, Reply& reply) {
  CommandStats& stats = command_stats_[call.command_.index];
  const std::uint64_t errors = reply.errors();
  const std::size_t touched = touched_.size();
  call.command_.run(call, reply);
  ++stats.calls;
  ++stats_.commands;
  if (reply.errors() != errors && !call.error_was_counted_) {
    ++stats.failed;
    CountError(reply.error_code());
  }
  if (tracking_.active() && (call.command_.flags & kReadonly)) RememberRead(call);
  if (touched_.size() > touched) {
    const bool announced = call.changed_ && !call.keeps_watchers_;
    if (announced) InvalidateWatchers(touched);
    if (!announced) touched_.resize(touched);
  }
}

void Engine::AfterCommand(Session& session, const Command& command, Args args) {
  const bool shown = !monitors_.empty() && !(command.flags & (kSkipMonitor | kAdmin));
  if (session.tracking != nullptr) {
    tracking_.SendPending(session);
    const Command& family = command.parent != nullptr ? *command.parent : command;
    if (!session.in_multi && family.name != "CLIENT") session.tracking->caching = false;
  }
  if (shown) FeedMonitors(session, args);
}

// What a script reads counts as the keys that its EVAL named.
void Engine::RememberRead(const Call& call) {
  const bool by_script = call.session_.caller != nullptr;
  const Session& session = by_script ? *call.session_.caller : call.session_;
  if (session.tracking == nullptr || session.tracking->broadcast) return;
  const TrackingState& state = *session.tracking;
  if ((state.opt_in && !state.caching) || (state.opt_out && state.caching)) return;
  const Call& named = by_script ? *call.session_.caller_call : call;
  if (named.command_.flags & kPubsub) return;
  std::vector<KeyPosition> positions;
  if (!FindUsedKeys(named.command_, named.args_, &positions)) return;
  std::vector<std::string_view> keys;
  for (const KeyPosition& position : positions) keys.push_back(named.args_[position.index]);
  tracking_.Remember(session, keys);
}

void Engine::Monitor(Session& session, bool on) {
  if (on == session.monitoring) return;
  session.monitoring = on;
  if (on) {
    monitors_.push_back(&session);
  } else {
    std::erase(monitors_, &session);
  }
}

void Engine::FeedMonitors(const Session& session, Args args) {
  auto message = std::make_shared<PushMessage>();
  message->kind = PushMessage::Kind::kMonitorLine;
  message->payload = MonitorLine(session, args, clock_.NowUs(),
                                 [this](std::size_t arg) { return IsRedacted(arg); });
  for (Session* monitor : monitors_) monitor->peer->Deliver(message);
}

void Engine::ExecuteInner(Session& session, const Command& command, Args args, Reply& reply) {
  SATCHEL_DCHECK(unit_depth_ > 0);
  if (!redacted_.empty()) redacted_.clear();
  Call call(*this, session, command, args);
  BeginUnit();
  // In a script a fast command is cheaper than reading the cycle counter twice.
  const bool timed = session.kind != Session::Kind::kScript || !(command.flags & kFast);
  const std::int64_t begin = timed ? clock_.Ticks() : 0;
  RunCall(call, reply);
  if (timed) {
    const std::int64_t usec = (clock_.Ticks() - begin) / 1000;
    command_stats_[command.index].usec += static_cast<std::uint64_t>(usec);
    if (config_.latency_tracking) histograms_[command.index].Record(usec * 1000);
  }
  EndUnit();
  if (!monitors_.empty() && !(command.flags & (kSkipMonitor | kAdmin))) {
    FeedMonitors(session, args);
  }
}

Result<void> Engine::Replay(int db, Args args) {
  HeapScope heap(heap_);
  const Command* command = Lookup(args);
  if (command == nullptr || command->run == nullptr || !command->ArityFits(args.size())) {
    return MakeError(ErrorCode::kCorrupt, "unknown effect " + Printable(args[0]));
  }
  Session session(Session::Kind::kReplay, nullptr);
  session.db = db;
  ValueSink reply;
  replaying_ = true;
  BeginUnit();
  ExecuteInner(session, *command, args, reply);
  EndUnit();
  replaying_ = false;
  ReplyValue value = reply.Take();
  if (value.is_error()) {
    return MakeError(ErrorCode::kCorrupt, "effect " + Printable(args[0]) + ": " + value.text);
  }
  return {};
}

// --- Statistics ----------------------------------------------------------------------------

void Engine::CountError(std::string_view code) {
  ++stats_.error_replies;
  auto it = stats_.errors.find(code);
  if (it == stats_.errors.end()) it = stats_.errors.emplace(std::string(code), 0).first;
  ++it->second;
}

void Engine::NoteDuration(Session& session, const Command& command, Args args, std::int64_t usec) {
  command_stats_[command.index].usec += static_cast<std::uint64_t>(usec);
  if (config_.latency_tracking) histograms_[command.index].Record(usec * 1000);
  if (latency_.threshold_ms != 0) {
    latency_.Note(command.flags & kFast ? "fast-command" : "command", usec / 1000, now_ms() / 1000);
  }
  if (usec >= config_.slowlog_slower_than_us) NoteSlow(session, command, args, usec);
}

void Engine::NoteSlow(Session& session, const Command& command, Args args, std::int64_t usec) {
  if (config_.slowlog_slower_than_us < 0 || (command.flags & kSkipSlowlog)) return;
  constexpr std::size_t kMaxArgs = 32;
  SlowlogEntry entry{.id = next_slowlog_id_++,
                     .unix_s = now_ms() / 1000,
                     .usec = usec,
                     .address = session.peer ? session.peer->Address() : "",
                     .client_name = session.name};
  const std::size_t shown = args.size() <= kMaxArgs ? args.size() : kMaxArgs - 1;
  for (std::size_t i = 0; i < shown; ++i) {
    entry.args.push_back(IsRedacted(i) ? "(redacted)" : Shortened(args[i]));
  }
  if (shown < args.size()) {
    entry.args.push_back("... (" + FormatInt(static_cast<std::int64_t>(args.size() - shown)) +
                         " more arguments)");
  }
  slowlog_.push_back(std::move(entry));
  while (slowlog_.size() > static_cast<std::size_t>(config_.slowlog_max_len)) {
    slowlog_.erase(slowlog_.begin());
  }
}

void Engine::NoteRefusal(const Command* command, std::string_view error) {
  if (command != nullptr) ++command_stats_[command->index].rejected;
  CountError(error.substr(0, error.find(' ')));
}

void Engine::ResetStats() {
  const std::uint64_t changes = stats_.changes;
  stats_ = Stats{};
  stats_.changes = changes;
  keyspace_.reaper().ResetFreed();
  std::fill(command_stats_.begin(), command_stats_.end(), CommandStats{});
  std::fill(histograms_.begin(), histograms_.end(), LatencyHistogram{});
}

// --- Watchers ------------------------------------------------------------------------------

std::string Engine::WatchName(int db, std::string_view key) {
  std::string name;
  AppendLe(name, static_cast<std::uint32_t>(db));
  name += key;
  return name;
}

void Engine::Watch(Session& session, std::string_view key) {
  for (const WatchedKey& watched : session.watched) {
    if (watched.db == session.db && watched.key == key) return;
  }
  const Entry* entry = keyspace_.Peek(session.db, key);
  const bool expired = entry != nullptr && entry->ExpiredAt(now_ms());
  session.watched.push_back({session.db, std::string(key), expired});
  watchers_[WatchName(session.db, key)].push_back(&session);
}

void Engine::Unwatch(Session& session) {
  for (const WatchedKey& watched : session.watched) {
    auto it = watchers_.find(WatchName(watched.db, watched.key));
    if (it == watchers_.end()) continue;
    std::erase(it->second, &session);
    if (it->second.empty()) watchers_.erase(it);
  }
  session.watched.clear();
}

bool Engine::WatchedKeyExpired(const Session& session) const {
  return std::any_of(session.watched.begin(), session.watched.end(), [&](const WatchedKey& w) {
    if (w.expired) return false;  // it was gone already when WATCH came
    const Entry* entry = keyspace_.Peek(w.db, w.key);
    return entry != nullptr && entry->due_ms() <= now_ms();
  });
}

void Engine::DiscardTransaction(Session& session) {
  session.in_multi = session.multi_failed = session.watch_failed = false;
  session.queued.clear();
  session.queued_bytes = 0;
  Unwatch(session);
}

void Engine::TellObservers(int db, std::string_view key) {
  if (undo_ != nullptr) undo_->Note(db, key);
  if (unit_observer_ != nullptr) unit_observer_->OnTouch(db, key);
}

void Engine::Touch(int db, std::string_view key) {
  TellObservers(db, key);
  if (!watchers_.empty() || tracking_.active()) touched_.push_back({db, std::string(key)});
}

void Engine::InvalidateWatchers(std::size_t first_touched) {
  for (std::size_t i = first_touched; i < touched_.size(); ++i) {
    InvalidateKey(touched_[i].db, touched_[i].key);
  }
}

void Engine::InvalidateKey(int db, std::string_view key) {
  if (tracking_.active()) tracking_.Invalidate(key, current_);
  if (watchers_.empty()) return;
  auto it = watchers_.find(WatchName(db, key));
  if (it == watchers_.end()) return;
  const bool absent = keyspace_.Peek(db, key) == nullptr;
  for (Session* session : it->second) {
    auto watched = std::find_if(session->watched.begin(), session->watched.end(),
                                [&](const WatchedKey& w) { return w.db == db && w.key == key; });
    // What had expired when it was watched may vanish: to the watcher it was gone already.
    const bool known = watched->expired && absent;
    watched->expired = false;
    if (!known) session->watch_failed = true;
  }
}

// Before a database's content is replaced (FLUSHDB, SWAPDB): watched keys that exist in
// either content change.
void Engine::InvalidateDatabase(int db, int content_db) {
  for (auto& [name, sessions] : watchers_) {
    if (static_cast<int>(LoadLe<std::uint32_t>(name.data())) != db) continue;
    const std::string_view key = std::string_view(name).substr(4);
    if (keyspace_.Peek(db, key) == nullptr &&
        (content_db < 0 || keyspace_.Peek(content_db, key) == nullptr)) {
      continue;
    }
    for (Session* session : sessions) session->watch_failed = true;
  }
}

// --- Expiry --------------------------------------------------------------------------------

void Engine::Expire(int db, std::string_view key) {
  const std::string name(key);  // the key may be the entry's own bytes
  TellObservers(db, name);
  if (keyspace_.Peek(db, name)->type() == ValueType::kStream) {
    SignalReady(db, name, ValueType::kStream);
  }
  keyspace_.Remove(db, name, keyspace_.Hash(name));
  InvalidateKey(db, name);
  ++stats_.expired_keys;
  if (effects_wanted()) {
    const std::string_view effect[] = {"DEL", name};
    effects_.Add(db, effect);
  }
  if (config_.notify_classes & kEventExpired) Notify(kEventExpired, "expired", name, db);
}

// Erases fields of a hash that have expired, at most so many, and the key with the last one.
// Returns how many. `key` must exist.
std::size_t Engine::ExpireFields(int db, std::string_view key, std::size_t limit) {
  const std::string name(key);  // the key may be the entry's own bytes
  const std::uint64_t key_hash = keyspace_.Hash(name);
  TellObservers(db, name);
  Hash* hash = keyspace_.Edit(db, name, key_hash)->As<Hash>();
  std::size_t erased = 0;
  while (erased < limit && hash->has_deadlines()) {
    const auto [earliest, deadline_ms] = hash->EarliestDeadline();
    if (deadline_ms >= now_ms()) break;
    const std::string field(earliest);
    hash->Erase(field);
    ++erased;
    if (effects_wanted()) {
      const std::string_view effect[] = {"HDEL", name, field};
      effects_.Add(db, effect);
    }
  }
  stats_.expired_fields += erased;
  InvalidateKey(db, name);
  if (config_.notify_classes & kEventHash) Notify(kEventHash, "hexpired", name, db);
  if (hash->size() > 0) {
    keyspace_.FieldDeadlinesChanged(db, name, key_hash);
    return erased;
  }
  keyspace_.Remove(db, name, key_hash);
  if (config_.notify_classes & kEventGeneric) Notify(kEventGeneric, "del", name, db);
  return erased;
}

void Engine::ExpireCycle() {
  constexpr std::size_t kBatch = 200;  // keys a unit, so that callers get their turn
  for (int db = 0; db < keyspace_.databases(); ++db) {
    if (keyspace_.db(db).earliest_deadline() > now_ms()) continue;
    RunUnit([&] {
      keyspace_.VisitExpired(db, now_ms(), kBatch, [&](std::string_view key) {
        const Entry* entry = keyspace_.Peek(db, key);
        if (entry->ExpiredAt(now_ms())) return Expire(db, key);
        ExpireFields(db, key, kBatch);
      });
    });
  }
}

// --- Memory --------------------------------------------------------------------------------

std::uint32_t Engine::FreshAccess() const {
  if (!config_.eviction.uses_lfu()) return access_clock_;
  return Frequency::Pack(static_cast<std::uint16_t>(now_ms() / 60'000), Frequency::kInitial);
}

void Engine::NoteFrequency(Entry& entry) {
  const EvictionConfig& eviction = config_.eviction;
  const auto minute = static_cast<std::uint16_t>(now_ms() / 60'000);
  const std::uint8_t count = Frequency::Decayed(entry.access(), minute, eviction);
  entry.set_access(Frequency::Pack(minute, Frequency::Incremented(count, random_, eviction)));
}

void Engine::NoteProcessMemory(const ProcessMemory& memory) {
  process_memory_ = memory;
  outside_bytes_ = memory.allocated - std::min(memory.allocated, heap_.large_bytes());
  if (startup_memory_ == 0) startup_memory_ = used_memory();
}

void Engine::SampleRates() {
  stats_.commands_rate.Sample(now_ms(), stats_.commands);
  stats_.input_rate.Sample(now_ms(), stats_.net_input_bytes);
  stats_.output_rate.Sample(now_ms(), stats_.net_output_bytes);
}

void Engine::Evict(int db, std::string_view key) {
  TellObservers(db, key);
  if (keyspace_.Peek(db, key)->type() == ValueType::kStream) {
    SignalReady(db, key, ValueType::kStream);
  }
  keyspace_.Remove(db, key, keyspace_.Hash(key));
  InvalidateKey(db, key);
  ++stats_.evicted_keys;
  if (effects_wanted()) {
    const std::string_view effect[] = {"DEL", key};
    effects_.Add(db, effect);
  }
  if (config_.notify_classes & kEventEvicted) Notify(kEventEvicted, "evicted", key, db);
}

// How long one command may evict, by the tenacity that redis documents.
std::int64_t EvictionNs(std::int64_t tenacity) {
  if (tenacity <= 10) return tenacity * 50'000;
  if (tenacity == 100) return INT64_MAX;
  return static_cast<std::int64_t>(500'000 * std::pow(1.15, static_cast<double>(tenacity) - 10));
}

// Evicts until memory is below the limit. False when it is not and nothing more can go; true
// also when the time was up: the tick then goes on.
bool Engine::MakeRoom() {
  evicting_ = false;
  const auto limit = static_cast<std::size_t>(config_.max_memory);
  if (limit == 0 || used_memory() <= limit) return true;
  const std::int64_t begin = clock_.Ticks();
  const std::int64_t budget = EvictionNs(config_.eviction.tenacity);
  constexpr std::size_t kReapAtOnce = 1024;
  bool made = true;
  RunUnit([&] {
    while (made && used_memory() > limit) {
      if (keyspace_.reaper().has_work()) {
        keyspace_.reaper().Step(kReapAtOnce);
      } else {
        const auto victim = eviction_.Choose(keyspace_, config_.eviction, now_ms(), random_);
        if (victim) Evict(victim->db, victim->key);
        made = victim.has_value();
      }
      if (clock_.Ticks() - begin < budget) continue;
      evicting_ = made && used_memory() > limit;
      return;
    }
  });
  return made;
}

void Engine::Notify(EventClass event_class, std::string_view event, std::string_view key, int db) {
  (void)event_class;
  const std::string number = FormatInt(db);
  if (config_.notify_classes & kEventKeyspace) {
    std::string channel = "__keyspace@" + number + "__:";
    channel += key;
    pubsub_->Publish(channel, event);
  }
  if (config_.notify_classes & kEventKeyevent) {
    std::string channel = "__keyevent@" + number + "__:";
    channel += event;
    pubsub_->Publish(channel, key);
  }
}

std::size_t Engine::Publish(std::string_view channel, std::string_view payload) {
  return pubsub_->Publish(channel, payload);
}

std::size_t Engine::PublishShard(std::string_view channel, std::string_view payload) {
  return pubsub_->PublishShard(channel, payload);
}

// --- Housekeeping --------------------------------------------------------------------------

void Engine::Tick() {
  if (unit_depth_ > 0) return;  // a unit that takes too long has let go of the lock
  HeapScope heap(heap_);
  now_ms();  // brings the access clock up to date
  stats_.peak_memory = std::max(stats_.peak_memory, used_memory());
  if (config_.active_expire && !loading_) ExpireCycle();
  RetryBlocked();
  TimeOutBlocked();
  constexpr std::size_t kReapPerTick = 4096;  // some 200 us
  if (!keyspace_.reaper().empty()) keyspace_.reaper().Step(kReapPerTick);
  if (evicting_) MakeRoom();
  if (pause_end_ms_ != 0 && now_ms() >= pause_end_ms_) Unpause();
}

std::int64_t Engine::NextDeadlineMs() const {
  if (busy()) return Database::kNoDeadline;
  if (evicting_ || keyspace_.reaper().has_work()) return now_ms();
  std::int64_t next = config_.active_expire ? keyspace_.EarliestDeadline() : Database::kNoDeadline;
  for (const Session* session : blocked_) {
    if (session->blocked->deadline_ms != 0) next = std::min(next, session->blocked->deadline_ms);
    if (session->blocked->retry_ms != 0) next = std::min(next, session->blocked->retry_ms);
  }
  if (pause_end_ms_ != 0) next = std::min(next, pause_end_ms_);
  return next;
}

void Engine::Pause(std::int64_t until_ms, bool writes_only) {
  // A later pause extends an earlier one and never shortens or weakens it.
  const bool active = pause_end_ms_ > now_ms();
  pause_writes_only_ = active ? pause_writes_only_ && writes_only : writes_only;
  pause_end_ms_ = active ? std::max(pause_end_ms_, until_ms) : until_ms;
}

void Engine::Unpause() {
  if (pause_end_ms_ == 0) return;
  pause_end_ms_ = 0;
  if (on_unpause_) on_unpause_();
}

}  // namespace satchel::engine
