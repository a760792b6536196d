// Settings: the parameters behind CONFIG GET and CONFIG SET. Each folder adds the rows it
// owns when a store is opened; the engine only prints and changes what was added.
//
// A row gets and sets text; its owner keeps the typed value. Set checks first and changes
// nothing on an error. Thread: under the execution lock once the store is open.

#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace satchel {

struct SettingRow {
  // Texts that live as long as the program.
  const char* name;     // lower case, as CONFIG GET prints it
  const char* summary;  // one sentence, for the docs
  std::function<std::string()> get;
  // Null: can only be set at start-up.
  std::function<Result<void>(std::string_view)> set;
  const char* alias = "";  // another accepted name
  bool secret = false;     // hidden from logs and errors
};

class Settings {
 public:
  // Requires a name that was not added before.
  void Add(SettingRow row);

  // Null when unknown; case and aliases are ignored.
  const SettingRow* Find(std::string_view name) const;
  // All rows in order of name.
  std::vector<const SettingRow*> All() const;

 private:
  std::map<std::string_view, SettingRow> rows_;
  std::map<std::string_view, std::string_view> aliases_;
};

// Rows for plain variables, which must outlive the Settings. Texts as redis 7.0: yes/no,
// integers in [min, max], sizes with k/kb/m/mb/g/gb units.
SettingRow BoolSetting(const char* name, const char* summary, bool* value);
SettingRow IntSetting(const char* name, const char* summary, std::int64_t* value, std::int64_t min,
                      std::int64_t max);
SettingRow SizeSetting(const char* name, const char* summary, std::int64_t* value, std::int64_t min,
                       std::int64_t max);
SettingRow StringSetting(const char* name, const char* summary, std::string* value);
// A row that has one value for the life of the process.
SettingRow FixedSetting(const char* name, const char* summary, std::string value);

// "1kb" is 1024, "1k" is 1000, also m, mb, g, gb, b; any case. Empty when not a size.
std::optional<std::int64_t> ParseMemorySize(std::string_view text);

}  // namespace satchel
