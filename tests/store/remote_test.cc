// What only a remote store has: connections that break, servers that stop, refuse and return.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <future>
#include <mutex>
#include <thread>

#include "store/remote/traits.h"
#include "tests/store/stores.h"

namespace satchel::store {
namespace {

using oracle::ServerProcess;
using oracle::StartRedis;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

constexpr seconds kPatience{20};

bool Eventually(const std::function<bool()>& done) {
  const auto deadline = steady_clock::now() + kPatience;
  while (!done()) {
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

// A server of the test's own, to be ended and started again.
class Remote : public testing::Test {
 protected:
  void Start(std::vector<std::string> more = {}) {
    auto started = StartRedis(std::move(more));
    ASSERT_TRUE(started) << started.error().detail;
    server = std::move(*started);
  }
  RemoteOptions Options() { return OptionsFor(*server); }
  // Impatient, so that failures come soon.
  RemoteOptions Hasty() {
    RemoteOptions options = Options();
    options.read_timeout = milliseconds(200);
    options.write_timeout = milliseconds(200);
    options.pool_timeout = milliseconds(100);
    options.connect_timeout = milliseconds(1000);
    options.max_backoff = milliseconds(20);
    options.connections = 1;
    return options;
  }

  std::unique_ptr<ServerProcess> server;
};

// A port of loopback that is taken, and refuses every connection.
class DeafPort {
 public:
  DeafPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd_, any, size) != 0 || getsockname(fd_, any, &size) != 0) std::abort();
    number_ = ntohs(address.sin_port);
  }
  ~DeafPort() { close(fd_); }
  DeafPort(const DeafPort&) = delete;
  DeafPort& operator=(const DeafPort&) = delete;
  int number() const { return number_; }

