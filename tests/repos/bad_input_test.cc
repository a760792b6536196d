// What no repository takes: each refusal has a type and a field, and changes no byte of the store.
// And what each takes: ids of any bytes.

#include "repos/auth.h"
#include "repos/cache.h"
#include "repos/checkpointer.h"
#include "repos/credentials.h"
#include "repos/definitions.h"
#include "repos/event_stream.h"
#include "repos/generic_task_store.h"
#include "repos/idempotency.h"
#include "repos/memory_store.h"
#include "repos/notifications.h"
#include "repos/rate_limiter.h"
#include "repos/resource_store.h"
#include "repos/status.h"
#include "repos/task_config.h"
#include "tests/repos/workflow_test.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// Longer than any id may be.
const std::string kLong(513, 'a');
// What is no JSON.
const std::vector<std::string> kNoJson = {"", "{", "nope", "{} {}", "\"\xff\"", "[1,]", "01"};

class BadInputContract : public WorkflowTest {
 protected:
  BadInputContract() {
    auth.emplace(*store, Options());
    records.emplace(*store, StorageBackendOptions{.repo = Options()});
    generic.emplace(*records, GenericTaskOptions{.clock = &clock, .random = &random});
    saver.emplace(*store, *locks, CheckpointerOptions{.repo = Options()});
    memory.emplace(*store, MemoryOptions{.repo = Options()}, &*locks);
    resources.emplace(*store, ResourceStoreOptions{.repo = Options()});
    Fill();
  }
  // Something of each, so that a refusal could also damage or remove.
  void Fill() {
    Start("e");
    Put(Task("t"));
    EXPECT_TRUE(auth->CreateUser({.id = "u", .email = "u@x"}));
    EXPECT_TRUE(records->Put({"o", "t"}, "{}"));
    const auto task = generic->Create("ann", "tools/call");
    ASSERT_TRUE(task);
    generic_id = task->id;
    EXPECT_TRUE(saver->Put({.config = {.thread = "t"}, .checkpoint = {.id = "a", .ts = "now"}}));
    EXPECT_TRUE(memory->Append("c", {"1"}));
    EXPECT_TRUE(resources->Put(Resource(), "1"));
  }
  static ResourceKey Resource() { return {.project = "p", .type = ResourceType::kTool, .id = "r"}; }

  // Every key with its value and deadline.
  std::map<std::string, std::string> Contents() {
    std::map<std::string, std::string> contents;
    for (const std::string& key : Keys()) {
      contents[key] = Run({"DUMP", key}).text + std::to_string(Run({"PEXPIRETIME", key}).integer);
    }
    return contents;
  }
  // The call is refused for this field, and nothing has changed.
  template <class T>
  void Refused(const std::string& subject, const Result<T>& result,
               ErrorCode code = ErrorCode::kInvalidArgument) {
    ASSERT_FALSE(result) << subject;
    EXPECT_EQ(result.error().code, code) << subject << ": " << result.error().detail;
    EXPECT_EQ(result.error().subject, subject) << result.error().detail;
    EXPECT_EQ(result.error().detail.find(kLong), std::string::npos) << "not the value itself";
  }
  void ExpectUnchanged(const std::function<void()>& calls) {
    const auto before = Contents();
    EXPECT_FALSE(before.empty());
    calls();
    EXPECT_EQ(Contents(), before);
  }

  std::optional<Auth> auth;
  std::optional<StorageBackend> records;
  std::optional<GenericTaskStore> generic;
  std::optional<Checkpointer> saver;
  std::optional<MemoryStore> memory;
  std::optional<ResourceStore> resources;
  std::string generic_id;
};

