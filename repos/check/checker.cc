#include "repos/check/checker.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/check.h"
#include "base/text.h"
#include "repos/check/saved_state.h"
#include "repos/errors.h"
#include "repos/metrics.h"

namespace satchel::repos::check {
namespace {

constexpr int kMostRepairs = 3;
constexpr std::int64_t kSaveEveryUs = 5'000'000;
// More differences than these are settled before the walk goes on.
constexpr std::size_t kMostWaiting = 10'000;

bool Holds(const std::vector<Finding>& findings, const Finding& wanted) {
  return std::ranges::any_of(findings, [&](const Finding& one) { return one.IsSame(wanted); });
}

}  // namespace

Checker::Checker(StoreOf store_of, CheckOptions options)
    : store_of_(std::move(store_of)), options_(std::move(options)) {
  SATCHEL_CHECK(options_.rate > 0 && options_.batch > 0 && !options_.entities.empty());
  report_.started_ms = options_.repo.clock->NowMs();
  report_.dry_run = !options_.repair;
  for (const Entity entity : options_.entities) {
    const std::string driver(store_of_(ComponentOf(entity)).driver());
    if (report_.store_driver.find(driver) != std::string::npos) continue;
    report_.store_driver += (report_.store_driver.empty() ? "" : ",") + driver;
  }
}

Checker::~Checker() = default;

std::string Checker::Saved() const {
  SavedState state{.entities = options_.entities,
                   .tenant = options_.all_tenants ? "*" : "=" + options_.repo.tenant,
                   .instance = instance_,
                   .at = at_,
                   .position = position_,
                   .report = report_};
  return state.ToText();
}

Result<void> Checker::Resume(std::string_view text) {
  SATCHEL_ASSIGN(SavedState state, SavedState::FromText(text));
  const std::string tenant = options_.all_tenants ? "*" : "=" + options_.repo.tenant;
  if (state.entities != options_.entities || state.tenant != tenant ||
      state.report.dry_run != !options_.repair ||
      state.report.store_driver != report_.store_driver) {
    return Invalid("resume", "belongs to a check of other entities, tenants, stores, or repairs");
  }
  report_ = std::move(state.report);
  at_ = state.at;
  position_ = state.position;
  saved_instance_ = state.instance;
  return {};
}

// Cursors mean nothing to another process.
Result<std::string> Checker::Instance() {
  SATCHEL_ASSIGN(const ReplyValue info, StoreOfEntity().Run({"INFO", "server"}));
  for (const std::string_view line : Split(info.text, '\n')) {
    if (line.starts_with("run_id:")) return std::string(Trim(line.substr(7)));
  }
  return std::string();
}

Result<Report> Checker::Run(const std::stop_token& stop) {
  saved_us_ = NowUs();
  while (at_ < options_.entities.size()) {
    SATCHEL_ASSIGN(instance_, Instance());
    if (!saved_instance_.empty() && saved_instance_ != instance_) {
      position_ = {};
      report_.entities.erase(entity());
      std::erase_if(report_.samples, [&](const Sample& one) { return one.entity == entity(); });
    }
    saved_instance_.clear();
    report_.entities[entity()];
    SATCHEL_TRY(RunEntity(stop));
    if (stop.stop_requested()) break;
    position_ = {};
    ++at_;
  }
  report_.complete = at_ == options_.entities.size();
  report_.finished_ms = options_.repo.clock->NowMs();
  if (!report_.complete) {
    SATCHEL_TRY(Save(true));
    return report_;
  }
  for (const auto& [entity, counts] : report_.entities) {
    const Meter meter(options_.repo, store_of_(ComponentOf(entity)));
    for (std::size_t i = 0; i < kKinds; ++i) {
      const auto found = counts.findings.find(static_cast<Kind>(i));
      meter.Set(Family::kDriftFindings, found == counts.findings.end() ? 0 : found->second, entity,
                i);
    }
  }
  return report_;
}

Result<void> Checker::RunEntity(const std::stop_token& stop) {
  check_ = MakeCheck(entity(), {StoreOfEntity(), options_.repo, options_.all_tenants});
  open_.clear();
  waiting_ = 0;
  aftermath_.clear();
  Walker walker(*check_, StoreOfEntity(), options_.batch, position_);
  while (!stop.stop_requested()) {
    SATCHEL_ASSIGN(auto page, walker.Next());
    if (!page) break;
    const std::size_t things = page->things.size();
    SATCHEL_TRY(Take(std::move(*page)));
    SATCHEL_TRY(Settle(stop, waiting_ > kMostWaiting));
    SATCHEL_TRY(Save(false));
    Pace(things, stop);
  }
  SATCHEL_TRY(Settle(stop, true));
  return RunAftermath(stop);
}

Result<std::vector<std::vector<Finding>>> Checker::LookAt(const std::vector<Thing>& things) {
  std::vector<std::vector<Finding>> found(things.size());
  Rounds rounds;
  for (std::size_t i = 0; i < things.size(); ++i) check_->Look(things[i], rounds, found[i]);
  SATCHEL_TRY(rounds.Run(StoreOfEntity()));
  return found;
}

Result<void> Checker::Take(ThingPage page) {
  SATCHEL_ASSIGN(auto found, LookAt(page.things));
  Open open;
  open.after = page.after;
  open.due_us = NowUs() + options_.settle.count() * 1000;
  (page.is_canonical ? open.counts.objects : open.counts.index_members) = page.things.size();
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i].empty()) open.suspects.push_back({page.things[i], std::move(found[i])});
  }
  open.broken = std::move(page.broken);
  waiting_ += open.suspects.size();
  open_.push_back(std::move(open));
  if (options_.on_progress) {
    EntityReport counts = report_.entities[entity()];
    for (const Open& one : open_) counts.Add(one.counts);
    options_.on_progress(entity(), counts);
  }
  return {};
}

