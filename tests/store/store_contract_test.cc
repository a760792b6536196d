// The Store interface, on every implementation.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "tests/store/stores.h"

namespace satchel::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr std::chrono::seconds kPatience{20};

std::vector<std::string> Texts(const ReplyValue& value) {
  std::vector<std::string> texts;
  for (const ReplyValue& item : value.items) texts.push_back(item.text);
  return texts;
}

// Messages as they arrive.
class Inbox {
 public:
  std::function<void(const Message&)> Receiver() {
    return [this](const Message& message) {
      const std::lock_guard lock(mutex_);
      messages_.push_back(message);
      changed_.notify_all();
    };
  }
  std::vector<std::string> WaitFor(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return messages_.size() >= count; });
    std::vector<std::string> texts;
    for (const Message& m : messages_)
      texts.push_back(m.pattern + "|" + m.channel + "|" + m.payload);
    return texts;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Message> messages_;
};

class StoreContract : public testing::TestWithParam<StoreKind> {
 protected:
  ReplyValue Ok(std::initializer_list<std::string_view> args) {
    auto reply = store->Run(args);
    EXPECT_TRUE(reply) << *args.begin() << ": " << reply.error().detail;
    return reply ? *reply : ReplyValue();
  }
  Error Fails(std::initializer_list<std::string_view> args) {
    auto reply = store->Run(args);
    EXPECT_FALSE(reply) << *args.begin();
    return reply ? Error() : reply.error();
  }

  StoreUnderTest store{GetParam()};
};

TEST_P(StoreContract, EveryReplyTypeArrives) {
  EXPECT_EQ(Ok({"SET", "s", "v"}).type, ReplyType::kStatus);
  EXPECT_EQ(Ok({"GET", "s"}), ReplyValue::Bulk("v"));
  EXPECT_EQ(Ok({"INCR", "n"}), ReplyValue::Integer(1));
  EXPECT_TRUE(Ok({"GET", "none"}).is_null());
  Ok({"RPUSH", "l", "a", "", "c"});
  EXPECT_THAT(Texts(Ok({"LRANGE", "l", "0", "-1"})), ElementsAre("a", "", "c"));
  EXPECT_TRUE(Ok({"LRANGE", "none", "0", "-1"}).items.empty());
  EXPECT_TRUE(Ok({"LPOP", "none", "2"}).is_null());
}

TEST_P(StoreContract, Resp3ShapesArrive) {
  Ok({"HSET", "h", "f", "1"});
  Ok({"SADD", "s", "m"});
  Ok({"ZADD", "z", "1.5", "m"});
  const ReplyValue score = Ok({"ZSCORE", "z", "m"});
  if (store.has_resp3()) {
    EXPECT_EQ(Ok({"HGETALL", "h"}).type, ReplyType::kMap);
    EXPECT_EQ(Ok({"SMEMBERS", "s"}).type, ReplyType::kSet);
    EXPECT_EQ(score.type, ReplyType::kDouble);
    EXPECT_EQ(score.number, 1.5);
  } else {
    EXPECT_EQ(Ok({"HGETALL", "h"}).type, ReplyType::kArray);
    EXPECT_EQ(score, ReplyValue::Bulk("1.5"));
  }
  EXPECT_THAT(Texts(Ok({"HGETALL", "h"})), ElementsAre("f", "1"));
}

TEST_P(StoreContract, BytesOfAnyKindAndSizeArriveUnchanged) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  bytes += "\r\n$5\r\n";
  Ok({"SET", bytes, bytes});
  EXPECT_EQ(Ok({"GET", bytes}).text, bytes);
  const std::string large(3'000'000, 'x');
  Ok({"SET", "large", large});
  EXPECT_EQ(Ok({"GET", "large"}).text, large);
}

TEST_P(StoreContract, ErrorRepliesAreErrors) {
  Ok({"SET", "s", "v"});
  const Error wrong_type = Fails({"LPUSH", "s", "a"});
  EXPECT_EQ(wrong_type.code, ErrorCode::kWrongType);
  EXPECT_EQ(wrong_type.detail, "WRONGTYPE Operation against a key holding the wrong kind of value");
  const Error not_integer = Fails({"INCR", "s"});
  EXPECT_EQ(not_integer.code, ErrorCode::kReplyError);
  EXPECT_EQ(not_integer.detail, "ERR value is not an integer or out of range");
  EXPECT_EQ(Fails({"GET"}).detail, "ERR wrong number of arguments for 'get' command");
  EXPECT_THAT(Fails({"NOSUCH", "a"}).detail, HasSubstr("ERR unknown command"));
}

