// SAVE, BGSAVE, LASTSAVE, save points, INFO and CONFIG, with and without a data directory.

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>

#include "tests/snapshot/store_fixture.h"

namespace satchel::snapshot {
namespace {

using testing::Contains;
using testing::HasSubstr;

class PersistenceTest : public SnapshotStoreTest {
 protected:
  // The files of a snapshot cannot be written while it lives.
  class FullDisk {
   public:
    FullDisk() {
      previous_handler_ = std::signal(SIGXFSZ, SIG_IGN);
      getrlimit(RLIMIT_FSIZE, &previous_);
      const rlimit small{.rlim_cur = 20'000, .rlim_max = previous_.rlim_max};
      setrlimit(RLIMIT_FSIZE, &small);
    }
    ~FullDisk() {
      setrlimit(RLIMIT_FSIZE, &previous_);
      std::signal(SIGXFSZ, previous_handler_);
    }

   private:
    rlimit previous_{};
    void (*previous_handler_)(int) = nullptr;
  };

  static void FillLarge(const Store& store) {
    Random random(1);
    for (int i = 0; i < 100; ++i) {
      std::string value;  // does not compress
      for (int j = 0; j < 200; ++j) value += std::to_string(random.Next());
      (void)store->Run({"SET", "large" + std::to_string(i), value});
    }
  }
};

TEST_F(PersistenceTest, SaveIsThereAfterAnOpenWithoutAnotherSnapshot) {
  auto options = Options();
  options.snapshot_on_shutdown = false;
  {
    Store store = OpenWith(options);
    Run(store, "SET kept 1");
    EXPECT_EQ(Run(store, "SAVE"), "+OK");
    Run(store, "SET lost 1");
    EXPECT_TRUE(store->Close());
  }
  Store store = OpenWith(options);
  EXPECT_EQ(Run(store, "KEYS *"), "[\"kept\"]");
  EXPECT_EQ(Info(store, "rdb_last_load_keys_loaded"), "1");
}

TEST_F(PersistenceTest, BgsaveIsThePointInTimeOfItsReply) {
  std::string before;
  {
    Store store = Open();
    for (int i = 0; i < 20'000; ++i) {
      const std::string n = std::to_string(i);
      (void)store->Run({"SET", "key" + n, "value" + n});
    }
    before = Digest(store);
    EXPECT_EQ(Run(store, "BGSAVE"), "+Background saving started");
    for (int i = 0; i < 20'000; i += 3) {
      const std::string n = std::to_string(i);
      (void)store->Run({"SET", "key" + n, "changed"});
      (void)store->Run({"DEL", "key" + std::to_string(i + 1)});
      (void)store->Run({"SET", "new" + n, "x"});
    }
    Run(store, "SWAPDB 0 1");
    Run(store, "FLUSHALL");
    EXPECT_EQ(WaitForSave(store), "ok");
    EXPECT_EQ(Info(store, "rdb_saves"), "1");
    EXPECT_TRUE(store->Close(Snapshotter::Final::kNothing));
  }
  Store store = Open();
  EXPECT_EQ(Digest(store), before);
}

TEST_F(PersistenceTest, ASecondBgsaveIsRefusedOrScheduled) {
  Store store = Open();
  for (int i = 0; i < 50'000; ++i) (void)store->Run({"SET", "key" + std::to_string(i), "v"});
  EXPECT_EQ(Run(store, "BGSAVE"), "+Background saving started");
  // The walker needs this lock: the first one is still running.
  EXPECT_EQ(Run(store, "BGSAVE"), "-ERR Background save already in progress");
  EXPECT_EQ(Run(store, "SAVE"), "-ERR Background save already in progress");
  EXPECT_EQ(Run(store, "DEBUG RELOAD"), "-ERR Background save already in progress");
  Run(store, "SET another change");
  EXPECT_EQ(Run(store, "BGSAVE SCHEDULE"), "+Background saving scheduled");
  EXPECT_EQ(Run(store, "BGSAVE NOW"), "-ERR syntax error");
  while (Info(store, "rdb_saves") != "2") std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(Info(store, "satchel_snapshot_epoch"), "2");
}

TEST_F(PersistenceTest, BgsaveInsideExecWaitsForItsEnd) {
  Store store = Open();
  auto connection = store->Connect();
  (void)(*connection)->Run({"MULTI"});
  (void)(*connection)->Run({"SET", "a", "1"});
  (void)(*connection)->Run({"BGSAVE"});
  (void)(*connection)->Run({"SET", "b", "2"});
  auto replies = (*connection)->Run({"EXEC"});
  ASSERT_TRUE(replies);
  EXPECT_EQ(DebugText(replies->items[1]), "+Background saving scheduled");
  *connection = nullptr;
  while (Info(store, "rdb_saves") != "1") std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(store->Close(Snapshotter::Final::kNothing));
  store = Open();
  EXPECT_EQ(Run(store, "DBSIZE"), ":2");
}

TEST_F(PersistenceTest, WithNothingChangedOnlyLastsaveMovesOn) {
  ManualClock clock;
  auto options = Options();
  options.clock = &clock;
  Store store = OpenWith(options);
  Run(store, "SET k v");
  EXPECT_EQ(Info(store, "rdb_changes_since_last_save"), "1");
  EXPECT_EQ(Run(store, "SAVE"), "+OK");
  EXPECT_EQ(Info(store, "rdb_changes_since_last_save"), "0");
  const std::string first = Run(store, "LASTSAVE");
  clock.Advance(std::chrono::seconds(10));
  EXPECT_EQ(Run(store, "SAVE"), "+OK");
  EXPECT_EQ(Info(store, "satchel_snapshot_epoch"), "1");
  EXPECT_EQ(Run(store, "LASTSAVE"), ":" + std::to_string(std::stoll(first.substr(1)) + 10));
}

TEST_F(PersistenceTest, SavePointsStartSnapshotsByTheClock) {
  ManualClock clock;
  auto options = Options();
  options.clock = &clock;
  options.snapshot_interval = std::chrono::minutes(5);
  Store store = OpenWith(options);
  EXPECT_EQ(Run(store, "CONFIG GET save"), "%[\"save\", \"300 1\"]");
  clock.Advance(std::chrono::minutes(10));  // nothing changed
  EXPECT_EQ(Info(store, "rdb_saves"), "0");
  Run(store, "SET k v");
  clock.Advance(std::chrono::seconds(1));
  EXPECT_EQ(WaitForSave(store), "ok");
  EXPECT_EQ(Info(store, "rdb_saves"), "1");
  EXPECT_EQ(Run(store, "CONFIG SET save \"100 2 1000 1\""), "+OK");
  Run(store, "SET k v");
  clock.Advance(std::chrono::seconds(500));
  EXPECT_EQ(Info(store, "rdb_saves"), "1");
  Run(store, "SET k v");
  clock.Advance(std::chrono::seconds(1));
  EXPECT_EQ(WaitForSave(store), "ok");
  EXPECT_EQ(Info(store, "rdb_saves"), "2");
  EXPECT_THAT(Run(store, "CONFIG SET save \"1 x\""), HasSubstr("Invalid save parameters"));
  EXPECT_EQ(Run(store, "CONFIG SET save \"\""), "+OK");
  EXPECT_EQ(Run(store, "CONFIG GET save"), "%[\"save\", \"\"]");
}

TEST_F(PersistenceTest, ExpiredKeysAreDroppedAtLoadAndOthersKeepTheirDeadline) {
  ManualClock clock;
  auto options = Options();
  options.clock = &clock;
  {
    Store store = OpenWith(options);
    Run(store, "SET soon v PX 1000");
    Run(store, "SET later v PX 100000");
    EXPECT_TRUE(store->Close());
  }
  const std::int64_t deadline = clock.NowMs() + 100'000;
  clock.Advance(std::chrono::seconds(5));
  Store store = OpenWith(options);
  EXPECT_EQ(Run(store, "KEYS *"), "[\"later\"]");
  EXPECT_EQ(Run(store, "PEXPIRETIME later"), ":" + std::to_string(deadline));
  EXPECT_EQ(Info(store, "rdb_last_load_keys_expired"), "1");
}

TEST_F(PersistenceTest, DebugReloadGoesThroughTheDisk) {
  Store store = Open();
  Run(store, "HSET h f v");
  Run(store, "SET t v EXAT 9999999999");
  const std::string before = Digest(store);
  EXPECT_EQ(Run(store, "DEBUG RELOAD"), "+OK");
  EXPECT_EQ(Info(store, "rdb_saves"), "1");
  EXPECT_EQ(Digest(store), before);
  Run(store, "HSET h g w");
  EXPECT_EQ(Run(store, "DEBUG RELOAD"), "+OK");
  EXPECT_EQ(Run(store, "HLEN h"), ":2");
  EXPECT_EQ(Run(store, "BGSAVE"), "+Background saving started");
  EXPECT_EQ(WaitForSave(store), "ok");
}

TEST_F(PersistenceTest, AFullDiskFailsTheSnapshotAndNothingElse) {
  Store store = Open();
  Run(store, "SET first 1");
  EXPECT_EQ(Run(store, "SAVE"), "+OK");
  FillLarge(store);
  {
    const FullDisk full;
    EXPECT_THAT(Run(store, "SAVE"), HasSubstr("-ERR "));
    EXPECT_EQ(Run(store, "BGSAVE"), "+Background saving started");
    EXPECT_EQ(WaitForSave(store), "err");
  }
  EXPECT_NE(Info(store, "satchel_snapshot_last_error"), "");
  EXPECT_THAT(Run(store, "SET x y"), HasSubstr("-MISCONF Redis is configured to save RDB"));
  EXPECT_EQ(Run(store, "GET first"), "\"1\"");
  EXPECT_EQ(Run(store, "CONFIG SET stop-writes-on-bgsave-error no"), "+OK");
  EXPECT_EQ(Run(store, "SET x y"), "+OK");
  EXPECT_EQ(Run(store, "CONFIG SET stop-writes-on-bgsave-error yes"), "+OK");
  // Space is back: the next one succeeds and lifts the refusal.
  EXPECT_EQ(Run(store, "BGSAVE"), "+Background saving started");
  EXPECT_EQ(WaitForSave(store), "ok");
  EXPECT_EQ(Run(store, "SET x z"), "+OK");
  EXPECT_TRUE(std::filesystem::is_empty(dir_ / "data/stage"));
  const std::string before = Digest(store);
  EXPECT_TRUE(store->Close());
  store = Open();
  EXPECT_EQ(Digest(store), before);
}

TEST_F(PersistenceTest, AFailedFinalSnapshotIsReportedAndTheLastOneStays) {
  Store store = Open();
  Run(store, "SET first 1");
  EXPECT_EQ(Run(store, "SAVE"), "+OK");
  FillLarge(store);
  {
    const FullDisk full;
    EXPECT_FALSE(store->Close());
    EXPECT_FALSE(store->Close());  // the same again
  }
  EXPECT_THAT(Events(), Contains(HasSubstr("snapshot failed")));
  store = Open();  // the directory was given back
  EXPECT_EQ(Run(store, "KEYS *"), "[\"first\"]");
}

TEST_F(PersistenceTest, TooLittleFreeSpaceFailsSnapshotsAndWritesGoOn) {
  auto options = Options();
  options.min_free_bytes = std::uint64_t{1} << 60;
  Store store = OpenWith(options);
  Run(store, "SET k v");
  EXPECT_THAT(Run(store, "SAVE"), HasSubstr("persistence.min_free_bytes"));
  EXPECT_EQ(Info(store, "rdb_last_bgsave_status"), "err");
  EXPECT_EQ(Run(store, "SET k w"), "+OK");
  EXPECT_EQ(Info(store, "satchel_snapshot_epoch"), "0");
}

TEST_F(PersistenceTest, InMemorySavingIsRefusedByTheNameOfTheSetting) {
  for (const bool with_dir : {false, true}) {
    auto options = Options();
    if (with_dir) options.durability = store::Durability::kNone;
    if (!with_dir) options.data_dir.clear();
    Store store = OpenWith(options);
    Run(store, "SET k v");
    for (const char* command : {"SAVE", "BGSAVE", "BGSAVE SCHEDULE"}) {
      EXPECT_EQ(Run(store, command),
                "-ERR the data is kept in memory only: set persistence.enabled = true and "
                "persistence.data_dir to save it");
    }
    EXPECT_EQ(Run(store, "LASTSAVE"), ":" + std::to_string(store->engine().started_ms() / 1000));
    EXPECT_EQ(Run(store, "DEBUG RELOAD"), "+OK");
    EXPECT_EQ(Run(store, "GET k"), "\"v\"");
    EXPECT_EQ(Info(store, "rdb_last_bgsave_status"), "ok");
    EXPECT_EQ(Info(store, "satchel_durability"), "none");
    EXPECT_EQ(Run(store, "CONFIG SET save \"\""), "+OK");
    EXPECT_THAT(Run(store, "CONFIG SET save \"1 1\""), HasSubstr("persistence.enabled"));
    EXPECT_TRUE(store->Close());
    EXPECT_FALSE(std::filesystem::exists(dir_ / "data"));
  }
}

TEST_F(PersistenceTest, AllFilesArePrivate) {
  Store store = Open();
  Run(store, "SET k v");
  EXPECT_EQ(Run(store, "SAVE"), "+OK");
  int files = 0;
  for (const auto& found : std::filesystem::recursive_directory_iterator(dir_ / "data")) {
    struct stat mode {};
    ASSERT_EQ(stat(found.path().c_str(), &mode), 0);
    EXPECT_EQ(mode.st_mode & 0777, found.is_directory() ? 0700u : 0600u) << found.path();
    ++files;
  }
  EXPECT_GT(files, 6);
}

TEST_F(PersistenceTest, ALockedDirectoryIsRefusedByPid) {
  Store store = Open();
  const Error error = OpenError();
  EXPECT_EQ(error.code, ErrorCode::kLocked);
  EXPECT_THAT(error.detail, HasSubstr("process " + std::to_string(getpid())));
  EXPECT_EQ(Run(store, "SET k v"), "+OK");
}

TEST_F(PersistenceTest, AStoreWithTooManyDatabasesNamesTheSetting) {
  {
    Store store = Open();
    Run(store, "SET k v", 9);
    EXPECT_TRUE(store->Close());
  }
  auto options = Options();
  options.databases = 4;
  const Error error = OpenError(options);
  EXPECT_EQ(error.code, ErrorCode::kConfig);
  EXPECT_THAT(error.detail, HasSubstr("set store.databases to at least 10"));
  EXPECT_TRUE(OpenWith(Options()));
}

TEST_F(PersistenceTest, AStaleStageIsEmptied) {
  {
    Store store = Open();
    Run(store, "SET k v");
    EXPECT_TRUE(store->Close());
  }
  std::filesystem::copy(dir_ / "data/FORMAT", dir_ / "data/stage/2-0.sst");
  Store store = Open();
  EXPECT_EQ(Run(store, "GET k"), "\"v\"");
  EXPECT_TRUE(std::filesystem::is_empty(dir_ / "data/stage"));
}

// Writers keep an invariant by EXEC while snapshots run back to back: the sum of all accounts.
TEST_F(PersistenceTest, EverySnapshotKeepsWhatTransactionsKeep) {
  constexpr int kAccounts = 300;
  Store store = Open();
  for (int i = 0; i < kAccounts; ++i) (void)store->Run({"SET", "a" + std::to_string(i), "100"});
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (int w = 0; w < 2; ++w) {
    writers.emplace_back([&, w] {
      Random random(static_cast<std::uint64_t>(w));
      auto connection = store->Connect();
      while (!stop) {
        const std::string from = "a" + std::to_string(random.Below(kAccounts));
        const std::string to = "a" + std::to_string(random.Below(kAccounts));
        (void)(*connection)->Run({"MULTI"});
        (void)(*connection)->Run({"DECRBY", from, "7"});
        (void)(*connection)->Run({"INCRBY", to, "7"});
        (void)(*connection)->Run({"EXEC"});
      }
    });
  }
  for (int round = 0; round < 4; ++round) {
    Run(store, "BGSAVE");
    EXPECT_EQ(WaitForSave(store), "ok");
  }
  stop = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_TRUE(store->Close(Snapshotter::Final::kNothing));
  store = Open();
  std::int64_t sum = 0;
  for (int i = 0; i < kAccounts; ++i) {
    sum += std::stoll(store->Run({"GET", "a" + std::to_string(i)})->text);
  }
  EXPECT_EQ(sum, 100 * kAccounts);
}

}  // namespace
}  // namespace satchel::snapshot
