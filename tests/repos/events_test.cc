// Contracts of the event stream and of notifications.

#include <thread>

#include "base/text.h"
#include "repos/event_stream.h"
#include "repos/notifications.h"
#include "tests/repos/repo_test.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class EventStreamContract : public RepoTest {
 protected:
  EventStreamOptions StreamOptions() { return {.repo = Options()}; }
  std::vector<std::string> Data(const Result<Replayed>& replayed) {
    EXPECT_TRUE(replayed) << replayed.error().detail;
    std::vector<std::string> data;
    if (replayed) {
      for (const StreamEvent& event : replayed->events) data.push_back(event.data);
    }
    return data;
  }
};

TEST_P(EventStreamContract, ConcurrentPublishersStoreIdsInOrder) {
  EventStream stream(*store, StreamOptions());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 25; ++n) EXPECT_TRUE(stream.Publish("e", "status", "1"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto all = stream.Replay("e");
  ASSERT_EQ(all->events.size(), 100u);
  EXPECT_FALSE(all->truncated);
  const std::string ms = FormatInt(clock.NowMs());
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(all->events[static_cast<std::size_t>(i)].id, ms + "-" + std::to_string(i));
  }
  ExpectOneSlotEach();
}

TEST_P(EventStreamContract, AFailedPublishBurnsNoPosition) {
  EventStream stream(*store, StreamOptions());
  const std::string first = stream.Publish("e", "status", "1").value();
  store->ForgetCalls();
  EXPECT_EQ(stream.Publish("e", "status", "{").error().subject, "data");
  EXPECT_EQ(stream.Publish("e", "", "1").error().subject, "type");
  EXPECT_EQ(stream.Publish("", "status", "1").error().subject, "exec");
  EXPECT_EQ(store->round_trips(), 0);
  store->FailOnce("es:{es", MakeError(ErrorCode::kUnavailable, "down"));
  EXPECT_EQ(stream.Publish("e", "status", "1").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(stream.Publish("e", "status", "2").value(), FormatInt(clock.NowMs()) + "-1");
}

TEST_P(EventStreamContract, IdsAreNeverReusedAfterTheLogExpired) {
  EventStream stream(*store, StreamOptions());
  EXPECT_TRUE(stream.Publish("e", "status", "1"));
  const std::string last = stream.Publish("e", "status", "2").value();
  Run({"DEL", "satchel:v1:es:{es:acme:e}:log"});
  clock.Set(clock.NowMs() - 60'000);
  const auto gone = stream.Replay("e", "");
  EXPECT_TRUE(gone->truncated);
  EXPECT_FALSE(stream.Replay("e", last)->truncated);
  const std::string next = stream.Publish("e", "status", "3").value();
  EXPECT_EQ(next, FormatInt(clock.NowMs() + 60'000) + "-2");
  EXPECT_TRUE(stream.Replay("e", "")->truncated);
  EXPECT_THAT(Data(stream.Replay("e", last)), ElementsAre("3"));
  EXPECT_FALSE(stream.Replay("e", last)->truncated);
}

TEST_P(EventStreamContract, ReplaySaysWhenEventsWereTrimmed) {
  EventStreamOptions options = StreamOptions();
  options.max_events = 3;
  EventStream stream(*store, options);
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(stream.Publish("e", "status", std::to_string(i)).value());
    Jump(milliseconds(1));
  }
  EXPECT_TRUE(stream.Replay("e")->truncated);
  EXPECT_THAT(Data(stream.Replay("e")), ElementsAre("2", "3", "4"));
  EXPECT_TRUE(stream.Replay("e", ids[0])->truncated);
  EXPECT_FALSE(stream.Replay("e", ids[1])->truncated) << "all after it are there";
  EXPECT_THAT(Data(stream.Replay("e", ids[2], 1)), ElementsAre("3"));
  EXPECT_THAT(Data(stream.Replay("e", ids[4])), IsEmpty());
}

TEST_P(EventStreamContract, LimitsAndIdsAreChecked) {
  EventStream stream(*store, StreamOptions());
  store->ForgetCalls();
  EXPECT_EQ(stream.Replay("e", "", -1).error().subject, "limit");
  for (const char* id : {"5", "-", "1-", "-1", "a-1", "1-1-1"}) {
    EXPECT_EQ(stream.Replay("e", id).error().subject, "after") << id;
    EXPECT_EQ(stream.Follow("e", id).error().subject, "after") << id;
  }
  EXPECT_EQ(store->round_trips(), 0);
}

TEST_P(EventStreamContract, AnEntryThatDoesNotDecodeIsSkippedAndCounted) {
  EventStream stream(*store, StreamOptions());
  EXPECT_TRUE(stream.Publish("e", "status", "1"));
  Run({"XADD", "satchel:v1:es:{es:acme:e}:log", "*", "other", "field"});
  const auto replayed = stream.Replay("e");
  EXPECT_THAT(Data(replayed), ElementsAre("1"));
  EXPECT_EQ(replayed->skipped, 1u);
}

TEST_P(EventStreamContract, FollowNeitherLosesNorRepeatsAtTheSwitch) {
  EventStream stream(*store, StreamOptions());
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(stream.Publish("e", "status", std::to_string(i)));
  auto follower = stream.Follow("e");
  ASSERT_TRUE(follower);
  std::thread publisher([&] {
    for (int i = 20; i < 120; ++i) EXPECT_TRUE(stream.Publish("e", "status", std::to_string(i)));
  });
  for (int i = 0; i < 120; ++i) {
    std::optional<StreamEvent> event;
    while (!event) {
      auto next = (*follower)->Next(milliseconds(1));
      ASSERT_TRUE(next) << next.error().detail;
      event = std::move(*next);
      if (!event) clock.Advance(milliseconds(1));
    }
    EXPECT_EQ(event->data, std::to_string(i));
  }
  publisher.join();
}

TEST_P(EventStreamContract, AFollowerThatWasOverrunReadsTheLogAgain) {
  EventStreamOptions options = StreamOptions();
  options.buffer = 2;
  EventStream stream(*store, options);
  auto follower = stream.Follow("e");
  ASSERT_TRUE(follower);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(stream.Publish("e", "status", std::to_string(i)));
  for (int i = 0; i < 50; ++i) {
    const auto event = (*follower)->Next(seconds(20));
    ASSERT_TRUE(event && *event);
    EXPECT_EQ((*event)->data, std::to_string(i));
  }
  EXPECT_FALSE((*follower)->TakeTruncated());
  (*follower)->Close();
  (*follower)->Close();
}

TEST_P(EventStreamContract, BothKeysExpire) {
  EventStream stream(*store, StreamOptions());
  EXPECT_TRUE(stream.Publish("{*}", "status", "1"));
  const std::string base = "satchel:v1:es:{es:acme:%7B%2A%7D}:";
  EXPECT_GT(Run({"PTTL", base + "log"}).integer, milliseconds(hours(23)).count());
  EXPECT_GT(Run({"PTTL", base + "last"}).integer, milliseconds(hours(167)).count());
}

SATCHEL_EVERY_HOME(EventStreamContract);

class NotificationsContract : public RepoTest {};

TEST_P(NotificationsContract, SubscribeSeesAPublishMadeRightAfterItReturned) {
  Notifications notifications(*store, Options());
  auto listener = notifications.Subscribe({notifications.TaskChannel("t:1")});
  ASSERT_TRUE(listener);
  EXPECT_EQ(notifications
                .PublishEvent({.workflow_id = "w",
                               .task_id = "t:1",
                               .event = "changed",
                               .status = "RUNNING",
                               .data = "{\"n\": 1}",
                               .timestamp_ms = 5})
                .value(),
            1);
  const auto got = (*listener)->Next(seconds(20));
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->channel, "satchel:v1:ev:acme:task:t%3A1");
  EXPECT_EQ(
      (*got)->payload,
      "{\"workflow_id\":\"w\",\"task_id\":\"t:1\",\"event\":\"changed\",\"status\":\"RUNNING\","
      "\"data\":{\"n\": 1},\"timestamp\":5}");
}

TEST_P(NotificationsContract, ATaskEventGoesToItsWorkflowToo) {
  Notifications notifications(*store, Options());
  auto listener = notifications.SubscribePattern({"satchel:v1:ev:acme:*"});
  ASSERT_TRUE(listener);
  EXPECT_EQ(notifications.PublishEvent({.workflow_id = "w", .task_id = "t", .event = "e"}).value(),
            2);
  EXPECT_EQ((**(*listener)->Next(seconds(20))).channel, notifications.TaskChannel("t"));
  EXPECT_EQ((**(*listener)->Next(seconds(20))).channel, notifications.WorkflowChannel("w"));
}

TEST_P(NotificationsContract, AFullBufferDropsCountsAndTells) {
  Notifications notifications(*store, Options(), /*buffer=*/3);
  auto listener = notifications.Subscribe({"c", "end"});
  auto witness = notifications.Subscribe({"end"});
  ASSERT_TRUE(listener && witness);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(notifications.Publish("c", std::to_string(i)));
  EXPECT_TRUE(notifications.Publish("end", "true"));
  ASSERT_TRUE(*(*witness)->Next(seconds(20)));
  std::uint64_t dropped = 0;
  for (int i = 0; i < 3; ++i) {
    const auto got = (*listener)->Next(seconds(20));
    ASSERT_TRUE(got && *got);
    EXPECT_EQ((*got)->payload, std::to_string(i));
    dropped += (*got)->dropped;
  }
  EXPECT_GE(dropped, 7u);
}

TEST_P(NotificationsContract, CloseTwiceIsFine) {
  Notifications notifications(*store, Options());
  auto listener = notifications.Subscribe({"c"});
  ASSERT_TRUE(listener);
  (*listener)->Close();
  (*listener)->Close();
  EXPECT_EQ((*listener)->Next(seconds(20)).error().code, ErrorCode::kClosed);
  EXPECT_EQ(notifications.Publish("c", "1").value(), 0);
}

TEST_P(NotificationsContract, NoChannelsAndNoJsonAreRefused) {
  Notifications notifications(*store, Options());
  EXPECT_EQ(notifications.Subscribe({}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(notifications.SubscribePattern({}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(notifications.Publish("", "1").error().subject, "channel");
  EXPECT_EQ(notifications.Publish("c", "{").error().subject, "json");
  EXPECT_EQ(notifications.PublishEvent({.event = "e"}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(notifications.PublishEvent({.workflow_id = "w", .data = "x"}).error().subject, "data");
}

SATCHEL_EVERY_HOME(NotificationsContract);

}  // namespace
}  // namespace satchel::repos
