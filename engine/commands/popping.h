// What LMPOP and ZMPOP, BLPOP and BZPOPMIN and their relatives share.
// Source: redis 7.0.15, the commands of these names.

#pragma once

#include "engine/values.h"

namespace satchel::engine {

// The first of the keys that holds a T; empty when all are absent, kWrongType when one that is
// met before holds something else. On the second run of a blocked command only the key that
// became ready counts.
template <class T>
Result<std::optional<std::string_view>> FirstWith(Call& call, Args keys) {
  for (std::string_view key : keys) {
    if (call.ready_key() && key != *call.ready_key()) continue;
    SATCHEL_ASSIGN(const T* value, call.Find<T>(key));
    if (value != nullptr) return std::optional(key);
  }
  return std::optional<std::string_view>();
}

// The words for the two ends: LEFT and RIGHT, MIN and MAX.
struct EndWords {
  std::string_view first;
  std::string_view last;
};

struct MultiPop {
  Args keys;
  bool from_last = false;
  std::int64_t count = 1;
};

// numkeys key... END [COUNT n], from argument `first` on.
Result<MultiPop> ParseMultiPop(const Call& call, std::size_t first, EndWords words);

}  // namespace satchel::engine
