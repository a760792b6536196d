#include "store/config/validate.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "store/config/raw_value.h"
#include "store/remote/seed.h"

namespace satchel::store {
namespace {

class Rules {
 public:
  Rules(const Config& config, std::vector<Finding>* findings)
      : config_(config), findings_(findings) {}

  void Run() {
    Modes();
    Naming();
    Listener();
    Http();
    Spans();
    Persistence();
    Distributed();
  }

 private:
  void Refuse(std::string_view key, std::string text) {
    Add(Finding::Severity::kError, key, std::move(text));
  }
  void Warn(std::string_view key, std::string text) {
    Add(Finding::Severity::kWarning, key, std::move(text));
  }
  void Add(Finding::Severity severity, std::string_view key, std::string text) {
    const Origin& origin = config_.origin(key);
    findings_->push_back({.severity = severity,
                          .key = std::string(key),
                          .text = std::move(text),
                          .source = origin.is_set() ? origin.ToString() : ""});
  }

  void Modes() {
    const Mode workflow = config_.EffectiveMode(Component::kWorkflow);
    const Mode task = config_.EffectiveMode(Component::kTask);
    if (workflow == task) return;
    Refuse(config_.is_set("task.mode") ? "task.mode" : "workflow.mode",
           fmt::format("workflow is {} and task is {}, but they share their keys; set both "
                       "workflow.mode and task.mode to the same, or neither",
                       ModeName(workflow), ModeName(task)));
  }

  void Naming() {
    const std::string& prefix = config_.key_prefix;
    const bool legal = std::ranges::all_of(prefix, [](unsigned char c) {
      return (c < 128 && isalnum(c)) || c == '_' || c == '.' || c == '-';
    });
    if (!legal || prefix.empty() || prefix.size() > 64) {
      Refuse("key_prefix", fmt::format("\"{}\" is not allowed (allowed: 1 to 64 of letters, "
                                       "digits, \"_\", \".\" and \"-\")",
                                       Printable(prefix)));
    }
    if (config_.tenant.size() > 512) Refuse("tenant", "longer than 512 bytes");
  }

  // With a '-' in front: may be missing on this machine.
  static bool IsLoopback(std::string address) {
    if (address.starts_with('-')) address.erase(0, 1);
    in_addr v4{};
    if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    return address == "::1" || EqualIgnoreCase(address, "localhost");
  }

  void Listener() {
    const ListenConfig& listen = config_.listen;
    if (!listen.enabled) return;
    if (listen.port != 0) ListenAddresses(listen);
    if (!listen.acl_file.empty() && !listen.password.empty()) {
      Refuse("listen.acl_file",
             "the default user's password would come from here and from listen.password; leave one "
             "of them out");
    }
    if (listen.port == 0 && listen.unix_socket.empty()) {
      Refuse("listen.port", "0 means no TCP, and there is no listen.unix_socket either; set one");
    }
  }

  void Http() {
    const HttpConfig& http = config_.http;
    if (!http.enabled || http.allow_remote || IsLoopback(http.address)) return;
    Refuse("http.address",
           fmt::format("\"{}\" can be reached from other machines, and nothing guards metrics and "
                       "health; set http.allow_remote if that is wanted, or use 127.0.0.1",
                       Printable(http.address)));
  }

  void ListenAddresses(const ListenConfig& listen) {
    if (listen.address.empty()) {
      Refuse("listen.address", "must not be empty; set it, for example to \"127.0.0.1\"");
    }
    for (const std::string& address : listen.address) {
      const bool guarded =
          !listen.password.empty() || !listen.acl_file.empty() || !config_.users.empty();
      if (guarded || IsLoopback(address)) continue;
      Refuse("listen.address",
             fmt::format("\"{}\" can be reached from other machines; set listen.password, "
                         "listen.password_file or listen.acl_file, or listen on 127.0.0.1",
                         Printable(address)));
    }
  }

  void NotAbove(std::string_view key, std::chrono::milliseconds value, std::string_view limit_key,
                std::chrono::milliseconds limit) {
    if (value <= limit) return;
    Refuse(key, fmt::format("is above {}; change one of them", limit_key));
  }

