// Registry: one row per configuration key, the only place that knows it. Parsing, environment
// and flag names, `config show` and docs/configuration.md come from it.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/config/config.h"

namespace satchel::store {

enum class KeyType : std::uint8_t {
  kMode,      // trimmed and case-folded; empty inherits
  kString,    // also paths
  kSecret,    // a string that is never printed
  kBool,      //
  kInt,       // decimal
  kPort,      // decimal or `auto`
  kFileMode,  // octal text
  kSize,      // bytes, or a number with a unit
  kDuration,  // a number with a unit
  kEnum,      // one of `words`; stored as its index
  kList,      // of strings
};
std::string_view KeyTypeName(KeyType type);

// The variable behind a key. An enumeration is its underlying byte.
using Field = std::variant<bool*, std::int64_t*, std::string*, std::vector<std::string>*,
                           std::chrono::milliseconds*, std::uint8_t*>;

struct KeyRow {
  std::string_view key;
  KeyType type;
  std::string_view default_text;  // as it would be written in the environment
  std::string_view summary;
  Field (*field)(Config& config);
  std::int64_t min = 0;  // kInt, kPort, kSize (bytes), kDuration (ms)
  std::int64_t max = INT64_MAX;
  std::span<const std::string_view> words = {};
  std::string_view default_note = {};  // for the docs, where the default is worked out
};

// In order of key.
std::span<const KeyRow> KeyRows();
const KeyRow* FindKey(std::string_view key);

// persistence.data_dir: SATCHEL_PERSISTENCE__DATA_DIR and --persistence-data-dir.
std::string EnvironmentName(std::string_view key);
std::string FlagName(std::string_view key);

// A flag of the command line: each key's own, and the short forms.
struct Flag {
  std::string name;
  std::string_view key;
  std::string_view fixed_value = {};  // the flag takes no value and stands for this one
  std::string_view summary;
};
const std::vector<Flag>& Flags();
const Flag* FindFlag(std::string_view name);

// The key that was probably meant: edit distance at most 3, or the same last part. Empty when
// there is none.
std::string_view NearestKey(std::string_view key);

}  // namespace satchel::store
