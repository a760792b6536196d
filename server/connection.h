// Connection: one client of the server: its parser, its session, its replies.
//
// A connection belongs to one worker for life, and its fields to that worker's thread. Others
// come in only under the execution lock, as the engine's Peer (messages, CLIENT KILL) and
// Waiter (the reply of a blocked command): on another thread than the worker's, what they
// bring goes through the worker's mailbox.
//
// Replies are appended to output() while the lock is held and leave in one write per round. A
// store that acknowledges only what is on disk would keep them back with SetSendLimit where
// Batch ends a hold.
// Source: redis 7.0.15, networking: client states, output limits.

#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/byte_queue.h"
#include "base/reply.h"
#include "engine/session.h"
#include "net/connection.h"
#include "net/stream.h"
#include "resp/encoder.h"
#include "resp/parser.h"
#include "server/parameters.h"

namespace satchel::server {

class Worker;

class Connection final : public net::Connection, public engine::Peer, public engine::Waiter {
 public:
  enum class State : std::uint8_t {
    kServing,
    kBlocked,    // a command waits for its reply; what follows it waits in input()
    kPostponed,  // clients are paused; the command is still in input()
    kEnding,     // closes once its output is sent; no command runs any more
  };

  Connection(Worker& worker, net::Socket socket);

  State state() const { return state_; }
  void set_state(State state) { state_ = state; }
  engine::Session& session() { return session_; }
  resp::Parser& parser() { return parser_; }
  resp::Encoder& encoder() { return encoder_; }

  // What its client has left unread is over the limit of its class.
  bool IsOverOutputLimit();
  // Closes when it is, and counts that. Without the lock.
  void CloseIfOverOutputLimit();
  bool is_over_soft_limit() const { return !is_closed() && over_soft_limit_since_us_ != 0; }
  // Bytes appended to output() since the last call.
  std::size_t TakeNewOutput();
  // Counts what a round took and gave.
  void NoteTraffic(std::size_t input_bytes, std::size_t output_bytes) {
    const auto add = [](std::atomic<std::uint64_t>& total, std::size_t bytes) {
      total.store(total.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
    };
    add(read_bytes_, input_bytes);  // one thread writes
    add(written_bytes_, output_bytes);
  }
  // Lets CLIENT LIST on other threads see the sizes of the buffers, and adds them up.
  void NoteBuffers();

  // From the mailbox, on the worker's thread, without the lock.
  void TakePush(const std::shared_ptr<const std::string>& bytes);
  void TakeReply();

  // Peer: under the lock, on any thread.
  std::string Address() const override { return address_; }
  std::string LocalAddress() const override { return local_address_; }
  int FileDescriptor() const override { return fd_; }
  std::size_t InputBytes() const override;
  std::size_t OutputBytes() const override;
  std::size_t FreeInputBytes() const override;
  std::size_t OutputMemoryBytes() const override;
  std::uint64_t TotalInputBytes() const override { return read_bytes_; }
  std::uint64_t TotalOutputBytes() const override { return written_bytes_; }
  void Deliver(const std::shared_ptr<const engine::PushMessage>& message) override;
  using net::Connection::Close;
  void Close(bool after_reply) override;
  void ProtocolChanged(int protocol) override { encoder_.set_protocol(protocol); }

  // Waiter: under the lock, on any thread.
  Reply& Sink() override;
  void Served() override;

 private:
  friend class Worker;

  void OnSent() override { NoteBuffers(); }
  void OnClosed(const Error& reason) override;
  ClientClass client_class() const {
    return session_.subscribed() ? ClientClass::kPubSub : ClientClass::kNormal;
  }
  bool on_own_thread() const;
  // Under the lock; the close itself follows.
  void CloseForOutput();
  // Serving goes on with the commands that came meanwhile.
  void Resume();

  Worker& worker_;  // borrowed
  const std::string address_;
  const std::string local_address_;
  const int fd_;
  resp::Parser parser_;
  resp::Encoder encoder_;
  engine::Session session_;
  State state_ = State::kServing;
  std::size_t slot_ = 0;                       // index in the worker's list
  std::int64_t over_soft_limit_since_us_ = 0;  // 0: it is not
  std::uint64_t counted_output_ = 0;           // position in output()

  std::atomic<std::uint64_t> read_bytes_{0};
  std::atomic<std::uint64_t> written_bytes_{0};
  std::atomic<std::size_t> noted_input_bytes_{0};
  std::atomic<std::size_t> noted_output_bytes_{0};
  std::atomic<std::size_t> noted_free_bytes_{0};
  std::atomic<std::size_t> noted_output_memory_{0};
  std::int64_t noted_memory_ = 0;  // part of Parameters::client_memory

  // Written by other threads under the lock, taken by TakeReply.
  ByteQueue late_output_;
  resp::Encoder late_encoder_;
  NullReply silent_reply_;        // CLIENT REPLY OFF and SKIP
  std::size_t mailed_bytes_ = 0;  // in the mailbox; under the lock
};

}  // namespace satchel::server
