#include "server/batch.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "server/connection.h"
#include "server/worker.h"

namespace satchel::server {
namespace {

using State = Connection::State;

// Commands between the prefetch of a bucket, that of the entry, and the use of both.
constexpr std::size_t kEntryAhead = 6;
constexpr std::size_t kBucketAhead = 12;

// After so many commands the time is looked at; after so long others get their turn.
constexpr std::size_t kCommandsPerLook = 8;
constexpr std::int64_t kMaxHoldNs = 100'000;

// With so little output no limit is looked at between two commands.
constexpr std::size_t kMinCheckedOutput = 64 * 1024;

// The first words of an HTTP request: a browser was talked into sending one here. Closed
// without a word, as Redis does.
bool IsHttp(std::string_view name) {
  if (name.size() != 4 && name.size() != 5) return false;
  return EqualIgnoreCase(name, "post") || EqualIgnoreCase(name, "host:");
}

}  // namespace

void Batch::Serve(std::span<net::Connection* const> ready) {
  queue_.clear();
  for (net::Connection* connection : ready) queue_.push_back(static_cast<Connection*>(connection));
  next_ = 0;
  while (Collect()) {
    Execute();
    for (Run& run : runs_) Settle(run);
  }
}

Connection* Batch::AnswerOthers() {
  if (running_ == nullptr) return nullptr;
  Run* const running = running_;
  for (Run& run : runs_) {
    if (&run == running || run.settled) continue;
    if (&run > running) {
      worker_.Enter();
      ExecuteRun(run);
      worker_.Leave();
    }
    Settle(run);
  }
  running_ = running;
  return running->connection;
}

// --- Parsing -------------------------------------------------------------------------------

bool Batch::Collect() {
  commands_.Clear();
  planned_.clear();
  runs_.clear();
  while (next_ < queue_.size() && commands_.size() < kMaxCommands) {
    if (!CollectFrom(*queue_[next_])) break;
    ++next_;
  }
  return !runs_.empty();
}

bool Batch::CollectFrom(Connection& connection) {
  if (connection.is_closed()) return true;
  if (static_cast<std::int64_t>(connection.input().size()) >
      worker_.parameters().query_buffer_limit) {
    worker_.Count(&engine::Stats::input_limit_disconnections);
    connection.net::Connection::Close(MakeError(ErrorCode::kTooLarge, "too much input"));
    return true;
  }
  if (connection.state() != State::kServing) {
    connection.NoteBuffers();
    return true;
  }
  const bool authenticated = connection.session().authenticated;
  const resp::ParserLimits limits{.max_bulk_bytes = worker_.max_bulk_bytes(),
                                  .authenticated = authenticated};
  const std::uint64_t seed = worker_.engine().keyspace().hash_seed();
  const std::size_t begin = commands_.size();
  const std::size_t end = authenticated ? kMaxCommands : begin + 1;
  const std::size_t all_bytes = connection.input().size();
  std::string_view input = connection.input();
  auto outcome = resp::Parser::Outcome::kCommand;
  while (commands_.size() < end) {
    outcome = connection.parser().Next(input, limits, commands_);
    if (outcome != resp::Parser::Outcome::kCommand) break;
    const auto args = commands_.back();
    planned_.push_back({.hash = args.size() > 1 ? HashBytes(args[1], seed) : 0,
                        .input_bytes = all_bytes - input.size()});
  }
  runs_.push_back({.connection = &connection,
                   .begin = begin,
                   .end = commands_.size(),
                   .done = begin,
                   .input_bytes = all_bytes - input.size(),
                   .failed = outcome == resp::Parser::Outcome::kError});
  return outcome != resp::Parser::Outcome::kCommand;
}

// --- Running -------------------------------------------------------------------------------

void Batch::Execute() {
  if (commands_.empty()) return;
  worker_.Enter();
  worker_.engine().BeginBatch();
  hold_began_ = worker_.engine().clock().Ticks();
  PrefetchFirst();
  for (Run& run : runs_) ExecuteRun(run);
  worker_.engine().EndBatch();
  worker_.Leave();
}

void Batch::ExecuteRun(Run& run) {
  if (run.settled) return;
  running_ = &run;
  ExecuteCommands(run);
  running_ = nullptr;
}

void Batch::ExecuteCommands(Run& run) {
  Connection& connection = *run.connection;
  engine::Session& session = connection.session();
  if (run.begin < run.end) session.last_active_ms = worker_.engine().now_ms();
  for (std::size_t i = run.begin; i < run.end; ++i) {
    if (i % kCommandsPerLook == 0) Breathe();
    if (connection.is_closed() || session.closing) return;
    PrefetchAhead(i, session.db);
    if (!ExecuteCommand(connection, i, run)) return;
  }
}

bool Batch::ExecuteCommand(Connection& connection, std::size_t index, Run& run) {
  engine::Session& session = connection.session();
  if (IsHttp(commands_[index][0])) {
    run.stopped = true;
    connection.set_state(State::kEnding);
    return false;
  }
  const std::uint64_t begin = connection.output().end_position();
  const engine::Outcome outcome =
      worker_.engine().Execute(session, commands_[index], connection.encoder());
  if (outcome == engine::Outcome::kPostponed) {
    run.stopped = true;
    connection.set_state(State::kPostponed);
    worker_.Postpone(connection);
    return false;
  }
  run.done = index + 1;
  if (outcome == engine::Outcome::kBlocked) {
    run.stopped = true;
    if (session.blocked != nullptr) connection.set_state(State::kBlocked);
    return false;
  }
  if (session.SwallowReply()) connection.output().Truncate(begin);
  if (outcome != engine::Outcome::kClose) {
    // What follows would only add to it; Settle closes.
    run.stopped = connection.pending_output() > kMinCheckedOutput && connection.IsOverOutputLimit();
    return !run.stopped;
  }
  run.stopped = true;
  connection.set_state(State::kEnding);
  return false;
}

void Batch::PrefetchFirst() const {
  const int db = runs_.front().connection->session().db;
  const engine::EntryTable& table = worker_.engine().keyspace().db(db).table;
  const std::size_t buckets = std::min(kBucketAhead, planned_.size());
  const std::size_t entries = std::min(kEntryAhead, planned_.size());
  for (std::size_t i = 0; i < buckets; ++i) table.Prefetch(planned_[i].hash);
  for (std::size_t i = 0; i < entries; ++i) table.PrefetchItem(planned_[i].hash);
}

void Batch::PrefetchAhead(std::size_t index, int db) const {
  const engine::EntryTable& table = worker_.engine().keyspace().db(db).table;
  if (index + kBucketAhead < planned_.size()) table.Prefetch(planned_[index + kBucketAhead].hash);
  if (index + kEntryAhead < planned_.size()) table.PrefetchItem(planned_[index + kEntryAhead].hash);
}

void Batch::Breathe() {
  engine::Engine& engine = worker_.engine();
  const std::int64_t now = engine.clock().Ticks();
  if (now - hold_began_ < kMaxHoldNs) return;
  engine.EndBatch();
  if (worker_.lock().waiters() > 0) {
    worker_.Leave();
    worker_.Enter();
  }
  engine.BeginBatch();
  hold_began_ = now;
}

// --- Afterwards ----------------------------------------------------------------------------

void Batch::Settle(Run& run) {
  if (std::exchange(run.settled, true)) return;
  Connection& connection = *run.connection;
  if (connection.is_closed()) return;
  const bool all_done = run.done == run.end && !run.stopped;
  std::size_t input_bytes = run.input_bytes;
  if (!all_done) input_bytes = run.done == run.begin ? 0 : planned_[run.done - 1].input_bytes;
  connection.Consume(input_bytes);
  const std::size_t output_bytes = connection.TakeNewOutput();
  connection.NoteTraffic(input_bytes, output_bytes);
  worker_.NoteTraffic(input_bytes, output_bytes);
  if (!all_done) {
    connection.parser().Restart();
  } else if (run.failed) {
    EndWithProtocolError(connection);
  } else if (connection.parser().in_command()) {
    connection.ExpectInput(connection.parser().missing_bytes());
  }
  if (connection.state() == State::kEnding) connection.CloseAfterFlush();
  connection.CloseIfOverOutputLimit();
  if (!connection.is_closed()) connection.NoteBuffers();
}

void Batch::EndWithProtocolError(Connection& connection) {
  connection.encoder().Error(connection.parser().error());
  connection.set_state(State::kEnding);
}

}  // namespace satchel::server
