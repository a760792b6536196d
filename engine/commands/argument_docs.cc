#include "engine/commands/argument_docs.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace satchel::engine {
namespace {

struct Row {
  std::string_view command;
  std::string_view arguments;
};

constexpr Row kRows[] = {
#include "engine/commands/argument_docs.inc"
};

// Commands that redis 7.0.15 does not have.
constexpr Row kLaterRows[] = {
    {"client|no-touch", "oneof:enabled(pure-token:on='ON' pure-token:off='OFF')"},
    {"client|setinfo", "oneof:attr(string:libname='LIB-NAME' string:libver='LIB-VER')"},
    {"delex",
     "key:key#0 oneof:condition?(string:ifeq-value='IFEQ' string:ifne-value='IFNE' "
     "string:ifdeq-digest='IFDEQ' string:ifdne-digest='IFDNE')"},
    {"digest", "key:key#0"},
    {"msetex",
     "integer:numkeys block:data*(key:key#0 string:value) "
     "oneof:condition?(pure-token:nx='NX' pure-token:xx='XX') "
     "oneof:expiration?(integer:seconds='EX' integer:milliseconds='PX' "
     "unix-time:unix-time-seconds='EXAT' unix-time:unix-time-milliseconds='PXAT' "
     "pure-token:keepttl='KEEPTTL')"},
};

template <std::size_t N>
constexpr bool IsSorted(const Row (&rows)[N]) {
  return std::is_sorted(std::begin(rows), std::end(rows),
                        [](const Row& a, const Row& b) { return a.command < b.command; });
}
static_assert(IsSorted(kRows) && IsSorted(kLaterRows));

std::string_view FindIn(std::span<const Row> rows, std::string_view name) {
  const auto at = std::lower_bound(rows.begin(), rows.end(), name, [](const Row& row, auto wanted) {
    return row.command < wanted;
  });
  return at != rows.end() && at->command == name ? at->arguments : std::string_view();
}

// One argument taken apart. What is not said has no data(): an empty token is one.
struct Argument {
  std::string_view name, type, key_spec, token, since, deprecated_since, parts;
  std::vector<std::string_view> flags;
};

// Takes text up to the first of `ends` away from the front.
std::string_view TakeUntil(std::string_view& text, std::string_view ends) {
  const std::string_view taken = text.substr(0, text.find_first_of(ends));
  text.remove_prefix(taken.size());
  return taken;
}

bool TakeMark(std::string_view& text, char mark) {
  if (!text.starts_with(mark)) return false;
  text.remove_prefix(1);
  return true;
}

// What stands between the bracket at the front and the one that closes it.
std::string_view TakeParts(std::string_view& text) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'') {
      i = text.find('\'', i + 1);
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')' && --depth == 0) {
      const std::string_view parts = text.substr(1, i - 1);
      text.remove_prefix(i + 1);
      return parts;
    }
  }
  SATCHEL_CHECK(false);
  return {};
}

Argument TakeArgument(std::string_view& text) {
  constexpr std::string_view kEnds = "#=@~?*+( ";
  constexpr std::pair<char, std::string_view> kFlags[] = {
      {'?', "optional"}, {'*', "multiple"}, {'+', "multiple_token"}};
  Argument argument;
  argument.type = TakeUntil(text, ":");
  text.remove_prefix(1);
  argument.name = TakeUntil(text, kEnds);
  if (TakeMark(text, '#')) argument.key_spec = TakeUntil(text, kEnds);
  if (TakeMark(text, '=')) {
    text.remove_prefix(1);
    argument.token = TakeUntil(text, "'");
    text.remove_prefix(1);
  }
  if (TakeMark(text, '@')) argument.since = TakeUntil(text, kEnds);
  if (TakeMark(text, '~')) argument.deprecated_since = TakeUntil(text, kEnds);
  for (const auto& [mark, flag] : kFlags) {
    if (TakeMark(text, mark)) argument.flags.push_back(flag);
  }
  if (text.starts_with('(')) argument.parts = TakeParts(text);
  TakeMark(text, ' ');
  return argument;
}

void ReplyArgument(Reply& reply, const Argument& argument) {
  const std::array<std::pair<std::string_view, std::string_view>, 5> texts = {
      {{"name", argument.name},
       {"type", argument.type},
       {"token", argument.token},
       {"since", argument.since},
       {"deprecated_since", argument.deprecated_since}}};
  const auto given = std::count_if(texts.begin(), texts.end(),
                                   [](const auto& text) { return text.second.data() != nullptr; });
  reply.BeginMap(static_cast<std::size_t>(given) + !argument.key_spec.empty() +
                 !argument.flags.empty() + !argument.parts.empty());
  for (const auto& [field, text] : texts) {
    if (field == "token" && !argument.key_spec.empty()) {
      reply.Bulk("key_spec_index");
      reply.Integer(*ParseInt(argument.key_spec));
    }
    if (text.data() == nullptr) continue;
    reply.Bulk(field);
    reply.Bulk(text);
  }
  if (!argument.flags.empty()) {
    reply.Bulk("flags");
    reply.BeginSet(argument.flags.size());
    for (std::string_view flag : argument.flags) reply.Status(flag);
  }
  if (argument.parts.empty()) return;
  reply.Bulk("arguments");
  ReplyArgumentDocs(reply, argument.parts);
}

}  // namespace

std::string_view ArgumentDocs(std::string_view full_name) {
  const std::string_view found = FindIn(kRows, full_name);
  return found.empty() ? FindIn(kLaterRows, full_name) : found;
}

void ReplyArgumentDocs(Reply& reply, std::string_view text) {
  std::vector<Argument> arguments;
  while (!text.empty()) arguments.push_back(TakeArgument(text));
  reply.BeginArray(arguments.size());
  for (const Argument& argument : arguments) ReplyArgument(reply, argument);
}

}  // namespace satchel::engine
