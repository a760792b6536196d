#include "tests/snapshot/store_fixture.h"

namespace satchel::snapshot {
namespace {

class StoreTest : public SnapshotStoreTest {
 protected:
  // Every type in both representations, several databases, deadlines, odd keys.
  static void FillAll(const Store& store) {
    Run(store, "SET s v");
    Run(store, "SET int 12345");
    Run(store, "SET empty \"\"");
    Run(store, "SET \"\" \"the empty key\"");
    Run(store, "SET \"bin\\x00\\xff\" \"\\x00\\r\\n\\xff\"");
    Run(store, "SET raw " + std::string(5000, 'x'));
    (void)store->Run({"SET", "huge", std::string(9'000'000, 'y')});
    Run(store, "SET ttl v EXAT 9999999999");
    Run(store, "SET pttl v PXAT 9999999999123");
    Run(store, "RPUSH l a 1 -5 70000");
    Run(store, "HSET h f v n 12 e \"\"");
    Run(store, "SADD ints 1 2 3");
    Run(store, "SADD set a b c");
    Run(store, "ZADD z 1 a 2.5 b -inf c inf d");
    std::string list = "RPUSH ll", hash = "HSET hh", set = "SADD ss", zset = "ZADD zz";
    for (int i = 0; i < 1000; ++i) {
      const std::string n = std::to_string(i);
      list += " element" + n;
      hash += " field" + n + " value" + n;
      set += " member" + n;
      zset += " " + n + ".5 member" + n;
      Run(store, "SET key:" + n + " " + n, 3);
    }
    for (const std::string& line : {list, hash, set, zset}) Run(store, line);
    for (int i = 1; i <= 250; ++i) {
      Run(store, "XADD stream " + std::to_string(i) + "-0 field value" + std::to_string(i));
    }
    Run(store, "XDEL stream 7-0 250-0");
    Run(store, "XGROUP CREATE stream group 0");
    Run(store, "XREADGROUP GROUP group consumer COUNT 120 STREAMS stream >");
    Run(store, "XGROUP CREATE emptystream group $ MKSTREAM");
    Run(store, "EXPIREAT hh 9999999998");
    Run(store, "SET other value EXAT 9999999997", 15);
  }
};

TEST_F(StoreTest, EveryTypeAndDatabaseSurvivesCloseAndOpen) {
  const auto groups = [](Store& store) {
    return Run(store, "XINFO STREAM stream FULL COUNT 0") + Run(store, "XINFO GROUPS emptystream");
  };
  std::string before;
  std::string groups_before;
  {
    Store store = Open();
    FillAll(store);
    before = Digest(store);
    groups_before = groups(store);
    EXPECT_TRUE(store->Close());
  }
  Store store = Open();
  EXPECT_EQ(Digest(store), before);
  EXPECT_EQ(groups(store), groups_before);  // no part of the digest
  EXPECT_EQ(Run(store, "PEXPIRETIME pttl"), ":9999999999123");
  EXPECT_EQ(Run(store, "DBSIZE", 3), ":1000");
}

}  // namespace
}  // namespace satchel::snapshot
