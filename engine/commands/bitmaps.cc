// Bitmap commands: strings as arrays of bits; bit 0 is the highest of the first byte.
// Source: redis 7.0.15, the commands of the same names; BITOP DIFF, DIFF1, ANDOR and ONE as in 8.2.

#include <deque>

#include "engine/call.h"
#include "engine/commands/families.h"

namespace satchel::engine {
namespace {

constexpr std::string_view kBadOffset = "ERR bit offset is not an integer or out of range";
constexpr std::string_view kBadBit = "ERR bit is not an integer or out of range";

// --- Offsets and single bits ---------------------------------------------------------------

// Requires 0 <= offset; the byte it is in must be below proto-max-bulk-len.
Result<std::uint64_t> CheckedOffset(Call& call, std::optional<std::int64_t> offset) {
  const std::int64_t limit = call.engine().config().proto_max_bulk_len;
  if (!offset || *offset < 0) return ReplyError(kBadOffset);
  if (!call.replaying() && (*offset >> 3) >= limit) return ReplyError(kBadOffset);
  return static_cast<std::uint64_t>(*offset);
}

// Opens a string for changes of its first `size` bytes, growing it with zeros. `grown` says
// whether it had to.
Result<StringBuffer*> EditBytes(Call& call, std::string_view key, std::size_t size, bool* grown) {
  SATCHEL_ASSIGN(const Entry* entry, call.FindString(key));
  const std::size_t old_size = entry == nullptr ? 0 : StringText(*entry).view().size();
  StringBuffer& buffer = call.EditRaw(key, std::max(size, old_size));
  *grown = buffer.size < size;
  if (*grown) {
    std::memset(buffer.bytes() + buffer.size, 0, size - buffer.size);
    buffer.size = size;
  }
  return &buffer;
}

void Setbit(Call& call, Reply& reply) {
  auto offset = CheckedOffset(call, ParseInt(call.arg(2)));
  if (!offset) return reply.Error(offset.error());
  if (call.arg(3) != "0" && call.arg(3) != "1") return reply.Error(kBadBit);
  const bool wanted = call.arg(3) == "1";
  const std::string_view key = call.arg(1);
  const std::size_t at = *offset >> 3;
  bool grown = false;
  auto buffer = EditBytes(call, key, at + 1, &grown);
  if (!buffer) return reply.Error(buffer.error());
  char& byte = (*buffer)->bytes()[at];
  const auto mask = static_cast<char>(0x80 >> (*offset & 7));
  const bool was = (byte & mask) != 0;
  if (grown || was != wanted) {
    byte = static_cast<char>(wanted ? byte | mask : byte & ~mask);
    call.EffectSelf();
    call.Event(kEventString, "setbit", key);
  }
  reply.Integer(was);
}

bool BitAt(std::string_view bytes, std::uint64_t offset) {
  const std::size_t at = offset >> 3;
  return at < bytes.size() && (bytes[at] & (0x80 >> (offset & 7))) != 0;
}

void Getbit(Call& call, Reply& reply) {
  auto offset = CheckedOffset(call, ParseInt(call.arg(2)));
  if (!offset) return reply.Error(offset.error());
  auto entry = call.FindString(call.arg(1));
  if (!entry) return reply.Error(entry.error());
  reply.Integer(*entry != nullptr && BitAt(StringText(**entry), *offset));
}

// --- BITCOUNT and BITPOS -------------------------------------------------------------------

// Bits [begin, end) of a string.
struct BitRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool empty() const { return begin >= end; }
};

// Start and end as given: inclusive, from the end when negative, in bytes or bits.
BitRange ClampBits(std::int64_t start, std::int64_t end, bool in_bits, std::size_t bytes) {
  const auto total = static_cast<std::int64_t>(in_bits ? bytes * 8 : bytes);
  start = std::max<std::int64_t>(0, start < 0 ? start + total : start);
  end = std::max<std::int64_t>(0, end < 0 ? end + total : end);
  end = std::min(end, total - 1);
  if (start > end) return {};
  const unsigned shift = in_bits ? 0 : 3;
  return {static_cast<std::uint64_t>(start) << shift, static_cast<std::uint64_t>(end + 1) << shift};
}

// BYTE or BIT in argument `i`: whether positions are bits.
Result<bool> ParseBitUnit(const Call& call, std::size_t i) {
  if (call.Is(i, "BIT")) return true;
  if (call.Is(i, "BYTE")) return false;
  return ReplyError(kSyntaxError);
}

// The 8 bytes from `at` on as a number whose highest bit comes first; zeros behind the end.
std::uint64_t WordAt(std::string_view bytes, std::size_t at) {
  if (at + 8 <= bytes.size()) return LoadBe<std::uint64_t>(bytes.data() + at);
  std::uint64_t word = 0;
  if (at < bytes.size()) std::memcpy(&word, bytes.data() + at, bytes.size() - at);
  return ByteSwap(word);
}

// Calls visit(word, position of its first bit) for the words that hold the range, bits outside
// of it cleared, until it returns false. `flip` inverts the bits first.
template <class Visit>
void VisitWords(std::string_view bytes, BitRange range, bool flip, Visit visit) {
  for (std::uint64_t at = range.begin & ~std::uint64_t{63}; at < range.end; at += 64) {
    std::uint64_t word = WordAt(bytes, at / 8);
    if (flip) word = ~word;
    if (at < range.begin) word &= ~std::uint64_t{0} >> (range.begin - at);
    if (range.end - at < 64) word &= ~(~std::uint64_t{0} >> (range.end - at));
    if (!visit(word, at)) return;
  }
}

std::int64_t CountBits(std::string_view bytes, BitRange range) {
  std::int64_t count = 0;
  VisitWords(bytes, range, false, [&](std::uint64_t word, std::uint64_t) {
    count += std::popcount(word);
    return true;
  });
  return count;
}

std::optional<std::uint64_t> FindBit(std::string_view bytes, BitRange range, bool bit) {
  std::optional<std::uint64_t> found;
  VisitWords(bytes, range, !bit, [&](std::uint64_t word, std::uint64_t at) {
    if (word != 0) found = at + static_cast<std::uint64_t>(std::countl_zero(word));
    return !found;
  });
  return found;
}

void Bitcount(Call& call, Reply& reply) {
  auto entry = call.FindString(call.arg(1));
  if (!entry) return reply.Error(entry.error());
  if (*entry == nullptr) return reply.Integer(0);
  const StringText text(**entry);
  if (call.argc() == 2) return reply.Integer(CountBits(text, {0, text.view().size() * 8}));
  if (call.argc() != 4 && call.argc() != 5) return reply.Error(kSyntaxError);
  auto start = call.Integer(2);
  if (!start) return reply.Error(start.error());
  auto end = call.Integer(3);
  if (!end) return reply.Error(end.error());
  if (*start < 0 && *end < 0 && *start > *end) return reply.Integer(0);
  Result<bool> in_bits = call.argc() == 5 ? ParseBitUnit(call, 4) : Result<bool>(false);
  if (!in_bits) return reply.Error(in_bits.error());
  reply.Integer(CountBits(text, ClampBits(*start, *end, *in_bits, text.view().size())));
}

void Bitpos(Call& call, Reply& reply) {
  auto bit = call.Integer(2);
  if (!bit) return reply.Error(bit.error());
  if (*bit != 0 && *bit != 1) return reply.Error("ERR The bit argument must be 1 or 0.");
  auto entry = call.FindString(call.arg(1));
  if (!entry) return reply.Error(entry.error());
  // An absent string is an endless row of zeros.
  if (*entry == nullptr) return reply.Integer(*bit == 1 ? -1 : 0);
  const StringText text(**entry);
  std::int64_t start = 0;
  std::int64_t end = -1;
  bool in_bits = false;
  if (call.argc() > 6) return reply.Error(kSyntaxError);
  if (call.argc() > 3) {
    auto given = call.Integer(3);
    if (!given) return reply.Error(given.error());
    start = *given;
  }
  if (call.argc() == 6) {
    auto unit = ParseBitUnit(call, 5);
    if (!unit) return reply.Error(unit.error());
    in_bits = *unit;
  }
  if (call.argc() > 4) {
    auto given = call.Integer(4);
    if (!given) return reply.Error(given.error());
    end = *given;
  }
  const BitRange range = ClampBits(start, end, in_bits, text.view().size());
  if (range.empty()) return reply.Integer(-1);
  const auto found = FindBit(text, range, *bit == 1);
  if (found) return reply.Integer(static_cast<std::int64_t>(*found));
  // Without an end the zeros go on behind the string.
  const bool endless = *bit == 0 && call.argc() < 5;
  reply.Integer(endless ? static_cast<std::int64_t>(range.end) : -1);
}

// --- BITOP ---------------------------------------------------------------------------------

enum class BitOperation : std::uint8_t { kAnd, kOr, kXor, kNot, kDiff, kDiff1, kAndOr, kOne };

struct BitOperationName {
  std::string_view name;
  BitOperation operation;
  bool needs_two;
};
constexpr BitOperationName kBitOperations[] = {
    {"AND", BitOperation::kAnd, false},    {"OR", BitOperation::kOr, false},
    {"XOR", BitOperation::kXor, false},    {"NOT", BitOperation::kNot, false},
    {"DIFF", BitOperation::kDiff, true},   {"DIFF1", BitOperation::kDiff1, true},
    {"ANDOR", BitOperation::kAndOr, true}, {"ONE", BitOperation::kOne, false},
};

Result<BitOperation> ParseBitOperation(const Call& call) {
  for (const BitOperationName& row : kBitOperations) {
    if (!call.Is(1, row.name)) continue;
    if (row.operation == BitOperation::kNot && call.argc() != 4) {
      return ReplyError("ERR BITOP NOT must be called with a single source key.");
    }
    if (row.needs_two && call.argc() < 5) {
      return ReplyError("ERR BITOP " + std::string(row.name) +
                        " must be called with at least two source keys.");
    }
    return row.operation;
  }
  return ReplyError(kSyntaxError);
}

// A piece of a string, zeros behind its end.
struct BitBlock {
  static constexpr std::size_t kWords = 64;
  static constexpr std::size_t kBytes = kWords * 8;

