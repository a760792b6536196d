// Seed: where a server is and how to greet it, from the text of `distributed.seeds`.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace satchel::store {

struct Seed {
  std::string host;  // empty for a Unix socket
  std::uint16_t port = 0;
  std::string unix_path;  // empty for TCP
  std::optional<std::string> username = {};
  std::optional<std::string> password = {};
  std::optional<int> db = {};

  std::string ToString() const;  // without user and password
};

// `host:port`, `[v6]:port`, `redis://[user[:pass]@]host[:port][/db]`, `unix:///path`. User and
// password may be percent-encoded. Errors: kConfig, without the text of a URL's user info.
Result<Seed> ParseSeed(std::string_view text);

// The text without user info: for messages and logs.
std::string RedactSeed(std::string_view text);

}  // namespace satchel::store
