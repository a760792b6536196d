// Reaper: frees what left the keyspace, a bounded portion at a time, so that deleting a large
// value or a whole database holds up nobody. What waits here is out of every door's reach and
// still counts as used memory.
//
// A database may be shared with a running snapshot; it is taken apart once that has let go.
// Thread: the one that holds the execution lock, in the heap of the store.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "engine/entry.h"

namespace satchel::engine {

struct Database;

class Reaper {
 public:
  Reaper() = default;
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;
  ~Reaper();  // requires that Finish was called, or nothing added

  // Whether freeing it at once would be felt. O(1).
  static bool IsLarge(const Entry& entry);

  // Takes the entry, or the last handle of the database but a snapshot's, over.
  void Add(Entry* entry);
  void Add(std::shared_ptr<Database> database);

  // Frees about so many elements. Cost: O(elements), at most some 400 more.
  void Step(std::size_t elements);
  // Frees everything; databases that a snapshot shares become its own.
  void Finish();

  bool empty() const { return waiting_.empty(); }
  // Whether Step would free something now.
  bool has_work() const;
  // Keys and databases that wait, and keys and databases freed so far.
  std::size_t pending() const { return waiting_.size(); }
  std::uint64_t freed() const { return freed_; }
  void ResetFreed() { freed_ = 0; }

 private:
  struct Item {
    Entry* entry = nullptr;  // owned; null: a database
    std::shared_ptr<Database> database;
    std::uint64_t cursor = 0;  // of what is half taken apart

    bool is_shared() const { return entry == nullptr && database.use_count() > 1; }
  };
  // Whether it is gone for good. Takes what it freed from the budget.
  bool Free(Item& item, std::size_t& budget);

  std::deque<Item> waiting_;
  std::uint64_t freed_ = 0;
};

}  // namespace satchel::engine
