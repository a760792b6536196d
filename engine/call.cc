#include "engine/call.h"

#include <algorithm>
#include <cmath>

namespace satchel::engine {

// --- Arguments -----------------------------------------------------------------------------

Result<std::int64_t> Call::Integer(std::size_t i) const {
  const auto value = ParseInt(arg(i));
  if (!value) return ReplyError(kNotInteger);
  return *value;
}

Result<int> Call::SmallInteger(std::size_t i) const {
  SATCHEL_ASSIGN(const std::int64_t value, Integer(i));
  if (value < INT32_MIN || value > INT32_MAX) {
    return ReplyError("ERR value is out of range, value must between -2147483648 and 2147483647");
  }
  return static_cast<int>(value);
}

Result<double> Call::Double(std::size_t i) const {
  const auto value = ParseDouble(arg(i));
  if (!value) return ReplyError(kNotFloat);
  return *value;
}

std::string Call::SubcommandText() const {
  return "ERR unknown subcommand or wrong number of arguments for '" +
         Printed(arg(1).substr(0, 128)) + "'. Try " +
         std::string(command_.parent != nullptr ? command_.parent->name : command_.name) + " HELP.";
}

// --- Lookups -------------------------------------------------------------------------------

const Entry* Call::WithoutExpired(int db, std::string_view key, const Entry* entry) {
  if (engine_.replaying_) return entry;
  if (entry->ExpiredAt(now_ms())) {
    engine_.Expire(db, key);
    return nullptr;
  }
  if (!entry->FieldsExpiredAt(now_ms())) return entry;
  engine_.ExpireFields(db, key, SIZE_MAX);
  return engine_.keyspace_.Peek(db, key, HashOf(key));
}

const Entry* Call::Read(std::string_view key) {
  const Entry* entry = LookIn(db(), key);
  if (entry != nullptr) {
    ++engine_.stats_.keyspace_hits;
  } else {
    ++engine_.stats_.keyspace_misses;
    Event(kEventKeyMiss, "keymiss", key);
  }
  return entry;
}

const Entry* Call::FindIn(int db, std::string_view key) {
  const bool read = (command_.flags & kReadonly) != 0 && db == session_.db;
  const Entry* entry = read ? Read(key) : LookIn(db, key);
  if (entry != nullptr && !session_.no_touch) NoteUse(*entry);
  return entry;
}

const Entry* Call::ReadAndUse(std::string_view key) {
  const Entry* entry = Read(key);
  if (entry != nullptr && !session_.no_touch) NoteUse(*entry);
  return entry;
}

// A command that looks a key up and then opens it uses it once.
void Call::CountUse(const Entry& entry) {
  if (std::find(counted_.begin(), counted_.end(), &entry) != counted_.end()) return;
  counted_ = {&entry, counted_[0]};
  engine_.NoteFrequency(const_cast<Entry&>(entry));
}

Result<const Entry*> Call::FindString(std::string_view key) {
  const Entry* entry = Find(key);
  if (entry != nullptr && !entry->is_string()) return WrongType();
  return entry;
}

// --- The door ------------------------------------------------------------------------------

Result<Entry*> Call::EditTyped(std::string_view key, ValueType type) {
  const Entry* entry = Find(key);
  if (entry == nullptr) return nullptr;
  if (entry->type() != type) return WrongType();
  engine_.Touch(db(), key);
  return engine_.keyspace_.Edit(db(), entry);
}

void Call::Adopt(int db, Entry* entry) {
  const std::string_view key = entry->key();
  engine_.Touch(db, key);
  entry->set_access(engine_.FreshAccess());
  engine_.keyspace_.Create(db, entry, HashOf(key));
  counted_ = {entry, counted_[0]};
  EventIn(db, kEventNew, "new", key);
  engine_.SignalReady(db, key, entry->type());
}

void Call::Overwrite(Entry* entry) {
  const std::string_view key = entry->key();
  const Entry* old = Look(key);
  if (old == nullptr) return Adopt(db(), entry);
  engine_.Touch(db(), key);
  // Nobody is served by a key that takes another's place, unless that was a stream.
  if (old->type() == ValueType::kStream) engine_.SignalReady(db(), key, ValueType::kStream);
  engine_.keyspace_.Replace(db(), entry, HashOf(key));
  NoteUse(*entry);
}

void Call::SetString(std::string_view key, std::string_view value, Ttl ttl, Form form) {
  const Entry* old = Look(key);
  const auto build = form == Form::kBest ? Entry::NewString : Entry::NewText;
  if (old == nullptr) return Adopt(db(), build(key, value, false));
  engine_.Touch(db(), key);
  if (old->type() == ValueType::kStream) engine_.SignalReady(db(), key, ValueType::kStream);
  const bool keep = ttl == Ttl::kKeep && old->has_deadline();
  if (old->encoding() == Encoding::kInline && old->has_deadline() == keep &&
      old->inline_bytes().size() == value.size() && (form == Form::kText || !ParseInt(value))) {
    Entry* entry = engine_.keyspace_.Edit(db(), old);
    std::memcpy(const_cast<char*>(entry->inline_bytes().data()), value.data(), value.size());
    NoteUse(*entry);
    return;
  }
  Entry* entry = build(key, value, keep);
  if (keep) entry->set_deadline_ms(old->deadline_ms());
  engine_.keyspace_.Replace(db(), entry, HashOf(key));
  NoteUse(*entry);
}

void Call::SetInteger(std::string_view key, const Entry* old, std::int64_t value) {
  if (old != nullptr && old->is_string() && old->encoding() == Encoding::kInt) {
    engine_.Touch(db(), key);
    engine_.keyspace_.Edit(db(), old)->set_integer(value);
    return;
  }
  char digits[kMaxIntText];
  SetString(key, {digits, static_cast<std::size_t>(FormatIntTo(digits, value))}, Ttl::kKeep);
}

StringBuffer& Call::EditRaw(std::string_view key, std::size_t capacity) {
  const Entry* old = Look(key);
  if (old == nullptr) {
    Entry* entry = Entry::NewRaw(key, StringBuffer::New({}, capacity), false);
    Adopt(db(), entry);
    return *entry->buffer();
  }
  engine_.Touch(db(), key);
  if (old->encoding() != Encoding::kRaw) {
    const StringText text(*old);
    const std::size_t room = std::max(capacity, text.view().size());
    Entry* entry = Entry::NewRaw(key, StringBuffer::New(text, room), old->has_deadline());
    if (old->has_deadline()) entry->set_deadline_ms(old->deadline_ms());
    engine_.keyspace_.Replace(db(), entry, HashOf(key));
    return *entry->buffer();
  }
  Entry* entry = engine_.keyspace_.Edit(db(), old);
  StringBuffer* buffer = entry->buffer();
  if (buffer->capacity < capacity) {
    // Twice the room that is needed, at most 1 MB more: appending is O(1) amortised.
    const std::size_t room = capacity + std::min<std::size_t>(capacity, 1 << 20);
    StringBuffer* larger = StringBuffer::New(buffer->view(), room);
    StringBuffer::Free(buffer);
    entry->set_buffer(larger);
  }
  return *entry->buffer();
}

bool Call::RemoveIn(int db, std::string_view key) {
  const Entry* entry = LookIn(db, key);
  if (entry == nullptr) return false;
  engine_.Touch(db, key);
  if (entry->type() == ValueType::kStream) engine_.SignalReady(db, key, ValueType::kStream);
  return engine_.keyspace_.Remove(db, key, HashOf(key));
}

void Call::SetDeadline(std::string_view key, std::int64_t deadline_ms) {
  engine_.Touch(db(), key);
  engine_.keyspace_.SetDeadline(db(), key, HashOf(key), deadline_ms);
}

void Call::ClearDeadline(std::string_view key) {
  engine_.Touch(db(), key);
  engine_.keyspace_.SetDeadline(db(), key, HashOf(key), std::nullopt);
}

void Call::FieldDeadlinesChanged(std::string_view key) {
  engine_.keyspace_.FieldDeadlinesChanged(db(), key, HashOf(key));
}

Entry& Call::EditForm(std::string_view key) {
  return *engine_.keyspace_.Edit(db(), key, HashOf(key));
}

void Call::SetIdleTime(std::string_view key, std::int64_t seconds) {
  if (engine_.config().eviction.uses_lfu()) return;
  Entry* entry = engine_.keyspace_.Edit(db(), key, HashOf(key));
  entry->set_access(static_cast<std::uint32_t>(now_ms() / 1000 - seconds) & 0xFFFFFF);
}

void Call::SetFrequency(std::string_view key, std::uint8_t count) {
  if (!engine_.config().eviction.uses_lfu()) return;
  const auto minute = static_cast<std::uint16_t>(now_ms() / 60'000);
  engine_.keyspace_.Edit(db(), key, HashOf(key))->set_access(Frequency::Pack(minute, count));
}

void Call::Move(int from_db, std::string_view from, int to_db, std::string_view to) {
  engine_.Touch(from_db, from);
  engine_.Touch(to_db, to);
  const Entry* entry = engine_.keyspace_.Peek(from_db, from);
  const ValueType type = entry->type();
  if (type == ValueType::kStream) engine_.SignalReady(from_db, from, type);
  engine_.keyspace_.Move(from_db, from, to_db, to);
  EventIn(to_db, kEventNew, "new", to);
  engine_.SignalReady(to_db, to, type);
}

std::size_t Call::Flush(int db) {
  engine_.InvalidateDatabase(db, -1);
  engine_.SignalStreams(db);
  if (!std::exchange(flushed_, true)) engine_.tracking_.Flush(engine_.current_);
  return engine_.keyspace_.Flush(db);
}

void Call::Swap(int a, int b) {
  engine_.InvalidateDatabase(a, b);
  engine_.InvalidateDatabase(b, a);
  engine_.SignalStreams(a);
  engine_.SignalStreams(b);
  engine_.keyspace_.Swap(a, b);
  for (const Session* session : engine_.blocked_) {
    const int waiting_in = session->blocked->db;
    if (waiting_in != a && waiting_in != b) continue;
    for (const std::string& key : session->blocked->keys) {
      const Entry* entry = engine_.keyspace_.Peek(waiting_in, key);
      if (entry != nullptr) engine_.SignalReady(waiting_in, key, entry->type());
    }
  }
}

void Call::Effect(int db, std::span<const std::string_view> args) {
  Changed();
  if (effects_wanted() && !engine_.replaying_) engine_.effects_.Add(db, args);
}

void Call::Changed(std::size_t changes) {
  changed_ = true;
  engine_.stats_.changes += changes;
}

// --- Blocking ------------------------------------------------------------------------------

Result<std::int64_t> Call::BlockDeadline(std::size_t i) const {
  const auto seconds = ParseLongDouble(arg(i));
  if (!seconds) return ReplyError("ERR timeout is not a float or out of range");
  const long double ms = *seconds * 1000;
  // What does not fit wraps to a negative number in the reference, and is told so.
  if (ms < 0 || ms >= 0x1p63L) return ReplyError("ERR timeout is negative");
  if (ms == 0) return 0;
  const auto span = static_cast<std::int64_t>(std::ceil(ms));
  std::int64_t deadline = 0;
  if (__builtin_add_overflow(now_ms(), span, &deadline)) {
    return 0;  // beyond the end of time: never
  }
  return deadline;
}

bool Call::Block(std::span<const std::string_view> keys, std::int64_t deadline_ms,
                 const BlockOptions& options) {
  if (!may_block_) return false;
  wants_block_ = true;
  if (!session_.blocked) {
    const Args rerun = options.rerun.empty() ? args_ : options.rerun;
    engine_.Block(session_, command_, rerun, keys, deadline_ms);
  }
  session_.blocked->retry_ms = options.retry_ms;
  return true;
}

}  // namespace satchel::engine
