// Health: whether a program lives, and whether it can serve, from what was found a moment ago.
//
// A round of checks asks the store in the process about its snapshots, memory and disk, a remote
// store by a probe, and the sweeper when it last ran. Readers get what the last round found: they
// wait for nothing. Rounds are done by Watch, on a thread of its own, or by whoever calls Check.
//
// A probe is PING, then SET (10 s), GET and DEL of `ns:health:{hp:<16 random hex>}:p`: two programs
// on one server do not meet, and a DEL that fails costs nothing.
// Thread: any; one at a time calls Check.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "repos/options.h"
#include "store/embedded/vitals.h"
#include "store/store.h"

namespace satchel::repos {

// One thing that was looked at.
struct HealthCheck {
  bool ok = true;
  bool is_warning = false;  // does not make a program unready
  std::string details;      // members of a JSON object: "\"age_s\":12"; no keys, no addresses

  bool operator==(const HealthCheck&) const = default;
};

struct HealthReport {
  std::string mode;          // "standalone", "distributed"
  std::string store_driver;  // "embedded", "redis", both with a comma
  std::int64_t uptime_s = 0;
  bool has_checked = false;                        // a round was done
  std::map<std::string, HealthCheck> checks = {};  // those that apply

  // There was a round, and no check that counts failed in the last one.
  bool is_ready() const;
  // {"status": "ready" or "not_ready", "mode", "store_driver", "uptime_s", "checks": {NAME: {"ok",
  // ...}}}, with a line end.
  std::string ToJson() const;

  bool operator==(const HealthReport&) const = default;
};

struct HealthOptions {
  RepoOptions repo = {};
  std::string mode = "standalone";
  std::function<store::Vitals()> vitals = {};  // of the store in the process; empty: none
  store::Store* remote = nullptr;              // borrowed; null: none
  std::chrono::milliseconds remote_interval = std::chrono::seconds(5);
  // Each step of a probe. A remote store that has not answered one for 15 s is not ok.
  std::chrono::milliseconds remote_timeout = std::chrono::seconds(2);
  std::chrono::milliseconds sweep_interval{0};  // 0: nobody sweeps
  std::function<std::int64_t()> last_sweep_us = {};
  // What else must make progress, by name: the unix time in us when it last did.
  std::map<std::string, std::function<std::int64_t()>> pulses = {};
};

class Health {
 public:
  explicit Health(HealthOptions options);

  // One round. As long as the slowest check takes.
  void Check();
  // Rounds, one a second, until told to stop.
  void Watch(const std::stop_token& stop);

  // What has made no progress for 5 s, the rounds of checks among it; none: the program lives.
  std::vector<std::string> Stalled() const;
  // {"status": "live" or "stalled", "stalled": [NAME, ...]}, with a line end.
  std::string LiveJson() const;
  HealthReport Read() const;

 private:
  std::map<std::string, HealthCheck> LookAtStore(const store::Vitals& vitals);
  HealthCheck LookAtRemote();
  HealthCheck LookAtSweeper() const;
  std::int64_t NowUs() const { return options_.repo.clock->NowUs(); }

  const HealthOptions options_;
  const std::int64_t started_us_;
  std::optional<std::int64_t> dirty_since_us_;  // who calls Check has these three
  std::int64_t probed_us_ = 0;
  HealthCheck remote_{.ok = false, .details = "\"last_error\":\"not probed yet\""};
  std::int64_t remote_ok_us_ = 0;

  mutable std::mutex mutex_;
  std::map<std::string, HealthCheck> checks_;  // guarded by mutex_
  std::int64_t round_us_;                      // guarded by mutex_: when the last round ended
  bool has_checked_ = false;                   // guarded by mutex_
};

// Asks a remote store whether it can be read and written. Errors: those of the store; kUnavailable
// when it gives back something else than was written.
Result<void> ProbeStore(store::Store& store, const RepoOptions& repo,
                        std::chrono::milliseconds timeout);

}  // namespace satchel::repos
