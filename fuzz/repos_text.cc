// Any bytes as the texts that repositories read: components of keys, cursors, dates, records,
// versions. What is taken is exactly what is written.

#include <string>
#include <string_view>

#include "base/check.h"
#include "repos/generic_task_store.h"
#include "repos/keys.h"
#include "repos/locators.h"
#include "repos/page.h"
#include "repos/rfc3339.h"

namespace satchel::repos {
namespace {

void CheckComponents(std::string_view text) {
  SATCHEL_CHECK(Unescape(Escape(text)).value() == text);
  if (const auto raw = Unescape(text)) SATCHEL_CHECK(Escape(*raw) == text);
  if (const auto key = RecordKey::FromText(text)) SATCHEL_CHECK(key->ToText() == text);
  if (const auto exec = Locators::ExecOf(text)) SATCHEL_CHECK(text.starts_with(Escape(*exec)));
}

void CheckCursor(std::string_view text) {
  const Page page{.limit = 1, .cursor = std::string(text)};
  if (const auto position = DecodePage("list", page); position && !text.empty()) {
    SATCHEL_CHECK(EncodeCursor("list", *position) == text);
  }
  if (text.empty()) return;
  const Page written{.limit = 1, .cursor = EncodeCursor("list", text)};
  SATCHEL_CHECK(DecodePage("list", written).value() == text);
  SATCHEL_CHECK(!DecodePage("other", written));
}

void CheckDate(std::string_view text) {
  const auto at_ms = ParseRfc3339(text);
  if (at_ms) SATCHEL_CHECK(ParseRfc3339(FormatRfc3339(*at_ms)) == *at_ms);
}

void CheckRecord(std::string_view text) {
  const RecordKey key{"ann", "3f0c2f5e-5a0f-4d5c-9d0a-0123456789ab"};
  const auto task = GenericTaskOf({.key = key, .data = std::string(text), .version = 1});
  if (!task) return;
  const auto again = GenericTaskOf({.key = key, .data = DocumentOf(*task), .version = 1});
  SATCHEL_CHECK(again && *again == *task);
}

}  // namespace
}  // namespace satchel::repos

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace satchel::repos;  // NOLINT
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      CheckComponents(text);
      break;
    case 1:
      CheckCursor(text);
      break;
    case 2:
      CheckDate(text);
      break;
    default:
      CheckRecord(text);
  }
  return 0;
}
