#include "engine/hyperloglog.h"

#include <bit>
#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "base/text.h"

namespace satchel::engine::hyperloglog {
namespace {

constexpr char kMagic[] = "HYLL";
constexpr std::size_t kEncodingAt = 4;
constexpr std::size_t kCountAt = 8;
constexpr std::size_t kStaleByte = 15;
constexpr char kStaleBit = static_cast<char>(0x80);
constexpr char kDense = 0;
constexpr char kSparse = 1;

constexpr unsigned kIndexBits = 14;
constexpr unsigned kHashBits = 64 - kIndexBits;  // the largest value is one more

constexpr std::size_t kMaxShortZeros = 64;
constexpr std::size_t kMaxEqual = 4;  // registers in one run of a value
constexpr unsigned kMaxSparse = 32;   // value of a register
constexpr std::uint64_t kSeed = 0xadc83b19;

// MurmurHash64A by A. Appleby.
std::uint64_t HashOf(std::string_view bytes) {
  constexpr std::uint64_t kMul = 0xc6a4a7935bd1e995;
  constexpr unsigned kShift = 47;
  std::uint64_t hash = kSeed ^ (bytes.size() * kMul);
  while (bytes.size() >= 8) {
    std::uint64_t word = LoadLe<std::uint64_t>(bytes.data()) * kMul;
    word = (word ^ (word >> kShift)) * kMul;
    hash = (hash ^ word) * kMul;
    bytes.remove_prefix(8);
  }
  if (!bytes.empty()) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), bytes.size());
    hash = (hash ^ word) * kMul;
  }
  hash = (hash ^ (hash >> kShift)) * kMul;
  return hash ^ (hash >> kShift);
}

// --- Dense registers -----------------------------------------------------------------------

unsigned LoadRegister(const char* registers, std::size_t index) {
  const std::size_t bit = index * 6;
  const char* at = registers + bit / 8;
  const unsigned shift = bit % 8;
  unsigned value = static_cast<unsigned char>(at[0]) >> shift;
  if (shift > 2) value |= static_cast<unsigned>(static_cast<unsigned char>(at[1])) << (8 - shift);
  return value & 63;
}

void StoreRegister(char* registers, std::size_t index, unsigned value) {
  const std::size_t bit = index * 6;
  char* at = registers + bit / 8;
  const unsigned shift = bit % 8;
  at[0] = static_cast<char>((static_cast<unsigned char>(at[0]) & ~(63u << shift)) | value << shift);
  if (shift <= 2) return;
  const unsigned rest = 8 - shift;
  at[1] = static_cast<char>((static_cast<unsigned char>(at[1]) & ~(63u >> rest)) | value >> rest);
}

// --- Sparse runs ---------------------------------------------------------------------------

struct Run {
  std::size_t registers;
  unsigned value;     // 0: zeros
  std::size_t bytes;  // 1 or 2
};

// The run that begins at `at`. Empty when it is cut off. Requires at < bytes.size().
std::optional<Run> ReadRun(std::string_view bytes, std::size_t at) {
  const unsigned first = static_cast<unsigned char>(bytes[at]);
  if (first & 0x80) return Run{(first & 3) + 1, (first >> 2 & 31) + 1, 1};
  if ((first & 0x40) == 0) return Run{(first & 63) + 1, 0, 1};
  if (at + 1 == bytes.size()) return std::nullopt;
  const unsigned second = static_cast<unsigned char>(bytes[at + 1]);
  return Run{((first & 63) << 8 | second) + 1, 0, 2};
}

// Appends a run of any number of zeros up to kRegisters; none for 0.
void AppendZeros(std::string& out, std::size_t registers) {
  if (registers == 0) return;
  const std::size_t number = registers - 1;
  if (registers > kMaxShortZeros) out.push_back(static_cast<char>(0x40 | number >> 8));
  out.push_back(static_cast<char>(number));
}

// Appends a run of 0 to kMaxEqual registers of one value.
void AppendEqual(std::string& out, unsigned value, std::size_t registers) {
  if (registers == 0) return;
  out.push_back(static_cast<char>(0x80 | (value - 1) << 2 | (registers - 1)));
}

// Calls visit(run, index of its first register) for all runs. False when they do not make up
// exactly all registers.
template <class Visit>
bool VisitRuns(std::string_view sparse, Visit visit) {
  std::size_t index = 0;
  for (std::size_t at = kHeaderBytes; at < sparse.size();) {
    const auto run = ReadRun(sparse, at);
    if (!run || index + run->registers > kRegisters) return false;
    visit(*run, index);
    index += run->registers;
    at += run->bytes;
  }
  return index == kRegisters;
}

