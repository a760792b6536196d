// Housekeeper: one thread for the whole process that calls each store's tick ten times a
// second, or sooner when a store says so. Started with the first store, ended with the last.

#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace satchel::store {

class Housekeeper {
 public:
  // Calls `tick` until Remove; it must be short and must not call back into the Housekeeper.
  static std::uint64_t Add(std::function<void()> tick);
  // After it returns `tick` is not running and will not run again.
  static void Remove(std::uint64_t id);

 private:
  static Housekeeper& Instance();
  void Loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, std::function<void()>> ticks_;  // guarded by mutex_
  std::uint64_t next_id_ = 1;                             // guarded by mutex_
  std::uint64_t running_ = 0;                             // guarded by mutex_
  std::thread thread_;                                    // guarded by mutex_
};

}  // namespace satchel::store
