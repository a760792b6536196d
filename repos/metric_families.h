// What the repositories count: the families, and the values each label can have. All sets are
// closed, so that no id, key, address or tenant can become a label.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace satchel::repos {

// One row: name, repository, operation.
#define SATCHEL_REPO_OPS(X)                                              \
  X(AuthCreateUser, "auth", "create_user")                               \
  X(AuthCreateInitialAdminIfNone, "auth", "create_initial_admin")        \
  X(AuthUpdateUser, "auth", "update_user")                               \
  X(AuthGetUserById, "auth", "get_user_by_id")                           \
  X(AuthGetUserByEmail, "auth", "get_user_by_email")                     \
  X(AuthListUsers, "auth", "list_users")                                 \
  X(AuthDeleteUser, "auth", "delete_user")                               \
  X(AuthCreateApiKey, "auth", "create_api_key")                          \
  X(AuthGetApiKeyById, "auth", "get_api_key_by_id")                      \
  X(AuthGetApiKeyByFingerprint, "auth", "get_api_key_by_fingerprint")    \
  X(AuthListApiKeysByUserId, "auth", "list_api_keys_by_user_id")         \
  X(AuthUpdateApiKeyLastUsed, "auth", "update_api_key_last_used")        \
  X(AuthDeleteApiKey, "auth", "delete_api_key")                          \
  X(CacheGet, "cache", "get")                                            \
  X(CacheMGet, "cache", "mget")                                          \
  X(CacheSet, "cache", "set")                                            \
  X(CacheDel, "cache", "del")                                            \
  X(CacheExpire, "cache", "expire")                                      \
  X(CacheKeys, "cache", "keys")                                          \
  X(CheckpointGetTuple, "checkpoint", "get_tuple")                       \
  X(CheckpointGet, "checkpoint", "get")                                  \
  X(CheckpointList, "checkpoint", "list")                                \
  X(CheckpointPut, "checkpoint", "put")                                  \
  X(CheckpointCompareAndPut, "checkpoint", "compare_and_put")            \
  X(CheckpointPutWrites, "checkpoint", "put_writes")                     \
  X(CheckpointDelete, "checkpoint", "delete")                            \
  X(CheckpointDeleteThread, "checkpoint", "delete_thread")               \
  X(CheckpointSaveMany, "checkpoint", "save_many")                       \
  X(CheckpointLoadMany, "checkpoint", "load_many")                       \
  X(CheckpointPrune, "checkpoint", "prune")                              \
  X(CheckpointSweepExpired, "checkpoint", "sweep_expired")               \
  X(CheckpointStats, "checkpoint", "stats")                              \
  X(CheckpointSubscribe, "checkpoint", "subscribe")                      \
  X(CheckpointOpenSession, "checkpoint", "open_session")                 \
  X(DefinitionsSave, "definitions", "save")                              \
  X(DefinitionsLoad, "definitions", "load")                              \
  X(DefinitionsDelete, "definitions", "delete")                          \
  X(DefinitionsList, "definitions", "list")                              \
  X(DefinitionsSaveStatus, "definitions", "save_status")                 \
  X(DefinitionsLoadStatus, "definitions", "load_status")                 \
  X(IdempotencyClaim, "idempotency", "claim")                            \
  X(IdempotencyRelease, "idempotency", "release")                        \
  X(LockAcquire, "lock", "acquire")                                      \
  X(MemoryAppend, "memory", "append")                                    \
  X(MemoryRead, "memory", "read")                                        \
  X(MemoryReadPage, "memory", "read_page")                               \
  X(MemoryCount, "memory", "count")                                      \
  X(MemoryReplace, "memory", "replace")                                  \
  X(MemoryTrim, "memory", "trim")                                        \
  X(MemoryDelete, "memory", "delete")                                    \
  X(MemorySetExpiration, "memory", "set_expiration")                     \
  X(MemoryGetTtl, "memory", "get_ttl")                                   \
  X(MemoryGetExpiration, "memory", "get_expiration")                     \
  X(MemoryGetLastFlushed, "memory", "get_last_flushed")                  \
  X(MemorySetLastFlushed, "memory", "set_last_flushed")                  \
  X(MemoryGetCounts, "memory", "get_counts")                             \
  X(MemoryIncrementTokens, "memory", "increment_tokens")                 \
  X(MemorySetTokens, "memory", "set_tokens")                             \
  X(MemoryMarkFlushPending, "memory", "mark_flush_pending")              \
  X(MemoryClearFlushPending, "memory", "clear_flush_pending")            \
  X(MemoryIsFlushPending, "memory", "is_flush_pending")                  \
  X(MemoryLockFor, "memory", "lock_for")                                 \
  X(NotificationsPublish, "notifications", "publish")                    \
  X(NotificationsPublishEvent, "notifications", "publish_event")         \
  X(NotificationsSubscribe, "notifications", "subscribe")                \
  X(NotificationsSubscribePattern, "notifications", "subscribe_pattern") \
  X(RateLimitTake, "rate_limit", "take")                                 \
  X(RateLimitPeek, "rate_limit", "peek")                                 \
  X(RateLimitReset, "rate_limit", "reset")                               \
  X(ResourcePut, "resource", "put")                                      \
  X(ResourcePutIfMatch, "resource", "put_if_match")                      \
  X(ResourceGet, "resource", "get")                                      \
  X(ResourceDelete, "resource", "delete")                                \
  X(ResourceList, "resource", "list")                                    \
  X(ResourceListWithValues, "resource", "list_with_values")              \
  X(ResourceWatch, "resource", "watch")                                  \
  X(StreamPublish, "stream", "publish")                                  \
  X(StreamReplay, "stream", "replay")                                    \
  X(StreamFollow, "stream", "follow")                                    \
  X(TaskUpsertState, "task", "upsert_state")                             \
  X(TaskGetState, "task", "get_state")                                   \
  X(TaskGetUsageSummary, "task", "get_usage_summary")                    \
  X(TaskListStates, "task", "list_states")                               \
  X(TaskListTasksInWorkflow, "task", "list_tasks_in_workflow")           \
  X(TaskListTasksByStatus, "task", "list_tasks_by_status")               \
  X(TaskListTasksByAgent, "task", "list_tasks_by_agent")                 \
  X(TaskListTasksByTool, "task", "list_tasks_by_tool")                   \
  X(TaskListChildren, "task", "list_children")                           \
  X(TaskListChildrenOutputs, "task", "list_children_outputs")            \
  X(TaskGetChildByTaskId, "task", "get_child_by_task_id")                \
  X(TaskGetTaskTree, "task", "get_task_tree")                            \
  X(TaskGetProgressInfo, "task", "get_progress_info")                    \
  X(TaskMergeUsage, "task", "merge_usage")                               \
  X(TaskDeleteState, "task", "delete_state")                             \
  X(TaskRemoveExpired, "task", "remove_expired")                         \
  X(TaskCleanIndex, "task", "clean_index")                               \
  X(TaskWithTransaction, "task", "with_transaction")                     \
  X(TaskConfigSave, "task_config", "save")                               \
  X(TaskConfigGet, "task_config", "get")                                 \
  X(TaskConfigDelete, "task_config", "delete")                           \
  X(TaskConfigExtendTtl, "task_config", "extend_ttl")                    \
  X(TaskConfigGetTtl, "task_config", "get_ttl")                          \
  X(TaskConfigListKeys, "task_config", "list_keys")                      \
  X(TasksBackendGet, "tasks_backend", "get")                             \
  X(TasksBackendPut, "tasks_backend", "put")                             \
  X(TasksBackendPutIfVersion, "tasks_backend", "put_if_version")         \
  X(TasksBackendPutNew, "tasks_backend", "put_new")                      \
  X(TasksBackendDelete, "tasks_backend", "delete")                       \
  X(TasksBackendListByPrefix, "tasks_backend", "list_by_prefix")         \
  X(TasksBackendCleanupExpired, "tasks_backend", "cleanup_expired")      \
  X(WorkflowUpsertState, "workflow", "upsert_state")                     \
  X(WorkflowUpdateStatus, "workflow", "update_status")                   \
  X(WorkflowGetState, "workflow", "get_state")                           \
  X(WorkflowGetStateById, "workflow", "get_state_by_id")                 \
  X(WorkflowGetStateByTaskId, "workflow", "get_state_by_task_id")        \
  X(WorkflowGetStateByAgentId, "workflow", "get_state_by_agent_id")      \
  X(WorkflowGetStateByToolId, "workflow", "get_state_by_tool_id")        \
  X(WorkflowListStates, "workflow", "list_states")                       \
  X(WorkflowMergeUsage, "workflow", "merge_usage")                       \
  X(WorkflowCompleteWorkflow, "workflow", "complete_workflow")           \
  X(WorkflowDeleteState, "workflow", "delete_state")                     \
  X(WorkflowPurgeExpired, "workflow", "purge_expired")

