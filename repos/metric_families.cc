#include "repos/metric_families.h"

#include <iterator>

namespace satchel::repos {
namespace {

using Word = std::string_view;

constexpr Word kRepoOps[] = {
#define SATCHEL_REPO_OP(name, repo, op) "repo=\"" repo "\",op=\"" op "\"",
    SATCHEL_REPO_OPS(SATCHEL_REPO_OP)
#undef SATCHEL_REPO_OP
};
constexpr Word kOutcomes[] = {"ok", "not_found", "conflict", "invalid", "error"};
constexpr Word kRetries[] = {R"(repo="workflow",reason="version")",
                             R"(repo="task",reason="watch")"};
constexpr Word kIndexes[] = {"workflow", "task"};
constexpr Word kLockKinds[] = {"row", "named", "session"};
constexpr Word kLockEnds[] = {"ok", "lost", "error"};
constexpr Word kAttempts[] = {
    R"(outcome="ok",reason="none")", R"(outcome="denied",reason="unknown_key")",
    R"(outcome="denied",reason="wrong_key")", R"(outcome="denied",reason="no_user")",
    R"(outcome="error",reason="store")"};
constexpr Word kMethods[] = {"api_key"};
constexpr Word kAttemptOutcomes[] = {"ok", "denied", "error"};
constexpr Word kIdentities[] = {"apikey", "user", "ip", "other"};
constexpr Word kResourceOps[] = {"put",  "put_if_match",     "get",  "delete",
                                 "list", "list_with_values", "watch"};
constexpr Word kResourceTypes[] = {"project", "workflow", "task",   "agent", "tool",
                                   "mcp",     "memory",   "schema", "model", "meta"};
constexpr Word kResyncs[] = {"gap", "dropped", "missed"};
constexpr Word kForms[] = {"raw", "stored"};
constexpr Word kCheckpointOps[] = {"get_tuple",       "get",        "list",        "put",
                                   "compare_and_put", "put_writes", "delete",      "delete_thread",
                                   "save_many",       "load_many",  "prune",       "sweep_expired",
                                   "stats",           "subscribe",  "open_session"};
constexpr Word kStreamKinds[] = {"follow"};
constexpr Word kStreamErrors[] = {"store", "truncated", "undecodable"};
constexpr Word kStreamSides[] = {"published", "delivered"};
constexpr Word kEventTypes[] = {"status", "llm_chunk",        "tool_call", "warning",
                                "error",  "structured_delta", "complete",  "other"};
constexpr Word kChannels[] = {"workflow", "task", "other"};
constexpr Word kSwept[] = {"workflow", "task", "record", "checkpoint", "vanished", "dropped"};
constexpr Word kEntities[] = {"auth",       "workflow", "task",    "tasks_backend",
                              "checkpoint", "memory",   "resource"};
constexpr Word kFindings[] = {"missing",           "wrong_score",   "wrong_value", "extra",
                              "dangling",          "stale_version", "wrong_count", "missing_ttl",
                              "extra_ttl",         "unique_clash",  "cycle",       "missing_parent",
                              "missing_execution", "corrupt"};

constexpr Label kOpLabels[] = {{"", kRepoOps}, {"outcome", kOutcomes}};
constexpr Label kOpLabel[] = {{"", kRepoOps}};
constexpr Label kRetryLabel[] = {{"", kRetries}};
constexpr Label kIndexLabel[] = {{"repo", kIndexes}};
constexpr Label kLockLabel[] = {{"kind", kLockKinds}};
constexpr Label kLockLabels[] = {{"kind", kLockKinds}, {"outcome", kLockEnds}};
constexpr Label kAttemptLabels[] = {{"", kAttempts}, {"method", kMethods}};
constexpr Label kAttemptLabel[] = {{"outcome", kAttemptOutcomes}};
constexpr Label kIdentityLabel[] = {{"key_type", kIdentities}};
constexpr Label kResourceLabels[] = {
    {"op", kResourceOps}, {"type", kResourceTypes}, {"outcome", kOutcomes}};
constexpr Label kResourceLabel[] = {{"op", kResourceOps}, {"type", kResourceTypes}};
constexpr Label kTypeLabel[] = {{"type", kResourceTypes}};
constexpr Label kResyncLabel[] = {{"reason", kResyncs}};
constexpr Label kOutcomeLabel[] = {{"outcome", kOutcomes}};
constexpr Label kCheckpointOpLabel[] = {{"op", kCheckpointOps}};
constexpr Label kStreamLabel[] = {{"kind", kStreamKinds}};
constexpr Label kStreamErrorLabels[] = {{"kind", kStreamKinds}, {"reason", kStreamErrors}};
constexpr Label kFormLabel[] = {{"form", kForms}};
constexpr Label kEventLabels[] = {{"kind", kStreamSides}, {"event_type", kEventTypes}};
constexpr Label kChannelLabel[] = {{"kind", kChannels}};
constexpr Label kSweptLabel[] = {{"kind", kSwept}};
constexpr Label kDriftLabels[] = {{"entity", kEntities}, {"kind", kFindings}};

constexpr std::uint64_t kUs = 1000;
constexpr std::uint64_t kMs = 1000 * kUs;
constexpr std::uint64_t kS = 1000 * kMs;
constexpr std::uint64_t kDay = 24 * 3600;  // in seconds: sums of ns would overflow

constexpr std::uint64_t kIo[] = {100 * kUs, 250 * kUs,  500 * kUs, 1 * kMs,   2500 * kUs, 5 * kMs,
                                 10 * kMs,  25 * kMs,   50 * kMs,  100 * kMs, 250 * kMs,  500 * kMs,
                                 1 * kS,    2500 * kMs, 5 * kS,    10 * kS};
constexpr std::uint64_t kLong[] = {10 * kMs, 50 * kMs, 100 * kMs, 500 * kMs, 1 * kS,  5 * kS,
                                   10 * kS,  30 * kS,  60 * kS,   300 * kS,  900 * kS};
constexpr std::uint64_t kBytes[] = {64,     256,     1024,    4096,     16384,   65536,
                                    262144, 1048576, 4194304, 16777216, 67108864};
constexpr std::uint64_t kAges[] = {kDay / 24, kDay, 7 * kDay, 30 * kDay, 90 * kDay, 365 * kDay};

constexpr auto kCounter = MetricType::kCounter;
constexpr auto kGauge = MetricType::kGauge;
constexpr auto kHistogram = MetricType::kHistogram;

// In the order of Family.
constexpr FamilyInfo kInfos[] = {
    {"satchel_repo_operations_total", "Calls of repositories, by what came of them.", kCounter,
     kOpLabels},
    {"satchel_repo_operation_duration_seconds", "How long calls of repositories took.", kHistogram,
     kOpLabel, true, false, kIo, kS},
    {"satchel_repo_retries_total", "Attempts made again as another writer was faster.", kCounter,
     kRetryLabel, true, true},
    {"satchel_index_orphans_removed_total", "Index entries removed as their object says otherwise.",
     kCounter, kIndexLabel, true, true},
    {"satchel_index_marks_recovered_total", "Index members put right after a writer crashed.",
     kCounter, kIndexLabel, true, true},
    {"satchel_lock_acquired_total", "Locks taken.", kCounter, kLockLabel, true, true},
    {"satchel_lock_timeout_total", "Waits for locks that ended without it.", kCounter, kLockLabel,
     true, true},
    {"satchel_lock_released_total", "Releases of locks; a lost lock is none that is ok.", kCounter,
     kLockLabels, true, true},
    {"satchel_lock_refresh_total", "Renewals of locks.", kCounter, kLockLabels, true, true},
    {"satchel_lock_lost_total", "Locks found lost.", kCounter, kLockLabel, true, true},
    {"satchel_lock_wait_seconds", "How long taking a lock took, successful or not.", kHistogram,
     kLockLabel, true, false, kIo, kS},
    {"satchel_lock_hold_seconds", "How long locks were held until release or loss.", kHistogram,
     kLockLabel, true, false, kLong, kS},
    {"satchel_auth_attempts_total", "Credentials that were presented.", kCounter, kAttemptLabels,
     false},
    {"satchel_auth_latency_seconds", "How long checking credentials took.", kHistogram,
     kAttemptLabel, false, false, kIo, kS},
    {"satchel_auth_key_age_seconds",
     "Age of API keys that were good.",
     kHistogram,
     {},
     false,
     false,
     kAges},
    {"satchel_rate_limit_blocks_total", "Takes that were refused.", kCounter, kIdentityLabel, false,
     true},
    {"satchel_rate_limit_failopen_total",
     "Takes that were allowed as the store failed.",
     kCounter,
     {},
     false,
     true},
    {"satchel_resource_operations_total", "Calls of the resource store.", kCounter,
     kResourceLabels},
    {"satchel_resource_operation_duration_seconds", "How long calls of the resource store took.",
     kHistogram, kResourceLabel, true, false, kIo, kS},
    {"satchel_resource_etag_mismatches_total", "Puts refused as the ETag was another.", kCounter,
     kTypeLabel, true, true},
    {"satchel_resource_watch_resyncs_total", "Lists that watches had to read again.", kCounter,
     kResyncLabel, true, true},
    {"satchel_checkpoint_saves_total", "Checkpoints put.", kCounter, kOutcomeLabel},
    {"satchel_checkpoint_loads_total", "Checkpoints read by id, or the latest.", kCounter,
     kOutcomeLabel},
    {"satchel_checkpoint_operation_duration_seconds", "How long calls of the checkpointer took.",
     kHistogram, kCheckpointOpLabel, true, false, kIo, kS},
    {"satchel_checkpoint_value_bytes", "Size of values of checkpoints, before and after sealing.",
     kHistogram, kFormLabel, true, false, kBytes},
    {"satchel_stream_active_connections", "Followers of executions that are open.", kGauge,
     kStreamLabel, false},
    {"satchel_stream_connection_duration_seconds", "How long followers were open.", kHistogram,
     kStreamLabel, false, false, kLong, kS},
    {"satchel_stream_time_to_first_event_seconds",
     "How long followers waited for their first event.", kHistogram, kStreamLabel, false, false,
     kIo, kS},
    {"satchel_stream_events_total", "Events of executions.", kCounter, kEventLabels, false},
    {"satchel_stream_errors_total", "What followers could not read.", kCounter, kStreamErrorLabels,
     false},
    {"satchel_notifications_published_total", "Notifications published, one a channel.", kCounter,
     kChannelLabel},
    {"satchel_notifications_received_total", "Notifications handed to listeners.", kCounter,
     kChannelLabel},
    {"satchel_notifications_dropped_total",
     "Notifications lost to full buffers.",
     kCounter,
     {},
     true,
     true},
    {"satchel_notification_channels", "Channels and patterns that listeners have open.", kGauge,
     kChannelLabel},
    {"satchel_sweep_removed_total", "What sweeps took away.", kCounter, kSweptLabel, true, true},
    {"satchel_sweep_duration_seconds",
     "How long whole sweeps took.",
     kHistogram,
     {},
     true,
     false,
     kLong,
     kS},
    {"satchel_sweep_lag_seconds",
     "How late the oldest removal of the last sweep came.",
     kGauge,
     {},
     true,
     false,
     {},
     1000},
    {"satchel_drift_findings", "Differences that the last complete check found.", kGauge,
     kDriftLabels},
};
static_assert(std::size(kInfos) == kFamilies);

}  // namespace

const FamilyInfo& InfoOf(Family family) { return kInfos[static_cast<std::size_t>(family)]; }

}  // namespace satchel::repos
