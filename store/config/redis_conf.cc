#include "store/config/redis_conf.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <span>
#include <sstream>

#include "base/text.h"

namespace satchel::store {
namespace {

using Words = std::vector<std::string>;

constexpr int kMaxDepth = 16;  // of files that include each other
constexpr std::string_view kFolder = "satchel-data";
// What redis-server does when the file has no `save` line.
constexpr std::string_view kDefaultSave = "3600 1 300 100 60 10000";

enum class Is : std::uint8_t {
  kKey,        // `detail` is a key of the registry
  kSeconds,    // the same, in seconds
  kParameter,  // CONFIG SET
  kWords,      // the same, of any number of words
  kSpecial,    // has a function of its own
  kIgnored,    // `detail` says why
  kOnly,       // the value `only` says what is so anyway; any other is refused
  kRefused,    // `detail` says why
};

struct Directive {
  std::string_view name;
  Is is;
  std::string_view detail = {};
  std::string_view only = {};
};

constexpr std::string_view kForeground = "satchel serve stays in the foreground";
constexpr std::string_view kNoReplicas = "there is no replication";
constexpr std::string_view kNoCluster = "cluster mode is off";
constexpr std::string_view kNoAof = "there is no append-only file";
constexpr std::string_view kAlwaysSo = "it is always done, whatever is said here";
constexpr std::string_view kNoDefrag = "memory is not defragmented in the background";
constexpr std::string_view kOwnFormat = "the data is kept in a directory of its own format";
constexpr std::string_view kSystem = "left to the system and its service manager";
constexpr std::string_view kBackground = "large values are freed in the background anyway";
constexpr std::string_view kNoTls =
    "TLS is not available in this version, and clients would be served without it; put a TLS proxy "
    "in front, or leave the line out";
constexpr std::string_view kNoReplication =
    "replication is not available in this version, and this server would take writes of its own; "
    "leave the line out";
constexpr std::string_view kNoClusterMode = "cluster mode is not available in this version";
constexpr std::string_view kFewReplicas =
    "there are no replicas here, and a write that must reach some would be acknowledged without "
    "one; use 0";
constexpr std::string_view kNoModules =
    "modules cannot be loaded, and their commands would be missing; leave the line out";
constexpr std::string_view kNoRename =
    "commands cannot be renamed, and this one would be open under its own name; take it away from "
    "users instead, for example: user default on nopass ~* &* +@all -flushall";
constexpr std::string_view kShutdown =
    "cannot be followed; use default, and say with --persistence-snapshot-on-shutdown whether the "
    "end writes a snapshot";

// In order of name.
constexpr Directive kDirectives[] = {
    {"acl-pubsub-default", Is::kParameter},
    {"aclfile", Is::kSpecial},
    {"acllog-max-len", Is::kParameter},
    {"active-defrag-cycle-max", Is::kIgnored, kNoDefrag},
    {"active-defrag-cycle-min", Is::kIgnored, kNoDefrag},
    {"active-defrag-ignore-bytes", Is::kIgnored, kNoDefrag},
    {"active-defrag-max-scan-fields", Is::kIgnored, kNoDefrag},
    {"active-defrag-threshold-lower", Is::kIgnored, kNoDefrag},
    {"active-defrag-threshold-upper", Is::kIgnored, kNoDefrag},
    {"active-expire-effort", Is::kIgnored, "expired keys are found by deadline, not by sampling"},
    {"activedefrag", Is::kIgnored, kNoDefrag},
    {"activerehashing", Is::kIgnored, "tables grow in steps by themselves"},
    {"always-show-logo", Is::kIgnored, "there is no logo"},
    {"aof-disable-auto-gc", Is::kIgnored, kNoAof},
    {"aof-load-truncated", Is::kIgnored, kNoAof},
    {"aof-rewrite-incremental-fsync", Is::kIgnored, kNoAof},
    {"aof-timestamp-enabled", Is::kIgnored, kNoAof},
    {"aof-use-rdb-preamble", Is::kIgnored, kNoAof},
    {"aof_rewrite_cpulist", Is::kIgnored, kSystem},
    {"appenddirname", Is::kIgnored, kNoAof},
    {"appendfilename", Is::kIgnored, kNoAof},
    {"appendfsync", Is::kIgnored, kNoAof},
    {"appendonly", Is::kOnly,
     "a log that is synced each second or always is not available in this version, and what was "
     "written since the last snapshot would be lost in a crash; use appendonly no, and save lines "
     "as often as you can bear to lose, for example: save 60 1",
     "no"},
    {"auto-aof-rewrite-min-size", Is::kIgnored, kNoAof},
    {"auto-aof-rewrite-percentage", Is::kIgnored, kNoAof},
    {"bgsave_cpulist", Is::kIgnored, kSystem},
    {"bind", Is::kSpecial},
    {"bind-source-addr", Is::kIgnored, "this server opens no connections"},
    {"bio_cpulist", Is::kIgnored, kSystem},
    {"busy-reply-threshold", Is::kParameter},
    {"client-output-buffer-limit", Is::kSpecial},
    {"client-query-buffer-limit", Is::kParameter},
    {"cluster-allow-pubsubshard-when-down", Is::kIgnored, kNoCluster},
    {"cluster-allow-reads-when-down", Is::kIgnored, kNoCluster},
    {"cluster-allow-replica-migration", Is::kIgnored, kNoCluster},
    {"cluster-announce-bus-port", Is::kIgnored, kNoCluster},
    {"cluster-announce-hostname", Is::kIgnored, kNoCluster},
    {"cluster-announce-ip", Is::kIgnored, kNoCluster},
    {"cluster-announce-port", Is::kIgnored, kNoCluster},
    {"cluster-announce-tls-port", Is::kIgnored, kNoCluster},
    {"cluster-config-file", Is::kIgnored, kNoCluster},
    {"cluster-enabled", Is::kOnly, kNoClusterMode, "no"},
    {"cluster-link-sendbuf-limit", Is::kIgnored, kNoCluster},
    {"cluster-migration-barrier", Is::kIgnored, kNoCluster},
    {"cluster-node-timeout", Is::kIgnored, kNoCluster},
    {"cluster-port", Is::kIgnored, kNoCluster},
    {"cluster-preferred-endpoint-type", Is::kIgnored, kNoCluster},
    {"cluster-replica-no-failover", Is::kIgnored, kNoCluster},
    {"cluster-replica-validity-factor", Is::kIgnored, kNoCluster},
    {"cluster-require-full-coverage", Is::kIgnored, kNoCluster},
    {"cluster-slave-no-failover", Is::kIgnored, kNoCluster},
    {"cluster-slave-validity-factor", Is::kIgnored, kNoCluster},
    {"crash-log-enabled", Is::kIgnored, kAlwaysSo},
    {"crash-memcheck-enabled", Is::kIgnored, "memory is not tested after a crash"},
    {"daemonize", Is::kIgnored, kForeground},
    {"databases", Is::kKey, "store.databases"},
    {"dbfilename", Is::kSpecial},
    {"dir", Is::kSpecial},
    {"disable-thp", Is::kIgnored, kSystem},
    {"dynamic-hz", Is::kIgnored, "housekeeping is run when something is due"},
    {"enable-debug-command", Is::kIgnored, "whether DEBUG may be used is up to ACL rules"},
    {"enable-module-command", Is::kIgnored, "there are no modules"},
    {"enable-protected-configs", Is::kIgnored, "dir and dbfilename cannot be set while it runs"},
    {"hash-max-listpack-entries", Is::kParameter},
    {"hash-max-listpack-value", Is::kParameter},
    {"hash-max-ziplist-entries", Is::kParameter},
    {"hash-max-ziplist-value", Is::kParameter},
    {"hll-sparse-max-bytes", Is::kParameter},
    {"hz", Is::kParameter},
    {"ignore-warnings", Is::kIgnored, kSystem},
    {"include", Is::kSpecial},
    {"io-threads", Is::kIgnored, "use --listen-loops for more threads"},
    {"io-threads-do-reads", Is::kIgnored, kAlwaysSo},
    {"jemalloc-bg-thread", Is::kIgnored, kSystem},
    {"latency-monitor-threshold", Is::kParameter},
    {"latency-tracking", Is::kParameter},
    {"latency-tracking-info-percentiles", Is::kWords},
    {"lazyfree-lazy-eviction", Is::kIgnored, kBackground},
    {"lazyfree-lazy-expire", Is::kIgnored, kBackground},
    {"lazyfree-lazy-server-del", Is::kIgnored, kBackground},
    {"lazyfree-lazy-user-del", Is::kParameter},
    {"lazyfree-lazy-user-flush", Is::kIgnored, kBackground},
    {"lfu-decay-time", Is::kParameter},
    {"lfu-log-factor", Is::kParameter},
    {"list-compress-depth", Is::kIgnored, "lists are not compressed"},
    {"list-max-listpack-size", Is::kParameter},
    {"list-max-ziplist-size", Is::kParameter},
    {"loadmodule", Is::kRefused, kNoModules},
    {"logfile", Is::kSpecial},
    {"loglevel", Is::kSpecial},
    {"lua-time-limit", Is::kParameter},
    {"masterauth", Is::kRefused, kNoReplication},
    {"masteruser", Is::kRefused, kNoReplication},
    {"maxclients", Is::kKey, "listen.max_clients"},
    {"maxmemory", Is::kParameter},
    {"maxmemory-clients", Is::kParameter},
    {"maxmemory-eviction-tenacity", Is::kParameter},
    {"maxmemory-policy", Is::kParameter},
    {"maxmemory-samples", Is::kParameter},
    {"min-replicas-max-lag", Is::kIgnored, kNoReplicas},
    {"min-replicas-to-write", Is::kOnly, kFewReplicas, "0"},
    {"min-slaves-max-lag", Is::kIgnored, kNoReplicas},
    {"min-slaves-to-write", Is::kOnly, kFewReplicas, "0"},
    {"no-appendfsync-on-rewrite", Is::kIgnored, kNoAof},
    {"notify-keyspace-events", Is::kParameter},
    {"oom-score-adj", Is::kIgnored, kSystem},
    {"oom-score-adj-values", Is::kIgnored, kSystem},
    {"pidfile", Is::kIgnored, "use --ready-file, which has the process id"},
    {"port", Is::kKey, "listen.port"},
    {"proc-title-template", Is::kIgnored, kSystem},
    {"propagation-error-behavior", Is::kIgnored, kNoReplicas},
    {"protected-mode", Is::kParameter},
    {"proto-max-bulk-len", Is::kParameter},
    {"rdb-del-sync-files", Is::kIgnored, kNoReplicas},
    {"rdb-save-incremental-fsync", Is::kIgnored, kOwnFormat},
    {"rdbchecksum", Is::kIgnored, "blocks on disk always have checksums"},
    {"rdbcompression", Is::kIgnored, "blocks on disk are always compressed"},
    {"rename-command", Is::kRefused, kNoRename},
    {"repl-backlog-size", Is::kIgnored, kNoReplicas},
    {"repl-backlog-ttl", Is::kIgnored, kNoReplicas},
    {"repl-disable-tcp-nodelay", Is::kIgnored, kNoReplicas},
    {"repl-diskless-load", Is::kIgnored, kNoReplicas},
    {"repl-diskless-sync", Is::kIgnored, kNoReplicas},
    {"repl-diskless-sync-delay", Is::kIgnored, kNoReplicas},
    {"repl-diskless-sync-max-replicas", Is::kIgnored, kNoReplicas},
    {"repl-ping-replica-period", Is::kIgnored, kNoReplicas},
    {"repl-ping-slave-period", Is::kIgnored, kNoReplicas},
    {"repl-timeout", Is::kIgnored, kNoReplicas},
    {"replica-announce-ip", Is::kIgnored, kNoReplicas},
    {"replica-announce-port", Is::kIgnored, kNoReplicas},
    {"replica-announced", Is::kIgnored, kNoReplicas},
    {"replica-ignore-disk-write-errors", Is::kIgnored, kNoReplicas},
    {"replica-ignore-maxmemory", Is::kIgnored, kNoReplicas},
    {"replica-lazy-flush", Is::kIgnored, kNoReplicas},
    {"replica-priority", Is::kIgnored, kNoReplicas},
    {"replica-read-only", Is::kIgnored, kNoReplicas},
    {"replica-serve-stale-data", Is::kIgnored, kNoReplicas},
    {"replicaof", Is::kSpecial, kNoReplication},
    {"requirepass", Is::kKey, "listen.password"},
    {"sanitize-dump-payload", Is::kIgnored, "payloads are always checked in full"},
    {"save", Is::kSpecial},
    {"server_cpulist", Is::kIgnored, kSystem},
    {"set-max-intset-entries", Is::kParameter},
    {"set-proc-title", Is::kIgnored, kSystem},
    {"shutdown-on-sigint", Is::kOnly, kShutdown, "default"},
    {"shutdown-on-sigterm", Is::kOnly, kShutdown, "default"},
    {"shutdown-timeout", Is::kIgnored, kNoReplicas},
    {"slave-announce-ip", Is::kIgnored, kNoReplicas},
    {"slave-announce-port", Is::kIgnored, kNoReplicas},
    {"slave-ignore-maxmemory", Is::kIgnored, kNoReplicas},
    {"slave-lazy-flush", Is::kIgnored, kNoReplicas},
    {"slave-priority", Is::kIgnored, kNoReplicas},
    {"slave-read-only", Is::kIgnored, kNoReplicas},
    {"slave-serve-stale-data", Is::kIgnored, kNoReplicas},
    {"slaveof", Is::kSpecial, kNoReplication},
    {"slowlog-log-slower-than", Is::kParameter},
    {"slowlog-max-len", Is::kParameter},
    {"socket-mark-id", Is::kIgnored, kSystem},
    {"stop-writes-on-bgsave-error", Is::kParameter},
    {"stream-node-max-bytes", Is::kParameter},
    {"stream-node-max-entries", Is::kParameter},
    {"supervised", Is::kIgnored, kForeground},
    {"syslog-enabled", Is::kIgnored, "the log goes to logfile, or to the standard error"},
    {"syslog-facility", Is::kIgnored, "the log goes to logfile, or to the standard error"},
    {"syslog-ident", Is::kIgnored, "the log goes to logfile, or to the standard error"},
    {"tcp-backlog", Is::kKey, "listen.backlog"},
    {"tcp-keepalive", Is::kSeconds, "listen.keepalive"},
    {"timeout", Is::kSeconds, "listen.idle_timeout"},
    {"tls-auth-clients", Is::kRefused, kNoTls},
    {"tls-ca-cert-dir", Is::kRefused, kNoTls},
    {"tls-ca-cert-file", Is::kRefused, kNoTls},
    {"tls-cert-file", Is::kRefused, kNoTls},
    {"tls-ciphers", Is::kRefused, kNoTls},
    {"tls-ciphersuites", Is::kRefused, kNoTls},
    {"tls-client-cert-file", Is::kRefused, kNoTls},
    {"tls-client-key-file", Is::kRefused, kNoTls},
    {"tls-client-key-file-pass", Is::kRefused, kNoTls},
    {"tls-cluster", Is::kOnly, kNoTls, "no"},
    {"tls-dh-params-file", Is::kRefused, kNoTls},
    {"tls-key-file", Is::kRefused, kNoTls},
    {"tls-key-file-pass", Is::kRefused, kNoTls},
    {"tls-port", Is::kOnly, kNoTls, "0"},
    {"tls-prefer-server-ciphers", Is::kRefused, kNoTls},
    {"tls-protocols", Is::kRefused, kNoTls},
    {"tls-replication", Is::kOnly, kNoTls, "no"},
    {"tls-session-cache-size", Is::kRefused, kNoTls},
    {"tls-session-cache-timeout", Is::kRefused, kNoTls},
    {"tls-session-caching", Is::kRefused, kNoTls},
    {"tracking-table-max-keys", Is::kParameter},
    {"unixsocket", Is::kSpecial},
    {"unixsocketperm", Is::kSpecial},
    {"user", Is::kSpecial},
    {"zset-max-listpack-entries", Is::kParameter},
    {"zset-max-listpack-value", Is::kParameter},
    {"zset-max-ziplist-entries", Is::kParameter},
    {"zset-max-ziplist-value", Is::kParameter},
};
static_assert(std::ranges::is_sorted(kDirectives, {}, &Directive::name));

const Directive* FindDirective(std::string_view name) {
  const auto at = std::ranges::lower_bound(kDirectives, name, {}, &Directive::name);
  return at != std::end(kDirectives) && at->name == name ? at : nullptr;
}

std::string Join(std::span<const std::string> words) {
  return fmt::format("{}", fmt::join(words, " "));
}

// The same parameter under its older name.
std::string ParameterName(std::string_view name) {
  std::string known(name);
  if (const std::size_t at = known.find("ziplist"); at != known.npos) {
    known.replace(at, 7, "listpack");
  }
  return known;
}

std::optional<std::string> ReadText(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file || file.bad()) return std::nullopt;
  return text.str();
}

class Reader {
 public:
  void ReadFile(const std::string& path, const Origin& from) {
    const auto text = ReadText(path);
    if (text) return ReadLines(*text, path);
    Refuse(
        from.place.empty() ? "" : "include",
        fmt::format("{}cannot be read: {}",
                    from.place.empty() ? "" : "\"" + Printable(path) + "\" ", std::strerror(errno)),
        from.place.empty() ? Origin{Origin::Source::kFile, path} : from);
  }

