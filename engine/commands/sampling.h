// Distinct random members, for HRANDFIELD, SRANDMEMBER, SPOP and ZRANDMEMBER.

#pragma once

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/random.h"
#include "engine/call.h"

namespace satchel::engine {

// The count in argument `i`: any integer but INT64_MIN.
inline Result<std::int64_t> RandomCount(const Call& call, std::size_t i) {
  SATCHEL_ASSIGN(const std::int64_t count, call.Integer(i));
  if (count == INT64_MIN) {
    return ReplyError(
        "ERR value is out of range, value must between -9223372036854775807 and "
        "9223372036854775807");
  }
  return count;
}

// `count` distinct numbers below `size`, ascending, each subset with the same probability.
// Requires count <= size. O(count).
inline std::vector<std::size_t> SampleNumbers(std::size_t size, std::size_t count, Random& random) {
  std::unordered_set<std::size_t> chosen;
  std::vector<std::size_t> numbers;
  numbers.reserve(count);
  for (std::size_t top = size - count; top < size; ++top) {
    const std::size_t number = random.Below(top + 1);
    const std::size_t taken = chosen.insert(number).second ? number : top;
    chosen.insert(taken);
    numbers.push_back(taken);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// Calls emit(name) for `count` distinct names of a collection with `size` of them.
// `pick()` gives a random name; `for_each(visit)` visits all until visit returns false.
template <class Pick, class ForEach, class Emit>
void SampleDistinct(std::size_t size, std::size_t count, Random& random, Pick pick,
                    ForEach for_each, Emit emit) {
  if (count * 3 < size) {  // repeats are rare: draw until there are enough
    std::unordered_set<std::string> seen;
    while (seen.size() < count) {
      const std::string name(pick());
      if (seen.insert(name).second) emit(name);
    }
    return;
  }
  const std::vector<std::size_t> numbers = SampleNumbers(size, count, random);
  auto next = numbers.begin();
  std::size_t at = 0;
  for_each([&](std::string_view name) {
    if (next == numbers.end()) return false;
    if (at++ == *next) {
      emit(name);
      ++next;
    }
    return true;
  });
}

}  // namespace satchel::engine
