#include "repos/credentials.h"

#include <crypt.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/random.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/keys.h"
#include "repos/metrics.h"

namespace satchel::repos {
namespace {

constexpr int kMostInFlight = 10;
// Of no plaintext that anybody has; as costly to compare with as a real one.
constexpr std::string_view kDummyHash =
    "$2b$12$C6UzMDM.H6dfI/f/IKcEeO7pm9AOVkiCwZJ8NqMQOPjyVqkxQNB8a";

Error InvalidCredentials() { return MakeError(ErrorCode::kNotFound, "invalid credentials"); }

std::string KeyJson(const ApiKey& key) {
  nlohmann::json json = {{"id", key.id},
                         {"user_id", key.user_id},
                         {"fp", ToHex(key.fingerprint)},
                         {"prefix", key.prefix},
                         {"c", key.created_ms}};
  if (key.last_used_ms) json["last_used"] = *key.last_used_ms;
  // Ids may be any bytes; those that are no UTF-8 are not worth remembering wrongly.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Empty when it does not decode, or is another key's.
std::optional<ApiKey> KeyOfJson(const std::string& text, std::string_view id) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  const auto word = [&](const char* name) {
    const auto at = json.find(name);
    return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  const auto fingerprint = FromHex(word("fp"));
  if (word("id") != id || !fingerprint || !json.contains("c") || !json["c"].is_number_integer()) {
    return std::nullopt;
  }
  ApiKey key{.id = std::string(id),
             .user_id = word("user_id"),
             .hash = {},
             .fingerprint = *fingerprint,
             .prefix = word("prefix"),
             .created_ms = json["c"].get<std::int64_t>()};
  if (const auto at = json.find("last_used"); at != json.end() && at->is_number_integer()) {
    key.last_used_ms = at->get<std::int64_t>();
  }
  return key;
}

bool IsUtf8Safe(const ApiKey& key) {
  const auto plain = [](const std::string& text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  };
  return plain(key.id) && plain(key.user_id) && plain(key.prefix);
}

}  // namespace

bool CheckBcrypt(const std::string& plaintext, const std::string& hash) {
  crypt_data data{};
  const char* made = crypt_r(plaintext.c_str(), hash.c_str(), &data);
  return made != nullptr && hash.starts_with("$2") && EqualConstantTime(made, hash);
}

Result<std::string> HashBcrypt(const std::string& plaintext, int cost) {
  if (plaintext.empty() || plaintext.size() > 72 || plaintext.find('\0') != plaintext.npos) {
    return Invalid("plaintext", "must be 1 to 72 bytes without NUL");
  }
  if (cost < 4 || cost > 31) return Invalid("cost", "must be 4 to 31");
  char random[16];
  FillSystemRandom(random, sizeof random);
  crypt_data data{};
  char salt[CRYPT_GENSALT_OUTPUT_SIZE];
  if (crypt_gensalt_rn("$2b$", static_cast<unsigned long>(cost), random, sizeof random, salt,
                       sizeof salt) == nullptr) {
    return MakeError(ErrorCode::kUnsupported, "bcrypt is not available");
  }
  const char* hash = crypt_r(plaintext.c_str(), salt, &data);
  if (hash == nullptr || hash[0] == '*') {
    return MakeError(ErrorCode::kUnsupported, "bcrypt is not available");
  }
  return std::string(hash);
}

std::string FingerprintOf(std::string_view plaintext) { return *FromHex(Sha256Hex(plaintext)); }

CredentialCheck::CredentialCheck(Auth& auth, HashCheck check)
    : auth_(auth),
      check_(std::move(check)),
      dummy_hash_(kDummyHash),
      in_flight_(std::make_shared<std::atomic<int>>(0)) {}

namespace {

// One check of credentials, counted when it has ended.
class Attempted {
 public:
  explicit Attempted(const Auth& auth)
      : meter_(auth.options(), auth.store()),
        clock_(*auth.options().clock),
        since_(meter_.is_on() ? clock_.Ticks() : 0) {}

  void Count(Attempt attempt) const {
    if (!meter_.is_on()) return;
    AttemptOutcome outcome = AttemptOutcome::kDenied;
    if (attempt == Attempt::kOk) outcome = AttemptOutcome::kOk;
    if (attempt == Attempt::kStore) outcome = AttemptOutcome::kError;
    meter_.Add(Family::kAuthAttempts, 1, attempt, 0);
    meter_.Observe(Family::kAuthLatency, static_cast<std::uint64_t>(clock_.Ticks() - since_),
                   outcome);
  }
  void CountAge(const ApiKey& key) const {
    const std::int64_t age_ms = std::max<std::int64_t>(clock_.NowMs() - key.created_ms, 0);
    meter_.Observe(Family::kAuthKeyAge, static_cast<std::uint64_t>(age_ms) / 1000);
  }