TEST_P(StoreContract, CommandsThatChangeTheConnectionAreRefused) {
  for (const char* name : {"MULTI", "EXEC", "WATCH", "SUBSCRIBE", "SELECT", "multi", "MONITOR"}) {
    EXPECT_EQ(Fails({name, "x"}).code, ErrorCode::kInvalidArgument) << name;
  }
  const std::vector<std::string_view> nothing;
  EXPECT_EQ(store->Run(Args(nothing)).error().code, ErrorCode::kInvalidArgument);
}

TEST_P(StoreContract, APipelineGivesEachLineItsResult) {
  const std::vector<CommandLine> lines = {
      {"SET", "a", "1"}, {"INCR", "a"}, {"LPUSH", "a", "x"}, {"SELECT", "1"}, {"GET", "a"}};
  const auto replies = store->Pipeline(lines);
  ASSERT_EQ(replies.size(), 5u);
  EXPECT_EQ(replies[0]->text, "OK");
  EXPECT_EQ(*replies[1], ReplyValue::Integer(2));
  EXPECT_EQ(replies[2].error().code, ErrorCode::kWrongType);
  EXPECT_EQ(replies[3].error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(*replies[4], ReplyValue::Bulk("2"));
  EXPECT_TRUE(store->Pipeline({}).empty());
}

TEST_P(StoreContract, ALongPipelineKeepsItsOrder) {
  std::vector<CommandLine> lines;
  for (int i = 0; i < 20'000; ++i) lines.push_back({"INCR", "n"});
  const auto replies = store->Pipeline(lines);
  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(replies[i]->integer, i + 1);
}

TEST_P(StoreContract, AsynchronousCallsEndOnce) {
  std::promise<Result<ReplyValue>> one;
  std::atomic<int> calls = 0;
  store->RunAsync({"SET", "k", "v"}, [&](Result<ReplyValue> reply) {
    ++calls;
    one.set_value(std::move(reply));
  });
  EXPECT_EQ(one.get_future().get()->text, "OK");
  std::promise<std::vector<Result<ReplyValue>>> several;
  store->PipelineAsync({{"GET", "k"}, {"EXEC"}}, [&](std::vector<Result<ReplyValue>> replies) {
    ++calls;
    several.set_value(std::move(replies));
  });
  const auto replies = several.get_future().get();
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(replies[0]->text, "v");
  EXPECT_EQ(replies[1].error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(calls, 2);
}

TEST_P(StoreContract, AsynchronousCallsOfOneThreadKeepTheirOrder) {
  std::promise<void> done;
  std::vector<std::int64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    store->RunAsync({"INCR", "n"}, [&, i](Result<ReplyValue> reply) {
      seen.push_back(reply ? reply->integer : -1);
      if (i == 999) done.set_value();
    });
  }
  done.get_future().get();
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(seen[i], i + 1);
}

TEST_P(StoreContract, AScriptRunsAndIsForgottenWithoutHarm) {
  const Script script("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}");
  const std::vector<std::string> keys = {"n"};
  const std::vector<std::string> args = {"x"};
  for (int i = 1; i <= 3; ++i) {
    const auto reply = store->Eval(script, keys, args);
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(reply->items[0].text, "n");
    EXPECT_EQ(reply->items[1].text, "x");
    EXPECT_EQ(reply->items[2].integer, i);
    if (i == 2) Ok({"SCRIPT", "FLUSH"});
  }
}

TEST_P(StoreContract, AScriptErrorIsAnError) {
  const Script script("return redis.call('LPUSH', KEYS[1], 'x')");
  Ok({"SET", "k", "v"});
  const std::vector<std::string> keys = {"k"};
  const auto reply = store->Eval(script, keys, {});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kWrongType);
}

TEST_P(StoreContract, ATransactionIsAtomicAndReturnsAllReplies) {
  const std::vector<std::string> watch = {"k"};
  const auto replies = store->Transact(watch, [](Transaction& transaction) -> Result<void> {
    SATCHEL_ASSIGN(const ReplyValue now, transaction.Read({"GET", "k"}));
    EXPECT_TRUE(now.is_null());
    transaction.Queue({"SET", "k", "1"});
    transaction.Queue({"INCR", "k"});
    return {};
  });
  ASSERT_TRUE(replies) << replies.error().detail;
  ASSERT_EQ(replies->size(), 2u);
  EXPECT_EQ((*replies)[1], ReplyValue::Integer(2));
}

TEST_P(StoreContract, AConflictIsTriedAgain) {
  const std::vector<std::string> watch = {"k"};
  int attempts = 0;
  const auto replies = store->Transact(watch, [&](Transaction& transaction) -> Result<void> {
    if (++attempts < 3) Ok({"INCR", "k"});
    transaction.Queue({"INCR", "k"});
    return {};
  });
  ASSERT_TRUE(replies) << replies.error().detail;
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ((*replies)[0], ReplyValue::Integer(3));
}

TEST_P(StoreContract, EndlessConflictsAreAnError) {
  const std::vector<std::string> watch = {"k"};
  const auto replies = store->Transact(
      watch,
      [&](Transaction& transaction) -> Result<void> {
        Ok({"INCR", "k"});
        transaction.Queue({"SET", "k", "0"});
        return {};
      },
      2);
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error().code, ErrorCode::kConflict);
  EXPECT_EQ(replies.error().actual, 2u);
  EXPECT_EQ(Ok({"GET", "k"}).text, "2");
}

