// What CONFIG REWRITE writes: a redis.conf with some directives changed and all else as it was:
// comments, blank lines, directives that are ignored, the order.
//
// A changed directive takes the place of its first line; its other lines go. One that the file
// does not have is appended, under a comment that says who did so.
// Source: redis 7.0.15, CONFIG REWRITE; differences in docs/compat.md.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace satchel::store {

struct ConfChange {
  std::vector<std::string> names;  // the directive, then its other names
  std::vector<std::string> lines;  // in place of its lines
};

std::string RewriteConf(std::string_view text, std::span<const ConfChange> changes);

// The lines of a parameter with the value that CONFIG GET shows.
std::vector<std::string> ConfLines(std::string_view name, std::string_view value);

}  // namespace satchel::store
