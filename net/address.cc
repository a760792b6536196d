#include "net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include <algorithm>
#include <memory>

#include "base/check.h"

namespace satchel::net {
namespace {

template <class T>
const T& As(const SocketAddress& address) {
  return *reinterpret_cast<const T*>(address.raw());
}

}  // namespace

SocketAddress::SocketAddress(const sockaddr* address, socklen_t size) : size_(size) {
  SATCHEL_CHECK(size <= sizeof storage_);
  memcpy(&storage_, address, size);
}

Result<SocketAddress> SocketAddress::Unix(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return MakeError(ErrorCode::kInvalidArgument, "the path of a Unix socket takes 1 to " +
                                                      std::to_string(sizeof address.sun_path - 1) +
                                                      " bytes: '" + std::string(path) + "'");
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  return SocketAddress(reinterpret_cast<sockaddr*>(&address), sizeof address);
}

SocketAddress SocketAddress::LocalOf(int fd) {
  SocketAddress address;
  address.size_ = sizeof address.storage_;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage_), &address.size_);
  return address;
}

std::uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(As<sockaddr_in>(*this).sin_port);
  if (family() == AF_INET6) return ntohs(As<sockaddr_in6>(*this).sin6_port);
  return 0;
}

std::string SocketAddress::host() const {
  if (!is_tcp()) return {};
  const void* bytes = family() == AF_INET
                          ? static_cast<const void*>(&As<sockaddr_in>(*this).sin_addr)
                          : static_cast<const void*>(&As<sockaddr_in6>(*this).sin6_addr);
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(family(), bytes, text, sizeof text);
}

std::string SocketAddress::path() const {
  if (family() != AF_UNIX) return {};
  const sockaddr_un& address = As<sockaddr_un>(*this);
  return {address.sun_path, strnlen(address.sun_path, sizeof address.sun_path)};
}

bool SocketAddress::is_local() const {
  if (!is_tcp()) return true;
  const std::string text = host();
  return text.starts_with("127.") || text == "::1" || text.starts_with("::ffff:127.");
}

std::string SocketAddress::ToString() const {
  if (!is_tcp()) return path() + ":0";
  const std::string host_text = family() == AF_INET6 ? "[" + host() + "]" : host();
  return host_text + ":" + std::to_string(port());
}

Result<std::vector<SocketAddress>> Resolve(const std::string& host, std::uint16_t port,
                                           ResolveFor purpose) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (purpose == ResolveFor::kListening ? AI_PASSIVE : 0);
  const bool any = host.empty() || host == "*";
  addrinfo* found = nullptr;
  const int failure =
      getaddrinfo(any ? nullptr : host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failure != 0) {
    return MakeError(ErrorCode::kUnavailable,
                     "cannot find the address of '" + host + "': " + gai_strerror(failure));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> guard(found, freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    addresses.emplace_back(info->ai_addr, info->ai_addrlen);
  }
  return addresses;
}

}  // namespace satchel::net
