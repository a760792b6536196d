#include "tests/support/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace satchel::oracle {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kStartTimeout{15'000};
constexpr milliseconds kStopTimeout{5'000};
constexpr milliseconds kReplyTimeout{5'000};

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A port that was free a moment ago; starting is tried again when someone else was faster.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  int port = 0;
  if (fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0)
    port = ntohs(address.sin_port);
  if (fd >= 0) close(fd);
  return port;
}

// Satchel refuses variables it does not know, and ours are none of its.
void ForgetOurVariables() {
  unsetenv("SATCHEL_BINARY");
  unsetenv("SATCHEL_ORACLE_SUBJECT");
  unsetenv("SATCHEL_ORACLE_SEED");
  unsetenv("SATCHEL_ORACLE_LINES");
}

pid_t Spawn(const std::vector<std::string>& command, const std::string& output_file) {
  std::vector<char*> argv;
  for (auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  ForgetOurVariables();
  const int out = open(output_file.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
  const int in = open("/dev/null", O_RDONLY);
  dup2(in, 0);
  dup2(out, 1);
  dup2(out, 2);
  execvp(argv[0], argv.data());
  dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
  _exit(127);
}

}  // namespace

std::unique_ptr<Connection> Connection::Open(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (fd >= 0) close(fd);
    return nullptr;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return std::unique_ptr<Connection>(new Connection(fd));
}

Connection::~Connection() { close(fd_); }

void Connection::Send(const std::vector<std::string>& args) {
  std::string bytes = "*" + std::to_string(args.size()) + "\r\n";
  for (auto& arg : args) bytes += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
  SendRaw(bytes);
}

void Connection::SendRaw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // seen as "closed" by the next read
    bytes.remove_prefix(sent);
  }
}

bool Connection::Fill(milliseconds timeout, bool& closed) {
  closed = false;
  pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, static_cast<int>(timeout.count())) <= 0) return false;
  char buffer[65536];
  const ssize_t size = recv(fd_, buffer, sizeof buffer, 0);
  if (size <= 0) {
    closed = true;
    return false;
  }
  unread_.append(buffer, size);
  return true;
}

Frame Connection::Receive(milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  while (true) {
    if (auto frame = TakeFrame(unread_)) return std::move(*frame);
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    bool closed = false;
    if (left.count() <= 0 || !Fill(left, closed))
      return Frame{.type = Frame::kBroken, .text = closed ? "closed" : "no reply"};
  }
}

Frame Connection::Call(const std::vector<std::string>& args) {
  Send(args);
  return Receive(kReplyTimeout);
}

bool Connection::Quiet(milliseconds wait) {
  bool closed = false;
  return unread_.empty() && !Fill(wait, closed) && !closed;
}

Result<std::unique_ptr<ServerProcess>> ServerProcess::Start(std::string name,
                                                            const CommandLine& command) {
  std::string why;
  for (int attempt = 0; attempt < 3; ++attempt) {
    std::unique_ptr<ServerProcess> server(new ServerProcess);
    server->name_ = name;
    std::string dir = (std::filesystem::temp_directory_path() / "satchel-oracle-XXXXXX").string();
    if (!mkdtemp(dir.data())) return MakeError(ErrorCode::kIo, "cannot create " + dir);
    server->dir_ = dir;
    server->port_ = FreePort();
    server->command_ = command(server->port_, dir);
    server->pid_ = Spawn(server->command_, dir + "/output");
    if (server->WaitUntilReady()) return server;
    why = server->OutputTail();
  }
  return MakeError(ErrorCode::kUnavailable, name + " did not start: " + why);
}

ServerProcess::~ServerProcess() {
  if (pid_ > 0) {
    Resume();
    kill(pid_, SIGTERM);
    const auto deadline = steady_clock::now() + kStopTimeout;
    while (Running()) {
      if (steady_clock::now() > deadline) kill(pid_, SIGKILL);
      std::this_thread::sleep_for(milliseconds(2));
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

void ServerProcess::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Result<void> ServerProcess::StartAgain() {
  pid_ = Spawn(command_, dir_ + "/output");
  if (WaitUntilReady()) return {};
  return MakeError(ErrorCode::kUnavailable, name_ + " did not start again: " + OutputTail());
}

void ServerProcess::Pause() { kill(pid_, SIGSTOP); }
void ServerProcess::Resume() { kill(pid_, SIGCONT); }

bool ServerProcess::Running() {
  if (pid_ <= 0) return false;
  if (waitpid(pid_, nullptr, WNOHANG) == 0) return true;
  pid_ = -1;
  return false;
}

std::string ServerProcess::OutputTail() const {
  std::ifstream file(dir_ + "/output");
  std::stringstream text;
  text << file.rdbuf();
  std::string all = text.str();
  return all.size() <= 2000 ? all : "..." + all.substr(all.size() - 2000);
}

bool ServerProcess::WaitUntilReady() {
  const auto deadline = steady_clock::now() + kStartTimeout;
  while (Running() && steady_clock::now() < deadline) {
    auto connection = Connection::Open(port_);
    if (connection && connection->Call({"PING"}).text == "PONG") return true;
    std::this_thread::sleep_for(milliseconds(3));
  }
  return false;
}

}  // namespace satchel::oracle
