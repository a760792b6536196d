// A redis.conf as a source of configuration: the directives that have a meaning here, each with
// its file and line. What only names something that Satchel does in another way, or not at all,
// is told as ignored; what would be dangerous to ignore is an error.
//
// Grammar (redis 7.0.15): one directive a line, its name in any case; blanks separate arguments,
// "double" and 'single' quotes as in SplitArgs; a line that begins with '#' is a comment.
// `include` takes a path or a pattern and stands for the lines of what it names. The last line
// of a directive counts; `save`, `user` and `client-output-buffer-limit` add up.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/config/json_file.h"

namespace satchel::store {

struct ConfContent {
  std::vector<FileEntry> entries;     // of the registry; in order of the file
  std::vector<Parameter> parameters;  // for CONFIG SET once the store is open
  std::vector<Parameter> users;       // `user` lines: as a file of users has them
  Parameter dump;                     // the file that redis-server would load
  std::vector<Finding> findings;
};

// `name` is for messages: the file as it was named.
ConfContent ParseConfText(std::string_view text, const std::string& name);

// As above; a file that cannot be read is a finding.
ConfContent ReadConfFile(const std::string& path);

// The directives that are parameters of CONFIG SET.
std::vector<std::string_view> ConfParameters();

}  // namespace satchel::store
