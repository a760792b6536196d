#include "store/remote/channel.h"

#include <algorithm>
#include <utility>

namespace satchel::store {
namespace {

Error Closed() { return MakeError(ErrorCode::kClosed, "the store was closed"); }

}  // namespace

void Channel::Submit(CallPtr call) {
  std::unique_lock lock(mutex_);
  if (!closed_) {
    submitted_.push_back(call);
    if (std::exchange(posted_, true)) return;
    if (core_.Post([this] { TakeSubmitted(); })) return;
    submitted_.pop_back();
    closed_ = true;
  }
  lock.unlock();
  call->Fail(Closed());
}

void Channel::Close() {
  closing_ = true;
  std::vector<CallPtr> calls;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    calls.swap(submitted_);
  }
  calls.insert(calls.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
  for (const CallPtr& call : calls) call->Fail(Closed());
  if (link_ != nullptr) link_->Close(Closed());
}

void Channel::TakeSubmitted() {
  std::vector<CallPtr> calls;
  {
    const std::lock_guard lock(mutex_);
    calls.swap(submitted_);
    posted_ = false;
  }
  if (link_ != nullptr && waiting_.empty()) {
    for (CallPtr& call : calls) link_->Send(std::move(call));
    return;
  }
  for (CallPtr& call : calls) {
    WatchDeadline(call->unsent_deadline_us);
    waiting_.push_back(std::move(call));
  }
  if (!dialing_) Dial();
}

void Channel::Dial() {
  dialing_ = true;
  Link::Dial(core_, *this);
}

void Channel::OnOpen(Link& link) {
  link_ = &link;
  dialing_ = false;
  failures_ = 0;
  SendWaiting();
}

void Channel::SendWaiting() {
  while (!waiting_.empty()) {
    link_->Send(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

void Channel::OnLost(const Error& reason, std::vector<Link::Unanswered> unanswered) {
  last_error_ = reason;
  const bool was_open = std::exchange(link_, nullptr) != nullptr;
  std::deque<CallPtr> kept;
  for (const Link::Unanswered& lost : unanswered) {
    if (MayWait(lost, reason)) kept.push_back(lost.call);
  }
  for (const CallPtr& call : std::exchange(waiting_, {})) {
    if (was_open || MayWait({.call = call, .sent = false}, reason)) kept.push_back(call);
  }
  for (const CallPtr& call : kept) WatchDeadline(call->unsent_deadline_us);
  waiting_ = std::move(kept);
  if (closing_) return;
  failures_ = was_open ? 0 : failures_ + 1;
  dialing_ = true;
  const std::int64_t pause_us = core_.Backoff(failures_ + 1).count();
  core_.loop().AddTimer(core_.loop().now_us() + pause_us, [this] { Dial(); });
}

bool Channel::MayWait(const Link::Unanswered& lost, const Error& reason) {
  Call& call = *lost.call;
  const bool harmless = !lost.sent || call.repeatable;
  if (!closing_ && harmless && ++call.attempts <= core_.options().retries) {
    if (lost.sent) call.SendAgain(core_.loop().now_us());
    return true;
  }
  call.Fail(LostError(core_, lost.sent, reason));
  return false;
}

void Channel::WatchDeadline(std::int64_t deadline_us) {
  if (timer_.number != 0 && timer_.deadline_us <= deadline_us) return;
  if (timer_.number != 0) core_.loop().CancelTimer(timer_);
  timer_ = core_.loop().AddTimer(deadline_us, [this] { FailOverdue(); });
}

void Channel::FailOverdue() {
  timer_ = {};
  const std::int64_t now_us = core_.loop().now_us();
  std::deque<CallPtr> kept;
  for (const CallPtr& call : std::exchange(waiting_, {})) {
    if (call->unsent_deadline_us > now_us) {
      kept.push_back(call);
    } else {
      call->Fail(MakeError(ErrorCode::kUnavailable, "not sent in time: " + last_error_.detail));
    }
  }
  waiting_ = std::move(kept);
  for (const CallPtr& call : waiting_) WatchDeadline(call->unsent_deadline_us);
}

}  // namespace satchel::store