// Joins neighbours of the same value among five runs from `at` on.
void JoinRuns(std::string& bytes, std::size_t at) {
  for (int left = 5; left > 0 && at < bytes.size(); --left) {
    const auto run = ReadRun(bytes, at);
    if (!run) return;
    const std::size_t next_at = at + run->bytes;
    if (run->value != 0 && next_at < bytes.size()) {
      const auto next = ReadRun(bytes, next_at);
      if (next && next->value == run->value && next->registers + run->registers <= kMaxEqual) {
        std::string joined;
        AppendEqual(joined, run->value, run->registers + next->registers);
        bytes.replace(at, 2, joined);
        continue;  // the joined run may join the one behind it
      }
    }
    at = next_at;
  }
}

// The run that covers a register, and the one before it.
struct Place {
  Run run;
  std::size_t at;           // of its first byte
  std::size_t previous_at;  // the run's own when it is the first
  std::size_t first;        // its first register
};

// The walk that PFADD spends its time in, hence not by ReadRun.
std::optional<Place> FindRun(std::string_view bytes, std::size_t index) {
  const auto* const begin = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* const end = begin + bytes.size();
  const auto* previous = begin + kHeaderBytes;
  std::size_t first = 0;
  for (const auto* at = previous; at < end;) {
    const unsigned byte = *at;
    std::size_t registers = (byte & 3) + 1;
    std::ptrdiff_t size = 1;
    if ((byte & 0xc0) == 0x40) {
      if (at + 1 == end) return std::nullopt;
      registers = ((byte & 63) << 8 | at[1]) + 1;
      size = 2;
    } else if ((byte & 0x80) == 0) {
      registers = (byte & 63) + 1;
    }
    if (index < first + registers) {
      const auto place = static_cast<std::size_t>(at - begin);
      return Place{*ReadRun(bytes, place), place, static_cast<std::size_t>(previous - begin),
                   first};
    }
    previous = at;
    first += registers;
    at += size;
  }
  return std::nullopt;
}

Outcome MarkAsDense(std::string& bytes, Mark mark) {
  if (!MakeDense(bytes)) return Outcome::kDamaged;
  return MarkDense(bytes.data(), mark) ? Outcome::kChanged : Outcome::kSame;
}

Outcome MarkSparse(std::string& bytes, Mark mark, std::size_t max_bytes) {
  if (mark.value > kMaxSparse) return MarkAsDense(bytes, mark);
  const auto place = FindRun(bytes, mark.index);
  if (!place) return Outcome::kDamaged;
  const Run& run = place->run;
  if (run.value >= mark.value) return Outcome::kSame;
  const std::size_t before = mark.index - place->first;
  const std::size_t behind = run.registers - before - 1;
  std::string runs;
  const auto append_rest = [&](std::size_t registers) {
    run.value == 0 ? AppendZeros(runs, registers) : AppendEqual(runs, run.value, registers);
  };
  append_rest(before);
  AppendEqual(runs, mark.value, 1);
  append_rest(behind);
  if (runs.size() > run.bytes && bytes.size() + runs.size() - run.bytes > max_bytes) {
    return MarkAsDense(bytes, mark);
  }
  bytes.replace(place->at, run.bytes, runs);
  JoinRuns(bytes, place->previous_at);
  return Outcome::kChanged;
}

// --- The estimate --------------------------------------------------------------------------

// How many registers have each value.
using Histogram = std::array<std::uint32_t, 64>;

double Sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1;
  double z = x;
  double before;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (before != z);
  return z;
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1;
  double z = 1 - x;
  double before;
  do {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= std::pow(1 - x, 2) * y;
  } while (before != z);
  return z / 3;
}

std::uint64_t EstimateOf(const Histogram& histogram) {
  constexpr double kAlpha = 0.721347520444481703680;  // 1 / (2 ln 2)
  constexpr double kCount = kRegisters;
  double z = kCount * Tau((kCount - histogram[kHashBits + 1]) / kCount);
  for (unsigned value = kHashBits; value >= 1; --value) {
    z += histogram[value];
    z *= 0.5;
  }
  z += kCount * Sigma(histogram[0] / kCount);
  return static_cast<std::uint64_t>(std::llround(kAlpha * kCount * kCount / z));
}

}  // namespace

