// The Lua scripts of the repositories: the files of repos/scripts, embedded at build time.

#pragma once

#include <span>
#include <string_view>

#include "store/store.h"

namespace satchel::repos {

struct ScriptFile {
  std::string_view name;  // without ".lua"
  std::string_view text;
};
std::span<const ScriptFile> ScriptFiles();

// Requires a file of that name.
const store::Script& ScriptNamed(std::string_view name);

}  // namespace satchel::repos
