// Compare-and-set from four threads: what each object answered is linearisable.

#include "tests/repos/history.h"

#include <map>
#include <thread>

#include "repos/checkpointer.h"
#include "repos/resource_store.h"
#include "repos/storage_backend.h"
#include "tests/repos/repo_test.h"

namespace satchel::repos {
namespace {

constexpr int kThreads = 4;
constexpr int kSteps = 40;
constexpr std::size_t kObjects = 2;

class HistoryContract : public RepoTest {
 protected:
  // Four threads, each with its own chance.
  static void InThreads(const std::function<void(Random&, const std::string&)>& step) {
    const auto seed = static_cast<std::uint64_t>(testing::UnitTest::GetInstance()->random_seed());
    RecordProperty("seed", std::to_string(seed));
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        Random chance(seed * kThreads + static_cast<std::uint64_t>(i));
        for (int n = 0; n < kSteps; ++n) {
          step(chance, std::to_string(i) + "-" + std::to_string(n));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  static std::string Seed() {
    return "seed " + std::to_string(testing::UnitTest::GetInstance()->random_seed());
  }
};

// --- A history tells right from wrong.

struct Cell {
  bool is_write = false;
  int value = 0;
};
std::optional<int> StepOfCell(int state, const Cell& cell) {
  if (cell.is_write) return cell.value;
  return cell.value == state ? std::optional(state) : std::nullopt;
}

TEST(History, AReadOfAnOverwrittenValueIsNotLinearisable) {
  History<int, Cell> good;
  History<int, Cell> bad;
  for (auto* history : {&good, &bad}) {
    history->Record([] { return Cell{true, 1}; });
    history->Record([] { return Cell{true, 2}; });
  }
  good.Record([] { return Cell{false, 2}; });
  bad.Record([] { return Cell{false, 1}; });
  EXPECT_TRUE(good.IsLinearisable(0, StepOfCell));
  EXPECT_FALSE(bad.IsLinearisable(0, StepOfCell));
}

TEST(History, OverlappingCallsMayHappenInEitherOrder) {
  History<int, Cell> history;
  history.Record([&] {
    history.Record([] { return Cell{false, 0}; });
    history.Record([] { return Cell{false, 1}; });
    return Cell{true, 1};
  });
  EXPECT_TRUE(history.IsLinearisable(0, StepOfCell));
}

// --- StorageBackend

struct RecordEvent {
  enum class Kind : std::uint8_t { kGet, kPut, kNew, kCas, kDelete } kind = Kind::kGet;
  std::string data;            // written, or read
  std::uint64_t expected = 0;  // of kCas
  bool succeeded = false;
  std::uint64_t version = 0;  // given, read, or the actual one; 0: no record
};

struct RecordModel {
  std::string data;
  std::uint64_t version = 0;  // 0: no record
  std::uint64_t highest = 0;  // that this record ever had

  auto operator<=>(const RecordModel&) const = default;
};

std::optional<RecordModel> StepOfRecord(const RecordModel& state, const RecordEvent& event) {
  const bool is_live = state.version > 0;
  using K = RecordEvent::Kind;
  switch (event.kind) {
    case K::kGet:
      if (event.succeeded != is_live || event.version != state.version) return std::nullopt;
      return is_live && event.data != state.data ? std::nullopt : std::optional(state);
    case K::kDelete:
      if (event.succeeded != is_live) return std::nullopt;
      return RecordModel{"", 0, state.highest};
    case K::kNew:
      if (event.succeeded == is_live) return std::nullopt;
      break;
    case K::kCas:
      if (event.succeeded != (is_live && state.version == event.expected)) return std::nullopt;
      if (!event.succeeded && event.version != state.version) return std::nullopt;
      break;
    case K::kPut:
      break;
  }
  if (!event.succeeded) return state;
  // The next one, and after a deletion never one that was there before.
  if (is_live && event.version != state.version + 1) return std::nullopt;
  if (event.version <= state.highest) return std::nullopt;
  return RecordModel{event.data, event.version, event.version};
}

TEST_P(HistoryContract, VersionsOfRecordsAreLinearisable) {
  StorageBackend backend(*store, {.repo = Options()});
  std::array<History<RecordModel, RecordEvent>, kObjects> histories;
  InThreads([&](Random& chance, const std::string& name) {
    const std::size_t object = chance.Below(kObjects);
    const RecordKey key{"o", "t" + std::to_string(object)};
    const std::string data = "{\"by\":\"" + name + "\"}";
    const auto written = [&](RecordEvent::Kind kind, std::uint64_t expected,
                             const Result<std::uint64_t>& result) {
      return RecordEvent{kind, data, expected, result.has_value(),
                         result ? *result : result.error().actual};
    };
    const auto read = [&] {
      const auto record = backend.Get(key);
      return record ? RecordEvent{RecordEvent::Kind::kGet, record->data, 0, true, record->version}
                    : RecordEvent{};
    };
    using K = RecordEvent::Kind;
    auto& history = histories[object];
    switch (chance.Below(8)) {
      case 0:
        return history.Record([&] { return written(K::kPut, 0, backend.Put(key, data)); });
      case 1:
        return history.Record([&] { return written(K::kNew, 0, backend.PutNew(key, data, 99)); });
      case 2:
        return history.Record([&] {
          return RecordEvent{.kind = K::kDelete, .succeeded = backend.Delete(key).value()};
        });
      default: {
        std::uint64_t expected = 0;
        history.Record([&] {
          const RecordEvent event = read();
          expected = event.version;
          return event;
        });
        history.Record(
            [&] { return written(K::kCas, expected, backend.PutIfVersion(key, data, expected)); });
      }
    }
  });
  for (auto& history : histories) {
    EXPECT_TRUE(history.IsLinearisable({}, StepOfRecord)) << Seed();
  }
}

// --- ResourceStore and Checkpointer: the state is the ETag, or the id of the latest; "": none.

struct SwapEvent {
  enum class Kind : std::uint8_t { kGet, kPut, kCas, kDelete } kind = Kind::kGet;
  std::string expected;
  std::string seen;  // read, or the actual one
  std::string now;   // written
  bool succeeded = false;
};

std::optional<std::string> StepOfSwap(const std::string& state, const SwapEvent& event) {
  using K = SwapEvent::Kind;
  switch (event.kind) {
    case K::kGet:
      return event.seen == state ? std::optional(state) : std::nullopt;
    case K::kPut:
      return event.now;
    case K::kDelete:
      return event.succeeded == !state.empty() ? std::optional<std::string>("") : std::nullopt;
    case K::kCas:
      break;
  }
  if (event.succeeded) return event.expected == state ? std::optional(event.now) : std::nullopt;
  return event.expected != state && event.seen == state ? std::optional(state) : std::nullopt;
}

TEST_P(HistoryContract, EtagsOfResourcesAreLinearisable) {
  ResourceStore resources(*store, {.repo = Options()});
  std::array<History<std::string, SwapEvent>, kObjects> histories;
  InThreads([&](Random& chance, const std::string& name) {
    const std::size_t object = chance.Below(kObjects);
    const ResourceKey key{
        .project = "p", .type = ResourceType::kTool, .id = std::to_string(object)};
    const std::string value = "\"" + name + "\"";
    using K = SwapEvent::Kind;
    auto& history = histories[object];
    if (chance.Below(8) == 0) {
      return history.Record([&] {
        return SwapEvent{.kind = K::kDelete, .succeeded = resources.Delete(key).value()};
      });
    }
    if (chance.Below(8) == 0) {
      return history.Record([&] {
        return SwapEvent{
            .kind = K::kPut, .now = resources.Put(key, value).value(), .succeeded = true};
      });
    }
    std::string expected;
    history.Record([&] {
      const auto found = resources.Get(key);
      if (found) expected = found->etag;
      return SwapEvent{.kind = K::kGet, .seen = expected};
    });
    history.Record([&] {
      const auto put = resources.PutIfMatch(key, value, expected);
      SwapEvent event{.kind = K::kCas, .expected = expected, .succeeded = put.has_value()};
      if (put) event.now = *put;
      // Absent is kNotFound, and nothing is the actual one.
      if (!put && put.error().code == ErrorCode::kEtagMismatch) event.seen = put.error().subject;
      return event;
    });
  });
  for (auto& history : histories) EXPECT_TRUE(history.IsLinearisable("", StepOfSwap)) << Seed();
}

TEST_P(HistoryContract, LatestCheckpointsAreLinearisable) {
  LockManager locks(*store, Options());
  Checkpointer saver(*store, locks, {.repo = Options()});
  std::array<History<std::string, SwapEvent>, kObjects> histories;
  InThreads([&](Random& chance, const std::string& name) {
    const std::size_t object = chance.Below(kObjects);
    const CheckpointConfig config{.thread = "t", .ns = std::to_string(object)};
    const CheckpointPut put{.config = config, .checkpoint = {.id = name, .ts = "now"}};
    using K = SwapEvent::Kind;
    auto& history = histories[object];
    if (chance.Below(6) == 0) {
      return history.Record([&] {
        return SwapEvent{.kind = K::kPut, .now = *saver.Put(put).value().id, .succeeded = true};
      });
    }
    std::optional<std::string> expected;
    history.Record([&] {
      const auto tuple = saver.GetTuple(config).value();
      if (tuple) expected = tuple->config.id;
      return SwapEvent{.kind = K::kGet, .seen = expected.value_or("")};
    });
    history.Record([&] {
      const ComparedPut done = saver.CompareAndPut(put, expected).value();
      return SwapEvent{.kind = K::kCas,
                       .expected = expected.value_or(""),
                       .seen = done.latest.value_or(""),
                       .now = name,
                       .succeeded = done.stored};
    });
  });
  for (auto& history : histories) EXPECT_TRUE(history.IsLinearisable("", StepOfSwap)) << Seed();
}

SATCHEL_EVERY_HOME(HistoryContract);

}  // namespace
}  // namespace satchel::repos
