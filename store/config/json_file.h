// The configuration file: JSON with // and /* */ comments, read into flat keys.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/config/raw_value.h"

namespace satchel::store {

struct FileEntry {
  std::string key;  // "listen.port"
  RawValue value;   // its origin names file and line
};

struct FileContent {
  std::vector<FileEntry> entries;  // in order; a duplicate is a finding and is left out
  std::vector<Finding> findings;
};

// `name` is for messages: the file as it was named.
FileContent ParseConfigText(std::string_view text, const std::string& name);

// As above; a file that cannot be read is a finding.
FileContent ReadConfigFile(const std::string& path);

}  // namespace satchel::store
