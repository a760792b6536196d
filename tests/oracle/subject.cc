#include "tests/oracle/subject.h"

#include <cstdlib>

#include "tests/support/redis.h"

namespace satchel::oracle {

std::string Environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : otherwise;
}

bool SubjectIsRedis() { return Environment("SATCHEL_ORACLE_SUBJECT", "") == "redis"; }

Result<std::unique_ptr<ServerProcess>> StartSubject() {
  if (SubjectIsRedis()) return ServerProcess::Start("redis2", RedisCommand);
  return ServerProcess::Start("satchel", [](int port, const std::string&) {
    return std::vector<std::string>{Environment("SATCHEL_BINARY", SATCHEL_ORACLE_BINARY),
                                    "serve",
                                    "--port",
                                    std::to_string(port),
                                    "--in-memory",
                                    "--http-enabled",
                                    "false"};
  });
}

}  // namespace satchel::oracle
