// Four threads do what they like to users, records, checkpoints, conversations and resources;
// afterwards each index says what the objects say, and lists keep their order.

#include <thread>

#include "base/bytes.h"
#include "base/text.h"
#include "repos/auth.h"
#include "repos/checkpointer.h"
#include "repos/credentials.h"
#include "repos/fields.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "repos/memory_store.h"
#include "repos/resource_store.h"
#include "repos/rfc3339.h"
#include "repos/storage_backend.h"
#include "tests/repos/repo_test.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr int kThreads = 4;
constexpr int kSteps = 60;

class PropertyContract : public RepoTest {
 protected:
  PropertyContract()
      : seed_(static_cast<std::uint64_t>(testing::UnitTest::GetInstance()->random_seed())),
        trace_(__FILE__, __LINE__, "seed " + std::to_string(seed_)) {}

  void InThreads(const std::function<void(Random&, int)>& step) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        Random chance(seed_ * kThreads + static_cast<std::uint64_t>(i));
        for (int n = 0; n < kSteps; ++n) step(chance, i * kSteps + n);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  static std::string Pick(Random& chance, const char* letter, std::uint64_t count) {
    return letter + std::to_string(chance.Below(count));
  }
  // A refusal is part of the game.
  template <class T>
  static void Allow(const Result<T>& result, std::initializer_list<ErrorCode> codes) {
    if (result) return;
    EXPECT_TRUE(std::ranges::find(codes, result.error().code) != codes.end())
        << result.error().detail;
  }

  Fields HashOf(const std::string& key) { return Fields(Run({"HGETALL", key})); }
  std::map<std::string, std::string> MapOf(const std::string& key) {
    std::map<std::string, std::string> map;
    for (const ReplyValue& name : Run({"HKEYS", key}).items) {
      map[name.text] = Run({"HGET", key, name.text}).text;
    }
    return map;
  }
  std::vector<std::string> Members(const std::string& key) {
    std::vector<std::string> members;
    for (const ReplyValue& member : Run({"ZRANGE", key, "0", "-1"}).items) {
      members.push_back(member.text);
    }
    return members;
  }
  std::int64_t Score(const std::string& key, const std::string& member) {
    return static_cast<std::int64_t>(Run({"ZSCORE", key, member}).number);
  }
  // What follows this in the names of keys, unescaped.
  std::vector<std::string> After(const std::string& prefix) {
    std::vector<std::string> rest;
    for (const std::string& key : Keys()) {
      if (key.starts_with(prefix)) rest.push_back(key.substr(prefix.size()));
    }
    return rest;
  }

 private:
  const std::uint64_t seed_;
  const testing::ScopedTrace trace_;
};

