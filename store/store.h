// Store: the one interface to data, in process or remote. Domain code takes a Store& and
// cannot tell which; one word of configuration decides (store/open.h).
//
// Every method may be called from any thread. Commands are lists of byte strings, replies are
// ReplyValue trees in RESP3 shapes (maps, sets, doubles) in both modes. An error reply of the
// store is an Error: kWrongType, kOutOfMemory, kReadOnly, or kReplyError with the text.
//
// Run and Pipeline are for commands that leave the connection as it is. MULTI, WATCH, SELECT,
// SUBSCRIBE and their like are refused with kInvalidArgument: Transact, Subscribe and Connect
// do what they are for.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/reply_value.h"
#include "base/result.h"

namespace satchel::store {

using Args = std::span<const std::string_view>;
using CommandLine = std::vector<std::string>;

struct CallOptions {
  // How long the caller is willing to wait; empty: the store's default. A command that blocks
  // (BLPOP) waits as long as its own argument says, and this on top.
  std::optional<std::chrono::milliseconds> timeout = {};
};

// A message of a channel.
struct Message {
  std::string pattern;  // empty unless it came through a pattern
  std::string channel;
  std::string payload;
};

// Ends its subscriptions when it is destroyed; no callback runs after that.
class Subscription {
 public:
  virtual ~Subscription() = default;
  // Messages that were lost: the connection broke, or this receiver was too slow.
  virtual std::uint64_t gaps() const = 0;
};

// A connection of one's own: what it selects, watches and queues stays on it.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual Result<ReplyValue> Run(Args args, const CallOptions& options = {}) = 0;
  Result<ReplyValue> Run(std::initializer_list<std::string_view> args,
                         const CallOptions& options = {}) {
    return Run(Args(args.begin(), args.size()), options);
  }
};

// Given to the function of Transact: reads now, writes later.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) {}
  // Runs at once, before MULTI: to read what is watched, or to watch more.
  Result<ReplyValue> Read(std::initializer_list<std::string_view> args) {
    return connection_.Run(args);
  }
  Result<void> Watch(std::string_view key);
  // Runs inside EXEC, in order.
  void Queue(CommandLine line) { queued_.push_back(std::move(line)); }
  const std::vector<CommandLine>& queued() const { return queued_; }

 private:
  Connection& connection_;  // borrowed for the call
  std::vector<CommandLine> queued_;
};

// A script and its digest, computed once.
class Script {
 public:
  explicit Script(std::string text);
  const std::string& text() const { return text_; }
  const std::string& sha() const { return sha_; }  // 40 lower-case hex digits

 private:
  std::string text_;
  std::string sha_;
};

class Store {
 public:
  virtual ~Store() = default;

  // One command. Errors: the reply's; kUnavailable (not sent), kMaybeExecuted (sent, no
  // answer), kTimeout, kClosed from a remote store.
  virtual Result<ReplyValue> Run(Args args, const CallOptions& options = {}) = 0;
  Result<ReplyValue> Run(std::initializer_list<std::string_view> args,
                         const CallOptions& options = {}) {
    return Run(Args(args.begin(), args.size()), options);
  }

  // Several commands in one round trip, in order, each with its own result. Not atomic.
  virtual std::vector<Result<ReplyValue>> Pipeline(std::span<const CommandLine> lines,
                                                   const CallOptions& options = {}) = 0;

  // The asynchronous twins. `done` is called once, on a thread of the store or of the caller;
  // it must not block and must not call back into the store in a way that waits.
  virtual void RunAsync(CommandLine line, std::function<void(Result<ReplyValue>)> done) = 0;
  virtual void PipelineAsync(std::vector<CommandLine> lines,
                             std::function<void(std::vector<Result<ReplyValue>>)> done) = 0;

  // EVALSHA, and EVAL once when the store does not know the script.
  virtual Result<ReplyValue> Eval(const Script& script, std::span<const std::string> keys,
                                  std::span<const std::string> args,
                                  const CallOptions& options = {});

  // Watches the keys, calls `fn`, and sends what it queued as one MULTI/EXEC. When a watched
  // key changed, everything is done again, at most `attempts` times: then kConflict. Returns
  // the replies of EXEC in order; the first of them that is an error is the result. `fn`'s
  // error is returned and nothing is sent.
  Result<std::vector<ReplyValue>> Transact(std::span<const std::string> watch,
                                           const std::function<Result<void>(Transaction&)>& fn,
                                           int attempts = 8);

  // A connection of its own, for WATCH, SELECT and blocking commands.
  virtual Result<std::unique_ptr<Connection>> Connect() = 0;

  // Calls `on_message` for each message, in order, on a thread of the store.
  virtual Result<std::unique_ptr<Subscription>> Subscribe(
      std::vector<std::string> channels, std::vector<std::string> patterns,
      std::function<void(const Message&)> on_message) = 0;

  virtual Clock& clock() = 0;
  // "embedded" or "redis": for metrics, never for decisions.
  virtual std::string_view driver() const = 0;
};

// The Error that an error reply stands for.
Error ErrorOfReply(std::string_view text);
// A reply as a Result: error replies become Errors.
Result<ReplyValue> ResultOfReply(ReplyValue value);
// kInvalidArgument when the command would change the connection; see the head of this file.
Result<void> CheckStateless(Args args);

}  // namespace satchel::store
