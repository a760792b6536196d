#include "repos/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace satchel::repos {
namespace {

// Of a gauge that was never set.
constexpr std::uint64_t kUnset = std::numeric_limits<std::uint64_t>::max();

constexpr std::string_view kRepoOfOp[] = {
#define SATCHEL_REPO_OP(name, repo, op) repo,
    SATCHEL_REPO_OPS(SATCHEL_REPO_OP)
#undef SATCHEL_REPO_OP
};

// One bit for each repository, by operation.
constexpr auto kBitOfOp = [] {
  std::array<std::uint32_t, std::size(kRepoOfOp)> bits{};
  std::uint32_t bit = 1;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (i > 0 && kRepoOfOp[i] != kRepoOfOp[i - 1]) bit <<= 1;
    bits[i] = bit;
  }
  return bits;
}();
static_assert(kBitOfOp.back() != 0);

// Repositories this thread is inside of.
thread_local std::uint32_t t_inside = 0;

std::string LabelsOf(const FamilyInfo& info, std::size_t driver, std::size_t number) {
  std::vector<std::string> parts;
  for (std::size_t i = info.labels.size(); i > 0; --i) {
    const Label& label = info.labels[i - 1];
    const std::string_view value = label.values[number % label.values.size()];
    number /= label.values.size();
    parts.push_back(label.name.empty() ? std::string(value)
                                       : fmt::format("{}=\"{}\"", label.name, value));
  }
  std::ranges::reverse(parts);
  if (info.has_driver) parts.push_back(fmt::format("store_driver=\"{}\"", kDrivers[driver]));
  return fmt::format("{}", fmt::join(parts, ","));
}

std::string NumberText(std::uint64_t value, std::uint64_t unit) {
  if (unit == 1) return fmt::to_string(value);
  return fmt::format("{}", static_cast<double>(value) / static_cast<double>(unit));
}

void AppendSample(std::string& text, std::string_view name, std::string_view suffix,
                  const std::string& labels, const std::string& value) {
  text += name;
  text += suffix;
  if (!labels.empty()) text += "{" + labels + "}";
  text += " " + value + "\n";
}

void AppendHistogram(std::string& text, const FamilyInfo& info, const MetricSeries& series) {
  const std::string before = series.labels.empty() ? "" : series.labels + ",";
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < series.buckets.size(); ++i) {
    below += series.buckets[i];
    const std::string bound =
        i < info.bounds.size() ? NumberText(info.bounds[i], info.unit) : "+Inf";
    AppendSample(text, info.name, "_bucket", before + "le=\"" + bound + "\"",
                 fmt::to_string(below));
  }
  AppendSample(text, info.name, "_sum", series.labels, NumberText(series.value, info.unit));
  AppendSample(text, info.name, "_count", series.labels, fmt::to_string(series.count));
}

}  // namespace

const MetricSeries* MetricsReading::Find(Family family, std::string_view labels) const {
  for (const MetricFamily& of : families) {
    if (of.family != family) continue;
    for (const MetricSeries& series : of.series) {
      if (series.labels == labels) return &series;
    }
  }
  return nullptr;
}

std::uint64_t MetricsReading::Value(Family family, std::string_view labels) const {
  const MetricSeries* series = Find(family, labels);
  return series == nullptr ? 0 : series->value;
}

std::string MetricsReading::ToText() const {
  constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram"};
  std::string text;
  for (const MetricFamily& family : families) {
    const FamilyInfo& info = InfoOf(family.family);
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", info.name, info.help, info.name,
                        kTypes[static_cast<std::size_t>(info.type)]);
    for (const MetricSeries& series : family.series) {
      if (info.type == MetricType::kHistogram) {
        AppendHistogram(text, info, series);
      } else {
        AppendSample(text, info.name, "", series.labels, NumberText(series.value, info.unit));
      }
    }
  }
  return text;
}

Metrics::Metrics() {
  std::size_t cells = 0;
  for (std::size_t i = 0; i < kFamilies; ++i) {
    const FamilyInfo& info = InfoOf(static_cast<Family>(i));
    infos_[i] = &info;
    const bool is_histogram = info.type == MetricType::kHistogram;
    places_[i] = {.first = cells, .cells = is_histogram ? info.bounds.size() + 2 : 1};
    cells += places_[i].cells * info.series() * (info.has_driver ? std::size(kDrivers) : 1);
  }
  cells_ = std::make_unique<std::atomic<std::uint64_t>[]>(cells);
  for (std::size_t i = 0; i < kFamilies; ++i) {
    if (infos_[i]->type != MetricType::kGauge) continue;
    const std::size_t end = i + 1 < kFamilies ? places_[i + 1].first : cells;
    for (std::size_t cell = places_[i].first; cell < end; ++cell) cells_[cell] = kUnset;
  }
}

void Metrics::Uses(std::string_view driver) { used_[DriverOf(driver)] = true; }

