// `satchel check`: reads every row of a data directory and says what is in it.

#include <cstdio>

#include "cli/commands.h"
#include "snapshot/check.h"

namespace satchel::cli {
namespace {

struct CheckOptions {
  std::string dir = "satchel-data";
  bool deep = false;
};

int Check(const CheckOptions& options) {
  const auto depth = options.deep ? snapshot::CheckDepth::kDeep : snapshot::CheckDepth::kRows;
  auto report = snapshot::CheckStore(options.dir, depth);
  if (!report) {
    std::fprintf(stderr, "satchel: %s\n", report.error().detail.c_str());
    return kExitFailure;
  }
  std::fputs(report->Text().c_str(), stdout);
  return report->sound() ? kExitOk : kExitFailure;
}

}  // namespace

void AddCheck(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* check = app.add_subcommand("check", "Check a data directory that is not in use.");
  check->add_option("dir", options->dir, "The data directory")->capture_default_str();
  check->add_flag("--deep", options->deep, "Decode every value, not only the checksums");
  check->footer("Exit codes: 0 sound, 1 damaged or not readable.");
  check->callback([options, &exit_code] { exit_code = Check(*options); });
}

}  // namespace satchel::cli
