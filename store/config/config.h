// Config: what one process was told to do: typed values, and where each came from.
//
// The fields mirror the keys: `listen.port` is Config::listen.port. The table of keys is in
// store/config/registry.h; docs/configuration.md is printed from it.
// Order of sources, the same for every key: CLI > environment > file > default.

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/durability.h"

namespace satchel::store {

enum class Mode : std::uint8_t { kInherit, kStandalone, kDistributed };

// What can be switched on its own; `<name>.mode` overrides `mode`.
enum class Component : std::uint8_t {
  kStore,
  kAuth,
  kWorkflow,
  kTask,
  kTasksBackend,
  kCheckpoint,
  kMemory,
  kResource,
  kStream,
  kLock,
  kRateLimit,
};
inline constexpr std::size_t kComponents = 11;

// As it stands in keys: "tasks_backend".
std::string_view ComponentName(Component component);
// "standalone", "distributed"; empty for kInherit.
std::string_view ModeName(Mode mode);

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };
enum class LogFormat : std::uint8_t { kText, kJson };

struct StoreConfig {
  std::int64_t databases;
};

struct ListenConfig {
  static constexpr std::int64_t kAutoPort = -1;  // any free port

  bool enabled;
  std::vector<std::string> address;
  std::int64_t port;  // 0: no TCP
  std::int64_t loops;
  std::string unix_socket;  // empty: none
  std::int64_t unix_socket_mode;
  std::string password;  // empty: none; the content of password_file if that was given
  std::string password_file;
  std::string acl_file;  // empty: none
  std::int64_t max_clients;
  std::int64_t backlog;
  std::chrono::milliseconds idle_timeout;  // 0: never
  std::chrono::milliseconds keepalive;     // 0: off
};

// Pages about the program: metrics and health.
struct HttpConfig {
  bool enabled;
  std::string address;
  std::int64_t port;  // ListenConfig::kAutoPort: any free one
  bool allow_remote;
};

struct LogConfig {
  LogLevel level;
  LogFormat format;
  std::string file;  // empty: the standard error
};

struct PersistenceConfig {
  bool enabled;
  std::string data_dir;
  Durability durability;
  std::chrono::milliseconds snapshot_interval;
  bool snapshot_on_shutdown;
  std::int64_t min_free_bytes;
};

struct DistributedConfig {
  struct Pool {
    std::int64_t size;
    std::int64_t connections;
  };
  struct Timeout {
    std::chrono::milliseconds connect;
    std::chrono::milliseconds read;
    std::chrono::milliseconds write;
    std::chrono::milliseconds pool;
  };
  struct Retry {
    std::int64_t max;
    std::chrono::milliseconds min_backoff;
    std::chrono::milliseconds max_backoff;
  };

  std::vector<std::string> seeds;
  std::string username;
  std::string password;
  std::string password_file;
  std::int64_t db;
  Pool pool;
  Timeout timeout;
  Retry retry;
};

enum class Compression : std::uint8_t { kNone, kZstd };

struct AuthConfig {
  std::chrono::milliseconds cache_ttl;
};

struct CacheConfig {
  std::int64_t compress_threshold;
  std::int64_t max_item_size;
  std::chrono::milliseconds ttl;
};

struct CheckpointConfig {
  std::int64_t compress_level;
  std::int64_t compress_threshold;
  Compression compression;
  std::int64_t keep_last;
  bool refresh_on_read;
  std::chrono::milliseconds ttl;
};

struct IdempotencyConfig {
  std::chrono::milliseconds api_ttl;
  std::int64_t max_body;
  std::chrono::milliseconds webhook_ttl;
};

struct LockConfig {
  std::chrono::milliseconds default_ttl;
  std::chrono::milliseconds min_ttl;
};

struct MemoryConfig {
  std::int64_t max_entries;
  bool refresh_on_append;
  std::chrono::milliseconds ttl;
};

struct NotificationsConfig {
  std::int64_t buffer;
};

struct RateLimitConfig {
  bool fail_open;
};

struct ResourceConfig {
  std::chrono::milliseconds reconcile_interval;
  std::int64_t watch_buffer;
};

struct ScanConfig {
  std::int64_t count;
};

struct StreamConfig {
  std::int64_t max_events;
  std::chrono::milliseconds ttl;
};

struct SweepConfig {
  std::int64_t batch;
  bool enabled;
  std::chrono::milliseconds interval;
};

struct TaskConfig {
  std::int64_t max_attempts;
  std::int64_t max_tree_depth;
  std::chrono::milliseconds retention;
  std::chrono::milliseconds row_lock_ttl;
  std::chrono::milliseconds row_lock_wait;
};

