#include "store/remote/core.h"

#include <algorithm>
#include <utility>

#include "store/remote/link.h"

namespace satchel::store {
namespace {

Result<std::vector<net::SocketAddress>> AddressesOf(const Seed& seed) {
  if (seed.unix_path.empty()) {
    return net::Resolve(seed.host, seed.port, net::ResolveFor::kConnecting);
  }
  SATCHEL_ASSIGN(const net::SocketAddress address, net::SocketAddress::Unix(seed.unix_path));
  return std::vector{address};
}

class Wire final : public net::ConnectionOwner {
  void OnReady(std::span<net::Connection* const> ready) override {
    for (net::Connection* connection : ready) static_cast<Link*>(connection)->ReadReplies();
  }
};

}  // namespace

Result<std::unique_ptr<RemoteCore>> RemoteCore::Start(const RemoteOptions& options) {
  SATCHEL_ASSIGN(auto addresses, AddressesOf(options.address));
  Clock& clock = options.clock != nullptr ? *options.clock : RealClock::Instance();
  SATCHEL_ASSIGN(auto loop, net::Loop::Create(clock));
  std::unique_ptr<RemoteCore> core(new RemoteCore(options, std::move(addresses), std::move(loop)));
  core->thread_ = std::thread([loop = core->loop_.get()] { loop->Run(); });
  return core;
}

RemoteCore::RemoteCore(const RemoteOptions& options, std::vector<net::SocketAddress> addresses,
                       std::unique_ptr<net::Loop> loop)
    : options_(options),
      clock_(loop->clock()),
      addresses_(std::move(addresses)),
      random_(Random::SystemSeed()),
      resolver_(std::make_shared<Resolver>()),
      wire_(std::make_unique<Wire>()),
      loop_(std::move(loop)) {
  resolver_->core = this;
}

RemoteCore::~RemoteCore() {
  {
    const std::lock_guard lock(resolver_->mutex);
    resolver_->core = nullptr;
  }
  Close([] {});
}

bool RemoteCore::Post(std::function<void()> function) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  loop_->Post(std::move(function));
  return true;
}

void RemoteCore::Close(std::function<void()> last) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    loop_->Post([this, last = std::move(last)] {
      last();
      loop_->Stop();
    });
  }
  if (thread_.joinable()) thread_.join();
}

void RemoteCore::RefreshAddresses() {
  if (!options_.address.unix_path.empty() || std::exchange(resolving_, true)) return;
  // Asking may take longer than anyone here can wait, closing included.
  std::thread([resolver = resolver_, seed = options_.address] {
    auto addresses = AddressesOf(seed);
    const std::lock_guard lock(resolver->mutex);
    RemoteCore* const core = resolver->core;
    if (core == nullptr) return;
    (void)core->Post([core, addresses = std::move(addresses)]() mutable {
      core->resolving_ = false;
      if (addresses) core->addresses_ = std::move(*addresses);
    });
  }).detach();
}

std::chrono::microseconds RemoteCore::Backoff(int number) {
  const std::int64_t most_us = std::chrono::microseconds(options_.max_backoff).count();
  const std::int64_t first_us = std::chrono::microseconds(options_.min_backoff).count();
  const int doublings = std::clamp(number - 1, 0, 30);
  const std::int64_t bound_us = std::min(most_us, first_us << doublings);
  return std::chrono::microseconds(random_.Below(static_cast<std::uint64_t>(bound_us) + 1));
}

}  // namespace satchel::store
