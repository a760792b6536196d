#include "store/remote/traits.h"

#include <vector>

#include "base/text.h"
#include "engine/command_table.h"
#include "lua/commands.h"

namespace satchel::store {
namespace {

using std::chrono::milliseconds;

// Where a blocking command says how long it waits.
enum class SpanAt : std::uint8_t { kLastSeconds, kFirstSeconds, kLastMs, kBlockOption };
constexpr struct {
  std::string_view name;
  SpanAt at;
} kBlockingCommands[] = {
    {"BLPOP", SpanAt::kLastSeconds},
    {"BRPOP", SpanAt::kLastSeconds},
    {"BRPOPLPUSH", SpanAt::kLastSeconds},
    {"BLMOVE", SpanAt::kLastSeconds},
    {"BZPOPMIN", SpanAt::kLastSeconds},
    {"BZPOPMAX", SpanAt::kLastSeconds},
    {"BLMPOP", SpanAt::kFirstSeconds},
    {"BZMPOP", SpanAt::kFirstSeconds},
    {"WAIT", SpanAt::kLastMs},
    {"XREAD", SpanAt::kBlockOption},
    {"XREADGROUP", SpanAt::kBlockOption},
};

engine::CommandTable MakeTable() {
  const auto own = engine::EngineCommandTables();
  std::vector<std::span<const engine::Command>> tables(own.begin(), own.end());
  tables.push_back(lua::ScriptCommands());
  tables.push_back(lua::FunctionCommands());
  return engine::CommandTable(tables);
}

const engine::CommandTable& Table() {
  static const engine::CommandTable table = MakeTable();
  return table;
}

const engine::Command* RowOf(Args args) {
  const engine::Command* row = Table().Find(args[0]);
  if (row == nullptr || row->subcommands.empty() || args.size() < 2) return row;
  return engine::CommandTable::FindSubcommand(*row, args[1]);
}

// 0 is for ever; what is no number is refused by the server at once.
std::optional<milliseconds> Seconds(std::string_view text) {
  const auto seconds = ParseDouble(text);
  if (!seconds || *seconds < 0 || *seconds > 1e12) return milliseconds(0);
  if (*seconds == 0) return std::nullopt;
  return milliseconds(static_cast<std::int64_t>(*seconds * 1000));
}

std::optional<milliseconds> Milliseconds(std::string_view text) {
  const auto number = ParseInt(text);
  if (!number || *number < 0) return milliseconds(0);
  if (*number == 0) return std::nullopt;
  return milliseconds(*number);
}

CommandTraits BlockOption(Args args) {
  for (std::size_t i = 1; i + 1 < args.size(); ++i) {
    if (EqualIgnoreCase(args[i], "STREAMS")) break;
    if (EqualIgnoreCase(args[i], "BLOCK")) {
      return {.blocking = true, .span = Milliseconds(args[i + 1])};
    }
  }
  return {};
}

CommandTraits Blocking(SpanAt at, Args args) {
  if (args.size() < 2) return {};
  switch (at) {
    case SpanAt::kLastSeconds:
      return {.blocking = true, .span = Seconds(args.back())};
    case SpanAt::kFirstSeconds:
      return {.blocking = true, .span = Seconds(args[1])};
    case SpanAt::kLastMs:
      return {.blocking = true, .span = Milliseconds(args.back())};
    case SpanAt::kBlockOption:
      return BlockOption(args);
  }
  return {};
}

}  // namespace

CommandTraits TraitsOf(Args args) {
  for (const auto& command : kBlockingCommands) {
    if (EqualIgnoreCase(args[0], command.name)) return Blocking(command.at, args);
  }
  const engine::Command* row = RowOf(args);
  if (row == nullptr) return {};
  CommandTraits traits{.readonly = (row->flags & engine::kReadonly) != 0};
  // A row that is new here says that it blocks, and not how long.
  if ((row->flags & engine::kBlocking) != 0) traits = {.blocking = true, .span = std::nullopt};
  return traits;
}

Result<void> CheckAnswered(Args args) {
  if (args.empty()) return MakeError(ErrorCode::kInvalidArgument, "an empty command");
  for (std::string_view name : {"SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE",
                                "SSUBSCRIBE", "SUNSUBSCRIBE", "MONITOR", "SYNC", "PSYNC"}) {
    if (!EqualIgnoreCase(args[0], name)) continue;
    return MakeError(ErrorCode::kInvalidArgument,
                     std::string(name) + " has no single reply; use Subscribe");
  }
  if (args.size() > 1 && EqualIgnoreCase(args[0], "CLIENT") && EqualIgnoreCase(args[1], "REPLY")) {
    return MakeError(ErrorCode::kInvalidArgument, "CLIENT REPLY would leave callers waiting");
  }
  return {};
}

}  // namespace satchel::store
