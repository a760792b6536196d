#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "net/loop.h"

namespace satchel::net {
namespace {

// Newcomers of one round; the others wait their turn.
constexpr int kMaxAcceptsPerRound = 256;

void SetOption(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value);
}

Error CannotListen(std::string detail) { return MakeError(ErrorCode::kIo, std::move(detail)); }

std::string TcpReason(const TcpListen& listen, int error) {
  const std::string place =
      "port " + std::to_string(listen.port) + " on " + (listen.host.empty() ? "*" : listen.host);
  switch (error) {
    case EADDRINUSE:
      return place + " is in use; stop the other program or choose another port";
    case EADDRNOTAVAIL:
      return place + " cannot be used: this machine does not have that address";
    case EACCES:
      return place + " is not allowed for this user; choose a port from 1024 on";
    default:
      return place + " cannot be used: " + strerror(error);
  }
}

// An open socket, or the errno of what failed.
Result<Fd> ListenOn(const SocketAddress& address, int backlog, int& error) {
  Fd fd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.is_open()) {
    SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (address.family() == AF_INET6) SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (bind(fd.get(), address.raw(), address.raw_size()) == 0 &&
        ::listen(fd.get(), backlog) == 0) {
      return fd;
    }
  }
  error = errno;
  return MakeError(ErrorCode::kIo, strerror(error));
}

// Whether somebody accepts connections there. A full backlog counts.
bool Answers(const SocketAddress& address) {
  const Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return connect(fd.get(), address.raw(), address.raw_size()) == 0 || errno == EAGAIN;
}

Result<void> RemoveStaleSocket(const SocketAddress& address) {
  const std::string path = address.path();
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode)) {
    return CannotListen("'" + path + "' exists and is not a socket; choose another path");
  }
  if (Answers(address)) {
    return CannotListen("'" + path + "' is in use; stop the other program or choose another path");
  }
  if (unlink(path.c_str()) != 0) {
    return CannotListen("'" + path + "' was left behind and cannot be removed: " + strerror(errno));
  }
  return {};
}

}  // namespace

Result<Listener*> Listener::Tcp(Loop& loop, const TcpListen& listen, OnAccept on_accept) {
  SATCHEL_ASSIGN(const auto addresses, Resolve(listen.host, listen.port, ResolveFor::kListening));
  int error = 0;
  for (const SocketAddress& address : addresses) {
    if (auto fd = ListenOn(address, listen.backlog, error)) {
      return AddTo(loop, std::unique_ptr<Listener>(
                             new Listener(std::move(*fd), listen.keepalive, std::move(on_accept))));
    }
  }
  return CannotListen(TcpReason(listen, error));
}

Result<Listener*> Listener::Unix(Loop& loop, const UnixListen& listen, OnAccept on_accept) {
  SATCHEL_ASSIGN(const auto address, SocketAddress::Unix(listen.path));
  SATCHEL_TRY(RemoveStaleSocket(address));
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // The mode before bind narrows the file from its first moment; chmod then sets all of it.
  const bool listening = fd.is_open() && fchmod(fd.get(), listen.mode) == 0 &&
                         bind(fd.get(), address.raw(), address.raw_size()) == 0 &&
                         chmod(listen.path.c_str(), listen.mode) == 0 &&
                         ::listen(fd.get(), listen.backlog) == 0;
  if (!listening) {
    return CannotListen("'" + listen.path + "' cannot be used as a socket: " + strerror(errno));
  }
  return AddTo(loop, std::unique_ptr<Listener>(new Listener(std::move(fd), std::chrono::seconds(0),
                                                            std::move(on_accept))));
}

Result<Listener*> Listener::AddTo(Loop& loop, std::unique_ptr<Listener> listener) {
  Listener& added = loop.Adopt(std::move(listener));
  if (auto watched = loop.Watch(added, added.fd_.get(), {.readable = true}); !watched) {
    loop.Retire(added);
    return std::move(watched.error());
  }
  return &added;
}

Listener::Listener(Fd fd, std::chrono::seconds keepalive, OnAccept on_accept)
    : fd_(std::move(fd)),
      spare_(open("/dev/null", O_RDONLY | O_CLOEXEC)),
      address_(SocketAddress::LocalOf(fd_.get())),
      keepalive_(keepalive),
      on_accept_(std::move(on_accept)) {
  if (!address_.is_tcp()) stat(address_.path().c_str(), &file_);
}

Listener::~Listener() {
  if (address_.is_tcp()) return;
  struct stat now;
  const std::string path = address_.path();
  const bool ours =
      stat(path.c_str(), &now) == 0 && now.st_dev == file_.st_dev && now.st_ino == file_.st_ino;
  if (ours) unlink(path.c_str());
}

void Listener::OnEvents(const Events& /*events*/) {
  for (int i = 0; i < kMaxAcceptsPerRound && !is_retired(); ++i) {
    sockaddr_storage peer;
    socklen_t size = sizeof peer;
    auto* const raw = reinterpret_cast<sockaddr*>(&peer);
    Fd fd(accept4(fd_.get(), raw, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.is_open()) {
      Accepted(std::move(fd), SocketAddress(raw, size));
    } else if (errno == EMFILE || errno == ENFILE) {
      return HangUpOnOne();
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void Listener::Accepted(Fd fd, const SocketAddress& peer) {
  // Clients of a Unix socket have no name of their own: both ends are known by the path.
  Socket socket{.fd = std::move(fd), .peer = address_, .local = address_};
  if (address_.is_tcp()) {
    socket.peer = peer;
    socket.local = SocketAddress::LocalOf(socket.fd.get());
    SetTcpOptions(socket.fd.get(), keepalive_);
  }
  on_accept_(std::move(socket));
}

void Listener::HangUpOnOne() {
  spare_.Close();
  Fd(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC)).Close();
  spare_ = Fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

void SetTcpOptions(int fd, std::chrono::seconds keepalive) {
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (keepalive.count() == 0) return;
  constexpr int kProbes = 3;
  const int idle = static_cast<int>(keepalive.count());
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, idle / kProbes));
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
}

}  // namespace satchel::net
