// EmbeddedStore: the data in this process. It owns the engine, the execution lock and the
// housekeeping; it opens no socket. A server can serve it, and library callers can use it at
// the same time.
//
// A caller's thread runs its command itself, under the execution lock. Housekeeping (expiry,
// timeouts) runs on one thread that all stores of a process share; with a manual clock it runs
// inside ManualClock::Advance, and nothing sleeps.
// Thread: all methods from any thread. Cost: an uncontended Run of GET takes the lock, one hash
// lookup and a copy.

#pragma once

#include <filesystem>
#include <string>

#include "engine/engine.h"
#include "store/store.h"

namespace satchel::store {

struct EmbeddedOptions {
  Clock* clock = nullptr;                  // borrowed; null: the real one
  std::optional<std::uint64_t> seed = {};  // of randomness and hashes; empty: the system's
  int databases = 16;
  int db = 0;  // the one that Run uses
  // Rows of folders above, beside the engine's own; they live as long as the process.
  std::vector<std::span<const engine::Command>> extra_commands = {};
};

class EmbeddedStore final : public Store {
 public:
  static Result<std::unique_ptr<EmbeddedStore>> Open(const EmbeddedOptions& options);
  ~EmbeddedStore() override;

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
  std::string_view driver() const override { return "embedded"; }

  // The fastest read: copies the string into `out`. False when the key is absent.
  Result<bool> Get(std::string_view key, std::string* out);

  // Runs a command with a sink of the caller's own: no tree is built. kBlocked does not occur.
  void RunInto(Args args, Reply& reply);

  // For server/: commands of connections run under lock() on engine().
  engine::Engine& engine();
  ExecutionLock& lock();

 private:
  struct Impl;
  explicit EmbeddedStore(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace satchel::store
