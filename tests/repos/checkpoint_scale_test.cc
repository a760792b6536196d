// Long threads and large states: a page costs what it holds, not what the thread holds.

#include "repos/checkpointer.h"
#include "tests/repos/repo_test.h"

namespace satchel::repos {
namespace {

constexpr std::int64_t kPage = 100;

class CheckpointScaleContract : public RepoTest {
 protected:
  static CheckpointPut Make(std::string id, std::string value = "1") {
    CheckpointPut put{.config = {.thread = "t"},
                      .checkpoint = {.id = std::move(id), .ts = "2026-01-31T12:00:00Z"},
                      .new_versions = {{"x", "1"}}};
    put.checkpoint.channel_values["x"] = {"bytes", std::move(value)};
    put.checkpoint.channel_versions["x"] = "1";
    return put;
  }
  static std::string Id(int number) { return "c" + std::to_string(number); }

  LockManager locks{*store, Options()};
  Checkpointer saver{*store, locks, {.repo = Options()}};
};

TEST_P(CheckpointScaleContract, TenThousandCheckpointsListNewestFirstPageByPage) {
  // A data directory adds time and nothing else.
  const int checkpoints = GetParam() == Home::kDirectory ? 1000 : 10'000;
  for (int first = 0; first < checkpoints; first += 500) {
    std::vector<CheckpointPut> puts;
    for (int i = first; i < first + 500; ++i) puts.push_back(Make(Id(i)));
    for (const auto& stored : saver.SaveMany(puts)) ASSERT_TRUE(stored) << stored.error().detail;
  }
  int next = checkpoints;
  std::optional<std::string> before;
  while (next > 0) {
    store->ForgetCalls();
    const auto page = saver.List({.thread = "t", .before = before, .limit = kPage});
    ASSERT_TRUE(page) << page.error().detail;
    ASSERT_EQ(page->size(), static_cast<std::size_t>(kPage));
    EXPECT_LE(store->round_trips(), before ? 1 : 2) << "the first may have to send the script";
    EXPECT_LT(store->largest_reply_bytes(), 100'000u) << "a page and no more";
    for (const CheckpointTuple& tuple : *page) ASSERT_EQ(tuple.config.id, Id(--next));
    before = page->back().config.id;
  }
  EXPECT_EQ(saver.List({.thread = "t", .before = before, .limit = kPage})->size(), 0u);
  store->ForgetCalls();
  EXPECT_EQ(saver.GetTuple({.thread = "t"}).value()->config.id, Id(checkpoints - 1));
  EXPECT_LE(store->round_trips(), 2);
}

TEST_P(CheckpointScaleContract, StatesOfAMegabyteComeBackUnchanged) {
  constexpr std::size_t kBytes = 1 << 20;
  Random chance(7);
  std::vector<std::string> states;
  for (int i = 0; i < 6; ++i) {
    std::string state;  // half of it compresses
    while (state.size() < kBytes / 2) state += static_cast<char>(chance.Below(256));
    state.resize(kBytes, 'x');
    CheckpointPut put = Make(Id(i), state);
    put.checkpoint.channel_versions["x"] = put.new_versions["x"] = std::to_string(i);
    ASSERT_TRUE(saver.Put(put));
    states.push_back(std::move(state));
  }
  for (int i = 0; i < 6; ++i) {
    const auto tuple = saver.GetTuple({.thread = "t", .id = Id(i)});
    ASSERT_TRUE(tuple && *tuple);
    EXPECT_TRUE((**tuple).checkpoint.channel_values.at("x").bytes ==
                states[static_cast<std::size_t>(i)]);
  }
  store->ForgetCalls();
  EXPECT_EQ(saver.List({.thread = "t", .limit = 2})->size(), 2u);
  EXPECT_LT(store->largest_reply_bytes(), 2 * kBytes) << "two states, compressed";
  EXPECT_GT(saver.Stats({.thread = "t"})->ratio, 1.5);
}

SATCHEL_EVERY_HOME(CheckpointScaleContract);

}  // namespace
}  // namespace satchel::repos
