#include "repos/resource_store.h"

#include <thread>

#include "repos/json.h"
#include "tests/repos/repo_test.h"

namespace satchel::repos {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using Kind = ResourceEvent::Kind;

class ResourceStoreContract : public RepoTest {
 protected:
  ResourceStoreContract() { resources.emplace(*store, ResourceStoreOptions{.repo = Options()}); }

  static ResourceKey Key(std::string id, std::string version = "") {
    return {.project = "p",
            .type = ResourceType::kAgent,
            .id = std::move(id),
            .version = std::move(version)};
  }
  // What a watch tells until nothing more comes, as "put a" and "delete a".
  std::vector<std::string> Drain(ResourceWatch& watch, std::size_t wanted) {
    std::vector<std::string> told;
    while (told.size() < wanted) {
      const auto event = watch.Next(seconds(20));
      EXPECT_TRUE(event);
      if (!event || !*event) break;
      told.push_back(((*event)->kind == Kind::kPut ? "put " : "delete ") + (*event)->key.id);
    }
    return told;
  }

  std::optional<ResourceStore> resources;
};

TEST_P(ResourceStoreContract, EqualDocumentsWithOtherKeyOrderShareAnEtag) {
  const auto one = resources->Put(Key("a"), "{\"x\": 1, \"y\": [1.0, 2]}");
  const auto two = resources->Put(Key("b"), " {\"y\":[1.0,2],\"x\":1}");
  const auto other = resources->Put(Key("c"), "{\"y\":[1,2],\"x\":1}");
  EXPECT_EQ(one.value(), two.value());
  EXPECT_NE(one.value(), other.value());
  EXPECT_EQ(one->size(), 64u);
  EXPECT_EQ(resources->Get(Key("a"))->value, "{\"x\": 1, \"y\": [1.0, 2]}");
  ExpectOneSlotEach();
}

TEST_P(ResourceStoreContract, CreateOnlyLosesToAnExistingResource) {
  const std::string etag = resources->PutIfMatch(Key("a"), "1", "").value();
  const auto lost = resources->PutIfMatch(Key("a"), "2", "");
  EXPECT_EQ(lost.error().code, ErrorCode::kEtagMismatch);
  EXPECT_EQ(lost.error().subject, etag);
  EXPECT_EQ(resources->Get(Key("a"))->value, "1");
}

TEST_P(ResourceStoreContract, AStaleEtagIsRefused) {
  const std::string first = resources->Put(Key("a"), "1").value();
  const std::string second = resources->PutIfMatch(Key("a"), "2", first).value();
  const auto stale = resources->PutIfMatch(Key("a"), "3", first);
  EXPECT_EQ(stale.error().code, ErrorCode::kEtagMismatch);
  EXPECT_EQ(stale.error().subject, second);
  EXPECT_EQ(resources->PutIfMatch(Key("b"), "3", first).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(resources->Get(Key("a"))->etag, second);
}

TEST_P(ResourceStoreContract, OneOfManyConcurrentMatchesWins) {
  const std::string etag = resources->Put(Key("a"), "0").value();
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      if (resources->PutIfMatch(Key("a"), std::to_string(i + 1), etag)) ++won;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
}

TEST_P(ResourceStoreContract, ValueAndEtagAreNeverTorn) {
  const std::string etags[] = {resources->Put(Key("a"), "0").value(),
                               resources->Put(Key("a"), "1").value()};
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) EXPECT_TRUE(resources->Put(Key("a"), std::to_string(i % 2)));
  });
  for (int i = 0; i < 200; ++i) {
    const auto got = resources->Get(Key("a"));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->etag, etags[got->value == "1" ? 1 : 0]);
  }
  stop = true;
  writer.join();
}

