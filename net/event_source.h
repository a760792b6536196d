// EventSource: something a loop watches: a connection, a listener, a connect under way.

#pragma once

#include <cstddef>
#include <cstdint>

namespace satchel::net {

class Loop;

// What a source waits for. A broken socket is reported whatever was asked for.
struct Interest {
  bool readable = false;
  bool writable = false;

  bool operator==(const Interest&) const = default;
};

struct Events {
  bool readable = false;
  bool writable = false;
  bool broken = false;  // an error, or both directions are shut
};

class EventSource {
 public:
  EventSource() = default;
  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;
  virtual ~EventSource() = default;

 protected:
  friend class Loop;

  // The loop has taken the source over: call Watch.
  virtual void OnAdopted() = 0;
  virtual void OnEvents(const Events& events) = 0;

  Loop& loop() const { return *loop_; }
  bool is_adopted() const { return loop_ != nullptr; }
  bool is_retired() const { return retired_; }

 private:
  Loop* loop_ = nullptr;  // borrowed; owns this
  std::size_t slot_ = 0;  // index in the loop's list
  int watched_fd_ = -1;
  bool retired_ = false;
};

}  // namespace satchel::net
