// Replication, clusters and modules: what a store that has none of them answers.
// Source: redis 7.0.15, the commands of the same names on a server without replicas, cluster
// mode and modules; WAITAOF as redis 7.2 has it.

#include "engine/call.h"
#include "engine/commands/families.h"
#include "engine/commands/help.h"

namespace satchel::engine {
namespace {

// --- Waiting for replicas: there are none ----------------------------------------------------

Result<std::int64_t> MillisecondDeadline(const Call& call, std::size_t i) {
  const auto span = ParseInt(call.arg(i));
  if (!span) return ReplyError("ERR timeout is not an integer or out of range");
  if (*span < 0) return ReplyError("ERR timeout is negative");
  if (*span == 0) return 0;
  std::int64_t deadline = 0;
  if (__builtin_add_overflow(*span, call.now_ms(), &deadline)) {
    return ReplyError("ERR timeout is out of range");
  }
  return deadline;
}

void Wait(Call& call, Reply& reply) {
  const auto replicas = call.Integer(1);
  if (!replicas) return reply.Error(replicas.error());
  const auto deadline = MillisecondDeadline(call, 2);
  if (!deadline) return reply.Error(deadline.error());
  if (*replicas <= 0 || !call.Block({}, *deadline)) return reply.Integer(0);
  call.session().blocked->on_timeout = BlockedState::OnTimeout::kZero;
}

void Waitaof(Call& call, Reply& reply) {
  const auto local = call.Integer(1);
  if (!local) return reply.Error(local.error());
  if (*local < 0 || *local > 1) {
    return reply.Error("ERR value is out of range, value must between 0 and 1");
  }
  const auto replicas = call.Integer(2);
  if (!replicas) return reply.Error(replicas.error());
  if (*replicas < 0) return reply.Error(kMustBePositive);
  const auto deadline = MillisecondDeadline(call, 3);
  if (!deadline) return reply.Error(deadline.error());
  if (*local > 0) {
    return reply.Error(
        "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  }
  if (*replicas == 0 || !call.Block({}, *deadline)) {
    reply.BeginArray(2);
    reply.Integer(0);
    return reply.Integer(0);
  }
  call.session().blocked->on_timeout = BlockedState::OnTimeout::kTwoZeros;
}

// --- Being a replica, or having one ------------------------------------------------------------

constexpr std::string_view kNoReplication =
    "ERR replication is not available: this store neither has replicas nor becomes one";

void Replicaof(Call& call, Reply& reply) {
  if (call.Is(1, "NO") && call.Is(2, "ONE")) return reply.Ok();
  const auto port = ParseInt(call.arg(2));
  constexpr std::int64_t kMaxPort = 65535;
  if (!port || *port < 0 || *port > kMaxPort) return reply.Error("ERR Invalid master port");
  reply.Error(kNoReplication);
}

void Failover(Call& call, Reply& reply) {
  bool abort = false;
  bool to = false;
  bool force = false;
  bool timeout = false;
  for (std::size_t i = 1; i < call.argc(); ++i) {
    if (call.Is(i, "TIMEOUT") && i + 1 < call.argc() && !timeout) {
      auto span = call.Integer(++i);
      if (!span) return reply.Error(span.error());
      if (*span <= 0) return reply.Error("ERR FAILOVER timeout must be greater than 0");
      timeout = true;
    } else if (call.Is(i, "ABORT") && call.argc() == 2) {
      abort = true;
    } else if (call.Is(i, "TO") && i + 2 < call.argc() && !to) {
      auto port = call.Integer(i + 2);
      if (!port) return reply.Error(port.error());
      i += 2;
      to = true;
    } else if (call.Is(i, "FORCE") && !force) {
      force = true;
    } else {
      return reply.Error(kSyntaxError);
    }
  }
  reply.Error(abort ? "ERR No failover in progress." : "ERR FAILOVER requires connected replicas.");
}

// Nobody synchronises with this store.
void Refuse(Call&, Reply& reply) { reply.Error(kNoReplication); }

// An empty key stands for those after KEYS; Redis finds none where both are given.
void FindMigratedKeys(Args args, std::vector<KeyPosition>* keys) {
  if (keys->size() < 2) return;
  if (args[3].empty()) {
    keys->erase(keys->begin());
  } else {
    keys->clear();
  }
}

void Migrate(Call&, Reply& reply) {
  reply.Error(
      "ERR MIGRATE is not available: this store opens no connections; use DUMP and RESTORE");
}

void Bgrewriteaof(Call&, Reply& reply) {
  reply.Error("ERR there is no append-only file to rewrite; BGSAVE writes a snapshot");
}

// --- Clusters and modules ----------------------------------------------------------------------

void NoCluster(Call&, Reply& reply) {
  reply.Error("ERR This instance has cluster support disabled");
}

void ModuleList(Call&, Reply& reply) { reply.BeginArray(0); }

void NoModules(Call&, Reply& reply) {
  reply.Error(
      "ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", "
      "you can run it from a local connection, otherwise you need to set this option in the "
      "configuration file, and then restart the server.");
}

void Lolwut(Call& call, Reply& reply) {
  if (call.argc() >= 3 && call.Is(1, "VERSION")) {
    auto version = call.Integer(2);
    if (!version) return reply.Error(version.error());
  }
  reply.Verbatim("txt", "Redis ver. " + call.engine().config().announced_version + "\n");
}

constexpr Command kClusterSubcommands[] = {
    {.name = "ADDSLOTS",
     .arity = -3,
     .flags = kAdmin | kStale | kNoAsyncLoading,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(N)",
     .summary = "Gives slots to this node."},
    {.name = "ADDSLOTSRANGE",
     .arity = -4,
     .flags = kAdmin | kStale | kNoAsyncLoading,
     .run = NoCluster,
     .since = "7.0.0",
     .group = "cluster",
     .complexity = "O(N)",
     .summary = "Gives ranges of slots to this node."},
    {.name = "BUMPEPOCH",
     .arity = 2,
     .flags = kAdmin | kStale | kNoAsyncLoading | kNondeterministicOutput,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Advances the epoch of the configuration."},
    {.name = "COUNT-FAILURE-REPORTS",
     .arity = 3,
     .flags = kAdmin | kStale | kNondeterministicOutput,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(N)",
     .summary = "Counts reports of failure of a node."},
    {.name = "COUNTKEYSINSLOT",
     .arity = 3,
     .flags = kStale,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Counts the keys of a slot."},
    {.name = "DELSLOTS",
     .arity = -3,
     .flags = kAdmin | kStale | kNoAsyncLoading,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(N)",
     .summary = "Takes slots from this node."},
    {.name = "DELSLOTSRANGE",
     .arity = -4,
     .flags = kAdmin | kStale | kNoAsyncLoading,
     .run = NoCluster,
     .since = "7.0.0",
     .group = "cluster",
     .complexity = "O(N)",
     .summary = "Takes ranges of slots from this node."},
    {.name = "FAILOVER",
     .arity = -2,
     .flags = kAdmin | kStale | kNoAsyncLoading,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Makes a replica the primary."},
    {.name = "FLUSHSLOTS",
     .arity = 2,
     .flags = kAdmin | kStale | kNoAsyncLoading,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Takes all slots from this node."},
    {.name = "FORGET",
     .arity = 3,
     .flags = kAdmin | kStale | kNoAsyncLoading,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Removes a node."},
    {.name = "GETKEYSINSLOT",
     .arity = 4,
     .flags = kStale | kNondeterministicOutput,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(log(N))",
     .summary = "Lists keys of a slot."},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = NoCluster,
     .since = "5.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "INFO",
     .arity = 2,
     .flags = kStale | kNondeterministicOutput,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Describes the state of this node."},
    {.name = "KEYSLOT",
     .arity = 3,
     .flags = kStale,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(N)",
     .summary = "Returns the slot of a key."},
    {.name = "LINKS",
     .arity = 2,
     .flags = kStale | kNondeterministicOutput,
     .run = NoCluster,
     .since = "7.0.0",
     .group = "cluster",
     .complexity = "O(N)",
     .summary = "Lists the links to other nodes."},
    {.name = "MEET",
     .arity = -4,
     .flags = kAdmin | kStale | kNoAsyncLoading,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Makes nodes know each other."},
    {.name = "MYID",
     .arity = 2,
     .flags = kStale,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Returns the id of this node."},
    {.name = "NODES",
     .arity = 2,
     .flags = kStale | kNondeterministicOutput,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(N)",
     .summary = "Describes the nodes."},
    {.name = "REPLICAS",
     .arity = 3,
     .flags = kAdmin | kStale | kNondeterministicOutput,
     .run = NoCluster,
     .since = "5.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Lists the replicas of a node."},
    {.name = "REPLICATE",
     .arity = 3,
     .flags = kAdmin | kStale | kNoAsyncLoading,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Makes this node a replica."},
    {.name = "RESET",
     .arity = -2,
     .flags = kAdmin | kNoScript | kStale,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(N)",
     .summary = "Forgets the cluster."},
    {.name = "SAVECONFIG",
     .arity = 2,
     .flags = kAdmin | kStale | kNoAsyncLoading,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Writes the configuration of the cluster."},
    {.name = "SET-CONFIG-EPOCH",
     .arity = 3,
     .flags = kAdmin | kStale | kNoAsyncLoading,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Sets the epoch of the configuration."},
    {.name = "SETSLOT",
     .arity = -4,
     .flags = kAdmin | kStale | kNoAsyncLoading,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Binds a slot to a node."},
    {.name = "SHARDS",
     .arity = 2,
     .flags = kStale | kNondeterministicOutput,
     .run = NoCluster,
     .since = "7.0.0",
     .group = "cluster",
     .complexity = "O(N)",
     .summary = "Describes the shards."},
    {.name = "SLAVES",
     .arity = 3,
     .flags = kAdmin | kStale | kNondeterministicOutput,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Lists the replicas of a node."},
    {.name = "SLOTS",
     .arity = 2,
     .flags = kStale | kNondeterministicOutput,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(N)",
     .summary = "Maps slots to nodes."},
};
static_assert(RowsAreSound(kClusterSubcommands));

constexpr Command kModuleSubcommands[] = {
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = ReplyHelp,
     .since = "5.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "LIST",
     .arity = 2,
     .flags = kAdmin | kNoScript | kNondeterministicOutputOrder,
     .run = ModuleList,
     .since = "4.0.0",
     .group = "server",
     .complexity = "O(N)",
     .summary = "Lists the loaded modules: none."},
    {.name = "LOAD",
     .arity = -3,
     .flags = kAdmin | kNoScript | kNoAsyncLoading,
     .run = NoModules,
     .since = "4.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Loads a module."},
    {.name = "LOADEX",
     .arity = -3,
     .flags = kAdmin | kNoScript | kNoAsyncLoading,
     .run = NoModules,
     .since = "7.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Loads a module with parameters."},
    {.name = "UNLOAD",
     .arity = 3,
     .flags = kAdmin | kNoScript | kNoAsyncLoading,
     .run = NoModules,
     .since = "4.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Unloads a module."},
};
static_assert(RowsAreSound(kModuleSubcommands));

constexpr Command kReplicationCommands[] = {
    {.name = "ASKING",
     .arity = 1,
     .flags = kFast,
     .categories = kCatConnection,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Announces a redirected command of a cluster."},
    {.name = "CLUSTER",
     .arity = -2,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "",
     .summary = "Looks after a cluster.",
     .subcommands = kClusterSubcommands},
    {.name = "BGREWRITEAOF",
     .arity = 1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading,
     .run = Bgrewriteaof,
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Rewrites the append-only file; there is none."},
    {.name = "FAILOVER",
     .arity = -1,
     .flags = kAdmin | kNoScript | kStale,
     .run = Failover,
     .since = "6.2.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Hands over to a replica."},
    {.name = "LOLWUT",
     .arity = -1,
     .flags = kReadonly | kFast,
     .run = Lolwut,
     .since = "5.0.0",
     .group = "server",
     .complexity = "",
     .summary = "Shows the version."},
    {.name = "MIGRATE",
     .arity = -6,
     .flags = kWrite | kMovableKeys | kNondeterministicOutput,
     .categories = kCatKeyspace | kCatDangerous,
     .keys = {KeyAt(3, kRW | kAccess | kDelete),
              KeyAfter("KEYS", -2, -1, 1, 0, kRW | kAccess | kDelete | kIncomplete)},
     .run = Migrate,
     .since = "2.6.0",
     .group = "generic",
     .complexity = "O(N)",
     .summary = "Moves keys to another server; this one does not.",
     .more_keys = FindMigratedKeys},
    {.name = "MODULE",
     .arity = -2,
     .since = "4.0.0",
     .group = "server",
     .complexity = "",
     .summary = "Looks after modules.",
     .subcommands = kModuleSubcommands},
    {.name = "PSYNC",
     .arity = -3,
     .flags = kAdmin | kNoScript | kNoAsyncLoading | kNoMulti,
     .run = Refuse,
     .since = "2.8.0",
     .group = "server",
     .complexity = "",
     .summary = "Asks for what a replica has missed."},
    {.name = "READONLY",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .categories = kCatConnection,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Allows reads on a replica of a cluster."},
    {.name = "READWRITE",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .categories = kCatConnection,
     .run = NoCluster,
     .since = "3.0.0",
     .group = "cluster",
     .complexity = "O(1)",
     .summary = "Ends READONLY."},
    {.name = "REPLCONF",
     .arity = -1,
     .flags = kAdmin | kNoScript | kLoading | kStale | kAllowBusy,
     .run = Refuse,
     .since = "3.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Describes a replica to its primary."},
    {.name = "REPLICAOF",
     .arity = 3,
     .flags = kAdmin | kNoScript | kStale | kNoAsyncLoading,
     .run = Replicaof,
     .since = "5.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Makes this server a replica; only NO ONE is possible."},
    {.name = "SLAVEOF",
     .arity = 3,
     .flags = kAdmin | kNoScript | kStale | kNoAsyncLoading,
     .run = Replicaof,
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(1)",
     .summary = "Makes this server a replica; only NO ONE is possible."},
    {.name = "SYNC",
     .arity = 1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading | kNoMulti,
     .run = Refuse,
     .since = "1.0.0",
     .group = "server",
     .complexity = "",
     .summary = "Asks for everything, as a replica."},
    {.name = "WAIT",
     .arity = 3,
     .flags = kNoScript,
     .categories = kCatConnection,
     .run = Wait,
     .since = "3.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Waits until replicas have the writes of this connection.",
     .tips = "request_policy:all_shards response_policy:agg_min"},
    {.name = "WAITAOF",
     .arity = 4,
     .flags = kNoScript | kBlocking,
     .categories = kCatConnection,
     .run = Waitaof,
     .since = "7.2.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Waits until the writes of this connection are in append-only files.",
     .tips = "request_policy:all_shards response_policy:agg_min"},
};
static_assert(RowsAreSound(kReplicationCommands));

}  // namespace

std::span<const Command> ReplicationCommands() { return kReplicationCommands; }

}  // namespace satchel::engine
