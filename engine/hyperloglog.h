// HyperLogLog: how many distinct elements were added, within 0.81 %, in at most 12 KB. The value
// is a string that clients can read and write as any other, so nothing in it can be trusted.
//
//   "HYLL" [encoding: 0 dense, 1 sparse] [3 bytes, 0] [count: u64, little endian] [registers]
//
// The count is that of the last estimate; its highest bit says that it is out of date. There are
// 16384 registers of 0 to 63 (at most 51 is ever stored). An element's hash chooses one by its low
// 14 bits; the rest of the hash ends in n zeros, and the register becomes at least n + 1.
//
//   dense   6 bits each, lowest bits of the lowest byte first: 12288 bytes
//   sparse  runs: 00nnnnnn              n + 1 registers of 0
//                 01nnnnnn nnnnnnnn     n + 1 registers of 0
//                 1vvvvvnn              n + 1 registers of v + 1
//
// A sparse value becomes dense when a register exceeds 32 or its bytes a limit, and stays so.
// Thread: any; the functions keep nothing.
// Source: redis 7.0, hyperloglog, byte for byte; O. Ertl, New cardinality estimation algorithms
// for HyperLogLog sketches, 2017.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace satchel::engine::hyperloglog {

inline constexpr std::size_t kRegisters = 16384;
inline constexpr std::size_t kHeaderBytes = 16;
inline constexpr std::size_t kDenseBytes = kHeaderBytes + kRegisters * 6 / 8;

// Header, encoding and size are those of a HyperLogLog. Nothing below may be called with other
// bytes; the runs of a sparse one may still be damaged.
bool IsHyperLogLog(std::string_view bytes);
bool IsDense(std::string_view bytes);

// Sparse, nothing added.
std::string NewEmpty();

// The stored count, unless it is out of date.
std::optional<std::uint64_t> CachedCount(std::string_view bytes);
// `header` has at least kHeaderBytes.
void StoreCount(char* header, std::uint64_t count);
void InvalidateCount(char* header);

// What an element does: register `index` becomes at least `value`.
struct Mark {
  std::uint16_t index;
  std::uint8_t value;
};
Mark MarkOf(std::string_view element);

enum class Outcome : std::uint8_t { kSame, kChanged, kDamaged };
// Marks a dense value in place; true when its register changed. The count is left alone. O(1).
bool MarkDense(char* bytes, Mark mark);
// Marks a value of either encoding; a sparse one may become dense. kDamaged changes nothing.
// O(bytes) when sparse.
Outcome Apply(std::string& bytes, Mark mark, std::size_t max_sparse_bytes);

// Turns a sparse value dense, keeping its count. False when it is damaged.
bool MakeDense(std::string& bytes);

// The runs as text: "z:3 v:2,1 Z:16380"; what a damaged end leaves over is left out.
std::string DescribeRuns(std::string_view sparse);

// All registers, unpacked: what several values have in common with their union.
class Registers {
 public:
  // Takes the larger value of each register. False when `bytes` are damaged: then the registers
  // are not of use any more.
  bool Merge(std::string_view bytes);
  std::uint64_t Estimate() const;
  std::uint8_t at(std::size_t index) const { return values_[index]; }

 private:
  std::array<std::uint8_t, kRegisters> values_ = {};
};

// Without looking at the stored count; empty when the value is damaged.
std::optional<std::uint64_t> Estimate(std::string_view bytes);

}  // namespace satchel::engine::hyperloglog