  void ReadLines(std::string_view text, const std::string& file) {
    int number = 0;
    for (std::string_view line : Split(text, '\n')) {
      ++number;
      line = Trim(line);
      if (line.empty() || line.front() == '#') continue;
      Take(line, {Origin::Source::kFile, fmt::format("{}:{}", file, number)});
    }
  }

  ConfContent Finish() {
    FinishSave();
    FinishAddresses();
    FinishFolder();
    for (auto& [name, parameter] : last_) content_.parameters.push_back(std::move(parameter));
    for (auto& [key, entry] : keys_) content_.entries.push_back(std::move(entry));
    return std::move(content_);
  }

 private:
  void Refuse(std::string_view key, std::string text, const Origin& origin) {
    content_.findings.push_back(
        {.key = std::string(key), .text = std::move(text), .source = origin.ToString()});
  }
  void Ignore(std::string_view name, std::string_view reason, const Origin& origin) {
    content_.findings.push_back({.severity = Finding::Severity::kWarning,
                                 .key = std::string(name),
                                 .text = fmt::format("ignored: {}", reason),
                                 .source = origin.ToString()});
  }
  void SetKey(std::string_view key, std::string text, const Origin& origin) {
    keys_[std::string(key)] = {
        .key = std::string(key),
        .value = {.kind = RawValue::Kind::kText, .text = std::move(text), .origin = origin}};
  }
  void SetParameter(std::string_view name, std::string text, const Origin& origin) {
    last_[std::string(name)] = {std::string(name), std::move(text), origin};
  }

