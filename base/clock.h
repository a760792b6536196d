// Time, passed in. Everything that knows about time (TTLs, blocking timeouts, TIME, idle
// times, slow log, intervals) asks a Clock; nothing else in the process reads one.
//
// RealClock follows the system. ManualClock stands still until a test moves it; moving it
// wakes what is due, in order of deadline, and nothing sleeps.
// Thread: all methods may be called from any thread.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace satchel {

// Something with deadlines of its own, called when a manual clock moves.
class TimeListener {
 public:
  virtual ~TimeListener() = default;
  // The next point in time (unix us) at which OnTime should run; empty when none.
  virtual std::optional<std::int64_t> NextDeadlineUs() = 0;
  // The clock now shows `now_us`. Called without locks, on the advancing thread.
  virtual void OnTime(std::int64_t now_us) = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;

  // Wall clock, microseconds since 1970 UTC.
  virtual std::int64_t NowUs() const = 0;
  std::int64_t NowMs() const { return NowUs() / 1000; }

  // Nanoseconds from an arbitrary point that never go back: for durations.
  virtual std::int64_t Ticks() const = 0;

  virtual bool is_manual() const = 0;

  // Waits on `cv` until it is notified, or until the clock shows `deadline_us` (empty:
  // no deadline). May return early; the caller tests its condition in a loop. Returns
  // false once the deadline has passed.
  virtual bool WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& cv,
                         std::optional<std::int64_t> deadline_us) = 0;

  // A manual clock calls attached listeners; a real one ignores them.
  virtual void Attach(TimeListener* listener) = 0;
  virtual void Detach(TimeListener* listener) = 0;
};

class RealClock final : public Clock {
 public:
  std::int64_t NowUs() const override;
  std::int64_t Ticks() const override;
  bool is_manual() const override { return false; }
  bool WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& cv,
                 std::optional<std::int64_t> deadline_us) override;
  void Attach(TimeListener*) override {}
  void Detach(TimeListener*) override {}

  // The one most programs share.
  static RealClock& Instance();
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t now_ms = 1'700'000'000'000) : now_us_(now_ms * 1000) {}

  std::int64_t NowUs() const override;
  std::int64_t Ticks() const override { return NowUs() * 1000; }
  bool is_manual() const override { return true; }
  bool WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& cv,
                 std::optional<std::int64_t> deadline_us) override;
  void Attach(TimeListener* listener) override;
  void Detach(TimeListener* listener) override;

  // Moves time forward, stopping at each listener's deadline on the way.
  void Advance(std::chrono::microseconds by);
  // Moves to the next deadline of any listener. False when there is none.
  bool AdvanceToNextDeadline();
  // Sets the wall clock, also backwards; listeners are told.
  void Set(std::int64_t now_ms);

 private:
  std::optional<std::int64_t> NextDeadline();
  void MoveTo(std::int64_t now_us);

  mutable std::mutex mutex_;
  std::int64_t now_us_;                   // guarded by mutex_
  std::vector<TimeListener*> listeners_;  // guarded by mutex_; borrowed
};

}  // namespace satchel
