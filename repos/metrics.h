// Metrics: what the repositories of a program count, for Prometheus or for itself.
//
// All series exist as atomic cells from the start, addressed by number (repos/metric_families.h):
// counting takes no lock, looks nothing up and allocates nothing. A series nobody has counted is
// left out of what is read, except where its family says it starts at 0.
// Thread: any. Memory: about 80 KiB.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "repos/metric_families.h"
#include "repos/options.h"
#include "store/store.h"

namespace satchel::repos {

// One series as it was read.
struct MetricSeries {
  std::string labels;                       // `repo="auth",op="get"`, store_driver last; "": none
  std::uint64_t value = 0;                  // of a histogram: the sum; in stored units
  std::uint64_t count = 0;                  // of a histogram
  std::vector<std::uint64_t> buckets = {};  // of a histogram: not cumulated, the last is +Inf

  bool operator==(const MetricSeries&) const = default;
};

struct MetricFamily {
  Family family{};
  std::vector<MetricSeries> series;

  bool operator==(const MetricFamily&) const = default;
};

// All that was counted until it was read; families without series are left out.
struct MetricsReading {
  std::vector<MetricFamily> families;

  // Null when it is absent. `labels` as in MetricSeries.
  const MetricSeries* Find(Family family, std::string_view labels) const;
  // Of a counter or gauge, 0 when it is absent.
  std::uint64_t Value(Family family, std::string_view labels) const;
  // The Prometheus text format 0.0.4: HELP, TYPE and the samples of each family.
  std::string ToText() const;

  bool operator==(const MetricsReading&) const = default;
};

class Metrics {
 public:
  Metrics();

  // A store of this driver is in use: its series that start at 0 are there from now on.
  void Uses(std::string_view driver);

  // `at`: the number of each label's value, in the order of the labels.
  template <class... At>
  void Add(Family family, std::size_t driver, std::uint64_t n, At... at) {
    cells_[CellOf(family, driver, {static_cast<std::size_t>(at)...})].fetch_add(
        n, std::memory_order_relaxed);
  }
  template <class... At>
  void Set(Family family, std::size_t driver, std::uint64_t value, At... at) {
    cells_[CellOf(family, driver, {static_cast<std::size_t>(at)...})].store(
        value, std::memory_order_relaxed);
  }
  // Of a gauge that goes up and down; one that was never set counts from 0.
  template <class... At>
  void Move(Family family, std::size_t driver, std::int64_t by, At... at) {
    MoveAt(CellOf(family, driver, {static_cast<std::size_t>(at)...}), by);
  }
  // Of a histogram, in stored units.
  template <class... At>
  void Observe(Family family, std::size_t driver, std::uint64_t value, At... at) {
    ObserveAt(family, CellOf(family, driver, {static_cast<std::size_t>(at)...}), value);
  }

  // Reading resets nothing.
  MetricsReading Read() const;

  // The number of a driver's name.
  static std::size_t DriverOf(std::string_view driver) { return driver == kDrivers[0] ? 0 : 1; }

 private:
  std::size_t CellOf(Family family, std::size_t driver,
                     std::initializer_list<std::size_t> at) const {
    const FamilyInfo& info = *infos_[static_cast<std::size_t>(family)];
    std::size_t series = info.has_driver ? driver : 0;
    const std::size_t* number = at.begin();
    for (const Label& label : info.labels) series = series * label.values.size() + *number++;
    const Place& place = places_[static_cast<std::size_t>(family)];
    return place.first + series * place.cells;
  }
  void MoveAt(std::size_t cell, std::int64_t by);
  void ObserveAt(Family family, std::size_t cell, std::uint64_t value);
  std::optional<MetricSeries> ReadSeries(Family family, std::size_t driver,
                                         std::size_t number) const;

  struct Place {
    std::size_t first = 0;  // cell of the first series
    std::size_t cells = 1;  // of each: a histogram has its buckets, +Inf and the sum
  };
  std::array<const FamilyInfo*, kFamilies> infos_{};
  std::array<Place, kFamilies> places_{};
  std::unique_ptr<std::atomic<std::uint64_t>[]> cells_;
  std::array<std::atomic<bool>, std::size(kDrivers)> used_{};
};

// What a code counts as.
Outcome OutcomeOf(ErrorCode code);
template <class T>
Outcome OutcomeOf(const Result<T>& result) {
  return result ? Outcome::kOk : OutcomeOf(result.error().code);
}
// Of several: the first that is not ok.
template <class T>
Outcome OutcomeOf(const std::vector<Result<T>>& results) {
  for (const auto& result : results) {
    if (!result) return OutcomeOf(result.error().code);
  }
  return Outcome::kOk;
}

// Calls it when the last copy of the result goes.
template <class Call>
std::shared_ptr<const void> AtTheEnd(Call call) {
  return {nullptr, [call = std::move(call)](const void*) { call(); }};
}

// Where a repository counts: nowhere when there is no registry.
class Meter {
 public:
  Meter(const RepoOptions& options, const store::Store& store)
      : metrics_(options.metrics),
        driver_(metrics_ == nullptr ? 0 : Metrics::DriverOf(store.driver())) {}

  bool is_on() const { return metrics_ != nullptr; }
  template <class... At>
  void Add(Family family, std::uint64_t n, At... at) const {
    if (metrics_ != nullptr) metrics_->Add(family, driver_, n, at...);
  }
  template <class... At>
  void Set(Family family, std::uint64_t value, At... at) const {
    if (metrics_ != nullptr) metrics_->Set(family, driver_, value, at...);
  }
  template <class... At>
  void Move(Family family, std::int64_t by, At... at) const {
    if (metrics_ != nullptr) metrics_->Move(family, driver_, by, at...);
  }
  template <class... At>
  void Observe(Family family, std::uint64_t value, At... at) const {
    if (metrics_ != nullptr) metrics_->Observe(family, driver_, value, at...);
  }

 private:
  Metrics* metrics_;  // borrowed
  std::size_t driver_;
};

// Counts one call until it dies, as an error unless it is told otherwise. A call that a method of
// the same repository makes on this thread is a part of that one and not counted.
class OpCount {
 public:
  OpCount(const RepoOptions& options, const store::Store& store, RepoOp op);
  OpCount(const OpCount&) = delete;
  OpCount& operator=(const OpCount&) = delete;
  ~OpCount();
  void Done(Outcome outcome) { outcome_ = outcome; }

 private:
  const Meter meter_;
  const Clock& clock_;
  const RepoOp op_;
  const std::uint32_t outside_;  // what was being called before
  const std::int64_t since_;     // ticks
  Outcome outcome_ = Outcome::kError;
};

// Runs the body of a method and counts it.
template <class Body>
auto Counted(const RepoOptions& options, const store::Store& store, RepoOp op, const Body& body) {
  if (options.metrics == nullptr) return body();
  OpCount count(options, store, op);
  auto result = body();
  count.Done(OutcomeOf(result));
  return result;
}

}  // namespace satchel::repos