TEST_P(BadInputContract, AuthRefuses) {
  ExpectUnchanged([&] {
    Refused("id", auth->CreateUser({.id = "", .email = "a@x"}));
    Refused("id", auth->CreateUser({.id = kLong, .email = "a@x"}));
    Refused("role", auth->CreateUser({.id = "a", .email = "a@x", .role = static_cast<Role>(9)}));
    Refused("role", auth->UpdateUser({.id = "u", .email = "u@x", .role = static_cast<Role>(9)}));
    for (const char* email : {"", "  ", "nobody"}) {
      Refused("email", auth->CreateUser({.id = "a", .email = email}));
      Refused("email", auth->UpdateUser({.id = "u", .email = email}));
      Refused("email", auth->CreateInitialAdminIfNone({.id = "a", .email = email}));
    }
    const std::string print = FingerprintOf("x");
    Refused("id", auth->CreateApiKey({.id = kLong, .user_id = "u", .fingerprint = print}));
    Refused("user_id", auth->CreateApiKey({.id = "k", .user_id = kLong, .fingerprint = print}));
    Refused("fingerprint", auth->CreateApiKey({.id = "k", .user_id = "u", .fingerprint = "x"}));
    Refused("limit", auth->ListUsers({.limit = -1}));
    EXPECT_EQ(auth->ListUsers({.limit = INT64_MAX})->items.size(), 1u);
    Refused("cursor", auth->ListUsers({.cursor = "x"}));
    Refused("limit", auth->ListApiKeysByUserId("u", {.limit = -1}));
    Refused("id", auth->DeleteUser(kLong));
    Refused("id", auth->DeleteApiKey(kLong));
    Refused("id", auth->UpdateApiKeyLastUsed(kLong));
  });
}

TEST_P(BadInputContract, WorkflowsRefuse) {
  const auto with = [](auto change) {
    WorkflowState state{.workflow_id = "w", .workflow_exec_id = "e"};
    change(state);
    return state;
  };
  ExpectUnchanged([&] {
    for (const std::string& json : kNoJson) {
      Refused("input", workflows->UpsertState(with([&](auto& s) { s.input = json; })));
      Refused("output", workflows->UpsertState(with([&](auto& s) { s.output = json; })));
      Refused("error", workflows->UpsertState(with([&](auto& s) { s.error = json; })));
      if (!json.empty()) Refused("usage", workflows->MergeUsage("e", json));
    }
    Refused("workflow_id", workflows->UpsertState(with([](auto& s) { s.workflow_id = ""; })));
    Refused("workflow_exec_id",
            workflows->UpsertState(with([](auto& s) { s.workflow_exec_id = kLong; })));
    Refused("workflow_exec_id", workflows->DeleteState(""));
    Refused("workflow_exec_id", workflows->CompleteWorkflow(""));
    Refused("status", workflows->UpdateStatus("e", static_cast<Status>(99)));
    Refused("limit", workflows->ListStates({}, {.limit = -1}));
    Refused("cursor", workflows->ListStates({}, {.cursor = "*"}));
    EXPECT_EQ(ParseStatus("DANCING").error().code, ErrorCode::kCorrupt);
  });
  // The registry of workflows may have an entry too many, until a sweep.
  Refused("workflow_id", workflows->UpsertState(with([](auto& s) { s.workflow_id = "other"; })));
}

TEST_P(BadInputContract, TasksRefuse) {
  const auto with = [](auto change) {
    TaskState task = Task("t");
    change(task);
    return task;
  };
  ExpectUnchanged([&] {
    for (const std::string& json : kNoJson) {
      Refused("input", tasks->UpsertState(with([&](auto& t) { t.input = json; })));
      Refused("output", tasks->UpsertState(with([&](auto& t) { t.output = json; })));
      Refused("error", tasks->UpsertState(with([&](auto& t) { t.error = json; })));
      Refused("usage", tasks->UpsertState(with([&](auto& t) { t.usage = json; })));
    }
    Refused("task_id", tasks->UpsertState(with([](auto& t) { t.task_id = ""; })));
    Refused("task_exec_id", tasks->UpsertState(with([](auto& t) { t.task_exec_id = kLong; })));
    Refused("workflow_id", tasks->UpsertState(with([](auto& t) { t.workflow_id = "other"; })));
    Refused("parent_state_id",
            tasks->UpsertState(with([](auto& t) { t.parent_state_id = t.task_exec_id; })));
    Refused("tool_id", tasks->UpsertState(with([](auto& t) { t.tool_id = ""; })));
    Refused("component", tasks->UpsertState(
                             with([](auto& t) { t.component = static_cast<StateComponent>(9); })));
    Refused("limit", tasks->ListStates({}, {.limit = -1}));
    Refused("cursor", tasks->ListStates({.workflow_id = "w"}, {.cursor = "!"}));
    Refused("max_depth", tasks->GetTaskTree({"t@e"}, {.max_depth = -1}));
    Refused("max_nodes", tasks->GetTaskTree({"t@e"}, {.max_nodes = 0}));
    Refused("strategy", tasks->GetProgressInfo({"t@e"}, static_cast<ProgressStrategy>(9)));
    Refused("task_exec_id", tasks->DeleteState({""}));
    Refused("workflow_exec_id", tasks->DeleteState({"t@e", kLong}));
    Refused("usage", tasks->MergeUsage({"t@e"}, "{"));
  });
}

