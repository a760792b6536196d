// `satchel admin`, as operators run it: on data directories and on servers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "repos/provider.h"
#include "tests/snapshot/temp_dir.h"
#include "tests/support/redis.h"
#include "tests/support/server.h"
#include "tests/support/shell.h"

namespace satchel {
namespace {

using nlohmann::json;
using oracle::Ended;
using oracle::RunShell;
using oracle::ServerProcess;
using testing::HasSubstr;
using testing::Not;

Ended Admin(const std::string& arguments, bool errors = false) {
  return RunShell(std::string(SATCHEL_PROGRAM) + " admin " + arguments +
                  (errors ? " 2>&1" : " 2> /dev/null"));
}

std::string ReadFile(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class AdminTest : public testing::Test {
 protected:
  AdminTest() {
    auto opened = store::EmbeddedStore::Open({.data_dir = data, .min_free_bytes = 0});
    EXPECT_TRUE(opened);
    Fill(**opened);
    EXPECT_TRUE((*opened)->Close(snapshot::Snapshotter::Final::kSave));
  }

  static void Fill(store::Store& store) {
    const auto config = store::LoadConfig({});
    const auto repos =
        repos::Provider::Over(*config, [&](store::Component) -> store::Store& { return store; });
    EXPECT_TRUE((*repos)->workflows().UpsertState({.workflow_id = "w", .workflow_exec_id = "e"}));
    for (int i = 0; i < 40; ++i) {
      const std::string id = "t" + std::to_string(i);
      EXPECT_TRUE((*repos)->tasks().UpsertState(
          {.task_id = id, .task_exec_id = id, .workflow_id = "w", .workflow_exec_id = "e"}));
    }
    EXPECT_TRUE((*repos)->memory().Append("talk", {"1", "2"}, 3));
  }
  static void Damage(store::Store& store) {
    EXPECT_TRUE(store.Run({"DEL", "satchel:v1:task:{tx:!:t7}:loc"}));
    EXPECT_TRUE(store.Run({"ZADD", "satchel:v1:wf:{wi:!}:ix", "0", "cr 0000000000000001 lost"}));
  }
  void DamageDirectory() const {
    auto opened = store::EmbeddedStore::Open({.data_dir = data, .min_free_bytes = 0});
    ASSERT_TRUE(opened);
    Damage(**opened);
    ASSERT_TRUE((*opened)->Close(snapshot::Snapshotter::Final::kSave));
  }
  std::unique_ptr<ServerProcess> Serve() const {
    auto server = ServerProcess::Start("satchel", [&](int port, const std::string&) {
      return std::vector<std::string>{SATCHEL_PROGRAM,      "serve",      "--port",
                                      std::to_string(port), "--data-dir", data,
                                      "--http-enabled",     "false"};
    });
    EXPECT_TRUE(server) << server.error().detail;
    return server ? std::move(*server) : nullptr;
  }
  static std::string UrlOf(const ServerProcess& server) {
    return "--url redis://127.0.0.1:" + std::to_string(server.port());
  }
  static json Entities(const Ended& ended) {
    const json report = json::parse(ended.output, nullptr, false);
    EXPECT_TRUE(report.is_object()) << ended.output;
    return report.is_object() ? report["entities"] : json();
  }

  TempDir dir;
  const std::string data = dir / "data";
  const std::string here = "--data-dir " + data;
};

TEST_F(AdminTest, BothModesGiveEqualReportsForEqualData) {
  DamageDirectory();
  const Ended stopped = Admin("check --output json " + here);
  EXPECT_EQ(stopped.exit_code, 1) << stopped.output;
  EXPECT_EQ(Entities(stopped)["task"]["findings"], json({{"missing", 1}}));
  EXPECT_EQ(Entities(stopped)["workflow"]["findings"], json({{"dangling", 1}}));
  EXPECT_EQ(Entities(Admin("check --output json " + here)), Entities(stopped))
      << "a check leaves a directory as it is";
  const auto server = Serve();
  const Ended served = Admin("check --output json " + UrlOf(*server));
  EXPECT_EQ(served.exit_code, 1);
  EXPECT_EQ(Entities(served), Entities(stopped));
  EXPECT_EQ(json::parse(stopped.output)["store_driver"], "embedded");
  EXPECT_EQ(json::parse(served.output)["store_driver"], "redis");
}

TEST_F(AdminTest, ADirectoryIsRepairedAndStaysSo) {
  DamageDirectory();
  EXPECT_EQ(Admin("reindex " + here).exit_code, 1) << "without --repair it only looks";
  const Ended repaired = Admin("reindex --repair " + here);
  EXPECT_EQ(repaired.exit_code, 0) << repaired.output;
  const Ended checked = Admin("check " + here);
  EXPECT_EQ(checked.exit_code, 0) << checked.output;
  EXPECT_THAT(checked.output, HasSubstr("tasks_backend"));
}

TEST_F(AdminTest, ARedisServerIsRepaired) {
  auto redis = oracle::StartRedis();
  ASSERT_TRUE(redis) << redis.error().detail;
  const std::string url = UrlOf(**redis);
  auto store = store::RemoteStore::Open(
      {.address = *store::ParseSeed("127.0.0.1:" + std::to_string((*redis)->port()))});
  ASSERT_TRUE(store);
  Fill(**store);
  EXPECT_EQ(Admin("check " + url).exit_code, 0);
  Damage(**store);
  const Ended repaired = Admin("reindex --repair --entity task,workflow " + url);
  EXPECT_EQ(repaired.exit_code, 0) << repaired.output;
  EXPECT_EQ(Admin("check " + url).exit_code, 0);
  EXPECT_FALSE((*store)->Run({"GET", "satchel:v1:task:{tx:!:t7}:loc"})->is_null());
}

TEST_F(AdminTest, ADirectoryInUseIsRefusedNamingTheHolder) {
  const auto server = Serve();
  for (const char* command : {"check", "reindex --repair", "sweep", "stats"}) {
    const Ended refused = Admin(std::string(command) + " " + here, true);
    EXPECT_EQ(refused.exit_code, 3) << command;
    EXPECT_THAT(refused.output, HasSubstr("in use by process "));
    EXPECT_THAT(refused.output, HasSubstr("--url"));
  }
  EXPECT_TRUE(server->Running());
}

TEST_F(AdminTest, AnInterruptedCheckGoesOnWhereItWas) {
  DamageDirectory();
  const auto server = Serve();
  const std::string url = UrlOf(*server);
  const json whole = Entities(Admin("check --output json " + url));
  const std::string state = dir / "state.json";
  const std::string check =
      std::string(SATCHEL_PROGRAM) + " admin check --output json --resume " + state + " " + url;
  // Slow enough to be met in the middle.
  const Ended first =
      RunShell("timeout --preserve-status -s INT 2 " + check + " --rate 60 --batch 10");
  EXPECT_EQ(first.exit_code, 4) << first.output;
  EXPECT_FALSE(json::parse(first.output)["complete"].get<bool>());
  struct stat status {};
  ASSERT_EQ(stat(state.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_THAT(ReadFile(state), Not(HasSubstr("t7")));
  const Ended refused = Admin("check --entity task --resume " + state + " " + url, true);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.output, HasSubstr("--resume"));
  const Ended second = RunShell(check);
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_EQ(Entities(second), whole);
  EXPECT_EQ(access(state.c_str(), F_OK), -1) << "nothing is left to go on from";
}

TEST_F(AdminTest, ADirectoryIsCheckedToTheEndAfterAnInterruption) {
  DamageDirectory();
  const json whole = Entities(Admin("check --output json " + here));
  const std::string check = std::string(SATCHEL_PROGRAM) + " admin check --output json --resume " +
                            (dir / "state.json") + " " + here;
  const Ended first =
      RunShell("timeout --preserve-status -s TERM 2 " + check + " --rate 60 --batch 10");
  EXPECT_EQ(first.exit_code, 4) << first.output;
  EXPECT_EQ(Entities(RunShell(check)), whole);
}

TEST_F(AdminTest, AReportIsWrittenWhereItIsWanted) {
  DamageDirectory();
  const std::string file = dir / "report.json";
  const Ended table = Admin("check --report " + file + " " + here);
  EXPECT_THAT(table.output, HasSubstr("task: missing loc"));
  EXPECT_EQ(json::parse(ReadFile(file))["exit"], 1);
  EXPECT_THAT(ReadFile(file) + table.output, Not(HasSubstr("t7")));
  EXPECT_EQ(json::parse(Admin("check --report - " + here).output)["format"], 1);
  EXPECT_THAT(Admin("check --show-keys " + here).output, HasSubstr("{tx:!:t7}:loc"));
  EXPECT_EQ(Admin("check --quiet " + here).output, "");
  EXPECT_EQ(
      json::parse(Admin("check --report - --max-findings 1 " + here).output)["samples"].size(), 1u);
}

TEST_F(AdminTest, TheConfigurationNamesTheStoreToo) {
  const std::string program = std::string(SATCHEL_PROGRAM) + " admin check --output json";
  const Ended by_environment = RunShell("SATCHEL_PERSISTENCE__DATA_DIR=" + data + " " + program);
  EXPECT_EQ(by_environment.exit_code, 0);
  EXPECT_EQ(Entities(by_environment)["task"]["objects"], 40);
  EXPECT_EQ(Entities(Admin("check --output json --tenant other " + here))["task"]["objects"], 0);
  EXPECT_EQ(Entities(Admin("check --output json --tenant all " + here))["task"]["objects"], 40);
  const auto server = Serve();
  const Ended distributed =
      RunShell("SATCHEL_MODE=distributed SATCHEL_DISTRIBUTED__SEEDS=127.0.0.1:" +
               std::to_string(server->port()) + " " + program);
  EXPECT_EQ(Entities(distributed)["task"]["objects"], 40);
}

TEST_F(AdminTest, WhatCannotBeReachedOrMeantHasCodesOfItsOwn) {
  EXPECT_EQ(Admin("check --url redis://127.0.0.1:1").exit_code, 3);
  EXPECT_EQ(Admin("check --url nonsense://x").exit_code, 2);
  EXPECT_EQ(Admin("check --entity teapot " + here).exit_code, 2);
  EXPECT_EQ(Admin("check --rate 0 " + here).exit_code, 2);
  EXPECT_EQ(Admin("check --url redis://127.0.0.1:1 " + here).exit_code, 2);
  EXPECT_EQ(Admin("check --data-dir " + (dir / "nothing")).exit_code, 2);
  EXPECT_NE(access((dir / "nothing").c_str(), F_OK), 0) << "and nothing is made";
  EXPECT_EQ(Admin("check --in-memory").exit_code, 2);
  EXPECT_EQ(Admin("").exit_code, 2);
}

TEST_F(AdminTest, StatisticsAreForPeopleAndForPrograms) {
  EXPECT_THAT(Admin("stats " + here).output, HasSubstr("PENDING"));
  const Ended stats = Admin("stats --output json --tenant all " + here);
  EXPECT_EQ(stats.exit_code, 0);
  bool has_tasks = false;
  const json report = json::parse(stats.output);
  for (const json& one : report["entities"]) {
    if (one["entity"] != "task") continue;
    has_tasks = true;
    EXPECT_EQ(one["objects"], 40);
    EXPECT_EQ(one["by_status"], json({{"PENDING", 40}}));
    EXPECT_GT(one["bytes"], 1000);
  }
  EXPECT_TRUE(has_tasks);
}

TEST_F(AdminTest, SweepRemovesWhatIsDueAndSaysSo) {
  {
    auto opened = store::EmbeddedStore::Open({.data_dir = data, .min_free_bytes = 0});
    ASSERT_TRUE(opened);
    const auto config = store::LoadConfig({});
    const auto repos =
        repos::Provider::Over(*config, [&](store::Component) -> store::Store& { return **opened; });
    EXPECT_TRUE((*repos)->workflows().UpdateStatus("e", repos::Status::kSuccess));
    ASSERT_TRUE((*opened)->Close(snapshot::Snapshotter::Final::kSave));
  }
  json swept = json::parse(Admin("sweep --output json " + here).output);
  EXPECT_EQ(swept["removed"]["workflows"], 0);
  swept = json::parse(
      Admin("sweep --output json --reapply --workflow-retention 1ms --tenant all " + here).output);
  EXPECT_EQ(swept["reapplied"]["workflows"], 1);
  EXPECT_EQ(swept["removed"]["workflows"], 1);
  EXPECT_TRUE(swept["complete"].get<bool>());
  EXPECT_EQ(Entities(Admin("check --output json " + here))["task"]["objects"], 0);
  EXPECT_THAT(Admin("sweep " + here).output, HasSubstr("workflows removed"));
}

TEST_F(AdminTest, SweepSaysWhenAnotherProcessSweeps) {
  const auto server = Serve();
  auto connection = oracle::Connection::Open(server->port());
  connection->Call({"SET", "satchel:v1:lock:{lk:!:sweep%3A}:h", "x", "PX", "60000"});
  const Ended skipped = Admin("sweep " + UrlOf(*server));
  EXPECT_EQ(skipped.exit_code, 0);
  EXPECT_THAT(skipped.output, HasSubstr("another process sweeps"));
}

// A server sweeps by itself.
TEST_F(AdminTest, ServeSweepsEachInterval) {
  {
    auto opened = store::EmbeddedStore::Open({.data_dir = data, .min_free_bytes = 0});
    ASSERT_TRUE(opened);
    const auto config = store::LoadConfig({});
    const auto repos =
        repos::Provider::Over(*config, [&](store::Component) -> store::Store& { return **opened; });
    EXPECT_TRUE((*repos)->workflows().UpdateStatus("e", repos::Status::kSuccess));
    ASSERT_TRUE((*opened)->Run({"HSET", "satchel:v1:wf:{wx:!:e}:state", "x", "1"}));
    ASSERT_TRUE((*opened)->Run({"ZADD", "satchel:v1:gc:{gc:!}:due", "1", "w e"}));
    ASSERT_TRUE((*opened)->Close(snapshot::Snapshotter::Final::kSave));
  }
  const auto server = ServerProcess::Start("satchel", [&](int port, const std::string&) {
    return std::vector<std::string>{
        SATCHEL_PROGRAM,    "serve", "--port",         std::to_string(port),
        "--data-dir",       data,    "--http-enabled", "false",
        "--sweep-interval", "1s"};
  });
  ASSERT_TRUE(server) << server.error().detail;
  auto store = store::RemoteStore::Open(
      {.address = *store::ParseSeed("127.0.0.1:" + std::to_string((*server)->port()))});
  ASSERT_TRUE(store);
  bool is_gone = false;
  for (int i = 0; i < 200 && !is_gone; ++i) {
    (void)(*store)->Run({"BLPOP", "never", "0.05"});  // waits
    is_gone = (*store)->Run({"EXISTS", "satchel:v1:wf:{wx:!:e}:state"})->integer == 0;
  }
  EXPECT_TRUE(is_gone);
}

// The page shows what the example prints, and the example is run and compared.
TEST(AdminPage, ItsCommandsAreTheExamples) {
  const std::string root = SATCHEL_SOURCE_DIR;
  const std::string page = ReadFile(root + "/docs/admin.md");
  const std::string printed = ReadFile(root + "/examples/admin/expected.txt");
  constexpr std::string_view kBegin = "```console\n";
  int blocks = 0;
  for (std::size_t at = page.find(kBegin); at != page.npos; at = page.find(kBegin, at + 1)) {
    const std::size_t begin = at + kBegin.size();
    const std::string block = page.substr(begin, page.find("```", begin) - begin);
    EXPECT_NE(printed.find(block), printed.npos) << block;
    ++blocks;
  }
  EXPECT_GE(blocks, 5);
}

}  // namespace
}  // namespace satchel
