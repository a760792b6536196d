#include "repos/sweep_job.h"

#include <condition_variable>
#include <mutex>

#include "base/check.h"

namespace satchel::repos {

SweepJob::SweepJob(Provider& repos, SweepJobOptions options)
    : repos_(repos), options_(std::move(options)) {
  SATCHEL_CHECK(options_.interval.count() > 0);
  thread_ = std::thread([this] { Loop(); });
}

SweepJob::~SweepJob() {
  stop_.request_stop();
  thread_.join();
}

Result<bool> SweepJob::HasWork() const {
  const RepoOptions& repo = options_.sweep.repo;
  const std::pair<store::Component, std::string> registries[] = {
      {store::Component::kWorkflow, repo.Base("gc", "gc") + ":due"},
      {store::Component::kWorkflow, repo.Base("wf", "wi") + ":wids"},
      {store::Component::kTasksBackend, repo.Base("tb", "to") + ":owners"},
      {store::Component::kCheckpoint, repo.Base("ckpt", "ct") + ":threads"}};
  for (const auto& [component, key] : registries) {
    if (options_.exists) {
      if (options_.exists(key)) return true;
      continue;
    }
    SATCHEL_ASSIGN(const ReplyValue found, repos_.StoreFor(component).Run({"EXISTS", key}));
    if (found.integer > 0) return true;
  }
  return false;
}

void SweepJob::Loop() {
  Clock& clock = *options_.sweep.repo.clock;
  Sweeper sweeper(repos_, options_.sweep);
  std::mutex mutex;
  std::condition_variable stopped;
  const std::stop_callback wake(stop_.get_token(), [&] {
    const std::lock_guard guard(mutex);
    stopped.notify_all();
  });
  std::unique_lock lock(mutex);
  while (!stop_.stop_requested()) {
    const std::int64_t next_us = clock.NowUs() + options_.interval.count() * 1000;
    while (!stop_.stop_requested() && clock.WaitUntil(lock, stopped, next_us)) {
    }
    if (stop_.stop_requested()) return;
    lock.unlock();
    const auto has_work = HasWork();
    bool ok = has_work.has_value();
    if (!has_work || *has_work) {
      const Result<SweepReport> report =
          has_work ? sweeper.Run(stop_.get_token()) : Result<SweepReport>(has_work.error());
      ok = report.has_value();
      if (options_.on_sweep) options_.on_sweep(report);
    }
    if (ok) last_run_us_ = clock.NowUs();
    lock.lock();
  }
}

}  // namespace satchel::repos