TEST_P(BadInputContract, TasksOfUnknownExecutionsAndParentsLeaveNothingBehind) {
  ExpectUnchanged([&] {
    TaskState task = Task("new", "nowhere");
    EXPECT_EQ(tasks->UpsertState(task).error().code, ErrorCode::kWorkflowNotFound);
    task = Task("new");
    task.parent_state_id = "nobody";
    EXPECT_EQ(tasks->UpsertState(task).error().code, ErrorCode::kTaskNotFound);
    const auto refused = tasks->WithTransaction("e", [&](TaskTransaction& open) -> Result<void> {
      SATCHEL_TRY(open.UpsertState(Task("new")));
      return MakeError(ErrorCode::kInternal, "enough");
    });
    EXPECT_EQ(refused.error().code, ErrorCode::kInternal);
  });
}

TEST_P(BadInputContract, RecordsAndGenericTasksRefuse) {
  const auto code = [](const auto& result) { return result.error().code; };
  ExpectUnchanged([&] {
    for (const std::string& json : kNoJson) {
      EXPECT_EQ(code(records->Put({"o", "t"}, json)), ErrorCode::kInvalidArgument) << json;
      EXPECT_EQ(code(records->PutNew({"o", "n"}, json, 5)), ErrorCode::kInvalidArgument) << json;
      Refused("meta", generic->Create("ann", "m", {}, json));
      Refused("variables", generic->SetVariables("ann", generic_id, {{"x", json}}));
      Refused("result", generic->SetResult("ann", generic_id, json));
    }
    Refused("owner", records->Put({kLong, "t"}, "{}"));
    Refused("owner", generic->Create(kLong, "m"));
    Refused("owner", generic->Create("", "m"));
    Refused("owner", generic->Create("local", "m"));
    Refused("method", generic->Create("ann", ""));
    Refused("ttl", generic->Create("ann", "m", milliseconds(0)));
    Refused("ttl", generic->Create("ann", "m", hours(24) + milliseconds(1)));
    Refused("cursor", generic->List("ann", "x"));
    Refused("id", generic->Get("ann", kLong));
    Refused("status", generic->UpdateStatus("ann", generic_id, static_cast<GenericStatus>(9)));
    Refused("status", ParseGenericStatus("dancing"));
    const std::string large = "\"" + std::string(64 * 1024 + 1, 'x') + "\"";
    EXPECT_EQ(code(generic->SetVariables("ann", generic_id, {{"x", large}})), ErrorCode::kTooLarge);
  });
}

TEST_P(BadInputContract, CheckpointsRefuse) {
  ExpectUnchanged([&] {
    for (const std::string& json : kNoJson) {
      CheckpointPut put{.config = {.thread = "t"}, .checkpoint = {.id = "a", .ts = "now"}};
      put.metadata = json;
      Refused("metadata", saver->Put(put));
      put.metadata = "{}";
      put.checkpoint.pending_sends = json;
      Refused("pending_sends", saver->Put(put));
      Refused("filter", saver->List({.thread = "t", .filter = json}));
    }
    Refused("thread", saver->Put({.config = {.thread = kLong}, .checkpoint = {.id = "a"}}));
    Refused("id", saver->Put({.config = {.thread = "t"}, .checkpoint = {.id = kLong}}));
    Refused("id", saver->CompareAndPut({.config = {.thread = "t"}, .checkpoint = {.id = ""}}, {}));
    Refused("id", saver->PutWrites({.thread = "t"}, {{"x", {"json", "1"}}}, "task"));
    Refused("id", saver->Delete({.thread = "t"}));
    Refused("thread", saver->DeleteThread(""));
    Refused("keep", saver->Prune("t", "", 0));
    Refused("keep", saver->Prune("t", "", -1));
    Refused("current", saver->NextVersion("x"));
  });
}

