#include "tests/repos/service.h"

#include <algorithm>

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kEventsBefore = 10;  // of each half
constexpr const char* kProject = "demo {1}";
constexpr const char* kTeam = "team:all";

std::string Name(const char* what, int run) {
  return what + std::string(":") + std::to_string(run);
}
std::string Exec(int run) { return Name("run", run); }
std::string Workflow(int run) { return Name("report", run % 5); }
std::string ApiKeyText(int run) { return "sk-" + std::to_string(run) + "-secret"; }
std::string Number(std::uint64_t number) { return std::to_string(number); }

std::string CodeOf(const Error& error) { return std::string(ErrorCodeName(error.code)); }
template <class T>
std::string CodeOf(const Result<T>& result) {
  return result ? "ok" : CodeOf(result.error());
}

// What is wrong with a run that went another way.
Error Unexpected(const std::string& what) { return {ErrorCode::kInternal, "unexpected: " + what}; }

TaskState TaskOf(int run, const std::string& name) {
  return {.status = Status::kRunning,
          .task_id = name,
          .task_exec_id = Name(name.c_str(), run),
          .workflow_id = Workflow(run),
          .workflow_exec_id = Exec(run)};
}

CheckpointPut PutOf(const std::string& thread, const std::string& id) {
  CheckpointPut put{.config = {.thread = thread}};
  put.checkpoint.id = id;
  put.checkpoint.ts = "2026-01-31T12:00:00Z";
  return put;
}

}  // namespace

Result<void> Service::SetUp() {
  SATCHEL_TRY(repos_.auth().CreateInitialAdminIfNone({.id = "root", .email = "Root@example.org"}));
  SATCHEL_TRY(repos_.resources().Put(
      {.project = kProject, .type = ResourceType::kMeta, .id = "done"}, "0"));
  return repos_.definitions().Save("search", R"({"url":"unix:/search"})");
}

Result<void> Service::CheckCaller(int run, Seen& seen) {
  const std::string user = Name("user", run);
  SATCHEL_TRY(repos_.auth().CreateUser({.id = user, .email = " " + user + "@Example.org"}));
  SATCHEL_ASSIGN(const std::string hash, HashBcrypt(ApiKeyText(run), 4));
  SATCHEL_TRY(repos_.auth().CreateApiKey({.id = Name("key", run),
                                          .user_id = user,
                                          .hash = hash,
                                          .fingerprint = FingerprintOf(ApiKeyText(run)),
                                          .prefix = "sk-"}));
  SATCHEL_ASSIGN(const Identity caller, repos_.credentials().Validate(ApiKeyText(run)));
  seen.push_back("caller " + caller.user.email + " " + caller.key_id);
  if (run % 10 == 0) {  // a quarter of a second of bcrypt
    seen.push_back("stranger " + CodeOf(repos_.credentials().Validate("sk-unknown")));
  }
  SATCHEL_ASSIGN(const Claimed first, repos_.idempotency().Claim("runs", Exec(run)));
  SATCHEL_ASSIGN(const Claimed second, repos_.idempotency().Claim("runs", Exec(run)));
  if (first != Claimed::kFirst || second != Claimed::kDuplicate) return Unexpected("claims");
  const RatePolicy policy{.name = "runs", .limit = 3, .period = hours(1)};
  for (int i = 0; i < 5; ++i) {
    SATCHEL_ASSIGN(const RateDecision take, repos_.rate_limits().Take("user:" + user, policy));
    seen.push_back(std::string("take ") + (take.allowed ? "yes " : "no ") + Number(take.remaining));
  }
  return {};
}

// plan > think (an agent) > look, write (tools)
Result<void> Service::CreateTasks(int run) {
  SATCHEL_TRY(repos_.workflows().UpsertState({.workflow_id = Workflow(run),
                                              .workflow_exec_id = Exec(run),
                                              .input = R"({"n":12345678901234567890})"}));
  TaskState plan = TaskOf(run, "plan");
  plan.execution_type = ExecutionType::kComposite;
  SATCHEL_TRY(repos_.tasks().UpsertState(plan));
  TaskState think = TaskOf(run, "think");
  think.parent_state_id = plan.task_exec_id;
  think.agent_id = "thinker";
  think.action_id = "answer";
  SATCHEL_TRY(repos_.tasks().UpsertState(think));
  for (const char* name : {"look", "write"}) {
    TaskState tool = TaskOf(run, name);
    tool.component = StateComponent::kTool;
    tool.parent_state_id = think.task_exec_id;
    tool.tool_id = Name(name, run);
    SATCHEL_TRY(repos_.tasks().UpsertState(tool));
  }
  return {};
}

