// Auth: the users of a tenant and their API keys.
//
// Keys, A = ns ":auth:{au:T}":
//   A:user:<id>  HASH f v c u email role
//   A:key:<id>   HASH f v c user_id hash fp prefix last_used
//   A:emails     HASH email -> user id          A:fps  HASH hex fingerprint -> key id
//   A:ix         lex index: us <c> <id> | ro <role> <c> <id> | ku <user> <c> <key id>
//   A:clk        STRING last creation stamp
// None of them ever has a TTL.
//
// Emails are trimmed and lower-cased (ASCII) wherever they come in. A key is found by the
// SHA-256 of its plaintext, its fingerprint, and proved by one bcrypt comparison; neither
// fingerprints nor hashes appear in errors.
// Atomic: each method is one script. Cost: one round trip unless stated. Thread: any.
// Errors: those of the store, kInvalidArgument (field), and what the methods name.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "repos/fields.h"
#include "repos/options.h"
#include "repos/page.h"
#include "store/store.h"

namespace satchel::repos {

enum class Role : std::uint8_t { kUser, kAdmin };
std::string_view RoleName(Role role);  // "user", "admin"

struct User {
  std::string id;
  std::string email;
  Role role = Role::kUser;
  std::int64_t created_ms = 0;  // set by the store

  bool operator==(const User&) const = default;
};

struct ApiKey {
  std::string id;
  std::string user_id;
  std::string hash;             // as bcrypt writes it
  std::string fingerprint;      // 32 bytes, SHA-256 of the plaintext
  std::string prefix;           // text to show; not unique
  std::int64_t created_ms = 0;  // set by the store
  std::optional<std::int64_t> last_used_ms = {};

  bool operator==(const ApiKey&) const = default;
};

class Auth {
 public:
  // Requires legal options; see CheckRepoOptions.
  explicit Auth(store::Store& store, RepoOptions options = {});

  // The user as stored. Errors: kAlreadyExists (id, email). O(log n).
  Result<User> CreateUser(const User& user);
  // Errors: kUserNotFound.
  Result<User> GetUserById(std::string_view id);
  Result<User> GetUserByEmail(std::string_view email);
  // By creation, then id, both descending. One round trip per 1 000 rows, as of all lists.
  Result<PageOf<User>> ListUsers(const Page& page = {});
  // Email and role; created_ms stays. The old email is free at once. Errors: kUserNotFound,
  // kAlreadyExists (email).
  Result<User> UpdateUser(const User& user);
  // With its email, keys and fingerprints; returns the keys that went. Errors: kUserNotFound.
  // O(keys of the user).
  Result<std::vector<ApiKey>> DeleteUser(std::string_view id);
  // The user with role admin, if the tenant has no admin yet. Errors: kAlreadyBootstrapped,
  // kAlreadyExists (id, email).
  Result<User> CreateInitialAdminIfNone(const User& user);

  // The key as stored. Errors: kUserNotFound, kAlreadyExists (id, fingerprint).
  Result<ApiKey> CreateApiKey(const ApiKey& key);
  // Errors: kApiKeyNotFound.
  Result<ApiKey> GetApiKeyById(std::string_view id);
  Result<ApiKey> GetApiKeyByFingerprint(std::string_view fingerprint);
  // By creation, then id, both descending; empty for an unknown user.
  Result<PageOf<ApiKey>> ListApiKeysByUserId(std::string_view user_id, const Page& page = {});
  // last_used = max(old, now). A missing key is success and stores nothing.
  Result<void> UpdateApiKeyLastUsed(std::string_view id);
  // The same without waiting for it.
  void TouchLater(std::string_view id, std::function<void()> done);
  // The deleted key; empty when there was none.
  Result<std::optional<ApiKey>> DeleteApiKey(std::string_view id);

  const RepoOptions& options() const { return options_; }
  store::Store& store() const { return store_; }
  // "ns:auth:{au:T}"
  const std::string& base() const { return base_; }

 private:
  Result<User> PutUser(std::string_view script, const User& user, Role role);
  Result<User> UserOf(std::string_view id, Fields fields) const;
  Result<ApiKey> KeyOf(std::string_view id, Fields fields) const;
  std::string UserKey(std::string_view id) const;
  std::string ApiKeyKey(std::string_view id) const;

  template <class T>
  Result<PageOf<T>> ListOf(const std::string& list, const std::string& objects, const Page& page,
                           const std::function<Result<T>(std::string_view, Fields)>& read);

  store::Store& store_;  // borrowed
  const RepoOptions options_;
  const std::string base_;
};

// Trimmed and lower-cased. Errors: kInvalidArgument (email): empty, or without "@".
Result<std::string> NormalEmail(std::string_view email);

}  // namespace satchel::repos
