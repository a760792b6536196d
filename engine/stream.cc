#include "engine/stream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"

namespace satchel::engine {
namespace {

enum EntryFlag : std::int64_t { kErased = 1, kSameFields = 2 };

constexpr std::size_t kFixedElements = 3;  // flags, ms, seq
constexpr std::size_t kMaxBlockBytes = std::size_t{1} << 30;

std::size_t RoundUp(std::size_t bytes) { return (bytes + 7) / 8 * 8; }

// Ids of a block are counted from its own, wrapping: they may be far apart.
std::int64_t Delta(std::uint64_t value, std::uint64_t base) {
  return static_cast<std::int64_t>(value - base);
}

// The entry that ends where `at` points: its last element says how many there are before.
const char* LastEntry(const char* at) {
  at = listpack::Previous(at);
  for (std::int64_t left = listpack::ReadInteger(at); left > 0; --left) at = listpack::Previous(at);
  return at;
}

using RadixKey = std::array<unsigned char, 16>;

// Nodes below `depth` for sorted keys that agree before it.
std::size_t CountRadixNodes(std::span<const RadixKey> keys, std::size_t depth) {
  if (depth == keys[0].size()) return 1;
  const RadixKey& first = keys.front();
  const RadixKey& last = keys.back();
  const auto differs = std::mismatch(first.begin() + static_cast<std::ptrdiff_t>(depth),
                                     first.end(), last.begin() + static_cast<std::ptrdiff_t>(depth))
                           .first;
  const auto common = static_cast<std::size_t>(differs - first.begin());
  if (common > depth) return 1 + CountRadixNodes(keys, common);
  std::size_t nodes = 1;
  while (!keys.empty()) {
    const auto end = std::find_if(keys.begin(), keys.end(), [&](const RadixKey& key) {
      return key[depth] != keys[0][depth];
    });
    const auto count = static_cast<std::size_t>(end - keys.begin());
    nodes += CountRadixNodes(keys.first(count), depth + 1);
    keys = keys.subspan(count);
  }
  return nodes;
}

}  // namespace

// --- Ids -----------------------------------------------------------------------------------

std::optional<StreamId> StreamId::next() const {
  if (seq != UINT64_MAX) return StreamId{ms, seq + 1};
  if (ms != UINT64_MAX) return StreamId{ms + 1, 0};
  return std::nullopt;
}

std::optional<StreamId> StreamId::previous() const {
  if (seq != 0) return StreamId{ms, seq - 1};
  if (ms != 0) return StreamId{ms - 1, UINT64_MAX};
  return std::nullopt;
}

std::string StreamId::text() const { return std::to_string(ms) + '-' + std::to_string(seq); }

// --- Groups --------------------------------------------------------------------------------

StreamConsumer* StreamGroup::FindConsumer(std::string_view name) {
  auto it = consumers.find(name);
  return it == consumers.end() ? nullptr : &it->second;
}

StreamConsumer& StreamGroup::AddConsumer(std::string_view name, std::int64_t now_ms) {
  auto [it, added] = consumers.try_emplace(HeapString(name));
  SATCHEL_DCHECK(added);
  it->second.name = it->first;
  it->second.seen_ms = now_ms;
  return it->second;
}

void StreamGroup::RemoveConsumer(StreamConsumer& consumer) {
  for (const auto& [id, nack] : consumer.pending) pending.erase(id);
  consumers.erase(consumers.find(consumer.name));
}

StreamNack& StreamGroup::Assign(StreamId id, StreamConsumer& consumer) {
  auto [it, added] = pending.try_emplace(id, StreamNack{nullptr, 0, 0});
  StreamNack& nack = it->second;
  if (nack.consumer == &consumer) return nack;
  if (nack.consumer != nullptr) nack.consumer->pending.erase(id);
  nack.consumer = &consumer;
  consumer.pending.emplace(id, &nack);
  return nack;
}

bool StreamGroup::Acknowledge(StreamId id) {
  auto it = pending.find(id);
  if (it == pending.end()) return false;
  it->second.consumer->pending.erase(id);
  pending.erase(it);
  return true;
}

std::size_t StreamGroup::MemoryBytes() const {
  std::size_t bytes = NodeBytes(pending) + NodeBytes(consumers);
  for (const auto& [name, consumer] : consumers) {
    bytes += StringBytes(name) + NodeBytes(consumer.pending);
  }
  return bytes;
}

// --- Blocks --------------------------------------------------------------------------------

std::uint32_t Stream::Block::size() const { return LoadLe<std::uint32_t>(bytes); }

Stream::BlockHeader::BlockHeader(const char* bytes) {
  const char* at = bytes + listpack::kHeaderBytes;
  live = listpack::ReadInteger(at);
  at = listpack::Next(at);
  erased = listpack::ReadInteger(at);
  at = listpack::Next(at);
  fields = static_cast<std::size_t>(listpack::ReadInteger(at));
  first_field = at = listpack::Next(at);
  for (std::size_t i = 0; i < fields; ++i) at = listpack::Next(at);
  entries = listpack::Next(at);  // behind the 0
}

void Stream::Reserve(Block& block, std::size_t bytes, bool exactly) {
  if (!exactly && bytes <= block.capacity) return;
  const std::size_t slack = std::clamp<std::size_t>(bytes / 2, 64, 1 << 20);
  const std::size_t capacity = RoundUp(exactly ? bytes : bytes + slack);
  if (capacity == block.capacity) return;
  char* larger = static_cast<char*>(Heap::Current().Allocate(capacity));
  if (block.bytes != nullptr) {
    std::memcpy(larger, block.bytes, block.size());
    FreeBlock(block);
  }
  block = {larger, static_cast<std::uint32_t>(capacity)};
}

void Stream::FreeBlock(const Block& block) { Heap::Current().Free(block.bytes, block.capacity); }

// Replaces an integer element, which may change its width.
void Stream::SetInteger(Block& block, std::size_t at, std::int64_t value) {
  const std::size_t old_bytes =
      static_cast<std::size_t>(listpack::Next(block.bytes + at) - (block.bytes + at));
  const std::size_t new_bytes = listpack::IntegerBytes(value);
  const std::size_t size = block.size();
  Reserve(block, size - old_bytes + new_bytes, false);
  std::memmove(block.bytes + at + new_bytes, block.bytes + at + old_bytes, size - at - old_bytes);
  listpack::WriteInteger(block.bytes + at, value);
  StoreLe(block.bytes, static_cast<std::uint32_t>(size - old_bytes + new_bytes));
}

void Stream::MarkErased(Block& block, std::size_t at) {
  SetInteger(block, at, listpack::ReadInteger(block.bytes + at) | kErased);
}

void Stream::CountErased(Block& block, std::int64_t erased) {
  const BlockHeader header(block.bytes);
  const std::size_t live_at = listpack::kHeaderBytes;
  SetInteger(block, live_at, header.live - erased);
  const char* erased_at = listpack::Next(block.bytes + live_at);
  SetInteger(block, static_cast<std::size_t>(erased_at - block.bytes), header.erased + erased);
}

// Redis counts the new entry's bytes without what packing adds to them.
bool Stream::IsFull(const Block& block, std::size_t bytes, const ValueContext& context) {
  auto max_bytes = static_cast<std::uint64_t>(context.limits.stream_node_max_bytes);
  if (max_bytes == 0 || max_bytes > kMaxBlockBytes) max_bytes = kMaxBlockBytes;
  if (block.size() + bytes >= max_bytes) return true;
  const std::int64_t max_entries = context.limits.stream_node_max_entries;
  if (max_entries == 0) return false;
  const char* live = block.bytes + listpack::kHeaderBytes;
  return listpack::ReadInteger(live) + listpack::ReadInteger(listpack::Next(live)) >= max_entries;
}

// --- Entries -------------------------------------------------------------------------------

namespace {

// Appends elements to a listpack that has room for them.
class Appender {
 public:
  explicit Appender(char* bytes) : bytes_(bytes), at_(bytes + LoadLe<std::uint32_t>(bytes) - 1) {}
  void Add(std::string_view text) {
    at_ = listpack::Write(at_, text);
    ++added_;
  }
  void AddInteger(std::int64_t value) {
    at_ = listpack::WriteInteger(at_, value);
    ++added_;
  }
  void Finish() {
    *at_++ = static_cast<char>(listpack::kEnd);
    StoreLe(bytes_, static_cast<std::uint32_t>(at_ - bytes_));
    const std::size_t count = LoadLe<std::uint16_t>(bytes_ + 4) + added_;
    StoreLe(bytes_ + 4,
            static_cast<std::uint16_t>(std::min<std::size_t>(count, listpack::kManyElements)));
  }

