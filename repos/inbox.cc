#include "repos/inbox.h"

namespace satchel::repos {

Result<std::unique_ptr<Inbox>> Inbox::Open(store::Store& store, Clock& clock,
                                           std::vector<std::string> channels,
                                           std::vector<std::string> patterns,
                                           std::size_t capacity) {
  std::unique_ptr<Inbox> inbox(new Inbox(clock, capacity));
  SATCHEL_ASSIGN(
      auto subscription,
      store.Subscribe(std::move(channels), std::move(patterns),
                      [self = inbox.get()](const store::Message& message) { self->Add(message); }));
  const std::lock_guard lock(inbox->mutex_);
  inbox->subscription_ = std::move(subscription);
  return inbox;
}

Inbox::~Inbox() { Close(); }

void Inbox::Add(const store::Message& message) {
  {
    const std::lock_guard lock(mutex_);
    if (is_closed_) return;
    if (waiting_.size() < capacity_) {
      waiting_.push_back(message);
    } else {
      ++dropped_;
    }
  }
  changed_.notify_all();
}

Inbox::Taken Inbox::Take(std::int64_t deadline_us) {
  std::unique_lock lock(mutex_);
  while (true) {
    Taken taken;
    const std::uint64_t gaps = subscription_ != nullptr ? subscription_->gaps() : gaps_seen_;
    taken.gap = gaps > gaps_seen_;
    gaps_seen_ = gaps;
    taken.is_closed = is_closed_;
    if (!waiting_.empty()) {
      taken.message = std::move(waiting_.front());
      waiting_.pop_front();
    }
    // What was dropped came after all that waits: it is told when that is through.
    if (waiting_.empty()) taken.dropped = std::exchange(dropped_, 0);
    if (taken.message || taken.gap || taken.dropped > 0 || taken.is_closed) return taken;
    if (!clock_.WaitUntil(lock, changed_, deadline_us) && waiting_.empty()) return taken;
  }
}

void Inbox::Clear() {
  const std::lock_guard lock(mutex_);
  waiting_.clear();
  dropped_ = 0;
}

void Inbox::Close() {
  std::unique_ptr<store::Subscription> ended;
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    ended = std::move(subscription_);
  }
  changed_.notify_all();
  ended.reset();  // waits for a message that is being added
}

}  // namespace satchel::repos
