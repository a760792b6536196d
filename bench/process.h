// A server process of a benchmark: started on a free loopback port and pinned to one core,
// its CPU time read from the kernel, ended when the object goes.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace satchel::bench {

class ServerProcess {
 public:
  // `arguments` follow the program's name; "{port}" in one of them is replaced. Exits the
  // program with a message when the server does not come up.
  ServerProcess(std::string name, std::vector<std::string> arguments, int core);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const std::string& name() const { return name_; }
  int port() const { return port_; }
  // CPU time of all threads so far.
  std::uint64_t CpuNs() const;
  // A line of INFO, as a number; 0 when absent.
  std::uint64_t InfoNumber(const std::string& field) const;
  std::uint64_t DatabaseSize() const;

 private:
  std::string Ask(const std::string& command) const;

  std::string name_;
  int port_ = 0;
  pid_t pid_ = -1;
};

// What a shell command printed.
std::string OutputOf(const std::string& command);

}  // namespace satchel::bench