  BitBlock() = default;
  BitBlock(std::string_view source, std::size_t at) {
    if (at < source.size()) {
      std::memcpy(words, source.data() + at, std::min(kBytes, source.size() - at));
    }
  }
  std::uint64_t words[kWords] = {};
};

// a = combine(a, b), word by word.
template <class Combine>
void Fold(BitBlock& a, const BitBlock& b, Combine combine) {
  for (std::size_t i = 0; i < BitBlock::kWords; ++i) a.words[i] = combine(a.words[i], b.words[i]);
}

// The piece of the result that begins at byte `at`.
BitBlock CombineBlocks(BitOperation operation, std::span<const std::string_view> sources,
                       std::size_t at) {
  using Word = std::uint64_t;
  BitBlock result(sources[0], at);
  if (operation == BitOperation::kNot) {
    Fold(result, result, [](Word a, Word) { return ~a; });
    return result;
  }
  BitBlock any;  // bits that some later source has; kOne: that two sources have
  for (std::string_view source : sources.subspan(1)) {
    const BitBlock next(source, at);
    switch (operation) {
      case BitOperation::kAnd:
        Fold(result, next, [](Word a, Word b) { return a & b; });
        break;
      case BitOperation::kOr:
        Fold(result, next, [](Word a, Word b) { return a | b; });
        break;
      case BitOperation::kXor:
        Fold(result, next, [](Word a, Word b) { return a ^ b; });
        break;
      case BitOperation::kOne:
        for (std::size_t i = 0; i < BitBlock::kWords; ++i) {
          any.words[i] |= result.words[i] & next.words[i];
          result.words[i] |= next.words[i];
        }
        break;
      default:
        Fold(any, next, [](Word a, Word b) { return a | b; });
    }
  }
  if (operation == BitOperation::kDiff || operation == BitOperation::kOne) {
    Fold(result, any, [](Word a, Word b) { return a & ~b; });
  } else if (operation == BitOperation::kDiff1) {
    Fold(result, any, [](Word a, Word b) { return ~a & b; });
  } else if (operation == BitOperation::kAndOr) {
    Fold(result, any, [](Word a, Word b) { return a & b; });
  }
  return result;
}

void Bitop(Call& call, Reply& reply) {
  auto operation = ParseBitOperation(call);
  if (!operation) return reply.Error(operation.error());
  std::deque<StringText> texts;
  std::vector<std::string_view> sources;
  std::size_t size = 0;
  for (std::size_t i = 3; i < call.argc(); ++i) {
    const Entry* entry = call.ReadAndUse(call.arg(i));
    if (entry != nullptr && !entry->is_string()) return reply.Error(kWrongTypeText);
    sources.push_back(entry == nullptr ? std::string_view() : texts.emplace_back(*entry).view());
    size = std::max(size, sources.back().size());
  }
  const std::string_view key = call.arg(2);
  reply.Integer(static_cast<std::int64_t>(size));
  if (size == 0) {
    if (!call.Remove(key)) return;
    call.Effect({"DEL", key});
    return call.Event(kEventGeneric, "del", key);
  }
  StringBuffer* result = StringBuffer::New({}, size);
  for (std::size_t at = 0; at < size; at += BitBlock::kBytes) {
    const BitBlock block = CombineBlocks(*operation, sources, at);
    std::memcpy(result->bytes() + at, block.words, std::min(BitBlock::kBytes, size - at));
  }
  result->size = size;
  call.OverwriteRaw(key, result);
  call.EffectSelf();
  call.Event(kEventString, "set", key);
}

// --- BITFIELD ------------------------------------------------------------------------------

enum class FieldAction : std::uint8_t { kGet, kSet, kIncrement };
enum class Overflow : std::uint8_t { kWrap, kSaturate, kFail };

struct FieldStep {
  FieldAction action;
  Overflow overflow;
  bool is_signed;
  unsigned bits;         // 1..64; 63 when unsigned
  std::uint64_t offset;  // of its first bit
  std::int64_t operand;
};

// i1..i64, u1..u63
Result<void> ParseFieldType(std::string_view text, FieldStep* step) {
  const auto bits = ParseInt(text.empty() ? text : text.substr(1));
  const bool is_signed = !text.empty() && text[0] == 'i';
  if ((!is_signed && (text.empty() || text[0] != 'u')) || !bits || *bits < 1 ||
      *bits > (is_signed ? 64 : 63)) {
    return ReplyError(
        "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but "
        "i64 is.");
  }
  step->is_signed = is_signed;
  step->bits = static_cast<unsigned>(*bits);
  return {};
}

// A bit, or #n: the n-th field of this width.
Result<std::uint64_t> ParseFieldOffset(Call& call, std::string_view text, unsigned bits) {
  if (text.empty() || text[0] != '#') return CheckedOffset(call, ParseInt(text));
  auto number = ParseInt(text.substr(1));
  // A product that does not fit wraps, as in the reference.
  if (number) number = static_cast<std::int64_t>(static_cast<std::uint64_t>(*number) * bits);
  return CheckedOffset(call, number);
}

Result<Overflow> ParseOverflow(const Call& call, std::size_t i) {
  if (call.Is(i, "WRAP")) return Overflow::kWrap;
  if (call.Is(i, "SAT")) return Overflow::kSaturate;
  if (call.Is(i, "FAIL")) return Overflow::kFail;
  return ReplyError("ERR Invalid OVERFLOW type specified");
}

Result<std::vector<FieldStep>> ParseFieldSteps(Call& call) {
  std::vector<FieldStep> steps;
  Overflow overflow = Overflow::kWrap;
  for (std::size_t i = 2; i < call.argc(); ++i) {
    const std::size_t left = call.argc() - i - 1;
    FieldStep step{.overflow = overflow};
    if (call.Is(i, "GET") && left >= 2) {
      step.action = FieldAction::kGet;
    } else if (call.Is(i, "SET") && left >= 3) {
      step.action = FieldAction::kSet;
    } else if (call.Is(i, "INCRBY") && left >= 3) {
      step.action = FieldAction::kIncrement;
    } else if (call.Is(i, "OVERFLOW") && left >= 1) {
      SATCHEL_ASSIGN(overflow, ParseOverflow(call, ++i));
      continue;
    } else {
      return ReplyError(kSyntaxError);
    }
    SATCHEL_TRY(ParseFieldType(call.arg(i + 1), &step));
    SATCHEL_ASSIGN(step.offset, ParseFieldOffset(call, call.arg(i + 2), step.bits));
    i += 2;
    if (step.action != FieldAction::kGet) {
      SATCHEL_ASSIGN(step.operand, call.Integer(++i));
    }
    steps.push_back(step);
  }
  return steps;
}

// The 9 bytes that hold any field which begins in the byte at `at`; zeros behind the end.
using FieldWindow = unsigned __int128;
constexpr unsigned kWindowBytes = 9;

FieldWindow LoadWindow(std::string_view bytes, std::size_t at) {
  FieldWindow window = 0;
  for (std::size_t i = at; i < at + kWindowBytes; ++i) {
    window = window << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u);
  }
  return window;
}

