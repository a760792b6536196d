#include "tests/repos/check_fixture.h"

namespace satchel::repos::check {

void CheckTest::FillAuth() {
  Auth& auth = provider->auth();
  Must(auth.CreateUser({.id = "ada", .email = "ada@x", .role = Role::kAdmin}));
  Must(auth.CreateUser({.id = "b:ob", .email = "bob@x"}));
  Must(auth.CreateApiKey(
      {.id = "k1", .user_id = "ada", .hash = "h", .fingerprint = std::string(32, 'a')}));
  Must(auth.CreateApiKey(
      {.id = "k2", .user_id = "b:ob", .hash = "h", .fingerprint = std::string(32, 'b')}));
}

void CheckTest::FillExecutions() {
  for (const char* exec : {"e", "f"}) {
    Must(provider->workflows().UpsertState({.workflow_id = "w", .workflow_exec_id = exec}));
  }
  TaskState top = Task("top", "e", Status::kRunning);
  top.agent_id = "ag";
  top.action_id = "ac";
  Must(provider->tasks().UpsertState(top));
  TaskState child = Task("child", "e", Status::kPending);
  child.parent_state_id = "top@e";
  child.tool_id = "tool";
  Must(provider->tasks().UpsertState(child));
  TaskState ended = Task("ended", "e", Status::kSuccess);
  ended.output = "{}";
  Must(provider->tasks().UpsertState(ended));
  Must(provider->tasks().UpsertState(Task("t", "f", Status::kFailed)));
  Must(provider->workflows().UpdateStatus("f", Status::kFailed));
}

void CheckTest::FillRecords() {
  StorageBackend& backend = provider->tasks_backend();
  const std::string created = R"({"task": {"createdAt": 1000}, "expiresAt": ")";
  const std::string document = created + FormatRfc3339(clock.NowMs() + 3'600'000) + "\"}";
  Must(backend.Put({"o", "t1"}, document));
  Must(backend.Put({"o", "t1"}, document));
  Must(backend.Put({"o", "t2"}, "{}"));
  Must(backend.Put({"o", "t3"}, "{}"));
  Must(backend.Delete({"o", "t3"}));
}

void CheckTest::FillCheckpoints() {
  CheckpointPut put{.config = {.thread = "th"}};
  put.checkpoint.channel_values = {{"a", {"json", "1"}}};
  put.checkpoint.channel_versions = {{"a", "1"}};
  put.checkpoint.id = "c1";
  put.new_versions = {{"a", "1"}};
  Must(provider->checkpoints().Put(put));
  put.checkpoint.id = "c2";
  put.config.id = "c1";
  put.new_versions = {};
  put.checkpoint.channel_versions["b"] = "7";
  put.new_versions = {{"b", "7"}};
  Must(provider->checkpoints().Put(put));
  Must(provider->checkpoints().PutWrites({.thread = "th", .id = "c2"}, {{"a", {"json", "2"}}},
                                         "task"));
  put.config = {.thread = "th", .ns = "sub"};
  put.checkpoint.id = "c3";
  put.new_versions = put.checkpoint.channel_versions;
  Must(provider->checkpoints().Put(put));
  put.config = {.thread = "timed"};
  put.checkpoint.id = "d1";
  Must(timed->Put(put));
  Must(timed->PutWrites({.thread = "timed", .id = "d1"}, {{"a", {"json", "2"}}}, "task"));
}

void CheckTest::FillTheRest() {
  MemoryStore& memory = provider->memory();
  Must(memory.Append("m1", {"1", "2", "3"}, 7));
  Must(memory.MarkFlushPending("m1"));
  Must(memory.Append("m2", {"1"}, 1));
  Must(memory.Trim("m2", 0, 0));
  ResourceStore& resources = provider->resources();
  Must(resources.Put({.project = "p", .type = ResourceType::kAgent, .id = "r1", .version = "v"},
                     R"({"b": 1, "a": 12345678901234567890})"));
  Must(resources.Put({.project = "p", .type = ResourceType::kAgent, .id = "r2"}, "{}"));
}

}  // namespace satchel::repos::check
