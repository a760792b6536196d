// The execution lock: orders all units of one store. Whoever holds it runs the engine; nobody
// waits, does I/O, allocates large blocks or calls back into a program while holding it.
//
// Not recursive. Counts the threads that wait, so that background work can yield to them.

#pragma once

#include <atomic>
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
    if (!mutex_.try_lock()) {
      waiters_.fetch_add(1, std::memory_order_relaxed);
      mutex_.lock();
      waiters_.fetch_sub(1, std::memory_order_relaxed);
    }
    previous_ = held_;
    held_ = this;
  }

  void unlock() {
    SATCHEL_DCHECK(held());
    held_ = previous_;
    mutex_.unlock();
  }

  // Whether this thread holds this lock.
  bool held() const { return held_ == this; }
  // Threads now waiting for it; a hint.
  int waiters() const { return waiters_.load(std::memory_order_relaxed); }

 private:
  static inline thread_local const ExecutionLock* held_ = nullptr;

  std::mutex mutex_;
  std::atomic<int> waiters_{0};
  const ExecutionLock* previous_ = nullptr;  // guarded by mutex_
};

using ExecutionGuard = std::unique_lock<ExecutionLock>;

}  // namespace satchel