Result<void> Service::Converse(int run, Seen& seen) {
  const std::string key = Name("talk", run);
  SATCHEL_TRY(repos_.memory().Append(key, {R"({"role":"user"})", R"({"role":"agent"})"}, 20));
  SATCHEL_TRY(repos_.memory().IncrementTokens(key, -3));
  SATCHEL_TRY(repos_.memory().Append(kTeam, {std::to_string(run)}, 1));
  SATCHEL_ASSIGN(const MemoryCounts counts, repos_.memory().GetCounts(key));
  seen.push_back("talk " + Number(counts.messages) + " " + Number(counts.tokens));
  return {};
}

Result<void> Service::SaveFirstCheckpoint(int run) {
  CheckpointPut put = PutOf(Exec(run), "c1");
  put.metadata = R"({"source":"input","step":-1})";
  put.checkpoint.channel_values = {{"messages", {"json", R"(["hello"])"}},
                                   {"page", {"text", std::string(4000, 'x')}}};
  put.checkpoint.channel_versions = {{"messages", "1"}, {"page", "1"}};
  put.new_versions = put.checkpoint.channel_versions;
  SATCHEL_TRY(repos_.checkpoints().Put(put));
  return repos_.checkpoints().PutWrites({.thread = Exec(run), .id = "c1"},
                                        {{"messages", {"json", R"(["answer"])"}}}, "think");
}

Result<void> Service::Tell(int run, int from, int to) {
  for (int i = from; i < to; ++i) {
    SATCHEL_TRY(repos_.streams().Publish(Exec(run), "llm_chunk", std::to_string(i)));
  }
  return {};
}

Result<void> Service::Begin(int run, Seen& seen) {
  SATCHEL_TRY(CheckCaller(run, seen));
  SATCHEL_TRY(repos_.task_configs().Save(Exec(run), R"({"model":"small"})"));
  SATCHEL_TRY(repos_.resources().Put(
      {.project = kProject, .type = ResourceType::kAgent, .id = Name("agent", run)},
      R"({"b":1,"a":)" + std::to_string(run) + "}"));
  SATCHEL_ASSIGN(Lock lock, repos_.locks().Acquire(Exec(run), {.ttl = seconds(30)}));
  seen.push_back("second lock " + CodeOf(repos_.locks().Acquire(Exec(run))));
  SATCHEL_TRY(CreateTasks(run));
  SATCHEL_TRY(Tell(run, 0, kEventsBefore));
  SATCHEL_TRY(Converse(run, seen));
  SATCHEL_TRY(SaveFirstCheckpoint(run));
  SATCHEL_ASSIGN(const GenericTask asked,
                 repos_.generic_tasks().Create(Name("user", run), "tools/call"));
  SATCHEL_TRY(repos_.generic_tasks().SetVariables(Name("user", run), asked.id, {{"x", "[1]"}}));
  const auto early = repos_.workflows().CompleteWorkflow(Exec(run));
  if (early) return Unexpected("a workflow with active tasks is complete");
  seen.push_back("early " + CodeOf(early.error()) + " " + Number(early.error().actual));
  return lock.Release();
}

// Whoever follows after the tenth event sees the others once each, those of the log and those told
// while it listens.
Result<void> Service::Catch(int run, Seen& seen) {
  SATCHEL_TRY(Tell(run, kEventsBefore, 2 * kEventsBefore));
  SATCHEL_ASSIGN(const Replayed log, repos_.streams().Replay(Exec(run), {}, kEventsBefore));
  SATCHEL_ASSIGN(const auto follower, repos_.streams().Follow(Exec(run), log.last));
  SATCHEL_TRY(Tell(run, 2 * kEventsBefore, 3 * kEventsBefore));
  SATCHEL_TRY(repos_.streams().Publish(Exec(run), "complete", "{}"));
  std::string line = "followed";
  for (std::string type; type != "complete";) {
    SATCHEL_ASSIGN(const auto event, follower->Next(seconds(30)));
    if (!event) return Unexpected("no event for half a minute");
    line += " " + event->data;
    type = event->type;
  }
  seen.push_back(line);
  return {};
}

