// Table: a hash table of item pointers, for the keyspace and for the members of hashes, sets
// and sorted sets.
//
// Representation: extendible hashing. `directory_` has 2^global_depth_ words, indexed by the
// high bits of the hash *in order*; neighbouring words may name the same segment. A segment is
// one block: a header of 64 bytes and up to 63 buckets of one cache line each:
//
//     | item 0 | ... | item 6 | tag 0 .. tag 6 | presence |
//     8 bytes each             1 byte each      bits 0..6: slot in use; bit 7: spilled
//
// The home bucket is the next bits of the hash, in order, scaled to the number of buckets, which
// need not be a power of two. A full home spills into the buckets after it, around the end of its
// segment, and sets bit 7 of each that it passed. A tag is the lowest byte of the hash.
// A segment starts with one bucket, grows by a third, and splits in two when it is at its
// largest and nine tenths full; both are local: no operation rehashes the whole table. Sparse
// segments shrink and merge with their buddy.
//
// So a range of hashes can be visited without an index, whatever the geometry: a cursor of
// Scan, and a chunk of a snapshot, is a prefix of the hash and never a bucket number.
//
// Items are the caller's; the table frees those it still has when it is cleared. Segments and the
// directory live in the current Heap. Thread: the one that runs the engine. Cost: O(1) unless
// said otherwise; an insertion may rebuild its segment, at most some 400 items.

#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/random.h"
#include "engine/heap.h"

namespace satchel::engine {

// The header of a segment: one cache line before its buckets.
struct alignas(64) TableSegment {
  static constexpr std::int64_t kNoDeadline = std::numeric_limits<std::int64_t>::max();
  static constexpr std::uint32_t kNoIndex = 0xFFFFFFFF;

  std::uint64_t prefix = 0;        // the first hash that belongs here
  std::uint32_t bucket_count = 0;  // at least one
  std::uint32_t item_count = 0;
  std::uint32_t stale_spills = 0;  // spilled items removed since it was built
  std::uint32_t refs = 1;          // owners; more than one once tables can be forked
  std::uint32_t depth = 0;         // leading bits of `prefix` that its items share

  // The policy's, who keeps them right: the table only moves on from a segment to a fresh one.
  std::uint32_t heap_index = kNoIndex;
  std::int64_t earliest_deadline = kNoDeadline;
};
static_assert(sizeof(TableSegment) == 64);

// What a Policy offers:
//   using Item = ...;                                 what the table points to
//   static std::string_view Key(const Item*);         requires no lock and no table
//   void Free(Item*);                                 for Clear and the destructor
//   void OnSegmentBuilt(TableSegment&);               optional: a fresh segment, items in place
//   void OnSegmentFreed(TableSegment&);               optional: its items now live in others
template <class Policy>
class Table {
 public:
  using Item = typename Policy::Item;

