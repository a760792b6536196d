// The files of command lines; README.md beside this file has the format.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tests/support/frame.h"

namespace satchel::oracle {

enum class Action : std::uint8_t {
  kCommand,  // send, read `replies` frames, compare
  kAll,      // send, then read up to a marker
  kDrain,    // read what has come up to a marker
  kBlock,    // send, wait until the server holds one blocked client more
  kSend,     // send only
  kRead,     // read `replies` frames
  kQuiet,    // nothing may come
  kClosed,   // the server must have closed the connection
  kClose,    // our side closes it
  kScan,     // call with the cursor that came back until it is 0; compare the union
  kSleep,
  kFollow,    // drain this connection after every line from now on
  kUnfollow,  // no more
};

struct Line {
  int number = 0;
  std::string source;
  Action action = Action::kCommand;
  std::string connection = "main";
  std::vector<std::string> args;
  bool raw = false;     // args[0] goes out as it is
  bool ignore = false;  // replies are read and not compared
  int replies = 1;
  int protocol = 0;  // 2 or 3: this line is for that protocol only
  std::int64_t sleep_ms = 0;
  Comparison comparison;
  std::string save_as;  // replies are kept, one per server, as $NAME
  std::string differs;  // reason why Satchel's reply is another one
};

// One line; errors say what is wrong with it.
Result<Line> ParseLine(std::string_view text, int number);

// Errors: file:line and what is wrong with it.
Result<std::vector<Line>> ReadScript(const std::string& file);

}  // namespace satchel::oracle
