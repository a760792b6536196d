// XINFO. Source: redis 7.0.15, the command of the same name.

#include <algorithm>

#include "engine/commands/stream_commands.h"

namespace satchel::engine {
namespace {

std::int64_t Count(std::size_t size) { return static_cast<std::int64_t>(size); }

// Null after an error was replied.
const Stream* FindOrError(Call& call, Reply& reply) {
  auto stream = call.Find<Stream>(call.arg(2));
  if (!stream) {
    reply.Error(stream.error());
    return nullptr;
  }
  if (*stream == nullptr) reply.Error(kNoSuchKey);
  return *stream;
}

void ReplyEntriesRead(Reply& reply, const Stream& stream, const StreamGroup& group) {
  reply.Bulk("entries-read");
  if (group.entries_read == StreamGroup::kUnknown) {
    reply.Null();
  } else {
    reply.Integer(group.entries_read);
  }
  reply.Bulk("lag");
  const auto lag = stream.Lag(group);
  if (lag) {
    reply.Integer(*lag);
  } else {
    reply.Null();
  }
}

// What the short form and FULL begin with: seven pairs.
void ReplyHead(Reply& reply, const Stream& stream) {
  reply.Bulk("length");
  reply.Integer(Count(stream.size()));
  reply.Bulk("radix-tree-keys");
  reply.Integer(Count(stream.block_count()));
  reply.Bulk("radix-tree-nodes");
  reply.Integer(Count(stream.RadixNodes()));
  reply.Bulk("last-generated-id");
  ReplyStreamId(reply, stream.last_id());
  reply.Bulk("max-deleted-entry-id");
  ReplyStreamId(reply, stream.max_deleted_id());
  reply.Bulk("entries-added");
  reply.Integer(static_cast<std::int64_t>(stream.entries_added()));
  reply.Bulk("recorded-first-entry-id");
  ReplyStreamId(reply, stream.first_id());
}

void ReplyEdge(Reply& reply, const Stream& stream, StreamIterator::Direction direction) {
  StreamIterator it(stream, kMinStreamId, kMaxStreamId, direction);
  if (!it.Next()) return reply.Null();
  ReplyEntry(reply, it.entry());
}

// How many of `all` are shown with a limit, 0: all of them.
std::size_t Shown(std::size_t all, std::uint64_t limit) {
  return limit == 0 ? all : static_cast<std::size_t>(std::min<std::uint64_t>(all, limit));
}

void ReplyFullConsumer(Reply& reply, const StreamConsumer& consumer, std::uint64_t limit) {
  reply.BeginMap(4);
  reply.Bulk("name");
  reply.Bulk(consumer.name);
  reply.Bulk("seen-time");
  reply.Integer(consumer.seen_ms);
  reply.Bulk("pel-count");
  reply.Integer(Count(consumer.pending.size()));
  reply.Bulk("pending");
  std::size_t left = Shown(consumer.pending.size(), limit);
  reply.BeginArray(left);
  for (auto it = consumer.pending.begin(); left > 0; ++it, --left) {
    reply.BeginArray(3);
    ReplyStreamId(reply, it->first);
    reply.Integer(it->second->delivered_ms);
    reply.Integer(static_cast<std::int64_t>(it->second->deliveries));
  }
}

void ReplyFullGroup(Reply& reply, std::string_view name, const Stream& stream,
                    const StreamGroup& group, std::uint64_t limit) {
  reply.BeginMap(7);
  reply.Bulk("name");
  reply.Bulk(name);
  reply.Bulk("last-delivered-id");
  ReplyStreamId(reply, group.last_id);
  ReplyEntriesRead(reply, stream, group);
  reply.Bulk("pel-count");
  reply.Integer(Count(group.pending.size()));
  reply.Bulk("pending");
  std::size_t left = Shown(group.pending.size(), limit);
  reply.BeginArray(left);
  for (auto it = group.pending.begin(); left > 0; ++it, --left) {
    reply.BeginArray(4);
    ReplyStreamId(reply, it->first);
    reply.Bulk(it->second.consumer->name);
    reply.Integer(it->second.delivered_ms);
    reply.Integer(static_cast<std::int64_t>(it->second.deliveries));
  }
  reply.Bulk("consumers");
  reply.BeginArray(group.consumers.size());
  for (const auto& [consumer_name, consumer] : group.consumers) {
    ReplyFullConsumer(reply, consumer, limit);
  }
}

// FULL's COUNT, 0: all; empty without FULL.
Result<std::optional<std::uint64_t>> ParseFull(const Call& call) {
  constexpr std::uint64_t kDefaultCount = 10;
  if (call.argc() == 3) return std::optional<std::uint64_t>();
  const bool counted = call.argc() == 6;
  if ((call.argc() != 4 && !counted) || !call.Is(3, "FULL") || (counted && !call.Is(4, "COUNT"))) {
    return ReplyError(call.SubcommandText());
  }
  if (!counted) return std::optional(kDefaultCount);
  SATCHEL_ASSIGN(const std::int64_t count, call.Integer(5));
  return std::optional(count < 0 ? kDefaultCount : static_cast<std::uint64_t>(count));
}

}  // namespace

void XinfoStream(Call& call, Reply& reply) {
  const Stream* stream = FindOrError(call, reply);
  if (stream == nullptr) return;
  auto full = ParseFull(call);
  if (!full) return reply.Error(full.error());
  if (!*full) {
    reply.BeginMap(10);
    ReplyHead(reply, *stream);
    reply.Bulk("groups");
    reply.Integer(Count(stream->groups().size()));
    reply.Bulk("first-entry");
    ReplyEdge(reply, *stream, StreamIterator::Direction::kUp);
    reply.Bulk("last-entry");
    return ReplyEdge(reply, *stream, StreamIterator::Direction::kDown);
  }
  reply.BeginMap(9);
  ReplyHead(reply, *stream);
  reply.Bulk("entries");
  ReplyEntries(reply, *stream, kMinStreamId, kMaxStreamId, **full);
  reply.Bulk("groups");
  reply.BeginArray(stream->groups().size());
  for (const auto& [name, group] : stream->groups()) {
    ReplyFullGroup(reply, name, *stream, group, **full);
  }
}

void XinfoGroups(Call& call, Reply& reply) {
  const Stream* stream = FindOrError(call, reply);
  if (stream == nullptr) return;
  reply.BeginArray(stream->groups().size());
  for (const auto& [name, group] : stream->groups()) {
    reply.BeginMap(6);
    reply.Bulk("name");
    reply.Bulk(name);
    reply.Bulk("consumers");
    reply.Integer(Count(group.consumers.size()));
    reply.Bulk("pending");
    reply.Integer(Count(group.pending.size()));
    reply.Bulk("last-delivered-id");
    ReplyStreamId(reply, group.last_id);
    ReplyEntriesRead(reply, *stream, group);
  }
}

void XinfoConsumers(Call& call, Reply& reply) {
  const Stream* stream = FindOrError(call, reply);
  if (stream == nullptr) return;
  const StreamGroup* group = stream->FindGroup(call.arg(3));
  if (group == nullptr) return reply.Error(NoSuchGroupText(call.arg(2), call.arg(3)));
  reply.BeginArray(group->consumers.size());
  for (const auto& [name, consumer] : group->consumers) {
    reply.BeginMap(3);
    reply.Bulk("name");
    reply.Bulk(name);
    reply.Bulk("pending");
    reply.Integer(Count(consumer.pending.size()));
    reply.Bulk("idle");
    std::int64_t idle = 0;
    if (__builtin_sub_overflow(call.now_ms(), consumer.seen_ms, &idle)) idle = INT64_MAX;
    reply.Integer(std::max<std::int64_t>(idle, 0));
  }
}

}  // namespace satchel::engine
