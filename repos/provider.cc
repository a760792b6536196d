#include "repos/provider.h"

#include "repos/metrics.h"

namespace satchel::repos {

using store::Component;

CacheOptions CacheOptionsOf(const store::Config& config, RepoOptions repo) {
  return {.repo = std::move(repo),
          .ttl = config.cache.ttl,
          .max_item_bytes = static_cast<std::size_t>(config.cache.max_item_size),
          .seal = {.threshold_bytes = static_cast<std::size_t>(config.cache.compress_threshold)},
          .scan_count = config.scan.count};
}

CheckpointerOptions CheckpointerOptionsOf(const store::Config& config, RepoOptions repo) {
  const auto& checkpoint = config.checkpoint;
  return {.repo = std::move(repo),
          .ttl = checkpoint.ttl,
          .refresh_on_read = checkpoint.refresh_on_read,
          .keep_last = checkpoint.keep_last,
          .seal = {.compress = checkpoint.compression == store::Compression::kZstd,
                   .threshold_bytes = static_cast<std::size_t>(checkpoint.compress_threshold),
                   .level = static_cast<int>(checkpoint.compress_level)},
          .buffer = static_cast<std::size_t>(config.notifications.buffer)};
}

EventStreamOptions EventStreamOptionsOf(const store::Config& config, RepoOptions repo) {
  return {.repo = std::move(repo),
          .max_events = config.stream.max_events,
          .log_ttl = config.stream.ttl};
}

GenericTaskOptions GenericTaskOptionsOf(const store::Config& config, const RepoOptions& repo) {
  const auto& tasks_backend = config.tasks_backend;
  return {.clock = repo.clock,
          .random = repo.random,
          .limits = {.default_ttl = tasks_backend.default_ttl,
                     .max_ttl = tasks_backend.max_ttl,
                     .max_per_owner = static_cast<std::uint64_t>(tasks_backend.max_per_owner),
                     .page_size = tasks_backend.page_size,
                     .poll_interval = tasks_backend.poll_interval,
                     .allow_anonymous = tasks_backend.allow_anonymous,
                     .max_variables_bytes = static_cast<std::size_t>(tasks_backend.max_variables),
                     .max_depth = static_cast<int>(tasks_backend.max_depth),
                     .max_string_bytes = static_cast<std::size_t>(tasks_backend.max_string)}};
}

LockTimes LockTimesOf(const store::Config& config) {
  return {.default_ttl = config.lock.default_ttl, .min_ttl = config.lock.min_ttl};
}

MemoryOptions MemoryOptionsOf(const store::Config& config, RepoOptions repo) {
  return {.repo = std::move(repo),
          .ttl = config.memory.ttl,
          .refresh_on_append = config.memory.refresh_on_append,
          .max_entries = config.memory.max_entries};
}

ResourceStoreOptions ResourceStoreOptionsOf(const store::Config& config, RepoOptions repo) {
  return {.repo = std::move(repo),
          .reconcile_interval = config.resource.reconcile_interval,
          .watch_buffer = static_cast<std::size_t>(config.resource.watch_buffer)};
}

TaskOptions TaskOptionsOf(const store::Config& config, RepoOptions repo) {
  return {.repo = std::move(repo),
          .retention = config.task.retention,
          .max_attempts = static_cast<int>(config.task.max_attempts),
          .row_lock_ttl = config.task.row_lock_ttl,
          .row_lock_wait = config.task.row_lock_wait,
          .max_tree_depth = config.task.max_tree_depth};
}

WorkflowOptions WorkflowOptionsOf(const store::Config& config, RepoOptions repo) {
  return {.repo = std::move(repo),
          .retention = config.workflow.retention,
          .max_attempts = static_cast<int>(config.task.max_attempts)};
}

// In order of construction: what a part borrows stands above it.
struct Provider::Parts {
  Parts(const store::Config& config, const StoreOf& given, const RepoOptions& repo_options,
        std::unique_ptr<store::Stores> own)
      : own_stores(std::move(own)),
        store_of(given),
        repo(WithMetrics(repo_options, own_metrics)),
        notifications(store_of(Component::kStore), repo,
                      static_cast<std::size_t>(config.notifications.buffer)),
        idempotency(store_of(Component::kStore), repo,
                    {.api_ttl = config.idempotency.api_ttl,
                     .webhook_ttl = config.idempotency.webhook_ttl,
                     .max_body_bytes = static_cast<std::size_t>(config.idempotency.max_body)}),
        task_configs(store_of(Component::kStore), repo, config.task_config.ttl, config.scan.count),
        definitions(store_of(Component::kStore), repo),
        cache(store_of(Component::kStore), CacheOptionsOf(config, repo)),
        auth(store_of(Component::kAuth), repo),
        cached_auth(auth, config.auth.cache_ttl),
        credentials(auth),
        workflows(store_of(Component::kWorkflow), WorkflowOptionsOf(config, repo)),
        task_locks(store_of(Component::kTask), repo, LockTimesOf(config)),
        tasks(store_of(Component::kTask), task_locks, TaskOptionsOf(config, repo)),
        tasks_backend(store_of(Component::kTasksBackend),
                      {.repo = repo, .version_retention = config.tasks_backend.version_retention}),
        generic_tasks(tasks_backend, GenericTaskOptionsOf(config, repo)),
        checkpoint_locks(store_of(Component::kCheckpoint), repo, LockTimesOf(config)),
        checkpoints(store_of(Component::kCheckpoint), checkpoint_locks,
                    CheckpointerOptionsOf(config, repo)),
        memory_locks(store_of(Component::kMemory), repo, LockTimesOf(config)),
        memory(store_of(Component::kMemory), MemoryOptionsOf(config, repo), &memory_locks),
        resources(store_of(Component::kResource), ResourceStoreOptionsOf(config, repo)),
        streams(store_of(Component::kStream), EventStreamOptionsOf(config, repo)),
        locks(store_of(Component::kLock), repo, LockTimesOf(config)),
        rate_limits(store_of(Component::kRateLimit), repo, config.rate_limit.fail_open) {
    for (std::size_t i = 0; i < store::kComponents; ++i) {
      repo.metrics->Uses(store_of(static_cast<Component>(i)).driver());
    }
  }
  static RepoOptions WithMetrics(RepoOptions options, Metrics& own) {
    if (options.metrics == nullptr) options.metrics = &own;
    return options;
  }

