#include "repos/checkpointer.h"

#include <thread>

#include "tests/repos/repo_test.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class CheckpointerContract : public RepoTest {
 protected:
  CheckpointerContract() {
    locks.emplace(*store, Options());
    Use({});
  }
  // Another checkpointer on the same store.
  void Use(CheckpointerOptions options) {
    options.repo = Options();
    saver.emplace(*store, *locks, options);
  }

  using Values = std::map<std::string, std::string>;
  // Channels with text values; versions are "1" unless given as "value@version".
  static CheckpointPut Make(const std::string& id, const Values& values = {},
                            const std::string& thread = "t", const std::string& ns = "") {
    CheckpointPut put{.config = {.thread = thread, .ns = ns}};
    put.checkpoint.id = id;
    put.checkpoint.ts = "2026-01-31T12:00:00Z";
    for (const auto& [channel, text] : values) {
      const std::size_t at = text.find('@');
      const std::string version = at == text.npos ? "1" : text.substr(at + 1);
      put.checkpoint.channel_values[channel] = {"json", text.substr(0, at)};
      put.checkpoint.channel_versions[channel] = version;
      put.new_versions[channel] = version;
    }
    return put;
  }
  void Save(const CheckpointPut& put) {
    const auto stored = saver->Put(put);
    ASSERT_TRUE(stored) << stored.error().detail;
    EXPECT_EQ(stored->id, put.checkpoint.id);
  }
  CheckpointTuple Load(const CheckpointConfig& config) {
    auto tuple = saver->GetTuple(config);
    EXPECT_TRUE(tuple) << tuple.error().detail;
    EXPECT_TRUE(tuple && *tuple);
    return tuple && *tuple ? std::move(**tuple) : CheckpointTuple{};
  }
  bool Exists(const CheckpointConfig& config) {
    const auto tuple = saver->GetTuple(config);
    EXPECT_TRUE(tuple) << tuple.error().detail;
    return tuple && tuple->has_value();
  }
  std::vector<std::string> List(const CheckpointListOptions& options = {}) {
    const auto found = saver->List(options);
    EXPECT_TRUE(found) << found.error().detail;
    std::vector<std::string> ids;
    if (found) {
      for (const CheckpointTuple& tuple : *found) ids.push_back(*tuple.config.id);
    }
    return ids;
  }
  // Keys of values.
  std::vector<std::string> Blobs() {
    std::vector<std::string> blobs = Keys();
    std::erase_if(blobs, [](const std::string& key) { return key.find("}:b:") == key.npos; });
    return blobs;
  }

  std::optional<LockManager> locks;
  std::optional<Checkpointer> saver;
};

TEST_P(CheckpointerContract, LatestIsTheLastPut) {
  EXPECT_FALSE(Exists({.thread = "t"}));
  Save(Make("b", {{"x", "1"}}));
  Save(Make("a", {{"x", "2@2"}}));
  const CheckpointTuple latest = Load({.thread = "t"});
  EXPECT_EQ(latest.config, (CheckpointConfig{.thread = "t", .id = "a"}));
  EXPECT_EQ(latest.checkpoint, Make("a", {{"x", "2@2"}}).checkpoint);
  EXPECT_EQ(saver->Get({.thread = "t", .id = "b"}).value()->channel_values.at("x").bytes, "1");
  Save(Make("b", {{"x", "1"}}));
  EXPECT_EQ(Load({.thread = "t"}).config.id, "b");
  EXPECT_THAT(List({.thread = "t"}), ElementsAre("a", "b")) << "its place stays";
  EXPECT_FALSE(Exists({.thread = "t", .id = "none"}));
  ExpectOneSlotEach();
}