  void Take(std::string_view line, const Origin& origin) {
    const auto split = SplitArgs(line);
    if (!split) return Refuse("", "unbalanced quotes in a line", origin);
    if (split->empty()) return;
    const std::string name = ToLower(split->front());
    const Words words(split->begin() + 1, split->end());
    const Directive* directive = FindDirective(name);
    if (directive == nullptr) return Unknown(name, origin);
    Apply(*directive, words, origin);
  }

  void Unknown(std::string_view name, const Origin& origin) {
    std::vector<std::string_view> known;
    for (const Directive& directive : kDirectives) known.push_back(directive.name);
    const std::string_view nearest = NearestWord(name, known);
    Refuse(Printable(name),
           nearest.empty() ? "unknown directive"
                           : fmt::format("unknown directive; did you mean {}?", nearest),
           origin);
  }

  void Apply(const Directive& directive, const Words& words, const Origin& origin) {
    const std::string_view name = directive.name;
    if (directive.is == Is::kSpecial) return Special(directive, words, origin);
    if (directive.is == Is::kIgnored) return Ignore(name, directive.detail, origin);
    if (directive.is == Is::kRefused) return Refuse(name, std::string(directive.detail), origin);
    if (directive.is == Is::kWords) return SetParameter(name, Join(words), origin);
    if (words.size() != 1) return WrongNumber(name, origin);
    const std::string& word = words.front();
    switch (directive.is) {
      case Is::kOnly:
        if (EqualIgnoreCase(word, directive.only)) return;
        return Refuse(name, fmt::format("\"{}\": {}", Printable(word), directive.detail), origin);
      case Is::kSeconds:
        return Seconds(directive, word, origin);
      case Is::kKey:
        return SetKey(directive.detail, word, origin);
      default:
        return SetParameter(ParameterName(name), word, origin);
    }
  }