 private:
  const Meter meter_;
  const Clock& clock_;
  const std::int64_t since_;  // ticks
};

}  // namespace

Result<Identity> CredentialCheck::Validate(const std::string& plaintext) {
  const Attempted attempted(auth_);
  auto key = auth_.GetApiKeyByFingerprint(FingerprintOf(plaintext));
  const bool known = key.has_value();
  if (!known && key.error().code != ErrorCode::kApiKeyNotFound) {
    attempted.Count(Attempt::kStore);
    return std::move(key.error());
  }
  const bool matches = check_(plaintext, known ? key->hash : dummy_hash_);
  if (!known || !matches) {
    attempted.Count(known ? Attempt::kWrongKey : Attempt::kUnknownKey);
    return InvalidCredentials();
  }
  auto user = auth_.GetUserById(key->user_id);
  if (!user) {
    const bool absent = user.error().code == ErrorCode::kUserNotFound;
    attempted.Count(absent ? Attempt::kNoUser : Attempt::kStore);
    return absent ? InvalidCredentials() : std::move(user.error());
  }
  attempted.Count(Attempt::kOk);
  attempted.CountAge(*key);
  NoteUse(key->id);
  return Identity{.user = std::move(*user), .key_id = std::move(key->id)};
}

void CredentialCheck::NoteUse(const std::string& key_id) {
  if (in_flight_->fetch_add(1) >= kMostInFlight) {
    --*in_flight_;
    return;
  }
  auth_.TouchLater(key_id, [in_flight = in_flight_] { --*in_flight; });
}

CachedAuth::CachedAuth(Auth& auth, std::chrono::milliseconds ttl) : auth_(auth), ttl_(ttl) {}

std::string CachedAuth::KeyEntry(std::string_view id) const {
  return auth_.options().Base("cache", "au") + ":key:" + Escape(id);
}
std::string CachedAuth::FingerprintEntry(std::string_view fingerprint) const {
  return auth_.options().Base("cache", "au") + ":fp:" + ToHex(fingerprint);
}

Result<void> CachedAuth::Remember(const ApiKey& key) {
  if (ttl_.count() <= 0 || !IsUtf8Safe(key)) return {};
  const std::string ttl = FormatInt(ttl_.count());
  const std::vector<store::CommandLine> lines = {
      {"SET", KeyEntry(key.id), KeyJson(key), "PX", ttl},
      {"SET", FingerprintEntry(key.fingerprint), key.id, "PX", ttl}};
  for (auto& reply : auth_.store().Pipeline(lines)) SATCHEL_TRY(std::move(reply));
  // A deletion may have come between the look and the note: look once more.
  auto still = auth_.GetApiKeyById(key.id);
  if (still) return {};
  return Forget({key});
}

Result<void> CachedAuth::Forget(const std::vector<ApiKey>& keys) {
  std::vector<store::CommandLine> lines;
  for (const ApiKey& key : keys) {
    lines.push_back({"DEL", KeyEntry(key.id), FingerprintEntry(key.fingerprint)});
    lines.push_back({"PUBLISH", Channel(), key.id});
  }
  if (lines.empty()) return {};
  for (auto& reply : auth_.store().Pipeline(lines)) SATCHEL_TRY(std::move(reply));
  return {};
}

Result<ApiKey> CachedAuth::GetApiKeyById(std::string_view id) {
  SATCHEL_TRY(CheckComponent("id", id));
  const std::string entry = KeyEntry(id);
  SATCHEL_ASSIGN(const ReplyValue cached, auth_.store().Run({"GET", entry}));
  if (!cached.is_null()) {
    if (auto key = KeyOfJson(cached.text, id)) return std::move(*key);
  }
  SATCHEL_ASSIGN(ApiKey key, auth_.GetApiKeyById(id));
  SATCHEL_TRY(Remember(key));
  key.hash.clear();
  return key;
}

Result<ApiKey> CachedAuth::GetApiKeyByFingerprint(std::string_view fingerprint) {
  const std::string entry = FingerprintEntry(fingerprint);
  SATCHEL_ASSIGN(const ReplyValue cached, auth_.store().Run({"GET", entry}));
  if (!cached.is_null()) {
    auto key = GetApiKeyById(cached.text);
    if (key && key->fingerprint == fingerprint) return key;
  }
  SATCHEL_ASSIGN(ApiKey key, auth_.GetApiKeyByFingerprint(fingerprint));
  SATCHEL_TRY(Remember(key));
  key.hash.clear();
  return key;
}

Result<std::optional<ApiKey>> CachedAuth::DeleteApiKey(std::string_view id) {
  SATCHEL_ASSIGN(auto key, auth_.DeleteApiKey(id));
  if (key) SATCHEL_TRY(Forget({*key}));
  return key;
}

Result<std::vector<ApiKey>> CachedAuth::DeleteUser(std::string_view id) {
  SATCHEL_ASSIGN(auto keys, auth_.DeleteUser(id));
  SATCHEL_TRY(Forget(keys));
  return keys;
}

}  // namespace satchel::repos
