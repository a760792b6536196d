#include "snapshot/store_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/text.h"
#include "tests/snapshot/temp_dir.h"

namespace satchel::snapshot {
namespace {

using testing::HasSubstr;

class StoreFilesTest : public testing::Test {
 protected:
  auto Open() { return StoreFiles::Open(data_, StoreFiles::Missing::kCreate); }
  Error OpenError() {
    auto files = Open();
    EXPECT_FALSE(files);
    return files ? Error{} : files.error();
  }
  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(data_);
    std::ofstream(data_ + "/" + name, std::ios::binary) << text;
  }
  static mode_t ModeOf(const std::string& path) {
    struct stat found {};
    EXPECT_EQ(stat(path.c_str(), &found), 0);
    return found.st_mode & 0777;
  }

  TempDir dir_;
  const std::string data_ = dir_ / "data";
};

TEST_F(StoreFilesTest, ANewDirectoryIsPrivate) {
  auto files = Open();
  ASSERT_TRUE(files);
  for (const char* folder : {"", "/db", "/stage"}) EXPECT_EQ(ModeOf(data_ + folder), 0700u);
  for (const char* file : {"/satchel.lock", "/FORMAT"}) EXPECT_EQ(ModeOf(data_ + file), 0600u);
}

TEST_F(StoreFilesTest, ASecondOpenerInThisProcessLearnsThePid) {
  auto files = Open();
  ASSERT_TRUE(files);
  const Error error = OpenError();
  EXPECT_EQ(error.code, ErrorCode::kLocked);
  EXPECT_THAT(error.detail, HasSubstr("in use by process " + FormatInt(getpid()) + " on "));
  EXPECT_THAT(error.detail, HasSubstr("(this process)"));
  files->reset();
  EXPECT_TRUE(Open());
}

TEST_F(StoreFilesTest, ASecondProcessLearnsThePidOfTheFirst) {
  auto files = Open();
  ASSERT_TRUE(files);
  const std::string parent = "process " + FormatInt(getpid());
  const pid_t child = fork();
  if (child == 0) {
    auto second = StoreFiles::Open(data_, StoreFiles::Missing::kCreate);
    const bool refused = !second && second.error().code == ErrorCode::kLocked &&
                         second.error().detail.find(parent) != std::string::npos &&
                         second.error().detail.find("this process") == std::string::npos;
    _exit(refused ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(StoreFilesTest, AFolderOfSomethingElseIsRefusedUntouched) {
  Write("notes.txt", "mine");
  const Error error = OpenError();
  EXPECT_EQ(error.code, ErrorCode::kForeign);
  EXPECT_THAT(error.detail, HasSubstr("notes.txt"));
  EXPECT_FALSE(std::filesystem::exists(data_ + "/satchel.lock"));
}

TEST_F(StoreFilesTest, AFirstStartThatWasCutOffIsTakenUpAgain) {
  Write("satchel.lock", "");
  Write("FORMAT.new", "sat");
  std::filesystem::create_directory(data_ + "/db");
  EXPECT_TRUE(Open());
}

TEST_F(StoreFilesTest, DataWithoutFormatIsDamaged) {
  std::filesystem::create_directories(data_ + "/db");
  Write("db/000001.sst", "x");
  const Error error = OpenError();
  EXPECT_EQ(error.code, ErrorCode::kCorrupt);
  EXPECT_THAT(error.detail, HasSubstr("run `satchel check " + data_ + "`"));
}

TEST_F(StoreFilesTest, NewerAndDamagedFormatsAreTold) {
  Write("FORMAT", "satchel-store 2\n");
  Error error = OpenError();
  EXPECT_EQ(error.code, ErrorCode::kNewerFormat);
  EXPECT_THAT(error.detail, HasSubstr("store format 2, this build reads 1"));
  for (const char* text : {"", "satchel-store", "satchel-store 1", "satchel-store 01\n",
                           "satchel-store 0\n", "satchel-store x\n", "batchel-store 1\n"}) {
    Write("FORMAT", text);
    error = OpenError();
    EXPECT_EQ(error.code, ErrorCode::kCorrupt) << text;
    EXPECT_THAT(error.detail, HasSubstr("FORMAT"));
  }
  Write("FORMAT", "satchel-store 1\n");
  EXPECT_TRUE(Open());
}

TEST_F(StoreFilesTest, WhatCannotBeCreatedIsNamedWithItsReason) {
  Write("file", "");
  const auto below_file = StoreFiles::Open(data_ + "/file/data", StoreFiles::Missing::kCreate);
  ASSERT_FALSE(below_file);
  EXPECT_EQ(below_file.error().code, ErrorCode::kIo);
  EXPECT_THAT(below_file.error().detail, HasSubstr("Not a directory"));
  const auto file = StoreFiles::Open(data_ + "/file", StoreFiles::Missing::kCreate);
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().detail, HasSubstr("is not a folder"));
  const auto missing = StoreFiles::Open("/proc/satchel-data", StoreFiles::Missing::kCreate);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kIo);
  EXPECT_FALSE(StoreFiles::Open("", StoreFiles::Missing::kCreate));
}

TEST_F(StoreFilesTest, AReadOnlyFolderIsRefused) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  ASSERT_TRUE(Open());
  ASSERT_EQ(chmod(data_.c_str(), 0500), 0);
  std::filesystem::remove(data_ + "/satchel.lock");
  EXPECT_EQ(OpenError().code, ErrorCode::kIo);
  chmod(data_.c_str(), 0700);
}

TEST_F(StoreFilesTest, AStoreIsNotCreatedWhereOneIsAskedFor) {
  const auto none = StoreFiles::Open(data_, StoreFiles::Missing::kRefuse);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
  std::filesystem::create_directories(data_);
  const auto empty = StoreFiles::Open(data_, StoreFiles::Missing::kRefuse);
  EXPECT_EQ(empty.error().code, ErrorCode::kForeign);
  EXPECT_TRUE(std::filesystem::is_empty(data_));
}

TEST_F(StoreFilesTest, EpochIsReadBackAndDamageIsSeen) {
  auto files = Open();
  ASSERT_TRUE(files);
  EXPECT_EQ(*(*files)->ReadEpoch(), std::nullopt);
  ASSERT_TRUE((*files)->WriteEpoch(41));
  ASSERT_TRUE((*files)->WriteEpoch(42));
  EXPECT_EQ(*(*files)->ReadEpoch(), 42u);
  EXPECT_EQ(ModeOf(data_ + "/db/EPOCH"), 0600u);
  Write("db/EPOCH", "epoch 43 crc32c 00000000\n");
  EXPECT_EQ((*files)->ReadEpoch().error().code, ErrorCode::kCorrupt);
}

TEST_F(StoreFilesTest, StageIsEmptied) {
  auto files = Open();
  ASSERT_TRUE(files);
  Write("stage/7-0.sst", "left behind");
  ASSERT_TRUE((*files)->EmptyStage());
  EXPECT_TRUE(std::filesystem::is_empty((*files)->stage()));
}

}  // namespace
}  // namespace satchel::snapshot
