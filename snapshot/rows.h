// Rows: what the store's keys and values are, as bytes. One column family, bytewise order.
//
//     key row      'K' u32be dbid, key bytes
//       value      u8 version 1, u8 flags (1 deadline, 2 idle, 4 frequency, 8 large), varint epoch,
//                  [i64le deadline, unix ms] [varint idle, s] [u8 frequency] u8 RDB type, body
//     function row 'F' name of a library
//       value      u8 version 1, its code
//     commit       'M' "commit"
//       value      u16 major, u16 minor, u32 compat, 16 bytes store uuid, u64 epoch, u64 cut lsn,
//                  i64 wall clock ms, u64 next objid, u32 next dbid, u64 hash secret,
//                  u64 total keys, u64 total chunk rows, varint size + writer version, u32 crc32c
//     dbmap        'M' "dbmap"
//       value      n x {u16 logical index, u32 dbid, u64 keys, u64 keys with a deadline}
//
// Numbers are little endian unless they say otherwise; a varint has seven bits a byte, lowest
// first. A logical database is a dbid that is never used again, so a row whose dbid is not in the
// dbmap is garbage. Values are written whole, whatever their size; rows with flag 8 are refused.
// Every byte that is read is hostile: docs/snapshot-format.md says what is refused.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "engine/entry.h"
#include "engine/function_libraries.h"
#include "engine/rdb/codec.h"

namespace satchel::snapshot {

inline constexpr std::uint16_t kFormatMajor = 1;
inline constexpr std::uint16_t kFormatMinor = 0;
inline constexpr std::uint8_t kRowVersion = 1;

inline constexpr char kMetaRow = 'M';
inline constexpr char kFunctionRow = 'F';
inline constexpr char kKeyRow = 'K';
inline constexpr char kChunkRow = 'C';

inline constexpr std::string_view kCommitKey = "Mcommit";
inline constexpr std::string_view kDbmapKey = "Mdbmap";

void AppendVarint(std::string& out, std::uint64_t value);
// Takes a varint off the front; empty when it is cut off, too long or not the shortest form.
std::optional<std::uint64_t> TakeVarint(std::string_view& bytes);

// Key rows. --------------------------------------------------------------------------------

// The first row key of a database, and of the one after it.
std::string KeyRowPrefix(std::uint32_t dbid);
void AppendKeyRowKey(std::string& out, std::uint32_t dbid, std::string_view key);
void AppendKeyRowValue(std::string& out, const engine::Entry& entry, std::uint64_t epoch);

struct KeyRowName {
  std::uint32_t dbid = 0;
  std::string_view key;
};
// Requires a row key that begins with 'K'. Empty when it is too short.
std::optional<KeyRowName> ParseKeyRowKey(std::string_view row_key);

struct KeyRowHeader {
  std::uint64_t epoch = 0;
  std::optional<std::int64_t> deadline_ms;
  std::optional<std::uint64_t> idle_s;
  std::optional<std::uint8_t> frequency;
  std::uint8_t type = 0;  // RDB type
  std::string_view body;
};
Result<KeyRowHeader> ParseKeyRowValue(std::string_view value);

// Builds the entry of a row in the current heap, with its deadline.
Result<engine::Entry*> BuildEntry(const KeyRowHeader& row, std::string_view key,
                                  const engine::ValueContext& context);

// Function rows. ---------------------------------------------------------------------------

std::string FunctionRowKey(std::string_view name);
std::string EncodeFunctionRow(std::string_view code);
// Requires a row key that begins with 'F'. kCorrupt.
Result<engine::FunctionLibrary> DecodeFunctionRow(std::string_view row_key, std::string_view value);

// Meta rows. -------------------------------------------------------------------------------

using StoreUuid = std::array<unsigned char, 16>;

struct CommitRecord {
  std::uint16_t major = kFormatMajor;
  std::uint16_t minor = kFormatMinor;
  std::uint32_t compat = 0;  // bits an older reader must know
  StoreUuid uuid{};
  std::uint64_t epoch = 0;
  std::uint64_t cut_lsn = 0;
  std::int64_t clock_ms = 0;
  std::uint64_t next_objid = 0;
  std::uint32_t next_dbid = 0;
  std::uint64_t hash_secret = 0;
  std::uint64_t total_keys = 0;
  std::uint64_t total_chunk_rows = 0;
  std::string writer;

  bool operator==(const CommitRecord&) const = default;
};
std::string EncodeCommit(const CommitRecord& record);
// kCorrupt; kNewerFormat names both versions.
Result<CommitRecord> DecodeCommit(std::string_view bytes);

struct DbmapRow {
  std::uint16_t index = 0;
  std::uint32_t dbid = 0;
  std::uint64_t keys = 0;
  std::uint64_t keys_with_deadline = 0;

  bool operator==(const DbmapRow&) const = default;
};
std::string EncodeDbmap(const std::vector<DbmapRow>& rows);
// Indices rise, dbids differ. kCorrupt otherwise.
Result<std::vector<DbmapRow>> DecodeDbmap(std::string_view bytes);

// Rows on their way to disk. -----------------------------------------------------------------

// Rows one behind the other in one block: u32 key size, u32 value size, key, value. Recycled;
// appending allocates only when a row does not fit into what was reserved.
class RowBuffer {
 public:
  explicit RowBuffer(std::size_t reserve_bytes) { bytes_.reserve(reserve_bytes); }

  // False when the row is larger than a store can hold (4 GB): nothing was appended.
  bool Append(std::uint32_t dbid, const engine::Entry& entry, std::uint64_t epoch);
  void Clear() { bytes_.clear(); }
  bool empty() const { return bytes_.empty(); }
  std::size_t size_bytes() const { return bytes_.size(); }
  std::size_t capacity_bytes() const { return bytes_.capacity(); }

  // Calls visit(key, value) for each row in order.
  template <class Visit>
  void ForEach(Visit visit) const {
    for (std::size_t at = 0; at < bytes_.size();) {
      const char* row = bytes_.data() + at;
      const auto key_size = LoadLe<std::uint32_t>(row);
      const auto value_size = LoadLe<std::uint32_t>(row + 4);
      visit(std::string_view(row + 8, key_size), std::string_view(row + 8 + key_size, value_size));
      at += 8 + std::size_t{key_size} + value_size;
    }
  }

 private:
  std::string bytes_;
};

}  // namespace satchel::snapshot