  void WrongNumber(std::string_view name, const Origin& origin) {
    Refuse(name, "wrong number of arguments", origin);
  }

  void Seconds(const Directive& directive, const std::string& word, const Origin& origin) {
    const auto seconds = ParseInt(word);
    if (!seconds || *seconds < 0 || *seconds > INT32_MAX) {
      return Refuse(directive.name,
                    fmt::format("\"{}\" is not a number of seconds", Printable(word)), origin);
    }
    SetKey(directive.detail, word + "s", origin);
  }

  void Special(const Directive& directive, const Words& words, const Origin& origin) {
    const std::string_view name = directive.name;
    if (name == "save") return Save(words, origin);
    if (name == "user") return User(words, origin);
    if (name == "client-output-buffer-limit") return OutputLimit(words, origin);
    if (name == "bind") return Bind(words, origin);
    if (name == "replicaof" || name == "slaveof") return ReplicaOf(directive, words, origin);
    if (words.size() != 1) return WrongNumber(name, origin);
    const std::string& word = words.front();
    if (name == "include") return Include(word, origin);
    if (name == "loglevel") return Level(word, origin);
    if (name == "unixsocketperm") return SocketMode(word, origin);
    if (name == "dir") {
      folder_ = {"dir", word, origin};
    } else if (name == "dbfilename") {
      dump_ = {"dbfilename", word, origin};
    } else if (!word.empty()) {
      paths_[name == "aclfile"   ? "listen.acl_file"
             : name == "logfile" ? "log.file"
                                 : "listen.unix_socket"] = {std::string(name), word, origin};
    }
  }

