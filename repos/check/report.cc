#include "repos/check/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace satchel::repos::check {

void EntityReport::Add(const EntityReport& other) {
  objects += other.objects;
  index_members += other.index_members;
  for (const auto& [kind, count] : other.findings) findings[kind] += count;
  repaired += other.repaired;
  unrepaired += other.unrepaired;
  busy += other.busy;
}

std::uint64_t EntityReport::Total() const {
  std::uint64_t total = 0;
  for (const auto& [kind, count] : findings) total += count;
  return total;
}

int Report::ExitCode() const {
  if (!complete) return 4;
  for (const auto& [entity, counts] : entities) {
    if (counts.unrepaired + counts.busy > 0) return 1;
  }
  return 0;
}

std::string Report::ToJson() const {
  nlohmann::ordered_json json = {{"format", 1},
                                 {"started_ms", started_ms},
                                 {"finished_ms", finished_ms},
                                 {"store_driver", store_driver},
                                 {"dry_run", dry_run},
                                 {"complete", complete},
                                 {"entities", nlohmann::ordered_json::object()},
                                 {"samples", nlohmann::ordered_json::array()}};
  for (const auto& [entity, counts] : entities) {
    nlohmann::ordered_json findings = nlohmann::ordered_json::object();
    for (const auto& [kind, count] : counts.findings) findings[std::string(KindName(kind))] = count;
    json["entities"][std::string(EntityName(entity))] = {{"objects", counts.objects},
                                                         {"index_members", counts.index_members},
                                                         {"findings", findings},
                                                         {"repaired", counts.repaired},
                                                         {"unrepaired", counts.unrepaired},
                                                         {"busy", counts.busy}};
  }
  for (const Sample& sample : samples) {
    nlohmann::ordered_json one = {{"entity", EntityName(sample.entity)},
                                  {"kind", KindName(sample.kind)},
                                  {"index", sample.index}};
    if (!sample.what.empty()) one["what"] = sample.what;
    json["samples"].push_back(std::move(one));
  }
  json["exit"] = ExitCode();
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string Report::ToTable() const {
  std::string text = fmt::format("{:<14}{:>10}{:>14}{:>10}{:>10}{:>12}{:>6}\n", "entity", "objects",
                                 "index members", "findings", "repaired", "unrepaired", "busy");
  for (const auto& [entity, counts] : entities) {
    text += fmt::format("{:<14}{:>10}{:>14}{:>10}{:>10}{:>12}{:>6}\n", EntityName(entity),
                        counts.objects, counts.index_members, counts.Total(), counts.repaired,
                        counts.unrepaired, counts.busy);
  }
  std::map<std::string, std::uint64_t> groups;
  for (const Sample& sample : samples) {
    std::string line =
        fmt::format("{}: {} {}", EntityName(sample.entity), KindName(sample.kind), sample.index);
    if (!sample.what.empty()) line += "  " + Printable(sample.what);
    ++groups[line];
  }
  for (const auto& [line, count] : groups) text += fmt::format("{:>8} x {}\n", count, line);
  if (!complete) text += "not complete: interrupted\n";
  return text;
}

}  // namespace satchel::repos::check
