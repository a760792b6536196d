// CheckStore: looks at a data directory without changing it, for `satchel check DIR`. The
// directory must not be in use.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/value.h"

namespace satchel::snapshot {

enum class CheckDepth : std::uint8_t {
  kRows,  // every block is read with its checksum, every row taken apart, all counts compared
  kDeep,  // also every value decoded and every file's checksum compared
};

struct CheckReport {
  struct Keys {
    std::array<std::uint64_t, engine::kValueTypes> by_type{};
    std::uint64_t with_deadline = 0;
    std::uint64_t total = 0;
  };

  std::string dir;
  CheckDepth depth = CheckDepth::kRows;
  bool empty = false;       // nothing was ever committed
  std::uint64_t epoch = 0;  // of the last snapshot
  std::int64_t clock_ms = 0;
  std::string writer;
  std::map<int, Keys> databases;      // by logical number
  std::vector<std::string> problems;  // one line each; none: the store is sound

  bool sound() const { return problems.empty(); }
  // Lines for people, the last one the verdict.
  std::string Text() const;
};

// Errors: kLocked, kForeign, kNotFound, kNewerFormat, kIo: what keeps from looking at all. What
// is found damaged goes into the report.
Result<CheckReport> CheckStore(const std::string& dir, CheckDepth depth);

}  // namespace satchel::snapshot