  // --- One directive each --------------------------------------------------------------------

  // `save ""` takes back what was said before it.
  void Save(const Words& words, const Origin& origin) {
    if (words.empty()) return WrongNumber("save", origin);
    if (!save_) save_ = Parameter{"save", "", origin};
    save_->origin = origin;
    if (words.size() == 1 && words.front().empty()) {
      save_->text.clear();
      return;
    }
    const bool positive = std::ranges::all_of(words, [](const std::string& word) {
      const auto number = ParseInt(word);
      return number && *number >= 0;
    });
    if (words.size() % 2 != 0 || !positive) {
      return Refuse("save", "takes pairs of seconds and changes, or \"\"", origin);
    }
    save_->text += (save_->text.empty() ? "" : " ") + Join(words);
  }

  void User(const Words& words, const Origin& origin) {
    if (words.empty()) return WrongNumber("user", origin);
    content_.users.push_back({"user", "user " + Join(words), origin});
  }

  void OutputLimit(const Words& words, const Origin& origin) {
    if (words.empty() || words.size() % 4 != 0) {
      return WrongNumber("client-output-buffer-limit", origin);
    }
    auto& limits = last_["client-output-buffer-limit"];
    limits = {"client-output-buffer-limit",
              limits.text + (limits.text.empty() ? "" : " ") + Join(words), origin};
  }

