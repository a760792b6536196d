// The grammar of every key that a repository writes:
//
//   key        = ns ":" domain ":" tag ":" name *( ":" comp )
//   ns         = prefix ":v1"
//   tag        = "{" kind *( ":" comp ) "}"          ; decides the cluster slot
//   comp       = 1*( unreserved / "%" 2UPHEX ) / "!" ; "!" stands for the empty string
//   unreserved = ALPHA / DIGIT / "-" / "_" / "." / "~" / "@" / "+" / "/" / "="
//
// Escaping is injective, so that two ids never share a key, and no key holds a glob character.

#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"

namespace satchel::repos {

inline constexpr std::size_t kMaxComponentBytes = 512;

// A component from any bytes.
std::string Escape(std::string_view raw);
// The inverse. Error kCorrupt for what Escape does not write.
Result<std::string> Unescape(std::string_view component);

// kInvalidArgument when it is longer than kMaxComponentBytes; `field` names it.
Result<void> CheckComponent(std::string_view field, std::string_view raw);

// "{kind:comp:comp}"; the parts are escaped here.
std::string Tag(std::string_view kind, std::initializer_list<std::string_view> raw_parts);

// What stands between "{" and "}" of a key; empty when there is none.
std::string_view TagOf(std::string_view key);

}  // namespace satchel::repos
