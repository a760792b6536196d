// The environment RocksDB runs in: files are created 0600 and folders 0700, a table whose end is
// damaged is not opened, and background jobs run on threads of the store's own, so that a program
// that uses RocksDB itself keeps its pools.
// Thread: any.

#pragma once

#include <memory>

namespace rocksdb {
class Env;
}

namespace satchel::snapshot {

std::shared_ptr<rocksdb::Env> NewStoreEnv();

}  // namespace satchel::snapshot