enum class RepoOp : std::uint8_t {
#define SATCHEL_REPO_OP(name, repo, op) k##name,
  SATCHEL_REPO_OPS(SATCHEL_REPO_OP)
#undef SATCHEL_REPO_OP
};

enum class Outcome : std::uint8_t { kOk, kNotFound, kConflict, kInvalid, kError };
enum class Retry : std::uint8_t { kWorkflowVersion, kTaskWatch };
enum class IndexOf : std::uint8_t { kWorkflow, kTask };
enum class LockEnd : std::uint8_t { kOk, kLost, kError };
enum class Attempt : std::uint8_t { kOk, kUnknownKey, kWrongKey, kNoUser, kStore };
enum class AttemptOutcome : std::uint8_t { kOk, kDenied, kError };
enum class IdentityKind : std::uint8_t { kApiKey, kUser, kIp, kOther };
enum class ResourceOp : std::uint8_t {
  kPut,
  kPutIfMatch,
  kGet,
  kDelete,
  kList,
  kListValues,
  kWatch
};
enum class Resync : std::uint8_t { kGap, kDropped, kMissed };
enum class Form : std::uint8_t { kRaw, kStored };
enum class StreamSide : std::uint8_t { kPublished, kDelivered };
enum class StreamError : std::uint8_t { kStore, kTruncated, kUndecodable };
enum class ChannelKind : std::uint8_t { kWorkflow, kTask, kOther };
enum class Swept : std::uint8_t { kWorkflow, kTask, kRecord, kCheckpoint, kVanished, kDropped };

