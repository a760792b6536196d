#include "engine/rdb/codec.h"

#include <cmath>
#include <functional>

#include "base/bytes.h"
#include "engine/hash.h"
#include "engine/list.h"
#include "engine/rdb/packed_blobs.h"
#include "engine/rdb/streams.h"
#include "engine/set.h"
#include "engine/sorted_set.h"

namespace satchel::engine {

// --- Writing -------------------------------------------------------------------------------

void AppendRdbLength(std::string& out, std::uint64_t length) {
  if (length < 64) {
    out += static_cast<char>(length);
  } else if (length < 16384) {
    out += static_cast<char>(0x40 | length >> 8);
    out += static_cast<char>(length);
  } else if (length <= UINT32_MAX) {
    out += static_cast<char>(0x80);
    AppendBe(out, static_cast<std::uint32_t>(length));
  } else {
    out += static_cast<char>(0x81);
    AppendBe(out, length);
  }
}

void AppendRdbString(std::string& out, std::string_view bytes) {
  AppendRdbLength(out, bytes.size());
  out += bytes;
}

RdbType RdbTypeOf(const Entry& entry) {
  switch (entry.type()) {
    case ValueType::kString:
      return RdbType::kString;
    case ValueType::kList:
      return RdbType::kList;
    case ValueType::kSet:
      return RdbType::kSet;
    case ValueType::kZset:
      return RdbType::kZset;
    case ValueType::kHash:
      return entry.As<Hash>()->has_deadlines() ? RdbType::kHashWithDeadlines : RdbType::kHash;
    case ValueType::kStream:
      return RdbType::kStream2;
  }
  return RdbType::kString;
}

// The earliest deadline, then for each field its distance from there plus one (0: none).
static void AppendHashWithDeadlines(std::string& out, const Hash& hash) {
  const std::int64_t earliest = hash.EarliestDeadline().second;
  AppendLe(out, earliest);
  AppendRdbLength(out, hash.size());
  hash.ForEach([&](std::string_view field, std::string_view value) {
    const auto deadline = hash.Deadline(field);
    AppendRdbLength(out, deadline ? static_cast<std::uint64_t>(*deadline - earliest + 1) : 0);
    AppendRdbString(out, field);
    AppendRdbString(out, value);
    return true;
  });
}

void AppendRdbObject(std::string& out, const Entry& entry) {
  const auto append = [&](std::string_view element) {
    AppendRdbString(out, element);
    return true;
  };
  switch (entry.type()) {
    case ValueType::kString:
      append(StringText(entry));
      break;
    case ValueType::kList:
      AppendRdbLength(out, entry.As<List>()->size());
      entry.As<List>()->ForEach(append);
      break;
    case ValueType::kSet:
      AppendRdbLength(out, entry.As<Set>()->size());
      entry.As<Set>()->ForEach(append);
      break;
    case ValueType::kZset:
      AppendRdbLength(out, entry.As<SortedSet>()->size());
      entry.As<SortedSet>()->ForEach([&](std::string_view member, double score) {
        append(member);
        AppendLe(out, score);
        return true;
      });
      break;
    case ValueType::kHash:
      if (entry.As<Hash>()->has_deadlines()) {
        AppendHashWithDeadlines(out, *entry.As<Hash>());
        break;
      }
      AppendRdbLength(out, entry.As<Hash>()->size());
      entry.As<Hash>()->ForEach([&](std::string_view field, std::string_view value) {
        return append(field) && append(value);
      });
      break;
    case ValueType::kStream:
      AppendRdbStream(out, *entry.As<Stream>());
      break;
  }
}

// --- Reading primitives --------------------------------------------------------------------

Error RdbReader::Corrupt(std::string_view what) const {
  return MakeError(ErrorCode::kCorrupt, std::string(what) + " at offset " +
                                            FormatInt(static_cast<std::int64_t>(offset())));
}

Result<std::string_view> RdbReader::Bytes(std::size_t size) {
  if (size > rest_.size()) return Corrupt("value ends early");
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

Result<std::uint8_t> RdbReader::Byte() {
  SATCHEL_ASSIGN(const std::string_view byte, Bytes(1));
  return static_cast<std::uint8_t>(byte[0]);
}

Result<std::uint64_t> RdbReader::Length() {
  SATCHEL_ASSIGN(const std::uint8_t first, Byte());
  if (first < 0x40) return first;
  if (first < 0x80) {
    SATCHEL_ASSIGN(const std::uint8_t second, Byte());
    return static_cast<std::uint64_t>(first & 0x3F) << 8 | second;
  }
  if (first == 0x80) {
    SATCHEL_ASSIGN(const std::string_view bytes, Bytes(4));
    return LoadBe<std::uint32_t>(bytes.data());
  }
  if (first == 0x81) {
    SATCHEL_ASSIGN(const std::string_view bytes, Bytes(8));
    return LoadBe<std::uint64_t>(bytes.data());
  }
  return Corrupt("a length was expected");
}

Result<std::string_view> RdbReader::String(std::string& buffer) {
  if (!rest_.empty() && (static_cast<std::uint8_t>(rest_[0]) & 0xC0) == 0xC0) {
    const std::uint8_t form = static_cast<std::uint8_t>(rest_[0]) & 0x3F;
    rest_.remove_prefix(1);
    return EncodedString(form, buffer);
  }
  SATCHEL_ASSIGN(const std::uint64_t size, Length());
  return Bytes(size);
}

Result<std::string_view> RdbReader::EncodedString(std::uint8_t form, std::string& buffer) {
  constexpr std::size_t kWidths[] = {1, 2, 4};
  if (form <= 2) {
    SATCHEL_ASSIGN(const std::string_view bytes, Bytes(kWidths[form]));
    std::int64_t value = 0;
    if (form == 0) value = LoadLe<std::int8_t>(bytes.data());
    if (form == 1) value = LoadLe<std::int16_t>(bytes.data());
    if (form == 2) value = LoadLe<std::int32_t>(bytes.data());
    buffer = FormatInt(value);
    return std::string_view(buffer);
  }
  if (form != 3) return Corrupt("unknown string form");
  SATCHEL_ASSIGN(const std::uint64_t packed_size, Length());
  SATCHEL_ASSIGN(const std::uint64_t size, Length());
  SATCHEL_ASSIGN(const std::string_view block, Bytes(packed_size));
  // LZF cannot do better than 264 bytes out of three.
  if (size > block.size() * 88 + 264) return Corrupt("impossible compressed size");
  buffer.clear();
  if (!LzfDecompress(block, size, buffer)) return Corrupt("damaged compressed string");
  return std::string_view(buffer);
}

Result<double> RdbReader::BinaryDouble() {
  SATCHEL_ASSIGN(const std::string_view bytes, Bytes(8));
  const double value = LoadLe<double>(bytes.data());
  if (std::isnan(value)) return Corrupt("score is not a number");
  return value;
}

Result<double> RdbReader::TextDouble() {
  SATCHEL_ASSIGN(const std::uint8_t size, Byte());
  if (size == 255) return -std::numeric_limits<double>::infinity();
  if (size == 254) return std::numeric_limits<double>::infinity();
  SATCHEL_ASSIGN(const std::string_view text, Bytes(size == 253 ? 0 : size));
  const auto value = ParseDouble(text);
  if (!value) return Corrupt("score is not a number");
  return *value;
}

// --- Reading objects -----------------------------------------------------------------------

namespace {

// What is read so far, while it is not in an entry yet.
class Builder {
 public:
  Builder(RdbReader& reader, std::string_view key, bool with_deadline, const ValueContext& context)
      : reader_(reader), key_(key), with_deadline_(with_deadline), context_(context) {}

  Result<Entry*> Read(std::uint8_t type) {
    switch (static_cast<RdbType>(type)) {
      case RdbType::kString:
        return ReadString();
      case RdbType::kList:
        return ReadPlain<List>(&Builder::AddElement);
      case RdbType::kSet:
        return ReadPlain<Set>(&Builder::AddMember);
      case RdbType::kZsetText:
        return ReadSortedSet(&RdbReader::TextDouble);
      case RdbType::kZset:
        return ReadSortedSet(&RdbReader::BinaryDouble);
      case RdbType::kHash:
        return ReadHash();
      case RdbType::kHashWithDeadlines:
        return ReadHashWithDeadlines();
      case RdbType::kHashListpackWithDeadlines:
        return ReadHashListpackWithDeadlines();
      case RdbType::kHashZipmap:
        return ReadBlob<Hash>(VisitZipmap, &Builder::AddFieldPart);
      case RdbType::kHashZiplist:
        return ReadBlob<Hash>(VisitZiplist, &Builder::AddFieldPart);
      case RdbType::kHashListpack:
        return ReadBlob<Hash>(VisitListpack, &Builder::AddFieldPart);
      case RdbType::kListZiplist:
        return ReadBlob<List>(VisitZiplist, &Builder::AddElement);
      case RdbType::kSetIntset:
        return ReadBlob<Set>(VisitIntset, &Builder::AddMember);
      case RdbType::kSetListpack:
        return ReadBlob<Set>(VisitListpack, &Builder::AddMember);
      case RdbType::kZsetZiplist:
        return ReadBlob<SortedSet>(VisitZiplist, &Builder::AddScorePart);
      case RdbType::kZsetListpack:
        return ReadBlob<SortedSet>(VisitListpack, &Builder::AddScorePart);
      case RdbType::kListQuicklist:
        return ReadQuicklist(false);
      case RdbType::kListQuicklist2:
        return ReadQuicklist(true);
      case RdbType::kStream1:
      case RdbType::kStream2:
      case RdbType::kStream3:
        return ReadStream(static_cast<RdbType>(type));
      case RdbType::kModule1:
      case RdbType::kModule2:
        return MakeError(ErrorCode::kUnsupported, "values of modules are not supported");
    }
    return reader_.Corrupt("unknown object type " + FormatInt(type));
  }

 private:
  Result<Entry*> ReadString() {
    std::string buffer;
    SATCHEL_ASSIGN(const std::string_view bytes, reader_.String(buffer));
    return Entry::NewString(key_, bytes, with_deadline_);
  }

  // Unlike other values a stream may be empty.
  Result<Entry*> ReadStream(RdbType type) {
    SATCHEL_ASSIGN(Stream stream, ReadRdbStream(reader_, type));
    Entry* entry = Entry::NewHandle(key_, ValueType::kStream, 0, with_deadline_);
    new (entry->As<Stream>()) Stream(std::move(stream));
    return entry;
  }

  template <class T>
  Result<Entry*> Finish(T value) {
    if (value.size() == 0 || half_) return reader_.Corrupt("empty or uneven collection");
    Entry* entry = Entry::NewHandle(key_, TypeOf(value), 0, with_deadline_);
    new (entry->As<T>()) T(std::move(value));
    return entry;
  }
  static ValueType TypeOf(const List&) { return ValueType::kList; }
  static ValueType TypeOf(const Set&) { return ValueType::kSet; }
  static ValueType TypeOf(const SortedSet&) { return ValueType::kZset; }
  static ValueType TypeOf(const Hash&) { return ValueType::kHash; }

  // A count, then that many strings.
  template <class T>
  Result<Entry*> ReadPlain(bool (Builder::*add)(T&, std::string_view)) {
    T value;
    std::string buffer;
    SATCHEL_ASSIGN(const std::uint64_t count, reader_.Length());
    for (std::uint64_t i = 0; i < count; ++i) {
      SATCHEL_ASSIGN(const std::string_view element, reader_.String(buffer));
      if (!(this->*add)(value, element)) return reader_.Corrupt("repeated member");
    }
    return Finish(std::move(value));
  }

  Result<Entry*> ReadSortedSet(Result<double> (RdbReader::*read_score)()) {
    SortedSet value;
    std::string buffer;
    std::vector<std::string> negative_zeros;
    SATCHEL_ASSIGN(const std::uint64_t count, reader_.Length());
    for (std::uint64_t i = 0; i < count; ++i) {
      SATCHEL_ASSIGN(const std::string_view member, reader_.String(buffer));
      SATCHEL_ASSIGN(const double score, (reader_.*read_score)());
      if (value.Add(member, score, context_) != AddOutcome::kAdded) {
        return reader_.Corrupt("repeated member");
      }
      if (score == 0 && std::signbit(score)) negative_zeros.emplace_back(member);
    }
    // What was packed before it was large has lost the sign.
    for (const std::string& member : negative_zeros) {
      if (value.is_packed()) break;
      value.Remove(member);
      value.Add(member, -0.0, context_);
    }
    return Finish(std::move(value));
  }

  Result<Entry*> ReadHash() {
    Hash value;
    std::string field_buffer;
    std::string value_buffer;
    SATCHEL_ASSIGN(const std::uint64_t count, reader_.Length());
    for (std::uint64_t i = 0; i < count; ++i) {
      SATCHEL_ASSIGN(const std::string_view field, reader_.String(field_buffer));
      SATCHEL_ASSIGN(const std::string_view text, reader_.String(value_buffer));
      if (!value.Set(field, text, context_)) return reader_.Corrupt("repeated field");
    }
    return Finish(std::move(value));
  }

  Result<std::int64_t> FieldDeadline(std::int64_t deadline) {
    if (deadline < 0 || deadline > kMaxFieldDeadline) {
      return reader_.Corrupt("impossible deadline of a field");
    }
    return deadline;
  }

  Result<Entry*> ReadHashWithDeadlines() {
    Hash value;
    value.KeepDeadlines();
    std::string field_buffer;
    std::string value_buffer;
    SATCHEL_ASSIGN(const std::string_view first, reader_.Bytes(8));
    SATCHEL_ASSIGN(const std::int64_t earliest, FieldDeadline(LoadLe<std::int64_t>(first.data())));
    SATCHEL_ASSIGN(const std::uint64_t count, reader_.Length());
    for (std::uint64_t i = 0; i < count; ++i) {
      SATCHEL_ASSIGN(const std::uint64_t distance, reader_.Length());
      SATCHEL_ASSIGN(const std::string_view field, reader_.String(field_buffer));
      SATCHEL_ASSIGN(const std::string_view text, reader_.String(value_buffer));
      if (!value.Set(field, text, context_)) return reader_.Corrupt("repeated field");
      if (distance == 0) continue;
      if (distance > static_cast<std::uint64_t>(kMaxFieldDeadline)) {
        return reader_.Corrupt("impossible deadline of a field");
      }
      SATCHEL_ASSIGN(const std::int64_t deadline,
                     FieldDeadline(earliest + static_cast<std::int64_t>(distance) - 1));
      value.SetDeadline(field, deadline, context_);
    }
    return Finish(std::move(value));
  }

  // The earliest deadline, then a listpack of field, value, deadline (0: none).
  Result<Entry*> ReadHashListpackWithDeadlines() {
    Hash value;
    value.KeepDeadlines();
    std::string buffer;
    SATCHEL_TRY(reader_.Bytes(8));
    SATCHEL_ASSIGN(const std::string_view blob, reader_.String(buffer));
    std::string parts[2];
    std::size_t part = 0;
    const bool good = VisitListpack(blob, [&](std::string_view element) {
      if (part < 2) {
        parts[part++] = element;
        return true;
      }
      part = 0;
      const auto deadline = ParseInt(element);
      if (!deadline || *deadline < 0 || *deadline > kMaxFieldDeadline) return false;
      if (!value.Set(parts[0], parts[1], context_)) return false;
      if (*deadline > 0) value.SetDeadline(parts[0], *deadline, context_);
      return true;
    });
    if (!good || part != 0) return reader_.Corrupt("damaged packed value");
    return Finish(std::move(value));
  }

  // One string that is a packed blob.
  template <class T>
  Result<Entry*> ReadBlob(bool (*visit)(std::string_view, const BlobVisitor&),
                          bool (Builder::*add)(T&, std::string_view)) {
    T value;
    std::string buffer;
    SATCHEL_ASSIGN(const std::string_view blob, reader_.String(buffer));
    if (!visit(blob, [&](std::string_view element) { return (this->*add)(value, element); })) {
      return reader_.Corrupt("damaged packed value");
    }
    return Finish(std::move(value));
  }

  // Nodes: with containers 1 is a plain element, 2 a listpack; without, each is a ziplist.
  Result<Entry*> ReadQuicklist(bool with_containers) {
    List value;
    std::string buffer;
    SATCHEL_ASSIGN(const std::uint64_t nodes, reader_.Length());
    for (std::uint64_t i = 0; i < nodes; ++i) {
      std::uint64_t container = 0;
      if (with_containers) {
        SATCHEL_ASSIGN(container, reader_.Length());
        if (container != 1 && container != 2) return reader_.Corrupt("unknown list node");
      }
      SATCHEL_ASSIGN(const std::string_view node, reader_.String(buffer));
      const auto add = [&](std::string_view element) { return AddElement(value, element); };
      const bool good = container == 1   ? add(node)
                        : container == 2 ? VisitListpack(node, add)
                                         : VisitZiplist(node, add);
      if (!good) return reader_.Corrupt("damaged list node");
    }
    return Finish(std::move(value));
  }

  bool AddElement(List& list, std::string_view element) {
    list.PushBack(element, context_);
    return true;
  }
  bool AddMember(Set& set, std::string_view member) { return set.Add(member, context_); }

  // Pairs arrive one by one: the first half waits in `first_`.
  bool AddFieldPart(Hash& hash, std::string_view part) {
    half_ = !half_;
    if (half_) {
      first_ = part;
      return true;
    }
    return hash.Set(first_, part, context_);
  }
  bool AddScorePart(SortedSet& set, std::string_view part) {
    half_ = !half_;
    if (half_) {
      first_ = part;
      return true;
    }
    const auto score = ParseDouble(part);
    return score && set.Add(first_, *score, context_) == AddOutcome::kAdded;
  }

  RdbReader& reader_;
  std::string_view key_;
  bool with_deadline_;
  const ValueContext& context_;
  bool half_ = false;
  std::string first_;
};

}  // namespace

Result<Entry*> ReadRdbObject(RdbReader& reader, std::uint8_t type, std::string_view key,
                             bool with_deadline, const ValueContext& context) {
  return Builder(reader, key, with_deadline, context).Read(type);
}

}  // namespace satchel::engine