// Adds the pages whose differences have had their time, in order.
Result<void> Checker::Settle(const std::stop_token& stop, bool all) {
  while (!open_.empty()) {
    Open& open = open_.front();
    if (!open.suspects.empty() && open.due_us > NowUs()) {
      if (!all) return {};
      Wait(open.due_us, stop);
      if (stop.stop_requested()) return {};
      continue;
    }
    const std::size_t suspects = open.suspects.size();
    SATCHEL_TRY(Confirm(open));
    report_.entities[entity()].Add(open.counts);
    position_ = open.after;
    waiting_ -= suspects;
    open_.pop_front();
    if (suspects > 0) Pace(suspects, stop);
    if (stop.stop_requested()) return {};
  }
  return {};
}

Result<void> Checker::Confirm(Open& open) {
  if (options_.settle.count() > 0 && !open.suspects.empty()) {
    std::vector<Thing> things;
    for (const Suspect& suspect : open.suspects) things.push_back(suspect.thing);
    SATCHEL_ASSIGN(auto again, LookAt(things));
    for (std::size_t i = 0; i < again.size(); ++i) {
      std::erase_if(again[i], [&](const Finding& finding) {
        return !Holds(open.suspects[i].findings, finding);
      });
      open.suspects[i].findings = std::move(again[i]);
    }
  }
  Count({{}, std::move(open.broken)}, open.counts);
  for (Suspect& suspect : open.suspects) {
    if (suspect.findings.empty()) continue;
    if (options_.repair) {
      SATCHEL_TRY(Repair(suspect, open.counts));
    } else {
      Count(suspect, open.counts);
    }
  }
  return {};
}

void Checker::Count(const Suspect& suspect, EntityReport& counts) {
  for (const Finding& finding : suspect.findings) {
    ++counts.findings[finding.kind];
    ++counts.unrepaired;
    if (report_.samples.size() >= options_.max_samples) continue;
    report_.samples.push_back(
        {entity(), finding.kind, finding.index, options_.show_keys ? finding.what : std::string()});
  }
}

Result<void> Checker::Repair(Suspect& suspect, EntityReport& counts) {
  Count(suspect, counts);
  std::vector<Finding> left = suspect.findings;
  for (int tries = 0; tries < kMostRepairs; ++tries) {
    std::vector<Plan> plans;
    for (const Finding& finding : left) {
      const bool is_new = std::ranges::find(plans, finding.plan) == plans.end();
      if (finding.is_repairable() && is_new) plans.push_back(finding.plan);
    }
    if (plans.empty()) break;
    Batch batch;
    for (const Plan& plan : plans) batch.AddScript(plan.script, plan.keys, plan.args);
    for (const auto& reply : batch.Send(StoreOfEntity())) {
      const bool is_answer = reply || reply.error().code == ErrorCode::kWrongType ||
                             reply.error().code == ErrorCode::kReplyError;
      if (!is_answer) return reply.error();
    }
    SATCHEL_ASSIGN(auto again, LookAt({suspect.thing}));
    std::erase_if(again[0],
                  [&](const Finding& finding) { return !Holds(suspect.findings, finding); });
    left = std::move(again[0]);
  }
  const auto busy = static_cast<std::uint64_t>(
      std::ranges::count_if(left, [](const Finding& finding) { return finding.is_repairable(); }));
  const std::uint64_t done = suspect.findings.size() - left.size();
  counts.repaired += done;
  counts.busy += busy;
  counts.unrepaired -= done + busy;
  if (const auto thing = check_->Aftermath(suspect.thing); thing && done > 0) {
    aftermath_.push_back(*thing);
  }
  return {};
}

// A writer may have seen an entry just before it was removed for want of an object, and have
// written the object since.
Result<void> Checker::RunAftermath(const std::stop_token& stop) {
  if (aftermath_.empty() || options_.settle.count() == 0) return {};
  Wait(NowUs() + options_.settle.count() * 1000, stop);
  const std::vector<Thing> things = std::move(aftermath_);
  aftermath_.clear();
  SATCHEL_ASSIGN(auto found, LookAt(things));
  EntityReport counts;
  for (std::size_t i = 0; i < things.size(); ++i) {
    Suspect suspect{things[i], std::move(found[i])};
    std::erase_if(suspect.findings, [](const Finding& one) { return !one.is_repairable(); });
    if (!suspect.findings.empty()) SATCHEL_TRY(Repair(suspect, counts));
  }
  report_.entities[entity()].Add(counts);
  return {};
}

void Checker::Wait(std::int64_t until_us, const std::stop_token& stop) const {
  if (options_.wait) return options_.wait(until_us, stop);
  std::mutex mutex;
  std::condition_variable stopped;
  std::unique_lock lock(mutex);
  const std::stop_callback wake(stop, [&] {
    const std::lock_guard guard(mutex);
    stopped.notify_all();
  });
  while (!stop.stop_requested() && options_.repo.clock->WaitUntil(lock, stopped, until_us)) {
  }
}

void Checker::Pace(std::size_t things, const std::stop_token& stop) {
  const auto cost_us = static_cast<std::int64_t>(things) * 1'000'000 / options_.rate;
  next_us_ = std::max(next_us_, NowUs()) + cost_us;
  // Below a millisecond the waiting would cost more than the work.
  if (next_us_ - NowUs() >= 1000 && !stop.stop_requested()) Wait(next_us_, stop);
}

Result<void> Checker::Save(bool now) {
  if (!options_.on_save || (!now && NowUs() - saved_us_ < kSaveEveryUs)) return {};
  saved_us_ = NowUs();
  return options_.on_save(Saved());
}

}  // namespace satchel::repos::check
