#include "engine/commands/zset_ranges.h"

#include <cmath>

namespace satchel::engine {
namespace {

bool ParseScoreBound(std::string_view text, double* value, bool* open) {
  *open = !text.empty() && text[0] == '(';
  text.remove_prefix(*open ? 1 : 0);
  const auto parsed = ParseBound(text);
  if (!parsed) return false;
  *value = *parsed;
  return true;
}

bool ParseLexBound(std::string_view text, LexBound* bound) {
  if (text == "-") {
    *bound = {LexBound::kMinusInfinity};
  } else if (text == "+") {
    *bound = {LexBound::kPlusInfinity};
  } else if (!text.empty() && (text[0] == '[' || text[0] == '(')) {
    *bound = {text[0] == '[' ? LexBound::kClosed : LexBound::kOpen, text.substr(1)};
  } else {
    return false;
  }
  return true;
}

}  // namespace

Result<ScoreRange> ParseScoreRange(std::string_view min, std::string_view max) {
  ScoreRange range{0, 0};
  if (!ParseScoreBound(min, &range.min, &range.min_open) ||
      !ParseScoreBound(max, &range.max, &range.max_open)) {
    return ReplyError("ERR min or max is not a float");
  }
  return range;
}

Result<LexRange> ParseLexRange(std::string_view min, std::string_view max) {
  LexRange range{{LexBound::kMinusInfinity}, {LexBound::kPlusInfinity}};
  if (!ParseLexBound(min, &range.min) || !ParseLexBound(max, &range.max)) {
    return ReplyError("ERR min or max not valid string range item");
  }
  return range;
}

RankRange ClampRanks(std::int64_t start, std::int64_t stop, std::size_t size, Direction direction) {
  const auto count = static_cast<std::int64_t>(size);
  if (start < 0) start = std::max<std::int64_t>(0, start + count);
  if (stop < 0) stop += count;
  stop = std::min(stop, count - 1);
  if (start > stop) return {0, 0};
  if (direction == Direction::kReverse) {
    const std::int64_t low = count - 1 - stop;
    stop = count - 1 - start;
    start = low;
  }
  return {static_cast<std::size_t>(start), static_cast<std::size_t>(stop) + 1};
}

Result<RangeQuery> ParseRangeQuery(const Call& call, std::size_t first, RangeQuery query,
                                   bool store) {
  for (std::size_t i = first + 2; i < call.argc(); ++i) {
    if (!store && call.Is(i, "WITHSCORES")) {
      query.with_scores = true;
    } else if (call.Is(i, "LIMIT") && i + 2 < call.argc()) {
      SATCHEL_ASSIGN(query.offset, call.Integer(i + 1));
      SATCHEL_ASSIGN(query.limit, call.Integer(i + 2));
      query.limited = true;
      i += 2;
    } else if (!query.direction && call.Is(i, "REV")) {
      query.direction = Direction::kReverse;
    } else if (query.by == RangeBy::kAny && call.Is(i, "BYLEX")) {
      query.by = RangeBy::kLex;
    } else if (query.by == RangeBy::kAny && call.Is(i, "BYSCORE")) {
      query.by = RangeBy::kScore;
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  if (query.by == RangeBy::kAny) query.by = RangeBy::kRank;
  if (!query.direction) query.direction = Direction::kForward;
  if (query.limited && query.by == RangeBy::kRank) {
    return ReplyError(
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  }
  if (query.with_scores && query.by == RangeBy::kLex) {
    return ReplyError("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  }
  query.min = call.arg(first);
  query.max = call.arg(first + 1);
  if (query.by == RangeBy::kRank) {
    SATCHEL_ASSIGN(query.start, call.Integer(first));
    SATCHEL_ASSIGN(query.stop, call.Integer(first + 1));
    return query;
  }
  if (*query.direction == Direction::kReverse) std::swap(query.min, query.max);
  if (query.by == RangeBy::kScore) {
    SATCHEL_ASSIGN(query.scores, ParseScoreRange(query.min, query.max));
  } else {
    SATCHEL_ASSIGN(query.members, ParseLexRange(query.min, query.max));
  }
  return query;
}

RankRange RanksOf(const SortedSet& set, const RangeQuery& query) {
  if (query.by == RangeBy::kRank) {
    return ClampRanks(query.start, query.stop, set.size(), *query.direction);
  }
  if (query.limited && query.offset < 0) return {0, 0};
  const RankRange ranks =
      query.by == RangeBy::kScore ? set.RanksOf(query.scores) : set.RanksOf(query.members);
  if (!query.limited) return ranks;
  const std::size_t limit = query.limit < 0 ? SIZE_MAX : static_cast<std::size_t>(query.limit);
  return ranks.Part(static_cast<std::size_t>(query.offset), limit, *query.direction);
}

}  // namespace satchel::engine
