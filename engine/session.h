// Session: one caller of the engine. It exists for a socket, an in-process handle, a script
// and replay alike: selected database, transaction, watches, subscriptions, blocked state.
//
// A session borrows a Peer, null in process, in scripts and in replay: what only a connection
// knows (addresses, buffers) and can do (deliver, close). Peer methods are called under the
// execution lock and must not block.
// Thread: all fields under the execution lock.

#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/reply.h"
#include "engine/command.h"

namespace satchel::engine {

class AclUser;
class Call;
struct TrackingState;
class Session;

// A message pushed to a session outside of its replies. Shared between its receivers.
struct PushMessage {
  enum class Kind : std::uint8_t {
    kMessage,
    kPatternMessage,
    kShardMessage,
    kSubscription,
    kMonitorLine,     // payload, as a status
    kInvalidation,    // keys, or all
    kBrokenRedirect,  // id of the session that is gone
  };
  Kind kind = Kind::kMessage;
  std::string pattern;  // kPatternMessage
  std::string channel;
  std::string payload;
  std::vector<std::string> keys;  // kInvalidation; empty: all, told as the null of a protocol
  int flushed_protocol = 2;
  std::uint64_t id = 0;
  // What receivers encoded already, by protocol (2, 3): filled by the first, used by all.
  mutable std::array<std::shared_ptr<const std::string>, 2> encoded;
};

class Peer {
 public:
  virtual ~Peer() = default;
  virtual std::string Address() const = 0;  // "127.0.0.1:50000", or "/path:0"
  virtual std::string LocalAddress() const = 0;
  virtual int FileDescriptor() const = 0;
  virtual std::size_t InputBytes() const = 0;   // unread and partly parsed
  virtual std::size_t OutputBytes() const = 0;  // not yet sent
  virtual std::size_t FreeInputBytes() const { return 0; }
  // Heap bytes that hold OutputBytes().
  virtual std::size_t OutputMemoryBytes() const { return OutputBytes(); }
  // Since it connected.
  virtual std::uint64_t TotalInputBytes() const { return 0; }
  virtual std::uint64_t TotalOutputBytes() const { return 0; }
  virtual void Deliver(const std::shared_ptr<const PushMessage>& message) = 0;
  // Closes the connection; with `after_reply` once what was appended has been sent.
  virtual void Close(bool after_reply) = 0;
  // The protocol changed (HELLO, RESET).
  virtual void ProtocolChanged(int protocol) = 0;
};

// Where the answer of a blocked command goes, once it has one.
class Waiter {
 public:
  virtual ~Waiter() = default;
  // The sink of the late reply.
  virtual Reply& Sink() = 0;
  // The reply is complete; the session is no longer blocked. Called under the lock.
  virtual void Served() = 0;
};

struct BlockedState {
  std::vector<std::string> args;  // the command, run again when a key is ready
  const Command* command = nullptr;
  std::vector<std::string> keys;
  int db = 0;
  std::int64_t deadline_ms = 0;  // 0: none
  std::int64_t retry_ms = 0;     // when to run again even if no key is ready; 0: never
  std::uint64_t order = 0;       // of blocking; older first
  std::int64_t since_ticks = 0;
  enum class OnTimeout : std::uint8_t { kNullArray, kZero, kTwoZeros };
  OnTimeout on_timeout = OnTimeout::kNullArray;  // the reply then
};

struct WatchedKey {
  int db;
  std::string key;
  bool expired;  // it had expired already when it was watched
};

// CLIENT REPLY. kSkipping: the CLIENT REPLY SKIP itself is answered by nothing, then kSkip
// swallows the reply of the next command.
enum class ReplyMode : std::uint8_t { kOn, kOff, kSkip, kSkipping };

class Session {
 public:
  enum class Kind : std::uint8_t { kClient, kInProcess, kScript, kReplay };

  Session(Kind kind, Peer* peer);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Kind kind;
  Peer* const peer;          // borrowed; null unless kClient
  Waiter* waiter = nullptr;  // borrowed; who blocks sets it before Execute
  std::uint64_t id = 0;      // CLIENT ID; given by Sessions::Add
  int db = 0;
  int protocol = 2;
  std::string name;
  // What it may do; null: everything, as the program that has the store in it. Borrowed from the
  // engine's Acl.
  const AclUser* user = nullptr;
  std::string library_name;
  std::string library_version;
  bool authenticated = true;  // else, where a password is needed, it may do next to nothing
  bool no_evict = false;
  bool no_touch = false;
  bool closing = false;
  ReplyMode reply_mode = ReplyMode::kOn;
  // After each command: whether its reply is to be thrown away. Moves kSkip on.
  bool SwallowReply() {
    if (reply_mode == ReplyMode::kOn) return false;
    if (reply_mode == ReplyMode::kSkip) reply_mode = ReplyMode::kOn;
    if (reply_mode == ReplyMode::kSkipping) reply_mode = ReplyMode::kSkip;
    return true;
  }
  std::int64_t created_ms = 0;
  std::int64_t last_active_ms = 0;
  const Command* last_command = nullptr;
  std::uint64_t commands = 0;  // that ran

  // MULTI.
  bool in_multi = false;
  bool multi_failed = false;  // a queued command was refused: EXEC aborts
  bool watch_failed = false;  // a watched key changed: EXEC gives null
  std::vector<std::vector<std::string>> queued;
  std::size_t queued_bytes = 0;  // of `queued`: arguments and what holds them
  std::vector<WatchedKey> watched;

  // Pub/sub.
  std::set<std::string, std::less<>> channels;
  std::set<std::string, std::less<>> patterns;
  std::set<std::string, std::less<>> shard_channels;
  std::size_t subscriptions() const { return channels.size() + patterns.size(); }
  bool subscribed() const { return subscriptions() + shard_channels.size() > 0; }

  std::unique_ptr<BlockedState> blocked;

  // All that this caller costs: itself, its buffers, what is queued.
  std::size_t MemoryBytes() const;

  bool monitoring = false;                  // MONITOR
  std::unique_ptr<TrackingState> tracking;  // CLIENT TRACKING; null: off

  // Scripts, set by lua/: writes are refused in a read-only one; who runs it.
  bool read_only = false;
  Session* caller = nullptr;
  const Call* caller_call = nullptr;  // the EVAL
};

// The list of sessions of one engine, in order of id.
class Sessions {
 public:
  // Gives the session its id and lists it. The session must be removed before it dies.
  void Add(Session* session, std::int64_t now_ms);
  void Remove(Session* session);
  const std::list<Session*>& all() const { return all_; }
  Session* Find(std::uint64_t id) const;
  std::size_t clients() const;  // with a Peer
  std::uint64_t next_id() const { return next_id_; }

 private:
  std::list<Session*> all_;
  std::unordered_map<std::uint64_t, std::list<Session*>::iterator> by_id_;
  std::uint64_t next_id_ = 1;
};

}  // namespace satchel::engine