TEST_P(StoreContract, AnErrorInATransactionSendsNothing) {
  const auto refused = store->Transact({}, [](Transaction& transaction) -> Result<void> {
    transaction.Queue({"SET", "k", "v"});
    return MakeError(ErrorCode::kNotFound, "changed my mind");
  });
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
  const auto unknown = store->Transact({}, [](Transaction& transaction) -> Result<void> {
    transaction.Queue({"SET", "k", "v"});
    transaction.Queue({"NOSUCH"});
    return {};
  });
  EXPECT_EQ(unknown.error().code, ErrorCode::kReplyError);
  EXPECT_TRUE(Ok({"GET", "k"}).is_null());
}

TEST_P(StoreContract, AConnectionKeepsWhatItSelected) {
  auto connection = store->Connect();
  ASSERT_TRUE(connection) << connection.error().detail;
  ASSERT_TRUE((*connection)->Run({"SELECT", "3"}));
  ASSERT_TRUE((*connection)->Run({"SET", "k", "three"}));
  EXPECT_TRUE(Ok({"GET", "k"}).is_null());
  connection->reset();
  auto next = store->Connect();
  ASSERT_TRUE(next);
  EXPECT_TRUE((*next)->Run({"GET", "k"})->is_null()) << "a used connection was handed out";
}

TEST_P(StoreContract, AnAbandonedTransactionDoesNotReachTheNextUser) {
  {
    auto connection = store->Connect();
    ASSERT_TRUE(connection);
    ASSERT_TRUE((*connection)->Run({"WATCH", "k"}));
    ASSERT_TRUE((*connection)->Run({"MULTI"}));
    ASSERT_EQ((*connection)->Run({"SET", "k", "v"})->text, "QUEUED");
  }
  auto next = store->Connect();
  ASSERT_TRUE(next);
  EXPECT_EQ((*next)->Run({"SET", "k", "w"})->text, "OK");
}

TEST_P(StoreContract, ABlockingCommandWaitsForItsElement) {
  auto popped = std::async(std::launch::async, [&] { return store->Run({"BLPOP", "l", "0"}); });
  // Others are served meanwhile.
  for (int i = 0; i < 20; ++i) Ok({"SET", "k", "v"});
  std::this_thread::sleep_for(milliseconds(20));
  Ok({"RPUSH", "l", "a"});
  const auto reply = popped.get();
  ASSERT_TRUE(reply) << reply.error().detail;
  EXPECT_THAT(Texts(*reply), ElementsAre("l", "a"));
}

TEST_P(StoreContract, ABlockingCommandEndsAtItsTimeout) {
  const auto begin = steady_clock::now();
  auto popped = std::async(std::launch::async, [&] { return store->Run({"BLPOP", "l", "0.1"}); });
  if (store.is_manual()) {
    while (popped.wait_for(milliseconds(1)) != std::future_status::ready) {
      ASSERT_LT(steady_clock::now() - begin, kPatience);
      store.Pass(milliseconds(50));
    }
  }
  const auto reply = popped.get();
  ASSERT_TRUE(reply) << reply.error().detail;
  EXPECT_TRUE(reply->is_null());
  EXPECT_LT(steady_clock::now() - begin, kPatience);
}

