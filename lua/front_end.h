// FrontEnd: what happens to a script's text before Lua compiles it. Here: the shebang line
// with its flags. A translator of dialects has its place in Prepare as well: it may change the
// text of a line, never the number of lines.
// Source: redis 7.0.15, EVAL scripts with a shebang.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace satchel::lua {

enum ScriptFlag : std::uint32_t {
  kNoWrites = 1u << 0,
  kAllowOom = 1u << 1,
  kAllowStale = 1u << 2,
  kNoCluster = 1u << 3,
  kAllowCrossSlotKeys = 1u << 4,
};

struct PreparedScript {
  std::string text;         // for Lua
  bool shebang = false;     // with one, flags say what the script may do
  std::uint32_t flags = 0;  // of ScriptFlag
};

// kReplyError with the whole text of the error reply.
Result<PreparedScript> Prepare(std::string_view source);

}  // namespace satchel::lua
