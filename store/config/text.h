// A configuration as text: what `satchel config show`, `validate` and `docs` print.

#pragma once

#include <string>
#include <vector>

#include "store/config/config.h"

namespace satchel::store {

enum class TextStyle : std::uint8_t { kTable, kJson };

struct ShowOptions {
  bool only_set = false;  // leave out what has its default
  TextStyle style = TextStyle::kTable;
};

// Every key in order, with value and origin. Secrets and the user info of URLs are redacted.
std::string FormatShow(const Config& config, const ShowOptions& options = {});

// One finding a line, errors first; a last line says whether the configuration is valid.
std::string FormatFindings(const LoadedConfig& loaded, TextStyle style = TextStyle::kTable);

// docs/configuration.md.
std::string FormatDocs();

}  // namespace satchel::store
