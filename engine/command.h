// Command: one constexpr row per command, the only place that knows it. Arity checks, key
// lookup, COMMAND INFO, read-only scripts, ACL categories and docs/commands.md come from it.
//
// A container command (CLIENT, OBJECT) has rows for its subcommands and runs none itself.
// Source: redis 7.0.15, COMMAND INFO and COMMAND DOCS of the same name.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace satchel {
class Reply;
}

namespace satchel::engine {

class Call;

enum CommandFlag : std::uint32_t {
  kWrite = 1u << 0,
  kReadonly = 1u << 1,
  kDenyOom = 1u << 2,
  kAdmin = 1u << 3,
  kPubsub = 1u << 4,
  kNoScript = 1u << 5,
  kBlocking = 1u << 6,
  kLoading = 1u << 7,  // allowed while a store loads
  kStale = 1u << 8,
  kSkipMonitor = 1u << 9,
  kSkipSlowlog = 1u << 10,
  kFast = 1u << 11,
  kNoAuth = 1u << 12,
  kMayReplicate = 1u << 13,
  kNoMandatoryKeys = 1u << 14,
  kAllowBusy = 1u << 15,
  kNoAsyncLoading = 1u << 16,
  kNoMulti = 1u << 17,
  kMovableKeys = 1u << 18,  // printed; keys need the whole specs to be found
  kNondeterministicOutput = 1u << 19,
  kNondeterministicOutputOrder = 1u << 20,
  kTouchesArbitraryKeys = 1u << 21,  // SORT, EVAL: undeclared keys
};

// ACL categories beyond those that flags give (@read, @write, @fast, @slow, @admin,
// @dangerous of kAdmin, @pubsub, @blocking).
enum AclCategory : std::uint32_t {
  kCatNone = 0,
  kCatKeyspace = 1u << 0,
  kCatSet = 1u << 1,
  kCatSortedSet = 1u << 2,
  kCatList = 1u << 3,
  kCatHash = 1u << 4,
  kCatString = 1u << 5,
  kCatBitmap = 1u << 6,
  kCatHyperLogLog = 1u << 7,
  kCatGeo = 1u << 8,
  kCatStream = 1u << 9,
  kCatConnection = 1u << 10,
  kCatTransaction = 1u << 11,
  kCatScripting = 1u << 12,
  kCatDangerous = 1u << 13,
  kCatAdmin = 1u << 14,  // without the admin flag
};

enum KeyFlag : std::uint16_t {
  kRO = 1 << 0,
  kRW = 1 << 1,
  kOW = 1 << 2,
  kRM = 1 << 3,
  kAccess = 1 << 4,
  kUpdate = 1 << 5,
  kInsert = 1 << 6,
  kDelete = 1 << 7,
  kNotKey = 1 << 8,
  kIncomplete = 1 << 9,
  kVariableFlags = 1 << 10,
};

// Where keys stand among the arguments, as COMMAND INFO's key specifications.
struct KeySpec {
  enum class Begin : std::uint8_t { kNone, kIndex, kKeyword, kUnknown };
  enum class Find : std::uint8_t { kRange, kKeyNum, kUnknown };

