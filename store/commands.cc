#include "store/commands.h"

#include <fmt/format.h>

#include "base/text.h"

namespace satchel::store {
namespace {

using std::chrono::milliseconds;

Error Misshapen() {
  return MakeError(ErrorCode::kProtocol, "the reply has another shape than the command's");
}

// A command under construction. Numbers live in `owned_` until it was run.
class Line {
 public:
  explicit Line(std::initializer_list<Text> words) : words_(words) {}

  Line& Add(Text word) {
    words_.push_back(word);
    return *this;
  }
  Line& Add(const std::vector<Text>& words) {
    words_.insert(words_.end(), words.begin(), words.end());
    return *this;
  }
  Line& Add(const std::vector<std::pair<Text, Text>>& pairs) {
    for (const auto& [first, second] : pairs) Add(first).Add(second);
    return *this;
  }
  Line& Number(std::int64_t value) { return Own(FormatInt(value)); }
  Line& Number(double value) { return Own(FormatDouble(value)); }

  Result<ReplyValue> Run(Store& store) {
    std::size_t next = 0;
    for (std::size_t at : owned_at_) words_[at] = owned_[next++];
    return store.Run(Args(words_));
  }

 private:
  Line& Own(std::string text) {
    owned_at_.push_back(words_.size());
    owned_.push_back(std::move(text));
    words_.emplace_back();
    return *this;
  }

