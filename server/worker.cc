#include "server/worker.h"

#include <algorithm>
#include <utility>

#include "server/connection.h"
#include "server/process_memory.h"

namespace satchel::server {
namespace {

using engine::Database;

constexpr std::int64_t kIdleCheckUs = 1'000'000;
constexpr std::int64_t kMemoryCheckUs = 100'000;
constexpr std::int64_t kSoftLimitCheckUs = 1'000'000;

constexpr std::string_view kTooMany = "-ERR max number of clients reached\r\n";
constexpr std::string_view kProtected =
    "-DENIED Redis is running in protected mode because protected mode is enabled and no password "
    "is set for the default user. In this mode connections are only accepted from the loopback "
    "interface. Set a password for the default user, or, if nobody else can reach this port, send "
    "'CONFIG SET protected-mode no' from the machine it runs on.\r\n";

}  // namespace

Result<std::unique_ptr<Worker>> Worker::Create(Host& host) {
  SATCHEL_ASSIGN(auto loop, net::Loop::Create(host.engine.clock()));
  return std::unique_ptr<Worker>(new Worker(host, std::move(loop)));
}

Worker::Worker(Host& host, std::unique_ptr<net::Loop> loop)
    : host_(host),
      loop_(std::move(loop)),
      last_pulse_us_(loop_->clock().NowUs()),
      batch_(*this),
      nested_batch_(*this),
      max_bulk_bytes_(host.engine.config().proto_max_bulk_len) {}

Worker::~Worker() { SATCHEL_CHECK(!is_running()); }

void Worker::Start() {
  thread_ = std::thread([this] {
    current_ = this;
    loop_->Run();
    current_ = nullptr;
  });
}

void Worker::Stop() {
  loop_->Post([this] {
    const std::vector<Connection*> open = connections_;
    for (Connection* connection : open) {
      connection->net::Connection::Close(MakeError(ErrorCode::kClosed, "the server stops"));
    }
    loop_->Stop();
  });
  thread_.join();
}

void Worker::Pulse() {
  if (pulse_wanted_.exchange(true)) return;  // one that waits is enough
  loop_->Post([this] {
    last_pulse_us_ = loop_->clock().NowUs();
    pulse_wanted_ = false;
  });
}

// --- Connections ---------------------------------------------------------------------------

void Worker::Adopt(net::Socket socket) {
  if (Current() == this) return AdoptHere(std::move(socket));
  // A posted function must be copyable.
  auto shared = std::make_shared<net::Socket>(std::move(socket));
  loop_->Post([this, shared] { AdoptHere(std::move(*shared)); });
}

void Worker::AdoptHere(net::Socket socket) {
  if (host_.connections.fetch_add(1) >= static_cast<std::size_t>(parameters().max_clients)) {
    --host_.connections;
    return Refuse(std::move(socket), kTooMany);
  }
  if (!socket.peer.is_local() && IsProtected()) {
    --host_.connections;
    return Refuse(std::move(socket), kProtected);
  }
  auto owned = std::make_unique<Connection>(*this, std::move(socket));
  Connection& connection = *owned;
  connection.slot_ = connections_.size();
  connections_.push_back(&connection);
  Enter();
  engine().AddSession(connection.session());
  Leave();
  loop_->Adopt(std::move(owned));
}

// Nobody from outside may have all the data for nothing.
bool Worker::IsProtected() {
  const ExecutionGuard guard(lock());
  return engine().config().protected_mode && engine().acl().default_user().no_password();
}

void Worker::Refuse(net::Socket socket, std::string_view text) {
  net::SocketStream stream(std::move(socket.fd));
  const iovec part{const_cast<char*>(text.data()), text.size()};
  stream.Write(&part, 1);  // what does not fit at once is not worth waiting for
  const ExecutionGuard guard(lock());
  ++engine().stats().rejected_connections;
}

void Worker::Remove(Connection& connection) {
  {
    const ExecutionGuard guard(lock());
    engine().RemoveSession(connection.session());
    std::erase_if(mailbox_, [&](const Mail& mail) { return mail.connection == &connection; });
  }
  connection.set_state(Connection::State::kEnding);
  std::erase(postponed_, &connection);
  connections_.back()->slot_ = connection.slot_;
  std::swap(connections_[connection.slot_], connections_.back());
  connections_.pop_back();
  --host_.connections;
}

void Worker::OnReady(std::span<net::Connection* const> ready) {
  (nested_ ? nested_batch_ : batch_).Serve(ready);
  EvictClients();
}

void Worker::ServeOthers() {
  SATCHEL_CHECK(Current() == this && !lock().held());
  if (nested_) return;
  Connection* const busy = batch_.AnswerOthers();
  if (busy == nullptr) return;
  nested_ = true;
  loop_->RunNested(*busy);
  nested_ = false;
}

// --- Limits of clients ---------------------------------------------------------------------

void Worker::Count(std::uint64_t engine::Stats::*counter) {
  const ExecutionGuard guard(lock());
  ++(engine().stats().*counter);
}

void Worker::WatchSoftLimits() {
  if (std::exchange(watches_soft_limits_, true)) return;
  loop_->AddTimer(loop_->now_us() + kSoftLimitCheckUs, [this] { CheckSoftLimits(); });
}

void Worker::CheckSoftLimits() {
  watches_soft_limits_ = false;
  const std::vector<Connection*> open = connections_;
  for (Connection* connection : open) {
    connection->CloseIfOverOutputLimit();
    if (connection->is_over_soft_limit()) WatchSoftLimits();
  }
}

// Source: redis 7.0, client eviction: the largest go first; replicas, and who said CLIENT
// NO-EVICT, stay.
void Worker::EvictClients() {
  if (parameters().client_memory <= parameters().eviction_limit) return;
  Enter();
  CloseLargestClients();
  Leave();
}

void Worker::CloseLargestClients() {
  const std::int64_t limit = parameters().NoteClientMemoryLimit(engine().config().max_memory);
  std::int64_t total = parameters().client_memory;
  if (total <= limit) return;
  std::vector<std::pair<std::size_t, engine::Session*>> largest;
  for (engine::Session* session : engine().sessions().all()) {
    if (session->peer == nullptr) continue;
    if (session->closing) {
      total -= static_cast<std::int64_t>(session->MemoryBytes());
    } else if (!session->no_evict) {
      largest.emplace_back(session->MemoryBytes(), session);
    }
  }
  std::sort(largest.rbegin(), largest.rend());
  for (const auto& [bytes, session] : largest) {
    if (total <= limit) break;
    total -= static_cast<std::int64_t>(bytes);
    ++engine().stats().evicted_clients;
    session->peer->Close(false);
  }
}

// --- The lock and the mailbox --------------------------------------------------------------

void Worker::Enter() {
  lock().lock();
  while (!mailbox_.empty()) {
    const std::vector<Mail> mails = TakeMail();
    lock().unlock();
    HandleMail(mails);
    lock().lock();
  }
}

void Worker::Leave() {
  engine::Stats& stats = engine().stats();
  const Traffic traffic = std::exchange(traffic_, {});
  stats.net_input_bytes += traffic.input_bytes;
  stats.net_output_bytes += traffic.output_bytes;
  stats.reads += traffic.reads;
  stats.writes += traffic.writes;
  max_bulk_bytes_ = engine().config().proto_max_bulk_len;
  const std::int64_t tick_at_ms = engine().NextDeadlineMs();
  const bool sooner = tick_at_ms < host_.tick_at_ms && !engine().clock().is_manual();
  if (sooner) host_.tick_at_ms = tick_at_ms;
  const std::vector<Mail> mails = TakeMail();
  lock().unlock();

  if (sooner) host_.workers.front()->SetTick(tick_at_ms);
  WakeOthers();
  HandleMail(mails);
}

void Worker::Send(Mail mail) {
  mailbox_.push_back(std::move(mail));
  Worker* const sender = Current();
  if (sender == this) return;  // dealt with when this hold ends
  if (sender == nullptr) {
    if (mailbox_.size() == 1) loop_->Post([this] { EmptyMailbox(); });
  } else if (std::find(sender->to_wake_.begin(), sender->to_wake_.end(), this) ==
             sender->to_wake_.end()) {
    sender->to_wake_.push_back(this);
  }
}

void Worker::WakeOthers() {
  for (Worker* worker : to_wake_) worker->loop_->Post([worker] { worker->EmptyMailbox(); });
  to_wake_.clear();
}

void Worker::EmptyMailbox() {
  Enter();
  lock().unlock();
}

std::vector<Mail> Worker::TakeMail() {
  if (mailbox_.empty()) return {};
  for (const Mail& mail : mailbox_) {
    if (mail.bytes != nullptr) mail.connection->mailed_bytes_ -= mail.bytes->size();
  }
  return std::exchange(mailbox_, {});
}

void Worker::HandleMail(const std::vector<Mail>& mails) {
  for (const Mail& mail : mails) {
    if (mail.kind == Mail::Kind::kResume) {
      ResumePostponed();
      continue;
    }
    Connection& connection = *mail.connection;
    if (connection.is_closed()) continue;
    switch (mail.kind) {
      case Mail::Kind::kPush:
        connection.TakePush(mail.bytes);
        connection.NoteBuffers();
        connection.CloseIfOverOutputLimit();
        break;
      case Mail::Kind::kReply:
        connection.TakeReply();
        break;
      case Mail::Kind::kEnd:
        connection.set_state(Connection::State::kEnding);
        connection.CloseAfterFlush();
        break;
      default:
        connection.net::Connection::Close(MakeError(ErrorCode::kClosed, "closed by the server"));
    }
  }
}

void Worker::ResumePostponed() {
  for (Connection* connection : std::exchange(postponed_, {})) {
    connection->set_state(Connection::State::kServing);
    connection->CallAgain();
  }
}

// --- Timers --------------------------------------------------------------------------------

void Worker::SetTick(std::int64_t deadline_ms) {
  if (Current() != this) return loop_->Post([this, deadline_ms] { SetTick(deadline_ms); });
  loop_->CancelTimer(tick_timer_);
  // What is due already was left over by a tick, whose work is bounded.
  const std::int64_t soonest_us = loop_->clock().NowUs() + 1000;
  const std::int64_t deadline_us = deadline_ms > INT64_MAX / 1000 ? INT64_MAX : deadline_ms * 1000;
  tick_timer_ = loop_->AddTimer(std::max(deadline_us, soonest_us), [this] { Tick(); });
}

void Worker::Tick() {
  Enter();
  host_.tick_at_ms = Database::kNoDeadline;
  engine().Tick();
  Leave();
}

void Worker::WatchIdle() {
  if (Current() != this && is_running()) return loop_->Post([this] { WatchIdle(); });
  loop_->CancelTimer(idle_timer_);
  if (parameters().idle_timeout_s == 0) return;
  idle_timer_ = loop_->AddTimer(loop_->now_us() + kIdleCheckUs, [this] {
    CloseIdle();
    WatchIdle();
  });
}

void Worker::WatchMemory() {
  const engine::ProcessMemory memory = ReadProcessMemory();
  {
    const ExecutionGuard guard(lock());
    engine().NoteProcessMemory(memory);
    engine().SampleRates();
    parameters().NoteClientMemoryLimit(engine().config().max_memory);
  }
  memory_timer_ = loop_->AddTimer(loop_->now_us() + kMemoryCheckUs, [this] { WatchMemory(); });
}

void Worker::CloseIdle() {
  Enter();
  const std::int64_t oldest_ms = engine().now_ms() - parameters().idle_timeout_s * 1000;
  for (Connection* connection : connections_) {
    const engine::Session& session = connection->session();
    const bool waits = session.blocked != nullptr || session.subscribed();
    if (!waits && session.last_active_ms < oldest_ms) connection->Close(false);
  }
  Leave();
}

}  // namespace satchel::server
