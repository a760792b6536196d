// Commands on keys of any type. Source: redis 7.0.15, the commands of the same names.

#include "engine/clone.h"
#include "engine/commands/families.h"
#include "engine/commands/help.h"
#include "engine/commands/scan.h"

namespace satchel::engine {
namespace {

constexpr std::string_view kSameObject = "ERR source and destination objects are the same";

// --- Removing and asking -------------------------------------------------------------------

void Del(Call& call, Reply& reply) {
  std::int64_t removed = 0;
  for (std::size_t i = 1; i < call.argc(); ++i) {
    if (!call.Remove(call.arg(i))) continue;
    ++removed;
    call.Effect({"DEL", call.arg(i)});
    call.Event(kEventGeneric, "del", call.arg(i));
  }
  reply.Integer(removed);
}

void Exists(Call& call, Reply& reply) {
  std::int64_t found = 0;
  for (std::size_t i = 1; i < call.argc(); ++i) found += call.Read(call.arg(i)) != nullptr;
  reply.Integer(found);
}

// Counts as a use even for a client whose reads do not (CLIENT NO-TOUCH).
void Touch(Call& call, Reply& reply) {
  std::int64_t found = 0;
  for (std::size_t i = 1; i < call.argc(); ++i) {
    const Entry* entry = call.Read(call.arg(i));
    if (entry == nullptr) continue;
    call.NoteUse(*entry);
    ++found;
  }
  reply.Integer(found);
}

void Type(Call& call, Reply& reply) {
  const Entry* entry = call.Read(call.arg(1));
  reply.Status(entry == nullptr ? "none" : kTypeNames[static_cast<int>(entry->type())]);
}

void Keys(Call& call, Reply& reply) {
  const std::string_view pattern = call.arg(1);
  const bool all = pattern == "*";
  const std::size_t mark = reply.Open(Aggregate::kArray);
  std::size_t count = 0;
  call.engine().keyspace().db(call.db()).table.ForEach([&](const Entry* entry) {
    if (entry->has_deadline() && entry->ExpiredAt(call.now_ms())) return true;
    if (!all && !GlobMatch(pattern, entry->key())) return true;
    reply.Bulk(entry->key());
    ++count;
    return true;
  });
  reply.Close(mark, count);
}

void Randomkey(Call& call, Reply& reply) {
  // Expired keys are removed as they are met; a database full of them ends the search.
  constexpr int kAttempts = 100;
  for (int i = 0; i < kAttempts; ++i) {
    const EntryTable& table = call.engine().keyspace().db(call.db()).table;
    if (table.empty()) break;
    const std::string key(table.RandomItem(call.random())->key());
    if (call.Look(key) != nullptr) return reply.Bulk(key);
  }
  reply.Null();
}

void Scan(Call& call, Reply& reply) {
  auto cursor = ParseCursor(call, 1);
  if (!cursor) return reply.Error(cursor.error());
  auto options = ParseScanOptions(call, 2, Scanned::kKeys);
  if (!options) return reply.Error(options.error());
  std::vector<std::string> found;
  std::vector<std::string> expired;
  std::uint64_t at = *cursor % kScanCursors;
  std::int64_t visited = 0;
  std::int64_t steps = options->count > INT64_MAX / 10 ? INT64_MAX : options->count * 10;
  const EntryTable& table = call.engine().keyspace().db(call.db()).table;
  do {
    at = const_cast<EntryTable&>(table).Scan(at, [&](const Entry* entry) {
      ++visited;
      if (!options->Matches(entry->key())) return;
      if (entry->has_deadline() && entry->ExpiredAt(call.now_ms())) {
        expired.emplace_back(entry->key());
        return;
      }
      if (options->type &&
          !EqualIgnoreCase(*options->type, kTypeNames[static_cast<int>(entry->type())])) {
        return;
      }
      found.emplace_back(entry->key());
    });
  } while (at != 0 && visited < options->count && --steps > 0);
  for (const std::string& key : expired) call.Look(key);
  ReplyScan(reply, at, found);
}

// --- Moving --------------------------------------------------------------------------------

void RenameTo(Call& call, Reply& reply, bool only_new) {
  const std::string_view from = call.arg(1);
  const std::string_view to = call.arg(2);
  if (call.Find(from) == nullptr) return reply.Error(kNoSuchKey);
  if (from == to) return only_new ? reply.Integer(0) : reply.Ok();
  if (call.Look(to) != nullptr) {
    if (only_new) return reply.Integer(0);
    call.Remove(to);
  }
  call.Move(call.db(), from, call.db(), to);
  call.Effect({"RENAME", from, to});
  call.Event(kEventGeneric, "rename_from", from);
  call.Event(kEventGeneric, "rename_to", to);
  if (only_new) return reply.Integer(1);
  reply.Ok();
}

void Rename(Call& call, Reply& reply) { RenameTo(call, reply, false); }
void Renamenx(Call& call, Reply& reply) { RenameTo(call, reply, true); }

// A database index in argument `i`, checked.
Result<int> DbArgument(const Call& call, std::size_t i) {
  SATCHEL_ASSIGN(const int db, call.SmallInteger(i));
  if (db < 0 || db >= const_cast<Call&>(call).engine().keyspace().databases()) {
    return ReplyError(kInvalidDb);
  }
  return db;
}

void Move(Call& call, Reply& reply) {
  auto target = DbArgument(call, 2);
  if (!target) return reply.Error(target.error());
  if (*target == call.db()) return reply.Error(kSameObject);
  const std::string_view key = call.arg(1);
  if (call.Find(key) == nullptr || call.LookIn(*target, key) != nullptr) return reply.Integer(0);
  call.Move(call.db(), key, *target, key);
  call.EffectSelf();
  call.EventIn(call.db(), kEventGeneric, "move_from", key);
  call.EventIn(*target, kEventGeneric, "move_to", key);
  reply.Integer(1);
}

void Copy(Call& call, Reply& reply) {
  int target = call.db();
  bool replace = false;
  for (std::size_t i = 3; i < call.argc(); ++i) {
    if (call.Is(i, "REPLACE")) {
      replace = true;
    } else if (call.Is(i, "DB") && i + 1 < call.argc()) {
      auto db = DbArgument(call, ++i);
      if (!db) return reply.Error(db.error());
      target = *db;
    } else {
      return reply.Error(kSyntaxError);
    }
  }
  const std::string_view from = call.arg(1);
  const std::string_view to = call.arg(2);
  if (target == call.db() && from == to) return reply.Error(kSameObject);
  const Entry* source = call.ReadAndUse(from);
  if (source == nullptr) return reply.Integer(0);
  if (call.LookIn(target, to) != nullptr) {
    if (!replace) return reply.Integer(0);
    call.RemoveIn(target, to);
  }
  call.Adopt(target, CloneEntry(*source, to));
  call.Effect({"COPY", from, to, "DB", FormatInt(target), "REPLACE"});
  call.EventIn(target, kEventGeneric, "copy_to", to);
  reply.Integer(1);
}

// --- Deadlines -----------------------------------------------------------------------------

enum ExpireFlag : unsigned { kIfNone = 1, kIfSome = 2, kIfLater = 4, kIfSooner = 8 };

Result<unsigned> ParseExpireFlags(const Call& call) {
  unsigned flags = 0;
  for (std::size_t i = 3; i < call.argc(); ++i) {
    if (call.Is(i, "NX")) {
      flags |= kIfNone;
    } else if (call.Is(i, "XX")) {
      flags |= kIfSome;
    } else if (call.Is(i, "GT")) {
      flags |= kIfLater;
    } else if (call.Is(i, "LT")) {
      flags |= kIfSooner;
    } else {
      return ReplyError("ERR Unsupported option " + Printed(call.arg(i)));
    }
  }
  if ((flags & kIfNone) && (flags & (kIfSome | kIfLater | kIfSooner))) {
    return ReplyError("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if ((flags & kIfLater) && (flags & kIfSooner)) {
    return ReplyError("ERR GT and LT options at the same time are not compatible");
  }
  return flags;
}

bool DeadlineAllowed(const Entry& entry, std::int64_t deadline_ms, unsigned flags) {
  const bool has = entry.has_deadline();
  if ((flags & kIfNone) && has) return false;
  if ((flags & kIfSome) && !has) return false;
  if ((flags & kIfLater) && (!has || deadline_ms <= entry.deadline_ms())) return false;
  if ((flags & kIfSooner) && has && deadline_ms >= entry.deadline_ms()) return false;
  return true;
}

void ExpireWith(Call& call, Reply& reply, bool seconds, bool absolute) {
  auto flags = ParseExpireFlags(call);
  if (!flags) return reply.Error(flags.error());
  auto parsed = call.Integer(2);
  if (!parsed) return reply.Error(parsed.error());
  std::int64_t deadline_ms = *parsed;
  const std::int64_t base = absolute ? 0 : call.now_ms();
  if ((seconds && __builtin_mul_overflow(deadline_ms, 1000, &deadline_ms)) ||
      deadline_ms > INT64_MAX - base) {
    return reply.Error(InvalidExpireText(call.command().name));
  }
  deadline_ms += base;
  const std::string_view key = call.arg(1);
  const Entry* entry = call.Find(key);
  if (entry == nullptr || !DeadlineAllowed(*entry, deadline_ms, *flags)) return reply.Integer(0);
  // A journal says DEL when a deadline has come: replay does not look at the clock.
  if (deadline_ms <= call.now_ms() && !call.replaying()) {
    call.Remove(key);
    call.Effect({"DEL", key});
    call.Event(kEventGeneric, "del", key);
  } else {
    call.SetDeadline(key, deadline_ms);
    call.Effect({"PEXPIREAT", key, FormatInt(deadline_ms)});
    call.Event(kEventGeneric, "expire", key);
  }
  reply.Integer(1);
}

void Expire(Call& call, Reply& reply) { ExpireWith(call, reply, true, false); }
void Expireat(Call& call, Reply& reply) { ExpireWith(call, reply, true, true); }
void Pexpire(Call& call, Reply& reply) { ExpireWith(call, reply, false, false); }
void Pexpireat(Call& call, Reply& reply) { ExpireWith(call, reply, false, true); }

// -2 absent, -1 without a deadline, else what `convert` makes of the deadline.
template <class Convert>
void ReplyDeadline(Call& call, Reply& reply, Convert convert) {
  const Entry* entry = call.Read(call.arg(1));
  if (entry == nullptr) return reply.Integer(-2);
  if (!entry->has_deadline()) return reply.Integer(-1);
  reply.Integer(convert(entry->deadline_ms()));
}

std::int64_t Left(Call& call, std::int64_t deadline_ms) {
  return std::max<std::int64_t>(0, deadline_ms - call.now_ms());
}

void Ttl(Call& call, Reply& reply) {
  ReplyDeadline(call, reply, [&](std::int64_t at) { return (Left(call, at) + 500) / 1000; });
}
void Pttl(Call& call, Reply& reply) {
  ReplyDeadline(call, reply, [&](std::int64_t at) { return Left(call, at); });
}
void Expiretime(Call& call, Reply& reply) {
  ReplyDeadline(call, reply, [](std::int64_t at) { return (at + 500) / 1000; });
}
void Pexpiretime(Call& call, Reply& reply) {
  ReplyDeadline(call, reply, [](std::int64_t at) { return at; });
}

void Persist(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  const Entry* entry = call.Find(key);
  if (entry == nullptr || !entry->has_deadline()) return reply.Integer(0);
  call.ClearDeadline(key);
  call.Effect({"PERSIST", key});
  call.Event(kEventGeneric, "persist", key);
  reply.Integer(1);
}

// --- OBJECT --------------------------------------------------------------------------------

void ObjectEncoding(Call& call, Reply& reply) {
  const Entry* entry = call.Look(call.arg(2));
  if (entry == nullptr) return reply.Null();
  reply.Bulk(entry->encoding_name());
}

void ObjectRefcount(Call& call, Reply& reply) {
  const Entry* entry = call.Look(call.arg(2));
  if (entry == nullptr) return reply.Null();
  // Redis shares the integers below 10000 and prints its largest count for them.
  const bool shared = entry->is_string() && entry->encoding() == Encoding::kInt &&
                      entry->integer() >= 0 && entry->integer() < 10000;
  reply.Integer(shared ? INT32_MAX : 1);
}

constexpr std::string_view kIdleTimeNotTracked =
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when "
    "switching between policies at runtime LRU and LFU data will take some time to adjust.";
constexpr std::string_view kFrequencyNotTracked =
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
    "when switching between policies at runtime LRU and LFU data will take some time to adjust.";

void ObjectIdletime(Call& call, Reply& reply) {
  const Entry* entry = call.Look(call.arg(2));
  if (entry == nullptr) return reply.Null();
  if (call.engine().config().eviction.uses_lfu()) return reply.Error(kIdleTimeNotTracked);
  reply.Integer(((call.now_ms() / 1000) - entry->access()) & 0xFFFFFF);
}

void ObjectFreq(Call& call, Reply& reply) {
  const Entry* entry = call.Look(call.arg(2));
  if (entry == nullptr) return reply.Null();
  const EvictionConfig& eviction = call.engine().config().eviction;
  if (!eviction.uses_lfu()) return reply.Error(kFrequencyNotTracked);
  const auto minute = static_cast<std::uint16_t>(call.now_ms() / 60'000);
  reply.Integer(Frequency::Decayed(entry->access(), minute, eviction));
}

constexpr Command kObjectCommands[] = {
    {.name = "ENCODING",
     .arity = 3,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatKeyspace,
     .keys = {KeyAt(2, kRO)},
     .run = ObjectEncoding,
     .since = "2.2.3",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Returns the name of a value's internal form."},
    {.name = "FREQ",
     .arity = 3,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatKeyspace,
     .keys = {KeyAt(2, kRO)},
     .run = ObjectFreq,
     .since = "4.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Returns how often a key was used, by the LFU policies' count."},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .categories = kCatKeyspace,
     .run = ReplyHelp,
     .since = "6.2.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "IDLETIME",
     .arity = 3,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatKeyspace,
     .keys = {KeyAt(2, kRO)},
     .run = ObjectIdletime,
     .since = "2.2.3",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Returns the seconds since a key was used last."},
    {.name = "REFCOUNT",
     .arity = 3,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatKeyspace,
     .keys = {KeyAt(2, kRO)},
     .run = ObjectRefcount,
     .since = "2.2.3",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Returns the number of references to a value."},
};
static_assert(RowsAreSound(kObjectCommands));

constexpr Command kKeyCommands[] = {
    {.name = "COPY",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRO | kAccess), KeyAt(2, kOW | kUpdate)},
     .run = Copy,
     .since = "6.2.0",
     .group = "generic",
     .complexity = "O(N)",
     .summary = "Copies a value to another key."},
    {.name = "DEL",
     .arity = -2,
     .flags = kWrite,
     .categories = kCatKeyspace,
     .keys = {KeyRange(1, -1, 1, kRM | kDelete)},
     .run = Del,
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(N)",
     .summary = "Removes keys.",
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
    {.name = "EXISTS",
     .arity = -2,
     .flags = kReadonly | kFast,
     .categories = kCatKeyspace,
     .keys = {KeyRange(1, -1, 1, kRO)},
     .run = Exists,
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(N)",
     .summary = "Counts how many of the given keys exist.",
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
    {.name = "EXPIRE",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Expire,
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Gives a key a time to live in seconds."},
    {.name = "EXPIREAT",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Expireat,
     .since = "1.2.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Gives a key a deadline in unix seconds."},
    {.name = "EXPIRETIME",
     .arity = 2,
     .flags = kReadonly | kFast,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Expiretime,
     .since = "7.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Returns a key's deadline in unix seconds."},
    {.name = "KEYS",
     .arity = 2,
     .flags = kReadonly | kNondeterministicOutputOrder,
     .categories = kCatKeyspace | kCatDangerous,
     .run = Keys,
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(N)",
     .summary = "Returns the keys that match a pattern.",
     .tips = "request_policy:all_shards nondeterministic_output_order"},
    {.name = "MOVE",
     .arity = 3,
     .flags = kWrite | kFast,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate)},
     .run = Move,
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Moves a key to another database."},
    {.name = "OBJECT",
     .arity = -2,
     .since = "2.2.3",
     .group = "generic",
     .complexity = "",
     .summary = "Looks at the inside of values.",
     .subcommands = kObjectCommands},
    {.name = "PERSIST",
     .arity = 2,
     .flags = kWrite | kFast,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Persist,
     .since = "2.2.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Takes a key's deadline away."},
    {.name = "PEXPIRE",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Pexpire,
     .since = "2.6.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Gives a key a time to live in milliseconds."},
    {.name = "PEXPIREAT",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Pexpireat,
     .since = "2.6.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Gives a key a deadline in unix milliseconds."},
    {.name = "PEXPIRETIME",
     .arity = 2,
     .flags = kReadonly | kFast,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Pexpiretime,
     .since = "7.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Returns a key's deadline in unix milliseconds."},
    {.name = "PTTL",
     .arity = 2,
     .flags = kReadonly | kFast | kNondeterministicOutput,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Pttl,
     .since = "2.6.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Returns a key's time to live in milliseconds."},
    {.name = "RANDOMKEY",
     .arity = 1,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatKeyspace,
     .run = Randomkey,
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Returns a random key.",
     .tips = "request_policy:all_shards nondeterministic_output"},
    {.name = "RENAME",
     .arity = 3,
     .flags = kWrite,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRW | kAccess | kDelete), KeyAt(2, kOW | kUpdate)},
     .run = Rename,
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Renames a key, overwriting the target."},
    {.name = "RENAMENX",
     .arity = 3,
     .flags = kWrite | kFast,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRW | kAccess | kDelete), KeyAt(2, kOW | kInsert)},
     .run = Renamenx,
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Renames a key when the target is absent."},
    {.name = "SCAN",
     .arity = -2,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatKeyspace,
     .run = Scan,
     .since = "2.8.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Visits the keys of a database step by step.",
     .tips = "nondeterministic_output request_policy:special"},
    {.name = "TOUCH",
     .arity = -2,
     .flags = kReadonly | kFast,
     .categories = kCatKeyspace,
     .keys = {KeyRange(1, -1, 1, kRO)},
     .run = Touch,
     .since = "3.2.1",
     .group = "generic",
     .complexity = "O(N)",
     .summary = "Counts how many keys exist and notes their use.",
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
    {.name = "TTL",
     .arity = 2,
     .flags = kReadonly | kFast | kNondeterministicOutput,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Ttl,
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Returns a key's time to live in seconds."},
    {.name = "TYPE",
     .arity = 2,
     .flags = kReadonly | kFast,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRO)},
     .run = Type,
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Returns the type of a key's value."},
    {.name = "UNLINK",
     .arity = -2,
     .flags = kWrite | kFast,
     .categories = kCatKeyspace,
     .keys = {KeyRange(1, -1, 1, kRM | kDelete)},
     .run = Del,
     .since = "4.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Removes keys; large values are freed later.",
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
};
static_assert(RowsAreSound(kKeyCommands));

}  // namespace

std::span<const Command> KeyCommands() { return kKeyCommands; }

}  // namespace satchel::engine