  std::vector<Text> words_;
  std::vector<std::string> owned_;
  std::vector<std::size_t> owned_at_;  // which words they are
};

Result<std::int64_t> AsInteger(Result<ReplyValue> reply) {
  if (!reply) return std::move(reply.error());
  if (reply->type != ReplyType::kInteger) return Misshapen();
  return reply->integer;
}

Result<bool> AsFlag(Result<ReplyValue> reply) {
  SATCHEL_ASSIGN(const std::int64_t value, AsInteger(std::move(reply)));
  return value != 0;
}

// RESP2 writes doubles as text.
std::optional<double> NumberOf(const ReplyValue& value) {
  if (value.type == ReplyType::kDouble) return value.number;
  if (value.type == ReplyType::kBulk) return ParseDouble(value.text);
  return std::nullopt;
}

Result<double> AsDouble(Result<ReplyValue> reply) {
  if (!reply) return std::move(reply.error());
  const auto number = NumberOf(*reply);
  if (!number) return Misshapen();
  return *number;
}

Result<OptionalText> AsOptionalText(Result<ReplyValue> reply) {
  if (!reply) return std::move(reply.error());
  if (reply->is_null()) return OptionalText();
  if (reply->type != ReplyType::kBulk) return Misshapen();
  return OptionalText(std::move(reply->text));
}

Result<Texts> AsTexts(Result<ReplyValue> reply) {
  if (!reply) return std::move(reply.error());
  if (!reply->is_aggregate()) return Misshapen();
  Texts texts;
  for (ReplyValue& item : reply->items) texts.push_back(std::move(item.text));
  return texts;
}

Result<std::vector<OptionalText>> AsOptionalTexts(Result<ReplyValue> reply) {
  if (!reply) return std::move(reply.error());
  if (!reply->is_aggregate()) return Misshapen();
  std::vector<OptionalText> texts;
  for (ReplyValue& item : reply->items) {
    texts.push_back(item.is_null() ? OptionalText() : OptionalText(std::move(item.text)));
  }
  return texts;
}

Result<std::optional<Popped>> AsPopped(Result<ReplyValue> reply) {
  if (!reply) return std::move(reply.error());
  if (reply->is_null()) return std::optional<Popped>();
  if (reply->items.size() != 2) return Misshapen();
  return std::optional(Popped{std::move(reply->items[0].text), std::move(reply->items[1].text)});
}

// RESP3 nests pairs, RESP2 puts member and score side by side.
Result<std::vector<ScoredMember>> AsScored(Result<ReplyValue> reply) {
  if (!reply) return std::move(reply.error());
  if (!reply->is_aggregate()) return Misshapen();
  std::vector<ReplyValue> flat;
  for (ReplyValue& item : reply->items) {
    if (item.is_aggregate()) {
      std::move(item.items.begin(), item.items.end(), std::back_inserter(flat));
    } else {
      flat.push_back(std::move(item));
    }
  }
  std::vector<ScoredMember> members;
  for (std::size_t i = 0; i + 1 < flat.size(); i += 2) {
    const auto score = NumberOf(flat[i + 1]);
    if (!score) return Misshapen();
    members.push_back({std::move(flat[i].text), *score});
  }
  return members;
}

Result<std::optional<Popped>> PopBlocking(Store& store, Text command, std::vector<Text> keys,
                                          milliseconds timeout) {
  Line line{command};
  line.Add(keys).Number(static_cast<double>(timeout.count()) / 1000);
  return AsPopped(line.Run(store));
}

}  // namespace

Result<std::int64_t> Commands::Del(std::vector<Text> keys) {
  return AsInteger(Line{"DEL"}.Add(keys).Run(store_));
}

Result<std::int64_t> Commands::Exists(std::vector<Text> keys) {
  return AsInteger(Line{"EXISTS"}.Add(keys).Run(store_));
}

Result<bool> Commands::Expire(Text key, milliseconds ttl) {
  return AsFlag(Line{"PEXPIRE", key}.Number(std::int64_t{ttl.count()}).Run(store_));
}

Result<bool> Commands::ExpireAt(Text key, std::int64_t deadline_ms) {
  return AsFlag(Line{"PEXPIREAT", key}.Number(deadline_ms).Run(store_));
}

Result<bool> Commands::Persist(Text key) { return AsFlag(store_.Run({"PERSIST", key})); }

Result<KeyTtl> Commands::Ttl(Text key) {
  SATCHEL_ASSIGN(const std::int64_t left_ms, AsInteger(store_.Run({"PTTL", key})));
  if (left_ms == -2) return KeyTtl{};
  if (left_ms < 0) return KeyTtl{.exists = true};
  return KeyTtl{.exists = true, .left = milliseconds(left_ms)};
}

Result<std::string> Commands::Type(Text key) {
  SATCHEL_ASSIGN(ReplyValue reply, store_.Run({"TYPE", key}));
  return std::move(reply.text);
}

Result<OptionalText> Commands::Get(Text key) { return AsOptionalText(store_.Run({"GET", key})); }

Result<bool> Commands::Set(Text key, Text value, const SetOptions& options) {
  Line line{"SET", key, value};
  if (options.when == SetOptions::When::kIfAbsent) line.Add("NX");
  if (options.when == SetOptions::When::kIfPresent) line.Add("XX");
  if (options.ttl) line.Add("PX").Number(std::int64_t{options.ttl->count()});
  if (options.deadline_ms) line.Add("PXAT").Number(*options.deadline_ms);
  if (options.keep_ttl) line.Add("KEEPTTL");
  SATCHEL_ASSIGN(const ReplyValue reply, line.Run(store_));
  return !reply.is_null();
}

Result<OptionalText> Commands::GetDel(Text key) {
  return AsOptionalText(store_.Run({"GETDEL", key}));
}

Result<std::vector<OptionalText>> Commands::MGet(std::vector<Text> keys) {
  return AsOptionalTexts(Line{"MGET"}.Add(keys).Run(store_));
}

Result<void> Commands::MSet(std::vector<std::pair<Text, Text>> values) {
  SATCHEL_TRY(Line{"MSET"}.Add(values).Run(store_));
  return {};
}

Result<std::int64_t> Commands::IncrBy(Text key, std::int64_t by) {
  return AsInteger(Line{"INCRBY", key}.Number(by).Run(store_));
}

Result<double> Commands::IncrByFloat(Text key, double by) {
  return AsDouble(Line{"INCRBYFLOAT", key}.Number(by).Run(store_));
}

Result<std::int64_t> Commands::Append(Text key, Text value) {
  return AsInteger(store_.Run({"APPEND", key, value}));
}

Result<std::int64_t> Commands::HSet(Text key, std::vector<std::pair<Text, Text>> fields) {
  return AsInteger(Line{"HSET", key}.Add(fields).Run(store_));
}

Result<OptionalText> Commands::HGet(Text key, Text field) {
  return AsOptionalText(store_.Run({"HGET", key, field}));
}

Result<std::vector<OptionalText>> Commands::HMGet(Text key, std::vector<Text> fields) {
  return AsOptionalTexts(Line{"HMGET", key}.Add(fields).Run(store_));
}

Result<Pairs> Commands::HGetAll(Text key) {
  SATCHEL_ASSIGN(ReplyValue reply, store_.Run({"HGETALL", key}));
  if (!reply.is_aggregate()) return Misshapen();
  Pairs pairs;
  for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
    pairs.emplace_back(std::move(reply.items[i].text), std::move(reply.items[i + 1].text));
  }
  return pairs;
}

Result<std::int64_t> Commands::HDel(Text key, std::vector<Text> fields) {
  return AsInteger(Line{"HDEL", key}.Add(fields).Run(store_));
}

