// NamedScript: a Lua script whose keys and arguments have names, for C++ callers.
//
//     static const auto kTransfer = *NamedScript::Make(
//         "redis.call('DECRBY', from, amount) return redis.call('INCRBY', to, amount)",
//         {.keys = {"from", "to"}, .arguments = {"amount"}});
//     auto balance = kTransfer.Run(store, {{"from", "a"}, {"to", "b"}}, {{"amount", "5"}});
//
// The names are local variables of the script, in its first line, so that lines keep their
// numbers; KEYS and ARGV are there, too. The same call works on every Store: the script goes by
// its SHA1, and whole when the store does not know it, and is compiled there once.
// Thread: Run from any thread.

#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace satchel::store {

struct ScriptNames {
  std::vector<std::string> keys = {};
  std::vector<std::string> arguments = {};
};

class NamedScript {
 public:
  // Names are Lua names, each once. Error: kInvalidArgument.
  static Result<NamedScript> Make(std::string_view body, ScriptNames names);

  using Value = std::pair<std::string_view, std::string_view>;  // name, bytes
  // Every name exactly once, in any order. Errors: kInvalidArgument, nothing was sent; those of
  // Store::Eval.
  Result<ReplyValue> Run(Store& store, std::initializer_list<Value> keys,
                         std::initializer_list<Value> arguments,
                         const CallOptions& options = {}) const;
  Result<ReplyValue> Run(Store& store, std::span<const Value> keys,
                         std::span<const Value> arguments, const CallOptions& options = {}) const;

  // What is sent, the line of names included.
  const Script& script() const { return script_; }
  const ScriptNames& names() const { return names_; }

 private:
  NamedScript(Script script, ScriptNames names)
      : script_(std::move(script)), names_(std::move(names)) {}

  Script script_;
  ScriptNames names_;
};

}  // namespace satchel::store
