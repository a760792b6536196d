// The adding of members with scores, for ZADD, ZINCRBY and GEOADD.
// Source: redis 7.0.15, ZADD.

#pragma once

#include "engine/values.h"

namespace satchel::engine {

struct AddOptions {
  bool only_new = false;
  bool only_existing = false;
  bool only_greater = false;
  bool only_less = false;
  bool count_changed = false;
  bool increment = false;
};

struct NewMember {
  double score;
  std::string_view member;
};

// Adds to the sorted set of arg(1), with effect and event, and replies as ZADD.
void AddMembers(Call& call, Reply& reply, const AddOptions& options,
                std::span<const NewMember> members);

}  // namespace satchel::engine