 private:
  int fd_;
  int number_ = 0;
};

TEST_F(Remote, NobodyThereIsToldAtOpen) {
  const DeafPort port;
  RemoteOptions options;
  options.address.host = "127.0.0.1";
  options.address.port = port.number();
  const auto store = RemoteStore::Open(options);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(store.error().detail, HasSubstr("Connection refused"));
}

TEST_F(Remote, AMissingSocketIsToldAtOpen) {
  RemoteOptions options;
  options.address.unix_path = "/nowhere/socket";
  EXPECT_EQ(RemoteStore::Open(options).error().code, ErrorCode::kUnavailable);
}

TEST_F(Remote, AnUnknownHostIsToldAtOpen) {
  RemoteOptions options;
  options.address.host = "no-such-host.invalid";
  options.address.port = 1;
  EXPECT_EQ(RemoteStore::Open(options).error().code, ErrorCode::kUnavailable);
}

TEST_F(Remote, WrongOptionsAreRefused) {
  EXPECT_EQ(RemoteStore::Open({.connections = 0}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(RemoteStore::Open({.retries = -1}).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(Remote, ThePasswordIsGivenAndNeverTold) {
  Start();
  ASSERT_TRUE(OpenRemote(Options())->Run({"CONFIG", "SET", "requirepass", "hunter2"}));
  const auto none = RemoteStore::Open(Options());
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().detail, HasSubstr("NOAUTH"));
  RemoteOptions options = Options();
  options.password = "wrong-hunter2";
  const auto wrong = RemoteStore::Open(options);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().detail,
              testing::AllOf(HasSubstr("WRONGPASS"), Not(HasSubstr("hunter2"))));
  options.password = "hunter2";
  for (int protocol : {2, 3}) {
    options.protocol = protocol;
    EXPECT_TRUE(OpenRemote(options)->Run({"SET", "k", "v"}));
  }
}

TEST_F(Remote, AUserOfItsOwn) {
  Start();
  ASSERT_TRUE(
      OpenRemote(Options())->Run({"ACL", "SETUSER", "me", "on", ">secret", "+@all", "~*", "&*"}));
  RemoteOptions options = Options();
  options.username = "me";
  options.password = "secret";
  for (int protocol : {2, 3}) {
    options.protocol = protocol;
    EXPECT_EQ(OpenRemote(options)->Run({"ACL", "WHOAMI"})->text, "me");
  }
}

TEST_F(Remote, AServerWithoutHelloIsSpokenToInResp2) {
  Start({"--rename-command", "HELLO", ""});
  ASSERT_TRUE(OpenRemote(Options())->Run({"CONFIG", "SET", "requirepass", "p"}));
  RemoteOptions options = Options();
  options.password = "p";
  options.db = 2;
  auto store = OpenRemote(options);
  ASSERT_TRUE(store->Run({"HSET", "h", "f", "v"}));
  EXPECT_EQ(store->Run({"HGETALL", "h"})->type, ReplyType::kArray);
  options.db = 0;
  EXPECT_EQ(OpenRemote(options)->Run({"DBSIZE"})->integer, 0);
  std::promise<std::string> payload;
  auto subscription =
      store->Subscribe({"c"}, {}, [&](const Message& m) { payload.set_value(m.payload); });
  ASSERT_TRUE(subscription);
  ASSERT_TRUE(store->Run({"PUBLISH", "c", "x"}));
  EXPECT_EQ(payload.get_future().get(), "x");
}

TEST_F(Remote, ADatabaseThatIsNotThereIsToldAtOpen) {
  Start();
  RemoteOptions options = Options();
  options.db = 99;
  EXPECT_THAT(RemoteStore::Open(options).error().detail, HasSubstr("DB index is out of range"));
}

TEST_F(Remote, ConnectionsBearTheName) {
  Start();
  auto store = OpenRemote(Options());
  EXPECT_THAT(store->Run({"CLIENT", "LIST"})->text, HasSubstr("name=satchel"));
}

TEST_F(Remote, ManyThreadsUseFewConnections) {
  Start();
  RemoteOptions options = Options();
  options.connections = 3;
  auto store = OpenRemote(options);
  std::vector<std::thread> threads;
  for (int t = 0; t < 32; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) EXPECT_TRUE(store->Run({"INCR", "n"}));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(store->Run({"GET", "n"})->text, "1600");
  const std::string info = store->Run({"INFO", "clients"})->text;
  EXPECT_THAT(info, HasSubstr("connected_clients:3"));
}

TEST_F(Remote, ARestartedServerIsFoundAgain) {
  Start();
  auto store = OpenRemote(Options());
  ASSERT_TRUE(store->Run({"SET", "k", "v"}));
  server->Kill();
  ASSERT_TRUE(server->StartAgain());
  EXPECT_TRUE(Eventually([&] { return store->Run({"SET", "k", "v"}).has_value(); }));
  EXPECT_EQ(store->Run({"GET", "k"})->text, "v");
}

TEST_F(Remote, WithoutAServerCallsFailSoonAndWereNotSent) {
  Start();
  auto store = OpenRemote(Hasty());
  server->Kill();
  // The first may have been on its way when the connection broke.
  (void)store->Run({"SET", "k", "v"});
  for (int i = 0; i < 3; ++i) {
    const auto begin = steady_clock::now();
    const auto reply = store->Run({"SET", "k", "v"});
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable) << reply.error().detail;
    EXPECT_LT(steady_clock::now() - begin, seconds(2));
  }
}

TEST_F(Remote, AWriteUnderWayWhenTheServerDiesMayHaveBeenExecuted) {
  Start();
  RemoteOptions options = Options();
  options.connections = 1;  // which is open already
  auto store = OpenRemote(options);
  server->Pause();
  auto write = std::async(std::launch::async, [&] { return store->Run({"SET", "k", "v"}); });
  std::this_thread::sleep_for(milliseconds(100));
  server->Kill();
  const auto reply = write.get();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kMaybeExecuted) << reply.error().detail;
}

TEST_F(Remote, AReadUnderWayWhenTheServerDiesIsSentAgain) {
  Start();
  RemoteOptions options = Options();
  options.connections = 1;
  options.retries = 100;
  auto store = OpenRemote(options);
  server->Pause();
  auto read = std::async(std::launch::async, [&] { return store->Run({"GET", "k"}); });
  std::this_thread::sleep_for(milliseconds(100));
  server->Kill();
  ASSERT_TRUE(server->StartAgain());
  const auto reply = read.get();
  ASSERT_TRUE(reply) << reply.error().detail;
  EXPECT_TRUE(reply->is_null());
}

TEST_F(Remote, NoAcknowledgedWriteOfManyThreadsIsCountedTwice) {
  Start();
  auto store = OpenRemote(Options());
  std::atomic<int> done = 0;
  std::atomic<int> unknown = 0;
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        const auto reply = store->Run({"INCR", "n"});
        if (reply) ++done;
        if (!reply && reply.error().code != ErrorCode::kUnavailable) ++unknown;
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
    (void)store->Run({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"});
  }
  stop = true;
  for (auto& thread : threads) thread.join();
  const int stored = std::stoi(store->Run({"GET", "n"})->text);
  EXPECT_GE(stored, done);
  EXPECT_LE(stored, done + unknown);
}

TEST_F(Remote, ADeadlineEndsTheWaitAndNotTheConnection) {
  Start();
  auto store = OpenRemote(Hasty());
  server->Pause();
  const auto begin = steady_clock::now();
  const auto reply = store->Run({"SET", "k", "v"}, {.timeout = milliseconds(50)});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kTimeout) << reply.error().detail;
  EXPECT_GE(steady_clock::now() - begin, milliseconds(45));
  EXPECT_LT(steady_clock::now() - begin, seconds(2));
  EXPECT_EQ(store->Run({"GET", "k"}).error().code, ErrorCode::kTimeout);  // read_timeout
  server->Resume();
  EXPECT_TRUE(Eventually([&] { return store->Run({"GET", "k"}).has_value(); }));
}

TEST_F(Remote, LateRepliesGoToNobodyElse) {
  Start();
  auto store = OpenRemote(Options());
  for (int i = 0; i < 50; ++i) {
    (void)store->Run({"ECHO", "late"}, {.timeout = milliseconds(0)});
    const auto reply = store->Run({"ECHO", std::to_string(i)});
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->text, std::to_string(i));
  }
}

