#include "repos/definitions.h"

#include <algorithm>

#include "base/check.h"
#include "repos/errors.h"
#include "repos/json.h"
#include "repos/keys.h"
#include "repos/metrics.h"
#include "repos/scripts.h"
#include "store/commands.h"

namespace satchel::repos {

using store::Commands;

Definitions::Definitions(store::Store& store, RepoOptions options, std::string default_status)
    : store_(store),
      options_(std::move(options)),
      default_status_(std::move(default_status)),
      items_(options_.Base("def", "df") + ":items"),
      status_(options_.Base("def", "df") + ":status") {
  SATCHEL_CHECK(CheckRepoOptions(options_).has_value());
}

Result<void> Definitions::Save(std::string_view name, std::string_view json) {
  return Counted(options_, store_, RepoOp::kDefinitionsSave, [&]() -> Result<void> {
    SATCHEL_TRY(CheckComponent("name", name));
    SATCHEL_TRY(CheckJson("json", json));
    SATCHEL_TRY(Commands(store_).HSet(items_, {{name, json}}));
    return {};
  });
}

Result<std::string> Definitions::Load(std::string_view name) {
  return Counted(options_, store_, RepoOp::kDefinitionsLoad, [&]() -> Result<std::string> {
    SATCHEL_TRY(CheckComponent("name", name));
    SATCHEL_ASSIGN(auto json, Commands(store_).HGet(items_, name));
    if (!json) return Absent(ErrorCode::kNotFound, "definition", name);
    return std::move(*json);
  });
}

Result<void> Definitions::Delete(std::string_view name) {
  return Counted(options_, store_, RepoOp::kDefinitionsDelete, [&]() -> Result<void> {
    SATCHEL_TRY(CheckComponent("name", name));
    const std::vector<std::string> keys = {items_, status_};
    const std::vector<std::string> args = {std::string(name)};
    SATCHEL_ASSIGN(const ReplyValue reply, RunScript(store_, "def_delete", keys, args));
    if (reply.integer == 0) return Absent(ErrorCode::kNotFound, "definition", name);
    return {};
  });
}

Result<std::vector<Definition>> Definitions::List() {
  return Counted(options_, store_, RepoOp::kDefinitionsList,
                 [&]() -> Result<std::vector<Definition>> {
                   SATCHEL_ASSIGN(store::Pairs pairs, Commands(store_).HGetAll(items_));
                   std::ranges::sort(pairs);
                   std::vector<Definition> definitions;
                   for (auto& [name, json] : pairs)
                     definitions.push_back({std::move(name), std::move(json)});
                   return definitions;
                 });
}

Result<void> Definitions::SaveStatus(std::string_view name, std::string_view json) {
  return Counted(options_, store_, RepoOp::kDefinitionsSaveStatus, [&]() -> Result<void> {
    SATCHEL_TRY(CheckComponent("name", name));
    SATCHEL_TRY(CheckJson("json", json));
    SATCHEL_TRY(Commands(store_).HSet(status_, {{name, json}}));
    return {};
  });
}

Result<std::string> Definitions::LoadStatus(std::string_view name) {
  return Counted(options_, store_, RepoOp::kDefinitionsLoadStatus, [&]() -> Result<std::string> {
    SATCHEL_TRY(CheckComponent("name", name));
    SATCHEL_ASSIGN(auto json, Commands(store_).HGet(status_, name));
    return json ? std::move(*json) : default_status_;
  });
}

}  // namespace satchel::repos
