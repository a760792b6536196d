// What `satchel serve` tells over HTTP, and `satchel health`.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "server/http.h"
#include "tests/support/server.h"
#include "tests/support/shell.h"

namespace satchel {
namespace {

using nlohmann::json;
using oracle::Ended;
using oracle::ServerProcess;
using std::chrono::seconds;
using testing::HasSubstr;

// Output and errors.
Ended Satchel(const std::string& arguments) {
  return oracle::RunShell(std::string(SATCHEL_PROGRAM) + " " + arguments + " 2>&1");
}

class Watching : public testing::Test {
 protected:
  void Serve(std::vector<std::string> more = {"--in-memory"}) {
    auto started = ServerProcess::Start("satchel", [&](int port, const std::string& dir) {
      std::vector<std::string> command = {SATCHEL_PROGRAM,      "serve",       "--port",
                                          std::to_string(port), "--http-port", "auto",
                                          "--ready-file",       dir + "/ready"};
      command.insert(command.end(), more.begin(), more.end());
      return command;
    });
    ASSERT_TRUE(started) << started.error().detail;
    server = std::move(*started);
    while (port.empty() && server->Running()) {
      std::ifstream ready(server->dir() + "/ready");
      for (std::string line; std::getline(ready, line);) {
        if (line.starts_with("http_port=")) port = line.substr(10);
      }
      std::this_thread::yield();
    }
    ASSERT_NE(port, "") << server->OutputTail();
  }
  std::string Url(const std::string& path) const { return "http://127.0.0.1:" + port + path; }
  server::HttpPage Page(const std::string& path) const {
    auto page = server::HttpGet(Url(path), seconds(20));
    EXPECT_TRUE(page) << page.error().detail;
    return page.value_or(server::HttpPage{});
  }
  // Rounds of checks come once a second.
  json ReadyWhen(const std::string& status) const {
    json found;
    do {
      found = json::parse(Page("/readyz").body);
    } while (found["status"] != status && server->Running());
    return found;
  }

  std::unique_ptr<ServerProcess> server;
  std::string port;
};

TEST_F(Watching, AServingProcessIsLiveAndReady) {
  Serve();
  EXPECT_EQ(Page("/healthz").status, 200);
  const json ready = ReadyWhen("ready");
  EXPECT_EQ(ready["mode"], "standalone");
  EXPECT_EQ(ready["store_driver"], "embedded");
  EXPECT_EQ(Page("/readyz").status, 200);
  const Ended asked = Satchel("health " + Url(""));
  EXPECT_EQ(asked.exit_code, 0);
  EXPECT_EQ(json::parse(asked.output)["status"], "ready");
}

TEST_F(Watching, AStoreOverItsMemoryIsNotReadyUntilThereIsRoom) {
  Serve();
  ReadyWhen("ready");
  const auto client = oracle::Connection::Open(server->port());
  ASSERT_NE(client, nullptr);
  client->Call({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(ReadyWhen("not_ready")["checks"]["memory"]["ok"], false);
  EXPECT_EQ(Page("/readyz").status, 503);
  EXPECT_EQ(Page("/healthz").status, 200);
  EXPECT_EQ(Satchel("health --quiet " + Url("")).exit_code, 1);
  client->Call({"CONFIG", "SET", "maxmemory", "0"});
  ReadyWhen("ready");
}

TEST_F(Watching, MetricsCountWhatClientsDid) {
  Serve();
  const auto client = oracle::Connection::Open(server->port());
  ASSERT_NE(client, nullptr);
  client->Call({"SET", "secret-key", "secret-value", "EX", "100"});
  client->Call({"SET", "other", "1"});
  client->Call({"LPUSH", "other", "1"});
  const server::HttpPage page = Page("/metrics");
  EXPECT_EQ(page.type, "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line :
       {R"(satchel_commands_total{command="set",status="ok",store_driver="embedded"} 2)",
        R"(satchel_commands_total{command="lpush",status="error",store_driver="embedded"} 1)",
        R"(satchel_keys{db="0"} 2)", R"(satchel_keys_with_ttl{db="0"} 1)",
        R"(satchel_connections 1)",
        R"(satchel_component_mode{component="auth",mode="standalone"} 1)"}) {
    EXPECT_THAT(page.body, HasSubstr("\n" + std::string(line) + "\n"));
  }
  EXPECT_THAT(page.body, testing::Not(HasSubstr("secret")));
}

// Every sample belongs to the family before it, and none comes twice.
TEST_F(Watching, MetricsAreWellFormed) {
  Serve({});
  std::stringstream lines(Page("/metrics").body);
  std::string family;
  std::set<std::string> families;
  std::set<std::string> samples;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) continue;
    if (line.starts_with("# TYPE ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(families.insert(family).second) << family;
      continue;
    }
    const std::size_t space = line.rfind(' ');
    ASSERT_NE(space, line.npos) << line;
    EXPECT_TRUE(line.starts_with(family)) << line;
    EXPECT_TRUE(samples.insert(line.substr(0, space)).second) << line;
    char* end = nullptr;
    std::strtod(line.c_str() + space + 1, &end);
    EXPECT_EQ(*end, '\0') << line;
  }
  EXPECT_TRUE(samples.contains("satchel_snapshot_age_seconds"));
}

TEST_F(Watching, APortThatWasAskedForAndIsTakenEndsTheStart) {
  Serve();
  const Ended second = Satchel("serve --port auto --in-memory --http-port " + port);
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_THAT(second.output, HasSubstr("127.0.0.1:" + port + " for HTTP: Address already in use"));
}

TEST(HealthCommand, SaysThatNobodyAnswers) {
  std::string gone;
  {
    auto server = server::HttpServer::Start({});
    ASSERT_TRUE(server);
    gone = "http://127.0.0.1:" + std::to_string((*server)->port());
  }
  const Ended asked = Satchel("health " + gone);
  EXPECT_EQ(asked.exit_code, 3);
  EXPECT_THAT(asked.output, HasSubstr(gone + " does not answer"));
}

TEST(HealthCommand, RefusesWhatIsNoAddress) { EXPECT_EQ(Satchel("health localhost").exit_code, 2); }

TEST(HttpConfig, BeyondLoopbackNeedsPermission) {
  const Ended refused = Satchel("serve --port auto --in-memory --http-address 0.0.0.0");
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.output, HasSubstr("http.allow_remote"));
}

}  // namespace
}  // namespace satchel
