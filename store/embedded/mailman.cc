#include "store/embedded/mailman.h"

#include <algorithm>

namespace satchel::store {

void Mailman::Box::Deliver(const std::shared_ptr<const engine::PushMessage>& message) {
  {
    std::lock_guard lock(mailman_.mutex_);
    if (closed_) return;
    if (waiting_ == kMaxWaiting) {
      ++gaps_;
      return;
    }
    ++waiting_;
    auto self = std::find_if(mailman_.boxes_.begin(), mailman_.boxes_.end(),
                             [this](const auto& box) { return box.get() == this; });
    mailman_.letters_.push_back({*self, message});
  }
  mailman_.changed_.notify_all();
}

std::shared_ptr<Mailman::Box> Mailman::NewBox(std::function<void(const Message&)> on_message) {
  auto box = std::make_shared<Box>(*this, std::move(on_message));
  std::lock_guard lock(mutex_);
  boxes_.push_back(box);
  if (!thread_.joinable()) thread_ = std::thread([this] { Loop(); });
  return box;
}

void Mailman::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !letters_.empty(); });
    if (stopping_) return;
    const Letter letter = std::move(letters_.front());
    letters_.pop_front();
    --letter.box->waiting_;
    if (letter.box->closed_) continue;
    delivering_ = letter.box.get();
    lock.unlock();
    letter.box->on_message_(
        {letter.message->pattern, letter.message->channel, letter.message->payload});
    lock.lock();
    delivering_ = nullptr;
    changed_.notify_all();
  }
}

void Mailman::Close(Box& box) {
  std::unique_lock lock(mutex_);
  box.closed_ = true;
  std::erase_if(letters_, [&](const Letter& letter) { return letter.box.get() == &box; });
  if (thread_.get_id() != std::this_thread::get_id()) {
    changed_.wait(lock, [&] { return delivering_ != &box; });
  }
  std::erase_if(boxes_, [&](const auto& own) { return own.get() == &box; });
}

void Mailman::Drain() {
  std::unique_lock lock(mutex_);
  if (thread_.get_id() == std::this_thread::get_id()) return;
  changed_.wait(lock, [&] { return letters_.empty() && delivering_ == nullptr; });
}

std::uint64_t Mailman::GapsOf(const Box& box) {
  std::lock_guard lock(mutex_);
  return box.gaps_;
}

Mailman::~Mailman() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace satchel::store
