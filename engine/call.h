// Call: one execution of a command. Commands see the engine through it: arguments, lookups,
// the mutation door, effects, events, time and chance.
//
// Order inside a command: parse every argument, look up, change, say what changed (Effect,
// Event), reply once. On an error reply nothing has changed.

#pragma once

#include <array>
#include <initializer_list>
#include <optional>

#include "engine/engine.h"
#include "engine/error_text.h"

namespace satchel::engine {

template <class T>
struct ValueTypeOf;  // specialised beside each container

class Call {
 public:
  Call(Engine& engine, Session& session, const Command& command, Args args)
      : engine_(engine), session_(session), command_(command), args_(args) {}

  Args args() const { return args_; }
  std::size_t argc() const { return args_.size(); }
  std::string_view arg(std::size_t i) const { return args_[i]; }
  Engine& engine() { return engine_; }
  Session& session() { return session_; }
  const Command& command() const { return command_; }
  int db() const { return session_.db; }
  std::int64_t now_ms() const { return engine_.now_ms(); }
  Random& random() { return engine_.random_; }
  const ValueContext& context() const { return engine_.keyspace_.context(); }
  const EncodingLimits& limits() const { return context().limits; }

  // Arguments as numbers, with Redis' error.
  Result<std::int64_t> Integer(std::size_t i) const;
  Result<int> SmallInteger(std::size_t i) const;  // 32 bits
  Result<double> Double(std::size_t i) const;     // "value is not a valid float"
  bool Is(std::size_t i, std::string_view keyword) const {
    return EqualIgnoreCase(arg(i), keyword);
  }

  // Lookups. An expired entry is removed and absent. Counted as hit or miss; the access time
  // is noted.
  // ------------------------------------------------------------------------------------
  const Entry* Find(std::string_view key) { return FindIn(db(), key); }
  const Entry* FindIn(int db, std::string_view key);
  // Counts a hit or a miss whatever the command's flags; leaves the access time alone.
  const Entry* Read(std::string_view key);
  // As Read, and notes the access time: what commands that write, too, find as readers do.
  const Entry* ReadAndUse(std::string_view key);
  // Notes that the entry is used now; what Find and the door do.
  void NoteUse(const Entry& entry) {
    if (engine_.config_.eviction.uses_lfu()) return CountUse(entry);
    engine_.NoteTime(const_cast<Entry&>(entry));
  }
  // Without touching statistics or access time.
  const Entry* Look(std::string_view key) { return LookIn(db(), key); }
  const Entry* LookIn(int db, std::string_view key) {
    const Entry* entry = engine_.keyspace_.Peek(db, key, HashOf(key));
    if (entry == nullptr || !entry->may_expire()) return entry;
    return WithoutExpired(db, key, entry);
  }
  // Null when absent; kWrongType when another type. T: List, Set, SortedSet, Hash, Stream.
  template <class T>
  Result<const T*> Find(std::string_view key);
  // A string entry, or null when absent.
  Result<const Entry*> FindString(std::string_view key);

  // The door.
  // ------------------------------------------------------------------------------------
  // The value, open for changes. Null when absent; kWrongType when another type.
  template <class T>
  Result<T*> Edit(std::string_view key);
  // As Edit, creating an empty value when absent. The command must fill it.
  template <class T>
  Result<T*> EditOrCreate(std::string_view key);
  // A new value under `key`, which must be absent; takes the value over.
  template <class T>
  void Create(std::string_view key, T value) {
    CreateIn(db(), key, std::move(value));
  }
  template <class T>
  void CreateIn(int db, std::string_view key, T value);
  // As Create, in place of whatever is there, whose deadline goes with it.
  template <class T>
  void Overwrite(std::string_view key, T value) {
    Overwrite(NewEntry(key, std::move(value)));
  }
  // Removes the key if its value has become empty; says DEL event "del". True if removed.
  template <class T>
  bool RemoveIfEmpty(std::string_view key, const T& value);

