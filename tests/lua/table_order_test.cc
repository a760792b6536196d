// The model of 5.1's tables against orders that redis-server gave; tests/oracle has many more.

#include "lua/table_order.h"

#include <gtest/gtest.h>

#include <set>

namespace satchel::lua {
namespace {

TEST(TableOrder, HasAPowerOfTwoSlotsAndEveryKeyOnce) {
  TableOrder order;
  for (int i = 0; i < 1000; ++i) order.Add("key" + std::to_string(i));
  EXPECT_EQ(order.slots(), 1024u);
  const std::set<std::uint32_t> once(order.order().begin(), order.order().end());
  EXPECT_EQ(once.size(), 1000u);
  EXPECT_EQ(*once.rbegin(), 999u);
}

TEST(TableOrder, OneKeyNeedsOneSlot) {
  TableOrder order;
  EXPECT_EQ(order.slots(), 0u);
  order.Add("a");
  EXPECT_EQ(order.slots(), 1u);
  order.Add("b");
  EXPECT_EQ(order.slots(), 2u);
  order.Add("c");
  EXPECT_EQ(order.slots(), 4u);
}

TEST(TableOrder, AGrowthPutsTheLastSlotInFirst) {
  TableOrder order;
  for (const char* key : {"a", "b", "c"}) order.Add(key);
  // The third key made the table grow: what was in it went in from its end.
  EXPECT_EQ(order.order().back(), 2u);
}

}  // namespace
}  // namespace satchel::lua
