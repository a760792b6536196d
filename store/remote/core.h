// RemoteCore: what the parts of one remote store share: the loop and its thread, the options,
// the server's addresses.
//
// Thread: Post, closed and Close from any thread; the rest belongs to the loop's.

#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "net/address.h"
#include "net/connection.h"
#include "net/loop.h"
#include "store/remote/options.h"

namespace satchel::store {

class RemoteCore {
 public:
  // Resolves the address and starts the thread. Errors: kUnavailable, kIo.
  static Result<std::unique_ptr<RemoteCore>> Start(const RemoteOptions& options);
  ~RemoteCore();

  const RemoteOptions& options() const { return options_; }
  Clock& clock() const { return clock_; }
  net::Loop& loop() { return *loop_; }
  // The owner of all connections: hands them their input.
  net::ConnectionOwner& wire() { return *wire_; }
  std::string server() const { return options_.address.ToString(); }

  // Calls `function` on the loop's thread, in order. False, and nothing happens, once the core
  // is closed.
  [[nodiscard]] bool Post(std::function<void()> function);
  // Posts `last`, after which nothing is posted, and ends the thread. Once.
  void Close(std::function<void()> last);

  const std::vector<net::SocketAddress>& addresses() const { return addresses_; }
  // They do not answer: asks for the name again, on a thread of its own.
  void RefreshAddresses();

  // The pause before attempt `number` (1, 2, ...): full jitter below a doubling bound.
  std::chrono::microseconds Backoff(int number);

 private:
  // Shared with the thread that resolves, which may outlive the core.
  struct Resolver {
    std::mutex mutex;
    RemoteCore* core = nullptr;  // guarded by mutex; null once the core is gone
  };

  RemoteCore(const RemoteOptions& options, std::vector<net::SocketAddress> addresses,
             std::unique_ptr<net::Loop> loop);

  const RemoteOptions options_;
  Clock& clock_;
  std::vector<net::SocketAddress> addresses_;
  bool resolving_ = false;
  Random random_;
  std::shared_ptr<Resolver> resolver_;
  std::unique_ptr<net::ConnectionOwner> wire_;
  std::unique_ptr<net::Loop> loop_;
  std::mutex mutex_;
  bool closed_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace satchel::store
