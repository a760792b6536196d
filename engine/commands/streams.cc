// Stream commands without groups, and the rows of all stream commands.
// Source: redis 7.0.15, the commands of the same names; XDELEX as in 8.2.

#include "engine/commands/families.h"
#include "engine/commands/help.h"
#include "engine/commands/stream_commands.h"

namespace satchel::engine {
namespace {

std::int64_t Count(std::size_t size) { return static_cast<std::int64_t>(size); }

// --- Adding --------------------------------------------------------------------------------

constexpr std::string_view kTooLarge = "ERR Elements are too large to be stored";

// The id that a new entry gets; empty when it would not be higher than the last.
std::optional<StreamId> NewId(const StreamAddOptions& options, StreamId last, std::int64_t now_ms) {
  if (!options.id) {
    const auto ms = static_cast<std::uint64_t>(now_ms);
    if (ms > last.ms) return StreamId{ms, 0};
    return last.next();
  }
  StreamId id = *options.id;
  if (options.any_seq && id.ms == last.ms) id.seq = last.seq + 1;
  if (id <= last) return std::nullopt;
  return id;
}

std::size_t TotalBytes(Args pairs) {
  std::size_t bytes = 0;
  for (std::string_view part : pairs) bytes += part.size();
  return bytes;
}

void XaddEffect(Call& call, StreamId id, const std::vector<std::string>& trim, Args pairs) {
  if (!call.effects_wanted()) return call.Changed();
  std::vector<std::string_view> effect = {"XADD", call.arg(1)};
  effect.insert(effect.end(), trim.begin(), trim.end());
  const std::string id_text = id.text();
  effect.emplace_back(id_text);
  effect.insert(effect.end(), pairs.begin(), pairs.end());
  call.Effect(call.db(), effect);
}

void Xadd(Call& call, Reply& reply) {
  auto options = ParseStreamAddOptions(call, StreamOptionsOf::kXadd);
  if (!options) return reply.Error(options.error());
  const std::size_t first = std::min(options->next + 1, call.argc());
  const Args pairs = call.args().subspan(first);
  if (pairs.size() < 2 || pairs.size() % 2 != 0) return reply.Error(ArityText("xadd"));
  if (options->id && !options->any_seq && options->id->zero()) {
    return reply.Error("ERR The ID specified in XADD must be greater than 0-0");
  }
  const std::string_view key = call.arg(1);
  auto found = call.Find<Stream>(key);
  if (!found) return reply.Error(found.error());
  if (*found == nullptr && options->only_existing) return reply.Null();
  const StreamId last = *found == nullptr ? StreamId{} : (*found)->last_id();
  if (last == kMaxStreamId) {
    return reply.Error(
        "ERR The stream has exhausted the last possible ID, unable to add more items");
  }
  if (options->any_seq && options->id->ms == last.ms && last.seq == UINT64_MAX) {
    return reply.Error(kTooLarge);  // what the reference says, though it is not true
  }
  const auto id = NewId(*options, last, call.now_ms());
  if (!id) {
    return reply.Error(
        "ERR The ID specified in XADD is equal or smaller than the target stream top item");
  }
  if (TotalBytes(pairs) > Stream::kMaxEntryBytes) {
    return reply.Error(kTooLarge);
  }
  Stream& stream = **call.EditOrCreate<Stream>(key);
  stream.Append(*id, pairs, call.context());
  call.Event(kEventStream, "xadd", key);
  std::vector<std::string> trim_effect;
  if (options->trim && stream.Trim(*options->trim) > 0) {
    trim_effect = TrimEffect(*options->trim, stream);
    call.Event(kEventStream, "xtrim", key);
  }
  XaddEffect(call, *id, trim_effect, pairs);
  call.SignalReady(key, ValueType::kStream);
  ReplyStreamId(reply, *id);
}

// --- Reading -------------------------------------------------------------------------------

void Xlen(Call& call, Reply& reply) {
  auto stream = call.Find<Stream>(call.arg(1));
  if (!stream) return reply.Error(stream.error());
  reply.Integer(*stream == nullptr ? 0 : Count((*stream)->size()));
}

// The COUNT of a range; empty without one.
Result<std::optional<std::int64_t>> ParseRangeCount(const Call& call) {
  std::optional<std::int64_t> count;
  for (std::size_t i = 4; i < call.argc(); i += 2) {
    if (!call.Is(i, "COUNT") || i + 1 == call.argc()) return ReplyError(kSyntaxError);
    SATCHEL_ASSIGN(const std::int64_t value, call.Integer(i + 1));
    count = std::max<std::int64_t>(value, 0);
  }
  return count;
}

void Range(Call& call, Reply& reply, StreamIterator::Direction direction) {
  const bool up = direction == StreamIterator::Direction::kUp;
  auto from = ParseIntervalStart(call.arg(up ? 2 : 3));
  if (!from) return reply.Error(from.error());
  auto to = ParseIntervalEnd(call.arg(up ? 3 : 2));
  if (!to) return reply.Error(to.error());
  auto count = ParseRangeCount(call);
  if (!count) return reply.Error(count.error());
  auto stream = call.Find<Stream>(call.arg(1));
  if (!stream) return reply.Error(stream.error());
  if (*stream == nullptr) return reply.BeginArray(0);
  if (*count == 0) return reply.NullArray();
  ReplyEntries(reply, **stream, *from, *to, static_cast<std::uint64_t>(count->value_or(0)),
               direction);
}

void Xrange(Call& call, Reply& reply) { Range(call, reply, StreamIterator::Direction::kUp); }
void Xrevrange(Call& call, Reply& reply) { Range(call, reply, StreamIterator::Direction::kDown); }

// --- Erasing -------------------------------------------------------------------------------

void Xdel(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto found = call.Find<Stream>(key);
  if (!found) return reply.Error(found.error());
  if (*found == nullptr) return reply.Integer(0);
  auto ids = ParseStreamIds(call.args().subspan(2));
  if (!ids) return reply.Error(ids.error());
  Stream& stream = **call.Edit<Stream>(key);
  std::int64_t erased = 0;
  for (const StreamId id : *ids) erased += stream.Erase(id) ? 1 : 0;
  if (erased > 0) {
    call.EffectSelf();
    call.Event(kEventStream, "xdel", key);
  }
  reply.Integer(erased);
}

void Xdelex(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto found = call.Find<Stream>(key);
  if (!found) return reply.Error(found.error());
  auto option = ParseStreamIdsOption(call, 2);
  if (!option) return reply.Error(option.error());
  const bool exists = *found != nullptr;
  Stream* stream = exists ? *call.Edit<Stream>(key) : nullptr;
  bool erased = false;
  reply.BeginArray(option->ids.size());
  for (const StreamId id : option->ids) {
    if (stream == nullptr) {
      reply.Integer(-1);
    } else if (option->references == StreamReferences::kAcked && stream->IsReferenced(id)) {
      reply.Integer(2);
    } else if (!stream->Erase(id)) {
      reply.Integer(-1);
    } else {
      if (option->references == StreamReferences::kDrop) stream->DropReferences(id);
      erased = true;
      reply.Integer(1);
    }
  }
  if (!erased) return;
  call.EffectSelf();
  call.Event(kEventStream, "xdel", key);
}

void Xtrim(Call& call, Reply& reply) {
  auto options = ParseStreamAddOptions(call, StreamOptionsOf::kXtrim);
  if (!options) return reply.Error(options.error());
  const std::string_view key = call.arg(1);
  auto found = call.Edit<Stream>(key);
  if (!found) return reply.Error(found.error());
  if (*found == nullptr) return reply.Integer(0);
  Stream& stream = **found;
  const std::size_t erased = stream.Trim(*options->trim);
  if (erased > 0) {
    const std::vector<std::string> trim = TrimEffect(*options->trim, stream);
    std::vector<std::string_view> effect = {"XTRIM", key};
    effect.insert(effect.end(), trim.begin(), trim.end());
    call.Effect(call.db(), effect);
    call.Event(kEventStream, "xtrim", key);
  }
  reply.Integer(Count(erased));
}

// --- What a stream remembers ---------------------------------------------------------------

struct SetIdOptions {
  std::optional<std::int64_t> entries_added;
  StreamId max_deleted;  // 0-0: as it is
};

Result<SetIdOptions> ParseSetId(const Call& call, StreamId id) {
  SetIdOptions options;
  for (std::size_t i = 3; i < call.argc(); i += 2) {
    if (i + 1 == call.argc()) return ReplyError(kSyntaxError);
    if (call.Is(i, "ENTRIESADDED")) {
      SATCHEL_ASSIGN(options.entries_added, call.Integer(i + 1));
      if (*options.entries_added < 0) return ReplyError("ERR entries_added must be positive");
    } else if (call.Is(i, "MAXDELETEDID")) {
      SATCHEL_ASSIGN(options.max_deleted, ParseStreamId(call.arg(i + 1)));
      if (id < options.max_deleted) {
        return ReplyError(
            "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
      }
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  return options;
}

void Xsetid(Call& call, Reply& reply) {
  auto id = ParseStreamId(call.arg(2));
  if (!id) return reply.Error(id.error());
  auto options = ParseSetId(call, *id);
  if (!options) return reply.Error(options.error());
  const std::string_view key = call.arg(1);
  auto found = call.Edit<Stream>(key);
  if (!found) return reply.Error(found.error());
  if (*found == nullptr) return reply.Error(kNoSuchKey);
  Stream& stream = **found;
  if (stream.size() > 0) {
    if (*id < stream.LastEntryId()) {
      return reply.Error(
          "ERR The ID specified in XSETID is smaller than the target stream top item");
    }
    if (options->entries_added &&
        stream.size() > static_cast<std::uint64_t>(*options->entries_added)) {
      return reply.Error(
          "ERR The entries_added specified in XSETID is smaller than the target stream length");
    }
  }
  stream.set_last_id(*id);
  if (options->entries_added) {
    stream.set_entries_added(static_cast<std::uint64_t>(*options->entries_added));
  }
  if (!options->max_deleted.zero()) stream.set_max_deleted_id(options->max_deleted);
  call.EffectSelf();
  call.KeepWatchers();
  call.Event(kEventStream, "xsetid", key);
  reply.Ok();
}

constexpr Command kXgroupCommands[] = {
    {.name = "CREATE",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .categories = kCatStream,
     .keys = {KeyAt(2, kRW | kInsert)},
     .run = XgroupCreate,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Creates a group."},
    {.name = "CREATECONSUMER",
     .arity = 5,
     .flags = kWrite | kDenyOom,
     .categories = kCatStream,
     .keys = {KeyAt(2, kRW | kInsert)},
     .run = XgroupCreateconsumer,
     .since = "6.2.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Creates a consumer in a group."},
    {.name = "DELCONSUMER",
     .arity = 5,
     .flags = kWrite,
     .categories = kCatStream,
     .keys = {KeyAt(2, kRW | kDelete)},
     .run = XgroupDelconsumer,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Removes a consumer from a group."},
    {.name = "DESTROY",
     .arity = 4,
     .flags = kWrite,
     .categories = kCatStream,
     .keys = {KeyAt(2, kRW | kDelete)},
     .run = XgroupDestroy,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(N)",
     .summary = "Removes a group."},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .categories = kCatStream,
     .run = ReplyHelp,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "SETID",
     .arity = -5,
     .flags = kWrite,
     .categories = kCatStream,
     .keys = {KeyAt(2, kRW | kUpdate)},
     .run = XgroupSetid,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Sets what a group was delivered last."},
};
static_assert(RowsAreSound(kXgroupCommands));

constexpr Command kXinfoCommands[] = {
    {.name = "CONSUMERS",
     .arity = 4,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatStream,
     .keys = {KeyAt(2, kRO | kAccess)},
     .run = XinfoConsumers,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Lists the consumers of a group."},
    {.name = "GROUPS",
     .arity = 3,
     .flags = kReadonly,
     .categories = kCatStream,
     .keys = {KeyAt(2, kRO | kAccess)},
     .run = XinfoGroups,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Lists the groups of a stream."},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .categories = kCatStream,
     .run = ReplyHelp,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "STREAM",
     .arity = -3,
     .flags = kReadonly,
     .categories = kCatStream,
     .keys = {KeyAt(2, kRO | kAccess)},
     .run = XinfoStream,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Tells about a stream, with FULL about all that belongs to it."},
};
static_assert(RowsAreSound(kXinfoCommands));

constexpr Command kStreamCommands[] = {
    {.name = "XACK",
     .arity = -4,
     .flags = kWrite | kFast,
     .categories = kCatStream,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Xack,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Acknowledges entries of a group."},
    {.name = "XACKDEL",
     .arity = -6,
     .flags = kWrite | kFast,
     .categories = kCatStream,
     .keys = {KeyAt(1, kRW | kUpdate | kDelete)},
     .run = Xackdel,
     .since = "8.2.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Acknowledges entries of a group and removes them."},
    {.name = "XADD",
     .arity = -5,
     .flags = kWrite | kDenyOom | kFast | kNondeterministicOutput,
     .categories = kCatStream,
     .keys = {KeyAt(1, kRW | kUpdate, "An update: it may trim.")},
     .run = Xadd,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Adds an entry to a stream."},
    {.name = "XAUTOCLAIM",
     .arity = -6,
     .flags = kWrite | kFast | kNondeterministicOutput,
     .categories = kCatStream,
     .keys = {KeyAt(1, kRW | kDelete)},
     .run = Xautoclaim,
     .since = "6.2.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Gives a consumer the entries that others left pending, in order."},
    {.name = "XCLAIM",
     .arity = -6,
     .flags = kWrite | kFast | kNondeterministicOutput,
     .categories = kCatStream,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Xclaim,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(log N)",
     .summary = "Gives a consumer entries that others have pending."},
    {.name = "XDEL",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kCatStream,
     .keys = {KeyAt(1, kRW | kDelete)},
     .run = Xdel,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Removes entries by their ids."},
    {.name = "XDELEX",
     .arity = -5,
     .flags = kWrite | kFast,
     .categories = kCatStream,
     .keys = {KeyAt(1, kRW | kDelete)},
     .run = Xdelex,
     .since = "8.2.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Removes entries by their ids, with a say in what groups keep."},
    {.name = "XGROUP",
     .arity = -2,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "",
     .summary = "Manages the groups of a stream.",
     .subcommands = kXgroupCommands},
    {.name = "XINFO",
     .arity = -2,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "",
     .summary = "Tells about streams, groups and consumers.",
     .subcommands = kXinfoCommands},
    {.name = "XLEN",
     .arity = 2,
     .flags = kReadonly | kFast,
     .categories = kCatStream,
     .keys = {KeyAt(1, kRO)},
     .run = Xlen,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Counts the entries of a stream."},
    {.name = "XPENDING",
     .arity = -3,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatStream,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Xpending,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(N)",
     .summary = "Tells what a group has not acknowledged."},
    {.name = "XRANGE",
     .arity = -4,
     .flags = kReadonly,
     .categories = kCatStream,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Xrange,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(N)",
     .summary = "Returns the entries in a range of ids."},
    {.name = "XREAD",
     .arity = -4,
     .flags = kReadonly | kBlocking | kMovableKeys,
     .categories = kCatStream,
     .keys = {KeyAfter("STREAMS", 1, -1, 1, 2, kRO | kAccess)},
     .run = Xread,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(N)",
     .summary = "Returns entries behind ids of several streams, or waits for them."},
    {.name = "XREADGROUP",
     .arity = -7,
     .flags = kWrite | kBlocking | kMovableKeys,
     .categories = kCatStream,
     .keys = {KeyAfter("STREAMS", 4, -1, 1, 2, kRO | kAccess)},
     .run = Xreadgroup,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(M)",
     .summary = "Returns entries of several streams to a consumer of a group, or waits for them."},
    {.name = "XREVRANGE",
     .arity = -4,
     .flags = kReadonly,
     .categories = kCatStream,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Xrevrange,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(N)",
     .summary = "Returns the entries in a range of ids, highest first."},
    {.name = "XSETID",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatStream,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Xsetid,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .summary = "Sets the last id of a stream."},
    {.name = "XTRIM",
     .arity = -4,
     .flags = kWrite | kNondeterministicOutput,
     .categories = kCatStream,
     .keys = {KeyAt(1, kRW | kDelete)},
     .run = Xtrim,
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(N)",
     .summary = "Removes the oldest entries of a stream."},
};
static_assert(RowsAreSound(kStreamCommands));

}  // namespace

std::span<const Command> StreamCommands() { return kStreamCommands; }

}  // namespace satchel::engine
