// Reads all sources, lowest first, so that a higher one replaces what is there; then fills the
// fields, works out the defaults that depend on other keys, and checks the result.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/check.h"
#include "base/text.h"
#include "store/config/config.h"
#include "store/config/json_file.h"
#include "store/config/redis_conf.h"
#include "store/config/registry.h"
#include "store/config/validate.h"

extern char** environ;

namespace satchel::store {
namespace {

constexpr std::string_view kPrefix = "SATCHEL_";
constexpr std::string_view kFileVariable = "SATCHEL_CONFIG";
constexpr const char* kDefaultFile = "satchel.json";
constexpr const char* kServeDataDir = "satchel-data";

// Each secret, and the key of the file that may hold it.
constexpr struct {
  std::string_view secret, file;
} kSecretFiles[] = {{"listen.password", "listen.password_file"},
                    {"distributed.password", "distributed.password_file"}};

class Loader {
 public:
  explicit Loader(const ConfigSources& sources) : sources_(sources) {}

  LoadedConfig Run() {
    if (sources_.redis_conf.empty()) {
      TakeFile();
    } else {
      TakeRedisConf();
    }
    TakeEnvironment();
    TakeFlags();
    AssignAll();
    WorkOutDefaults();
    for (const auto& row : kSecretFiles) ReadSecret(row.secret, row.file);
    SettleRedisConf();
    // A key that was refused has its default now, which would be judged for nothing.
    if (loaded_.ok()) {
      Validate(config(), &loaded_.findings);
    } else {
      ValidateTheRest();
    }
    return std::move(loaded_);
  }

 private:
  Config& config() { return loaded_.config; }

  void Refuse(std::string_view key, std::string text, std::string source) {
    loaded_.findings.push_back(
        {.key = std::string(key), .text = std::move(text), .source = std::move(source)});
  }

  std::string FileToRead() const {
    if (!sources_.file.empty()) return sources_.file;
    const auto named = sources_.environment.find(std::string(kFileVariable));
    if (named != sources_.environment.end() && !named->second.empty()) return named->second;
    std::error_code ignored;
    return std::filesystem::exists(kDefaultFile, ignored) ? kDefaultFile : "";
  }

  void TakeFile() {
    loaded_.file = FileToRead();
    if (loaded_.file.empty()) return;
    FileContent content = ReadConfigFile(loaded_.file);
    std::ranges::move(content.findings, std::back_inserter(loaded_.findings));
    for (FileEntry& entry : content.entries) {
      if (FindKey(entry.key) != nullptr) {
        raw_[entry.key] = std::move(entry.value);
      } else {
        Refuse(entry.key, UnknownKey(entry.key), entry.value.origin.ToString());
      }
    }
  }

  void TakeRedisConf() {
    loaded_.file = config().redis_conf = sources_.redis_conf;
    const auto variable = sources_.environment.find(std::string(kFileVariable));
    const bool named = variable != sources_.environment.end() && !variable->second.empty();
    if (!sources_.file.empty() || named) {
      Refuse("",
             fmt::format("{} and {} are both given; keep one", loaded_.file,
                         sources_.file.empty() ? variable->second : sources_.file),
             sources_.file.empty() ? "environment SATCHEL_CONFIG" : "flag --config");
    }
    ConfContent content = ReadConfFile(loaded_.file);
    std::ranges::move(content.findings, std::back_inserter(loaded_.findings));
    for (FileEntry& entry : content.entries) raw_[entry.key] = std::move(entry.value);
    config().parameters = std::move(content.parameters);
    config().users = std::move(content.users);
    dump_ = std::move(content.dump);
  }

  // What a higher source says about the same thing counts.
  void SettleRedisConf() {
    if (config().redis_conf.empty()) return;
    const PersistenceConfig& persistence = config().persistence;
    const bool interval = IsSet("persistence.snapshot_interval");
    if (interval || !persistence.enabled) {
      std::erase_if(config().parameters,
                    [](const Parameter& parameter) { return parameter.name == "save"; });
    }
    if (!config().listen.acl_file.empty() && !config().users.empty()) {
      Refuse("user", "users are given here and in an aclfile too; keep one",
             config().users.front().origin.ToString());
    }
    const bool elsewhere = config().origin("persistence.data_dir").source > Origin::Source::kFile;
    std::error_code unreadable;
    if (!persistence.enabled || elsewhere || !std::filesystem::exists(dump_.text, unreadable) ||
        std::filesystem::exists(persistence.data_dir, unreadable)) {
      return;
    }
    Refuse(dump_.name,
           fmt::format("\"{}\" holds data of redis-server, which would not be read: this version "
                       "cannot import it; to begin without it, move it away or name another dir",
                       Printable(dump_.text)),
           dump_.origin.ToString());
  }

  static std::string UnknownKey(std::string_view key) {
    const bool is_section = std::ranges::any_of(
        KeyRows(), [&](const KeyRow& row) { return row.key.starts_with(std::string(key) + "."); });
    if (is_section) return "is a section, not a value; give an object";
    const std::string_view nearest = NearestKey(key);
    return nearest.empty() ? "unknown key" : fmt::format("unknown key; did you mean {}?", nearest);
  }

