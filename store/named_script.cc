#include "store/named_script.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace satchel::store {
namespace {

constexpr std::string_view kReserved[] = {
    "and",   "break", "do",  "else", "elseif", "end",    "false", "for",  "function", "if",   "in",
    "local", "nil",   "not", "or",   "repeat", "return", "then",  "true", "until",    "while"};

bool IsLuaName(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (name.empty() || !is_letter(name[0])) return false;
  if (std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved)) {
    return false;
  }
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

Result<void> CheckNames(const ScriptNames& names) {
  std::set<std::string_view> seen;
  for (const auto* list : {&names.keys, &names.arguments}) {
    for (const std::string& name : *list) {
      if (!IsLuaName(name)) {
        return MakeError(ErrorCode::kInvalidArgument, "'" + name + "' cannot be a Lua variable");
      }
      if (seen.insert(name).second) continue;
      return MakeError(ErrorCode::kInvalidArgument, "'" + name + "' names two things");
    }
  }
  return {};
}

// "local from, to = KEYS[1], KEYS[2] "
std::string Locals(const std::vector<std::string>& names, std::string_view table) {
  if (names.empty()) return {};
  std::string left;
  std::string right;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string separator = i == 0 ? "" : ", ";
    left += separator + names[i];
    right +=
        separator + std::string(table) + "[" + FormatInt(static_cast<std::int64_t>(i) + 1) + "]";
  }
  return "local " + left + " = " + right + " ";
}

// The values in the order of the names.
Result<std::vector<std::string>> Arrange(const std::vector<std::string>& names,
                                         std::span<const NamedScript::Value> values) {
  std::vector<std::string> arranged;
  for (const std::string& name : names) {
    const auto is_it = [&](const NamedScript::Value& value) { return value.first == name; };
    const auto found = std::find_if(values.begin(), values.end(), is_it);
    if (found == values.end()) {
      return MakeError(ErrorCode::kInvalidArgument, "'" + name + "' was not given");
    }
    arranged.emplace_back(found->second);
  }
  if (values.size() == names.size()) return arranged;
  for (const auto& [name, bytes] : values) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return MakeError(ErrorCode::kInvalidArgument,
                     "the script knows no '" + std::string(name) + "'");
  }
  return MakeError(ErrorCode::kInvalidArgument, "a value was given twice");
}

}  // namespace

Result<NamedScript> NamedScript::Make(std::string_view body, ScriptNames names) {
  SATCHEL_TRY(CheckNames(names));
  std::string text;
  if (body.substr(0, 2) == "#!") {  // a shebang has a line of its own
    const std::size_t end = body.find('\n');
    if (end == std::string_view::npos) {
      return MakeError(ErrorCode::kInvalidArgument, "nothing follows the shebang");
    }
    text = body.substr(0, end + 1);
    body.remove_prefix(end + 1);
  }
  text += Locals(names.keys, "KEYS") + Locals(names.arguments, "ARGV");
  text += body;
  return NamedScript(Script(std::move(text)), std::move(names));
}

Result<ReplyValue> NamedScript::Run(Store& store, std::span<const Value> keys,
                                    std::span<const Value> arguments,
                                    const CallOptions& options) const {
  SATCHEL_ASSIGN(const auto key_values, Arrange(names_.keys, keys));
  SATCHEL_ASSIGN(const auto argument_values, Arrange(names_.arguments, arguments));
  return store.Eval(script_, key_values, argument_values, options);
}

Result<ReplyValue> NamedScript::Run(Store& store, std::initializer_list<Value> keys,
                                    std::initializer_list<Value> arguments,
                                    const CallOptions& options) const {
  return Run(store, std::span(keys.begin(), keys.size()),
             std::span(arguments.begin(), arguments.size()), options);
}

}  // namespace satchel::store