  std::unique_ptr<store::Stores> own_stores;  // null when the caller has them
  StoreOf store_of;
  Metrics own_metrics;
  const RepoOptions repo;
  Notifications notifications;
  Idempotency idempotency;
  TaskConfigStore task_configs;
  Definitions definitions;
  Cache cache;
  Auth auth;
  CachedAuth cached_auth;
  CredentialCheck credentials;
  WorkflowStore workflows;
  LockManager task_locks;
  TaskStore tasks;
  StorageBackend tasks_backend;
  GenericTaskStore generic_tasks;
  LockManager checkpoint_locks;
  Checkpointer checkpoints;
  LockManager memory_locks;
  MemoryStore memory;
  ResourceStore resources;
  EventStream streams;
  LockManager locks;
  RateLimiter rate_limits;
};

Result<std::unique_ptr<Provider>> Provider::Open(const store::Config& config) {
  const RepoOptions repo = RepoOptionsOf(config);
  SATCHEL_TRY(CheckRepoOptions(repo));
  SATCHEL_ASSIGN(auto stores, store::Stores::Open(config));
  const store::Stores* opened = stores.get();
  const StoreOf store_of = [opened](Component component) -> store::Store& {
    return opened->Of(component);
  };
  return std::unique_ptr<Provider>(
      new Provider(std::make_unique<Parts>(config, store_of, repo, std::move(stores))));
}

Result<std::unique_ptr<Provider>> Provider::Over(const store::Config& config,
                                                 const StoreOf& store_of, RepoOptions repo) {
  const RepoOptions configured = RepoOptionsOf(config);
  repo.prefix = configured.prefix;
  repo.tenant = configured.tenant;
  SATCHEL_TRY(CheckRepoOptions(repo));
  return std::unique_ptr<Provider>(
      new Provider(std::make_unique<Parts>(config, store_of, repo, nullptr)));
}

Provider::Provider(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Provider::~Provider() = default;

Notifications& Provider::notifications() { return parts_->notifications; }
Idempotency& Provider::idempotency() { return parts_->idempotency; }
TaskConfigStore& Provider::task_configs() { return parts_->task_configs; }
Definitions& Provider::definitions() { return parts_->definitions; }
Cache& Provider::cache() { return parts_->cache; }
Auth& Provider::auth() { return parts_->auth; }
CachedAuth& Provider::cached_auth() { return parts_->cached_auth; }
CredentialCheck& Provider::credentials() { return parts_->credentials; }
WorkflowStore& Provider::workflows() { return parts_->workflows; }
TaskStore& Provider::tasks() { return parts_->tasks; }
StorageBackend& Provider::tasks_backend() { return parts_->tasks_backend; }
GenericTaskStore& Provider::generic_tasks() { return parts_->generic_tasks; }
Checkpointer& Provider::checkpoints() { return parts_->checkpoints; }
MemoryStore& Provider::memory() { return parts_->memory; }
ResourceStore& Provider::resources() { return parts_->resources; }
EventStream& Provider::streams() { return parts_->streams; }
LockManager& Provider::locks() { return parts_->locks; }
RateLimiter& Provider::rate_limits() { return parts_->rate_limits; }

Metrics& Provider::metrics() { return *parts_->repo.metrics; }

store::Store& Provider::StoreFor(Component component) const { return parts_->store_of(component); }

}  // namespace satchel::repos
