// The storage backend's contract, in this process and against redis-server. Time is a manual
// clock that starts now: a remote server has a clock of its own.

#include "repos/storage_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/text.h"
#include "repos/keys.h"
#include "repos/rfc3339.h"
#include "repos/scripts.h"
#include "tests/store/forwarding_store.h"
#include "tests/store/stores.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using store::Store;
using store::StoreKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Notes the commands that are sent one by one.
class NotedStore final : public store::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  using Store::Run;
  Result<ReplyValue> Run(store::Args args, const store::CallOptions& options) override {
    {
      const std::lock_guard lock(mutex_);
      lines.emplace_back(args.begin(), args.end());
    }
    return ForwardingStore::Run(args, options);
  }

  std::vector<store::CommandLine> lines;  // read while nobody else calls

 private:
  std::mutex mutex_;
};

class StorageBackendContract : public testing::TestWithParam<StoreKind> {
 protected:
  StorageBackendContract() {
    if (GetParam() == StoreKind::kEmbedded) {
      inner = std::move(*store::EmbeddedStore::Open({.clock = &clock}));
    } else {
      store::RemoteOptions options = store::OptionsFor(store::SharedRedis());
      if (GetParam() == StoreKind::kRemoteResp2) options.protocol = 2;
      inner = store::OpenRemote(options);
      EXPECT_TRUE(inner->Run({"FLUSHALL"}));
    }
    store.emplace(*inner);
    backend.emplace(*store, Options());
  }

  StorageBackendOptions Options() { return {.repo = {.tenant = "acme", .clock = &clock}}; }

  // Small batches, so that few records fill several.
  void UseBatchesOf(int rows) {
    StorageBackendOptions options = Options();
    options.list_rows = rows;
    options.sweep_rows = rows;
    backend.emplace(*store, options);
  }

  // A document that expires `ttl` from now, if any.
  std::string Document(std::optional<milliseconds> ttl = {}, std::string more = "") {
    std::string json = "{\"task\": {\"id\": 1}";
    if (ttl) json += ", \"expiresAt\": \"" + FormatRfc3339(clock.NowMs() + ttl->count()) + "\"";
    return json + more + "}";
  }
  static std::string Created(std::int64_t ms) {
    return "{\"task\": {\"createdAt\": \"" + FormatRfc3339(ms) + "\"}}";
  }
  std::uint64_t Put(const RecordKey& key, const std::string& data) {
    const auto version = backend->Put(key, data);
    EXPECT_TRUE(version) << version.error().detail;
    return version.value_or(0);
  }
  std::vector<std::string> List(std::string_view owner) {
    const auto records = backend->ListByPrefix(RecordKey::OwnerPrefix(owner));
    EXPECT_TRUE(records) << records.error().detail;
    std::vector<std::string> tasks;
    if (records) {
      for (const Record& record : *records) tasks.push_back(record.key.task);
    }
    return tasks;
  }
  std::vector<std::string> KeysOfOwner(const std::string& owner) {
    std::vector<std::string> keys;
    const auto all = inner->Run({"KEYS", "*"});
    for (const ReplyValue& key : all->items) {
      if (TagOf(key.text) == "tb:acme:" + Escape(owner)) keys.push_back(key.text);
    }
    return keys;
  }
  // Of a key, what the physical deadline of the hash is.
  std::int64_t PhysicalDeadline(const std::string& name) {
    return inner->Run({"PEXPIRETIME", "satchel:v1:tb:{tb:acme:o}:r:" + name})->integer;
  }

  ManualClock clock{RealClock::Instance().NowMs()};
  std::unique_ptr<Store> inner;
  std::optional<NotedStore> store;
  std::optional<StorageBackend> backend;
  const RecordKey key{"o", "t"};
};

TEST_P(StorageBackendContract, GetOfAMissingRecordIsNotFound) {
  EXPECT_EQ(backend->Get(key).error().code, ErrorCode::kNotFound);
}