  enum class Ttl : std::uint8_t { kClear, kKeep };
  // Creates or overwrites a string.
  // kText: not as an integer, even if it is one; INCRBYFLOAT.
  enum class Form : std::uint8_t { kBest, kText };
  void SetString(std::string_view key, std::string_view value, Ttl ttl, Form form = Form::kBest);
  // Opens a string for changes in place, as a buffer with room for `capacity` bytes: creates
  // it empty when absent. Requires that the key is absent or a string. The deadline stays.
  StringBuffer& EditRaw(std::string_view key, std::size_t capacity);
  // Puts a raw string in place of whatever is there, whose deadline goes with it. Takes the
  // buffer over.
  void OverwriteRaw(std::string_view key, StringBuffer* buffer) {
    Overwrite(Entry::NewRaw(key, buffer, false));
  }
  // Overwrites an integer string in place, or creates it. The deadline stays. `old`: what a
  // lookup has just found under the key.
  void SetInteger(std::string_view key, const Entry* old, std::int64_t value);

  bool Remove(std::string_view key) { return RemoveIn(db(), key); }
  bool RemoveIn(int db, std::string_view key);
  void SetDeadline(std::string_view key, std::int64_t deadline_ms);
  // Deadlines of fields in the hash under `key` were set or cleared; say so once they all were.
  void FieldDeadlinesChanged(std::string_view key);
  // The entry of a key whose representation alone will change: nobody is told. Requires the key.
  Entry& EditForm(std::string_view key);
  // As if the key had been used last so long ago. Nothing while an LFU policy counts uses.
  void SetIdleTime(std::string_view key, std::int64_t seconds);
  // As if its uses had been counted up to `count`. Nothing without an LFU policy.
  void SetFrequency(std::string_view key, std::uint8_t count);
  void ClearDeadline(std::string_view key);
  void Move(int from_db, std::string_view from, int to_db, std::string_view to);
  // Puts an entry in that was built elsewhere (COPY, RESTORE). The key must be absent.
  void Adopt(int db, Entry* entry);
  std::size_t Flush(int db);
  void Swap(int a, int b);

  // What changed, in Redis' own terms. Without at least one effect a command counts as
  // having changed nothing: watchers stay valid.
  void Effect(std::initializer_list<std::string_view> args) {
    Effect(db(), std::span(args.begin(), args.size()));
  }
  void Effect(int db, std::span<const std::string_view> args);
  // The command itself, as the client sent it: when it is its own effect.
  void EffectSelf() { Effect(db(), args_); }
  // Whether anybody reads effects: spare the building of large ones when not, but always
  // call Effect or Changed.
  bool effects_wanted() const { return engine_.effects_wanted(); }
  void Changed(std::size_t changes = 1);
  // This change is none to those who watch the key: what groups of a stream do.
  void KeepWatchers() { keeps_watchers_ = true; }
  // Callers may wait for what the value has now. New containers are signalled by themselves.
  void SignalReady(std::string_view key, ValueType type) { engine_.SignalReady(db(), key, type); }
  // Keyspace notification.
  void Event(EventClass event_class, std::string_view event, std::string_view key) {
    if (engine_.config_.notify_classes & event_class) engine_.Notify(event_class, event, key, db());
  }
  void EventIn(int db, EventClass event_class, std::string_view event, std::string_view key) {
    if (engine_.config_.notify_classes & event_class) engine_.Notify(event_class, event, key, db);
  }

  // Blocking.
  // ------------------------------------------------------------------------------------
  // Parses a timeout argument (seconds, fractions allowed) to a deadline; 0 means none.
  Result<std::int64_t> BlockDeadline(std::size_t i) const;
  // Asks to wait until one of the keys is ready or the deadline passes. False when waiting
  // is not possible here (EXEC, a script, the timeout has come): reply the null instead.
  bool Block(std::span<const std::string_view> keys, std::int64_t deadline_ms) {
    return Block(keys, deadline_ms, {});
  }
  struct BlockOptions {
    Args rerun = {};            // run these arguments again; empty: the command's
    std::int64_t retry_ms = 0;  // also run again at this time, with no ready key; 0: never
  };
  bool Block(std::span<const std::string_view> keys, std::int64_t deadline_ms,
             const BlockOptions& options);
  // The command waited before: this is not its first run.
  bool was_blocked() const { return session_.blocked != nullptr; }
  // The key that became ready when the command runs again; empty on the first run. A
  // command that waits for several keys looks at this one only.
  std::optional<std::string_view> ready_key() const { return ready_key_; }

