// What a check has counted and found, as a value.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "repos/check/finding.h"

namespace satchel::repos::check {

struct EntityReport {
  std::uint64_t objects = 0;
  std::uint64_t index_members = 0;  // entries of indexes, registries and maps that were looked at
  std::map<Kind, std::uint64_t> findings = {};
  std::uint64_t repaired = 0;
  std::uint64_t unrepaired = 0;  // found and left: not asked for, or no right answer
  std::uint64_t busy = 0;        // kept changing while they were being repaired

  void Add(const EntityReport& other);
  std::uint64_t Total() const;
  bool operator==(const EntityReport&) const = default;
};

struct Sample {
  Entity entity = Entity::kAuth;
  Kind kind = Kind::kCorrupt;
  std::string index;
  std::string what = {};  // only when keys are asked for

  bool operator==(const Sample&) const = default;
};

struct Report {
  std::int64_t started_ms = 0;
  std::int64_t finished_ms = 0;
  std::string store_driver;  // "embedded", "redis", or both with a comma
  bool dry_run = true;
  bool complete = false;
  std::map<Entity, EntityReport> entities = {};
  std::vector<Sample> samples = {};

  // What the shell sees: 0 no drift or all repaired, 1 drift remains, 4 interrupted.
  int ExitCode() const;
  // The JSON document of format 1, with a line break at its end; see docs/admin.md.
  std::string ToJson() const;
  // For people: a line an entity, and one for each kind and index of the samples.
  std::string ToTable() const;
};

}  // namespace satchel::repos::check
