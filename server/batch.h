// Batch: serves all connections of a worker that have input, in rounds of
//   1. parse whole commands of many connections, up to kMaxCommands, and hash their keys
//   2. take the execution lock once; prefetch buckets, then entries, a few commands ahead;
//      run each connection's commands in order, replies appended to its output
//   3. release the lock; consume input, close what ends
// until everything that arrived is done. Nothing is read, sent or logged under the lock.
//
// A command that blocks or is postponed ends its connection's turn: what follows it stays in
// the connection's input. An unauthenticated connection gets one command a round, as AUTH
// changes how the next one is parsed.
// Thread: the worker's. Cost: no allocation in the steady state.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/engine.h"
#include "net/connection.h"
#include "resp/command_batch.h"

namespace satchel::server {

class Connection;
class Worker;

class Batch {
 public:
  explicit Batch(Worker& worker) : worker_(worker) {}

  void Serve(std::span<net::Connection* const> ready);

  // While a command of this batch takes very long, and without the lock: the other connections
  // of the round are answered and their input given up. The connection of that command; null
  // when none runs.
  Connection* AnswerOthers();

 private:
#ifdef SATCHEL_TINY
  static constexpr std::size_t kMaxCommands = 4;
#else
  static constexpr std::size_t kMaxCommands = 128;
#endif

  struct Planned {
    std::uint64_t hash = 0;       // of the first argument, which is the key of most commands
    std::size_t input_bytes = 0;  // of the connection's input up to the command's end
  };

  // The commands [begin, end) of this round are the connection's.
  struct Run {
    Connection* connection;
    std::size_t begin;
    std::size_t end;
    std::size_t done;         // one past the last command that ran
    std::size_t input_bytes;  // everything that was parsed
    bool failed = false;      // a protocol error follows the commands
    bool stopped = false;     // by its last command: the rest is not for this turn
    bool settled = false;
  };

  // Parses; false when there is nothing to do.
  bool Collect();
  // False when the connection has more for the next round.
  bool CollectFrom(Connection& connection);

  void Execute();
  void ExecuteRun(Run& run);
  void ExecuteCommands(Run& run);
  // False when the connection's turn ends with this command.
  bool ExecuteCommand(Connection& connection, std::size_t index, Run& run);
  void PrefetchFirst() const;
  void PrefetchAhead(std::size_t index, int db) const;
  // Lets others have the lock, and reads the time again.
  void Breathe();

  void Settle(Run& run);
  void EndWithProtocolError(Connection& connection);

  Worker& worker_;  // borrowed; owns this
  std::vector<Connection*> queue_;
  std::size_t next_ = 0;  // index in queue_
  resp::CommandBatch commands_;
  std::vector<Planned> planned_;  // one a command
  std::vector<Run> runs_;
  Run* running_ = nullptr;       // in runs_, while one is executed
  std::int64_t hold_began_ = 0;  // ticks
};

}  // namespace satchel::server