  void Spans() {
    NotAbove("lock.min_ttl", config_.lock.min_ttl, "lock.default_ttl", config_.lock.default_ttl);
    const TasksBackendConfig& tasks = config_.tasks_backend;
    NotAbove("tasks_backend.default_ttl", tasks.default_ttl, "tasks_backend.max_ttl",
             tasks.max_ttl);
    NotAbove("tasks_backend.max_ttl", tasks.max_ttl, "tasks_backend.version_retention",
             tasks.version_retention);
  }

  void Persistence() {
    const PersistenceConfig& persistence = config_.persistence;
    if (persistence.durability > Durability::kSnapshot) {
      Refuse("persistence.durability",
             fmt::format("\"{}\" is not available in this version; use snapshot",
                         persistence.durability == Durability::kAlways ? "always" : "everysec"));
    }
    if (persistence.enabled) {
      PersistenceEnabled(persistence);
    } else if (persistence.durability != Durability::kNone) {
      Refuse("persistence.durability",
             "needs persistence.enabled = true and persistence.data_dir; set them, or leave "
             "durability out");
    }
    if (!config_.AnyComponentIn(Mode::kStandalone)) PersistenceUnused();
  }

  void PersistenceEnabled(const PersistenceConfig& persistence) {
    if (Trim(persistence.data_dir).empty()) {
      Refuse("persistence.data_dir",
             "must not be blank while persistence.enabled is true; set it to a directory, or "
             "persistence.enabled = false");
    }
    if (persistence.snapshot_interval.count() == 0) {
      Refuse("persistence.snapshot_interval", "must be more than 0; set it, for example to \"5m\"");
    }
    if (persistence.durability == Durability::kNone) {
      Refuse("persistence.durability",
             "\"none\" keeps nothing while persistence.enabled is true; use snapshot, or set "
             "persistence.enabled = false");
    }
  }

  void PersistenceUnused() {
    for (const auto& [key, origin] : config_.origins) {
      if (!key.starts_with("persistence.") || !origin.is_set()) continue;
      Warn(key, "has no effect: no component is standalone");
    }
  }

  std::string DistributedComponents() const {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < kComponents; ++i) {
      const auto component = static_cast<Component>(i);
      if (config_.EffectiveMode(component) == Mode::kDistributed) {
        names.push_back(ComponentName(component));
      }
    }
    if (names.size() == kComponents) return "all components are";
    return fmt::format("{} {}", fmt::join(names, ", "), names.size() == 1 ? "is" : "are");
  }

  void Distributed() {
    const DistributedConfig& distributed = config_.distributed;
    if (distributed.seeds.empty() && config_.AnyComponentIn(Mode::kDistributed)) {
      Refuse("distributed.seeds",
             fmt::format("required because {} distributed; set it, for example to "
                         "\"localhost:6379\"",
                         DistributedComponents()));
    }
    if (distributed.seeds.size() > 1) {
      Refuse("distributed.seeds",
             fmt::format("{} addresses are given, but this version connects to a single server; "
                         "give one",
                         distributed.seeds.size()));
    }
    for (const std::string& text : distributed.seeds) OneSeed(text);
    if (distributed.retry.min_backoff > distributed.retry.max_backoff) {
      Refuse("distributed.retry.min_backoff",
             "must not be more than distributed.retry.max_backoff; change one of them");
    }
    if (!distributed.username.empty() && distributed.password.empty()) {
      Refuse("distributed.username", "needs distributed.password or distributed.password_file");
    }
  }

  void OneSeed(const std::string& text) {
    const auto seed = ParseSeed(text);
    if (!seed) return Refuse("distributed.seeds", seed.error().detail);
    const DistributedConfig& distributed = config_.distributed;
    const auto differs = [](const auto& in_url, const auto& in_key, bool key_given) {
      return in_url && key_given && *in_url != in_key;
    };
    if (differs(seed->username, distributed.username, !distributed.username.empty())) {
      Refuse("distributed.username", "differs from the user in distributed.seeds; keep one");
    }
    if (differs(seed->password, distributed.password, !distributed.password.empty())) {
      Refuse("distributed.password", "differs from the password in distributed.seeds; keep one");
    }
    if (differs(seed->db, distributed.db, config_.is_set("distributed.db"))) {
      Refuse("distributed.db", "differs from the database in distributed.seeds; keep one");
    }
  }

  const Config& config_;            // borrowed
  std::vector<Finding>* findings_;  // borrowed
};

}  // namespace

void Validate(const Config& config, std::vector<Finding>* findings) {
  Rules(config, findings).Run();
}

}  // namespace satchel::store
