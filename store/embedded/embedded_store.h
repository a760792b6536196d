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
#include "snapshot/snapshotter.h"
#include "store/durability.h"
#include "store/embedded/vitals.h"
#include "store/store.h"

namespace satchel::store {

struct EmbeddedOptions {
  Clock* clock = nullptr;                  // borrowed; null: the real one
  std::optional<std::uint64_t> seed = {};  // of randomness and hashes; empty: the system's
  int databases = 16;
  int db = 0;  // the one that Run uses

  // Where the data is kept on disk. Only with a directory and kSnapshot is anything read from
  // it or written to it; else the data lives in memory only.
  std::string data_dir = {};
  Durability durability = Durability::kSnapshot;
  std::chrono::milliseconds snapshot_interval = std::chrono::minutes(5);  // 0: on request only
  bool snapshot_on_shutdown = true;
  std::uint64_t min_free_bytes = 256 * 1024 * 1024;  // less: snapshots fail, writes go on
  // What happens to the data directory, one line each, on a thread of the store.
  std::function<void(const snapshot::Event&)> on_event = {};
  // What scripts log, and what strict mode finds: 0 debug, 1 verbose, 2 notice, 3 warning. Called
  // within a tenth of a second, without the lock, on the thread of the housekeeping.
  std::function<void(int level, const std::string& line)> on_script_log = {};
  // Rows of folders above, beside the engine's own; they live as long as the process.
  std::vector<std::span<const engine::Command>> extra_commands = {};
};

class EmbeddedStore final : public Store {
 public:
  // Restores what the data directory holds. Errors: kInvalidArgument; of the directory kLocked
  // (naming the process that has it), kForeign, kNewerFormat, kCorrupt, kIo: each names the file
  // and the reason, and nothing on disk was changed.
  static Result<std::unique_ptr<EmbeddedStore>> Open(const EmbeddedOptions& options);
  // Closes; a snapshot that fails is told to on_event.
  ~EmbeddedStore() override;

  // Writes the last snapshot, if that was asked for and anything changed, and gives the data
  // directory back, whatever happens. Commands still run after it, in memory only. Calling it
  // again returns the first result.
  Result<void> Close(
      snapshot::Snapshotter::Final final = snapshot::Snapshotter::Final::kAsConfigured);

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

  // Takes the lock for a moment, and asks the disk without it.
  Vitals ReadVitals();
  // When the housekeeping last did a round, unix us; without the lock.
  std::int64_t last_tick_us() const;

  // For server/: commands of connections run under lock() on engine().
  engine::Engine& engine();
  ExecutionLock& lock();

 private:
  struct Impl;
  explicit EmbeddedStore(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace satchel::store
