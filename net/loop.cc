#include "net/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "net/connection.h"

namespace satchel::net {
namespace {

constexpr std::int64_t kNoDeadline = std::numeric_limits<std::int64_t>::max();
// Bounded, so that a step of the wall clock is noticed.
constexpr std::chrono::milliseconds kMaxWait{60'000};

std::uint32_t EpollBits(Interest interest) {
  return (interest.readable ? EPOLLIN : 0u) | (interest.writable ? EPOLLOUT : 0u);
}

Events EventsOf(std::uint32_t bits) {
  return {.readable = (bits & EPOLLIN) != 0,
          .writable = (bits & EPOLLOUT) != 0,
          .broken = (bits & (EPOLLERR | EPOLLHUP)) != 0};
}

Error SystemError(const char* what) {
  return MakeError(ErrorCode::kIo, std::string("cannot ") + what + ": " + strerror(errno));
}

}  // namespace

Result<std::unique_ptr<Loop>> Loop::Create(Clock& clock) {
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.is_open()) return SystemError("create an epoll instance");
  Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.is_open()) return SystemError("create an eventfd");
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return SystemError("watch an eventfd");
  }
  return std::unique_ptr<Loop>(new Loop(clock, std::move(epoll), std::move(wake)));
}

Loop::Loop(Clock& clock, Fd epoll, Fd wake)
    : clock_(clock),
      epoll_(std::move(epoll)),
      wake_(std::move(wake)),
      now_us_(clock.NowUs()),
      next_deadline_us_(kNoDeadline) {
  clock_.Attach(this);
}

Loop::~Loop() {
  clock_.Detach(this);
  sources_.clear();  // while what they name still exists
}

void Loop::Run() {
  thread_ = std::this_thread::get_id();
  now_us_ = clock_.NowUs();
  SetRunning(true);
  while (!stopping_) Round(kMaxWait);
  stopping_ = false;
  SetRunning(false);
  thread_ = std::thread::id();
}

void Loop::RunOnce(std::chrono::milliseconds max_wait) {
  thread_ = std::this_thread::get_id();
  now_us_ = clock_.NowUs();
  Round(std::min(max_wait, kMaxWait));
  thread_ = std::thread::id();
}

void Loop::Stop() {
  stopping_ = true;
  Wake();
}

void Loop::Post(std::function<void()> function) {
  {
    std::lock_guard lock(mutex_);
    posted_.push_back(std::move(function));
  }
  Wake();
}

void Loop::Wake() {
  if (wake_pending_.exchange(true)) return;
  const std::uint64_t one = 1;
  SATCHEL_CHECK(write(wake_.get(), &one, sizeof one) == sizeof one);
}

bool Loop::in_loop_thread() const {
  const std::thread::id thread = thread_;
  return thread == std::thread::id() || thread == std::this_thread::get_id();
}

TimerId Loop::AddTimer(std::int64_t deadline_us, std::function<void()> function) {
  SATCHEL_DCHECK(in_loop_thread());
  const TimerId id = timers_.Add(deadline_us, std::move(function));
  PublishNextDeadline();
  return id;
}

bool Loop::CancelTimer(const TimerId& id) {
  SATCHEL_DCHECK(in_loop_thread());
  const bool cancelled = timers_.Cancel(id);
  PublishNextDeadline();
  return cancelled;
}

void Loop::Retire(EventSource& source) {
  SATCHEL_DCHECK(in_loop_thread());
  if (std::exchange(source.retired_, true)) return;
  retired_.push_back(&source);
}

Result<void> Loop::Watch(EventSource& source, int fd, Interest interest) {
  epoll_event event{.events = EpollBits(interest), .data = {.ptr = &source}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return SystemError("watch a socket");
  SATCHEL_DCHECK(source.watched_fd_ < 0);
  source.watched_fd_ = fd;
  return {};
}

void Loop::ChangeInterest(EventSource& source, int fd, Interest interest) {
  epoll_event event{.events = EpollBits(interest), .data = {.ptr = &source}};
  SATCHEL_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0);
}