TEST_P(StoreContract, ManyThreadsBlockAtTheSameTime) {
  std::vector<std::future<Result<ReplyValue>>> popped;
  for (int i = 0; i < 8; ++i) {
    popped.push_back(std::async(std::launch::async, [&] {
      return store->Run({"BLPOP", "l", "0"});
    }));
  }
  for (int i = 0; i < 8; ++i) Ok({"RPUSH", "l", "x"});
  for (auto& one : popped) EXPECT_TRUE(one.get());
}

TEST_P(StoreContract, AnExpiredKeyIsGone) {
  Ok({"SET", "k", "v", "PX", "30"});
  EXPECT_EQ(Ok({"GET", "k"}).text, "v");
  store.Pass(milliseconds(60));
  EXPECT_TRUE(Ok({"GET", "k"}).is_null());
}

TEST_P(StoreContract, ASubscriberGetsItsMessagesInOrder) {
  Inbox inbox;
  auto subscription = store->Subscribe({"news", "other"}, {"w*"}, inbox.Receiver());
  ASSERT_TRUE(subscription) << subscription.error().detail;
  Ok({"PUBLISH", "news", "1"});
  Ok({"PUBLISH", "weather", "2"});
  Ok({"PUBLISH", "nobody", "x"});
  Ok({"PUBLISH", "other", std::string_view("3\r\n\0", 4)});
  EXPECT_THAT(inbox.WaitFor(3),
              ElementsAre("|news|1", "w*|weather|2", std::string("|other|3\r\n\0", 11)));
  EXPECT_EQ((*subscription)->gaps(), 0u);
}

TEST_P(StoreContract, SubscribersOfOneChannelDoNotDisturbEachOther) {
  Inbox first;
  Inbox second;
  auto one = store->Subscribe({"c"}, {}, first.Receiver());
  auto two = store->Subscribe({"c", "d"}, {}, second.Receiver());
  ASSERT_TRUE(one && two);
  Ok({"PUBLISH", "c", "1"});
  EXPECT_THAT(first.WaitFor(1), ElementsAre("|c|1"));
  EXPECT_THAT(second.WaitFor(1), ElementsAre("|c|1"));
  one->reset();
  Ok({"PUBLISH", "c", "2"});
  Ok({"PUBLISH", "d", "3"});
  EXPECT_THAT(second.WaitFor(3), ElementsAre("|c|1", "|c|2", "|d|3"));
  EXPECT_THAT(first.WaitFor(1), ElementsAre("|c|1"));
}

TEST_P(StoreContract, NoCallbackRunsAfterTheEndOfASubscription) {
  for (int i = 0; i < 50; ++i) {
    auto alive = std::make_shared<std::atomic<bool>>(true);
    auto subscription =
        store->Subscribe({"c"}, {}, [alive](const Message&) { EXPECT_TRUE(alive->load()); });
    ASSERT_TRUE(subscription);
    store->RunAsync({"PUBLISH", "c", "x"}, [](Result<ReplyValue>) {});
    subscription->reset();
    *alive = false;
  }
}

TEST_P(StoreContract, ManyThreadsShareAStore) {
  constexpr int kThreads = 16;
  constexpr int kCalls = 200;
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const std::string key = "k" + std::to_string(t);
      for (int i = 1; i <= kCalls; ++i) {
        const auto own = store->Run({"INCR", key});
        const auto all = store->Run({"INCR", "all"});
        if (!own || own->integer != i || !all) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(Ok({"GET", "all"}).text, std::to_string(kThreads * kCalls));
}

TEST_P(StoreContract, ManyThreadsCountInTransactions) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 20;
  const std::vector<std::string> watch = {"n"};
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kCalls; ++i) {
        const auto done = store->Transact(
            watch,
            [](Transaction& transaction) -> Result<void> {
              SATCHEL_ASSIGN(const ReplyValue now, transaction.Read({"GET", "n"}));
              const int next = now.is_null() ? 1 : std::stoi(now.text) + 1;
              transaction.Queue({"SET", "n", std::to_string(next)});
              return {};
            },
            10'000);
        if (!done) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(Ok({"GET", "n"}).text, std::to_string(kThreads * kCalls));
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         testing::Values(StoreKind::kEmbedded, StoreKind::kEmbeddedManualClock,
                                         StoreKind::kRemote, StoreKind::kRemoteResp2,
                                         StoreKind::kRemoteUnixSocket),
                         [](const auto& info) { return KindName(info.param); });

}  // namespace
}  // namespace satchel::store
