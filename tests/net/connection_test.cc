#include "net/connection.h"

#include <netinet/in.h>

#include <algorithm>
#include <set>

#include "net/listener.h"
#include "tests/net/harness.h"

namespace satchel::net {
namespace {

using namespace std::chrono_literals;  // NOLINT
using testing::ElementsAre;

class TestConnection final : public Connection {
 public:
  TestConnection(ConnectionOwner& owner, std::unique_ptr<Stream> stream,
                 std::vector<std::string>& closed)
      : Connection(owner, std::move(stream)), closed_(closed) {}

  bool opened() const { return opened_; }

 private:
  void OnOpened() override { opened_ = true; }
  void OnClosed(const Error& reason) override { closed_.push_back(reason.detail); }

  bool opened_ = false;
  std::vector<std::string>& closed_;  // borrowed
};

// Does with ready connections what a test says.
class TestOwner final : public ConnectionOwner {
 public:
  using Serve = std::function<void(Connection& connection)>;

  explicit TestOwner(Serve serve) : serve_(std::move(serve)) {}
  void OnReady(std::span<Connection* const> ready) override {
    batch_sizes_.push_back(ready.size());
    for (Connection* connection : ready) {
      if (!connection->is_closed()) serve_(*connection);
    }
  }
  const std::vector<std::size_t>& batch_sizes() const { return batch_sizes_; }
  void set_serve(Serve serve) { serve_ = std::move(serve); }

 private:
  Serve serve_;
  std::vector<std::size_t> batch_sizes_;
};

void Echo(Connection& connection) {
  connection.output().Append(connection.input());
  connection.Consume(connection.input().size());
}

// Answers each whole line; the rest waits.
void EchoLines(Connection& connection) {
  while (true) {
    const std::size_t end = connection.input().find('\n');
    if (end == std::string_view::npos) return connection.ExpectInput(1);
    connection.output().Append(connection.input().substr(0, end + 1));
    connection.Consume(end + 1);
  }
}

// A listener on one loop, run by the test's own thread.
class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() : owner_(Echo) {
    auto listener = Listener::Tcp(*loop_, {}, [this](Socket socket) {
      AddConnection(std::make_unique<SocketStream>(std::move(socket.fd)));
    });
    EXPECT_TRUE(listener);
    address_ = (*listener)->address();
  }

  TestConnection& AddConnection(std::unique_ptr<Stream> stream) {
    auto& added =
        loop_->Adopt(std::make_unique<TestConnection>(owner_, std::move(stream), closed_));
    connections_.push_back(&added);
    return added;
  }
  Client Connect() {
    const std::size_t before = connections_.size();
    Client client(address_, loop_.get());
    EXPECT_TRUE(RunUntil(*loop_, [&] { return connections_.size() > before; }));
    return client;
  }
  bool RunUntilClosed() {
    return RunUntil(*loop_, [this] { return !closed_.empty(); });
  }
  // Rounds in which nothing should happen any more.
  void Settle() {
    for (int i = 0; i < 5; ++i) loop_->RunOnce(0ms);
  }

  std::unique_ptr<Loop> loop_ = MakeLoop();
  TestOwner owner_;
  SocketAddress address_;
  std::vector<TestConnection*> connections_;  // all that were ever added
  std::vector<std::string> closed_;           // reasons
};

TEST_F(ConnectionTest, AnswersAndThenOwnsNoMemory) {
  Client client = Connect();
  client.Send("hello");
  EXPECT_EQ(client.Receive(5), "hello");
  Settle();
  EXPECT_EQ(connections_[0]->memory_bytes(), 0u);
  EXPECT_TRUE(connections_[0]->opened());
}

TEST_F(ConnectionTest, AllReadyConnectionsComeInOneCall) {
  Client a = Connect();
  Client b = Connect();
  Client c = Connect();
  for (Client* client : {&a, &b, &c}) {
    ASSERT_EQ(send(client->fd(), "x", 1, 0), 1);
  }
  // Loopback delivers before send returns.
  loop_->RunOnce(kPatience);
  EXPECT_THAT(owner_.batch_sizes(), ElementsAre(3));
  for (Client* client : {&a, &b, &c}) EXPECT_EQ(client->Receive(1), "x");
}

TEST_F(ConnectionTest, KeepsAPartialCommandAndNothingElse) {
  owner_.set_serve(EchoLines);
  Client client = Connect();
  client.Send("one\ntw");
  EXPECT_EQ(client.Receive(4), "one\n");
  Settle();
  EXPECT_EQ(connections_[0]->input(), "tw");
  EXPECT_GT(connections_[0]->memory_bytes(), 0u);
  client.Send("o\n");
  EXPECT_EQ(client.Receive(4), "two\n");
  Settle();
  EXPECT_EQ(connections_[0]->memory_bytes(), 0u);
}

TEST_F(ConnectionTest, TakesACommandOfManyMegabytes) {
  std::string line(20'000'000, 'x');
  line += '\n';
  owner_.set_serve([&](Connection& connection) {
    if (connection.input().size() < line.size()) {
      return connection.ExpectInput(line.size() - connection.input().size());
    }
    EXPECT_EQ(connection.input(), line);
    Echo(connection);
  });
  Client client = Connect();
  client.Send(line);
  EXPECT_EQ(client.Receive(line.size()), line);
}

TEST_F(ConnectionTest, SendsManyMegabytesToASlowReader) {
  const std::string big(30'000'000, 'y');
  owner_.set_serve([&](Connection& connection) {
    connection.Consume(connection.input().size());
    for (int i = 0; i < 1000; ++i) connection.output().Append("small");
    connection.output().Append(big);
    connection.output().Append("end");
  });
  Client client = Connect();
  client.Send("go");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return connections_[0]->pending_output() > 0; }));
  Settle();
  EXPECT_GT(connections_[0]->pending_output(), 0u) << "the socket took it all";
  const std::string received = client.Receive(5000 + big.size() + 3);
  EXPECT_EQ(received.size(), 5000 + big.size() + 3);
  EXPECT_TRUE(received.ends_with("yend"));
  EXPECT_EQ(connections_[0]->pending_output(), 0u);
}

