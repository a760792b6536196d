// Damaged stores: refused with file, reason and command, untouched; or, where the damage hits
// nothing that counts, the same data. Never other data.

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "snapshot/check.h"
#include "tests/snapshot/store_fixture.h"

namespace satchel::snapshot {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

using Files = std::map<std::string, std::string>;  // path -> bytes

std::string Slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Files ReadAll(const std::string& dir) {
  Files files;
  for (const auto& found : fs::recursive_directory_iterator(dir)) {
    if (found.is_regular_file()) files[found.path().string()] = Slurp(found.path());
  }
  return files;
}

void WriteAll(const std::string& dir, const Files& files) {
  fs::remove_all(dir);
  fs::create_directories(dir + "/db");
  fs::create_directories(dir + "/stage");
  for (const auto& [path, bytes] : files) std::ofstream(path, std::ios::binary) << bytes;
}

class DamageTest : public SnapshotStoreTest {
 protected:
  // A small store of two snapshots, closed.
  void SetUp() override {
    Store store = Open();
    Run(store, "SET old value");
    EXPECT_EQ(Run(store, "SAVE"), "+OK");
    Run(store, "DEL old");
    Run(store, "SET s v");
    Run(store, "SET t v EXAT 9999999999");
    Run(store, "HSET h f v g w");
    Run(store, "RPUSH l a b 1 2", 1);
    Run(store, "SADD set a b", 1);
    Run(store, "ZADD z 1 a 2 b", 2);
    digest_ = Digest(store);
    EXPECT_TRUE(store->Close());
    files_ = ReadAll(data());
  }
  std::string data() { return dir_ / "data"; }

  // False when it was refused; then nothing but the lock file may have changed.
  bool OpensIdentical(const std::string& what) {
    const Files before = ReadAll(data());
    auto store = store::EmbeddedStore::Open(Options());
    if (store) {
      EXPECT_EQ(Digest(*store), digest_) << what;
      EXPECT_TRUE((*store)->Close(Snapshotter::Final::kNothing));
      return true;
    }
    EXPECT_THAT(store.error().detail, HasSubstr("satchel check")) << what;
    EXPECT_THAT(store.error().detail, HasSubstr(data())) << what;
    Files after = ReadAll(data());
    after.erase(data() + "/satchel.lock");
    for (const auto& [path, bytes] : before) {
      if (path.ends_with("satchel.lock")) continue;
      EXPECT_EQ(after[path], bytes) << what << " changed " << path;
      after.erase(path);
    }
    EXPECT_TRUE(after.empty()) << what << " left " << after.begin()->first;
    return false;
  }

