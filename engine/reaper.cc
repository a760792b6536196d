#include "engine/reaper.h"

#include <algorithm>
#include <utility>

#include "engine/hash.h"
#include "engine/keyspace.h"
#include "engine/list.h"
#include "engine/set.h"
#include "engine/sorted_set.h"
#include "engine/stream.h"

namespace satchel::engine {
namespace {

// Values up to this many elements are freed where they are deleted.
constexpr std::size_t kSmallElements = 64;

bool FreeValue(Entry& entry, std::uint64_t& cursor, std::size_t& budget) {
  switch (entry.type()) {
    case ValueType::kList:
      return entry.As<List>()->ClearSome(budget);
    case ValueType::kSet:
      return entry.As<Set>()->ClearSome(cursor, budget);
    case ValueType::kZset:
      return entry.As<SortedSet>()->ClearSome(cursor, budget);
    case ValueType::kHash:
      return entry.As<Hash>()->ClearSome(cursor, budget);
    case ValueType::kStream:
      return entry.As<Stream>()->ClearSome(budget);
    default:
      return true;
  }
}

}  // namespace

Reaper::~Reaper() { SATCHEL_CHECK(waiting_.empty()); }

bool Reaper::IsLarge(const Entry& entry) {
  return !entry.is_string() && entry.ElementCount() > kSmallElements;
}

void Reaper::Add(Entry* entry) { waiting_.push_back({.entry = entry}); }

void Reaper::Add(std::shared_ptr<Database> database) {
  waiting_.push_back({.database = std::move(database)});
}

bool Reaper::has_work() const {
  return std::any_of(waiting_.begin(), waiting_.end(),
                     [](const Item& item) { return !item.is_shared(); });
}

void Reaper::Step(std::size_t elements) {
  for (std::size_t i = 0; i < waiting_.size() && elements > 0;) {
    if (waiting_[i].is_shared()) {
      ++i;
      continue;
    }
    Item item = std::move(waiting_[i]);  // freeing may add others
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    if (Free(item, elements)) {
      ++freed_;
    } else {
      waiting_.push_front(std::move(item));
      i = 0;
    }
  }
}

bool Reaper::Free(Item& item, std::size_t& budget) {
  if (item.entry != nullptr) {
    if (!FreeValue(*item.entry, item.cursor, budget)) return false;
    Entry::Free(item.entry);
    budget -= std::min<std::size_t>(budget, 1);
    return true;
  }
  const bool done = item.database->table.ClearSome(item.cursor, budget, [this](Entry* entry) {
    if (IsLarge(*entry)) {
      Add(entry);
    } else {
      Entry::Free(entry);
    }
  });
  if (done) item.database.reset();
  return done;
}

void Reaper::Finish() {
  while (has_work()) Step(SIZE_MAX);
  waiting_.clear();
}

}  // namespace satchel::engine
