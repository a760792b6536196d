#include "tests/support/redis.h"

#include <cstdlib>

namespace satchel::oracle {

std::vector<std::string> RedisCommand(int port, const std::string& dir) {
  const char* program = std::getenv("REDIS_SERVER");
  return {program != nullptr && *program != '\0' ? program : "redis-server",
          "--port",
          std::to_string(port),
          "--bind",
          "127.0.0.1",
          "--dir",
          dir,
          "--save",
          "",
          "--appendonly",
          "no",
          "--daemonize",
          "no",
          "--enable-debug-command",
          "yes",
          "--hz",
          "100"};
}

Result<std::unique_ptr<ServerProcess>> StartRedis(std::vector<std::string> more) {
  return ServerProcess::Start("redis-server", [more](int port, const std::string& dir) {
    std::vector<std::string> command = RedisCommand(port, dir);
    command.insert(command.end(), {"--unixsocket", dir + "/socket"});
    command.insert(command.end(), more.begin(), more.end());
    return command;
  });
}

std::string RedisSocket(const ServerProcess& server) { return server.dir() + "/socket"; }

}  // namespace satchel::oracle
