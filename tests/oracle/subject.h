// The server that is compared with redis-server: Satchel's program, or with
// SATCHEL_ORACLE_SUBJECT=redis a second redis-server, which proves that the files compare nothing
// that depends on chance.

#pragma once

#include <memory>
#include <string>

#include "tests/support/server.h"

namespace satchel::oracle {

// An environment variable that is set and not empty, else `otherwise`.
std::string Environment(const char* name, const char* otherwise);

bool SubjectIsRedis();
Result<std::unique_ptr<ServerProcess>> StartSubject();

}  // namespace satchel::oracle
