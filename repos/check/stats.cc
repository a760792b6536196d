#include "repos/check/stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "repos/check/key_parts.h"
#include "repos/check/rounds.h"
#include "repos/errors.h"
#include "repos/fields.h"
#include "repos/scan.h"

namespace satchel::repos::check {
namespace {

// Of each entity and tenant these many keys are measured first, and then one of as many.
constexpr std::uint64_t kSample = 64;

enum class Role : std::uint8_t { kObject, kSortedSet, kHash, kEntry, kOther };

struct Place {
  Entity entity;
  Role role;
};

// What a key is to its entity.
std::optional<Place> PlaceOf(const KeyParts& parts) {
  const std::string& name = parts.name[0];
  const std::string kind = parts.domain + " " + parts.kind;
  const auto index_or = [&](std::string_view sorted, std::string_view hash) {
    return name == sorted ? Role::kSortedSet : name == hash ? Role::kHash : Role::kOther;
  };
  if (kind == "auth au") {
    if (name == "user" || name == "key") return Place{Entity::kAuth, Role::kObject};
    return Place{Entity::kAuth, name == "fps" ? Role::kHash : index_or("ix", "emails")};
  }
  if (kind == "wf wx") {
    return Place{Entity::kWorkflow, name == "state" ? Role::kObject : Role::kOther};
  }
  if (kind == "wf wi" || kind == "wf ww") {
    return Place{Entity::kWorkflow, name == "wids" ? Role::kSortedSet : index_or("ix", "ver")};
  }
  if (kind == "gc gc") return Place{Entity::kWorkflow, index_or("due", "")};
  if (kind == "task wx") {
    return Place{Entity::kTask, name == "state" ? Role::kObject : index_or("ix", "")};
  }
  if (kind == "task tx") return Place{Entity::kTask, Role::kEntry};
  if (kind == "tb tb") {
    if (name == "r") return Place{Entity::kTasksBackend, Role::kObject};
    return Place{Entity::kTasksBackend, name == "exp" ? Role::kSortedSet : index_or("idx", "")};
  }
  if (kind == "tb to") return Place{Entity::kTasksBackend, index_or("owners", "")};
  if (kind == "ckpt ck") {
    if (name == "c") return Place{Entity::kCheckpoint, Role::kObject};
    return Place{Entity::kCheckpoint, name == "n" ? Role::kSortedSet : index_or("i", "r")};
  }
  if (kind == "ckpt ct") return Place{Entity::kCheckpoint, index_or("threads", "")};
  if (kind == "mem me") {
    return Place{Entity::kMemory, name == "list" ? Role::kObject : Role::kOther};
  }
  if (kind == "res re") {
    return Place{Entity::kResource, name == "obj" ? Role::kObject : index_or("ix", "")};
  }
  return std::nullopt;
}

class Counter {
 public:
  Counter(store::Store& store, const StatsOptions& options) : store_(store), options_(options) {}

  Result<void> Page(const std::set<std::string>& keys) {
    Rounds rounds;
    for (const std::string& key : keys) {
      const auto parts = PartsOf(options_.repo.Namespace(), key);
      const auto place = parts ? PlaceOf(*parts) : std::nullopt;
      if (!place ||
          std::ranges::find(options_.entities, place->entity) == options_.entities.end()) {
        continue;
      }
      if (!options_.all_tenants && parts->tenant() != options_.repo.tenant) continue;
      Tally& tally = tallies_[{place->entity, parts->tenant()}];
      Count(key, *parts, *place, tally, rounds);
    }
    return rounds.Run(store_);
  }

  Stats Take() {
    Stats stats{.store_driver = std::string(store_.driver())};
    const std::int64_t now_ms = options_.repo.clock->NowMs();
    for (auto& [name, tally] : tallies_) {
      EntityStats& one = tally.stats;
      if (tally.measured > 0) {
        one.bytes = static_cast<std::uint64_t>(static_cast<double>(tally.measured_bytes) /
                                               static_cast<double>(tally.measured) *
                                               static_cast<double>(one.keys));
      }
      if (one.oldest_deadline_ms && *one.oldest_deadline_ms < now_ms) {
        one.sweep_lag_ms = now_ms - *one.oldest_deadline_ms;
      }
      stats.entities.emplace(name, std::move(one));
    }
    return stats;
  }

 private:
  struct Tally {
    EntityStats stats;
    std::uint64_t measured = 0;
    std::uint64_t measured_bytes = 0;
  };

  static void Count(const std::string& key, const KeyParts& parts, const Place& place, Tally& tally,
                    Rounds& rounds) {
    EntityStats& stats = tally.stats;
    if (stats.keys++ < kSample || stats.keys % kSample == 0) {
      rounds.Ask({{"MEMORY", "USAGE", key}}, [&tally](Replies& replies) {
        if (replies[0].type != ReplyType::kInteger) return;
        ++tally.measured;
        tally.measured_bytes += static_cast<std::uint64_t>(replies[0].integer);
      });
    }
    switch (place.role) {
      case Role::kObject:
        return CountObject(key, parts, place, stats, rounds);
      case Role::kSortedSet:
      case Role::kHash:
        rounds.Ask({{place.role == Role::kHash ? "HLEN" : "ZCARD", key}},
                   [&stats](Replies& replies) {
                     if (replies[0].is_error()) return;
                     stats.index_members += static_cast<std::uint64_t>(replies[0].integer);
                   });
        return;
      case Role::kEntry:
        ++stats.index_members;
        return;
      case Role::kOther:
        return;
    }
  }

