#include "snapshot/rows.h"

#include "base/bytes.h"
#include "base/text.h"

namespace satchel::snapshot {
namespace {

using engine::Entry;

enum RowFlag : std::uint8_t { kDeadline = 1, kIdle = 2, kFrequency = 4, kLargeValue = 8 };
constexpr std::uint8_t kKnownFlags = kDeadline | kIdle | kFrequency | kLargeValue;

constexpr std::size_t kDbmapRowBytes = 22;
constexpr std::size_t kMaxRowBytes = UINT32_MAX - 64;  // RocksDB counts sizes in 32 bits

Error Corrupt(std::string_view what) { return MakeError(ErrorCode::kCorrupt, std::string(what)); }

// Fixed-width numbers from the front of hostile bytes; ok() turns false and stays so.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T Take() {
    if (rest_.size() < sizeof(T)) {
      Fail();
      return T{};
    }
    const T value = LoadLe<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  std::uint64_t Varint() {
    const auto value = TakeVarint(rest_);
    if (!value) Fail();
    return value.value_or(0);
  }
  std::string_view Bytes(std::uint64_t size) {
    if (size > rest_.size()) {
      Fail();
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }

 private:
  void Fail() {
    ok_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

void AppendVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

std::optional<std::uint64_t> TakeVarint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 10 && i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (i == 9 && byte > 1) return std::nullopt;
    value |= std::uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte >= 0x80) continue;
    if (byte == 0 && i > 0) return std::nullopt;
    bytes.remove_prefix(i + 1);
    return value;
  }
  return std::nullopt;
}

// --- Key rows --------------------------------------------------------------------------------

std::string KeyRowPrefix(std::uint32_t dbid) {
  std::string prefix(1, kKeyRow);
  AppendBe(prefix, dbid);
  return prefix;
}

void AppendKeyRowKey(std::string& out, std::uint32_t dbid, std::string_view key) {
  out += kKeyRow;
  AppendBe(out, dbid);
  out += key;
}

void AppendKeyRowValue(std::string& out, const Entry& entry, std::uint64_t epoch) {
  out += static_cast<char>(kRowVersion);
  out += static_cast<char>(entry.has_deadline() ? kDeadline : 0);
  AppendVarint(out, epoch);
  if (entry.has_deadline()) AppendLe(out, entry.deadline_ms());
  out += static_cast<char>(engine::RdbTypeOf(entry));
  engine::AppendRdbObject(out, entry);
}

std::optional<KeyRowName> ParseKeyRowKey(std::string_view row_key) {
  if (row_key.size() < 5 || row_key[0] != kKeyRow) return std::nullopt;
  return KeyRowName{.dbid = LoadBe<std::uint32_t>(row_key.data() + 1), .key = row_key.substr(5)};
}

Result<KeyRowHeader> ParseKeyRowValue(std::string_view value) {
  Fields fields(value);
  const auto version = fields.Take<std::uint8_t>();
  const auto flags = fields.Take<std::uint8_t>();
  if (!fields.ok()) return Corrupt("row ends early");
  if (version != kRowVersion) return Corrupt("row version " + FormatInt(version) + " is unknown");
  if ((flags & ~kKnownFlags) != 0) return Corrupt("row has unknown flags");
  if ((flags & kLargeValue) != 0) return Corrupt("values in chunks are not supported");
  KeyRowHeader row;
  row.epoch = fields.Varint();
  if (flags & kDeadline) row.deadline_ms = fields.Take<std::int64_t>();
  if (flags & kIdle) row.idle_s = fields.Varint();
  if (flags & kFrequency) row.frequency = fields.Take<std::uint8_t>();
  row.type = fields.Take<std::uint8_t>();
  if (!fields.ok()) return Corrupt("row ends early");
  row.body = fields.rest();
  return row;
}

Result<Entry*> BuildEntry(const KeyRowHeader& row, std::string_view key,
                          const engine::ValueContext& context) {
  engine::RdbReader reader(row.body);
  SATCHEL_ASSIGN(Entry * entry, engine::ReadRdbObject(reader, row.type, key,
                                                      row.deadline_ms.has_value(), context));
  if (!reader.done()) {
    Entry::Free(entry);
    return reader.Corrupt("bytes after the value");
  }
  if (row.deadline_ms) entry->set_deadline_ms(*row.deadline_ms);
  return entry;
}

// --- Meta rows -------------------------------------------------------------------------------

std::string FunctionRowKey(std::string_view name) {
  return std::string(1, kFunctionRow).append(name);
}

std::string EncodeFunctionRow(std::string_view code) {
  return std::string(1, static_cast<char>(kRowVersion)).append(code);
}

Result<engine::FunctionLibrary> DecodeFunctionRow(std::string_view row_key,
                                                  std::string_view value) {
  if (value.empty() || static_cast<std::uint8_t>(value[0]) != kRowVersion) {
    return MakeError(ErrorCode::kCorrupt, "function row has an unknown version");
  }
  return engine::FunctionLibrary{.name = std::string(row_key.substr(1)),
                                 .code = std::string(value.substr(1))};
}

std::string EncodeCommit(const CommitRecord& record) {
  std::string out;
  AppendLe(out, record.major);
  AppendLe(out, record.minor);
  AppendLe(out, record.compat);
  out.append(reinterpret_cast<const char*>(record.uuid.data()), record.uuid.size());
  AppendLe(out, record.epoch);
  AppendLe(out, record.cut_lsn);
  AppendLe(out, record.clock_ms);
  AppendLe(out, record.next_objid);
  AppendLe(out, record.next_dbid);
  AppendLe(out, record.hash_secret);
  AppendLe(out, record.total_keys);
  AppendLe(out, record.total_chunk_rows);
  AppendVarint(out, record.writer.size());
  out += record.writer;
  AppendLe(out, Crc32c(0, out));
  return out;
}

Result<CommitRecord> DecodeCommit(std::string_view bytes) {
  constexpr std::size_t kCrc = 4;
  if (bytes.size() < kCrc) return Corrupt("commit record ends early");
  const std::string_view body = bytes.substr(0, bytes.size() - kCrc);
  if (LoadLe<std::uint32_t>(bytes.data() + body.size()) != Crc32c(0, body)) {
    return Corrupt("commit record has a wrong checksum");
  }
  Fields fields(body);
  CommitRecord record;
  record.major = fields.Take<std::uint16_t>();
  record.minor = fields.Take<std::uint16_t>();
  record.compat = fields.Take<std::uint32_t>();
  if (record.major > kFormatMajor || record.compat != 0) {
    return MakeError(ErrorCode::kNewerFormat, "store format " + FormatInt(record.major) + "." +
                                                  FormatInt(record.minor) + ", this build reads " +
                                                  FormatInt(kFormatMajor) + "." +
                                                  FormatInt(kFormatMinor));
  }
  record.uuid = fields.Take<StoreUuid>();
  record.epoch = fields.Take<std::uint64_t>();
  record.cut_lsn = fields.Take<std::uint64_t>();
  record.clock_ms = fields.Take<std::int64_t>();
  record.next_objid = fields.Take<std::uint64_t>();
  record.next_dbid = fields.Take<std::uint32_t>();
  record.hash_secret = fields.Take<std::uint64_t>();
  record.total_keys = fields.Take<std::uint64_t>();
  record.total_chunk_rows = fields.Take<std::uint64_t>();
  record.writer = fields.Bytes(fields.Varint());
  if (!fields.ok() || record.major == 0) return Corrupt("commit record is damaged");
  return record;
}

std::string EncodeDbmap(const std::vector<DbmapRow>& rows) {
  std::string out;
  for (const DbmapRow& row : rows) {
    AppendLe(out, row.index);
    AppendLe(out, row.dbid);
    AppendLe(out, row.keys);
    AppendLe(out, row.keys_with_deadline);
  }
  return out;
}

Result<std::vector<DbmapRow>> DecodeDbmap(std::string_view bytes) {
  if (bytes.size() % kDbmapRowBytes != 0) return Corrupt("database map has a wrong size");
  std::vector<DbmapRow> rows;
  for (Fields fields(bytes); !fields.rest().empty();) {
    DbmapRow row;
    row.index = fields.Take<std::uint16_t>();
    row.dbid = fields.Take<std::uint32_t>();
    row.keys = fields.Take<std::uint64_t>();
    row.keys_with_deadline = fields.Take<std::uint64_t>();
    for (const DbmapRow& other : rows) {
      if (other.index >= row.index || other.dbid == row.dbid) {
        return Corrupt("database map is out of order");
      }
    }
    if (row.keys_with_deadline > row.keys) return Corrupt("database map counts are impossible");
    rows.push_back(row);
  }
  return rows;
}

// --- Rows on their way -----------------------------------------------------------------------

bool RowBuffer::Append(std::uint32_t dbid, const Entry& entry, std::uint64_t epoch) {
  const std::size_t begin = bytes_.size();
  bytes_.append(8, '\0');
  AppendKeyRowKey(bytes_, dbid, entry.key());
  const std::size_t key_size = bytes_.size() - begin - 8;
  AppendKeyRowValue(bytes_, entry, epoch);
  const std::size_t value_size = bytes_.size() - begin - 8 - key_size;
  if (key_size > kMaxRowBytes || value_size > kMaxRowBytes - key_size) {
    bytes_.resize(begin);
    return false;
  }
  StoreLe(bytes_.data() + begin, static_cast<std::uint32_t>(key_size));
  StoreLe(bytes_.data() + begin + 4, static_cast<std::uint32_t>(value_size));
  return true;
}

}  // namespace satchel::snapshot