  void Bind(const Words& words, const Origin& origin) {
    // `bind ""` is a way to say that nothing but the Unix socket is listened on.
    addresses_ = words.size() == 1 && words.front().empty() ? Words{} : words;
    bound_ = origin;
  }

  void ReplicaOf(const Directive& directive, const Words& words, const Origin& origin) {
    const bool none =
        words.size() == 2 && EqualIgnoreCase(words[0], "no") && EqualIgnoreCase(words[1], "one");
    if (none) return;
    Refuse(directive.name, std::string(directive.detail), origin);
  }

  void Level(const std::string& word, const Origin& origin) {
    static const std::map<std::string, std::string, std::less<>> kLevels = {
        {"debug", "debug"}, {"verbose", "debug"}, {"notice", "info"}, {"warning", "warning"}};
    const auto at = kLevels.find(ToLower(word));
    if (at == kLevels.end()) {
      return Refuse(
          "loglevel",
          fmt::format("\"{}\" is not one of debug, verbose, notice, warning", Printable(word)),
          origin);
    }
    SetKey("log.level", at->second, origin);
  }

  // 0 leaves the mode to the system.
  void SocketMode(const std::string& word, const Origin& origin) {
    if (word.find_first_not_of('0') == word.npos) return;
    SetKey("listen.unix_socket_mode", word, origin);
  }

