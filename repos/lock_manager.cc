#include "repos/lock_manager.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/fields.h"
#include "repos/keys.h"
#include "repos/metrics.h"
#include "repos/scripts.h"
#include "repos/span.h"

namespace satchel::repos {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds kFenceTtl = std::chrono::hours(7 * 24);
constexpr std::uint64_t kFirstWaitMs = 5;
constexpr std::uint64_t kLongestWaitMs = 250;

Error LockError(ErrorCode code, std::string_view text, const std::string& resource) {
  Error error = MakeError(code, "lock: " + std::string(text));
  error.subject = resource;
  return error;
}

}  // namespace

// One acquisition. `mutex` guards what follows it.
class LockState {
 public:
  enum class Status : std::uint8_t { kHeld, kReleased, kLost };

  LockState(const Meter& meter_of_store, LockKind kind_of_lock, const Clock& clock_of_store)
      : meter(meter_of_store), kind(kind_of_lock), clock(clock_of_store) {}

  const Meter meter;
  const LockKind kind;
  const Clock& clock;  // borrowed
  std::int64_t taken_ticks = 0;
  LockKeys keys;
  std::string resource;
  std::string token;
  milliseconds ttl{};
  std::uint64_t fence = 0;
  std::function<void()> on_lost;

  std::mutex mutex;
  Status status = Status::kHeld;
  bool release_counted = false;
  std::int64_t deadline_us = 0;
  std::int64_t renew_at_us = 0;

  void Held(std::int64_t since_us) {
    const std::int64_t ttl_us = std::chrono::microseconds(ttl).count();
    const std::lock_guard lock(mutex);
    deadline_us = since_us + ttl_us;
    renew_at_us = since_us + ttl_us / 3;
  }
  void CountRelease(LockEnd end) {
    {
      const std::lock_guard lock(mutex);
      if (std::exchange(release_counted, true)) return;
    }
    meter.Add(Family::kLockReleased, 1, kind, end);
    if (end == LockEnd::kOk) CountHold();
  }
  void CountHold() const {
    if (!meter.is_on()) return;
    const std::int64_t held = std::max<std::int64_t>(clock.Ticks() - taken_ticks, 0);
    meter.Observe(Family::kLockHold, static_cast<std::uint64_t>(held), kind);
  }
  // Once only.
  void Lose() {
    {
      const std::lock_guard lock(mutex);
      if (status != Status::kHeld) return;
      status = Status::kLost;
    }
    meter.Add(Family::kLockLost, 1, kind);
    CountHold();
    if (on_lost) on_lost();
  }
};

// What a manager and its locks share: the store, the clock and the renewal.
class LockCore final : public TimeListener {
 public:
  LockCore(store::Store& given, const RepoOptions& options)
      : store(given), clock(*options.clock), random(*options.random), meter(options, given) {
    if (clock.is_manual()) clock.Attach(this);
  }
  ~LockCore() override {
    if (clock.is_manual()) clock.Detach(this);
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (renewer_.joinable()) renewer_.join();
  }

  void Add(std::shared_ptr<LockState> state) {
    const std::lock_guard lock(mutex_);
    states_.push_back(std::move(state));
    if (!clock.is_manual() && !renewer_.joinable()) renewer_ = std::thread([this] { Loop(); });
    changed_.notify_all();
  }
  void Remove(const LockState* state) {
    const std::lock_guard lock(mutex_);
    std::erase_if(states_, [state](const auto& held) { return held.get() == state; });
  }

  std::optional<std::int64_t> NextDeadlineUs() override {
    const std::lock_guard lock(mutex_);
    return NextLocked();
  }
  void OnTime(std::int64_t) override { RenewDue(); }

  // A whole ttl from now, if the token is still there.
  Result<bool> Extend(LockState& state) {
    const std::int64_t since_us = clock.NowUs();
    const std::vector<std::string> keys = {state.keys.holder};
    const std::vector<std::string> args = {state.token, FormatInt(state.ttl.count())};
    const auto reply = RunScript(store, "lock_extend", keys, args);
    const bool extended = reply && reply->integer == 1;
    const LockEnd end = extended ? LockEnd::kOk : reply ? LockEnd::kLost : LockEnd::kError;
    meter.Add(Family::kLockRefresh, 1, state.kind, end);
    if (!reply) return reply.error();
    if (extended) state.Held(since_us);
    return extended;
  }

