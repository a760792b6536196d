// Files that code prints: compared in tests, and written anew by `NAME_tests --update-golden`.

#pragma once

#include <string>

namespace satchel {

// Whether --update-golden was given.
bool UpdatesGolden();

// The content of a file of the source tree; with --update-golden it becomes `text` first.
std::string GoldenFile(const std::string& path, const std::string& text);

}  // namespace satchel
