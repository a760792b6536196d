// What is saved of a check to go on later.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "repos/check/report.h"
#include "repos/check/walker.h"

namespace satchel::repos::check {

struct SavedState {
  std::vector<Entity> entities;
  std::string tenant;    // "*" for all, else "=" and the tenant
  std::string instance;  // of the server that the cursors are of
  std::size_t at = 0;    // of entities; those before are through
  Position position;     // in that entity
  Report report;         // of all that is through

  // JSON; holds ids only if the samples of the report do.
  std::string ToText() const;
  // Errors: kInvalidArgument for what ToText does not write.
  static Result<SavedState> FromText(std::string_view text);
};

}  // namespace satchel::repos::check