TEST_F(Remote, ASilentServerIsLeftForANewConnection) {
  Start();
  auto store = OpenRemote(Hasty());
  server->Pause();
  EXPECT_TRUE(Eventually([&] {
    const auto reply = store->Run({"SET", "k", "v"});
    return !reply && reply.error().code != ErrorCode::kTimeout;
  }));
  server->Resume();
  EXPECT_TRUE(Eventually([&] { return store->Run({"SET", "k", "v"}).has_value(); }));
}

TEST_F(Remote, ABlockingCommandOutlivesTheReadTimeout) {
  Start();
  auto store = OpenRemote(Hasty());
  auto popped = std::async(std::launch::async, [&] { return store->Run({"BLPOP", "l", "5"}); });
  std::this_thread::sleep_for(milliseconds(500));
  ASSERT_TRUE(store->Run({"RPUSH", "l", "a"}));
  EXPECT_TRUE(popped.get());
}

TEST_F(Remote, AFullPoolMakesWait) {
  Start();
  RemoteOptions options = Hasty();
  options.pool_size = 2;
  auto store = OpenRemote(options);
  auto one = store->Connect();
  auto two = store->Connect();
  ASSERT_TRUE(one && two);
  EXPECT_EQ(store->Connect().error().code, ErrorCode::kTimeout);
  EXPECT_EQ(store->Run({"BLPOP", "l", "1"}).error().code, ErrorCode::kTimeout);
  auto three = std::async(std::launch::async, [&] { return store->Connect(); });
  std::this_thread::sleep_for(milliseconds(20));
  one->reset();
  EXPECT_TRUE(three.get());
}

TEST_F(Remote, APooledConnectionIsUsedAgain) {
  Start();
  auto store = OpenRemote(Options());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(store->Transact({}, [](Transaction& transaction) -> Result<void> {
      transaction.Queue({"INCR", "n"});
      return {};
    }));
  }
  EXPECT_THAT(store->Run({"INFO", "clients"})->text, HasSubstr("connected_clients:2"));
}

TEST_F(Remote, AnIdleConnectionThatBrokeIsNotHandedOut) {
  Start();
  auto store = OpenRemote(Options());
  store->Connect()->reset();
  server->Kill();
  ASSERT_TRUE(server->StartAgain());
  ASSERT_TRUE(Eventually([&] { return store->Run({"PING"}).has_value(); }));
  auto connection = store->Connect();
  ASSERT_TRUE(connection);
  EXPECT_TRUE((*connection)->Run({"SET", "k", "v"}));
}

