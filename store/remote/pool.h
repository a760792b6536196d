// Pool: connections that serve one user at a time, for what must not share one: blocking
// commands, WATCH, SELECT. At most `pool_size`; who comes later waits for one to come back.
//
// Thread: the loop's, but for the fields of Dedicated that say otherwise.

#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <set>

#include "store/remote/link.h"

namespace satchel::store {

// One connection of the pool. It does not reconnect: what it watched is gone then.
class Dedicated final : public Link::User {
 public:
  using OnOpened = std::function<void(Result<void>)>;

  explicit Dedicated(RemoteCore& core) : core_(core) {}

  // Calls `opened` once, later.
  void Dial(OnOpened opened);
  // The call ends in any case.
  void Send(CallPtr call);
  void Close(const Error& reason);

  bool is_open() const { return link_ != nullptr; }
  // Called when an open link is lost.
  std::function<void()> on_lost = {};

 private:
  void OnOpen(Link& link) override;
  void OnLost(const Error& reason, std::vector<Link::Unanswered> unanswered) override;

  RemoteCore& core_;  // borrowed
  OnOpened opened_;   // while dialing
  Link* link_ = nullptr;
  int attempts_ = 0;
  bool closing_ = false;
  Error lost_;  // why there is no link
};

class Pool {
 public:
  using OnAcquired = std::function<void(Result<std::shared_ptr<Dedicated>>)>;

  explicit Pool(RemoteCore& core) : core_(core) {}

  // Calls `acquired` once, now or later. Errors: kTimeout when none came free in time,
  // kUnavailable when no connection can be opened.
  void Acquire(OnAcquired acquired);
  // Every connection comes back here. `clean`: it is as when it was opened.
  void Release(const std::shared_ptr<Dedicated>& connection, bool clean);
  // Ends all calls and all who wait, and those that still come, with kClosed.
  void Close();

 private:
  struct Waiting {
    OnAcquired acquired;
    net::TimerId timer = {};
  };

  void Open(OnAcquired acquired);
  // Serves those who wait while there are connections to be had.
  void ServeWaiting();
  void GiveUp(std::list<Waiting>::iterator waiting);

  RemoteCore& core_;  // borrowed
  bool closed_ = false;
  std::set<std::shared_ptr<Dedicated>> all_;  // those in use, idle, and being opened
  std::vector<std::shared_ptr<Dedicated>> idle_;
  std::list<Waiting> waiting_;
};

}  // namespace satchel::store
