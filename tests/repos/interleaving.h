// Interleaving: operations of several processes on one store, command by command in a random
// order that a seed decides, with crashes.
//
// Each operation runs on a thread of its own and sees the store through its own decorator; one
// thread runs at a time. A pipeline is taken apart: a cluster runs its commands on several nodes,
// so that only commands of one tag keep their order.
// A crash comes between two round trips. It is a store that answers kUnavailable from then on:
// what the operation does with that error changes nothing any more.

#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/random.h"
#include "store/store.h"

namespace satchel::repos {

class Interleaving {
 public:
  using Operation = std::function<void(store::Store&)>;

  Interleaving(store::Store& store, std::uint64_t seed) : store_(store), chance_(seed) {}

  // The operation that crashes, and before which of its round trips; the first is 0.
  struct Crash {
    std::size_t operation = 0;
    std::size_t call = 0;
  };
  // Returns when all have ended. The log says who ran which command.
  void Run(const std::vector<Operation>& operations, const std::optional<Crash>& crash = {});

  const std::string& log() const { return log_; }

 private:
  friend class SteppedStore;
  friend class SteppedConnection;

  // A round trip begins; false: the operation has crashed.
  bool Call(std::size_t operation);
  // Waits until it is the operation's turn.
  void Step(std::size_t operation, store::Args line);
  void End(std::size_t operation);
  void PassOn();  // requires mutex_
  std::uint64_t Below(std::uint64_t bound);

  enum class At : std::uint8_t { kRunning, kWaiting, kEnded };
  struct Process {
    At at = At::kRunning;
    std::size_t calls = 0;
  };

  store::Store& store_;  // borrowed
  std::mutex mutex_;
  std::condition_variable changed_;
  Random chance_;                   // guarded by mutex_
  std::vector<Process> processes_;  // guarded by mutex_
  std::size_t turn_ = 0;            // guarded by mutex_
  std::optional<Crash> crash_;
  std::string log_;  // guarded by mutex_
};

}  // namespace satchel::repos
