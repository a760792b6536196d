#include "store/config/registry.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace satchel::store {
namespace {

constexpr std::string_view kModeWords[] = {"", "standalone", "distributed"};
constexpr std::string_view kDurabilityWords[] = {"none", "snapshot", "everysec", "always"};
constexpr std::string_view kLogLevelWords[] = {"debug", "info", "warning", "error"};
constexpr std::string_view kCompressionWords[] = {"none", "zstd"};
constexpr std::string_view kLogFormatWords[] = {"text", "json"};

constexpr std::int64_t kDayMs = 24 * 3600 * 1000;
constexpr std::int64_t kYearMs = 365 * kDayMs;

template <class Enum>
std::uint8_t* Byte(Enum& value) {
  static_assert(sizeof value == 1);
  return reinterpret_cast<std::uint8_t*>(&value);
}

template <Component component>
Field ModeOf(Config& config) {
  return Byte(config.component_modes[static_cast<std::size_t>(component)]);
}

template <Component component>
constexpr KeyRow ModeRow(std::string_view key) {
  return {.key = key,
          .type = KeyType::kMode,
          .default_text = "",
          .summary = "Where this component's data lives; empty inherits `mode`.",
          .field = ModeOf<component>,
          .words = kModeWords};
}

#define SATCHEL_FIELD(expr) [](Config& c) -> Field { return &c.expr; }
#define SATCHEL_ENUM_FIELD(expr) [](Config& c) -> Field { return Byte(c.expr); }

constexpr KeyRow kRows[] = {
    {.key = "auth.cache_ttl",
     .type = KeyType::kDuration,
     .default_text = "30s",
     .summary = "How long an API key that was looked up is remembered; 0: not at all.",
     .field = SATCHEL_FIELD(auth.cache_ttl),
     .max = kYearMs},
    ModeRow<Component::kAuth>("auth.mode"),
    {.key = "cache.compress_threshold",
     .type = KeyType::kSize,
     .default_text = "1KiB",
     .summary = "Shorter values of the cache are not compressed.",
     .field = SATCHEL_FIELD(cache.compress_threshold)},
    {.key = "cache.max_item_size",
     .type = KeyType::kSize,
     .default_text = "1MiB",
     .summary = "The longest value of the cache.",
     .field = SATCHEL_FIELD(cache.max_item_size),
     .max = 1024 * 1024 * 1024},
    {.key = "cache.ttl",
     .type = KeyType::kDuration,
     .default_text = "24h",
     .summary = "How long a value of the cache lives that says nothing else.",
     .field = SATCHEL_FIELD(cache.ttl),
     .min = 1,
     .max = 10 * kYearMs},
    {.key = "checkpoint.compress_level",
     .type = KeyType::kInt,
     .default_text = "3",
     .summary = "Level of zstd.",
     .field = SATCHEL_FIELD(checkpoint.compress_level),
     .min = 1,
     .max = 19},
    {.key = "checkpoint.compress_threshold",
     .type = KeyType::kSize,
     .default_text = "1KiB",
     .summary = "Shorter values of checkpoints are not compressed.",
     .field = SATCHEL_FIELD(checkpoint.compress_threshold)},
    {.key = "checkpoint.compression",
     .type = KeyType::kEnum,
     .default_text = "zstd",
     .summary = "How values of checkpoints are compressed.",
     .field = SATCHEL_ENUM_FIELD(checkpoint.compression),
     .words = kCompressionWords},
    {.key = "checkpoint.keep_last",
     .type = KeyType::kInt,
     .default_text = "0",
     .summary = "How many checkpoints of a namespace stay; 0: all.",
     .field = SATCHEL_FIELD(checkpoint.keep_last),
     .max = 1'000'000},
    ModeRow<Component::kCheckpoint>("checkpoint.mode"),
    {.key = "checkpoint.refresh_on_read",
     .type = KeyType::kBool,
     .default_text = "false",
     .summary = "Whether a read gives a checkpoint a whole ttl again.",
     .field = SATCHEL_FIELD(checkpoint.refresh_on_read)},
    {.key = "checkpoint.ttl",
     .type = KeyType::kDuration,
     .default_text = "0s",
     .summary = "How long checkpoints live; 0: for ever.",
     .field = SATCHEL_FIELD(checkpoint.ttl),
     .max = 10 * kYearMs},
    {.key = "distributed.db",
     .type = KeyType::kInt,
     .default_text = "0",
     .summary = "The database that is selected.",
     .field = SATCHEL_FIELD(distributed.db),
     .max = 1'000'000},
    {.key = "distributed.password",
     .type = KeyType::kSecret,
     .default_text = "",
     .summary = "Sent with AUTH when a connection opens.",
     .field = SATCHEL_FIELD(distributed.password)},
    {.key = "distributed.password_file",
     .type = KeyType::kString,
     .default_text = "",
     .summary = "A file with the password; its final newline is left out.",
     .field = SATCHEL_FIELD(distributed.password_file)},
    {.key = "distributed.pool.connections",
     .type = KeyType::kInt,
     .default_text = "2",
     .summary = "Shared connections; the commands of all threads are pipelined on them.",
     .field = SATCHEL_FIELD(distributed.pool.connections),
     .min = 1,
     .max = 64},
    {.key = "distributed.pool.size",
     .type = KeyType::kInt,
     .default_text = "10",
     .summary = "The most connections of their own for blocking commands and transactions.",
     .field = SATCHEL_FIELD(distributed.pool.size),
     .min = 1,
     .max = 10'000},
    {.key = "distributed.retry.max",
     .type = KeyType::kInt,
     .default_text = "3",
     .summary = "How often a command is sent again where that is safe.",
     .field = SATCHEL_FIELD(distributed.retry.max),
     .max = 100},
    {.key = "distributed.retry.max_backoff",
     .type = KeyType::kDuration,
     .default_text = "512ms",
     .summary = "The longest pause between attempts; pauses double and are jittered.",
     .field = SATCHEL_FIELD(distributed.retry.max_backoff),
     .min = 1,
     .max = kDayMs},
    {.key = "distributed.retry.min_backoff",
     .type = KeyType::kDuration,
     .default_text = "8ms",
     .summary = "The first pause between attempts.",
     .field = SATCHEL_FIELD(distributed.retry.min_backoff),
     .min = 1,
     .max = kDayMs},
    {.key = "distributed.seeds",
     .type = KeyType::kList,
     .default_text = "",
     .summary = "The server: `host:port`, `[v6]:port`, `redis://[user[:pass]@]host[:port][/db]` or "
                "`unix:///path`.",
     .field = SATCHEL_FIELD(distributed.seeds)},
    {.key = "distributed.timeout.connect",
     .type = KeyType::kDuration,
     .default_text = "5s",
     .summary = "For opening a connection, authentication included.",
     .field = SATCHEL_FIELD(distributed.timeout.connect),
     .min = 1,
     .max = kDayMs},
    {.key = "distributed.timeout.pool",
     .type = KeyType::kDuration,
     .default_text = "4s",
     .summary = "For getting a connection of one's own while all are in use.",
     .field = SATCHEL_FIELD(distributed.timeout.pool),
     .min = 1,
     .max = kDayMs},
    {.key = "distributed.timeout.read",
     .type = KeyType::kDuration,
     .default_text = "3s",
     .summary = "For a reply, once the command was sent.",
     .field = SATCHEL_FIELD(distributed.timeout.read),
     .min = 1,
     .max = kDayMs},
    {.key = "distributed.timeout.write",
     .type = KeyType::kDuration,
     .default_text = "3s",
     .summary = "For sending a command.",
     .field = SATCHEL_FIELD(distributed.timeout.write),
     .min = 1,
     .max = kDayMs},
    {.key = "distributed.username",
     .type = KeyType::kString,
     .default_text = "",
     .summary = "The user of `distributed.password`; empty: the server's default user.",
     .field = SATCHEL_FIELD(distributed.username)},
    {.key = "http.address",
     .type = KeyType::kString,
     .default_text = "127.0.0.1",
     .summary = "The address that metrics and health are told on. Nothing guards them: beyond "
                "loopback http.allow_remote is needed.",
     .field = SATCHEL_FIELD(http.address)},
    {.key = "http.allow_remote",
     .type = KeyType::kBool,
     .default_text = "false",
     .summary = "Whether other machines may read metrics and health.",
     .field = SATCHEL_FIELD(http.allow_remote)},
    {.key = "http.enabled",
     .type = KeyType::kBool,
     .default_text = "false",
     .summary = "Whether /metrics, /healthz and /readyz are told over HTTP.",
     .field = SATCHEL_FIELD(http.enabled),
     .default_note = "`true` in `satchel serve`, else `false`"},
    {.key = "http.port",
     .type = KeyType::kPort,
     .default_text = "9470",
     .summary = "Their port; `auto`: a free one. That the default is taken is only a warning.",
     .field = SATCHEL_FIELD(http.port),
     .min = 1,
     .max = 65535},
    {.key = "idempotency.api_ttl",
     .type = KeyType::kDuration,
     .default_text = "24h",
     .summary = "How long the key of an API request stays claimed.",
     .field = SATCHEL_FIELD(idempotency.api_ttl),
     .min = 1,
     .max = 10 * kYearMs},
    {.key = "idempotency.max_body",
     .type = KeyType::kSize,
     .default_text = "1MiB",
     .summary = "The longest body that a key is made of.",
     .field = SATCHEL_FIELD(idempotency.max_body),
     .max = 1024 * 1024 * 1024},
    {.key = "idempotency.webhook_ttl",
     .type = KeyType::kDuration,
     .default_text = "10m",
     .summary = "How long the key of a webhook stays claimed.",
     .field = SATCHEL_FIELD(idempotency.webhook_ttl),
     .min = 1,
     .max = 10 * kYearMs},
    {.key = "key_prefix",
     .type = KeyType::kString,
     .default_text = "satchel",
     .summary = "What every key of a repository begins with: `[A-Za-z0-9_.-]{1,64}`.",
     .field = SATCHEL_FIELD(key_prefix)},
    {.key = "listen.acl_file",
     .type = KeyType::kString,
     .default_text = "",
     .summary = "A file of users, as Redis' `aclfile`; ACL LOAD reads and ACL SAVE writes it.",
     .field = SATCHEL_FIELD(listen.acl_file)},
    {.key = "listen.address",
     .type = KeyType::kList,
     .default_text = "127.0.0.1",
     .summary = "The addresses the server listens on; `*` is all. Beyond loopback a password is "
                "needed.",
     .field = SATCHEL_FIELD(listen.address)},
    {.key = "listen.backlog",
     .type = KeyType::kInt,
     .default_text = "511",
     .summary = "Connections that wait to be accepted.",
     .field = SATCHEL_FIELD(listen.backlog),
     .min = 1,
     .max = 1'000'000},
    {.key = "listen.enabled",
     .type = KeyType::kBool,
     .default_text = "false",
     .summary = "Whether the data is served to Redis clients.",
     .field = SATCHEL_FIELD(listen.enabled),
     .default_note = "`true` in `satchel serve`, else `false`"},
    {.key = "listen.idle_timeout",
     .type = KeyType::kDuration,
     .default_text = "0s",
     .summary = "After this a client that sends nothing is closed; 0: never. In whole seconds.",
     .field = SATCHEL_FIELD(listen.idle_timeout),
     .max = kYearMs},
    {.key = "listen.keepalive",
     .type = KeyType::kDuration,
     .default_text = "300s",
     .summary = "Silence of a peer before it is probed; 0: never. In whole seconds.",
     .field = SATCHEL_FIELD(listen.keepalive),
     .max = kYearMs},
    {.key = "listen.loops",
     .type = KeyType::kInt,
     .default_text = "1",
     .summary = "Event loops, each a thread.",
     .field = SATCHEL_FIELD(listen.loops),
     .min = 1,
     .max = 256},
    {.key = "listen.max_clients",
     .type = KeyType::kInt,
     .default_text = "10000",
     .summary = "Connections at a time; more are refused.",
     .field = SATCHEL_FIELD(listen.max_clients),
     .min = 1,
     .max = 1'000'000},
    {.key = "listen.password",
     .type = KeyType::kSecret,
     .default_text = "",
     .summary = "What clients must send with AUTH.",
     .field = SATCHEL_FIELD(listen.password)},
    {.key = "listen.password_file",
     .type = KeyType::kString,
     .default_text = "",
     .summary = "A file with the password; its final newline is left out.",
     .field = SATCHEL_FIELD(listen.password_file)},
    {.key = "listen.port",
     .type = KeyType::kPort,
     .default_text = "6379",
     .summary = "TCP port; 0: no TCP, `auto`: a free one.",
     .field = SATCHEL_FIELD(listen.port),
     .max = 65535},
    {.key = "listen.unix_socket",
     .type = KeyType::kString,
     .default_text = "",
     .summary = "Path of a Unix socket to listen on, besides TCP.",
     .field = SATCHEL_FIELD(listen.unix_socket)},
    {.key = "listen.unix_socket_mode",
     .type = KeyType::kFileMode,
     .default_text = "0600",
     .summary = "Permissions of the Unix socket, octal.",
     .field = SATCHEL_FIELD(listen.unix_socket_mode),
     .max = 0777},
    {.key = "lock.default_ttl",
     .type = KeyType::kDuration,
     .default_text = "30s",
     .summary = "Time to live of locks that say nothing else.",
     .field = SATCHEL_FIELD(lock.default_ttl),
     .min = 1,
     .max = kYearMs},
    {.key = "lock.min_ttl",
     .type = KeyType::kDuration,
     .default_text = "100ms",
     .summary = "Locks with a shorter time to live are refused.",
     .field = SATCHEL_FIELD(lock.min_ttl),
     .min = 1,
     .max = kYearMs},
    ModeRow<Component::kLock>("lock.mode"),
    {.key = "log.file",
     .type = KeyType::kString,
     .default_text = "",
     .summary = "A file that log lines are appended to; empty: the standard error.",
     .field = SATCHEL_FIELD(log.file)},
    {.key = "log.format",
     .type = KeyType::kEnum,
     .default_text = "text",
     .summary = "How a log line looks.",
     .field = SATCHEL_ENUM_FIELD(log.format),
     .words = kLogFormatWords},
    {.key = "log.level",
     .type = KeyType::kEnum,
     .default_text = "info",
     .summary = "What is logged: this and everything graver.",
     .field = SATCHEL_ENUM_FIELD(log.level),
     .words = kLogLevelWords},
    {.key = "memory.max_entries",
     .type = KeyType::kInt,
     .default_text = "10000",
     .summary = "How many messages of a conversation stay; 0: all.",
     .field = SATCHEL_FIELD(memory.max_entries),
     .max = 1'000'000'000},
    ModeRow<Component::kMemory>("memory.mode"),
    {.key = "memory.refresh_on_append",
     .type = KeyType::kBool,
     .default_text = "false",
     .summary = "Whether an append gives a conversation a whole ttl again.",
     .field = SATCHEL_FIELD(memory.refresh_on_append)},
    {.key = "memory.ttl",
     .type = KeyType::kDuration,
     .default_text = "24h",
     .summary = "How long a conversation lives; 0: for ever.",
     .field = SATCHEL_FIELD(memory.ttl),
     .max = 10 * kYearMs},
    {.key = "mode",
     .type = KeyType::kMode,
     .default_text = "standalone",
     .summary = "Where data lives: in this process, or in a Redis server.",
     .field = SATCHEL_ENUM_FIELD(mode),
     .words = kModeWords},
    {.key = "notifications.buffer",
     .type = KeyType::kInt,
     .default_text = "100",
     .summary = "How many messages wait for a listener; then the newest are dropped.",
     .field = SATCHEL_FIELD(notifications.buffer),
     .min = 1,
     .max = 1'000'000},
    {.key = "persistence.data_dir",
     .type = KeyType::kString,
     .default_text = "",
     .summary = "Where the data is kept on disk. Created with mode 0700.",
     .field = SATCHEL_FIELD(persistence.data_dir),
     .default_note = "`satchel-data` in `satchel serve`, else empty"},
    {.key = "persistence.durability",
     .type = KeyType::kEnum,
     .default_text = "",
     .summary = "What survives a crash: nothing, or everything up to the last snapshot.",
     .field = SATCHEL_ENUM_FIELD(persistence.durability),
     .words = kDurabilityWords,
     .default_note = "`snapshot` if persistence is enabled, else `none`"},
    {.key = "persistence.enabled",
     .type = KeyType::kBool,
     .default_text = "",
     .summary = "Whether data is kept on disk.",
     .field = SATCHEL_FIELD(persistence.enabled),
     .default_note = "`false` if durability is `none`, else `true` in `satchel serve`, else "
                     "whether `persistence.data_dir` is set"},
    {.key = "persistence.min_free_bytes",
     .type = KeyType::kSize,
     .default_text = "256MiB",
     .summary = "With less room on the disk, snapshots fail; writes go on.",
     .field = SATCHEL_FIELD(persistence.min_free_bytes)},
    {.key = "persistence.snapshot_interval",
     .type = KeyType::kDuration,
     .default_text = "5m",
     .summary = "From one snapshot to the next.",
     .field = SATCHEL_FIELD(persistence.snapshot_interval),
     .max = kYearMs},
    {.key = "persistence.snapshot_on_shutdown",
     .type = KeyType::kBool,
     .default_text = "true",
     .summary = "Whether an orderly stop ends with a snapshot.",
     .field = SATCHEL_FIELD(persistence.snapshot_on_shutdown)},
    {.key = "rate_limit.fail_open",
     .type = KeyType::kBool,
     .default_text = "true",
     .summary = "Whether a failing store allows, instead of refusing.",
     .field = SATCHEL_FIELD(rate_limit.fail_open)},
    ModeRow<Component::kRateLimit>("rate_limit.mode"),
    ModeRow<Component::kResource>("resource.mode"),
    {.key = "resource.reconcile_interval",
     .type = KeyType::kDuration,
     .default_text = "30s",
     .summary = "How often a watch reads its list again; below 1 s: 30 s.",
     .field = SATCHEL_FIELD(resource.reconcile_interval),
     .max = kYearMs},
    {.key = "resource.watch_buffer",
     .type = KeyType::kInt,
     .default_text = "256",
     .summary = "How many changes wait for a watcher; then its list is read again.",
     .field = SATCHEL_FIELD(resource.watch_buffer),
     .min = 1,
     .max = 1'000'000},
    {.key = "scan.count",
     .type = KeyType::kInt,
     .default_text = "100",
     .summary = "COUNT of every SCAN.",
     .field = SATCHEL_FIELD(scan.count),
     .min = 1,
     .max = 1'000'000},
    {.key = "store.databases",
     .type = KeyType::kInt,
     .default_text = "16",
     .summary = "How many databases SELECT knows.",
     .field = SATCHEL_FIELD(store.databases),
     .min = 1,
     .max = 1024},
    ModeRow<Component::kStore>("store.mode"),
    {.key = "stream.max_events",
     .type = KeyType::kInt,
     .default_text = "500",
     .summary = "How many events of an execution stay.",
     .field = SATCHEL_FIELD(stream.max_events),
     .min = 1,
     .max = 1'000'000},
    ModeRow<Component::kStream>("stream.mode"),
    {.key = "stream.ttl",
     .type = KeyType::kDuration,
     .default_text = "24h",
     .summary = "How long the events of an execution stay.",
     .field = SATCHEL_FIELD(stream.ttl),
     .min = 1,
     .max = 7 * kDayMs},
    {.key = "sweep.batch",
     .type = KeyType::kInt,
     .default_text = "500",
     .summary = "How many expired objects a sweep removes in one step.",
     .field = SATCHEL_FIELD(sweep.batch),
     .min = 1,
     .max = 100'000},
    {.key = "sweep.enabled",
     .type = KeyType::kBool,
     .default_text = "true",
     .summary = "Whether `satchel serve` removes what has expired in the repositories.",
     .field = SATCHEL_FIELD(sweep.enabled)},
    {.key = "sweep.interval",
     .type = KeyType::kDuration,
     .default_text = "1m",
     .summary = "How often it does; one process at a time for each tenant.",
     .field = SATCHEL_FIELD(sweep.interval),
     .min = 1000,
     .max = kDayMs},
    {.key = "task.max_attempts",
     .type = KeyType::kInt,
     .default_text = "8",
     .summary = "How often a transaction is tried when other writers are faster.",
     .field = SATCHEL_FIELD(task.max_attempts),
     .min = 1,
     .max = 1000},
    {.key = "task.max_tree_depth",
     .type = KeyType::kInt,
     .default_text = "0",
     .summary = "Depth of task trees that say nothing else; 0: any.",
     .field = SATCHEL_FIELD(task.max_tree_depth),
     .max = 1'000'000},
    ModeRow<Component::kTask>("task.mode"),
    {.key = "task.retention",
     .type = KeyType::kDuration,
     .default_text = "7d",
     .summary = "How long terminal tasks stay; 0: for ever.",
     .field = SATCHEL_FIELD(task.retention),
     .max = 10 * kYearMs},
    {.key = "task.row_lock_ttl",
     .type = KeyType::kDuration,
     .default_text = "5s",
     .summary = "Time to live of the row locks of transactions.",
     .field = SATCHEL_FIELD(task.row_lock_ttl),
     .min = 100,
     .max = kDayMs},
    {.key = "task.row_lock_wait",
     .type = KeyType::kDuration,
     .default_text = "2s",
     .summary = "How long a transaction waits for a row lock.",
     .field = SATCHEL_FIELD(task.row_lock_wait),
     .min = 1,
     .max = kDayMs},
    {.key = "task_config.ttl",
     .type = KeyType::kDuration,
     .default_text = "24h",
     .summary = "How long a task configuration lives after it was last read.",
     .field = SATCHEL_FIELD(task_config.ttl),
     .min = 1,
     .max = 10 * kYearMs},
    {.key = "tasks_backend.allow_anonymous",
     .type = KeyType::kBool,
     .default_text = "false",
     .summary = "Whether the owners \"\" and \"local\" are accepted.",
     .field = SATCHEL_FIELD(tasks_backend.allow_anonymous)},
    {.key = "tasks_backend.default_ttl",
     .type = KeyType::kDuration,
     .default_text = "1h",
     .summary = "Time to live of tasks that say nothing else.",
     .field = SATCHEL_FIELD(tasks_backend.default_ttl),
     .min = 1,
     .max = 10 * kYearMs},
    {.key = "tasks_backend.max_depth",
     .type = KeyType::kInt,
     .default_text = "10",
     .summary = "The deepest nesting of variables.",
     .field = SATCHEL_FIELD(tasks_backend.max_depth),
     .min = 1,
     .max = 100},
    {.key = "tasks_backend.max_per_owner",
     .type = KeyType::kInt,
     .default_text = "100",
     .summary = "How many unexpired tasks an owner may have.",
     .field = SATCHEL_FIELD(tasks_backend.max_per_owner),
     .min = 1,
     .max = 1'000'000},
    {.key = "tasks_backend.max_string",
     .type = KeyType::kSize,
     .default_text = "64KiB",
     .summary = "The longest text in variables.",
     .field = SATCHEL_FIELD(tasks_backend.max_string)},
    {.key = "tasks_backend.max_ttl",
     .type = KeyType::kDuration,
     .default_text = "24h",
     .summary = "The longest time to live of a task.",
     .field = SATCHEL_FIELD(tasks_backend.max_ttl),
     .min = 1,
     .max = 10 * kYearMs},
    {.key = "tasks_backend.max_variables",
     .type = KeyType::kSize,
     .default_text = "1MiB",
     .summary = "All variables of a task, as JSON.",
     .field = SATCHEL_FIELD(tasks_backend.max_variables)},
    ModeRow<Component::kTasksBackend>("tasks_backend.mode"),
    {.key = "tasks_backend.page_size",
     .type = KeyType::kInt,
     .default_text = "50",
     .summary = "How many tasks a page of a list has.",
     .field = SATCHEL_FIELD(tasks_backend.page_size),
     .min = 1,
     .max = 10'000},
    {.key = "tasks_backend.poll_interval",
     .type = KeyType::kDuration,
     .default_text = "500ms",
     .summary = "How often clients are told to ask.",
     .field = SATCHEL_FIELD(tasks_backend.poll_interval),
     .min = 1,
     .max = kDayMs},
    {.key = "tasks_backend.version_retention",
     .type = KeyType::kDuration,
     .default_text = "24h",
     .summary = "How long the version of a removed record is remembered.",
     .field = SATCHEL_FIELD(tasks_backend.version_retention),
     .min = 1,
     .max = 10 * kYearMs},
    {.key = "tenant",
     .type = KeyType::kString,
     .default_text = "",
     .summary = "The tenant whose data this process works on.",
     .field = SATCHEL_FIELD(tenant)},
    ModeRow<Component::kWorkflow>("workflow.mode"),
    {.key = "workflow.retention",
     .type = KeyType::kDuration,
     .default_text = "30d",
     .summary = "How long terminal executions stay; 0: for ever.",
     .field = SATCHEL_FIELD(workflow.retention),
     .max = 10 * kYearMs},
};

#undef SATCHEL_FIELD
#undef SATCHEL_ENUM_FIELD

constexpr char EnvironmentChar(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}
constexpr char FlagChar(char c) { return c == '.' || c == '_' ? '-' : c; }

// Keys in order, and no two that would give one flag or one variable: `a.b_c` and `a.b.c` do.
constexpr bool RowsAreSound() {
  for (std::size_t i = 0; i < std::size(kRows); ++i) {
    if (i > 0 && kRows[i - 1].key >= kRows[i].key) return false;
    if (kRows[i].key.find("__") != std::string_view::npos || kRows[i].key == "config") return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (std::ranges::equal(kRows[i].key, kRows[j].key, {}, FlagChar, FlagChar)) return false;
    }
  }
  return true;
}
static_assert(RowsAreSound());

constexpr struct {
  std::string_view flag, key, fixed_value;
} kShortFlags[] = {
    {"--port", "listen.port", ""},
    {"--bind", "listen.address", ""},
    {"--unix-socket", "listen.unix_socket", ""},
    {"--data-dir", "persistence.data_dir", ""},
    {"--durability", "persistence.durability", ""},
    {"--in-memory", "persistence.enabled", "false"},
    {"--seeds", "distributed.seeds", ""},
};

std::vector<Flag> MakeFlags() {
  std::vector<Flag> flags;
  for (const auto& row : kShortFlags) {
    const KeyRow* key = FindKey(row.key);
    SATCHEL_CHECK(key != nullptr);
    flags.push_back({std::string(row.flag), row.key, row.fixed_value, key->summary});
  }
  for (const KeyRow& row : kRows) flags.push_back({FlagName(row.key), row.key, {}, row.summary});
  return flags;
}

// What follows the last point or underscore.
std::string_view LastPart(std::string_view key) {
  const std::size_t at = key.find_last_of("._");
  return at == std::string_view::npos ? key : key.substr(at + 1);
}

std::string_view Section(std::string_view key) { return key.substr(0, key.find('.')); }

}  // namespace

std::string_view KeyTypeName(KeyType type) {
  constexpr std::string_view kNames[] = {"mode",      "string", "secret",   "bool", "int", "port",
                                         "file mode", "size",   "duration", "enum", "list"};
  return kNames[static_cast<std::size_t>(type)];
}

std::span<const KeyRow> KeyRows() { return kRows; }

const KeyRow* FindKey(std::string_view key) {
  const auto at = std::ranges::lower_bound(kRows, key, {}, &KeyRow::key);
  return at != std::end(kRows) && at->key == key ? at : nullptr;
}

std::string EnvironmentName(std::string_view key) {
  std::string name = "SATCHEL_";
  for (char c : key) {
    if (c == '.') {
      name += "__";
    } else {
      name += EnvironmentChar(c);
    }
  }
  return name;
}

std::string FlagName(std::string_view key) {
  std::string name = "--";
  for (char c : key) name += FlagChar(c);
  return name;
}

const std::vector<Flag>& Flags() {
  static const std::vector<Flag> flags = MakeFlags();
  return flags;
}

const Flag* FindFlag(std::string_view name) {
  for (const Flag& flag : Flags()) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

std::string_view NearestKey(std::string_view key) {
  std::vector<std::string_view> keys;
  for (const KeyRow& row : kRows) keys.push_back(row.key);
  if (const auto nearest = NearestWord(key, keys); !nearest.empty()) return nearest;
  std::string_view best;
  for (std::string_view known : keys) {
    if (!EqualIgnoreCase(LastPart(known), LastPart(key))) continue;
    if (best.empty() || Section(known) == Section(key)) best = known;
  }
  return best;
}

}  // namespace satchel::store
