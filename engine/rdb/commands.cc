// DUMP and RESTORE. Source: redis 7.0.15, the commands of the same names.

#include "engine/call.h"
#include "engine/commands/families.h"
#include "engine/rdb/dump.h"

namespace satchel::engine {
namespace {

void Dump(Call& call, Reply& reply) {
  const Entry* entry = call.Find(call.arg(1));
  if (entry == nullptr) return reply.Null();
  reply.Bulk(DumpValue(*entry));
}

struct RestoreOptions {
  bool replace = false;
  bool absolute = false;
  std::optional<std::int64_t> idle_s;
  std::optional<std::int64_t> frequency;
};

Result<RestoreOptions> ParseRestore(const Call& call) {
  RestoreOptions options;
  for (std::size_t i = 4; i < call.argc(); ++i) {
    const bool more = i + 1 < call.argc();
    if (call.Is(i, "REPLACE")) {
      options.replace = true;
    } else if (call.Is(i, "ABSTTL")) {
      options.absolute = true;
    } else if (call.Is(i, "IDLETIME") && more && !options.frequency) {
      SATCHEL_ASSIGN(options.idle_s, call.Integer(++i));
      if (*options.idle_s < 0) return ReplyError("ERR Invalid IDLETIME value, must be >= 0");
    } else if (call.Is(i, "FREQ") && more && !options.idle_s) {
      SATCHEL_ASSIGN(options.frequency, call.Integer(++i));
      if (*options.frequency < 0 || *options.frequency > 255) {
        return ReplyError("ERR Invalid FREQ value, must be >= 0 and <= 255");
      }
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  return options;
}

void Restore(Call& call, Reply& reply) {
  auto options = ParseRestore(call);
  if (!options) return reply.Error(options.error());
  const std::string_view key = call.arg(1);
  if (!options->replace && call.Look(key) != nullptr) {
    return reply.Error("BUSYKEY Target key name already exists.");
  }
  auto ttl = call.Integer(2);
  if (!ttl) return reply.Error(ttl.error());
  if (*ttl < 0) return reply.Error("ERR Invalid TTL value, must be >= 0");
  ++call.engine().stats().payload_checks;
  auto entry = RestoreValue(call.arg(3), key, call.context());
  if (!entry) return reply.Error("ERR " + entry.error().detail);
  const std::int64_t deadline_ms = *ttl == 0 || options->absolute ? *ttl : *ttl + call.now_ms();
  const bool removed = call.Remove(key);
  if (deadline_ms != 0 && deadline_ms <= call.now_ms() && !call.replaying()) {
    Entry::Free(*entry);
    if (removed) {
      call.Effect({"DEL", key});
      call.Event(kEventGeneric, "del", key);
    }
    return reply.Ok();
  }
  call.Adopt(call.db(), *entry);
  if (deadline_ms != 0) call.SetDeadline(key, deadline_ms);
  if (call.effects_wanted()) {
    call.Effect({"RESTORE", key, FormatInt(deadline_ms), call.arg(3), "REPLACE", "ABSTTL"});
  } else {
    call.Changed();
  }
  call.Event(kEventGeneric, "restore", key);
  if (options->idle_s) call.SetIdleTime(key, *options->idle_s);
  if (options->frequency) call.SetFrequency(key, static_cast<std::uint8_t>(*options->frequency));
  reply.Ok();
}

constexpr Command kDumpCommands[] = {
    {.name = "DUMP",
     .arity = 2,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatKeyspace,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Dump,
     .since = "2.6.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Returns a value as bytes that RESTORE takes."},
    {.name = "RESTORE",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .categories = kCatKeyspace | kCatDangerous,
     .keys = {KeyAt(1, kOW | kUpdate)},
     .run = Restore,
     .since = "2.6.0",
     .group = "generic",
     .complexity = "O(1)",
     .summary = "Creates a key from the bytes of DUMP."},
};
static_assert(RowsAreSound(kDumpCommands));

}  // namespace

std::span<const Command> DumpCommands() { return kDumpCommands; }

}  // namespace satchel::engine
