// Many threads on one redis-server: the remote store, which pipelines their commands on two
// shared connections, next to a blocking connection for each thread, and to one for each call.
//
//   remote_store [THREADS [SECONDS]]

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "bench/process.h"
#include "net/fd.h"
#include "store/remote/remote_store.h"

namespace {

using satchel::net::Fd;
using Clock = std::chrono::steady_clock;

constexpr char kCommand[] = "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n";

Fd Connect(int port) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* raw = reinterpret_cast<const sockaddr*>(&address);
  SATCHEL_CHECK(connect(fd.get(), raw, sizeof address) == 0);
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // Ends with a reset, so that a benchmark leaves no thousands of waiting ports behind.
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  return fd;
}

void Call(const Fd& fd) {
  SATCHEL_CHECK(send(fd.get(), kCommand, sizeof kCommand - 1, 0) == sizeof kCommand - 1);
  char reply[64];
  SATCHEL_CHECK(recv(fd.get(), reply, sizeof reply, 0) > 0);
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Runs `worker` on each thread until the time is over; it returns how many calls it made.
using Worker = std::function<std::uint64_t(const std::atomic<bool>& stop)>;

void Measure(const char* name, int thread_count, int seconds, const Worker& worker) {
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> calls{0};
  const double cpu = CpuSeconds();
  const auto begin = Clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) threads.emplace_back([&] { calls += worker(stop); });
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const double wall = std::chrono::duration<double>(Clock::now() - begin).count();
  const auto total = static_cast<double>(calls.load());
  std::printf("| %s | %d | %.0f | %.2f |\n", name, thread_count, total / wall,
              (CpuSeconds() - cpu) * 1e6 / total);
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 32;
  const int seconds = argc > 2 ? std::atoi(argv[2]) : 3;
  satchel::bench::ServerProcess server("redis-server",
                                       {"redis-server", "--port", "{port}", "--save", "",
                                        "--appendonly", "no", "--bind", "127.0.0.1"},
                                       0);
  satchel::store::RemoteOptions options;
  options.address.host = "127.0.0.1";
  options.address.port = static_cast<std::uint16_t>(server.port());
  auto store = satchel::store::RemoteStore::Open(options);
  SATCHEL_CHECK(store.has_value());

  std::printf("| client | threads | calls/s | client CPU us/call |\n|---|---|---|---|\n");
  Measure("remote store", threads, seconds, [&](const std::atomic<bool>& stop) {
    std::uint64_t calls = 0;
    for (; !stop; ++calls) SATCHEL_CHECK((*store)->Run({"INCR", "n"}).has_value());
    return calls;
  });
  Measure("a connection per thread", threads, seconds, [&](const std::atomic<bool>& stop) {
    const Fd fd = Connect(server.port());
    std::uint64_t calls = 0;
    for (; !stop; ++calls) Call(fd);
    return calls;
  });
  Measure("a connection per call", threads, seconds, [&](const std::atomic<bool>& stop) {
    std::uint64_t calls = 0;
    for (; !stop; ++calls) Call(Connect(server.port()));
    return calls;
  });
}
