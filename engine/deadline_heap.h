// DeadlineHeap: table segments that hold deadlines, ordered by the earliest one. Active expiry
// asks it which segments to look at; a segment's bound may be earlier than the truth, never
// later. Borrowed pointers: a segment is removed before it is freed. O(log segments) a change.

#pragma once

#include <utility>
#include <vector>

#include "engine/table.h"

namespace satchel::engine {

class DeadlineHeap {
 public:
  bool empty() const { return heap_.empty(); }
  TableSegment* front() const { return heap_.front(); }
  std::size_t size() const { return heap_.size(); }
  // In no particular order; requires number < size().
  TableSegment* at(std::size_t number) const { return heap_[number]; }

  // Puts the segment at the place of its earliest_deadline: in, out or elsewhere.
  void Update(TableSegment& segment) {
    const bool wanted = segment.earliest_deadline != TableSegment::kNoDeadline;
    if (segment.heap_index == TableSegment::kNoIndex) {
      if (!wanted) return;
      segment.heap_index = static_cast<std::uint32_t>(heap_.size());
      heap_.push_back(&segment);
    } else if (!wanted) {
      return Remove(segment);
    }
    Down(Up(segment.heap_index));
  }

  void Remove(TableSegment& segment) {
    if (segment.heap_index == TableSegment::kNoIndex) return;
    const std::uint32_t at = segment.heap_index;
    segment.heap_index = TableSegment::kNoIndex;
    TableSegment* last = heap_.back();
    heap_.pop_back();
    if (last == &segment) return;
    Put(at, last);
    Down(Up(at));
  }

 private:
  void Put(std::uint32_t at, TableSegment* segment) {
    heap_[at] = segment;
    segment->heap_index = at;
  }
  bool Before(std::uint32_t a, std::uint32_t b) const {
    return heap_[a]->earliest_deadline < heap_[b]->earliest_deadline;
  }
  void Exchange(std::uint32_t a, std::uint32_t b) {
    TableSegment* at_a = heap_[a];
    Put(a, heap_[b]);
    Put(b, at_a);
  }
  std::uint32_t Up(std::uint32_t at) {
    while (at > 0 && Before(at, (at - 1) / 2)) {
      Exchange(at, (at - 1) / 2);
      at = (at - 1) / 2;
    }
    return at;
  }
  void Down(std::uint32_t at) {
    const auto size = static_cast<std::uint32_t>(heap_.size());
    while (true) {
      std::uint32_t least = at;
      for (std::uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < size; ++child) {
        if (Before(child, least)) least = child;
      }
      if (least == at) return;
      Exchange(at, least);
      at = least;
    }
  }

  std::vector<TableSegment*> heap_;
};

}  // namespace satchel::engine
