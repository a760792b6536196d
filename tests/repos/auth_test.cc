#include "repos/auth.h"

#include <thread>

#include "base/bytes.h"
#include "repos/credentials.h"
#include "repos/keys.h"
#include "tests/repos/repo_test.h"

namespace satchel::repos {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class AuthContract : public RepoTest {
 protected:
  AuthContract() { auth.emplace(*store, Options()); }

  User Create(const std::string& id, Role role = Role::kUser) {
    auto user = auth->CreateUser({.id = id, .email = id + "@x", .role = role});
    EXPECT_TRUE(user) << user.error().detail;
    return user.value_or(User{});
  }
  ApiKey CreateKey(const std::string& id, const std::string& user) {
    auto key = auth->CreateApiKey(
        {.id = id, .user_id = user, .hash = "h", .fingerprint = FingerprintOf(id), .prefix = "sk"});
    EXPECT_TRUE(key) << key.error().detail;
    return key.value_or(ApiKey{});
  }
  std::vector<std::string> UserIds(const Page& page = {}) {
    const auto users = auth->ListUsers(page);
    EXPECT_TRUE(users) << users.error().detail;
    std::vector<std::string> ids;
    for (const User& user : users->items) ids.push_back(user.id);
    return ids;
  }

  std::optional<Auth> auth;
};

TEST_P(AuthContract, EmailsAreUniqueAndFoundRegardlessOfCase) {
  const auto user = auth->CreateUser({.id = "u", .email = "  Ann@Example.COM\t"});
  ASSERT_TRUE(user);
  EXPECT_EQ(user->email, "ann@example.com");
  EXPECT_EQ(auth->GetUserByEmail("ANN@example.com ").value(), *user);
  EXPECT_EQ(auth->GetUserById("u").value(), *user);
  const auto taken = auth->CreateUser({.id = "v", .email = "aNN@example.com"});
  EXPECT_EQ(taken.error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(taken.error().subject, "email");
  EXPECT_EQ(auth->CreateUser({.id = "u", .email = "b@x"}).error().subject, "id");
  EXPECT_EQ(auth->GetUserByEmail("b@x").error().code, ErrorCode::kUserNotFound);
  EXPECT_EQ(auth->GetUserById("nobody").error().code, ErrorCode::kUserNotFound);
  ExpectOneSlotEach();
}

TEST_P(AuthContract, AReleasedEmailCanBeClaimedAtOnce) {
  Create("a");
  Jump(milliseconds(5));
  const auto changed = auth->UpdateUser({.id = "a", .email = "new@x", .role = Role::kAdmin});
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->created_ms, clock.NowMs() - 5);
  EXPECT_TRUE(auth->CreateUser({.id = "b", .email = "a@x"}));
  EXPECT_EQ(auth->UpdateUser({.id = "b", .email = "NEW@x"}).error().subject, "email");
  EXPECT_EQ(auth->UpdateUser({.id = "c", .email = "c@x"}).error().code, ErrorCode::kUserNotFound);
  EXPECT_TRUE(auth->UpdateUser({.id = "b", .email = "a@x"})) << "its own";
  EXPECT_TRUE(auth->DeleteUser("b"));
  Create("c");
  EXPECT_TRUE(auth->CreateUser({.id = "d", .email = "a@x"}));
}

TEST_P(AuthContract, TwoConcurrentCreationsOfOneEmailLeaveOneUser) {
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      if (auth->CreateUser({.id = "u" + std::to_string(i), .email = "one@x"})) ++won;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(UserIds().size(), 1u);
}

TEST_P(AuthContract, UsersAndKeysListNewestFirst) {
  for (const char* id : {"a", "c", "b"}) Create(id);
  clock.Set(clock.NowMs() - 1000);
  Create("late");  // the clock stepped back
  EXPECT_THAT(UserIds(), ElementsAre("late", "b", "c", "a"));
  for (const char* id : {"k1", "k3", "k2"}) CreateKey(id, "a");
  CreateKey("other", "b");
  const auto keys = auth->ListApiKeysByUserId("a");
  ASSERT_EQ(keys->items.size(), 3u);
  EXPECT_EQ(keys->items[0].id, "k2");
  EXPECT_EQ(keys->items[2].id, "k1");
  EXPECT_THAT(auth->ListApiKeysByUserId("nobody")->items, IsEmpty());
}

TEST_P(AuthContract, PagesGoOnWhenRowsBeforeThemVanish) {
  for (int i = 0; i < 7; ++i) Create("u" + std::to_string(i));
  const auto first = auth->ListUsers({.limit = 3});
  ASSERT_TRUE(first->next);
  EXPECT_EQ(first->items[2].id, "u4");
  EXPECT_TRUE(auth->DeleteUser("u4"));
  EXPECT_THAT(UserIds({.limit = 3, .cursor = *first->next}), ElementsAre("u3", "u2", "u1"));
  const auto second = auth->ListUsers({.limit = 4, .cursor = *first->next});
  EXPECT_EQ(second->items.size(), 4u);
  EXPECT_FALSE(second->next) << "there are no more rows";
  EXPECT_EQ(auth->ListUsers({.limit = -1}).error().subject, "limit");
  EXPECT_EQ(auth->ListUsers({.cursor = "7a"}).error().subject, "cursor");
  EXPECT_EQ(auth->ListApiKeysByUserId("u1", {.cursor = *first->next}).error().subject, "cursor");
}

TEST_P(AuthContract, DeletingAUserRemovesKeysAndFingerprints) {
  Create("a");
  Create("b");
  CreateKey("k1", "a");
  CreateKey("k2", "a");
  CreateKey("k3", "b");
  EXPECT_EQ(auth->DeleteUser("a")->size(), 2u);
  EXPECT_EQ(auth->GetApiKeyById("k1").error().code, ErrorCode::kApiKeyNotFound);
  EXPECT_EQ(auth->GetApiKeyByFingerprint(FingerprintOf("k2")).error().code,
            ErrorCode::kApiKeyNotFound);
  EXPECT_TRUE(auth->GetApiKeyByFingerprint(FingerprintOf("k3")));
  EXPECT_EQ(Run({"HLEN", auth->base() + ":fps"}).integer, 1);
  EXPECT_EQ(Run({"ZCARD", auth->base() + ":ix"}).integer, 3);
}

TEST_P(AuthContract, DeletingAMissingUserReportsItAndLeavesTheStoreUsable) {
  const auto gone = auth->DeleteUser("nobody");
  EXPECT_EQ(gone.error().code, ErrorCode::kUserNotFound);
  EXPECT_EQ(gone.error().subject, "nobody");
  EXPECT_THAT(Keys(), IsEmpty());
  Create("a");
  EXPECT_TRUE(auth->DeleteUser("a"));
}

TEST_P(AuthContract, OnlyOneOfManyConcurrentBootstrapsWins) {
  Create("plain");
  std::atomic<int> won = 0;
  std::atomic<int> lost = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const std::string id = "admin" + std::to_string(i);
      const auto user = auth->CreateInitialAdminIfNone({.id = id, .email = id + "@x"});
      if (user && user->role == Role::kAdmin) ++won;
      if (!user && user.error().code == ErrorCode::kAlreadyBootstrapped) ++lost;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 7);
}

