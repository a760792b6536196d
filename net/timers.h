// Timers: functions to call at a point in time, in order of deadline, then of adding.
//
// An ordered map rather than a heap: most timers (timeouts) are cancelled long before they
// are due, and must leave nothing behind.
// Thread: the loop's. Cost: O(log n).

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

namespace satchel::net {

struct TimerId {
  std::int64_t deadline_us = 0;
  std::uint64_t number = 0;  // 0: no timer

  auto operator<=>(const TimerId&) const = default;
};

class Timers {
 public:
  TimerId Add(std::int64_t deadline_us, std::function<void()> function);
  // False when it has run, was cancelled, or is no timer.
  bool Cancel(const TimerId& id) { return timers_.erase(id) > 0; }
  std::optional<std::int64_t> NextDeadline() const;
  // Calls what is due. What is added meanwhile waits for the next call.
  void Run(std::int64_t now_us);
  std::size_t size() const { return timers_.size(); }

 private:
  std::map<TimerId, std::function<void()>> timers_;
  std::uint64_t last_number_ = 0;
};

}  // namespace satchel::net
