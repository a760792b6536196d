// RemoteStore: the data in a Redis server, one node, over TCP or a Unix socket. A client of our
// own: RESP3, or RESP2 where the server knows no HELLO (then maps, sets and doubles arrive as
// RESP2 shows them: arrays and text).
//
// One thread runs the store's loop. Commands of all threads are pipelined on a few shared
// connections: a caller encodes its command, hands it over and sleeps; what came together
// leaves in one write. Blocking commands and Connect() take a connection from a pool;
// subscriptions share one more. Commands of one thread are sent in the order of its calls.
//
// Errors tell what is known:
//   kUnavailable    never executed: no connection, or it broke before the command was sent
//   kMaybeExecuted  sent, and the connection broke before the answer came
//   kTimeout        sent, and no answer within the deadline; it may yet be executed
//   kClosed         the store was closed
// A command is sent again only if it was never sent, or if its row says that it only reads;
// at most `retries` times, with jittered pauses that double.
// Connections that break are opened again by themselves.

#pragma once

#include <memory>

#include "store/remote/options.h"
#include "store/store.h"

namespace satchel::store {

class RemoteStore final : public Store {
 public:
  // Connects. Errors: kUnavailable when the server cannot be reached or refuses the user,
  // kInvalidArgument.
  static Result<std::unique_ptr<RemoteStore>> Open(const RemoteOptions& options);
  // As Close. Connections and subscriptions of the store may outlive it; they answer kClosed.
  ~RemoteStore() override;

  // Ends every call that is under way and every later one. Once or more often; not from a
  // callback.
  void Close();

  using Store::Run;
  Result<ReplyValue> Run(Args args, const CallOptions& options = {}) override;
  std::vector<Result<ReplyValue>> Pipeline(std::span<const CommandLine> lines,
                                           const CallOptions& options = {}) override;
  void RunAsync(CommandLine line, std::function<void(Result<ReplyValue>)> done) override;
  void PipelineAsync(std::vector<CommandLine> lines,
                     std::function<void(std::vector<Result<ReplyValue>>)> done) override;
  Result<std::unique_ptr<Connection>> Connect() override;
  Result<std::unique_ptr<Subscription>> Subscribe(
      std::vector<std::string> channels, std::vector<std::string> patterns,
      std::function<void(const Message&)> on_message) override;
  Clock& clock() override;
  std::string_view driver() const override { return "redis"; }

 private:
  struct Impl;
  explicit RemoteStore(std::shared_ptr<Impl> impl);

  std::shared_ptr<Impl> impl_;
};

}  // namespace satchel::store
