#include "snapshot/walk.h"

namespace satchel::snapshot {

using engine::Database;
using engine::Entry;

void Walk::Begin(std::uint64_t epoch) {
  SATCHEL_CHECK(!active_ && engine_.lock().held());
  engine::Keyspace& keyspace = engine_.keyspace();
  cut_ = Cut{.epoch = epoch,
             .clock_ms = engine_.now_ms(),
             .first_dbid = keyspace.next_dbid(),
             .total_keys = keyspace.total_keys(),
             .changes = engine_.stats().changes};
  for (int i = 0; i < keyspace.databases(); ++i) {
    std::shared_ptr<Database> db = keyspace.Share(i);
    if (db->table.empty()) continue;
    const std::uint32_t dbid = keyspace.TakeDbid();
    cut_.dbmap.push_back({.index = static_cast<std::uint16_t>(i),
                          .dbid = dbid,
                          .keys = db->table.size(),
                          .keys_with_deadline = db->with_deadline});
    sources_.push_back({.db = std::move(db), .dbid = dbid});
  }
  cut_.next_dbid = keyspace.next_dbid();
  if (const auto* functions = engine_.Service<engine::FunctionLibraries>()) {
    cut_.functions = functions->All();
  }
  full_walk_ = keyspace.BeginFullWalk();
  keyspace.set_tracker(this);
  active_ = true;
  abandoned_ = false;
  written_ = 0;
  written_by_type_ = {};
  failure_.clear();
}

bool Walk::Step(RowBuffer& out, const Slice& slice) {
  SATCHEL_CHECK(active_ && engine_.lock().held());
  const engine::HeapScope heap(engine_.heap());
  const RealClock& clock = RealClock::Instance();  // a budget of processor time, not a date
  const std::int64_t begin = clock.Ticks();
  for (std::uint32_t steps = 0; steps < slice.max_steps; ++steps) {
    if (out.size_bytes() >= slice.limit_bytes) return false;
    if (!StepOnce(out)) {
      End();
      return true;
    }
    if (clock.Ticks() - begin >= slice.budget_ns) return false;
  }
  return false;
}

// One entry or one bucket of entries. False when there is none left.
bool Walk::StepOnce(RowBuffer& out) {
  if (!detached_.empty()) {
    StepDetached(out);
    return true;
  }
  while (!sources_.empty()) {
    Source& source = sources_.back();
    if (source.flushed ? !source.db->table.empty() : !source.walked) {
      StepSource(source, out);
      return true;
    }
    sources_.pop_back();
  }
  return false;
}

void Walk::StepDetached(RowBuffer& out) {
  const Detached detached = detached_.front();
  detached_.pop_front();
  Write(out, detached.dbid, *detached.entry);
  engine_.keyspace().Discard(detached.entry);
}

void Walk::StepSource(Source& source, RowBuffer& out) {
  engine::EntryTable& table = source.db->table;
  source.cursor = table.Scan(source.cursor, [&](Entry* entry) {
    if (pending(*entry)) Write(out, source.dbid, *entry);
    if (!source.flushed) return;
    table.Remove(entry->key(), table.HashOf(entry->key()));
    engine_.keyspace().Discard(entry);
  });
  source.walked = source.cursor == 0;
}

void Walk::End() {
  engine_.keyspace().set_tracker(nullptr);
  sources_.clear();
  active_ = false;
}

void Walk::Write(RowBuffer& out, std::uint32_t dbid, Entry& entry) {
  entry.set_full_walk(full_walk_);
  if (abandoned_) return;
  if (!out.Append(dbid, entry, cut_.epoch)) {
    failure_ = "a value is larger than a store can hold (4 GB)";
    return Abandon();
  }
  ++written_;
  ++written_by_type_[static_cast<std::size_t>(entry.type())];
}

void Walk::TakePreImages(std::vector<RowBuffer>& into) {
  if (pre_images_.empty()) return;
  const auto end = active_ ? pre_images_.end() - 1 : pre_images_.end();
  into.insert(into.end(), std::make_move_iterator(pre_images_.begin()),
              std::make_move_iterator(end));
  pre_images_.erase(pre_images_.begin(), end);
}

void Walk::Abandon() {
  abandoned_ = true;
  pre_images_.clear();
}

void Walk::Stop() {
  pre_images_.clear();
  if (!active_) return;
  const engine::HeapScope heap(engine_.heap());
  for (const Detached& detached : detached_) engine_.keyspace().Discard(detached.entry);
  detached_.clear();
  End();
}

// --- ChangeTracker ---------------------------------------------------------------------------

Walk::Source* Walk::Find(const Database& db) {
  for (Source& source : sources_) {
    if (source.db.get() == &db) return &source;
  }
  return nullptr;
}

RowBuffer& Walk::PreImages() {
  // A block is full when a usual row might not fit any more.
  constexpr std::size_t kFull = kPreImageBytes - 16 * 1024;
  if (pre_images_.empty() || pre_images_.back().size_bytes() >= kFull) {
    if (spares_.empty()) spares_.emplace_back(kPreImageBytes);
    pre_images_.push_back(std::move(spares_.back()));
    spares_.pop_back();
  }
  return pre_images_.back();
}

void Walk::BeforeWrite(const Database& db, Entry& entry) {
  if (!pending(entry)) return;
  if (abandoned_) return entry.set_full_walk(full_walk_);
  const Source* source = Find(db);
  SATCHEL_CHECK(source != nullptr);
  Write(PreImages(), source->dbid, entry);
}

bool Walk::Detach(const Database& db, Entry* entry) {
  if (!pending(*entry) || abandoned_) return false;
  const Source* source = Find(db);
  SATCHEL_CHECK(source != nullptr);
  detached_.push_back({source->dbid, entry});
  return true;
}

bool Walk::OnReplace(const Database& db, Entry* old, Entry&) { return Detach(db, old); }

bool Walk::OnDelete(const Database& db, Entry* entry) { return Detach(db, entry); }

void Walk::OnFlush(const std::shared_ptr<Database>& old) {
  Source* source = Find(*old);
  if (source == nullptr) return;
  if (abandoned_) {
    sources_.erase(sources_.begin() + (source - sources_.data()));
    return;
  }
  source->flushed = true;
  source->cursor = 0;
}

}  // namespace satchel::snapshot