TEST_P(StorageBackendContract, GetReturnsDataAndVersion) {
  const std::string data = "{\"big\": 12345678901234567890,  \"a\":1 }";
  Put(key, data);
  const auto record = backend->Get(key);
  ASSERT_TRUE(record) << record.error().detail;
  EXPECT_EQ(record->data, data);
  EXPECT_EQ(record->version, 1u);
  EXPECT_EQ(record->key, key);
}

TEST_P(StorageBackendContract, FirstPutGivesVersionOne) { EXPECT_EQ(Put(key, Document()), 1u); }

TEST_P(StorageBackendContract, EachPutAddsOne) {
  for (std::uint64_t i = 1; i <= 5; ++i) EXPECT_EQ(Put(key, Document()), i);
  EXPECT_EQ(Put({"o", "other"}, Document()), 1u);
}

TEST_P(StorageBackendContract, PutReplacesDataAndDeadline) {
  Put(key, Document(hours(1)));
  Put(key, Document(hours(3)));
  EXPECT_EQ(PhysicalDeadline("t"), clock.NowMs() + milliseconds(hours(3)).count());
  clock.Advance(hours(2));
  EXPECT_EQ(backend->Get(key)->version, 2u);
  clock.Advance(hours(2));
  EXPECT_EQ(backend->Get(key).error().code, ErrorCode::kNotFound);
}

TEST_P(StorageBackendContract, CasWithTheRightVersionSucceeds) {
  Put(key, Document());
  EXPECT_EQ(backend->PutIfVersion(key, "{\"n\": 2}", 1).value(), 2u);
  EXPECT_EQ(backend->Get(key)->data, "{\"n\": 2}");
}

TEST_P(StorageBackendContract, CasWithAStaleVersionReportsTheActualOne) {
  Put(key, "{\"n\": 1}");
  Put(key, "{\"n\": 2}");
  const auto put = backend->PutIfVersion(key, "{\"n\": 3}", 1);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::kVersionConflict);
  EXPECT_EQ(put.error().expected, 1u);
  EXPECT_EQ(put.error().actual, 2u);
  EXPECT_EQ(backend->Get(key)->data, "{\"n\": 2}");
}

TEST_P(StorageBackendContract, CasOnAMissingRecordConflictsWithActualZero) {
  const auto put = backend->PutIfVersion(key, Document(), 7);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, ErrorCode::kVersionConflict);
  EXPECT_EQ(put.error().expected, 7u);
  EXPECT_EQ(put.error().actual, 0u);
  EXPECT_THAT(KeysOfOwner("o"), IsEmpty());
}

TEST_P(StorageBackendContract, OfManyConcurrentCasOneWins) {
  Put(key, Document());
  std::atomic<int> won = 0;
  std::atomic<int> lost = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&] {
      const auto put = backend->PutIfVersion(key, Document(), 1);
      if (put) ++won;
      if (!put && put.error().code == ErrorCode::kVersionConflict) ++lost;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 11);
  EXPECT_EQ(backend->Get(key)->version, 2u);
}

TEST_P(StorageBackendContract, PutNewRefusesWhatExists) {
  EXPECT_EQ(backend->PutNew(key, Document(), 10).value(), 1u);
  EXPECT_EQ(backend->PutNew(key, Document(), 10).error().code, ErrorCode::kAlreadyExists);
}

TEST_P(StorageBackendContract, PutNewRefusesMoreThanTheLimit) {
  EXPECT_TRUE(backend->PutNew({"o", "a"}, Document(), 2));
  EXPECT_TRUE(backend->PutNew({"o", "b"}, Document(hours(1)), 2));
  const auto full = backend->PutNew({"o", "c"}, Document(), 2);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kCapacityExceeded);
  EXPECT_EQ(full.error().expected, 2u);
  EXPECT_EQ(full.error().actual, 2u);
  EXPECT_TRUE(backend->PutNew({"p", "c"}, Document(), 1)) << "another owner";
  clock.Advance(hours(2));
  EXPECT_TRUE(backend->PutNew({"o", "c"}, Document(), 2)) << "expired records do not count";
}

