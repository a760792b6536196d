// Stream: the value behind the X* commands. Entries are lists of field-value pairs in order of
// their ids, which only ever grow; groups of consumers remember what was delivered to whom.
//
// Representation: blocks by the id of the first entry each was begun with. A block is a listpack:
//
//     block = live, deleted, n, n fields, 0, entry...
//     entry = flags, ms and seq counted from the block's id, (values | m, m pairs), elements
//
// Entries with exactly the block's fields hold values only. Erasing marks an entry; the block goes
// when its last entry is erased. A block is closed when the next entry would bring it to
// limits.stream_node_max_bytes, or with limits.stream_node_max_entries entries, erased ones
// included: as in Redis, since `XTRIM ~` cuts whole blocks. The handle is one word, null for a
// stream that was never used.
// A group's pending entries are listed twice: in the group, and in the consumer that has them.
// Thread: the one that runs the engine. Cost: O(log blocks) to find a block, then a walk in it;
// O(log pending) for pending entries.
// Source: redis 7.0, t_stream and rdb; differences in docs/compat.md.

#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/heap_allocator.h"
#include "engine/listpack.h"
#include "engine/value.h"

namespace satchel::engine {

struct StreamId {
  std::uint64_t ms = 0;
  std::uint64_t seq = 0;

  auto operator<=>(const StreamId&) const = default;
  bool zero() const { return ms == 0 && seq == 0; }
  // The neighbours; empty at the end of all ids.
  std::optional<StreamId> next() const;
  std::optional<StreamId> previous() const;
  std::string text() const;  // "ms-seq"
};
inline constexpr StreamId kMinStreamId{};
inline constexpr StreamId kMaxStreamId{UINT64_MAX, UINT64_MAX};

// The entry that an iterator is at. Views die with the next change of the stream.
class StreamEntry {
 public:
  StreamId id;
  std::size_t pairs = 0;

  // Calls visit(field, value) for each pair in order.
  template <class Visit>
  void ForEach(Visit visit) const {
    const char* field = fields_;
    const char* value = values_;
    for (std::size_t i = 0; i < pairs; ++i) {
      if (!own_fields_) {
        visit(listpack::Text(field).view(), listpack::Text(value).view());
        field = listpack::Next(field);
        value = listpack::Next(value);
      } else {
        value = listpack::Next(field);
        visit(listpack::Text(field).view(), listpack::Text(value).view());
        field = listpack::Next(value);
      }
    }
  }

 private:
  friend class StreamIterator;
  const char* fields_ = nullptr;
  const char* values_ = nullptr;
  bool own_fields_ = false;  // pairs from fields_ on; else the block's fields
};

struct StreamConsumer;

// An entry that was delivered and not acknowledged.
struct StreamNack {
  StreamConsumer* consumer;   // who has it
  std::int64_t delivered_ms;  // last
  std::uint64_t deliveries;
};

struct StreamConsumer {
  std::string_view name;  // points into its key of StreamGroup::consumers
  std::int64_t seen_ms = 0;
  HeapMap<StreamId, StreamNack*> pending;
};

struct StreamGroup {
  static constexpr std::int64_t kUnknown = -1;

  StreamId last_id;  // delivered last
  std::int64_t entries_read = kUnknown;
  HeapMap<StreamId, StreamNack> pending;
  HeapMap<HeapString, StreamConsumer> consumers;

  StreamConsumer* FindConsumer(std::string_view name);
  // Requires that there is none of the name.
  StreamConsumer& AddConsumer(std::string_view name, std::int64_t now_ms);
  // With what it has pending.
  void RemoveConsumer(StreamConsumer& consumer);
  // Gives an entry to a consumer, whoever had it; returns it, new with 0 deliveries.
  StreamNack& Assign(StreamId id, StreamConsumer& consumer);
  // False when it is not pending.
  bool Acknowledge(StreamId id);

  std::size_t MemoryBytes() const;
};

// What erasing an entry means for groups that have it pending.
enum class StreamReferences : std::uint8_t {
  kKeep,   // nothing
  kDrop,   // it is pending nowhere any more
  kAcked,  // it is erased only if all groups have read and acknowledged it
};

struct StreamTrim {
  std::optional<std::uint64_t> max_length;  // else by min_id
  StreamId min_id;
  bool whole_blocks = false;  // cut no block in two
  std::uint64_t limit = 0;    // of entries to erase, counted in whole blocks; 0: none
  StreamReferences references = StreamReferences::kKeep;
};

class Stream {
 public:
  using Groups = HeapMap<HeapString, StreamGroup>;

  // The most bytes of fields and values that an entry may have.
  static constexpr std::size_t kMaxEntryBytes = std::size_t{1} << 30;

  Stream() = default;
  Stream(Stream&& other) noexcept : root_(std::exchange(other.root_, nullptr)) {}
  Stream& operator=(Stream&& other) noexcept {
    std::swap(root_, other.root_);
    return *this;
  }
  ~Stream() { Clear(); }

  std::size_t size() const { return root_ == nullptr ? 0 : root_->length; }
  std::size_t block_count() const { return root_ == nullptr ? 0 : root_->blocks.size(); }
  // Nodes of a radix tree of the blocks' ids: XINFO STREAM. O(blocks).
  std::size_t RadixNodes() const;

