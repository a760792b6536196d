#include "net/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

namespace satchel::net {

IoResult SocketStream::Read(char* out, std::size_t room) {
  ssize_t count = 0;
  do {
    count = recv(fd_.get(), out, room, 0);
  } while (count < 0 && errno == EINTR);
  if (count > 0) return {IoState::kDone, static_cast<std::size_t>(count)};
  if (count == 0) return {IoState::kEnd};
  return Failed(IoState::kWantsRead);
}

IoResult SocketStream::Write(const iovec* parts, std::size_t count) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = count;
  ssize_t written = 0;
  do {
    written = sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
  } while (written < 0 && errno == EINTR);
  if (written >= 0) return {IoState::kDone, static_cast<std::size_t>(written)};
  return Failed(IoState::kWantsWrite);
}

Error SocketStream::error() const {
  return MakeError(ErrorCode::kClosed, std::string("connection lost: ") + strerror(errno_));
}

IoResult SocketStream::Failed(IoState when_blocked) {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {when_blocked};
  errno_ = errno;
  return {IoState::kFailed};
}

}  // namespace satchel::net