  explicit Table(std::uint64_t seed, Policy policy = {})
      : seed_(seed), policy_(std::move(policy)) {}
  Table(Table&& other) noexcept
      : directory_(std::exchange(other.directory_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        seed_(other.seed_),
        deepest_segments_(std::exchange(other.deepest_segments_, 0)),
        widest_(std::exchange(other.widest_, 1)),
        global_depth_(std::exchange(other.global_depth_, 0)),
        policy_(std::move(other.policy_)) {}
  Table& operator=(Table&&) = delete;
  ~Table() { Clear(); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::uint64_t seed() const { return seed_; }
  Policy& policy() { return policy_; }

  std::uint64_t HashOf(std::string_view key) const { return HashBytes(key, seed_); }

  // Null when absent. `hash` is HashOf(key), here and everywhere below.
  Item* Find(std::string_view key, std::uint64_t hash) const {
    Item** slot = const_cast<Table*>(this)->FindSlot(key, hash);
    return slot == nullptr ? nullptr : *slot;
  }

  // Where the item is kept, null when absent: for replacing an item by another one of the same
  // key. Valid until the next insertion or removal.
  Item** FindSlot(std::string_view key, std::uint64_t hash) {
    const Position at = FindPosition(key, hash);
    return at.bucket == nullptr ? nullptr : &at.bucket->items[at.slot];
  }

  // Requires that the item's key is absent.
  void Insert(Item* item, std::uint64_t hash) {
    SATCHEL_DCHECK(hash == HashOf(Policy::Key(item)) && Find(Policy::Key(item), hash) == nullptr);
    if (directory_ == nullptr) Start();
    TableSegment* segment = SegmentAt(hash);
    while (segment->item_count >= Capacity(segment->bucket_count)) {
      MakeRoom(segment);
      segment = SegmentAt(hash);
    }
    Place(segment, item, hash);
    ++size_;
  }

  // Takes the item out and hands it over; null when absent.
  Item* Remove(std::string_view key, std::uint64_t hash) {
    const Position at = FindPosition(key, hash);
    if (at.bucket == nullptr) return nullptr;
    Item* item = at.bucket->items[at.slot];
    at.bucket->presence &= static_cast<std::uint8_t>(~(1u << at.slot));
    --size_;
    TableSegment* segment = SegmentAt(hash);
    --segment->item_count;
    if (at.spilled) ++segment->stale_spills;
    if (size_ == 0) {
      FreeSegments();
    } else if (segment->item_count < segment->bucket_count * kSlots / 4) {
      Shrink(segment);
    } else if (segment->stale_spills > segment->bucket_count / 2) {
      Rebuild(segment, segment->bucket_count);
    }
    return item;
  }

  // For lookups in batches: first prefetch all the buckets, then all the items, then find.
  void Prefetch(std::uint64_t hash) const {
    if (directory_ == nullptr) return;
    const Home home = HomeOf(hash);
    PrefetchLine(&home.buckets[home.index]);
  }
  void PrefetchItem(std::uint64_t hash) const {
    if (directory_ == nullptr) return;
    const Home home = HomeOf(hash);
    const Bucket& bucket = home.buckets[home.index];
    for (unsigned match = Match(bucket, Tag(hash)); match != 0; match &= match - 1) {
      PrefetchLine(bucket.items[std::countr_zero(match)]);
    }
  }

  // The segment that has, or would have, the hash; null while the table is empty. Dies with the
  // next insertion or removal.
  TableSegment* FindSegment(std::uint64_t hash) {
    return directory_ == nullptr ? nullptr : SegmentAt(hash);
  }

  // Visits the items of one home bucket and returns the cursor of the next call. A cursor is the
  // upper 48 bits of a hash; 0 starts, and 0 returned says that all was visited. An item that is
  // in the table during the whole scan is visited at least once, whatever else changes between
  // the calls. `visit(Item*)` may remove the item it is given, and replace it, but no other.
  template <class Visit>
  std::uint64_t Scan(std::uint64_t cursor, Visit visit) {
    if (directory_ == nullptr) return 0;
    const std::uint64_t begin = cursor << kCursorShift;
    const TableSegment* segment = SegmentAt(begin);
    const std::uint32_t index = HomeIndex(begin, segment->depth, segment->bucket_count);
    const std::uint64_t end = HomeBegin(*segment, index + 1);
    Gathered found(SpillItems(segment, index));
    GatherSpill(segment, index, found);
    found.ComputeHashes(seed_);
    for (std::size_t i = 0; i < found.size; ++i) {
      if (InRange(found.items[i].hash, begin, end)) visit(found.items[i].item);
    }
    return end >> kCursorShift;
  }

  // Visits the items whose hashes are in [begin, end); an `end` of 0 stands for 2^64. No change
  // inside `visit(const Item*, hash)`. O(items in the range).
  template <class Visit>
  void VisitHashRange(std::uint64_t begin, std::uint64_t end, Visit visit) const {
    if (directory_ == nullptr) return;
    std::uint64_t at = begin;
    do {
      const TableSegment* segment = SegmentAt(at);
      const std::uint32_t index = HomeIndex(at, segment->depth, segment->bucket_count);
      const std::uint64_t next = HomeBegin(*segment, index + 1);
      WalkSpill(segment, index, [&](const Item* item) {
        const std::uint64_t hash = HashOf(Policy::Key(item));
        if (InRange(hash, at, next) && InRange(hash, begin, end)) visit(item, hash);
      });
      at = next;
    } while (at != 0 && (end == 0 || at < end));
  }

  // Visits all items, in no particular order, until `visit(Item*)` returns false. No change
  // inside. Returns false when it was stopped. O(size).
  template <class Visit>
  bool ForEach(Visit visit) const {
    bool going = true;
    ForEachSegment([&](const TableSegment* segment) {
      if (going) going = VisitSegment(*segment, visit);
    });
    return going;
  }

  // As ForEach, for one segment.
  template <class Visit>
  static bool VisitSegment(const TableSegment& segment, Visit visit) {
    Bucket* buckets = BucketsOf(&segment);
    for (std::uint32_t b = 0; b < segment.bucket_count; ++b) {
      for (unsigned used = buckets[b].presence & kSlotMask; used != 0; used &= used - 1) {
        if (!visit(buckets[b].items[std::countr_zero(used)])) return false;
      }
    }
    return true;
  }

  // Each item with the same probability. Requires !empty().
  Item* RandomItem(Random& random) const {
    SATCHEL_DCHECK(size_ > 0);
    // A segment is met as often as the directory names it and has slots up to the widest one's;
    // rejecting evens that out. Items are dense, so that a few attempts do.
    const std::uint32_t width = global_depth_ == 0 ? SegmentAt(0)->bucket_count : widest_;
    for (int attempt = 0; attempt < 256; ++attempt) {
      const std::uint64_t draw = random.Next();
      const TableSegment* segment = SegmentAt(draw);
      const std::uint32_t shallow = global_depth_ - segment->depth;
      if ((draw & ((std::uint64_t{1} << shallow) - 1)) != 0) continue;
      const auto slot = static_cast<std::uint32_t>(random.Below(std::uint64_t{width} * kSlots));
      if (slot >= segment->bucket_count * kSlots) continue;
      const Bucket& bucket = BucketsOf(segment)[slot / kSlots];
      if ((bucket.presence >> (slot % kSlots) & 1) != 0) return bucket.items[slot % kSlots];
    }
    return ItemAt(random.Below(size_));
  }

  // Frees all items and all memory. O(size).
  void Clear() {
    if (directory_ == nullptr) return;
    ForEach([this](Item* item) {
      policy_.Free(item);
      return true;
    });
    size_ = 0;
    FreeSegments();
  }

  // Frees a part of a table that nobody will look at again: segments from `cursor` on, which is 0
  // at first, until their items have used up the budget. `free(Item*)` gets each item. True when
  // all is gone; until then nothing else may be called, not even the destructor.
  template <class Free>
  bool ClearSome(std::uint64_t& cursor, std::size_t& budget, Free free) {
    if (directory_ == nullptr) return true;
    const std::uint64_t words = std::uint64_t{1} << global_depth_;
    while (cursor < words) {
      if (budget == 0) return false;
      TableSegment* segment = WordSegment(directory_[cursor]);
      cursor += std::uint64_t{1} << (global_depth_ - segment->depth);
      budget -= std::min<std::size_t>(budget, segment->item_count + 1);
      VisitSegment(*segment, [&](Item* item) {
        free(item);
        return true;
      });
      FreeSegment(segment);
    }
    size_ = 0;
    FreeDirectory();
    return true;
  }
  bool ClearSome(std::uint64_t& cursor, std::size_t& budget) {
    return ClearSome(cursor, budget, [this](Item* item) { policy_.Free(item); });
  }

  // Heap bytes of directory and segments, without the items. O(segments).
  std::size_t MemoryBytes() const {
    if (directory_ == nullptr) return 0;
    std::size_t bytes = DirectoryBytes(global_depth_);
    ForEachSegment([&](const TableSegment* s) { bytes += SegmentBytes(s->bucket_count); });
    return bytes;
  }

  // Aborts unless the invariants hold. O(size).
  void Check() const {
    if (directory_ == nullptr) {
      SATCHEL_CHECK(size_ == 0);
      return;
    }
    std::size_t items = 0;
    std::uint32_t deepest = 0;
    std::uint64_t expected_prefix = 0;
    ForEachSegment([&](const TableSegment* segment) {
      SATCHEL_CHECK(segment->prefix == expected_prefix);
      expected_prefix += segment->depth == 0 ? 0 : std::uint64_t{1} << (64 - segment->depth);
      SATCHEL_CHECK(segment->depth <= global_depth_ && segment->bucket_count <= widest_);
      deepest += segment->depth == global_depth_;
      items += CheckSegment(segment);
    });
    SATCHEL_CHECK(expected_prefix == 0 && items == size_ && deepest == deepest_segments_);
  }

 private:
  static constexpr std::uint32_t kSlots = 7;
  static constexpr unsigned kSlotMask = 0x7F;
  static constexpr std::uint8_t kSpilled = 0x80;
  static constexpr std::uint32_t kMaxBuckets = 63;  // with the header 4096 bytes
  static constexpr std::uint32_t kHomeBits = 16;    // hash bits that choose the home bucket
  static constexpr std::uint32_t kCursorShift = 16;
  static constexpr std::uint32_t kMaxDepth = 64 - kCursorShift - kHomeBits;

  struct alignas(64) Bucket {
    Item* items[kSlots];
    std::uint8_t tags[kSlots];
    std::uint8_t presence;
  };
  static_assert(sizeof(Bucket) == 64);

  struct Home {
    Bucket* buckets;
    std::uint32_t index;
    std::uint32_t count;
  };
  struct Position {
    Bucket* bucket;  // null: absent
    std::uint32_t slot;
    bool spilled;
  };
  struct Hashed {
    Item* item;
    std::uint64_t hash;
  };

  // Items on their way from one segment to another; a usual segment's fit on the stack.
  struct Gathered {
    explicit Gathered(std::size_t capacity) {
      if (capacity > kMaxBuckets * kSlots) {
        spare = std::make_unique<Hashed[]>(capacity);
        items = spare.get();
      }
    }
    void Add(Item* item) { items[size++].item = item; }
    void ComputeHashes(std::uint64_t seed) {
      constexpr std::size_t kAhead = 12;
      for (std::size_t i = 0; i < std::min(size, kAhead); ++i) PrefetchLine(items[i].item);
      for (std::size_t i = 0; i < size; ++i) {
        if (i + kAhead < size) PrefetchLine(items[i + kAhead].item);
        items[i].hash = HashBytes(Policy::Key(items[i].item), seed);
      }
    }

    std::size_t size = 0;
    Hashed local[kMaxBuckets * kSlots];
    std::unique_ptr<Hashed[]> spare;
    Hashed* items = local;
  };

  // A word of the directory spares the lookup a visit of the segment's header:
  // address in bits 0..47, buckets in 48..57 (0: see the header), depth in 58..63.
  static std::uint64_t PackWord(const TableSegment* segment) {
    const auto address = reinterpret_cast<std::uint64_t>(segment);
    SATCHEL_DCHECK(address >> 48 == 0);
    const std::uint64_t buckets = segment->bucket_count < 1024 ? segment->bucket_count : 0;
    return address | buckets << 48 | std::uint64_t{segment->depth} << 58;
  }
  static TableSegment* WordSegment(std::uint64_t word) {
    return reinterpret_cast<TableSegment*>(word & 0xFFFFFFFFFFFF);
  }

  static Bucket* BucketsOf(const TableSegment* segment) {
    return reinterpret_cast<Bucket*>(const_cast<TableSegment*>(segment) + 1);
  }
  static std::uint8_t Tag(std::uint64_t hash) { return static_cast<std::uint8_t>(hash); }

  static std::uint32_t HomeIndex(std::uint64_t hash, std::uint32_t depth, std::uint32_t buckets) {
    return static_cast<std::uint32_t>(((hash << depth) >> (64 - kHomeBits)) * buckets >> kHomeBits);
  }
  // The first hash whose home is `index`; for an index past the last one, of the next segment.
  static std::uint64_t HomeBegin(const TableSegment& segment, std::uint64_t index) {
    const std::uint64_t step = ((index << kHomeBits) + segment.bucket_count - 1) /
                               segment.bucket_count;  // of 2^kHomeBits in the segment
    const std::uint64_t offset = step << (64 - kHomeBits - segment.depth);
    if (segment.depth == 0 && step >> kHomeBits != 0) return 0;
    return segment.prefix + offset;
  }
  static bool InRange(std::uint64_t hash, std::uint64_t begin, std::uint64_t end) {
    return hash >= begin && (end == 0 || hash < end);
  }

  std::uint64_t Word(std::uint64_t hash) const {
    return directory_[(hash >> 1) >> (63 - global_depth_)];
  }
  TableSegment* SegmentAt(std::uint64_t hash) const { return WordSegment(Word(hash)); }

  Home HomeOf(std::uint64_t hash) const {
    const std::uint64_t word = Word(hash);
    TableSegment* segment = WordSegment(word);
    std::uint32_t count = word >> 48 & 1023;
    if (__builtin_expect(count == 0, 0)) count = segment->bucket_count;
    return {BucketsOf(segment), HomeIndex(hash, static_cast<std::uint32_t>(word >> 58), count),
            count};
  }

  // A bit for each slot in use that has the tag.
  static unsigned Match(const Bucket& bucket, std::uint8_t tag) {
#if defined(__SSE2__)
    const __m128i tags = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(bucket.tags));
    const __m128i same = _mm_cmpeq_epi8(tags, _mm_set1_epi8(static_cast<char>(tag)));
    return static_cast<unsigned>(_mm_movemask_epi8(same)) & bucket.presence & kSlotMask;
#else
    unsigned match = 0;
    for (unsigned i = 0; i < kSlots; ++i) match |= unsigned{bucket.tags[i] == tag} << i;
    return match & bucket.presence;
#endif
  }

  Position FindPosition(std::string_view key, std::uint64_t hash) const {
    if (directory_ == nullptr) return {nullptr, 0, false};
    const Home home = HomeOf(hash);
    std::uint32_t index = home.index;
    do {
      Bucket* bucket = &home.buckets[index];
      for (unsigned match = Match(*bucket, Tag(hash)); match != 0; match &= match - 1) {
        const auto slot = static_cast<std::uint32_t>(std::countr_zero(match));
        if (SameBytes(Policy::Key(bucket->items[slot]), key)) {
          return {bucket, slot, index != home.index};
        }
      }
      if ((bucket->presence & kSpilled) == 0) break;
      index = index + 1 == home.count ? 0 : index + 1;
    } while (index != home.index);
    return {nullptr, 0, false};
  }

  // Items that a segment takes before it grows or splits.
  static std::uint32_t Capacity(std::uint32_t buckets) {
    return buckets == 1 ? kSlots : buckets * kSlots * 9 / 10;
  }
  // Buckets for a segment that is built with `items`: room for some more.
  static std::uint32_t BucketsFor(std::uint32_t items) {
    return Fill(std::max<std::uint32_t>(1, (items * 6 + kSlots * 5 - 1) / (kSlots * 5)));
  }
  // As many buckets as fit into the block that the heap gives for `buckets`.
  static std::uint32_t Fill(std::uint32_t buckets) {
    if (buckets >= kMaxBuckets) return buckets;
    const std::size_t bytes = Heap::ClassBytes(SegmentBytes(buckets)) - sizeof(TableSegment);
    return static_cast<std::uint32_t>(bytes / sizeof(Bucket));
  }

  static std::size_t SegmentBytes(std::uint32_t buckets) {
    return sizeof(TableSegment) + std::size_t{buckets} * sizeof(Bucket);
  }
  static std::size_t DirectoryBytes(std::uint32_t depth) { return sizeof(std::uint64_t) << depth; }

  TableSegment* NewSegment(std::uint64_t prefix, std::uint32_t depth, std::uint32_t buckets) {
    void* block = Heap::Current().Allocate(SegmentBytes(buckets));
    auto* segment = new (block) TableSegment;
    segment->prefix = prefix;
    segment->depth = depth;
    segment->bucket_count = buckets;
    std::memset(static_cast<void*>(BucketsOf(segment)), 0, buckets * sizeof(Bucket));
    widest_ = std::max(widest_, buckets);
    return segment;
  }

  void FreeSegment(TableSegment* segment) {
    if constexpr (requires { policy_.OnSegmentFreed(*segment); }) policy_.OnSegmentFreed(*segment);
    Heap::Current().Free(segment, SegmentBytes(segment->bucket_count));
  }

  void SegmentBuilt(TableSegment* segment) {
    if constexpr (requires { policy_.OnSegmentBuilt(*segment); }) policy_.OnSegmentBuilt(*segment);
  }

  static void Place(TableSegment* segment, Item* item, std::uint64_t hash) {
    Bucket* buckets = BucketsOf(segment);
    std::uint32_t index = HomeIndex(hash, segment->depth, segment->bucket_count);
    while ((buckets[index].presence & kSlotMask) == kSlotMask) {
      buckets[index].presence |= kSpilled;
      index = index + 1 == segment->bucket_count ? 0 : index + 1;
    }
    Bucket& bucket = buckets[index];
    const int slot = std::countr_one(bucket.presence);
    bucket.items[slot] = item;
    bucket.tags[slot] = Tag(hash);
    bucket.presence |= static_cast<std::uint8_t>(1u << slot);
    ++segment->item_count;
  }

  void Start() {
    directory_ = static_cast<std::uint64_t*>(Heap::Current().Allocate(DirectoryBytes(0)));
    TableSegment* segment = NewSegment(0, 0, 1);
    deepest_segments_ = 1;
    Publish(segment);
    SegmentBuilt(segment);
  }

  void FreeSegments() {
    ForEachSegment([this](TableSegment* segment) { FreeSegment(segment); });
    FreeDirectory();
  }

  void FreeDirectory() {
    Heap::Current().Free(directory_, DirectoryBytes(global_depth_));
    directory_ = nullptr;
    global_depth_ = 0;
    deepest_segments_ = 0;
    widest_ = 1;
  }

  // Writes the segment into the words of the directory that cover its prefix.
  void Publish(const TableSegment* segment) {
    const std::uint64_t first = (segment->prefix >> 1) >> (63 - global_depth_);
    const std::uint64_t count = std::uint64_t{1} << (global_depth_ - segment->depth);
    std::fill_n(directory_ + first, count, PackWord(segment));
  }

  template <class Visit>
  void ForEachSegment(Visit visit) const {
    if (directory_ == nullptr) return;
    const std::uint64_t words = std::uint64_t{1} << global_depth_;
    for (std::uint64_t i = 0; i < words;) {
      TableSegment* segment = WordSegment(directory_[i]);
      i += std::uint64_t{1} << (global_depth_ - segment->depth);
      visit(segment);
    }
  }

  static void GatherSegment(const TableSegment* segment, Gathered& out) {
    VisitSegment(*segment, [&](Item* item) {
      out.Add(item);
      return true;
    });
  }

  // Visits the items in the bucket `home` and in those that it may have spilled to.
  template <class Visit>
  static void WalkSpill(const TableSegment* segment, std::uint32_t home, Visit visit) {
    Bucket* buckets = BucketsOf(segment);
    std::uint32_t index = home;
    do {
      const Bucket& bucket = buckets[index];
      for (unsigned used = bucket.presence & kSlotMask; used != 0; used &= used - 1) {
        visit(bucket.items[std::countr_zero(used)]);
      }
      if ((bucket.presence & kSpilled) == 0) break;
      index = index + 1 == segment->bucket_count ? 0 : index + 1;
    } while (index != home);
  }
  static std::size_t SpillItems(const TableSegment* segment, std::uint32_t home) {
    std::size_t items = 0;
    WalkSpill(segment, home, [&](Item*) { ++items; });
    return items;
  }
  static void GatherSpill(const TableSegment* segment, std::uint32_t home, Gathered& out) {
    WalkSpill(segment, home, [&](Item* item) { out.Add(item); });
  }

  void MakeRoom(TableSegment* segment) {
    const std::uint32_t buckets = segment->bucket_count;
    if (buckets < kMaxBuckets) {
      Rebuild(segment,
              Fill(std::min(kMaxBuckets, buckets + std::max<std::uint32_t>(1, buckets / 3))));
    } else if (MaySplit(*segment)) {
      Split(segment);
    } else {
      Rebuild(segment, buckets + buckets / 3);
    }
  }

  // Hashes that agree in many bits would double the directory without end: then the segment
  // becomes larger than usual instead.
  bool MaySplit(const TableSegment& segment) const {
    if (segment.depth < global_depth_) return true;
    return global_depth_ < kMaxDepth && std::size_t{16} << (global_depth_ + 1) <= size_;
  }

  // Replaces the segment by one with another number of buckets.
  void Rebuild(TableSegment* old, std::uint32_t buckets) {
    Gathered moving(old->item_count);
    GatherSegment(old, moving);
    moving.ComputeHashes(seed_);
    TableSegment* segment = NewSegment(old->prefix, old->depth, buckets);
    PlaceAll(moving, segment);
    Publish(segment);
    FreeSegment(old);
    SegmentBuilt(segment);
  }

  static void PlaceAll(const Gathered& moving, TableSegment* segment) {
    for (std::size_t i = 0; i < moving.size; ++i) {
      Place(segment, moving.items[i].item, moving.items[i].hash);
    }
  }

  void Split(TableSegment* old) {
    if (old->depth == global_depth_) DoubleDirectory();
    Gathered moving(old->item_count);
    GatherSegment(old, moving);
    moving.ComputeHashes(seed_);
    const std::uint64_t middle = old->prefix + (std::uint64_t{1} << (63 - old->depth));
    std::uint32_t low_items = 0;
    for (std::size_t i = 0; i < moving.size; ++i) low_items += moving.items[i].hash < middle;
    const std::uint32_t depth = old->depth + 1;
    TableSegment* low = NewSegment(old->prefix, depth, BucketsFor(low_items));
    TableSegment* high = NewSegment(middle, depth, BucketsFor(old->item_count - low_items));
    for (std::size_t i = 0; i < moving.size; ++i) {
      Place(moving.items[i].hash < middle ? low : high, moving.items[i].item, moving.items[i].hash);
    }
    Publish(low);
    Publish(high);
    if (depth == global_depth_) deepest_segments_ += 2;
    FreeSegment(old);
    SegmentBuilt(low);
    SegmentBuilt(high);
  }

  void DoubleDirectory() {
    const std::uint64_t words = std::uint64_t{1} << global_depth_;
    auto* doubled =
        static_cast<std::uint64_t*>(Heap::Current().Allocate(DirectoryBytes(global_depth_ + 1)));
    for (std::uint64_t i = 0; i < words; ++i) {
      doubled[2 * i] = directory_[i];
      doubled[2 * i + 1] = directory_[i];
    }
    Heap::Current().Free(directory_, DirectoryBytes(global_depth_));
    directory_ = doubled;
    ++global_depth_;
    deepest_segments_ = 0;
  }

  // Requires that no segment has the depth of the directory.
  void HalveDirectory() {
    const std::uint64_t words = std::uint64_t{1} << (global_depth_ - 1);
    auto* halved =
        static_cast<std::uint64_t*>(Heap::Current().Allocate(DirectoryBytes(global_depth_ - 1)));
    for (std::uint64_t i = 0; i < words; ++i) halved[i] = directory_[2 * i];
    Heap::Current().Free(directory_, DirectoryBytes(global_depth_));
    directory_ = halved;
    --global_depth_;
    ForEachSegment(
        [this](const TableSegment* s) { deepest_segments_ += s->depth == global_depth_; });
  }

  // Merges a sparse segment with its buddy when that one is sparse too, else makes it smaller.
  void Shrink(TableSegment* segment) {
    if (segment->depth > 0) {
      TableSegment* buddy = SegmentAt(segment->prefix ^ std::uint64_t{1} << (64 - segment->depth));
      if (buddy->depth == segment->depth &&
          segment->item_count + buddy->item_count <= kMaxBuckets * kSlots / 2) {
        return Merge(segment, buddy);
      }
    }
    const std::uint32_t buckets = BucketsFor(segment->item_count);
    if (buckets < segment->bucket_count) Rebuild(segment, buckets);
  }

  void Merge(TableSegment* a, TableSegment* b) {
    Gathered moving(a->item_count + b->item_count);
    GatherSegment(a, moving);
    GatherSegment(b, moving);
    moving.ComputeHashes(seed_);
    TableSegment* merged = NewSegment(std::min(a->prefix, b->prefix), a->depth - 1,
                                      BucketsFor(a->item_count + b->item_count));
    PlaceAll(moving, merged);
    Publish(merged);
    if (a->depth == global_depth_) deepest_segments_ -= 2;
    FreeSegment(a);
    FreeSegment(b);
    SegmentBuilt(merged);
    while (global_depth_ > 0 && deepest_segments_ == 0) HalveDirectory();
  }

  // The item with this number in the order of ForEach. O(segments).
  Item* ItemAt(std::uint64_t number) const {
    Item* found = nullptr;
    ForEachSegment([&](const TableSegment* segment) {
      if (found != nullptr) return;
      if (number >= segment->item_count) {
        number -= segment->item_count;
        return;
      }
      VisitSegment(*segment, [&](Item* item) {
        found = item;
        return number-- != 0;
      });
    });
    return found;
  }

  std::size_t CheckSegment(const TableSegment* segment) const {
    const std::uint64_t first = (segment->prefix >> 1) >> (63 - global_depth_);
    for (std::uint64_t i = 0; i < std::uint64_t{1} << (global_depth_ - segment->depth); ++i) {
      SATCHEL_CHECK(directory_[first + i] == PackWord(segment));
    }
    std::size_t items = 0;
    VisitSegment(*segment, [&](Item* item) {
      const std::uint64_t hash = HashOf(Policy::Key(item));
      SATCHEL_CHECK(SegmentAt(hash) == segment);
      SATCHEL_CHECK(Find(Policy::Key(item), hash) == item);
      ++items;
      return true;
    });
    SATCHEL_CHECK(items == segment->item_count && items <= segment->bucket_count * kSlots);
    return items;
  }

  std::uint64_t* directory_ = nullptr;  // null exactly when the table is empty
  std::size_t size_ = 0;
  std::uint64_t seed_;
  std::uint32_t deepest_segments_ = 0;  // with the depth of the directory
  std::uint32_t widest_ = 1;            // at least the largest bucket count
  std::uint32_t global_depth_ = 0;
  [[no_unique_address]] Policy policy_;
};

}  // namespace satchel::engine
