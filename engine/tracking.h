// Tracking: who is told that keys it has read have changed (CLIENT TRACKING).
//
// A client that tracks is noted in the table under every key it reads, and told once, when the
// key changes; the table forgets the key then. In broadcast mode it is told of all changes of
// keys with its prefixes instead, and the table holds nothing. Keys are names: databases do not
// count. What the changing client itself must be told waits for the end of its command.
// Thread: the one that holds the execution lock. Cost: nothing while nobody tracks.
// Source: redis 7.0.15, CLIENT TRACKING.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "engine/session.h"

namespace satchel::engine {

// Of a session that tracks.
struct TrackingState {
  bool broadcast = false;
  bool opt_in = false;
  bool opt_out = false;
  bool no_loop = false;
  bool caching = false;          // CLIENT CACHING was said for the next command
  bool broken_redirect = false;  // messages were lost: the one they go to is gone
  std::uint64_t redirect = 0;    // id of the session that gets the messages; 0: this one
  std::set<std::string> prefixes;
  // For the end of the command that this session runs.
  std::vector<std::string> pending_keys;
  bool pending_flush = false;
};

class Tracking {
 public:
  Tracking(const Sessions& sessions, Random& random) : sessions_(sessions), random_(random) {}

  struct Options {
    bool broadcast = false;
    bool opt_in = false;
    bool opt_out = false;
    bool no_loop = false;
    std::uint64_t redirect = 0;
    std::vector<std::string> prefixes = {};
  };
  // Errors: kReplyError, options that contradict each other or what the session has already.
  Result<void> Enable(Session& session, const Options& options);
  void Disable(Session& session);

  bool active() const { return clients_ > 0; }

  // The session has read these keys.
  void Remember(const Session& session, std::span<const std::string_view> keys);
  // The key has changed; `by` is whose command runs, null when nobody's.
  void Invalidate(std::string_view key, Session* by);
  // All keys are gone.
  void Flush(Session* by);
  // At the end of a command of the session.
  void SendPending(Session& session);
  // At the end of a batch of commands: what changed, to those with prefixes.
  bool has_broadcast() const { return has_broadcast_; }
  void Broadcast();

  std::size_t clients() const { return clients_; }
  std::size_t keys() const { return table_.size(); }
  std::size_t items() const { return items_; }
  std::size_t prefixes() const { return prefixes_.size(); }

  std::int64_t max_keys = 1'000'000;  // tracking-table-max-keys; 0: no limit

 private:
  struct Prefix {
    std::vector<Session*> sessions;
    // Changed since the last broadcast, and by whom (id; 0: nobody).
    std::map<std::string, std::uint64_t> changed;
  };
  using Table = std::unordered_map<std::string, std::vector<std::uint64_t>>;

  void AddPrefix(Session& session, const std::string& prefix);
  void Forget(Table::iterator entry);
  void ShrinkTable();
  void Send(Session& session, std::shared_ptr<PushMessage> message);

  const Sessions& sessions_;  // borrowed
  Random& random_;            // borrowed
  std::size_t clients_ = 0;
  Table table_;  // ids of sessions by key
  std::size_t items_ = 0;
  std::map<std::string, Prefix> prefixes_;
  bool has_broadcast_ = false;
};

}  // namespace satchel::engine
