// `satchel health`: asks a serving process whether it is ready.

#include <cstdio>

#include "cli/commands.h"
#include "server/http.h"

namespace satchel::cli {
namespace {

constexpr std::string_view kHelp = R"(Examples:
  satchel health                                 of `satchel serve` on this machine
  satchel health http://127.0.0.1:9471/healthz   another port; does it live, ready or not
  satchel health --quiet && echo ready

Exit codes: 0 ready, 1 not ready, 2 usage error, 3 nobody answers there.)";

struct HealthFlags {
  std::string url = "http://127.0.0.1:9470/readyz";
  int timeout_s = 2;
  bool quiet = false;
};

int Ask(const HealthFlags& flags) {
  std::string url = flags.url;
  if (url.starts_with("http://") && url.find('/', 7) == std::string::npos) url += "/readyz";
  const auto page = server::HttpGet(url, std::chrono::seconds(flags.timeout_s));
  if (!page) {
    std::fprintf(stderr, "satchel: %s\n", page.error().detail.c_str());
    return page.error().code == ErrorCode::kInvalidArgument ? kExitUsage : kExitUnreachable;
  }
  if (!flags.quiet) std::fputs(page->body.c_str(), stdout);
  return page->status == 200 ? kExitOk : kExitFailure;
}

}  // namespace

void AddHealth(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<HealthFlags>();
  CLI::App* health = app.add_subcommand("health", "Print whether a serving process is ready.");
  health->add_option("url", flags->url, "http://HOST:PORT[/PATH]")->capture_default_str();
  health->add_option("--timeout", flags->timeout_s, "Seconds to wait for an answer")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  health->add_flag("--quiet", flags->quiet, "Only the exit code");
  health->footer(std::string(kHelp));
  health->callback([flags, &exit_code] { exit_code = Ask(*flags); });
}

}  // namespace satchel::cli