TEST_P(PropertyContract, UsersAndKeysAgreeWithTheirIndexes) {
  Auth auth(*store, Options());
  InThreads([&](Random& chance, int) {
    const std::string id = Pick(chance, "u", 5);
    const std::string key = Pick(chance, "k", 6);
    const User user{.id = id,
                    .email = Pick(chance, "mail@", 4),
                    .role = chance.Below(2) == 0 ? Role::kUser : Role::kAdmin};
    switch (chance.Below(8)) {
      case 0:
      case 1:
        return Allow(auth.CreateUser(user), {ErrorCode::kAlreadyExists});
      case 2:
        return Allow(auth.UpdateUser(user), {ErrorCode::kAlreadyExists, ErrorCode::kUserNotFound});
      case 3:
        return Allow(auth.DeleteUser(id), {ErrorCode::kUserNotFound});
      case 4:
        return Allow(auth.CreateInitialAdminIfNone(user),
                     {ErrorCode::kAlreadyExists, ErrorCode::kAlreadyBootstrapped});
      case 5:
        return Allow(auth.DeleteApiKey(key), {});
      default:
        Allow(auth.CreateApiKey({.id = key,
                                 .user_id = id,
                                 .hash = "h",
                                 .fingerprint = FingerprintOf(Pick(chance, "f", 5)),
                                 .prefix = "sk"}),
              {ErrorCode::kAlreadyExists, ErrorCode::kUserNotFound});
    }
  });

  const std::string base = "satchel:v1:auth:{au:acme}";
  std::vector<std::string> entries;
  std::map<std::string, std::string> emails;
  std::map<std::string, std::string> fingerprints;
  const auto tail = [](const Fields& fields, const std::string& id) {
    std::string c = std::to_string(fields.Int("c"));
    return " " + c.insert(0, 16 - c.size(), '0') + " " + id;
  };
  for (const std::string& id : After(base + ":user:")) {
    const Fields user = HashOf(base + ":user:" + id);
    emails[user.Text("email")] = id;
    entries.push_back("us" + tail(user, id));
    entries.push_back("ro " + user.Text("role") + tail(user, id));
    EXPECT_EQ(auth.GetUserByEmail(user.Text("email"))->id, id);
  }
  for (const std::string& id : After(base + ":key:")) {
    const Fields key = HashOf(base + ":key:" + id);
    fingerprints[key.Text("fp")] = id;
    entries.push_back("ku " + key.Text("user_id") + tail(key, id));
    EXPECT_TRUE(auth.GetUserById(key.Text("user_id"))) << "a key without its user";
  }
  std::ranges::sort(entries);
  EXPECT_EQ(Members(base + ":ix"), entries);
  EXPECT_EQ(MapOf(base + ":emails"), emails);
  EXPECT_EQ(MapOf(base + ":fps"), fingerprints);
  const auto users = auth.ListUsers()->items;
  EXPECT_EQ(users.size(), emails.size());
  EXPECT_TRUE(std::ranges::is_sorted(users, std::greater<>(), [](const User& user) {
    return std::pair(user.created_ms, user.id);
  }));
}

TEST_P(PropertyContract, RecordsAgreeWithTheirIndexes) {
  StorageBackend backend(*store, {.repo = Options()});
  const auto document = [&](Random& chance) {
    std::string json = "{\"task\":{\"createdAt\":\"" +
                       FormatRfc3339(static_cast<std::int64_t>(chance.Below(5))) + "\"}";
    if (chance.Below(2) == 0) {
      const auto span = static_cast<std::int64_t>(chance.Below(3)) * 3'600'000 - 3'600'000;
      json += ",\"expiresAt\":\"" + FormatRfc3339(clock.NowMs() + span) + "\"";
    }
    return json + "}";
  };
  InThreads([&](Random& chance, int) {
    const RecordKey key{Pick(chance, "o", 2), Pick(chance, "t", 4)};
    switch (chance.Below(6)) {
      case 0:
        return Allow(backend.Delete(key), {});
      case 1:
        return Allow(backend.PutNew(key, document(chance), 3),
                     {ErrorCode::kAlreadyExists, ErrorCode::kCapacityExceeded});
      case 2:
        return Allow(backend.PutIfVersion(key, document(chance), 1 + chance.Below(6)),
                     {ErrorCode::kVersionConflict});
      case 3:
        return Allow(backend.ListByPrefix(RecordKey::OwnerPrefix(key.owner)), {});
      case 4:
        return Allow(backend.CleanupExpired(), {});
      default:
        Allow(backend.Put(key, document(chance)), {});
    }
  });

  EXPECT_THAT(Members("satchel:v1:tb:{to:acme}:owners"), testing::SizeIs(2));
  for (const std::string owner : {"o0", "o1"}) {
    const std::string base = "satchel:v1:tb:{tb:acme:" + owner + "}";
    const std::vector<std::string> tasks = After(base + ":r:");
    std::vector<std::string> expiring;
    for (const std::string& task : tasks) {
      const Fields record = HashOf(base + ":r:" + task);
      EXPECT_LE(record.Int("v"), Run({"GET", base + ":vc"}).text.empty()
                                     ? 0
                                     : *ParseInt(Run({"GET", base + ":vc"}).text));
      if (record.Has("x")) {
        expiring.push_back(task);
        EXPECT_EQ(Score(base + ":exp", task), record.Int("x"));
      }
    }
    EXPECT_THAT(Members(base + ":idx"), testing::UnorderedElementsAreArray(tasks));
    EXPECT_THAT(Members(base + ":exp"), testing::UnorderedElementsAreArray(expiring));
    for (const std::string& gone : Members(base + ":dead")) {
      EXPECT_THAT(tasks, testing::Not(testing::Contains(gone)));
    }
    const auto listed = backend.ListByPrefix(RecordKey::OwnerPrefix(owner));
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed->size(), tasks.size());
    EXPECT_TRUE(std::ranges::is_sorted(*listed, {}, [&](const Record& record) {
      return std::pair(Score(base + ":idx", record.key.task), record.key.task);
    }));
  }
}

