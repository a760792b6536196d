#include "store/remote/seed.h"

#include <fmt/format.h>

#include "base/text.h"

namespace satchel::store {
namespace {

constexpr std::string_view kForms =
    "host:port, [v6]:port, redis://[user[:pass]@]host[:port][/db], unix:///path";
constexpr std::uint16_t kDefaultPort = 6379;

Error Bad(std::string_view text, std::string_view why) {
  return MakeError(ErrorCode::kConfig, fmt::format("\"{}\" is not an address: {} (allowed: {})",
                                                   Printable(RedactSeed(text)), why, kForms));
}

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = HexDigit(text[i + 1]);
    const auto low = HexDigit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return out;
}

// Reads "host:port" or "[v6]:port"; the port may be missing if `default_port` is not 0.
Result<void> ParseHostPort(std::string_view text, std::string_view whole,
                           std::uint16_t default_port, Seed* seed) {
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return Bad(whole, "a bracket is missing");
    seed->host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    has_port = rest.starts_with(':');
    if (has_port) port = rest.substr(1);
    if (!has_port && !rest.empty()) return Bad(whole, "text after the bracket");
  } else {
    const std::size_t colon = text.find(':');
    seed->host = text.substr(0, colon);
    has_port = colon != text.npos;
    if (has_port) port = text.substr(colon + 1);
  }
  if (seed->host.empty()) return Bad(whole, "the host is missing");
  if (!has_port && default_port == 0) return Bad(whole, "the port is missing");
  seed->port = default_port;
  if (!has_port) return {};
  const auto number = ParseInt(port);
  if (!number || *number < 1 || *number > 65535) return Bad(whole, "the port must be 1..65535");
  seed->port = static_cast<std::uint16_t>(*number);
  return {};
}

Result<void> ParseUserInfo(std::string_view info, std::string_view whole, Seed* seed) {
  const std::size_t colon = info.find(':');
  const auto user = PercentDecode(info.substr(0, colon));
  if (!user) return Bad(whole, "the user is not percent-encoded");
  if (!user->empty()) seed->username = *user;
  if (colon == info.npos) return {};
  const auto password = PercentDecode(info.substr(colon + 1));
  if (!password) return Bad(whole, "the password is not percent-encoded");
  seed->password = *password;
  return {};
}

Result<Seed> ParseUrl(std::string_view rest, std::string_view whole) {
  Seed seed;
  if (const std::size_t at = rest.rfind('@'); at != rest.npos) {
    SATCHEL_TRY(ParseUserInfo(rest.substr(0, at), whole, &seed));
    rest.remove_prefix(at + 1);
  }
  const std::size_t slash = rest.find('/');
  SATCHEL_TRY(ParseHostPort(rest.substr(0, slash), whole, kDefaultPort, &seed));
  if (slash == rest.npos || slash + 1 == rest.size()) return seed;
  const auto db = ParseInt(rest.substr(slash + 1));
  if (!db || *db < 0 || *db > 1'000'000) return Bad(whole, "the database is not a number");
  seed.db = static_cast<int>(*db);
  return seed;
}

}  // namespace

std::string Seed::ToString() const {
  if (!unix_path.empty()) return "unix://" + unix_path;
  if (host.find(':') != std::string::npos) return fmt::format("[{}]:{}", host, port);
  return fmt::format("{}:{}", host, port);
}

std::string RedactSeed(std::string_view text) {
  const std::size_t scheme = text.find("://");
  const std::size_t begin = scheme == text.npos ? 0 : scheme + 3;
  const std::size_t at = text.rfind('@');
  if (at == text.npos || at < begin) return std::string(text);
  return fmt::format("{}<redacted>{}", text.substr(0, begin), text.substr(at));
}

Result<Seed> ParseSeed(std::string_view text) {
  text = Trim(text);
  if (text.starts_with("redis://")) return ParseUrl(text.substr(8), text);
  if (text.starts_with("rediss://")) {
    return Bad(text, "TLS is not available in this version; use redis://");
  }
  if (text.starts_with("unix://")) {
    Seed seed;
    seed.unix_path = text.substr(7);
    if (!seed.unix_path.starts_with('/')) return Bad(text, "the path must be absolute");
    return seed;
  }
  if (text.find("://") != text.npos) return Bad(text, "an unknown scheme");
  Seed seed;
  SATCHEL_TRY(ParseHostPort(text, text, 0, &seed));
  return seed;
}

}  // namespace satchel::store
