#include "server/connection.h"

#include <utility>

#include "server/push.h"
#include "server/worker.h"

namespace satchel::server {

Connection::Connection(Worker& worker, net::Socket socket)
    : net::Connection(worker, std::make_unique<net::SocketStream>(std::move(socket.fd))),
      worker_(worker),
      address_(socket.peer.ToString()),
      local_address_(socket.local.ToString()),
      fd_(stream().fd()),
      encoder_(output()),
      session_(engine::Session::Kind::kClient, this),
      late_encoder_(late_output_) {
  session_.waiter = this;
}

bool Connection::on_own_thread() const { return Worker::Current() == &worker_; }

// --- Buffers -------------------------------------------------------------------------------

bool Connection::IsOverOutputLimit() {
  const std::size_t pending_bytes = pending_output();
  if (pending_bytes == 0) {
    over_soft_limit_since_us_ = 0;
    return false;
  }
  const OutputLimit& limit = worker_.parameters().output_limit(client_class());
  const auto bytes = static_cast<std::int64_t>(pending_bytes);
  if (limit.hard_bytes != 0 && bytes >= limit.hard_bytes) return true;
  if (limit.soft_bytes == 0 || bytes < limit.soft_bytes) {
    over_soft_limit_since_us_ = 0;
    return false;
  }
  const std::int64_t now_us = loop().now_us();
  if (over_soft_limit_since_us_ == 0) {
    over_soft_limit_since_us_ = now_us;
    worker_.WatchSoftLimits();
  }
  return now_us - over_soft_limit_since_us_ > limit.soft_seconds * 1'000'000;
}

void Connection::CloseIfOverOutputLimit() {
  if (is_closed() || !IsOverOutputLimit()) return;
  worker_.Count(&engine::Stats::output_limit_disconnections);
  net::Connection::Close(MakeError(ErrorCode::kTooLarge, "too much output"));
}

std::size_t Connection::TakeNewOutput() {
  const std::uint64_t end = output().end_position();
  return end - std::exchange(counted_output_, end);
}

void Connection::NoteBuffers() {
  const auto note = [](std::atomic<std::size_t>& noted, std::size_t bytes) {
    noted.store(bytes, std::memory_order_relaxed);
    return static_cast<std::int64_t>(bytes);
  };
  Parameters& parameters = worker_.parameters();
  const std::int64_t now_s = loop().now_us() / 1'000'000;
  parameters.recent_input.Note(now_s, note(noted_input_bytes_, input().size()));
  parameters.recent_output.Note(now_s, note(noted_output_bytes_, pending_output()));
  const std::int64_t memory = note(noted_free_bytes_, free_input_bytes()) +
                              note(noted_output_memory_, output_memory_bytes()) +
                              static_cast<std::int64_t>(sizeof *this + session_.queued_bytes) +
                              static_cast<std::int64_t>(input().size());
  if (is_closed() || memory == noted_memory_) return;
  parameters.client_memory += memory - std::exchange(noted_memory_, memory);
}

std::size_t Connection::FreeInputBytes() const {
  return on_own_thread() ? free_input_bytes() : noted_free_bytes_.load(std::memory_order_relaxed);
}

std::size_t Connection::OutputMemoryBytes() const {
  if (on_own_thread()) return output_memory_bytes();
  return noted_output_memory_.load(std::memory_order_relaxed);
}

std::size_t Connection::InputBytes() const {
  return on_own_thread() ? input().size() : noted_input_bytes_.load(std::memory_order_relaxed);
}

std::size_t Connection::OutputBytes() const {
  return on_own_thread() ? pending_output() : noted_output_bytes_.load(std::memory_order_relaxed);
}

// --- Messages ------------------------------------------------------------------------------

void Connection::Deliver(const std::shared_ptr<const engine::PushMessage>& message) {
  if (session_.closing) return;
  const bool is_line = message->kind == engine::PushMessage::Kind::kMonitorLine;
  if (is_line && session_.reply_mode == engine::ReplyMode::kOff) return;
  const auto& bytes = EncodePush(*message, session_.protocol);
  if (on_own_thread()) {
    TakePush(bytes);
    if (IsOverOutputLimit()) CloseForOutput();
    return;
  }
  mailed_bytes_ += bytes->size();
  const std::int64_t limit = worker_.parameters().output_limit(client_class()).hard_bytes;
  if (limit != 0 && static_cast<std::int64_t>(mailed_bytes_) > limit) {
    mailed_bytes_ -= bytes->size();
    return CloseForOutput();
  }
  worker_.Send({.kind = Mail::Kind::kPush, .connection = this, .bytes = bytes});
}

void Connection::CloseForOutput() {
  ++worker_.engine().stats().output_limit_disconnections;
  Close(false);
}

void Connection::TakePush(const std::shared_ptr<const std::string>& bytes) {
  output().AppendShared(bytes, *bytes);
  RequestFlush();
}

void Connection::Close(bool after_reply) {
  session_.closing = true;
  worker_.Send({.kind = after_reply ? Mail::Kind::kEnd : Mail::Kind::kClose,
                .connection = this,
                .bytes = nullptr});
}

// --- Late replies --------------------------------------------------------------------------

Reply& Connection::Sink() {
  if (session_.reply_mode != engine::ReplyMode::kOn) return silent_reply_;
  if (on_own_thread()) return encoder_;
  late_encoder_.set_protocol(session_.protocol);
  return late_encoder_;
}

void Connection::Served() {
  session_.SwallowReply();
  if (on_own_thread()) return Resume();
  worker_.Send({.kind = Mail::Kind::kReply, .connection = this, .bytes = nullptr});
}

void Connection::TakeReply() {
  output().Append(std::move(late_output_));
  Resume();
}

void Connection::Resume() {
  if (state_ == State::kBlocked) state_ = State::kServing;
  RequestFlush();
  if (!input().empty()) CallAgain();
}

void Connection::OnClosed(const Error& /*reason*/) {
  worker_.parameters().client_memory -= std::exchange(noted_memory_, 0);
  worker_.Remove(*this);
}

}  // namespace satchel::server
