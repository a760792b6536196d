#include "repos/provider.h"

#include <fstream>
#include <sstream>

#include "tests/repos/repo_test.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using store::Component;

class ProviderContract : public RepoTest {
 protected:
  std::unique_ptr<Provider> Make(std::map<std::string, std::string> environment = {}) {
    const auto config = store::LoadConfig({.environment = std::move(environment)});
    EXPECT_TRUE(config) << config.error().detail;
    auto provider = Provider::Over(
        *config, [this](Component) -> store::Store& { return *store; }, Options());
    EXPECT_TRUE(provider);
    return std::move(*provider);
  }
};

// One life of a workflow through everything that takes part in it.
TEST_P(ProviderContract, AWorkflowRunsEndToEnd) {
  const auto repos = Make({{"SATCHEL_TENANT", "acme"}});
  ASSERT_TRUE(repos->auth().CreateInitialAdminIfNone({.id = "root", .email = "root@x"}));
  EXPECT_EQ(repos->idempotency().Claim("runs", "k").value(), Claimed::kFirst);
  EXPECT_TRUE(repos->rate_limits().Take("user:root", {.name = "runs"})->allowed);
  EXPECT_TRUE(repos->task_configs().Save("run", "{\"model\":1}"));
  EXPECT_TRUE(repos->definitions().Save("server", "{}"));
  EXPECT_TRUE(repos->resources().Put({.project = "p", .type = ResourceType::kAgent, .id = "a"},
                                     "{\"name\":\"a\"}"));
  auto listener = repos->notifications().Subscribe({repos->notifications().WorkflowChannel("w")});
  ASSERT_TRUE(listener);
  auto lock = repos->locks().Acquire("run");
  ASSERT_TRUE(lock);

  ASSERT_TRUE(repos->workflows().UpsertState({.workflow_id = "w", .workflow_exec_id = "run"}));
  for (int i = 0; i < 3; ++i) {
    TaskState task{.status = Status::kRunning,
                   .task_id = "t" + std::to_string(i),
                   .task_exec_id = "x" + std::to_string(i),
                   .workflow_id = "w",
                   .workflow_exec_id = "run"};
    if (i > 0) task.parent_state_id = "x0";
    ASSERT_TRUE(repos->tasks().UpsertState(task));
    EXPECT_TRUE(repos->streams().Publish("run", "status", std::to_string(i)));
  }
  EXPECT_EQ(repos->tasks().GetProgressInfo({"x0"})->status, Status::kRunning);
  EXPECT_TRUE(repos->memory().Append("run", {"1"}, 3));
  CheckpointPut put{.config = {.thread = "run"}};
  put.checkpoint.id = "c";
  EXPECT_TRUE(repos->checkpoints().Put(put));
  for (int i = 2; i >= 0; --i) {
    ASSERT_TRUE(repos->tasks().WithTransaction("run", [&](TaskTransaction& tx) -> Result<void> {
      SATCHEL_ASSIGN(TaskState task, tx.GetStateForUpdate("x" + std::to_string(i)));
      task.status = Status::kSuccess;
      SATCHEL_TRY(tx.UpsertState(task));
      return {};
    }));
  }
  EXPECT_EQ(repos->workflows().CompleteWorkflow("run")->status, Status::kSuccess);
  EXPECT_TRUE(repos->notifications().PublishEvent({.workflow_id = "w", .event = "completed"}));
  EXPECT_TRUE(*(*listener)->Next(seconds(20)));
  EXPECT_TRUE(lock->Release());
  EXPECT_EQ(repos->streams().Replay("run")->events.size(), 3u);
  EXPECT_EQ(repos->workflows().GetStateById("w")->tasks.size(), 3u);

  EXPECT_TRUE(*repos->workflows().DeleteState("run"));
  EXPECT_EQ(repos->tasks().ListStates()->items.size(), 0u);
  EXPECT_EQ(repos->memory().Count("run").value(), 1);
  ExpectOneSlotEach();
}

TEST_P(ProviderContract, OptionsComeFromTheConfiguration) {
  const auto repos = Make({{"SATCHEL_KEY_PREFIX", "p"},
                           {"SATCHEL_TENANT", "t"},
                           {"SATCHEL_LOCK__MIN_TTL", "5s"},
                           {"SATCHEL_WORKFLOW__RETENTION", "2h"},
                           {"SATCHEL_MEMORY__TTL", "0s"},
                           {"SATCHEL_CHECKPOINT__KEEP_LAST", "1"},
                           {"SATCHEL_TASKS_BACKEND__MAX_PER_OWNER", "1"},
                           {"SATCHEL_CACHE__MAX_ITEM_SIZE", "10"}});
  EXPECT_EQ(repos->locks().Acquire("r", {.ttl = seconds(4)}).error().subject, "ttl");
  const auto done = repos->workflows().UpsertState(
      {.workflow_id = "w", .workflow_exec_id = "e", .status = Status::kSuccess});
  EXPECT_EQ(done->deadline_ms, clock.NowMs() + milliseconds(hours(2)).count());
  EXPECT_TRUE(repos->memory().Append("c", {"1"}));
  EXPECT_EQ(repos->memory().GetTtl("c")->left, std::nullopt);
  EXPECT_TRUE(repos->generic_tasks().Create("ann", "m"));
  EXPECT_EQ(repos->generic_tasks().Create("ann", "m").error().code, ErrorCode::kCapacityExceeded);
  EXPECT_EQ(repos->cache().Set("k", "12345678901").error().code, ErrorCode::kTooLarge);
  for (const std::string& key : Keys()) EXPECT_TRUE(key.starts_with("p:v1:")) << key;
}

SATCHEL_EVERY_HOME(ProviderContract);

TEST(Provider, OpensWhatTheConfigurationNeeds) {
  const auto config = store::LoadConfig({.environment = {{"SATCHEL_MODE", "standalone"}}});
  const auto repos = Provider::Open(*config);
  ASSERT_TRUE(repos) << repos.error().detail;
  EXPECT_EQ((*repos)->StoreFor(Component::kAuth).driver(), "embedded");
  EXPECT_EQ(&(*repos)->StoreFor(Component::kAuth), &(*repos)->StoreFor(Component::kTask));
  EXPECT_TRUE((*repos)->cache().Set("k", "v"));
  EXPECT_EQ((*repos)->cache().Get("k").value(), "v");
}

std::string ReadFile(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(std::string(SATCHEL_SOURCE_DIR) + "/" + path).rdbuf();
  return text.str();
}

TEST(RepositoriesPage, ItsCodeIsTheExamples) {
  const std::string page = ReadFile("docs/repositories.md");
  const std::string program = ReadFile("examples/repositories/main.cc");
  constexpr std::string_view kBegin = "```cpp\n";
  int blocks = 0;
  for (std::size_t at = page.find(kBegin); at != page.npos; at = page.find(kBegin, at + 1)) {
    const std::size_t begin = at + kBegin.size();
    const std::string code = page.substr(begin, page.find("```", begin) - begin);
    EXPECT_NE(program.find(code), program.npos) << code;
    ++blocks;
  }
  EXPECT_EQ(blocks, 3);
}

}  // namespace
}  // namespace satchel::repos
