// A service that runs workflows as real ones do: it checks who asks, counts and locks, keeps
// states, conversations, resources and checkpoints, and tells what happens. It knows nothing of
// where the data lives: what it saw and what it left must be the same everywhere.

#pragma once

#include <string>
#include <vector>

#include "repos/provider.h"

namespace satchel::repos {

// What a run saw, one line each, in an order of its own.
using Seen = std::vector<std::string>;

class Service {
 public:
  explicit Service(Provider& repos) : repos_(repos) {}

  // What all runs share: the admin, a counter, a thread of checkpoints.
  Result<void> SetUp();
  // Run number `run`: up to where its tasks have begun.
  Result<void> Begin(int run, Seen& seen);
  // The rest, by this service or by one on the same data later on.
  Result<void> Finish(int run, Seen& seen);
  // What is there when all have ended.
  Result<void> Look(int runs, Seen& seen);

  // Those that fail, by a tool.
  static bool IsFailing(int run) { return run % 7 == 3; }

 private:
  Result<void> CheckCaller(int run, Seen& seen);
  Result<void> CreateTasks(int run);
  Result<void> Converse(int run, Seen& seen);
  Result<void> SaveFirstCheckpoint(int run);
  Result<void> Tell(int run, int from, int to);
  Result<void> Catch(int run, Seen& seen);
  Result<void> EndTasks(int run, Seen& seen);
  Result<void> SaveSecondCheckpoint(int run, Seen& seen);
  Result<void> Share(int run);
  Result<void> Complete(int run, Seen& seen);

  Provider& repos_;  // borrowed
};

}  // namespace satchel::repos
