#include "engine/command.h"

#include <algorithm>

#include "base/text.h"

namespace satchel::engine {
namespace {

// Where the keys of one specification begin; 0 when its keyword is absent.
std::size_t BeginOf(const KeySpec& spec, std::span<const std::string_view> args) {
  if (spec.begin == KeySpec::Begin::kIndex) return static_cast<std::size_t>(spec.index);
  const bool backwards = spec.index < 0;
  const auto count = static_cast<std::int64_t>(args.size());
  std::int64_t i = backwards ? count + spec.index : spec.index;
  for (; i > 0 && i < count; i += backwards ? -1 : 1) {
    if (EqualIgnoreCase(args[static_cast<std::size_t>(i)], spec.keyword)) {
      return static_cast<std::size_t>(i) + 1;
    }
  }
  return 0;
}

bool FindByCount(const KeySpec& spec, std::size_t begin, std::span<const std::string_view> args,
                 std::vector<KeyPosition>* keys) {
  const std::size_t at = begin + static_cast<std::size_t>(spec.a);
  if (at >= args.size()) return false;
  const auto count = ParseInt(args[at]);
  const std::size_t first = begin + static_cast<std::size_t>(spec.b);
  const auto step = static_cast<std::size_t>(spec.step);
  const std::size_t room = (args.size() - first + step - 1) / step;
  if (!count || *count < 0 || static_cast<std::uint64_t>(*count) > room) return false;
  if (*count == 0) keys->clear();  // the call is wrong or needs none: no destination either
  for (std::size_t i = 0; i < static_cast<std::size_t>(*count); ++i) {
    keys->push_back({static_cast<std::uint32_t>(first + i * step), spec.flags});
  }
  return true;
}

// A count that is not one: the reference takes the digits it begins with (as atoi), then knows no
// flags, and names a destination last.
bool FindByDigits(const KeySpec& spec, std::size_t begin, std::span<const std::string_view> args,
                  std::vector<KeyPosition>* keys) {
  const std::size_t at = begin + static_cast<std::size_t>(spec.a);
  if (at >= args.size()) return false;
  const int count = static_cast<int>(std::strtol(std::string(args[at]).c_str(), nullptr, 10));
  const std::size_t first = begin + static_cast<std::size_t>(spec.b);
  const auto step = static_cast<std::size_t>(spec.step);
  const std::size_t room = (args.size() - first) / step;
  if (count < 1 || static_cast<std::size_t>(count) > room) return false;
  std::vector<KeyPosition> found;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    found.push_back({static_cast<std::uint32_t>(first + i * step), 0});
  }
  for (const KeyPosition& key : *keys) found.push_back({key.index, 0});
  *keys = std::move(found);
  return true;
}

// False when the range has no key at all.
bool FindByRange(const KeySpec& spec, std::size_t begin, std::span<const std::string_view> args,
                 std::vector<KeyPosition>* keys) {
  const auto count = static_cast<std::int64_t>(args.size());
  const auto first = static_cast<std::int64_t>(begin);
  std::int64_t last = spec.a >= 0 ? first + spec.a : count + spec.a;
  // A limit of n keeps the first n-th part of the rest: the keys of STREAMS k k id id.
  if (spec.a < 0 && spec.b > 1) last = first + (last - first + 1) / spec.b - 1;
  for (std::int64_t i = first; i <= last && i < count; i += spec.step) {
    keys->push_back({static_cast<std::uint32_t>(i), spec.flags});
  }
  return first <= last && first < count;
}

// Whether a SET asks for the value before it, or makes conditions on it.
bool LooksAtOldValue(std::span<const std::string_view> args) {
  return std::any_of(args.begin() + 3, args.end(), [](std::string_view arg) {
    constexpr std::string_view kReading[] = {"GET", "IFEQ", "IFNE", "IFDEQ", "IFDNE"};
    return std::any_of(std::begin(kReading), std::end(kReading),
                       [&](std::string_view word) { return EqualIgnoreCase(arg, word); });
  });
}

// Whether all steps of a BITFIELD are GET; not when it is malformed.
bool OnlyReadsFields(std::span<const std::string_view> args) {
  for (std::size_t i = 2; i < args.size(); ++i) {
    const std::size_t left = args.size() - i - 1;
    if (EqualIgnoreCase(args[i], "GET") && left >= 2) {
      i += 2;
    } else if (EqualIgnoreCase(args[i], "OVERFLOW") && left >= 1) {
      ++i;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

bool FindKeys(const Command& command, std::span<const std::string_view> args,
              std::vector<KeyPosition>* keys) {
  for (const KeySpec& spec : command.keys) {
    if (spec.begin == KeySpec::Begin::kNone || spec.begin == KeySpec::Begin::kUnknown) continue;
    const std::size_t begin = BeginOf(spec, args);
    if (begin == 0) continue;
    if (spec.find == KeySpec::Find::kKeyNum) {
      if (!FindByCount(spec, begin, args, keys)) return FindByDigits(spec, begin, args, keys);
    } else {
      const bool found = FindByRange(spec, begin, args, keys);
      if (!found && spec.begin == KeySpec::Begin::kIndex) return false;
    }
  }
  if (command.more_keys != nullptr) command.more_keys(args, keys);
  return true;
}

bool FindUsedKeys(const Command& command, std::span<const std::string_view> args,
                  std::vector<KeyPosition>* keys) {
  if (!FindKeys(command, args, keys)) return false;
  std::erase_if(*keys, [](const KeyPosition& key) { return (key.flags & kNotKey) != 0; });
  if (args.size() < 3) return true;  // a script may ask about anything
  // What these do to their key depends on their options: the row names the worst.
  std::uint16_t flags = 0;
  if (command.name == "SET") {
    flags = LooksAtOldValue(args) ? kRW | kAccess | kUpdate : kOW | kUpdate;
  } else if (command.name == "BITFIELD") {
    flags = OnlyReadsFields(args) ? kRO | kAccess : kRW | kAccess | kUpdate;
  } else {
    return true;
  }
  for (KeyPosition& key : *keys) key.flags = flags;
  return true;
}

std::uint32_t AclMaskOf(const Command& command) {
  std::uint32_t mask = 0;
  std::uint32_t bit = 1;
  const auto next = [&](bool holds) {
    if (holds) mask |= bit;
    bit <<= 1;
  };
  const std::uint32_t flags = command.flags;
  const auto in = [&](AclCategory category) { return (command.categories & category) != 0; };
  next(in(kCatKeyspace));
  next((flags & kReadonly) != 0 && !in(kCatScripting));  // @read
  next((flags & kWrite) != 0);
  for (AclCategory category : {kCatSet, kCatSortedSet, kCatList, kCatHash, kCatString, kCatBitmap,
                               kCatHyperLogLog, kCatGeo, kCatStream}) {
    next(in(category));
  }
  next((flags & kPubsub) != 0);
  next((flags & kAdmin) != 0 || in(kCatAdmin));
  next((flags & kFast) != 0);
  next((flags & kFast) == 0);  // @slow
  next((flags & kBlocking) != 0);
  next((flags & kAdmin) != 0 || in(kCatDangerous));
  for (AclCategory category : {kCatConnection, kCatTransaction, kCatScripting}) next(in(category));
  return mask;
}

Command::LegacyRange Command::legacy_range() const {
  LegacyRange range{0, 0, 0};
  for (const KeySpec& spec : keys) {
    if (spec.begin != KeySpec::Begin::kIndex || spec.find != KeySpec::Find::kRange) continue;
    if (spec.flags & kNotKey && range.first != 0) continue;
    const int last = spec.a >= 0 ? spec.index + spec.a : spec.a;
    if (range.first == 0) {
      range = {spec.index, last, spec.step};
    } else if (range.last >= 0 && spec.index == range.last + 1) {
      range.last = last;  // specifications that follow each other make one range
    }
  }
  return range;
}

}  // namespace satchel::engine
