#include "repos/scan.h"

#include "base/text.h"
#include "repos/errors.h"
#include "repos/keys.h"

namespace satchel::repos {

Result<void> ScanPages(store::Store& store, const std::string& pattern, std::int64_t count,
                       const std::function<Result<bool>(const std::set<std::string>&)>& take) {
  const std::string count_text = FormatInt(count);
  std::string cursor = "0";
  do {
    SATCHEL_ASSIGN(ReplyValue reply,
                   store.Run({"SCAN", cursor, "MATCH", pattern, "COUNT", count_text}));
    if (reply.items.size() != 2) return Unexpected();
    cursor = std::move(reply.items[0].text);
    std::set<std::string> keys;
    for (ReplyValue& key : reply.items[1].items) keys.insert(std::move(key.text));
    if (keys.empty()) continue;
    SATCHEL_ASSIGN(const bool goes_on, take(keys));
    if (!goes_on) break;
  } while (cursor != "0");
  return {};
}

Result<std::vector<std::string>> ScanIds(store::Store& store, std::string_view before,
                                         std::string_view after, std::int64_t count) {
  const std::string pattern = std::string(before) + "*" + std::string(after);
  std::set<std::string> ids;
  SATCHEL_TRY(ScanPages(store, pattern, count, [&](const auto& keys) -> Result<bool> {
    for (const std::string_view key : keys) {
      if (key.size() < before.size() + after.size()) continue;
      auto id = Unescape(key.substr(before.size(), key.size() - before.size() - after.size()));
      if (id) ids.insert(std::move(*id));
    }
    return true;
  }));
  return std::vector<std::string>(ids.begin(), ids.end());
}

}  // namespace satchel::repos