TEST_P(AuthContract, BootstrapReportsATakenEmail) {
  Create("a");
  EXPECT_EQ(auth->CreateInitialAdminIfNone({.id = "b", .email = "A@x"}).error().subject, "email");
  EXPECT_TRUE(auth->UpdateUser({.id = "a", .email = "a@x", .role = Role::kAdmin}));
  EXPECT_EQ(auth->CreateInitialAdminIfNone({.id = "b", .email = "b@x"}).error().code,
            ErrorCode::kAlreadyBootstrapped);
  EXPECT_TRUE(auth->UpdateUser({.id = "a", .email = "a@x", .role = Role::kUser}));
  EXPECT_TRUE(auth->CreateInitialAdminIfNone({.id = "b", .email = "b@x"}));
}

TEST_P(AuthContract, TouchingAMissingKeyIsSuccessAndStoresNothing) {
  EXPECT_TRUE(auth->UpdateApiKeyLastUsed("nothing"));
  EXPECT_THAT(Keys(), IsEmpty());
  Create("a");
  CreateKey("k", "a");
  EXPECT_EQ(auth->GetApiKeyById("k")->last_used_ms, std::nullopt);
  EXPECT_TRUE(auth->UpdateApiKeyLastUsed("k"));
  const std::int64_t used_ms = clock.NowMs();
  clock.Set(used_ms - 1000);
  EXPECT_TRUE(auth->UpdateApiKeyLastUsed("k"));
  EXPECT_EQ(auth->GetApiKeyById("k")->last_used_ms, used_ms) << "it never goes back";
}

