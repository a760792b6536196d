// History: what several threads did to one object, and whether it could have happened one call
// after the other.
//
// Each call is an interval of a common counter. The history is linearisable when an order of the
// calls exists in which each takes effect inside its interval and answers as the model says.
// Found by search (Wing and Gong), remembering what was tried: cheap while few calls overlap.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace satchel::repos {

template <class State, class Event>
class History {
 public:
  // Makes the call, which returns its event. From any thread.
  template <class Call>
  void Record(const Call& call) {
    const std::uint64_t begin = tick_++;
    Event event = call();
    const std::uint64_t end = tick_++;
    const std::lock_guard lock(mutex_);
    entries_.push_back({begin, end, std::move(event)});
  }

  // `step` gives the state after an event, empty when the event cannot happen in this state.
  template <class Step>
  bool IsLinearisable(const State& initial, const Step& step) {
    std::ranges::sort(entries_, {}, &Entry::begin);
    std::set<std::pair<std::vector<bool>, State>> tried;
    return Search(std::vector<bool>(entries_.size()), initial, step, tried);
  }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t begin;
    std::uint64_t end;
    Event event;
  };

  template <class Step>
  bool Search(const std::vector<bool>& done, const State& state, const Step& step,
              std::set<std::pair<std::vector<bool>, State>>& tried) {
    if (!tried.insert({done, state}).second) return false;
    // Only what began before the first of the others ended can come next.
    std::uint64_t first_end = std::numeric_limits<std::uint64_t>::max();
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (!done[i]) first_end = std::min(first_end, entries_[i].end);
    }
    if (first_end == std::numeric_limits<std::uint64_t>::max()) return true;
    for (std::size_t i = 0; i < entries_.size() && entries_[i].begin < first_end; ++i) {
      if (done[i]) continue;
      const std::optional<State> next = step(state, entries_[i].event);
      if (!next) continue;
      std::vector<bool> with = done;
      with[i] = true;
      if (Search(with, *next, step, tried)) return true;
    }
    return false;
  }

  std::atomic<std::uint64_t> tick_ = 0;
  std::mutex mutex_;
  std::vector<Entry> entries_;  // guarded by mutex_
};

}  // namespace satchel::repos
