#include "repos/keys.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "repos/options.h"

namespace satchel::repos {
namespace {

TEST(Keys, EscapingRoundTripsEveryByteString) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string raw;
    for (std::uint64_t n = random.Below(20); n > 0; --n) raw += static_cast<char>(random.Next());
    const std::string escaped = Escape(raw);
    EXPECT_EQ(escaped.find_first_of(":{}*?[] "), std::string::npos);
    ASSERT_EQ(Unescape(escaped).value(), raw);
  }
  for (int c = 0; c < 256; ++c) {
    const std::string raw(1, static_cast<char>(c));
    EXPECT_EQ(Unescape(Escape(raw)).value(), raw);
  }
}

TEST(Keys, EscapesLookAsInTheGrammar) {
  EXPECT_EQ(Escape(""), "!");
  EXPECT_EQ(Escape("!"), "%21");
  EXPECT_EQ(Escape("run:7*"), "run%3A7%2A");
  EXPECT_EQ(Escape("t{1}"), "t%7B1%7D");
  EXPECT_EQ(Escape("aZ09-_.~@+/="), "aZ09-_.~@+/=");
  EXPECT_EQ(Escape("\xc3\xa9%"), "%C3%A9%25");
  EXPECT_EQ(Escape(std::string_view("\0", 1)), "%00");
}

TEST(Keys, TwoDifferentIdsNeverShareAKey) {
  std::set<std::string> keys;
  const std::string ids[] = {"", "!", "%21", "a", "A", "a:b", "a%3Ab", "a%3ab", "%", "%%", " "};
  for (const std::string& id : ids) EXPECT_TRUE(keys.insert(Escape(id)).second) << id;
}

TEST(Keys, OnlyWhatEscapeWritesIsRead) {
  for (const char* text : {"", "%", "%4", "%3a", "%41", "a:b", "a b", "!a", "%GG", "{", "%3A%"}) {
    const auto raw = Unescape(text);
    ASSERT_FALSE(raw) << text;
    EXPECT_EQ(raw.error().code, ErrorCode::kCorrupt);
  }
}

TEST(Keys, TagsHoldEscapedParts) {
  EXPECT_EQ(Tag("wx", {"acme", "run:7*"}), "{wx:acme:run%3A7%2A}");
  EXPECT_EQ(Tag("tb", {"", "o"}), "{tb:!:o}");
  EXPECT_EQ(TagOf("satchel:v1:tb:{tb:!:o}:idx"), "tb:!:o");
  EXPECT_EQ(TagOf("plain"), "");
}

TEST(Keys, LongComponentsAreRefused) {
  EXPECT_TRUE(CheckComponent("task", std::string(512, 'a')));
  EXPECT_EQ(CheckComponent("task", std::string(513, 'a')).error().code,
            ErrorCode::kInvalidArgument);
}

TEST(RepoOptions, PrefixAndTenantHaveLimits) {
  EXPECT_TRUE(CheckRepoOptions({}));
  EXPECT_TRUE(CheckRepoOptions({.prefix = std::string(64, 'a'), .tenant = "any {id}:*"}));
  EXPECT_FALSE(CheckRepoOptions({.prefix = ""}));
  EXPECT_FALSE(CheckRepoOptions({.prefix = std::string(65, 'a')}));
  EXPECT_FALSE(CheckRepoOptions({.prefix = "a:b"}));
  EXPECT_FALSE(CheckRepoOptions({.tenant = std::string(513, 'a')}));
}

}  // namespace
}  // namespace satchel::repos