bool IsHyperLogLog(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) return false;
  if (bytes[kEncodingAt] == kDense) return bytes.size() == kDenseBytes;
  return bytes[kEncodingAt] == kSparse;
}

bool IsDense(std::string_view bytes) { return bytes[kEncodingAt] == kDense; }

std::string NewEmpty() {
  std::string bytes(kHeaderBytes, '\0');
  bytes.replace(0, 4, kMagic);
  bytes[kEncodingAt] = kSparse;
  AppendZeros(bytes, kRegisters);
  return bytes;
}

std::optional<std::uint64_t> CachedCount(std::string_view bytes) {
  if (bytes[kStaleByte] & kStaleBit) return std::nullopt;
  return LoadLe<std::uint64_t>(bytes.data() + kCountAt);
}

void StoreCount(char* header, std::uint64_t count) { StoreLe(header + kCountAt, count); }

void InvalidateCount(char* header) {
  header[kStaleByte] = static_cast<char>(header[kStaleByte] | kStaleBit);
}

Mark MarkOf(std::string_view element) {
  const std::uint64_t hash = HashOf(element);
  const std::uint64_t rest = hash >> kIndexBits | std::uint64_t{1} << kHashBits;
  return {static_cast<std::uint16_t>(hash % kRegisters),
          static_cast<std::uint8_t>(std::countr_zero(rest) + 1)};
}

bool MarkDense(char* bytes, Mark mark) {
  char* registers = bytes + kHeaderBytes;
  if (LoadRegister(registers, mark.index) >= mark.value) return false;
  StoreRegister(registers, mark.index, mark.value);
  return true;
}

Outcome Apply(std::string& bytes, Mark mark, std::size_t max_sparse_bytes) {
  if (!IsDense(bytes)) return MarkSparse(bytes, mark, max_sparse_bytes);
  return MarkDense(bytes.data(), mark) ? Outcome::kChanged : Outcome::kSame;
}

bool MakeDense(std::string& bytes) {
  if (IsDense(bytes)) return true;
  std::string dense(kDenseBytes, '\0');
  dense.replace(0, kHeaderBytes, bytes, 0, kHeaderBytes);
  dense[kEncodingAt] = kDense;
  const bool whole = VisitRuns(bytes, [&](const Run& run, std::size_t first) {
    if (run.value == 0) return;
    for (std::size_t i = 0; i < run.registers; ++i) {
      StoreRegister(dense.data() + kHeaderBytes, first + i, run.value);
    }
  });
  if (!whole) return false;
  bytes = std::move(dense);
  return true;
}

std::string DescribeRuns(std::string_view sparse) {
  std::string text;
  for (std::size_t at = kHeaderBytes; at < sparse.size();) {
    const auto run = ReadRun(sparse, at);
    if (!run) break;
    at += run->bytes;
    if (!text.empty()) text += ' ';
    text += run->value != 0 ? "v:" : run->bytes == 1 ? "z:" : "Z:";
    if (run->value != 0) text += FormatInt(run->value) + ",";
    text += FormatInt(static_cast<std::int64_t>(run->registers));
  }
  return text;
}

bool Registers::Merge(std::string_view bytes) {
  const auto raise = [&](std::size_t index, unsigned value) {
    if (values_[index] < value) values_[index] = static_cast<std::uint8_t>(value);
  };
  if (IsDense(bytes)) {
    for (std::size_t i = 0; i < kRegisters; ++i) {
      raise(i, LoadRegister(bytes.data() + kHeaderBytes, i));
    }
    return true;
  }
  return VisitRuns(bytes, [&](const Run& run, std::size_t first) {
    for (std::size_t i = 0; i < run.registers; ++i) raise(first + i, run.value);
  });
}

std::uint64_t Registers::Estimate() const {
  Histogram histogram = {};
  for (std::uint8_t value : values_) ++histogram[value];
  return EstimateOf(histogram);
}

std::optional<std::uint64_t> Estimate(std::string_view bytes) {
  Histogram histogram = {};
  if (IsDense(bytes)) {
    for (std::size_t i = 0; i < kRegisters; ++i) {
      ++histogram[LoadRegister(bytes.data() + kHeaderBytes, i)];
    }
    return EstimateOf(histogram);
  }
  const bool whole = VisitRuns(bytes, [&](const Run& run, std::size_t) {
    histogram[run.value] += static_cast<std::uint32_t>(run.registers);
  });
  if (!whole) return std::nullopt;
  return EstimateOf(histogram);
}

}  // namespace satchel::engine::hyperloglog
