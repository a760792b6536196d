// The stores that the contract suites run on. A test asks for a store by kind; those of one
// process share one redis-server, whose databases each test finds empty.

#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "base/clock.h"
#include "store/embedded/embedded_store.h"
#include "store/remote/remote_store.h"
#include "tests/support/redis.h"

namespace satchel::store {

enum class StoreKind { kEmbedded, kEmbeddedManualClock, kRemote, kRemoteResp2, kRemoteUnixSocket };
std::string KindName(StoreKind kind);

// A store, and whoever wants a second handle to the same data.
class StoreUnderTest {
 public:
  explicit StoreUnderTest(StoreKind kind);
  ~StoreUnderTest();

  Store& operator*() { return *store_; }
  Store* operator->() { return store_.get(); }
  bool is_remote() const { return kind_ != StoreKind::kEmbedded && !is_manual(); }
  bool is_manual() const { return kind_ == StoreKind::kEmbeddedManualClock; }
  bool has_resp3() const { return kind_ != StoreKind::kRemoteResp2; }
  // Lets time pass: moves the manual clock, or sleeps.
  void Pass(std::chrono::milliseconds span);

 private:
  StoreKind kind_;
  ManualClock clock_;
  std::unique_ptr<Store> store_;
};

// The redis-server of this process; ended with it.
oracle::ServerProcess& SharedRedis();
// Options for a store on that server.
RemoteOptions OptionsFor(const oracle::ServerProcess& server);
// A store; the test fails without one.
std::unique_ptr<RemoteStore> OpenRemote(const RemoteOptions& options);

}  // namespace satchel::store