  // The last id ever given; that of the first entry, 0-0 without entries; the highest that XDEL
  // erased; entries ever added.
  StreamId last_id() const { return root_ == nullptr ? StreamId{} : root_->last; }
  StreamId first_id() const { return root_ == nullptr ? StreamId{} : root_->first; }
  StreamId max_deleted_id() const { return root_ == nullptr ? StreamId{} : root_->max_deleted; }
  std::uint64_t entries_added() const { return root_ == nullptr ? 0 : root_->added; }
  void set_last_id(StreamId id) { Own().last = id; }
  void set_max_deleted_id(StreamId id) { Own().max_deleted = id; }
  void set_entries_added(std::uint64_t added) { Own().added = added; }
  // That of the last entry there is; 0-0 without entries.
  StreamId LastEntryId() const;

  bool Contains(StreamId id) const;
  // Fields and values in turn. Requires id > last_id(), at least one pair, no more than
  // kMaxEntryBytes in all.
  void Append(StreamId id, std::span<const std::string_view> pairs, const ValueContext& context);
  // False when there is no such entry. Groups are not asked.
  bool Erase(StreamId id);
  // Returns how many entries were erased.
  std::size_t Trim(const StreamTrim& trim);

  const Groups& groups() const;
  Groups& groups() { return Own().groups; }
  // Null when there is no such group.
  StreamGroup* FindGroup(std::string_view name);
  const StreamGroup* FindGroup(std::string_view name) const {
    return const_cast<Stream*>(this)->FindGroup(name);
  }
  // Null when the name is taken.
  StreamGroup* AddGroup(std::string_view name, StreamId last_id, std::int64_t entries_read);
  // Whether some group has yet to read or to acknowledge the id.
  bool IsReferenced(StreamId id) const;
  void DropReferences(StreamId id);

  // Whether an entry in [from, to] was erased by XDEL, as far as is remembered.
  bool HasTombstone(StreamId from, StreamId to) const;
  // How many entries up to `id` were ever added; StreamGroup::kUnknown when that is not known.
  std::int64_t CountUpTo(StreamId id) const;
  // How many entries the group has yet to read; empty when that is not known.
  std::optional<std::int64_t> Lag(const StreamGroup& group) const;

  // Blocks as they are: for RDB. visit(id, listpack).
  template <class Visit>
  void ForEachBlock(Visit visit) const {
    if (root_ == nullptr) return;
    for (const auto& [id, block] : root_->blocks) visit(id, block.view());
  }
  // Takes a block behind those there are, during load. The listpack must be sound in itself
  // (VisitListpack); false when what it says is not.
  bool AppendBlock(StreamId id, std::string_view listpack);

  void Clear();
  // Frees blocks and pending entries of a stream that nobody will look at again, until the budget
  // is used up. True when all is gone; until then only this and Clear may be called.
  bool ClearSome(std::size_t& budget);
  std::string_view encoding() const { return "stream"; }
  Stream Clone() const;
  std::size_t MemoryBytes() const;  // exact heap bytes; O(blocks + pending)
  void Check() const;

 private:
  friend class StreamIterator;

  struct Block {
    char* bytes;
    std::uint32_t capacity;

    std::uint32_t size() const;
    std::string_view view() const { return {bytes, size()}; }
  };
  using Blocks = HeapMap<StreamId, Block>;
  struct Root {
    Blocks blocks;
    std::uint64_t length = 0;
    StreamId last, first, max_deleted;
    std::uint64_t added = 0;
    Groups groups;
  };
  // What a block says of itself.
  struct BlockHeader {
    explicit BlockHeader(const char* bytes);
    std::int64_t live, erased;
    std::size_t fields;
    const char* first_field;
    const char* entries;
  };

  Root& Own();
  void UpdateFirst();
  // Of the last entry that was ever in the block, erased or not.
  static StreamId LastIdOf(Blocks::const_iterator block);
  void EraseBlock(Blocks::iterator block);
  bool TrimInside(Blocks::iterator block, const StreamTrim& trim, std::size_t* erased);
  // Of its entries that are not erased.
  std::vector<StreamId> IdsOf(Blocks::const_iterator block) const;
  static bool IsFull(const Block& block, std::size_t bytes, const ValueContext& context);
  static void Reserve(Block& block, std::size_t bytes, bool exactly);
  static void FreeBlock(const Block& block);
  static void SetInteger(Block& block, std::size_t at, std::int64_t value);
  static void MarkErased(Block& block, std::size_t at);
  static void CountErased(Block& block, std::int64_t erased);

  Root* root_ = nullptr;
};
static_assert(sizeof(Stream) == 8);

// Walks the entries with ids in [from, to], up or down. No change of the stream meanwhile, but of
// its groups.
class StreamIterator {
 public:
  enum class Direction : std::uint8_t { kUp, kDown };

  StreamIterator(const Stream& stream, StreamId from, StreamId to,
                 Direction direction = Direction::kUp);

  // Moves to the next entry, first to the first; false behind the last.
  bool Next() { return direction_ == Direction::kUp ? StepUp() : StepDown(); }
  const StreamEntry& entry() const { return entry_; }

 private:
  friend class Stream;

  bool StepUp();
  bool StepDown();
  void EnterBlock();
  void Parse(const char* at);
  bool Finish();

  const Stream::Blocks* blocks_ = nullptr;  // null: nothing is left
  Stream::Blocks::const_iterator block_;
  StreamId from_, to_;
  Direction direction_;
  const char* entries_ = nullptr;  // of the block; null: not entered yet
  const char* first_field_ = nullptr;
  std::size_t fields_ = 0;
  const char* at_ = nullptr;      // the current entry's flags
  const char* behind_ = nullptr;  // its end
  std::int64_t flags_ = 0;
  StreamEntry entry_;
};

}  // namespace satchel::engine