TEST_P(CheckpointerContract, ACheckpointComesBackAsItWasPut) {
  CheckpointPut put = Make("id", {{"a:b", "1"}, {"{*} ", "text@\"00.5\""}});
  put.checkpoint.v = 4;
  put.checkpoint.channel_versions["none"] = "1.50";
  put.checkpoint.versions_seen = "{ \"n\": {\"a\": 12345678901234567890} }";
  put.checkpoint.pending_sends = "[1]";
  put.metadata = "{\"source\":\"loop\", \"step\":-1,\"writes\":null}";
  Save(put);
  const CheckpointTuple tuple = Load({.thread = "t"});
  EXPECT_EQ(tuple.checkpoint, put.checkpoint);
  EXPECT_EQ(tuple.metadata, put.metadata);
  EXPECT_EQ(tuple.parent, std::nullopt);
  EXPECT_THAT(tuple.pending_writes, IsEmpty());
  EXPECT_EQ(tuple.put_ms, clock.NowMs());
}

TEST_P(CheckpointerContract, AnEmptyNamespaceAndANamedOneStayApart) {
  Save(Make("a", {{"x", "root"}}));
  Save(Make("a", {{"x", "child"}}, "t", "n|m"));
  EXPECT_EQ(Load({.thread = "t"}).checkpoint.channel_values.at("x").bytes, "root");
  EXPECT_EQ(Load({.thread = "t", .ns = "n|m"}).checkpoint.channel_values.at("x").bytes, "child");
  EXPECT_THAT(List({.thread = "t", .ns = ""}), ElementsAre("a"));
  EXPECT_EQ(List({.thread = "t"}).size(), 2u);
  EXPECT_TRUE(*saver->Delete({.thread = "t", .id = "a"}));
  EXPECT_TRUE(Exists({.thread = "t", .ns = "n|m"}));
}

TEST_P(CheckpointerContract, ParentsLinkToTheConfigsId) {
  Save(Make("a"));
  CheckpointPut next = Make("b", {}, "t", "n");
  next.config.id = "a";
  Save(next);
  EXPECT_EQ(Load({.thread = "t", .ns = "n"}).parent,
            (CheckpointConfig{.thread = "t", .ns = "n", .id = "a"}));
}

TEST_P(CheckpointerContract, UnchangedChannelsAreRejoined) {
  Save(Make("a", {{"x", "1"}, {"y", "2"}}));
  CheckpointPut next = Make("b", {{"x", "3@2"}});
  next.checkpoint.channel_versions["y"] = "1";
  Save(next);
  const Checkpoint checkpoint = Load({.thread = "t"}).checkpoint;
  EXPECT_EQ(checkpoint.channel_values.at("x").bytes, "3");
  EXPECT_EQ(checkpoint.channel_values.at("y").bytes, "2");
  EXPECT_EQ(Blobs().size(), 3u);
}

