#include "cli/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <string>

namespace satchel::cli {

Result<void> SetUpLog(std::string_view level) {
  const std::string name(level);
  if (name != "debug" && name != "info" && name != "warning" && name != "error") {
    return MakeError(ErrorCode::kConfig, "--log-level: \"" + name +
                                             "\" is not a level (allowed: debug, info, warning, "
                                             "error)");
  }
  auto logger = std::make_shared<spdlog::logger>("satchel",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
  logger->set_level(spdlog::level::from_str(name));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

}  // namespace satchel::cli
