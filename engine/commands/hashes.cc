// Hash commands. Source: redis 7.0.15, the commands of the same names.

#include <cmath>

#include "engine/commands/families.h"
#include "engine/commands/sampling.h"
#include "engine/commands/scan.h"
#include "engine/values.h"

namespace satchel::engine {
namespace {

std::int64_t Count(std::size_t size) { return static_cast<std::int64_t>(size); }

void ReplyField(Reply& reply, const Hash* hash, std::string_view field) {
  const auto value = hash == nullptr ? std::nullopt : hash->Get(field);
  if (!value) return reply.Null();
  reply.Bulk(*value);
}

// --- Writing -------------------------------------------------------------------------------

// Sets the pairs from argument 2 on; returns the number of new fields.
Result<std::int64_t> SetPairs(Call& call) {
  const std::string_view key = call.arg(1);
  SATCHEL_ASSIGN(Hash * hash, call.EditOrCreate<Hash>(key));
  std::int64_t added = 0;
  for (std::size_t i = 2; i < call.argc(); i += 2) {
    added += hash->Set(call.arg(i), call.arg(i + 1), call.context());
  }
  if (hash->is_timed()) call.FieldDeadlinesChanged(key);
  call.EffectSelf();
  call.Event(kEventHash, "hset", key);
  return added;
}

void Hset(Call& call, Reply& reply) {
  if (call.argc() % 2 != 0) return reply.Error(ArityText("hset"));
  auto added = SetPairs(call);
  if (!added) return reply.Error(added.error());
  reply.Integer(*added);
}

void Hmset(Call& call, Reply& reply) {
  if (call.argc() % 2 != 0) return reply.Error(ArityText("hmset"));
  auto added = SetPairs(call);
  if (!added) return reply.Error(added.error());
  reply.Ok();
}

void Hsetnx(Call& call, Reply& reply) {
  auto old = call.Find<Hash>(call.arg(1));
  if (!old) return reply.Error(old.error());
  if (*old != nullptr && (*old)->Get(call.arg(2))) return reply.Integer(0);
  const std::string_view key = call.arg(1);
  Hash* hash = *call.EditOrCreate<Hash>(key);
  hash->Set(call.arg(2), call.arg(3), call.context());
  call.Effect({"HSET", key, call.arg(2), call.arg(3)});
  call.Event(kEventHash, "hset", key);
  reply.Integer(1);
}

void Hdel(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto hash = call.Edit<Hash>(key);
  if (!hash) return reply.Error(hash.error());
  if (*hash == nullptr) return reply.Integer(0);
  std::int64_t removed = 0;
  for (std::size_t i = 2; i < call.argc(); ++i) removed += (*hash)->Erase(call.arg(i));
  if (removed > 0) {
    if ((*hash)->is_timed()) call.FieldDeadlinesChanged(key);
    call.EffectSelf();
    call.Event(kEventHash, "hdel", key);
    call.RemoveIfEmpty(key, **hash);
  }
  reply.Integer(removed);
}

// Stores one computed field with its effect and event; its deadline stays.
void Store(Call& call, std::string_view field, std::string_view value, std::string_view event) {
  const std::string_view key = call.arg(1);
  Hash* hash = *call.EditOrCreate<Hash>(key);
  hash->SetValue(field, value, call.context());
  if (hash->is_timed()) {
    call.Effect({"HSETEX", key, "KEEPTTL", "FIELDS", "1", field, value});
  } else {
    call.Effect({"HSET", key, field, value});
  }
  call.Event(kEventHash, event, key);
}

void Hincrby(Call& call, Reply& reply) {
  auto by = call.Integer(3);
  if (!by) return reply.Error(by.error());
  auto hash = call.Find<Hash>(call.arg(1));
  if (!hash) return reply.Error(hash.error());
  std::int64_t value = 0;
  if (*hash != nullptr) {
    if (const auto old = (*hash)->Get(call.arg(2))) {
      const auto number = ParseInt(*old);
      if (!number) return reply.Error("ERR hash value is not an integer");
      value = *number;
    }
  }
  if (__builtin_add_overflow(value, *by, &value)) return reply.Error(kOverflow);
  Store(call, call.arg(2), FormatInt(value), "hincrby");
  reply.Integer(value);
}

void Hincrbyfloat(Call& call, Reply& reply) {
  const auto by = ParseLongDouble(call.arg(3));
  if (!by) return reply.Error(kNotFloat);
  if (std::isinf(*by)) return reply.Error("ERR value is NaN or Infinity");
  auto hash = call.Find<Hash>(call.arg(1));
  if (!hash) return reply.Error(hash.error());
  long double value = 0;
  if (*hash != nullptr) {
    if (const auto old = (*hash)->Get(call.arg(2))) {
      const auto number = ParseLongDouble(*old);
      if (!number) return reply.Error("ERR hash value is not a float");
      value = *number;
    }
  }
  value += *by;
  if (std::isnan(value) || std::isinf(value)) {
    return reply.Error("ERR increment would produce NaN or Infinity");
  }
  const std::string text = FormatLongDouble(value);
  Store(call, call.arg(2), text, "hincrbyfloat");
  reply.Bulk(text);
}

// --- Reading -------------------------------------------------------------------------------

void Hget(Call& call, Reply& reply) {
  auto hash = call.Find<Hash>(call.arg(1));
  if (!hash) return reply.Error(hash.error());
  ReplyField(reply, *hash, call.arg(2));
}

void Hmget(Call& call, Reply& reply) {
  auto hash = call.Find<Hash>(call.arg(1));
  if (!hash) return reply.Error(hash.error());
  reply.BeginArray(call.argc() - 2);
  for (std::size_t i = 2; i < call.argc(); ++i) ReplyField(reply, *hash, call.arg(i));
}

void Hlen(Call& call, Reply& reply) {
  auto hash = call.Find<Hash>(call.arg(1));
  if (!hash) return reply.Error(hash.error());
  reply.Integer(*hash == nullptr ? 0 : Count((*hash)->size()));
}

void Hstrlen(Call& call, Reply& reply) {
  auto hash = call.Find<Hash>(call.arg(1));
  if (!hash) return reply.Error(hash.error());
  const auto value = *hash == nullptr ? std::nullopt : (*hash)->Get(call.arg(2));
  reply.Integer(value ? Count(value->size()) : 0);
}

void Hexists(Call& call, Reply& reply) {
  auto hash = call.Find<Hash>(call.arg(1));
  if (!hash) return reply.Error(hash.error());
  reply.Integer(*hash != nullptr && (*hash)->Get(call.arg(2)) ? 1 : 0);
}

void Hgetall(Call& call, Reply& reply) {
  auto hash = call.Find<Hash>(call.arg(1));
  if (!hash) return reply.Error(hash.error());
  if (*hash == nullptr) return reply.BeginMap(0);
  reply.BeginMap((*hash)->size());
  (*hash)->ForEach([&](std::string_view field, std::string_view value) {
    reply.Bulk(field);
    reply.Bulk(value);
    return true;
  });
}

void ReplyHalf(Call& call, Reply& reply, bool fields) {
  auto hash = call.Find<Hash>(call.arg(1));
  if (!hash) return reply.Error(hash.error());
  if (*hash == nullptr) return reply.BeginArray(0);
  reply.BeginArray((*hash)->size());
  (*hash)->ForEach([&](std::string_view field, std::string_view value) {
    reply.Bulk(fields ? field : value);
    return true;
  });
}

void Hkeys(Call& call, Reply& reply) { ReplyHalf(call, reply, true); }
void Hvals(Call& call, Reply& reply) { ReplyHalf(call, reply, false); }

void Hscan(Call& call, Reply& reply) {
  auto cursor = ParseCursor(call, 2);
  if (!cursor) return reply.Error(cursor.error());
  auto hash = call.Find<Hash>(call.arg(1));
  if (!hash) return reply.Error(hash.error());
  std::vector<std::string> found;
  if (*hash == nullptr) return ReplyScan(reply, 0, found);  // whatever the options say
  auto options = ParseScanOptions(call, 3, Scanned::kHash);
  if (!options) return reply.Error(options.error());
  std::uint64_t at = *cursor;
  std::int64_t visited = 0;
  do {
    at = (*hash)->Scan(at % kScanCursors, [&](std::string_view field, std::string_view value) {
      ++visited;
      if (!options->Matches(field)) return;
      found.emplace_back(field);
      if (!options->no_values) found.emplace_back(value);
    });
  } while (at != 0 && visited < options->count);
  ReplyScan(reply, at, found);
}

// --- HRANDFIELD ----------------------------------------------------------------------------

void ReplyPair(Reply& reply, std::string_view field, std::string_view value, bool with_values) {
  if (!with_values) return reply.Bulk(field);
  reply.BeginPair();
  reply.Bulk(field);
  reply.Bulk(value);
}

void RandomFields(Call& call, Reply& reply, const Hash& hash, std::int64_t count,
                  bool with_values) {
  const bool repeat = count < 0;
  const std::uint64_t wanted =
      repeat ? ~static_cast<std::uint64_t>(count) + 1
             : std::min<std::uint64_t>(static_cast<std::uint64_t>(count), hash.size());
  if (with_values) {
    reply.BeginPairs(wanted);
  } else {
    reply.BeginArray(wanted);
  }
  if (repeat) {
    for (std::uint64_t i = 0; i < wanted; ++i) {
      const auto [field, value] = hash.RandomField(call.random());
      ReplyPair(reply, field, value, with_values);
    }
    return;
  }
  SampleDistinct(
      hash.size(), wanted, call.random(), [&] { return hash.RandomField(call.random()).first; },
      [&](auto visit) {
        hash.ForEach([&](std::string_view field, std::string_view) { return visit(field); });
      },
      [&](std::string_view field) { ReplyPair(reply, field, *hash.Get(field), with_values); });
}

void Hrandfield(Call& call, Reply& reply) {
  if (call.argc() == 2) {
    auto hash = call.Find<Hash>(call.arg(1));
    if (!hash) return reply.Error(hash.error());
    if (*hash == nullptr) return reply.Null();
    return reply.Bulk((*hash)->RandomField(call.random()).first);
  }
  auto count = RandomCount(call, 2);
  if (!count) return reply.Error(count.error());
  const bool with_values = call.argc() == 4;
  if (call.argc() > 4 || (with_values && !call.Is(3, "WITHVALUES"))) {
    return reply.Error(kSyntaxError);
  }
  if (with_values && (*count < INT64_MIN / 2 || *count > INT64_MAX / 2)) {
    return reply.Error(kOutOfRange);
  }
  auto hash = call.Find<Hash>(call.arg(1));
  if (!hash) return reply.Error(hash.error());
  if (*hash == nullptr || *count == 0) return reply.BeginArray(0);
  RandomFields(call, reply, **hash, *count, with_values);
}

constexpr Command kHashCommands[] = {
    {.name = "HDEL",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRW | kDelete)},
     .run = Hdel,
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(N)",
     .summary = "Removes fields of a hash."},
    {.name = "HEXISTS",
     .arity = 3,
     .flags = kReadonly | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRO)},
     .run = Hexists,
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1)",
     .summary = "Tells whether a hash has a field."},
    {.name = "HGET",
     .arity = 3,
     .flags = kReadonly | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Hget,
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1)",
     .summary = "Returns a field of a hash."},
    {.name = "HGETALL",
     .arity = 2,
     .flags = kReadonly | kNondeterministicOutputOrder,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Hgetall,
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(N)",
     .summary = "Returns all fields of a hash with their values."},
    {.name = "HINCRBY",
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate)},
     .run = Hincrby,
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1)",
     .summary = "Increments the integer in a field by a number."},
    {.name = "HINCRBYFLOAT",
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate)},
     .run = Hincrbyfloat,
     .since = "2.6.0",
     .group = "hash",
     .complexity = "O(1)",
     .summary = "Increments the number in a field by a fraction."},
    {.name = "HKEYS",
     .arity = 2,
     .flags = kReadonly | kNondeterministicOutputOrder,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Hkeys,
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(N)",
     .summary = "Returns the names of all fields of a hash."},
    {.name = "HLEN",
     .arity = 2,
     .flags = kReadonly | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRO)},
     .run = Hlen,
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1)",
     .summary = "Counts the fields of a hash."},
    {.name = "HMGET",
     .arity = -3,
     .flags = kReadonly | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Hmget,
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(N)",
     .summary = "Returns several fields of a hash."},
    {.name = "HMSET",
     .arity = -4,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Hmset,
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(N)",
     .summary = "Sets fields of a hash; the old name of HSET."},
    {.name = "HRANDFIELD",
     .arity = -2,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Hrandfield,
     .since = "6.2.0",
     .group = "hash",
     .complexity = "O(N)",
     .summary = "Returns random fields of a hash."},
    {.name = "HSCAN",
     .arity = -3,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Hscan,
     .since = "2.8.0",
     .group = "hash",
     .complexity = "O(1)",
     .summary = "Visits the fields of a hash step by step."},
    {.name = "HSET",
     .arity = -4,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Hset,
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1)",
     .summary = "Sets fields of a hash."},
    {.name = "HSETNX",
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRW | kInsert)},
     .run = Hsetnx,
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1)",
     .summary = "Sets a field of a hash when it is absent."},
    {.name = "HSTRLEN",
     .arity = 3,
     .flags = kReadonly | kFast,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRO)},
     .run = Hstrlen,
     .since = "3.2.0",
     .group = "hash",
     .complexity = "O(1)",
     .summary = "Returns the length of a field of a hash."},
    {.name = "HVALS",
     .arity = 2,
     .flags = kReadonly | kNondeterministicOutputOrder,
     .categories = kCatHash,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Hvals,
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(N)",
     .summary = "Returns the values of all fields of a hash."},
};
static_assert(RowsAreSound(kHashCommands));

}  // namespace

std::span<const Command> HashCommands() { return kHashCommands; }

}  // namespace satchel::engine
