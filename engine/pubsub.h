// PubSub: who listens to which channel. Channels, patterns and shard channels are three
// separate name spaces; each lists its sessions in order of subscription.
//
// Thread: the one that holds the execution lock.
// Source: redis 7.0, PUBLISH: first the channel's subscribers, then the patterns'.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/session.h"

namespace satchel::engine {

class PubSub {
 public:
  enum class Space : std::uint8_t { kChannel, kPattern, kShard };

  // False when the session already had, or did not have, the subscription.
  bool Subscribe(Session& session, Space space, std::string_view name);
  bool Unsubscribe(Session& session, Space space, std::string_view name);
  void UnsubscribeAll(Session& session);

  // Delivers to every subscriber; returns how many there were.
  std::size_t Publish(std::string_view channel, std::string_view payload);
  std::size_t PublishShard(std::string_view channel, std::string_view payload);

  bool empty() const { return spaces_[0].empty() && spaces_[1].empty(); }
  // Names with at least one subscriber, in order.
  std::vector<std::string_view> Names(Space space) const;
  std::size_t Subscribers(Space space, std::string_view name) const;
  std::size_t patterns() const { return of(Space::kPattern).size(); }
  std::size_t channels() const { return of(Space::kChannel).size(); }
  std::size_t shard_channels() const { return of(Space::kShard).size(); }

  static std::set<std::string, std::less<>>& NamesOf(Session& session, Space space);

 private:
  using Listeners = std::map<std::string, std::vector<Session*>, std::less<>>;
  Listeners& of(Space space) { return spaces_[static_cast<std::size_t>(space)]; }
  const Listeners& of(Space space) const { return spaces_[static_cast<std::size_t>(space)]; }

  std::array<Listeners, 3> spaces_;
};

}  // namespace satchel::engine