TEST_P(AuthContract, TwoKeysMayShareAPrefix) {
  Create("a");
  EXPECT_EQ(CreateKey("k1", "a").prefix, CreateKey("k2", "a").prefix);
}

TEST_P(AuthContract, AFingerprintIsUnique) {
  Create("a");
  const ApiKey key = CreateKey("k", "a");
  ApiKey again = key;
  again.id = "other";
  EXPECT_EQ(auth->CreateApiKey(again).error().subject, "fingerprint");
  again.id = "k";
  again.fingerprint = FingerprintOf("x");
  EXPECT_EQ(auth->CreateApiKey(again).error().subject, "id");
  again.user_id = "nobody";
  EXPECT_EQ(auth->CreateApiKey(again).error().code, ErrorCode::kUserNotFound);
  EXPECT_EQ(auth->DeleteApiKey("k").value(), key);
  EXPECT_EQ(auth->DeleteApiKey("k").value(), std::nullopt);
  EXPECT_TRUE(auth->CreateApiKey(key));
}

TEST_P(AuthContract, ADeletedKeyLeavesBothCacheEntries) {
  Create("a");
  const ApiKey key = CreateKey("k", "a");
  CachedAuth cached(*auth);
  std::atomic<int> told = 0;
  EXPECT_EQ(cached.GetApiKeyById("k")->hash, "");
  EXPECT_EQ(cached.GetApiKeyByFingerprint(key.fingerprint)->id, "k");
  EXPECT_EQ(Run({"EXISTS", cached.KeyEntry("k"), cached.FingerprintEntry(key.fingerprint)}).integer,
            2);
  EXPECT_THAT(Run({"GET", cached.KeyEntry("k")}).text, Not(testing::HasSubstr("hash")));
  store->ForgetCalls();
  EXPECT_EQ(cached.GetApiKeyById("k")->user_id, "a");
  EXPECT_EQ(store->round_trips(), 1);
  auto listener = store->Subscribe({cached.Channel()}, {}, [&](const store::Message&) { ++told; });
  EXPECT_TRUE(cached.DeleteApiKey("k").value());
  EXPECT_EQ(Run({"EXISTS", cached.KeyEntry("k"), cached.FingerprintEntry(key.fingerprint)}).integer,
            0);
  EXPECT_EQ(cached.GetApiKeyByFingerprint(key.fingerprint).error().code,
            ErrorCode::kApiKeyNotFound);
  for (int i = 0; i < 2000 && told == 0; ++i) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(told, 1);
}

TEST_P(AuthContract, ADeletedUserLeavesNoCacheEntries) {
  Create("a");
  const ApiKey key = CreateKey("k", "a");
  CachedAuth cached(*auth);
  EXPECT_TRUE(cached.GetApiKeyById("k"));
  EXPECT_TRUE(cached.DeleteUser("a"));
  EXPECT_EQ(Run({"EXISTS", cached.KeyEntry("k"), cached.FingerprintEntry(key.fingerprint)}).integer,
            0);
}

TEST_P(AuthContract, AuthObjectsCarryNoTtl) {
  Create("a", Role::kAdmin);
  CreateKey("k", "a");
  EXPECT_TRUE(auth->UpdateApiKeyLastUsed("k"));
  EXPECT_EQ(Keys().size(), 6u);
  for (const std::string& key : Keys()) EXPECT_EQ(Run({"TTL", key}).integer, -1) << key;
}

