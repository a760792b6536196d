#include "repos/scan.h"

#include <set>

#include "base/text.h"
#include "repos/errors.h"
#include "repos/keys.h"

namespace satchel::repos {

Result<std::vector<std::string>> ScanIds(store::Store& store, std::string_view before,
                                         std::string_view after, std::int64_t count) {
  const std::string pattern = std::string(before) + "*" + std::string(after);
  const std::string count_text = FormatInt(count);
  std::set<std::string> ids;
  std::string cursor = "0";
  do {
    SATCHEL_ASSIGN(const ReplyValue reply,
                   store.Run({"SCAN", cursor, "MATCH", pattern, "COUNT", count_text}));
    if (reply.items.size() != 2) return Unexpected();
    cursor = reply.items[0].text;
    for (const ReplyValue& key : reply.items[1].items) {
      const std::string_view text = key.text;
      if (text.size() < before.size() + after.size()) continue;
      auto id = Unescape(text.substr(before.size(), text.size() - before.size() - after.size()));
      if (id) ids.insert(std::move(*id));
    }
  } while (cursor != "0");
  return std::vector<std::string>(ids.begin(), ids.end());
}

}  // namespace satchel::repos
