#include "repos/keys.h"

#include <fmt/format.h>

#include "base/text.h"
#include "repos/errors.h"

namespace satchel::repos {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool IsUnreserved(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && std::string_view("-_.~@+/=").find(c) != std::string_view::npos;
}

Error Corrupt(std::string_view why) {
  return MakeError(ErrorCode::kCorrupt, fmt::format("not an escaped component: {}", why));
}

}  // namespace

std::string Escape(std::string_view raw) {
  if (raw.empty()) return "!";
  std::string out;
  out.reserve(raw.size());
  for (char c : raw) {
    if (IsUnreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
  return out;
}

Result<std::string> Unescape(std::string_view component) {
  if (component == "!") return std::string();
  if (component.empty()) return Corrupt("nothing, where \"!\" stands for the empty string");
  std::string out;
  for (std::size_t i = 0; i < component.size(); ++i) {
    if (component[i] != '%') {
      if (!IsUnreserved(component[i])) return Corrupt("a byte that must be escaped");
      out += component[i];
      continue;
    }
    if (i + 2 >= component.size()) return Corrupt("it ends inside an escape");
    const std::size_t high = kHexDigits.find(component[i + 1]);
    const std::size_t low = kHexDigits.find(component[i + 2]);
    if (high == kHexDigits.npos || low == kHexDigits.npos) {
      return Corrupt("an escape without two upper-case hex digits");
    }
    const char byte = static_cast<char>(high * 16 + low);
    if (IsUnreserved(byte)) return Corrupt("an escape that is not needed");
    out += byte;
    i += 2;
  }
  return out;
}

Result<void> CheckComponent(std::string_view field, std::string_view raw) {
  if (raw.size() <= kMaxComponentBytes) return {};
  return Invalid(field, fmt::format("longer than {} bytes", kMaxComponentBytes));
}

std::string Tag(std::string_view kind, std::initializer_list<std::string_view> raw_parts) {
  std::string tag = "{";
  tag += kind;
  for (std::string_view part : raw_parts) {
    tag += ':';
    tag += Escape(part);
  }
  return tag + "}";
}

std::string_view TagOf(std::string_view key) {
  const std::size_t begin = key.find('{');
  if (begin == key.npos) return {};
  const std::size_t end = key.find('}', begin);
  if (end == key.npos) return {};
  return key.substr(begin + 1, end - begin - 1);
}

}  // namespace satchel::repos
