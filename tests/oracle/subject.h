// The server that is compared with redis-server: Satchel's program, or with
// SATCHEL_ORACLE_SUBJECT=redis a second redis-server, which proves that the files compare nothing
// that depends on chance.

#pragma once

#include <cstdlib>
#include <string>

#include "tests/support/redis.h"
#include "tests/support/server.h"

namespace satchel::oracle {

inline std::string Environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : otherwise;
}

inline bool SubjectIsRedis() { return Environment("SATCHEL_ORACLE_SUBJECT", "") == "redis"; }

inline Result<std::unique_ptr<ServerProcess>> StartSubject() {
  if (SubjectIsRedis()) return ServerProcess::Start("redis2", RedisCommand);
  return ServerProcess::Start("satchel", [](int port, const std::string&) {
    return std::vector<std::string>{Environment("SATCHEL_BINARY", SATCHEL_ORACLE_BINARY), "serve",
                                    "--port", std::to_string(port), "--in-memory"};
  });
}

}  // namespace satchel::oracle
