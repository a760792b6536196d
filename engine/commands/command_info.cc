#include "engine/commands/command_info.h"

#include <algorithm>

#include "engine/commands/argument_docs.h"
#include "engine/commands/past_docs.h"

namespace satchel::engine {
namespace {

struct FlagName {
  std::uint32_t flag;
  std::string_view name;
};

constexpr FlagName kFlagNames[] = {
    {kWrite, "write"},
    {kReadonly, "readonly"},
    {kDenyOom, "denyoom"},
    {kAdmin, "admin"},
    {kPubsub, "pubsub"},
    {kNoScript, "noscript"},
    {kBlocking, "blocking"},
    {kLoading, "loading"},
    {kStale, "stale"},
    {kSkipMonitor, "skip_monitor"},
    {kSkipSlowlog, "skip_slowlog"},
    {kFast, "fast"},
    {kNoAuth, "no_auth"},
    {kNoMandatoryKeys, "no_mandatory_keys"},
    {kNoAsyncLoading, "no_async_loading"},
    {kNoMulti, "no_multi"},
    {kMovableKeys, "movablekeys"},
    {kAllowBusy, "allow_busy"},
};

// In the order of AclCategoryNames.
constexpr std::string_view kCategoryNames[] = {
    "@keyspace",   "@read",        "@write",     "@set",         "@sortedset", "@list",
    "@hash",       "@string",      "@bitmap",    "@hyperloglog", "@geo",       "@stream",
    "@pubsub",     "@admin",       "@fast",      "@slow",        "@blocking",  "@dangerous",
    "@connection", "@transaction", "@scripting",
};

constexpr FlagName kKeyFlagNames[] = {
    {kRO, "RO"},
    {kRW, "RW"},
    {kOW, "OW"},
    {kRM, "RM"},
    {kAccess, "access"},
    {kUpdate, "update"},
    {kInsert, "insert"},
    {kDelete, "delete"},
    {kNotKey, "not_key"},
    {kIncomplete, "incomplete"},
    {kVariableFlags, "variable_flags"},
};

// The names whose flags are set, as a set of statuses.
void ReplyFlags(Reply& reply, std::span<const FlagName> names, std::uint32_t flags) {
  const auto count = std::count_if(names.begin(), names.end(),
                                   [&](const FlagName& name) { return flags & name.flag; });
  reply.BeginSet(static_cast<std::size_t>(count));
  for (const FlagName& name : names) {
    if (flags & name.flag) reply.Status(name.name);
  }
}

std::vector<std::string> TipsOf(const Command& command) {
  std::vector<std::string> tips;
  if (!command.tips.empty()) {  // the row names them all
    for (std::string_view tip : Split(command.tips, ' ')) tips.emplace_back(tip);
    return tips;
  }
  if (command.flags & kNondeterministicOutput) tips.push_back("nondeterministic_output");
  if (command.flags & kNondeterministicOutputOrder) {
    tips.push_back("nondeterministic_output_order");
  }
  return tips;
}

void ReplyBeginSearch(Reply& reply, const KeySpec& spec) {
  reply.BeginMap(2);
  reply.Bulk("type");
  switch (spec.begin) {
    case KeySpec::Begin::kIndex:
      reply.Bulk("index");
      reply.Bulk("spec");
      reply.BeginMap(1);
      reply.Bulk("index");
      reply.Integer(spec.index);
      break;
    case KeySpec::Begin::kKeyword:
      reply.Bulk("keyword");
      reply.Bulk("spec");
      reply.BeginMap(2);
      reply.Bulk("keyword");
      reply.Bulk(spec.keyword);
      reply.Bulk("startfrom");
      reply.Integer(spec.index);
      break;
    default:
      reply.Bulk("unknown");
      reply.Bulk("spec");
      reply.BeginMap(0);
  }
}

void ReplyFindKeys(Reply& reply, const KeySpec& spec) {
  reply.BeginMap(2);
  reply.Bulk("type");
  if (spec.find == KeySpec::Find::kUnknown) {
    reply.Bulk("unknown");
    reply.Bulk("spec");
    return reply.BeginMap(0);
  }
  const bool counted = spec.find == KeySpec::Find::kKeyNum;
  reply.Bulk(counted ? "keynum" : "range");
  reply.Bulk("spec");
  reply.BeginMap(3);
  reply.Bulk(counted ? "keynumidx" : "lastkey");
  reply.Integer(spec.a);
  reply.Bulk(counted ? "firstkey" : "keystep");
  reply.Integer(counted ? spec.b : spec.step);
  reply.Bulk(counted ? "keystep" : "limit");
  reply.Integer(counted ? spec.step : spec.b);
}

void ReplyKeySpecs(Reply& reply, const Command& command) {
  const auto count = std::count_if(command.keys.begin(), command.keys.end(),
                                   [](const auto& k) { return k.begin != KeySpec::Begin::kNone; });
  reply.BeginSet(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const KeySpec& spec = command.keys[i];
    reply.BeginMap(spec.notes.empty() ? 3 : 4);
    if (!spec.notes.empty()) {
      reply.Bulk("notes");
      reply.Bulk(spec.notes);
    }
    reply.Bulk("flags");
    ReplyFlags(reply, kKeyFlagNames, spec.flags);
    reply.Bulk("begin_search");
    ReplyBeginSearch(reply, spec);
    reply.Bulk("find_keys");
    ReplyFindKeys(reply, spec);
  }
}

void ReplyInfo(Reply& reply, const Command& command) {
  const auto range = command.legacy_range();
  reply.BeginArray(10);
  reply.Bulk(CommandTable::FullName(command));
  reply.Integer(command.arity);
  ReplyFlags(reply, kFlagNames, command.flags);
  reply.Integer(range.first);
  reply.Integer(range.last);
  reply.Integer(range.step);
  const auto categories = AclCategoriesOf(command);
  reply.BeginSet(categories.size());
  for (std::string_view category : categories) reply.Status(category);
  const auto tips = TipsOf(command);
  reply.BeginSet(tips.size());
  for (const std::string& tip : tips) reply.Bulk(tip);
  ReplyKeySpecs(reply, command);
  reply.BeginSet(command.subcommands.size());
  for (const Command& row : command.subcommands) ReplyInfo(reply, row);
}

void ReplyPast(Reply& reply, const PastDocs& past) {
  if (!past.flag.empty()) {
    reply.Bulk("doc_flags");
    reply.BeginSet(1);
    reply.Status(past.flag);
  }
  if (!past.deprecated_since.empty()) {
    reply.Bulk("deprecated_since");
    reply.Bulk(past.deprecated_since);
  }
  if (!past.replaced_by.empty()) {
    reply.Bulk("replaced_by");
    reply.Bulk(past.replaced_by);
  }
  if (const auto changes = past.changes(); !changes.empty()) {
    reply.Bulk("history");
    reply.BeginSet(changes.size());
    for (const auto& [version, text] : changes) {
      reply.BeginArray(2);
      reply.Bulk(version);
      reply.Bulk(text);
    }
  }
}

void ReplyDocs(Reply& reply, const Command& command) {
  reply.Bulk(CommandTable::FullName(command));
  const bool container = !command.subcommands.empty();
  const std::string_view arguments = ArgumentDocs(CommandTable::FullName(command));
  const PastDocs past = PastDocsOf(CommandTable::FullName(command));
  reply.BeginMap(3 + std::size_t{!command.complexity.empty()} + !past.history.empty() +
                 !past.flag.empty() + !past.deprecated_since.empty() + !past.replaced_by.empty() +
                 !arguments.empty() + container);
  reply.Bulk("summary");
  reply.Bulk(command.summary);
  reply.Bulk("since");
  reply.Bulk(command.since);
  reply.Bulk("group");
  reply.Bulk(command.group);
  if (!command.complexity.empty()) {
    reply.Bulk("complexity");
    reply.Bulk(command.complexity);
  }
  ReplyPast(reply, past);
  if (!arguments.empty()) {
    reply.Bulk("arguments");
    ReplyArgumentDocs(reply, arguments);
  }
  if (container) {
    reply.Bulk("subcommands");
    reply.BeginMap(command.subcommands.size());
    for (const Command& row : command.subcommands) ReplyDocs(reply, row);
  }
}

// "config|get" as well as "config".
const Command* FindByFullName(const CommandTable& table, std::string_view name) {
  const std::size_t bar = name.find('|');
  const Command* command = table.Find(name.substr(0, bar));
  if (command == nullptr || bar == std::string_view::npos) return command;
  return CommandTable::FindSubcommand(*command, name.substr(bar + 1));
}

}  // namespace

std::vector<std::string_view> AclCategoriesOf(const Command& command) {
  std::vector<std::string_view> names;
  const std::uint32_t mask = AclMaskOf(command);
  for (std::size_t i = 0; i < std::size(kCategoryNames); ++i) {
    if (mask >> i & 1) names.push_back(kCategoryNames[i]);
  }
  return names;
}

void CommandAll(Call& call, Reply& reply) {
  const auto& all = call.engine().commands().all();
  reply.BeginArray(all.size());
  for (const Command* command : all) ReplyInfo(reply, *command);
}

void CommandCount(Call& call, Reply& reply) {
  reply.Integer(static_cast<std::int64_t>(call.engine().commands().all().size()));
}

void CommandInfo(Call& call, Reply& reply) {
  if (call.argc() == 2) return CommandAll(call, reply);
  reply.BeginArray(call.argc() - 2);
  for (std::size_t i = 2; i < call.argc(); ++i) {
    const Command* command = FindByFullName(call.engine().commands(), call.arg(i));
    if (command == nullptr) {
      reply.Null();
    } else {
      ReplyInfo(reply, *command);
    }
  }
}

void CommandDocs(Call& call, Reply& reply) {
  std::vector<const Command*> wanted;
  if (call.argc() == 2) wanted = call.engine().commands().all();
  for (std::size_t i = 2; i < call.argc(); ++i) {
    const Command* command = FindByFullName(call.engine().commands(), call.arg(i));
    if (command != nullptr) wanted.push_back(command);
  }
  reply.BeginMap(wanted.size());
  for (const Command* command : wanted) ReplyDocs(reply, *command);
}

void CommandList(Call& call, Reply& reply) {
  std::function<bool(const Command&)> keep = [](const Command&) { return true; };
  if (call.argc() == 5 && call.Is(2, "FILTERBY")) {
    const std::string_view value = call.arg(4);
    if (call.Is(3, "MODULE")) {
      keep = [](const Command&) { return false; };
    } else if (call.Is(3, "PATTERN")) {
      keep = [value](const Command& command) {
        return GlobMatch(value, CommandTable::FullName(command), true);
      };
    } else if (call.Is(3, "ACLCAT")) {
      const std::string wanted = "@" + ToLower(value);
      keep = [wanted](const Command& command) {
        const auto categories = AclCategoriesOf(command);
        return std::find(categories.begin(), categories.end(), wanted) != categories.end();
      };
    } else {
      return reply.Error(kSyntaxError);
    }
  } else if (call.argc() != 2) {
    return reply.Error(kSyntaxError);
  }
  const std::size_t mark = reply.Open(Aggregate::kArray);
  std::size_t count = 0;
  const auto add = [&](const Command& command) {
    if (!keep(command)) return;
    reply.Bulk(CommandTable::FullName(command));
    ++count;
  };
  for (const Command* command : call.engine().commands().all()) {
    add(*command);
    for (const Command& row : command->subcommands) add(row);
  }
  reply.Close(mark, count);
}

namespace {

// The keys of the command line that follows; replies the error itself and returns nothing.
std::optional<std::vector<KeyPosition>> KeysOfLine(Call& call, Reply& reply) {
  const Args line = call.args().subspan(2);
  const Command* command = call.engine().Lookup(line);
  if (command == nullptr) {
    reply.Error("ERR Invalid command specified");
    return std::nullopt;
  }
  const bool has_keys =
      command->keys[0].begin != KeySpec::Begin::kNone && !(command->keys[0].flags & kNotKey);
  if (!has_keys) {
    reply.Error("ERR The command has no key arguments");
    return std::nullopt;
  }
  std::vector<KeyPosition> keys;
  if (!command->ArityFits(line.size())) {
    reply.Error("ERR Invalid number of arguments specified for command");
    return std::nullopt;
  }
  const bool found = FindUsedKeys(*command, line, &keys);
  if (!found && !(command->flags & kNoMandatoryKeys)) {
    reply.Error("ERR Invalid arguments specified for command");
    return std::nullopt;
  }
  if (!found) keys.clear();
  if (keys.empty() && !(command->flags & kNoMandatoryKeys)) {
    reply.Error("ERR Invalid arguments specified for command");
    return std::nullopt;
  }
  return keys;
}

}  // namespace

void CommandGetkeys(Call& call, Reply& reply) {
  const auto keys = KeysOfLine(call, reply);
  if (!keys) return;
  reply.BeginArray(keys->size());
  for (const KeyPosition& key : *keys) reply.Bulk(call.arg(2 + key.index));
}

void CommandGetkeysandflags(Call& call, Reply& reply) {
  const auto keys = KeysOfLine(call, reply);
  if (!keys) return;
  reply.BeginArray(keys->size());
  for (const KeyPosition& key : *keys) {
    reply.BeginArray(2);
    reply.Bulk(call.arg(2 + key.index));
    ReplyFlags(reply, kKeyFlagNames, key.flags);
  }
}

}  // namespace satchel::engine
