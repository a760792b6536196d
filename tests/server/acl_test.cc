// Users from a file, and what happens to the connections of a user.

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/server/harness.h"

namespace satchel::server {
namespace {

class AclFileTest : public ServerTest {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "satchel-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    path_ = folder + "/users.acl";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(std::string_view text) { std::ofstream(path_) << text; }
  std::string Content() {
    std::stringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }
  void ServeFile() {
    ServerOptions options;
    options.acl_file = path_;
    Serve(options);
  }

  std::string folder_;
  std::string path_;
};
INSTANTIATE_SERVER_TESTS(AclFileTest);

TEST_P(AclFileTest, UsersOfTheFileMayComeIn) {
  Write("user default off\nuser ann on >pw +@all ~*\n");
  ServeFile();
  Client client = Connect();
  EXPECT_ANSWER(client, "GET k\r\n", "-NOAUTH Authentication required.\r\n");
  EXPECT_ANSWER(client, "AUTH ann pw\r\nGET k\r\n", "+OK\r\n$-1\r\n");
}

TEST_P(AclFileTest, SaveReplacesTheFileWhichOnlyItsOwnerReads) {
  Write("");
  ServeFile();
  Client client = Connect();
  EXPECT_ANSWER(client, "ACL SETUSER ann on >pw ~k +get\r\nACL SAVE\r\n", "+OK\r\n+OK\r\n");
  EXPECT_EQ(Content(),
            "user ann on #30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4 ~k "
            "resetchannels -@all +get\nuser default on nopass ~* &* +@all\n");
  struct stat found {};
  ASSERT_EQ(stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
}

TEST_P(AclFileTest, LoadClosesWhoseUserItReplaces) {
  Write("user ann on nopass +@all\n");
  ServeFile();
  Client ann = Connect();
  EXPECT_ANSWER(ann, "AUTH ann x\r\n", "+OK\r\n");
  Client admin = Connect();
  EXPECT_ANSWER(admin, "ACL LOAD\r\nPING\r\n", "+OK\r\n+PONG\r\n");
  EXPECT_TRUE(ann.IsClosed());
}

TEST_P(AclFileTest, ABadFileChangesNothing) {
  Write("user ann on nopass +@all\n");
  ServeFile();
  Client ann = Connect();
  EXPECT_ANSWER(ann, "AUTH ann x\r\n", "+OK\r\n");
  Write("user ann on nopass +nosuch\n");
  EXPECT_ANSWER(ann, "ACL LOAD\r\n",
                "-ERR " + path_ +
                    ":1: Error in applying operation '+nosuch': Unknown command or category name "
                    "in ACL. WARNING: ACL errors detected, no change to the previously active ACL "
                    "rules was performed\r\n");
  EXPECT_ANSWER(ann, "ACL WHOAMI\r\n", "$3\r\nann\r\n");
}

TEST_P(AclFileTest, ABadFileStopsTheStart) {
  Write("nonsense\n");
  auto store = store::EmbeddedStore::Open({.extra_commands = {ServerCommands()}});
  ServerOptions options;
  options.loops = GetParam();
  options.acl_file = path_;
  EXPECT_FALSE(Server::Start(**store, options));
  options.acl_file = path_ + ".missing";
  EXPECT_FALSE(Server::Start(**store, options));
}

TEST_P(AclFileTest, UsersMayBeGivenAsLines) {
  ServerOptions options;
  options.users = {"user ann on >pw +@all ~*"};
  Serve(options);
  Client client = Connect();
  EXPECT_ANSWER(client, "AUTH ann pw\r\nACL WHOAMI\r\n", "+OK\r\n$3\r\nann\r\n");
  options.acl_file = path_;
  EXPECT_FALSE(Server::Start(*store_, options));
}

TEST_P(AclFileTest, ADeletedUsersClientsAreClosedOnEveryLoop) {
  ServerOptions options;
  options.users = {"user ann on nopass +@all ~*"};
  Serve(options);
  std::vector<Client> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(Connect());
    EXPECT_ANSWER(clients.back(), "AUTH ann x\r\n", "+OK\r\n");
  }
  Client admin = Connect();
  EXPECT_ANSWER(admin, "ACL DELUSER ann\r\n", ":1\r\n");
  for (Client& client : clients) EXPECT_TRUE(client.IsClosed());
}

// The address of an interface other than loopback; empty when this machine has none.
std::string OutsideAddress() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return {};
  std::string found;
  for (const ifaddrs* it = all; it != nullptr; it = it->ifa_next) {
    if (it->ifa_addr == nullptr || it->ifa_addr->sa_family != AF_INET) continue;
    const net::SocketAddress address(it->ifa_addr, sizeof(sockaddr_in));
    if (!address.is_local()) found = address.host();
  }
  freeifaddrs(all);
  return found;
}

class ProtectedMode : public ServerTest {};
INSTANTIATE_SERVER_TESTS(ProtectedMode);

TEST_P(ProtectedMode, WithoutAPasswordOnlyThisMachineMayConnect) {
  const std::string outside = OutsideAddress();
  if (outside.empty()) GTEST_SKIP() << "this machine has only loopback";
  ServerOptions options;
  options.addresses = {"*"};
  Serve(options);
  const auto address =
      net::Resolve(outside, server_->port(), net::ResolveFor::kConnecting)->front();
  {
    Client stranger(address);
    EXPECT_EQ(stranger.Line().substr(0, 8), "-DENIED ");
    EXPECT_TRUE(stranger.IsClosed());
  }
  Client local = Connect();
  EXPECT_ANSWER(local, "CONFIG SET protected-mode no\r\n", "+OK\r\n");
  Client guest(address);
  EXPECT_ANSWER(guest, "PING\r\n", "+PONG\r\n");
  EXPECT_ANSWER(local, "CONFIG SET protected-mode yes requirepass pw\r\n", "+OK\r\n");
  Client member(address);
  EXPECT_ANSWER(member, "AUTH pw\r\nPING\r\n", "+OK\r\n+PONG\r\n");
}

}  // namespace
}  // namespace satchel::server
