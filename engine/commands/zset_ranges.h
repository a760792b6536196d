// Intervals of sorted sets as arguments: scores, members and ranks.
// Source: redis 7.0.15, ZRANGE and the commands it replaced.

#pragma once

#include "engine/values.h"

namespace satchel::engine {

// "1.5", "(1.5", "-inf"; "ERR min or max is not a float".
Result<ScoreRange> ParseScoreRange(std::string_view min, std::string_view max);
// "[a", "(a", "-", "+"; "ERR min or max not valid string range item". The result borrows.
Result<LexRange> ParseLexRange(std::string_view min, std::string_view max);
// Start and stop that may count from the end, as the ranks of an ascending walk.
RankRange ClampRanks(std::int64_t start, std::int64_t stop, std::size_t size, Direction direction);

enum class RangeBy : std::uint8_t { kAny, kRank, kScore, kLex };

// What ZRANGE and its relatives were asked for.
struct RangeQuery {
  RangeBy by = RangeBy::kAny;
  std::optional<Direction> direction;
  bool with_scores = false;
  bool limited = false;
  std::int64_t offset = 0;
  std::int64_t limit = -1;    // negative: all
  std::string_view min, max;  // in ascending order for scores and members
  std::int64_t start = 0, stop = 0;
  ScoreRange scores{0, 0};
  LexRange members{{LexBound::kMinusInfinity}, {LexBound::kPlusInfinity}};
};

// Parses min, max and options from argument `first` on, starting from what the command's name
// fixes already. `store`: WITHSCORES is not an option.
Result<RangeQuery> ParseRangeQuery(const Call& call, std::size_t first, RangeQuery query,
                                   bool store);

// The ranks that a query selects, offset and limit applied.
RankRange RanksOf(const SortedSet& set, const RangeQuery& query);

}  // namespace satchel::engine
