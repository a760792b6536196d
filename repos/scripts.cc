#include "repos/scripts.h"

#include <map>
#include <string>

#include "base/check.h"

namespace satchel::repos {
namespace {

using ScriptMap = std::map<std::string_view, store::Script>;

ScriptMap MakeScripts() {
  ScriptMap scripts;
  for (const ScriptFile& file : ScriptFiles()) {
    scripts.emplace(file.name, store::Script(std::string(file.text)));
  }
  return scripts;
}

}  // namespace

const store::Script& ScriptNamed(std::string_view name) {
  static const ScriptMap scripts = MakeScripts();
  const auto at = scripts.find(name);
  SATCHEL_CHECK(at != scripts.end());
  return at->second;
}

}  // namespace satchel::repos
