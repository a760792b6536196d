// ACL. Source: redis 7.0.15, the command of the same name.

#include "engine/acl.h"

#include "base/bytes.h"
#include "base/random.h"
#include "engine/call.h"
#include "engine/commands/families.h"
#include "engine/commands/help.h"

namespace satchel::engine {
namespace {

constexpr std::string_view kNoFile =
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users "
    "via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis "
    "configuration file set) in order to store users in the Redis configuration.";

bool IsUserName(std::string_view name) {
  return std::none_of(name.begin(), name.end(),
                      [](char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; });
}

// --- Users ---------------------------------------------------------------------------------

void AclSetuser(Call& call, Reply& reply) {
  for (std::size_t i = 2; i < call.argc(); ++i) call.Redact(i);
  Engine& engine = call.engine();
  const std::string_view name = call.arg(2);
  if (!IsUserName(name)) {
    return reply.Error("ERR Usernames can't contain spaces or null characters");
  }
  const auto words = JoinSelectors(call.args().subspan(3));
  if (!words) {
    return reply.Error("ERR Unmatched parenthesis in acl selector starting at '" +
                       Printed(words.error().detail) + "'.");
  }
  // All or none: the rules are tried on a copy.
  const auto rules = engine.acl().NewUser(name);
  if (const AclUser* known = engine.acl().Find(name)) rules->CopyRulesOf(*known);
  for (const std::string& word : *words) {
    if (auto applied = rules->Apply(word); !applied) {
      return reply.Error("ERR Error in ACL SETUSER modifier '" + Printed(word) +
                         "': " + applied.error().detail);
    }
  }
  engine.PutUser(*rules, &call.session());
  reply.Ok();
}

void AclDeluser(Call& call, Reply& reply) {
  for (std::size_t i = 2; i < call.argc(); ++i) {
    if (call.arg(i) == "default") {
      return reply.Error("ERR The 'default' user cannot be removed");
    }
  }
  std::int64_t removed = 0;
  for (std::size_t i = 2; i < call.argc(); ++i) {
    if (call.engine().RemoveUser(call.arg(i), &call.session())) ++removed;
  }
  reply.Integer(removed);
}

void ReplyRules(Reply& reply, const AclSelector& selector) {
  reply.Bulk("commands");
  reply.Bulk(selector.CommandsText());
  reply.Bulk("keys");
  reply.Bulk(selector.KeysText());
  reply.Bulk("channels");
  reply.Bulk(selector.ChannelsText());
}

void AclGetuser(Call& call, Reply& reply) {
  const AclUser* user = call.engine().acl().Find(call.arg(2));
  if (user == nullptr) return reply.Null();
  reply.BeginMap(6);
  reply.Bulk("flags");
  const auto flags = user->Flags();
  reply.BeginSet(flags.size());
  for (std::string_view flag : flags) reply.Bulk(flag);
  reply.Bulk("passwords");
  reply.BeginArray(user->password_hashes().size());
  for (const std::string& hash : user->password_hashes()) reply.Bulk(hash);
  ReplyRules(reply, user->selectors().front());
  reply.Bulk("selectors");
  reply.BeginArray(user->selectors().size() - 1);
  for (std::size_t i = 1; i < user->selectors().size(); ++i) {
    reply.BeginMap(3);
    ReplyRules(reply, user->selectors()[i]);
  }
}

void AclList(Call& call, Reply& reply) {
  const Acl::Users& users = call.engine().acl().users();
  reply.BeginArray(users.size());
  for (const auto& [name, user] : users) reply.Bulk("user " + name + " " + user->Text());
}

void AclUsers(Call& call, Reply& reply) {
  const Acl::Users& users = call.engine().acl().users();
  reply.BeginArray(users.size());
  for (const auto& [name, user] : users) reply.Bulk(name);
}

void AclWhoami(Call& call, Reply& reply) {
  const AclUser* user = call.session().user;
  reply.Bulk(user != nullptr ? user->name() : "default");
}

// --- Categories ----------------------------------------------------------------------------

void AclCat(Call& call, Reply& reply) {
  if (call.argc() > 3) return reply.Error(call.SubcommandText());
  if (call.argc() == 2) {
    reply.BeginArray(AclCategoryNames().size());
    for (std::string_view name : AclCategoryNames()) reply.Bulk(name);
    return;
  }
  const std::uint32_t mask = AclCategoryMask(call.arg(2));
  if (mask == 0) return reply.Error("ERR Unknown category '" + Printed(call.arg(2)) + "'");
  const std::size_t mark = reply.Open(Aggregate::kArray);
  std::size_t count = 0;
  const auto add = [&](const Command& command) {
    if ((command.acl_mask & mask) == 0) return;
    reply.Bulk(CommandTable::FullName(command));
    ++count;
  };
  for (const Command* command : call.engine().commands().all()) {
    add(*command);
    for (const Command& row : command->subcommands) add(row);
  }
  reply.Close(mark, count);
}

// --- Trying out ----------------------------------------------------------------------------

void AclDryrun(Call& call, Reply& reply) {
  const AclUser* user = call.engine().acl().Find(call.arg(2));
  if (user == nullptr) {
    return reply.Error("ERR User '" + Printed(call.arg(2)) + "' not found");
  }
  const Args line = call.args().subspan(3);
  const Command* command = call.engine().Lookup(line);
  if (command == nullptr) {
    return reply.Error("ERR Command '" + Printed(line[0]) + "' not found");
  }
  const std::string name = CommandTable::FullName(*command);
  if (!command->ArityFits(line.size())) return reply.Error(ArityText(name));
  const AclVerdict verdict = user->Check(*command, line);
  const auto refuse = [&](std::string_view what, std::string_view object, std::string_view kind) {
    reply.Bulk("This user has no permissions to " + std::string(what) + " the '" +
               std::string(object) + "' " + std::string(kind));
  };
  switch (verdict.denial) {
    case AclDenial::kNone:
      return reply.Ok();
    case AclDenial::kKey:
      return refuse("access", line[verdict.arg], "key");
    case AclDenial::kChannel:
      return refuse("access", line[verdict.arg], "channel");
    default:
      return refuse("run", name, "command");
  }
}

void AclGenpass(Call& call, Reply& reply) {
  constexpr std::int64_t kMaxBits = 4096;
  std::int64_t bits = 256;
  if (call.argc() > 3) return reply.Error(call.SubcommandText());
  if (call.argc() == 3) {
    auto wanted = call.Integer(2);
    if (!wanted) return reply.Error(wanted.error());
    if (*wanted <= 0 || *wanted > kMaxBits) {
      return reply.Error(
          "ERR ACL GENPASS argument must be the number of bits for the output password, a "
          "positive number up to 4096");
    }
    bits = *wanted;
  }
  const auto digits = static_cast<std::size_t>((bits + 3) / 4);
  // Not of the store's own chance, which may be seeded and can be guessed from other replies.
  std::string bytes((digits + 1) / 2, '\0');
  FillSystemRandom(bytes.data(), bytes.size());
  reply.Bulk(ToHex(bytes).substr(0, digits));
}

// --- The log -------------------------------------------------------------------------------

std::string_view ReasonName(AclDenial reason) {
  switch (reason) {
    case AclDenial::kKey:
      return "key";
    case AclDenial::kAuth:
      return "auth";
    case AclDenial::kChannel:
      return "channel";
    default:
      return "command";
  }
}

std::string_view ContextName(AclLogEntry::Context context) {
  constexpr std::string_view kNames[] = {"toplevel", "multi", "lua"};
  return kNames[static_cast<std::size_t>(context)];
}

void AclLog(Call& call, Reply& reply) {
  auto& log = call.engine().acl().log();
  if (call.argc() > 3) return reply.Error(call.SubcommandText());
  if (call.argc() == 3 && call.Is(2, "RESET")) {
    log.clear();
    return reply.Ok();
  }
  std::int64_t count = 10;
  if (call.argc() == 3) {
    auto wanted = call.Integer(2);
    if (!wanted) return reply.Error(wanted.error());
    count = std::max<std::int64_t>(0, *wanted);
  }
  const std::size_t shown = std::min(log.size(), static_cast<std::size_t>(count));
  reply.BeginArray(shown);
  for (std::size_t i = 0; i < shown; ++i) {
    const AclLogEntry& entry = log[i];
    reply.BeginMap(7);
    reply.Bulk("count");
    reply.Integer(static_cast<std::int64_t>(entry.count));
    reply.Bulk("reason");
    reply.Bulk(ReasonName(entry.reason));
    reply.Bulk("context");
    reply.Bulk(ContextName(entry.context));
    reply.Bulk("object");
    reply.Bulk(entry.object);
    reply.Bulk("username");
    reply.Bulk(entry.user);
    reply.Bulk("age-seconds");
    reply.Double(static_cast<double>(call.now_ms() - entry.time_ms) / 1000);
    reply.Bulk("client-info");
    reply.Bulk(entry.client);
  }
}

// --- The file ------------------------------------------------------------------------------

// The file is small and rarely touched: its reading and writing hold everybody up, as in redis.
void AclLoad(Call& call, Reply& reply) {
  if (call.engine().Service<AclFile>() == nullptr) return reply.Error(kNoFile);
  auto loaded = call.engine().LoadUsers(&call.session());
  if (!loaded) return reply.Error("ERR " + loaded.error().detail);
  reply.Ok();
}

void AclSave(Call& call, Reply& reply) {
  auto* file = call.engine().Service<AclFile>();
  if (file == nullptr) return reply.Error(kNoFile);
  if (!file->Write(call.engine().acl().FileText())) {
    return reply.Error(
        "ERR There was an error trying to save the ACLs. Please check the server logs for more "
        "information");
  }
  reply.Ok();
}

constexpr Command kSubcommands[] = {
    {.name = "CAT",
     .arity = -2,
     .flags = kNoScript | kLoading | kStale,
     .run = AclCat,
     .since = "6.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Lists the categories, or the commands of one."},
    {.name = "DELUSER",
     .arity = -3,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = AclDeluser,
     .since = "6.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Removes users and closes their connections."},
    {.name = "DRYRUN",
     .arity = -4,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = AclDryrun,
     .since = "7.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Tells whether a user may run a command, without running it."},
    {.name = "GENPASS",
     .arity = -2,
     .flags = kNoScript | kLoading | kStale,
     .run = AclGenpass,
     .since = "6.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Makes up a password."},
    {.name = "GETUSER",
     .arity = 3,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = AclGetuser,
     .since = "6.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Returns the rules of a user."},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = ReplyHelp,
     .since = "6.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "LIST",
     .arity = 2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = AclList,
     .since = "6.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Lists the users with their rules, a line each."},
    {.name = "LOAD",
     .arity = 2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = AclLoad,
     .since = "6.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Takes the users from the ACL file."},
    {.name = "LOG",
     .arity = -2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = AclLog,
     .since = "6.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Returns what was refused of late, or forgets it."},
    {.name = "SAVE",
     .arity = 2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = AclSave,
     .since = "6.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Writes the users to the ACL file."},
    {.name = "SETUSER",
     .arity = -3,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = AclSetuser,
     .since = "6.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Makes a user, or changes its rules."},
    {.name = "USERS",
     .arity = 2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = AclUsers,
     .since = "6.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Lists the names of the users."},
    {.name = "WHOAMI",
     .arity = 2,
     .flags = kNoScript | kLoading | kStale,
     .run = AclWhoami,
     .since = "6.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Returns the connection's user."},
};
static_assert(RowsAreSound(kSubcommands));

constexpr Command kAclCommands[] = {
    {.name = "ACL",
     .arity = -2,
     .since = "6.0.0",
     .group = "server",
     .complexity = "",
     .summary = "Says who may do what.",
     .subcommands = kSubcommands},
};
static_assert(RowsAreSound(kAclCommands));

}  // namespace

std::span<const Command> AclCommands() { return kAclCommands; }

}  // namespace satchel::engine