  static void CountObject(const std::string& key, const KeyParts& parts, const Place& place,
                          EntityStats& stats, Rounds& rounds) {
    const auto meet = [&stats](std::optional<std::int64_t> deadline_ms) {
      if (!deadline_ms) return;
      const auto oldest = stats.oldest_deadline_ms;
      stats.oldest_deadline_ms = oldest ? std::min(*oldest, *deadline_ms) : *deadline_ms;
    };
    ++stats.objects;
    if (place.entity == Entity::kMemory) {
      rounds.Ask({{"PEXPIRETIME", key}}, [meet](Replies& replies) {
        if (replies[0].integer >= 0) meet(replies[0].integer);
      });
      return;
    }
    if (place.entity == Entity::kResource) return;
    const char* field = place.entity == Entity::kAuth ? "role" : "status";
    const bool is_key = place.entity == Entity::kAuth && parts.name[0] == "key";
    rounds.Ask({{"HMGET", key, field, "x"}}, [meet, is_key, &stats](Replies& replies) {
      if (replies[0].is_error()) return;
      if (is_key) ++stats.by_status["key"];
      if (!replies[0].items[0].is_null()) ++stats.by_status[replies[0].items[0].text];
      if (!replies[0].items[1].is_null()) meet(IntOf(replies[0].items[1]));
    });
  }

  store::Store& store_;
  const StatsOptions& options_;
  std::map<std::pair<Entity, std::string>, Tally> tallies_;
};

std::string TimeText(std::int64_t ms) {
  if (ms < 120'000) return fmt::format("{} s", ms / 1000);
  if (ms < 7'200'000) return fmt::format("{} m", ms / 60'000);
  if (ms < 172'800'000) return fmt::format("{} h", ms / 3'600'000);
  return fmt::format("{} d", ms / 86'400'000);
}

}  // namespace

void Stats::Add(const Stats& other) {
  if (store_driver.empty()) {
    store_driver = other.store_driver;
  } else if (store_driver != other.store_driver) {
    store_driver += "," + other.store_driver;
  }
  entities.insert(other.entities.begin(), other.entities.end());
}

std::string Stats::ToJson() const {
  nlohmann::ordered_json json = {
      {"format", 1}, {"store_driver", store_driver}, {"entities", nlohmann::ordered_json::array()}};
  for (const auto& [name, stats] : entities) {
    nlohmann::ordered_json one = {{"entity", EntityName(name.first)},
                                  {"tenant", name.second},
                                  {"objects", stats.objects},
                                  {"by_status", stats.by_status},
                                  {"index_members", stats.index_members},
                                  {"keys", stats.keys},
                                  {"bytes", stats.bytes},
                                  {"oldest_deadline_ms", nullptr},
                                  {"sweep_lag_ms", stats.sweep_lag_ms}};
    if (stats.oldest_deadline_ms) one["oldest_deadline_ms"] = *stats.oldest_deadline_ms;
    json["entities"].push_back(std::move(one));
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string Stats::ToTable(std::int64_t now_ms) const {
  std::string text =
      fmt::format("{:<14}{:<12}{:>10}{:>14}{:>10}{:>14}  {:<12}{:<12}\n", "entity", "tenant",
                  "objects", "index members", "keys", "bytes", "deadline in", "sweep lag");
  for (const auto& [name, stats] : entities) {
    const auto oldest = stats.oldest_deadline_ms;
    const std::string left = !oldest             ? "-"
                             : *oldest <= now_ms ? "passed"
                                                 : TimeText(*oldest - now_ms);
    const std::string tenant = name.second.empty() ? "-" : Printable(name.second);
    text += fmt::format("{:<14}{:<12}{:>10}{:>14}{:>10}{:>14}  {:<12}{:<12}\n",
                        EntityName(name.first), tenant, stats.objects, stats.index_members,
                        stats.keys, stats.bytes, left, TimeText(stats.sweep_lag_ms));
    for (const auto& [status, count] : stats.by_status) {
      text += fmt::format("{:<14}{:<12}{:>10}  {}\n", "", "", count, Printable(status));
    }
  }
  return text;
}

Result<Stats> CountEntities(store::Store& store, const StatsOptions& options,
                            const std::stop_token& stop) {
  Counter counter(store, options);
  const std::string pattern = options.repo.Namespace() + ":*";
  SATCHEL_TRY(ScanPages(store, pattern, options.batch, [&](const auto& keys) -> Result<bool> {
    if (stop.stop_requested()) return MakeError(ErrorCode::kClosed, "stopped");
    SATCHEL_TRY(counter.Page(keys));
    return true;
  }));
  return counter.Take();
}

Result<std::vector<std::string>> TenantsOf(store::Store& store, const RepoOptions& repo) {
  const std::string ns = repo.Namespace();
  std::set<std::string> tenants;
  SATCHEL_TRY(ScanPages(store, ns + ":*", 1000, [&](const auto& keys) -> Result<bool> {
    for (const std::string& key : keys) {
      if (const auto parts = PartsOf(ns, key)) tenants.insert(parts->tenant());
    }
    return true;
  }));
  return std::vector<std::string>(tenants.begin(), tenants.end());
}

}  // namespace satchel::repos::check
