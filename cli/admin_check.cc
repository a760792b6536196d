// `satchel admin check` and `satchel admin reindex`.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/admin.h"
#include "cli/commands.h"
#include "repos/check/checker.h"

namespace satchel::cli {
namespace {

using repos::check::Checker;
using repos::check::CheckOptions;
using repos::check::Entity;
using repos::check::EntityReport;
using repos::check::Report;

constexpr std::string_view kCheckHelp = R"(Examples:
  satchel admin check --data-dir satchel-data             a stopped store
  satchel admin check --url redis://localhost:6379        a running one, with its writers
  satchel admin check --entity task,workflow --tenant all
  satchel admin check --output json --report drift.json
  satchel admin check --resume state.json                 once more after an interruption

Nothing is written. On a running store a difference counts if it is still there after 5 s. Ids are
named only with --show-keys, secrets and fingerprints never.
Exit codes: 0 no drift, 1 drift, 2 usage or configuration error, 3 the store cannot be reached,
4 interrupted; the file of --resume goes on from there.)";
constexpr std::string_view kReindexHelp = R"(Examples:
  satchel admin reindex --data-dir satchel-data           the same as check
  satchel admin reindex --data-dir satchel-data --repair  and puts right what it finds
  satchel admin reindex --url redis://localhost:6379 --repair --rate 500

Each object is repaired by one script that leaves alone what has changed since it was looked at;
writers may go on. Without a right answer (corrupt, cycle, missing_parent, missing_execution,
unique_clash) things are only reported.
Exit codes: 0 no drift or all repaired, 1 drift remains, 2 usage or configuration error, 3 the store
cannot be reached, 4 interrupted; the file of --resume goes on from there.)";

struct Options {
  AdminOptions admin;
  bool repair = false;
  bool show_keys = false;
  std::int64_t rate = 5000;
  std::int64_t batch = 200;
  std::size_t max_findings = 1000;
  std::string resume;  // file; empty: none
  std::string report;  // file, "-" for standard output; empty: none
};

// One line on a terminal that is written again and again.
class Progress {
 public:
  explicit Progress(bool quiet) : is_shown_(!quiet && isatty(STDERR_FILENO) == 1) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Show(Entity entity, const EntityReport& counts) {
    const std::int64_t now_us = RealClock::Instance().NowUs();
    if (!is_shown_ || now_us - shown_us_ < 200'000) return;
    shown_us_ = now_us;
    std::fprintf(stderr, "\r\x1b[K%s: %llu objects, %llu index members, %llu findings",
                 std::string(repos::check::EntityName(entity)).c_str(),
                 static_cast<unsigned long long>(counts.objects),
                 static_cast<unsigned long long>(counts.index_members),
                 static_cast<unsigned long long>(counts.Total()));
  }
  void Clear() {
    if (shown_us_ > 0) std::fputs("\r\x1b[K", stderr);
    shown_us_ = 0;
  }

 private:
  const bool is_shown_;
  std::int64_t shown_us_ = 0;
};

Result<void> ResumeFrom(Checker& checker, const std::string& path) {
  std::error_code ignored;
  if (path.empty() || !std::filesystem::exists(path, ignored)) return {};
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return MakeError(ErrorCode::kIo, "--resume: cannot read '" + path + "'");
  auto resumed = checker.Resume(text.str());
  if (!resumed) {
    resumed.error().detail = "--resume: '" + path + "' " + resumed.error().detail;
  }
  return resumed;
}

Result<void> Tell(const Options& options, const Report& report) {
  const std::string json = report.ToJson();
  if (!options.report.empty() && options.report != "-") {
    SATCHEL_TRY(WritePrivateFile(options.report, json));
  }
  if (options.admin.output == "json" || options.report == "-") {
    std::fputs(json.c_str(), stdout);
  } else if (!options.admin.quiet) {
    std::fputs(report.ToTable().c_str(), stdout);
  }
  return {};
}

Result<Report> Check(const Options& options, const AdminScope& scope, AdminStores& stores,
                     const std::stop_token& stop) {
  Progress progress(options.admin.quiet);
  CheckOptions check{.repo = scope.repo,
                     .all_tenants = scope.all_tenants,
                     .entities = scope.entities,
                     .repair = options.repair,
                     .rate = options.rate,
                     .batch = options.batch,
                     .max_samples = options.max_findings,
                     .show_keys = options.show_keys};
  if (stores.is_alone()) check.settle = std::chrono::milliseconds(0);
  check.on_progress = [&](Entity entity, const EntityReport& counts) {
    progress.Show(entity, counts);
  };
  if (!options.resume.empty()) {
    check.on_save = [&](const std::string& state) {
      return WritePrivateFile(options.resume, state);
    };
  }
  Checker checker([&](store::Component component) -> store::Store& { return stores.Of(component); },
                  std::move(check));
  SATCHEL_TRY(ResumeFrom(checker, options.resume));
  return checker.Run(stop);
}

int Run(const Options& options) {
  const auto scope = ReadScope(options.admin);
  if (!scope) return kExitUsage;
  const StopOnSignal signal;
  std::vector<store::Component> components;
  for (const Entity entity : scope->entities) {
    components.push_back(repos::check::ComponentOf(entity));
  }
  auto stores = AdminStores::Open(*scope, components);
  if (!stores) return AdminFailure(stores.error());
  const auto report = Check(options, *scope, **stores, signal.token());
  const auto closed = (*stores)->Close(options.repair);
  if (!report) return AdminFailure(report.error());
  if (auto told = Tell(options, *report); !told) return AdminFailure(told.error());
  if (!closed) return AdminFailure(closed.error());
  if (report->complete && !options.resume.empty()) {
    std::error_code ignored;
    std::filesystem::remove(options.resume, ignored);
  }
  return report->ExitCode();
}

void AddFlags(CLI::App& command, Options& options) {
  AddAdminFlags(command, options.admin);
  command.add_option("--rate", options.rate, "Most objects and index members a second")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--batch", options.batch, "Keys a step")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command.add_option("--resume", options.resume,
                     "Where to note how far it is, and to go on from; removed at the end");
  command.add_option("--report", options.report, "Where to write the report as JSON; - is stdout");
  command.add_option("--max-findings", options.max_findings, "Most findings that are listed")
      ->capture_default_str();
  command.add_flag("--show-keys", options.show_keys, "Name keys and members of findings");
}

}  // namespace

void AddAdminCheck(CLI::App& admin, int& exit_code) {
  auto checked = std::make_shared<Options>();
  CLI::App* check =
      admin.add_subcommand("check", "Compare objects with their indexes, registries and counters.");
  check->footer(std::string(kCheckHelp));
  AddFlags(*check, *checked);
  check->callback([checked, &exit_code] { exit_code = Run(*checked); });

  auto reindexed = std::make_shared<Options>();
  CLI::App* reindex = admin.add_subcommand("reindex", "The same; with --repair, put it right.");
  reindex->footer(std::string(kReindexHelp));
  AddFlags(*reindex, *reindexed);
  reindex->add_flag("--repair", reindexed->repair, "Write what the objects say");
  reindex->callback([reindexed, &exit_code] { exit_code = Run(*reindexed); });
}

}  // namespace satchel::cli
