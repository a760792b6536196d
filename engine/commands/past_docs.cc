#include "engine/commands/past_docs.h"

#include <algorithm>
#include <iterator>

namespace satchel::engine {
namespace {

struct Row {
  std::string_view command;
  std::string_view history;
  std::string_view flag;
  std::string_view deprecated_since;
  std::string_view replaced_by;
};

constexpr Row kRows[] = {
#include "engine/commands/past_docs.inc"
};

constexpr bool Precedes(const Row& a, const Row& b) { return a.command < b.command; }
static_assert(std::is_sorted(std::begin(kRows), std::end(kRows), Precedes));

}  // namespace

PastDocs PastDocsOf(std::string_view full_name) {
  const Row* row =
      std::lower_bound(std::begin(kRows), std::end(kRows), Row{.command = full_name}, Precedes);
  if (row == std::end(kRows) || row->command != full_name) return {};
  return {.history = row->history,
          .flag = row->flag,
          .deprecated_since = row->deprecated_since,
          .replaced_by = row->replaced_by};
}

std::vector<std::pair<std::string_view, std::string_view>> PastDocs::changes() const {
  std::vector<std::pair<std::string_view, std::string_view>> found;
  for (std::string_view rest = history; !rest.empty();) {
    const std::string_view change = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), change.size() + 1));
    const std::size_t blank = change.find(' ');
    found.emplace_back(change.substr(0, blank), change.substr(blank + 1));
  }
  return found;
}

}  // namespace satchel::engine