TEST_P(ResourceStoreContract, ListsAreByIdThenVersion) {
  for (const auto& [id, version] : std::vector<std::pair<std::string, std::string>>{
           {"b", "2"}, {"a", "2"}, {"a", ""}, {"ab", "1"}, {"a", "10"}}) {
    EXPECT_TRUE(resources->Put(Key(id, version), "1"));
  }
  EXPECT_TRUE(resources->Put({.project = "q", .type = ResourceType::kAgent, .id = "z"}, "1"));
  EXPECT_THAT(resources->List("p", ResourceType::kAgent).value(),
              ElementsAre(Key("a"), Key("a", "10"), Key("a", "2"), Key("ab", "1"), Key("b", "2")));
  EXPECT_THAT(resources->List("p", ResourceType::kTool).value(), IsEmpty());
  const auto page = resources->ListWithValues("p", ResourceType::kAgent, {.limit = 2});
  EXPECT_EQ(page->total, 5u);
  ASSERT_TRUE(page->page.next);
  const auto rest = resources->ListWithValues("p", ResourceType::kAgent,
                                              {.limit = 3, .cursor = *page->page.next});
  EXPECT_EQ(rest->page.items[0].key, Key("a", "2"));
  EXPECT_FALSE(rest->page.next);
}

TEST_P(ResourceStoreContract, GetAndListReturnIdenticalBytesForLargeIntegers) {
  const std::string value = "{\"n\": 9007199254740993, \"m\":18446744073709551616}";
  EXPECT_TRUE(resources->Put(Key("a"), value));
  EXPECT_EQ(resources->Get(Key("a"))->value, value);
  const auto items = resources->ListWithValues("p", ResourceType::kAgent);
  ASSERT_EQ(items->page.items.size(), 1u);
  EXPECT_EQ(*items->page.items[0].resource, *resources->Get(Key("a")));
}

TEST_P(ResourceStoreContract, IdsWithColonsAndGlobsListCorrectly) {
  for (const std::string& id : OddIds()) EXPECT_TRUE(resources->Put(Key(id, id), "1"));
  EXPECT_TRUE(resources->Put(Key("x:y", "z"), "1"));
  EXPECT_TRUE(resources->Put(Key("x", "y:z"), "2"));
  const auto keys = resources->List("p", ResourceType::kAgent);
  ASSERT_EQ(keys->size(), OddIds().size() + 2);
  for (const ResourceKey& key : *keys) EXPECT_TRUE(resources->Get(key));
  EXPECT_EQ(resources->Get(Key("x:y", "z"))->value, "1");
}

TEST_P(ResourceStoreContract, WatchStartsWithAllCurrentItems) {
  EXPECT_TRUE(resources->Put(Key("a"), "1"));
  EXPECT_TRUE(resources->Put(Key("b"), "1"));
  auto watch = resources->Watch("p", ResourceType::kAgent);
  ASSERT_TRUE(watch);
  EXPECT_TRUE(resources->Put(Key("c"), "1"));
  EXPECT_TRUE(*resources->Delete(Key("a")));
  const auto told = Drain(**watch, 2);
  EXPECT_THAT(told, ElementsAre("put b", "put c")) << "the list is read with the first event";
  EXPECT_TRUE(resources->Put(Key("d"), "{\"x\":1}"));
  EXPECT_TRUE(*resources->Delete(Key("b")));
  const auto put = (*watch)->Next(seconds(20));
  ASSERT_TRUE(put && *put);
  EXPECT_EQ((*put)->key, Key("d"));
  EXPECT_EQ((*put)->etag, resources->Get(Key("d"))->etag);
  EXPECT_EQ((*put)->at_ms, clock.NowMs());
  EXPECT_THAT(Drain(**watch, 1), ElementsAre("delete b"));
  EXPECT_EQ((*watch)->resyncs(), 0u);
}

TEST_P(ResourceStoreContract, DeletesMissedWhileDisconnectedAreDelivered) {
  EXPECT_TRUE(resources->Put(Key("a"), "1"));
  EXPECT_TRUE(resources->Put(Key("b"), "1"));
  auto watch = resources->Watch("p", ResourceType::kAgent);
  ASSERT_TRUE(watch);
  EXPECT_THAT(Drain(**watch, 2), ElementsAre("put a", "put b"));
  // As if its message had never come: the object goes, the revision stays.
  Run({"DEL", "satchel:v1:res:{re:acme:p:agent}:obj:a:!"});
  Jump(seconds(31));
  EXPECT_THAT(Drain(**watch, 1), ElementsAre("delete a")) << "by the interval";
  Run({"INCR", "satchel:v1:res:{re:acme:p:agent}:rev"});
  EXPECT_TRUE(*resources->Delete(Key("b")));
  EXPECT_THAT(Drain(**watch, 1), ElementsAre("delete b")) << "by the gap of the revisions";
  EXPECT_EQ((*watch)->resyncs(), 1u);
}

