#include "engine/rdb/streams.h"

#include "base/bytes.h"
#include "engine/rdb/packed_blobs.h"

namespace satchel::engine {
namespace {

constexpr std::size_t kIdBytes = 16;

std::string RawId(StreamId id) {
  std::string raw;
  AppendBe(raw, id.ms);
  AppendBe(raw, id.seq);
  return raw;
}

StreamId IdOf(std::string_view raw) {
  return {LoadBe<std::uint64_t>(raw.data()), LoadBe<std::uint64_t>(raw.data() + 8)};
}

void AppendId(std::string& out, StreamId id) {
  AppendRdbLength(out, id.ms);
  AppendRdbLength(out, id.seq);
}

void AppendGroup(std::string& out, std::string_view name, const StreamGroup& group) {
  AppendRdbString(out, name);
  AppendId(out, group.last_id);
  AppendRdbLength(out, static_cast<std::uint64_t>(group.entries_read));
  AppendRdbLength(out, group.pending.size());
  for (const auto& [id, nack] : group.pending) {
    out += RawId(id);
    AppendLe(out, nack.delivered_ms);
    AppendRdbLength(out, nack.deliveries);
  }
  AppendRdbLength(out, group.consumers.size());
  for (const auto& [consumer_name, consumer] : group.consumers) {
    AppendRdbString(out, consumer_name);
    AppendLe(out, consumer.seen_ms);
    AppendRdbLength(out, consumer.pending.size());
    for (const auto& [id, nack] : consumer.pending) out += RawId(id);
  }
}

class StreamReader {
 public:
  StreamReader(RdbReader& reader, RdbType type) : reader_(reader), type_(type) {}

  Result<Stream> Read() {
    SATCHEL_TRY(ReadBlocks());
    SATCHEL_TRY(ReadCounters());
    SATCHEL_ASSIGN(const std::uint64_t groups, reader_.Length());
    for (std::uint64_t i = 0; i < groups; ++i) SATCHEL_TRY(ReadGroup());
    return std::move(stream_);
  }

 private:
  Result<StreamId> Id() {
    StreamId id;
    SATCHEL_ASSIGN(id.ms, reader_.Length());
    SATCHEL_ASSIGN(id.seq, reader_.Length());
    return id;
  }
  Result<StreamId> RawIdBytes() {
    SATCHEL_ASSIGN(const std::string_view raw, reader_.Bytes(kIdBytes));
    return IdOf(raw);
  }
  Result<std::int64_t> Time() {
    SATCHEL_ASSIGN(const std::string_view bytes, reader_.Bytes(8));
    return LoadLe<std::int64_t>(bytes.data());
  }

  Result<void> ReadBlocks() {
    std::string id_buffer;
    std::string buffer;
    SATCHEL_ASSIGN(const std::uint64_t blocks, reader_.Length());
    for (std::uint64_t i = 0; i < blocks; ++i) {
      SATCHEL_ASSIGN(const std::string_view id, reader_.String(id_buffer));
      if (id.size() != kIdBytes) return reader_.Corrupt("damaged id of a block");
      SATCHEL_ASSIGN(const std::string_view block, reader_.String(buffer));
      const bool sound = VisitListpack(block, [](std::string_view) { return true; });
      if (!sound || !stream_.AppendBlock(IdOf(id), block)) {
        return reader_.Corrupt("damaged block of a stream");
      }
    }
    return {};
  }

  Result<void> ReadCounters() {
    SATCHEL_ASSIGN(const std::uint64_t length, reader_.Length());
    SATCHEL_ASSIGN(const StreamId last, Id());
    if (length != stream_.size() || last < stream_.last_id()) {
      return reader_.Corrupt("stream does not hold what it says");
    }
    stream_.set_last_id(last);
    stream_.set_entries_added(length);
    if (type_ == RdbType::kStream1) return {};
    SATCHEL_ASSIGN([[maybe_unused]] const StreamId first, Id());  // known from the blocks
    SATCHEL_ASSIGN(const StreamId max_deleted, Id());
    SATCHEL_ASSIGN(const std::uint64_t added, reader_.Length());
    if (added < length) return reader_.Corrupt("stream does not hold what it says");
    stream_.set_max_deleted_id(max_deleted);
    stream_.set_entries_added(added);
    return {};
  }