TEST_P(CheckpointerContract, AMissingBlobIsAnErrorNotALostChannel) {
  Save(Make("a", {{"x", "1"}}));
  Run({"DEL", Blobs()[0]});
  EXPECT_EQ(saver->GetTuple({.thread = "t"}).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(saver->List({.thread = "t"}).error().code, ErrorCode::kCorrupt);
}

TEST_P(CheckpointerContract, PutWithoutNewVersionsLosesNoSuppliedValue) {
  CheckpointPut put = Make("a", {{"x", "1"}});
  put.new_versions.clear();
  Save(put);
  EXPECT_EQ(Load({.thread = "t"}).checkpoint.channel_values.at("x").bytes, "1");
  CheckpointPut again = Make("b", {{"x", "other"}});
  again.new_versions.clear();
  Save(again);
  EXPECT_EQ(Load({.thread = "t"}).checkpoint.channel_values.at("x").bytes, "1")
      << "the value of this version is there";
}

TEST_P(CheckpointerContract, ANewVersionWithoutValueIsEmpty) {
  CheckpointPut put = Make("a", {{"x", "1"}});
  put.checkpoint.channel_values.clear();
  Save(put);
  EXPECT_THAT(Load({.thread = "t"}).checkpoint.channel_values, IsEmpty());
  EXPECT_EQ(Blobs().size(), 1u);
}

TEST_P(CheckpointerContract, OrdinaryWritesAreKeptSpecialOnesReplaced) {
  const CheckpointConfig config{.thread = "t", .id = "a"};
  EXPECT_TRUE(saver->PutWrites(config, {{"x", {"json", "1"}}, {"__error__", {"json", "first"}}},
                               "task", "path"));
  EXPECT_TRUE(saver->PutWrites(config, {{"x", {"json", "2"}}, {"__error__", {"json", "second"}}},
                               "task", "path"));
  EXPECT_TRUE(saver->PutWrites(config, {{"y", {"bytes", std::string("\0\n", 2)}}}, "a:b"));
  EXPECT_FALSE(Exists(config)) << "the checkpoint is not there yet";
  Save(Make("a"));
  const CheckpointTuple tuple = Load(config);
  ASSERT_EQ(tuple.pending_writes.size(), 3u);
  EXPECT_EQ(tuple.pending_writes[0],
            (PendingWrite{"a:b", "", 0, "y", {"bytes", std::string("\0\n", 2)}}));
  EXPECT_EQ(tuple.pending_writes[1],
            (PendingWrite{"task", "path", -1, "__error__", {"json", "second"}}));
  EXPECT_EQ(tuple.pending_writes[2], (PendingWrite{"task", "path", 0, "x", {"json", "1"}}));
}

TEST_P(CheckpointerContract, RacingPutAndPutWritesKeepBoth) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      EXPECT_TRUE(saver->PutWrites({.thread = "t", .id = "a"}, {{"x", {"json", "1"}}},
                                   "task" + std::to_string(i)));
    });
  }
  threads.emplace_back([&] { EXPECT_TRUE(saver->Put(Make("a", {{"x", "1"}}))); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Load({.thread = "t"}).pending_writes.size(), 4u);
}

TEST_P(CheckpointerContract, FiltersWorkOnAnyMetadataKey) {
  const auto save = [&](const std::string& id, const std::string& metadata) {
    CheckpointPut put = Make(id);
    put.metadata = metadata;
    Save(put);
  };
  save("a", "{\"source\":\"input\",\"step\":-1,\"own\":{\"x\":[1]}}");
  save("b", "{\"source\":\"loop\",\"step\":0,\"own\":null}");
  save("c", "{\"source\":\"loop\",\"step\":1}");
  EXPECT_THAT(List({.thread = "t", .filter = "{\"source\":\"loop\"}"}), ElementsAre("c", "b"));
  EXPECT_THAT(List({.thread = "t", .filter = "{\"own\":{\"x\":[1]}}"}), ElementsAre("a"));
  EXPECT_THAT(List({.thread = "t", .filter = "{\"own\":null}"}), ElementsAre("b"));
  EXPECT_THAT(List({.thread = "t", .filter = "{\"source\":\"loop\",\"step\":1}"}),
              ElementsAre("c"));
  EXPECT_THAT(List({.thread = "t", .filter = "{\"none\":1}"}), IsEmpty());
  EXPECT_THAT(List({.thread = "t", .id = "b"}), ElementsAre("b"));
  EXPECT_EQ(saver->List({.filter = "[]"}).error().subject, "filter");
}

TEST_P(CheckpointerContract, BeforeWorksForRandomIds) {
  for (const char* id : {"zz", "aa", "mm"}) Save(Make(id));
  EXPECT_THAT(List({.thread = "t", .before = "mm"}), ElementsAre("aa", "zz"));
  EXPECT_THAT(List({.thread = "t", .before = "zz"}), IsEmpty());
  EXPECT_THAT(List({.thread = "t", .before = "nn"}), ElementsAre("mm", "aa"))
      << "not stored: by the bytes of the id";
}

