// Set commands. Source: redis 7.0.15, the commands of the same names.

#include "engine/commands/families.h"
#include "engine/commands/sampling.h"
#include "engine/commands/scan.h"
#include "engine/values.h"

namespace satchel::engine {
namespace {

std::int64_t Count(std::size_t size) { return static_cast<std::int64_t>(size); }

void ReplyMembers(Reply& reply, const Set& set) {
  reply.BeginSet(set.size());
  set.ForEach([&](std::string_view member) {
    reply.Bulk(member);
    return true;
  });
}

// --- One set -------------------------------------------------------------------------------

void Sadd(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto set = call.EditOrCreate<Set>(key);
  if (!set) return reply.Error(set.error());
  std::int64_t added = 0;
  for (std::size_t i = 2; i < call.argc(); ++i) {
    added += (*set)->Add(call.arg(i), call.context());
  }
  if (added > 0) {
    call.EffectSelf();
    call.Event(kEventSet, "sadd", key);
  }
  reply.Integer(added);
}

void Srem(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto set = call.Edit<Set>(key);
  if (!set) return reply.Error(set.error());
  if (*set == nullptr) return reply.Integer(0);
  std::int64_t removed = 0;
  for (std::size_t i = 2; i < call.argc(); ++i) removed += (*set)->Remove(call.arg(i));
  if (removed > 0) {
    call.EffectSelf();
    call.Event(kEventSet, "srem", key);
    call.RemoveIfEmpty(key, **set);
  }
  reply.Integer(removed);
}

void Smove(Call& call, Reply& reply) {
  const std::string_view from = call.arg(1);
  const std::string_view to = call.arg(2);
  const std::string_view member = call.arg(3);
  auto source = call.Find<Set>(from);
  if (!source) return reply.Error(source.error());
  if (*source == nullptr) return reply.Integer(0);
  auto target = call.Find<Set>(to);
  if (!target) return reply.Error(target.error());
  const bool found = (*source)->Contains(member);
  if (!found || from == to) return reply.Integer(found ? 1 : 0);
  Set* open = *call.Edit<Set>(from);
  open->Remove(member);
  call.Effect({"SREM", from, member});
  call.Event(kEventSet, "srem", from);
  call.RemoveIfEmpty(from, *open);
  if ((*call.EditOrCreate<Set>(to))->Add(member, call.context())) {
    call.Effect({"SADD", to, member});
    call.Event(kEventSet, "sadd", to);
  }
  reply.Integer(1);
}

void Sismember(Call& call, Reply& reply) {
  auto set = call.Find<Set>(call.arg(1));
  if (!set) return reply.Error(set.error());
  reply.Integer(*set != nullptr && (*set)->Contains(call.arg(2)) ? 1 : 0);
}

void Smismember(Call& call, Reply& reply) {
  auto set = call.Find<Set>(call.arg(1));
  if (!set) return reply.Error(set.error());
  reply.BeginArray(call.argc() - 2);
  for (std::size_t i = 2; i < call.argc(); ++i) {
    reply.Integer(*set != nullptr && (*set)->Contains(call.arg(i)) ? 1 : 0);
  }
}

void Scard(Call& call, Reply& reply) {
  auto set = call.Find<Set>(call.arg(1));
  if (!set) return reply.Error(set.error());
  reply.Integer(*set == nullptr ? 0 : Count((*set)->size()));
}

void Smembers(Call& call, Reply& reply) {
  auto set = call.Find<Set>(call.arg(1));
  if (!set) return reply.Error(set.error());
  if (*set == nullptr) return reply.BeginSet(0);
  ReplyMembers(reply, **set);
}

void Sscan(Call& call, Reply& reply) {
  auto cursor = ParseCursor(call, 2);
  if (!cursor) return reply.Error(cursor.error());
  auto set = call.Find<Set>(call.arg(1));
  if (!set) return reply.Error(set.error());
  std::vector<std::string> found;
  if (*set == nullptr) return ReplyScan(reply, 0, found);  // whatever the options say
  auto options = ParseScanOptions(call, 3, Scanned::kMembers);
  if (!options) return reply.Error(options.error());
  std::uint64_t at = *cursor;
  std::int64_t visited = 0;
  do {
    at = (*set)->Scan(at % kScanCursors, [&](std::string_view member) {
      ++visited;
      if (options->Matches(member)) found.emplace_back(member);
    });
  } while (at != 0 && visited < options->count);
  ReplyScan(reply, at, found);
}

// --- Random members ------------------------------------------------------------------------

// Distinct random members, copied.
std::vector<std::string> SampleOf(Call& call, const Set& set, std::size_t count) {
  std::vector<std::string> members;
  members.reserve(count);
  char buffer[kMaxIntText];
  SampleDistinct(
      set.size(), count, call.random(), [&] { return set.RandomMember(call.random(), buffer); },
      [&](auto visit) { set.ForEach(visit); },
      [&](std::string_view member) { members.emplace_back(member); });
  return members;
}

void Srandmember(Call& call, Reply& reply) {
  if (call.argc() > 3) return reply.Error(kSyntaxError);
  char buffer[kMaxIntText];
  if (call.argc() == 2) {
    auto set = call.Find<Set>(call.arg(1));
    if (!set) return reply.Error(set.error());
    if (*set == nullptr) return reply.Null();
    return reply.Bulk((*set)->RandomMember(call.random(), buffer));
  }
  auto count = RandomCount(call, 2);
  if (!count) return reply.Error(count.error());
  auto set = call.Find<Set>(call.arg(1));
  if (!set) return reply.Error(set.error());
  if (*set == nullptr || *count == 0) return reply.BeginArray(0);
  if (*count < 0) {
    const auto wanted = ~static_cast<std::uint64_t>(*count) + 1;
    reply.BeginArray(wanted);
    for (std::uint64_t i = 0; i < wanted; ++i) {
      reply.Bulk((*set)->RandomMember(call.random(), buffer));
    }
    return;
  }
  const auto wanted = std::min<std::uint64_t>(static_cast<std::uint64_t>(*count), (*set)->size());
  reply.BeginArray(wanted);
  for (const std::string& member : SampleOf(call, **set, wanted)) reply.Bulk(member);
}

// Removes the members with effect and events.
void TakeOut(Call& call, const std::vector<std::string>& members) {
  const std::string_view key = call.arg(1);
  Set* set = *call.Edit<Set>(key);
  std::vector<std::string_view> effect = {"SREM", key};
  for (const std::string& member : members) {
    set->Remove(member);
    effect.push_back(member);
  }
  call.Effect(call.db(), effect);
  call.Event(kEventSet, "spop", key);
  call.RemoveIfEmpty(key, *set);
}

void Spop(Call& call, Reply& reply) {
  if (call.argc() > 3) return reply.Error(kSyntaxError);
  const bool counted = call.argc() == 3;
  std::int64_t count = 1;
  if (counted) {
    const auto parsed = ParseInt(call.arg(2));
    if (!parsed || *parsed < 0) return reply.Error(kMustBePositive);
    count = *parsed;
  }
  auto set = call.Find<Set>(call.arg(1));
  if (!set) return reply.Error(set.error());
  if (*set == nullptr || count == 0) return counted ? reply.BeginSet(0) : reply.Null();
  const auto wanted = std::min<std::uint64_t>(static_cast<std::uint64_t>(count), (*set)->size());
  const std::vector<std::string> members = SampleOf(call, **set, wanted);
  TakeOut(call, members);
  if (!counted) return reply.Bulk(members[0]);
  reply.BeginSet(members.size());
  for (const std::string& member : members) reply.Bulk(member);
}

// --- Several sets --------------------------------------------------------------------------

// The sets of the keys [first, last); null for absent ones.
Result<std::vector<const Set*>> FindSets(Call& call, std::size_t first, std::size_t last) {
  std::vector<const Set*> sets;
  for (std::size_t i = first; i < last; ++i) {
    SATCHEL_ASSIGN(const Set* set, call.Find<Set>(call.arg(i)));
    sets.push_back(set);
  }
  return sets;
}

// Visits the members that all sets have, until visit returns false.
template <class Visit>
void VisitIntersection(std::vector<const Set*> sets, Visit visit) {
  if (std::find(sets.begin(), sets.end(), nullptr) != sets.end()) return;
  std::sort(sets.begin(), sets.end(),
            [](const Set* a, const Set* b) { return a->size() < b->size(); });
  sets[0]->ForEach([&](std::string_view member) {
    for (std::size_t i = 1; i < sets.size(); ++i) {
      if (sets[i] != sets[0] && !sets[i]->Contains(member)) return true;
    }
    return visit(member);
  });
}

enum class Operation { kUnion, kIntersection, kDifference };

Set Combine(Call& call, const std::vector<const Set*>& sets, Operation operation) {
  Set result;
  const auto add = [&](std::string_view member) {
    result.Add(member, call.context());
    return true;
  };
  switch (operation) {
    case Operation::kUnion:
      for (const Set* set : sets) {
        if (set != nullptr) set->ForEach(add);
      }
      break;
    case Operation::kIntersection:
      VisitIntersection(sets, add);
      break;
    case Operation::kDifference:
      if (sets[0] == nullptr) break;
      sets[0]->ForEach([&](std::string_view member) {
        const bool elsewhere = std::any_of(sets.begin() + 1, sets.end(), [&](const Set* set) {
          return set != nullptr && set->Contains(member);
        });
        if (!elsewhere) add(member);
        return true;
      });
      break;
  }
  return result;
}

void ReplyCombined(Call& call, Reply& reply, Operation operation) {
  auto sets = FindSets(call, 1, call.argc());
  if (!sets) return reply.Error(sets.error());
  ReplyMembers(reply, Combine(call, *sets, operation));
}

void StoreCombined(Call& call, Reply& reply, Operation operation, std::string_view event) {
  auto sets = FindSets(call, 2, call.argc());
  if (!sets) return reply.Error(sets.error());
  Set result = Combine(call, *sets, operation);
  const std::string_view target = call.arg(1);
  const std::size_t size = result.size();
  if (call.Look(target) != nullptr) call.Effect({"DEL", target});
  if (size == 0) {
    if (call.Remove(target)) call.Event(kEventGeneric, "del", target);
    return reply.Integer(0);
  }
  call.Overwrite(target, std::move(result));
  std::vector<std::string> members;
  if (call.effects_wanted()) {
    (*call.Find<Set>(target))->ForEach([&](std::string_view member) {
      members.emplace_back(member);
      return true;
    });
  }
  std::vector<std::string_view> effect = {"SADD", target};
  effect.insert(effect.end(), members.begin(), members.end());
  call.Effect(call.db(), effect);
  call.Event(kEventSet, event, target);
  reply.Integer(Count(size));
}

void Sinter(Call& call, Reply& reply) { ReplyCombined(call, reply, Operation::kIntersection); }
void Sunion(Call& call, Reply& reply) { ReplyCombined(call, reply, Operation::kUnion); }
void Sdiff(Call& call, Reply& reply) { ReplyCombined(call, reply, Operation::kDifference); }
void Sinterstore(Call& call, Reply& reply) {
  StoreCombined(call, reply, Operation::kIntersection, "sinterstore");
}
void Sunionstore(Call& call, Reply& reply) {
  StoreCombined(call, reply, Operation::kUnion, "sunionstore");
}
void Sdiffstore(Call& call, Reply& reply) {
  StoreCombined(call, reply, Operation::kDifference, "sdiffstore");
}

void Sintercard(Call& call, Reply& reply) {
  const auto keys = ParseInt(call.arg(1));
  if (!keys || *keys < 1) return reply.Error("ERR numkeys should be greater than 0");
  if (static_cast<std::uint64_t>(*keys) > call.argc() - 2) {
    return reply.Error("ERR Number of keys can't be greater than number of args");
  }
  const std::size_t last = 2 + static_cast<std::size_t>(*keys);
  std::int64_t limit = 0;
  for (std::size_t i = last; i < call.argc(); i += 2) {
    if (!call.Is(i, "LIMIT") || i + 1 == call.argc()) return reply.Error(kSyntaxError);
    const auto parsed = ParseInt(call.arg(i + 1));
    if (!parsed || *parsed < 0) return reply.Error("ERR LIMIT can't be negative");
    limit = *parsed;
  }
  auto sets = FindSets(call, 2, last);
  if (!sets) return reply.Error(sets.error());
  std::int64_t found = 0;
  VisitIntersection(*sets, [&](std::string_view) { return ++found != limit; });
  reply.Integer(found);
}

constexpr Command kSetCommands[] = {
    {.name = "SADD",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatSet,
     .keys = {KeyAt(1, kRW | kInsert)},
     .run = Sadd,
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(1)",
     .summary = "Adds members to a set."},
    {.name = "SCARD",
     .arity = 2,
     .flags = kReadonly | kFast,
     .categories = kCatSet,
     .keys = {KeyAt(1, kRO)},
     .run = Scard,
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(1)",
     .summary = "Counts the members of a set."},
    {.name = "SDIFF",
     .arity = -2,
     .flags = kReadonly | kNondeterministicOutputOrder,
     .categories = kCatSet,
     .keys = {KeyRange(1, -1, 1, kRO | kAccess)},
     .run = Sdiff,
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(N)",
     .summary = "Returns the members of a set that no other set has."},
    {.name = "SDIFFSTORE",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kCatSet,
     .keys = {KeyAt(1, kOW | kUpdate), KeyRange(2, -1, 1, kRO | kAccess)},
     .run = Sdiffstore,
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(N)",
     .summary = "Stores the members of a set that no other set has."},
    {.name = "SINTER",
     .arity = -2,
     .flags = kReadonly | kNondeterministicOutputOrder,
     .categories = kCatSet,
     .keys = {KeyRange(1, -1, 1, kRO | kAccess)},
     .run = Sinter,
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(N*M)",
     .summary = "Returns the members that all sets have."},
    {.name = "SINTERCARD",
     .arity = -3,
     .flags = kReadonly | kMovableKeys,
     .categories = kCatSet,
     .keys = {KeyCount(1, kRO | kAccess)},
     .run = Sintercard,
     .since = "7.0.0",
     .group = "set",
     .complexity = "O(N*M)",
     .summary = "Counts the members that all sets have."},
    {.name = "SINTERSTORE",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kCatSet,
     .keys = {KeyAt(1, kRW | kUpdate), KeyRange(2, -1, 1, kRO | kAccess)},
     .run = Sinterstore,
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(N*M)",
     .summary = "Stores the members that all sets have."},
    {.name = "SISMEMBER",
     .arity = 3,
     .flags = kReadonly | kFast,
     .categories = kCatSet,
     .keys = {KeyAt(1, kRO)},
     .run = Sismember,
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(1)",
     .summary = "Tells whether a set has a member."},
    {.name = "SMEMBERS",
     .arity = 2,
     .flags = kReadonly | kNondeterministicOutputOrder,
     .categories = kCatSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Smembers,
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(N)",
     .summary = "Returns all members of a set."},
    {.name = "SMISMEMBER",
     .arity = -3,
     .flags = kReadonly | kFast,
     .categories = kCatSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Smismember,
     .since = "6.2.0",
     .group = "set",
     .complexity = "O(N)",
     .summary = "Tells which members a set has."},
    {.name = "SMOVE",
     .arity = 4,
     .flags = kWrite | kFast,
     .categories = kCatSet,
     .keys = {KeyAt(1, kRW | kAccess | kDelete), KeyAt(2, kRW | kInsert)},
     .run = Smove,
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(1)",
     .summary = "Moves a member from one set to another."},
    {.name = "SPOP",
     .arity = -2,
     .flags = kWrite | kFast | kNondeterministicOutput,
     .categories = kCatSet,
     .keys = {KeyAt(1, kRW | kAccess | kDelete)},
     .run = Spop,
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(1)",
     .summary = "Removes and returns random members of a set."},
    {.name = "SRANDMEMBER",
     .arity = -2,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Srandmember,
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(1)",
     .summary = "Returns random members of a set."},
    {.name = "SREM",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kCatSet,
     .keys = {KeyAt(1, kRW | kDelete)},
     .run = Srem,
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(N)",
     .summary = "Removes members of a set."},
    {.name = "SSCAN",
     .arity = -3,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Sscan,
     .since = "2.8.0",
     .group = "set",
     .complexity = "O(1)",
     .summary = "Visits the members of a set step by step."},
    {.name = "SUNION",
     .arity = -2,
     .flags = kReadonly | kNondeterministicOutputOrder,
     .categories = kCatSet,
     .keys = {KeyRange(1, -1, 1, kRO | kAccess)},
     .run = Sunion,
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(N)",
     .summary = "Returns the members that any of the sets has."},
    {.name = "SUNIONSTORE",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kCatSet,
     .keys = {KeyAt(1, kOW | kUpdate), KeyRange(2, -1, 1, kRO | kAccess)},
     .run = Sunionstore,
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(N)",
     .summary = "Stores the members that any of the sets has."},
};
static_assert(RowsAreSound(kSetCommands));

}  // namespace

std::span<const Command> SetCommands() { return kSetCommands; }

}  // namespace satchel::engine
