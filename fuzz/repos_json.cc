// Any bytes as JSON for the repositories: what is taken is what another parser takes, its stable
// form is stable and of equal value, and its members are JSON again.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/check.h"
#include "repos/json.h"
#include "repos/usage.h"

namespace satchel::repos {
namespace {

using nlohmann::json;

void CheckStable(std::string_view text) {
  const auto stable = StableJson("f", text);
  if (!stable) return;  // one key twice
  SATCHEL_CHECK(CheckJson("f", *stable).has_value());
  SATCHEL_CHECK(StableJson("f", *stable).value() == *stable);
  const auto before = json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto after = json::parse(*stable, nullptr, /*allow_exceptions=*/false);
  SATCHEL_CHECK(before == after || before.dump() == after.dump());
}

void CheckParts(std::string_view text) {
  if (const auto members = JsonMembers("f", text)) {
    SATCHEL_CHECK(CheckJsonObject("f", text).has_value());
    for (const auto& [name, value] : *members) {
      SATCHEL_CHECK(CheckJson("f", value).has_value());
      SATCHEL_CHECK(JsonText("f", JsonString(name)).value() == name);
    }
  }
  if (const auto string = JsonText("f", text)) {
    SATCHEL_CHECK(JsonText("f", JsonString(*string)).value() == *string);
  }
  const auto shape = ShapeOfJson("f", text);
  SATCHEL_CHECK(shape && shape->depth <= kMaxJsonDepth && shape->longest_string <= text.size());
}

void CheckUsage(std::string_view text) {
  const auto usage = NormalUsage(text);
  if (!usage) return;
  SATCHEL_CHECK(NormalUsage(*usage).value() == *usage);
  if (const auto sum = MergeUsage(*usage, text)) SATCHEL_CHECK(NormalUsage(*sum).has_value());
}

}  // namespace
}  // namespace satchel::repos

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace satchel::repos;  // NOLINT
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool is_json = CheckJson("f", text).has_value();
  if (is_json) {
    // The other parser refuses numbers that no double holds.
    const bool other = nlohmann::json::accept(text);
    SATCHEL_CHECK(other || text.find_first_of("eE0123456789") != text.npos);
    if (other) CheckStable(text);
    CheckParts(text);
    CheckUsage(text);
    return 0;
  }
  SATCHEL_CHECK(!StableJson("f", text) && !JsonMembers("f", text) && !JsonText("f", text));
  SATCHEL_CHECK(!ShapeOfJson("f", text));
  // The other parser skips a byte order mark, and ends at a NUL.
  const bool is_odd = text.starts_with("\xEF\xBB\xBF") || text.find('\0') != text.npos;
  if (!is_odd && nlohmann::json::accept(text)) {
    SATCHEL_CHECK(std::ranges::count_if(text, [](char c) { return c == '[' || c == '{'; }) >
                  kMaxJsonDepth);
  }
  // As the bytes of a string it is JSON; what is no UTF-8 is replaced.
  SATCHEL_CHECK(JsonText("f", JsonString(text)).has_value());
  return 0;
}
