// A key of the repositories taken apart; see repos/keys.h for its grammar.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace satchel::repos::check {

struct KeyParts {
  std::string domain;             // "task"
  std::string kind;               // "wx"
  std::vector<std::string> tag;   // raw: tenant, execution, ...
  std::string base;               // through "}"
  std::vector<std::string> name;  // as they stand there: "state", "a%3Ab"

  const std::string& tenant() const { return tag[0]; }
};

// Empty for what no repository with this namespace writes. The tag has a tenant at least, the
// name one part at least; parts of the name after the first are legal components.
std::optional<KeyParts> PartsOf(std::string_view ns, std::string_view key);

}  // namespace satchel::repos::check
