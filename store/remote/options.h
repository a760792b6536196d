// RemoteOptions: which server a remote store talks to, and how patient it is.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "store/remote/seed.h"

namespace satchel::store {

struct RemoteOptions {
  Seed address;          // its user, password and db are not looked at
  std::string username;  // empty: the server's default user
  std::string password;  // empty: none
  int db = 0;
  int protocol = 3;                     // 2: do not try RESP3
  std::string client_name = "satchel";  // CLIENT LIST shows it; empty: none

  int connections = 2;  // shared by all threads
  int pool_size = 10;   // of their own: blocking commands and Connect()

  std::chrono::milliseconds connect_timeout{5000};  // greeting included
  std::chrono::milliseconds read_timeout{3000};     // from sending to the reply
  std::chrono::milliseconds write_timeout{3000};    // until it is sent
  std::chrono::milliseconds pool_timeout{4000};     // until a connection of the pool is free

  int retries = 3;  // of what may be sent again; see RemoteStore
  std::chrono::milliseconds min_backoff{8};
  std::chrono::milliseconds max_backoff{512};

  Clock* clock = nullptr;  // borrowed; null: the real one
};

}  // namespace satchel::store
