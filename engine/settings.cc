// The engine's CONFIG parameters. Source: redis 7.0.15, names and texts of the same parameters.

#include "base/text.h"
#include "engine/engine.h"

namespace satchel::engine {
namespace {

constexpr std::int64_t kMaxLong = INT64_MAX;

Result<std::vector<double>> ParsePercentiles(std::string_view text) {
  std::vector<double> percentiles;
  for (std::string_view word : Split(text, ' ')) {
    if (word.empty()) continue;
    const auto value = ParseDouble(word);
    if (!value) {
      return MakeError(ErrorCode::kConfig, "Invalid latency-tracking-info-percentiles parameters");
    }
    if (*value < 0 || *value > 100) {
      return MakeError(ErrorCode::kConfig,
                       "latency-tracking-info-percentiles parameters should sit between "
                       "[0.0,100.0]");
    }
    percentiles.push_back(*value);
  }
  return percentiles;
}

std::string FormatPercentiles(const std::vector<double>& percentiles) {
  std::string text;
  for (double value : percentiles) text += (text.empty() ? "" : " ") + ShortNumber(value);
  return text;
}

// A packed form's limit, also known by its older ziplist name.
SettingRow LimitSetting(const char* name, const char* alias, const char* summary,
                        std::int64_t* value) {
  const bool is_size = std::string_view(name).ends_with("-value");
  SettingRow row = is_size ? SizeSetting(name, summary, value, 0, kMaxLong)
                           : IntSetting(name, summary, value, 0, kMaxLong);
  row.alias = alias;
  return row;
}

}  // namespace

void Engine::AddSettings() {
  AddEncodingSettings();
  AddAccessSettings();
  AddObservationSettings();
  AddMemorySettings();
  AddKeptSettings();
  settings_.Add(SizeSetting("proto-max-bulk-len", "Largest string of a request.",
                            &config_.proto_max_bulk_len, 1024 * 1024, kMaxLong));
  settings_.Add(IntSetting("hz", "Housekeeping ticks a second.", &config_.hz, 1, 500));
  settings_.Add(
      FixedSetting("databases", "Number of databases.", FormatInt(keyspace_.databases())));
  settings_.Add(FixedSetting("appendonly", "Whether an append-only file is kept.", "no"));
  settings_.Add(FixedSetting("cluster-enabled", "Whether this is a node of a cluster.", "no"));
}

void Engine::AddEncodingSettings() {
  EncodingLimits& limits = keyspace_.limits();
  settings_.Add(LimitSetting("hash-max-listpack-entries", "hash-max-ziplist-entries",
                             "Fields up to which a hash is packed.",
                             &limits.hash_max_listpack_entries));
  settings_.Add(LimitSetting("hash-max-listpack-value", "hash-max-ziplist-value",
                             "Bytes of a field or value up to which a hash is packed.",
                             &limits.hash_max_listpack_value));
  settings_.Add(LimitSetting("zset-max-listpack-entries", "zset-max-ziplist-entries",
                             "Members up to which a sorted set is packed.",
                             &limits.zset_max_listpack_entries));
  settings_.Add(LimitSetting("zset-max-listpack-value", "zset-max-ziplist-value",
                             "Bytes of a member up to which a sorted set is packed.",
                             &limits.zset_max_listpack_value));
  settings_.Add(IntSetting("set-max-intset-entries",
                           "Members up to which a set of integers is packed.",
                           &limits.set_max_intset_entries, 0, kMaxLong));
  SettingRow list =
      IntSetting("list-max-listpack-size", "Elements of a list's block; -1 to -5: 4 to 64 KB.",
                 &limits.list_max_listpack_size, INT32_MIN, INT32_MAX);
  list.alias = "list-max-ziplist-size";
  settings_.Add(std::move(list));

  settings_.Add(SizeSetting("hll-sparse-max-bytes",
                            "Bytes up to which a HyperLogLog stays in its sparse form.",
                            &limits.hll_max_sparse_bytes, 0, kMaxLong));
  settings_.Add(SizeSetting("stream-node-max-bytes",
                            "Bytes up to which a stream's block is filled; 0: no limit.",
                            &limits.stream_node_max_bytes, 0, kMaxLong));
  settings_.Add(IntSetting("stream-node-max-entries",
                           "Entries up to which a stream's block is filled; 0: no limit.",
                           &limits.stream_node_max_entries, 0, kMaxLong));
}

// Who may do what.
void Engine::AddAccessSettings() {
  SettingRow password =
      StringSetting("requirepass", "Password of the default user; empty: none.", &config_.password);
  password.secret = true;
  password.set = [this](std::string_view text) -> Result<void> {
    config_.password = text;
    acl_.SetDefaultPassword(text);
    return {};
  };
  settings_.Add(std::move(password));
  settings_.Add(
      IntSetting("acllog-max-len", "Entries of the ACL log.", &acl_.max_log_entries, 0, kMaxLong));
  settings_.Add(
      {.name = "acl-pubsub-default",
       .summary = "Channels of a new user: allchannels or resetchannels.",
       .get = [this] { return acl_.channels_by_default ? "allchannels" : "resetchannels"; },
       .set = [this](std::string_view text) -> Result<void> {
         const bool all = EqualIgnoreCase(text, "allchannels");
         if (!all && !EqualIgnoreCase(text, "resetchannels")) {
           return MakeError(ErrorCode::kConfig,
                            "argument(s) must be one of the following: allchannels, "
                            "resetchannels");
         }
         acl_.channels_by_default = all;
         return {};
       }});
  settings_.Add({.name = "aclfile",
                 .summary = "The file that ACL LOAD reads and ACL SAVE writes; empty: none.",
                 .get = [this] {
                   const auto* file = Service<AclFile>();
                   return file == nullptr ? std::string() : file->path();
                 }});
  settings_.Add(BoolSetting("protected-mode", "Without a password only this machine may connect.",
                            &config_.protected_mode));
}

// What clients and operators are told of what happens.
void Engine::AddObservationSettings() {
  settings_.Add(IntSetting("tracking-table-max-keys",
                           "Keys that clients are told of when they change; 0: no limit.",
                           &tracking_.max_keys, 0, kMaxLong));
  settings_.Add(IntSetting("latency-monitor-threshold",
                           "Milliseconds from which on an event is monitored; 0: none is.",
                           &latency_.threshold_ms, 0, kMaxLong));
  settings_.Add(BoolSetting("latency-tracking", "Keep a histogram of durations per command.",
                            &config_.latency_tracking));
  settings_.Add({.name = "latency-tracking-info-percentiles",
                 .summary = "Percentiles that INFO latencystats prints.",
                 .get = [this] { return FormatPercentiles(config_.latency_percentiles); },
                 .set = [this](std::string_view text) -> Result<void> {
                   SATCHEL_ASSIGN(config_.latency_percentiles, ParsePercentiles(text));
                   return {};
                 }});
  settings_.Add({.name = "notify-keyspace-events",
                 .summary = "Classes of keyspace events to publish.",
                 .get = [this] { return FormatEventClasses(config_.notify_classes); },
                 .set = [this](std::string_view text) -> Result<void> {
                   const auto classes = ParseEventClasses(text);
                   if (!classes) {
                     return MakeError(ErrorCode::kConfig,
                                      "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
                   }
                   config_.notify_classes = *classes;
                   return {};
                 }});
  settings_.Add(IntSetting("slowlog-log-slower-than",
                           "Microseconds from which on a command is logged; -1: never.",
                           &config_.slowlog_slower_than_us, -1, kMaxLong));
  settings_.Add(IntSetting("slowlog-max-len", "Entries of the slow log.", &config_.slowlog_max_len,
                           0, kMaxLong));
}

void Engine::AddMemorySettings() {
  settings_.Add(
      SizeSetting("maxmemory", "Memory limit; 0: none.", &config_.max_memory, 0, kMaxLong));
  EvictionConfig& eviction = config_.eviction;
  settings_.Add(
      {.name = "maxmemory-policy",
       .summary = "What is evicted over the memory limit.",
       .get =
           [&eviction] {
             return std::string(kEvictionPolicyNames[static_cast<std::size_t>(eviction.policy)]);
           },
       .set = [&eviction](std::string_view text) -> Result<void> {
         const auto policy = ParseEvictionPolicy(text);
         if (!policy) {
           return MakeError(ErrorCode::kConfig,
                            "argument(s) must be one of the following: volatile-lru, volatile-lfu, "
                            "volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, "
                            "allkeys-random, noeviction");
         }
         eviction.policy = *policy;
         return {};
       }});
  settings_.Add(IntSetting("maxmemory-samples", "Keys of a database that are compared at a time.",
                           &eviction.samples, 1, INT32_MAX));
  settings_.Add(IntSetting("maxmemory-eviction-tenacity",
                           "How long one command may evict: 0 none, 10 0.5 ms, 100 as long as it "
                           "takes.",
                           &eviction.tenacity, 0, 100));
  settings_.Add(IntSetting("lfu-log-factor", "How slowly the frequency counter grows.",
                           &eviction.lfu_log_factor, 0, INT32_MAX));
  settings_.Add(IntSetting("lfu-decay-time", "Minutes after which the frequency counter falls.",
                           &eviction.lfu_decay_minutes, 0, INT32_MAX));
}

void Engine::AddKeptSettings() {
  EngineConfig::Kept& kept = config_.kept;
  const std::pair<const char*, bool*> lazy[] = {
      {"lazyfree-lazy-eviction", &kept.lazy_eviction},
      {"lazyfree-lazy-expire", &kept.lazy_expire},
      {"lazyfree-lazy-server-del", &kept.lazy_server_del},
      {"lazyfree-lazy-user-del", &kept.lazy_user_del},
      {"lazyfree-lazy-user-flush", &kept.lazy_user_flush}};
  for (const auto& [name, value] : lazy) {
    settings_.Add(
        BoolSetting(name, "Without effect: large values are always freed in portions.", value));
  }
  settings_.Add(BoolSetting("activerehashing", "Without effect: tables always grow in steps.",
                            &kept.active_rehashing));
  settings_.Add(BoolSetting("dynamic-hz", "Without effect: housekeeping runs when it is due.",
                            &kept.dynamic_hz));
  settings_.Add(IntSetting("active-expire-effort",
                           "Without effect: expired keys are found by their deadline.",
                           &kept.active_expire_effort, 1, 10));
  settings_.Add(IntSetting("list-compress-depth", "Without effect: lists are not compressed.",
                           &kept.list_compress_depth, 0, INT32_MAX));
}

}  // namespace satchel::engine