TEST_P(CheckpointerContract, LimitCountsFilteredRowsAndZeroGivesNone) {
  for (int i = 0; i < 12; ++i) {
    CheckpointPut put = Make("c" + std::to_string(i));
    put.metadata = "{\"step\":" + std::to_string(i % 3) + "}";
    Save(put);
  }
  EXPECT_THAT(List({.thread = "t", .filter = "{\"step\":0}", .limit = 2}), ElementsAre("c9", "c6"));
  EXPECT_THAT(List({.thread = "t", .limit = 2}), ElementsAre("c11", "c10"));
  EXPECT_THAT(List({.thread = "t", .limit = 0}), IsEmpty());
  EXPECT_THAT(List({.thread = "t", .limit = -1}), IsEmpty());
  EXPECT_EQ(List({.thread = "t"}).size(), 12u);
}

TEST_P(CheckpointerContract, ALongListComesInChunks) {
  std::vector<CheckpointPut> puts;
  for (int i = 0; i < 230; ++i) {
    puts.push_back(Make("c" + std::to_string(i), {}, "t", i % 2 == 0 ? "" : "n"));
  }
  for (const auto& result : saver->SaveMany(puts)) EXPECT_TRUE(result);
  const auto ids = List({.thread = "t"});
  ASSERT_EQ(ids.size(), 230u);
  for (int i = 0; i < 230; ++i) {
    EXPECT_EQ(ids[static_cast<std::size_t>(i)], "c" + std::to_string(229 - i));
  }
  EXPECT_EQ(List({.thread = "t", .ns = "n"}).size(), 115u);
}

TEST_P(CheckpointerContract, ListingWithoutConfigCoversAllThreadsInOneOrder) {
  Save(Make("1", {}, "b"));
  Save(Make("2", {}, "a"));
  Save(Make("3", {}, "a"));
  Jump(milliseconds(1));
  Save(Make("4", {}, "c:{*}"));
  EXPECT_THAT(List(), ElementsAre("4", "3", "2", "1"));
  EXPECT_THAT(List({.limit = 2}), ElementsAre("4", "3"));
}

TEST_P(CheckpointerContract, DeletingACheckpointLeavesNoWritesBlobsOrDanglingLatest) {
  Save(Make("a", {{"x", "1"}}));
  Save(Make("b", {{"x", "2@2"}}));
  EXPECT_TRUE(saver->PutWrites({.thread = "t", .id = "b"}, {{"x", {"json", "1"}}}, "task"));
  EXPECT_TRUE(*saver->Delete({.thread = "t", .id = "b"}));
  EXPECT_FALSE(*saver->Delete({.thread = "t", .id = "b"}));
  EXPECT_EQ(Load({.thread = "t"}).config.id, "a");
  EXPECT_EQ(Blobs().size(), 1u);
  EXPECT_TRUE(*saver->Delete({.thread = "t", .id = "a"}));
  EXPECT_FALSE(Exists({.thread = "t"}));
  for (const std::string& key : Keys()) {
    EXPECT_TRUE(key.ends_with("{ck:acme:t}:t") || key.ends_with(":threads")) << key;
  }
  EXPECT_EQ(saver->Delete({.thread = "t"}).error().subject, "id");
}

TEST_P(CheckpointerContract, ABlobSharedByTwoCheckpointsSurvivesOneDeletion) {
  Save(Make("a", {{"x", "1"}}));
  CheckpointPut next = Make("b");
  next.checkpoint.channel_versions["x"] = "1";
  Save(next);
  EXPECT_TRUE(*saver->Delete({.thread = "t", .id = "a"}));
  EXPECT_EQ(Load({.thread = "t"}).checkpoint.channel_values.at("x").bytes, "1");
  EXPECT_TRUE(*saver->Delete({.thread = "t", .id = "b"}));
  EXPECT_THAT(Blobs(), IsEmpty());
}

TEST_P(CheckpointerContract, PuttingAKnownIdAgainMovesItsReferences) {
  Save(Make("a", {{"x", "1"}, {"y", "1"}}));
  Save(Make("a", {{"x", "2@2"}, {"y", "1"}}));
  EXPECT_EQ(Blobs().size(), 2u);
  EXPECT_TRUE(*saver->Delete({.thread = "t", .id = "a"}));
  EXPECT_THAT(Blobs(), IsEmpty());
}

