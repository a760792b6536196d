// Connector: opens a connection to another program without blocking the loop. Tries the
// addresses in order, within one timeout.
//
// Names are resolved before, by Resolve, which may block; a program that must not wait does
// that on another thread and posts the addresses to the loop.
// Thread: the loop's.

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "net/event_source.h"
#include "net/fd.h"
#include "net/stream.h"
#include "net/timers.h"

namespace satchel::net {

class Loop;

class Connector final : public EventSource {
 public:
  struct Options {
    std::vector<SocketAddress> addresses;  // at least one
    std::chrono::microseconds timeout{std::chrono::seconds(5)};
    std::chrono::seconds keepalive{15};  // 0: off
  };
  using OnDone = std::function<void(Result<Socket> socket)>;

  // Calls `on_done` once, later, in a round of the loop: with an open socket, or an error
  // that names the last address and why: kUnavailable, or kTimeout. To give up before,
  // retire what Start returns; it lives until `on_done` has been called.
  static Connector& Start(Loop& loop, Options options, OnDone on_done);
  ~Connector() override;

 private:
  Connector(Options options, OnDone on_done);

  void OnAdopted() override;
  void OnEvents(const Events& events) override;
  // Begins with the next address; ends in failure when there is none.
  void TryNext();
  // Begins to connect to the current address; the errno, 0 when under way.
  int Begin();
  void OnFailure(int error);
  void OnFirstRound();
  void OnTimeout();
  void Finish(Result<Socket> result);
  const SocketAddress& address() const { return options_.addresses[next_ - 1]; }

  Options options_;
  OnDone on_done_;
  std::size_t next_ = 0;  // index of the address to try next
  Fd fd_;
  Error last_error_;
  TimerId timer_;
};

}  // namespace satchel::net
