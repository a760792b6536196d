// Configuration on the command line: every key of the registry as a flag, beside --config.

#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "store/config/config.h"

namespace satchel::cli {

// Adds --config and a flag for each key to a subcommand. What is given collects in the result,
// which the parser keeps alive.
std::shared_ptr<store::ConfigSources> AddConfigFlags(CLI::App& command);

// Reads all sources; what a redis.conf gives to CONFIG SET is tried, too.
store::LoadedConfig Load(const store::ConfigSources& sources);

// As above. Prints what is wrong or odd to stderr; empty when it is wrong.
std::optional<store::LoadedConfig> LoadOrExplain(const store::ConfigSources& sources);

}  // namespace satchel::cli
