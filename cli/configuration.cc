#include "cli/configuration.h"

#include <cstdio>

#include "cli/redis_conf.h"
#include "store/config/registry.h"

namespace satchel::cli {

std::shared_ptr<store::ConfigSources> AddConfigFlags(CLI::App& command) {
  auto sources = std::make_shared<store::ConfigSources>();
  sources->program = store::Program::kServe;
  sources->environment = store::SatchelEnvironment();
  command.add_option("--config", sources->file,
                     "Configuration file (default: SATCHEL_CONFIG, or ./satchel.json)");
  command.add_option("FILE.conf", sources->redis_conf,
                     "A redis.conf in place of the configuration file");
  for (const store::Flag& flag : store::Flags()) {
    const std::string name = flag.name;
    const std::string summary(flag.summary);
    const bool is_short = name != store::FlagName(flag.key);
    const std::string group = is_short ? "Options" : "Keys of the configuration";
    if (!flag.fixed_value.empty()) {
      command
          .add_flag_callback(
              name,
              [sources, name] {
                sources->flags.push_back({name, ""});
              },
              summary)
          ->group(group);
      continue;
    }
    command
        .add_option_function<std::string>(
            name,
            [sources, name](const std::string& text) {
              sources->flags.push_back({name, text});
            },
            summary)
        ->group(group);
  }
  return sources;
}

store::LoadedConfig Load(const store::ConfigSources& sources) {
  store::LoadedConfig loaded = store::ReadConfig(sources);
  for (store::Finding& finding : CheckParameters(loaded.config)) {
    loaded.findings.push_back(std::move(finding));
  }
  return loaded;
}

std::optional<store::LoadedConfig> LoadOrExplain(const store::ConfigSources& sources) {
  store::LoadedConfig loaded = Load(sources);
  for (const store::Finding& finding : loaded.findings) {
    const bool error = finding.severity == store::Finding::Severity::kError;
    std::fprintf(stderr, "satchel: %s%s\n", error ? "" : "warning: ", finding.ToString().c_str());
  }
  if (!loaded.ok()) return std::nullopt;
  return loaded;
}

}  // namespace satchel::cli
