// Hub: the subscriptions of a store, on one connection of their own. After a reconnect
// everything is subscribed again, and each subscription counts a gap.
//
// Thread: the loop's. Messages are handed to the mailman, whose thread calls back.

#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "store/embedded/mailman.h"
#include "store/remote/link.h"

namespace satchel::store {

class Hub final : public Link::User {
 public:
  struct Subscriber {
    std::vector<std::string> channels;
    std::vector<std::string> patterns;
    std::shared_ptr<Mailman::Box> box;
    std::function<void(Result<void>)> joined;  // called once: the server has confirmed all
    int failures = 0;                          // to get there
    std::atomic<std::uint64_t> lost_links = 0;
  };
  using SubscriberPtr = std::shared_ptr<Subscriber>;

  explicit Hub(RemoteCore& core) : core_(core) {}

  void Join(const SubscriberPtr& subscriber);
  void Leave(const SubscriberPtr& subscriber);
  void Close();

 private:
  // A command that was sent, and how many of its names are not confirmed yet.
  struct Unconfirmed {
    SubscriberPtr subscriber;
    std::size_t names;
    bool last;  // of its subscriber
  };
  using Names = std::map<std::string, std::vector<SubscriberPtr>, std::less<>>;

  void OnOpen(Link& link) override;
  void OnPush(ReplyValue value) override;
  void OnLost(const Error& reason, std::vector<Link::Unanswered> unanswered) override;

  void Dial();
  void Send(const SubscriberPtr& subscriber);
  void GiveUp(const SubscriberPtr& subscriber);
  void OnConfirmed();
  void OnRefused(const Error& error);
  void Deliver(const Names& names, const ReplyValue& value, std::size_t name_index);
  // Sends the command for those of `names` that nobody wants any more.
  void Drop(Names& all, const std::vector<std::string>& names, const SubscriberPtr& subscriber,
            std::string_view command);
  static void Joined(const SubscriberPtr& subscriber, Result<void> result);

  RemoteCore& core_;  // borrowed
  bool closed_ = false;
  bool dialing_ = false;  // or waiting to
  int failures_ = 0;
  Link* link_ = nullptr;  // null unless open
  std::list<SubscriberPtr> subscribers_;
  Names channels_;
  Names patterns_;
  std::deque<Unconfirmed> unconfirmed_;
};

}  // namespace satchel::store