 private:
  char* bytes_;
  char* at_;
  std::size_t added_ = 0;
};

// The most that an integer and its back length take.
constexpr std::size_t kIntegerRoom = 10;

}  // namespace

void Stream::Append(StreamId id, std::span<const std::string_view> pairs,
                    const ValueContext& context) {
  Root& root = Own();
  SATCHEL_DCHECK(id > root.last && !pairs.empty() && pairs.size() % 2 == 0);
  const std::size_t fields = pairs.size() / 2;
  std::size_t bytes = 0;
  std::size_t field_room = 0;
  std::size_t value_room = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    bytes += pairs[i].size();
    (i % 2 == 0 ? field_room : value_room) += listpack::ElementBytes(pairs[i]);
  }
  auto block = root.blocks.empty() ? root.blocks.end() : std::prev(root.blocks.end());
  if (block != root.blocks.end() && IsFull(block->second, bytes, context)) {
    Reserve(block->second, block->second.size(), true);
    block = root.blocks.end();
  }
  const bool fresh = block == root.blocks.end();
  bool same = fresh;
  if (fresh) {
    Block empty{nullptr, 0};
    const std::size_t room =
        listpack::kHeaderBytes + 1 + 9 * kIntegerRoom + field_room + value_room;
    empty.bytes = static_cast<char*>(Heap::Current().Allocate(RoundUp(room)));
    empty.capacity = static_cast<std::uint32_t>(RoundUp(room));
    StoreLe(empty.bytes, static_cast<std::uint32_t>(listpack::kHeaderBytes + 1));
    StoreLe(empty.bytes + 4, std::uint16_t{0});
    Appender head(empty.bytes);
    head.AddInteger(1);
    head.AddInteger(0);
    head.AddInteger(static_cast<std::int64_t>(fields));
    for (std::size_t i = 0; i < pairs.size(); i += 2) head.Add(pairs[i]);
    head.AddInteger(0);
    head.Finish();
    // After XSETID has gone back, erased entries may have been higher: even a block of them alone
    // may have this id.
    const auto [at, added] = root.blocks.try_emplace(id, empty);
    if (!added) FreeBlock(std::exchange(at->second, empty));
    block = at;
  } else {
    const BlockHeader header(block->second.bytes);
    same = header.fields == fields;
    const char* field = header.first_field;
    for (std::size_t i = 0; same && i < pairs.size(); i += 2) {
      same = listpack::Text(field).view() == pairs[i];
      field = listpack::Next(field);
    }
    SetInteger(block->second, listpack::kHeaderBytes, header.live + 1);
  }
  const std::size_t room = 5 * kIntegerRoom + value_room + (same ? 0 : field_room);
  Reserve(block->second, block->second.size() + room, false);
  Appender entry(block->second.bytes);
  entry.AddInteger(same ? std::int64_t{kSameFields} : 0);
  entry.AddInteger(Delta(id.ms, block->first.ms));
  entry.AddInteger(Delta(id.seq, block->first.seq));
  if (!same) entry.AddInteger(static_cast<std::int64_t>(fields));
  for (std::size_t i = same ? 1 : 0; i < pairs.size(); i += same ? 2 : 1) entry.Add(pairs[i]);
  entry.AddInteger(static_cast<std::int64_t>(kFixedElements + (same ? fields : 1 + 2 * fields)));
  entry.Finish();
  root.last = id;
  if (++root.length == 1) root.first = id;
  ++root.added;
}