  Begin begin = Begin::kNone;
  Find find = Find::kRange;
  std::uint16_t flags = 0;
  std::int16_t index = 0;  // kIndex: of the first key; kKeyword: where the search starts
  std::string_view keyword = {};
  // kRange: last key relative to the first (negative: from the end), step, limit.
  // kKeyNum: index of the count relative to the begin, first key relative to it, step.
  std::int16_t a = 0;
  std::int16_t step = 1;
  std::int16_t b = 0;
  std::string_view notes = {};
};

// One key at `index`.
constexpr KeySpec KeyAt(int index, int flags, std::string_view notes = {}) {
  return {.begin = KeySpec::Begin::kIndex,
          .flags = static_cast<std::uint16_t>(flags),
          .index = static_cast<std::int16_t>(index),
          .notes = notes};
}
// Keys from `index` to `last` (relative to the first; negative counts from the end).
constexpr KeySpec KeyRange(int index, int last, int step, int flags) {
  return {.begin = KeySpec::Begin::kIndex,
          .flags = static_cast<std::uint16_t>(flags),
          .index = static_cast<std::int16_t>(index),
          .a = static_cast<std::int16_t>(last),
          .step = static_cast<std::int16_t>(step)};
}
// A count at `index`, followed by that many keys, `step` words apart.
constexpr KeySpec KeyCount(int index, int flags, std::string_view notes = {}, int step = 1) {
  return {.begin = KeySpec::Begin::kIndex,
          .find = KeySpec::Find::kKeyNum,
          .flags = static_cast<std::uint16_t>(flags),
          .index = static_cast<std::int16_t>(index),
          .a = 0,
          .step = static_cast<std::int16_t>(step),
          .b = 1,
          .notes = notes};
}
// Keys after a keyword, searched from `start`.
constexpr KeySpec KeyAfter(std::string_view keyword, int start, int last, int step, int limit,
                           int flags) {
  return {.begin = KeySpec::Begin::kKeyword,
          .flags = static_cast<std::uint16_t>(flags),
          .index = static_cast<std::int16_t>(start),
          .keyword = keyword,
          .a = static_cast<std::int16_t>(last),
          .step = static_cast<std::int16_t>(step),
          .b = static_cast<std::int16_t>(limit)};
}
constexpr KeySpec KeyUnknown(int flags, std::string_view notes) {
  return {.begin = KeySpec::Begin::kUnknown,
          .find = KeySpec::Find::kUnknown,
          .flags = static_cast<std::uint16_t>(flags),
          .notes = notes};
}

using CommandFunction = void (*)(Call& call, Reply& reply);

// A key among the arguments: its index and the flags of the specification that found it.
struct KeyPosition {
  std::uint32_t index;
  std::uint16_t flags;
};
// Adds the keys of a call that no specification can find, or takes away what is none.
using KeyFinder = void (*)(std::span<const std::string_view> args, std::vector<KeyPosition>* keys);

struct Command {
  std::string_view name;  // upper case
  std::int16_t arity;     // counts the name; negative: at least
  std::uint32_t flags = 0;
  std::uint32_t categories = kCatNone;
  std::array<KeySpec, 3> keys = {};
  CommandFunction run = nullptr;
  std::string_view since = {};
  std::string_view group = {};       // COMMAND DOCS group: "string", "sorted-set", ...
  std::string_view complexity = {};  // "O(1)"
  std::string_view summary = {};
  std::span<const Command> subcommands = {};
  // All tips, blank separated; when empty they follow from the flags.
  std::string_view tips = {};
  KeyFinder more_keys = nullptr;

  // Filled in by CommandTable in its copy of the row.
  std::uint16_t index = 0;          // dense, for tables of statistics
  const Command* parent = nullptr;  // the container of a subcommand
  std::uint32_t acl_mask = 0;       // categories, those that flags give included

  bool ArityFits(std::size_t args) const {
    const auto count = static_cast<std::int64_t>(args);
    return arity >= 0 ? count == arity : count >= -arity;
  }
  // First, last and step as the old COMMAND fields print them (0 0 0 without keys).
  struct LegacyRange {
    int first, last, step;
  };
  LegacyRange legacy_range() const;
};

// For static_assert beside each table of rows.
constexpr bool RowsAreSound(std::span<const Command> rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Command& row = rows[i];
    if (row.name.empty() || row.arity == 0 || row.summary.empty() || row.since.empty())
      return false;
#ifndef __SANITIZE_ADDRESS__  // with it, g++ does not know the address of a function early enough
    if (row.run == nullptr && row.subcommands.empty()) return false;
#endif
    if ((row.flags & kWrite) && (row.flags & kReadonly)) return false;
    for (char c : row.name) {
      if (c >= 'a' && c <= 'z') return false;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (rows[j].name == row.name) return false;
    }
  }
  return true;
}

// The row's ACL categories as bits, in the order of AclCategoryNames (engine/acl.h).
std::uint32_t AclMaskOf(const Command& command);

// Finds the keys of a call by the row's specifications. False when the arguments do not
// fit them (a bad count). O(arguments).
bool FindKeys(const Command& command, std::span<const std::string_view> args,
              std::vector<KeyPosition>* keys);

// As FindKeys, without what only looks like a key, and with the flags of this very call where
// the specification names the worst: what permissions go by.
bool FindUsedKeys(const Command& command, std::span<const std::string_view> args,
                  std::vector<KeyPosition>* keys);

}  // namespace satchel::engine
