// Deadlines of hash fields, and the commands that read or write several fields together with
// them. Source: redis 7.4 and 8.0, the commands of the same names, as documented.

#include <array>

#include "engine/commands/expiry.h"
#include "engine/commands/families.h"
#include "engine/values.h"

namespace satchel::engine {
namespace {

constexpr std::string_view kFieldsMissing =
    "ERR Mandatory argument FIELDS is missing or not at the right position";
constexpr std::string_view kCountMismatch =
    "ERR The `numfields` parameter must match the number of arguments";
constexpr std::string_view kNegativeTime = "ERR invalid expire time, must be >= 0";

Error OwnArity(const Call& call) {
  return ReplyError(ArityText(CommandTable::FullName(call.command())));
}

// The fields of "FIELDS numfields field..." from argument `at` to the end.
Result<Args> FieldsAt(const Call& call, std::size_t at, std::string_view bad_count) {
  if (at + 1 >= call.argc() || !call.Is(at, "FIELDS")) return ReplyError(kFieldsMissing);
  const auto count = ParseInt(call.arg(at + 1));
  if (!count || *count < 1 || *count > INT32_MAX) return ReplyError(bad_count);
  const Args fields = call.args().subspan(at + 2);
  if (fields.size() != static_cast<std::size_t>(*count)) return ReplyError(kCountMismatch);
  return fields;
}

// A point in time given as argument `i`; it may have passed.
Result<std::int64_t> FieldDeadline(const Call& call, std::size_t i, TtlUnit unit) {
  SATCHEL_ASSIGN(std::int64_t value, call.Integer(i));
  if (value < 0) return ReplyError(kNegativeTime);
  const bool overflows = (unit.seconds && __builtin_mul_overflow(value, 1000, &value)) ||
                         (!unit.absolute && __builtin_add_overflow(value, call.now_ms(), &value));
  if (overflows || value > kMaxFieldDeadline) {
    return ReplyError(InvalidExpireText(CommandTable::FullName(call.command())));
  }
  return value;
}

// What is replayed was in the future when it was recorded.
bool HasPassed(const Call& call, std::int64_t deadline_ms) {
  return deadline_ms <= call.now_ms() && !call.replaying();
}

// Whether deadlines of fields may be looked at now; the field's own has passed, to the very
// millisecond.
bool IsHidden(const Call& call, const Hash& hash, std::string_view field) {
  const auto deadline = hash.Deadline(field);
  return deadline && HasPassed(call, *deadline);
}

// An effect of a command line whose fields are not known beforehand.
void FieldsEffect(Call& call, std::vector<std::string_view> words,
                  const std::vector<std::string_view>& fields) {
  const std::string count = FormatInt(static_cast<std::int64_t>(fields.size()));
  words.insert(words.end(), {"FIELDS", count});
  words.insert(words.end(), fields.begin(), fields.end());
  call.Effect(call.db(), words);
}

void DeletionEffects(Call& call, const std::vector<std::string_view>& fields) {
  for (std::string_view field : fields) call.Effect({"HDEL", call.arg(1), field});
}

// --- HEXPIRE and its like ------------------------------------------------------------------

enum class Condition : std::uint8_t { kNone, kNx, kXx, kGt, kLt };

struct ConditionWord {
  std::string_view word;
  Condition condition;
};
constexpr ConditionWord kConditions[] = {
    {"NX", Condition::kNx}, {"XX", Condition::kXx}, {"GT", Condition::kGt}, {"LT", Condition::kLt}};

const ConditionWord* FindCondition(std::string_view word) {
  for (const ConditionWord& condition : kConditions) {
    if (EqualIgnoreCase(word, condition.word)) return &condition;
  }
  return nullptr;
}

bool Holds(Condition condition, std::optional<std::int64_t> old_ms, std::int64_t new_ms) {
  switch (condition) {
    case Condition::kNone:
      return true;
    case Condition::kNx:
      return !old_ms;
    case Condition::kXx:
      return old_ms.has_value();
    case Condition::kGt:
      return old_ms && new_ms > *old_ms;
    case Condition::kLt:
      return !old_ms || new_ms < *old_ms;
  }
  return false;
}

void ExpireFields(Call& call, Reply& reply, TtlUnit unit) {
  const std::string_view key = call.arg(1);
  auto hash = call.Edit<Hash>(key);
  if (!hash) return reply.Error(hash.error());
  const auto deadline = FieldDeadline(call, 2, unit);
  if (!deadline) return reply.Error(deadline.error());
  const ConditionWord* condition = FindCondition(call.arg(3));
  const auto fields = FieldsAt(call, condition == nullptr ? 3 : 4,
                               "ERR Parameter `numFields` should be greater than 0");
  if (!fields) return reply.Error(fields.error());

  reply.BeginArray(fields->size());
  if (*hash == nullptr) {
    for (std::size_t i = 0; i < fields->size(); ++i) reply.Integer(-2);
    return;
  }
  (*hash)->KeepDeadlines();
  std::vector<std::string_view> set;
  std::vector<std::string_view> deleted;
  for (std::string_view field : *fields) {
    if (!(*hash)->Get(field)) {
      reply.Integer(-2);
    } else if (!Holds(condition == nullptr ? Condition::kNone : condition->condition,
                      (*hash)->Deadline(field), *deadline)) {
      reply.Integer(0);
    } else if (HasPassed(call, *deadline)) {
      (*hash)->Erase(field);
      deleted.push_back(field);
      reply.Integer(2);
    } else {
      (*hash)->SetDeadline(field, *deadline, call.context());
      set.push_back(field);
      reply.Integer(1);
    }
  }
  call.FieldDeadlinesChanged(key);
  DeletionEffects(call, deleted);
  if (!set.empty()) {
    const std::string at = FormatInt(*deadline);
    std::vector<std::string_view> words = {"HPEXPIREAT", key, at};
    if (condition != nullptr) words.push_back(condition->word);
    FieldsEffect(call, std::move(words), set);
  }
  if (!deleted.empty()) {
    call.Event(kEventHash, "hdel", key);
  } else if (!set.empty()) {
    call.Event(kEventHash, "hexpire", key);
  }
  call.RemoveIfEmpty(key, **hash);
}

void Hexpire(Call& call, Reply& reply) {
  ExpireFields(call, reply, {.seconds = true, .absolute = false});
}
void Hpexpire(Call& call, Reply& reply) {
  ExpireFields(call, reply, {.seconds = false, .absolute = false});
}
void Hexpireat(Call& call, Reply& reply) {
  ExpireFields(call, reply, {.seconds = true, .absolute = true});
}
void Hpexpireat(Call& call, Reply& reply) {
  ExpireFields(call, reply, {.seconds = false, .absolute = true});
}

// --- HTTL and its like ---------------------------------------------------------------------

constexpr std::string_view kBadFieldCount = "ERR Number of fields must be a positive integer";

void ReplyDeadlines(Call& call, Reply& reply, TtlUnit unit) {
  auto hash = call.Find<Hash>(call.arg(1));
  if (!hash) return reply.Error(hash.error());
  const auto fields = FieldsAt(call, 2, kBadFieldCount);
  if (!fields) return reply.Error(fields.error());
  reply.BeginArray(fields->size());
  for (std::string_view field : *fields) {
    if (*hash == nullptr || !(*hash)->Get(field) || IsHidden(call, **hash, field)) {
      reply.Integer(-2);
      continue;
    }
    const auto deadline = (*hash)->Deadline(field);
    if (!deadline) {
      reply.Integer(-1);
      continue;
    }
    const std::int64_t ms = unit.absolute ? *deadline : *deadline - call.now_ms();
    reply.Integer(unit.seconds ? (ms + 999) / 1000 : ms);
  }
}

void Httl(Call& call, Reply& reply) {
  ReplyDeadlines(call, reply, {.seconds = true, .absolute = false});
}
void Hpttl(Call& call, Reply& reply) {
  ReplyDeadlines(call, reply, {.seconds = false, .absolute = false});
}
void Hexpiretime(Call& call, Reply& reply) {
  ReplyDeadlines(call, reply, {.seconds = true, .absolute = true});
}
void Hpexpiretime(Call& call, Reply& reply) {
  ReplyDeadlines(call, reply, {.seconds = false, .absolute = true});
}

void Hpersist(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto hash = call.Edit<Hash>(key);
  if (!hash) return reply.Error(hash.error());
  const auto fields = FieldsAt(call, 2, kBadFieldCount);
  if (!fields) return reply.Error(fields.error());
  reply.BeginArray(fields->size());
  bool cleared = false;
  for (std::string_view field : *fields) {
    if (*hash == nullptr || !(*hash)->Get(field) || IsHidden(call, **hash, field)) {
      reply.Integer(-2);
    } else if ((*hash)->ClearDeadline(field)) {
      cleared = true;
      reply.Integer(1);
    } else {
      reply.Integer(-1);
    }
  }
  if (!cleared) return;
  call.FieldDeadlinesChanged(key);
  call.EffectSelf();
  call.Event(kEventHash, "hpersist", key);
}

// --- HGETDEL, HGETEX -----------------------------------------------------------------------

void ReplyValues(Reply& reply, const Hash* hash, Args fields) {
  reply.BeginArray(fields.size());
  for (std::string_view field : fields) {
    const auto value = hash == nullptr ? std::nullopt : hash->Get(field);
    if (value) {
      reply.Bulk(*value);
    } else {
      reply.Null();
    }
  }
}

void Hgetdel(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto hash = call.Edit<Hash>(key);
  if (!hash) return reply.Error(hash.error());
  const auto fields = FieldsAt(call, 2, kBadFieldCount);
  if (!fields) return reply.Error(fields.error());
  if (*hash == nullptr) return ReplyValues(reply, nullptr, *fields);
  reply.BeginArray(fields->size());
  bool deleted = false;
  for (std::string_view field : *fields) {
    const auto value = (*hash)->Get(field);
    if (!value) {
      reply.Null();
      continue;
    }
    reply.Bulk(*value);
    (*hash)->Erase(field);
    deleted = true;
  }
  if (!deleted) return;
  std::vector<std::string_view> effect = {"HDEL", key};
  effect.insert(effect.end(), fields->begin(), fields->end());
  call.Effect(call.db(), effect);
  call.Event(kEventHash, "hdel", key);
  call.FieldDeadlinesChanged(key);
  call.RemoveIfEmpty(key, **hash);
}

void Hgetex(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto hash = call.Edit<Hash>(key);
  if (!hash) return reply.Error(hash.error());
  const auto unit = TtlKeyword(call.arg(2));
  const bool persist = call.Is(2, "PERSIST");
  std::int64_t deadline = 0;
  if (unit) {
    if (call.argc() < 4) return reply.Error(OwnArity(call));
    const auto given = FieldDeadline(call, 3, *unit);
    if (!given) return reply.Error(given.error());
    deadline = *given;
  }
  const std::size_t at = unit ? 4 : persist ? 3 : 2;
  if (call.argc() < at + 3) return reply.Error(OwnArity(call));
  const auto fields = FieldsAt(call, at, kBadFieldCount);
  if (!fields) return reply.Error(fields.error());

  ReplyValues(reply, *hash, *fields);
  if (*hash == nullptr || (!unit && !persist)) return;
  std::vector<std::string_view> changed;
  const bool passed = unit && HasPassed(call, deadline);
  if (unit) (*hash)->KeepDeadlines();
  for (std::string_view field : *fields) {
    if (!(*hash)->Get(field)) continue;
    if (passed) {
      (*hash)->Erase(field);
    } else if (unit) {
      (*hash)->SetDeadline(field, deadline, call.context());
    } else if (!(*hash)->ClearDeadline(field)) {
      continue;
    }
    changed.push_back(field);
  }
  if (changed.empty()) return;
  call.FieldDeadlinesChanged(key);
  const std::vector<std::string_view> named(fields->begin(), fields->end());
  if (passed) {
    DeletionEffects(call, changed);
    call.Event(kEventHash, "hdel", key);
  } else if (persist) {
    FieldsEffect(call, {"HPERSIST", key}, named);
    call.Event(kEventHash, "hpersist", key);
  } else {
    const std::string when = FormatInt(deadline);
    FieldsEffect(call, {"HPEXPIREAT", key, when}, named);
    call.Event(kEventHash, "hexpire", key);
  }
  call.RemoveIfEmpty(key, **hash);
}

// --- HSETEX --------------------------------------------------------------------------------

struct SetexOptions {
  bool fnx = false;
  bool fxx = false;
  bool keep_ttl = false;
  std::optional<std::int64_t> deadline;
  Args pairs;
};

Result<SetexOptions> ParseSetex(const Call& call) {
  SetexOptions options;
  std::size_t i = 2;
  for (; i < call.argc() && !call.Is(i, "FIELDS"); ++i) {
    if (call.Is(i, "FNX") || call.Is(i, "FXX")) {
      if (options.fnx || options.fxx) {
        return ReplyError("ERR Only one of FXX or FNX arguments can be specified");
      }
      (call.Is(i, "FNX") ? options.fnx : options.fxx) = true;
      continue;
    }
    const auto unit = TtlKeyword(call.arg(i));
    if (!unit && !call.Is(i, "KEEPTTL")) {
      return ReplyError("ERR unknown argument: " + Printed(call.arg(i)));
    }
    if (options.keep_ttl || options.deadline) {
      return ReplyError("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified");
    }
    if (!unit) {
      options.keep_ttl = true;
      continue;
    }
    if (++i >= call.argc()) return ReplyError("ERR missing expire time");
    SATCHEL_ASSIGN(options.deadline, FieldDeadline(call, i, *unit));
  }
  if (i + 3 >= call.argc()) return OwnArity(call);
  const auto count = ParseInt(call.arg(i + 1));
  if (!count || *count < 1 || *count > INT32_MAX) return ReplyError("ERR invalid number of fields");
  options.pairs = call.args().subspan(i + 2);
  if (options.pairs.size() != 2 * static_cast<std::size_t>(*count)) return OwnArity(call);
  return options;
}

bool ConditionHolds(const SetexOptions& options, const Hash* hash) {
  if (!options.fnx && !options.fxx) return true;
  for (std::size_t i = 0; i < options.pairs.size(); i += 2) {
    const bool there = hash != nullptr && hash->Get(options.pairs[i]);
    if (there != options.fxx) return false;
  }
  return true;
}

void SetexEffect(Call& call, const SetexOptions& options) {
  if (!options.deadline) return call.EffectSelf();
  std::vector<std::string_view> words = {"HSETEX", call.arg(1)};
  if (options.fnx) words.push_back("FNX");
  if (options.fxx) words.push_back("FXX");
  const std::string when = FormatInt(*options.deadline);
  words.insert(words.end(), {"PXAT", when});
  const std::string count = FormatInt(static_cast<std::int64_t>(options.pairs.size() / 2));
  words.insert(words.end(), {"FIELDS", count});
  words.insert(words.end(), options.pairs.begin(), options.pairs.end());
  call.Effect(call.db(), words);
}

void Hsetex(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  const auto options = ParseSetex(call);
  if (!options) return reply.Error(options.error());
  auto old = call.Find<Hash>(key);
  if (!old) return reply.Error(old.error());
  if (!ConditionHolds(*options, *old)) return reply.Integer(0);

  Hash* hash = *call.EditOrCreate<Hash>(key);
  const bool passed = options->deadline && HasPassed(call, *options->deadline);
  if (options->deadline && !passed) hash->KeepDeadlines();
  for (std::size_t i = 0; i < options->pairs.size(); i += 2) {
    const std::string_view field = options->pairs[i];
    if (options->keep_ttl) {
      hash->SetValue(field, options->pairs[i + 1], call.context());
    } else {
      hash->Set(field, options->pairs[i + 1], call.context());
    }
    if (options->deadline && !passed) {
      hash->SetDeadline(field, *options->deadline, call.context());
    }
  }
  call.Event(kEventHash, "hset", key);
  if (passed) {
    std::vector<std::string_view> deleted;
    for (std::size_t i = 0; i < options->pairs.size(); i += 2) {
      if (hash->Erase(options->pairs[i])) deleted.push_back(options->pairs[i]);
    }
    DeletionEffects(call, deleted);
    call.Event(kEventHash, "hdel", key);
  } else {
    SetexEffect(call, *options);
    if (options->deadline) call.Event(kEventHash, "hexpire", key);
  }
  call.FieldDeadlinesChanged(key);
  call.RemoveIfEmpty(key, *hash);
  reply.Integer(1);
}

// --- Rows ----------------------------------------------------------------------------------

constexpr Command ExpireRow(std::string_view name, CommandFunction run, std::string_view summary) {
  return {.name = name,
          .arity = -6,
          .flags = kWrite | kFast,
          .categories = kCatHash,
          .keys = {KeyAt(1, kRW | kUpdate)},
          .run = run,
          .since = "7.4.0",
          .group = "hash",
          .complexity = "O(N log M), N fields named, M fields with a deadline",
          .summary = summary};
}

constexpr Command ReadRow(std::string_view name, CommandFunction run, bool nondeterministic,
                          std::string_view summary) {
  return {.name = name,
          .arity = -5,
          .flags = kReadonly | kFast | (nondeterministic ? kNondeterministicOutput : 0u),
          .categories = kCatHash,
          .keys = {KeyAt(1, kRO | kAccess)},
          .run = run,
          .since = "7.4.0",
          .group = "hash",
          .complexity = "O(N)",
          .summary = summary};
}

constexpr Command kHashFieldCommands[] = {
    ExpireRow("HEXPIRE", Hexpire, "Sets deadlines of hash fields, in seconds from now."),
    ExpireRow("HEXPIREAT", Hexpireat, "Sets deadlines of hash fields as Unix times in seconds."),
    ReadRow("HEXPIRETIME", Hexpiretime, false,
            "Returns deadlines of hash fields as Unix times in seconds."),
    {.name = "HGETDEL",
     .arity = -5,
     .flags = kWrite | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRW | kAccess | kDelete)},
     .run = Hgetdel,
     .since = "8.0.0",
     .group = "hash",
     .complexity = "O(N)",
     .summary = "Returns fields of a hash and removes them."},
    {.name = "HGETEX",
     .arity = -5,
     .flags = kWrite | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate)},
     .run = Hgetex,
     .since = "8.0.0",
     .group = "hash",
     .complexity = "O(N)",
     .summary = "Returns fields of a hash and sets or clears their deadlines."},
    ExpireRow("HPEXPIRE", Hpexpire, "Sets deadlines of hash fields, in milliseconds from now."),
    ExpireRow("HPEXPIREAT", Hpexpireat,
              "Sets deadlines of hash fields as Unix times in milliseconds."),
    ReadRow("HPEXPIRETIME", Hpexpiretime, false,
            "Returns deadlines of hash fields as Unix times in milliseconds."),
    {.name = "HPERSIST",
     .arity = -5,
     .flags = kWrite | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Hpersist,
     .since = "7.4.0",
     .group = "hash",
     .complexity = "O(N)",
     .summary = "Clears deadlines of hash fields."},
    ReadRow("HPTTL", Hpttl, true, "Returns how long hash fields will live, in milliseconds."),
    {.name = "HSETEX",
     .arity = -6,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Hsetex,
     .since = "8.0.0",
     .group = "hash",
     .complexity = "O(N)",
     .summary = "Sets fields of a hash together with their deadline."},
    ReadRow("HTTL", Httl, true, "Returns how long hash fields will live, in seconds."),
};
static_assert(RowsAreSound(kHashFieldCommands));

}  // namespace

std::span<const Command> HashFieldCommands() { return kHashFieldCommands; }

}  // namespace satchel::engine