TEST_P(PropertyContract, CheckpointsAgreeWithReferencesAndValues) {
  LockManager locks(*store, Options());
  Checkpointer saver(*store, locks, {.repo = Options()});
  InThreads([&](Random& chance, int) {
    const CheckpointConfig config{
        .thread = Pick(chance, "t", 2), .ns = Pick(chance, "n", 2), .id = Pick(chance, "c", 5)};
    switch (chance.Below(8)) {
      case 0:
        return Allow(saver.Delete(config), {});
      case 1:
        return Allow(saver.Prune(config.thread, config.ns, 2), {});
      case 2:
        return Allow(saver.PutWrites(config, {{"x", {"json", "1"}}}, Pick(chance, "task", 2)), {});
      case 3:
        return Allow(saver.List({.thread = config.thread}), {});
      default: {
        CheckpointPut put{.config = {.thread = config.thread, .ns = config.ns},
                          .checkpoint = {.id = *config.id, .ts = "now"}};
        for (const char* channel : {"x", "y", "z"}) {
          if (chance.Below(3) == 0) continue;
          const std::string version = std::to_string(chance.Below(3));
          put.checkpoint.channel_versions[channel] = version;
          if (chance.Below(2) == 0) put.new_versions[channel] = version;
          if (chance.Below(2) == 0) put.checkpoint.channel_values[channel] = {"json", "1"};
        }
        Allow(saver.Put(put), {});
      }
    }
  });

  std::vector<std::string> threads;
  for (const std::string thread : {"t0", "t1"}) {
    const std::string base = "satchel:v1:ckpt:{ck:acme:" + thread + "}";
    std::vector<std::string> spaces;
    for (const std::string ns : {"n0", "n1"}) {
      const std::vector<std::string> ids = After(base + ":c:" + ns + ":");
      std::map<std::string, std::string> references;
      for (const std::string& id : ids) {
        const Fields fields = HashOf(base + ":c:" + ns + ":" + id);
        EXPECT_EQ(Score(base + ":i:" + ns, id), fields.Int("seq"));
        const std::string texts = fields.Text("cv");
        for (const std::string_view text : Split(texts, '\n')) {
          if (text.empty()) continue;
          std::string& count = references[std::string(text)];
          count = std::to_string(ParseInt(count).value_or(0) + 1);
        }
      }
      EXPECT_THAT(Members(base + ":i:" + ns), testing::UnorderedElementsAreArray(ids));
      EXPECT_EQ(MapOf(base + ":r:" + ns), references);
      std::vector<std::string> values;
      for (const auto& [text, count] : references) {
        values.push_back(text);
        std::ranges::replace(values.back(), ' ', ':');
      }
      EXPECT_THAT(After(base + ":b:" + ns + ":"), testing::UnorderedElementsAreArray(values));
      const std::string latest = HashOf(base + ":h:" + ns).Text("latest");
      if (!ids.empty()) {
        spaces.push_back(ns);
        EXPECT_THAT(ids, testing::Contains(latest));
        EXPECT_EQ(saver.GetTuple({.thread = thread, .ns = ns}).value()->config.id, latest);
      }
    }
    EXPECT_EQ(Members(base + ":n"), spaces);
    const auto listed = saver.List({.thread = thread});
    ASSERT_TRUE(listed);
    EXPECT_TRUE(std::ranges::is_sorted(*listed, std::greater<>(), &CheckpointTuple::seq));
    if (!spaces.empty()) threads.push_back(thread);
  }
  EXPECT_THAT(Members("satchel:v1:ckpt:{ct:acme}:threads"), testing::IsSupersetOf(threads));
}

