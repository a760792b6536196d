// redis-server for tests: loopback and a Unix socket, nothing kept on disk.

#pragma once

#include <string>
#include <vector>

#include "tests/support/server.h"

namespace satchel::oracle {

// The program (REDIS_SERVER, else redis-server) and its arguments.
std::vector<std::string> RedisCommand(int port, const std::string& dir);

// Starts one, with more arguments.
Result<std::unique_ptr<ServerProcess>> StartRedis(std::vector<std::string> more = {});

// Of a server that StartRedis started.
std::string RedisSocket(const ServerProcess& server);

}  // namespace satchel::oracle
