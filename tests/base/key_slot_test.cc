#include "base/key_slot.h"

#include <gtest/gtest.h>

namespace satchel {
namespace {

TEST(KeySlot, IsThatOfRedis) {
  EXPECT_EQ(KeySlot("123456789"), 12739);
  EXPECT_EQ(KeySlot(""), 0);
  EXPECT_EQ(KeySlot("foo"), 12182);
  EXPECT_EQ(KeySlot("somekey"), 11058);
}

TEST(KeySlot, OnlyTheFirstTagCounts) {
  EXPECT_EQ(KeySlot("foo{hash_tag}"), KeySlot("hash_tag"));
  EXPECT_EQ(KeySlot("{a}{b}"), KeySlot("a"));
  EXPECT_EQ(KeySlot("foo{{bar}}zap"), KeySlot("{bar"));
}

TEST(KeySlot, AnEmptyOrOpenTagIsNone) {
  EXPECT_NE(KeySlot("foo{}{bar}"), KeySlot("bar"));
  EXPECT_NE(KeySlot("foo{bar"), KeySlot("bar"));
}

}  // namespace
}  // namespace satchel
