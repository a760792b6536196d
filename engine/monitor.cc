#include "engine/monitor.h"

#include <cstdio>

namespace satchel::engine {
namespace {

void AddQuoted(std::string& line, std::string_view bytes) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  constexpr std::string_view kPlain = "\\\"\n\r\t\a\b";
  constexpr std::string_view kNames = "\\\"nrtab";
  line += " \"";
  for (char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const std::size_t named = kPlain.find(c);
    if (named != std::string_view::npos) {
      (line += '\\') += kNames[named];
    } else if (byte >= ' ' && byte <= '~') {
      line += c;
    } else {
      line += "\\x";
      (line += kHexDigits[byte >> 4]) += kHexDigits[byte & 15];
    }
  }
  line += '"';
}

std::string SourceOf(const Session& session) {
  if (session.kind == Session::Kind::kScript) return "lua";
  if (session.peer == nullptr) return "in-process";
  const std::string address = session.peer->Address();
  return address.starts_with('/') ? "unix:" + address.substr(0, address.rfind(':')) : address;
}

}  // namespace

std::string MonitorLine(const Session& session, Args args, std::int64_t now_us,
                        const std::function<bool(std::size_t)>& is_hidden) {
  char time[48];
  std::snprintf(time, sizeof time, "%lld.%06lld", static_cast<long long>(now_us / 1'000'000),
                static_cast<long long>(now_us % 1'000'000));
  std::string line =
      std::string(time) + " [" + FormatInt(session.db) + " " + SourceOf(session) + "]";
  for (std::size_t i = 0; i < args.size(); ++i) {
    AddQuoted(line, is_hidden(i) ? "(redacted)" : args[i]);
  }
  return line;
}

}  // namespace satchel::engine