Result<void> Service::EndTasks(int run, Seen& seen) {
  for (const char* name : {"write", "look", "think", "plan"}) {
    SATCHEL_TRY(repos_.tasks().WithTransaction(Exec(run), [&](TaskTransaction& tx) -> Result<void> {
      SATCHEL_ASSIGN(TaskState task, tx.GetStateForUpdate(Name(name, run)));
      const bool fails = IsFailing(run) && task.task_id != "look";
      task.status = fails ? Status::kFailed : Status::kSuccess;
      task.output = R"({"of":")" + task.task_id + "\"}";
      SATCHEL_TRY(tx.UpsertState(task));
      return {};
    }));
  }
  SATCHEL_TRY(repos_.tasks().MergeUsage(
      {Name("think", run), Exec(run)},
      R"([{"provider":"p","model":"m","prompt_tokens":7,"completion_tokens":)" +
          std::to_string(run) + "}]"));
  SATCHEL_ASSIGN(const auto usage, repos_.tasks().GetUsageSummary({Name("think", run)}));
  SATCHEL_TRY(repos_.workflows().MergeUsage(Exec(run), *usage));
  SATCHEL_ASSIGN(const TaskTree tree, repos_.tasks().GetTaskTree({Name("plan", run)}));
  std::string line = "tree";
  for (const TreeRow& row : tree.rows) line += " " + Number(row.depth) + row.task.task_id;
  seen.push_back(line);
  SATCHEL_ASSIGN(const auto progress, repos_.tasks().GetProgressInfo({Name("think", run)}));
  seen.push_back("tools " + std::string(StatusName(progress.status)) + " " +
                 Number(progress.success) + "/" + Number(progress.total));
  SATCHEL_ASSIGN(const auto outputs, repos_.tasks().ListChildrenOutputs({Name("think", run)}));
  for (const auto& [name, output] : outputs) seen.push_back("output " + name + " " + output);
  return {};
}

// Only the conversation changed: the page is the one of the first checkpoint.
Result<void> Service::SaveSecondCheckpoint(int run, Seen& seen) {
  Checkpointer& checkpoints = repos_.checkpoints();
  SATCHEL_ASSIGN(const auto before, checkpoints.GetTuple({.thread = Exec(run)}));
  if (!before) return Unexpected("the first checkpoint is gone");
  CheckpointPut put = PutOf(Exec(run), "c2");
  put.config = before->config;
  put.metadata = R"({"source":"loop","step":0})";
  put.checkpoint.channel_values = {{"messages", {"json", R"(["hello","answer"])"}}};
  put.checkpoint.channel_versions = {{"messages", "2"}, {"page", "1"}};
  put.new_versions = {{"messages", "2"}};
  SATCHEL_ASSIGN(const ComparedPut won, checkpoints.CompareAndPut(put, "c1"));
  SATCHEL_ASSIGN(const ComparedPut lost, checkpoints.CompareAndPut(put, "c1"));
  SATCHEL_ASSIGN(const auto rows, checkpoints.List({.thread = Exec(run)}));
  std::string line =
      "checkpoints " + std::string(won.stored ? "won" : "lost") + (lost.stored ? " won" : " lost");
  for (const CheckpointTuple& row : rows) {
    line += " " + *row.config.id + "(" + (row.parent ? *row.parent->id : "") + "," +
            Number(row.checkpoint.channel_values.at("page").bytes.size()) + "," +
            row.checkpoint.channel_values.at("messages").bytes + "," +
            Number(row.pending_writes.size()) + ")";
  }
  seen.push_back(line);
  return {};
}

// A counter that all runs raise, by compare-and-set.
Result<void> Service::Share(int) {
  const ResourceKey key{.project = kProject, .type = ResourceType::kMeta, .id = "done"};
  while (true) {
    SATCHEL_ASSIGN(const Resource now, repos_.resources().Get(key));
    const auto put =
        repos_.resources().PutIfMatch(key, std::to_string(std::stoi(now.value) + 1), now.etag);
    if (put) return {};
    if (put.error().code != ErrorCode::kEtagMismatch) return put.error();
  }
}