  Result<void> ReadGroup() {
    std::string buffer;
    SATCHEL_ASSIGN(const std::string_view name, reader_.String(buffer));
    SATCHEL_ASSIGN(const StreamId last, Id());
    std::int64_t entries_read = stream_.CountUpTo(last);
    if (type_ != RdbType::kStream1) {
      SATCHEL_ASSIGN(const std::uint64_t read, reader_.Length());
      entries_read = static_cast<std::int64_t>(read);
    }
    StreamGroup* group = stream_.AddGroup(name, last, entries_read);
    if (group == nullptr) return reader_.Corrupt("repeated group");
    SATCHEL_ASSIGN(const std::uint64_t pending, reader_.Length());
    for (std::uint64_t i = 0; i < pending; ++i) {
      SATCHEL_ASSIGN(const StreamId id, RawIdBytes());
      SATCHEL_ASSIGN(const std::int64_t delivered_ms, Time());
      SATCHEL_ASSIGN(const std::uint64_t deliveries, reader_.Length());
      const StreamNack nack{nullptr, delivered_ms, deliveries};
      if (!group->pending.emplace(id, nack).second) {
        return reader_.Corrupt("repeated pending entry");
      }
    }
    SATCHEL_ASSIGN(const std::uint64_t consumers, reader_.Length());
    std::uint64_t owned = 0;
    for (std::uint64_t i = 0; i < consumers; ++i) SATCHEL_TRY(ReadConsumer(*group, &owned));
    if (owned != pending) return reader_.Corrupt("pending entry without a consumer");
    return {};
  }

  Result<void> ReadConsumer(StreamGroup& group, std::uint64_t* owned) {
    std::string buffer;
    SATCHEL_ASSIGN(const std::string_view name, reader_.String(buffer));
    if (group.FindConsumer(name) != nullptr) return reader_.Corrupt("repeated consumer");
    SATCHEL_ASSIGN(const std::int64_t seen_ms, Time());
    StreamConsumer& consumer = group.AddConsumer(name, seen_ms);
    if (type_ == RdbType::kStream3) SATCHEL_TRY(Time());
    SATCHEL_ASSIGN(const std::uint64_t pending, reader_.Length());
    for (std::uint64_t i = 0; i < pending; ++i) {
      SATCHEL_ASSIGN(const StreamId id, RawIdBytes());
      const auto nack = group.pending.find(id);
      if (nack == group.pending.end() || nack->second.consumer != nullptr) {
        return reader_.Corrupt("pending entry of nobody or of two consumers");
      }
      group.Assign(id, consumer);
      ++*owned;
    }
    return {};
  }

  RdbReader& reader_;
  const RdbType type_;
  Stream stream_;
};

}  // namespace

void AppendRdbStream(std::string& out, const Stream& stream) {
  AppendRdbLength(out, stream.block_count());
  stream.ForEachBlock([&](StreamId id, std::string_view block) {
    AppendRdbString(out, RawId(id));
    AppendRdbString(out, block);
  });
  AppendRdbLength(out, stream.size());
  AppendId(out, stream.last_id());
  AppendId(out, stream.first_id());
  AppendId(out, stream.max_deleted_id());
  AppendRdbLength(out, stream.entries_added());
  AppendRdbLength(out, stream.groups().size());
  for (const auto& [name, group] : stream.groups()) AppendGroup(out, name, group);
}

Result<Stream> ReadRdbStream(RdbReader& reader, RdbType type) {
  return StreamReader(reader, type).Read();
}

}  // namespace satchel::engine
