// Credentials: whether a presented API key is good, and a cache for those who only look keys up.

#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "repos/auth.h"

namespace satchel::repos {

// Compares a plaintext with a bcrypt hash.
using HashCheck = std::function<bool(const std::string& plaintext, const std::string& hash)>;
bool CheckBcrypt(const std::string& plaintext, const std::string& hash);
// A bcrypt hash with a salt of the system; 2^cost rounds, cost from 4 to 31. Plaintexts longer
// than 72 bytes are kInvalidArgument: bcrypt would not look at the rest.
Result<std::string> HashBcrypt(const std::string& plaintext, int cost = 12);
// SHA-256, 32 bytes.
std::string FingerprintOf(std::string_view plaintext);

struct Identity {
  User user;
  std::string key_id;
};

// Validates keys against the store, never against a cache. Every check makes exactly one bcrypt
// comparison, with a fixed hash when the key is unknown, and an unknown key, a wrong one and one
// without user are the same error. The last use is noted without waiting for it, at most ten at
// a time.
// Thread: any.
class CredentialCheck {
 public:
  explicit CredentialCheck(Auth& auth, HashCheck check = CheckBcrypt);

  // Errors: kNotFound ("invalid credentials"), those of the store. Two round trips.
  Result<Identity> Validate(const std::string& plaintext);

 private:
  void NoteUse(const std::string& key_id);

  Auth& auth_;  // borrowed
  const HashCheck check_;
  const std::string dummy_hash_;
  std::shared_ptr<std::atomic<int>> in_flight_;
};

// Auth with lookups of API keys that are remembered for a while, by all processes of a tenant.
//
// Keys: ns:cache:{au:T}:key:<id>    STRING the key as JSON, without its hash; with the ttl
//       ns:cache:{au:T}:fp:<hex>    STRING id of the key; with the ttl
// Deletions evict both and tell it on the channel ns:auth:{au:T}:inv: the id of the key.
// Thread: any.
class CachedAuth {
 public:
  // ttl 0: nothing is remembered.
  explicit CachedAuth(Auth& auth, std::chrono::milliseconds ttl = std::chrono::seconds(30));

  // As of Auth, but `hash` is empty. One round trip when it is remembered, else three.
  Result<ApiKey> GetApiKeyById(std::string_view id);
  Result<ApiKey> GetApiKeyByFingerprint(std::string_view fingerprint);
  // As of Auth, and what was remembered is forgotten. Two round trips.
  Result<std::optional<ApiKey>> DeleteApiKey(std::string_view id);
  Result<std::vector<ApiKey>> DeleteUser(std::string_view id);

  std::string KeyEntry(std::string_view id) const;
  std::string FingerprintEntry(std::string_view fingerprint) const;
  std::string Channel() const { return auth_.base() + ":inv"; }

 private:
  Result<void> Remember(const ApiKey& key);
  Result<void> Forget(const std::vector<ApiKey>& keys);

  Auth& auth_;  // borrowed
  const std::chrono::milliseconds ttl_;
};

}  // namespace satchel::repos
