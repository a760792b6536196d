// A command of the shell, run to its end.

#pragma once

#include <string>

namespace satchel::oracle {

struct Ended {
  int exit_code;
  std::string output;
};

// The output is what goes to stdout; add "2>&1" for the rest.
Ended RunShell(const std::string& command);

}  // namespace satchel::oracle
