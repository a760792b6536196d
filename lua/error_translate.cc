#include "lua/error_translate.h"

#include <array>

#include "lua/arguments.h"

namespace satchel::lua {
namespace {

constexpr std::string_view kAttempt = "attempt to ";

constexpr std::array<std::string_view, 5> kOperations = {"call ", "index ", "get length of ",
                                                         "perform arithmetic on ", "concatenate "};

constexpr std::array<std::string_view, 7> kTypes = {"nil",   "boolean",  "number", "string",
                                                    "table", "function", "thread"};

// 5.1 names these; constants, metamethods and iterators have no name there.
constexpr std::array<std::string_view, 5> kNamedKinds = {"global", "local", "method", "field",
                                                         "upvalue"};

struct Replacement {
  std::string_view from, to;
};
constexpr Replacement kOtherTexts[] = {
    {"'__index' chain too long; possible loop", "loop in gettable"},
    {"'__newindex' chain too long; possible loop", "loop in settable"},
    {"attempt to yield across a C-call boundary",
     "attempt to yield across metamethod/C-call boundary"},
    {"attempt to yield from outside a coroutine",
     "attempt to yield across metamethod/C-call boundary"},
};

bool TakePrefix(std::string_view* text, std::string_view prefix) {
  if (text->substr(0, prefix.size()) != prefix) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// "KIND 'NAME'" as 5.1 says it; empty when 5.1 gives no name.
std::string VariableText(std::string_view kind_and_name) {
  const std::size_t blank = kind_and_name.find(" '");
  if (blank == std::string_view::npos) return {};
  const std::string_view kind = kind_and_name.substr(0, blank);
  std::string_view name = kind_and_name.substr(blank + 2);
  if (name.empty() || name.back() != '\'') return {};
  name.remove_suffix(1);
  for (std::string_view known : kNamedKinds) {
    if (kind != known) continue;
    if (name == "integer index") name = "?";
    if (name.substr(0, kReservedPrefix.size()) == kReservedPrefix) {
      name.remove_prefix(kReservedPrefix.size());
    }
    return std::string(kind) + " '" + std::string(name) + "'";
  }
  return {};
}

// The part after "attempt to "; empty if it is not one of the texts with a variable.
std::string TranslateAttempt(std::string_view rest) {
  for (std::string_view operation : kOperations) {
    if (!TakePrefix(&rest, operation)) continue;
    if (!TakePrefix(&rest, "a ")) return {};
    const std::size_t value = rest.find(" value");
    if (value == std::string_view::npos) return {};
    std::string_view type = rest.substr(0, value);
    // A metatable's __name stands in the place of the type: 5.1 knows none.
    bool known = false;
    for (std::string_view name : kTypes) known = known || name == type;
    if (!known && type != "userdata") type = "table";
    rest.remove_prefix(value + 6);
    std::string variable;
    if (TakePrefix(&rest, " (") && !rest.empty() && rest.back() == ')') {
      variable = VariableText(rest.substr(0, rest.size() - 1));
    } else if (!rest.empty()) {
      return {};
    }
    std::string text = std::string(operation);
    if (variable.empty()) return text + "a " + std::string(type) + " value";
    return text + variable + " (a " + std::string(type) + " value)";
  }
  return {};
}

}  // namespace

std::string TranslateError(std::string_view text) {
  for (const Replacement& other : kOtherTexts) {
    const std::size_t at = text.find(other.from);
    if (at == std::string_view::npos) continue;
    return std::string(text.substr(0, at)) + std::string(other.to) +
           std::string(text.substr(at + other.from.size()));
  }
  const std::size_t at = text.find(kAttempt);
  if (at == std::string_view::npos) return std::string(text);
  const std::string rest = TranslateAttempt(text.substr(at + kAttempt.size()));
  if (rest.empty()) return std::string(text);
  return std::string(text.substr(0, at + kAttempt.size())) + rest;
}

void TranslateErrorAtTop(lua_State* state) {
  if (lua_type(state, -1) != LUA_TSTRING) return;
  const std::string_view text = StringAt(state, -1);
  if (text.find("attempt to ") == std::string_view::npos &&
      text.find("chain too long") == std::string_view::npos) {
    return;
  }
  const std::string translated = TranslateError(text);
  PushString(state, translated);
  lua_replace(state, -2);
}

}  // namespace satchel::lua