  // A pattern that fits nothing includes nothing; a file that is missing is an error.
  void Include(const std::string& pattern, const Origin& origin) {
    if (depth_ == kMaxDepth) return Refuse("include", "files include each other too deep", origin);
    std::vector<std::string> files;
    if (pattern.find_first_of("*?[") == pattern.npos) {
      files.push_back(pattern);
    } else {
      glob_t found{};
      if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
        files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
      }
      globfree(&found);
    }
    ++depth_;
    for (const std::string& file : files) ReadFile(file, origin);
    --depth_;
  }

  // --- What the whole file says --------------------------------------------------------------

  void FinishSave() {
    const bool given = save_.has_value();
    const Parameter save = given ? *save_ : Parameter{"save", std::string(kDefaultSave), {}};
    // Without save points redis-server does not save at its end, either.
    if (save.text.empty()) SetKey("persistence.snapshot_on_shutdown", "false", save.origin);
    last_["save"] = save;
  }

  bool IsGuarded() const {
    const auto password = keys_.find("listen.password");
    return paths_.contains("listen.acl_file") || !content_.users.empty() ||
           (password != keys_.end() && !password->second.value.text.empty());
  }

  // Without a `bind` line redis-server listens everywhere, and without a password answers only
  // this machine.
  void FinishAddresses() {
    if (!bound_) {
      if (!IsGuarded()) return;
      addresses_ = {"*", "-::*"};
      bound_ = Origin{Origin::Source::kFile, "no bind line"};
    }
    if (addresses_.empty()) return SetKey("listen.port", "0", *bound_);
    FileEntry entry{.key = "listen.address", .value = {}};
    entry.value = {.kind = RawValue::Kind::kList, .items = addresses_, .origin = *bound_};
    keys_[entry.key] = std::move(entry);
  }

  // redis-server works in `dir`: names of files begin there.
  std::string InFolder(const std::string& path) const {
    if (folder_.text.empty()) return path;
    return (std::filesystem::path(folder_.text) / path).lexically_normal().string();
  }

  void FinishFolder() {
    for (const auto& [key, path] : paths_) SetKey(key, InFolder(path.text), path.origin);
    if (!folder_.text.empty()) {
      SetKey("persistence.data_dir", InFolder(std::string(kFolder)), folder_.origin);
    }
    if (!dump_.text.empty() && dump_.text != "dump.rdb") {
      Ignore("dbfilename", kOwnFormat, dump_.origin);
    }
    const std::string dump = InFolder(dump_.text.empty() ? "dump.rdb" : dump_.text);
    content_.dump = {folder_.text.empty() ? "dbfilename" : "dir", dump,
                     folder_.text.empty() ? dump_.origin : folder_.origin};
  }

  ConfContent content_;
  std::map<std::string, FileEntry, std::less<>> keys_;
  std::map<std::string, Parameter, std::less<>> last_;   // by name
  std::map<std::string, Parameter, std::less<>> paths_;  // by key
  std::optional<Parameter> save_;
  Parameter folder_;
  Parameter dump_;
  Words addresses_;
  std::optional<Origin> bound_;
  int depth_ = 0;  // of includes
};

}  // namespace

ConfContent ParseConfText(std::string_view text, const std::string& name) {
  Reader reader;
  reader.ReadLines(text, name);
  return reader.Finish();
}

ConfContent ReadConfFile(const std::string& path) {
  Reader reader;
  reader.ReadFile(path, {});
  return reader.Finish();
}

std::vector<std::string_view> ConfParameters() {
  std::vector<std::string_view> names = {"client-output-buffer-limit", "save"};
  for (const Directive& directive : kDirectives) {
    if (directive.is == Is::kParameter || directive.is == Is::kWords) {
      names.push_back(directive.name);
    }
  }
  return names;
}

}  // namespace satchel::store