  // Removes the holder if it is still this one: 1; else 0.
  Result<ReplyValue> Free(const LockState& state) {
    const std::vector<std::string> keys = {state.keys.holder};
    const std::vector<std::string> args = {state.token};
    return RunScript(store, "lock_free", keys, args);
  }
  // Whether a call that failed so may have been done.
  static bool IsInDoubt(ErrorCode code) {
    return code == ErrorCode::kMaybeExecuted || code == ErrorCode::kTimeout;
  }

  store::Store& store;   // borrowed
  Clock& clock;          // borrowed
  SharedRandom& random;  // borrowed
  const Meter meter;

 private:
  std::optional<std::int64_t> NextLocked() {
    std::optional<std::int64_t> next;
    for (const auto& state : states_) {
      const std::lock_guard lock(state->mutex);
      if (state->status != LockState::Status::kHeld) continue;
      const std::int64_t at = std::min(state->renew_at_us, state->deadline_us);
      if (!next || at < *next) next = at;
    }
    return next;
  }

  void RenewDue() {
    std::vector<std::shared_ptr<LockState>> due;
    const std::int64_t now_us = clock.NowUs();
    {
      const std::lock_guard lock(mutex_);
      for (const auto& state : states_) {
        const std::lock_guard of_state(state->mutex);
        const bool held = state->status == LockState::Status::kHeld;
        if (held && std::min(state->renew_at_us, state->deadline_us) <= now_us) {
          due.push_back(state);
        }
      }
    }
    for (const auto& state : due) Renew(*state);
  }

  void Renew(LockState& state) {
    if (Expired(state)) return state.Lose();
    const Result<bool> extended = Extend(state);
    if (extended && !*extended) return state.Lose();
    if (extended) return;
    // The store cannot be asked now: once more soon, until the deadline.
    const std::int64_t soon_us = std::chrono::microseconds(state.ttl).count() / 20;
    const std::lock_guard lock(state.mutex);
    state.renew_at_us =
        std::min(clock.NowUs() + std::max<std::int64_t>(soon_us, 1000), state.deadline_us);
  }
  bool Expired(LockState& state) {
    const std::lock_guard lock(state.mutex);
    return clock.NowUs() >= state.deadline_us;
  }

  void Loop() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      const auto next = NextLocked();
      if (clock.WaitUntil(lock, changed_, next)) continue;
      if (stopping_) return;
      lock.unlock();
      RenewDue();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<LockState>> states_;  // guarded by mutex_
  bool stopping_ = false;                           // guarded by mutex_
  std::thread renewer_;                             // with a real clock, from the first lock on
};

Lock::Lock(std::shared_ptr<LockCore> core, std::shared_ptr<LockState> state)
    : core_(std::move(core)), state_(std::move(state)) {}
Lock::Lock(Lock&&) noexcept = default;

Lock& Lock::operator=(Lock&& other) noexcept {
  if (this == &other) return *this;
  if (state_ != nullptr) (void)Release();
  core_ = std::move(other.core_);
  state_ = std::move(other.state_);
  return *this;
}

Lock::~Lock() {
  if (state_ != nullptr) (void)Release();
}

std::uint64_t Lock::fence() const { return state_->fence; }
const std::string& Lock::token() const { return state_->token; }
const LockKeys& Lock::keys() const { return state_->keys; }

bool Lock::IsHeld() const {
  const std::lock_guard lock(state_->mutex);
  return state_->status == LockState::Status::kHeld && core_->clock.NowUs() < state_->deadline_us;
}

namespace {

Result<void> CheckHeld(LockState& state) {
  const std::lock_guard lock(state.mutex);
  if (state.status == LockState::Status::kReleased) {
    return LockError(ErrorCode::kLockNotHeld, "released", state.resource);
  }
  if (state.status == LockState::Status::kLost) {
    return LockError(ErrorCode::kLockNotOwned, "lost", state.resource);
  }
  return {};
}

}  // namespace

Result<void> Lock::Refresh() {
  SATCHEL_TRY(CheckHeld(*state_));
  SATCHEL_ASSIGN(const bool extended, core_->Extend(*state_));
  if (extended) return {};
  state_->Lose();
  return LockError(ErrorCode::kLockNotOwned, "lost", state_->resource);
}

