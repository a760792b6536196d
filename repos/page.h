// Pages of lists. A cursor names a position, not an index: it stays valid when rows before it
// vanish. To callers it is opaque.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "repos/errors.h"

namespace satchel::repos {

struct Page {
  std::int64_t limit = 0;   // 0: all; negative: kInvalidArgument
  std::string cursor = {};  // of the page before; "": from the start
};

template <class T>
struct PageOf {
  std::vector<T> items;
  std::optional<std::string> next = {};  // the cursor of the next page, only if there are more rows
};

// `list` keeps cursors of other lists out.
std::string EncodeCursor(std::string_view list, std::string_view position);
// The position; "" for no cursor. Error kInvalidArgument for a negative limit, and for what
// EncodeCursor has not made for this list.
Result<std::string> DecodePage(std::string_view list, const Page& page);

// Some rows in order, each with its position.
template <class T>
struct Rows {
  std::vector<std::pair<std::string, T>> rows;
  std::optional<std::string> rest = {};  // where to go on; empty: there is nothing more
};

// Most rows that one call of a script reads.
inline constexpr std::int64_t kRowsPerCall = 1000;

// Collects a page. `fetch(after, count)` reads up to about `count` rows after a position; it may
// give fewer, as what it met was gone.
template <class T>
Result<PageOf<T>> CollectPage(
    std::string_view list, const Page& page,
    const std::function<Result<Rows<T>>(const std::string& after, std::int64_t count)>& fetch) {
  SATCHEL_ASSIGN(std::string after, DecodePage(list, page));
  const auto wanted = static_cast<std::size_t>(page.limit);
  PageOf<T> result;
  std::string last;
  while (true) {
    // One more than is wanted, to know whether there is one more.
    const std::int64_t missing = page.limit == 0
                                     ? kRowsPerCall
                                     : page.limit - static_cast<std::int64_t>(result.items.size());
    SATCHEL_ASSIGN(Rows<T> rows, fetch(after, std::min(missing, kRowsPerCall - 1) + 1));
    for (auto& [position, item] : rows.rows) {
      if (wanted > 0 && result.items.size() == wanted) {
        result.next = EncodeCursor(list, last);
        return result;
      }
      last = std::move(position);
      result.items.push_back(std::move(item));
    }
    if (!rows.rest) return result;
    after = std::move(*rows.rest);
  }
}

}  // namespace satchel::repos
