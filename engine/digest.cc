#include "engine/digest.h"

#include "engine/hash.h"
#include "engine/list.h"
#include "engine/set.h"
#include "engine/sorted_set.h"
#include "engine/stream.h"

namespace satchel::engine {
namespace {

// Order matters not: for members of sets and fields of hashes.
void XorInto(Sha1Digest& digest, std::string_view bytes) {
  const Sha1Digest other = Sha1(bytes);
  for (std::size_t i = 0; i < digest.size(); ++i) digest[i] ^= other[i];
}

std::string_view View(const Sha1Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Order matters: for elements of lists.
void MixInto(Sha1Digest& digest, std::string_view bytes) {
  XorInto(digest, bytes);
  digest = Sha1(View(digest));
}

std::string BigEndian(std::uint32_t value) {
  std::string text;
  AppendBe(text, value);
  return text;
}

void MixList(Sha1Digest& digest, const List& list) {
  list.ForEach([&](std::string_view element) {
    MixInto(digest, element);
    return true;
  });
}

void MixSet(Sha1Digest& digest, const Set& set) {
  set.ForEach([&](std::string_view member) {
    XorInto(digest, member);
    return true;
  });
}

// Whether a zero may be negative depends on the representation of its set.
enum class ZeroSign : std::uint8_t { kKept, kDropped };

void MixSortedSet(Sha1Digest& digest, const SortedSet& set, ZeroSign sign) {
  set.ForEach([&](std::string_view member, double score) {
    char text[64];
    if (sign == ZeroSign::kDropped && score == 0) score = 0;
    // The reference prints scores with %.17g, integers and infinities alike.
    const int size = std::snprintf(text, sizeof text, "%.17g", score);
    Sha1Digest element{};
    MixInto(element, member);
    MixInto(element, {text, static_cast<std::size_t>(size)});
    XorInto(digest, View(element));
    return true;
  });
}

void MixHash(Sha1Digest& digest, const Hash& hash) {
  hash.ForEach([&](std::string_view field, std::string_view value) {
    Sha1Digest element{};
    MixInto(element, field);
    MixInto(element, value);
    if (const auto deadline = hash.Deadline(field)) MixInto(element, FormatInt(*deadline));
    XorInto(digest, View(element));
    return true;
  });
}

void MixStream(Sha1Digest& digest, const Stream& stream) {
  StreamIterator it(stream, kMinStreamId, kMaxStreamId);
  while (it.Next()) {
    const StreamId id = it.entry().id;
    MixInto(digest, std::to_string(id.ms) + '.' + std::to_string(id.seq));
    it.entry().ForEach([&](std::string_view field, std::string_view value) {
      MixInto(digest, field);
      MixInto(digest, value);
    });
  }
}

// What the reference leaves out. Not when a consumer was seen: that is no part of the effects.
void MixStreamGroups(Sha1Digest& digest, const Stream& stream) {
  MixInto(digest, stream.last_id().text() + ' ' + stream.max_deleted_id().text() + ' ' +
                      std::to_string(stream.entries_added()));
  for (const auto& [name, group] : stream.groups()) {
    MixInto(digest, name);
    MixInto(digest, group.last_id.text() + ' ' + FormatInt(group.entries_read));
    for (const auto& [consumer_name, consumer] : group.consumers) {
      MixInto(digest, consumer_name);
      for (const auto& [id, nack] : consumer.pending) {
        MixInto(digest, id.text() + ' ' + FormatInt(nack->delivered_ms) + ' ' +
                            std::to_string(nack->deliveries));
      }
    }
  }
}

// The reference's type numbers.
std::uint32_t TypeNumber(ValueType type) {
  switch (type) {
    case ValueType::kString:
      return 0;
    case ValueType::kList:
      return 1;
    case ValueType::kSet:
      return 2;
    case ValueType::kZset:
      return 3;
    case ValueType::kHash:
      return 4;
    case ValueType::kStream:
      return 6;
  }
  return 0;
}

void MixValue(Sha1Digest& digest, const Entry& entry, ZeroSign sign) {
  MixInto(digest, BigEndian(TypeNumber(entry.type())));
  switch (entry.type()) {
    case ValueType::kString:
      MixInto(digest, StringText(entry));
      break;
    case ValueType::kList:
      MixList(digest, *entry.As<List>());
      break;
    case ValueType::kSet:
      MixSet(digest, *entry.As<Set>());
      break;
    case ValueType::kZset:
      MixSortedSet(digest, *entry.As<SortedSet>(), sign);
      break;
    case ValueType::kHash:
      MixHash(digest, *entry.As<Hash>());
      break;
    case ValueType::kStream:
      MixStream(digest, *entry.As<Stream>());
      break;
  }
  if (entry.has_deadline()) XorInto(digest, "!!expire!!");
}

}  // namespace

Sha1Digest ValueDigest(const Entry& entry) {
  Sha1Digest digest{};
  MixValue(digest, entry, ZeroSign::kKept);
  return digest;
}

Sha1Digest EntryDigest(const Entry& entry) {
  Sha1Digest digest{};
  MixInto(digest, entry.key());
  MixValue(digest, entry, ZeroSign::kDropped);
  if (entry.type() == ValueType::kStream) MixStreamGroups(digest, *entry.As<Stream>());
  if (entry.has_deadline()) MixInto(digest, FormatInt(entry.deadline_ms()));
  return digest;
}

Sha1Digest KeyspaceDigest(const Keyspace& keyspace) {
  Sha1Digest total{};
  for (int db = 0; db < keyspace.databases(); ++db) {
    const EntryTable& table = keyspace.db(db).table;
    if (table.empty()) continue;
    MixInto(total, BigEndian(static_cast<std::uint32_t>(db)));
    table.ForEach([&](const Entry* entry) {
      Sha1Digest digest{};
      MixInto(digest, entry->key());
      MixValue(digest, *entry, ZeroSign::kKept);
      XorInto(total, View(digest));
      return true;
    });
  }
  return total;
}

std::string DigestText(const Sha1Digest& digest) { return ToHex(View(digest)); }

}  // namespace satchel::engine
