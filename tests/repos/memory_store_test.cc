#include "repos/memory_store.h"

#include <thread>

#include "tests/repos/repo_test.h"

namespace satchel::repos {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class MemoryStoreContract : public RepoTest {
 protected:
  MemoryStoreContract() { memory.emplace(*store, MemoryOptions{.repo = Options()}); }

  std::int64_t Deadline(const std::string& name) {
    return Run({"PEXPIRETIME", "satchel:v1:mem:{me:acme:c}:" + name}).integer;
  }

  std::optional<MemoryStore> memory;
};

TEST_P(MemoryStoreContract, AppendAndCountersChangeTogether) {
  EXPECT_EQ(memory->Append("c", {"1", "{\"n\": 12345678901234567890}"}, 7).value(), 2);
  EXPECT_EQ(memory->Append("c", {"3"}, 3).value(), 3);
  EXPECT_EQ(memory->GetCounts("c").value(), (MemoryCounts{.tokens = 10, .messages = 3}));
  EXPECT_THAT(memory->Read("c").value(), ElementsAre("1", "{\"n\": 12345678901234567890}", "3"));
  EXPECT_EQ(memory->Append("c", {}).value(), 3);
  EXPECT_EQ(memory->Count("c").value(), 3);
  EXPECT_EQ(memory->Append("none", {}).value(), 0);
  EXPECT_THAT(memory->Read("none").value(), IsEmpty());
  ExpectOneSlotEach();
}

TEST_P(MemoryStoreContract, ReplaceChangesListCountersAndDeadlineInOneStep) {
  EXPECT_TRUE(memory->Append("c", {"1", "2"}, 5));
  store->ForgetCalls();
  EXPECT_TRUE(memory->Replace("c", {"9"}, 1));
  EXPECT_LE(store->round_trips(), 2) << "two when the script is new";
  EXPECT_THAT(memory->Read("c").value(), ElementsAre("9"));
  EXPECT_EQ(memory->GetCounts("c").value(), (MemoryCounts{.tokens = 1, .messages = 1}));
  EXPECT_EQ(Deadline("list"), Deadline("meta"));
  EXPECT_TRUE(memory->Replace("c", {}));
  EXPECT_THAT(memory->Read("c").value(), IsEmpty());
  EXPECT_EQ(memory->GetCounts("c")->messages, 0);
}

TEST_P(MemoryStoreContract, ReplaceWithoutATokenCountKeepsTokens) {
  EXPECT_TRUE(memory->Append("c", {"1"}, 5));
  EXPECT_TRUE(memory->Replace("c", {"2", "3"}));
  EXPECT_EQ(memory->GetCounts("c").value(), (MemoryCounts{.tokens = 5, .messages = 2}));
}

TEST_P(MemoryStoreContract, AFailingReplaceLosesNothing) {
  EXPECT_TRUE(memory->Append("c", {"1"}, 5));
  EXPECT_EQ(memory->Replace("c", {"2", "{"}).error().subject, "messages");
  store->FailOnce("mem:{me", MakeError(ErrorCode::kUnavailable, "down"));
  EXPECT_EQ(memory->Replace("c", {"2"}).error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(memory->Read("c").value(), ElementsAre("1"));
}

TEST_P(MemoryStoreContract, TrimToZeroEmptiesTheList) {
  EXPECT_TRUE(memory->Append("c", {"1", "2", "3"}, 5));
  EXPECT_EQ(memory->Trim("c", 2, 4).value(), 2);
  EXPECT_THAT(memory->Read("c").value(), ElementsAre("2", "3"));
  EXPECT_EQ(memory->Trim("c", 0, 0).value(), 0);
  EXPECT_EQ(memory->GetCounts("c").value(), (MemoryCounts{}));
  EXPECT_EQ(memory->Trim("c", -1, 0).error().subject, "keep");
  EXPECT_EQ(memory->Trim("absent", 1, 0).value(), 0);
  EXPECT_FALSE(memory->GetTtl("absent")->exists);
}

TEST_P(MemoryStoreContract, AnAppendLimitKeepsTheNewest) {
  MemoryStore small(*store, {.repo = Options(), .max_entries = 3});
  Messages many;
  for (int i = 0; i < 2500; ++i) many.push_back(std::to_string(i));
  EXPECT_EQ(small.Append("c", many).value(), 3);
  EXPECT_EQ(small.Append("c", {"x1", "\"y\""}).error().subject, "messages");
  EXPECT_EQ(small.Append("c", {"\"y\""}).value(), 3);
  EXPECT_THAT(small.Read("c").value(), ElementsAre("2498", "2499", "\"y\""));
  EXPECT_EQ(small.GetCounts("c")->messages, 3);
  MemoryStore all(*store, {.repo = Options(), .max_entries = 0});
  EXPECT_EQ(all.Append("d", many).value(), 2500);
}

TEST_P(MemoryStoreContract, LimitZeroOrNegativeIsRefusedWhenPaging) {
  EXPECT_TRUE(memory->Append("c", {"1", "2", "3", "4"}));
  EXPECT_EQ(memory->ReadPage("c", 0, 0).error().subject, "limit");
  EXPECT_EQ(memory->ReadPage("c", 0, -1).error().subject, "limit");
  EXPECT_EQ(memory->ReadPage("c", -1, 1).error().subject, "offset");
  EXPECT_THAT(memory->ReadPage("c", 1, 2)->messages, ElementsAre("2", "3"));
  EXPECT_EQ(memory->ReadPage("c", 1, 2)->total, 4);
  EXPECT_THAT(memory->ReadPage("c", 3, INT64_MAX)->messages, ElementsAre("4"));
  EXPECT_THAT(memory->ReadPage("c", 9, 5)->messages, IsEmpty());
  EXPECT_EQ(memory->ReadPage("c", 9, 5)->total, 4);
}

TEST_P(MemoryStoreContract, ListAndMetadataAlwaysShareADeadline) {
  EXPECT_TRUE(memory->Append("c", {"1"}));
  const std::int64_t deadline = clock.NowMs() + milliseconds(hours(24)).count();
  EXPECT_EQ(Deadline("list"), deadline);
  EXPECT_EQ(Deadline("meta"), deadline);
  EXPECT_EQ(memory->GetExpiration("c").value(), deadline);
  Jump(hours(1));
  EXPECT_TRUE(memory->Append("c", {"2"}));
  EXPECT_EQ(Deadline("list"), deadline) << "appends keep it";
  MemoryStore fresh(*store, {.repo = Options(), .refresh_on_append = true});
  EXPECT_TRUE(fresh.Append("c", {"3"}));
  EXPECT_EQ(Deadline("list"), clock.NowMs() + milliseconds(hours(24)).count());
  EXPECT_EQ(Deadline("list"), Deadline("meta"));
  EXPECT_TRUE(*memory->SetExpiration("c", hours(2)));
  EXPECT_EQ(Deadline("list"), clock.NowMs() + milliseconds(hours(2)).count());
  EXPECT_EQ(Deadline("list"), Deadline("meta"));
  EXPECT_FALSE(*memory->SetExpiration("absent", hours(2)));
  EXPECT_EQ(memory->SetExpiration("c", milliseconds(0)).error().subject, "ttl");
}

TEST_P(MemoryStoreContract, ReplaceKeepsTheRemainingTtl) {
  EXPECT_TRUE(memory->Append("c", {"1"}));
  const std::int64_t deadline = Deadline("list");
  Jump(hours(3));
  EXPECT_TRUE(memory->Replace("c", {"2"}));
  EXPECT_EQ(Deadline("list"), deadline);
  EXPECT_TRUE(memory->Replace("c", {}));
  EXPECT_TRUE(memory->Append("c", {"3"}));
  EXPECT_EQ(Deadline("list"), deadline) << "also by way of an empty list";
}

TEST_P(MemoryStoreContract, WithoutTtlNothingExpires) {
  MemoryStore forever(*store, {.repo = Options(), .ttl = milliseconds(0)});
  EXPECT_TRUE(forever.Append("c", {"1"}));
  EXPECT_TRUE(forever.GetTtl("c")->exists);
  EXPECT_EQ(forever.GetTtl("c")->left, std::nullopt);
  EXPECT_EQ(forever.GetExpiration("c").value(), std::nullopt);
  EXPECT_FALSE(forever.GetTtl("absent")->exists);
}

TEST_P(MemoryStoreContract, CountersComeBackAsIntegers) {
  EXPECT_TRUE(memory->SetTokens("c", 9'007'199'254'740'993));
  EXPECT_EQ(memory->IncrementTokens("c", 2).value(), 9'007'199'254'740'995);
  EXPECT_EQ(memory->IncrementTokens("c", -9'007'199'254'740'996).value(), -1) << "not clamped";
  EXPECT_EQ(memory->IncrementTokens("c", 0).value(), -1);
  EXPECT_EQ(memory->GetCounts("c").value(), (MemoryCounts{.tokens = -1, .messages = 0}));
  EXPECT_EQ(Run({"HGET", "satchel:v1:mem:{me:acme:c}:meta", "message_count"}).text, "0");
}

TEST_P(MemoryStoreContract, MissingCountsAreCountedAndWritten) {
  EXPECT_TRUE(memory->Append("c", {"1", "2"}, 5));
  const std::int64_t deadline = Deadline("list");
  Run({"DEL", "satchel:v1:mem:{me:acme:c}:meta"});
  EXPECT_EQ(memory->GetCounts("c").value(), (MemoryCounts{.tokens = 0, .messages = 2}));
  EXPECT_EQ(Deadline("meta"), deadline);
  EXPECT_EQ(memory->GetCounts("absent").value(), (MemoryCounts{}));
  EXPECT_FALSE(memory->GetTtl("absent")->exists);
}

TEST_P(MemoryStoreContract, ASecondFlushMarkIsRefusedAndAcceptedAfter30Minutes) {
  MemoryStore flushes(*store, {.repo = Options()});
  EXPECT_TRUE(flushes.MarkFlushPending("c"));
  EXPECT_TRUE(*flushes.IsFlushPending("c"));
  EXPECT_EQ(flushes.MarkFlushPending("c").error().code, ErrorCode::kFlushAlreadyPending);
  Pass(std::chrono::minutes(30) - std::chrono::seconds(20));
  EXPECT_TRUE(*flushes.IsFlushPending("c"));
  Pass(std::chrono::seconds(20));
  EXPECT_FALSE(*flushes.IsFlushPending("c"));
  EXPECT_TRUE(flushes.MarkFlushPending("c"));
}

TEST_P(MemoryStoreContract, ALateClearDoesNotRemoveANewerMark) {
  const std::string first = memory->MarkFlushPending("c").value();
  EXPECT_TRUE(memory->ClearFlushPending("c", first));
  EXPECT_FALSE(*memory->IsFlushPending("c"));
  const std::string second = memory->MarkFlushPending("c").value();
  EXPECT_TRUE(memory->ClearFlushPending("c", first));
  EXPECT_TRUE(*memory->IsFlushPending("c"));
  EXPECT_TRUE(memory->ClearFlushPending("c", second));
  EXPECT_TRUE(memory->ClearFlushPending("c", second));
  EXPECT_FALSE(*memory->IsFlushPending("c"));
}

TEST_P(MemoryStoreContract, DeleteRemovesTheFlushMark) {
  EXPECT_TRUE(memory->Append("c", {"1"}));
  EXPECT_TRUE(memory->MarkFlushPending("c"));
  EXPECT_TRUE(memory->SetLastFlushed("c", 12));
  EXPECT_EQ(memory->GetLastFlushed("c").value(), 12);
  EXPECT_TRUE(memory->Delete("c"));
  EXPECT_THAT(Keys(), IsEmpty());
  EXPECT_TRUE(memory->Delete("c"));
  EXPECT_EQ(memory->GetLastFlushed("c").value(), std::nullopt);
}

TEST_P(MemoryStoreContract, RestoredConversationsKeepTheirDeadline) {
  MemoryStore brief(*store, {.repo = Options(), .ttl = seconds(30)});
  EXPECT_TRUE(brief.Append("c", {"1"}));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(brief.Count("c").value(), 1);  // the restart is among these
  EXPECT_GT(brief.GetTtl("c")->left->count(), 0);
  Pass(seconds(33));
  EXPECT_EQ(brief.Count("c").value(), 0);
  EXPECT_FALSE(brief.GetTtl("c")->exists);
}

TEST_P(MemoryStoreContract, AnUndecodableMessageIsNamedByItsIndex) {
  EXPECT_TRUE(memory->Append("c", {"1", "2"}));
  Run({"RPUSH", "satchel:v1:mem:{me:acme:c}:list", "{bad"});
  EXPECT_EQ(memory->Read("c").error().code, ErrorCode::kInvalidMessage);
  EXPECT_EQ(memory->Read("c").error().actual, 2u);
  EXPECT_EQ(memory->ReadPage("c", 1, 5).error().actual, 2u);
  EXPECT_TRUE(memory->ReadPage("c", 0, 2));
}

TEST_P(MemoryStoreContract, OperationsHaveLocksOfTheirOwn) {
  LockManager locks(*store, Options());
  MemoryStore locked(*store, {.repo = Options()}, &locks);
  auto append = locked.LockFor("c", MemoryOperation::kAppend);
  ASSERT_TRUE(append);
  EXPECT_TRUE(locked.LockFor("c", MemoryOperation::kFlush));
  EXPECT_EQ(locked.LockFor("c", MemoryOperation::kAppend).error().code, ErrorCode::kLockTimeout);
  EXPECT_EQ(memory->LockFor("c", MemoryOperation::kClear).error().code, ErrorCode::kUnsupported);
  ExpectOneSlotEach();
}

TEST_P(MemoryStoreContract, OddKeysStayApartAndBadArgumentsWriteNothing) {
  for (const std::string& id : OddIds()) {
    EXPECT_EQ(memory->Append(id, {"1"}).value(), 1) << id;
    EXPECT_EQ(memory->Count(id).value(), 1);
  }
  store->ForgetCalls();
  EXPECT_EQ(memory->Append("c", {"1"}, -1).error().subject, "tokens");
  EXPECT_EQ(memory->Append("c", {""}).error().subject, "messages");
  EXPECT_EQ(memory->Append(std::string(513, 'c'), {"1"}).error().subject, "key");
  EXPECT_EQ(memory->SetTokens("c", -1).error().subject, "tokens");
  EXPECT_EQ(store->round_trips(), 0);
}

TEST_P(MemoryStoreContract, ConcurrentAppendsLoseNothing) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 25; ++n) EXPECT_TRUE(memory->Append("c", {"1"}, 2));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(memory->GetCounts("c").value(), (MemoryCounts{.tokens = 200, .messages = 100}));
}

SATCHEL_EVERY_HOME(MemoryStoreContract);

}  // namespace
}  // namespace satchel::repos
