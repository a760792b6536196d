// Rewriter: a script of Lua 5.1, as redis 7.0.15 takes it, into a text of Lua 5.4 that behaves the
// same. What 5.1 refuses is refused with its text and line. Lines keep their numbers.
//
// The result is a chunk that takes the table of helpers (lua/operators.h) and returns the
// script's main function:
//   local H=... local __satchel_c=H.c return function(...) SCRIPT
//   end
// A table of what becomes what is in docs/scripting.md. Needs no Lua state.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace satchel::lua {

struct RewriteOptions {
  std::string_view chunk_name;  // "@user_script", "=name", or a text: [string "..."]
  int levels = 0;               // of nesting, that the caller has used up
};

// kInvalidArgument with the text of 5.1.
Result<std::string> Rewrite(std::string_view source, const RewriteOptions& options);

}  // namespace satchel::lua
