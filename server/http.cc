#include "server/http.h"

#include <fmt/format.h>
#include <httplib.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>

#include "base/text.h"

namespace satchel::server {
namespace {

using std::chrono::seconds;

constexpr std::string_view kScheme = "http://";
constexpr int kThreads = 8;

std::string Hint(const HttpOptions& options) {
  std::string text = "not found; there are";
  for (const auto& [path, page] : options.pages) text += " " + path;
  return text + "\n";
}

// "host", "host:port", "[::1]:port".
bool IsAuthority(std::string_view text) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || (bracket != text.npos && colon < bracket)) return !text.empty();
  const auto port = ParseUint(text.substr(colon + 1));
  return colon > 0 && port && *port >= 1 && *port <= 65535;
}

}  // namespace

struct HttpServer::Impl {
  explicit Impl(HttpOptions given) : options(std::move(given)) {}

  void Answer(const httplib::Request& request, httplib::Response& response) const {
    const auto plain = [&](int status, const std::string& text) {
      response.status = status;
      response.set_content(text, "text/plain; charset=utf-8");
    };
    if (request.method != "GET" && request.method != "HEAD") {
      response.set_header("Allow", "GET, HEAD");
      return plain(405, "only GET and HEAD\n");
    }
    const auto at = options.pages.find(request.path);
    if (at == options.pages.end()) return plain(404, Hint(options));
    const HttpPage page = at->second();
    response.status = page.status;
    response.set_header("Cache-Control", "no-store");
    response.set_content(page.body, page.type);
  }

  const HttpOptions options;
  httplib::Server server;
  int port = 0;
  std::atomic<bool> has_ended{false};
  std::thread thread;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->server.stop();
  impl_->thread.join();
}

std::uint16_t HttpServer::port() const { return static_cast<std::uint16_t>(impl_->port); }

Result<std::unique_ptr<HttpServer>> HttpServer::Start(HttpOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  httplib::Server& server = impl->server;
  // A client has a thread while it is connected: none may keep it, so that a few idle ones do not
  // make a program look dead.
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_keep_alive_max_count(1);
  server.set_keep_alive_timeout(1);
  server.set_read_timeout(seconds(1));
  server.set_write_timeout(seconds(5));
  server.set_payload_max_length(0);
  // Not SO_REUSEPORT: a port that another process serves is taken.
  server.set_socket_options([](socket_t fd) {
    const int yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.set_pre_routing_handler([self = impl.get()](const auto& request, auto& response) {
    self->Answer(request, response);
    return httplib::Server::HandlerResponse::Handled;
  });
  const std::string& address = impl->options.address;
  errno = 0;
  impl->port = impl->options.port;
  const bool bound = impl->port == 0 ? (impl->port = server.bind_to_any_port(address)) > 0
                                     : server.bind_to_port(address, impl->port);
  if (!bound) {
    const int why = errno;
    return MakeError(
        ErrorCode::kIo,
        fmt::format("cannot listen on {}:{} for HTTP: {}; choose another http.port", address,
                    impl->options.port, why == 0 ? "no such address" : std::strerror(why)));
  }
  impl->thread = std::thread([self = impl.get()] {
    self->server.listen_after_bind();
    self->has_ended = true;
  });
  // Before that it could not be stopped.
  while (!server.is_running() && !impl->has_ended) std::this_thread::yield();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

Result<HttpPage> HttpGet(const std::string& url, std::chrono::milliseconds timeout) {
  const auto bad = [&] {
    return MakeError(ErrorCode::kInvalidArgument,
                     "'" + Printable(url) + "' is no http://host:port/path");
  };
  if (!url.starts_with(kScheme)) return bad();
  const std::size_t slash = url.find('/', kScheme.size());
  const std::string authority = url.substr(kScheme.size(), slash - kScheme.size());
  if (!IsAuthority(authority)) return bad();
  httplib::Client client(url.substr(0, slash));
  if (!client.is_valid()) return bad();
  client.set_connection_timeout(timeout);
  client.set_read_timeout(timeout);
  const auto answer = client.Get(slash == url.npos ? "/" : url.substr(slash));
  if (!answer) {
    return MakeError(ErrorCode::kUnavailable,
                     fmt::format("{} does not answer ({})", Printable(url.substr(0, slash)),
                                 ToLower(httplib::to_string(answer.error()))));
  }
  return HttpPage{.status = answer->status,
                  .type = answer->get_header_value("Content-Type"),
                  .body = answer->body};
}

}  // namespace satchel::server
