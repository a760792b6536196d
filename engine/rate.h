// Rate: events a second of a counter that only grows, the mean of its last samples.
// Source: redis 7.0, the instantaneous fields of INFO stats: 16 samples.

#pragma once

#include <array>
#include <cstdint>
#include <numeric>

namespace satchel::engine {

class Rate {
 public:
  // The counter's value at a time; the first sample is the point of departure. Samples of the
  // same millisecond, and of a counter that was set back, only move that point.
  void Sample(std::int64_t now_ms, std::uint64_t total) {
    const std::int64_t passed_ms = now_ms - last_ms_;
    if (last_ms_ != 0 && passed_ms > 0 && total >= last_total_) {
      const auto events = static_cast<double>(total - last_total_);
      samples_[next_] = events * 1000 / static_cast<double>(passed_ms);
      next_ = (next_ + 1) % samples_.size();
    }
    last_ms_ = now_ms;
    last_total_ = total;
  }

  double per_second() const {
    return std::accumulate(samples_.begin(), samples_.end(), 0.0) / samples_.size();
  }

 private:
  std::array<double, 16> samples_{};
  std::size_t next_ = 0;
  std::int64_t last_ms_ = 0;
  std::uint64_t last_total_ = 0;
};

}  // namespace satchel::engine
