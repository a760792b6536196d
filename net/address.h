// SocketAddress: where a socket is, TCP over IPv4 or IPv6, or a path. And Resolve, from
// names to addresses.

#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace satchel::net {

class SocketAddress {
 public:
  SocketAddress() = default;
  SocketAddress(const sockaddr* address, socklen_t size);

  // Error kInvalidArgument when the path is empty or does not fit into a socket address.
  static Result<SocketAddress> Unix(std::string_view path);
  // The address of this end of an open socket.
  static SocketAddress LocalOf(int fd);

  int family() const { return storage_.ss_family; }
  bool is_tcp() const { return family() == AF_INET || family() == AF_INET6; }
  // Of this machine: a loopback address, or no TCP at all.
  bool is_local() const;
  std::uint16_t port() const;  // 0 unless TCP
  std::string host() const;    // in numbers; empty unless TCP
  std::string path() const;    // empty unless a Unix socket with a name
  // "127.0.0.1:6379", "[::1]:6379" or "/path:0", as CLIENT LIST prints them.
  std::string ToString() const;

  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t raw_size() const { return size_; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

enum class ResolveFor : std::uint8_t { kConnecting, kListening };

// All TCP addresses of a name or of an address in numbers; "*" or empty: any, for listening.
// May block while a name server is asked: call it where waiting does no harm.
// Error kUnavailable.
Result<std::vector<SocketAddress>> Resolve(const std::string& host, std::uint16_t port,
                                           ResolveFor purpose);

}  // namespace satchel::net
