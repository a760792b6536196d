#include "net/connector.h"

#include <unistd.h>

#include <optional>

#include "net/listener.h"
#include "tests/net/harness.h"

namespace satchel::net {
namespace {

using namespace std::chrono_literals;  // NOLINT

// An address nobody listens on: bound, so that no other program takes it.
class SilentPort {
 public:
  SilentPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto any = Resolve("127.0.0.1", 0, ResolveFor::kListening);
    EXPECT_EQ(bind(fd_.get(), (*any)[0].raw(), (*any)[0].raw_size()), 0);
  }
  SocketAddress address() const { return SocketAddress::LocalOf(fd_.get()); }
  int fd() const { return fd_.get(); }

 private:
  Fd fd_;
};

class ConnectorTest : public testing::Test {
 protected:
  Connector& Start(std::vector<SocketAddress> addresses, std::chrono::milliseconds timeout = 5s) {
    return Connector::Start(*loop_, {.addresses = std::move(addresses), .timeout = timeout},
                            [this](Result<Socket> socket) {
                              EXPECT_FALSE(result_) << "called twice";
                              result_ = std::move(socket);
                            });
  }
  bool RunUntilDone() {
    return RunUntil(*loop_, [this] { return result_.has_value(); });
  }

  ManualClock clock_;
  std::unique_ptr<Loop> loop_ = MakeLoop(clock_);
  std::optional<Result<Socket>> result_;
};

TEST_F(ConnectorTest, ConnectsOverTcp) {
  auto listener = Listener::Tcp(*loop_, {}, [](Socket) {});
  ASSERT_TRUE(listener);
  Start({(*listener)->address()});
  EXPECT_FALSE(result_) << "called back inside Start";
  ASSERT_TRUE(RunUntilDone());
  ASSERT_TRUE(*result_) << result_->error().detail;
  EXPECT_EQ((*result_)->peer.ToString(), (*listener)->address().ToString());
  EXPECT_NE((*result_)->local.port(), 0);
}

TEST_F(ConnectorTest, TheSocketMayBecomeAConnectionOfTheSameLoop) {
  class : public ConnectionOwner {
    void OnReady(std::span<Connection* const>) override {}
  } owner;
  auto listener = Listener::Tcp(*loop_, {}, [](Socket) {});
  ASSERT_TRUE(listener);
  Start({(*listener)->address()});
  ASSERT_TRUE(RunUntilDone());
  auto& connection = loop_->Adopt(std::make_unique<Connection>(
      owner, std::make_unique<SocketStream>(std::move((*result_)->fd))));
  EXPECT_FALSE(connection.is_closed());
}

TEST_F(ConnectorTest, ConnectsOverAUnixSocket) {
  const std::string path = testing::TempDir() + "satchel-connect-" + std::to_string(getpid());
  auto listener = Listener::Unix(*loop_, {.path = path}, [](Socket) {});
  ASSERT_TRUE(listener) << listener.error().detail;
  Start({(*listener)->address()});
  ASSERT_TRUE(RunUntilDone());
  EXPECT_TRUE(*result_);
}

TEST_F(ConnectorTest, TriesTheNextAddressWhenOneRefuses) {
  SilentPort silent;
  auto listener = Listener::Tcp(*loop_, {}, [](Socket) {});
  ASSERT_TRUE(listener);
  Start({silent.address(), (*listener)->address()});
  ASSERT_TRUE(RunUntilDone());
  ASSERT_TRUE(*result_);
  EXPECT_EQ((*result_)->peer.port(), (*listener)->address().port());
}

TEST_F(ConnectorTest, NamesTheAddressThatRefused) {
  SilentPort silent;
  Start({silent.address()});
  ASSERT_TRUE(RunUntilDone());
  ASSERT_FALSE(*result_);
  EXPECT_EQ(result_->error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(result_->error().detail,
            "cannot connect to " + silent.address().ToString() + ": Connection refused");
}

TEST_F(ConnectorTest, GivesUpWhenTheTimeIsOver) {
  // A full backlog leaves newcomers without an answer.
  SilentPort full;
  ASSERT_EQ(listen(full.fd(), 0), 0);
  Client first(full.address());
  Start({full.address()}, 2s);
  loop_->RunOnce(0ms);
  loop_->RunOnce(0ms);
  clock_.Advance(2s - 1us);
  loop_->RunOnce(0ms);
  ASSERT_FALSE(result_);
  clock_.Advance(1us);
  loop_->RunOnce(0ms);
  ASSERT_TRUE(result_);
  ASSERT_FALSE(*result_);
  EXPECT_EQ(result_->error().code, ErrorCode::kTimeout);
  EXPECT_EQ(result_->error().detail, "no answer from " + full.address().ToString() + " in time");
  loop_->RunOnce(0ms);
  EXPECT_EQ(loop_->source_count(), 0u);
}

TEST_F(ConnectorTest, ARetiredOneCallsNobody) {
  SilentPort silent;
  Connector& connector = Start({silent.address()});
  loop_->Retire(connector);
  loop_->RunOnce(0ms);
  loop_->RunOnce(0ms);
  EXPECT_FALSE(result_);
  EXPECT_EQ(loop_->source_count(), 0u);
  EXPECT_FALSE(clock_.AdvanceToNextDeadline());
}

TEST(Resolve, FindsNumbersAndNamesAndReportsTheRest) {
  const auto numbers = Resolve("127.0.0.1", 6379, ResolveFor::kConnecting);
  ASSERT_TRUE(numbers);
  EXPECT_EQ((*numbers)[0].ToString(), "127.0.0.1:6379");
  EXPECT_TRUE(Resolve("localhost", 6379, ResolveFor::kConnecting));
  const auto any = Resolve("*", 6379, ResolveFor::kListening);
  ASSERT_TRUE(any);
  const auto nobody = Resolve("no such host", 6379, ResolveFor::kConnecting);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(nobody.error().detail,
              testing::HasSubstr("cannot find the address of 'no such host'"));
}

}  // namespace
}  // namespace satchel::net