StreamId Stream::LastEntryId() const {
  StreamIterator it(*this, kMinStreamId, kMaxStreamId, StreamIterator::Direction::kDown);
  return it.Next() ? it.entry().id : StreamId{};
}

bool Stream::Contains(StreamId id) const { return StreamIterator(*this, id, id).Next(); }

bool Stream::Erase(StreamId id) {
  StreamIterator it(*this, id, id);
  if (!it.Next()) return false;
  auto block = root_->blocks.find(it.block_->first);
  if (BlockHeader(block->second.bytes).live == 1) {
    EraseBlock(block);
  } else {
    MarkErased(block->second, static_cast<std::size_t>(it.at_ - block->second.bytes));
    CountErased(block->second, 1);
  }
  --root_->length;
  if (id == root_->first) UpdateFirst();
  root_->max_deleted = std::max(root_->max_deleted, id);
  return true;
}

StreamId Stream::LastIdOf(Blocks::const_iterator block) {
  const char* at = LastEntry(block->second.bytes + block->second.size() - 1);
  const char* ms = listpack::Next(at);
  const char* seq = listpack::Next(ms);
  return {block->first.ms + static_cast<std::uint64_t>(listpack::ReadInteger(ms)),
          block->first.seq + static_cast<std::uint64_t>(listpack::ReadInteger(seq))};
}

