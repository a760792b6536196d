// What COMMAND DOCS says of a command's past and end: what versions changed, whether and since when
// it is deprecated, and what to use instead.
//
//   history = change { newline change }
//   change  = version " " text
//
// Source: redis 7.0.15, COMMAND DOCS. tools/argument_docs.py prints the table.

#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace satchel::engine {

struct PastDocs {
  std::string_view history;
  std::string_view flag;  // "deprecated" or "syscmd"
  std::string_view deprecated_since;
  std::string_view replaced_by;

  // Versions and what they changed.
  std::vector<std::pair<std::string_view, std::string_view>> changes() const;
};

// For a command, "set" or "config|get"; empty texts when there is nothing to say.
PastDocs PastDocsOf(std::string_view full_name);

}  // namespace satchel::engine
