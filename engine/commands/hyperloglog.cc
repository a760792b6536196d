// HyperLogLog commands. Source: redis 7.0.15, the commands of the same names.

#include "engine/hyperloglog.h"

#include <cmath>

#include "engine/call.h"
#include "engine/commands/families.h"

namespace satchel::engine {
namespace {

using hyperloglog::Outcome;
using hyperloglog::Registers;

constexpr std::string_view kDamaged = "INVALIDOBJ Corrupted HLL object detected";

// Null when absent; an error when it is no HyperLogLog.
Result<const Entry*> Checked(const Entry* entry) {
  if (entry == nullptr) return nullptr;
  if (!entry->is_string()) return WrongType();
  if (!hyperloglog::IsHyperLogLog(StringText(*entry))) {
    return ReplyError("WRONGTYPE Key is not a valid HyperLogLog string value.");
  }
  return entry;
}

std::size_t MaxSparseBytes(const Call& call) {
  return static_cast<std::size_t>(call.limits().hll_max_sparse_bytes);
}

void StoreBytes(Call& call, std::string_view key, std::string_view bytes) {
  StringBuffer& buffer = call.EditRaw(key, bytes.size());
  std::memcpy(buffer.bytes(), bytes.data(), bytes.size());
  buffer.size = bytes.size();
}

void Pfadd(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto entry = Checked(call.Find(key));
  if (!entry) return reply.Error(entry.error());
  bool changed = *entry == nullptr;
  if (*entry != nullptr && hyperloglog::IsDense(StringText(**entry))) {
    StringBuffer& buffer = call.EditRaw(key, hyperloglog::kDenseBytes);
    for (std::size_t i = 2; i < call.argc(); ++i) {
      changed |= hyperloglog::MarkDense(buffer.bytes(), hyperloglog::MarkOf(call.arg(i)));
    }
    if (changed) hyperloglog::InvalidateCount(buffer.bytes());
  } else {
    std::string bytes =
        *entry == nullptr ? hyperloglog::NewEmpty() : std::string(StringText(**entry).view());
    for (std::size_t i = 2; i < call.argc(); ++i) {
      const auto mark = hyperloglog::MarkOf(call.arg(i));
      const Outcome outcome = hyperloglog::Apply(bytes, mark, MaxSparseBytes(call));
      if (outcome == Outcome::kDamaged) return reply.Error(kDamaged);
      changed |= outcome == Outcome::kChanged;
    }
    if (changed) hyperloglog::InvalidateCount(bytes.data());
    StoreBytes(call, key, bytes);
  }
  if (changed) {
    call.EffectSelf();
    call.Event(kEventString, "pfadd", key);
  }
  reply.Integer(changed);
}

void CountUnion(Call& call, Reply& reply) {
  Registers registers;
  for (std::size_t i = 1; i < call.argc(); ++i) {
    auto entry = Checked(call.Find(call.arg(i)));
    if (!entry) return reply.Error(entry.error());
    if (*entry == nullptr) continue;
    if (!registers.Merge(StringText(**entry))) return reply.Error(kDamaged);
  }
  reply.Integer(static_cast<std::int64_t>(registers.Estimate()));
}

void Pfcount(Call& call, Reply& reply) {
  if (call.argc() > 2) return CountUnion(call, reply);
  const std::string_view key = call.arg(1);
  auto found = Checked(call.Find(key));
  if (!found) return reply.Error(found.error());
  const Entry* entry = *found;
  if (entry == nullptr) return reply.Integer(0);
  const auto cached = hyperloglog::CachedCount(StringText(*entry));
  const auto count = cached ? cached : hyperloglog::Estimate(StringText(*entry));
  if (!count) return reply.Error(kDamaged);
  if (!cached || entry->encoding() != Encoding::kRaw) {
    hyperloglog::StoreCount(call.EditRaw(key, 0).bytes(), *count);
  }
  // The count is part of the value: who reads it may change it.
  if (!cached) call.EffectSelf();
  reply.Integer(static_cast<std::int64_t>(*count));
}

void Pfmerge(Call& call, Reply& reply) {
  Registers merged;
  bool dense = false;
  for (std::size_t i = 1; i < call.argc(); ++i) {
    auto entry = Checked(call.ReadAndUse(call.arg(i)));
    if (!entry) return reply.Error(entry.error());
    if (*entry == nullptr) continue;
    const StringText text(**entry);
    dense = dense || hyperloglog::IsDense(text);
    if (!merged.Merge(text)) return reply.Error(kDamaged);
  }
  const std::string_view key = call.arg(1);
  const Entry* target = call.Find(key);
  std::string bytes =
      target == nullptr ? hyperloglog::NewEmpty() : std::string(StringText(*target).view());
  Registers old;
  SATCHEL_CHECK(old.Merge(bytes));
  if (dense) SATCHEL_CHECK(hyperloglog::MakeDense(bytes));
  for (std::size_t i = 0; i < hyperloglog::kRegisters; ++i) {
    if (merged.at(i) == old.at(i)) continue;
    hyperloglog::Apply(bytes, {static_cast<std::uint16_t>(i), merged.at(i)}, MaxSparseBytes(call));
  }
  hyperloglog::InvalidateCount(bytes.data());
  StoreBytes(call, key, bytes);
  call.EffectSelf();
  call.Event(kEventString, "pfadd", key);
  reply.Ok();
}

// --- Testing -------------------------------------------------------------------------------

// Makes the value dense. False, after an error reply, when it is damaged.
bool DebugToDense(Call& call, Reply& reply, const Entry& entry) {
  std::string bytes(StringText(entry).view());
  if (hyperloglog::IsDense(bytes)) return true;
  if (!hyperloglog::MakeDense(bytes)) {
    reply.Error(kDamaged);
    return false;
  }
  StoreBytes(call, call.arg(2), bytes);
  call.EffectSelf();
  return true;
}

void ReplyRegisters(Call& call, Reply& reply, const Entry& entry) {
  if (!DebugToDense(call, reply, entry)) return;
  Registers registers;
  SATCHEL_CHECK(registers.Merge(StringText(*call.Look(call.arg(2)))));
  reply.BeginArray(hyperloglog::kRegisters);
  for (std::size_t i = 0; i < hyperloglog::kRegisters; ++i) reply.Integer(registers.at(i));
}

void Pfdebug(Call& call, Reply& reply) {
  auto found = Checked(call.Find(call.arg(2)));
  if (!found) return reply.Error(found.error());
  if (*found == nullptr) return reply.Error("ERR The specified key does not exist");
  if ((*found)->encoding() != Encoding::kRaw) call.EditRaw(call.arg(2), 0);
  const Entry& entry = *call.Look(call.arg(2));
  const bool dense = hyperloglog::IsDense(StringText(entry));
  if (call.Is(1, "GETREG")) {
    ReplyRegisters(call, reply, entry);
  } else if (call.Is(1, "DECODE")) {
    if (dense) return reply.Error("ERR HLL encoding is not sparse");
    reply.Bulk(hyperloglog::DescribeRuns(StringText(entry)));
  } else if (call.Is(1, "ENCODING")) {
    reply.Status(dense ? "dense" : "sparse");
  } else if (call.Is(1, "TODENSE")) {
    if (DebugToDense(call, reply, entry)) reply.Integer(!dense);
  } else {
    reply.Error("ERR Unknown PFDEBUG subcommand '" + Printed(call.arg(1)) + "'");
  }
}

// Adds distinct elements to a sparse and a dense value: they must agree, and their estimate
// must be near.
void Pfselftest(Call& call, Reply& reply) {
  constexpr std::size_t kElements = 20000;
  constexpr double kStandardError = 0.0081;
  std::string sparse = hyperloglog::NewEmpty();
  std::string dense = hyperloglog::NewEmpty();
  hyperloglog::MakeDense(dense);
  const std::uint64_t seed = call.random().Next();
  std::size_t check_at = 1;
  for (std::size_t count = 1; count <= kElements; ++count) {
    const std::uint64_t element = seed ^ count;
    const auto mark = hyperloglog::MarkOf({reinterpret_cast<const char*>(&element), 8});
    hyperloglog::Apply(sparse, mark, MaxSparseBytes(call));
    hyperloglog::MarkDense(dense.data(), mark);
    if (count != check_at && count != kElements) continue;
    check_at *= 10;
    const auto estimate = hyperloglog::Estimate(sparse);
    if (!estimate || estimate != hyperloglog::Estimate(dense)) {
      return reply.Error("TESTFAILED the encodings disagree");
    }
    const double off = std::abs(static_cast<double>(*estimate) - static_cast<double>(count));
    if (off > std::ceil(static_cast<double>(count) * kStandardError * 6)) {
      return reply.Error("TESTFAILED the estimate is too far off");
    }
  }
  reply.Ok();
}

constexpr KeySpec WithNotes(KeySpec spec, std::string_view notes) {
  spec.notes = notes;
  return spec;
}

constexpr Command kHyperLogLogCommands[] = {
    {.name = "PFADD",
     .arity = -2,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHyperLogLog,
     .keys = {KeyAt(1, kRW | kInsert)},
     .run = Pfadd,
     .since = "2.8.9",
     .group = "hyperloglog",
     .complexity = "O(1)",
     .summary = "Adds elements to a HyperLogLog, creating it when absent."},
    {.name = "PFCOUNT",
     .arity = -2,
     .flags = kReadonly | kMayReplicate,
     .categories = kCatHyperLogLog,
     .keys = {WithNotes(KeyRange(1, -1, 1, kRW | kAccess), "Stores the count in the value.")},
     .run = Pfcount,
     .since = "2.8.9",
     .group = "hyperloglog",
     .complexity = "O(1)",
     .summary = "Estimates how many distinct elements were added to HyperLogLogs."},
    {.name = "PFDEBUG",
     .arity = 3,
     .flags = kWrite | kDenyOom | kAdmin,
     .categories = kCatHyperLogLog,
     .keys = {KeyAt(2, kRW | kAccess)},
     .run = Pfdebug,
     .since = "2.8.9",
     .group = "hyperloglog",
     .complexity = "N/A",
     .summary = "Shows or changes the internal form of a HyperLogLog."},
    {.name = "PFMERGE",
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .categories = kCatHyperLogLog,
     .keys = {KeyAt(1, kRW | kAccess | kInsert), KeyRange(2, -1, 1, kRO | kAccess)},
     .run = Pfmerge,
     .since = "2.8.9",
     .group = "hyperloglog",
     .complexity = "O(N)",
     .summary = "Merges HyperLogLogs into one."},
    {.name = "PFSELFTEST",
     .arity = 1,
     .flags = kAdmin,
     .categories = kCatHyperLogLog,
     .run = Pfselftest,
     .since = "2.8.9",
     .group = "hyperloglog",
     .complexity = "N/A",
     .summary = "Checks the HyperLogLog code."},
};
static_assert(RowsAreSound(kHyperLogLogCommands));

}  // namespace

std::span<const Command> HyperLogLogCommands() { return kHyperLogLogCommands; }

}  // namespace satchel::engine
