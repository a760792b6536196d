#include "repos/page.h"

#include "base/bytes.h"

namespace satchel::repos {

std::string EncodeCursor(std::string_view list, std::string_view position) {
  std::string raw(list);
  raw += ':';
  raw += position;
  return ToHex(raw);
}

Result<std::string> DecodePage(std::string_view list, const Page& page) {
  if (page.limit < 0) return Invalid("limit", "must not be negative");
  if (page.cursor.empty()) return std::string();
  const auto raw = FromHex(page.cursor);
  const bool fits =
      raw && raw->size() > list.size() + 1 && raw->starts_with(list) && (*raw)[list.size()] == ':';
  if (!fits || ToHex(*raw) != page.cursor) return Invalid("cursor", "is not one of this list");
  return raw->substr(list.size() + 1);
}

}  // namespace satchel::repos
