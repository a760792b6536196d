// Engine's users: what a denial leaves behind, and what happens to connections when their user
// changes. Source: redis 7.0.15, ACL.

#include "base/check.h"
#include "engine/client_line.h"
#include "engine/engine.h"
#include "engine/pubsub.h"

namespace satchel::engine {
namespace {

// The one whose connection it is.
const Session& ClientOf(const Session& session) {
  return session.caller != nullptr ? *session.caller : session;
}

bool MayKeepSubscriptions(const AclUser& user, const Session& session) {
  for (const std::string& name : session.patterns) {
    if (!user.MayHear(name, true)) return false;
  }
  for (const auto* names : {&session.channels, &session.shard_channels}) {
    for (const std::string& name : *names) {
      if (!user.MayHear(name, false)) return false;
    }
  }
  return true;
}

}  // namespace

void Engine::NoteDenial(const Session& session, const Command& command, Args args,
                        AclVerdict verdict, AclLogEntry::Context context) {
  switch (verdict.denial) {
    case AclDenial::kKey:
      ++stats_.denied_keys;
      break;
    case AclDenial::kChannel:
      ++stats_.denied_channels;
      break;
    default:
      ++stats_.denied_commands;
  }
  const bool by_command = verdict.denial == AclDenial::kCommand;
  acl_.Log({.reason = verdict.denial,
            .context = context,
            .object = by_command ? CommandTable::FullName(command) : std::string(args[verdict.arg]),
            .user = session.user->name(),
            .time_ms = now_ms(),
            .client = ClientLine(ClientOf(session), now_ms())});
}

void Engine::NoteFailedLogin(const Session& session, std::string_view word, std::string_view user) {
  using Context = AclLogEntry::Context;
  ++stats_.denied_logins;
  acl_.Log({.reason = AclDenial::kAuth,
            .context = session.in_multi ? Context::kMulti : Context::kTopLevel,
            .object = std::string(word),
            .user = std::string(user),
            .time_ms = now_ms(),
            .client = ClientLine(session, now_ms())});
}

Outcome Engine::RejectDenied(Session& session, const Command& command, Args args,
                             AclVerdict verdict, Reply& reply) {
  using Context = AclLogEntry::Context;
  NoteDenial(session, command, args, verdict,
             session.in_multi ? Context::kMulti : Context::kTopLevel);
  switch (verdict.denial) {
    case AclDenial::kKey:
      return Reject(session, &command, reply,
                    "NOPERM this user has no permissions to access one of the keys used as "
                    "arguments");
    case AclDenial::kChannel:
      return Reject(session, &command, reply,
                    "NOPERM this user has no permissions to access one of the channels used as "
                    "arguments");
    default:
      return Reject(session, &command, reply,
                    "NOPERM this user has no permissions to run the '" +
                        CommandTable::FullName(command) + "' command");
  }
}

void Engine::SetUser(Session& session, const AclUser* user) {
  const bool from_outside = session.kind == Session::Kind::kClient;
  session.user = user != nullptr ? user : from_outside ? &acl_.default_user() : nullptr;
  session.authenticated = user != nullptr || !from_outside || !acl_.authentication_needed();
}

// Its user is gone, or has lost rights that it made use of.
void Engine::DropSession(Session& session, const Session* current) {
  if (session.kind != Session::Kind::kClient) return;
  session.closing = true;
  if (&session != current) session.peer->Close(false);  // our own closes after its reply
}

void Engine::PutUser(const AclUser& rules, Session* current) {
  const AclUser* known = acl_.Find(rules.name());
  if (known != nullptr) {
    for (Session* session : sessions_.all()) {
      if (session->user != known || !session->subscribed()) continue;
      if (!MayKeepSubscriptions(rules, *session)) DropSession(*session, current);
    }
  }
  acl_.Put(rules);
}

bool Engine::RemoveUser(std::string_view name, Session* current) {
  const AclUser* user = acl_.Find(name);
  if (user == nullptr) return false;
  for (Session* session : sessions_.all()) {
    if (session->user != user) continue;
    session->user = &acl_.default_user();
    session->authenticated = false;
    DropSession(*session, current);
  }
  acl_.Remove(name);
  return true;
}

void Engine::ReplaceUsers(const std::vector<std::unique_ptr<AclUser>>& users, Session* current) {
  std::vector<std::string> old;
  for (const auto& [name, user] : acl_.users()) {
    if (user.get() != &acl_.default_user()) old.push_back(name);
  }
  for (const std::string& name : old) RemoveUser(name, current);
  const Acl fresh(*commands_);
  PutUser(*fresh.Find("default"), current);
  for (const auto& user : users) PutUser(*user, current);
}

Result<void> Engine::LoadUsers(Session* current) {
  auto* file = Service<AclFile>();
  SATCHEL_CHECK(file != nullptr);
  SATCHEL_ASSIGN(const std::string text, file->Read());
  SATCHEL_ASSIGN(const auto users, acl_.ParseFile(file->path(), text));
  ReplaceUsers(users, current);
  return {};
}

}  // namespace satchel::engine
