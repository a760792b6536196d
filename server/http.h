// HttpServer: a few pages for those who watch a program: Prometheus, a load balancer, curl.
//
// GET and HEAD of fixed paths, HTTP/1.1, no TLS, no request bodies, one request a connection. Eight
// threads of its own answer; a client that sends nothing for 1 s is closed. Thread: the one that
// started it.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace satchel::server {

struct HttpPage {
  int status = 200;
  std::string type = "application/json";  // Content-Type
  std::string body;
};

struct HttpOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: a free one
  // By path ("/healthz"). Called on a thread of the server, eight at once at most.
  std::map<std::string, std::function<HttpPage()>, std::less<>> pages;
};

class HttpServer {
 public:
  // Answers when it returns. Errors: kIo, naming the address.
  static Result<std::unique_ptr<HttpServer>> Start(HttpOptions options);
  // Waits for the answers under way.
  ~HttpServer();

  std::uint16_t port() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

// What GET of an address answers: http://host[:port]/path. Errors: kInvalidArgument (no such
// address), kUnavailable.
Result<HttpPage> HttpGet(const std::string& url, std::chrono::milliseconds timeout);

}  // namespace satchel::server
