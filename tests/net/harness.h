// What the tests of this folder share: loops with and without a thread, a blocking client.

#pragma once

#include <gtest/gtest.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "net/address.h"
#include "net/connection.h"
#include "net/fd.h"
#include "net/loop.h"

namespace satchel::net {

inline constexpr std::chrono::seconds kPatience{20};

inline std::unique_ptr<Loop> MakeLoop(Clock& clock = RealClock::Instance()) {
  auto loop = Loop::Create(clock);
  EXPECT_TRUE(loop) << loop.error().detail;
  return std::move(*loop);
}

// Rounds until `done`, on this thread. False when patience is used up.
inline bool RunUntil(Loop& loop, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    loop.RunOnce(std::chrono::milliseconds(5));
  }
  return true;
}

// A loop on a thread of its own.
class LoopThread {
 public:
  explicit LoopThread(Clock& clock = RealClock::Instance())
      : loop_(MakeLoop(clock)), thread_([this] { loop_->Run(); }) {}
  ~LoopThread() {
    loop_->Stop();
    thread_.join();
  }
  Loop& operator*() { return *loop_; }
  Loop* operator->() { return loop_.get(); }

  // Calls `function` on the loop's thread and waits for it.
  void Do(const std::function<void()>& function) {
    std::mutex mutex;
    std::condition_variable cv;
    bool done = false;
    loop_->Post([&] {
      function();
      std::lock_guard lock(mutex);
      done = true;
      cv.notify_one();
    });
    std::unique_lock lock(mutex);
    EXPECT_TRUE(cv.wait_for(lock, kPatience, [&] { return done; }));
  }

 private:
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
};

// A client's socket. Without a loop to run it blocks; with one it does rounds while waiting.
class Client {
 public:
  explicit Client(const SocketAddress& address, Loop* loop = nullptr)
      : fd_(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)), loop_(loop) {
    EXPECT_EQ(connect(fd_.get(), address.raw(), address.raw_size()), 0) << strerror(errno);
  }
  Client(Fd fd, Loop* loop) : fd_(std::move(fd)), loop_(loop) {}

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      Await(POLLOUT);
      const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno == EAGAIN) continue;
      ASSERT_GT(sent, 0) << strerror(errno);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void SendEnd() { shutdown(fd_.get(), SHUT_WR); }

  // Up to `bytes`; fewer when the stream ends or patience does.
  std::string Receive(std::size_t bytes) {
    std::string out;
    while (out.size() < bytes && ReceiveSome(out, bytes - out.size())) {
    }
    return out;
  }
  // All until the stream ends.
  std::string ReceiveAll() { return Receive(static_cast<std::size_t>(-1)); }
  // Whether anything has come.
  bool HasInput() {
    pollfd poll_fd{.fd = fd_.get(), .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 1;
  }
  void Close() { fd_.Close(); }
  int fd() const { return fd_.get(); }

 private:
  bool ReceiveSome(std::string& out, std::size_t at_most) {
    if (!Await(POLLIN)) return false;
    char buffer[65536];
    const ssize_t count = recv(fd_.get(), buffer, std::min(at_most, sizeof buffer), 0);
    if (count <= 0) return false;
    out.append(buffer, static_cast<std::size_t>(count));
    return true;
  }
  bool Await(short events) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      if (loop_ != nullptr) loop_->RunOnce(std::chrono::milliseconds(0));
      pollfd poll_fd{.fd = fd_.get(), .events = events};
      if (poll(&poll_fd, 1, 1) == 1) return true;
    }
    ADD_FAILURE() << "nothing happened to the client's socket";
    return false;
  }

  Fd fd_;
  Loop* loop_;  // borrowed; null when another thread runs it
};

}  // namespace satchel::net
