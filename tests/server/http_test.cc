// The pages for those who watch a program.

#include "server/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>

namespace satchel::server {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class HttpTest : public testing::Test {
 protected:
  HttpTest() {
    auto started = HttpServer::Start(
        {.pages = {{"/fine", [] { return HttpPage{.body = "{}\n"}; }},
                   {"/broken", [this] {
                      ++calls;
                      return HttpPage{.status = 503, .type = "text/plain", .body = "no"};
                    }}}});
    EXPECT_TRUE(started) << started.error().detail;
    server = std::move(*started);
  }
  std::string Url(const std::string& path) {
    return "http://127.0.0.1:" + std::to_string(server->port()) + path;
  }

  std::atomic<int> calls{0};
  std::unique_ptr<HttpServer> server;
};

TEST_F(HttpTest, APageIsWhatItsFunctionSays) {
  const auto fine = HttpGet(Url("/fine"), seconds(20));
  ASSERT_TRUE(fine) << fine.error().detail;
  EXPECT_EQ(fine->status, 200);
  EXPECT_EQ(fine->type, "application/json");
  EXPECT_EQ(fine->body, "{}\n");
  const auto broken = HttpGet(Url("/broken"), seconds(20));
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->status, 503);
  EXPECT_EQ(broken->type, "text/plain");
  EXPECT_EQ(broken->body, "no");
}

TEST_F(HttpTest, EachRequestAsksAnew) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(HttpGet(Url("/broken"), seconds(20)));
  EXPECT_EQ(calls, 3);
}

TEST_F(HttpTest, ClientsThatAreIdleDoNotKeepOthersOut) {
  const std::string url = Url("/fine");
  std::vector<std::unique_ptr<httplib::Client>> idle;
  for (int i = 0; i < 50; ++i) {
    idle.push_back(std::make_unique<httplib::Client>("127.0.0.1", server->port()));
    idle.back()->set_keep_alive(true);
    ASSERT_EQ(idle.back()->Get("/fine")->status, 200);
  }
  const auto since = std::chrono::steady_clock::now();
  ASSERT_TRUE(HttpGet(url, seconds(20)));
  EXPECT_LT(std::chrono::steady_clock::now() - since, seconds(1));
}

TEST_F(HttpTest, AQueryDoesNotMatter) {
  EXPECT_EQ(HttpGet(Url("/fine?verbose=1"), seconds(20))->status, 200);
}

TEST_F(HttpTest, AnotherPathIsToldWhatThereIs) {
  const auto page = HttpGet(Url("/"), seconds(20));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 404);
  EXPECT_EQ(page->body, "not found; there are /broken /fine\n");
}

TEST_F(HttpTest, APortThatIsTakenIsRefusedByName) {
  const auto other = HttpServer::Start({.port = server->port()});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kIo);
  EXPECT_THAT(other.error().detail, HasSubstr("127.0.0.1:" + std::to_string(server->port()) +
                                              " for HTTP: Address already in use"));
}

TEST_F(HttpTest, AnAddressThatIsNotOfThisMachineIsRefused) {
  const auto other = HttpServer::Start({.address = "192.0.2.1"});
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().detail, HasSubstr("192.0.2.1"));
}

TEST_F(HttpTest, AServerThatHasEndedDoesNotAnswer) {
  const std::string url = Url("/fine");
  server.reset();
  const auto page = HttpGet(url, seconds(20));
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::kUnavailable);
}

TEST_F(HttpTest, WhatIsNoAddressIsRefused) {
  for (const char* url : {"", "127.0.0.1:80/", "https://127.0.0.1/", "http://", "http:///x",
                          "http://127.0.0.1:port/"}) {
    const auto page = HttpGet(url, seconds(1));
    ASSERT_FALSE(page) << url;
    EXPECT_EQ(page.error().code, ErrorCode::kInvalidArgument) << url;
  }
}

}  // namespace
}  // namespace satchel::server
