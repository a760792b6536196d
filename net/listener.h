// Listener: accepts connections on a TCP port or a Unix socket, in a loop.
//
// Accepted sockets are non-blocking; TCP ones have no delay and probe a silent peer. When
// the process is out of descriptors the newcomer is hung up on, rather than left waiting.
// A Unix socket's file is removed when its listener goes.
// Thread: the loop's.

#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/address.h"
#include "net/event_source.h"
#include "net/fd.h"
#include "net/stream.h"

namespace satchel::net {

class Loop;

struct TcpListen {
  std::string host = "127.0.0.1";  // a name or an address; "*" or empty: any
  std::uint16_t port = 0;          // 0: the system chooses; see Listener::address
  int backlog = 511;
  std::chrono::seconds keepalive{300};  // 0: off
};

struct UnixListen {
  std::string path;
  mode_t mode = 0700;
  int backlog = 511;
};

class Listener final : public EventSource {
 public:
  using OnAccept = std::function<void(Socket socket)>;

  // Adds a listener to the loop, which owns it: retire it to stop. Error kIo names address,
  // port and reason.
  static Result<Listener*> Tcp(Loop& loop, const TcpListen& listen, OnAccept on_accept);
  // A file left behind by a server that is gone is replaced; one that a server answers on,
  // or that is no socket, is an error: kIo.
  static Result<Listener*> Unix(Loop& loop, const UnixListen& listen, OnAccept on_accept);
  ~Listener() override;

  // With the real port.
  const SocketAddress& address() const { return address_; }

 private:
  Listener(Fd fd, std::chrono::seconds keepalive, OnAccept on_accept);

  static Result<Listener*> AddTo(Loop& loop, std::unique_ptr<Listener> listener);
  void OnAdopted() override {}
  void OnEvents(const Events& events) override;
  void Accepted(Fd fd, const SocketAddress& peer);
  void HangUpOnOne();

  Fd fd_;
  Fd spare_;  // given up for a moment when descriptors run out
  SocketAddress address_;
  std::chrono::seconds keepalive_;
  OnAccept on_accept_;
  struct stat file_ {};  // of the Unix socket, to remove no other's
};

// Options of a TCP socket that carries requests: no delay; after `keepalive` (0: off) of
// silence, probes that end a dead connection after as long again.
void SetTcpOptions(int fd, std::chrono::seconds keepalive);

}  // namespace satchel::net