void Stream::EraseBlock(Blocks::iterator block) {
  FreeBlock(block->second);
  root_->blocks.erase(block);
}

void Stream::UpdateFirst() {
  StreamIterator it(*this, kMinStreamId, kMaxStreamId);
  root_->first = it.Next() ? it.entry().id : StreamId{};
}

std::vector<StreamId> Stream::IdsOf(Blocks::const_iterator block) const {
  StreamIterator it(*this, kMinStreamId, kMaxStreamId);
  it.block_ = block;
  it.EnterBlock();
  std::vector<StreamId> ids;
  for (it.behind_ = it.entries_; static_cast<unsigned char>(*it.behind_) != listpack::kEnd;) {
    it.Parse(it.behind_);
    if ((it.flags_ & kErased) == 0) ids.push_back(it.entry().id);
  }
  return ids;
}

std::size_t Stream::Trim(const StreamTrim& trim) {
  if (root_ == nullptr) return 0;
  std::size_t erased = 0;
  for (auto block = root_->blocks.begin(); block != root_->blocks.end();) {
    if (trim.max_length && root_->length <= *trim.max_length) break;
    const auto live = static_cast<std::size_t>(BlockHeader(block->second.bytes).live);
    if (trim.limit != 0 && erased + live > trim.limit) break;
    bool whole = false;
    if (trim.max_length) {
      whole = root_->length - live >= *trim.max_length;
    } else {
      whole = LastIdOf(block) < trim.min_id;
    }
    std::vector<StreamId> ids;
    if (whole && trim.references != StreamReferences::kKeep) ids = IdsOf(block);
    const bool held =
        trim.references == StreamReferences::kAcked &&
        std::any_of(ids.begin(), ids.end(), [&](StreamId id) { return IsReferenced(id); });
    if (whole && !held) {
      const auto next = std::next(block);
      if (trim.references == StreamReferences::kDrop) {
        for (const StreamId id : ids) DropReferences(id);
      }
      EraseBlock(block);
      root_->length -= live;
      erased += live;
      block = next;
      continue;
    }
    if (trim.whole_blocks) break;
    const auto next = std::next(block);
    if (!TrimInside(block, trim, &erased)) break;
    block = next;
  }
  if (erased > 0) UpdateFirst();
  return erased;
}

