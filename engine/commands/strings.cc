// String commands. Source: redis 7.0.15, the commands of the same names; conditions on values,
// DELEX, DIGEST and MSETEX as in 8.4.

#include <cmath>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/commands/expiry.h"
#include "engine/commands/families.h"

namespace satchel::engine {
namespace {

constexpr std::string_view kTooLongText =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)";

void ReplyText(Reply& reply, const Entry* entry) {
  if (entry == nullptr) return reply.Null();
  reply.Bulk(StringText(*entry));
}

// --- SET and its relatives -----------------------------------------------------------------

// What a value must be for SET or DELEX to act on it.
struct ValueCondition {
  enum Kind : std::uint8_t { kNone, kEqual, kDiffers, kDigestEqual, kDigestDiffers } kind = kNone;
  std::string_view operand;  // a value, or its digest in hexadecimal

  bool by_digest() const { return kind == kDigestEqual || kind == kDigestDiffers; }
  bool wants_equal() const { return kind == kEqual || kind == kDigestEqual; }
};

ValueCondition::Kind ConditionKind(std::string_view word) {
  if (EqualIgnoreCase(word, "IFEQ")) return ValueCondition::kEqual;
  if (EqualIgnoreCase(word, "IFNE")) return ValueCondition::kDiffers;
  if (EqualIgnoreCase(word, "IFDEQ")) return ValueCondition::kDigestEqual;
  if (EqualIgnoreCase(word, "IFDNE")) return ValueCondition::kDigestDiffers;
  return ValueCondition::kNone;
}

// XXH3 with 64 bits, the highest byte first, in 16 lower-case digits.
std::string DigestText(std::string_view bytes) {
  std::string big_endian;
  AppendBe(big_endian, std::uint64_t{XXH3_64bits(bytes.data(), bytes.size())});
  return ToHex(big_endian);
}

// Whether an existing value is what the condition asks for.
Result<bool> Meets(const ValueCondition& condition, std::string_view value) {
  constexpr std::size_t kDigestDigits = 16;
  if (!condition.by_digest()) return (value == condition.operand) == condition.wants_equal();
  if (condition.operand.size() != kDigestDigits) {
    return ReplyError("ERR must be exactly 16 hexadecimal characters");
  }
  return EqualIgnoreCase(DigestText(value), condition.operand) == condition.wants_equal();
}

struct SetOptions {
  bool only_new = false;       // NX
  bool only_existing = false;  // XX
  ValueCondition condition;
  bool get = false;
  bool keep_ttl = false;
  bool persist = false;          // GETEX
  std::size_t deadline_arg = 0;  // index of the time; 0: none
  TtlUnit unit;
};

// Whether a time may be given (again): not beside KEEPTTL or PERSIST, nor in two units.
bool TimeFits(const SetOptions& options, const TtlUnit& unit) {
  if (options.keep_ttl || options.persist) return false;
  return options.deadline_arg == 0 ||
         (options.unit.seconds == unit.seconds && options.unit.absolute == unit.absolute);
}

// Reads the options from argument `first` on. `getex` allows PERSIST and the times only.
Result<SetOptions> ParseSetOptions(const Call& call, std::size_t first, bool getex) {
  SetOptions options;
  for (std::size_t i = first; i < call.argc(); ++i) {
    const bool conditional = options.condition.kind != ValueCondition::kNone;
    if (!getex && call.Is(i, "NX") && !options.only_existing && !conditional) {
      options.only_new = true;
    } else if (!getex && call.Is(i, "XX") && !options.only_new && !conditional) {
      options.only_existing = true;
    } else if (const auto kind = ConditionKind(call.arg(i));
               !getex && kind != ValueCondition::kNone && i + 1 < call.argc() && !conditional &&
               !options.only_new && !options.only_existing) {
      options.condition = {kind, call.arg(++i)};
    } else if (!getex && call.Is(i, "GET")) {
      options.get = true;
    } else if (!getex && call.Is(i, "KEEPTTL") && options.deadline_arg == 0) {
      options.keep_ttl = true;
    } else if (getex && call.Is(i, "PERSIST") && options.deadline_arg == 0) {
      options.persist = true;
    } else if (auto unit = TtlKeyword(call.arg(i));
               unit && i + 1 < call.argc() && TimeFits(options, *unit)) {
      options.unit = *unit;
      options.deadline_arg = ++i;
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  return options;
}

// Stores a string with its effect and events. `deadline_ms` 0: none.
void Store(Call& call, std::string_view key, std::string_view value, std::int64_t deadline_ms,
           Call::Ttl ttl) {
  call.SetString(key, value, ttl);
  call.Event(kEventString, "set", key);
  if (deadline_ms != 0) {
    call.SetDeadline(key, deadline_ms);
    call.Event(kEventGeneric, "expire", key);
    if (!call.effects_wanted()) return call.Changed();
    return call.Effect({"SET", key, value, "PXAT", FormatInt(deadline_ms)});
  }
  if (ttl == Call::Ttl::kKeep) return call.Effect({"SET", key, value, "KEEPTTL"});
  call.Effect({"SET", key, value});
}

void SetWith(Call& call, Reply& reply, std::string_view value, const SetOptions& options) {
  std::int64_t deadline_ms = 0;
  if (options.deadline_arg != 0) {
    auto deadline = ParseDeadline(call, options.deadline_arg, options.unit);
    if (!deadline) return reply.Error(deadline.error());
    deadline_ms = *deadline;
  }
  const std::string_view key = call.arg(1);
  const bool conditional = options.condition.kind != ValueCondition::kNone;
  if (options.get || options.only_new || options.only_existing || conditional) {
    const Entry* old = options.get ? call.ReadAndUse(key) : call.Find(key);
    if ((options.get || conditional) && old != nullptr && !old->is_string()) {
      return reply.Error(kWrongTypeText);
    }
    bool refused = old != nullptr ? options.only_new : options.only_existing;
    if (conditional && old == nullptr) {
      refused = options.condition.wants_equal();
    } else if (conditional) {
      auto met = Meets(options.condition, StringText(*old));
      if (!met) return reply.Error(met.error());
      refused = !*met;
    }
    if (options.get) {
      ReplyText(reply, old);
      if (refused) return;
    } else if (refused) {
      return reply.Null();
    }
  }
  Store(call, key, value, deadline_ms, options.keep_ttl ? Call::Ttl::kKeep : Call::Ttl::kClear);
  if (!options.get) reply.Ok();
}

void Set(Call& call, Reply& reply) {
  if (call.argc() == 3) {
    Store(call, call.arg(1), call.arg(2), 0, Call::Ttl::kClear);
    return reply.Ok();
  }
  auto options = ParseSetOptions(call, 3, false);
  if (!options) return reply.Error(options.error());
  SetWith(call, reply, call.arg(2), *options);
}

void Setex(Call& call, Reply& reply) {
  SetWith(call, reply, call.arg(3), {.deadline_arg = 2, .unit = {.seconds = true}});
}

void Psetex(Call& call, Reply& reply) { SetWith(call, reply, call.arg(3), {.deadline_arg = 2}); }

void Setnx(Call& call, Reply& reply) {
  if (call.Find(call.arg(1)) != nullptr) return reply.Integer(0);
  Store(call, call.arg(1), call.arg(2), 0, Call::Ttl::kClear);
  reply.Integer(1);
}

void Getset(Call& call, Reply& reply) {
  const Entry* old = call.Read(call.arg(1));
  if (old != nullptr && !old->is_string()) return reply.Error(kWrongTypeText);
  ReplyText(reply, old);
  Store(call, call.arg(1), call.arg(2), 0, Call::Ttl::kClear);
}

void Mset(Call& call, Reply& reply) {
  if (call.argc() % 2 == 0) return reply.Error(ArityText("mset"));
  for (std::size_t i = 1; i < call.argc(); i += 2) {
    Store(call, call.arg(i), call.arg(i + 1), 0, Call::Ttl::kClear);
  }
  reply.Ok();
}

void Msetnx(Call& call, Reply& reply) {
  if (call.argc() % 2 == 0) return reply.Error(ArityText("msetnx"));
  for (std::size_t i = 1; i < call.argc(); i += 2) {
    if (call.Find(call.arg(i)) != nullptr) return reply.Integer(0);
  }
  for (std::size_t i = 1; i < call.argc(); i += 2) {
    Store(call, call.arg(i), call.arg(i + 1), 0, Call::Ttl::kClear);
  }
  reply.Integer(1);
}

// MSETEX numkeys key value... [NX|XX] [a time|KEEPTTL]
struct MsetexQuery {
  Args pairs;
  SetOptions options;
  std::int64_t deadline_ms = 0;  // 0: none
};

Result<MsetexQuery> ParseMsetex(const Call& call) {
  const auto keys = ParseInt(call.arg(1));
  if (!keys || *keys < 1 || *keys > INT32_MAX) return ReplyError("ERR invalid numkeys value");
  const auto words = static_cast<std::size_t>(*keys) * 2;
  if (words > call.argc() - 2) return ReplyError("ERR wrong number of key-value pairs");
  MsetexQuery query{.pairs = call.args().subspan(2, words)};
  SATCHEL_ASSIGN(query.options, ParseSetOptions(call, 2 + words, false));
  const SetOptions& options = query.options;
  if (options.get || options.condition.kind != ValueCondition::kNone) {
    return ReplyError(kSyntaxError);
  }
  if (options.deadline_arg != 0) {
    SATCHEL_ASSIGN(query.deadline_ms, ParseDeadline(call, options.deadline_arg, options.unit));
  }
  return query;
}

void Msetex(Call& call, Reply& reply) {
  auto query = ParseMsetex(call);
  if (!query) return reply.Error(query.error());
  const auto& [pairs, options, deadline_ms] = *query;
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    const bool exists = call.Find(pairs[i]) != nullptr;
    if (exists ? options.only_new : options.only_existing) return reply.Integer(0);
  }
  const std::string deadline = FormatInt(deadline_ms);
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    const std::string_view key = pairs[i];
    const std::string_view value = pairs[i + 1];
    call.SetString(key, value, options.keep_ttl ? Call::Ttl::kKeep : Call::Ttl::kClear);
    if (deadline_ms != 0) {
      call.SetDeadline(key, deadline_ms);
      call.Effect({"SET", key, value, "PXAT", deadline});
      call.Event(kEventGeneric, "expire", key);
    } else if (options.keep_ttl) {
      call.Effect({"SET", key, value, "KEEPTTL"});
    } else {
      call.Effect({"SET", key, value});
    }
    call.Event(kEventString, "set", key);
  }
  reply.Integer(1);
}

void Delex(Call& call, Reply& reply) {
  if (call.argc() != 2 && call.argc() != 4) return reply.Error(ArityText("delex"));
  const std::string_view key = call.arg(1);
  const Entry* entry = call.Find(key);
  if (entry == nullptr) return reply.Integer(0);
  if (call.argc() == 4) {
    if (!entry->is_string()) {
      return reply.Error("ERR Key should be of string type if conditions are specified");
    }
    const ValueCondition condition{ConditionKind(call.arg(2)), call.arg(3)};
    if (condition.kind == ValueCondition::kNone) {
      return reply.Error("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE");
    }
    auto met = Meets(condition, StringText(*entry));
    if (!met) return reply.Error(met.error());
    if (!*met) return reply.Integer(0);
  }
  call.Remove(key);
  call.Effect({"DEL", key});
  call.Event(kEventGeneric, "del", key);
  reply.Integer(1);
}

void Digest(Call& call, Reply& reply) {
  auto entry = call.FindString(call.arg(1));
  if (!entry) return reply.Error(entry.error());
  if (*entry == nullptr) return reply.Null();
  reply.Bulk(DigestText(StringText(**entry)));
}

// --- Reading -------------------------------------------------------------------------------

void Get(Call& call, Reply& reply) {
  const Entry* entry = call.Find(call.arg(1));
  if (entry != nullptr && !entry->is_string()) return reply.Error(kWrongTypeText);
  ReplyText(reply, entry);
}

void Mget(Call& call, Reply& reply) {
  reply.BeginArray(call.argc() - 1);
  for (std::size_t i = 1; i < call.argc(); ++i) {
    const Entry* entry = call.Find(call.arg(i));
    ReplyText(reply, entry != nullptr && entry->is_string() ? entry : nullptr);
  }
}

void Getdel(Call& call, Reply& reply) {
  const Entry* entry = call.Read(call.arg(1));
  if (entry != nullptr && !entry->is_string()) return reply.Error(kWrongTypeText);
  ReplyText(reply, entry);
  if (entry == nullptr) return;
  call.Remove(call.arg(1));
  call.Effect({"DEL", call.arg(1)});
  call.Event(kEventGeneric, "del", call.arg(1));
}

void Getex(Call& call, Reply& reply) {
  auto options = ParseSetOptions(call, 2, true);
  if (!options) return reply.Error(options.error());
  const std::string_view key = call.arg(1);
  const Entry* entry = call.ReadAndUse(key);
  if (entry == nullptr) return reply.Null();
  if (!entry->is_string()) return reply.Error(kWrongTypeText);
  std::int64_t deadline_ms = 0;
  if (options->deadline_arg != 0) {
    auto deadline = ParseDeadline(call, options->deadline_arg, options->unit);
    if (!deadline) return reply.Error(deadline.error());
    deadline_ms = *deadline;
  }
  ReplyText(reply, entry);
  if (options->unit.absolute && deadline_ms != 0 && deadline_ms <= call.now_ms()) {
    call.Remove(key);
    call.Effect({"DEL", key});
    call.Event(kEventGeneric, "del", key);
  } else if (deadline_ms != 0) {
    call.SetDeadline(key, deadline_ms);
    call.Effect({"PEXPIREAT", key, FormatInt(deadline_ms)});
    call.Event(kEventGeneric, "expire", key);
  } else if (options->persist && entry->has_deadline()) {
    call.ClearDeadline(key);
    call.Effect({"PERSIST", key});
    call.Event(kEventGeneric, "persist", key);
  }
}

void Strlen(Call& call, Reply& reply) {
  auto entry = call.FindString(call.arg(1));
  if (!entry) return reply.Error(entry.error());
  reply.Integer(*entry == nullptr ? 0
                                  : static_cast<std::int64_t>(StringText(**entry).view().size()));
}

void Getrange(Call& call, Reply& reply) {
  auto start = call.Integer(2);
  if (!start) return reply.Error(start.error());
  auto end = call.Integer(3);
  if (!end) return reply.Error(end.error());
  auto entry = call.FindString(call.arg(1));
  if (!entry) return reply.Error(entry.error());
  if (*entry == nullptr) return reply.Bulk({});
  const StringText text(**entry);
  const auto size = static_cast<std::int64_t>(text.view().size());
  if (*start < 0 && *end < 0 && *start > *end) return reply.Bulk({});
  const std::int64_t first = std::max<std::int64_t>(0, *start < 0 ? size + *start : *start);
  std::int64_t last = std::max<std::int64_t>(0, *end < 0 ? size + *end : *end);
  last = std::min(last, size - 1);
  if (first > last || size == 0) return reply.Bulk({});
  reply.Bulk(text.view().substr(static_cast<std::size_t>(first),
                                static_cast<std::size_t>(last - first + 1)));
}

// --- Changing in place ---------------------------------------------------------------------

bool TooLong(Call& call, std::size_t size, std::size_t more) {
  const auto limit = static_cast<std::uint64_t>(call.engine().config().proto_max_bulk_len);
  return size > limit || more > limit - size;
}

void Append(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  const std::string_view tail = call.arg(2);
  auto entry = call.FindString(key);
  if (!entry) return reply.Error(entry.error());
  std::size_t size = tail.size();
  if (*entry == nullptr) {
    call.SetString(key, tail, Call::Ttl::kClear);
  } else {
    const std::size_t old_size = StringText(**entry).view().size();
    if (TooLong(call, old_size, tail.size())) return reply.Error(kTooLongText);
    size += old_size;
    StringBuffer& buffer = call.EditRaw(key, size);
    std::memcpy(buffer.bytes() + buffer.size, tail.data(), tail.size());
    buffer.size = size;
  }
  call.Effect({"APPEND", key, tail});
  call.Event(kEventString, "append", key);
  reply.Integer(static_cast<std::int64_t>(size));
}

void Setrange(Call& call, Reply& reply) {
  auto offset = call.Integer(2);
  if (!offset) return reply.Error(offset.error());
  if (*offset < 0) return reply.Error("ERR offset is out of range");
  const std::string_view key = call.arg(1);
  const std::string_view value = call.arg(3);
  auto entry = call.FindString(key);
  if (!entry) return reply.Error(entry.error());
  const std::size_t old_size = *entry == nullptr ? 0 : StringText(**entry).view().size();
  if (value.empty()) return reply.Integer(static_cast<std::int64_t>(old_size));
  const auto begin = static_cast<std::size_t>(*offset);
  if (TooLong(call, begin, value.size())) return reply.Error(kTooLongText);
  const std::size_t size = std::max(old_size, begin + value.size());
  StringBuffer& buffer = call.EditRaw(key, size);
  if (begin > buffer.size) std::memset(buffer.bytes() + buffer.size, 0, begin - buffer.size);
  std::memcpy(buffer.bytes() + begin, value.data(), value.size());
  buffer.size = size;
  call.Effect({"SETRANGE", key, call.arg(2), value});
  call.Event(kEventString, "setrange", key);
  reply.Integer(static_cast<std::int64_t>(size));
}

void IncrementBy(Call& call, Reply& reply, std::int64_t by) {
  const std::string_view key = call.arg(1);
  auto entry = call.FindString(key);
  if (!entry) return reply.Error(entry.error());
  std::int64_t value = 0;
  if (*entry != nullptr) {
    if ((*entry)->encoding() == Encoding::kInt) {
      value = (*entry)->integer();
    } else if (auto parsed = ParseInt(StringText(**entry))) {
      value = *parsed;
    } else {
      return reply.Error(kNotInteger);
    }
  }
  if (__builtin_add_overflow(value, by, &value)) return reply.Error(kOverflow);
  call.SetInteger(key, *entry, value);
  if (call.effects_wanted()) {
    call.Effect({"SET", key, FormatInt(value), "KEEPTTL"});
  } else {
    call.Changed();
  }
  call.Event(kEventString, "incrby", key);
  reply.Integer(value);
}

void Incr(Call& call, Reply& reply) { IncrementBy(call, reply, 1); }
void Decr(Call& call, Reply& reply) { IncrementBy(call, reply, -1); }

void Incrby(Call& call, Reply& reply) {
  auto by = call.Integer(2);
  if (!by) return reply.Error(by.error());
  IncrementBy(call, reply, *by);
}

void Decrby(Call& call, Reply& reply) {
  auto by = call.Integer(2);
  if (!by) return reply.Error(by.error());
  if (*by == INT64_MIN) return reply.Error("ERR decrement would overflow");
  IncrementBy(call, reply, -*by);
}

void Incrbyfloat(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto entry = call.FindString(key);
  if (!entry) return reply.Error(entry.error());
  long double value = 0;
  if (*entry != nullptr) {
    const auto old = ParseLongDouble(StringText(**entry));
    if (!old) return reply.Error(kNotFloat);
    value = *old;
  }
  const auto by = ParseLongDouble(call.arg(2));
  if (!by) return reply.Error(kNotFloat);
  value += *by;
  if (std::isnan(value) || std::isinf(value)) {
    return reply.Error("ERR increment would produce NaN or Infinity");
  }
  const std::string text = FormatLongDouble(value);
  call.SetString(key, text, Call::Ttl::kKeep, Call::Form::kText);
  call.Effect({"SET", key, text, "KEEPTTL"});
  call.Event(kEventString, "incrbyfloat", key);
  reply.Bulk(text);
}

constexpr Command kStringCommands[] = {
    {.name = "APPEND",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatString,
     .keys = {KeyAt(1, kRW | kInsert)},
     .run = Append,
     .since = "2.0.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Appends bytes to a string, creating it when absent."},
    {.name = "DECR",
     .arity = 2,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatString,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate)},
     .run = Decr,
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Decrements the integer in a string by one."},
    {.name = "DECRBY",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatString,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate)},
     .run = Decrby,
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Decrements the integer in a string by a number."},
    {.name = "DELEX",
     .arity = -2,
     .flags = kWrite | kFast,
     .categories = kCatString,
     .keys = {KeyAt(1, kRW | kDelete | kVariableFlags, "Reads the value only with a condition.")},
     .run = Delex,
     .since = "8.4.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Removes a key if its string is, or is not, what is expected."},
    {.name = "DIGEST",
     .arity = 2,
     .flags = kReadonly | kFast,
     .categories = kCatString,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Digest,
     .since = "8.4.0",
     .group = "string",
     .complexity = "O(N)",
     .summary = "Returns the hash of a string, for conditions."},
    {.name = "GET",
     .arity = 2,
     .flags = kReadonly | kFast,
     .categories = kCatString,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Get,
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Returns a string."},
    {.name = "GETDEL",
     .arity = 2,
     .flags = kWrite | kFast,
     .categories = kCatString,
     .keys = {KeyAt(1, kRW | kAccess | kDelete)},
     .run = Getdel,
     .since = "6.2.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Returns a string and removes its key."},
    {.name = "GETEX",
     .arity = -2,
     .flags = kWrite | kFast,
     .categories = kCatString,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate, "Changes the deadline, not the value.")},
     .run = Getex,
     .since = "6.2.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Returns a string and changes its time to live."},
    {.name = "GETRANGE",
     .arity = 4,
     .flags = kReadonly,
     .categories = kCatString,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Getrange,
     .since = "2.4.0",
     .group = "string",
     .complexity = "O(N)",
     .summary = "Returns a part of a string."},
    {.name = "GETSET",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatString,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate)},
     .run = Getset,
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Stores a string and returns the previous one."},
    {.name = "INCR",
     .arity = 2,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatString,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate)},
     .run = Incr,
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Increments the integer in a string by one."},
    {.name = "INCRBY",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatString,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate)},
     .run = Incrby,
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Increments the integer in a string by a number."},
    {.name = "INCRBYFLOAT",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatString,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate)},
     .run = Incrbyfloat,
     .since = "2.6.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Increments the number in a string by a fraction."},
    {.name = "MGET",
     .arity = -2,
     .flags = kReadonly | kFast,
     .categories = kCatString,
     .keys = {KeyRange(1, -1, 1, kRO | kAccess)},
     .run = Mget,
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(N)",
     .summary = "Returns several strings.",
     .tips = "request_policy:multi_shard"},
    {.name = "MSET",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kCatString,
     .keys = {KeyRange(1, -1, 2, kOW | kUpdate)},
     .run = Mset,
     .since = "1.0.1",
     .group = "string",
     .complexity = "O(N)",
     .summary = "Stores several strings.",
     .tips = "request_policy:multi_shard response_policy:all_succeeded"},
    {.name = "MSETEX",
     .arity = -4,
     .flags = kWrite | kDenyOom | kMovableKeys,
     .categories = kCatString,
     .keys = {KeyCount(1, kOW | kUpdate, {}, 2)},
     .run = Msetex,
     .since = "8.4.0",
     .group = "string",
     .complexity = "O(N)",
     .summary = "Stores several strings, with conditions and one time to live."},
    {.name = "MSETNX",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kCatString,
     .keys = {KeyRange(1, -1, 2, kOW | kInsert)},
     .run = Msetnx,
     .since = "1.0.1",
     .group = "string",
     .complexity = "O(N)",
     .summary = "Stores several strings when none of their keys exists.",
     .tips = "request_policy:multi_shard response_policy:agg_min"},
    {.name = "PSETEX",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .categories = kCatString,
     .keys = {KeyAt(1, kOW | kUpdate)},
     .run = Psetex,
     .since = "2.6.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Stores a string with a time to live in milliseconds."},
    {.name = "SET",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kCatString,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate | kVariableFlags,
                    "Reads the old value only with GET.")},
     .run = Set,
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Stores a string, with conditions and a time to live."},
    {.name = "SETEX",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .categories = kCatString,
     .keys = {KeyAt(1, kOW | kUpdate)},
     .run = Setex,
     .since = "2.0.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Stores a string with a time to live in seconds."},
    {.name = "SETNX",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatString,
     .keys = {KeyAt(1, kOW | kInsert)},
     .run = Setnx,
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Stores a string when its key is absent."},
    {.name = "SETRANGE",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .categories = kCatString,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Setrange,
     .since = "2.2.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Overwrites a part of a string, filling gaps with zero bytes."},
    {.name = "STRLEN",
     .arity = 2,
     .flags = kReadonly | kFast,
     .categories = kCatString,
     .keys = {KeyAt(1, kRO)},
     .run = Strlen,
     .since = "2.2.0",
     .group = "string",
     .complexity = "O(1)",
     .summary = "Returns the length of a string."},
    {.name = "SUBSTR",
     .arity = 4,
     .flags = kReadonly,
     .categories = kCatString,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Getrange,
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(N)",
     .summary = "Returns a part of a string; the old name of GETRANGE."},
};
static_assert(RowsAreSound(kStringCommands));

}  // namespace

std::span<const Command> StringCommands() { return kStringCommands; }

}  // namespace satchel::engine
