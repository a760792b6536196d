// A server process on a free loopback port, with a directory of its own. Ended by process id
// when the object goes, also when a check fails; it dies with the test process, too.

#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tests/support/frame.h"

namespace satchel::oracle {

// One blocking client connection.
class Connection {
 public:
  // Empty when nothing listens there.
  static std::unique_ptr<Connection> Open(int port);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Send(const std::vector<std::string>& args);
  void SendRaw(std::string_view bytes);
  // The next frame, or a kBroken one that says "closed" or "no reply".
  Frame Receive(std::chrono::milliseconds timeout);
  Frame Call(const std::vector<std::string>& args);
  // Whether the server has nothing more to say: an unread frame, or a closed connection, is more.
  bool Quiet(std::chrono::milliseconds wait);

 private:
  explicit Connection(int fd) : fd_(fd) {}
  // False on the end of the stream, or when nothing came in time.
  bool Fill(std::chrono::milliseconds timeout, bool& closed);

  int fd_;
  std::string unread_;
};

class ServerProcess {
 public:
  // The program and its arguments for a port and a directory it may write to.
  using CommandLine = std::function<std::vector<std::string>(int port, const std::string& dir)>;

  // Starts it and waits until it answers PING. Errors: what it printed last.
  static Result<std::unique_ptr<ServerProcess>> Start(std::string name, const CommandLine& command);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const std::string& name() const { return name_; }
  int port() const { return port_; }
  const std::string& dir() const { return dir_; }
  bool Running();
  // Ends it at once, without a farewell.
  void Kill();
  // Starts it again on the same port, after Kill.
  Result<void> StartAgain();
  // SIGSTOP and SIGCONT.
  void Pause();
  void Resume();
  // The end of what it printed.
  std::string OutputTail() const;

 private:
  ServerProcess() = default;
  bool WaitUntilReady();

  std::string name_;
  std::string dir_;
  std::vector<std::string> command_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace satchel::oracle
