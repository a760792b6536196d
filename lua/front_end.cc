#include "lua/front_end.h"

#include "base/text.h"
#include "lua/error_text.h"

namespace satchel::lua {
namespace {

Error Refusal(std::string_view text, std::string_view what = {}) {
  return MakeError(ErrorCode::kReplyError, std::string(text) + std::string(what));
}

Result<std::uint32_t> ParseFlags(std::string_view list) {
  std::uint32_t flags = 0;
  if (list.empty()) return flags;
  for (std::string_view name : Split(list, ',')) {
    const auto flag = FindScriptFlag(name);
    if (!flag) return Refusal("ERR Unexpected flag in script shebang: ", name);
    flags |= *flag;
  }
  return flags;
}

Result<std::uint32_t> ParseShebang(std::string_view line) {
  constexpr std::string_view kFlagsOption = "flags=";
  std::uint32_t flags = 0;
  bool first = true;
  for (std::string_view word : Split(line, ' ')) {
    if (word.empty()) continue;
    if (first) {
      if (word != "#!lua") return Refusal("ERR Unexpected engine in script shebang: ", word);
      first = false;
    } else if (word.substr(0, kFlagsOption.size()) == kFlagsOption) {
      SATCHEL_ASSIGN(flags, ParseFlags(word.substr(kFlagsOption.size())));
    } else {
      return Refusal("ERR Unknown lua shebang option: ", word);
    }
  }
  return flags;
}

}  // namespace

Result<PreparedScript> Prepare(std::string_view source) {
  PreparedScript script{.text = std::string(source)};
  if (source.substr(0, 2) != "#!") return script;
  const std::size_t end = source.find('\n');
  if (end == std::string_view::npos) return Refusal("ERR Invalid script shebang");
  SATCHEL_ASSIGN(script.flags, ParseShebang(source.substr(0, end)));
  script.shebang = true;
  script.text.erase(0, end);  // the newline stays: lines keep their numbers
  return script;
}

}  // namespace satchel::lua