struct TaskDocumentConfig {
  std::chrono::milliseconds ttl;
};

struct TasksBackendConfig {
  bool allow_anonymous;
  std::chrono::milliseconds default_ttl;
  std::int64_t max_depth;
  std::int64_t max_per_owner;
  std::int64_t max_string;
  std::chrono::milliseconds max_ttl;
  std::int64_t max_variables;
  std::int64_t page_size;
  std::chrono::milliseconds poll_interval;
  std::chrono::milliseconds version_retention;
};

struct WorkflowConfig {
  std::chrono::milliseconds retention;
};

// Where a value came from, as diagnostics print it: "default", "file satchel.json:12",
// "environment SATCHEL_MODE", "flag --mode".
struct Origin {
  enum class Source : std::uint8_t { kDefault, kFile, kEnvironment, kFlag };
  Source source = Source::kDefault;
  std::string place = {};  // "satchel.json:12", "SATCHEL_MODE", "--mode"

  bool is_set() const { return source != Source::kDefault; }
  std::string ToString() const;
};

// A parameter of CONFIG SET, as a redis.conf gave it.
struct Parameter {
  std::string name = {};
  std::string text = {};
  Origin origin = {};
};

class Config {
 public:
  Mode mode = Mode::kInherit;
  std::array<Mode, kComponents> component_modes = {};  // by Component; kInherit: as `mode`
  std::string key_prefix = {};
  std::string tenant = {};
  StoreConfig store = {};
  HttpConfig http = {};
  ListenConfig listen = {};
  LogConfig log = {};
  PersistenceConfig persistence = {};
  DistributedConfig distributed = {};
  AuthConfig auth = {};
  CacheConfig cache = {};
  CheckpointConfig checkpoint = {};
  IdempotencyConfig idempotency = {};
  LockConfig lock = {};
  MemoryConfig memory = {};
  NotificationsConfig notifications = {};
  RateLimitConfig rate_limit = {};
  ResourceConfig resource = {};
  ScanConfig scan = {};
  StreamConfig stream = {};
  SweepConfig sweep = {};
  TaskConfig task = {};
  TaskDocumentConfig task_config = {};
  TasksBackendConfig tasks_backend = {};
  WorkflowConfig workflow = {};

  // The component's own mode, else `mode`, else standalone; never kInherit.
  Mode EffectiveMode(Component component) const;
  bool AnyComponentIn(Mode mode) const;

  // Where the value of a key came from. Requires a known key.
  const Origin& origin(std::string_view key) const;
  bool is_set(std::string_view key) const { return origin(key).is_set(); }

  std::map<std::string, Origin, std::less<>> origins = {};  // of every key

  // Of a redis.conf: what is set once the store is open, and the users.
  std::vector<Parameter> parameters = {};
  std::vector<Parameter> users = {};  // each text is a line of a file of users
  std::string redis_conf = {};        // the file; empty: none
};

// The program that asks; some defaults differ.
enum class Program : std::uint8_t { kLibrary, kServe };

struct FlagValue {
  std::string flag;  // "--listen-port" or a short form
  std::string text;  // ignored for a flag with a fixed value
};

struct ConfigSources {
  Program program = Program::kLibrary;
  std::vector<FlagValue> flags = {};  // later ones win
  std::map<std::string, std::string> environment = {};
  // --config; empty: SATCHEL_CONFIG, else ./satchel.json if it exists, else none.
  std::string file = {};
  // A redis.conf in place of that file; not both.
  std::string redis_conf = {};
};

// What is wrong, or odd, with one value.
struct Finding {
  enum class Severity : std::uint8_t { kError, kWarning };
  Severity severity = Severity::kError;
  std::string key;     // empty: the file as a whole
  std::string text;    // bad value, allowed values, fix
  std::string source;  // as Origin::ToString; empty when no single place is wrong

  std::string ToString() const;  // one line: "key: text   [source]"
};

struct LoadedConfig {
  Config config;  // usable if ok()
  std::vector<Finding> findings;
  std::string file;  // the one that was read; empty: none

  bool ok() const;
};

// Reads all sources and checks the result; every finding is reported.
LoadedConfig ReadConfig(const ConfigSources& sources);

// As above, for programs: kConfig with all errors, one a line.
Result<Config> LoadConfig(const ConfigSources& sources);

// The variables of this process that begin with SATCHEL_.
std::map<std::string, std::string> SatchelEnvironment();

}  // namespace satchel::store
