#include "engine/hash.h"

#include <map>
#include <string>
#include <vector>

#include "base/text.h"

namespace satchel::engine {
namespace {

class HashTest : public testing::Test {
 protected:
  std::vector<std::string> Fields() const {
    std::vector<std::string> fields;
    hash_.ForEach([&](std::string_view field, std::string_view) {
      fields.emplace_back(field);
      return true;
    });
    return fields;
  }

  Heap heap_;
  HeapScope scope_{heap_};
  ValueContext context_{.limits = {.hash_max_listpack_entries = 8, .hash_max_listpack_value = 10},
                        .hash_seed = 5};
  Hash hash_;
};

TEST_F(HashTest, PackedFieldsKeepTheOrderOfTheirFirstInsertion) {
  for (const char* field : {"b", "a", "c"}) EXPECT_TRUE(hash_.Set(field, "1", context_));
  EXPECT_FALSE(hash_.Set("b", "2", context_));
  EXPECT_EQ(Fields(), (std::vector<std::string>{"b", "a", "c"}));
  EXPECT_TRUE(hash_.Erase("a"));
  EXPECT_TRUE(hash_.Set("a", "3", context_));
  EXPECT_EQ(Fields(), (std::vector<std::string>{"b", "c", "a"}));
  EXPECT_EQ(hash_.Get("b"), "2");
}

TEST_F(HashTest, TooManyFieldsMakeItATable) {
  for (int i = 0; i < 8; ++i) hash_.Set(FormatInt(i), "v", context_);
  EXPECT_EQ(hash_.encoding(), "listpack");
  hash_.Set("7", "w", context_);
  EXPECT_EQ(hash_.encoding(), "listpack");
  hash_.Set("8", "v", context_);
  EXPECT_EQ(hash_.encoding(), "hashtable");
  for (int i = 0; i < 8; ++i) hash_.Erase(FormatInt(i));
  EXPECT_EQ(hash_.encoding(), "hashtable");
}

TEST_F(HashTest, ALongFieldOrValueMakesItATable) {
  hash_.Set("a", "0123456789", context_);
  EXPECT_EQ(hash_.encoding(), "listpack");
  hash_.Set("a", "0123456789x", context_);
  EXPECT_EQ(hash_.encoding(), "hashtable");
  Hash other;
  other.Set("0123456789x", "v", context_);
  EXPECT_EQ(other.encoding(), "hashtable");
}

TEST_F(HashTest, MatchesAModelInBothForms) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Hash hash;
    std::map<std::string, std::string> model;
    const std::uint64_t range = seed % 3 == 0 ? 6 : seed % 3 == 1 ? 40 : 1500;
    for (int step = 0; step < 3'000; ++step) {
      const std::string field = "f" + std::to_string(random.Below(range));
      const std::string value(random.Below(seed % 2 == 0 ? 9 : 14), 'v');
      if (random.Below(3) != 0) {
        ASSERT_EQ(hash.Set(field, value, context_), model.insert_or_assign(field, value).second);
      } else {
        ASSERT_EQ(hash.Erase(field), model.erase(field) > 0);
      }
      ASSERT_EQ(hash.size(), model.size());
      ASSERT_EQ(hash.empty(), model.empty());
      if (step % 100 != 0) continue;
      hash.Check();
      ASSERT_EQ(hash.MemoryBytes(), heap_.used_bytes());
      std::map<std::string, std::string> contents;
      std::uint64_t cursor = 0;
      do {
        cursor = hash.Scan(cursor,
                           [&](std::string_view f, std::string_view v) { contents.emplace(f, v); });
      } while (cursor != 0);
      ASSERT_EQ(contents, model);
      if (model.empty()) continue;
      const auto [f, v] = hash.RandomField(random);
      ASSERT_EQ(model.at(std::string(f)), v);
      const Hash copy = hash.Clone();
      copy.Check();
      ASSERT_EQ(copy.size(), model.size());
      ASSERT_EQ(copy.encoding(), hash.encoding());
    }
    for (const auto& [field, value] : model) ASSERT_EQ(hash.Get(field), value);
    ASSERT_EQ(hash.Get("absent"), std::nullopt);
  }
  EXPECT_EQ(heap_.used_bytes(), 0u);
}

}  // namespace
}  // namespace satchel::engine
