#include "tests/support/shell.h"

#include <sys/wait.h>

#include <cstdio>

namespace satchel::oracle {

Ended RunShell(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  Ended ended{};
  char buffer[4096];
  while (const std::size_t size = fread(buffer, 1, sizeof buffer, pipe)) {
    ended.output.append(buffer, size);
  }
  ended.exit_code = WEXITSTATUS(pclose(pipe));
  return ended;
}

}  // namespace satchel::oracle