unsigned ShiftOf(const FieldStep& step) {
  return kWindowBytes * 8 - static_cast<unsigned>(step.offset & 7) - step.bits;
}
FieldWindow MaskOf(const FieldStep& step) { return (FieldWindow{1} << step.bits) - 1; }

// The field as it is stored, sign extended.
std::int64_t LoadField(std::string_view bytes, const FieldStep& step) {
  const FieldWindow window = LoadWindow(bytes, step.offset >> 3);
  const auto raw = static_cast<std::uint64_t>((window >> ShiftOf(step)) & MaskOf(step));
  if (!step.is_signed) return static_cast<std::int64_t>(raw);
  return static_cast<std::int64_t>(raw << (64 - step.bits)) >> (64 - step.bits);
}

void StoreField(StringBuffer& buffer, const FieldStep& step, std::int64_t value) {
  const std::size_t at = step.offset >> 3;
  FieldWindow window = LoadWindow(buffer.view(), at);
  const FieldWindow bits = static_cast<std::uint64_t>(value) & MaskOf(step);
  window = (window & ~(MaskOf(step) << ShiftOf(step))) | bits << ShiftOf(step);
  for (std::size_t i = 0; i < kWindowBytes && at + i < buffer.size; ++i) {
    buffer.bytes()[at + i] = static_cast<char>(window >> (8 * (kWindowBytes - 1 - i)));
  }
}

