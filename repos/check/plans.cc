#include "repos/check/plans.h"

#include "base/text.h"

namespace satchel::repos::check {
namespace {

using Strings = std::vector<std::string>;

Strings Keys(std::string_view first, std::string_view second) {
  return {std::string(first), std::string(second)};
}

std::string ScoreText(const ReplyValue& reply) {
  const auto score = ScoreOf(reply);
  return score ? FormatDouble(*score) : std::string();
}

}  // namespace

std::optional<double> ScoreOf(const ReplyValue& reply) {
  if (reply.type == ReplyType::kDouble) return reply.number;
  if (reply.type == ReplyType::kBulk) return ParseDouble(reply.text);
  return std::nullopt;
}

std::string Given(const ReplyValue& reply) { return reply.is_null() ? "" : "=" + reply.text; }

Plan FixIndex(std::string_view object, std::string_view index, std::string_view version,
              const std::vector<IndexChange>& changes) {
  Plan plan{.script = "fix_index", .keys = Keys(object, index), .args = {std::string(version)}};
  for (const IndexChange& change : changes) {
    plan.args.emplace_back(change.is_removal ? "-" : "+");
    plan.args.push_back(FormatInt(change.score));
    plan.args.push_back(change.member);
  }
  return plan;
}

Plan FixField(std::string_view object, std::string_view hash, std::string_view version,
              const FieldChange& change) {
  return {.script = "fix_field",
          .keys = Keys(object, hash),
          .args = {std::string(version), change.field, change.seen, change.wanted}};
}

Plan FixTtl(std::string_view object, std::string_view key, std::string_view version,
            std::optional<std::int64_t> deadline_ms) {
  return {.script = "fix_ttl",
          .keys = Keys(object, key),
          .args = {std::string(version), deadline_ms ? FormatInt(*deadline_ms) : std::string()}};
}

std::optional<Finding> TtlFinding(std::string_view index, std::string_view object,
                                  std::string_view key, std::string_view version,
                                  const ReplyValue& actual, std::optional<std::int64_t> wanted_ms) {
  const bool has = actual.integer >= 0;
  if (actual.integer == -2 || (!has && !wanted_ms) || (has && actual.integer == wanted_ms)) {
    return std::nullopt;
  }
  const Kind kind = !has ? Kind::kMissingTtl : !wanted_ms ? Kind::kExtraTtl : Kind::kWrongValue;
  return Finding{.kind = kind,
                 .index = std::string(index),
                 .what = std::string(key),
                 .plan = FixTtl(object, key, version, wanted_ms)};
}

Plan FixEntry(std::string_view key, std::string_view member, const ReplyValue& seen_score,
              std::optional<std::int64_t> wanted_score) {
  return {.script = "fix_entry",
          .keys = {std::string(key)},
          .args = {std::string(member), ScoreText(seen_score),
                   wanted_score ? FormatInt(*wanted_score) : std::string()}};
}

Plan FixString(std::string_view key, std::string_view seen, std::string_view wanted) {
  return {.script = "fix_string",
          .keys = {std::string(key)},
          .args = {std::string(seen), std::string(wanted)}};
}

Finding CorruptKey(std::string_view index, std::string_view key) {
  return {.kind = Kind::kCorrupt, .index = std::string(index), .what = std::string(key)};
}

std::optional<Finding> RegistryFinding(std::string_view name, const Thing& entry, bool is_legal,
                                       const ReplyValue& score, const ReplyValue& behind,
                                       std::int64_t now_ms) {
  const auto added_ms = ScoreOf(score);
  if (!added_ms || (is_legal && behind.integer > 0)) return std::nullopt;
  if (*added_ms > static_cast<double>(now_ms - kRegistryGraceMs)) return std::nullopt;
  return Finding{Kind::kDangling, std::string(name), entry.member,
                 FixEntry(entry.key, entry.member, score, std::nullopt)};
}

std::string EntryName(std::string_view entry) {
  const std::string_view first = entry.substr(0, entry.find(' '));
  if (first != "ta") return std::string(first.size() <= 2 ? first : "entry");
  const std::string_view rest = entry.substr(std::min(entry.size(), std::size_t{3}));
  const std::string_view second = rest.substr(0, rest.find(' '));
  return second.size() <= 2 ? "ta " + std::string(second) : "ta";
}

void CompareMembers(std::string_view object, std::string_view index, std::string_view version,
                    const std::vector<std::string>& members, const ReplyValue& scores,
                    std::vector<Finding>& found) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto score = i < scores.items.size() ? ScoreOf(scores.items[i]) : std::nullopt;
    if (score == 0.0) continue;
    found.push_back({.kind = score ? Kind::kWrongScore : Kind::kMissing,
                     .index = EntryName(members[i]),
                     .what = members[i],
                     .plan = FixIndex(object, index, version, {{.member = members[i]}})});
  }
}

}  // namespace satchel::repos::check