  std::string digest_;
  Files files_;
};

TEST_F(DamageTest, AFlippedBitIsRefusedOrHarmless) {
  const char* given = std::getenv("SATCHEL_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : Random::SystemSeed() % 1'000'000;
  const bool all = std::getenv("SATCHEL_ALL_BITS") != nullptr;
  SCOPED_TRACE("SATCHEL_SEED=" + std::to_string(seed));
  Random random(seed);
  std::size_t total = 0;
  for (const auto& [path, bytes] : files_) total += bytes.size();
  const std::size_t step = all ? 1 : total / 100;
  int refused = 0;
  std::size_t at = random.Below(step);
  for (const auto& [path, bytes] : files_) {
    for (; at < bytes.size(); at += step) {
      Files damaged = files_;
      damaged[path][at] = static_cast<char>(bytes[at] ^ 1 << random.Below(8));
      WriteAll(data(), damaged);
      refused += !OpensIdentical(path + " at " + std::to_string(at));
      if (HasFailure()) return;
    }
    at -= bytes.size();
  }
  EXPECT_GT(refused, 10);
}

TEST_F(DamageTest, EveryByteOfTheSmallFilesCounts) {
  for (const char* name : {"/FORMAT", "/db/CURRENT", "/db/EPOCH"}) {
    const std::string path = data() + name;
    for (std::size_t at = 0; at < files_[path].size(); ++at) {
      Files damaged = files_;
      damaged[path][at] = static_cast<char>(damaged[path][at] ^ 4);
      WriteAll(data(), damaged);
      EXPECT_FALSE(OpensIdentical(path + " at " + std::to_string(at)));
    }
  }
}

TEST_F(DamageTest, AnOlderManifestIsNotTakenForTheStore) {
  for (const auto& [path, bytes] : files_) {
    if (path.find("MANIFEST") == std::string::npos) continue;
    for (std::size_t size = bytes.size() / 2; size < bytes.size(); size += 7) {
      Files cut = files_;
      cut[path].resize(size);
      WriteAll(data(), cut);
      EXPECT_FALSE(OpensIdentical("manifest of " + std::to_string(size) + " bytes"));
    }
  }
}

TEST_F(DamageTest, AMissingFileIsRefused) {
  for (const auto& [path, bytes] : files_) {
    const std::string name = fs::path(path).filename();
    const bool needed = name.ends_with(".sst") || name.starts_with("MANIFEST") ||
                        name == "CURRENT" || name == "FORMAT";
    if (!needed) continue;
    Files cut = files_;
    cut.erase(path);
    WriteAll(data(), cut);
    EXPECT_FALSE(OpensIdentical("without " + name));
  }
}

TEST_F(DamageTest, ADamagedEndOfATableIsRefusedByName) {
  for (const auto& [path, bytes] : files_) {
    if (!path.ends_with(".sst")) continue;
    for (const std::size_t from_end : {1u, 9u, 53u}) {
      Files damaged = files_;
      damaged[path][bytes.size() - from_end] ^= 1;
      WriteAll(data(), damaged);
      EXPECT_FALSE(OpensIdentical(path + " at -" + std::to_string(from_end)));
      EXPECT_THAT(OpenError().detail, HasSubstr(path + ": the end of the file is damaged"));
    }
  }
}

// What a kill in the middle of a compaction leaves behind.
TEST_F(DamageTest, ATableThatWasNeverFinishedIsHarmless) {
  Files with_rest = files_;
  std::string table;
  for (const auto& [path, bytes] : files_) {
    if (path.ends_with(".sst")) table = bytes;
  }
  ASSERT_FALSE(table.empty());
  for (const std::size_t size : {std::size_t{0}, std::size_t{20}, table.size() / 2}) {
    with_rest[data() + "/db/009999.sst"] = table.substr(0, size);
    WriteAll(data(), with_rest);
    EXPECT_TRUE(OpensIdentical("a table of " + std::to_string(size) + " bytes"));
    EXPECT_FALSE(fs::exists(data() + "/db/009999.sst"));
  }
}

TEST_F(DamageTest, CheckTellsKeysByDatabaseAndType) {
  auto report = CheckStore(data(), CheckDepth::kDeep);
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_TRUE(report->sound()) << report->Text();
  EXPECT_EQ(report->epoch, 2u);
  EXPECT_EQ(report->databases[0].total, 3u);
  EXPECT_EQ(report->databases[0].with_deadline, 1u);
  EXPECT_THAT(report->Text(), HasSubstr("database 1: 2 keys, 0 with a deadline, list 1, set 1\n"));
  EXPECT_THAT(report->Text(), HasSubstr("sound: "));
  Files after = ReadAll(data());
  for (const auto& [path, bytes] : files_) {
    if (path.ends_with("satchel.lock")) continue;
    EXPECT_EQ(after[path], bytes) << path;
  }
}

TEST_F(DamageTest, CheckFindsWhatOpenRefuses) {
  int found = 0;
  for (const auto& [path, bytes] : files_) {
    if (!path.ends_with(".sst")) continue;
    Files damaged = files_;
    damaged[path][3] = static_cast<char>(bytes[3] ^ 1);
    WriteAll(data(), damaged);
    auto report = CheckStore(data(), CheckDepth::kDeep);
    ASSERT_TRUE(report) << report.error().detail;
    if (report->sound()) continue;  // a file that a later snapshot made garbage
    EXPECT_THAT(report->Text(), HasSubstr("DAMAGED"));
    ++found;
  }
  EXPECT_GT(found, 0);
}

TEST_F(DamageTest, CheckRefusesWhatItCannotLookAt) {
  Store store = Open();
  EXPECT_EQ(CheckStore(data(), CheckDepth::kRows).error().code, ErrorCode::kLocked);
  EXPECT_EQ(CheckStore(dir_ / "nowhere", CheckDepth::kRows).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(CheckStore(dir_.path(), CheckDepth::kRows).error().code, ErrorCode::kForeign);
}

}  // namespace
}  // namespace satchel::snapshot