Result<bool> Commands::HExists(Text key, Text field) {
  return AsFlag(store_.Run({"HEXISTS", key, field}));
}

Result<std::int64_t> Commands::HLen(Text key) { return AsInteger(store_.Run({"HLEN", key})); }

Result<std::int64_t> Commands::HIncrBy(Text key, Text field, std::int64_t by) {
  return AsInteger(Line{"HINCRBY", key, field}.Number(by).Run(store_));
}

Result<std::int64_t> Commands::LPush(Text key, std::vector<Text> elements) {
  return AsInteger(Line{"LPUSH", key}.Add(elements).Run(store_));
}

Result<std::int64_t> Commands::RPush(Text key, std::vector<Text> elements) {
  return AsInteger(Line{"RPUSH", key}.Add(elements).Run(store_));
}

Result<OptionalText> Commands::LPop(Text key) { return AsOptionalText(store_.Run({"LPOP", key})); }
Result<OptionalText> Commands::RPop(Text key) { return AsOptionalText(store_.Run({"RPOP", key})); }

Result<Texts> Commands::LRange(Text key, std::int64_t first, std::int64_t last) {
  return AsTexts(Line{"LRANGE", key}.Number(first).Number(last).Run(store_));
}

Result<std::int64_t> Commands::LLen(Text key) { return AsInteger(store_.Run({"LLEN", key})); }

Result<std::optional<Popped>> Commands::BLPop(std::vector<Text> keys, milliseconds timeout) {
  return PopBlocking(store_, "BLPOP", std::move(keys), timeout);
}

Result<std::optional<Popped>> Commands::BRPop(std::vector<Text> keys, milliseconds timeout) {
  return PopBlocking(store_, "BRPOP", std::move(keys), timeout);
}

Result<std::int64_t> Commands::SAdd(Text key, std::vector<Text> members) {
  return AsInteger(Line{"SADD", key}.Add(members).Run(store_));
}

Result<std::int64_t> Commands::SRem(Text key, std::vector<Text> members) {
  return AsInteger(Line{"SREM", key}.Add(members).Run(store_));
}

Result<Texts> Commands::SMembers(Text key) { return AsTexts(store_.Run({"SMEMBERS", key})); }

Result<bool> Commands::SIsMember(Text key, Text member) {
  return AsFlag(store_.Run({"SISMEMBER", key, member}));
}

Result<std::int64_t> Commands::SCard(Text key) { return AsInteger(store_.Run({"SCARD", key})); }

Result<std::int64_t> Commands::ZAdd(Text key, std::vector<std::pair<double, Text>> members) {
  Line line{"ZADD", key};
  for (const auto& [score, member] : members) line.Number(score).Add(member);
  return AsInteger(line.Run(store_));
}

Result<std::int64_t> Commands::ZRem(Text key, std::vector<Text> members) {
  return AsInteger(Line{"ZREM", key}.Add(members).Run(store_));
}

Result<std::optional<double>> Commands::ZScore(Text key, Text member) {
  SATCHEL_ASSIGN(const ReplyValue reply, store_.Run({"ZSCORE", key, member}));
  if (reply.is_null()) return std::optional<double>();
  const auto score = NumberOf(reply);
  if (!score) return Misshapen();
  return score;
}

Result<double> Commands::ZIncrBy(Text key, double by, Text member) {
  return AsDouble(Line{"ZINCRBY", key}.Number(by).Add(member).Run(store_));
}

Result<std::int64_t> Commands::ZCard(Text key) { return AsInteger(store_.Run({"ZCARD", key})); }

Result<Texts> Commands::ZRange(Text key, std::int64_t first, std::int64_t last) {
  return AsTexts(Line{"ZRANGE", key}.Number(first).Number(last).Run(store_));
}

Result<std::vector<ScoredMember>> Commands::ZRangeWithScores(Text key, std::int64_t first,
                                                             std::int64_t last) {
  return AsScored(Line{"ZRANGE", key}.Number(first).Number(last).Add("WITHSCORES").Run(store_));
}

Result<std::vector<ScoredMember>> Commands::ZRangeByScore(Text key, const ScoreBounds& bounds) {
  Line line{"ZRANGEBYSCORE", key, bounds.min, bounds.max, "WITHSCORES", "LIMIT"};
  return AsScored(line.Number(bounds.offset).Number(bounds.count).Run(store_));
}

Result<std::int64_t> Commands::Publish(Text channel, Text payload) {
  return AsInteger(store_.Run({"PUBLISH", channel, payload}));
}

}  // namespace satchel::store
