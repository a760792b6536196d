// MULTI, EXEC and WATCH. Source: redis 7.0.15, the commands of the same names.

#include "engine/call.h"
#include "engine/commands/families.h"

namespace satchel::engine {
namespace {

// Rights may have been taken away after the commands were queued.
std::string DeniedText(AclDenial denial) {
  const std::string_view reason =
      denial == AclDenial::kKey ? "no permission to touch the specified keys"
      : denial == AclDenial::kChannel
          ? "no permission to access one of the channels used as arguments"
          : "no permission to execute the command or subcommand";
  return "NOPERM ACLs rules changed between the moment the transaction was accumulated and the "
         "EXEC call. This command is no longer allowed for the following reason: " +
         std::string(reason);
}

void Multi(Call& call, Reply& reply) {
  if (call.session().in_multi) return reply.Error("ERR MULTI calls can not be nested");
  call.session().in_multi = true;
  reply.Ok();
}

void Discard(Call& call, Reply& reply) {
  if (!call.session().in_multi) return reply.Error("ERR DISCARD without MULTI");
  call.engine().DiscardTransaction(call.session());
  reply.Ok();
}

void Exec(Call& call, Reply& reply) {
  Session& session = call.session();
  Engine& engine = call.engine();
  if (!session.in_multi) return reply.Error("ERR EXEC without MULTI");
  const bool failed = session.multi_failed;
  const bool conflict = session.watch_failed || engine.WatchedKeyExpired(session);
  const auto queued = std::move(session.queued);
  engine.DiscardTransaction(session);
  if (failed) {
    return reply.Error("EXECABORT Transaction discarded because of previous errors.");
  }
  if (conflict) return reply.NullArray();
  reply.BeginArray(queued.size());
  std::vector<std::string_view> args;
  for (const auto& line : queued) {
    args.assign(line.begin(), line.end());
    const Command& command = *engine.Lookup(args);
    const AclVerdict verdict = engine.CheckAcl(session, command, args);
    if (!verdict.allowed()) {
      engine.NoteDenial(session, command, args, verdict, AclLogEntry::Context::kMulti);
      reply.Error(DeniedText(verdict.denial));
      continue;
    }
    engine.ExecuteInner(session, command, args, reply);
  }
}

void Watch(Call& call, Reply& reply) {
  if (call.session().in_multi) return reply.Error("ERR WATCH inside MULTI is not allowed");
  for (std::size_t i = 1; i < call.argc(); ++i) call.engine().Watch(call.session(), call.arg(i));
  reply.Ok();
}

void Unwatch(Call& call, Reply& reply) {
  call.engine().Unwatch(call.session());
  call.session().watch_failed = false;
  reply.Ok();
}

constexpr Command kTransactionCommands[] = {
    {.name = "DISCARD",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy,
     .categories = kCatTransaction,
     .run = Discard,
     .since = "2.0.0",
     .group = "transactions",
     .complexity = "O(N)",
     .summary = "Drops the queued commands of a transaction."},
    {.name = "EXEC",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kSkipSlowlog,
     .categories = kCatTransaction,
     .run = Exec,
     .since = "1.2.0",
     .group = "transactions",
     .complexity = "",
     .summary = "Runs the queued commands of a transaction."},
    {.name = "MULTI",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy,
     .categories = kCatTransaction,
     .run = Multi,
     .since = "1.2.0",
     .group = "transactions",
     .complexity = "O(1)",
     .summary = "Begins a transaction."},
    {.name = "UNWATCH",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy,
     .categories = kCatTransaction,
     .run = Unwatch,
     .since = "2.2.0",
     .group = "transactions",
     .complexity = "O(1)",
     .summary = "Forgets the watched keys."},
    {.name = "WATCH",
     .arity = -2,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy,
     .categories = kCatTransaction,
     .keys = {KeyRange(1, -1, 1, kRO)},
     .run = Watch,
     .since = "2.2.0",
     .group = "transactions",
     .complexity = "O(1)",
     .summary = "Watches keys: EXEC fails if one of them changes before it."},
};
static_assert(RowsAreSound(kTransactionCommands));

}  // namespace

std::span<const Command> TransactionCommands() { return kTransactionCommands; }

}  // namespace satchel::engine
