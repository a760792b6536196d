// Inbox: messages of a subscription on their way from a thread of the store to whoever takes
// them. Bounded: when it is full the newest message is dropped and counted, never silently.
// Thread: any.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace satchel::repos {

class Inbox {
 public:
  struct Taken {
    std::optional<store::Message> message = {};  // empty: none came
    std::uint64_t dropped = 0;                   // since the last Take
    bool gap = false;  // the connection broke since the last Take, or the store dropped some
    bool is_closed = false;
  };

  // Subscribes; returns once that is confirmed.
  static Result<std::unique_ptr<Inbox>> Open(store::Store& store, Clock& clock,
                                             std::vector<std::string> channels,
                                             std::vector<std::string> patterns,
                                             std::size_t capacity);
  ~Inbox();

  // Waits for a message until the clock shows the deadline; what is lost is told at once.
  Taken Take(std::int64_t deadline_us);
  // Throws away what is waiting.
  void Clear();
  // Ends the subscription and all waiting. No message is added after it. Idempotent.
  void Close();

 private:
  Inbox(Clock& clock, std::size_t capacity) : clock_(clock), capacity_(capacity) {}
  void Add(const store::Message& message);

  Clock& clock_;  // borrowed
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<store::Message> waiting_;  // guarded by mutex_, and all that follows
  std::uint64_t dropped_ = 0;
  std::uint64_t gaps_seen_ = 0;
  bool is_closed_ = false;
  std::unique_ptr<store::Subscription> subscription_;
};

}  // namespace satchel::repos