// Erases from a block that cannot go as a whole. True when the next block is to be looked at.
bool Stream::TrimInside(Blocks::iterator block, const StreamTrim& trim, std::size_t* erased) {
  const bool acked = trim.references == StreamReferences::kAcked;
  std::int64_t here = 0;
  bool stopped = false;
  StreamIterator it(*this, kMinStreamId, kMaxStreamId);
  it.block_ = block;
  it.EnterBlock();
  Block& bytes = block->second;
  std::size_t at = static_cast<std::size_t>(it.entries_ - bytes.bytes);
  while (static_cast<unsigned char>(bytes.bytes[at]) != listpack::kEnd) {
    it.Parse(bytes.bytes + at);
    const StreamId id = it.entry().id;
    stopped = trim.max_length ? root_->length <= *trim.max_length : id >= trim.min_id;
    if (stopped) break;
    auto behind = static_cast<std::size_t>(it.behind_ - bytes.bytes);
    if ((it.flags_ & kErased) == 0 && !(acked && IsReferenced(id))) {
      const std::size_t size = bytes.size();
      MarkErased(bytes, at);
      behind -= size - bytes.size();  // loaded flags may have been wider than need be
      if (trim.references == StreamReferences::kDrop) DropReferences(id);
      --root_->length;
      ++here;
    }
    at = behind;
  }
  *erased += static_cast<std::size_t>(here);
  if (here > 0) CountErased(bytes, here);
  if (acked && BlockHeader(bytes.bytes).live == 0) EraseBlock(block);
  return acked && !stopped;
}

// --- Groups of the stream ------------------------------------------------------------------

const Stream::Groups& Stream::groups() const {
  static const Groups kNone;
  return root_ == nullptr ? kNone : root_->groups;
}

StreamGroup* Stream::FindGroup(std::string_view name) {
  if (root_ == nullptr) return nullptr;
  auto it = root_->groups.find(name);
  return it == root_->groups.end() ? nullptr : &it->second;
}

StreamGroup* Stream::AddGroup(std::string_view name, StreamId last_id, std::int64_t entries_read) {
  auto [it, added] = Own().groups.try_emplace(HeapString(name));
  if (!added) return nullptr;
  it->second.last_id = last_id;
  it->second.entries_read = entries_read;
  return &it->second;
}

bool Stream::IsReferenced(StreamId id) const {
  return std::any_of(groups().begin(), groups().end(), [&](const auto& named) {
    return named.second.last_id < id || named.second.pending.contains(id);
  });
}

void Stream::DropReferences(StreamId id) {
  for (auto& [name, group] : groups()) group.Acknowledge(id);
}

bool Stream::HasTombstone(StreamId from, StreamId to) const {
  const StreamId tombstone = max_deleted_id();
  // Before the first entry it is no gap among those that are left.
  if (size() == 0 || tombstone.zero() || tombstone < first_id()) return false;
  return from <= tombstone && tombstone <= to;
}

std::int64_t Stream::CountUpTo(StreamId id) const {
  const auto added = static_cast<std::int64_t>(entries_added());
  const std::int64_t before = Delta(entries_added(), size());
  if (added == 0) return 0;
  if (size() == 0 && id <= last_id()) return added;
  if (id == last_id()) return added;
  if (id > last_id()) return StreamGroup::kUnknown;
  if (max_deleted_id().zero() || max_deleted_id() < first_id()) {
    if (id < first_id()) return before;
    if (id == first_id()) return Delta(entries_added() + 1, size());
  }
  return StreamGroup::kUnknown;
}

std::optional<std::int64_t> Stream::Lag(const StreamGroup& group) const {
  if (entries_added() == 0) return 0;
  std::int64_t read = group.entries_read;
  if (read == StreamGroup::kUnknown || HasTombstone(group.last_id, kMaxStreamId)) {
    read = CountUpTo(group.last_id);
  }
  if (read == StreamGroup::kUnknown) return std::nullopt;
  return Delta(entries_added(), static_cast<std::uint64_t>(read));
}