void Metrics::MoveAt(std::size_t cell, std::int64_t by) {
  std::uint64_t was = cells_[cell].load(std::memory_order_relaxed);
  std::uint64_t now = 0;
  do {
    now = (was == kUnset ? 0 : was) + static_cast<std::uint64_t>(by);
  } while (!cells_[cell].compare_exchange_weak(was, now, std::memory_order_relaxed));
}

void Metrics::ObserveAt(Family family, std::size_t cell, std::uint64_t value) {
  const auto bounds = infos_[static_cast<std::size_t>(family)]->bounds;
  std::size_t bucket = 0;
  while (bucket < bounds.size() && value > bounds[bucket]) ++bucket;
  cells_[cell + bucket].fetch_add(1, std::memory_order_relaxed);
  cells_[cell + bounds.size() + 1].fetch_add(value, std::memory_order_relaxed);
}

std::optional<MetricSeries> Metrics::ReadSeries(Family family, std::size_t driver,
                                                std::size_t number) const {
  const FamilyInfo& info = InfoOf(family);
  const Place& place = places_[static_cast<std::size_t>(family)];
  const std::size_t cell = place.first + (driver * info.series() + number) * place.cells;
  MetricSeries series;
  if (info.type == MetricType::kHistogram) {
    for (std::size_t i = 0; i <= info.bounds.size(); ++i) {
      series.buckets.push_back(cells_[cell + i].load(std::memory_order_relaxed));
      series.count += series.buckets.back();
    }
    if (series.count == 0) return std::nullopt;
    series.value = cells_[cell + info.bounds.size() + 1].load(std::memory_order_relaxed);
  } else {
    series.value = cells_[cell].load(std::memory_order_relaxed);
    const bool starts = info.from_start && (!info.has_driver || used_[driver]);
    if (info.type == MetricType::kGauge ? series.value == kUnset : series.value == 0 && !starts) {
      return std::nullopt;
    }
  }
  series.labels = LabelsOf(info, driver, number);
  return series;
}

MetricsReading Metrics::Read() const {
  MetricsReading reading;
  for (std::size_t i = 0; i < kFamilies; ++i) {
    MetricFamily family{.family = static_cast<Family>(i), .series = {}};
    for (std::size_t driver = 0; driver < (infos_[i]->has_driver ? std::size(kDrivers) : 1);
         ++driver) {
      for (std::size_t number = 0; number < infos_[i]->series(); ++number) {
        if (auto series = ReadSeries(family.family, driver, number)) {
          family.series.push_back(std::move(*series));
        }
      }
    }
    if (!family.series.empty()) reading.families.push_back(std::move(family));
  }
  return reading;
}

Outcome OutcomeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound:
    case ErrorCode::kUserNotFound:
    case ErrorCode::kApiKeyNotFound:
    case ErrorCode::kWorkflowNotFound:
    case ErrorCode::kTaskNotFound:
      return Outcome::kNotFound;
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kVersionConflict:
    case ErrorCode::kConflict:
    case ErrorCode::kCapacityExceeded:
    case ErrorCode::kAlreadyBootstrapped:
    case ErrorCode::kEtagMismatch:
    case ErrorCode::kWorkflowNotReady:
    case ErrorCode::kLockTimeout:
    case ErrorCode::kLockNotHeld:
    case ErrorCode::kLockNotOwned:
    case ErrorCode::kFenceLost:
    case ErrorCode::kFlushAlreadyPending:
      return Outcome::kConflict;
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kTooLarge:
    case ErrorCode::kNotInTransaction:
    case ErrorCode::kNestedTag:
      return Outcome::kInvalid;
    default:  // the store or its data
      return Outcome::kError;
  }
}

OpCount::OpCount(const RepoOptions& options, const store::Store& store, RepoOp op)
    : meter_(options, store),
      clock_(*options.clock),
      op_(op),
      outside_(t_inside),
      since_(clock_.Ticks()) {
  t_inside |= kBitOfOp[static_cast<std::size_t>(op)];
}

OpCount::~OpCount() {
  t_inside = outside_;
  if ((outside_ & kBitOfOp[static_cast<std::size_t>(op_)]) != 0) return;
  const std::int64_t took = std::max<std::int64_t>(clock_.Ticks() - since_, 0);
  meter_.Add(Family::kRepoOperations, 1, op_, outcome_);
  meter_.Observe(Family::kRepoOperationDuration, static_cast<std::uint64_t>(took), op_);
  if (op_ >= RepoOp::kCheckpointGetTuple && op_ <= RepoOp::kCheckpointOpenSession) {
    const auto number = static_cast<int>(op_) - static_cast<int>(RepoOp::kCheckpointGetTuple);
    meter_.Observe(Family::kCheckpointOperationDuration, static_cast<std::uint64_t>(took), number);
  }
}

}  // namespace satchel::repos
