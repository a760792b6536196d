#include "net/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "net/loop.h"

namespace satchel::net {
namespace {

constexpr std::size_t kMaxWriteParts = 64;
// A slow reader of much output takes its turn with the others.
constexpr std::size_t kMaxWriteBytes = 1024 * 1024;

Error ClosedByPeer() { return MakeError(ErrorCode::kClosed, "closed by the peer"); }

}  // namespace

Connection::Connection(ConnectionOwner& owner, std::unique_ptr<Stream> stream)
    : owner_(owner), stream_(std::move(stream)) {}

void Connection::CallAgain() {
  if (ready_ || is_closed()) return;
  ready_ = true;
  loop().AddReady(owner_, *this);
}

void Connection::SetReading(bool on) {
  reading_ = on;
  if (!is_adopted() || is_closed()) return;
  if (on && stream_->has_buffered_input()) loop().AddBuffered(*this);
  UpdateInterest();
}

void Connection::RequestFlush() {
  if (flush_requested_ || is_closed()) return;
  flush_requested_ = true;
  loop().AddFlush(*this);
}

void Connection::SetSendLimit(std::uint64_t position) {
  const bool raised = position > send_limit_;
  send_limit_ = position;
  if (raised) RequestFlush();
}

void Connection::Close(Error reason) {
  if (is_closed()) return;
  // The descriptor goes when the round ends, after others were answered; the peer learns it before
  // them, so that whoever had it closed can count on it.
  shutdown(stream_->fd(), SHUT_RDWR);
  loop().Retire(*this);
  OnClosed(reason);
}

void Connection::OnAdopted() {
  interest_ = {.readable = reading_};
  if (auto watched = loop().Watch(*this, stream_->fd(), interest_); !watched) {
    return Close(std::move(watched.error()));
  }
  ContinueHandshake();
}

void Connection::OnEvents(const Events& events) {
  if (!open_) return ContinueHandshake();
  const bool takes_input = reading_ && !closing_;
  if (events.broken && !takes_input) return Close(ClosedByPeer());
  if (events.readable || events.broken || (events.writable && read_wants_write_)) Receive();
  if (events.writable || (events.readable && write_wants_read_)) RequestFlush();
}

void Connection::ContinueHandshake() {
  const IoResult result = stream_->Handshake();
  if (result.state == IoState::kFailed) return Close(stream_->error());
  if (result.state == IoState::kEnd) return Close(ClosedByPeer());
  open_ = result.state == IoState::kDone;
  read_wants_write_ = result.state == IoState::kWantsWrite;
  UpdateInterest();
  if (!open_) return;
  OnOpened();
  if (is_closed()) return;
  RequestFlush();
  if (stream_->has_buffered_input()) loop().AddBuffered(*this);
}

void Connection::Receive() {
  if (is_closed() || closing_ || !reading_ || read_this_round_) return;
  const std::span<char> room = input_.Room(loop().arena());
  const IoResult result = stream_->Read(room.data(), room.size());
  if (result.state == IoState::kFailed) return Close(stream_->error());
  if (result.state == IoState::kEnd) return CloseAfterFlush(ClosedByPeer());
  read_wants_write_ = result.state == IoState::kWantsWrite;
  UpdateInterest();
  if (result.state != IoState::kDone) return;
  input_.Commit(loop().arena(), result.bytes);
  read_this_round_ = true;
  if (stream_->has_buffered_input()) loop().AddBuffered(*this);
  CallAgain();
}

void Connection::Flush() {
  flush_requested_ = false;
  if (is_closed() || !open_) return;
  write_blocked_ = false;
  write_wants_read_ = false;
  if (const std::size_t sendable = SendableBytes(); sendable > 0) {
    std::array<iovec, kMaxWriteParts> parts;
    const std::size_t count =
        output_.Peek(parts.data(), parts.size(), std::min(sendable, kMaxWriteBytes));
    const IoResult result = stream_->Write(parts.data(), count);
    if (result.state == IoState::kFailed) return Close(stream_->error());
    if (result.state == IoState::kDone) output_.Consume(result.bytes);
    write_blocked_ = result.state != IoState::kDone || result.bytes < sendable;
    write_wants_read_ = result.state == IoState::kWantsRead;
    OnSent();
  }
  if (closing_ && output_.empty() && !ready_) return Close(*std::exchange(closing_, {}));
  UpdateInterest();
}

void Connection::ReleaseInput() {
  read_this_round_ = false;
  input_.EndRound();
}

void Connection::CloseAfterFlush(Error reason) {
  if (closing_ || is_closed()) return;
  if (!open_) return Close(std::move(reason));
  closing_ = std::move(reason);
  UpdateInterest();
  RequestFlush();
}

void Connection::UpdateInterest() {
  const Interest wanted{.readable = !open_ || (reading_ && !closing_) || write_wants_read_,
                        .writable = (write_blocked_ && !write_wants_read_) || read_wants_write_};
  if (wanted == interest_) return;
  interest_ = wanted;
  loop().ChangeInterest(*this, stream_->fd(), wanted);
}

std::size_t Connection::SendableBytes() const {
  const std::uint64_t end = std::min(send_limit_, output_.end_position());
  const std::uint64_t begin = output_.begin_position();
  return end > begin ? static_cast<std::size_t>(end - begin) : 0;
}

}  // namespace satchel::net
