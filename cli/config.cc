// `satchel config`: what this process would be told to do, and by whom.

#include <cstdio>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "store/config/text.h"

namespace satchel::cli {
namespace {

struct Output {
  std::string style = "table";
  bool only_set = false;
};

store::TextStyle StyleOf(const Output& output) {
  return output.style == "json" ? store::TextStyle::kJson : store::TextStyle::kTable;
}

void AddOutput(CLI::App& command, const std::shared_ptr<Output>& output) {
  command.add_option("--output", output->style, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

void AddShow(CLI::App& config, int& exit_code) {
  CLI::App* show = config.add_subcommand("show", "Print every key with its value and source.");
  auto output = std::make_shared<Output>();
  const auto sources = AddConfigFlags(*show);
  AddOutput(*show, output);
  show->add_flag("--only-set", output->only_set, "Leave the defaults out");
  show->callback([sources, output, &exit_code] {
    const auto loaded = LoadOrExplain(*sources);
    exit_code = loaded ? kExitOk : kExitUsage;
    if (!loaded) return;
    const std::string text = store::FormatShow(
        loaded->config, {.only_set = output->only_set, .style = StyleOf(*output)});
    std::fputs(text.c_str(), stdout);
  });
}

void AddValidate(CLI::App& config, int& exit_code) {
  CLI::App* validate = config.add_subcommand("validate", "Print what is wrong; exit 2 if any.");
  auto output = std::make_shared<Output>();
  const auto sources = AddConfigFlags(*validate);
  AddOutput(*validate, output);
  validate->callback([sources, output, &exit_code] {
    const store::LoadedConfig loaded = Load(*sources);
    std::fputs(store::FormatFindings(loaded, StyleOf(*output)).c_str(), stdout);
    exit_code = loaded.ok() ? kExitOk : kExitUsage;
  });
}

}  // namespace

void AddConfig(CLI::App& app, int& exit_code) {
  CLI::App* config = app.add_subcommand("config", "Show or check the configuration.");
  config->require_subcommand(1);
  AddShow(*config, exit_code);
  AddValidate(*config, exit_code);
  config->add_subcommand("docs", "Print docs/configuration.md.")->callback([&exit_code] {
    std::fputs(store::FormatDocs().c_str(), stdout);
    exit_code = kExitOk;
  });
}

}  // namespace satchel::cli
