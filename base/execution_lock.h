// The execution lock: orders all units of one store. Whoever holds it runs the engine; nobody
// waits, does I/O, allocates large blocks or calls back into a program while holding it.
//
// Not recursive. Counts the threads that wait, so that background work can yield to them. A busy
// caller would have the lock back before a thread that it woke is running, again and again; so
// background work asks with LockForSlice, and who lets go of the lock then stands aside for it.
// One atomic exchange each to take and to let go when nobody else wants it: half of what a
// std::mutex costs, which an in-process read would feel.

#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "base/check.h"

namespace satchel {

class ExecutionLock {
 public:
  ExecutionLock() = default;
  ExecutionLock(const ExecutionLock&) = delete;
  ExecutionLock& operator=(const ExecutionLock&) = delete;

  void lock() {
    SATCHEL_DCHECK(!held());
    std::uint32_t expected = kFree;
    if (!state_.compare_exchange_strong(expected, kTaken, std::memory_order_acquire)) Wait();
    previous_ = held_;
    held_ = this;
  }

  // For one background thread, which holds the lock for some 25 us and then lets others run.
  void LockForSlice() {
    SATCHEL_DCHECK(!held());
    constexpr int kTries = 2000;  // asleep it would be woken too late to get the lock
    slice_wanted_.store(true, std::memory_order_relaxed);
    for (int i = 0; state_.exchange(kContended, std::memory_order_acquire) != kFree; ++i) {
      if (i < kTries) {
        Relax();
      } else {
        state_.wait(kContended, std::memory_order_relaxed);
      }
    }
    slice_wanted_.store(false, std::memory_order_relaxed);
    previous_ = held_;
    held_ = this;
  }

  void unlock() {
    SATCHEL_DCHECK(held());
    held_ = previous_;
    if (state_.exchange(kFree, std::memory_order_release) == kContended) HandOver();
  }

  // Whether this thread holds this lock.
  bool held() const { return held_ == this; }
  // Threads now waiting for it; a hint.
  int waiters() const { return waiters_.load(std::memory_order_relaxed); }

 private:
  enum : std::uint32_t { kFree, kTaken, kContended };

  void Wait() {
    waiters_.fetch_add(1, std::memory_order_relaxed);
    // Units are short: the holder is often done before a sleep would have begun.
    constexpr int kSpins = 100;
    for (int i = 0; i < kSpins; ++i) {
      std::uint32_t expected = kFree;
      if (state_.load(std::memory_order_relaxed) == kFree &&
          state_.compare_exchange_strong(expected, kTaken, std::memory_order_acquire)) {
        waiters_.fetch_sub(1, std::memory_order_relaxed);
        return;
      }
    }
    while (state_.exchange(kContended, std::memory_order_acquire) != kFree) {
      state_.wait(kContended, std::memory_order_relaxed);
    }
    waiters_.fetch_sub(1, std::memory_order_relaxed);
  }

  void HandOver() {
    constexpr int kTries = 500;  // some 20 us: the one that asked may not be running at all
    state_.notify_one();
    for (int i = 0; i < kTries && slice_wanted_.load(std::memory_order_relaxed); ++i) {
      Relax();
    }
  }

  // Not a yield: on a busy machine that would be a time slice of somebody else.
  static void Relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  static inline thread_local const ExecutionLock* held_ = nullptr;

  std::atomic<std::uint32_t> state_{kFree};
  std::atomic<int> waiters_{0};
  std::atomic<bool> slice_wanted_{false};
  const ExecutionLock* previous_ = nullptr;  // guarded by this
};

using ExecutionGuard = std::unique_lock<ExecutionLock>;

}  // namespace satchel