TEST_P(BadInputContract, ConversationsAndResourcesRefuse) {
  ExpectUnchanged([&] {
    for (const std::string& json : kNoJson) {
      Refused("messages", memory->Append("c", {"1", json}));
      Refused("messages", memory->Replace("c", {json}));
      Refused("value", resources->Put(Resource(), json));
      Refused("value", resources->PutIfMatch(Resource(), json, ""));
    }
    Refused("key", memory->Append(kLong, {"1"}));
    Refused("tokens", memory->Append("c", {"1"}, -1));
    Refused("tokens", memory->SetTokens("c", -1));
    Refused("keep", memory->Trim("c", -1, 0));
    Refused("ttl", memory->SetExpiration("c", milliseconds(0)));
    Refused("offset", memory->ReadPage("c", -1, 1));
    Refused("limit", memory->ReadPage("c", 0, 0));
    Refused("limit", memory->ReadPage("c", 0, -1));
    Refused("operation", memory->LockFor("c", static_cast<MemoryOperation>(9)));
    ResourceKey key = Resource();
    key.type = static_cast<ResourceType>(99);
    Refused("type", resources->Put(key, "1"));
    Refused("type", resources->Delete(key));
    Refused("type", resources->List("p", key.type));
    Refused("limit", resources->ListWithValues("p", ResourceType::kTool, {.limit = -1}));
    Refused("cursor", resources->ListWithValues("p", ResourceType::kTool, {.cursor = "x"}));
    Refused("version", resources->Delete({.project = "p", .id = "r", .version = kLong}));
  });
}

TEST_P(BadInputContract, SmallStoresRefuse) {
  EventStream stream(*store, {.repo = Options()});
  RateLimiter limiter(*store, Options(), /*fail_open=*/false);
  Idempotency claims(*store, Options());
  TaskConfigStore configs(*store, Options());
  Definitions definitions(*store, Options());
  Cache cache(*store, {.repo = Options(), .max_item_bytes = 10});
  Notifications notifications(*store, Options());
  const RatePolicy policy{.name = "api"};
  ExpectUnchanged([&] {
    for (const std::string& json : kNoJson) {
      Refused("data", stream.Publish("e", "status", json));
      Refused("json", configs.Save("e", json));
      Refused("json", definitions.Save("d", json));
      Refused("json", definitions.SaveStatus("d", json));
      Refused("json", notifications.Publish("c", json));
    }
    Refused("exec", stream.Publish("", "status", "1"));
    Refused("exec", stream.Publish(kLong, "status", "1"));
    Refused("type", stream.Publish("e", "", "1"));
    Refused("limit", stream.Replay("e", "", -1));
    Refused("identity", limiter.Take(kLong, policy));
    Refused("n", limiter.Take("ip:1", policy, -1));
    Refused("limit", limiter.Take("ip:1", {.name = "api", .limit = -1}));
    Refused("period", limiter.Take("ip:1", {.name = "api", .period = milliseconds(0)}));
    Refused("key", claims.Claim("s", kLong));
    Refused("ttl", claims.Claim("s", "k", milliseconds(0)));
    Refused("id", configs.Save(kLong, "1"));
    Refused("ttl", configs.ExtendTtl("e", milliseconds(0)));
    Refused("name", definitions.Save(kLong, "1"));
    Refused("key", cache.Set(kLong, "1"));
    Refused("value", cache.Set("k", std::string(11, 'x')), ErrorCode::kTooLarge);
    Refused("channel", notifications.Publish("", "1"));
    const auto forever = milliseconds::max();
    Refused("ttl", memory->SetExpiration("c", forever));
    Refused("ttl", claims.Claim("s", "k", forever));
    Refused("ttl", cache.Set("k", "1", forever));
    Refused("ttl", cache.Expire("k", forever));
    Refused("ttl", configs.ExtendTtl("e", forever));
    Refused("period", limiter.Take("ip:1", {.name = "api", .period = forever}));
    Refused("ttl", locks->Acquire("r", {.ttl = forever}));
    Refused("wait", locks->Acquire("r", {.wait = forever}));
    Refused("ttl", locks->Acquire("r", {.ttl = milliseconds(99)}));
    Refused("wait", locks->Acquire("r", {.wait = milliseconds(-1)}));
    Refused("resource", locks->Acquire(kLong));
  });
}

