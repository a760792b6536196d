#include "engine/eviction.h"

#include <algorithm>

#include "base/text.h"

namespace satchel::engine {
namespace {

// A random entry, with a deadline if that is asked for; null when there is none. Where few
// entries have one, drawing would not find them: a segment that has some is searched instead.
const Entry* Draw(const Database& db, bool only_with_deadline, Random& random) {
  if (db.table.empty()) return nullptr;
  if (!only_with_deadline) return db.table.RandomItem(random);
  if (db.with_deadline == 0) return nullptr;
  constexpr int kDraws = 16;
  for (int i = 0; i < kDraws; ++i) {
    const Entry* entry = db.table.RandomItem(random);
    if (entry->has_deadline()) return entry;
  }
  // The deadlines of a segment may be gone since it was noted: then the next one is searched.
  const DeadlineHeap& segments = db.deadlines();
  const std::size_t first = random.Below(segments.size());
  const Entry* chosen = nullptr;
  for (std::size_t i = 0; i < segments.size() && chosen == nullptr; ++i) {
    std::uint64_t met = 0;
    EntryTable::VisitSegment(*segments.at((first + i) % segments.size()), [&](const Entry* entry) {
      if (entry->has_deadline() && random.Below(++met) == 0) chosen = entry;
      return true;
    });
  }
  return chosen;
}

std::uint64_t ScoreOf(const Entry& entry, const EvictionConfig& config, std::int64_t now_ms) {
  if (config.policy == EvictionPolicy::kVolatileTtl) {
    return UINT64_MAX - static_cast<std::uint64_t>(entry.deadline_ms());
  }
  if (config.uses_lfu()) {
    const auto minute = static_cast<std::uint16_t>(now_ms / 60'000);
    return 255u - Frequency::Decayed(entry.access(), minute, config);
  }
  const auto now_s = static_cast<std::uint32_t>(now_ms / 1000);
  return (now_s - entry.access()) & 0xFFFFFF;
}

}  // namespace

std::optional<EvictionPolicy> ParseEvictionPolicy(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kEvictionPolicyNames); ++i) {
    if (EqualIgnoreCase(name, kEvictionPolicyNames[i])) return static_cast<EvictionPolicy>(i);
  }
  return std::nullopt;
}

std::uint8_t Frequency::Decayed(std::uint32_t access, std::uint16_t minute,
                                const EvictionConfig& config) {
  const auto count = static_cast<std::uint8_t>(access);
  if (config.lfu_decay_minutes == 0) return count;
  const auto passed = static_cast<std::uint16_t>(minute - static_cast<std::uint16_t>(access >> 8));
  const std::int64_t periods = passed / config.lfu_decay_minutes;
  return periods >= count ? 0 : static_cast<std::uint8_t>(count - periods);
}

std::uint8_t Frequency::Incremented(std::uint8_t count, Random& random,
                                    const EvictionConfig& config) {
  if (count == 255) return count;
  const double above = count > kInitial ? count - kInitial : 0;
  const double chance = 1.0 / (above * static_cast<double>(config.lfu_log_factor) + 1);
  const double draw = static_cast<double>(random.Next() >> 11) * 0x1p-53;
  return draw < chance ? static_cast<std::uint8_t>(count + 1) : count;
}

std::optional<Eviction::Victim> Eviction::Choose(Keyspace& keyspace, const EvictionConfig& config,
                                                 std::int64_t now_ms, Random& random) {
  if (config.policy == EvictionPolicy::kNoEviction) return std::nullopt;
  if (config.policy == EvictionPolicy::kAllKeysRandom ||
      config.policy == EvictionPolicy::kVolatileRandom) {
    return ChooseRandom(keyspace, config, random);
  }
  const bool only_with_deadline = config.only_with_deadline();
  while (true) {
    std::size_t eligible = 0;
    for (int db = 0; db < keyspace.databases(); ++db) {
      const Database& database = keyspace.db(db);
      eligible += only_with_deadline ? database.with_deadline : database.table.size();
      Sample(database, db, config, now_ms, random);
    }
    if (eligible == 0) {
      pool_.clear();
      return std::nullopt;
    }
    while (!pool_.empty()) {
      Candidate best = std::move(pool_.back());
      pool_.pop_back();
      if (best.db >= keyspace.databases()) continue;
      const Entry* entry = keyspace.Peek(best.db, best.key);
      if (entry == nullptr || (only_with_deadline && !entry->has_deadline())) continue;
      return Victim{best.db, std::move(best.key)};
    }
  }
}

std::optional<Eviction::Victim> Eviction::ChooseRandom(const Keyspace& keyspace,
                                                       const EvictionConfig& config,
                                                       Random& random) {
  for (int i = 0; i < keyspace.databases(); ++i) {
    const int db = next_db_++ % keyspace.databases();
    const Entry* entry = Draw(keyspace.db(db), config.only_with_deadline(), random);
    if (entry != nullptr) return Victim{db, std::string(entry->key())};
  }
  return std::nullopt;
}

void Eviction::Sample(const Database& db, int index, const EvictionConfig& config,
                      std::int64_t now_ms, Random& random) {
  for (std::int64_t i = 0; i < config.samples; ++i) {
    const Entry* entry = Draw(db, config.only_with_deadline(), random);
    if (entry == nullptr) return;
    Offer(*entry, index, ScoreOf(*entry, config, now_ms));
  }
}

void Eviction::Offer(const Entry& entry, int db, std::uint64_t score) {
  if (pool_.size() == kPoolSize && score <= pool_.front().score) return;
  for (const Candidate& known : pool_) {
    if (known.db == db && known.key == entry.key()) return;
  }
  if (pool_.size() == kPoolSize) pool_.erase(pool_.begin());
  const auto at = std::upper_bound(
      pool_.begin(), pool_.end(), score,
      [](std::uint64_t value, const Candidate& candidate) { return value < candidate.score; });
  pool_.insert(at, {score, db, std::string(entry.key())});
}

}  // namespace satchel::engine