// What a SET or INCRBY stores; empty when it does not fit and is to fail.
std::optional<std::int64_t> NewField(const FieldStep& step, std::int64_t old) {
  __int128 value = step.operand;
  if (step.action == FieldAction::kIncrement) {
    value += old;
  } else if (!step.is_signed) {
    value = static_cast<std::uint64_t>(step.operand);
  }
  const __int128 max =
      step.is_signed ? (__int128{1} << (step.bits - 1)) - 1 : (__int128{1} << step.bits) - 1;
  const __int128 min = step.is_signed ? -max - 1 : 0;
  if (value >= min && value <= max) return static_cast<std::int64_t>(value);
  switch (step.overflow) {
    case Overflow::kFail:
      return std::nullopt;
    case Overflow::kSaturate:
      return static_cast<std::int64_t>(value < min ? min : max);
    case Overflow::kWrap:
      break;
  }
  const auto raw = static_cast<std::uint64_t>(value) << (64 - step.bits);
  if (!step.is_signed) return static_cast<std::int64_t>(raw >> (64 - step.bits));
  return static_cast<std::int64_t>(raw) >> (64 - step.bits);
}

void ReadFields(Call& call, Reply& reply, std::span<const FieldStep> steps) {
  const Entry* entry = call.ReadAndUse(call.arg(1));
  if (entry != nullptr && !entry->is_string()) return reply.Error(kWrongTypeText);
  std::optional<StringText> text;
  if (entry != nullptr) text.emplace(*entry);
  reply.BeginArray(steps.size());
  for (const FieldStep& step : steps) {
    reply.Integer(LoadField(text ? text->view() : std::string_view(), step));
  }
}

