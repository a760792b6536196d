// Channel: a connection that all threads share. What they submit meanwhile leaves in one
// write. It reconnects by itself, and sends again what may be sent again.
//
// Thread: Submit from any thread; the rest belongs to the loop's.

#pragma once

#include <deque>
#include <mutex>

#include "store/remote/link.h"

namespace satchel::store {

class Channel final : public Link::User {
 public:
  explicit Channel(RemoteCore& core) : core_(core) {}

  // The call ends in any case.
  void Submit(CallPtr call);
  // Ends all calls, and those that still come, with kClosed.
  void Close();

 private:
  void OnOpen(Link& link) override;
  void OnLost(const Error& reason, std::vector<Link::Unanswered> unanswered) override;

  void TakeSubmitted();
  void SendWaiting();
  void Dial();
  // Puts the call back, or ends it with what is true of it.
  bool MayWait(const Link::Unanswered& lost, const Error& reason);
  void WatchDeadline(std::int64_t deadline_us);
  void FailOverdue();

  RemoteCore& core_;  // borrowed
  std::mutex mutex_;
  std::vector<CallPtr> submitted_;  // guarded by mutex_
  bool posted_ = false;             // guarded by mutex_; TakeSubmitted will come
  bool closed_ = false;             // guarded by mutex_

  bool closing_ = false;
  Link* link_ = nullptr;  // null unless open
  bool dialing_ = false;  // or waiting to
  int failures_ = 0;      // to connect, in a row
  Error last_error_;
  std::deque<CallPtr> waiting_;  // for a link
  net::TimerId timer_;           // of the calls that wait
};

}  // namespace satchel::store
