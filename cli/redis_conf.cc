#include "cli/redis_conf.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/text.h"
#include "server/file.h"
#include "server/parameters.h"
#include "server/server.h"
#include "store/config/conf_rewrite.h"

namespace satchel::cli {
namespace {

using store::Parameter;

constexpr std::string_view kUsers = "user";

constexpr struct {
  std::string_view name;
  spdlog::level::level_enum level;
} kLevels[] = {{"debug", spdlog::level::debug},
               {"notice", spdlog::level::info},
               {"verbose", spdlog::level::debug},
               {"warning", spdlog::level::warn}};

std::string LevelText() {
  const auto level = spdlog::default_logger_raw()->level();
  for (const auto& row : kLevels) {
    if (row.level == level) return std::string(row.name);
  }
  return "warning";
}

Result<void> SetLevel(std::string_view text) {
  for (const auto& row : kLevels) {
    if (!EqualIgnoreCase(row.name, text)) continue;
    spdlog::default_logger_raw()->set_level(row.level);
    return {};
  }
  return MakeError(
      ErrorCode::kConfig,
      "argument(s) must be one of the following: debug, verbose, notice, warning, nothing");
}

Result<void> Set(engine::Engine& engine, const Parameter& parameter) {
  const SettingRow* row = engine.settings().Find(parameter.name);
  if (row == nullptr || !row->set) {
    return MakeError(ErrorCode::kConfig, "cannot be set in this version");
  }
  return row->set(parameter.text);
}

// Of a file of users; without the path and line that ParseFile puts before each reason.
Result<void> CheckUser(engine::Engine& engine, const Parameter& user) {
  auto parsed = engine.acl().ParseFile("user", user.text);
  if (parsed) return {};
  return MakeError(ErrorCode::kConfig, parsed.error().detail);
}

store::Finding FindingOf(const Parameter& parameter, const Error& error) {
  return {.key = parameter.name, .text = error.detail, .source = parameter.origin.ToString()};
}

}  // namespace

void AddLogSettings(engine::Engine& engine, const store::LogConfig& log) {
  engine.settings().Add({.name = "loglevel",
                         .summary = "What is logged: this and everything graver.",
                         .get = LevelText,
                         .set = SetLevel});
  engine.settings().Add(
      FixedSetting("logfile", "Where log lines go; empty: the standard error.", log.file));
}

Result<void> ApplyParameters(store::EmbeddedStore& store, const store::Config& config) {
  const ExecutionGuard guard(store.lock());
  server::Parameters::Of(store.engine());
  for (const Parameter& parameter : config.parameters) {
    if (auto set = Set(store.engine(), parameter); !set) {
      return MakeError(ErrorCode::kConfig, FindingOf(parameter, set.error()).ToString());
    }
  }
  return {};
}

std::vector<store::Finding> CheckParameters(const store::Config& config) {
  if (config.parameters.empty() && config.users.empty()) return {};
  auto store = store::EmbeddedStore::Open({.extra_commands = {server::ServerCommands()}});
  SATCHEL_CHECK(store.has_value());
  const ExecutionGuard guard((*store)->lock());
  engine::Engine& engine = (*store)->engine();
  server::Parameters::Of(engine);
  std::vector<store::Finding> findings;
  for (const Parameter& parameter : config.parameters) {
    if (parameter.name == "save") continue;  // a store in memory has no save points
    if (auto set = Set(engine, parameter); !set) {
      findings.push_back(FindingOf(parameter, set.error()));
    }
  }
  for (const Parameter& user : config.users) {
    if (auto checked = CheckUser(engine, user); !checked) {
      findings.push_back(FindingOf(user, checked.error()));
    }
  }
  return findings;
}

RedisConf::RedisConf(engine::Engine& engine, const std::string& path)
    : engine_(engine), path_(std::filesystem::absolute(path).lexically_normal().string()) {
  written_ = Current();
}

std::map<std::string, std::string, std::less<>> RedisConf::Current() const {
  std::map<std::string, std::string, std::less<>> values;
  for (const SettingRow* row : engine_.settings().All()) {
    if (row->set) values[row->name] = row->get();
  }
  // With a file of users they are its business.
  if (engine_.Service<engine::AclFile>() == nullptr) {
    values[std::string(kUsers)] = engine_.acl().FileText();
  }
  return values;
}

Result<void> RedisConf::Rewrite() {
  auto current = Current();
  std::vector<store::ConfChange> changes;
  for (const auto& [name, value] : current) {
    if (const auto at = written_.find(name); at != written_.end() && at->second == value) continue;
    store::ConfChange change{.names = {name}, .lines = {}};
    if (name == kUsers) {
      for (std::string_view line : Split(value, '\n')) {
        if (!line.empty()) change.lines.emplace_back(line);
      }
    } else {
      change.lines = store::ConfLines(name, value);
      const std::string& alias = engine_.settings().Find(name)->alias;
      if (!alias.empty()) change.names.push_back(alias);
    }
    changes.push_back(std::move(change));
  }
  // A link stays one: what it points to is replaced.
  std::error_code missing;
  const std::filesystem::path target = std::filesystem::canonical(path_, missing);
  if (missing) return MakeError(ErrorCode::kIo, missing.message());
  struct stat status {};
  if (stat(target.c_str(), &status) != 0) return MakeError(ErrorCode::kIo, std::strerror(errno));
  SATCHEL_ASSIGN(const std::string text, server::ReadWholeFile(target, "cannot read"));
  SATCHEL_TRY(server::ReplaceFile(target, store::RewriteConf(text, changes),
                                  status.st_mode & static_cast<mode_t>(07777)));
  written_ = std::move(current);
  return {};
}

}  // namespace satchel::cli