Result<void> Lock::Release() {
  if (auto held = CheckHeld(*state_); !held) {
    // A lost lock cannot be released; a released one was counted.
    if (held.error().code == ErrorCode::kLockNotOwned) state_->CountRelease(LockEnd::kLost);
    return held;
  }
  core_->Remove(state_.get());
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->status == LockState::Status::kHeld) state_->status = LockState::Status::kReleased;
  }
  const auto reply = core_->Free(*state_);
  const bool released = reply && reply->integer == 1;
  state_->CountRelease(released ? LockEnd::kOk : reply ? LockEnd::kLost : LockEnd::kError);
  if (!reply) return reply.error();
  if (released) return {};
  {
    const std::lock_guard lock(state_->mutex);
    state_->status = LockState::Status::kHeld;  // so that the loss is told, once
  }
  state_->Lose();
  return LockError(ErrorCode::kLockNotOwned, "lost", state_->resource);
}

LockManager::LockManager(store::Store& store, RepoOptions options, LockTimes times)
    : options_(std::move(options)),
      times_(times),
      core_(std::make_shared<LockCore>(store, options_)) {
  SATCHEL_CHECK(CheckRepoOptions(options_).has_value());
}

LockManager::~LockManager() = default;

LockKeys LockManager::KeysOf(std::string_view resource) const {
  const std::string base = options_.Base("lock", "lk", {resource});
  return {.holder = base + ":h", .fence = base + ":f"};
}

Result<Lock> LockManager::Acquire(std::string_view resource, const LockOptions& options) {
  return Counted(options_, core_->store, RepoOp::kLockAcquire, [&]() -> Result<Lock> {
    SATCHEL_TRY(CheckComponent("resource", resource));
    return AcquireKeys(KeysOf(resource), resource, options);
  });
}

Result<Lock> LockManager::AcquireKeys(LockKeys keys, std::string_view resource,
                                      const LockOptions& options) {
  const milliseconds ttl = options.ttl.value_or(times_.default_ttl);
  if (ttl < times_.min_ttl) return Invalid("ttl", "below the least time to live");
  SATCHEL_TRY(CheckSpan("ttl", ttl));
  if (options.wait.count() < 0) return Invalid("wait", "must not be negative");
  if (options.wait > kLongestSpan) return Invalid("wait", "must be a hundred years at most");
  auto state = std::make_shared<LockState>(core_->meter, options.kind, core_->clock);
  state->keys = std::move(keys);
  state->resource = resource;
  state->token = core_->random.Hex(16);
  state->ttl = ttl;
  state->on_lost = options.on_lost;
  const std::vector<std::string> pair = {state->keys.holder, state->keys.fence};
  const std::int64_t give_up_us =
      core_->clock.NowUs() + std::chrono::microseconds(options.wait).count();
  const std::int64_t asked = core_->clock.Ticks();
  const auto count = [&](Family family) {
    state->taken_ticks = core_->clock.Ticks();
    core_->meter.Add(family, 1, options.kind);
    core_->meter.Observe(Family::kLockWait, static_cast<std::uint64_t>(state->taken_ticks - asked),
                         options.kind);
  };
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  for (std::uint64_t longest = kFirstWaitMs;; longest = std::min(2 * longest, kLongestWaitMs)) {
    const std::int64_t since_us = core_->clock.NowUs();
    const std::vector<std::string> args = {state->token, FormatInt(ttl.count()),
                                           FormatInt(since_us / 1000),
                                           FormatInt(kFenceTtl.count())};
    const auto reply = RunScript(core_->store, "lock_take", pair, args);
    if (!reply) {
      // It may have been taken for somebody who does not know it.
      if (LockCore::IsInDoubt(reply.error().code)) (void)core_->Free(*state);
      return reply.error();
    }
    if (const auto fence = UintOf(*reply); fence && *fence > 0) {
      state->fence = *fence;
      state->Held(since_us);
      count(Family::kLockAcquired);
      core_->Add(state);
      return Lock(core_, std::move(state));
    }
    if (since_us >= give_up_us) {
      count(Family::kLockTimeout);
      return LockError(ErrorCode::kLockTimeout, "held by another", state->resource);
    }
    const auto pause_us = static_cast<std::int64_t>(core_->random.Below(longest * 1000)) + 1000;
    const std::int64_t next_us = std::min(since_us + pause_us, give_up_us);
    while (core_->clock.WaitUntil(lock, never, next_us)) {
    }
  }
}

}  // namespace satchel::repos
