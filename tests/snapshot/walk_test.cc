// The model of a full snapshot: random commands between the steps of the walker, aborts at any
// step, and in the end the rows must be the data set as it was at the cut, each key once.

#include "snapshot/walk.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "base/reply_value.h"
#include "base/text.h"
#include "engine/clone.h"
#include "engine/digest.h"
#include "engine/effect_proof.h"
#include "snapshot/loader.h"
#include "snapshot/rocks_store.h"
#include "tests/snapshot/temp_dir.h"

namespace satchel::snapshot {
namespace {

constexpr int kDatabases = 4;
constexpr int kRuns = 300;
constexpr int kCommandsARun = 1000;

// (logical database, key) -> digest of the key with its deadline.
using DataSet = std::map<std::pair<int, std::string>, std::string>;

DataSet DataSetOf(const engine::Keyspace& keyspace) {
  DataSet data;
  for (int i = 0; i < keyspace.databases(); ++i) {
    keyspace.db(i).table.ForEach([&](const engine::Entry* entry) {
      data[{i, std::string(entry->key())}] = engine::DigestText(engine::EntryDigest(*entry));
      return true;
    });
  }
  return data;
}

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed)
      : random_(seed),
        guard_(lock_),
        engine_({.clock = clock_, .lock = lock_, .seed = seed, .databases = kDatabases}),
        session_(engine::Session::Kind::kInProcess, nullptr),
        walk_(std::make_unique<Walk>(engine_)) {
    engine_.AddSession(session_);
    // Some runs grow and shrink tables, others change few keys again and again.
    key_count_ = 3 + random_.Below(random_.Below(2) == 0 ? 12 : 1500);
  }
  ~Simulation() {
    walk_.reset();
    engine_.keyspace().Check();
    engine_.RemoveSession(session_);
  }

  // Random commands with snapshots in between; checks each that was not abandoned.
  void Run() {
    for (int i = 0; i < kCommandsARun && !testing::Test::HasFailure(); ++i) {
      Command();
      if (walk_->active()) {
        if (random_.Below(3) != 0) StepWalk();
      } else if (random_.Below(50) == 0) {
        Cut();
      }
    }
    while (walk_->active()) StepWalk();
  }

  int checked() const { return checked_; }

  // A walk to its end with commands in between, into a real store.
  std::vector<RowBuffer> FinishWithCommands() {
    while (walk_->active()) {
      Command();
      StepWalk();
    }
    return std::move(rows_);
  }
  void Cut() {
    rows_.clear();
    rows_.emplace_back(4096);
    abandoned_ = false;
    walk_->Begin(++epoch_);
    model_ = DataSetOf(engine_.keyspace());
    EXPECT_EQ(walk_->cut().total_keys, model_.size());
  }
  void Fill(int commands) {
    for (int i = 0; i < commands; ++i) Command();
  }

  engine::Engine& engine() { return engine_; }
  const Walk& walk() const { return *walk_; }
  const DataSet& model() const { return model_; }
  ExecutionLock& lock() { return lock_; }

 private:
  void Command() {
    std::vector<std::string> line = RandomLine();
    const std::vector<std::string_view> args(line.begin(), line.end());
    session_.db = static_cast<int>(random_.Below(kDatabases));
    ValueSink sink(true);
    engine_.Execute(session_, args, sink);
    if (random_.Below(20) == 0) {
      clock_.Advance(std::chrono::milliseconds(random_.Below(50)));
      engine_.Tick();
    }
  }

  std::string Key() { return "k" + std::to_string(random_.Below(key_count_)); }
  std::string Number(std::uint64_t below) { return std::to_string(random_.Below(below)); }
  std::string Bytes() { return std::string(random_.Below(120), static_cast<char>(random_.Next())); }