TEST_P(CheckpointerContract, DeletingAThreadLeavesNothing) {
  for (int i = 0; i < 130; ++i) {
    Save(Make("c" + std::to_string(i), {{"x", "1@" + std::to_string(i)}}, "t",
              i % 2 == 0 ? "" : "n"));
  }
  EXPECT_TRUE(saver->PutWrites({.thread = "t", .id = "later"}, {{"x", {"json", "1"}}}, "task"));
  Save(Make("a", {{"x", "1"}}, "other"));
  EXPECT_TRUE(saver->DeleteThread("t"));
  EXPECT_TRUE(saver->DeleteThread("t"));
  for (const std::string& key : Keys()) {
    EXPECT_EQ(key.find("{ck:acme:t}"), key.npos) << key;
  }
  EXPECT_THAT(List(), ElementsAre("a"));
}

TEST_P(CheckpointerContract, EveryKeyOfAThreadExpires) {
  Use({.ttl = hours(1)});
  Save(Make("a", {{"x", "1"}}));
  EXPECT_TRUE(saver->PutWrites({.thread = "t", .id = "a"}, {{"x", {"json", "1"}}}, "task"));
  const std::int64_t deadline = clock.NowMs() + milliseconds(hours(1)).count();
  int keys = 0;
  for (const std::string& key : Keys()) {
    if (key.find("{ck:") == key.npos) continue;
    EXPECT_EQ(Run({"PEXPIRETIME", key}).integer, deadline) << key;
    ++keys;
  }
  EXPECT_EQ(keys, 8);
  Jump(milliseconds(hours(1)) - milliseconds(1));
  CheckpointPut next = Make("b");
  next.checkpoint.channel_versions["x"] = "1";
  Save(next);
  Jump(milliseconds(1));
  EXPECT_FALSE(Exists({.thread = "t", .id = "a"}));
  EXPECT_EQ(Load({.thread = "t"}).checkpoint.channel_values.at("x").bytes, "1")
      << "a shared blob lives as long as the last that needs it";
  EXPECT_THAT(List({.thread = "t"}), ElementsAre("b"));
  EXPECT_LT(*saver->Stats({.thread = "t"})->ttl_left, hours(1));
}

TEST_P(CheckpointerContract, WithoutTtlKeysAreKept) {
  Use({.ttl = hours(1)});
  Save(Make("a", {{"x", "1"}}));
  Use({});
  Save(Make("a", {{"x", "1"}}));
  for (const std::string& key : Keys()) EXPECT_EQ(Run({"TTL", key}).integer, -1) << key;
}

TEST_P(CheckpointerContract, ExpiryMovesTheLatest) {
  Use({.ttl = hours(2)});
  Save(Make("a"));
  Use({.ttl = hours(1)});
  Save(Make("b"));
  Jump(milliseconds(hours(1)));
  EXPECT_EQ(Load({.thread = "t"}).config.id, "a");
}

TEST_P(CheckpointerContract, RefreshOnReadRenewsAllKeysIncludingLatest) {
  Use({.ttl = hours(1), .refresh_on_read = true});
  Save(Make("a", {{"x", "1"}}));
  EXPECT_TRUE(saver->PutWrites({.thread = "t", .id = "a"}, {{"x", {"json", "1"}}}, "task"));
  Jump(std::chrono::minutes(50));
  EXPECT_TRUE(Exists({.thread = "t"}));
  const std::int64_t deadline = clock.NowMs() + milliseconds(hours(1)).count();
  for (const std::string& key : Keys()) {
    if (key.find("{ck:") == key.npos) continue;
    EXPECT_EQ(Run({"PEXPIRETIME", key}).integer, deadline) << key;
  }
  Jump(std::chrono::minutes(50));
  EXPECT_TRUE(Exists({.thread = "t"}));
  Jump(std::chrono::minutes(61));
  EXPECT_FALSE(Exists({.thread = "t"}));
}