TEST_F(ConnectionTest, ClosesAfterTheOutputWasSent) {
  const std::string big(5'000'000, 'z');
  owner_.set_serve([&](Connection& connection) {
    connection.Consume(connection.input().size());
    connection.output().Append(big);
    connection.CloseAfterFlush();
  });
  Client client = Connect();
  client.Send("go");
  EXPECT_EQ(client.ReceiveAll(), big);
  EXPECT_THAT(closed_, ElementsAre("closed"));
  Settle();
  EXPECT_EQ(loop_->source_count(), 1u);
}

TEST_F(ConnectionTest, ClosesWhenThePeerHasFinished) {
  Client client = Connect();
  client.Close();
  ASSERT_TRUE(RunUntilClosed());
  EXPECT_THAT(closed_, ElementsAre("closed by the peer"));
}

TEST_F(ConnectionTest, APeerThatOnlyStoppedSendingGetsItsReplies) {
  const std::string big(5'000'000, 'z');
  owner_.set_serve([&](Connection& connection) {
    connection.Consume(connection.input().size());
    connection.output().Append(big);
  });
  Client client = Connect();
  client.Send("go");
  client.SendEnd();
  EXPECT_EQ(client.ReceiveAll().size(), big.size());
  ASSERT_TRUE(RunUntilClosed());
  EXPECT_THAT(closed_, ElementsAre("closed by the peer"));
}

TEST_F(ConnectionTest, WhatIsLeftWhenThePeerFinishesIsStillServed) {
  // One byte a round.
  owner_.set_serve([](Connection& connection) {
    if (connection.input().empty()) return;
    connection.output().Append(connection.input().substr(0, 1));
    connection.Consume(1);
    if (!connection.input().empty()) connection.CallAgain();
  });
  Client client = Connect();
  client.Send("abcdef");
  client.SendEnd();
  EXPECT_EQ(client.ReceiveAll(), "abcdef");
}

TEST_F(ConnectionTest, ACloseInTheBatchSparesTheOthers) {
  Client a = Connect();
  Client b = Connect();
  owner_.set_serve([&](Connection& connection) {
    for (TestConnection* other : connections_) {
      if (other != &connection) other->Close(MakeError(ErrorCode::kClosed, "killed"));
    }
    Echo(connection);
  });
  ASSERT_EQ(send(a.fd(), "x", 1, 0), 1);
  ASSERT_EQ(send(b.fd(), "x", 1, 0), 1);
  loop_->RunOnce(kPatience);
  EXPECT_THAT(closed_, ElementsAre("killed"));
  EXPECT_EQ((a.Receive(1) + b.Receive(1)).size(), 1u);
}

TEST_F(ConnectionTest, APausedConnectionIsNotRead) {
  Client client = Connect();
  connections_[0]->SetReading(false);
  client.Send("x");
  Settle();
  EXPECT_TRUE(owner_.batch_sizes().empty());
  connections_[0]->SetReading(true);
  EXPECT_EQ(client.Receive(1), "x");
}

TEST_F(ConnectionTest, OutputBeyondTheSendLimitWaits) {
  owner_.set_serve([](Connection& connection) {
    connection.SetSendLimit(connection.output().end_position() + 3);
    Echo(connection);
  });
  Client client = Connect();
  client.Send("abcdef");
  EXPECT_EQ(client.Receive(3), "abc");
  Settle();
  EXPECT_FALSE(client.HasInput());
  EXPECT_EQ(connections_[0]->pending_output(), 3u);
  connections_[0]->SetSendLimit(Connection::kNoLimit);
  EXPECT_EQ(client.Receive(3), "def");
}