void ChangeFields(Call& call, Reply& reply, std::span<const FieldStep> steps, std::size_t size) {
  const std::string_view key = call.arg(1);
  bool grown = false;
  auto buffer = EditBytes(call, key, size, &grown);
  if (!buffer) return reply.Error(buffer.error());
  bool stored = false;
  reply.BeginArray(steps.size());
  for (const FieldStep& step : steps) {
    const std::int64_t old = LoadField((*buffer)->view(), step);
    if (step.action == FieldAction::kGet) {
      reply.Integer(old);
      continue;
    }
    const auto value = NewField(step, old);
    if (!value) {
      reply.Null();
      continue;
    }
    StoreField(**buffer, step, *value);
    stored = stored || grown || *value != old;
    reply.Integer(step.action == FieldAction::kSet ? old : *value);
  }
  if (grown || stored) call.EffectSelf();
  if (stored) call.Event(kEventString, "setbit", key);
}

void RunBitfield(Call& call, Reply& reply, bool read_only) {
  auto steps = ParseFieldSteps(call);
  if (!steps) return reply.Error(steps.error());
  std::uint64_t bits = 0;
  for (const FieldStep& step : *steps) {
    if (step.action != FieldAction::kGet) bits = std::max(bits, step.offset + step.bits);
  }
  if (bits == 0) return ReadFields(call, reply, *steps);
  if (read_only) return reply.Error("ERR BITFIELD_RO only supports the GET subcommand");
  ChangeFields(call, reply, *steps, (bits + 7) / 8);
}

