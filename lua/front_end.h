// FrontEnd: what happens to a script's text before Lua compiles it. Here: the shebang line
// with its flags. A translator of dialects has its place in Prepare as well: it may change the
// text of a line, never the number of lines.
// Source: redis 7.0.15, EVAL scripts with a shebang.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lua/script_flags.h"

namespace satchel::lua {

struct PreparedScript {
  std::string text;         // for Lua
  bool shebang = false;     // with one, flags say what the script may do
  std::uint32_t flags = 0;  // of ScriptFlag
};

// kReplyError with the whole text of the error reply.
Result<PreparedScript> Prepare(std::string_view source);

}  // namespace satchel::lua
