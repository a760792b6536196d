#include "tests/repos/interleaving.h"

#include <algorithm>
#include <limits>
#include <thread>

#include "repos/keys.h"

namespace satchel::repos {
namespace {

constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();

Error Dead() { return MakeError(ErrorCode::kUnavailable, "the process has crashed"); }

std::string TagOfLine(const store::CommandLine& line) {
  const bool is_script = line[0] == "EVALSHA" || line[0] == "EVAL";
  const std::size_t key = is_script ? 3 : 1;
  return line.size() > key ? std::string(TagOf(line[key])) : std::string();
}

}  // namespace

class SteppedConnection final : public store::Connection {
 public:
  SteppedConnection(Interleaving& all, std::size_t operation,
                    std::unique_ptr<store::Connection> inner)
      : all_(all), operation_(operation), inner_(std::move(inner)) {}
  Result<ReplyValue> Run(store::Args args, const store::CallOptions& options) override {
    if (!all_.Call(operation_)) return Dead();
    all_.Step(operation_, args);
    return inner_->Run(args, options);
  }

 private:
  Interleaving& all_;
  const std::size_t operation_;
  std::unique_ptr<store::Connection> inner_;
};

class SteppedStore final : public store::Store {
 public:
  SteppedStore(Interleaving& all, std::size_t operation) : all_(all), operation_(operation) {}

  using Store::Run;
  Result<ReplyValue> Run(store::Args args, const store::CallOptions& options) override {
    if (!all_.Call(operation_)) return Dead();
    all_.Step(operation_, args);
    return all_.store_.Run(args, options);
  }

  std::vector<Result<ReplyValue>> Pipeline(std::span<const store::CommandLine> lines,
                                           const store::CallOptions& options) override {
    std::vector<Result<ReplyValue>> replies(lines.size(), Dead());
    if (!all_.Call(operation_)) return replies;
    std::vector<bool> sent(lines.size());
    for (std::size_t count = 0; count < lines.size(); ++count) {
      const std::size_t i = Next(lines, sent);
      sent[i] = true;
      const std::vector<std::string_view> line(lines[i].begin(), lines[i].end());
      all_.Step(operation_, line);
      replies[i] = all_.store_.Run(line, options);
    }
    return replies;
  }

  void RunAsync(store::CommandLine line, std::function<void(Result<ReplyValue>)> done) override {
    done(Run(std::vector<std::string_view>(line.begin(), line.end()), {}));
  }
  void PipelineAsync(std::vector<store::CommandLine> lines,
                     std::function<void(std::vector<Result<ReplyValue>>)> done) override {
    done(Pipeline(lines, {}));
  }
  Result<std::unique_ptr<store::Connection>> Connect() override {
    SATCHEL_ASSIGN(auto connection, all_.store_.Connect());
    return std::unique_ptr<store::Connection>(
        std::make_unique<SteppedConnection>(all_, operation_, std::move(connection)));
  }
  Result<std::unique_ptr<store::Subscription>> Subscribe(
      std::vector<std::string> channels, std::vector<std::string> patterns,
      std::function<void(const store::Message&)> on_message) override {
    return all_.store_.Subscribe(std::move(channels), std::move(patterns), std::move(on_message));
  }
  Clock& clock() override { return all_.store_.clock(); }
  std::string_view driver() const override { return all_.store_.driver(); }

 private:
  // One of the lines that are the first of their tag.
  std::size_t Next(std::span<const store::CommandLine> lines, const std::vector<bool>& sent) {
    std::vector<std::size_t> free;
    std::vector<std::string> tags;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::string tag = TagOfLine(lines[i]);
      if (sent[i] || std::ranges::find(tags, tag) != tags.end()) continue;
      tags.push_back(std::move(tag));
      free.push_back(i);
    }
    return free[all_.Below(free.size())];
  }

  Interleaving& all_;
  const std::size_t operation_;
};

void Interleaving::Run(const std::vector<Operation>& operations,
                       const std::optional<Crash>& crash) {
  processes_.assign(operations.size(), {});
  turn_ = kNobody;
  crash_ = crash;
  log_.clear();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    threads.emplace_back([&, i] {
      SteppedStore store(*this, i);
      operations[i](store);
      End(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

std::uint64_t Interleaving::Below(std::uint64_t bound) {
  const std::lock_guard lock(mutex_);
  return chance_.Below(bound);
}

// Once everybody waits, somebody goes on.
void Interleaving::PassOn() {
  std::vector<std::size_t> waiting;
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    if (processes_[i].at == At::kRunning) return;
    if (processes_[i].at == At::kWaiting) waiting.push_back(i);
  }
  if (waiting.empty()) return;
  turn_ = waiting[chance_.Below(waiting.size())];
  changed_.notify_all();
}

bool Interleaving::Call(std::size_t operation) {
  const std::lock_guard lock(mutex_);
  const std::size_t call = processes_[operation].calls++;
  const bool is_dead = crash_ && crash_->operation == operation && call >= crash_->call;
  if (is_dead && call == crash_->call) log_ += std::to_string(operation) + ": crashes\n";
  return !is_dead;
}

void Interleaving::Step(std::size_t operation, store::Args line) {
  std::unique_lock lock(mutex_);
  processes_[operation].at = At::kWaiting;
  PassOn();
  changed_.wait(lock, [&] { return turn_ == operation; });
  turn_ = kNobody;
  processes_[operation].at = At::kRunning;
  log_ += std::to_string(operation) + ":";
  for (std::size_t i = 0; i < std::min<std::size_t>(line.size(), 6); ++i) {
    log_ += " " + std::string(line[i].substr(0, 60));
  }
  log_ += "\n";
}

void Interleaving::End(std::size_t operation) {
  const std::lock_guard lock(mutex_);
  processes_[operation].at = At::kEnded;
  PassOn();
}

}  // namespace satchel::repos
