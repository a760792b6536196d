// The stores that the contract suites of the repositories run on: in memory, in a data directory
// that is closed and opened again in the middle of each test, and redis-server.
//
// Time is a manual clock that starts now. Pass() moves it, and on redis-server, which has a clock
// of its own, brings the deadlines of all keys nearer by as much; Jump() moves it alone, which is
// enough for deadlines that are fields of objects. Deadlines are far enough away that a machine
// under load does not reach them in real time.

#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "repos/options.h"
#include "tests/snapshot/temp_dir.h"
#include "tests/store/stores.h"

namespace satchel::repos {

enum class Home { kMemory, kDirectory, kRedis };
std::string HomeName(Home home);

// Passes everything on, notes what was sent, and can restart what is behind it.
class WatchedStore final : public store::Store {
 public:
  explicit WatchedStore(std::unique_ptr<store::Store> inner)
      : inner_(std::move(inner)), driver_(inner_->driver()) {}

  using Store::Run;
  Result<ReplyValue> Run(store::Args args, const store::CallOptions& options) override;
  std::vector<Result<ReplyValue>> Pipeline(std::span<const store::CommandLine> lines,
                                           const store::CallOptions& options) override;
  void RunAsync(store::CommandLine line, std::function<void(Result<ReplyValue>)> done) override;
  void PipelineAsync(std::vector<store::CommandLine> lines,
                     std::function<void(std::vector<Result<ReplyValue>>)> done) override;
  Result<std::unique_ptr<store::Connection>> Connect() override;
  Result<std::unique_ptr<store::Subscription>> Subscribe(
      std::vector<std::string> channels, std::vector<std::string> patterns,
      std::function<void(const store::Message&)> on_message) override;
  Clock& clock() override { return inner_->clock(); }
  std::string_view driver() const override { return driver_; }

  // Once so many calls were made, `restart` makes the store anew; not while somebody has a
  // connection or a subscription of this test.
  void RestartAfter(int calls, std::function<std::unique_ptr<store::Store>()> restart);

  // Calls that go to a server: a pipeline is one.
  int round_trips() const { return round_trips_; }
  // Of the largest reply to one call, all texts together.
  std::size_t largest_reply_bytes() const { return largest_reply_bytes_; }
  void ForgetCalls();
  std::vector<store::CommandLine> lines();  // all that was sent, pipelines taken apart
  store::Store& inner() { return *inner_; }

  // The next matching command fails with this error before it is sent.
  void FailOnce(std::string command_part, Error error);
  // From now on every call fails with it; empty: no more.
  void FailAll(std::optional<Error> error);

 private:
  std::optional<Error> Note(std::span<const store::CommandLine> lines);
  void NoteReply(std::size_t bytes);

  std::unique_ptr<store::Store> inner_;
  const std::string_view driver_;  // of whatever is behind it
  std::shared_mutex restarting_;
  std::mutex mutex_;
  std::vector<store::CommandLine> lines_;
  std::atomic<int> round_trips_ = 0;
  std::atomic<std::size_t> largest_reply_bytes_ = 0;
  std::atomic<int> calls_left_ = -1;
  std::function<std::unique_ptr<store::Store>()> restart_;
  std::atomic<bool> is_pinned_ = false;
  std::string fail_part_;
  std::optional<Error> fail_;
  std::optional<Error> fail_all_;
};

class RepoTest : public testing::TestWithParam<Home> {
 protected:
  RepoTest();
  ~RepoTest() override;

  bool is_redis() const { return GetParam() == Home::kRedis; }
  RepoOptions Options() { return {.tenant = "acme", .clock = &clock, .random = &random}; }

  void Pass(std::chrono::milliseconds span);
  void Jump(std::chrono::milliseconds span) { clock.Advance(span); }

  // What the store holds, one line a key: for "nothing was written".
  std::vector<std::string> Keys();
  // A command; the test fails on an error.
  ReplyValue Run(std::vector<std::string> args);
  // Each script of this test named keys of one slot only; see WatchedStore for transactions.
  void ExpectOneSlotEach();

  ManualClock clock{RealClock::Instance().NowMs()};
  SharedRandom random{42};
  std::optional<WatchedStore> store;

 private:
  std::unique_ptr<store::Store> OpenDirectory();
  std::optional<TempDir> dir_;
};

// Ids that break what does not escape them.
const std::vector<std::string>& OddIds();

#define SATCHEL_EVERY_HOME(Suite)                                                          \
  INSTANTIATE_TEST_SUITE_P(Homes, Suite,                                                   \
                           testing::Values(Home::kMemory, Home::kDirectory, Home::kRedis), \
                           [](const auto& info) { return HomeName(info.param); })

}  // namespace satchel::repos
