// `satchel parameters`: docs/parameters.md, printed from the rows behind CONFIG GET.

#include <fmt/format.h>

#include "cli/commands.h"
#include "server/parameters.h"
#include "store/embedded/embedded_store.h"

namespace satchel::cli {
namespace {

void PrintParameters(engine::Engine& engine) {
  fmt::print(
      "# Parameters\n\n<!-- Printed by `satchel parameters`; do not edit. -->\n\n"
      "What CONFIG GET shows, with its default; CONFIG SET changes what is not marked as fixed. A\n"
      "redis.conf and CONFIG REWRITE know them by the same names, see\n"
      "[configuration.md](configuration.md). `bind`, `port` and `unixsocket` are what the server "
      "was\n"
      "started with.\n\n"
      "| parameter | does | default | |\n|---|---|---|---|\n");
  for (const SettingRow* row : engine.settings().All()) {
    const std::string also = *row->alias == '\0' ? "" : fmt::format(" (also `{}`)", row->alias);
    const std::string value = row->get();
    fmt::print("| `{}`{} | {} | {} | {} |\n", row->name, also, row->summary,
               value.empty() ? "" : "`" + value + "`", row->set ? "" : "fixed");
  }
}

}  // namespace

void AddParameters(CLI::App& app, int& exit_code) {
  app.add_subcommand("parameters", "List the parameters of CONFIG as Markdown: meaning, default.")
      ->callback([&exit_code] {
        auto store = store::EmbeddedStore::Open({});
        if (!store) {
          fmt::print(stderr, "satchel: {}\n", store.error().detail);
          exit_code = kExitFailure;
          return;
        }
        const ExecutionGuard guard((*store)->lock());
        server::Parameters::Of((*store)->engine());
        PrintParameters((*store)->engine());
        exit_code = kExitOk;
      });
}

}  // namespace satchel::cli
