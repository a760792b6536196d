// Checker: compares the objects of the repositories with everything that is derived from them, both
// ways, and puts right what has one right answer.
//
// Others may write meanwhile: a difference is a finding only if it is still there `settle` later.
// A repair is one script that leaves alone what has changed since it was looked at; then the thing
// is looked at again, three times at most. It goes on at most `rate` things a second.
// Interrupted between two pages, it says where it was: Saved() is enough to go on from.
//
// Thread: Run on the caller's; one at a time. Cost: two to four round trips a page, O(page) memory
// beside what waits to settle.

#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "repos/check/entity_check.h"
#include "repos/check/report.h"
#include "repos/check/walker.h"

namespace satchel::repos::check {

struct CheckOptions {
  RepoOptions repo = {};     // prefix, tenant, clock
  bool all_tenants = false;  // whatever `repo.tenant` says
  std::vector<Entity> entities = {};
  bool repair = false;
  std::int64_t rate = 5000;  // things a second
  std::int64_t batch = 200;  // COUNT of SCAN
  std::size_t max_samples = 1000;
  bool show_keys = false;  // samples name keys and members
  // Zero when nobody else writes: every difference is a finding at once.
  std::chrono::milliseconds settle = std::chrono::seconds(5);

  // Waits until the clock shows `until_us` or a stop is asked for; empty: on the clock.
  std::function<void(std::int64_t until_us, const std::stop_token& stop)> wait = {};
  // After each page, with what was counted so far.
  std::function<void(Entity entity, const EntityReport& counts)> on_progress = {};
  // Every 5 s and at an interruption, with what Resume takes.
  std::function<Result<void>(const std::string& state)> on_save = {};
};

class Checker {
 public:
  using StoreOf = std::function<store::Store&(store::Component)>;

  // The stores outlive it. Requires positive rate and batch.
  Checker(StoreOf store_of, CheckOptions options);
  ~Checker();

  // Goes on from what another one has saved. Errors: kInvalidArgument when that checked something
  // else, or is no such text.
  Result<void> Resume(std::string_view state);
  // All entities, or as far as it got when it was stopped: then `complete` is false. Errors: those
  // of the stores.
  Result<Report> Run(const std::stop_token& stop = {});

 private:
  struct Suspect {
    Thing thing;
    std::vector<Finding> findings;
  };
  // A page whose differences have to settle. What it adds to the report is added in order.
  struct Open {
    Position after;
    EntityReport counts;
    std::vector<Suspect> suspects;
    std::vector<Finding> broken;
    std::int64_t due_us = 0;
  };

  Result<void> RunEntity(const std::stop_token& stop);
  Result<void> RunAftermath(const std::stop_token& stop);
  Result<void> Take(ThingPage page);
  Result<void> Settle(const std::stop_token& stop, bool all);
  Result<void> Confirm(Open& open);
  Result<void> Repair(Suspect& suspect, EntityReport& counts);
  Result<std::vector<std::vector<Finding>>> LookAt(const std::vector<Thing>& things);
  void Count(const Suspect& suspect, EntityReport& counts);
  void Wait(std::int64_t until_us, const std::stop_token& stop) const;
  void Pace(std::size_t things, const std::stop_token& stop);
  Result<void> Save(bool now);
  std::string Saved() const;
  Result<std::string> Instance();
  Entity entity() const { return options_.entities[at_]; }
  store::Store& StoreOfEntity() const { return store_of_(ComponentOf(entity())); }
  std::int64_t NowUs() const { return options_.repo.clock->NowUs(); }

  const StoreOf store_of_;
  const CheckOptions options_;
  Report report_;
  std::size_t at_ = 0;  // of options_.entities
  Position position_;   // of the entity; all before it is in the report
  std::string instance_;
  std::string saved_instance_;  // of what was resumed; empty otherwise
  std::unique_ptr<EntityCheck> check_;
  std::deque<Open> open_;
  std::size_t waiting_ = 0;  // suspects in open_
  std::vector<Thing> aftermath_;
  std::int64_t next_us_ = 0;  // when the rate allows more
  std::int64_t saved_us_ = 0;
};

}  // namespace satchel::repos::check
