// Loop: waits for sockets, timers and other threads, in rounds. A round is
//   1. wait, then read the clock once
//   2. read all ready sockets, accept, finish connects
//   3. call posted functions and due timers
//   4. hand each owner all of its connections that have input, in one call
//   5. one write per connection with output
//   6. destroy what was closed
// so that an owner can parse everything and enter the store once per round, and no source is
// destroyed while others of the same round may still name it.
//
// Representation: epoll, level-triggered. The loop owns its sources. A real clock bounds the
// wait; a manual clock calls the loop when it moves, and waits until a running loop has
// done a round at the new time, so that whatever was due has happened.
// Thread: the one that calls Run (or RunOnce); Post, Wake and Stop from any thread.
// Cost: per round one epoll_wait and one clock read; per ready connection one read and one write.

#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/event_source.h"
#include "net/fd.h"
#include "net/input_buffer.h"
#include "net/timers.h"

namespace satchel::net {

class Connection;
class ConnectionOwner;

class Loop final : private TimeListener {
 public:
  // The clock must outlive the loop. Error kIo when the system is out of descriptors.
  static Result<std::unique_ptr<Loop>> Create(Clock& clock);
  // Destroys all sources without further calls to their owners.
  ~Loop() override;

  // Rounds until Stop. One thread at a time runs a loop.
  void Run();
  // One round that waits at most `max_wait`; for loops without a thread of their own.
  void RunOnce(std::chrono::milliseconds max_wait);
  // A round without waiting inside of the one that runs, for an owner whose OnReady takes very
  // long: everybody is served but `busy`, whose input stays as it is. Requires that the views
  // into the input of all others were given up. From OnReady only.
  void RunNested(Connection& busy);
  // Ends Run after its round; also a Run that has not begun.
  void Stop();

  // Calls `function` on the loop's thread, in order, in its next round.
  void Post(std::function<void()> function);
  // Lets the loop do a round now.
  void Wake();
  // True also before the loop has run: whoever sets it up may do what its thread may.
  bool in_loop_thread() const;

  // The rest belongs to the loop's thread.

  Clock& clock() const { return clock_; }
  // The time of this round, unix us.
  std::int64_t now_us() const { return now_us_; }

  TimerId AddTimer(std::int64_t deadline_us, std::function<void()> function);
  // False when it has run or was cancelled before.
  bool CancelTimer(const TimerId& id);

  // Takes the source over; it lives until it is retired.
  template <class Source>
  Source& Adopt(std::unique_ptr<Source> source) {
    Source& adopted = *source;
    AdoptSource(std::move(source));
    return adopted;
  }
  // Ends a source; it is destroyed when the round ends. Once or more often.
  void Retire(EventSource& source);
  std::size_t source_count() const { return sources_.size(); }

  // For sources. A descriptor is watched until its source is destroyed, or until Unwatch: to
  // close it is not enough, as a child between fork and exec holds it, too. One at a time.
  Result<void> Watch(EventSource& source, int fd, Interest interest);
  void ChangeInterest(EventSource& source, int fd, Interest interest);
  // Comes before the descriptor is closed or handed to another source. Once or more often.
  void Unwatch(EventSource& source);

 private:
  friend class Connection;

  Loop(Clock& clock, Fd epoll, Fd wake);

  std::optional<std::int64_t> NextDeadlineUs() override;
  void OnTime(std::int64_t now_us) override;

  void AdoptSource(std::unique_ptr<EventSource> source);
  void Round(std::chrono::milliseconds max_wait);
  int WaitMs(std::chrono::milliseconds max_wait) const;
  // Waits and returns the count of events_.
  std::size_t Wait(int wait_ms);
  void ReadSources(std::size_t event_count);
  void RunPosted();
  void RunTimers();
  void ServeOwners();
  void FlushOutputs();
  void ReleaseInput();
  void DestroyRetired();
  void ReleaseOthers(const Connection& busy);
  void ServeNested();
  void PublishNextDeadline();
  void SetRunning(bool running);
  std::uint64_t WantedRounds();
  void CatchUp(std::uint64_t rounds);

  // From Connection: lists of this or the next round; each holds a connection once.
  void AddReady(ConnectionOwner& owner, Connection& connection);
  void AddFlush(Connection& connection) { to_flush_.push_back(&connection); }
  void AddBuffered(Connection& connection) { buffered_.push_back(&connection); }
  ReadArena& arena() { return nested_ ? nested_arena_ : arena_; }

  Clock& clock_;
  Fd epoll_;
  Fd wake_;  // eventfd
  std::atomic<std::thread::id> thread_{};
  std::int64_t now_us_;
  Timers timers_;
  ReadArena arena_;
  ReadArena nested_arena_;  // of RunNested: what is in the other one is in use
  bool nested_ = false;

  std::vector<std::unique_ptr<EventSource>> sources_;
  std::vector<EventSource*> retired_;
  std::array<epoll_event, 512> events_;
  std::vector<ConnectionOwner*> ready_owners_;  // with connections in their ready lists
  std::vector<Connection*> served_;             // given to an owner in this round
  std::vector<Connection*> to_flush_;
  std::vector<Connection*> buffered_;  // the stream holds input the socket no longer shows
  // The lists above as they were when their phase began.
  std::vector<ConnectionOwner*> owners_now_;
  std::vector<Connection*> connections_now_;

  std::atomic<bool> stopping_{false};
  std::atomic<bool> wake_pending_{false};
  std::atomic<std::int64_t> next_deadline_us_;

  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by mutex_
  // For manual clocks: rounds asked for and rounds done since.
  std::condition_variable caught_up_;
  bool running_ = false;             // guarded by mutex_
  std::uint64_t wanted_rounds_ = 0;  // guarded by mutex_
  std::uint64_t done_rounds_ = 0;    // guarded by mutex_
};

}  // namespace satchel::net
