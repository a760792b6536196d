#include "repos/check/saved_state.h"

#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "repos/errors.h"

namespace satchel::repos::check {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const EntityReport& counts) {
  Json findings = Json::object();
  for (const auto& [kind, count] : counts.findings) findings[std::string(KindName(kind))] = count;
  return {{"objects", counts.objects},
          {"index_members", counts.index_members},
          {"findings", findings},
          {"repaired", counts.repaired},
          {"unrepaired", counts.unrepaired},
          {"busy", counts.busy}};
}

// The helpers below throw what nlohmann throws, and std::out_of_range for unknown names.
EntityReport CountsOf(const Json& json) {
  EntityReport counts{.objects = json.at("objects"),
                      .index_members = json.at("index_members"),
                      .repaired = json.at("repaired"),
                      .unrepaired = json.at("unrepaired"),
                      .busy = json.at("busy")};
  for (const auto& [name, count] : json.at("findings").items()) {
    counts.findings[ParseKind(name).value()] = count;
  }
  return counts;
}

Entity EntityOf(const Json& json) { return ParseEntity(json.get<std::string>()).value(); }

std::string BytesOf(const Json& json) { return FromHex(json.get<std::string>()).value(); }

SavedState StateOf(const Json& json) {
  if (json.at("format") != 1) throw std::out_of_range("format");
  SavedState state{
      .tenant = BytesOf(json.at("tenant")), .instance = json.at("instance"), .at = json.at("at")};
  for (const Json& name : json.at("entities")) state.entities.push_back(EntityOf(name));
  const Json& position = json.at("position");
  state.position = {.walk = position.at("walk"),
                    .cursor = position.at("cursor"),
                    .done = position.at("done"),
                    .walking = position.at("walking"),
                    .inner = position.at("inner")};
  state.report.started_ms = json.at("started_ms");
  state.report.dry_run = json.at("dry_run");
  state.report.store_driver = json.at("store_driver");
  for (const auto& [name, counts] : json.at("counts").items()) {
    state.report.entities[ParseEntity(name).value()] = CountsOf(counts);
  }
  for (const Json& sample : json.at("samples")) {
    state.report.samples.push_back({EntityOf(sample.at("entity")),
                                    ParseKind(sample.at("kind").get<std::string>()).value(),
                                    sample.at("index"), BytesOf(sample.at("what"))});
  }
  if (state.at >= state.entities.size()) throw std::out_of_range("at");
  return state;
}

}  // namespace

std::string SavedState::ToText() const {
  Json names = Json::array();
  for (const Entity entity : entities) names.push_back(EntityName(entity));
  Json counts = Json::object();
  for (const auto& [entity, one] : report.entities) {
    counts[std::string(EntityName(entity))] = ToJson(one);
  }
  Json samples = Json::array();
  for (const Sample& sample : report.samples) {
    samples.push_back({{"entity", EntityName(sample.entity)},
                       {"kind", KindName(sample.kind)},
                       {"index", sample.index},
                       {"what", ToHex(sample.what)}});
  }
  const Json json = {{"format", 1},
                     {"started_ms", report.started_ms},
                     {"store_driver", report.store_driver},
                     {"dry_run", report.dry_run},
                     {"entities", names},
                     {"tenant", ToHex(tenant)},
                     {"instance", instance},
                     {"node", 0},
                     {"at", at},
                     {"position",
                      {{"walk", position.walk},
                       {"cursor", position.cursor},
                       {"done", position.done},
                       {"walking", position.walking},
                       {"inner", position.inner}}},
                     {"counts", counts},
                     {"samples", samples}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<SavedState> SavedState::FromText(std::string_view text) {
  try {
    return StateOf(Json::parse(text));
  } catch (const std::exception&) {
    return Invalid("resume", "is no state of a check");
  }
}

}  // namespace satchel::repos::check
