// Sorted set commands on one set; those on several are in sorted_set_algebra.cc.
// Source: redis 7.0.15, the commands of the same names.

#include <cmath>

#include "engine/commands/families.h"
#include "engine/commands/popping.h"
#include "engine/commands/sampling.h"
#include "engine/commands/scan.h"
#include "engine/commands/sorted_set_algebra.h"
#include "engine/commands/zset_add.h"
#include "engine/commands/zset_ranges.h"

namespace satchel::engine {
namespace {

std::int64_t Count(std::size_t size) { return static_cast<std::int64_t>(size); }

// --- ZADD ----------------------------------------------------------------------------------

Result<AddOptions> ParseAddOptions(const Call& call, std::size_t* first) {
  AddOptions options;
  std::size_t i = 2;
  for (; i < call.argc(); ++i) {
    if (call.Is(i, "NX")) {
      options.only_new = true;
    } else if (call.Is(i, "XX")) {
      options.only_existing = true;
    } else if (call.Is(i, "CH")) {
      options.count_changed = true;
    } else if (call.Is(i, "INCR")) {
      options.increment = true;
    } else if (call.Is(i, "GT")) {
      options.only_greater = true;
    } else if (call.Is(i, "LT")) {
      options.only_less = true;
    } else {
      break;
    }
  }
  *first = i;
  const std::size_t rest = call.argc() - i;
  if (rest == 0 || rest % 2 != 0) return ReplyError(kSyntaxError);
  if (options.only_new && options.only_existing) {
    return ReplyError("ERR XX and NX options at the same time are not compatible");
  }
  if ((options.only_greater && options.only_new) || (options.only_less && options.only_new) ||
      (options.only_greater && options.only_less)) {
    return ReplyError("ERR GT, LT, and/or NX options at the same time are not compatible");
  }
  if (options.increment && rest > 2) {
    return ReplyError("ERR INCR option supports a single increment-element pair");
  }
  return options;
}

// The score to store; empty when the options say that nothing is to be done.
Result<std::optional<double>> NewScore(const SortedSet* set, std::string_view member, double score,
                                       const AddOptions& options) {
  const auto old = set == nullptr ? std::nullopt : set->Score(member);
  if (!old) {
    if (options.only_existing) return std::optional<double>();
    return std::optional(score);
  }
  if (options.only_new) return std::optional<double>();
  if (options.increment) {
    score += *old;
    if (std::isnan(score)) return ReplyError("ERR resulting score is not a number (NaN)");
  }
  if (options.only_greater && score <= *old) return std::optional<double>();
  if (options.only_less && score >= *old) return std::optional<double>();
  return std::optional(score);
}

void AddAll(Call& call, Reply& reply, const AddOptions& options, std::size_t first) {
  std::vector<NewMember> members;
  for (std::size_t i = first; i < call.argc(); i += 2) {
    auto score = call.Double(i);
    if (!score) return reply.Error(score.error());
    members.push_back({*score, call.arg(i + 1)});
  }
  AddMembers(call, reply, options, members);
}

void Zadd(Call& call, Reply& reply) {
  std::size_t first = 0;
  auto options = ParseAddOptions(call, &first);
  if (!options) return reply.Error(options.error());
  AddAll(call, reply, *options, first);
}

// The options of ZADD are seen here, too; none leaves a whole pair behind it.
void Zincrby(Call& call, Reply& reply) {
  std::size_t first = 0;
  auto options = ParseAddOptions(call, &first);
  if (!options) return reply.Error(options.error());
  options->increment = true;
  AddAll(call, reply, *options, first);
}

}  // namespace

void AddMembers(Call& call, Reply& reply, const AddOptions& options,
                std::span<const NewMember> members) {
  const std::string_view key = call.arg(1);
  auto found = call.Find<SortedSet>(key);
  if (!found) return reply.Error(found.error());
  SortedSet* set = nullptr;
  std::int64_t added = 0;
  std::int64_t changed = 0;
  std::optional<double> last;
  std::vector<std::string> texts;
  std::vector<std::string_view> effect = {"ZADD", key};
  texts.reserve(members.size());
  for (const auto& [wanted, member] : members) {
    auto score = NewScore(set != nullptr ? set : *found, member, wanted, options);
    if (!score) return reply.Error(score.error());
    last = *score;
    if (!last) continue;
    if (set == nullptr) set = *call.EditOrCreate<SortedSet>(key);
    const AddOutcome outcome = set->Add(member, *last, call.context());
    added += outcome == AddOutcome::kAdded;
    changed += outcome == AddOutcome::kChanged;
    if (outcome == AddOutcome::kSame) continue;
    if (call.effects_wanted()) {
      effect.push_back(texts.emplace_back(FormatDouble(*last)));
      effect.push_back(member);
    }
  }
  if (added + changed > 0) {
    call.Effect(call.db(), effect);
    call.Event(kEventZset, options.increment ? "zincr" : "zadd", key);
  }
  if (!options.increment) return reply.Integer(options.count_changed ? added + changed : added);
  if (!last) return reply.Null();
  reply.Double(*last);
}

namespace {

// --- Reading one member --------------------------------------------------------------------

void ReplyScore(Reply& reply, const SortedSet* set, std::string_view member) {
  const auto score = set == nullptr ? std::nullopt : set->Score(member);
  if (!score) return reply.Null();
  reply.Double(*score);
}

void Zscore(Call& call, Reply& reply) {
  auto set = call.Find<SortedSet>(call.arg(1));
  if (!set) return reply.Error(set.error());
  ReplyScore(reply, *set, call.arg(2));
}

void Zmscore(Call& call, Reply& reply) {
  auto set = call.Find<SortedSet>(call.arg(1));
  if (!set) return reply.Error(set.error());
  reply.BeginArray(call.argc() - 2);
  for (std::size_t i = 2; i < call.argc(); ++i) ReplyScore(reply, *set, call.arg(i));
}

void ReplyRank(Call& call, Reply& reply, Direction direction) {
  if (call.argc() > 4) return reply.Error(ArityText(CommandTable::FullName(call.command())));
  const bool with_score = call.argc() == 4;  // since 7.2
  if (with_score && !call.Is(3, "WITHSCORE")) return reply.Error(kSyntaxError);
  auto set = call.Find<SortedSet>(call.arg(1));
  if (!set) return reply.Error(set.error());
  const auto rank = *set == nullptr ? std::nullopt : (*set)->Rank(call.arg(2), direction);
  if (!rank) return with_score ? reply.NullArray() : reply.Null();
  if (with_score) reply.BeginArray(2);
  reply.Integer(Count(*rank));
  if (with_score) reply.Double(*(*set)->Score(call.arg(2)));
}

void Zrank(Call& call, Reply& reply) { ReplyRank(call, reply, Direction::kForward); }
void Zrevrank(Call& call, Reply& reply) { ReplyRank(call, reply, Direction::kReverse); }

void Zcard(Call& call, Reply& reply) {
  auto set = call.Find<SortedSet>(call.arg(1));
  if (!set) return reply.Error(set.error());
  reply.Integer(*set == nullptr ? 0 : Count((*set)->size()));
}

void Zcount(Call& call, Reply& reply) {
  auto range = ParseScoreRange(call.arg(2), call.arg(3));
  if (!range) return reply.Error(range.error());
  auto set = call.Find<SortedSet>(call.arg(1));
  if (!set) return reply.Error(set.error());
  reply.Integer(*set == nullptr ? 0 : Count((*set)->RanksOf(*range).size()));
}

void Zlexcount(Call& call, Reply& reply) {
  auto range = ParseLexRange(call.arg(2), call.arg(3));
  if (!range) return reply.Error(range.error());
  auto set = call.Find<SortedSet>(call.arg(1));
  if (!set) return reply.Error(set.error());
  reply.Integer(*set == nullptr ? 0 : Count((*set)->RanksOf(*range).size()));
}

// --- Removing ------------------------------------------------------------------------------

// Says what was removed, and removes the key if it is empty now.
void Removed(Call& call, std::string_view key, const SortedSet& set, std::string_view event,
             const std::vector<std::string>& members) {
  std::vector<std::string_view> effect = {"ZREM", key};
  effect.insert(effect.end(), members.begin(), members.end());
  call.Effect(call.db(), effect);
  call.Event(kEventZset, event, key);
  call.RemoveIfEmpty(key, set);
}

void Zrem(Call& call, Reply& reply) {
  const std::string_view key = call.arg(1);
  auto set = call.Edit<SortedSet>(key);
  if (!set) return reply.Error(set.error());
  if (*set == nullptr) return reply.Integer(0);
  std::int64_t removed = 0;
  for (std::size_t i = 2; i < call.argc(); ++i) removed += (*set)->Remove(call.arg(i));
  if (removed > 0) {
    call.EffectSelf();
    call.Event(kEventZset, "zrem", key);
    call.RemoveIfEmpty(key, **set);
  }
  reply.Integer(removed);
}

void RemoveRange(Call& call, Reply& reply, const RangeQuery& query, std::string_view event) {
  const std::string_view key = call.arg(1);
  auto set = call.Edit<SortedSet>(key);
  if (!set) return reply.Error(set.error());
  if (*set == nullptr) return reply.Integer(0);
  std::vector<std::string> members;
  const std::size_t removed = (*set)->RemoveRanks(RanksOf(**set, query), Direction::kForward,
                                                  [&](std::string_view member, double) {
                                                    if (call.effects_wanted())
                                                      members.emplace_back(member);
                                                  });
  if (removed > 0) Removed(call, key, **set, event, members);
  reply.Integer(Count(removed));
}

void Zremrangebyrank(Call& call, Reply& reply) {
  auto query =
      ParseRangeQuery(call, 2, {.by = RangeBy::kRank, .direction = Direction::kForward}, true);
  if (!query) return reply.Error(query.error());
  RemoveRange(call, reply, *query, "zremrangebyrank");
}

void Zremrangebyscore(Call& call, Reply& reply) {
  auto query =
      ParseRangeQuery(call, 2, {.by = RangeBy::kScore, .direction = Direction::kForward}, true);
  if (!query) return reply.Error(query.error());
  RemoveRange(call, reply, *query, "zremrangebyscore");
}

void Zremrangebylex(Call& call, Reply& reply) {
  auto query =
      ParseRangeQuery(call, 2, {.by = RangeBy::kLex, .direction = Direction::kForward}, true);
  if (!query) return reply.Error(query.error());
  RemoveRange(call, reply, *query, "zremrangebylex");
}

// --- Ranges --------------------------------------------------------------------------------

void ReplyRange(Call& call, Reply& reply, RangeQuery fixed) {
  auto query = ParseRangeQuery(call, 2, fixed, false);
  if (!query) return reply.Error(query.error());
  auto set = call.Find<SortedSet>(call.arg(1));
  if (!set) return reply.Error(set.error());
  if (*set == nullptr) return reply.BeginArray(0);
  const RankRange ranks = RanksOf(**set, *query);
  if (query->with_scores) {
    reply.BeginPairs(ranks.size());
  } else {
    reply.BeginArray(ranks.size());
  }
  (*set)->VisitRanks(ranks, *query->direction, [&](std::string_view member, double score) {
    if (query->with_scores) {
      reply.BeginPair();
      reply.Bulk(member);
      reply.Double(score);
    } else {
      reply.Bulk(member);
    }
    return true;
  });
}

void Zrange(Call& call, Reply& reply) { ReplyRange(call, reply, {}); }
void Zrevrange(Call& call, Reply& reply) {
  ReplyRange(call, reply, {.by = RangeBy::kRank, .direction = Direction::kReverse});
}
void Zrangebyscore(Call& call, Reply& reply) {
  ReplyRange(call, reply, {.by = RangeBy::kScore, .direction = Direction::kForward});
}
void Zrevrangebyscore(Call& call, Reply& reply) {
  ReplyRange(call, reply, {.by = RangeBy::kScore, .direction = Direction::kReverse});
}
void Zrangebylex(Call& call, Reply& reply) {
  ReplyRange(call, reply, {.by = RangeBy::kLex, .direction = Direction::kForward});
}
void Zrevrangebylex(Call& call, Reply& reply) {
  ReplyRange(call, reply, {.by = RangeBy::kLex, .direction = Direction::kReverse});
}

void Zrangestore(Call& call, Reply& reply) {
  auto query = ParseRangeQuery(call, 3, {}, true);
  if (!query) return reply.Error(query.error());
  auto set = call.Find<SortedSet>(call.arg(2));
  if (!set) return reply.Error(set.error());
  std::vector<ScoredName> result;
  if (*set != nullptr) {
    (*set)->VisitRanks(RanksOf(**set, *query), *query->direction,
                       [&](std::string_view member, double score) {
                         result.push_back({std::string(member), score});
                         return true;
                       });
  }
  reply.Integer(StoreScored(call, call.arg(1), result, "zrangestore"));
}

// --- Popping -------------------------------------------------------------------------------

enum class PopShape { kFlat, kPairs, kNested };

// Replies and removes at most `count` members from one end of a set that exists.
void PopMembers(Call& call, Reply& reply, std::string_view key, Direction end, std::uint64_t count,
                PopShape shape) {
  SortedSet* set = *call.Edit<SortedSet>(key);
  const std::size_t taken = std::min<std::uint64_t>(count, set->size());
  if (shape == PopShape::kNested) reply.BeginArray(taken);
  if (shape == PopShape::kPairs) reply.BeginPairs(taken);
  if (shape == PopShape::kFlat) reply.BeginArray(2 * taken);
  std::vector<std::string> members;
  const RankRange ranks = RankRange{0, set->size()}.Part(0, taken, end);
  set->RemoveRanks(ranks, end, [&](std::string_view member, double score) {
    if (shape == PopShape::kNested) reply.BeginArray(2);
    if (shape == PopShape::kPairs) reply.BeginPair();
    reply.Bulk(member);
    reply.Double(score);
    if (call.effects_wanted()) members.emplace_back(member);
  });
  Removed(call, key, *set, end == Direction::kForward ? "zpopmin" : "zpopmax", members);
}

void Pop(Call& call, Reply& reply, Direction end) {
  if (call.argc() > 3) return reply.Error(kSyntaxError);
  const bool counted = call.argc() == 3;
  std::int64_t count = 1;
  if (counted) {
    const auto parsed = ParseInt(call.arg(2));
    if (!parsed || *parsed < 0) return reply.Error(kMustBePositive);
    count = *parsed;
  }
  auto set = call.Find<SortedSet>(call.arg(1));
  if (!set) return reply.Error(set.error());
  if (*set == nullptr || count == 0) return reply.BeginArray(0);
  PopMembers(call, reply, call.arg(1), end, static_cast<std::uint64_t>(count),
             counted ? PopShape::kPairs : PopShape::kFlat);
}

void Zpopmin(Call& call, Reply& reply) { Pop(call, reply, Direction::kForward); }
void Zpopmax(Call& call, Reply& reply) { Pop(call, reply, Direction::kReverse); }

void PopOrBlock(Call& call, Reply& reply, Direction end) {
  auto deadline = call.BlockDeadline(call.argc() - 1);
  if (!deadline) return reply.Error(deadline.error());
  const Args keys = call.args().subspan(1, call.argc() - 2);
  auto key = FirstWith<SortedSet>(call, keys);
  if (!key) return reply.Error(key.error());
  if (!*key) {
    if (!call.Block(keys, *deadline)) reply.NullArray();
    return;
  }
  SortedSet* set = *call.Edit<SortedSet>(**key);
  std::vector<std::string> members;
  reply.BeginArray(3);
  reply.Bulk(**key);
  set->RemoveRanks(RankRange{0, set->size()}.Part(0, 1, end), end,
                   [&](std::string_view member, double score) {
                     reply.Bulk(member);
                     reply.Double(score);
                     members.emplace_back(member);
                   });
  Removed(call, **key, *set, end == Direction::kForward ? "zpopmin" : "zpopmax", members);
}

void Bzpopmin(Call& call, Reply& reply) { PopOrBlock(call, reply, Direction::kForward); }
void Bzpopmax(Call& call, Reply& reply) { PopOrBlock(call, reply, Direction::kReverse); }

// False when all keys are absent: nothing was replied.
bool PopFirst(Call& call, Reply& reply, const MultiPop& pop) {
  auto key = FirstWith<SortedSet>(call, pop.keys);
  if (!key) {
    reply.Error(key.error());
    return true;
  }
  if (!*key) return false;
  reply.BeginArray(2);
  reply.Bulk(**key);
  PopMembers(call, reply, **key, pop.from_last ? Direction::kReverse : Direction::kForward,
             static_cast<std::uint64_t>(pop.count), PopShape::kNested);
  return true;
}

void Zmpop(Call& call, Reply& reply) {
  auto pop = ParseMultiPop(call, 1, {"MIN", "MAX"});
  if (!pop) return reply.Error(pop.error());
  if (!PopFirst(call, reply, *pop)) reply.NullArray();
}

void Bzmpop(Call& call, Reply& reply) {
  auto deadline = call.BlockDeadline(1);
  if (!deadline) return reply.Error(deadline.error());
  auto pop = ParseMultiPop(call, 2, {"MIN", "MAX"});
  if (!pop) return reply.Error(pop.error());
  if (PopFirst(call, reply, *pop)) return;
  if (!call.Block(pop->keys, *deadline)) reply.NullArray();
}

// --- Random members and scanning -----------------------------------------------------------

void ReplyMember(Reply& reply, std::string_view member, double score, bool with_scores) {
  if (!with_scores) return reply.Bulk(member);
  reply.BeginPair();
  reply.Bulk(member);
  reply.Double(score);
}

void RandomMembers(Call& call, Reply& reply, const SortedSet& set, std::int64_t count,
                   bool with_scores) {
  const bool repeat = count < 0;
  const std::uint64_t wanted =
      repeat ? ~static_cast<std::uint64_t>(count) + 1
             : std::min<std::uint64_t>(static_cast<std::uint64_t>(count), set.size());
  if (with_scores) {
    reply.BeginPairs(wanted);
  } else {
    reply.BeginArray(wanted);
  }
  if (repeat) {
    for (std::uint64_t i = 0; i < wanted; ++i) {
      const auto [member, score] = set.RandomMember(call.random());
      ReplyMember(reply, member, score, with_scores);
    }
    return;
  }
  SampleDistinct(
      set.size(), wanted, call.random(), [&] { return set.RandomMember(call.random()).first; },
      [&](auto visit) {
        set.ForEach([&](std::string_view member, double) { return visit(member); });
      },
      [&](std::string_view member) {
        ReplyMember(reply, member, *set.Score(member), with_scores);
      });
}

void Zrandmember(Call& call, Reply& reply) {
  if (call.argc() == 2) {
    auto set = call.Find<SortedSet>(call.arg(1));
    if (!set) return reply.Error(set.error());
    if (*set == nullptr) return reply.Null();
    return reply.Bulk((*set)->RandomMember(call.random()).first);
  }
  auto count = RandomCount(call, 2);
  if (!count) return reply.Error(count.error());
  const bool with_scores = call.argc() == 4;
  if (call.argc() > 4 || (with_scores && !call.Is(3, "WITHSCORES"))) {
    return reply.Error(kSyntaxError);
  }
  if (with_scores && (*count < INT64_MIN / 2 || *count > INT64_MAX / 2)) {
    return reply.Error(kOutOfRange);
  }
  auto set = call.Find<SortedSet>(call.arg(1));
  if (!set) return reply.Error(set.error());
  if (*set == nullptr || *count == 0) return reply.BeginArray(0);
  RandomMembers(call, reply, **set, *count, with_scores);
}

void Zscan(Call& call, Reply& reply) {
  auto cursor = ParseCursor(call, 2);
  if (!cursor) return reply.Error(cursor.error());
  auto set = call.Find<SortedSet>(call.arg(1));
  if (!set) return reply.Error(set.error());
  std::vector<std::string> found;
  if (*set == nullptr) return ReplyScan(reply, 0, found);  // whatever the options say
  auto options = ParseScanOptions(call, 3, Scanned::kMembers);
  if (!options) return reply.Error(options.error());
  std::uint64_t at = *cursor;
  std::int64_t visited = 0;
  do {
    at = (*set)->Scan(at % kScanCursors, [&](std::string_view member, double score) {
      ++visited;
      if (!options->Matches(member)) return;
      found.emplace_back(member);
      found.push_back(FormatDouble(score));
    });
  } while (at != 0 && visited < options->count);
  ReplyScan(reply, at, found);
}

constexpr Command kSortedSetCommands[] = {
    {.name = "BZMPOP",
     .arity = -5,
     .flags = kWrite | kBlocking | kMovableKeys,
     .categories = kCatSortedSet,
     .keys = {KeyCount(2, kRW | kAccess | kDelete)},
     .run = Bzmpop,
     .since = "7.0.0",
     .group = "sorted-set",
     .complexity = "O(K)",
     .summary = "Takes members from the first sorted set that has some, or waits."},
    {.name = "BZPOPMAX",
     .arity = -3,
     .flags = kWrite | kNoScript | kBlocking | kFast,
     .categories = kCatSortedSet,
     .keys = {KeyRange(1, -2, 1, kRW | kAccess | kDelete)},
     .run = Bzpopmax,
     .since = "5.0.0",
     .group = "sorted-set",
     .complexity = "O(log(N))",
     .summary = "Takes the member with the highest score, or waits for one."},
    {.name = "BZPOPMIN",
     .arity = -3,
     .flags = kWrite | kNoScript | kBlocking | kFast,
     .categories = kCatSortedSet,
     .keys = {KeyRange(1, -2, 1, kRW | kAccess | kDelete)},
     .run = Bzpopmin,
     .since = "5.0.0",
     .group = "sorted-set",
     .complexity = "O(log(N))",
     .summary = "Takes the member with the lowest score, or waits for one."},
    {.name = "ZADD",
     .arity = -4,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Zadd,
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(log(N))",
     .summary = "Adds members to a sorted set or changes their scores."},
    {.name = "ZCARD",
     .arity = 2,
     .flags = kReadonly | kFast,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO)},
     .run = Zcard,
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(1)",
     .summary = "Counts the members of a sorted set."},
    {.name = "ZCOUNT",
     .arity = 4,
     .flags = kReadonly | kFast,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Zcount,
     .since = "2.0.0",
     .group = "sorted-set",
     .complexity = "O(log(N))",
     .summary = "Counts the members with scores in an interval."},
    {.name = "ZDIFF",
     .arity = -3,
     .flags = kReadonly | kMovableKeys,
     .categories = kCatSortedSet,
     .keys = {KeyCount(1, kRO | kAccess)},
     .run = Zdiff,
     .since = "6.2.0",
     .group = "sorted-set",
     .complexity = "O(L + (N-K)log(N))",
     .summary = "Returns the members of a sorted set that no other has."},
    {.name = "ZDIFFSTORE",
     .arity = -4,
     .flags = kWrite | kDenyOom | kMovableKeys,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kOW | kUpdate), KeyCount(2, kRO | kAccess)},
     .run = Zdiffstore,
     .since = "6.2.0",
     .group = "sorted-set",
     .complexity = "O(L + (N-K)log(N))",
     .summary = "Stores the members of a sorted set that no other has."},
    {.name = "ZINCRBY",
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate)},
     .run = Zincrby,
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(log(N))",
     .summary = "Increments the score of a member."},
    {.name = "ZINTER",
     .arity = -3,
     .flags = kReadonly | kMovableKeys,
     .categories = kCatSortedSet,
     .keys = {KeyCount(1, kRO | kAccess)},
     .run = Zinter,
     .since = "6.2.0",
     .group = "sorted-set",
     .complexity = "O(N*K)",
     .summary = "Returns the members that all sorted sets have."},
    {.name = "ZINTERCARD",
     .arity = -3,
     .flags = kReadonly | kMovableKeys,
     .categories = kCatSortedSet,
     .keys = {KeyCount(1, kRO | kAccess)},
     .run = Zintercard,
     .since = "7.0.0",
     .group = "sorted-set",
     .complexity = "O(N*K)",
     .summary = "Counts the members that all sorted sets have."},
    {.name = "ZINTERSTORE",
     .arity = -4,
     .flags = kWrite | kDenyOom | kMovableKeys,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kOW | kUpdate), KeyCount(2, kRO | kAccess)},
     .run = Zinterstore,
     .since = "2.0.0",
     .group = "sorted-set",
     .complexity = "O(N*K)",
     .summary = "Stores the members that all sorted sets have."},
    {.name = "ZLEXCOUNT",
     .arity = 4,
     .flags = kReadonly | kFast,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Zlexcount,
     .since = "2.8.9",
     .group = "sorted-set",
     .complexity = "O(log(N))",
     .summary = "Counts the members in an interval of names."},
    {.name = "ZMPOP",
     .arity = -4,
     .flags = kWrite | kMovableKeys,
     .categories = kCatSortedSet,
     .keys = {KeyCount(1, kRW | kAccess | kDelete)},
     .run = Zmpop,
     .since = "7.0.0",
     .group = "sorted-set",
     .complexity = "O(K)",
     .summary = "Takes members from the first sorted set that has some."},
    {.name = "ZMSCORE",
     .arity = -3,
     .flags = kReadonly | kFast,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Zmscore,
     .since = "6.2.0",
     .group = "sorted-set",
     .complexity = "O(N)",
     .summary = "Returns the scores of several members."},
    {.name = "ZPOPMAX",
     .arity = -2,
     .flags = kWrite | kFast,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRW | kAccess | kDelete)},
     .run = Zpopmax,
     .since = "5.0.0",
     .group = "sorted-set",
     .complexity = "O(log(N)*M)",
     .summary = "Takes the members with the highest scores."},
    {.name = "ZPOPMIN",
     .arity = -2,
     .flags = kWrite | kFast,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRW | kAccess | kDelete)},
     .run = Zpopmin,
     .since = "5.0.0",
     .group = "sorted-set",
     .complexity = "O(log(N)*M)",
     .summary = "Takes the members with the lowest scores."},
    {.name = "ZRANDMEMBER",
     .arity = -2,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Zrandmember,
     .since = "6.2.0",
     .group = "sorted-set",
     .complexity = "O(N)",
     .summary = "Returns random members of a sorted set."},
    {.name = "ZRANGE",
     .arity = -4,
     .flags = kReadonly,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Zrange,
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(log(N)+M)",
     .summary = "Returns a range of members by rank, score or name."},
    {.name = "ZRANGEBYLEX",
     .arity = -4,
     .flags = kReadonly,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Zrangebylex,
     .since = "2.8.9",
     .group = "sorted-set",
     .complexity = "O(log(N)+M)",
     .summary = "Returns a range of members by name."},
    {.name = "ZRANGEBYSCORE",
     .arity = -4,
     .flags = kReadonly,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Zrangebyscore,
     .since = "1.0.5",
     .group = "sorted-set",
     .complexity = "O(log(N)+M)",
     .summary = "Returns a range of members by score."},
    {.name = "ZRANGESTORE",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kOW | kUpdate), KeyAt(2, kRO | kAccess)},
     .run = Zrangestore,
     .since = "6.2.0",
     .group = "sorted-set",
     .complexity = "O(log(N)+M)",
     .summary = "Stores a range of members by rank, score or name."},
    {.name = "ZRANK",
     .arity = -3,
     .flags = kReadonly | kFast,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Zrank,
     .since = "2.0.0",
     .group = "sorted-set",
     .complexity = "O(log(N))",
     .summary = "Returns the rank of a member."},
    {.name = "ZREM",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRW | kDelete)},
     .run = Zrem,
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(M*log(N))",
     .summary = "Removes members of a sorted set."},
    {.name = "ZREMRANGEBYLEX",
     .arity = 4,
     .flags = kWrite,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRW | kDelete)},
     .run = Zremrangebylex,
     .since = "2.8.9",
     .group = "sorted-set",
     .complexity = "O(log(N)+M)",
     .summary = "Removes the members in an interval of names."},
    {.name = "ZREMRANGEBYRANK",
     .arity = 4,
     .flags = kWrite,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRW | kDelete)},
     .run = Zremrangebyrank,
     .since = "2.0.0",
     .group = "sorted-set",
     .complexity = "O(log(N)+M)",
     .summary = "Removes the members in an interval of ranks."},
    {.name = "ZREMRANGEBYSCORE",
     .arity = 4,
     .flags = kWrite,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRW | kDelete)},
     .run = Zremrangebyscore,
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(log(N)+M)",
     .summary = "Removes the members with scores in an interval."},
    {.name = "ZREVRANGE",
     .arity = -4,
     .flags = kReadonly,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Zrevrange,
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(log(N)+M)",
     .summary = "Returns a range of members by rank, highest first."},
    {.name = "ZREVRANGEBYLEX",
     .arity = -4,
     .flags = kReadonly,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Zrevrangebylex,
     .since = "2.8.9",
     .group = "sorted-set",
     .complexity = "O(log(N)+M)",
     .summary = "Returns a range of members by name, last first."},
    {.name = "ZREVRANGEBYSCORE",
     .arity = -4,
     .flags = kReadonly,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Zrevrangebyscore,
     .since = "2.2.0",
     .group = "sorted-set",
     .complexity = "O(log(N)+M)",
     .summary = "Returns a range of members by score, highest first."},
    {.name = "ZREVRANK",
     .arity = -3,
     .flags = kReadonly | kFast,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Zrevrank,
     .since = "2.0.0",
     .group = "sorted-set",
     .complexity = "O(log(N))",
     .summary = "Returns the rank of a member, counted from the highest."},
    {.name = "ZSCAN",
     .arity = -3,
     .flags = kReadonly | kNondeterministicOutput,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Zscan,
     .since = "2.8.0",
     .group = "sorted-set",
     .complexity = "O(1)",
     .summary = "Visits the members of a sorted set step by step."},
    {.name = "ZSCORE",
     .arity = 3,
     .flags = kReadonly | kFast,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Zscore,
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(1)",
     .summary = "Returns the score of a member."},
    {.name = "ZUNION",
     .arity = -3,
     .flags = kReadonly | kMovableKeys,
     .categories = kCatSortedSet,
     .keys = {KeyCount(1, kRO | kAccess)},
     .run = Zunion,
     .since = "6.2.0",
     .group = "sorted-set",
     .complexity = "O(N)",
     .summary = "Returns the members that any of the sorted sets has."},
    {.name = "ZUNIONSTORE",
     .arity = -4,
     .flags = kWrite | kDenyOom | kMovableKeys,
     .categories = kCatSortedSet,
     .keys = {KeyAt(1, kOW | kUpdate), KeyCount(2, kRO | kAccess)},
     .run = Zunionstore,
     .since = "2.0.0",
     .group = "sorted-set",
     .complexity = "O(N)",
     .summary = "Stores the members that any of the sorted sets has."},
};
static_assert(RowsAreSound(kSortedSetCommands));

}  // namespace

std::span<const Command> SortedSetCommands() { return kSortedSetCommands; }

}  // namespace satchel::engine
