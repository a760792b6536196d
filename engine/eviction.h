// Eviction: which key goes when memory is above `maxmemory`. Samples some keys of each database,
// keeps the best candidates seen so far, and offers the best that still exists.
//
// The 24 access bits of an entry hold, by policy, the second of the last access (LRU) or the
// minute of the last decrement and a logarithmic counter (LFU: 16 bits, 8 bits).
// Source: redis 7.0, maxmemory-policy and what OBJECT FREQ and OBJECT IDLETIME show of it.
// Thread: the one that holds the execution lock.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "engine/keyspace.h"

namespace satchel::engine {

enum class EvictionPolicy : std::uint8_t {
  kVolatileLru,
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,
  kAllKeysLru,
  kAllKeysLfu,
  kAllKeysRandom,
  kNoEviction,
};
inline constexpr std::string_view kEvictionPolicyNames[] = {
    "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
    "allkeys-lru",  "allkeys-lfu",  "allkeys-random",  "noeviction"};

std::optional<EvictionPolicy> ParseEvictionPolicy(std::string_view name);

struct EvictionConfig {
  EvictionPolicy policy = EvictionPolicy::kNoEviction;
  std::int64_t samples = 5;
  std::int64_t tenacity = 10;
  std::int64_t lfu_log_factor = 10;
  std::int64_t lfu_decay_minutes = 1;

  bool uses_lfu() const {
    return policy == EvictionPolicy::kVolatileLfu || policy == EvictionPolicy::kAllKeysLfu;
  }
  bool only_with_deadline() const { return policy <= EvictionPolicy::kVolatileTtl; }
};

// The LFU form of the access bits. `minute` counts from 1970 and wraps at 16 bits.
class Frequency {
 public:
  static constexpr std::uint8_t kInitial = 5;  // so that new keys are not the first to go

  static std::uint32_t Pack(std::uint16_t minute, std::uint8_t count) {
    return static_cast<std::uint32_t>(minute) << 8 | count;
  }
  // The counter, less one for each decay time that has passed.
  static std::uint8_t Decayed(std::uint32_t access, std::uint16_t minute,
                              const EvictionConfig& config);
  // One more access: counts with a probability that falls as the counter grows.
  static std::uint8_t Incremented(std::uint8_t count, Random& random, const EvictionConfig& config);
};

class Eviction {
 public:
  struct Victim {
    int db;
    std::string key;
  };

  // The key to evict next; empty when no key qualifies. Amortised O(samples).
  std::optional<Victim> Choose(Keyspace& keyspace, const EvictionConfig& config,
                               std::int64_t now_ms, Random& random);

 private:
  static constexpr std::size_t kPoolSize = 16;

  struct Candidate {
    std::uint64_t score;  // the higher, the sooner it goes
    int db;
    std::string key;
  };

  std::optional<Victim> ChooseRandom(const Keyspace& keyspace, const EvictionConfig& config,
                                     Random& random);
  void Sample(const Database& db, int index, const EvictionConfig& config, std::int64_t now_ms,
              Random& random);
  void Offer(const Entry& entry, int db, std::uint64_t score);

  std::vector<Candidate> pool_;  // ascending scores, at most kPoolSize
  int next_db_ = 0;              // the random policies take turns
};

}  // namespace satchel::engine
