// ZUNION, ZINTER, ZDIFF and their STORE and CARD forms; the storing of computed sets.
// Source: redis 7.0.15, the commands of the same names.

#pragma once

#include "engine/call.h"

namespace satchel::engine {

struct ScoredName {
  std::string name;
  double score;
};

// Replaces `key` by a sorted set of these (unique) members, with effects and events; an empty
// result removes the key. Returns the number of members.
std::int64_t StoreScored(Call& call, std::string_view key, const std::vector<ScoredName>& members,
                         std::string_view event);

void Zunion(Call& call, Reply& reply);
void Zinter(Call& call, Reply& reply);
void Zdiff(Call& call, Reply& reply);
void Zunionstore(Call& call, Reply& reply);
void Zinterstore(Call& call, Reply& reply);
void Zdiffstore(Call& call, Reply& reply);
void Zintercard(Call& call, Reply& reply);

}  // namespace satchel::engine
