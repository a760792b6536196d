#include "repos/check/key_parts.h"

#include "base/text.h"
#include "repos/keys.h"

namespace satchel::repos::check {

std::optional<KeyParts> PartsOf(std::string_view ns, std::string_view key) {
  if (!key.starts_with(ns) || key.size() <= ns.size() || key[ns.size()] != ':') return {};
  const std::string_view rest = key.substr(ns.size() + 1);
  const std::size_t open = rest.find(":{");
  const std::size_t close = rest.find("}:");
  if (open == rest.npos || close == rest.npos || close < open) return {};
  KeyParts parts{.domain = std::string(rest.substr(0, open))};
  const auto tag = Split(rest.substr(open + 2, close - open - 2), ':');
  if (tag.size() < 2) return {};
  parts.kind = std::string(tag[0]);
  for (std::size_t i = 1; i < tag.size(); ++i) {
    auto raw = Unescape(tag[i]);
    if (!raw) return {};
    parts.tag.push_back(std::move(*raw));
  }
  parts.base = std::string(key.substr(0, ns.size() + 1 + close + 1));
  for (const std::string_view name : Split(rest.substr(close + 2), ':')) {
    if (!parts.name.empty() && !Unescape(name)) return {};
    parts.name.emplace_back(name);
  }
  return parts;
}

}  // namespace satchel::repos::check
