// Commands: the everyday Redis commands as C++ functions: arguments in, typed values out. A thin
// layer over Store::Run; what it does not offer, Run does.
//
// Results are the same in both modes, also on a server that only speaks RESP2. Every method
// may return the errors of Store::Run; kProtocol when the reply has another shape than the
// command's. Absence is an empty optional. Behaviour: the Redis command of the same name.
// Thread: any; the class holds nothing but the store.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/store.h"

namespace satchel::store {

using Text = std::string_view;
using Texts = std::vector<std::string>;
using OptionalText = std::optional<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

struct SetOptions {
  enum class When : std::uint8_t { kAlways, kIfAbsent, kIfPresent };
  When when = When::kAlways;
  std::optional<std::chrono::milliseconds> ttl = {};  // from now
  std::optional<std::int64_t> deadline_ms = {};       // unix ms; not together with ttl
  bool keep_ttl = false;                              // not together with either
};

// What PTTL tells of a key.
struct KeyTtl {
  bool exists = false;
  std::optional<std::chrono::milliseconds> left = {};  // empty: does not expire
};

struct ScoredMember {
  std::string member;
  double score = 0;
  bool operator==(const ScoredMember&) const = default;
};

// Ends of a score range as ZRANGEBYSCORE writes them: "5", "(5", "-inf".
struct ScoreBounds {
  std::string min = "-inf";
  std::string max = "+inf";
  std::int64_t offset = 0;
  std::int64_t count = -1;  // -1: all
};

// An element and the list it came from.
struct Popped {
  std::string key;
  std::string element;
};

class Commands {
 public:
  explicit Commands(Store& store) : store_(store) {}

  // Keys. Del, Exists: how many of them were there.
  Result<std::int64_t> Del(std::vector<Text> keys);
  Result<std::int64_t> Exists(std::vector<Text> keys);
  // False when the key is absent.
  Result<bool> Expire(Text key, std::chrono::milliseconds ttl);
  Result<bool> ExpireAt(Text key, std::int64_t deadline_ms);
  // False when there was no deadline.
  Result<bool> Persist(Text key);
  Result<KeyTtl> Ttl(Text key);
  // "string", "list", "set", "zset", "hash", "stream"; "none" when absent.
  Result<std::string> Type(Text key);

  // Strings.
  Result<OptionalText> Get(Text key);
  // False when the condition kept it from being set.
  Result<bool> Set(Text key, Text value, const SetOptions& options = {});
  Result<OptionalText> GetDel(Text key);
  Result<std::vector<OptionalText>> MGet(std::vector<Text> keys);
  Result<void> MSet(std::vector<std::pair<Text, Text>> values);
  Result<std::int64_t> Incr(Text key) { return IncrBy(key, 1); }
  Result<std::int64_t> IncrBy(Text key, std::int64_t by);
  Result<double> IncrByFloat(Text key, double by);
  // Length of the string after it.
  Result<std::int64_t> Append(Text key, Text value);

  // Hashes. HSet: fields that are new. HDel: fields that were there.
  Result<std::int64_t> HSet(Text key, std::vector<std::pair<Text, Text>> fields);
  Result<OptionalText> HGet(Text key, Text field);
  Result<std::vector<OptionalText>> HMGet(Text key, std::vector<Text> fields);
  Result<Pairs> HGetAll(Text key);
  Result<std::int64_t> HDel(Text key, std::vector<Text> fields);
  Result<bool> HExists(Text key, Text field);
  Result<std::int64_t> HLen(Text key);
  Result<std::int64_t> HIncrBy(Text key, Text field, std::int64_t by);

  // Lists. Pushes return the length after them.
  Result<std::int64_t> LPush(Text key, std::vector<Text> elements);
  Result<std::int64_t> RPush(Text key, std::vector<Text> elements);
  Result<OptionalText> LPop(Text key);
  Result<OptionalText> RPop(Text key);
  Result<Texts> LRange(Text key, std::int64_t first, std::int64_t last);
  Result<std::int64_t> LLen(Text key);
  // Wait until there is an element; zero: for ever. Empty when the time is over.
  Result<std::optional<Popped>> BLPop(std::vector<Text> keys, std::chrono::milliseconds timeout);
  Result<std::optional<Popped>> BRPop(std::vector<Text> keys, std::chrono::milliseconds timeout);

  // Sets. SAdd: members that are new. SRem: members that were there.
  Result<std::int64_t> SAdd(Text key, std::vector<Text> members);
  Result<std::int64_t> SRem(Text key, std::vector<Text> members);
  Result<Texts> SMembers(Text key);
  Result<bool> SIsMember(Text key, Text member);
  Result<std::int64_t> SCard(Text key);

  // Sorted sets. ZAdd: members that are new. ZRem: members that were there.
  Result<std::int64_t> ZAdd(Text key, std::vector<std::pair<double, Text>> members);
  Result<std::int64_t> ZRem(Text key, std::vector<Text> members);
  Result<std::optional<double>> ZScore(Text key, Text member);
  Result<double> ZIncrBy(Text key, double by, Text member);
  Result<std::int64_t> ZCard(Text key);
  // Ranks from 0, both ends included, negative ones from the end.
  Result<Texts> ZRange(Text key, std::int64_t first, std::int64_t last);
  Result<std::vector<ScoredMember>> ZRangeWithScores(Text key, std::int64_t first,
                                                     std::int64_t last);
  Result<std::vector<ScoredMember>> ZRangeByScore(Text key, const ScoreBounds& bounds);

  // How many subscribers the server gave it to.
  Result<std::int64_t> Publish(Text channel, Text payload);

 private:
  Store& store_;  // borrowed
};

}  // namespace satchel::store