void Loop::Unwatch(EventSource& source) {
  if (source.watched_fd_ < 0) return;
  const int fd = std::exchange(source.watched_fd_, -1);
  SATCHEL_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr) == 0);
}

std::optional<std::int64_t> Loop::NextDeadlineUs() {
  const std::int64_t deadline_us = next_deadline_us_;
  if (deadline_us == kNoDeadline) return std::nullopt;
  return deadline_us;
}

// Asks for a round that begins after the clock has moved, and waits for its end.
void Loop::OnTime(std::int64_t /*now_us*/) {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = ++wanted_rounds_;
  lock.unlock();
  Wake();
  if (in_loop_thread()) return;
  lock.lock();
  caught_up_.wait(lock, [&] { return !running_ || done_rounds_ >= wanted; });
}

void Loop::AdoptSource(std::unique_ptr<EventSource> source) {
  SATCHEL_DCHECK(in_loop_thread());
  EventSource& adopted = *source;
  adopted.loop_ = this;
  adopted.slot_ = sources_.size();
  sources_.push_back(std::move(source));
  adopted.OnAdopted();
}

void Loop::Round(std::chrono::milliseconds max_wait) {
  const std::size_t event_count = Wait(WaitMs(max_wait));
  const std::uint64_t rounds = clock_.is_manual() ? WantedRounds() : 0;
  now_us_ = clock_.NowUs();
  ReadSources(event_count);
  RunPosted();
  RunTimers();
  ServeOwners();
  FlushOutputs();
  ReleaseInput();
  DestroyRetired();
  if (clock_.is_manual()) CatchUp(rounds);
}

void Loop::RunNested(Connection& busy) {
  SATCHEL_CHECK(in_loop_thread() && !nested_);
  nested_ = true;
  busy.SetReading(false);
  ReleaseOthers(busy);
  const std::size_t event_count = Wait(0);
  const std::uint64_t rounds = clock_.is_manual() ? WantedRounds() : 0;
  now_us_ = clock_.NowUs();
  ReadSources(event_count);
  RunPosted();
  RunTimers();
  ServeNested();
  DestroyRetired();
  nested_arena_.Reset();
  busy.SetReading(true);
  nested_ = false;
  if (clock_.is_manual()) CatchUp(rounds);
}

// The others of the round that runs: what is left of their input is served in nested rounds.
void Loop::ReleaseOthers(const Connection& busy) {
  for (Connection* connection : served_) {
    if (connection == &busy || connection->is_closed()) continue;
    connection->ReleaseInput();
    connection->RequestFlush();
    if (!connection->input().empty()) connection->CallAgain();
  }
}

void Loop::ServeNested() {
  std::vector<ConnectionOwner*> owners;
  owners.swap(ready_owners_);
  std::vector<Connection*> served;
  for (ConnectionOwner* owner : owners) {
    std::vector<Connection*> ready;
    for (Connection* connection : owner->ready_) {
      connection->ready_ = false;
      if (!connection->is_closed()) ready.push_back(connection);
    }
    owner->ready_.clear();
    if (!ready.empty()) owner->OnReady(ready);
    served.insert(served.end(), ready.begin(), ready.end());
  }
  for (Connection* connection : served) connection->RequestFlush();
  FlushOutputs();
  for (Connection* connection : served) connection->ReleaseInput();
}

int Loop::WaitMs(std::chrono::milliseconds max_wait) const {
  if (!ready_owners_.empty() || !to_flush_.empty() || !buffered_.empty()) return 0;
  const int longest = static_cast<int>(max_wait.count());
  const auto deadline_us = timers_.NextDeadline();
  if (!deadline_us) return longest;
  if (*deadline_us <= now_us_) return 0;
  if (clock_.is_manual()) return longest;  // it calls OnTime
  const std::int64_t left_ms = (*deadline_us - now_us_ + 999) / 1000;
  return static_cast<int>(std::min<std::int64_t>(left_ms, longest));
}

