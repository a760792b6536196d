// Latency: how long commands take. A histogram per command, and, over a threshold, the worst of
// each second per event.
//
// Histogram: counts by value in ns with 8 significant bits, so a value is known to under 1 %;
// 3 KB to 12 KB for a command that has run.
// Thread: the one that holds the execution lock.
// Source: redis 7.0.15, LATENCY and the latencystats of INFO.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace satchel::engine {

class LatencyHistogram {
 public:
  void Record(std::int64_t ns);

  std::uint64_t count() const { return count_; }
  // The value that `percent` of all do not exceed. Requires count() > 0.
  std::int64_t Percentile(double percent) const;
  // (us, values up to it): bounds double; only those where the count grows.
  std::vector<std::pair<std::int64_t, std::uint64_t>> Cumulative() const;

 private:
  static constexpr int kHalfBits = 7;  // of a power of two's 2^7 steps
  static std::size_t IndexOf(std::uint64_t value);
  static std::uint64_t HighestAt(std::size_t index);

  std::vector<std::uint32_t> counts_;  // as long as was needed
  std::uint64_t count_ = 0;
};

// The events that were slower than the threshold.
class LatencyEvents {
 public:
  struct Sample {
    std::int64_t unix_s;
    std::int64_t ms;
  };
  struct Event {
    std::vector<Sample> samples;  // oldest first, one a second, at most kMaxSamples
    std::int64_t max_ms = 0;
  };
  static constexpr std::size_t kMaxSamples = 160;

  std::int64_t threshold_ms = 0;  // latency-monitor-threshold; 0: off

  void Note(std::string_view event, std::int64_t ms, std::int64_t unix_s);
  const Event* Find(std::string_view event) const;
  const std::map<std::string, Event, std::less<>>& all() const { return events_; }
  // How many were forgotten.
  std::size_t Reset();
  bool Reset(std::string_view event);

 private:
  std::map<std::string, Event, std::less<>> events_;
};

// As it was given: 99.9, not the nearest double.
std::string ShortNumber(double value);

// Four lines of characters and one with the ages of the samples.
std::string DrawLatency(std::string_view name, const LatencyEvents::Event& event,
                        std::int64_t now_s);

}  // namespace satchel::engine