TEST_P(StorageBackendContract, DeleteTellsWhetherItExisted) {
  Put(key, Document());
  EXPECT_TRUE(*backend->Delete(key));
  EXPECT_EQ(backend->Get(key).error().code, ErrorCode::kNotFound);
}

TEST_P(StorageBackendContract, DeleteIsIdempotent) {
  EXPECT_FALSE(*backend->Delete(key));
  Put(key, Document());
  EXPECT_TRUE(*backend->Delete(key));
  EXPECT_FALSE(*backend->Delete(key));
}

TEST_P(StorageBackendContract, DeleteOfAnExpiredRecordTellsThatThereWasNone) {
  Put(key, Document(hours(1)));
  clock.Advance(hours(2));
  EXPECT_FALSE(*backend->Delete(key));
  EXPECT_EQ(*backend->CleanupExpired(), 0u);
}

TEST_P(StorageBackendContract, ADeletedRecordLeavesTheList) {
  Put({"o", "a"}, Document());
  Put({"o", "b"}, Document());
  EXPECT_TRUE(*backend->Delete({"o", "a"}));
  EXPECT_THAT(List("o"), ElementsAre("b"));
}

TEST_P(StorageBackendContract, ListIsInCreationOrder) {
  Put({"o", "late"}, Created(3000));
  Put({"o", "b"}, Created(1000));
  Put({"o", "B"}, Created(1000));
  Put({"o", std::string("\xff", 1)}, Created(1000));
  Put({"o", "undated"}, "{}");
  Put({"o", "number"}, "{\"task\": {\"createdAt\": 2000}}");
  EXPECT_THAT(List("o"), ElementsAre("undated", "B", "b", "\xff", "number", "late"));
}

TEST_P(StorageBackendContract, CreatedAtOfALiveRecordDoesNotMoveIt) {
  Put({"o", "a"}, Created(1000));
  Put({"o", "b"}, Created(2000));
  Put({"o", "a"}, Created(3000));
  EXPECT_THAT(List("o"), ElementsAre("a", "b"));
  EXPECT_TRUE(*backend->Delete({"o", "a"}));
  Put({"o", "a"}, Created(3000));
  EXPECT_THAT(List("o"), ElementsAre("b", "a"));
}

TEST_P(StorageBackendContract, ListSeesOnlyItsOwner) {
  Put({"o", "mine"}, Document());
  Put({"oo", "other"}, Document());
  Put({"", "nobody's"}, Document());
  EXPECT_THAT(List("o"), ElementsAre("mine"));
  EXPECT_THAT(List(""), ElementsAre("nobody's"));
  EXPECT_THAT(List("x"), IsEmpty());
}

TEST_P(StorageBackendContract, OwnersAndTasksWithColonsStayApart) {
  Put({"a:b", "c"}, "{\"n\": 1}");
  Put({"a", "b:c"}, "{\"n\": 2}");
  EXPECT_EQ(backend->Get({"a:b", "c"})->data, "{\"n\": 1}");
  EXPECT_EQ(backend->Get({"a", "b:c"})->data, "{\"n\": 2}");
  EXPECT_THAT(List("a:b"), ElementsAre("c"));
  EXPECT_THAT(List("a"), ElementsAre("b:c"));
}

TEST_P(StorageBackendContract, ListIsOneRoundTrip) {
  for (int i = 0; i < 50; ++i) Put({"o", std::to_string(i)}, Document());
  EXPECT_EQ(List("o").size(), 50u);  // the script is known now
  store->lines.clear();
  EXPECT_EQ(List("o").size(), 50u);
  EXPECT_EQ(store->lines.size(), 1u);
}

