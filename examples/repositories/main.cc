// The repositories, by one workflow: it runs a task, tells what happens, remembers the
// conversation, saves a checkpoint and completes. docs/repositories.md walks through it.
//
//   example_repositories                                     in this process
//   SATCHEL_MODE=distributed SATCHEL_DISTRIBUTED__SEEDS=localhost:6379 example_repositories

#include <cstdio>
#include <string>

#include "repos/provider.h"

using namespace satchel;         // NOLINT: an example
using namespace satchel::repos;  // NOLINT

namespace {

void Print(const std::string& label, const std::string& text) {
  std::printf("%s: %s\n", label.c_str(), text.c_str());
}

Result<void> RunWorkflow(Provider& repos) {
  // One run at a time; the lock is renewed until it is released.
  SATCHEL_ASSIGN(Lock lock, repos.locks().Acquire("report:42", {.ttl = std::chrono::seconds(10)}));

  SATCHEL_TRY(
      repos.workflows().UpsertState({.workflow_id = "report", .workflow_exec_id = "run:1"}));
  TaskState task{.status = Status::kRunning,
                 .task_id = "collect",
                 .task_exec_id = "collect:1",
                 .workflow_id = "report",
                 .workflow_exec_id = "run:1",
                 .tool_id = "search"};
  SATCHEL_TRY(repos.tasks().UpsertState(task));
  SATCHEL_TRY(repos.streams().Publish("run:1", "status", R"({"task": "collect"})"));

  // Not before its tasks have ended.
  const auto early = repos.workflows().CompleteWorkflow("run:1");
  Print("too early", std::string(ErrorCodeName(early.error().code)));

  SATCHEL_TRY(repos.tasks().WithTransaction("run:1", [](TaskTransaction& tx) -> Result<void> {
    SATCHEL_ASSIGN(TaskState found, tx.GetStateForUpdate("collect:1"));
    found.status = Status::kSuccess;
    found.output = R"({"rows": 12345678901234567890})";
    SATCHEL_TRY(tx.UpsertState(found));
    return {};
  }));
  SATCHEL_ASSIGN(const WorkflowState done, repos.workflows().CompleteWorkflow("run:1"));
  Print("status", std::string(StatusName(done.status)));
  Print("output", *done.output);
  return lock.Release();
}

Result<void> Remember(Provider& repos) {
  SATCHEL_TRY(repos.memory().Append("alice", {R"({"role": "user"})"}, 7));
  SATCHEL_ASSIGN(const MemoryCounts counts, repos.memory().GetCounts("alice"));
  Print("tokens", std::to_string(counts.tokens));

  CheckpointPut put{.config = {.thread = "alice"}};
  put.checkpoint = {.id = "c1",
                    .ts = "2026-01-31T12:00:00Z",
                    .channel_values = {{"messages", {"json", R"(["hello"])"}}},
                    .channel_versions = {{"messages", "1"}}};
  put.new_versions = {{"messages", "1"}};
  SATCHEL_TRY(repos.checkpoints().Put(put));
  SATCHEL_ASSIGN(const auto latest, repos.checkpoints().GetTuple({.thread = "alice"}));
  Print("checkpoint", latest->checkpoint.channel_values.at("messages").bytes);
  return {};
}

Result<void> Run() {
  SATCHEL_ASSIGN(const auto config,
                 store::LoadConfig({.environment = store::SatchelEnvironment()}));
  SATCHEL_ASSIGN(const auto repos, Provider::Open(config));
  SATCHEL_TRY(RunWorkflow(*repos));
  return Remember(*repos);
}

}  // namespace

int main() {
  const Result<void> done = Run();
  if (!done) std::fprintf(stderr, "error: %s\n", done.error().detail.c_str());
  return done ? 0 : 1;
}