  void TakeEnvironment() {
    std::map<std::string, std::string_view> known;
    for (const KeyRow& row : KeyRows()) known[EnvironmentName(row.key)] = row.key;
    for (const auto& [name, text] : sources_.environment) {
      if (!name.starts_with(kPrefix) || name == kFileVariable || text.empty()) continue;
      const Origin origin{Origin::Source::kEnvironment, name};
      if (const auto at = known.find(name); at != known.end()) {
        raw_[std::string(at->second)] = {.text = text, .origin = origin};
      } else {
        Refuse(name, UnknownVariable(name), "environment");
      }
    }
  }

  // As for an unknown key: SATCHEL_LISTEN__PRT would be listen.prt.
  static std::string UnknownVariable(std::string_view name) {
    std::string key = ToLower(name.substr(kPrefix.size()));
    for (auto at = key.find("__"); at != key.npos; at = key.find("__", at)) key.replace(at, 2, ".");
    const std::string_view nearest = NearestKey(key);
    if (nearest.empty()) return "unknown variable";
    return fmt::format("unknown variable; did you mean {}?", EnvironmentName(nearest));
  }

  void TakeFlags() {
    for (const FlagValue& given : sources_.flags) {
      const Flag* flag = FindFlag(given.flag);
      if (flag == nullptr) {
        Refuse(given.flag, "unknown flag", "flag");
        continue;
      }
      const std::string_view text = flag->fixed_value.empty() ? given.text : flag->fixed_value;
      raw_[std::string(flag->key)] = {.text = std::string(text),
                                      .origin = {Origin::Source::kFlag, given.flag}};
    }
  }

  void AssignAll() {
    for (const KeyRow& row : KeyRows()) {
      const Field field = row.field(config());
      if (row.default_text.empty() && row.type != KeyType::kMode) {
        config().origins[std::string(row.key)] = {};
      } else {
        SATCHEL_CHECK(Assign(row, {.text = std::string(row.default_text)}, field).has_value());
        config().origins[std::string(row.key)] = {};
      }
      const auto at = raw_.find(row.key);
      if (at == raw_.end()) continue;
      if (auto assigned = Assign(row, at->second, field); !assigned) {
        refused_.push_back(row.key);
        Refuse(row.key, assigned.error().detail, at->second.origin.ToString());
      } else {
        config().origins[std::string(row.key)] = at->second.origin;
      }
    }
  }

  bool IsSet(std::string_view key) { return config().is_set(key); }

  void WorkOutDefaults() {
    const bool serve = sources_.program == Program::kServe;
    PersistenceConfig& persistence = config().persistence;
    if (!IsSet("listen.enabled")) config().listen.enabled = serve;
    if (!IsSet("http.enabled")) config().http.enabled = serve;
    if (!IsSet("persistence.data_dir") && serve) persistence.data_dir = kServeDataDir;
    const bool durability_set = IsSet("persistence.durability");
    if (!IsSet("persistence.enabled")) {
      const bool none = durability_set && persistence.durability == Durability::kNone;
      persistence.enabled = !none && (serve || IsSet("persistence.data_dir"));
    }
    if (!durability_set) {
      persistence.durability = persistence.enabled ? Durability::kSnapshot : Durability::kNone;
    }
  }

  void ReadSecret(std::string_view secret, std::string_view file) {
    if (!IsSet(file)) return;
    const std::string source = config().origin(file).ToString();
    refused_.push_back(secret);
    if (IsSet(secret)) {
      return Refuse(file, fmt::format("both this and {} are given; keep one", secret), source);
    }
    const std::string& path = *std::get<std::string*>(FindKey(file)->field(config()));
    std::ifstream stream(path);
    std::stringstream content;
    if (stream) content << stream.rdbuf();
    if (!stream || stream.bad()) {
      return Refuse(file, fmt::format("cannot be read: {}", std::strerror(errno)), source);
    }
    std::string text = content.str();
    if (text.ends_with('\n')) text.pop_back();
    *std::get<std::string*>(FindKey(secret)->field(config())) = std::move(text);
    refused_.pop_back();
  }

  // The rules whose key was not refused before.
  void ValidateTheRest() {
    std::vector<Finding> findings;
    Validate(config(), &findings);
    for (Finding& finding : findings) {
      const bool judged = std::ranges::any_of(refused_, [&](std::string_view key) {
        return key.substr(0, key.find('.')) == finding.key.substr(0, finding.key.find('.'));
      });
      if (!judged) loaded_.findings.push_back(std::move(finding));
    }
  }

  const ConfigSources& sources_;  // borrowed
  std::map<std::string, RawValue, std::less<>> raw_;
  Parameter dump_;                         // of a redis.conf
  std::vector<std::string_view> refused_;  // keys whose value was no value
  LoadedConfig loaded_;
};

}  // namespace

LoadedConfig ReadConfig(const ConfigSources& sources) { return Loader(sources).Run(); }

std::map<std::string, std::string> SatchelEnvironment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (!text.starts_with(kPrefix) || equals == text.npos) continue;
    variables[std::string(text.substr(0, equals))] = text.substr(equals + 1);
  }
  return variables;
}

}  // namespace satchel::store
