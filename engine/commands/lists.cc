// List commands, blocking ones too. Source: redis 7.0.15, the commands of the same names.

#include "engine/commands/families.h"
#include "engine/commands/popping.h"
#include "engine/values.h"

namespace satchel::engine {
namespace {

std::int64_t Count(std::size_t size) { return static_cast<std::int64_t>(size); }

std::string_view PushName(ListEnd end) { return end == ListEnd::kFront ? "lpush" : "rpush"; }
std::string_view PopName(ListEnd end) { return end == ListEnd::kFront ? "lpop" : "rpop"; }

Result<ListEnd> ParseEnd(const Call& call, std::size_t i) {
  if (call.Is(i, "LEFT")) return ListEnd::kFront;
  if (call.Is(i, "RIGHT")) return ListEnd::kBack;
  return ReplyError(kSyntaxError);
}

// --- Pushing and popping -------------------------------------------------------------------

void PushAll(Call& call, Reply& reply, ListEnd end, bool only_existing) {
  const std::string_view key = call.arg(1);
  auto list = only_existing ? call.Edit<List>(key) : call.EditOrCreate<List>(key);
  if (!list) return reply.Error(list.error());
  if (*list == nullptr) return reply.Integer(0);
  std::vector<std::string_view> effect = {end == ListEnd::kFront ? "LPUSH" : "RPUSH", key};
  for (std::size_t i = 2; i < call.argc(); ++i) {
    (*list)->Push(end, call.arg(i), call.context());
    effect.push_back(call.arg(i));
  }
  call.Effect(call.db(), effect);
  call.Event(kEventList, PushName(end), key);
  reply.Integer(Count((*list)->size()));
}

void Lpush(Call& call, Reply& reply) { PushAll(call, reply, ListEnd::kFront, false); }
void Rpush(Call& call, Reply& reply) { PushAll(call, reply, ListEnd::kBack, false); }
void Lpushx(Call& call, Reply& reply) { PushAll(call, reply, ListEnd::kFront, true); }
void Rpushx(Call& call, Reply& reply) { PushAll(call, reply, ListEnd::kBack, true); }

// Says that `count` elements were taken from an end, and removes the key if it is empty now.
void Taken(Call& call, std::string_view key, const List& list, ListEnd end, std::size_t count) {
  call.Effect({end == ListEnd::kFront ? "LPOP" : "RPOP", key, FormatInt(Count(count))});
  call.Event(kEventList, PopName(end), key);
  call.RemoveIfEmpty(key, list);
}

// Replies the elements taken from an end, at most `count`, and removes them.
void ReplyTaken(Call& call, Reply& reply, std::string_view key, ListEnd end, std::uint64_t count) {
  List* list = *call.Edit<List>(key);
  const std::size_t taken = std::min<std::uint64_t>(count, list->size());
  reply.BeginArray(taken);
  for (std::size_t i = 0; i < taken; ++i) {
    reply.Bulk(list->Peek(end));
    list->Pop(end);
  }
  Taken(call, key, *list, end, taken);
}

void Pop(Call& call, Reply& reply, ListEnd end) {
  if (call.argc() > 3) return reply.Error(ArityText(PopName(end)));
  const std::string_view key = call.arg(1);
  const bool counted = call.argc() == 3;
  std::int64_t count = 1;
  if (counted) {
    const auto parsed = ParseInt(call.arg(2));
    if (!parsed || *parsed < 0) return reply.Error(kMustBePositive);
    count = *parsed;
  }
  auto list = call.Find<List>(key);
  if (!list) return reply.Error(list.error());
  if (*list == nullptr) return counted ? reply.NullArray() : reply.Null();
  if (count == 0) return reply.BeginArray(0);
  if (counted) return ReplyTaken(call, reply, key, end, static_cast<std::uint64_t>(count));
  List* open = *call.Edit<List>(key);
  reply.Bulk(open->Peek(end));
  open->Pop(end);
  Taken(call, key, *open, end, 1);
}

void Lpop(Call& call, Reply& reply) { Pop(call, reply, ListEnd::kFront); }
void Rpop(Call& call, Reply& reply) { Pop(call, reply, ListEnd::kBack); }

// --- Reading -------------------------------------------------------------------------------

void Llen(Call& call, Reply& reply) {
  auto list = call.Find<List>(call.arg(1));
  if (!list) return reply.Error(list.error());
  reply.Integer(*list == nullptr ? 0 : Count((*list)->size()));
}

void Lindex(Call& call, Reply& reply) {
  auto list = call.Find<List>(call.arg(1));
  if (!list) return reply.Error(list.error());
  if (*list == nullptr) return reply.Null();
  auto index = call.Integer(2);
  if (!index) return reply.Error(index.error());
  const std::int64_t at = *index < 0 ? *index + Count((*list)->size()) : *index;
  const auto element = at < 0 ? std::nullopt : (*list)->At(static_cast<std::size_t>(at));
  if (!element) return reply.Null();
  reply.Bulk(*element);
}

// [begin, end) of start and stop arguments that may count from the back.
struct Span {
  std::size_t begin, end;
};
Span ClampSpan(std::int64_t start, std::int64_t stop, std::size_t size) {
  const std::int64_t count = Count(size);
  if (start < 0) start = std::max<std::int64_t>(0, start + count);
  if (stop < 0) stop += count;
  stop = std::min(stop, count - 1);
  if (start > stop) return {0, 0};
  return {static_cast<std::size_t>(start), static_cast<std::size_t>(stop) + 1};
}

void Lrange(Call& call, Reply& reply) {
  auto start = call.Integer(2);
  if (!start) return reply.Error(start.error());
  auto stop = call.Integer(3);
  if (!stop) return reply.Error(stop.error());
  auto list = call.Find<List>(call.arg(1));
  if (!list) return reply.Error(list.error());
  if (*list == nullptr) return reply.BeginArray(0);
  const Span span = ClampSpan(*start, *stop, (*list)->size());
  std::size_t left = span.end - span.begin;
  reply.BeginArray(left);
  if (left == 0) return;
  (*list)->VisitFrom(span.begin, [&](std::string_view element) {
    reply.Bulk(element);
    return --left > 0;
  });
}

struct PosOptions {
  std::int64_t rank = 1;
  std::int64_t count = 1;
  bool counted = false;
  std::int64_t max_length = 0;  // 0: all
};

Result<PosOptions> ParsePos(const Call& call) {
  PosOptions options;
  for (std::size_t i = 3; i < call.argc(); i += 2) {
    if (i + 1 == call.argc()) return ReplyError(kSyntaxError);
    if (call.Is(i, "RANK")) {
      SATCHEL_ASSIGN(options.rank, call.Integer(i + 1));
      if (options.rank == INT64_MIN) options.rank = -1;  // its magnitude wraps
      if (options.rank == 0) {
        return ReplyError(
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
            "or use negative to start from the end of the list");
      }
    } else if (call.Is(i, "COUNT")) {
      const auto count = ParseInt(call.arg(i + 1));
      if (!count || *count < 0) return ReplyError("ERR COUNT can't be negative");
      options.count = *count;
      options.counted = true;
    } else if (call.Is(i, "MAXLEN")) {
      const auto length = ParseInt(call.arg(i + 1));
      if (!length || *length < 0) return ReplyError("ERR MAXLEN can't be negative");
      options.max_length = *length;
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  return options;
}

std::vector<std::size_t> FindPositions(const List& list, std::string_view wanted,
                                       const PosOptions& options) {
  std::vector<std::size_t> positions;
  std::int64_t to_skip = std::abs(options.rank) - 1;
  std::int64_t compared = 0;
  const bool backwards = options.rank < 0;
  std::size_t at = backwards ? list.size() - 1 : 0;
  const auto visit = [&](std::string_view element) {
    if (element == wanted && --to_skip < 0) {
      positions.push_back(at);
      if (options.count != 0 && Count(positions.size()) == options.count) return false;
    }
    backwards ? --at : ++at;
    return ++compared != options.max_length;
  };
  if (backwards) {
    list.VisitBackFrom(at, visit);
  } else {
    list.VisitFrom(0, visit);
  }
  return positions;
}

void Lpos(Call& call, Reply& reply) {
  auto options = ParsePos(call);
  if (!options) return reply.Error(options.error());
  auto list = call.Find<List>(call.arg(1));
  if (!list) return reply.Error(list.error());
  std::vector<std::size_t> positions;
  if (*list != nullptr) positions = FindPositions(**list, call.arg(2), *options);
  if (!options->counted) {
    return positions.empty() ? reply.Null() : reply.Integer(Count(positions[0]));
  }
  reply.BeginArray(positions.size());
  for (std::size_t position : positions) reply.Integer(Count(position));
}

// --- Changing inside -----------------------------------------------------------------------

void Lset(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto list = call.Find<List>(key);
  if (!list) return reply.Error(list.error());
  if (*list == nullptr) return reply.Error(kNoSuchKey);
  auto index = call.Integer(2);
  if (!index) return reply.Error(index.error());
  const std::int64_t at = *index < 0 ? *index + Count((*list)->size()) : *index;
  if (at < 0 || at >= Count((*list)->size())) return reply.Error(kIndexOutOfRange);
  (*call.Edit<List>(key))->Set(static_cast<std::size_t>(at), call.arg(3), call.context());
  call.EffectSelf();
  call.Event(kEventList, "lset", key);
  reply.Ok();
}

void Linsert(Call& call, Reply& reply) {
  const bool after = call.Is(2, "AFTER");
  if (!after && !call.Is(2, "BEFORE")) return reply.Error(kSyntaxError);
  const std::string_view key = call.arg(1);
  auto list = call.Find<List>(key);
  if (!list) return reply.Error(list.error());
  if (*list == nullptr) return reply.Integer(0);
  const auto positions = FindPositions(**list, call.arg(3), {});
  if (positions.empty()) return reply.Integer(-1);
  List* open = *call.Edit<List>(key);
  open->Insert(positions[0] + (after ? 1 : 0), call.arg(4), call.context());
  call.EffectSelf();
  call.Event(kEventList, "linsert", key);
  reply.Integer(Count(open->size()));
}

void Lrem(Call& call, Reply& reply) {
  auto count = call.Integer(2);
  if (!count) return reply.Error(count.error());
  const std::string_view key = call.arg(1);
  auto list = call.Edit<List>(key);
  if (!list) return reply.Error(list.error());
  if (*list == nullptr) return reply.Integer(0);
  const std::size_t limit = *count == 0 ? SIZE_MAX
                            : *count < 0
                                ? static_cast<std::size_t>(~static_cast<std::uint64_t>(*count) + 1)
                                : static_cast<std::size_t>(*count);
  const std::size_t removed = (*list)->EraseEqual(
      call.arg(3), limit, *count < 0 ? ListEnd::kBack : ListEnd::kFront, call.context());
  if (removed > 0) {
    call.EffectSelf();
    call.Event(kEventList, "lrem", key);
    call.RemoveIfEmpty(key, **list);
  }
  reply.Integer(Count(removed));
}

void Ltrim(Call& call, Reply& reply) {
  auto start = call.Integer(2);
  if (!start) return reply.Error(start.error());
  auto stop = call.Integer(3);
  if (!stop) return reply.Error(stop.error());
  const std::string_view key = call.arg(1);
  auto list = call.Edit<List>(key);
  if (!list) return reply.Error(list.error());
  if (*list == nullptr) return reply.Ok();
  const Span span = ClampSpan(*start, *stop, (*list)->size());
  (*list)->Keep(span.begin, span.end, call.context());
  call.EffectSelf();
  call.Event(kEventList, "ltrim", key);
  call.RemoveIfEmpty(key, **list);
  reply.Ok();
}

// --- From one list to another --------------------------------------------------------------

// Moves an element and replies it. Requires that the source exists and is a list.
void MoveElement(Call& call, Reply& reply, ListEnd from, ListEnd to) {
  const std::string_view source_key = call.arg(1);
  const std::string_view target_key = call.arg(2);
  auto target = call.Find<List>(target_key);
  if (!target) return reply.Error(target.error());
  List* source = *call.Edit<List>(source_key);
  const std::string element(source->Peek(from));
  source->Pop(from);
  (*call.EditOrCreate<List>(target_key))->Push(to, element, call.context());
  call.Event(kEventList, PushName(to), target_key);
  // Creating the target may have moved the source's entry.
  source = *call.Edit<List>(source_key);
  // Pushed before it is popped: a list that turns round must not be gone in between, its
  // deadline would be, too.
  call.Effect({to == ListEnd::kFront ? "LPUSH" : "RPUSH", target_key, element});
  Taken(call, source_key, *source, from, 1);
  reply.Bulk(element);
}

void MoveOrNull(Call& call, Reply& reply, ListEnd from, ListEnd to) {
  auto source = call.Find<List>(call.arg(1));
  if (!source) return reply.Error(source.error());
  if (*source == nullptr) return reply.Null();
  MoveElement(call, reply, from, to);
}

void Lmove(Call& call, Reply& reply) {
  auto from = ParseEnd(call, 3);
  if (!from) return reply.Error(from.error());
  auto to = ParseEnd(call, 4);
  if (!to) return reply.Error(to.error());
  MoveOrNull(call, reply, *from, *to);
}

void Rpoplpush(Call& call, Reply& reply) {
  MoveOrNull(call, reply, ListEnd::kBack, ListEnd::kFront);
}

void MoveOrBlock(Call& call, Reply& reply, ListEnd from, ListEnd to, std::size_t timeout_arg) {
  auto deadline = call.BlockDeadline(timeout_arg);
  if (!deadline) return reply.Error(deadline.error());
  auto source = call.Find<List>(call.arg(1));
  if (!source) return reply.Error(source.error());
  if (*source != nullptr) return MoveElement(call, reply, from, to);
  if (!call.Block(call.args().subspan(1, 1), *deadline)) reply.Null();
}

void Blmove(Call& call, Reply& reply) {
  auto from = ParseEnd(call, 3);
  if (!from) return reply.Error(from.error());
  auto to = ParseEnd(call, 4);
  if (!to) return reply.Error(to.error());
  MoveOrBlock(call, reply, *from, *to, 5);
}

void Brpoplpush(Call& call, Reply& reply) {
  MoveOrBlock(call, reply, ListEnd::kBack, ListEnd::kFront, 3);
}

// --- Several lists -------------------------------------------------------------------------

void PopOrBlock(Call& call, Reply& reply, ListEnd end) {
  auto deadline = call.BlockDeadline(call.argc() - 1);
  if (!deadline) return reply.Error(deadline.error());
  const Args keys = call.args().subspan(1, call.argc() - 2);
  auto key = FirstWith<List>(call, keys);
  if (!key) return reply.Error(key.error());
  if (!*key) {
    if (!call.Block(keys, *deadline)) reply.NullArray();
    return;
  }
  List* list = *call.Edit<List>(**key);
  reply.BeginArray(2);
  reply.Bulk(**key);
  reply.Bulk(list->Peek(end));
  list->Pop(end);
  Taken(call, **key, *list, end, 1);
}

void Blpop(Call& call, Reply& reply) { PopOrBlock(call, reply, ListEnd::kFront); }
void Brpop(Call& call, Reply& reply) { PopOrBlock(call, reply, ListEnd::kBack); }

// False when all keys are absent: nothing was replied.
bool PopFirst(Call& call, Reply& reply, const MultiPop& pop) {
  auto key = FirstWith<List>(call, pop.keys);
  if (!key) {
    reply.Error(key.error());
    return true;
  }
  if (!*key) return false;
  reply.BeginArray(2);
  reply.Bulk(**key);
  ReplyTaken(call, reply, **key, pop.from_last ? ListEnd::kBack : ListEnd::kFront,
             static_cast<std::uint64_t>(pop.count));
  return true;
}

void Lmpop(Call& call, Reply& reply) {
  auto pop = ParseMultiPop(call, 1, {"LEFT", "RIGHT"});
  if (!pop) return reply.Error(pop.error());
  if (!PopFirst(call, reply, *pop)) reply.NullArray();
}

void Blmpop(Call& call, Reply& reply) {
  auto deadline = call.BlockDeadline(1);
  if (!deadline) return reply.Error(deadline.error());
  auto pop = ParseMultiPop(call, 2, {"LEFT", "RIGHT"});
  if (!pop) return reply.Error(pop.error());
  if (PopFirst(call, reply, *pop)) return;
  if (!call.Block(pop->keys, *deadline)) reply.NullArray();
}

constexpr Command kListCommands[] = {
    {.name = "BLMOVE",
     .arity = 6,
     .flags = kWrite | kDenyOom | kNoScript | kBlocking,
     .categories = kCatList,
     .keys = {KeyAt(1, kRW | kAccess | kDelete), KeyAt(2, kRW | kInsert)},
     .run = Blmove,
     .since = "6.2.0",
     .group = "list",
     .complexity = "O(1)",
     .summary = "Moves an element between lists, or waits for one."},
    {.name = "BLMPOP",
     .arity = -5,
     .flags = kWrite | kBlocking | kMovableKeys,
     .categories = kCatList,
     .keys = {KeyCount(2, kRW | kAccess | kDelete)},
     .run = Blmpop,
     .since = "7.0.0",
     .group = "list",
     .complexity = "O(N+M)",
     .summary = "Takes elements from the first list that has some, or waits."},
    {.name = "BLPOP",
     .arity = -3,
     .flags = kWrite | kNoScript | kBlocking,
     .categories = kCatList,
     .keys = {KeyRange(1, -2, 1, kRW | kAccess | kDelete)},
     .run = Blpop,
     .since = "2.0.0",
     .group = "list",
     .complexity = "O(N)",
     .summary = "Takes the first element of a list, or waits for one."},
    {.name = "BRPOP",
     .arity = -3,
     .flags = kWrite | kNoScript | kBlocking,
     .categories = kCatList,
     .keys = {KeyRange(1, -2, 1, kRW | kAccess | kDelete)},
     .run = Brpop,
     .since = "2.0.0",
     .group = "list",
     .complexity = "O(N)",
     .summary = "Takes the last element of a list, or waits for one."},
    {.name = "BRPOPLPUSH",
     .arity = 4,
     .flags = kWrite | kDenyOom | kNoScript | kBlocking,
     .categories = kCatList,
     .keys = {KeyAt(1, kRW | kAccess | kDelete), KeyAt(2, kRW | kInsert)},
     .run = Brpoplpush,
     .since = "2.2.0",
     .group = "list",
     .complexity = "O(1)",
     .summary = "Moves the last element of a list to the front of another, or waits."},
    {.name = "LINDEX",
     .arity = 3,
     .flags = kReadonly,
     .categories = kCatList,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Lindex,
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(N)",
     .summary = "Returns the element at an index."},
    {.name = "LINSERT",
     .arity = 5,
     .flags = kWrite | kDenyOom,
     .categories = kCatList,
     .keys = {KeyAt(1, kRW | kInsert)},
     .run = Linsert,
     .since = "2.2.0",
     .group = "list",
     .complexity = "O(N)",
     .summary = "Inserts an element before or after another."},
    {.name = "LLEN",
     .arity = 2,
     .flags = kReadonly | kFast,
     .categories = kCatList,
     .keys = {KeyAt(1, kRO)},
     .run = Llen,
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(1)",
     .summary = "Counts the elements of a list."},
    {.name = "LMOVE",
     .arity = 5,
     .flags = kWrite | kDenyOom,
     .categories = kCatList,
     .keys = {KeyAt(1, kRW | kAccess | kDelete), KeyAt(2, kRW | kInsert)},
     .run = Lmove,
     .since = "6.2.0",
     .group = "list",
     .complexity = "O(1)",
     .summary = "Moves an element from an end of one list to an end of another."},
    {.name = "LMPOP",
     .arity = -4,
     .flags = kWrite | kMovableKeys,
     .categories = kCatList,
     .keys = {KeyCount(1, kRW | kAccess | kDelete)},
     .run = Lmpop,
     .since = "7.0.0",
     .group = "list",
     .complexity = "O(N+M)",
     .summary = "Takes elements from the first list that has some."},
    {.name = "LPOP",
     .arity = -2,
     .flags = kWrite | kFast,
     .categories = kCatList,
     .keys = {KeyAt(1, kRW | kAccess | kDelete)},
     .run = Lpop,
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(N)",
     .summary = "Takes elements from the front of a list."},
    {.name = "LPOS",
     .arity = -3,
     .flags = kReadonly,
     .categories = kCatList,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Lpos,
     .since = "6.0.6",
     .group = "list",
     .complexity = "O(N)",
     .summary = "Returns the indexes of elements that equal a value."},
    {.name = "LPUSH",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatList,
     .keys = {KeyAt(1, kRW | kInsert)},
     .run = Lpush,
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(1)",
     .summary = "Adds elements to the front of a list."},
    {.name = "LPUSHX",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatList,
     .keys = {KeyAt(1, kRW | kInsert)},
     .run = Lpushx,
     .since = "2.2.0",
     .group = "list",
     .complexity = "O(1)",
     .summary = "Adds elements to the front of a list that exists."},
    {.name = "LRANGE",
     .arity = 4,
     .flags = kReadonly,
     .categories = kCatList,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Lrange,
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(S+N)",
     .summary = "Returns a range of elements."},
    {.name = "LREM",
     .arity = 4,
     .flags = kWrite,
     .categories = kCatList,
     .keys = {KeyAt(1, kRW | kDelete)},
     .run = Lrem,
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(N+M)",
     .summary = "Removes elements that equal a value."},
    {.name = "LSET",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .categories = kCatList,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Lset,
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(N)",
     .summary = "Replaces the element at an index."},
    {.name = "LTRIM",
     .arity = 4,
     .flags = kWrite,
     .categories = kCatList,
     .keys = {KeyAt(1, kRW | kDelete)},
     .run = Ltrim,
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(N)",
     .summary = "Keeps a range of elements only."},
    {.name = "RPOP",
     .arity = -2,
     .flags = kWrite | kFast,
     .categories = kCatList,
     .keys = {KeyAt(1, kRW | kAccess | kDelete)},
     .run = Rpop,
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(N)",
     .summary = "Takes elements from the back of a list."},
    {.name = "RPOPLPUSH",
     .arity = 3,
     .flags = kWrite | kDenyOom,
     .categories = kCatList,
     .keys = {KeyAt(1, kRW | kAccess | kDelete), KeyAt(2, kRW | kInsert)},
     .run = Rpoplpush,
     .since = "1.2.0",
     .group = "list",
     .complexity = "O(1)",
     .summary = "Moves the last element of a list to the front of another."},
    {.name = "RPUSH",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatList,
     .keys = {KeyAt(1, kRW | kInsert)},
     .run = Rpush,
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(1)",
     .summary = "Adds elements to the back of a list."},
    {.name = "RPUSHX",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatList,
     .keys = {KeyAt(1, kRW | kInsert)},
     .run = Rpushx,
     .since = "2.2.0",
     .group = "list",
     .complexity = "O(1)",
     .summary = "Adds elements to the back of a list that exists."},
};
static_assert(RowsAreSound(kListCommands));

}  // namespace

std::span<const Command> ListCommands() { return kListCommands; }

}  // namespace satchel::engine
