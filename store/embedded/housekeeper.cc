#include "store/embedded/housekeeper.h"

#include <chrono>

namespace satchel::store {

Housekeeper& Housekeeper::Instance() {
  static auto* instance = new Housekeeper;  // outlives stores with static lifetime
  return *instance;
}

std::uint64_t Housekeeper::Add(std::function<void()> tick) {
  Housekeeper& self = Instance();
  std::lock_guard lock(self.mutex_);
  const std::uint64_t id = self.next_id_++;
  self.ticks_.emplace(id, std::move(tick));
  if (!self.thread_.joinable()) self.thread_ = std::thread([&self] { self.Loop(); });
  return id;
}

void Housekeeper::Remove(std::uint64_t id) {
  Housekeeper& self = Instance();
  std::thread ended;
  {
    std::unique_lock lock(self.mutex_);
    self.ticks_.erase(id);
    self.changed_.wait(lock, [&] { return self.running_ != id; });
    if (!self.ticks_.empty()) return;
    ended = std::move(self.thread_);
  }
  self.changed_.notify_all();
  if (ended.joinable()) ended.join();
}

void Housekeeper::Loop() {
  constexpr std::chrono::milliseconds kInterval{100};
  std::unique_lock lock(mutex_);
  while (!ticks_.empty() && thread_.get_id() == std::this_thread::get_id()) {
    std::uint64_t at = 0;
    // By id, so that stores may come and go during a round.
    for (auto it = ticks_.begin(); it != ticks_.end(); it = ticks_.upper_bound(at)) {
      at = running_ = it->first;
      const std::function<void()> tick = it->second;
      lock.unlock();
      tick();
      lock.lock();
      running_ = 0;
      changed_.notify_all();
    }
    if (ticks_.empty()) return;
    changed_.wait_for(lock, kInterval, [&] { return ticks_.empty(); });
  }
}

}  // namespace satchel::store
