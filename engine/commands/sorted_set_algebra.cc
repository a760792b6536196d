#include "engine/commands/sorted_set_algebra.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "engine/values.h"

namespace satchel::engine {
namespace {

enum class Operation { kUnion, kIntersection, kDifference };
enum class Aggregation { kSum, kMin, kMax };

// One input: a sorted set, a set (every score is 1), or an absent key.
struct Input {
  const SortedSet* scored = nullptr;
  const Set* plain = nullptr;
  double weight = 1;

  std::size_t size() const {
    return scored != nullptr ? scored->size() : plain != nullptr ? plain->size() : 0;
  }
  std::optional<double> Score(std::string_view member) const {
    if (scored != nullptr) return scored->Score(member);
    if (plain != nullptr && plain->Contains(member)) return 1;
    return std::nullopt;
  }
  template <class Visit>
  void ForEach(Visit visit) const {
    if (scored != nullptr) scored->ForEach(visit);
    if (plain != nullptr) plain->ForEach([&](std::string_view m) { return visit(m, 1.0); });
  }
  double Weighted(double score) const {
    const double value = weight * score;
    return std::isnan(value) ? 0 : value;
  }
};

struct Query {
  std::vector<Input> inputs;
  Aggregation aggregation = Aggregation::kSum;
  bool with_scores = false;
  std::int64_t limit = 0;  // ZINTERCARD; 0: none
};

enum class Form { kReply, kStore, kCard };

Result<Input> FindInput(Call& call, std::string_view key) {
  const Entry* entry = call.Find(key);
  if (entry == nullptr) return Input{};
  if (entry->type() == ValueType::kZset) return Input{.scored = entry->As<SortedSet>()};
  if (entry->type() == ValueType::kSet) return Input{.plain = entry->As<Set>()};
  return WrongType();
}

Result<void> ParseWeights(Call& call, std::size_t first, Query& query) {
  for (std::size_t i = 0; i < query.inputs.size(); ++i) {
    const auto weight = ParseDouble(call.arg(first + i));
    if (!weight) return ReplyError("ERR weight value is not a float");
    query.inputs[i].weight = *weight;
  }
  return {};
}

Result<Aggregation> ParseAggregation(std::string_view text) {
  if (EqualIgnoreCase(text, "SUM")) return Aggregation::kSum;
  if (EqualIgnoreCase(text, "MIN")) return Aggregation::kMin;
  if (EqualIgnoreCase(text, "MAX")) return Aggregation::kMax;
  return ReplyError(kSyntaxError);
}

// numkeys at `first`, the keys, the options.
Result<Query> ParseQuery(Call& call, std::size_t first, Operation operation, Form form) {
  SATCHEL_ASSIGN(const std::int64_t keys, call.Integer(first));
  if (keys < 1) {
    return ReplyError("ERR at least 1 input key is needed for '" +
                      CommandTable::FullName(call.command()) + "' command");
  }
  if (static_cast<std::uint64_t>(keys) > call.argc() - first - 1) {
    return ReplyError(kSyntaxError);
  }
  Query query;
  std::size_t i = first + 1;
  for (std::int64_t k = 0; k < keys; ++k, ++i) {
    SATCHEL_ASSIGN(const Input input, FindInput(call, call.arg(i)));
    query.inputs.push_back(input);
  }
  const bool weighted = operation != Operation::kDifference && form != Form::kCard;
  while (i < call.argc()) {
    const std::size_t left = call.argc() - i - 1;
    if (weighted && call.Is(i, "WEIGHTS") && left >= query.inputs.size()) {
      SATCHEL_TRY(ParseWeights(call, i + 1, query));
      i += 1 + query.inputs.size();
    } else if (weighted && call.Is(i, "AGGREGATE") && left >= 1) {
      SATCHEL_ASSIGN(query.aggregation, ParseAggregation(call.arg(i + 1)));
      i += 2;
    } else if (form == Form::kReply && call.Is(i, "WITHSCORES")) {
      query.with_scores = true;
      ++i;
    } else if (form == Form::kCard && call.Is(i, "LIMIT") && left >= 1) {
      const auto limit = ParseInt(call.arg(i + 1));
      if (!limit || *limit < 0) return ReplyError("ERR LIMIT can't be negative");
      query.limit = *limit;
      i += 2;
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  return query;
}

double Aggregate(double a, double b, Aggregation aggregation) {
  switch (aggregation) {
    case Aggregation::kMin:
      return std::min(a, b);
    case Aggregation::kMax:
      return std::max(a, b);
    case Aggregation::kSum:
      break;
  }
  const double sum = a + b;
  return std::isnan(sum) ? 0 : sum;  // inf + -inf
}

std::vector<ScoredName> Union(const Query& query) {
  std::vector<ScoredName> result;
  std::unordered_map<std::string, std::size_t> at;
  for (const Input& input : query.inputs) {
    input.ForEach([&](std::string_view member, double score) {
      const double value = input.Weighted(score);
      auto [it, added] = at.emplace(std::string(member), result.size());
      if (added) {
        result.push_back({std::string(member), value});
      } else {
        double& sum = result[it->second].score;
        sum = Aggregate(sum, value, query.aggregation);
      }
      return true;
    });
  }
  return result;
}

// Visits the members that all inputs have, walking the smallest; until visit returns false.
template <class Visit>
void VisitIntersection(std::vector<Input> inputs, Aggregation aggregation, Visit visit) {
  std::stable_sort(inputs.begin(), inputs.end(),
                   [](const Input& a, const Input& b) { return a.size() < b.size(); });
  inputs[0].ForEach([&](std::string_view member, double score) {
    double value = inputs[0].Weighted(score);
    for (std::size_t i = 1; i < inputs.size(); ++i) {
      const auto other = inputs[i].Score(member);
      if (!other) return true;
      // Not Weighted(): what is no number makes the sum 0, and loses against any other.
      value = Aggregate(value, inputs[i].weight * *other, aggregation);
    }
    return visit(member, value);
  });
}

std::vector<ScoredName> Difference(const Query& query) {
  std::vector<ScoredName> result;
  query.inputs[0].ForEach([&](std::string_view member, double score) {
    const bool elsewhere =
        std::any_of(query.inputs.begin() + 1, query.inputs.end(),
                    [&](const Input& input) { return input.Score(member).has_value(); });
    if (!elsewhere) result.push_back({std::string(member), score});
    return true;
  });
  return result;
}

std::vector<ScoredName> Combine(const Query& query, Operation operation) {
  std::vector<ScoredName> result;
  switch (operation) {
    case Operation::kUnion:
      result = Union(query);
      break;
    case Operation::kDifference:
      result = Difference(query);
      break;
    case Operation::kIntersection:
      VisitIntersection(query.inputs, query.aggregation,
                        [&](std::string_view member, double score) {
                          result.push_back({std::string(member), score});
                          return true;
                        });
      break;
  }
  return result;
}

void ReplyCombined(Call& call, Reply& reply, Operation operation) {
  auto query = ParseQuery(call, 1, operation, Form::kReply);
  if (!query) return reply.Error(query.error());
  std::vector<ScoredName> result = Combine(*query, operation);
  std::sort(result.begin(), result.end(), [](const ScoredName& a, const ScoredName& b) {
    return a.score != b.score ? a.score < b.score : a.name < b.name;
  });
  if (query->with_scores) {
    reply.BeginPairs(result.size());
  } else {
    reply.BeginArray(result.size());
  }
  for (const ScoredName& member : result) {
    if (query->with_scores) reply.BeginPair();
    reply.Bulk(member.name);
    if (query->with_scores) reply.Double(member.score);
  }
}

void StoreCombined(Call& call, Reply& reply, Operation operation, std::string_view event) {
  auto query = ParseQuery(call, 2, operation, Form::kStore);
  if (!query) return reply.Error(query.error());
  reply.Integer(StoreScored(call, call.arg(1), Combine(*query, operation), event));
}

}  // namespace

namespace {

// Whether a set of these is packed. One that is not never was: it may hold negative zeros.
bool FitPacked(const std::vector<ScoredName>& members, const EncodingLimits& limits) {
  const auto longest = static_cast<std::size_t>(limits.zset_max_listpack_value);
  return members.size() <= static_cast<std::size_t>(limits.zset_max_listpack_entries) &&
         std::all_of(members.begin(), members.end(),
                     [longest](const ScoredName& member) { return member.name.size() <= longest; });
}

}  // namespace

std::int64_t StoreScored(Call& call, std::string_view key, const std::vector<ScoredName>& members,
                         std::string_view event) {
  if (call.Look(key) != nullptr) call.Effect({"DEL", key});
  if (members.empty()) {
    if (call.Remove(key)) call.Event(kEventGeneric, "del", key);
    return 0;
  }
  SortedSet set;
  if (!FitPacked(members, call.context().limits)) set.Unpack(call.context());
  std::vector<std::string> scores;
  std::vector<std::string_view> effect = {"ZADD", key};
  scores.reserve(members.size());
  for (const ScoredName& member : members) {
    set.Add(member.name, member.score, call.context());
    if (!call.effects_wanted()) continue;
    effect.push_back(scores.emplace_back(FormatDouble(member.score)));
    effect.push_back(member.name);
  }
  call.Overwrite(key, std::move(set));
  call.Effect(call.db(), effect);
  call.Event(kEventZset, event, key);
  return static_cast<std::int64_t>(members.size());
}

void Zunion(Call& call, Reply& reply) { ReplyCombined(call, reply, Operation::kUnion); }
void Zinter(Call& call, Reply& reply) { ReplyCombined(call, reply, Operation::kIntersection); }
void Zdiff(Call& call, Reply& reply) { ReplyCombined(call, reply, Operation::kDifference); }
void Zunionstore(Call& call, Reply& reply) {
  StoreCombined(call, reply, Operation::kUnion, "zunionstore");
}
void Zinterstore(Call& call, Reply& reply) {
  StoreCombined(call, reply, Operation::kIntersection, "zinterstore");
}
void Zdiffstore(Call& call, Reply& reply) {
  StoreCombined(call, reply, Operation::kDifference, "zdiffstore");
}

void Zintercard(Call& call, Reply& reply) {
  auto query = ParseQuery(call, 1, Operation::kIntersection, Form::kCard);
  if (!query) return reply.Error(query.error());
  std::int64_t found = 0;
  VisitIntersection(query->inputs, Aggregation::kSum,
                    [&](std::string_view, double) { return ++found != query->limit; });
  reply.Integer(found);
}

}  // namespace satchel::engine
