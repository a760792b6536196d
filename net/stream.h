// Stream: the bytes of one connection, plain or encrypted. Nothing here blocks.
//
// Read, Write and Handshake do what they can at once. kWantsRead and kWantsWrite name the
// event to wait for before the same call is made again; it need not be the direction of the
// call, as an encrypted stream may have to write in order to read.
// Thread: the loop's of its connection.

#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/result.h"
#include "net/address.h"
#include "net/fd.h"

namespace satchel::net {

// An open socket that was accepted or connected.
struct Socket {
  Fd fd;
  SocketAddress peer;
  SocketAddress local;
};

enum class IoState : std::uint8_t {
  kDone,  // Read and Write: at least one byte
  kWantsRead,
  kWantsWrite,
  kEnd,     // Read only: the peer has finished
  kFailed,  // error() says why; no call may follow
};

struct IoResult {
  IoState state;
  std::size_t bytes = 0;
};

class Stream {
 public:
  virtual ~Stream() = default;  // closes

  virtual int fd() const = 0;
  // Called until it says kDone, before anything else.
  virtual IoResult Handshake() = 0;
  virtual IoResult Read(char* out, std::size_t room) = 0;
  virtual IoResult Write(const iovec* parts, std::size_t count) = 0;
  // Whether Read would give bytes for which the socket shows no event any more.
  virtual bool has_buffered_input() const = 0;
  // Why the last call failed.
  virtual Error error() const = 0;
};

// Bytes as they are.
class SocketStream final : public Stream {
 public:
  // Requires a non-blocking socket.
  explicit SocketStream(Fd fd) : fd_(std::move(fd)) {}

  int fd() const override { return fd_.get(); }
  IoResult Handshake() override { return {IoState::kDone}; }
  IoResult Read(char* out, std::size_t room) override;
  IoResult Write(const iovec* parts, std::size_t count) override;
  bool has_buffered_input() const override { return false; }
  Error error() const override;

 private:
  IoResult Failed(IoState when_blocked);

  Fd fd_;
  int errno_ = 0;  // of the last failure
};

}  // namespace satchel::net
