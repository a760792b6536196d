#include "store/remote/seed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace satchel::store {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Seed, HostAndPort) {
  const auto seed = ParseSeed(" redis.example:7000 ");
  ASSERT_TRUE(seed);
  EXPECT_EQ(seed->host, "redis.example");
  EXPECT_EQ(seed->port, 7000);
  EXPECT_EQ(seed->ToString(), "redis.example:7000");
}

TEST(Seed, Ipv6InBrackets) {
  const auto seed = ParseSeed("[::1]:7000");
  ASSERT_TRUE(seed);
  EXPECT_EQ(seed->host, "::1");
  EXPECT_EQ(seed->ToString(), "[::1]:7000");
}

TEST(Seed, UrlWithEverything) {
  const auto seed = ParseSeed("redis://me:p%40ss@h:7000/3");
  ASSERT_TRUE(seed);
  EXPECT_EQ(seed->host, "h");
  EXPECT_EQ(seed->username, "me");
  EXPECT_EQ(seed->password, "p@ss");
  EXPECT_EQ(seed->db, 3);
}

TEST(Seed, UrlWithAHostOnly) {
  const auto seed = ParseSeed("redis://h");
  ASSERT_TRUE(seed);
  EXPECT_EQ(seed->port, 6379);
  EXPECT_FALSE(seed->username || seed->password || seed->db);
}

TEST(Seed, UrlWithAPasswordOnly) {
  const auto seed = ParseSeed("redis://:secret@[::1]");
  ASSERT_TRUE(seed);
  EXPECT_FALSE(seed->username);
  EXPECT_EQ(seed->password, "secret");
  EXPECT_EQ(seed->host, "::1");
}

TEST(Seed, UnixSocket) {
  const auto seed = ParseSeed("unix:///run/redis.sock");
  ASSERT_TRUE(seed);
  EXPECT_EQ(seed->unix_path, "/run/redis.sock");
}

TEST(Seed, WhatIsNoAddressIsRefused) {
  for (const char* text :
       {"", "host", ":1", "h:0", "h:65536", "h:x", "[::1", "[::1]x:1", "http://h:1", "rediss://h:1",
        "unix://relative", "redis://h/x", "redis://h/-1", "redis://%zz:a@h"}) {
    const auto seed = ParseSeed(text);
    ASSERT_FALSE(seed) << text;
    EXPECT_EQ(seed.error().code, ErrorCode::kConfig);
  }
}

TEST(Seed, AnErrorShowsNoPassword) {
  const auto seed = ParseSeed("redis://me:hunter2@h:x");
  ASSERT_FALSE(seed);
  EXPECT_THAT(seed.error().detail,
              testing::AllOf(HasSubstr("redis://<redacted>@h:x"), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace satchel::store
