#include "repos/auth.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"
#include "repos/errors.h"
#include "repos/keys.h"
#include "repos/lex_list.h"
#include "repos/metrics.h"
#include "repos/scripts.h"

namespace satchel::repos {
namespace {

using Strings = std::vector<std::string>;

constexpr std::size_t kFingerprintBytes = 32;

Result<void> CheckUser(const User& user) {
  if (user.id.empty()) return Invalid("id", "must not be empty");
  if (user.role > Role::kAdmin) return Invalid("role", "unknown");
  return CheckComponent("id", user.id);
}

Error NoUser(std::string_view id) { return Absent(ErrorCode::kUserNotFound, "user", id); }
Error NoKey(std::string_view id) { return Absent(ErrorCode::kApiKeyNotFound, "api key", id); }

// What the writing scripts answer: {"ok", ...}, {"taken", field}, {"missing"}, {"bootstrapped"}.
Result<void> CheckOutcome(const ReplyValue& reply, std::string_view id) {
  if (reply.items.empty()) return Unexpected();
  const std::string& outcome = reply.items[0].text;
  if (outcome == "ok") return {};
  if (outcome == "missing") return NoUser(id);
  if (outcome == "bootstrapped") {
    return MakeError(ErrorCode::kAlreadyBootstrapped, "an administrator exists");
  }
  if (outcome == "taken" && reply.items.size() == 2) return Taken(reply.items[1].text);
  return Unexpected();
}

}  // namespace

std::string_view RoleName(Role role) { return role == Role::kAdmin ? "admin" : "user"; }

Result<std::string> NormalEmail(std::string_view email) {
  const std::string normal = ToLower(Trim(email));
  if (normal.empty() || normal.find('@') == normal.npos) {
    return Invalid("email", "must hold an @");
  }
  if (normal.size() > kMaxComponentBytes) return Invalid("email", "too long");
  return normal;
}

Auth::Auth(store::Store& store, RepoOptions options)
    : store_(store), options_(std::move(options)), base_(options_.Base("auth", "au")) {
  SATCHEL_CHECK(CheckRepoOptions(options_).has_value());
}

std::string Auth::UserKey(std::string_view id) const { return base_ + ":user:" + Escape(id); }
std::string Auth::ApiKeyKey(std::string_view id) const { return base_ + ":key:" + Escape(id); }

Result<User> Auth::UserOf(std::string_view id, Fields fields) const {
  if (fields.empty()) return NoUser(id);
  User user{.id = std::string(id), .email = fields.Text("email"), .created_ms = fields.Int("c")};
  const std::string role = fields.Text("role");
  if (role != "admin" && role != "user") return Corrupt("user", "unknown role");
  if (role == "admin") user.role = Role::kAdmin;
  return user;
}

Result<ApiKey> Auth::KeyOf(std::string_view id, Fields fields) const {
  if (fields.empty()) return NoKey(id);
  const auto fingerprint = FromHex(fields.Text("fp"));
  if (!fingerprint) return Corrupt("api key", "no fingerprint");
  ApiKey key{.id = std::string(id),
             .user_id = fields.Text("user_id"),
             .hash = fields.Text("hash"),
             .fingerprint = *fingerprint,
             .prefix = fields.Text("prefix"),
             .created_ms = fields.Int("c")};
  if (fields.Has("last_used")) key.last_used_ms = fields.Int("last_used");
  return key;
}

Result<User> Auth::PutUser(std::string_view script, const User& user, Role role) {
  SATCHEL_TRY(CheckUser(user));
  SATCHEL_ASSIGN(std::string email, NormalEmail(user.email));
  User stored{.id = user.id, .email = std::move(email), .role = role};
  const Strings keys = {UserKey(user.id), base_ + ":emails", base_ + ":ix", base_ + ":clk"};
  const Strings args = {FormatInt(options_.clock->NowMs()), user.id, stored.email,
                        std::string(RoleName(role))};
  SATCHEL_ASSIGN(const ReplyValue reply, RunScript(store_, script, keys, args));
  SATCHEL_TRY(CheckOutcome(reply, user.id));
  if (reply.items.size() != 2) return Unexpected();
  stored.created_ms = IntOf(reply.items[1]).value_or(0);
  return stored;
}

Result<User> Auth::CreateUser(const User& user) {
  return Counted(options_, store_, RepoOp::kAuthCreateUser,
                 [&]() -> Result<User> { return PutUser("auth_user_create", user, user.role); });
}

Result<User> Auth::CreateInitialAdminIfNone(const User& user) {
  return Counted(options_, store_, RepoOp::kAuthCreateInitialAdminIfNone,
                 [&]() -> Result<User> { return PutUser("auth_bootstrap", user, Role::kAdmin); });
}

Result<User> Auth::UpdateUser(const User& user) {
  return Counted(options_, store_, RepoOp::kAuthUpdateUser,
                 [&]() -> Result<User> { return PutUser("auth_user_update", user, user.role); });
}

Result<User> Auth::GetUserById(std::string_view id) {
  return Counted(options_, store_, RepoOp::kAuthGetUserById, [&]() -> Result<User> {
    SATCHEL_TRY(CheckComponent("id", id));
    const std::string key = UserKey(id);
    SATCHEL_ASSIGN(ReplyValue reply, store_.Run({"HGETALL", key}));
    return UserOf(id, Fields(std::move(reply)));
  });
}

Result<User> Auth::GetUserByEmail(std::string_view email) {
  return Counted(options_, store_, RepoOp::kAuthGetUserByEmail, [&]() -> Result<User> {
    SATCHEL_ASSIGN(const std::string normal, NormalEmail(email));
    const Strings keys = {base_ + ":emails"};
    const Strings args = {normal, base_ + ":user:"};
    SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "auth_user_by_email", keys, args));
    if (reply.items.size() != 2) return Unexpected();
    if (reply.items[1].items.empty()) return NoUser("");
    return UserOf(reply.items[0].text, Fields(std::move(reply.items[1])));
  });
}