  std::vector<std::string> RandomLine() {
    switch (random_.Below(40)) {
      case 0:
      case 1:  // tables must have time to grow
        if (random_.Below(key_count_) > 5) return {"SET", Key(), Bytes()};
        return {random_.Below(4) == 0 ? "FLUSHALL" : "FLUSHDB"};
      case 2:
        return {"SWAPDB", Number(kDatabases), Number(kDatabases)};
      case 3:
      case 4:
        return {"RENAME", Key(), Key()};
      case 5:
        return {"MOVE", Key(), Number(kDatabases)};
      case 6:
      case 7:
        return {"COPY", Key(), Key(), "DB", Number(kDatabases), "REPLACE"};
      case 8:
      case 9:
      case 10:
        return {"DEL", Key()};
      case 11:
        return {"PEXPIRE", Key(), Number(200)};
      case 12:
        return {"PERSIST", Key()};
      case 13:
        return {"GETDEL", Key()};
      case 14:
        return {"SPOP", Key()};
      case 15:
        return {"LPOP", Key()};
      case 16:
        return {"ZPOPMIN", Key()};
      case 17:
        return {"HDEL", Key(), Number(10)};
      case 18:
        return {"SMOVE", Key(), Key(), Number(10)};
      case 19:
        return {"LMOVE", Key(), Key(), "LEFT", "RIGHT"};
      case 20:
        return {"SUNIONSTORE", Key(), Key(), Key()};
      case 21:
        return {"INCR", Key()};
      case 22:
        return {"APPEND", Key(), Bytes()};
      case 23:
        return {"SETRANGE", Key(), Number(50), Bytes()};
      case 24:
      case 25:
        return {"HSET", Key(), Number(10), Bytes()};
      case 26:
        return {"SADD", Key(), Number(10), Bytes()};
      case 27:
        return {"ZADD", Key(), Number(100), Number(10)};
      case 28:
        return {"RPUSH", Key(), Number(10), Bytes()};
      case 29:
        return {"SET", Key(), Bytes(), "PX", std::to_string(1 + random_.Below(300))};
      case 30:
        return {"SET", Key(), Bytes(), "KEEPTTL"};
      case 31:
        return {"GETEX", Key(), "PX", std::to_string(1 + random_.Below(300))};
      default:
        return {"SET", Key(), random_.Below(2) == 0 ? Number(1000) : Bytes()};
    }
  }

  void StepWalk() {
    if (random_.Below(1000) == 0) {
      walk_->Abandon();
      abandoned_ = true;
    }
    if (rows_.back().size_bytes() > 2000) rows_.emplace_back(4096);
    const auto steps = static_cast<std::uint32_t>(1 + random_.Below(3));
    const bool done =
        walk_->Step(rows_.back(), {.limit_bytes = 4000, .budget_ns = 1 << 30, .max_steps = steps});
    walk_->TakePreImages(rows_);
    if (rows_.empty()) rows_.emplace_back(4096);
    if (done && !abandoned_) CheckRows();
  }

  void CheckRows() {
    const engine::HeapScope heap(engine_.heap());
    std::map<std::uint32_t, const DbmapRow*> databases;
    for (const DbmapRow& row : walk_->cut().dbmap) databases[row.dbid] = &row;
    DataSet written;
    std::uint64_t rows = 0;
    for (const RowBuffer& buffer : rows_) {
      buffer.ForEach([&](std::string_view row_key, std::string_view value) {
        ++rows;
        const auto name = ParseKeyRowKey(row_key);
        ASSERT_TRUE(name && databases.contains(name->dbid));
        auto header = ParseKeyRowValue(value);
        ASSERT_TRUE(header);
        EXPECT_EQ(header->epoch, epoch_);
        auto entry = BuildEntry(*header, name->key, engine_.keyspace().context());
        ASSERT_TRUE(entry);
        written[{databases[name->dbid]->index, std::string(name->key)}] =
            engine::DigestText(engine::EntryDigest(**entry));
        engine::Entry::Free(*entry);
      });
    }
    EXPECT_EQ(rows, model_.size()) << "a key was written twice or never";
    EXPECT_EQ(walk_->written(), rows);
    EXPECT_TRUE(written == model_);
    ++checked_;
  }

