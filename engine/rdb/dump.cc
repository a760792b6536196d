#include "engine/rdb/dump.h"

#include "base/bytes.h"
#include "engine/engine.h"
#include "engine/rdb/codec.h"

namespace satchel::engine {
namespace {

constexpr std::size_t kFooter = 10;  // u16 version, u64 checksum

std::uint16_t RdbVersionOf(const Entry& entry) {
  switch (RdbTypeOf(entry)) {
    case RdbType::kStream2:
      return kStreamRdbVersion;
    case RdbType::kHashWithDeadlines:
      return kDeadlineRdbVersion;
    default:
      return kRdbVersion;
  }
}

}  // namespace

std::string DumpValue(const Entry& entry) {
  std::string payload(1, static_cast<char>(RdbTypeOf(entry)));
  AppendRdbObject(payload, entry);
  AppendLe(payload, RdbVersionOf(entry));
  AppendLe(payload, Crc64(0, payload));
  return payload;
}

Result<Entry*> RestoreValue(std::string_view payload, std::string_view key,
                            const ValueContext& context) {
  const auto refuse = [] {
    return MakeError(ErrorCode::kCorrupt, "DUMP payload version or checksum are wrong");
  };
  if (payload.size() < kFooter) return refuse();
  const std::string_view body = payload.substr(0, payload.size() - kFooter);
  const auto version = LoadLe<std::uint16_t>(payload.data() + body.size());
  const auto checksum = LoadLe<std::uint64_t>(payload.data() + body.size() + 2);
  if (version > kMaxRdbVersion) return refuse();
  // Unlike in a file, a checksum of 0 does not mean that there is none.
  if (checksum != Crc64(0, payload.substr(0, body.size() + 2))) return refuse();
  const Error bad = MakeError(ErrorCode::kCorrupt, "Bad data format");
  if (body.empty()) return bad;
  RdbReader reader(body.substr(1));
  auto entry = ReadRdbObject(reader, static_cast<std::uint8_t>(body[0]), key, false, context);
  if (!entry) return bad;
  return entry;  // bytes behind a whole value are ignored, as in Redis
}

std::size_t SerializedSize(const Entry& entry) {
  std::string body;
  AppendRdbObject(body, entry);
  return body.size();
}

Result<void> ReloadInMemory(Engine& engine) {
  Keyspace& keyspace = engine.keyspace();
  std::vector<std::shared_ptr<Database>> fresh;
  for (int i = 0; i < keyspace.databases(); ++i) {
    auto db = std::make_shared<Database>(keyspace.TakeDbid(), keyspace.hash_seed());
    Result<void> outcome;
    keyspace.db(i).table.ForEach([&](const Entry* entry) {
      std::string body;
      AppendRdbObject(body, *entry);
      RdbReader reader(body);
      auto copy = ReadRdbObject(reader, static_cast<std::uint8_t>(RdbTypeOf(*entry)), entry->key(),
                                entry->has_deadline(), keyspace.context());
      if (!copy) {
        outcome = std::move(copy.error());
        return false;
      }
      if (entry->has_deadline()) (*copy)->set_deadline_ms(entry->deadline_ms());
      (*copy)->set_full_walk(keyspace.full_walk());
      db->Put(*copy);
      return true;
    });
    SATCHEL_TRY(std::move(outcome));
    fresh.push_back(std::move(db));
  }
  for (int i = 0; i < keyspace.databases(); ++i) {
    keyspace.Adopt(i, std::move(fresh[static_cast<std::size_t>(i)]));
  }
  return {};
}

}  // namespace satchel::engine