TEST_P(PropertyContract, ConversationsAgreeWithTheirCounts) {
  MemoryStore memory(*store, {.repo = Options(), .ttl = hours(1), .max_entries = 40});
  InThreads([&](Random& chance, int number) {
    const std::string key = Pick(chance, "c", 2);
    const std::string message = std::to_string(number);  // grows within a thread
    switch (chance.Below(12)) {
      case 0:
        return Allow(memory.Trim(key, static_cast<std::int64_t>(chance.Below(10)), 5), {});
      case 1:
        return Allow(memory.Delete(key), {});
      case 2:
        return Allow(memory.SetExpiration(key, hours(1 + chance.Below(3))), {});
      case 3:
        return Allow(memory.IncrementTokens(key, 3), {});
      case 4:
        return Allow(memory.Replace(key, {message}), {});
      case 5:
        return Allow(memory.GetCounts(key), {});
      default:
        Allow(memory.Append(key, {message}, 2), {});
    }
  });
  for (const std::string key : {"c0", "c1"}) {
    const std::string base = "satchel:v1:mem:{me:acme:" + key + "}";
    const std::int64_t length = Run({"LLEN", base + ":list"}).integer;
    EXPECT_LE(length, 40);
    if (Run({"EXISTS", base + ":meta"}).integer == 1) {
      EXPECT_EQ(HashOf(base + ":meta").Int("message_count"), length);
    } else {
      EXPECT_EQ(length, 0) << "a list without its counts";
    }
    if (length > 0) {
      EXPECT_EQ(Run({"PEXPIRETIME", base + ":list"}).integer,
                Run({"PEXPIRETIME", base + ":meta"}).integer);
      EXPECT_EQ(HashOf(base + ":meta").Int("expires"),
                Run({"PEXPIRETIME", base + ":meta"}).integer);
    }
    std::map<std::int64_t, std::int64_t> last;  // by thread
    const Messages messages = memory.Read(key).value();
    for (const std::string& message : messages) {
      const std::int64_t number = *ParseInt(message);
      std::int64_t& before = last.emplace(number / kSteps, -1).first->second;
      EXPECT_LT(before, number) << "what a thread appended keeps its order";
      before = number;
    }
  }
}

TEST_P(PropertyContract, ResourcesAgreeWithTheirListAndRevisions) {
  ResourceStore resources(*store, {.repo = Options()});
  std::atomic<std::uint64_t> changes = 0;
  InThreads([&](Random& chance, int number) {
    const ResourceKey key{.project = "p",
                          .type = ResourceType::kAgent,
                          .id = Pick(chance, "r", 4),
                          .version = chance.Below(2) == 0 ? "" : "1"};
    const std::string value = "{\"b\":" + std::to_string(number) + ",\"a\":1}";
    switch (chance.Below(5)) {
      case 0: {
        const auto existed = resources.Delete(key);
        ASSERT_TRUE(existed);
        changes += *existed ? 1 : 0;
        return;
      }
      case 1: {
        const auto put = resources.PutIfMatch(key, value, "");
        Allow(put, {ErrorCode::kEtagMismatch});
        changes += put ? 1 : 0;
        return;
      }
      default:
        ASSERT_TRUE(resources.Put(key, value));
        ++changes;
    }
  });
  const std::string base = "satchel:v1:res:{re:acme:p:agent}";
  std::vector<std::string> entries;
  for (std::string rest : After(base + ":obj:")) {
    const Fields object = HashOf(base + ":obj:" + rest);
    const std::size_t colon = rest.find(':');
    const auto got = resources.Get({.project = "p",
                                    .type = ResourceType::kAgent,
                                    .id = rest.substr(0, colon),
                                    .version = *Unescape(rest.substr(colon + 1))});
    ASSERT_TRUE(got);
    EXPECT_EQ(got->value, object.Text("j"));
    EXPECT_EQ(Sha256Hex(StableJson("value", got->value).value()), object.Text("e"));
    std::ranges::replace(rest, ':', ' ');
    entries.push_back(rest);
  }
  std::ranges::sort(entries);
  EXPECT_EQ(Members(base + ":ix"), entries);
  EXPECT_EQ(Run({"GET", base + ":rev"}).text, std::to_string(changes.load()));
  EXPECT_EQ(resources.ListWithValues("p", ResourceType::kAgent)->total, entries.size());
}

SATCHEL_EVERY_HOME(PropertyContract);

}  // namespace
}  // namespace satchel::repos
