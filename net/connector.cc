#include "net/connector.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "net/listener.h"
#include "net/loop.h"

namespace satchel::net {

Connector& Connector::Start(Loop& loop, Options options, OnDone on_done) {
  SATCHEL_CHECK(!options.addresses.empty());
  return loop.Adopt(
      std::unique_ptr<Connector>(new Connector(std::move(options), std::move(on_done))));
}

Connector::Connector(Options options, OnDone on_done)
    : options_(std::move(options)), on_done_(std::move(on_done)) {}

Connector::~Connector() {
  if (is_adopted()) loop().CancelTimer(timer_);
}

// The first attempt waits for a round, so that nobody is called back inside Start.
void Connector::OnAdopted() {
  timer_ = loop().AddTimer(loop().now_us(), [this] { OnFirstRound(); });
}

void Connector::OnFirstRound() {
  if (is_retired()) return;
  const std::int64_t deadline_us = loop().now_us() + options_.timeout.count();
  timer_ = loop().AddTimer(deadline_us, [this] { OnTimeout(); });
  TryNext();
}

void Connector::OnEvents(const Events& /*events*/) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return OnFailure(error);
  loop().Unwatch(*this);
  Socket socket{.fd = std::move(fd_), .peer = address()};
  socket.local = SocketAddress::LocalOf(socket.fd.get());
  if (address().is_tcp()) SetTcpOptions(socket.fd.get(), options_.keepalive);
  Finish(std::move(socket));
}

void Connector::TryNext() {
  if (next_ == options_.addresses.size()) return Finish(std::move(last_error_));
  ++next_;
  if (const int error = Begin(); error != 0) OnFailure(error);
}

int Connector::Begin() {
  fd_ = Fd(socket(address().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_.is_open()) return errno;
  if (connect(fd_.get(), address().raw(), address().raw_size()) != 0 && errno != EINPROGRESS) {
    return errno;
  }
  // A socket that connected at once is writable at once.
  return loop().Watch(*this, fd_.get(), {.writable = true}) ? 0 : errno;
}

void Connector::OnFailure(int error) {
  loop().Unwatch(*this);
  fd_.Close();
  last_error_ = MakeError(ErrorCode::kUnavailable,
                          "cannot connect to " + address().ToString() + ": " + strerror(error));
  TryNext();
}

void Connector::OnTimeout() {
  if (is_retired()) return;
  Finish(MakeError(ErrorCode::kTimeout, "no answer from " + address().ToString() + " in time"));
}

void Connector::Finish(Result<Socket> result) {
  loop().Unwatch(*this);
  fd_.Close();
  loop().Retire(*this);
  on_done_(std::move(result));
}

}  // namespace satchel::net