TEST_P(StorageBackendContract, ALongListComesInBatches) {
  constexpr int kRecords = 25;
  UseBatchesOf(10);
  std::vector<std::string> expected;
  for (int i = 0; i < kRecords; ++i) {
    const std::string task = std::to_string(100'000 + i);
    Put({"o", task}, i % 2 == 0 ? "{}" : Created(1000 + i / 5));
    if (i % 2 == 0) expected.push_back(task);
  }
  for (int i = 1; i < kRecords; i += 2) expected.push_back(std::to_string(100'000 + i));
  EXPECT_EQ(List("o"), expected);
  store->lines.clear();
  List("o");
  EXPECT_EQ(store->lines.size(), 3u);
}

TEST_P(StorageBackendContract, AListWithManyGoneRowsSkipsNone) {
  constexpr int kRecords = 43;
  UseBatchesOf(10);
  std::vector<std::string> expected;
  for (int i = 0; i < kRecords; ++i) {
    const std::string task = std::to_string(100'000 + i);
    const bool stays = i % 3 == 0;
    Put({"o", task}, Document(stays ? std::nullopt : std::optional<milliseconds>(hours(1))));
    if (stays) expected.push_back(task);
  }
  clock.Advance(hours(2));
  EXPECT_EQ(List("o"), expected);
  EXPECT_EQ(*backend->CleanupExpired(), 0u) << "the list has removed them";
}

TEST_P(StorageBackendContract, ARecordThatVanishedLeavesTheList) {
  Put({"o", "a"}, Document());
  Put({"o", "b"}, Document());
  ASSERT_EQ(inner->Run({"DEL", "satchel:v1:tb:{tb:acme:o}:r:a"})->integer, 1);
  EXPECT_THAT(List("o"), ElementsAre("b"));
  EXPECT_EQ(inner->Run({"ZCARD", "satchel:v1:tb:{tb:acme:o}:idx"})->integer, 1);
}

TEST_P(StorageBackendContract, CleanupRemovesExpiredRecordsAndCountsThem) {
  UseBatchesOf(10);
  for (int i = 0; i < 30; ++i) Put({"o", std::to_string(i)}, Document(hours(1)));
  Put({"p{:*", "t:1"}, Document(hours(1)));
  Put({"p{:*", "stays"}, Document(hours(9)));
  EXPECT_EQ(*backend->CleanupExpired(), 0u);
  clock.Advance(hours(2));
  EXPECT_EQ(*backend->CleanupExpired(), 31u);
  EXPECT_EQ(*backend->CleanupExpired(), 0u);
  EXPECT_THAT(List("p{:*"), ElementsAre("stays"));
  for (const std::string& left : KeysOfOwner("o")) {
    EXPECT_THAT(left, testing::AnyOf(testing::EndsWith(":vc"), testing::EndsWith(":dead")));
  }
}

TEST_P(StorageBackendContract, NothingIsLeftOfAnOwnerOnceItsVersionsAreForgotten) {
  Put(key, Document());
  EXPECT_TRUE(*backend->Delete(key));
  clock.Advance(hours(25));
  EXPECT_EQ(*backend->CleanupExpired(), 0u);
  EXPECT_THAT(inner->Run({"KEYS", "*"})->items, IsEmpty());
  EXPECT_EQ(Put(key, Document()), 1u);
}

TEST_P(StorageBackendContract, AnOwnerRegisteredLatelyStaysRegistered) {
  Put(key, Document());
  EXPECT_TRUE(*backend->Delete(key));
  backend.emplace(
      *store, StorageBackendOptions{.repo = Options().repo, .version_retention = milliseconds(1)});
  clock.Advance(std::chrono::minutes(9));
  EXPECT_TRUE(backend->CleanupExpired());
  EXPECT_EQ(inner->Run({"ZCARD", "satchel:v1:tb:{to:acme}:owners"})->integer, 1);
  clock.Advance(std::chrono::minutes(2));
  EXPECT_TRUE(backend->CleanupExpired());
  EXPECT_EQ(inner->Run({"ZCARD", "satchel:v1:tb:{to:acme}:owners"})->integer, 0);
}

TEST_P(StorageBackendContract, ExpiredRecordsAreHiddenFromGetListAndCas) {
  Put(key, Document(hours(1)));
  clock.Advance(hours(1));
  EXPECT_EQ(backend->Get(key).error().code, ErrorCode::kNotFound);
  const auto cas = backend->PutIfVersion(key, Document(), 1);
  EXPECT_EQ(cas.error().code, ErrorCode::kVersionConflict);
  EXPECT_EQ(cas.error().actual, 0u);
  EXPECT_THAT(List("o"), IsEmpty());
}

TEST_P(StorageBackendContract, APutThatHasAlreadyExpiredStoresNothing) {
  EXPECT_EQ(Put(key, Document()), 1u);
  EXPECT_EQ(Put(key, Document(milliseconds(0))), 2u);
  EXPECT_EQ(backend->Get(key).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(List("o"), IsEmpty());
  EXPECT_EQ(inner
                ->Run({"EXISTS", "satchel:v1:tb:{tb:acme:o}:r:t", "satchel:v1:tb:{tb:acme:o}:idx",
                       "satchel:v1:tb:{tb:acme:o}:exp"})
                ->integer,
            0);
  EXPECT_EQ(Put(key, Document()), 3u) << "who was told version 2 must match nobody";
}

TEST_P(StorageBackendContract, VersionsDoNotRestartAfterExpiryOrDeletion) {
  const RecordKey a{"o", "a"};
  const RecordKey b{"o", "b"};
  EXPECT_EQ(Put(a, Document(hours(1))), 1u);
  EXPECT_EQ(Put(a, Document(hours(1))), 2u);
  EXPECT_EQ(Put(b, Document()), 1u);
  clock.Advance(hours(2));
  const auto cas = backend->PutIfVersion(a, Document(), 2);
  ASSERT_FALSE(cas);
  EXPECT_EQ(cas.error().actual, 0u);
  EXPECT_EQ(Put(a, Document()), 3u);
  EXPECT_TRUE(*backend->Delete(a));
  EXPECT_EQ(Put(a, Document()), 4u);
  EXPECT_TRUE(*backend->Delete(b));
  EXPECT_EQ(Put(b, Document()), 5u) << "above all that the owner was ever given";
}

TEST_P(StorageBackendContract, VersionsDoNotRestartAfterASweep) {
  Put(key, Document(hours(1)));
  clock.Advance(hours(2));
  EXPECT_EQ(*backend->CleanupExpired(), 1u);
  EXPECT_EQ(Put(key, Document()), 2u);
}

TEST_P(StorageBackendContract, RemovedVersionsAreForgottenAfterTheRetention) {
  Put(key, Document());
  Put({"o", "other"}, Document());
  EXPECT_TRUE(*backend->Delete(key));
  clock.Advance(hours(24));
  EXPECT_EQ(Put(key, Document()), 2u);
  EXPECT_TRUE(*backend->Delete(key));
  clock.Advance(hours(24) + milliseconds(1));
  EXPECT_EQ(Put(key, Document()), 1u);
}

TEST_P(StorageBackendContract, ExpiryIsExactToTheMillisecond) {
  Put(key, Document(milliseconds(3'600'250)));
  EXPECT_EQ(PhysicalDeadline("t"), clock.NowMs() + 3'600'250);
  clock.Advance(milliseconds(3'600'249));
  EXPECT_TRUE(backend->Get(key));
  EXPECT_THAT(List("o"), ElementsAre("t"));
  clock.Advance(milliseconds(1));
  EXPECT_EQ(backend->Get(key).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(List("o"), IsEmpty());
}

TEST_P(StorageBackendContract, APutWithoutDeadlineClearsTheOldOne) {
  Put(key, Document(hours(1)));
  Put(key, Document());
  EXPECT_EQ(PhysicalDeadline("t"), -1);
  clock.Advance(hours(2));
  EXPECT_EQ(backend->Get(key)->version, 2u);
  EXPECT_EQ(*backend->CleanupExpired(), 0u);
  Put(key, Document(hours(1)));
  Put(key, "{\"expiresAt\": null}");
  EXPECT_EQ(PhysicalDeadline("t"), -1);
}

TEST_P(StorageBackendContract, BinarySafeIds) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (const std::string& id : {bytes, std::string(), std::string("!"), std::string("%21"),
                                std::string("a b\r\n"), std::string(512, '\0')}) {
    const RecordKey binary{id, id};
    EXPECT_EQ(Put(binary, Document()), 1u);
    EXPECT_EQ(backend->Get(binary)->version, 1u);
    EXPECT_THAT(List(id), ElementsAre(id));
    EXPECT_EQ(RecordKey::FromText(binary.ToText()).value(), binary);
    Put(binary, Document(hours(1)));
    clock.Advance(hours(2));
    EXPECT_EQ(*backend->CleanupExpired(), 1u);
    EXPECT_THAT(List(id), IsEmpty());
  }
}

TEST_P(StorageBackendContract, IllegalArgumentsSendNothing) {
  store->lines.clear();
  const std::string data = Document();
  for (const char* wrong : {"", "[]", "1", "{", "nothing", "{} {}"}) {
    EXPECT_EQ(backend->Put(key, wrong).error().code, ErrorCode::kInvalidArgument) << wrong;
  }
  for (const char* wrong :
       {"{\"expiresAt\": 5}", "{\"expiresAt\": \"soon\"}", "{\"expiresAt\": \"2026-01-31\"}"}) {
    EXPECT_EQ(backend->PutIfVersion(key, wrong, 1).error().code, ErrorCode::kInvalidArgument);
  }
  const std::string long_id(513, 'a');
  EXPECT_EQ(backend->Put({long_id, "t"}, data).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(backend->Get({"o", long_id}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(backend->Delete({"o", long_id}).error().code, ErrorCode::kInvalidArgument);
  for (const char* prefix : {"", "o", "o:t", "o:t:", ":", "o ", "%3a:"}) {
    EXPECT_EQ(backend->ListByPrefix(prefix).error().code, ErrorCode::kInvalidArgument) << prefix;
  }
  EXPECT_THAT(store->lines, IsEmpty());
}

TEST_P(StorageBackendContract, ADamagedRecordIsCorrupt) {
  Put(key, Document());
  const std::string name = "satchel:v1:tb:{tb:acme:o}:r:t";
  ASSERT_TRUE(inner->Run({"HDEL", name, "data"}));
  EXPECT_EQ(backend->Get(key).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(backend->ListByPrefix("o:").error().code, ErrorCode::kCorrupt);
  ASSERT_TRUE(inner->Run({"HSET", name, "data", "{}", "v", "x"}));
  EXPECT_EQ(backend->Get(key).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(backend->ListByPrefix("o:").error().code, ErrorCode::kCorrupt);
  ASSERT_TRUE(inner->Run({"DEL", name}));
  ASSERT_TRUE(inner->Run({"SET", name, "string"}));
  EXPECT_EQ(backend->Get(key).error().code, ErrorCode::kWrongType);
  EXPECT_EQ(backend->Put(key, Document()).error().code, ErrorCode::kWrongType);
}

TEST_P(StorageBackendContract, TenantsAndPrefixesStayApart) {
  Put(key, Document());
  StorageBackendOptions options = Options();
  options.repo.tenant = "";
  StorageBackend nobody(*store, options);
  EXPECT_EQ(nobody.Get(key).error().code, ErrorCode::kNotFound);
  options = Options();
  options.repo.prefix = "other";
  StorageBackend other(*store, options);
  EXPECT_EQ(other.Get(key).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(other.Put(key, Document()).value(), 1u);
  EXPECT_EQ(backend->Get(key)->version, 1u);
}

TEST_P(StorageBackendContract, ScriptsWorkAfterTheServerForgotThem) {
  Put(key, Document());
  List("o");
  ASSERT_TRUE(inner->Run({"SCRIPT", "FLUSH"}));
  EXPECT_EQ(Put(key, Document()), 2u);
  EXPECT_THAT(List("o"), ElementsAre("t"));
  EXPECT_TRUE(*backend->Delete(key));
}

TEST_P(StorageBackendContract, EveryScriptTouchesOneSlot) {
  Put({"o:1", "t"}, Document(hours(1)));
  EXPECT_TRUE(backend->PutNew({"o:1", "u"}, Document(), 5));
  List("o:1");
  EXPECT_TRUE(backend->Delete({"o:1", "t"}));
  clock.Advance(hours(30));
  EXPECT_TRUE(backend->CleanupExpired());
  int scripts = 0;
  for (const store::CommandLine& line : store->lines) {
    if (line[0] != "EVALSHA" && line[0] != "EVAL") continue;
    ++scripts;
    const auto keys = static_cast<std::size_t>(*ParseInt(line[2]));
    const std::string tag(TagOf(line[3]));
    EXPECT_NE(tag, "");
    for (std::size_t i = 0; i < keys; ++i) EXPECT_EQ(TagOf(line[3 + i]), tag);
  }
  EXPECT_GE(scripts, 5);
}

TEST_P(StorageBackendContract, TheRegistryIsWrittenOncePerMinute) {
  const auto additions = [&] {
    return std::count_if(store->lines.begin(), store->lines.end(),
                         [](const auto& line) { return line[0] == "ZADD"; });
  };
  Put(key, Document());
  Put(key, Document());
  EXPECT_EQ(additions(), 1);
  clock.Advance(std::chrono::seconds(60));
  Put(key, Document());
  EXPECT_EQ(additions(), 2);
}

INSTANTIATE_TEST_SUITE_P(Stores, StorageBackendContract,
                         testing::Values(StoreKind::kEmbedded, StoreKind::kRemote,
                                         StoreKind::kRemoteResp2),
                         [](const auto& info) { return store::KindName(info.param); });

TEST(StorageBackend, RealTimeExpiresRecords) {
  auto store = store::OpenRemote(store::OptionsFor(store::SharedRedis()));
  ASSERT_TRUE(store->Run({"FLUSHALL"}));
  StorageBackend backend(*store, {});
  const std::int64_t deadline_ms = RealClock::Instance().NowMs() + 100;
  ASSERT_TRUE(backend.Put({"o", "t"}, "{\"expiresAt\": \"" + FormatRfc3339(deadline_ms) + "\"}"));
  EXPECT_TRUE(backend.Get({"o", "t"}));
  std::this_thread::sleep_for(milliseconds(130));
  EXPECT_EQ(backend.Get({"o", "t"}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(*backend.CleanupExpired(), 1u);
}

TEST(RecordKey, TextFormsAreStrict) {
  EXPECT_EQ((RecordKey{"a:b", ""}).ToText(), "a%3Ab:!");
  EXPECT_EQ(RecordKey::OwnerPrefix(""), "!:");
  for (const char* text : {"", "a", "a:", ":a", "a:b:c", "a:%3a", "a b:c", "!:", "%41:b"}) {
    EXPECT_EQ(RecordKey::FromText(text).error().code, ErrorCode::kInvalidArgument) << text;
  }
}

TEST(StorageBackendOptions, ComeFromTheConfiguration) {
  const auto config =
      store::LoadConfig({.environment = {{"SATCHEL_KEY_PREFIX", "p"},
                                         {"SATCHEL_TENANT", "t"},
                                         {"SATCHEL_TASKS_BACKEND__VERSION_RETENTION", "2d"}}});
  ASSERT_TRUE(config);
  const StorageBackendOptions options = StorageBackendOptionsOf(*config);
  EXPECT_EQ(options.repo.prefix, "p");
  EXPECT_EQ(options.repo.tenant, "t");
  EXPECT_EQ(options.version_retention, hours(48));
}

TEST(Scripts, EachBeginsWithItsKeysArgumentsAndReply) {
  for (const ScriptFile& file : ScriptFiles()) {
    if (IsScriptPart(file)) continue;
    EXPECT_THAT(std::string(file.text),
                testing::AllOf(testing::StartsWith("-- "), HasSubstr("-- KEYS"),
                               HasSubstr("-- ARGV"), HasSubstr("-- Returns")))
        << file.name;
  }
}

}  // namespace
}  // namespace satchel::repos
