// Groups of consumers: what was delivered to whom and not acknowledged.
// Source: redis 7.0.15, the commands of the same names; XACKDEL as in 8.2.

#include <algorithm>

#include "engine/commands/stream_commands.h"

namespace satchel::engine {
namespace {

std::int64_t Count(std::size_t size) { return static_cast<std::int64_t>(size); }

// A stream for reading, whatever the command's flags; null when absent.
Result<const Stream*> ReadStream(Call& call, std::string_view key) {
  const Entry* entry = call.ReadAndUse(key);
  if (entry == nullptr) return nullptr;
  if (entry->type() != ValueType::kStream) return WrongType();
  return entry->As<Stream>();
}

// Whether stream and group are there; the error when not.
Result<void> RequireGroup(Call& call, std::string_view key, std::string_view group_name) {
  SATCHEL_ASSIGN(const Stream* stream, ReadStream(call, key));
  if (stream == nullptr || stream->FindGroup(group_name) == nullptr) {
    return ReplyError(NoGroupText(key, group_name));
  }
  return {};
}

}  // namespace

// --- XGROUP --------------------------------------------------------------------------------

namespace {

struct GroupOptions {
  bool make_stream = false;
  std::int64_t entries_read = StreamGroup::kUnknown;
};

Result<GroupOptions> ParseGroupOptions(const Call& call, bool create) {
  GroupOptions options;
  for (std::size_t i = 5; i < call.argc(); ++i) {
    if (create && call.Is(i, "MKSTREAM")) {
      options.make_stream = true;
    } else if (call.Is(i, "ENTRIESREAD") && i + 1 < call.argc()) {
      SATCHEL_ASSIGN(options.entries_read, call.Integer(++i));
      const bool known = options.entries_read != StreamGroup::kUnknown;
      if (known && options.entries_read < 0 && !call.replaying()) {
        return ReplyError("ERR value for ENTRIESREAD must be positive or -1");
      }
    } else {
      return ReplyError(call.SubcommandText());
    }
  }
  return options;
}

constexpr std::string_view kKeyMustExist =
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use "
    "the MKSTREAM option to create an empty stream automatically.";

// The stream of an XGROUP subcommand that needs it, open for changes; with its group if that is
// needed too.
struct OpenGroup {
  Stream* stream;
  StreamGroup* group;
};
Result<OpenGroup> OpenForGroup(Call& call, bool group_needed) {
  SATCHEL_ASSIGN(Stream * stream, call.Edit<Stream>(call.arg(2)));
  if (stream == nullptr) return ReplyError(kKeyMustExist);
  StreamGroup* group = stream->FindGroup(call.arg(3));
  if (group == nullptr && group_needed) {
    return ReplyError(NoSuchGroupText(call.arg(2), call.arg(3)));
  }
  return OpenGroup{stream, group};
}

void GroupChanged(Call& call, std::string_view event) {
  call.EffectSelf();
  call.KeepWatchers();
  call.Event(kEventStream, event, call.arg(2));
}

}  // namespace

void XgroupCreate(Call& call, Reply& reply) {
  auto options = ParseGroupOptions(call, true);
  if (!options) return reply.Error(options.error());
  const std::string_view key = call.arg(2);
  auto found = call.Find<Stream>(key);
  if (!found) return reply.Error(found.error());
  if (*found == nullptr && !options->make_stream) return reply.Error(kKeyMustExist);
  constexpr std::size_t kMostArgs = 8;
  if (call.argc() > kMostArgs) return reply.Error(call.SubcommandText());
  const bool exists = *found != nullptr;
  StreamId id = exists ? (*found)->last_id() : StreamId{};
  if (call.arg(4) != "$") {
    auto parsed = ParseStreamId(call.arg(4));
    if (!parsed) return reply.Error(parsed.error());
    id = *parsed;
  }
  if (exists && (*found)->FindGroup(call.arg(3)) != nullptr) {
    return reply.Error("BUSYGROUP Consumer Group name already exists");
  }
  Stream& stream = **call.EditOrCreate<Stream>(key);
  stream.AddGroup(call.arg(3), id, options->entries_read);
  call.EffectSelf();
  if (exists) call.KeepWatchers();
  call.Event(kEventStream, "xgroup-create", key);
  reply.Ok();
}

void XgroupSetid(Call& call, Reply& reply) {
  auto options = ParseGroupOptions(call, false);
  if (!options) return reply.Error(options.error());
  auto open = OpenForGroup(call, true);
  if (!open) return reply.Error(open.error());
  constexpr std::size_t kMostArgs = 7;
  if (call.argc() > kMostArgs) return reply.Error(call.SubcommandText());
  StreamId id = open->stream->last_id();
  if (call.arg(4) != "$") {
    auto parsed = ParseStreamId(call.arg(4), 0, StreamIdForm::kEnds);
    if (!parsed) return reply.Error(parsed.error());
    id = *parsed;
  }
  open->group->last_id = id;
  open->group->entries_read = options->entries_read;
  GroupChanged(call, "xgroup-setid");
  reply.Ok();
}

void XgroupDestroy(Call& call, Reply& reply) {
  auto open = OpenForGroup(call, false);
  if (!open) return reply.Error(open.error());
  if (open->group == nullptr) return reply.Integer(0);
  Stream::Groups& groups = open->stream->groups();
  groups.erase(groups.find(call.arg(3)));
  GroupChanged(call, "xgroup-destroy");
  call.SignalReady(call.arg(2), ValueType::kStream);  // who waits in the group is told
  reply.Integer(1);
}

void XgroupCreateconsumer(Call& call, Reply& reply) {
  auto open = OpenForGroup(call, true);
  if (!open) return reply.Error(open.error());
  if (open->group->FindConsumer(call.arg(4)) != nullptr) return reply.Integer(0);
  open->group->AddConsumer(call.arg(4), call.now_ms());
  GroupChanged(call, "xgroup-createconsumer");
  reply.Integer(1);
}

void XgroupDelconsumer(Call& call, Reply& reply) {
  auto open = OpenForGroup(call, true);
  if (!open) return reply.Error(open.error());
  StreamConsumer* consumer = open->group->FindConsumer(call.arg(4));
  if (consumer == nullptr) return reply.Integer(0);
  const std::size_t pending = consumer->pending.size();
  open->group->RemoveConsumer(*consumer);
  GroupChanged(call, "xgroup-delconsumer");
  reply.Integer(Count(pending));
}

// --- Acknowledging -------------------------------------------------------------------------

void Xack(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto found = ReadStream(call, key);
  if (!found) return reply.Error(found.error());
  if (*found == nullptr || (*found)->FindGroup(call.arg(2)) == nullptr) return reply.Integer(0);
  auto ids = ParseStreamIds(call.args().subspan(3));
  if (!ids) return reply.Error(ids.error());
  StreamGroup& group = *(*call.Edit<Stream>(key))->FindGroup(call.arg(2));
  std::int64_t acknowledged = 0;
  for (const StreamId id : *ids) acknowledged += group.Acknowledge(id) ? 1 : 0;
  if (acknowledged > 0) {
    call.EffectSelf();
    call.KeepWatchers();
  }
  reply.Integer(acknowledged);
}

void Xackdel(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto found = ReadStream(call, key);
  if (!found) return reply.Error(found.error());
  auto option = ParseStreamIdsOption(call, 3);
  if (!option) return reply.Error(option.error());
  Stream* stream = *found == nullptr ? nullptr : *call.Edit<Stream>(key);
  StreamGroup* group = stream == nullptr ? nullptr : stream->FindGroup(call.arg(2));
  bool acknowledged = false;
  bool erased = false;
  reply.BeginArray(option->ids.size());
  for (const StreamId id : option->ids) {
    if (group == nullptr || !group->Acknowledge(id)) {
      reply.Integer(-1);
      continue;
    }
    acknowledged = true;
    if (option->references == StreamReferences::kAcked && stream->IsReferenced(id)) {
      reply.Integer(2);
      continue;
    }
    erased |= stream->Erase(id);
    if (option->references == StreamReferences::kDrop) stream->DropReferences(id);
    reply.Integer(1);
  }
  if (acknowledged) call.EffectSelf();
  if (!erased) return call.KeepWatchers();
  call.Event(kEventStream, "xdel", key);
}

// --- Claiming ------------------------------------------------------------------------------

namespace {

struct ClaimOptions {
  std::vector<StreamId> ids;
  std::optional<std::int64_t> delivered_ms;  // IDLE, TIME
  std::int64_t retry_count = -1;
  StreamId last_id;
  bool force = false;
  bool just_ids = false;
};

Result<std::int64_t> ParseClaimInteger(const Call& call, std::size_t i, std::string_view what) {
  const auto value = ParseInt(call.arg(i));
  if (!value) return ReplyError("ERR Invalid " + std::string(what) + " argument for XCLAIM");
  return *value;
}

// Ids come first; what is none of them begins the options.
Result<ClaimOptions> ParseClaim(const Call& call) {
  ClaimOptions options;
  std::size_t i = 5;
  for (; i < call.argc(); ++i) {
    const auto id = ParseStreamId(call.arg(i));
    if (!id) break;
    options.ids.push_back(*id);
  }
  for (; i < call.argc(); ++i) {
    const bool more = i + 1 < call.argc();
    if (call.Is(i, "FORCE")) {
      options.force = true;
    } else if (call.Is(i, "JUSTID")) {
      options.just_ids = true;
    } else if (call.Is(i, "IDLE") && more) {
      SATCHEL_ASSIGN(const std::int64_t idle, ParseClaimInteger(call, ++i, "IDLE option"));
      std::int64_t delivered_ms = 0;
      if (__builtin_sub_overflow(call.now_ms(), idle, &delivered_ms)) delivered_ms = INT64_MIN;
      options.delivered_ms = delivered_ms;
    } else if (call.Is(i, "TIME") && more) {
      SATCHEL_ASSIGN(options.delivered_ms, ParseClaimInteger(call, ++i, "TIME option"));
    } else if (call.Is(i, "RETRYCOUNT") && more) {
      SATCHEL_ASSIGN(options.retry_count, ParseClaimInteger(call, ++i, "RETRYCOUNT option"));
    } else if (call.Is(i, "LASTID") && more) {
      SATCHEL_ASSIGN(options.last_id, ParseStreamId(call.arg(++i)));
    } else {
      return ReplyError("ERR Unrecognized XCLAIM option '" + Printed(call.arg(i)) + "'");
    }
  }
  // Nonsense is taken for now; an effect says what became of it.
  const std::int64_t now_ms = call.now_ms();
  const std::int64_t wanted_ms = options.delivered_ms.value_or(now_ms);
  const bool sane = wanted_ms >= 0 && wanted_ms <= now_ms;
  options.delivered_ms = sane || call.replaying() ? wanted_ms : now_ms;
  return options;
}

// Drops a pending entry that is no more in the stream.
void ForgetPending(Call& call, StreamGroup& group, StreamId id) {
  if (!group.Acknowledge(id)) return;
  call.Effect({"XACK", call.arg(1), call.arg(2), id.text()});
}

std::int64_t IdleMs(const StreamNack& nack, std::int64_t now_ms) {
  std::int64_t idle = 0;
  if (__builtin_sub_overflow(now_ms, nack.delivered_ms, &idle)) idle = INT64_MAX;
  return idle;
}

// XCLAIM and XAUTOCLAIM at work.
class Claimer {
 public:
  Claimer(Call& call, Stream& stream, StreamGroup& group)
      : call_(call), stream_(stream), group_(group) {}