TEST_F(ConnectionTest, WithheldOutputKeepsAClosingConnection) {
  owner_.set_serve([](Connection& connection) {
    connection.SetSendLimit(connection.output().end_position());
    Echo(connection);
  });
  Client client = Connect();
  client.Send("abc");
  client.SendEnd();
  ASSERT_TRUE(RunUntil(*loop_, [&] { return connections_[0]->is_closing(); }));
  Settle();
  EXPECT_TRUE(closed_.empty());
  connections_[0]->SetSendLimit(Connection::kNoLimit);
  EXPECT_EQ(client.ReceiveAll(), "abc");
}

TEST_F(ConnectionTest, OutputFromElsewhereLeavesOnRequest) {
  Client client = Connect();
  loop_->Post([&] {
    connections_[0]->output().Append("message");
    connections_[0]->RequestFlush();
  });
  EXPECT_EQ(client.Receive(7), "message");
}

TEST_F(ConnectionTest, AResetPeerClosesAConnectionThatIsNotRead) {
  Client client = Connect();
  connections_[0]->SetReading(false);
  const linger hard{.l_onoff = 1, .l_linger = 0};
  setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  client.Close();
  EXPECT_TRUE(RunUntilClosed());
}

// A stream as TLS makes them: a handshake in steps, reads that want to write first, writes
// that want to read first, and input that it holds while the socket is silent.
class FussyStream final : public Stream {
 public:
  explicit FussyStream(Fd fd) : inner_(std::move(fd)) {}

  int fd() const override { return inner_.fd(); }
  IoResult Handshake() override {
    ++handshakes_;
    if (handshakes_ == 1) return {IoState::kWantsWrite};
    char byte = 0;
    return handshakes_ == 2 ? IoResult{IoState::kWantsRead} : inner_.Read(&byte, 1);
  }
  IoResult Read(char* out, std::size_t room) override {
    if (held_.empty()) {
      if (++reads_ % 3 == 1) return {IoState::kWantsWrite};
      char buffer[4096];
      const IoResult result = inner_.Read(buffer, sizeof buffer);
      if (result.state != IoState::kDone) return result;
      held_.assign(buffer, result.bytes);
    }
    const std::size_t count = std::min({room, held_.size(), std::size_t{7}});
    held_.copy(out, count);
    held_.erase(0, count);
    return {IoState::kDone, count};
  }
  IoResult Write(const iovec* parts, std::size_t) override {
    if (++writes_ % 3 == 0) return {IoState::kWantsRead};
    const iovec part{parts[0].iov_base, std::min<std::size_t>(parts[0].iov_len, 5)};
    return inner_.Write(&part, 1);
  }
  bool has_buffered_input() const override { return !held_.empty(); }
  Error error() const override { return inner_.error(); }

 private:
  SocketStream inner_;
  int handshakes_ = 0;
  int reads_ = 0;
  int writes_ = 0;
  std::string held_;
};

TEST_F(ConnectionTest, ServesAStreamThatWantsTheOtherDirection) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  TestConnection& connection = AddConnection(std::make_unique<FussyStream>(Fd(ends[0])));
  Client client(Fd(ends[1]), loop_.get());
  Settle();
  EXPECT_FALSE(connection.opened());
  client.Send("!");  // the handshake's
  ASSERT_TRUE(RunUntil(*loop_, [&] { return connection.opened(); }));
  std::string all;
  std::string received;
  for (int i = 0; i < 20; ++i) {
    const std::string bytes = "message " + std::to_string(i) + " of twenty;";
    client.Send(bytes);
    all += bytes;
    // A write that wants to read goes on when the next message comes.
    while (client.HasInput()) received += client.Receive(1);
  }
  client.SendEnd();
  ASSERT_TRUE(
      RunUntil(*loop_, [&] { return connection.pending_output() < 6 || connection.is_closing(); }));
  received += client.ReceiveAll();
  EXPECT_EQ(received, all);
}

TEST(ConnectionThreads, ManyClientsOnTwoLoops) {
  constexpr int kClients = 8;
  constexpr int kMessages = 200;
  TestOwner owners[2] = {TestOwner(EchoLines), TestOwner(EchoLines)};
  std::vector<std::string> closed[2];
  LoopThread loops[2];
  SocketAddress address;
  int accepted = 0;
  const auto accept = [&](Socket socket) {
    const int to = accepted++ % 2;
    auto shared = std::make_shared<Socket>(std::move(socket));
    loops[to]->Post([&, to, shared] {
      loops[to]->Adopt(std::make_unique<TestConnection>(
          owners[to], std::make_unique<SocketStream>(std::move(shared->fd)), closed[to]));
    });
  };
  loops[0].Do([&] { address = (*Listener::Tcp(*loops[0], {}, accept))->address(); });
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&] {
      Client client(address);
      for (int m = 0; m < kMessages; ++m) {
        const std::string line = std::string(static_cast<std::size_t>(m * 37 % 5000), 'm') + "\n";
        client.Send(line);
        ASSERT_EQ(client.Receive(line.size()), line);
      }
    });
  }
  for (std::thread& client : clients) client.join();
}

}  // namespace
}  // namespace satchel::net