void Bitfield(Call& call, Reply& reply) { RunBitfield(call, reply, false); }
void BitfieldRo(Call& call, Reply& reply) { RunBitfield(call, reply, true); }

constexpr Command kBitmapCommands[] = {
    {.name = "BITCOUNT",
     .arity = -2,
     .flags = kReadonly,
     .categories = kCatBitmap,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Bitcount,
     .since = "2.6.0",
     .group = "bitmap",
     .complexity = "O(N)",
     .summary = "Counts the bits that are set in a string or in a part of it."},
    {.name = "BITFIELD",
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .categories = kCatBitmap,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate | kVariableFlags, "Changes nothing with GET only.")},
     .run = Bitfield,
     .since = "3.2.0",
     .group = "bitmap",
     .complexity = "O(1)",
     .summary = "Reads and changes integers of any width inside a string."},
    {.name = "BITFIELD_RO",
     .arity = -2,
     .flags = kReadonly | kFast,
     .categories = kCatBitmap,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = BitfieldRo,
     .since = "6.0.0",
     .group = "bitmap",
     .complexity = "O(1)",
     .summary = "Reads integers of any width inside a string."},
    {.name = "BITOP",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .categories = kCatBitmap,
     .keys = {KeyAt(2, kOW | kUpdate), KeyRange(3, -1, 1, kRO | kAccess)},
     .run = Bitop,
     .since = "2.6.0",
     .group = "bitmap",
     .complexity = "O(N)",
     .summary = "Combines strings bit by bit and stores the result."},
    {.name = "BITPOS",
     .arity = -3,
     .flags = kReadonly,
     .categories = kCatBitmap,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Bitpos,
     .since = "2.8.7",
     .group = "bitmap",
     .complexity = "O(N)",
     .summary = "Finds the first bit that is set, or clear, in a string."},
    {.name = "GETBIT",
     .arity = 3,
     .flags = kReadonly | kFast,
     .categories = kCatBitmap,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Getbit,
     .since = "2.2.0",
     .group = "bitmap",
     .complexity = "O(1)",
     .summary = "Returns one bit of a string."},
    {.name = "SETBIT",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .categories = kCatBitmap,
     .keys = {KeyAt(1, kRW | kAccess | kUpdate)},
     .run = Setbit,
     .since = "2.2.0",
     .group = "bitmap",
     .complexity = "O(1)",
     .summary = "Sets or clears one bit of a string and returns what it was."},
};
static_assert(RowsAreSound(kBitmapCommands));

}  // namespace

std::span<const Command> BitmapCommands() { return kBitmapCommands; }

}  // namespace satchel::engine