// --- All of it -----------------------------------------------------------------------------

Stream::Root& Stream::Own() {
  if (root_ == nullptr) root_ = HeapNew<Root>();
  return *root_;
}

std::size_t Stream::RadixNodes() const {
  if (block_count() == 0) return 1;
  std::vector<RadixKey> keys;
  keys.reserve(block_count());
  for (const auto& [id, block] : root_->blocks) {
    RadixKey& key = keys.emplace_back();
    StoreLe(key.data(), ByteSwap(id.ms));
    StoreLe(key.data() + 8, ByteSwap(id.seq));
  }
  return CountRadixNodes(keys, 0);
}

namespace {

// Reads integers of a listpack whose elements are sound, but may be of the wrong kind or end early.
class CheckedReader {
 public:
  explicit CheckedReader(std::string_view listpack)
      : at_(listpack.data() + listpack::kHeaderBytes),
        end_(listpack.data() + listpack.size() - 1) {}
  bool done() const { return at_ == end_; }
  std::optional<std::int64_t> Integer() {
    if (done() || !listpack::IsInteger(at_)) return std::nullopt;
    const std::int64_t value = listpack::ReadInteger(at_);
    at_ = listpack::Next(at_);
    return value;
  }
  bool Skip(std::int64_t elements) {
    for (; elements > 0; --elements) {
      if (done()) return false;
      at_ = listpack::Next(at_);
    }
    return elements == 0;
  }

 private:
  const char* at_;
  const char* end_;
};

// Walks a block; false unless it is one. `previous` is the id of the last entry that is not erased.
bool CheckBlock(StreamId base, std::string_view listpack, std::optional<StreamId>* previous,
                std::int64_t* live) {
  CheckedReader reader(listpack);
  const auto said_live = reader.Integer();
  const auto said_erased = reader.Integer();
  const auto fields = reader.Integer();
  if (!said_live || !said_erased || !fields || *fields < 0 || !reader.Skip(*fields)) return false;
  if (reader.Integer() != 0) return false;
  *live = 0;
  std::int64_t erased = 0;
  for (bool first = true; !reader.done(); first = false) {
    const auto flags = reader.Integer();
    const auto ms = reader.Integer();
    const auto seq = reader.Integer();
    if (!flags || !ms || !seq || *flags < 0 || *flags > (kErased | kSameFields)) return false;
    const StreamId id{base.ms + static_cast<std::uint64_t>(*ms),
                      base.seq + static_cast<std::uint64_t>(*seq)};
    if (first && id != base) return false;
    std::int64_t elements = *fields;
    if ((*flags & kSameFields) == 0) {
      const auto pairs = reader.Integer();
      if (!pairs || *pairs < 0 || *pairs > INT32_MAX || !reader.Skip(2 * *pairs)) return false;
      elements = 2 * *pairs + 1;
    } else if (!reader.Skip(*fields)) {
      return false;
    }
    if (reader.Integer() != elements + static_cast<std::int64_t>(kFixedElements)) return false;
    if ((*flags & kErased) != 0) {
      ++erased;  // XSETID may have gone back behind it
      continue;
    }
    if (*previous && id <= **previous) return false;
    *previous = id;
    ++*live;
  }
  return *live == said_live && erased == said_erased && *live + erased > 0;
}

}  // namespace

