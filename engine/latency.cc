#include "engine/latency.h"

#include <algorithm>
#include <bit>
#include <cstdio>

#include "base/text.h"

namespace satchel::engine {

// --- LatencyHistogram ------------------------------------------------------------------------

std::size_t LatencyHistogram::IndexOf(std::uint64_t value) {
  constexpr std::uint64_t kFirst = (2u << kHalfBits) - 1;  // up to here every value has its place
  const int bucket = std::bit_width(value | kFirst) - 1 - kHalfBits;
  const std::uint64_t step = value >> bucket;
  return (static_cast<std::size_t>(bucket) << kHalfBits) + static_cast<std::size_t>(step);
}

std::uint64_t LatencyHistogram::HighestAt(std::size_t index) {
  constexpr std::size_t kHalf = std::size_t{1} << kHalfBits;
  if (index < 2 * kHalf) return index;
  const std::size_t bucket = (index >> kHalfBits) - 1;
  const std::uint64_t step = kHalf + (index & (kHalf - 1));
  return ((step + 1) << bucket) - 1;
}

void LatencyHistogram::Record(std::int64_t ns) {
  constexpr std::int64_t kMax = 1'000'000'000;
  const std::size_t index =
      IndexOf(static_cast<std::uint64_t>(std::clamp<std::int64_t>(ns, 1, kMax)));
  if (index >= counts_.size()) counts_.resize(index + 1);
  ++counts_[index];
  ++count_;
}

std::int64_t LatencyHistogram::Percentile(double percent) const {
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(percent / 100 * static_cast<double>(count_) + 0.5));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted) return static_cast<std::int64_t>(HighestAt(i));
  }
  return static_cast<std::int64_t>(HighestAt(counts_.size() - 1));
}

std::vector<std::pair<std::int64_t, std::uint64_t>> LatencyHistogram::Cumulative() const {
  std::vector<std::pair<std::int64_t, std::uint64_t>> bounds;
  std::uint64_t seen = 0;
  std::size_t next = 0;
  for (std::uint64_t bound = 1024; seen < count_; bound *= 2) {
    const std::uint64_t before = seen;
    const std::size_t last = IndexOf(bound);
    for (; next <= last && next < counts_.size(); ++next) seen += counts_[next];
    if (seen > before) bounds.emplace_back(static_cast<std::int64_t>(HighestAt(last) / 1000), seen);
  }
  return bounds;
}

// --- LatencyEvents -----------------------------------------------------------------------------

void LatencyEvents::Note(std::string_view event, std::int64_t ms, std::int64_t unix_s) {
  if (threshold_ms == 0 || ms < threshold_ms) return;
  auto it = events_.find(event);
  if (it == events_.end()) it = events_.emplace(std::string(event), Event{}).first;
  Event& found = it->second;
  found.max_ms = std::max(found.max_ms, ms);
  std::vector<Sample>& samples = found.samples;
  if (!samples.empty() && samples.back().unix_s == unix_s) {
    samples.back().ms = std::max(samples.back().ms, ms);
    return;
  }
  if (samples.size() == kMaxSamples) samples.erase(samples.begin());
  samples.push_back({unix_s, ms});
}

const LatencyEvents::Event* LatencyEvents::Find(std::string_view event) const {
  auto it = events_.find(event);
  return it == events_.end() ? nullptr : &it->second;
}

std::size_t LatencyEvents::Reset() {
  const std::size_t count = events_.size();
  events_.clear();
  return count;
}

bool LatencyEvents::Reset(std::string_view event) {
  auto it = events_.find(event);
  if (it == events_.end()) return false;
  events_.erase(it);
  return true;
}

std::string ShortNumber(double value) {
  char text[32];
  return {text, static_cast<std::size_t>(std::snprintf(text, sizeof text, "%.10g", value))};
}

// --- A picture ---------------------------------------------------------------------------------

namespace {

std::string AgeText(std::int64_t seconds) {
  if (seconds < 60) return FormatInt(seconds) + "s";
  if (seconds < 3600) return FormatInt(seconds / 60) + "m";
  if (seconds < 86400) return FormatInt(seconds / 3600) + "h";
  return FormatInt(seconds / 86400) + "d";
}

}  // namespace

std::string DrawLatency(std::string_view name, const LatencyEvents::Event& event,
                        std::int64_t now_s) {
  constexpr std::int64_t kRows = 4;
  constexpr std::string_view kLevels = "_o#";  // of a row: from low to full
  std::int64_t low = INT64_MAX;
  std::int64_t high = 0;
  for (const auto& sample : event.samples) {
    low = std::min(low, sample.ms);
    high = std::max(high, sample.ms);
  }
  std::string text = std::string(name) + " - high " + FormatInt(high) + " ms, low " +
                     FormatInt(low) + " ms (all time high " + FormatInt(event.max_ms) + " ms)\n" +
                     std::string(80, '-') + "\n";
  const std::int64_t span = std::max<std::int64_t>(1, high - low);
  const std::int64_t steps = kRows * static_cast<std::int64_t>(kLevels.size());
  for (std::int64_t row = kRows - 1; row >= 0; --row) {
    for (const auto& sample : event.samples) {
      const std::int64_t level =
          (sample.ms - low) * (steps - 1) / span - row * static_cast<std::int64_t>(kLevels.size());
      const auto last = static_cast<std::int64_t>(kLevels.size()) - 1;
      text += level < 0 ? ' ' : level > last ? '|' : kLevels[static_cast<std::size_t>(level)];
    }
    text += '\n';
  }
  // The ages, written downwards.
  std::vector<std::string> ages;
  std::size_t longest = 0;
  for (const auto& sample : event.samples) {
    ages.push_back(AgeText(std::max<std::int64_t>(0, now_s - sample.unix_s)));
    longest = std::max(longest, ages.back().size());
  }
  for (std::size_t line = 0; line < longest; ++line) {
    text += '\n';
    for (const std::string& age : ages) text += line < age.size() ? age[line] : ' ';
  }
  return text + "\n";
}

}  // namespace satchel::engine
