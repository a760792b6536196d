#include "engine/pubsub.h"

#include <algorithm>

#include "base/text.h"

namespace satchel::engine {
namespace {

void Deliver(const std::vector<Session*>& sessions,
             const std::shared_ptr<const PushMessage>& message) {
  for (Session* session : sessions) {
    if (session->peer != nullptr) session->peer->Deliver(message);
  }
}

std::shared_ptr<const PushMessage> NewMessage(PushMessage::Kind kind, std::string_view pattern,
                                              std::string_view channel, std::string_view payload) {
  auto message = std::make_shared<PushMessage>();
  message->kind = kind;
  message->pattern = pattern;
  message->channel = channel;
  message->payload = payload;
  return message;
}

}  // namespace

std::set<std::string, std::less<>>& PubSub::NamesOf(Session& session, Space space) {
  switch (space) {
    case Space::kChannel:
      return session.channels;
    case Space::kPattern:
      return session.patterns;
    case Space::kShard:
      return session.shard_channels;
  }
  return session.channels;
}

bool PubSub::Subscribe(Session& session, Space space, std::string_view name) {
  if (!NamesOf(session, space).emplace(name).second) return false;
  of(space)[std::string(name)].push_back(&session);
  return true;
}

bool PubSub::Unsubscribe(Session& session, Space space, std::string_view name) {
  auto& names = NamesOf(session, space);
  auto own = names.find(name);
  if (own == names.end()) return false;
  auto listeners = of(space).find(name);
  std::erase(listeners->second, &session);
  if (listeners->second.empty()) of(space).erase(listeners);
  names.erase(own);
  return true;
}

void PubSub::UnsubscribeAll(Session& session) {
  for (Space space : {Space::kChannel, Space::kPattern, Space::kShard}) {
    auto& names = NamesOf(session, space);
    while (!names.empty()) Unsubscribe(session, space, std::string(*names.begin()));
  }
}

std::size_t PubSub::Publish(std::string_view channel, std::string_view payload) {
  std::size_t receivers = 0;
  auto listeners = of(Space::kChannel).find(channel);
  if (listeners != of(Space::kChannel).end()) {
    Deliver(listeners->second, NewMessage(PushMessage::Kind::kMessage, {}, channel, payload));
    receivers += listeners->second.size();
  }
  for (const auto& [pattern, sessions] : of(Space::kPattern)) {
    if (!GlobMatch(pattern, channel)) continue;
    Deliver(sessions, NewMessage(PushMessage::Kind::kPatternMessage, pattern, channel, payload));
    receivers += sessions.size();
  }
  return receivers;
}

std::size_t PubSub::PublishShard(std::string_view channel, std::string_view payload) {
  auto listeners = of(Space::kShard).find(channel);
  if (listeners == of(Space::kShard).end()) return 0;
  Deliver(listeners->second, NewMessage(PushMessage::Kind::kShardMessage, {}, channel, payload));
  return listeners->second.size();
}

std::vector<std::string_view> PubSub::Names(Space space) const {
  std::vector<std::string_view> names;
  for (const auto& [name, sessions] : of(space)) names.push_back(name);
  return names;
}

std::size_t PubSub::Subscribers(Space space, std::string_view name) const {
  auto listeners = of(space).find(name);
  return listeners == of(space).end() ? 0 : listeners->second.size();
}

}  // namespace satchel::engine