TEST_P(CheckpointerContract, KeepLastFreesBlobsAndWrites) {
  Use({.keep_last = 2});
  for (int i = 0; i < 6; ++i) {
    const std::string n = std::to_string(i);
    EXPECT_TRUE(saver->PutWrites({.thread = "t", .id = n}, {{"x", {"json", "1"}}}, "task"));
    Save(Make(n, {{"x", n + "@" + n}}));
  }
  EXPECT_THAT(List({.thread = "t"}), ElementsAre("5", "4"));
  EXPECT_EQ(Blobs().size(), 2u);
  EXPECT_EQ(Keys().size(), 2u * 3 + 6) << testing::PrintToString(Keys());
  Use({.keep_last = 1});
  Save(Make("only"));
  EXPECT_THAT(List({.thread = "t"}), ElementsAre("only"));
}

TEST_P(CheckpointerContract, PruneKeepsTheNewest) {
  for (int i = 0; i < 150; ++i) Save(Make("c" + std::to_string(i)));
  Save(Make("other", {}, "t", "n"));
  EXPECT_EQ(saver->Prune("t", "", 3).value(), 147);
  EXPECT_THAT(List({.thread = "t", .ns = ""}), ElementsAre("c149", "c148", "c147"));
  EXPECT_EQ(saver->Prune("t", "", 3).value(), 0);
  EXPECT_EQ(saver->Prune("t", "none", 1).value(), 0);
  EXPECT_EQ(saver->Prune("t", "", 0).error().subject, "keep");
  EXPECT_TRUE(Exists({.thread = "t", .ns = "n"}));
}