enum class Family : std::uint8_t {
  kRepoOperations,
  kRepoOperationDuration,
  kRepoRetries,
  kOrphansRemoved,
  kMarksRecovered,
  kLockAcquired,
  kLockTimeout,
  kLockReleased,
  kLockRefresh,
  kLockLost,
  kLockWait,
  kLockHold,
  kAuthAttempts,
  kAuthLatency,
  kAuthKeyAge,
  kRateLimitBlocks,
  kRateLimitFailOpen,
  kResourceOperations,
  kResourceOperationDuration,
  kEtagMismatches,
  kWatchResyncs,
  kCheckpointSaves,
  kCheckpointLoads,
  kCheckpointOperationDuration,
  kCheckpointValueBytes,
  kStreamActiveConnections,
  kStreamConnectionDuration,
  kStreamFirstEvent,
  kStreamEvents,
  kStreamErrors,
  kNotificationsPublished,
  kNotificationsReceived,
  kNotificationsDropped,
  kNotificationChannels,
  kSweepRemoved,
  kSweepDuration,
  kSweepLag,
  kDriftFindings,
};
inline constexpr std::size_t kFamilies = 38;

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };

// A label and all its values. Without a name each value is label text of its own: `a="x",b="y"`.
struct Label {
  std::string_view name;
  std::span<const std::string_view> values;
};

struct FamilyInfo {
  std::string_view name;  // with the prefix
  std::string_view help;
  MetricType type = MetricType::kCounter;
  std::span<const Label> labels = {};
  bool has_driver = true;                      // label store_driver
  bool from_start = false;                     // at 0 from the start, for the drivers in use
  std::span<const std::uint64_t> bounds = {};  // of buckets, ascending, in stored units
  std::uint64_t unit = 1;                      // stored units in one that is told: 1e9 for ns

  // Of one driver.
  std::size_t series() const {
    std::size_t count = 1;
    for (const Label& label : labels) count *= label.values.size();
    return count;
  }
};

const FamilyInfo& InfoOf(Family family);

// The value of `store_driver`, by number.
inline constexpr std::string_view kDrivers[] = {"embedded", "redis"};

}  // namespace satchel::repos
