// The Lua scripts of the repositories: the files of repos/scripts, embedded at build time.
//
// A file lib_X.lua is no script of its own: it holds functions for those that say "-- USES X Y"
// on a line, and takes the place of that line: what a script seldom needs comes after what it
// mostly does, as making functions takes time.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace satchel::repos {

struct ScriptFile {
  std::string_view name;  // without ".lua"
  std::string_view text;
};
std::span<const ScriptFile> ScriptFiles();
bool IsScriptPart(const ScriptFile& file);

// Requires a file of that name.
const store::Script& ScriptNamed(std::string_view name);

// Runs a script; one round trip, two when the server does not know it yet.
Result<ReplyValue> RunScript(store::Store& store, std::string_view name,
                             std::span<const std::string> keys, std::span<const std::string> args);

// Commands and scripts that go out in one round trip, each with its own result. Not atomic.
class Batch {
 public:
  void Add(store::CommandLine line) { lines_.push_back({{}, std::move(line)}); }
  void AddScript(std::string_view name, std::span<const std::string> keys,
                 std::span<const std::string> args);
  std::size_t size() const { return lines_.size(); }

  // In the order they were added. Scripts the server does not know are sent once more with
  // their text, in one more round trip.
  std::vector<Result<ReplyValue>> Send(store::Store& store) const;
  // The first error, if any.
  Result<void> SendAll(store::Store& store) const;

 private:
  struct Line {
    std::string_view script;  // its name; "": a command
    store::CommandLine line;
  };
  std::vector<Line> lines_;
};

// {"EVAL", text, number of keys, keys, arguments}: for transactions, which cannot ask twice.
store::CommandLine EvalLine(std::string_view name, std::span<const std::string> keys,
                            std::span<const std::string> args);

}  // namespace satchel::repos