template <class T>
Result<PageOf<T>> Auth::ListOf(const std::string& list, const std::string& objects,
                               const Page& page,
                               const std::function<Result<T>(std::string_view, Fields)>& read) {
  const LexRange range{.index = base_ + ":ix", .prefix = list, .objects = objects};
  return CollectPage<T>(
      list, page, [&](const std::string& after, std::int64_t count) -> Result<Rows<T>> {
        SATCHEL_ASSIGN(Rows<Fields> found, ReadLexRows(store_, range, after, count));
        Rows<T> rows{.rest = std::move(found.rest)};
        for (auto& [position, fields] : found.rows) {
          SATCHEL_ASSIGN(const std::string id, IdOfPosition(position));
          SATCHEL_ASSIGN(T item, read(id, std::move(fields)));
          rows.rows.emplace_back(std::move(position), std::move(item));
        }
        return rows;
      });
}

Result<PageOf<User>> Auth::ListUsers(const Page& page) {
  return Counted(options_, store_, RepoOp::kAuthListUsers, [&]() -> Result<PageOf<User>> {
    return ListOf<User>("us", base_ + ":user:", page, [this](std::string_view id, Fields fields) {
      return UserOf(id, std::move(fields));
    });
  });
}

Result<std::vector<ApiKey>> Auth::DeleteUser(std::string_view id) {
  return Counted(options_, store_, RepoOp::kAuthDeleteUser, [&]() -> Result<std::vector<ApiKey>> {
    SATCHEL_TRY(CheckComponent("id", id));
    const Strings keys = {UserKey(id), base_ + ":emails", base_ + ":ix", base_ + ":fps"};
    const Strings args = {std::string(id), base_ + ":key:"};
    SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "auth_user_delete", keys, args));
    SATCHEL_TRY(CheckOutcome(reply, id));
    std::vector<ApiKey> gone;
    for (std::size_t i = 1; i + 1 < reply.items.size(); i += 2) {
      SATCHEL_ASSIGN(const std::string key_id, Unescape(reply.items[i].text));
      // The user is gone: a key that was damaged must not hide that.
      auto key = KeyOf(key_id, Fields(std::move(reply.items[i + 1])));
      if (key) gone.push_back(std::move(*key));
    }
    return gone;
  });
}

