// SweepJob: sweeps every interval, on a thread of its own, as long as it lives.
//
// A store in which no repository keeps anything that could be due is left alone: no lock is taken
// and nothing is written. Such an interval costs four EXISTS.

#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

#include "repos/sweeper.h"

namespace satchel::repos {

struct SweepJobOptions {
  SweepOptions sweep = {};
  std::chrono::milliseconds interval = std::chrono::minutes(1);
  // Whether a key is there, in place of EXISTS: for a server whose statistics are not to show it.
  std::function<bool(const std::string& key)> exists = {};
  // After each sweep, on the thread of the job; also when another process swept, and on errors.
  std::function<void(const Result<SweepReport>& report)> on_sweep = {};
};

class SweepJob {
 public:
  // The provider outlives it. Requires a positive interval. The first sweep comes after one
  // interval.
  SweepJob(Provider& repos, SweepJobOptions options);
  // Waits for the end of the batch under way.
  ~SweepJob();
  SweepJob(const SweepJob&) = delete;
  SweepJob& operator=(const SweepJob&) = delete;

  // When it last swept or had nothing to sweep, unix us; 0: not yet.
  std::int64_t last_run_us() const { return last_run_us_; }

 private:
  void Loop();
  // Whether any repository keeps something that may be due.
  Result<bool> HasWork() const;

  Provider& repos_;  // borrowed
  const SweepJobOptions options_;
  std::atomic<std::int64_t> last_run_us_{0};
  std::stop_source stop_;
  std::thread thread_;
};

}  // namespace satchel::repos