bool Stream::AppendBlock(StreamId id, std::string_view listpack) {
  Root& root = Own();
  std::optional<StreamId> previous;
  if (root.length > 0) previous = LastEntryId();
  std::int64_t live = 0;
  if (!CheckBlock(id, listpack, &previous, &live)) return false;
  if (!root.blocks.empty() && id <= root.blocks.rbegin()->first) return false;
  Block block{nullptr, 0};
  block.capacity = static_cast<std::uint32_t>(RoundUp(listpack.size()));
  block.bytes = static_cast<char*>(Heap::Current().Allocate(block.capacity));
  std::memcpy(block.bytes, listpack.data(), listpack.size());
  root.blocks.emplace_hint(root.blocks.end(), id, block);
  if (root.length == 0 && live > 0) {
    root.length = static_cast<std::uint64_t>(live);
    UpdateFirst();
  } else {
    root.length += static_cast<std::uint64_t>(live);
  }
  if (previous) root.last = std::max(root.last, *previous);
  return true;
}

void Stream::Clear() {
  if (root_ == nullptr) return;
  for (auto& [id, block] : root_->blocks) FreeBlock(block);
  HeapDelete(std::exchange(root_, nullptr));
}

namespace {

// False when the budget is used up before the map is empty.
template <class Map>
bool EraseSome(Map& map, std::size_t& budget) {
  while (!map.empty()) {
    if (budget == 0) return false;
    --budget;
    map.erase(map.begin());
  }
  return true;
}

}  // namespace

bool Stream::ClearSome(std::size_t& budget) {
  if (root_ == nullptr) return true;
  constexpr std::size_t kBlockCost = 4;  // one large piece, whatever is in it
  while (!root_->blocks.empty()) {
    if (budget == 0) return false;
    budget -= std::min(budget, kBlockCost);
    FreeBlock(root_->blocks.begin()->second);
    root_->blocks.erase(root_->blocks.begin());
  }
  for (auto& [name, group] : root_->groups) {
    for (auto& [consumer_name, consumer] : group.consumers) {
      if (!EraseSome(consumer.pending, budget)) return false;
    }
    if (!EraseSome(group.pending, budget)) return false;
  }
  Clear();
  return true;
}

Stream Stream::Clone() const {
  Stream copy;
  if (root_ == nullptr) return copy;
  Root& root = copy.Own();
  root.length = root_->length;
  root.last = root_->last;
  root.first = root_->first;
  root.max_deleted = root_->max_deleted;
  root.added = root_->added;
  for (const auto& [id, block] : root_->blocks) {
    Block twin{nullptr, static_cast<std::uint32_t>(RoundUp(block.size()))};
    twin.bytes = static_cast<char*>(Heap::Current().Allocate(twin.capacity));
    std::memcpy(twin.bytes, block.bytes, block.size());
    root.blocks.emplace_hint(root.blocks.end(), id, twin);
  }
  for (const auto& [name, group] : root_->groups) {
    StreamGroup& twin = *copy.AddGroup(name, group.last_id, group.entries_read);
    for (const auto& [consumer_name, consumer] : group.consumers) {
      StreamConsumer& owner = twin.AddConsumer(consumer_name, consumer.seen_ms);
      for (const auto& [id, nack] : consumer.pending) {
        StreamNack& fresh = twin.Assign(id, owner);
        fresh.delivered_ms = nack->delivered_ms;
        fresh.deliveries = nack->deliveries;
      }
    }
  }
  return copy;
}

std::size_t Stream::MemoryBytes() const {
  if (root_ == nullptr) return 0;
  std::size_t bytes = RoundUp(sizeof(Root)) + NodeBytes(root_->blocks) + NodeBytes(root_->groups);
  for (const auto& [id, block] : root_->blocks) bytes += block.capacity;
  for (const auto& [name, group] : root_->groups) {
    bytes += StringBytes(name) + group.MemoryBytes();
  }
  return bytes;
}

