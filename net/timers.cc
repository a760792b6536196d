#include "net/timers.h"

#include <utility>

namespace satchel::net {

TimerId Timers::Add(std::int64_t deadline_us, std::function<void()> function) {
  const TimerId id{.deadline_us = deadline_us, .number = ++last_number_};
  timers_.emplace(id, std::move(function));
  return id;
}

std::optional<std::int64_t> Timers::NextDeadline() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first.deadline_us;
}

void Timers::Run(std::int64_t now_us) {
  const std::uint64_t last_number = last_number_;
  TimerId previous{.deadline_us = INT64_MIN};
  while (true) {
    const auto due = timers_.upper_bound(previous);
    if (due == timers_.end() || due->first.deadline_us > now_us) return;
    previous = due->first;
    if (previous.number > last_number) continue;
    const auto function = std::move(due->second);
    timers_.erase(due);
    function();
  }
}

}  // namespace satchel::net
