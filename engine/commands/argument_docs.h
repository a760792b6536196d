// What COMMAND DOCS says of the arguments of commands, kept as short texts and printed from them.
//
//   arguments = argument { " " argument }
//   argument  = type ":" name ["#" key specification] ["='" token "'"] ["@" since]
//               ["~" deprecated since] ["?"] ["*"] ["+"] ["(" arguments ")"]
//
// ? optional, * multiple, + multiple with the token each time; in brackets the parts of a block or
// the choices of a oneof: "key:key#0 pure-token:get='GET'@6.2.0?".
// Source: redis 7.0.15, COMMAND DOCS; what came later as its page says. tools/argument_docs.py
// prints the table.

#pragma once

#include <string_view>

#include "base/reply.h"

namespace satchel::engine {

// The text for a command, "set" or "config|get"; empty when it has no arguments.
std::string_view ArgumentDocs(std::string_view full_name);

// Replies the array of maps that a text stands for.
void ReplyArgumentDocs(Reply& reply, std::string_view text);

}  // namespace satchel::engine