  // The error that it replies was counted where it came up: in a command of a script.
  void NoteErrorWasCounted() { error_was_counted_ = true; }

  // Keeps an argument, a password, out of the slow log and of MONITOR.
  void Redact(std::size_t i) { engine_.redacted_.push_back(i); }

  // "unknown subcommand or wrong number of arguments": a subcommand that checks for itself.
  std::string SubcommandText() const;

  bool changed() const { return changed_; }
  // Run by EXEC or a script.
  bool is_inner() const { return engine_.unit_depth_ > 1; }
  // Effects are being applied: the clock decides nothing.
  bool replaying() const { return engine_.replaying_; }

 private:
  friend class Engine;

  Result<Entry*> EditTyped(std::string_view key, ValueType type);
  template <class T>
  static Entry* NewEntry(std::string_view key, T value);
  void Overwrite(Entry* entry);
  std::uint64_t HashOf(std::string_view key) const {
    if (args_.size() < 2 || key.data() != args_[1].data() || key.size() != args_[1].size()) {
      return engine_.keyspace_.Hash(key);
    }
    if (!hash_known_) {
      hash_ = engine_.keyspace_.Hash(key);
      hash_known_ = true;
    }
    return hash_;
  }
  // What is left of an entry that has a deadline, or whose fields have: null once it expired.
  const Entry* WithoutExpired(int db, std::string_view key, const Entry* entry);
  void CountUse(const Entry& entry);

  Engine& engine_;
  Session& session_;
  const Command& command_;
  Args args_;
  bool changed_ = false;
  bool may_block_ = false;
  bool wants_block_ = false;
  bool keeps_watchers_ = false;
  bool error_was_counted_ = false;
  bool flushed_ = false;  // the tracking clients were told
  std::optional<std::string_view> ready_key_;
  std::array<const Entry*, 2> counted_{};  // uses that LFU has counted
  // The hash of the first argument, which is the key of most commands.
  mutable bool hash_known_ = false;
  mutable std::uint64_t hash_ = 0;
};

template <class T>
Result<const T*> Call::Find(std::string_view key) {
  const Entry* entry = Find(key);
  if (entry == nullptr) return nullptr;
  if (entry->type() != ValueTypeOf<T>::value) return WrongType();
  return entry->As<T>();
}

template <class T>
Result<T*> Call::Edit(std::string_view key) {
  SATCHEL_ASSIGN(Entry * entry, EditTyped(key, ValueTypeOf<T>::value));
  return entry == nullptr ? nullptr : entry->As<T>();
}

template <class T>
Result<T*> Call::EditOrCreate(std::string_view key) {
  SATCHEL_ASSIGN(T * value, Edit<T>(key));
  if (value != nullptr) return value;
  Create(key, T());
  return Edit<T>(key);
}

template <class T>
Entry* Call::NewEntry(std::string_view key, T value) {
  std::uint64_t handle = 0;
  static_assert(sizeof(T) == sizeof handle);
  Entry* entry = Entry::NewHandle(key, ValueTypeOf<T>::value, handle, false);
  new (entry->As<T>()) T(std::move(value));
  return entry;
}

template <class T>
void Call::CreateIn(int db, std::string_view key, T value) {
  Adopt(db, NewEntry(key, std::move(value)));
}

template <class T>
bool Call::RemoveIfEmpty(std::string_view key, const T& value) {
  if (value.size() > 0) return false;
  Remove(key);
  Event(kEventGeneric, "del", key);
  return true;
}

}  // namespace satchel::engine
