#include "store/remote/pool.h"

#include <algorithm>
#include <utility>

namespace satchel::store {
namespace {

Error Closed() { return MakeError(ErrorCode::kClosed, "the store was closed"); }

}  // namespace

void Dedicated::Dial(OnOpened opened) {
  opened_ = std::move(opened);
  Link::Dial(core_, *this);
}

void Dedicated::Send(CallPtr call) {
  if (link_ != nullptr) return link_->Send(std::move(call));
  call->Fail(MakeError(ErrorCode::kUnavailable, "not sent: " + lost_.detail));
}

void Dedicated::Close(const Error& reason) {
  closing_ = true;
  lost_ = reason;
  if (link_ != nullptr) link_->Close(reason);
  if (opened_) std::exchange(opened_, nullptr)(reason);
}

void Dedicated::OnOpen(Link& link) {
  if (closing_) return link.Close(lost_);
  link_ = &link;
  link.CloseOnTimeout();
  std::exchange(opened_, nullptr)(Result<void>());
}

void Dedicated::OnLost(const Error& reason, std::vector<Link::Unanswered> unanswered) {
  lost_ = reason;
  const bool was_open = std::exchange(link_, nullptr) != nullptr;
  for (const Link::Unanswered& lost : unanswered) {
    lost.call->Fail(LostError(core_, lost.sent, reason));
  }
  if (was_open) {
    if (on_lost) on_lost();
    return;
  }
  if (closing_ || !opened_) return;
  if (++attempts_ > core_.options().retries) {
    return std::exchange(opened_,
                         nullptr)(MakeError(ErrorCode::kUnavailable, "not sent: " + reason.detail));
  }
  core_.loop().AddTimer(core_.loop().now_us() + core_.Backoff(attempts_).count(), [this] {
    if (!closing_) Link::Dial(core_, *this);
  });
}

void Pool::Acquire(OnAcquired acquired) {
  if (closed_) return acquired(Closed());
  waiting_.push_back({std::move(acquired)});
  const auto self = std::prev(waiting_.end());
  const std::int64_t patience_us = std::chrono::microseconds(core_.options().pool_timeout).count();
  self->timer =
      core_.loop().AddTimer(core_.loop().now_us() + patience_us, [this, self] { GiveUp(self); });
  ServeWaiting();
}

void Pool::GiveUp(std::list<Waiting>::iterator waiting) {
  const OnAcquired acquired = std::move(waiting->acquired);
  waiting_.erase(waiting);
  acquired(MakeError(ErrorCode::kTimeout, "not sent: all connections of the pool are in use"));
}

void Pool::ServeWaiting() {
  const auto limit = static_cast<std::size_t>(core_.options().pool_size);
  while (!waiting_.empty() && (!idle_.empty() || all_.size() < limit)) {
    const OnAcquired acquired = std::move(waiting_.front().acquired);
    core_.loop().CancelTimer(waiting_.front().timer);
    waiting_.pop_front();
    if (idle_.empty()) {
      Open(acquired);
      continue;
    }
    const std::shared_ptr<Dedicated> connection = std::move(idle_.back());
    idle_.pop_back();
    acquired(connection);
  }
}

void Pool::Open(OnAcquired acquired) {
  const auto connection = std::make_shared<Dedicated>(core_);
  all_.insert(connection);
  connection->on_lost = [this, lost = connection.get()] {
    std::erase_if(idle_, [lost](const auto& idle) { return idle.get() == lost; });
  };
  connection->Dial([this, connection, acquired = std::move(acquired)](Result<void> opened) {
    if (opened) return acquired(connection);
    // Once the pool is closed it keeps what a timer or a connector may still name.
    if (!closed_) all_.erase(connection);
    acquired(std::move(opened.error()));
    ServeWaiting();
  });
}

void Pool::Release(const std::shared_ptr<Dedicated>& connection, bool clean) {
  if (closed_) return;
  if (clean && connection->is_open()) {
    idle_.push_back(connection);
  } else {
    connection->Close(Closed());
    all_.erase(connection);
  }
  ServeWaiting();
}

void Pool::Close() {
  closed_ = true;
  for (Waiting& waiting : std::exchange(waiting_, {})) waiting.acquired(Closed());
  idle_.clear();
  for (const auto& connection : all_) connection->Close(Closed());
}

}  // namespace satchel::store
