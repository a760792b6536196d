// XREAD and XREADGROUP, which may wait.
// Source: redis 7.0.15, the commands of the same names; the id `+` as in 7.4, CLAIM as in 8.4.

#include <algorithm>

#include "engine/commands/stream_commands.h"

namespace satchel::engine {
namespace {

// A waiter without COUNT gets no more than so many at once.
constexpr std::uint64_t kBlockedCount = 1000;
// How often at most a reader that waits for pending entries looks for them.
constexpr std::int64_t kMinRetryMs = 10;

struct ReadRequest {
  Args keys;
  Args ids;
  std::uint64_t count = 0;                  // 0: all
  std::optional<std::int64_t> deadline_ms;  // BLOCK; 0: for ever
  bool in_group = false;                    // XREADGROUP
  std::optional<std::string_view> group;
  std::string_view consumer;
  bool noack = false;
  std::optional<std::int64_t> claim_ms;  // CLAIM: least idle time
};

Result<std::int64_t> ParseBlock(const Call& call, std::size_t i) {
  const auto ms = ParseInt(call.arg(i));
  if (!ms) return ReplyError("ERR timeout is not an integer or out of range");
  if (*ms < 0) return ReplyError("ERR timeout is negative");
  if (*ms == 0) return 0;
  std::int64_t deadline = 0;
  return __builtin_add_overflow(call.now_ms(), *ms, &deadline) ? 0 : deadline;
}

Result<std::int64_t> ParseClaim(const Call& call, std::size_t i) {
  const auto ms = ParseInt(call.arg(i));
  if (!ms) return ReplyError("ERR min-idle-time is not an integer or out of range");
  if (*ms < 0) return ReplyError("ERR min-idle-time must be a positive integer");
  return *ms;
}

std::string OnlyInGroups(std::string_view option) {
  return "ERR The " + std::string(option) +
         " option is only supported by XREADGROUP. You called XREAD instead.";
}

Result<ReadRequest> ParseRead(Call& call, bool in_group) {
  ReadRequest request{.in_group = in_group};
  for (std::size_t i = 1; i < call.argc(); ++i) {
    const std::size_t more = call.argc() - i - 1;
    if (call.Is(i, "BLOCK") && more > 0) {
      if (call.session().kind == Session::Kind::kScript) {
        return ReplyError("ERR " + std::string(call.arg(0)) +
                          " command is not allowed with BLOCK option from scripts");
      }
      SATCHEL_ASSIGN(request.deadline_ms, ParseBlock(call, ++i));
    } else if (call.Is(i, "COUNT") && more > 0) {
      SATCHEL_ASSIGN(const std::int64_t count, call.Integer(++i));
      request.count = static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
    } else if (call.Is(i, "STREAMS") && more > 0) {
      if (more % 2 != 0) {
        // Of XREADGROUP, too, says the reference.
        return ReplyError(
            "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be "
            "specified.");
      }
      request.keys = call.args().subspan(i + 1, more / 2);
      request.ids = call.args().subspan(i + 1 + more / 2);
      break;
    } else if (call.Is(i, "GROUP") && more >= 2) {
      if (!in_group) return ReplyError(OnlyInGroups("GROUP"));
      request.group = call.arg(i + 1);
      request.consumer = call.arg(i + 2);
      i += 2;
    } else if (call.Is(i, "NOACK")) {
      if (!in_group) return ReplyError(OnlyInGroups("NOACK"));
      request.noack = true;
    } else if (call.Is(i, "CLAIM") && more > 0) {
      if (!in_group) return ReplyError(OnlyInGroups("CLAIM"));
      SATCHEL_ASSIGN(request.claim_ms, ParseClaim(call, ++i));
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  if (request.keys.empty()) return ReplyError(kSyntaxError);
  if (in_group && !request.group) return ReplyError("ERR Missing GROUP option for XREADGROUP");
  return request;
}

// What an id of XREAD stands for: entries behind it are wanted.
Result<StreamId> ResolveId(std::string_view text, const Stream* stream) {
  if (text == "$") return stream == nullptr ? StreamId{} : stream->last_id();
  if (text == "+") {
    if (stream == nullptr || stream->size() == 0) return StreamId{};
    return stream->LastEntryId().previous().value_or(StreamId{});
  }
  if (text == ">") {
    return ReplyError(
        "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> "
        "<consumer> option.");
  }
  return ParseStreamId(text);
}

// The same in a group; the highest id there is stands for new entries.
Result<StreamId> ResolveGroupId(std::string_view text) {
  if (text == "$") {
    return ReplyError(
        "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history "
        "of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ "
        "ID would just return an empty result set.");
  }
  if (text == ">") return kMaxStreamId;
  return ParseStreamId(text);
}

// A stream by its key; null when absent. Reads count as hits and misses even in a group.
Result<const Stream*> ReadStream(Call& call, std::string_view key) {
  const Entry* entry = call.ReadAndUse(key);
  if (entry == nullptr) return nullptr;
  if (entry->type() != ValueType::kStream) return WrongType();
  return entry->As<Stream>();
}

Result<std::vector<StreamId>> ResolveIds(Call& call, const ReadRequest& request) {
  std::vector<StreamId> ids;
  for (std::size_t i = 0; i < request.keys.size(); ++i) {
    const std::string_view key = request.keys[i];
    SATCHEL_ASSIGN(const Stream* stream, ReadStream(call, key));
    if (request.in_group && (stream == nullptr || stream->FindGroup(*request.group) == nullptr)) {
      return ReplyError(NoGroupText(key, *request.group) + " in XREADGROUP with GROUP option");
    }
    const std::string_view text = request.ids[i];
    SATCHEL_ASSIGN(const StreamId id,
                   request.in_group ? ResolveGroupId(text) : ResolveId(text, stream));
    ids.push_back(id);
  }
  return ids;
}

// --- Delivering to a consumer --------------------------------------------------------------

// One stream's part of XREADGROUP.
class GroupRead {
 public:
  GroupRead(Call& call, Reply& reply, const ReadRequest& request, std::string_view key)
      : call_(call),
        reply_(reply),
        request_(request),
        key_(key),
        stream_(**call.Edit<Stream>(key)),
        group_(*stream_.FindGroup(*request.group)),
        consumer_(SeeConsumer(call, key, *request.group, group_, request.consumer)) {
    call.KeepWatchers();
  }

  // Entries that no consumer was given yet, after those that may be claimed.
  void ReplyNew(std::uint64_t count, const std::vector<StreamId>& claimable) {
    const std::size_t mark = reply_.Open(Aggregate::kArray);
    std::size_t replied = 0;
    for (const StreamId id : claimable) replied += Claim(id) ? 1 : 0;
    if (count == 0 || replied < count) {
      replied += Deliver(count == 0 ? UINT64_MAX : count - replied);
    }
    reply_.Close(mark, replied);
  }

  // Entries behind `id` that the consumer has pending.
  void ReplyHistory(StreamId id, std::uint64_t count) {
    const std::size_t mark = reply_.Open(Aggregate::kArray);
    std::size_t replied = 0;
    for (auto it = consumer_.pending.upper_bound(id);
         it != consumer_.pending.end() && (count == 0 || replied < count); ++it, ++replied) {
      ReplyPending(it->first, *it->second);
    }
    reply_.Close(mark, replied);
  }

 private:
  std::size_t Deliver(std::uint64_t count) {
    const auto first = group_.last_id.next();
    if (!first) return 0;
    StreamIterator it(stream_, *first, kMaxStreamId);
    std::size_t replied = 0;
    for (; replied < count && it.Next(); ++replied) {
      const StreamEntry& entry = it.entry();
      Advance(entry.id);
      if (request_.claim_ms) {
        ReplyClaimable(entry, 0, 0);
      } else {
        ReplyEntry(reply_, entry);
      }
      if (request_.noack) continue;
      StreamNack& nack = group_.Assign(entry.id, consumer_);
      nack.delivered_ms = call_.now_ms();
      nack.deliveries = 1;
      NackEffect(call_, key_, *request_.group, group_, entry.id, nack);
    }
    if (replied > 0) GroupIdEffect(call_, key_, *request_.group, group_);
    return replied;
  }

  void Advance(StreamId id) {
    if (group_.entries_read != StreamGroup::kUnknown && !stream_.HasTombstone(id, kMaxStreamId)) {
      group_.entries_read =
          static_cast<std::int64_t>(static_cast<std::uint64_t>(group_.entries_read) + 1);
    } else if (stream_.entries_added() != 0) {
      group_.entries_read = stream_.CountUpTo(id);
    }
    group_.last_id = id;
  }

  void ReplyPending(StreamId id, StreamNack& nack) {
    StreamIterator it(stream_, id, id);
    if (!it.Next()) {
      reply_.BeginArray(2);
      ReplyStreamId(reply_, id);
      return reply_.NullArray();
    }
    ReplyEntry(reply_, it.entry());
    nack.delivered_ms = call_.now_ms();
    ++nack.deliveries;
    NackEffect(call_, key_, *request_.group, group_, id, nack);
  }

  bool Claim(StreamId id) {
    StreamIterator it(stream_, id, id);
    if (!it.Next()) return false;
    StreamNack& nack = group_.Assign(id, consumer_);
    const std::int64_t idle = std::max<std::int64_t>(call_.now_ms() - nack.delivered_ms, 0);
    ReplyClaimable(it.entry(), idle, static_cast<std::int64_t>(nack.deliveries));
    nack.delivered_ms = call_.now_ms();
    ++nack.deliveries;
    NackEffect(call_, key_, *request_.group, group_, id, nack);
    return true;
  }

  void ReplyClaimable(const StreamEntry& entry, std::int64_t idle_ms, std::int64_t deliveries) {
    reply_.BeginArray(4);
    ReplyStreamId(reply_, entry.id);
    ReplyPairs(reply_, entry);
    reply_.Integer(idle_ms);
    reply_.Integer(deliveries);
  }

  Call& call_;
  Reply& reply_;
  const ReadRequest& request_;
  std::string_view key_;
  Stream& stream_;
  StreamGroup& group_;
  StreamConsumer& consumer_;
};

// Pending entries that have been idle for long enough, the longest first. O(pending).
std::vector<StreamId> FindClaimable(const Stream& stream, const StreamGroup& group,
                                    std::int64_t now_ms, std::int64_t min_idle_ms,
                                    std::uint64_t count) {
  std::vector<std::pair<std::int64_t, StreamId>> found;
  for (const auto& [id, nack] : group.pending) {
    if (nack.delivered_ms > now_ms || now_ms - nack.delivered_ms < min_idle_ms) continue;
    if (stream.Contains(id)) found.emplace_back(nack.delivered_ms, id);
  }
  std::sort(found.begin(), found.end());
  if (count != 0 && found.size() > count) found.resize(count);
  std::vector<StreamId> ids;
  for (const auto& [delivered_ms, id] : found) ids.push_back(id);
  return ids;
}

// When to look for claimable entries again. What is delivered from now on is not claimable before
// the least idle time has passed, so that looking then misses nothing.
std::int64_t NextClaimMs(Call& call, const ReadRequest& request) {
  const std::int64_t now_ms = call.now_ms();
  std::int64_t wait_ms = *request.claim_ms;
  for (std::string_view key : request.keys) {
    const Entry* entry = call.Look(key);
    if (entry == nullptr || entry->type() != ValueType::kStream) continue;
    const Stream& stream = *entry->As<Stream>();
    const StreamGroup* group = stream.FindGroup(*request.group);
    if (group == nullptr) continue;
    for (const auto& [id, nack] : group->pending) {
      if (nack.delivered_ms > now_ms || !stream.Contains(id)) continue;
      wait_ms = std::min(wait_ms, *request.claim_ms - (now_ms - nack.delivered_ms));
    }
  }
  std::int64_t retry_ms = 0;
  wait_ms = std::max(wait_ms, kMinRetryMs);
  return __builtin_add_overflow(now_ms, wait_ms, &retry_ms) ? 0 : retry_ms;
}

// --- Serving -------------------------------------------------------------------------------

// The reply's outer part: a map of keys, in RESP2 an array of pairs. Begun when first needed.
class Served {
 public:
  explicit Served(Reply& reply) : reply_(reply) {}
  void Key(std::string_view key) {
    if (count_++ == 0) mark_ = reply_.Open(reply_.is_resp3() ? Aggregate::kMap : Aggregate::kArray);
    if (!reply_.is_resp3()) reply_.BeginArray(2);
    reply_.Bulk(key);
  }
  // False when there was nothing.
  bool Finish() {
    if (count_ > 0) reply_.Close(mark_, count_);
    return count_ > 0;
  }

 private:
  Reply& reply_;
  std::size_t mark_ = 0;
  std::size_t count_ = 0;
};

void ServeGroup(Call& call, Reply& reply, const ReadRequest& request, std::string_view key,
                const Stream& stream, StreamId id, Served& served) {
  if (id != kMaxStreamId) {
    served.Key(key);
    return GroupRead(call, reply, request, key).ReplyHistory(id, request.count);
  }
  const StreamGroup& group = *stream.FindGroup(*request.group);
  std::vector<StreamId> claimable;
  if (request.claim_ms) {
    claimable = FindClaimable(stream, group, call.now_ms(), *request.claim_ms, request.count);
  }
  const bool fresh = stream.size() > 0 && stream.LastEntryId() > group.last_id;
  if (!fresh && claimable.empty()) return;
  served.Key(key);
  GroupRead(call, reply, request, key).ReplyNew(request.count, claimable);
}

// Serves what is there. False when nothing is: nothing was replied.
bool Serve(Call& call, Reply& reply, const ReadRequest& request, const std::vector<StreamId>& ids) {
  Served served(reply);
  for (std::size_t i = 0; i < request.keys.size(); ++i) {
    const std::string_view key = request.keys[i];
    const Entry* entry = call.ReadAndUse(key);
    if (entry == nullptr) continue;
    const Stream& stream = *entry->As<Stream>();
    if (request.in_group) {
      ServeGroup(call, reply, request, key, stream, ids[i], served);
    } else if (stream.size() > 0 && stream.LastEntryId() > ids[i]) {
      served.Key(key);
      ReplyEntries(reply, stream, *ids[i].next(), kMaxStreamId, request.count);
    }
  }
  return served.Finish();
}

// Waits with the ids as they are now: `$` is not what comes later.
bool Wait(Call& call, const ReadRequest& request, const std::vector<StreamId>& ids) {
  Call::BlockOptions options;
  if (request.claim_ms) options.retry_ms = NextClaimMs(call, request);
  std::vector<std::string> texts;
  std::vector<std::string_view> rerun(call.args().begin(), call.args().end());
  if (!request.in_group) {
    for (const StreamId id : ids) texts.push_back(id.text());
    std::copy(texts.begin(), texts.end(), rerun.end() - static_cast<std::ptrdiff_t>(ids.size()));
  }
  options.rerun = rerun;
  return call.Block(request.keys, *request.deadline_ms, options);
}

// The second run of a call that waited: the key that is ready is all it gets. What counts is the
// last id ever given, so that entries that are gone already give an empty list.
void ServeReadyKey(Call& call, Reply& reply, ReadRequest request) {
  const std::string_view key = *call.ready_key();
  const Stream& stream = *call.Look(key)->As<Stream>();
  if (request.count == 0) request.count = kBlockedCount;
  Served served(reply);
  if (!request.in_group) {
    const auto at = std::find(request.keys.begin(), request.keys.end(), key);
    const StreamId id =
        *ParseStreamId(request.ids[static_cast<std::size_t>(at - request.keys.begin())]);
    if (stream.last_id() <= id) return void(call.Block(request.keys, 0));
    served.Key(key);
    ReplyEntries(reply, stream, *id.next(), kMaxStreamId, request.count);
    return void(served.Finish());
  }
  const StreamGroup* group = stream.FindGroup(*request.group);
  if (group == nullptr) {
    return reply.Error("NOGROUP the consumer group this client was blocked on no longer exists");
  }
  std::vector<StreamId> claimable;
  if (request.claim_ms) {
    claimable = FindClaimable(stream, *group, call.now_ms(), *request.claim_ms, request.count);
  }
  if (stream.last_id() <= group->last_id && claimable.empty()) {
    Call::BlockOptions options;
    if (request.claim_ms) options.retry_ms = NextClaimMs(call, request);
    return void(call.Block(request.keys, 0, options));
  }
  served.Key(key);
  GroupRead(call, reply, request, key).ReplyNew(request.count, claimable);
  served.Finish();
}

void Read(Call& call, Reply& reply, bool in_group) {
  auto request = ParseRead(call, in_group);
  if (!request) return reply.Error(request.error());
  if (call.ready_key()) return ServeReadyKey(call, reply, *request);
  auto ids = ResolveIds(call, *request);
  if (!ids) return reply.Error(ids.error());
  if (Serve(call, reply, *request, *ids)) return;
  if (request->deadline_ms && Wait(call, *request, *ids)) return;
  reply.NullArray();
}

}  // namespace

void Xread(Call& call, Reply& reply) { Read(call, reply, false); }
void Xreadgroup(Call& call, Reply& reply) { Read(call, reply, true); }

}  // namespace satchel::engine
