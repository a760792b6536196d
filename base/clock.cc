#include "base/clock.h"

#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include <algorithm>

namespace satchel {
namespace {

std::int64_t MonotonicNs() {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return std::int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

#if defined(__x86_64__)
// Reading the cycle counter costs half of what the system's clock costs, and it is read for
// each command. Every x86-64 of the last ten years counts at a constant rate.
double MeasureCycle() {
  constexpr std::int64_t kSpanNs = 200'000;
  const std::int64_t begin_ns = MonotonicNs();
  const std::uint64_t begin = __rdtsc();
  std::int64_t now_ns = begin_ns;
  while (now_ns - begin_ns < kSpanNs) now_ns = MonotonicNs();
  return static_cast<double>(now_ns - begin_ns) / static_cast<double>(__rdtsc() - begin);
}
#endif

}  // namespace

std::int64_t RealClock::NowUs() const {
  timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  return std::int64_t{ts.tv_sec} * 1'000'000 + ts.tv_nsec / 1000;
}

std::int64_t RealClock::Ticks() const {
#if defined(__x86_64__)
  static const double ns_per_cycle = MeasureCycle();
  // Signed: converting an unsigned number takes a branch and a detour.
  const auto cycles = static_cast<std::int64_t>(__rdtsc());
  return static_cast<std::int64_t>(static_cast<double>(cycles) * ns_per_cycle);
#else
  return MonotonicNs();
#endif
}

bool RealClock::WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& cv,
                          std::optional<std::int64_t> deadline_us) {
  if (!deadline_us) {
    cv.wait(lock);
    return true;
  }
  std::int64_t left = *deadline_us - NowUs();
  if (left <= 0) return false;
  // Bounded, so that a step of the wall clock is noticed.
  cv.wait_for(lock, std::chrono::microseconds(std::min<std::int64_t>(left, 60'000'000)));
  return NowUs() < *deadline_us;
}

RealClock& RealClock::Instance() {
  static RealClock clock;
  return clock;
}

std::int64_t ManualClock::NowUs() const {
  std::lock_guard lock(mutex_);
  return now_us_;
}

bool ManualClock::WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& cv,
                            std::optional<std::int64_t> deadline_us) {
  // The clock may move between our look at it and the wait, and it cannot take the caller's
  // mutex to tell us; a short real wait closes that gap.
  if (deadline_us && NowUs() >= *deadline_us) return false;
  cv.wait_for(lock, std::chrono::milliseconds(1));
  return !deadline_us || NowUs() < *deadline_us;
}

void ManualClock::Attach(TimeListener* listener) {
  std::lock_guard lock(mutex_);
  listeners_.push_back(listener);
}

void ManualClock::Detach(TimeListener* listener) {
  std::lock_guard lock(mutex_);
  std::erase(listeners_, listener);
}

std::optional<std::int64_t> ManualClock::NextDeadline() {
  std::vector<TimeListener*> listeners;
  {
    std::lock_guard lock(mutex_);
    listeners = listeners_;
  }
  std::optional<std::int64_t> next;
  for (TimeListener* listener : listeners) {
    auto deadline = listener->NextDeadlineUs();
    if (deadline && (!next || *deadline < *next)) next = deadline;
  }
  return next;
}

void ManualClock::MoveTo(std::int64_t now_us) {
  std::vector<TimeListener*> listeners;
  {
    std::lock_guard lock(mutex_);
    now_us_ = now_us;
    listeners = listeners_;
  }
  for (TimeListener* listener : listeners) listener->OnTime(now_us);
}

void ManualClock::Advance(std::chrono::microseconds by) {
  std::int64_t target = NowUs() + by.count();
  while (true) {
    auto next = NextDeadline();
    if (!next || *next > target) break;
    std::int64_t now = NowUs();
    if (*next <= now) {  // overdue: serve it, and move on even if the listener keeps it
      MoveTo(now);
      auto again = NextDeadline();
      if (again && *again <= now) break;
      continue;
    }
    MoveTo(*next);
  }
  MoveTo(target);
}

bool ManualClock::AdvanceToNextDeadline() {
  auto next = NextDeadline();
  if (!next) return false;
  MoveTo(std::max(*next, NowUs()));
  return true;
}

void ManualClock::Set(std::int64_t now_ms) { MoveTo(now_ms * 1000); }

}  // namespace satchel
