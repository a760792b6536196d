// Provider: all repositories of a program, from one configuration. Which store each uses is decided
// by its component's mode; a repository that takes locks takes them in its own store.
//
// Thread: any, once it is open. The repositories live as long as the provider; what they give
// out (locks, listeners, followers, sessions) ends before it.

#pragma once

#include <functional>
#include <memory>

#include "repos/auth.h"
#include "repos/cache.h"
#include "repos/checkpointer.h"
#include "repos/credentials.h"
#include "repos/definitions.h"
#include "repos/event_stream.h"
#include "repos/generic_task_store.h"
#include "repos/idempotency.h"
#include "repos/lock_manager.h"
#include "repos/memory_store.h"
#include "repos/notifications.h"
#include "repos/rate_limiter.h"
#include "repos/resource_store.h"
#include "repos/storage_backend.h"
#include "repos/task_config.h"
#include "repos/task_store.h"
#include "repos/workflow_store.h"
#include "store/open.h"

namespace satchel::repos {

class Provider {
 public:
  // Opens the stores that the configuration needs. Errors: those of store::Stores::Open;
  // kInvalidArgument (prefix, tenant).
  static Result<std::unique_ptr<Provider>> Open(const store::Config& config);

  // On stores of the caller's, which outlive it; `repo` gives clock, randomness and metrics (null:
  // the provider's own), the configuration prefix and tenant.
  using StoreOf = std::function<store::Store&(store::Component)>;
  static Result<std::unique_ptr<Provider>> Over(const store::Config& config,
                                                const StoreOf& store_of, RepoOptions repo = {});

  ~Provider();

  // Of the component `store`.
  Notifications& notifications();
  Idempotency& idempotency();
  TaskConfigStore& task_configs();
  Definitions& definitions();
  Cache& cache();
  // Of `auth`.
  Auth& auth();
  CachedAuth& cached_auth();
  CredentialCheck& credentials();
  // Of the components of these names.
  WorkflowStore& workflows();
  TaskStore& tasks();
  StorageBackend& tasks_backend();
  GenericTaskStore& generic_tasks();
  Checkpointer& checkpoints();
  MemoryStore& memory();
  ResourceStore& resources();
  EventStream& streams();
  LockManager& locks();
  RateLimiter& rate_limits();

  // What all of these count, under the names of docs/metrics.md; see repos/metrics.h.
  Metrics& metrics();

  // The store of a component.
  store::Store& StoreFor(store::Component component) const;

 private:
  struct Parts;
  explicit Provider(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

// The options of each, as the configuration says. `repo` as of Provider::Over.
CacheOptions CacheOptionsOf(const store::Config& config, RepoOptions repo);
CheckpointerOptions CheckpointerOptionsOf(const store::Config& config, RepoOptions repo);
EventStreamOptions EventStreamOptionsOf(const store::Config& config, RepoOptions repo);
GenericTaskOptions GenericTaskOptionsOf(const store::Config& config, const RepoOptions& repo);
LockTimes LockTimesOf(const store::Config& config);
MemoryOptions MemoryOptionsOf(const store::Config& config, RepoOptions repo);
ResourceStoreOptions ResourceStoreOptionsOf(const store::Config& config, RepoOptions repo);
TaskOptions TaskOptionsOf(const store::Config& config, RepoOptions repo);
WorkflowOptions WorkflowOptionsOf(const store::Config& config, RepoOptions repo);

}  // namespace satchel::repos
