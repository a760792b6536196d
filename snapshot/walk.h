// Walk: what one full snapshot does under the execution lock. Begin() is the cut: from then on
// every entry whose full-walk epoch is another one is pending, and is written exactly once as it
// was at the cut, by whoever comes first:
//
//     the walker      Step() visits the tables in order of hash
//     a command       BeforeWrite: the row goes to the pre-images while the value is still whole
//     a deletion      the entry itself is put aside, O(1), and the walker writes and frees it
//     a flush         the whole table is put aside, O(1), and the walker writes and frees it
//
// What is created after the cut carries the current epoch and is never pending. Databases keep
// their identity: which logical number they have later does not matter (SWAPDB).
//
// An abandoned walk goes on without writing, so that its entries are marked and what was put
// aside is freed; the 8-bit epoch can then never come round to an entry that was left behind.
//
// Values are serialised whole: a large one is a long slice, or a long command when it is changed
// during a snapshot, and makes its buffer grow. Chunks will end that.
// Thread: the one that holds the execution lock. Cost: Begin is O(databases).

#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "snapshot/rows.h"

namespace satchel::snapshot {

class Walk final : public engine::ChangeTracker {
 public:
  explicit Walk(engine::Engine& engine) : engine_(engine) {}
  ~Walk() override { Stop(); }

  // What the commit record needs to know of the cut.
  struct Cut {
    std::uint64_t epoch = 0;
    std::int64_t clock_ms = 0;
    std::uint32_t first_dbid = 0;  // dbids of this snapshot are not below it
    std::uint32_t next_dbid = 0;
    std::uint64_t total_keys = 0;
    std::uint64_t changes = 0;  // of the engine, since the last save
    std::vector<DbmapRow> dbmap;
    std::vector<engine::FunctionLibrary> functions;
  };
  // The cut, between two units. Requires !active().
  void Begin(std::uint64_t epoch);
  const Cut& cut() const { return cut_; }

  // From Begin until Step has returned true.
  bool active() const { return active_; }

  struct Slice {
    std::size_t limit_bytes;        // ends when `out` has so many
    std::int64_t budget_ns;         // ... or when this time is over
    std::uint32_t max_steps = ~0u;  // ... or after so many buckets or single entries
  };
  // Writes some of what is pending to `out`. True when nothing is pending any more.
  bool Step(RowBuffer& out, const Slice& slice);

  // Moves full buffers of pre-images to `into`; all that there are once the walk is over.
  void TakePreImages(std::vector<RowBuffer>& into);
  // Room for pre-images, allocated by the caller outside of the lock.
  bool wants_spare() const { return spares_.size() < kSpares; }
  void GiveSpare(RowBuffer spare) { spares_.push_back(std::move(spare)); }
  static constexpr std::size_t kPreImageBytes = 1024 * 1024;

  // From now on nothing is written. Step must be called until it returns true.
  void Abandon();
  // Ends the walk at once and frees what it put aside. O(what is left of it).
  void Stop();

  // Rows written since the cut, by type of value.
  std::uint64_t written() const { return written_; }
  const std::array<std::uint64_t, engine::kValueTypes>& written_by_type() const {
    return written_by_type_;
  }
  // Non-empty: a row could not be written, and the walk was abandoned.
  const std::string& failure() const { return failure_; }

  // ChangeTracker.
  void BeforeWrite(const engine::Database& db, engine::Entry& entry) override;
  void OnCreate(const engine::Database&, engine::Entry&) override {}
  bool OnReplace(const engine::Database& db, engine::Entry* old, engine::Entry& fresh) override;
  bool OnDelete(const engine::Database& db, engine::Entry* entry) override;
  void OnFlush(const std::shared_ptr<engine::Database>& old) override;

 private:
  static constexpr std::size_t kSpares = 2;

  // A database as it was at the cut.
  struct Source {
    std::shared_ptr<engine::Database> db;
    std::uint32_t dbid;        // of its rows
    std::uint64_t cursor = 0;  // of Table::Scan
    bool walked = false;
    bool flushed = false;  // nobody else has it: entries are freed as they are visited
  };
  struct Detached {
    std::uint32_t dbid;
    engine::Entry* entry;
  };

  bool pending(const engine::Entry& entry) const { return entry.full_walk() != full_walk_; }
  Source* Find(const engine::Database& db);
  void Write(RowBuffer& out, std::uint32_t dbid, engine::Entry& entry);
  RowBuffer& PreImages();
  bool Detach(const engine::Database& db, engine::Entry* entry);
  bool StepOnce(RowBuffer& out);
  void StepDetached(RowBuffer& out);
  void StepSource(Source& source, RowBuffer& out);
  void End();

  engine::Engine& engine_;  // borrowed
  Cut cut_;
  bool active_ = false;
  bool abandoned_ = false;
  std::uint8_t full_walk_ = 0;
  std::vector<Source> sources_;
  std::deque<Detached> detached_;
  std::vector<RowBuffer> pre_images_;
  std::vector<RowBuffer> spares_;
  std::uint64_t written_ = 0;
  std::array<std::uint64_t, engine::kValueTypes> written_by_type_{};
  std::string failure_;
};

}  // namespace satchel::snapshot
