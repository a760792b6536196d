// RDB object bodies: how a value is written to disk, into DUMP payloads and RDB files.
//
// Writes the oldest plain types only, which every Redis since 4 reads: string 0, list 1, set 2,
// hash 4, sorted set 5 (binary doubles); hash 24 only when fields have deadlines, and of streams
// type 19, which Redis reads since 7.0. Reads all that redis-server 7.0.15 writes and what its
// predecessors since 2.6 wrote, modules excepted. Every byte is hostile: lengths are checked before
// memory is taken, packed blobs wholly, duplicates refused.
// Source: the RDB format up to version 12; redis 7.0.15 for what is refused.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/entry.h"

namespace satchel::engine {

// The object types of RDB that are known by name here.
enum class RdbType : std::uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kZsetText = 3,
  kHash = 4,
  kZset = 5,
  kModule1 = 6,
  kModule2 = 7,
  kHashZipmap = 9,
  kListZiplist = 10,
  kSetIntset = 11,
  kZsetZiplist = 12,
  kHashZiplist = 13,
  kListQuicklist = 14,
  kStream1 = 15,
  kHashListpack = 16,
  kZsetListpack = 17,
  kListQuicklist2 = 18,
  kStream2 = 19,
  kSetListpack = 20,
  kStream3 = 21,
  kHashWithDeadlines = 24,
  kHashListpackWithDeadlines = 25,
};

// RDB versions of what is written: of most, of streams, and of hashes with deadlines.
inline constexpr std::uint16_t kRdbVersion = 9;
inline constexpr std::uint16_t kStreamRdbVersion = 10;
inline constexpr std::uint16_t kDeadlineRdbVersion = 12;
// The newest version that is read.
inline constexpr std::uint16_t kMaxRdbVersion = 12;

void AppendRdbLength(std::string& out, std::uint64_t length);
void AppendRdbString(std::string& out, std::string_view bytes);

RdbType RdbTypeOf(const Entry& entry);
void AppendRdbObject(std::string& out, const Entry& entry);

// Reads from a borrowed string, front to back. After an error nothing more may be read.
class RdbReader {
 public:
  explicit RdbReader(std::string_view bytes) : rest_(bytes), whole_(bytes.size()) {}

  std::size_t offset() const { return whole_ - rest_.size(); }
  bool done() const { return rest_.empty(); }

  Result<std::string_view> Bytes(std::size_t size);
  Result<std::uint8_t> Byte();
  Result<std::uint64_t> Length();
  // Raw, integer and LZF forms. `buffer` holds what the input does not hold as it is.
  Result<std::string_view> String(std::string& buffer);
  Result<double> BinaryDouble();
  Result<double> TextDouble();

  // kCorrupt with the offset.
  Error Corrupt(std::string_view what) const;

 private:
  Result<std::string_view> EncodedString(std::uint8_t form, std::string& buffer);

  std::string_view rest_;
  std::size_t whole_;
};

// Builds the entry of a value. With `with_deadline` there is room for one; the caller sets it.
Result<Entry*> ReadRdbObject(RdbReader& reader, std::uint8_t type, std::string_view key,
                             bool with_deadline, const ValueContext& context);

}  // namespace satchel::engine
