#include "bench/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace satchel::bench {
namespace {

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("no free port");
    std::exit(1);
  }
  close(fd);
  return ntohs(address.sin_port);
}

void PinTo(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  sched_setaffinity(0, sizeof cores, &cores);  // without it the figures are noisier, no more
}

}  // namespace

std::string OutputOf(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) {
    output.append(buffer, got);
  }
  pclose(pipe);
  return output;
}

ServerProcess::ServerProcess(std::string name, std::vector<std::string> arguments, int core)
    : name_(std::move(name)), port_(FreePort()) {
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    PinTo(core);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 1);
    dup2(null, 2);
    std::vector<char*> argv;
    for (std::string& argument : arguments) {
      if (argument == "{port}") argument = std::to_string(port_);
      argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  for (int attempt = 0; attempt < 200; ++attempt) {
    if (Ask("PING").substr(0, 4) == "PONG") return;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  std::fprintf(stderr, "%s did not start\n", name_.c_str());
  std::exit(1);
}

ServerProcess::~ServerProcess() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::string ServerProcess::Ask(const std::string& command) const {
  return OutputOf("redis-cli -p " + std::to_string(port_) + " " + command + " 2>/dev/null");
}

std::uint64_t ServerProcess::CpuNs() const {
  std::uint64_t total = 0;
  const std::string tasks = "/proc/" + std::to_string(pid_) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    std::ifstream file(task.path() / "schedstat");
    std::uint64_t ns = 0;
    file >> ns;
    total += ns;
  }
  return total;
}

std::uint64_t ServerProcess::InfoNumber(const std::string& field) const {
  const std::string info = Ask("INFO");
  const std::size_t at = info.find(field + ":");
  return at == std::string::npos ? 0
                                 : std::strtoull(info.c_str() + at + field.size() + 1, nullptr, 10);
}

std::uint64_t ServerProcess::DatabaseSize() const {
  return std::strtoull(Ask("DBSIZE").c_str(), nullptr, 10);
}

}  // namespace satchel::bench
