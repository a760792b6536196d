#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "store/embedded/embedded_store.h"

namespace satchel::store {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Anonymous memory that this process really uses.
std::size_t UsedBytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != "RssAnon:") continue;
    std::size_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

TEST(EmbeddedStore, AThousandStoresOpenAtOnceAreSmallAndApart) {
  constexpr std::size_t kStores = 1000;
  const std::size_t before = UsedBytes();
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<EmbeddedStore>> stores;
  for (std::size_t i = 0; i < kStores; ++i) {
    auto store = EmbeddedStore::Open({});
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->Run({"SET", "k", std::to_string(i)}));
    stores.push_back(std::move(*store));
  }
  const std::size_t each = (UsedBytes() - before) / kStores;
  RecordProperty("bytes_per_store", static_cast<int>(each));
  for (std::size_t i = 0; i < kStores; i += 37) {
    EXPECT_EQ(stores[i]->Run({"GET", "k"})->text, std::to_string(i));
    EXPECT_EQ(stores[i]->Run({"DBSIZE"})->integer, 1);
  }
  stores.clear();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  // Sanitizers and the shadow keyspace have a memory of their own.
#ifndef SATCHEL_SHADOW
  EXPECT_LT(kSanitized ? 0 : each, 64u * 1024) << "bytes per store";
#endif
  EXPECT_LT(kSanitized ? 0 : each, 128u * 1024) << "bytes per store";
}

TEST(EmbeddedStore, GetCopiesTheString) {
  auto store = EmbeddedStore::Open({});
  ASSERT_TRUE((*store)->Run({"SET", "k", "v"}));
  std::string out;
  EXPECT_TRUE(*(*store)->Get("k", &out));
  EXPECT_EQ(out, "v");
  EXPECT_FALSE(*(*store)->Get("none", &out));
  ASSERT_TRUE((*store)->Run({"LPUSH", "l", "v"}));
  EXPECT_EQ((*store)->Get("l", &out).error().code, ErrorCode::kWrongType);
}

TEST(EmbeddedStore, WrongOptionsAreRefused) {
  EXPECT_FALSE(EmbeddedStore::Open({.databases = 0}));
  EXPECT_FALSE(EmbeddedStore::Open({.databases = 1025}));
  EXPECT_FALSE(EmbeddedStore::Open({.databases = 4, .db = 4}));
}

}  // namespace
}  // namespace satchel::store