TEST_F(Remote, AConnectionOfOnesOwnDoesNotComeBackInSecret) {
  Start();
  auto store = OpenRemote(Options());
  auto connection = store->Connect();
  ASSERT_TRUE(connection);
  ASSERT_TRUE((*connection)->Run({"WATCH", "k"}));
  ASSERT_TRUE(store->Run({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}));
  EXPECT_TRUE(Eventually([&] { return !(*connection)->Run({"MULTI"}).has_value(); }));
  EXPECT_EQ((*connection)->Run({"MULTI"}).error().code, ErrorCode::kUnavailable);
}

TEST_F(Remote, CommandsWithoutASingleReplyAreRefusedEverywhere) {
  Start();
  auto store = OpenRemote(Options());
  auto connection = store->Connect();
  for (const char* name : {"SUBSCRIBE", "MONITOR", "psubscribe"}) {
    EXPECT_EQ((*connection)->Run({name, "x"}).error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(store->Run({"CLIENT", "REPLY", "OFF"}).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(Remote, SubscriptionsComeBackWithACountedGap) {
  Start();
  auto store = OpenRemote(Options());
  std::mutex mutex;
  std::vector<std::string> seen;
  auto subscription = store->Subscribe({"c"}, {"p*"}, [&](const Message& message) {
    const std::lock_guard lock(mutex);
    seen.push_back(message.payload);
  });
  ASSERT_TRUE(subscription);
  server->Kill();
  ASSERT_TRUE(server->StartAgain());
  EXPECT_TRUE(Eventually([&] { return (*subscription)->gaps() == 1; }));
  const auto reached = [&](std::string_view channel) {
    const auto count = store->Run({"PUBLISH", channel, "x"});
    return count && count->integer == 1;
  };
  EXPECT_TRUE(Eventually([&] { return reached("c"); }));
  EXPECT_TRUE(Eventually([&] { return reached("pattern"); }));
  EXPECT_TRUE(Eventually([&] {
    const std::lock_guard lock(mutex);
    return seen.size() == 2;
  }));
  EXPECT_EQ((*subscription)->gaps(), 1u);
}

TEST_F(Remote, TheEndOfASubscriptionIsToldToTheServer) {
  Start();
  auto store = OpenRemote(Options());
  auto one = store->Subscribe({"c"}, {"p*"}, [](const Message&) {});
  auto two = store->Subscribe({"c"}, {}, [](const Message&) {});
  ASSERT_TRUE(one && two);
  one->reset();
  EXPECT_EQ(store->Run({"PUBLISH", "c", "x"})->integer, 1);
  EXPECT_TRUE(Eventually([&] { return store->Run({"PUBSUB", "NUMPAT"})->integer == 0; }));
  two->reset();
  EXPECT_TRUE(Eventually([&] { return store->Run({"PUBLISH", "c", "x"})->integer == 0; }));
}

TEST_F(Remote, ARefusedSubscriptionIsAnError) {
  Start();
  ASSERT_TRUE(OpenRemote(Options())->Run(
      {"ACL", "SETUSER", "me", "on", ">p", "+@all", "~*", "resetchannels", "&open"}));
  RemoteOptions options = Options();
  options.username = "me";
  options.password = "p";
  auto store = OpenRemote(options);
  EXPECT_THAT(store->Subscribe({"secret"}, {}, [](const Message&) {}).error().detail,
              HasSubstr("NOPERM"));
  EXPECT_TRUE(store->Subscribe({"open"}, {}, [](const Message&) {}));
  EXPECT_EQ(store->Subscribe({}, {}, [](const Message&) {}).error().code,
            ErrorCode::kInvalidArgument);
}

TEST_F(Remote, CloseEndsEveryWait) {
  Start();
  auto store = OpenRemote(Options());
  auto connection = store->Connect();
  ASSERT_TRUE(connection);
  auto subscription = store->Subscribe({"c"}, {}, [](const Message&) {});
  ASSERT_TRUE(subscription);
  auto blocked = std::async(std::launch::async, [&] { return store->Run({"BLPOP", "l", "0"}); });
  auto own = std::async(std::launch::async, [&] {
    return (*connection)->Run({"BLPOP", "l", "0"});
  });
  std::this_thread::sleep_for(milliseconds(50));
  server->Pause();
  auto shared = std::async(std::launch::async, [&] { return store->Run({"SET", "k", "v"}); });
  std::this_thread::sleep_for(milliseconds(50));
  store->Close();
  EXPECT_FALSE(blocked.get());
  EXPECT_FALSE(own.get());
  EXPECT_FALSE(shared.get());
  EXPECT_EQ(store->Run({"GET", "k"}).error().code, ErrorCode::kClosed);
  EXPECT_EQ(store->Run({"BLPOP", "k", "0"}).error().code, ErrorCode::kClosed);
  EXPECT_EQ((*connection)->Run({"GET", "k"}).error().code, ErrorCode::kClosed);
  EXPECT_EQ(store->Connect().error().code, ErrorCode::kClosed);
  EXPECT_EQ(store->Subscribe({"c"}, {}, [](const Message&) {}).error().code, ErrorCode::kClosed);
  store->Close();
  store.reset();
  connection->reset();
  subscription->reset();
}

TEST_F(Remote, CloseWhileManyThreadsCall) {
  Start();
  for (int round = 0; round < 10; ++round) {
    auto store = OpenRemote(Options());
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&, t] {
        while (true) {
          const auto reply =
              t == 0 ? store->Run({"BLPOP", "l", "0.01"}) : store->Run({"INCR", "n"});
          if (!reply && reply.error().code == ErrorCode::kClosed) return;
        }
      });
    }
    std::this_thread::sleep_for(milliseconds(5));
    store->Close();
    for (auto& thread : threads) thread.join();
  }
}

TEST_F(Remote, AManualClockDecidesAboutDeadlines) {
  Start();
  ManualClock clock;
  RemoteOptions options = Options();
  options.clock = &clock;
  auto store = OpenRemote(options);
  auto observer = OpenRemote(Options());
  auto popped = std::async(std::launch::async, [&] {
    return store->Run({"BLPOP", "l", "3600"}, {.timeout = seconds(60)});
  });
  ASSERT_TRUE(Eventually([&] {
    return observer->Run({"INFO", "clients"})->text.find("blocked_clients:1\r") !=
           std::string::npos;
  }));
  clock.Advance(seconds(3659));
  EXPECT_EQ(popped.wait_for(milliseconds(0)), std::future_status::timeout);
  clock.Advance(seconds(2));
  EXPECT_EQ(popped.get().error().code, ErrorCode::kTimeout);
}

CommandTraits Traits(std::initializer_list<std::string_view> args) {
  return TraitsOf(Args(args.begin(), args.size()));
}

TEST(CommandTraits, ComeFromTheRows) {
  EXPECT_TRUE(Traits({"get", "k"}).readonly);
  EXPECT_TRUE(Traits({"OBJECT", "ENCODING", "k"}).readonly);
  EXPECT_FALSE(Traits({"SET", "k", "v"}).readonly);
  EXPECT_FALSE(Traits({"NOSUCH"}).readonly);
  EXPECT_FALSE(Traits({"EVALSHA", "x", "0"}).readonly);
  EXPECT_FALSE(Traits({"GET", "k"}).blocking);
}

TEST(CommandTraits, BlockingCommandsSayHowLong) {
  EXPECT_EQ(Traits({"BLPOP", "k", "1.5"}).span, milliseconds(1500));
  EXPECT_EQ(Traits({"blpop", "k", "0"}).span, std::nullopt);
  EXPECT_EQ(Traits({"BLPOP", "k", "x"}).span, milliseconds(0));
  EXPECT_EQ(Traits({"BLMPOP", "2", "1", "k", "LEFT"}).span, seconds(2));
  EXPECT_EQ(Traits({"XREAD", "BLOCK", "50", "STREAMS", "s", "$"}).span, milliseconds(50));
  EXPECT_FALSE(Traits({"XREAD", "STREAMS", "BLOCK", "0"}).blocking);
  EXPECT_TRUE(Traits({"WAIT", "1", "100"}).blocking);
  EXPECT_FALSE(Traits({"BLPOP"}).blocking);
}

}  // namespace
}  // namespace satchel::store