  // Makes the consumer if need be.
  void Claim(Reply& reply, StreamId id, std::int64_t delivered_ms, std::int64_t retry_count,
             bool just_id) {
    if (consumer_ == nullptr) {
      consumer_ = &SeeConsumer(call_, call_.arg(1), call_.arg(2), group_, call_.arg(3));
    }
    const bool fresh = !group_.pending.contains(id);
    StreamNack& nack = group_.Assign(id, *consumer_);
    if (fresh) nack.deliveries = 1;
    nack.delivered_ms = delivered_ms;
    if (retry_count >= 0 || (retry_count != -1 && call_.replaying())) {
      nack.deliveries = static_cast<std::uint64_t>(retry_count);
    } else if (!just_id) {
      ++nack.deliveries;
    }
    if (just_id) {
      ReplyStreamId(reply, id);
    } else {
      StreamIterator it(stream_, id, id);
      it.Next();
      ReplyEntry(reply, it.entry());
    }
    NackEffect(call_, call_.arg(1), call_.arg(2), group_, id, nack);
  }

 private:
  Call& call_;
  Stream& stream_;
  StreamGroup& group_;
  StreamConsumer* consumer_ = nullptr;
};

}  // namespace

void Xclaim(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto required = RequireGroup(call, key, call.arg(2));
  if (!required) return reply.Error(required.error());
  const auto min_idle = ParseInt(call.arg(4));
  if (!min_idle) return reply.Error("ERR Invalid min-idle-time argument for XCLAIM");
  auto options = ParseClaim(call);
  if (!options) return reply.Error(options.error());
  call.KeepWatchers();
  Stream& stream = **call.Edit<Stream>(key);
  StreamGroup& group = *stream.FindGroup(call.arg(2));
  if (options->last_id > group.last_id) {
    group.last_id = options->last_id;
    GroupIdEffect(call, key, call.arg(2), group);
  }
  Claimer claimer(call, stream, group);
  const std::size_t mark = reply.Open(Aggregate::kArray);
  std::size_t claimed = 0;
  for (const StreamId id : options->ids) {
    if (!stream.Contains(id)) {
      ForgetPending(call, group, id);
      continue;
    }
    const auto pending = group.pending.find(id);
    if (pending == group.pending.end()) {
      if (!options->force) continue;
    } else if (*min_idle > 0 && IdleMs(pending->second, call.now_ms()) < *min_idle) {
      continue;
    }
    claimer.Claim(reply, id, *options->delivered_ms, options->retry_count, options->just_ids);
    ++claimed;
  }
  reply.Close(mark, claimed);
}

namespace {

struct AutoClaimOptions {
  std::int64_t min_idle_ms = 0;
  StreamId start;
  std::int64_t count = 100;
  bool just_ids = false;
};

Result<AutoClaimOptions> ParseAutoClaim(const Call& call) {
  AutoClaimOptions options;
  const auto min_idle = ParseInt(call.arg(4));
  if (!min_idle) return ReplyError("ERR Invalid min-idle-time argument for XAUTOCLAIM");
  options.min_idle_ms = *min_idle;
  SATCHEL_ASSIGN(options.start, ParseIntervalStart(call.arg(5)));
  constexpr std::int64_t kMaxCount = INT64_MAX / 16;  // of ids that fit into memory
  for (std::size_t i = 6; i < call.argc(); ++i) {
    if (call.Is(i, "COUNT") && i + 1 < call.argc()) {
      const auto count = ParseInt(call.arg(++i));
      if (!count || *count < 1 || *count > kMaxCount) return ReplyError("ERR COUNT must be > 0");
      options.count = *count;
    } else if (call.Is(i, "JUSTID")) {
      options.just_ids = true;
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  return options;
}

}  // namespace

void Xautoclaim(Call& call, Reply& reply) {
  auto options = ParseAutoClaim(call);
  if (!options) return reply.Error(options.error());
  const std::string_view key = call.arg(1);
  auto required = RequireGroup(call, key, call.arg(2));
  if (!required) return reply.Error(required.error());
  call.KeepWatchers();
  Stream& stream = **call.Edit<Stream>(key);
  StreamGroup& group = *stream.FindGroup(call.arg(2));
  constexpr std::int64_t kAttemptsPerEntry = 10;
  std::int64_t attempts = options->count * kAttemptsPerEntry;
  std::int64_t left = options->count;
  Claimer claimer(call, stream, group);
  std::vector<StreamId> claim;
  std::vector<StreamId> gone;
  auto at = group.pending.lower_bound(options->start);
  for (; attempts > 0 && left > 0 && at != group.pending.end(); --attempts) {
    const StreamId id = at->first;
    const std::int64_t idle = IdleMs(at->second, call.now_ms());
    ++at;
    if (!stream.Contains(id)) {
      ForgetPending(call, group, id);
      gone.push_back(id);
    } else if (options->min_idle_ms > 0 && idle < options->min_idle_ms) {
      continue;
    } else {
      claim.push_back(id);
    }
    --left;
  }
  reply.BeginArray(3);
  ReplyStreamId(reply, at == group.pending.end() ? StreamId{} : at->first);
  reply.BeginArray(claim.size());
  for (const StreamId id : claim) {
    claimer.Claim(reply, id, call.now_ms(), -1, options->just_ids);
  }
  reply.BeginArray(gone.size());
  for (const StreamId id : gone) ReplyStreamId(reply, id);
}

// --- XPENDING ------------------------------------------------------------------------------

namespace {

void ReplyPendingSummary(Reply& reply, const StreamGroup& group) {
  reply.BeginArray(4);
  reply.Integer(Count(group.pending.size()));
  if (group.pending.empty()) {
    reply.Null();
    reply.Null();
    return reply.NullArray();
  }
  ReplyStreamId(reply, group.pending.begin()->first);
  ReplyStreamId(reply, group.pending.rbegin()->first);
  const std::size_t mark = reply.Open(Aggregate::kArray);
  std::size_t consumers = 0;
  for (const auto& [name, consumer] : group.consumers) {
    if (consumer.pending.empty()) continue;
    reply.BeginArray(2);
    reply.Bulk(name);
    reply.Bulk(FormatInt(Count(consumer.pending.size())));
    ++consumers;
  }
  reply.Close(mark, consumers);
}

struct PendingRange {
  std::int64_t min_idle_ms = 0;
  std::int64_t count = 0;
  StreamId from, to;
  std::optional<std::string_view> consumer;
};

Result<PendingRange> ParsePendingRange(const Call& call) {
  PendingRange range;
  std::size_t first = 3;
  if (call.Is(3, "IDLE")) {
    SATCHEL_ASSIGN(range.min_idle_ms, call.Integer(4));
    if (call.argc() < 8) return ReplyError(kSyntaxError);
    first = 5;
  }
  SATCHEL_ASSIGN(range.count, call.Integer(first + 2));
  SATCHEL_ASSIGN(range.from, ParseIntervalStart(call.arg(first)));
  SATCHEL_ASSIGN(range.to, ParseIntervalEnd(call.arg(first + 1)));
  if (first + 3 < call.argc()) range.consumer = call.arg(first + 3);
  return range;
}

// Of a group's or a consumer's list of pending entries.
template <class Pending, class Nack>
void ReplyPendingRange(Call& call, Reply& reply, const Pending& pending, const PendingRange& range,
                       Nack nack_of) {
  const std::size_t mark = reply.Open(Aggregate::kArray);
  std::int64_t replied = 0;
  for (auto it = pending.lower_bound(range.from);
       replied < range.count && it != pending.end() && it->first <= range.to; ++it) {
    const StreamNack& nack = nack_of(it->second);
    const std::int64_t idle = IdleMs(nack, call.now_ms());
    if (range.min_idle_ms != 0 && idle < range.min_idle_ms) continue;
    reply.BeginArray(4);
    ReplyStreamId(reply, it->first);
    reply.Bulk(nack.consumer->name);
    reply.Integer(std::max<std::int64_t>(idle, 0));
    reply.Integer(static_cast<std::int64_t>(nack.deliveries));
    ++replied;
  }
  reply.Close(mark, static_cast<std::size_t>(replied));
}

}  // namespace

void Xpending(Call& call, Reply& reply) {
  const bool summary = call.argc() == 3;
  if (!summary && (call.argc() < 6 || call.argc() > 9)) return reply.Error(kSyntaxError);
  PendingRange range;
  if (!summary) {
    auto parsed = ParsePendingRange(call);
    if (!parsed) return reply.Error(parsed.error());
    range = *parsed;
  }
  auto required = RequireGroup(call, call.arg(1), call.arg(2));
  if (!required) return reply.Error(required.error());
  const StreamGroup& group = *call.Look(call.arg(1))->As<Stream>()->FindGroup(call.arg(2));
  if (summary) return ReplyPendingSummary(reply, group);
  if (!range.consumer) {
    return ReplyPendingRange(call, reply, group.pending, range,
                             [](const StreamNack& nack) -> const StreamNack& { return nack; });
  }
  const auto consumer = group.consumers.find(*range.consumer);
  if (consumer == group.consumers.end()) return reply.BeginArray(0);
  ReplyPendingRange(call, reply, consumer->second.pending, range,
                    [](const StreamNack* nack) -> const StreamNack& { return *nack; });
}

}  // namespace satchel::engine
