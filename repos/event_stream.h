// EventStream: the events of an execution, kept for those who come late, and told live.
//
// Keys, E = ns ":es:{es:T:<exec>}":
//   E:log   STREAM of {type, ts, data, t}; t: id of the latest event that was trimmed before it
//   E:last  STRING last id given             channel E:ev: the envelope as JSON
//
// Ids are "<ms>-<sequence>" and strictly ascending, also after the log expired and when the clock
// steps back. A failed publish takes no id.
// Atomic: Publish is one script, Replay one command or one script. Thread: any; a follower is
// read by one thread at a time.

#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repos/inbox.h"
#include "repos/options.h"
#include "store/store.h"

namespace satchel::repos {

inline constexpr std::string_view kStreamEventTypes[] = {
    "status", "llm_chunk", "tool_call", "warning", "error", "structured_delta", "complete"};

struct StreamEvent {
  std::string id;
  std::string exec_id;
  std::string type;
  std::int64_t ts_ms = 0;
  std::string data;  // JSON, as it was published
};
// {"id", "exec_id", "type", "ts", "data"}
std::string EnvelopeJson(const StreamEvent& event);

struct Replayed {
  std::vector<StreamEvent> events;  // ascending
  bool truncated = false;           // events after `after` are gone
  std::uint64_t skipped = 0;        // entries that do not decode
  std::string last;                 // the last id looked at; "" when there was none
};

struct EventStreamOptions {
  RepoOptions repo = {};
  std::int64_t max_events = 500;
  std::chrono::milliseconds log_ttl = std::chrono::hours(24);
  std::chrono::milliseconds last_ttl = std::chrono::hours(7 * 24);
  std::size_t buffer = 256;  // of a follower; when it is full the log is read again
};

class EventFollower;

class EventStream {
 public:
  explicit EventStream(store::Store& store, EventStreamOptions options = {});

  // The id. Errors: kInvalidArgument (exec or type empty, data no JSON). One round trip.
  Result<std::string> Publish(std::string_view exec, std::string_view type, std::string_view data);

  // The events after an id ("": from the start), so many of them; limit 0 or above 500: 500.
  // Errors: kInvalidArgument (limit below 0, an id of another form). One round trip; two when
  // there are none after that id, or more than were asked for.
  Result<Replayed> Replay(std::string_view exec, std::string_view after = {},
                          std::int64_t limit = 0);

  // Subscribes, replays, then live: each event once, ascending.
  Result<std::unique_ptr<EventFollower>> Follow(std::string_view exec, std::string_view after = {});

 private:
  friend class EventFollower;  // counts where this does
  struct Log {
    std::string gone;                 // id of the latest event that was trimmed, or ""
    std::vector<ReplyValue> entries;  // as of XRANGE
  };
  Result<Log> ReadEntries(std::string_view exec, std::string_view after, std::int64_t count);
  std::string Base(std::string_view exec) const { return options_.repo.Base("es", "es", {exec}); }

  store::Store& store_;  // borrowed
  const EventStreamOptions options_;
};

class EventFollower {
 public:
  // The next one; empty when none comes within `wait`. Errors: kClosed, and those of Replay, after
  // which the next call goes on where this one stood.
  Result<std::optional<StreamEvent>> Next(std::chrono::milliseconds wait);
  // Events were trimmed before they could be read, since the start or the last call of this.
  bool TakeTruncated() { return std::exchange(truncated_, false); }
  // Ends a waiting Next, too. Idempotent.
  void Close() { inbox_->Close(); }

 private:
  friend class EventStream;
  EventFollower(EventStream stream, Clock& clock, std::unique_ptr<Inbox> inbox, std::string exec,
                std::string after);
  Result<void> ReadLog();

  EventStream stream_;
  Clock& clock_;  // borrowed
  std::unique_ptr<Inbox> inbox_;
  const std::string exec_;
  std::string last_;               // id of the last event that was handed out or read
  std::deque<StreamEvent> ready_;  // read from the log, not handed out yet
  bool behind_ = true;             // the log must be read
  bool is_waiting_ = true;         // for the first event
  const std::int64_t since_;       // ticks
  bool truncated_ = false;
  std::shared_ptr<const void> open_;  // counted as open
};

}  // namespace satchel::repos
