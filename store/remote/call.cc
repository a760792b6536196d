#include "store/remote/call.h"

#include <algorithm>
#include <utility>

namespace satchel::store {

void Call::AddReply(Result<ReplyValue> reply) {
  if (ended_) return;
  replies_.push_back(std::move(reply));
  if (replies_.size() == commands) End();
}

void Call::SendAgain(std::int64_t now_us) {
  replies_.clear();
  unsent_deadline_us =
      std::min(deadline_us, now_us + std::chrono::microseconds(send_timeout).count());
}

void Call::Fail(const Error& error) {
  if (ended_) return;
  while (replies_.size() < commands) replies_.emplace_back(error);
  End();
}

void Call::End() {
  ended_ = true;
  const auto after = std::exchange(after_end, nullptr);
  if (done) {
    std::exchange(done, nullptr)(std::move(replies_));
  } else {
    const std::lock_guard lock(mutex_);
    ready_ = true;
    changed_.notify_one();
  }
  if (after) after();
}

Call::Replies Call::Wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ready_; });
  return std::move(replies_);
}

}  // namespace satchel::store
