// Connection: one stream in a loop: input that arrived, output to be sent. Derive from it
// for what a protocol keeps per connection, and let a ConnectionOwner serve all of them.
//
// Invariants: at most one read and one write per round. Output is sent up to the send limit;
// a short write arms the socket and the rest follows by itself. The end of the peer's stream
// closes the connection once its output has been sent.
// Thread: the loop's. Cost: an idle connection holds neither input nor output memory.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/byte_queue.h"
#include "base/result.h"
#include "net/event_source.h"
#include "net/input_buffer.h"
#include "net/stream.h"

namespace satchel::net {

class ConnectionOwner;

class Connection : public EventSource {
 public:
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

  // The owner must outlive the connection.
  Connection(ConnectionOwner& owner, std::unique_ptr<Stream> stream);

  // Input. Views into it are good until the owner's OnReady returns, consumed or not.
  std::string_view input() const { return input_.unread(); }
  void Consume(std::size_t bytes) { input_.Consume(bytes); }
  // input() ends inside something of which at least `bytes` are missing: room is made once.
  void ExpectInput(std::size_t bytes) { input_.Expect(bytes); }
  // Gives the connection to its owner again in the next round, with input or without.
  void CallAgain();
  // While off, nothing is read and the peer is slowed down; its end goes unnoticed.
  void SetReading(bool on);

  // Output. What is appended during OnReady leaves when that returns; at other times call
  // RequestFlush after appending. An owner that wants it bounded looks at pending_output().
  ByteQueue& output() { return output_; }
  std::size_t pending_output() const { return output_.size(); }
  std::size_t output_memory_bytes() const { return output_.memory_bytes(); }
  void RequestFlush();
  // Sends nothing beyond this position of output(): what must wait, for the disk say, is
  // appended and let go later. kNoLimit at first.
  void SetSendLimit(std::uint64_t position);

  // Sends what is in output() and closes. Nothing more is read; a connection that was called
  // again is still served first.
  void CloseAfterFlush() { CloseAfterFlush(MakeError(ErrorCode::kClosed, "closed")); }
  // Closes now. OnClosed follows before the call returns; the object lives until the end of
  // the round.
  void Close(Error reason);
  bool is_closed() const { return is_retired(); }
  bool is_closing() const { return closing_.has_value(); }

  const Stream& stream() const { return *stream_; }
  // Heap bytes of input that may come.
  std::size_t free_input_bytes() const { return input_.free_bytes(); }
  // Heap bytes of input and output.
  std::size_t memory_bytes() const { return input_.memory_bytes() + output_.memory_bytes(); }

 protected:
  // The stream is ready for use: at once if plain, else after its handshake.
  virtual void OnOpened() {}
  // Output has left, if not all of it.
  virtual void OnSent() {}
  // The last call. kClosed when the peer or the owner ended it in an orderly way.
  virtual void OnClosed(const Error& /*reason*/) {}

 private:
  friend class Loop;

  void OnAdopted() override;
  void OnEvents(const Events& events) override;

  void ContinueHandshake();
  void Receive();
  void Flush();
  void ReleaseInput();
  void CloseAfterFlush(Error reason);
  void UpdateInterest();
  std::size_t SendableBytes() const;

  ConnectionOwner& owner_;  // borrowed
  std::unique_ptr<Stream> stream_;
  InputBuffer input_;
  ByteQueue output_;
  std::uint64_t send_limit_ = kNoLimit;
  std::optional<Error> closing_;  // the reason, while output is still being sent
  Interest interest_;             // as the loop knows it
  bool open_ = false;             // the handshake is done
  bool reading_ = true;
  bool read_this_round_ = false;
  bool ready_ = false;             // in the owner's list
  bool flush_requested_ = false;   // in the loop's list
  bool write_blocked_ = false;     // output waits for the socket
  bool read_wants_write_ = false;  // the stream must write before it can read
  bool write_wants_read_ = false;  // and the other way round
};

// Serves connections; one per loop and protocol. Derived code may cast the connections back
// to the type it adopted.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;

  // These have new input, or were called again. A connection that this call closes is still
  // there while it lasts; look at is_closed() where that can happen.
  virtual void OnReady(std::span<Connection* const> ready) = 0;

 private:
  friend class Loop;

  std::vector<Connection*> ready_;
};

}  // namespace satchel::net
