// kill -9 at any moment: a child process runs transactions and snapshots, the parent kills it and
// opens the directory. What it finds must be the data set at one of the cuts, whole, and not
// older than the last snapshot that the child reported as done.
//
// The transactions are a function of their number, so that the parent can compute the data set
// after any of them.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/snapshot/store_fixture.h"

extern char** environ;

namespace satchel::snapshot {
namespace {

constexpr int kRounds = 20;
constexpr int kKeys = 100;
constexpr int kSaveEvery = 50;  // transactions, on average

using Lines = std::vector<std::vector<std::string>>;

// The commands of transaction `unit`: two counters that must agree, and some changes.
Lines UnitLines(std::uint64_t unit) {
  Random random(unit);
  const auto key = [&] { return "k" + std::to_string(random.Below(kKeys)); };
  const auto bytes = [&] {
    return std::string(random.Below(200), static_cast<char>('a' + unit % 26));
  };
  const std::string number = std::to_string(unit);
  Lines lines = {{"SET", "counter", number}, {"SELECT", std::to_string(random.Below(3))}};
  for (std::uint64_t i = 0; i < 1 + random.Below(4); ++i) {
    switch (random.Below(12)) {
      case 0:
        lines.push_back({"DEL", key()});
        break;
      case 1:
        lines.push_back({"RENAME", key(), key()});
        break;
      case 2:
        lines.push_back({"COPY", key(), key(), "DB", std::to_string(random.Below(3)), "REPLACE"});
        break;
      case 3:
        lines.push_back({"HSET", key(), bytes(), number});
        break;
      case 4:
        lines.push_back({"SADD", key(), bytes()});
        break;
      case 5:
        lines.push_back({"ZADD", key(), number, bytes()});
        break;
      case 6:
        lines.push_back({"RPUSH", key(), bytes(), number});
        break;
      case 7:
        lines.push_back({"SET", key(), bytes(), "EXAT", "99999999999"});
        break;
      case 8:
        if (random.Below(20) == 0) lines.push_back({"FLUSHDB"});
        break;
      case 9:
        if (random.Below(20) == 0) lines.push_back({"SWAPDB", "1", "2"});
        break;
      default:
        lines.push_back({"SET", key(), bytes()});
    }
  }
  lines.push_back({"SELECT", "15"});
  lines.push_back({"SET", "counter", number});
  lines.push_back({"SELECT", "0"});
  lines.push_back({"SET", "counter", number});
  return lines;
}

bool SavesAfter(std::uint64_t unit) { return Random(unit ^ 0x5A5A).Below(kSaveEvery) == 0; }

void RunUnit(store::Connection& connection, std::uint64_t unit) {
  const auto run = [&](const std::vector<std::string>& line) {
    const std::vector<std::string_view> args(line.begin(), line.end());
    (void)connection.Run(args);
  };
  run({"MULTI"});
  for (const auto& line : UnitLines(unit)) run(line);
  run({"EXEC"});
}

class CrashTest : public SnapshotStoreTest {
 protected:
  static std::uint64_t CounterOf(const Store& store) {
    const std::string text = Run(store, "GET counter");
    EXPECT_EQ(Run(store, "GET counter", 15), text) << "half of a transaction was saved";
    return text == "(nil)" || text.size() < 3 ? 0 : std::stoull(text.substr(1));
  }
};

// The child: not a test of its own.
TEST_F(CrashTest, ChildRunsUntilKilled) {
  const char* dir = std::getenv("SATCHEL_CRASH_DIR");
  if (dir == nullptr) GTEST_SKIP() << "started by KilledAtAnyMoment";
  auto options = Options();
  options.data_dir = dir;
  Store store = OpenWith(options);
  auto connection = store->Connect();
  std::uint64_t asked = 0;
  std::uint64_t saves = 0;
  for (std::uint64_t unit = CounterOf(store) + 1;; ++unit) {
    RunUnit(**connection, unit);
    if (asked != 0 && Info(store, "rdb_saves") != std::to_string(saves)) {
      ++saves;  // the one that was asked for is done
      if (write(STDOUT_FILENO, &asked, sizeof asked) != sizeof asked) _exit(1);
      asked = 0;
    }
    if (asked == 0 && SavesAfter(unit)) {
      asked = unit;
      EXPECT_EQ(Run(store, "BGSAVE"), "+Background saving started");
    }
  }
}

// Starts this program again as the child, its standard output a pipe that is returned.
std::pair<pid_t, int> StartChild(const std::string& data) {
  const std::string variable = "SATCHEL_CRASH_DIR=" + data;
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    std::vector<char*> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) environment.push_back(*entry);
    environment.push_back(const_cast<char*>(variable.c_str()));
    environment.push_back(nullptr);
    const char* arguments[] = {"snapshot_tests", "--gtest_filter=CrashTest.ChildRunsUntilKilled",
                               "--gtest_brief=1", nullptr};
    execve("/proc/self/exe", const_cast<char**>(arguments), environment.data());
    _exit(127);
  }
  close(ends[1]);
  return {child, ends[0]};
}

// The last transaction whose snapshot the child reported as done; 0 when none.
std::uint64_t LastReport(int pipe_end) {
  std::string output;
  char chunk[4096];
  for (ssize_t size = 0; (size = read(pipe_end, chunk, sizeof chunk)) > 0;) {
    output.append(chunk, static_cast<std::size_t>(size));
  }
  close(pipe_end);
  // gtest's own output would still be in the child's buffer.
  EXPECT_EQ(output.size() % 8, 0u);
  return output.empty() ? 0 : LoadLe<std::uint64_t>(output.data() + output.size() - 8);
}

// Lets a child run for a while, beginning with its first report where `reported` is wanted, and
// kills it.
std::uint64_t RunChildAndKill(const std::string& data, bool reported, Random& random) {
  const auto [child, pipe_end] = StartChild(data);
  std::uint64_t first = 0;
  if (reported) {
    EXPECT_EQ(read(pipe_end, &first, sizeof first), ssize_t{sizeof first});
  }
  usleep(static_cast<useconds_t>(random.Below(reported ? 100'000 : 330'000)));
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it ended by itself";
  return std::max(first, LastReport(pipe_end));
}

TEST_F(CrashTest, KilledAtAnyMoment) {
  const std::string data = dir_ / "data";
  Random random(Random::SystemSeed());
  auto memory = Options();
  memory.data_dir.clear();
  const Store replay = OpenWith(memory);
  auto connection = replay->Connect();
  std::uint64_t replayed = 0;
  std::uint64_t reported = 0;
  for (int round = 0; round < kRounds && !HasFailure(); ++round) {
    reported = std::max(reported, RunChildAndKill(data, round % 2 == 0, random));
    const Store store = Open();
    ASSERT_NE(store, nullptr) << "after round " << round;
    const std::uint64_t unit = CounterOf(store);
    EXPECT_GE(unit, std::max(reported, replayed)) << "a snapshot that was done is gone";
    EXPECT_TRUE(unit == 0 || SavesAfter(unit)) << unit << " was not a cut";
    while (replayed < unit) RunUnit(**connection, ++replayed);
    EXPECT_EQ(Digest(store), Digest(replay)) << "after transaction " << unit;
    EXPECT_TRUE(store->Close(Snapshotter::Final::kNothing));
  }
  EXPECT_GT(reported, 0u);
  *connection = nullptr;
}

}  // namespace
}  // namespace satchel::snapshot
