// Channels, patterns and shard channels. Source: redis 7.0.15, the commands of the same names.

#include "engine/pubsub.h"

#include "engine/call.h"
#include "engine/commands/families.h"
#include "engine/commands/help.h"

namespace satchel::engine {
namespace {

using Space = PubSub::Space;

constexpr std::string_view kJoinNames[] = {"subscribe", "psubscribe", "ssubscribe"};
constexpr std::string_view kLeaveNames[] = {"unsubscribe", "punsubscribe", "sunsubscribe"};

std::int64_t CountOf(const Session& session, Space space) {
  return static_cast<std::int64_t>(space == Space::kShard ? session.shard_channels.size()
                                                          : session.subscriptions());
}

void Confirm(Reply& reply, std::string_view event, const std::string_view* name,
             std::int64_t count) {
  reply.BeginPush(3);
  reply.Bulk(event);
  if (name == nullptr) {
    reply.Null();
  } else {
    reply.Bulk(*name);
  }
  reply.Integer(count);
}

void Join(Call& call, Reply& reply, Space space) {
  for (std::size_t i = 1; i < call.argc(); ++i) {
    const std::string_view name = call.arg(i);
    call.engine().pubsub().Subscribe(call.session(), space, name);
    Confirm(reply, kJoinNames[static_cast<int>(space)], &name, CountOf(call.session(), space));
  }
}

void Leave(Call& call, Reply& reply, Space space) {
  Session& session = call.session();
  const std::string_view event = kLeaveNames[static_cast<int>(space)];
  std::vector<std::string> names;
  for (std::size_t i = 1; i < call.argc(); ++i) names.emplace_back(call.arg(i));
  if (names.empty()) {
    const auto& own = PubSub::NamesOf(session, space);
    names.assign(own.begin(), own.end());
  }
  if (names.empty()) Confirm(reply, event, nullptr, CountOf(session, space));
  for (const std::string& name : names) {
    call.engine().pubsub().Unsubscribe(session, space, name);
    const std::string_view view = name;
    Confirm(reply, event, &view, CountOf(session, space));
  }
}

void Subscribe(Call& call, Reply& reply) { Join(call, reply, Space::kChannel); }
void Psubscribe(Call& call, Reply& reply) { Join(call, reply, Space::kPattern); }
void Ssubscribe(Call& call, Reply& reply) { Join(call, reply, Space::kShard); }
void Unsubscribe(Call& call, Reply& reply) { Leave(call, reply, Space::kChannel); }
void Punsubscribe(Call& call, Reply& reply) { Leave(call, reply, Space::kPattern); }
void Sunsubscribe(Call& call, Reply& reply) { Leave(call, reply, Space::kShard); }

void Publish(Call& call, Reply& reply) {
  reply.Integer(static_cast<std::int64_t>(call.engine().Publish(call.arg(1), call.arg(2))));
}

void Spublish(Call& call, Reply& reply) {
  reply.Integer(static_cast<std::int64_t>(call.engine().PublishShard(call.arg(1), call.arg(2))));
}

void ReplyNames(Call& call, Reply& reply, Space space) {
  if (call.argc() > 3) return reply.Error(call.SubcommandText());
  const std::size_t mark = reply.Open(Aggregate::kArray);
  std::size_t count = 0;
  for (std::string_view name : call.engine().pubsub().Names(space)) {
    if (call.argc() == 3 && !GlobMatch(call.arg(2), name)) continue;
    reply.Bulk(name);
    ++count;
  }
  reply.Close(mark, count);
}

void ReplyCounts(Call& call, Reply& reply, Space space) {
  reply.BeginArray(2 * (call.argc() - 2));
  for (std::size_t i = 2; i < call.argc(); ++i) {
    reply.Bulk(call.arg(i));
    reply.Integer(
        static_cast<std::int64_t>(call.engine().pubsub().Subscribers(space, call.arg(i))));
  }
}

void PubsubChannels(Call& call, Reply& reply) { ReplyNames(call, reply, Space::kChannel); }
void PubsubShardchannels(Call& call, Reply& reply) { ReplyNames(call, reply, Space::kShard); }
void PubsubNumsub(Call& call, Reply& reply) { ReplyCounts(call, reply, Space::kChannel); }
void PubsubShardnumsub(Call& call, Reply& reply) { ReplyCounts(call, reply, Space::kShard); }

void PubsubNumpat(Call& call, Reply& reply) {
  reply.Integer(static_cast<std::int64_t>(call.engine().pubsub().patterns()));
}

constexpr Command kPubsubCommands[] = {
    {.name = "CHANNELS",
     .arity = -2,
     .flags = kPubsub | kLoading | kStale,
     .run = PubsubChannels,
     .since = "2.8.0",
     .group = "pubsub",
     .complexity = "O(N)",
     .summary = "Lists the channels that have subscribers."},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = ReplyHelp,
     .since = "6.2.0",
     .group = "pubsub",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "NUMPAT",
     .arity = 2,
     .flags = kPubsub | kLoading | kStale,
     .run = PubsubNumpat,
     .since = "2.8.0",
     .group = "pubsub",
     .complexity = "O(1)",
     .summary = "Counts the patterns that have subscribers."},
    {.name = "NUMSUB",
     .arity = -2,
     .flags = kPubsub | kLoading | kStale,
     .run = PubsubNumsub,
     .since = "2.8.0",
     .group = "pubsub",
     .complexity = "O(N)",
     .summary = "Counts the subscribers of channels."},
    {.name = "SHARDCHANNELS",
     .arity = -2,
     .flags = kPubsub | kLoading | kStale,
     .run = PubsubShardchannels,
     .since = "7.0.0",
     .group = "pubsub",
     .complexity = "O(N)",
     .summary = "Lists the shard channels that have subscribers."},
    {.name = "SHARDNUMSUB",
     .arity = -2,
     .flags = kPubsub | kLoading | kStale,
     .run = PubsubShardnumsub,
     .since = "7.0.0",
     .group = "pubsub",
     .complexity = "O(N)",
     .summary = "Counts the subscribers of shard channels."},
};
static_assert(RowsAreSound(kPubsubCommands));

constexpr Command kPubSubCommands[] = {
    {.name = "PSUBSCRIBE",
     .arity = -2,
     .flags = kPubsub | kNoScript | kLoading | kStale,
     .run = Psubscribe,
     .since = "2.0.0",
     .group = "pubsub",
     .complexity = "O(N)",
     .summary = "Subscribes to the channels that match patterns."},
    {.name = "PUBLISH",
     .arity = 3,
     .flags = kPubsub | kLoading | kStale | kFast | kMayReplicate,
     .run = Publish,
     .since = "2.0.0",
     .group = "pubsub",
     .complexity = "O(N+M)",
     .summary = "Sends a message to a channel."},
    {.name = "PUBSUB",
     .arity = -2,
     .since = "2.8.0",
     .group = "pubsub",
     .complexity = "",
     .summary = "Asks who listens.",
     .subcommands = kPubsubCommands},
    {.name = "PUNSUBSCRIBE",
     .arity = -1,
     .flags = kPubsub | kNoScript | kLoading | kStale,
     .run = Punsubscribe,
     .since = "2.0.0",
     .group = "pubsub",
     .complexity = "O(N+M)",
     .summary = "Ends subscriptions to patterns."},
    {.name = "SPUBLISH",
     .arity = 3,
     .flags = kPubsub | kLoading | kStale | kFast | kMayReplicate,
     .keys = {KeyAt(1, kNotKey)},
     .run = Spublish,
     .since = "7.0.0",
     .group = "pubsub",
     .complexity = "O(N)",
     .summary = "Sends a message to a shard channel."},
    {.name = "SSUBSCRIBE",
     .arity = -2,
     .flags = kPubsub | kNoScript | kLoading | kStale,
     .keys = {KeyRange(1, -1, 1, kNotKey)},
     .run = Ssubscribe,
     .since = "7.0.0",
     .group = "pubsub",
     .complexity = "O(N)",
     .summary = "Subscribes to shard channels."},
    {.name = "SUBSCRIBE",
     .arity = -2,
     .flags = kPubsub | kNoScript | kLoading | kStale,
     .run = Subscribe,
     .since = "2.0.0",
     .group = "pubsub",
     .complexity = "O(N)",
     .summary = "Subscribes to channels."},
    {.name = "SUNSUBSCRIBE",
     .arity = -1,
     .flags = kPubsub | kNoScript | kLoading | kStale,
     .keys = {KeyRange(1, -1, 1, kNotKey)},
     .run = Sunsubscribe,
     .since = "7.0.0",
     .group = "pubsub",
     .complexity = "O(N)",
     .summary = "Ends subscriptions to shard channels."},
    {.name = "UNSUBSCRIBE",
     .arity = -1,
     .flags = kPubsub | kNoScript | kLoading | kStale,
     .run = Unsubscribe,
     .since = "2.0.0",
     .group = "pubsub",
     .complexity = "O(N)",
     .summary = "Ends subscriptions to channels."},
};
static_assert(RowsAreSound(kPubSubCommands));

}  // namespace

std::span<const Command> PubSubCommands() { return kPubSubCommands; }

}  // namespace satchel::engine