TEST_P(ResourceStoreContract, ASlowWatcherEndsWithTheRightState) {
  ResourceStore small(*store, {.repo = Options(), .watch_buffer = 3});
  auto watch = small.Watch("p", ResourceType::kAgent);
  ASSERT_TRUE(watch);
  EXPECT_TRUE(small.Put(Key("first"), "1"));
  EXPECT_THAT(Drain(**watch, 1), ElementsAre("put first"));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(small.Put(Key("k" + std::to_string(i % 4)), "1"));
  EXPECT_TRUE(*small.Delete(Key("k0")));
  EXPECT_TRUE(*small.Delete(Key("first")));
  std::map<std::string, Kind> state;
  while (state["first"] != Kind::kDelete || state["k3"] != Kind::kPut) {
    const auto event = (*watch)->Next(seconds(20));
    ASSERT_TRUE(event && *event);
    state[(*event)->key.id] = (*event)->kind;
  }
  while (const auto event = (*watch)->Next(milliseconds(0)).value()) {
    state[event->key.id] = event->kind;
  }
  EXPECT_EQ(state["k1"], Kind::kPut);
  EXPECT_EQ(state["k2"], Kind::kPut);
  EXPECT_TRUE(!state.contains("k0") || state["k0"] == Kind::kDelete);
}

TEST_P(ResourceStoreContract, DeletingAMissingResourcePublishesNothing) {
  std::atomic<int> told = 0;
  auto listener = store->Subscribe({"satchel:v1:res:{re:acme:p:agent}:ev"}, {},
                                   [&](const store::Message&) { ++told; });
  EXPECT_FALSE(*resources->Delete(Key("a")));
  EXPECT_TRUE(resources->Put(Key("a"), "1"));
  for (int i = 0; i < 2000 && told == 0; ++i) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(told, 1);
}

TEST_P(ResourceStoreContract, CallsAfterCloseSayClosed) {
  auto watch = resources->Watch("p", ResourceType::kAgent);
  resources->Close();
  resources->Close();
  EXPECT_EQ(resources->Put(Key("a"), "1").error().code, ErrorCode::kClosed);
  EXPECT_EQ(resources->Get(Key("a")).error().code, ErrorCode::kClosed);
  EXPECT_EQ(resources->Delete(Key("a")).error().code, ErrorCode::kClosed);
  EXPECT_EQ(resources->List("p", ResourceType::kAgent).error().code, ErrorCode::kClosed);
  EXPECT_EQ(resources->Watch("p", ResourceType::kAgent).error().code, ErrorCode::kClosed);
  EXPECT_EQ((*watch)->Next(seconds(20)).error().code, ErrorCode::kClosed);
}

TEST_P(ResourceStoreContract, BadArgumentsWriteNothing) {
  store->ForgetCalls();
  for (const char* value : {"null", " null ", "", "{", "{\"a\":1,\"a\":1}", "nope"}) {
    EXPECT_EQ(resources->Put(Key("a"), value).error().subject, "value") << value;
  }
  EXPECT_EQ(resources->Put(Key(std::string(513, 'a')), "1").error().subject, "id");
  EXPECT_EQ(resources->Get({.project = std::string(513, 'a')}).error().subject, "project");
  EXPECT_EQ(ParseResourceType("thing").error().subject, "type");
  EXPECT_EQ(ParseResourceType("mcp").value(), ResourceType::kMcp);
  EXPECT_EQ(store->round_trips(), 0);
}

TEST_P(ResourceStoreContract, ADamagedItemDoesNotHideTheOthers) {
  EXPECT_TRUE(resources->Put(Key("a"), "1"));
  EXPECT_TRUE(resources->Put(Key("b"), "1"));
  Run({"HDEL", "satchel:v1:res:{re:acme:p:agent}:obj:a:!", "e"});
  EXPECT_EQ(resources->Get(Key("a")).error().code, ErrorCode::kCorrupt);
  const auto items = resources->ListWithValues("p", ResourceType::kAgent);
  ASSERT_EQ(items->page.items.size(), 2u);
  EXPECT_EQ(items->page.items[0].resource.error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(items->page.items[1].resource);
}

SATCHEL_EVERY_HOME(ResourceStoreContract);

}  // namespace
}  // namespace satchel::repos
