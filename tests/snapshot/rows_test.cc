#include "snapshot/rows.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace satchel::snapshot {
namespace {

TEST(Varint, RoundTripsAndTakesOnlyTheShortestForm) {
  for (std::uint64_t value : {0ull, 1ull, 127ull, 128ull, 300ull, 1ull << 35, ~0ull}) {
    std::string bytes;
    AppendVarint(bytes, value);
    std::string_view rest = bytes;
    EXPECT_EQ(TakeVarint(rest), value);
    EXPECT_TRUE(rest.empty());
  }
  for (std::string_view bad :
       {std::string_view("", 0), std::string_view("\x80", 1), std::string_view("\x80\x00", 2),
        std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10)}) {
    EXPECT_EQ(TakeVarint(bad), std::nullopt) << ToHex(bad);
  }
}

CommitRecord SomeRecord() {
  CommitRecord record;
  record.uuid.fill(7);
  record.epoch = 12;
  record.clock_ms = 1'700'000'000'123;
  record.next_dbid = 99;
  record.hash_secret = 0x0123456789ABCDEF;
  record.total_keys = 5;
  record.writer = "satchel test";
  return record;
}

TEST(CommitRecord, RoundTrips) {
  auto decoded = DecodeCommit(EncodeCommit(SomeRecord()));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, SomeRecord());
}

TEST(CommitRecord, EveryFlippedBitAndEveryCutIsRefused) {
  const std::string good = EncodeCommit(SomeRecord());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(DecodeCommit(bad)) << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(DecodeCommit(good.substr(0, size))) << size;
  }
}

TEST(CommitRecord, ANewerFormatIsRefusedByName) {
  CommitRecord record = SomeRecord();
  record.major = 2;
  const auto major = DecodeCommit(EncodeCommit(record));
  ASSERT_FALSE(major);
  EXPECT_EQ(major.error().code, ErrorCode::kNewerFormat);
  EXPECT_EQ(major.error().detail, "store format 2.0, this build reads 1.0");
  record = SomeRecord();
  record.compat = 1;
  EXPECT_EQ(DecodeCommit(EncodeCommit(record)).error().code, ErrorCode::kNewerFormat);
  record = SomeRecord();
  record.minor = 9;  // a newer minor that asks for nothing is read
  EXPECT_TRUE(DecodeCommit(EncodeCommit(record)));
}

TEST(Dbmap, RoundTripsAndRefusesDisorder) {
  const std::vector<DbmapRow> rows = {{0, 5, 10, 1}, {3, 4, 7, 7}};
  EXPECT_EQ(*DecodeDbmap(EncodeDbmap(rows)), rows);
  EXPECT_TRUE(DecodeDbmap("")->empty());
  EXPECT_FALSE(DecodeDbmap("x"));
  EXPECT_FALSE(DecodeDbmap(EncodeDbmap({{3, 4, 1, 0}, {0, 5, 1, 0}})));
  EXPECT_FALSE(DecodeDbmap(EncodeDbmap({{0, 5, 1, 0}, {1, 5, 1, 0}})));
  EXPECT_FALSE(DecodeDbmap(EncodeDbmap({{0, 5, 1, 2}})));
}

class KeyRowTest : public testing::Test {
 protected:
  std::string ValueOf(engine::Entry* entry, std::uint64_t epoch) {
    std::string value;
    AppendKeyRowValue(value, *entry, epoch);
    engine::Entry::Free(entry);
    return value;
  }

  engine::Heap heap_;
  engine::HeapScope scope_{heap_};
};

// The worked example of docs/snapshot-format.md.
TEST_F(KeyRowTest, TheBytesOfAStringWithADeadline) {
  std::string key;
  AppendKeyRowKey(key, 2, "user");
  EXPECT_EQ(ToHex(key), "4b0000000275736572");
  engine::Entry* entry = engine::Entry::NewString("user", "ada", true);
  entry->set_deadline_ms(1'700'000'000'000);
  EXPECT_EQ(ToHex(ValueOf(entry, 300)), "0101ac020068e5cf8b0100000003616461");
}

TEST_F(KeyRowTest, RoundTrips) {
  engine::Entry* entry = engine::Entry::NewString("k", std::string(100, 'v'), true);
  entry->set_deadline_ms(-5);
  const std::string value = ValueOf(entry, 1);
  auto header = ParseKeyRowValue(value);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->epoch, 1u);
  EXPECT_EQ(header->deadline_ms, -5);
  auto built = BuildEntry(*header, "k", {});
  ASSERT_TRUE(built);
  EXPECT_EQ((*built)->deadline_ms(), -5);
  EXPECT_EQ(engine::StringText(**built).view(), std::string(100, 'v'));
  engine::Entry::Free(*built);
}

TEST_F(KeyRowTest, WhatIsUnknownIsRefused) {
  const std::string good = ValueOf(engine::Entry::NewString("k", "v", false), 1);
  const auto with = [&](std::size_t at, char byte) {
    std::string bytes = good;
    bytes[at] = byte;
    return bytes;
  };
  ASSERT_TRUE(ParseKeyRowValue(good));
  EXPECT_FALSE(ParseKeyRowValue(with(0, 2)));     // version
  EXPECT_FALSE(ParseKeyRowValue(with(1, 8)));     // a value in chunks
  EXPECT_FALSE(ParseKeyRowValue(with(1, 0x10)));  // flag
  for (std::size_t size = 0; size < 4; ++size) {
    EXPECT_FALSE(ParseKeyRowValue(std::string_view(good).substr(0, size))) << size;
  }
  const std::string longer = good + "x";
  const auto more = ParseKeyRowValue(longer);
  ASSERT_TRUE(more);
  EXPECT_FALSE(BuildEntry(*more, "k", {}));  // bytes after the value
}

TEST_F(KeyRowTest, IdleAndFrequencyAreRead) {
  const std::string bytes("\x01\x06\x01\x85\x01\x09\x00\x01v", 9);
  auto header = ParseKeyRowValue(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->idle_s, 133u);
  EXPECT_EQ(header->frequency, 9);
}

TEST_F(KeyRowTest, ABufferGivesItsRowsBack) {
  RowBuffer rows(64);
  for (const char* name : {"b", "", "a"}) {
    engine::Entry* entry = engine::Entry::NewString(name, name, false);
    EXPECT_TRUE(rows.Append(1, *entry, 1));
    engine::Entry::Free(entry);
  }
  std::vector<std::string> keys;
  rows.ForEach([&](std::string_view key, std::string_view value) {
    keys.emplace_back(ParseKeyRowKey(key)->key);
    EXPECT_TRUE(ParseKeyRowValue(value));
  });
  EXPECT_EQ(keys, (std::vector<std::string>{"b", "", "a"}));
}

TEST(FunctionRow, HoldsTheCodeAsItIs) {
  const std::string code("#!lua name=l\n\0\xff", 15);
  const auto library = DecodeFunctionRow(FunctionRowKey("l"), EncodeFunctionRow(code));
  ASSERT_TRUE(library);
  EXPECT_EQ(library->name, "l");
  EXPECT_EQ(library->code, code);
}

TEST(FunctionRow, OfAnotherVersionIsRefused) {
  std::string row = EncodeFunctionRow("x");
  row[0] = 2;
  EXPECT_EQ(DecodeFunctionRow(FunctionRowKey("l"), row).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(DecodeFunctionRow(FunctionRowKey("l"), "").error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace satchel::snapshot