Result<ApiKey> Auth::CreateApiKey(const ApiKey& key) {
  return Counted(options_, store_, RepoOp::kAuthCreateApiKey, [&]() -> Result<ApiKey> {
    if (key.id.empty()) return Invalid("id", "must not be empty");
    SATCHEL_TRY(CheckComponent("id", key.id));
    SATCHEL_TRY(CheckComponent("user_id", key.user_id));
    SATCHEL_TRY(CheckComponent("prefix", key.prefix));
    if (key.fingerprint.size() != kFingerprintBytes) return Invalid("fingerprint", "not 32 bytes");
    if (key.hash.empty() || key.hash.size() > kMaxComponentBytes) {
      return Invalid("hash", "empty or too long");
    }
    const Strings keys = {ApiKeyKey(key.id), UserKey(key.user_id), base_ + ":fps", base_ + ":ix",
                          base_ + ":clk"};
    const Strings args = {FormatInt(options_.clock->NowMs()),
                          key.id,
                          key.user_id,
                          key.hash,
                          ToHex(key.fingerprint),
                          key.prefix,
                          key.last_used_ms ? FormatInt(*key.last_used_ms) : std::string()};
    SATCHEL_ASSIGN(const ReplyValue reply, RunScript(store_, "auth_key_create", keys, args));
    SATCHEL_TRY(CheckOutcome(reply, key.user_id));
    if (reply.items.size() != 2) return Unexpected();
    ApiKey stored = key;
    stored.created_ms = IntOf(reply.items[1]).value_or(0);
    return stored;
  });
}

Result<ApiKey> Auth::GetApiKeyById(std::string_view id) {
  return Counted(options_, store_, RepoOp::kAuthGetApiKeyById, [&]() -> Result<ApiKey> {
    SATCHEL_TRY(CheckComponent("id", id));
    const std::string key = ApiKeyKey(id);
    SATCHEL_ASSIGN(ReplyValue reply, store_.Run({"HGETALL", key}));
    return KeyOf(id, Fields(std::move(reply)));
  });
}

Result<ApiKey> Auth::GetApiKeyByFingerprint(std::string_view fingerprint) {
  return Counted(options_, store_, RepoOp::kAuthGetApiKeyByFingerprint, [&]() -> Result<ApiKey> {
    if (fingerprint.size() != kFingerprintBytes) return Invalid("fingerprint", "not 32 bytes");
    const Strings keys = {base_ + ":fps"};
    const Strings args = {ToHex(fingerprint), base_ + ":key:"};
    SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "auth_key_by_fp", keys, args));
    if (reply.items.size() != 2) return Unexpected();
    if (reply.items[1].items.empty()) return NoKey("");
    return KeyOf(reply.items[0].text, Fields(std::move(reply.items[1])));
  });
}

Result<PageOf<ApiKey>> Auth::ListApiKeysByUserId(std::string_view user_id, const Page& page) {
  return Counted(
      options_, store_, RepoOp::kAuthListApiKeysByUserId, [&]() -> Result<PageOf<ApiKey>> {
        SATCHEL_TRY(CheckComponent("user_id", user_id));
        return ListOf<ApiKey>(
            "ku " + Escape(user_id), base_ + ":key:", page,
            [this](std::string_view id, Fields fields) { return KeyOf(id, std::move(fields)); });
      });
}

Result<void> Auth::UpdateApiKeyLastUsed(std::string_view id) {
  return Counted(options_, store_, RepoOp::kAuthUpdateApiKeyLastUsed, [&]() -> Result<void> {
    SATCHEL_TRY(CheckComponent("id", id));
    const Strings keys = {ApiKeyKey(id)};
    const Strings args = {FormatInt(options_.clock->NowMs())};
    SATCHEL_TRY(RunScript(store_, "auth_key_touch", keys, args));
    return {};
  });
}

void Auth::TouchLater(std::string_view id, std::function<void()> done) {
  const Strings keys = {ApiKeyKey(id)};
  const Strings args = {FormatInt(options_.clock->NowMs())};
  store_.RunAsync(EvalLine("auth_key_touch", keys, args),
                  [done = std::move(done)](const Result<ReplyValue>&) { done(); });
}

Result<std::optional<ApiKey>> Auth::DeleteApiKey(std::string_view id) {
  return Counted(
      options_, store_, RepoOp::kAuthDeleteApiKey, [&]() -> Result<std::optional<ApiKey>> {
        SATCHEL_TRY(CheckComponent("id", id));
        const Strings keys = {ApiKeyKey(id), base_ + ":fps", base_ + ":ix"};
        const Strings args = {std::string(id)};
        SATCHEL_ASSIGN(ReplyValue reply, RunScript(store_, "auth_key_delete", keys, args));
        if (reply.items.empty()) return std::optional<ApiKey>();
        SATCHEL_ASSIGN(ApiKey key, KeyOf(id, Fields(std::move(reply))));
        return std::optional(std::move(key));
      });
}

}  // namespace satchel::repos