std::size_t Loop::Wait(int wait_ms) {
  const int found =
      epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), wait_ms);
  SATCHEL_CHECK(found >= 0 || errno == EINTR);
  const std::size_t count = found > 0 ? static_cast<std::size_t>(found) : 0;
  const auto woken = [](const epoll_event& event) { return event.data.ptr == nullptr; };
  if (std::any_of(events_.begin(), events_.begin() + count, woken)) {
    std::uint64_t ignored = 0;
    SATCHEL_CHECK(read(wake_.get(), &ignored, sizeof ignored) == sizeof ignored);
    // After the read: whoever finds the flag still set has done its part before what this
    // round looks at next, the clock and the posted functions.
    wake_pending_.exchange(false);
  }
  return count;
}

void Loop::ReadSources(std::size_t event_count) {
  for (std::size_t i = 0; i < event_count; ++i) {
    auto* const source = static_cast<EventSource*>(events_[i].data.ptr);
    if (source != nullptr && !source->is_retired()) source->OnEvents(EventsOf(events_[i].events));
  }
  connections_now_.swap(buffered_);
  for (Connection* connection : connections_now_) connection->Receive();
  connections_now_.clear();
}

void Loop::RunPosted() {
  std::vector<std::function<void()>> functions;
  {
    std::lock_guard lock(mutex_);
    functions.swap(posted_);
  }
  for (const auto& function : functions) function();
}

void Loop::RunTimers() {
  timers_.Run(now_us_);
  PublishNextDeadline();
}

void Loop::ServeOwners() {
  owners_now_.swap(ready_owners_);
  for (ConnectionOwner* owner : owners_now_) {
    const std::size_t begin = served_.size();
    for (Connection* connection : owner->ready_) {
      connection->ready_ = false;
      if (!connection->is_closed()) served_.push_back(connection);
    }
    owner->ready_.clear();
    if (served_.size() > begin) owner->OnReady(std::span(served_).subspan(begin));
  }
  owners_now_.clear();
  for (Connection* connection : served_) connection->RequestFlush();
}

void Loop::FlushOutputs() {
  connections_now_.swap(to_flush_);
  for (Connection* connection : connections_now_) connection->Flush();
  connections_now_.clear();
}

void Loop::ReleaseInput() {
  for (Connection* connection : served_) connection->ReleaseInput();
  served_.clear();
  arena_.Reset();
}

void Loop::DestroyRetired() {
  if (retired_.empty()) return;
  const auto closed = [](Connection* connection) { return connection->is_closed(); };
  for (ConnectionOwner* owner : ready_owners_) std::erase_if(owner->ready_, closed);
  std::erase_if(ready_owners_, [](ConnectionOwner* owner) { return owner->ready_.empty(); });
  std::erase_if(to_flush_, closed);
  std::erase_if(buffered_, closed);
  std::vector<EventSource*> kept;  // the round around a nested one may still name them
  for (EventSource* source : retired_) {
    Unwatch(*source);
    if (nested_ && std::find(served_.begin(), served_.end(), source) != served_.end()) {
      kept.push_back(source);
      continue;
    }
    std::swap(sources_[source->slot_], sources_.back());
    sources_[source->slot_]->slot_ = source->slot_;
    sources_.pop_back();
  }
  retired_.swap(kept);
}

void Loop::PublishNextDeadline() {
  next_deadline_us_ = timers_.NextDeadline().value_or(kNoDeadline);
}

void Loop::SetRunning(bool running) {
  {
    std::lock_guard lock(mutex_);
    running_ = running;
  }
  caught_up_.notify_all();
}

std::uint64_t Loop::WantedRounds() {
  std::lock_guard lock(mutex_);
  return wanted_rounds_;
}

void Loop::CatchUp(std::uint64_t rounds) {
  {
    std::lock_guard lock(mutex_);
    done_rounds_ = rounds;
  }
  caught_up_.notify_all();
}

void Loop::AddReady(ConnectionOwner& owner, Connection& connection) {
  if (owner.ready_.empty()) ready_owners_.push_back(&owner);
  owner.ready_.push_back(&connection);
}

}  // namespace satchel::net
