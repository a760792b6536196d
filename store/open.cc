#include "store/open.h"

#include <utility>

#include "base/check.h"

namespace satchel::store {
namespace {

template <class Opened>
Result<std::unique_ptr<Store>> AsStore(Result<std::unique_ptr<Opened>> opened) {
  if (!opened) return std::move(opened.error());
  return std::unique_ptr<Store>(std::move(*opened));
}

Result<std::unique_ptr<Store>> OpenIn(Mode mode, const Config& config) {
  if (mode == Mode::kStandalone) return AsStore(EmbeddedStore::Open(EmbeddedOptionsOf(config)));
  SATCHEL_ASSIGN(const RemoteOptions options, RemoteOptionsOf(config));
  return AsStore(RemoteStore::Open(options));
}

}  // namespace

EmbeddedOptions EmbeddedOptionsOf(const Config& config) {
  EmbeddedOptions options;
  options.databases = static_cast<int>(config.store.databases);
  const PersistenceConfig& persistence = config.persistence;
  if (persistence.enabled) options.data_dir = persistence.data_dir;
  options.durability = persistence.durability;
  options.snapshot_interval = persistence.snapshot_interval;
  options.snapshot_on_shutdown = persistence.snapshot_on_shutdown;
  options.min_free_bytes = static_cast<std::uint64_t>(persistence.min_free_bytes);
  return options;
}

Result<RemoteOptions> RemoteOptionsOf(const Config& config) {
  const DistributedConfig& distributed = config.distributed;
  if (distributed.seeds.size() != 1) {
    return MakeError(ErrorCode::kConfig, "distributed.seeds: one address is needed");
  }
  SATCHEL_ASSIGN(const Seed seed, ParseSeed(distributed.seeds[0]));
  RemoteOptions options;
  options.address = seed;
  options.username = seed.username.value_or(distributed.username);
  options.password = seed.password.value_or(distributed.password);
  options.db = seed.db.value_or(static_cast<int>(distributed.db));
  options.connections = static_cast<int>(distributed.pool.connections);
  options.pool_size = static_cast<int>(distributed.pool.size);
  options.connect_timeout = distributed.timeout.connect;
  options.read_timeout = distributed.timeout.read;
  options.write_timeout = distributed.timeout.write;
  options.pool_timeout = distributed.timeout.pool;
  options.retries = static_cast<int>(distributed.retry.max);
  options.min_backoff = distributed.retry.min_backoff;
  options.max_backoff = distributed.retry.max_backoff;
  return options;
}

Result<std::unique_ptr<Store>> OpenStore(const Config& config, Component component) {
  return OpenIn(config.EffectiveMode(component), config);
}

Result<std::unique_ptr<Stores>> Stores::Open(const Config& config) {
  std::unique_ptr<Stores> stores(new Stores(config));
  if (config.AnyComponentIn(Mode::kStandalone)) {
    SATCHEL_ASSIGN(stores->embedded_, OpenIn(Mode::kStandalone, config));
  }
  if (config.AnyComponentIn(Mode::kDistributed)) {
    SATCHEL_ASSIGN(stores->remote_, OpenIn(Mode::kDistributed, config));
  }
  return stores;
}

Store& Stores::Of(Component component) const {
  const bool standalone = config_.EffectiveMode(component) == Mode::kStandalone;
  Store* const store = standalone ? embedded_.get() : remote_.get();
  SATCHEL_CHECK(store != nullptr);
  return *store;
}

}  // namespace satchel::store
