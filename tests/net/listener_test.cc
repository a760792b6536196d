#include "net/listener.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/net/harness.h"

namespace satchel::net {
namespace {

using namespace std::chrono_literals;  // NOLINT
using testing::HasSubstr;

void Ignore(Socket /*socket*/) {}

class ListenerTest : public testing::Test {
 protected:
  ListenerTest() {
    std::string pattern = testing::TempDir() + "satchel-net-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~ListenerTest() override {
    loop_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::string PathOf(const std::string& name) const { return directory_ + "/" + name; }
  Error UnixError(const std::string& path) {
    auto listener = Listener::Unix(*loop_, {.path = path}, Ignore);
    EXPECT_FALSE(listener);
    return listener ? Error{} : listener.error();
  }
  void Retire(Listener* listener) {
    loop_->Retire(*listener);
    loop_->RunOnce(0ms);
  }

  std::unique_ptr<Loop> loop_ = MakeLoop();
  std::string directory_;
};

TEST_F(ListenerTest, PortZeroGivesTheRealPortBack) {
  auto listener = Listener::Tcp(*loop_, {.port = 0}, Ignore);
  ASSERT_TRUE(listener);
  EXPECT_NE((*listener)->address().port(), 0);
  EXPECT_EQ((*listener)->address().host(), "127.0.0.1");
}

TEST_F(ListenerTest, AcceptsAndNamesBothEnds) {
  std::vector<Socket> accepted;
  const auto keep = [&](Socket socket) { accepted.push_back(std::move(socket)); };
  auto listener = Listener::Tcp(*loop_, {}, keep);
  ASSERT_TRUE(listener);
  Client first((*listener)->address());
  Client second((*listener)->address());
  ASSERT_TRUE(RunUntil(*loop_, [&] { return accepted.size() == 2; }));
  EXPECT_EQ(accepted[0].peer.ToString(), SocketAddress::LocalOf(first.fd()).ToString());
  EXPECT_EQ(accepted[1].peer.ToString(), SocketAddress::LocalOf(second.fd()).ToString());
  EXPECT_EQ(accepted[0].local.ToString(), (*listener)->address().ToString());
  EXPECT_NE(fcntl(accepted[0].fd.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(ListenerTest, ListensOnIpv6) {
  int accepted = 0;
  auto listener = Listener::Tcp(*loop_, {.host = "::1"}, [&](Socket socket) {
    ++accepted;
    EXPECT_EQ(socket.peer.host(), "::1");
    EXPECT_THAT(socket.peer.ToString(), HasSubstr("[::1]:"));
  });
  if (!listener) GTEST_SKIP() << "no IPv6 here: " << listener.error().detail;
  Client client((*listener)->address());
  EXPECT_TRUE(RunUntil(*loop_, [&] { return accepted == 1; }));
}

TEST_F(ListenerTest, APortInUseIsNamed) {
  auto first = Listener::Tcp(*loop_, {}, Ignore);
  ASSERT_TRUE(first);
  const std::uint16_t port = (*first)->address().port();
  auto second = Listener::Tcp(*loop_, {.port = port}, Ignore);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kIo);
  EXPECT_EQ(second.error().detail, "port " + std::to_string(port) +
                                       " on 127.0.0.1 is in use; stop the other program or choose "
                                       "another port");
}

TEST_F(ListenerTest, AnAddressOfAnotherMachineIsNamed) {
  auto listener = Listener::Tcp(*loop_, {.host = "192.0.2.1", .port = 7000}, Ignore);
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().detail,
            "port 7000 on 192.0.2.1 cannot be used: this machine does not have that address");
}

TEST_F(ListenerTest, ARetiredListenerFreesItsPort) {
  auto first = Listener::Tcp(*loop_, {}, Ignore);
  ASSERT_TRUE(first);
  const std::uint16_t port = (*first)->address().port();
  Retire(*first);
  EXPECT_TRUE(Listener::Tcp(*loop_, {.port = port}, Ignore));
}

TEST_F(ListenerTest, AUnixSocketHasItsModeAndGoesWithItsListener) {
  const std::string path = PathOf("s");
  int accepted = 0;
  auto listener = Listener::Unix(*loop_, {.path = path, .mode = 0620}, [&](Socket socket) {
    ++accepted;
    EXPECT_EQ(socket.peer.ToString(), path + ":0");
  });
  ASSERT_TRUE(listener) << listener.error().detail;
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0620u);
  Client client((*listener)->address());
  EXPECT_TRUE(RunUntil(*loop_, [&] { return accepted == 1; }));
  Retire(*listener);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ListenerTest, ReplacesASocketWhoseServerIsGone) {
  const std::string path = PathOf("s");
  const auto address = SocketAddress::Unix(path);
  {
    const Fd gone(socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(bind(gone.get(), address->raw(), address->raw_size()), 0);
  }
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(Listener::Unix(*loop_, {.path = path}, Ignore));
}

TEST_F(ListenerTest, RefusesASocketOnWhichAServerAnswers) {
  const std::string path = PathOf("s");
  ASSERT_TRUE(Listener::Unix(*loop_, {.path = path}, Ignore));
  const Error error = UnixError(path);
  EXPECT_EQ(error.code, ErrorCode::kIo);
  EXPECT_EQ(error.detail,
            "'" + path + "' is in use; stop the other program or choose another path");
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(ListenerTest, RefusesToReplaceWhatIsNoSocket) {
  const std::string path = PathOf("file");
  const Fd file(open(path.c_str(), O_CREAT | O_WRONLY, 0600));
  EXPECT_THAT(UnixError(path).detail, HasSubstr("exists and is not a socket"));
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(ListenerTest, LeavesAFileThatIsNoLongerItsOwn) {
  const std::string path = PathOf("s");
  auto listener = Listener::Unix(*loop_, {.path = path}, Ignore);
  ASSERT_TRUE(listener);
  std::filesystem::remove(path);
  const Fd file(open(path.c_str(), O_CREAT | O_WRONLY, 0600));
  Retire(*listener);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(ListenerTest, RefusesPathsThatDoNotFit) {
  EXPECT_EQ(UnixError("").code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(UnixError(std::string(108, 'x')).code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(SocketAddress::Unix(std::string(107, 'x')));
}

TEST_F(ListenerTest, HangsUpOnNewcomersWhenDescriptorsRunOut) {
  std::vector<Socket> accepted;
  auto listener =
      Listener::Tcp(*loop_, {}, [&](Socket socket) { accepted.push_back(std::move(socket)); });
  ASSERT_TRUE(listener);
  Client client((*listener)->address(), loop_.get());
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit low{.rlim_cur = static_cast<rlim_t>(client.fd()) + 1, .rlim_max = limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(client.Receive(1), "");
  setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_TRUE(accepted.empty());
  Client next((*listener)->address());
  EXPECT_TRUE(RunUntil(*loop_, [&] { return accepted.size() == 1; }));
}

}  // namespace
}  // namespace satchel::net