  Random random_;
  ManualClock clock_;
  ExecutionLock lock_;
  ExecutionGuard guard_;
  engine::Engine engine_;
  engine::Session session_;
  std::unique_ptr<Walk> walk_;
  std::uint64_t key_count_;
  std::uint64_t epoch_ = 0;
  bool abandoned_ = false;
  int checked_ = 0;
  DataSet model_;
  std::vector<RowBuffer> rows_;
};

std::uint64_t FirstSeed() {
  const char* given = std::getenv("SATCHEL_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : Random::SystemSeed() % 1'000'000;
}

TEST(WalkModel, RowsAreTheDataSetAtTheCut) {
  const std::uint64_t first = FirstSeed();
  int checked = 0;
  for (std::uint64_t seed = first; seed < first + kRuns; ++seed) {
    Simulation simulation(seed);
    simulation.Run();
    checked += simulation.checked();
    if (testing::Test::HasFailure()) {
      FAIL() << "with SATCHEL_SEED=" << seed;
    }
  }
  EXPECT_GT(checked, kRuns);
}

TEST(WalkModel, MoreWalksThanTheirEpochHasNumbers) {
  Simulation simulation(FirstSeed());
  for (int walk = 0; walk < 300 && !testing::Test::HasFailure(); ++walk) {
    simulation.Fill(3);
    simulation.Cut();
    (void)simulation.FinishWithCommands();
  }
  EXPECT_GT(simulation.checked(), 200);
}

TEST(WalkModel, ACommittedStoreIsTheDataSetAtTheCut) {
  const std::uint64_t first = FirstSeed();
  for (std::uint64_t seed = first; seed < first + 5; ++seed) {
    SCOPED_TRACE("SATCHEL_SEED=" + std::to_string(seed));
    Simulation simulation(seed);
    simulation.Fill(3000);
    const TempDir dir;
    auto files = StoreFiles::Open(dir.path() + "/data", StoreFiles::Missing::kCreate);
    ASSERT_TRUE(files);
    auto store = RocksStore::Open(**files, RocksStore::Access::kWrite, {});
    ASSERT_TRUE(store) << store.error().detail;
    for (int round = 0; round < 3; ++round) {
      simulation.Cut();
      const std::vector<RowBuffer> rows = simulation.FinishWithCommands();
      const Walk::Cut& cut = simulation.walk().cut();
      if (simulation.walk().written() != cut.total_keys) continue;  // abandoned by chance
      RunWriter writer(**store, cut.epoch);
      for (const RowBuffer& buffer : rows) {
        ASSERT_TRUE(writer.WriteRun(std::span(&buffer, 1)));
      }
      Committed committed{.dbmap = cut.dbmap};
      committed.record.epoch = cut.epoch;
      committed.record.next_dbid = cut.next_dbid;
      committed.record.total_keys = cut.total_keys;
      auto outcome = writer.Commit(committed, cut.first_dbid);
      ASSERT_TRUE(outcome) << outcome.error().detail;

      ManualClock clock;
      ExecutionLock lock;
      engine::Engine engine({.clock = clock, .lock = lock, .databases = kDatabases});
      const DataSet& model = simulation.model();
      std::thread([&] {  // of its own: this thread holds the other engine's lock
        const ExecutionGuard guard(lock);
        auto report = Load(**store, dir.path(), engine, {.drop_expired = false});
        ASSERT_TRUE(report) << report.error().detail;
        EXPECT_EQ((*report)->keys, model.size());
        EXPECT_TRUE(DataSetOf(engine.keyspace()) == model);
      })
          .join();
    }
  }
}

}  // namespace
}  // namespace satchel::snapshot
