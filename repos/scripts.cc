#include "repos/scripts.h"

#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/text.h"

namespace satchel::repos {
namespace {

using ScriptMap = std::map<std::string_view, store::Script>;

constexpr std::string_view kUses = "\n-- USES ";

std::string_view PartNamed(std::string_view name) {
  for (const ScriptFile& file : ScriptFiles()) {
    if (IsScriptPart(file) && file.name.substr(4) == name) return file.text;
  }
  SATCHEL_CHECK(false);
  return {};
}

// The text with its parts in place.
std::string Assemble(std::string_view text) {
  std::string whole;
  for (std::size_t at; (at = text.find(kUses)) != text.npos;) {
    const std::size_t names = at + kUses.size();
    const std::size_t end = text.find('\n', names);
    whole += text.substr(0, at + 1);
    for (std::string_view name : Split(text.substr(names, end - names), ' ')) {
      whole += PartNamed(name);
    }
    text.remove_prefix(end);
  }
  whole += text;
  return whole;
}

ScriptMap MakeScripts() {
  ScriptMap scripts;
  for (const ScriptFile& file : ScriptFiles()) {
    if (!IsScriptPart(file)) scripts.emplace(file.name, store::Script(Assemble(file.text)));
  }
  return scripts;
}

store::CommandLine LineOf(std::string_view command, const std::string& script,
                          std::span<const std::string> keys, std::span<const std::string> args) {
  store::CommandLine line = {std::string(command), script,
                             FormatInt(static_cast<std::int64_t>(keys.size()))};
  line.insert(line.end(), keys.begin(), keys.end());
  line.insert(line.end(), args.begin(), args.end());
  return line;
}

bool IsUnknownScript(const Result<ReplyValue>& reply) {
  return !reply && reply.error().detail.starts_with("NOSCRIPT");
}

}  // namespace

bool IsScriptPart(const ScriptFile& file) { return file.name.starts_with("lib_"); }

const store::Script& ScriptNamed(std::string_view name) {
  static const ScriptMap scripts = MakeScripts();
  const auto at = scripts.find(name);
  SATCHEL_CHECK(at != scripts.end());
  return at->second;
}

Result<ReplyValue> RunScript(store::Store& store, std::string_view name,
                             std::span<const std::string> keys, std::span<const std::string> args) {
  return store.Eval(ScriptNamed(name), keys, args);
}

void Batch::AddScript(std::string_view name, std::span<const std::string> keys,
                      std::span<const std::string> args) {
  lines_.push_back({name, LineOf("EVALSHA", ScriptNamed(name).sha(), keys, args)});
}

std::vector<Result<ReplyValue>> Batch::Send(store::Store& store) const {
  std::vector<store::CommandLine> lines;
  lines.reserve(lines_.size());
  for (const Line& line : lines_) lines.push_back(line.line);
  std::vector<Result<ReplyValue>> replies = store.Pipeline(lines);
  std::vector<std::size_t> again;
  std::vector<store::CommandLine> texts;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (!IsUnknownScript(replies[i])) continue;
    again.push_back(i);
    texts.push_back(std::move(lines[i]));
    texts.back()[0] = "EVAL";
    texts.back()[1] = ScriptNamed(lines_[i].script).text();
  }
  if (again.empty()) return replies;
  std::vector<Result<ReplyValue>> second = store.Pipeline(texts);
  for (std::size_t i = 0; i < again.size(); ++i) replies[again[i]] = std::move(second[i]);
  return replies;
}

Result<void> Batch::SendAll(store::Store& store) const {
  if (lines_.empty()) return {};
  for (auto& reply : Send(store)) SATCHEL_TRY(std::move(reply));
  return {};
}

store::CommandLine EvalLine(std::string_view name, std::span<const std::string> keys,
                            std::span<const std::string> args) {
  return LineOf("EVAL", ScriptNamed(name).text(), keys, args);
}

}  // namespace satchel::repos