Result<void> Service::Complete(int run, Seen& seen) {
  SATCHEL_ASSIGN(const WorkflowState done, repos_.workflows().CompleteWorkflow(Exec(run)));
  seen.push_back("done " + std::string(StatusName(done.status)) + " " + done.output.value_or("-") +
                 " " + done.input.value_or("-") + " " + Number(done.tasks.size()));
  SATCHEL_ASSIGN(const WorkflowState found,
                 repos_.workflows().GetStateByToolId(Workflow(run), Name("look", run)));
  seen.push_back("found " + found.workflow_exec_id + " " + Number(found.deadline_ms.has_value()));
  SATCHEL_ASSIGN(const auto asked, repos_.generic_tasks().List(Name("user", run)));
  SATCHEL_TRY(repos_.generic_tasks().CompleteWithResult(Name("user", run), asked.items.at(0).id,
                                                        R"({"ok":true})"));
  SATCHEL_ASSIGN(const std::string result,
                 repos_.generic_tasks().GetResult(Name("user", run), asked.items.at(0).id));
  seen.push_back("result " + result + asked.items.at(0).variables.at("x"));
  SATCHEL_ASSIGN(const std::int64_t receivers,
                 repos_.notifications().PublishEvent(
                     {.workflow_id = Exec(run), .event = "completed", .status = "SUCCESS"}));
  seen.push_back("heard by " + Number(receivers));
  return {};
}

Result<void> Service::Finish(int run, Seen& seen) {
  SATCHEL_ASSIGN(const Identity caller, repos_.credentials().Validate(ApiKeyText(run)));
  seen.push_back("again " + caller.user.id);
  SATCHEL_ASSIGN(const Claimed claim, repos_.idempotency().Claim("runs", Exec(run)));
  seen.push_back(claim == Claimed::kFirst ? "first" : "duplicate");
  SATCHEL_ASSIGN(Lock lock, repos_.locks().Acquire(Exec(run), {.ttl = seconds(30)}));
  SATCHEL_TRY(Catch(run, seen));
  SATCHEL_TRY(EndTasks(run, seen));
  SATCHEL_TRY(SaveSecondCheckpoint(run, seen));
  SATCHEL_TRY(Share(run));
  SATCHEL_TRY(Complete(run, seen));
  SATCHEL_TRY(repos_.cache().Set(Exec(run), std::string(3000, 'c')));
  SATCHEL_ASSIGN(const std::string config, repos_.task_configs().Get(Exec(run)));
  seen.push_back("config " + config);
  return lock.Release();
}

Result<void> Service::Look(int runs, Seen& seen) {
  for (int i = 0; i < 5; ++i) {
    SATCHEL_ASSIGN(const auto page, repos_.workflows().ListStates({.workflow_id = Workflow(i)}));
    SATCHEL_ASSIGN(const auto failed, repos_.workflows().ListStates(
                                          {.status = Status::kFailed, .workflow_id = Workflow(i)}));
    seen.push_back(Workflow(i) + " " + Number(page.items.size()) + " " +
                   Number(failed.items.size()));
  }
  SATCHEL_ASSIGN(const auto all, repos_.workflows().ListStates());
  seen.push_back("workflows " + Number(all.items.size()));
  SATCHEL_ASSIGN(const auto tasks, repos_.tasks().ListStates({.agent_id = "thinker"}));
  seen.push_back("thinker " + Number(tasks.items.size()));
  SATCHEL_ASSIGN(const auto users, repos_.auth().ListUsers());
  seen.push_back("users " + Number(users.items.size()));
  SATCHEL_ASSIGN(const auto agents, repos_.resources().List(kProject, ResourceType::kAgent));
  seen.push_back("agents " + Number(agents.size()));
  SATCHEL_ASSIGN(
      const Resource done,
      repos_.resources().Get({.project = kProject, .type = ResourceType::kMeta, .id = "done"}));
  seen.push_back("done " + done.value + " " + done.etag);
  SATCHEL_ASSIGN(Messages team, repos_.memory().Read(kTeam));
  std::sort(team.begin(), team.end());
  team.erase(std::unique(team.begin(), team.end()), team.end());
  SATCHEL_ASSIGN(const MemoryCounts counts, repos_.memory().GetCounts(kTeam));
  seen.push_back("team " + Number(team.size()) + " " + Number(counts.tokens));
  SATCHEL_ASSIGN(const auto checkpoints, repos_.checkpoints().List());
  seen.push_back("checkpoints " + Number(checkpoints.size()) + " of " + Number(2 * runs));
  SATCHEL_ASSIGN(const auto cached, repos_.cache().Keys());
  seen.push_back("cached " + Number(cached.size()));
  return {};
}

}  // namespace satchel::repos