TEST_P(CheckpointerContract, CompressedAndRawValuesMix) {
  const std::string big(50'000, 'x');
  Save(Make("a", {{"big", big}, {"small", "1"}}));
  Use({.seal = {.compress = false}});
  Save(Make("b", {{"big", big + "@2"}}));
  EXPECT_EQ(Load({.thread = "t", .id = "a"}).checkpoint.channel_values.at("big").bytes, big);
  EXPECT_EQ(Load({.thread = "t", .id = "b"}).checkpoint.channel_values.at("big").bytes, big);
  const auto packed = saver->Stats({.thread = "t", .id = "a"});
  EXPECT_EQ(packed->codec, "zstd");
  EXPECT_GT(packed->ratio, 10);
  EXPECT_GT(packed->raw_bytes, 50'000u);
  EXPECT_EQ(packed->ttl_left, std::nullopt);
  EXPECT_EQ(saver->Stats({.thread = "t", .id = "b"})->codec, "raw");
  EXPECT_EQ(saver->Stats({.thread = "t", .id = "none"}).error().code, ErrorCode::kNotFound);
}

TEST_P(CheckpointerContract, AnUnknownCodecIsCorrupt) {
  Save(Make("a", {{"x", "1"}}));
  const std::string blob = Blobs()[0];
  Run({"SETRANGE", blob, "1", "\x07"});
  EXPECT_EQ(saver->GetTuple({.thread = "t"}).error().code, ErrorCode::kCorrupt);
  Run({"SET", blob, "junk"});
  EXPECT_EQ(saver->GetTuple({.thread = "t"}).error().code, ErrorCode::kCorrupt);
}

TEST_P(CheckpointerContract, CasAgainstAMovedLatestChangesNothing) {
  Save(Make("a"));
  Save(Make("b"));
  const auto keys = Keys();
  const auto lost = saver->CompareAndPut(Make("c", {{"x", "1"}}), "a");
  ASSERT_TRUE(lost);
  EXPECT_FALSE(lost->stored);
  EXPECT_EQ(lost->latest, "b");
  EXPECT_EQ(Keys(), keys);
  EXPECT_TRUE(saver->CompareAndPut(Make("c"), "b")->stored);
  EXPECT_EQ(Load({.thread = "t"}).config.id, "c");
}

TEST_P(CheckpointerContract, CasExpectingNoneWorksOnce) {
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const auto put = saver->CompareAndPut(Make("c" + std::to_string(i)), {});
      ASSERT_TRUE(put);
      if (put->stored) ++won;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(List({.thread = "t"}).size(), 1u);
}

TEST_P(CheckpointerContract, SubscribersSeeOnlyCommittedCheckpoints) {
  auto listener = saver->Subscribe("t");
  ASSERT_TRUE(listener);
  Save(Make("first", {}, "t", "n:1"));
  EXPECT_FALSE(saver->CompareAndPut(Make("lost"), "other")->stored);
  Save(Make("second"));
  const auto first = (*listener)->Next(seconds(20));
  ASSERT_TRUE(first && *first);
  EXPECT_EQ(**first, (CheckpointEvent{"t", "n:1", "first", 1, clock.NowMs()}));
  EXPECT_EQ((**(*listener)->Next(seconds(20))).id, "second");
  (*listener)->Close();
  EXPECT_EQ((*listener)->Next(seconds(20)).error().code, ErrorCode::kClosed);
}

TEST_P(CheckpointerContract, ALapsedSessionCannotPut) {
  auto session = saver->OpenSession("t", {.ttl = seconds(30)});
  ASSERT_TRUE(session);
  EXPECT_TRUE(session->Put(Make("a")));
  EXPECT_EQ(session->Put(Make("a", {}, "other")).error().subject, "thread");
  EXPECT_EQ(saver->OpenSession("t", {}).error().code, ErrorCode::kLockTimeout);
  Run({"SET", session->lock().keys().holder, "another"});
  EXPECT_EQ(session->Put(Make("b")).error().code, ErrorCode::kFenceLost);
  EXPECT_EQ(session->CompareAndPut(Make("b"), "a").error().code, ErrorCode::kFenceLost);
  EXPECT_THAT(List({.thread = "t"}), ElementsAre("a"));
}

TEST_P(CheckpointerContract, BatchResultsKeepTheirOrder) {
  std::vector<CheckpointPut> puts;
  for (int i = 0; i < 5; ++i) puts.push_back(Make("c" + std::to_string(i), {{"x", "1"}}));
  puts[2].metadata = "[]";
  for (int i = 0; i < 3; ++i) saver->SaveMany(puts);  // the script is known now
  store->ForgetCalls();
  const auto saved = saver->SaveMany(puts);
  EXPECT_EQ(store->round_trips(), 1);
  ASSERT_EQ(saved.size(), 5u);
  EXPECT_EQ(saved[2].error().subject, "metadata");
  EXPECT_EQ(saved[4]->id, "c4");
  const auto loaded = saver->LoadMany({{.thread = "t", .id = "c3"},
                                       {.thread = ""},
                                       {.thread = "t", .id = "none"},
                                       {.thread = "t", .id = "c0"}});
  ASSERT_EQ(loaded.size(), 4u);
  EXPECT_EQ((*loaded[0])->config.id, "c3");
  EXPECT_EQ(loaded[1].error().subject, "thread");
  EXPECT_FALSE(loaded[2]->has_value());
  EXPECT_EQ((*loaded[3])->config.id, "c0");
}

TEST_P(CheckpointerContract, IdsInOneMillisecondNeverCollide) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 20; ++n) {
        EXPECT_TRUE(saver->Put(Make(std::to_string(i) + "-" + std::to_string(n))));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto all = saver->List({.thread = "t"});
  ASSERT_EQ(all->size(), 80u);
  for (std::size_t i = 0; i < 80; ++i) EXPECT_EQ((*all)[i].seq, 80 - i);
}

TEST_P(CheckpointerContract, WorksWithCoreCommandsOnly) {
  Save(Make("a", {{"x", "1"}}));
  for (const store::CommandLine& line : store->lines()) {
    EXPECT_THAT(line[0], testing::AnyOf("EVAL", "EVALSHA", "ZADD", "ZRANGE"));
  }
}

TEST_P(CheckpointerContract, VersionsGrowAsTextAndAsNumbers) {
  std::string last = saver->NextVersion().value();
  EXPECT_EQ(last.size(), 49u);
  EXPECT_TRUE(last.starts_with("00000000000000000000000000000001."));
  for (int i = 0; i < 12; ++i) {
    const std::string next = saver->NextVersion(last).value();
    EXPECT_GT(next, last);
    last = next;
  }
  EXPECT_TRUE(saver->NextVersion("\"" + last + "\"")->starts_with(std::string(30, '0') + "14."));
  EXPECT_TRUE(saver->NextVersion("41")->starts_with(std::string(30, '0') + "42."));
  for (const char* wrong : {"x", "-1", "99999999999999999999999", "\"a\""}) {
    EXPECT_EQ(saver->NextVersion(wrong).error().subject, "current") << wrong;
  }
}

TEST_P(CheckpointerContract, OddIdsStayApart) {
  for (const std::string& id : OddIds()) {
    Save(Make(id, {{id, "v"}}, id, id));
    EXPECT_TRUE(saver->PutWrites({.thread = id, .ns = id, .id = id}, {{id, {id, id}}}, id, id));
    const CheckpointTuple tuple = Load({.thread = id, .ns = id});
    EXPECT_EQ(tuple.config, (CheckpointConfig{id, id, id}));
    EXPECT_THAT(tuple.checkpoint.channel_values, ElementsAre(Pair(id, TypedValue{"json", "v"})));
    EXPECT_EQ(tuple.pending_writes[0], (PendingWrite{id, id, 0, id, {id, id}}));
  }
  EXPECT_EQ(List().size(), OddIds().size());
  for (const std::string& id : OddIds()) EXPECT_TRUE(saver->DeleteThread(id));
  EXPECT_THAT(List(), IsEmpty());
}

TEST_P(CheckpointerContract, BadArgumentsWriteNothing) {
  store->ForgetCalls();
  const auto subject = [&](auto change) {
    CheckpointPut put = Make("a", {{"x", "1"}});
    change(put);
    return saver->Put(put).error().subject;
  };
  using P = CheckpointPut;
  EXPECT_EQ(subject([](P& p) { p.config.thread = ""; }), "thread");
  EXPECT_EQ(subject([](P& p) { p.config.ns = std::string(513, 'n'); }), "ns");
  EXPECT_EQ(subject([](P& p) { p.config.id = ""; }), "id");
  EXPECT_EQ(subject([](P& p) { p.checkpoint.id = ""; }), "id");
  EXPECT_EQ(subject([](P& p) { p.metadata = "{\"source\":\"dream\"}"; }), "metadata");
  EXPECT_EQ(subject([](P& p) { p.metadata = "{\"step\":-2}"; }), "metadata");
  EXPECT_EQ(subject([](P& p) { p.checkpoint.versions_seen = "{"; }), "versions_seen");
  EXPECT_EQ(subject([](P& p) { p.checkpoint.channel_versions["x"] = "[]"; }), "channel_versions");
  EXPECT_EQ(subject([](P& p) { p.checkpoint.channel_versions["y"] = ""; }), "channel_versions");
  EXPECT_EQ(subject([](P& p) { p.checkpoint.channel_values["z"] = {}; }), "channel_values");
  EXPECT_EQ(subject([](P& p) { p.new_versions["q"] = "1"; }), "new_versions");
  EXPECT_EQ(saver->PutWrites({.thread = "t"}, {{"x", {}}}, "task").error().subject, "id");
  EXPECT_EQ(saver->GetTuple({}).error().subject, "thread");
  EXPECT_EQ(store->round_trips(), 0);
}

SATCHEL_EVERY_HOME(CheckpointerContract);

}  // namespace
}  // namespace satchel::repos