TEST_P(BadInputContract, IdsOfAnyBytesBehaveLikeAnyOther) {
  EventStream stream(*store, {.repo = Options()});
  RateLimiter limiter(*store, Options());
  Definitions definitions(*store, Options());
  Cache cache(*store, {.repo = Options()});
  const RatePolicy policy{.name = "api"};
  for (const std::string& id : OddIds()) {
    TaskState task = Task("t");
    task.task_id = task.task_exec_id = task.tool_id.emplace(id);
    EXPECT_EQ(Put(task).task_exec_id, id);
    EXPECT_EQ(tasks->GetState({id})->tool_id, id);
    EXPECT_THAT(Ids(TaskFilter{.workflow_id = "w", .tool_id = id}), testing::ElementsAre(id));
    EXPECT_EQ(workflows->GetStateByToolId("w", id)->workflow_exec_id, "e");
    const auto created = generic->Create(id, id);
    ASSERT_TRUE(created) << created.error().detail;
    EXPECT_EQ(generic->Get(id, created->id)->owner, id);
    EXPECT_EQ(generic->List(id)->items.size(), 1u);
    EXPECT_TRUE(stream.Publish(id, "status", "1"));
    EXPECT_EQ(stream.Replay(id)->events.size(), 1u);
    EXPECT_EQ(limiter.Take(id, policy)->count, 1);
    EXPECT_TRUE(definitions.Save(id, "1"));
    EXPECT_TRUE(cache.Set(id, id));
    EXPECT_EQ(cache.Get(id).value(), id);
    EXPECT_EQ(memory->Append(id, {"1"}).value(), 1);
    EXPECT_EQ(saver->Put({.config = {.thread = id, .ns = id}, .checkpoint = {.id = id}})->id, id);
  }
  EXPECT_EQ(definitions.List()->size(), OddIds().size());
  EXPECT_THAT(cache.Keys().value(), testing::UnorderedElementsAreArray(OddIds()));
  EXPECT_EQ(tasks->ListStates({.workflow_id = "w"})->items.size(), OddIds().size() + 1);
  for (const std::string& id : OddIds()) EXPECT_TRUE(*tasks->DeleteState({id}));
  EXPECT_THAT(Ids(TaskFilter{.workflow_id = "w"}), testing::ElementsAre("t@e"));
}

TEST_P(BadInputContract, IntegersAbove2To53ComeBackUnchanged) {
  const std::string json = "{\"n\": 9007199254740993, \"m\": [123456789012345678901234567890, -0]}";
  WorkflowState state{.workflow_id = "w", .workflow_exec_id = "e", .input = json, .output = json};
  ASSERT_TRUE(workflows->UpsertState(state));
  EXPECT_EQ(workflows->GetState("e")->input, json);
  TaskState task = Task("t");
  task.input = task.output = json;
  EXPECT_EQ(Put(task).output, json);
  EXPECT_EQ(tasks->ListStates({.workflow_id = "w"})->items[0].input, json);
  ASSERT_TRUE(records->Put({"o", "t"}, json));
  EXPECT_EQ(records->Get({"o", "t"})->data, json);
  ASSERT_TRUE(generic->SetVariables("ann", generic_id, {{"v", json}}));
  EXPECT_EQ(generic->Get("ann", generic_id)->variables.at("v"), json);
  CheckpointPut put{.config = {.thread = "t"}, .checkpoint = {.id = "b", .ts = "now"}};
  put.metadata = json;
  put.checkpoint.channel_versions["x"] = "9007199254740993";
  ASSERT_TRUE(saver->Put(put));
  EXPECT_EQ(saver->GetTuple({.thread = "t"}).value()->metadata, json);
  EXPECT_EQ(saver->GetTuple({.thread = "t"}).value()->checkpoint, put.checkpoint);
  ASSERT_TRUE(memory->Append("c", {json}, 9007199254740993));
  EXPECT_EQ(memory->Read("c")->back(), json);
  EXPECT_EQ(memory->GetCounts("c")->tokens, 9007199254740993);
  ASSERT_TRUE(resources->Put(Resource(), json));
  EXPECT_EQ(resources->Get(Resource())->value, json);
}

SATCHEL_EVERY_HOME(BadInputContract);

}  // namespace
}  // namespace satchel::repos
