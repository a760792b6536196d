#include "engine/keyspace.h"

#include <algorithm>

#include "engine/hash.h"

namespace satchel::engine {

void EntryPolicy::OnSegmentBuilt(TableSegment& segment) {
  EntryTable::VisitSegment(segment, [&](const Entry* entry) {
    segment.earliest_deadline = std::min(segment.earliest_deadline, entry->due_ms());
    return true;
  });
  deadlines.Update(segment);
}

void Database::Put(Entry* entry) {
  const std::uint64_t hash = table.HashOf(entry->key());
  table.Insert(entry, hash);
  NoteFieldDeadlines(*entry, hash);
  if (!entry->has_deadline()) return;
  ++with_deadline;
  NoteDeadline(hash, entry->deadline_ms());
}

void Database::NoteFieldDeadlines(Entry& entry, std::uint64_t hash) {
  if (entry.type() != ValueType::kHash) return;
  const bool some = entry.As<Hash>()->has_deadlines();
  if (some != entry.has(kFieldDeadlines)) {
    if (some) {
      entry.set_mark(kFieldDeadlines);
      ++with_field_deadlines;
    } else {
      entry.clear_mark(kFieldDeadlines);
      --with_field_deadlines;
    }
  }
  if (some) NoteDeadline(hash, entry.field_due_ms());
}

void Database::NoteDeadline(std::uint64_t hash, std::int64_t deadline_ms) {
  TableSegment* segment = table.FindSegment(hash);
  if (deadline_ms >= segment->earliest_deadline) return;
  segment->earliest_deadline = deadline_ms;
  table.policy().deadlines.Update(*segment);
}

Keyspace::Keyspace(int databases, std::uint64_t hash_seed) {
  context_.hash_seed = hash_seed;
  for (int i = 0; i < databases; ++i) {
    dbs_.push_back(std::make_shared<Database>(next_dbid_++, hash_seed));
  }
}

Keyspace::~Keyspace() = default;

void Keyspace::AdoptHashSeed(std::uint64_t seed) {
  SATCHEL_CHECK(total_keys() == 0);
  context_.hash_seed = seed;
  for (auto& db : dbs_) db = std::make_shared<Database>(db->dbid, seed);
}

std::size_t Keyspace::total_keys() const {
  std::size_t keys = 0;
  for (const auto& db : dbs_) keys += db->table.size();
  return keys;
}

Entry* Keyspace::Edit(int db, std::string_view key, std::uint64_t hash) {
  return Edit(db, Peek(db, key, hash));
}

Entry* Keyspace::Edit(int db, const Entry* found) {
  auto* const entry = const_cast<Entry*>(found);
  if (entry != nullptr && tracker_ != nullptr) tracker_->BeforeWrite(at(db), *entry);
  return entry;
}

Entry* Keyspace::Create(int db, Entry* entry, std::uint64_t hash) {
  Database& database = at(db);
  entry->set_full_walk(full_walk_);
  database.table.Insert(entry, hash);
  database.NoteFieldDeadlines(*entry, hash);
  if (entry->has_deadline()) {
    ++database.with_deadline;
    database.NoteDeadline(hash, entry->deadline_ms());
  }
  if (tracker_ != nullptr) tracker_->OnCreate(database, *entry);
  return entry;
}

Entry* Keyspace::Replace(int db, Entry* entry, std::uint64_t hash) {
  Database& database = at(db);
  Entry** slot = database.table.FindSlot(entry->key(), hash);
  SATCHEL_DCHECK(slot != nullptr);
  Entry* old = *slot;
  database.Leaves(*old);
  entry->set_access(old->access());
  entry->set_full_walk(full_walk_);
  *slot = entry;
  database.NoteFieldDeadlines(*entry, hash);
  if (entry->has_deadline()) {
    ++database.with_deadline;
    database.NoteDeadline(hash, entry->deadline_ms());
  }
  if (tracker_ == nullptr || !tracker_->OnReplace(database, old, *entry)) Discard(old);
  return entry;
}

bool Keyspace::Remove(int db, std::string_view key, std::uint64_t hash) {
  Database& database = at(db);
  Entry* entry = database.table.Remove(key, hash);
  if (entry == nullptr) return false;
  database.Leaves(*entry);
  if (tracker_ == nullptr || !tracker_->OnDelete(database, entry)) Discard(entry);
  return true;
}

Entry* Keyspace::SetDeadline(int db, std::string_view key, std::uint64_t hash,
                             std::optional<std::int64_t> deadline_ms) {
  Database& database = at(db);
  Entry** slot = database.table.FindSlot(key, hash);
  SATCHEL_DCHECK(slot != nullptr);
  Entry* entry = *slot;
  if (tracker_ != nullptr) tracker_->BeforeWrite(database, *entry);
  const bool wanted = deadline_ms.has_value();
  if (entry->has_deadline() != wanted) {
    const std::string name(key);  // the key may be the entry's own bytes
    entry = *slot = Entry::Rebuild(entry, name, wanted);
    if (wanted) {
      ++database.with_deadline;
    } else {
      --database.with_deadline;
    }
  }
  if (wanted) {
    entry->set_deadline_ms(*deadline_ms);
    database.NoteDeadline(hash, *deadline_ms);
  }
  return entry;
}

void Keyspace::FieldDeadlinesChanged(int db, std::string_view key, std::uint64_t hash) {
  if (Entry* entry = at(db).table.Find(key, hash)) at(db).NoteFieldDeadlines(*entry, hash);
}

void Keyspace::Move(int from_db, std::string_view from, int to_db, std::string_view to) {
  Database& source = at(from_db);
  Database& target = at(to_db);
  const std::uint64_t from_hash = Hash(from);
  Entry* entry = source.table.Find(from, from_hash);
  SATCHEL_DCHECK(entry != nullptr);
  if (tracker_ != nullptr) tracker_->BeforeWrite(source, *entry);
  const std::string name(to);
  source.table.Remove(from, from_hash);
  source.Leaves(*entry);
  entry = Entry::Rebuild(entry, name, entry->has_deadline());
  entry->set_full_walk(full_walk_);
  const std::uint64_t to_hash = Hash(name);
  entry->clear_mark(kFieldDeadlines);  // counted anew
  target.table.Insert(entry, to_hash);
  target.NoteFieldDeadlines(*entry, to_hash);
  if (entry->has_deadline()) {
    ++target.with_deadline;
    target.NoteDeadline(to_hash, entry->deadline_ms());
  }
  if (tracker_ != nullptr) tracker_->OnCreate(target, *entry);
}

std::size_t Keyspace::Flush(int db) {
  auto& database = dbs_[static_cast<std::size_t>(db)];
  const std::size_t keys = database->table.size();
  if (keys == 0) return 0;
  auto old = std::exchange(database, std::make_shared<Database>(next_dbid_++, context_.hash_seed));
  if (tracker_ != nullptr) tracker_->OnFlush(old);
  constexpr std::size_t kSmall = 64;
  if (keys > kSmall) reaper_.Add(std::move(old));
  return keys;
}

void Keyspace::Swap(int a, int b) {
  std::swap(dbs_[static_cast<std::size_t>(a)], dbs_[static_cast<std::size_t>(b)]);
}

std::size_t Keyspace::VisitExpired(int db, std::int64_t now_ms, std::size_t limit,
                                   const std::function<void(std::string_view key)>& visit) {
  Database& database = at(db);
  DeadlineHeap& heap = database.table.policy().deadlines;
  // Names are copied: the visit changes the table.
  std::vector<std::string> due;
  while (due.size() < limit && !heap.empty() && heap.front()->earliest_deadline <= now_ms) {
    TableSegment& segment = *heap.front();
    std::int64_t earliest = Database::kNoDeadline;
    EntryTable::VisitSegment(segment, [&](const Entry* entry) {
      const std::int64_t due_ms = entry->due_ms();
      if (due_ms <= now_ms) due.emplace_back(entry->key());
      earliest = std::min(earliest, due_ms <= now_ms ? Database::kNoDeadline : due_ms);
      return true;
    });
    segment.earliest_deadline = earliest;
    heap.Update(segment);
  }
  for (const std::string& key : due) visit(key);
  return due.size();
}

std::int64_t Keyspace::EarliestDeadline() const {
  std::int64_t earliest = Database::kNoDeadline;
  for (const auto& db : dbs_) earliest = std::min(earliest, db->earliest_deadline());
  return earliest;
}

void Keyspace::Check() const {
  for (const auto& db : dbs_) {
    db->table.Check();
    std::size_t with_deadline = 0;
    std::size_t with_field_deadlines = 0;
    db->table.ForEach([&](const Entry* entry) {
      with_deadline += entry->has_deadline();
      with_field_deadlines += entry->has(kFieldDeadlines);
      SATCHEL_CHECK(entry->due_ms() >= db->earliest_deadline());
      return true;
    });
    SATCHEL_CHECK(with_deadline == db->with_deadline);
    SATCHEL_CHECK(with_field_deadlines == db->with_field_deadlines);
  }
}

}  // namespace satchel::engine
