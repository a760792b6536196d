#include "cli/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

namespace satchel::cli {
namespace {

// One JSON object a line: {"level":"info","text":"...","time":"..."}.
class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    spdlog::memory_buf_t time;
    time_.format(message, time);
    const auto level = spdlog::level::to_string_view(message.level);
    const nlohmann::json line = {
        {"time", std::string(time.data(), time.size())},
        {"level", std::string(level.data(), level.size())},
        {"text", std::string(message.payload.data(), message.payload.size())}};
    const std::string text =
        line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }

 private:
  spdlog::pattern_formatter time_{"%Y-%m-%dT%H:%M:%S.%e%z", spdlog::pattern_time_type::local, ""};
};

spdlog::level::level_enum LevelOf(store::LogLevel level) {
  switch (level) {
    case store::LogLevel::kDebug:
      return spdlog::level::debug;
    case store::LogLevel::kInfo:
      return spdlog::level::info;
    case store::LogLevel::kWarning:
      return spdlog::level::warn;
    case store::LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

Result<void> SetUpLog(const store::Config& config) {
  spdlog::sink_ptr sink;
  try {
    if (config.log.file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(config.log.file);
    }
  } catch (const spdlog::spdlog_ex& error) {
    return MakeError(ErrorCode::kIo, std::string("log.file: ") + error.what());
  }
  auto logger = std::make_shared<spdlog::logger>("satchel", std::move(sink));
  if (config.log.format == store::LogFormat::kJson) {
    logger->set_formatter(std::make_unique<JsonFormatter>());
  } else {
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
  }
  logger->set_level(LevelOf(config.log.level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

}  // namespace satchel::cli
