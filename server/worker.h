// Worker: one event loop, its thread and its connections.
//
// What other threads have for a connection goes through the worker's mailbox: written under
// the execution lock, emptied by the worker's thread before it runs any command. So messages
// of one thread never overtake those of another. A worker is woken once per hold of the lock
// by another worker, at once by a thread that is none.
//
// The first worker also calls Engine::Tick whenever a deadline has come. The store's own
// housekeeping does so ten times a second, and, with a manual clock, at each deadline.

#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/execution_lock.h"
#include "engine/engine.h"
#include "net/connection.h"
#include "net/listener.h"
#include "net/loop.h"
#include "server/batch.h"
#include "server/parameters.h"

namespace satchel::server {

class Connection;
class Worker;

// What all workers of a server share.
struct Host {
  engine::Engine& engine;  // borrowed
  ExecutionLock& lock;     // borrowed; of the engine
  Parameters& parameters;  // borrowed; lives as long as the engine
  std::vector<std::unique_ptr<Worker>> workers{};
  std::atomic<std::size_t> connections{0};
  // When the first worker will tick; guarded by lock.
  std::int64_t tick_at_ms = engine::Database::kNoDeadline;
};

struct Traffic {
  std::size_t input_bytes = 0;
  std::size_t output_bytes = 0;
  std::size_t reads = 0;
  std::size_t writes = 0;
};

struct Mail {
  enum class Kind : std::uint8_t {
    kPush,    // bytes for the connection
    kReply,   // of a blocked command, in the connection's late output
    kClose,   // at once
    kEnd,     // once its output is sent
    kResume,  // for all connections: the pause is over
  };
  Kind kind;
  Connection* connection;
  std::shared_ptr<const std::string> bytes;
};

class Worker final : public net::ConnectionOwner {
 public:
  static Result<std::unique_ptr<Worker>> Create(Host& host);
  ~Worker() override;

  // The one whose thread this is; null elsewhere.
  static Worker* Current() { return current_; }

  void Start();
  // Closes its connections and listeners and ends its thread.
  void Stop();
  bool is_running() const { return thread_.joinable(); }

  // See Server; from any thread.
  void Pulse();
  std::int64_t last_pulse_us() const { return last_pulse_us_; }

  // Before Start, or on the worker's thread.
  net::Loop& loop() { return *loop_; }
  // Serves a new client; from any thread.
  void Adopt(net::Socket socket);
  // Closes clients that are idle for too long, from now on.
  void WatchIdle();
  // Tells the engine ten times a second what the process takes. Of the first worker only.
  void WatchMemory();

  // The lock, around commands. Between the two Mail is dealt with, nothing is sent or read.
  void Enter();
  void Leave();
  // Under the lock, from any thread.
  void Send(Mail mail);

  engine::Engine& engine() { return host_.engine; }
  ExecutionLock& lock() { return host_.lock; }
  Parameters& parameters() { return host_.parameters; }
  // proto-max-bulk-len, as it was at the last hold of the lock.
  std::int64_t max_bulk_bytes() const { return max_bulk_bytes_; }
  // To be counted at the next hold.
  void NoteTraffic(std::size_t input_bytes, std::size_t output_bytes) {
    traffic_.input_bytes += input_bytes;
    traffic_.output_bytes += output_bytes;
    traffic_.reads += input_bytes != 0;
    traffic_.writes += output_bytes != 0;
  }
  // Adds one. Takes the lock.
  void Count(std::uint64_t engine::Stats::*counter);
  // A connection is over its soft limit: looks once a second until none is.
  void WatchSoftLimits();
  // Closes the largest clients while all together take more than they may.
  void EvictClients();
  // From the unit that this thread runs and that takes very long, without the lock: serves all
  // other connections once.
  void ServeOthers();
  // A command of the connection waits for the end of the pause.
  void Postpone(Connection& connection) { postponed_.push_back(&connection); }

  // A closed connection leaves.
  void Remove(Connection& connection);

 private:
  Worker(Host& host, std::unique_ptr<net::Loop> loop);

  void OnReady(std::span<net::Connection* const> ready) override;
  void AdoptHere(net::Socket socket);
  bool IsProtected();
  void Refuse(net::Socket socket, std::string_view text);

  std::vector<Mail> TakeMail();
  void HandleMail(const std::vector<Mail>& mails);
  void EmptyMailbox();
  void ResumePostponed();
  void WakeOthers();

  bool is_ticker() const { return host_.workers.front().get() == this; }
  void SetTick(std::int64_t deadline_ms);
  void Tick();
  void CloseIdle();
  void CheckSoftLimits();
  void CloseLargestClients();

  static inline thread_local Worker* current_ = nullptr;

  Host& host_;  // borrowed; outlives the workers
  std::unique_ptr<net::Loop> loop_;
  std::thread thread_;
  std::atomic<bool> pulse_wanted_{false};
  std::atomic<std::int64_t> last_pulse_us_;
  Batch batch_;
  Batch nested_batch_;  // while a command of batch_ takes very long
  bool nested_ = false;
  std::vector<Connection*> connections_;
  std::vector<Connection*> postponed_;
  std::vector<Worker*> to_wake_;  // after the hold that runs
  net::TimerId tick_timer_;
  net::TimerId idle_timer_;
  net::TimerId memory_timer_;
  bool watches_soft_limits_ = false;
  std::int64_t max_bulk_bytes_;
  Traffic traffic_;

  std::vector<Mail> mailbox_;  // guarded by the lock
};

}  // namespace satchel::server
