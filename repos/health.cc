#include "repos/health.h"

#include <fmt/format.h>

#include <condition_variable>

#include "base/text.h"
#include "repos/json.h"

namespace satchel::repos {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kStalledUs = 5 * kSecondUs;
constexpr std::int64_t kRemoteStaleUs = 15 * kSecondUs;
constexpr int kSweepsMissed = 10;

std::string ErrorMember(const std::string& text) {
  return text.empty() ? std::string() : ",\"last_error\":" + JsonString(text);
}

}  // namespace

bool HealthReport::is_ready() const {
  for (const auto& [name, check] : checks) {
    if (!check.ok && !check.is_warning) return false;
  }
  return has_checked;
}

std::string HealthReport::ToJson() const {
  std::string members;
  for (const auto& [name, check] : checks) {
    members += fmt::format("{}{}:{{\"ok\":{}{}{}{}}}", members.empty() ? "" : ",", JsonString(name),
                           check.ok, check.is_warning ? ",\"warning_only\":true" : "",
                           check.details.empty() ? "" : ",", check.details);
  }
  return fmt::format(
      "{{\"status\":\"{}\",\"mode\":{},\"store_driver\":{},\"uptime_s\":{},\"checks\":{{{}}}}}\n",
      is_ready() ? "ready" : "not_ready", JsonString(mode), JsonString(store_driver), uptime_s,
      members);
}

Health::Health(HealthOptions options)
    : options_(std::move(options)), started_us_(NowUs()), round_us_(started_us_) {}

std::map<std::string, HealthCheck> Health::LookAtStore(const store::Vitals& vitals) {
  std::map<std::string, HealthCheck> checks;
  if (vitals.max_bytes > 0) {
    checks["memory"] = {.ok = vitals.used_bytes < vitals.max_bytes,
                        .details = fmt::format("\"used_bytes\":{},\"limit_bytes\":{}",
                                               vitals.used_bytes, vitals.max_bytes)};
  }
  if (!vitals.keeps_data) return checks;
  checks["restore"] = {.details = fmt::format("\"keys\":{}", vitals.keys_loaded)};
  checks["disk"] = {.ok = vitals.free_bytes >= vitals.min_free_bytes,
                    .details = fmt::format("\"free_bytes\":{},\"min_free_bytes\":{}",
                                           vitals.free_bytes, vitals.min_free_bytes)};
  // A store in which nothing changes has nothing to save.
  const std::int64_t now_us = NowUs();
  if (vitals.unsaved_changes == 0) {
    dirty_since_us_.reset();
  } else if (!dirty_since_us_) {
    dirty_since_us_ = now_us;
  }
  const std::int64_t limit_us = 2 * vitals.snapshot_interval.count() * 1000;
  if (limit_us == 0 || now_us - started_us_ < limit_us) return checks;
  const std::int64_t since_us =
      dirty_since_us_ ? std::max(*dirty_since_us_, vitals.last_snapshot_ms * 1000) : now_us;
  const std::int64_t age_us = now_us - since_us;
  checks["snapshot_age"] = {
      .ok = age_us < limit_us,
      .details = fmt::format("\"age_s\":{},\"limit_s\":{}{}", age_us / kSecondUs,
                             limit_us / kSecondUs, ErrorMember(vitals.last_snapshot_error))};
  return checks;
}

HealthCheck Health::LookAtRemote() {
  const std::int64_t now_us = NowUs();
  if (probed_us_ == 0 || now_us - probed_us_ >= options_.remote_interval.count() * 1000) {
    const auto probed = ProbeStore(*options_.remote, options_.repo, options_.remote_timeout);
    probed_us_ = now_us;
    if (probed) remote_ok_us_ = NowUs();
    remote_ = probed ? HealthCheck{.details = fmt::format("\"probe_us\":{}", NowUs() - now_us)}
                     : HealthCheck{.ok = false,
                                   .details = fmt::format("\"last_error\":\"{}\"",
                                                          ErrorCodeName(probed.error().code))};
  }
  HealthCheck check = remote_;
  if (NowUs() - remote_ok_us_ > kRemoteStaleUs) check.ok = false;
  return check;
}

HealthCheck Health::LookAtSweeper() const {
  const std::int64_t last_us = options_.last_sweep_us ? options_.last_sweep_us() : 0;
  const std::int64_t age_us = NowUs() - std::max(last_us, started_us_);
  return {.ok = age_us <= kSweepsMissed * options_.sweep_interval.count() * 1000,
          .is_warning = true,
          .details = fmt::format("\"age_s\":{}", age_us / kSecondUs)};
}

void Health::Check() {
  std::map<std::string, HealthCheck> checks;
  if (options_.vitals) checks = LookAtStore(options_.vitals());
  if (options_.remote != nullptr) checks["remote"] = LookAtRemote();
  if (options_.sweep_interval.count() > 0) checks["sweeper"] = LookAtSweeper();
  const std::lock_guard guard(mutex_);
  checks_ = std::move(checks);
  round_us_ = NowUs();
  has_checked_ = true;
}

void Health::Watch(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable stopped;
  const std::stop_callback wake(stop, [&] {
    const std::lock_guard guard(mutex);
    stopped.notify_all();
  });
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    lock.unlock();
    const std::int64_t next_us = NowUs() + kSecondUs;
    Check();
    lock.lock();
    while (!stop.stop_requested() && options_.repo.clock->WaitUntil(lock, stopped, next_us)) {
    }
  }
}

std::vector<std::string> Health::Stalled() const {
  const std::int64_t since_us = NowUs() - kStalledUs;
  std::vector<std::string> names;
  {
    const std::lock_guard guard(mutex_);
    if (round_us_ < since_us) names.emplace_back("checks");
  }
  for (const auto& [name, last_us] : options_.pulses) {
    if (last_us() < since_us) names.push_back(name);
  }
  return names;
}

std::string Health::LiveJson() const {
  const std::vector<std::string> stalled = Stalled();
  std::string names;
  for (const std::string& name : stalled) names += (names.empty() ? "" : ",") + JsonString(name);
  return fmt::format("{{\"status\":\"{}\",\"stalled\":[{}]}}\n",
                     stalled.empty() ? "live" : "stalled", names);
}

HealthReport Health::Read() const {
  HealthReport report{.mode = options_.mode, .uptime_s = (NowUs() - started_us_) / kSecondUs};
  if (options_.vitals) report.store_driver = "embedded";
  if (options_.remote != nullptr) {
    report.store_driver +=
        (report.store_driver.empty() ? "" : ",") + std::string(options_.remote->driver());
  }
  const std::lock_guard guard(mutex_);
  report.has_checked = has_checked_;
  report.checks = checks_;
  return report;
}

Result<void> ProbeStore(store::Store& store, const RepoOptions& repo,
                        std::chrono::milliseconds timeout) {
  const store::CallOptions options{.timeout = timeout};
  const std::string token = repo.random->Hex(8);
  const std::string key = repo.Namespace() + ":health:{hp:" + token + "}:p";
  SATCHEL_TRY(store.Run({"PING"}, options));
  SATCHEL_TRY(store.Run({"SET", key, token, "PX", "10000"}, options));
  SATCHEL_ASSIGN(const ReplyValue held, store.Run({"GET", key}, options));
  (void)store.Run({"DEL", key}, options);  // it expires
  if (held.text != token) {
    return MakeError(ErrorCode::kUnavailable, "a probe was not read as it was written");
  }
  return {};
}

}  // namespace satchel::repos
