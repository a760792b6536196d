// Locks with a time to live and a fence, for what must not happen twice at once.
//
// Keys, L = ns ":lock:{lk:T:<resource>}":
//   L:h  STRING token of the holder, 32 hex digits, with the ttl      L:f  STRING last fence
// A repository may use a pair of keys of its own, of one tag.
//
// A fence is greater than every earlier one of its resource: max(stored + 1, now in ms), stored
// for 7 days. There is one authority per lock and no promise of fairness: a holder that stood
// still past its ttl learns of its loss only afterwards, so what it writes must carry the fence.
//
// Renewal: every ttl / 3 until release, on a thread of the manager (inside Advance with a manual
// clock), whatever the acquiring thread does; errors of the store are tried again until the
// deadline.
// Atomic: each call is one script. Errors: those of the store, and what the methods name.
// Thread: any.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "repos/options.h"
#include "store/store.h"

namespace satchel::repos {

// What a lock is for; metrics tell these apart.
enum class LockKind : std::uint8_t { kRow, kNamed, kSession };

struct LockOptions {
  std::optional<std::chrono::milliseconds> ttl = {};  // empty: the manager's default
  std::chrono::milliseconds wait{0};                  // 0: one try
  // Called once when the lock is found lost, on a thread of the manager or in Refresh or
  // Release. It may not destroy the lock.
  std::function<void()> on_lost = {};
  LockKind kind = LockKind::kNamed;
};

struct LockTimes {
  std::chrono::milliseconds default_ttl = std::chrono::seconds(30);
  std::chrono::milliseconds min_ttl{100};  // shorter ones are refused
};

struct LockKeys {
  std::string holder;
  std::string fence;
};

class LockState;
class LockCore;

// A held lock. Destruction releases it.
class Lock {
 public:
  Lock(Lock&&) noexcept;
  Lock& operator=(Lock&&) noexcept;
  ~Lock();

  std::uint64_t fence() const;
  const std::string& token() const;
  const LockKeys& keys() const;
  // False from the local deadline on, whatever the renewal does. No round trip.
  bool IsHeld() const;
  // A whole ttl from now. Errors: kLockNotHeld after Release; kLockNotOwned once it is lost.
  Result<void> Refresh();
  // Deletes its own token only. Errors: kLockNotHeld after Release; kLockNotOwned once it is lost.
  Result<void> Release();

 private:
  friend class LockManager;
  Lock(std::shared_ptr<LockCore> core, std::shared_ptr<LockState> state);

  std::shared_ptr<LockCore> core_;
  std::shared_ptr<LockState> state_;
};

class LockManager {
 public:
  // Requires legal options; see CheckRepoOptions.
  explicit LockManager(store::Store& store, RepoOptions options = {}, LockTimes times = {});
  ~LockManager();

  // Takes the lock, or waits for it: tries again after up to 5 ms, doubling to 250 ms, full
  // jitter. Errors: kInvalidArgument (ttl, wait, resource), kLockTimeout. One round trip a try.
  Result<Lock> Acquire(std::string_view resource, const LockOptions& options = {});
  // The same on keys of a repository; `resource` names them in errors.
  Result<Lock> AcquireKeys(LockKeys keys, std::string_view resource, const LockOptions& options);

  LockKeys KeysOf(std::string_view resource) const;

 private:
  const RepoOptions options_;
  const LockTimes times_;
  std::shared_ptr<LockCore> core_;
};

}  // namespace satchel::repos