TEST_P(AuthContract, UnknownAndWrongKeysCostOneComparisonEach) {
  Create("a");
  const std::string plain = "secret-plain";
  ApiKey key = CreateKey("k", "a");
  EXPECT_TRUE(auth->DeleteApiKey("k"));
  key.fingerprint = FingerprintOf(plain);
  key.hash = HashBcrypt(plain, 4).value();
  EXPECT_TRUE(auth->CreateApiKey(key));
  int comparisons = 0;
  CredentialCheck check(*auth, [&](const std::string& plaintext, const std::string& hash) {
    ++comparisons;
    return hash.size() == 60 &&
           CheckBcrypt(plaintext, hash.starts_with("$2b$04") ? hash : key.hash) && hash == key.hash;
  });
  const auto good = check.Validate(plain);
  ASSERT_TRUE(good) << good.error().detail;
  EXPECT_EQ(good->user.id, "a");
  EXPECT_EQ(good->key_id, "k");
  EXPECT_EQ(comparisons, 1);
  const auto unknown = check.Validate("other");
  EXPECT_EQ(comparisons, 2);
  Run({"HSET", auth->base() + ":key:k", "hash", HashBcrypt("another", 4).value()});
  const auto wrong = check.Validate(plain);
  EXPECT_EQ(comparisons, 3);
  EXPECT_EQ(unknown.error(), wrong.error());
  EXPECT_EQ(unknown.error().detail, "invalid credentials");
  for (int i = 0; i < 2000 && !auth->GetApiKeyById("k")->last_used_ms; ++i) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_EQ(auth->GetApiKeyById("k")->last_used_ms, clock.NowMs());
}

TEST_P(AuthContract, OddIdsBehaveLikeAnyOther) {
  for (const std::string& id : OddIds()) {
    ASSERT_TRUE(auth->CreateUser({.id = id, .email = Escape(id) + "@x"})) << id;
    EXPECT_EQ(auth->GetUserById(id)->id, id);
    EXPECT_EQ(CreateKey(id, id).user_id, id);
    EXPECT_EQ(auth->ListApiKeysByUserId(id)->items.size(), 1u);
    EXPECT_EQ(auth->GetApiKeyByFingerprint(FingerprintOf(id))->id, id);
  }
  EXPECT_EQ(UserIds().size(), OddIds().size());
  for (const std::string& id : OddIds()) EXPECT_EQ(auth->DeleteUser(id)->size(), 1u);
  EXPECT_THAT(Keys(), ElementsAre(auth->base() + ":clk"));
}

TEST_P(AuthContract, BadArgumentsWriteNothing) {
  store->ForgetCalls();
  for (const char* email : {"", "  ", "no-at"}) {
    EXPECT_EQ(auth->CreateUser({.id = "u", .email = email}).error().subject, "email");
  }
  EXPECT_EQ(auth->CreateUser({.id = "", .email = "a@x"}).error().subject, "id");
  EXPECT_EQ(auth->CreateUser({.id = std::string(513, 'u'), .email = "a@x"}).error().subject, "id");
  EXPECT_EQ(auth->CreateUser({.id = "u", .email = std::string(513, '@')}).error().subject, "email");
  EXPECT_EQ(auth->CreateApiKey({.id = "k", .user_id = "u", .hash = "h", .fingerprint = "short"})
                .error()
                .subject,
            "fingerprint");
  EXPECT_EQ(auth->GetApiKeyByFingerprint("").error().subject, "fingerprint");
  EXPECT_EQ(store->round_trips(), 0);
}

TEST_P(AuthContract, NoErrorTextContainsASecret) {
  Create("a");
  const ApiKey key = CreateKey("k", "a");
  ApiKey again = key;
  again.id = "l";
  const std::string text = auth->CreateApiKey(again).error().detail;
  EXPECT_THAT(text, Not(testing::HasSubstr(ToHex(key.fingerprint))));
  EXPECT_THAT(auth->CreateUser({.id = "b", .email = "a@x"}).error().detail,
              Not(testing::HasSubstr("a@x")));
}

TEST_P(AuthContract, AnUnknownRoleIsCorrupt) {
  Create("a");
  Run({"HSET", auth->base() + ":user:a", "role", "king"});
  EXPECT_EQ(auth->GetUserById("a").error().code, ErrorCode::kCorrupt);
}

SATCHEL_EVERY_HOME(AuthContract);

}  // namespace
}  // namespace satchel::repos