void Stream::Check() const {
  if (root_ == nullptr) return;
  std::optional<StreamId> previous;
  std::uint64_t length = 0;
  for (const auto& [id, block] : root_->blocks) {
    SATCHEL_CHECK(block.size() <= block.capacity);
    std::int64_t live = 0;
    SATCHEL_CHECK(CheckBlock(id, block.view(), &previous, &live));
    length += static_cast<std::uint64_t>(live);
  }
  SATCHEL_CHECK(length == root_->length);
  SATCHEL_CHECK(!previous || *previous <= root_->last);
  StreamIterator it(*this, kMinStreamId, kMaxStreamId);
  SATCHEL_CHECK((it.Next() ? it.entry().id : StreamId{}) == root_->first);
  for (const auto& [name, group] : root_->groups) {
    std::size_t pending = 0;
    for (const auto& [consumer_name, consumer] : group.consumers) {
      SATCHEL_CHECK(consumer.name == consumer_name);
      for (const auto& [id, nack] : consumer.pending) {
        const auto at = group.pending.find(id);
        SATCHEL_CHECK(at != group.pending.end() && &at->second == nack);
        SATCHEL_CHECK(nack->consumer == &consumer);
      }
      pending += consumer.pending.size();
    }
    SATCHEL_CHECK(pending == group.pending.size());
  }
}

// --- Walking -------------------------------------------------------------------------------

StreamIterator::StreamIterator(const Stream& stream, StreamId from, StreamId to,
                               Direction direction)
    : from_(from), to_(to), direction_(direction) {
  if (stream.block_count() == 0 || from > to) return;
  blocks_ = &stream.root_->blocks;
  block_ = blocks_->upper_bound(direction == Direction::kUp ? from : to);
  if (block_ != blocks_->begin()) {
    --block_;
  } else if (direction == Direction::kDown) {
    blocks_ = nullptr;
  }
}

bool StreamIterator::Finish() {
  blocks_ = nullptr;
  return false;
}

void StreamIterator::EnterBlock() {
  const Stream::BlockHeader header(block_->second.bytes);
  entries_ = header.entries;
  first_field_ = header.first_field;
  fields_ = header.fields;
}

// Reads the entry whose flags are at `at`.
void StreamIterator::Parse(const char* at) {
  at_ = at;
  flags_ = listpack::ReadInteger(at);
  at = listpack::Next(at);
  entry_.id.ms = block_->first.ms + static_cast<std::uint64_t>(listpack::ReadInteger(at));
  at = listpack::Next(at);
  entry_.id.seq = block_->first.seq + static_cast<std::uint64_t>(listpack::ReadInteger(at));
  at = listpack::Next(at);
  entry_.own_fields_ = (flags_ & kSameFields) == 0;
  std::size_t elements = fields_;
  if (entry_.own_fields_) {
    entry_.pairs = static_cast<std::size_t>(listpack::ReadInteger(at));
    entry_.fields_ = at = listpack::Next(at);
    elements = 2 * entry_.pairs;
  } else {
    entry_.pairs = fields_;
    entry_.fields_ = first_field_;
    entry_.values_ = at;
  }
  for (; elements > 0; --elements) at = listpack::Next(at);
  behind_ = listpack::Next(at);
}

bool StreamIterator::StepUp() {
  while (blocks_ != nullptr) {
    if (entries_ == nullptr) {
      if (block_ == blocks_->end()) return Finish();
      EnterBlock();
      behind_ = entries_;
    }
    while (static_cast<unsigned char>(*behind_) != listpack::kEnd) {
      Parse(behind_);
      if ((flags_ & kErased) != 0 || entry_.id < from_) continue;
      return entry_.id <= to_ || Finish();
    }
    ++block_;
    entries_ = nullptr;
  }
  return false;
}

bool StreamIterator::StepDown() {
  while (blocks_ != nullptr) {
    if (entries_ == nullptr) {
      EnterBlock();
      at_ = block_->second.bytes + block_->second.size() - 1;
    }
    while (at_ != entries_) {
      Parse(LastEntry(at_));
      if ((flags_ & kErased) != 0 || entry_.id > to_) continue;
      return entry_.id >= from_ || Finish();
    }
    if (block_ == blocks_->begin()) return Finish();
    --block_;
    entries_ = nullptr;
  }
  return false;
}

}  // namespace satchel::engine
